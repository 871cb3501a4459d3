"""The modules of the adapter at their pins, on Icarus: one simulator run a bench."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from tests.hdl.unit.sources import unit_build

TIMEOUT_S = 300

RUNS = [
    ("mac_mii_bench", "transmit_checks"),
    ("mac_mii_bench", "receive_checks"),
    ("crc_bench", "small_checks"),
    ("fifo_bench", "small_checks"),
    ("mdio_bench", "small_checks"),
]


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize(("top", "checks"), RUNS, ids=[f"{top}-{checks}" for top, checks in RUNS])
def test_unit(top: str, checks: str, tmp_path: Path) -> None:
    result = simbuild.run(
        unit_build(top), run_dir=tmp_path, timeout_s=TIMEOUT_S, test_module=f"tests.hdl.unit.{checks}"
    )
    result.check()
    assert result.passed
