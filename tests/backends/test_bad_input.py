"""What a careless driver may do: the same coroutines on twins in virtual time and on Verilog adapters under cocotb."""

from __future__ import annotations

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.network.segment import Segment
from rig.adapter.mac_rom import MacRom
from rig.backends.model import ModelBus
from rig.regress import simbuild
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S
from tests.contract import bad_input_contract

STATIONS = 2
TIMEOUT_S = 300
SEGMENTS = ((100, False), (100, True), (10, False))
ROMS = [MacRom(mac).serialize() for mac in bad_input_contract.MACS]

Verdicts = dict[str, str]


@pytest.mark.parametrize(("speed_mbps", "full_duplex"), SEGMENTS)
@pytest.mark.parametrize("contract", bad_input_contract.CONTRACT, ids=lambda contract: contract.__name__)
def test_twin(contract: bad_input_contract.Contract, speed_mbps: int, full_duplex: bool) -> None:
    kernel = VirtualTime()
    segment = Segment(kernel, speed_mbps=speed_mbps, full_duplex=full_duplex)
    a, b = (ModelBus(kernel, LanAdapter(kernel, segment, rom, name=name)) for name, rom in zip("ab", ROMS, strict=True))
    bench = bad_input_contract.BadInputBench(kernel, (a, b), speed_mbps, full_duplex)
    kernel.run(contract(bench), limit_ns=10 * NS_PER_S)


@pytest.fixture(scope="module", params=SEGMENTS, ids=lambda segment: f"{segment[0]}-{segment[1]}")
def verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    speed_mbps, full_duplex = request.param
    build = simbuild.build("verilator", "segment_bench", parameters={"STATIONS": STATIONS})
    result = simbuild.run(
        build, run_dir=tmp_path_factory.mktemp("bad_input"), timeout_s=TIMEOUT_S,
        main="tests.backends.bad_input_main:main", env={"RIG_TEST_SEGMENT": f"{speed_mbps} {int(full_duplex)}"},
    )  # fmt: skip
    result.check()
    value: Verdicts = result.value
    return value


@pytest.mark.parametrize("name", [contract.__name__ for contract in bad_input_contract.CONTRACT])
def test_rtl(verdicts: Verdicts, name: str) -> None:
    assert not verdicts[name], verdicts[name]
