"""The whole adapter in Verilog on Icarus, against the timing page: one simulator run a check."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from tests.hdl.unit.adapter_checks import CHECKS

TIMEOUT_S = 300
SIM_LIMIT_NS = 30_000_000


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize("name", CHECKS)
def test_adapter(name: str, tmp_path: Path) -> None:
    result = simbuild.run(
        simbuild.build("icarus", "segment_bench", parameters={"STATIONS": 2}), run_dir=tmp_path, timeout_s=TIMEOUT_S,
        main=f"tests.hdl.unit.adapter_checks:{name}", plusargs=("+recorder=records.txt",), sim_limit_ns=SIM_LIMIT_NS,
    )  # fmt: skip
    result.check()
