"""The modules of the adapter at their pins, on Icarus: one simulator run a bench."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.filelist import filelist_of
from tests.hdl.unit.sources import build_of, unit_build

TIMEOUT_S = 300

RUNS = [
    ("mac_mii_bench", "transmit_checks"),
    ("mac_mii_bench", "receive_checks"),
    ("crc_bench", "small_checks"),
    ("fifo_bench", "small_checks"),
    ("mdio_bench", "small_checks"),
    ("pause_bench", "small_checks"),
]


BUS_CLOCKS_HZ = (40_000_000, 41_000_001, 48_000_000, 50_000_000, 66_666_667, 125_000_000)
"""The slowest that an adapter can have, and others, of which three have a period of whole ns."""


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize(("top", "checks"), RUNS, ids=[f"{top}-{checks}" for top, checks in RUNS])
def test_unit(top: str, checks: str, tmp_path: Path) -> None:
    result = simbuild.run(
        unit_build(top), run_dir=tmp_path, timeout_s=TIMEOUT_S, test_module=f"tests.hdl.unit.{checks}"
    )
    result.check()
    assert result.passed


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize("bus_hz", BUS_CLOCKS_HZ)
def test_device_time(bus_hz: int, tmp_path: Path) -> None:
    build = unit_build("device_time_bench", BUS_HZ=bus_hz)
    result = simbuild.run(build, run_dir=tmp_path, timeout_s=TIMEOUT_S, test_module="tests.hdl.unit.small_checks")
    result.check()
    assert result.passed


@pytest.mark.needs("iverilog")
def test_board_reset(tmp_path: Path) -> None:
    build = build_of("reset_bench", filelist_of("ulx3s_lan8720"))
    result = simbuild.run(build, run_dir=tmp_path, timeout_s=TIMEOUT_S, test_module="tests.hdl.unit.small_checks")
    result.check()
    assert result.passed
