"""The kernel contract under cocotb, on each simulator: one simulator process for all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress.filelist import PROJECT_ROOT
from rig.regress.simbuild import build, run
from rig.regress.tools import SIMULATORS, Simulator, simulator_facts
from tests.contract import kernel_contract

FILELIST = PROJECT_ROOT / "tests" / "hdl" / "kernel_bench" / "kernel_bench.f"


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_kernel_contract_in_a_simulator(simulator: Simulator, tmp_path: Path) -> None:
    if simulator == "icarus" and not simulator_facts(simulator).is_usable:
        pytest.skip("not run: Icarus Verilog is not installed")
    bench = build(simulator, "kernel_bench", filelist=FILELIST)
    result = run(bench, test_module="tests.hdl.kernel_bench.cocotb_kernel", run_dir=tmp_path, timeout_s=120)
    result.check()
    assert len(result.passed) > len(kernel_contract.CONTRACT) + len(kernel_contract.RUN_CONTRACT)
