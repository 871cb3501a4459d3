"""The whole adapter in Verilog on Icarus, against the timing page: one simulator run a check."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from tests.hdl.unit import register_checks, traffic_checks

TIMEOUT_S = 300
SIM_LIMIT_NS = 30_000_000
NAMES = [f"{check.__module__}:{check.__name__}" for check in (*register_checks.CHECKS, *traffic_checks.CHECKS)]


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize("name", NAMES, ids=[name.partition(":")[2] for name in NAMES])
def test_adapter(name: str, tmp_path: Path) -> None:
    result = simbuild.run(
        simbuild.build("icarus", "segment_bench", parameters={"STATIONS": 2}), run_dir=tmp_path, timeout_s=TIMEOUT_S,
        main=name, plusargs=("+recorder=records.txt",), sim_limit_ns=SIM_LIMIT_NS,
    )  # fmt: skip
    result.check()
