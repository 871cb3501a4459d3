"""Recovery of the driver end to end, on the twin and on the Verilog adapter."""

from __future__ import annotations

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.network.segment import Segment
from rig.adapter.mac_rom import MacRom
from rig.backends.model import ModelBus
from rig.driver.config import DriverConfig
from rig.regress import simbuild
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S
from tests.contract.device_contract import DeviceBench
from tests.driver.recovery_checks import CHECKS, Check

ROMS = [MacRom(bytes.fromhex(f"02000000000{i}")).serialize() for i in (1, 2)]
TIMEOUT_S = 300
SIM_LIMIT_NS = 2_000_000_000


@pytest.mark.parametrize("speed_mbps", [100, 10])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_on_the_twin(check: Check, speed_mbps: int) -> None:
    kernel = VirtualTime()
    segment = Segment(kernel, speed_mbps=speed_mbps)
    buses = [
        ModelBus(kernel, LanAdapter(kernel, segment, rom, name=name, position_bits=position_bits))
        for rom, name, position_bits in zip(ROMS, "ab", (0, 200), strict=True)
    ]
    bench = DeviceBench(kernel, (buses[0], buses[1]), DriverConfig(speed_mbps=speed_mbps))
    kernel.run(check(bench), limit_ns=100 * NS_PER_S)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    build = simbuild.build("verilator", "segment_bench", parameters={"STATIONS": 2})
    result = simbuild.run(
        build, run_dir=tmp_path_factory.mktemp("recovery"), timeout_s=TIMEOUT_S, sim_limit_ns=SIM_LIMIT_NS,
        main="tests.driver.rtl_main:recovery",
    )  # fmt: skip
    result.check()
    found: dict[str, str] = result.value
    return found


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS])
def test_on_the_verilog_adapter(verdicts: dict[str, str], name: str) -> None:
    assert not verdicts[name], verdicts[name]
