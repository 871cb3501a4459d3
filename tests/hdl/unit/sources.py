"""Builds of the unit benches: one bench, and the modules of the adapter it instantiates."""

from __future__ import annotations

from pathlib import Path

from rig.regress import simbuild
from rig.regress.filelist import FileList, filelist_of
from rig.regress.simbuild import Build

HERE = Path(__file__).parent


def unit_build(top: str, **parameters: int) -> Build:
    """Return the Icarus build of a bench in this folder together with the synthesisable sources."""
    return build_of(top, filelist_of("nic_mii"), **parameters)


def build_of(top: str, files: FileList, **parameters: int) -> Build:
    """Return the Icarus build of a bench in this folder together with ``files``."""
    return simbuild.build(
        "icarus", top, sources=[*files.sources, HERE / f"{top}.v"], include_folders=files.include_folders,
        parameters=parameters,
    )  # fmt: skip
