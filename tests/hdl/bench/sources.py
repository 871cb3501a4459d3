"""Builds of the bench that its tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.filelist import filelist_of
from rig.regress.simbuild import Build
from rig.regress.tools import Simulator

BOTH_SIMULATORS = ("verilator", pytest.param("icarus", marks=pytest.mark.needs("iverilog")))
HERE = Path(__file__).parent


def stand_in_build(simulator: Simulator, stations: int) -> Build:
    """Return the bench with stand-in adapters; see ``stand_in_nic.v``."""
    files = filelist_of("segment_bench")
    sources = [HERE / "stand_in_nic.v" if source.name == "nic_mii.v" else source for source in files.sources]
    return simbuild.build(
        simulator, "segment_bench", parameters={"STATIONS": stations}, sources=sources,
        include_folders=files.include_folders,
    )  # fmt: skip


def segment_build(simulator: Simulator, stations: int, *, waves: bool = False) -> Build:
    """Return the bench with the Verilog adapters."""
    return simbuild.build(simulator, "segment_bench", parameters={"STATIONS": stations}, waves=waves)
