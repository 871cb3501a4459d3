"""The contracts of bus and device on the Verilog adapter: the same coroutines as on the twin, under cocotb."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.tools import Simulator
from tests.contract import bus_contract, device_contract
from tests.hdl.bench.sources import BOTH_SIMULATORS, segment_build

STATIONS = 2
TIMEOUT_S = 300
SIM_LIMIT_NS = 2_000_000_000  # the ring has to wrap at 10 Mb/s too
SEGMENTS = ("100 half", "100 full", "10 half", "10 full")

Verdicts = dict[str, str]


def run(simulator: Simulator, main: str, folder: Path, env: dict[str, str] | None = None) -> Verdicts:
    result = simbuild.run(
        segment_build(simulator, STATIONS), run_dir=folder, timeout_s=TIMEOUT_S,
        main=f"tests.backends.rtl_main:{main}", env=env, sim_limit_ns=SIM_LIMIT_NS,
    )  # fmt: skip
    result.check()
    verdicts: Verdicts = result.value
    return verdicts


@pytest.fixture(scope="module", params=BOTH_SIMULATORS)
def bus_verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return run(request.param, "bus", tmp_path_factory.mktemp("bus"))


@pytest.fixture(scope="module", params=SEGMENTS)
def device_verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return run("verilator", "device", tmp_path_factory.mktemp("device"), {"RIG_TEST_SEGMENT": request.param})


@pytest.mark.parametrize("name", [contract.__name__ for contract in bus_contract.CONTRACT])
def test_bus(bus_verdicts: Verdicts, name: str) -> None:
    assert not bus_verdicts[name], bus_verdicts[name]


@pytest.mark.parametrize("name", [contract.__name__ for contract in device_contract.CONTRACT])
def test_device(device_verdicts: Verdicts, name: str) -> None:
    assert not device_verdicts[name], device_verdicts[name]
