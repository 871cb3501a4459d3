"""Builds of the bench that its tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.device.inspect import plugged_device
from rig.regress.simbuild import Build
from rig.regress.tools import Simulator

BOTH_SIMULATORS = ("verilator", pytest.param("icarus", marks=pytest.mark.needs("iverilog")))
HERE = Path(__file__).parent


def stand_in_build(simulator: Simulator, stations: int) -> Build:
    """Return the bench with stand-in adapters; see ``stand_in_nic.v``."""
    device = plugged_device(HERE / "stand_in.yaml")
    return simbuild.build(simulator, "segment_bench", parameters={"STATIONS": stations}, devices=[device])


def segment_build(simulator: Simulator, stations: int, *, waves: bool = False) -> Build:
    """Return the bench with the Verilog adapters."""
    return simbuild.build(simulator, "segment_bench", parameters={"STATIONS": stations}, waves=waves)
