"""The contracts of bus and device on the twin, in virtual time."""

from __future__ import annotations

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.network.segment import Segment
from rig.adapter.mac_rom import MacRom
from rig.backends.model import ModelBus
from rig.driver.config import DriverConfig
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S
from tests.contract import bus_contract, device_contract

ROMS = [MacRom(bytes.fromhex(f"02000000000{i}"), b"contract").serialize() for i in (1, 2)]
SEGMENTS = [(100, False), (100, True), (10, False), (10, True)]
FARTHEST_BITS = 200


@pytest.mark.parametrize("buffer_pages", [64, 32])
@pytest.mark.parametrize("contract", bus_contract.CONTRACT, ids=lambda contract: contract.__name__)
def test_bus(contract: bus_contract.Contract, buffer_pages: int) -> None:
    kernel = VirtualTime()
    segment = Segment(kernel)
    adapter = LanAdapter(kernel, segment, ROMS[0], name="a", buffer_pages=buffer_pages)
    bench = bus_contract.BusBench(kernel, ModelBus(kernel, adapter), ROMS[0])
    kernel.run(contract(bench), limit_ns=NS_PER_S)


@pytest.mark.parametrize(("speed_mbps", "full_duplex"), SEGMENTS)
@pytest.mark.parametrize("contract", device_contract.CONTRACT, ids=lambda contract: contract.__name__)
def test_device(contract: device_contract.Contract, speed_mbps: int, full_duplex: bool) -> None:
    kernel = VirtualTime()
    segment = Segment(kernel, speed_mbps=speed_mbps, full_duplex=full_duplex)
    buses = [
        ModelBus(kernel, LanAdapter(kernel, segment, rom, name=name, position_bits=position_bits))
        for name, rom, position_bits in zip(("a", "b"), ROMS, (0, FARTHEST_BITS), strict=True)
    ]
    config = DriverConfig(speed_mbps=speed_mbps, full_duplex=full_duplex)
    bench = device_contract.DeviceBench(kernel, (buses[0], buses[1]), config)
    kernel.run(contract(bench), limit_ns=10 * NS_PER_S)
