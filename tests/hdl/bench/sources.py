"""Builds of the bench that its tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.filelist import PROJECT_ROOT
from rig.regress.simbuild import Build
from rig.regress.tools import Simulator

BOTH_SIMULATORS = ("verilator", pytest.param("icarus", marks=pytest.mark.needs("iverilog")))
HERE = Path(__file__).parent
MODELS = ("attempt_record", "settings", "clocks", "power", "bus_master", "mii_segment", "station_recorder", "recorder")


def stand_in_build(simulator: Simulator, stations: int) -> Build:
    """Return the bench with stand-in adapters; see ``stand_in_nic.v``."""
    models = [PROJECT_ROOT / "hdl" / "sim" / f"{name}_model.v" for name in MODELS]
    return simbuild.build(
        simulator, "segment_bench", parameters={"STATIONS": stations},
        sources=[*models, HERE / "stand_in_nic.v", PROJECT_ROOT / "hdl" / "sim" / "segment_bench.v"],
    )  # fmt: skip


def segment_build(simulator: Simulator, stations: int, *, waves: bool = False) -> Build:
    """Return the bench with the Verilog adapters."""
    return simbuild.build(simulator, "segment_bench", parameters={"STATIONS": stations}, waves=waves)
