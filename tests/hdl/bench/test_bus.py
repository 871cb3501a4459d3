"""The bus master and its Python side, with stand-in adapters: what a transaction does and the edge where it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.tools import Simulator
from tests.hdl.bench.sources import BOTH_SIMULATORS, stand_in_build

CASES = ("timing", "sizes", "long_batches", "errors", "power", "tasks", "interrupt_line", "misuse")
TIMEOUT_S = 120


@pytest.mark.parametrize("simulator", BOTH_SIMULATORS)
@pytest.mark.parametrize("case", CASES)
def test_bus(case: str, simulator: Simulator, tmp_path: Path) -> None:
    simbuild.run(
        stand_in_build(simulator, stations=2), run_dir=tmp_path, timeout_s=TIMEOUT_S,
        main=f"tests.hdl.bench.bus_main:{case}", sim_limit_ns=10_000_000,
    ).check()  # fmt: skip
