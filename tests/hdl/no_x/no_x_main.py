"""Run in the simulator: read all there is as soon as all of it was reset, then exchange frames and read it again."""

from __future__ import annotations

import os
from typing import Any

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, Read32, ReadBlock
from rig.adapter.mac_rom import MacRom
from rig.adapter.regmap import load
from rig.backends.rtl import RtlBench, RtlStation
from rig.driver.config import DriverConfig
from rig.driver.driver import NicDriver
from rig.runtime.pump_cocotb import SimTime

MACS = [bytes.fromhex(f"02000000000{i}") for i in (1, 2)]
FRAMES = 3
RESET_NS = {100: 0, 10: 2_000}  # the third edge of a 2.5 MHz clock comes after the 16 bus clocks of the power-on reset
EXCHANGE_NS = {100: 400_000, 10: 4_000_000}  # for all frames, with a few collisions


async def read_everything(bus: AdapterBus) -> None:
    """Read every word of the map."""
    await bus.transaction([Read32(address) for address, _ in load().words() if address < r.WIN_BUFFER])
    await bus.transaction([ReadBlock(r.WIN_BUFFER, r.WIN_BUFFER_OCTETS)])


async def exchange(kernel: SimTime, buses: tuple[AdapterBus, ...], config: DriverConfig) -> list[int]:
    """Let both stations send; return how many frames each has received."""
    drivers = [NicDriver(kernel, bus, config) for bus in buses]
    for driver in drivers:
        await driver.start()
    tasks = [kernel.spawn(driver.run()) for driver in drivers]
    for number in range(FRAMES):
        for station, driver in enumerate(drivers):
            driver.try_transmit(MACS[1 - station] + MACS[station] + b"\x88\xb5" + bytes([number]) * (46 + 200 * number))
    await kernel.sleep_until(kernel.now_ns + EXCHANGE_NS[config.speed_mbps])
    for task in tasks:
        task.cancel()
    received = []
    for driver in drivers:
        count = 0
        while driver.receive() is not None:
            count += 1
        received.append(count)
    return received


async def main(kernel: SimTime, dut: Any) -> list[int]:
    """The segment is what NO_X_SEGMENT says: speed in Mb/s and half or full."""
    speed, duplex = os.environ["NO_X_SEGMENT"].split()
    stations = [RtlStation(f"s{i}", MacRom(mac).serialize()) for i, mac in enumerate(MACS)]
    bench = RtlBench(kernel, dut.bench, stations, speed_mbps=int(speed), full_duplex=duplex == "full")
    await kernel.sleep_until(RESET_NS[int(speed)])
    for bus in bench.buses:
        await read_everything(bus)
    received = await exchange(kernel, bench.buses, DriverConfig(speed_mbps=int(speed), full_duplex=duplex == "full"))
    for bus in bench.buses:
        await read_everything(bus)
    return received
