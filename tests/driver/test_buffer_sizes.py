"""Adapters with less buffer memory: the driver lays its slots and ring out by CAPS, and everything works as before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.network.segment import Segment
from rig.adapter.mac_rom import MacRom
from rig.backends.model import ModelBus
from rig.driver.config import DriverConfig
from rig.regress import simbuild
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S
from tests.contract.device_contract import CONTRACT, DeviceBench

ROMS = [MacRom(bytes.fromhex(f"02000000000{i}")).serialize() for i in (1, 2)]
PAGES = (64, 32, 19)
"""16 kB, 8 kB, and the least that holds a slot and a ring for frames of 1518 octets."""
TIMEOUT_S = 300
SIM_LIMIT_NS = 2_000_000_000


@pytest.mark.parametrize("pages", PAGES)
@pytest.mark.parametrize("contract", CONTRACT, ids=lambda contract: contract.__name__)
def test_on_the_twin(contract: Callable[[DeviceBench], Awaitable[None]], pages: int) -> None:
    kernel = VirtualTime()
    segment = Segment(kernel)
    adapters = [
        LanAdapter(kernel, segment, rom, name=name, buffer_pages=pages) for rom, name in zip(ROMS, "ab", strict=True)
    ]
    buses = [ModelBus(kernel, adapter) for adapter in adapters]
    kernel.run(contract(DeviceBench(kernel, (buses[0], buses[1]), DriverConfig())), limit_ns=100 * NS_PER_S)


@pytest.mark.parametrize("pages", PAGES[1:])
def test_on_the_verilog_adapter(pages: int, tmp_path: Path) -> None:
    build = simbuild.build("verilator", "segment_bench", parameters={"STATIONS": 2, "BUFFER_PAGES": pages})
    result = simbuild.run(
        build, run_dir=tmp_path, timeout_s=TIMEOUT_S, main="tests.backends.rtl_main:device",
        env={"RIG_TEST_SEGMENT": "100 full"}, sim_limit_ns=SIM_LIMIT_NS,
    )  # fmt: skip
    result.check()
    problems = {name: error for name, error in result.value.items() if error}
    assert not problems, "\n".join(problems.values())
