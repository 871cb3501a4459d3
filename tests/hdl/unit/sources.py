"""Builds of the unit benches: one bench, and the modules of the adapter it instantiates."""

from __future__ import annotations

from pathlib import Path

from rig.regress import simbuild
from rig.regress.simbuild import Build
from rig.regress.simrecipe import PROJECT_ROOT

HERE = Path(__file__).parent


def unit_build(top: str, **parameters: int) -> Build:
    """Return the Icarus build of a bench in this folder together with the synthesisable sources."""
    files = simbuild.read_filelist(PROJECT_ROOT / "hdl" / "filelists" / "nic_mii.f")
    return simbuild.build(
        "icarus", top, sources=[*files.sources, HERE / f"{top}.v"], include_folders=files.include_folders,
        parameters=parameters,
    )  # fmt: skip
