"""Run in the simulator: the contracts of bus and device on Verilog adapters, one after the other on the same bench."""

from __future__ import annotations

import os
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from rig.adapter.mac_rom import MacRom
from rig.backends.rtl import RtlBench, RtlStation
from rig.driver.config import DriverConfig
from rig.runtime.pump_cocotb import SimTime
from tests.contract import bus_contract, device_contract

ROMS = [MacRom(bytes.fromhex(f"02000000000{i}"), b"contract").serialize() for i in (1, 2)]
FARTHEST_BITS = 200


def make_bench(kernel: SimTime, dut: Any, speed_mbps: int = 100, full_duplex: bool = False) -> RtlBench:
    stations = [
        RtlStation(name, rom, position_bits=position_bits)
        for name, rom, position_bits in zip(("a", "b"), ROMS, (0, FARTHEST_BITS), strict=True)
    ]
    return RtlBench(kernel, dut, stations, speed_mbps=speed_mbps, full_duplex=full_duplex)


async def verdicts(contracts: dict[str, Callable[[], Awaitable[None]]]) -> dict[str, str]:
    """Run the contracts; return for each the error that it ended with, or nothing."""
    results = {}
    for name, contract in contracts.items():
        try:
            await contract()
        except Exception:
            results[name] = traceback.format_exc()
        else:
            results[name] = ""
    return results


async def bus(kernel: SimTime, dut: Any) -> dict[str, str]:
    bench = bus_contract.BusBench(kernel, make_bench(kernel, dut).buses[0], ROMS[0])
    return await verdicts({contract.__name__: lambda c=contract: c(bench) for contract in bus_contract.CONTRACT})


async def device(kernel: SimTime, dut: Any) -> dict[str, str]:
    """The segment is what RIG_TEST_SEGMENT says: speed in Mb/s and half or full."""
    speed, duplex = os.environ["RIG_TEST_SEGMENT"].split()
    speed_mbps, full_duplex = int(speed), duplex == "full"
    rtl = make_bench(kernel, dut, speed_mbps, full_duplex)
    config = DriverConfig(speed_mbps=speed_mbps, full_duplex=full_duplex)
    bench = device_contract.DeviceBench(kernel, (rtl.buses[0], rtl.buses[1]), config)
    return await verdicts({contract.__name__: lambda c=contract: c(bench) for contract in device_contract.CONTRACT})
