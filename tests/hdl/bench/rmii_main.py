"""Run in the simulator: stations on an RMII and on an MII, which must not notice the difference."""

from __future__ import annotations

import os
import traceback
from dataclasses import replace
from typing import Any, cast

from rig.adapter import registers as r
from rig.adapter.bus import read32
from rig.adapter.device import TransmitOutcome
from rig.adapter.mac_rom import MacRom
from rig.backends.rtl import RtlBench, RtlStation
from rig.driver.config import DriverConfig, PhyConfig
from rig.driver.driver import NicDriver
from rig.driver.phy import Phy, PhyRegister
from rig.runtime.pump_cocotb import SimTime
from tests.contract import device_contract

MACS = [bytes.fromhex(f"02000000000{i}") for i in (1, 2, 3)]
PATIENCE_NS = 400_000_000


def make_bench(kernel: SimTime, dut: Any, positions_bits: tuple[int, ...]) -> tuple[RtlBench, DriverConfig]:
    """RIG_TEST_SEGMENT says what the segment is: speed in Mb/s, half or full, phase of the second station's clock."""
    speed, duplex, phase_ns = os.environ["RIG_TEST_SEGMENT"].split()
    stations = [
        RtlStation(f"s{index}", MacRom(MACS[index]).serialize(), position_bits, int(phase_ns) if index == 1 else None)
        for index, position_bits in enumerate(positions_bits)
    ]
    full_duplex = duplex == "full"
    bench = RtlBench(kernel, dut, stations, speed_mbps=int(speed), full_duplex=full_duplex)
    return bench, DriverConfig(speed_mbps=int(speed), full_duplex=full_duplex)


async def device(kernel: SimTime, dut: Any) -> dict[str, str]:
    """The contract of FrameDevice between two stations; return the error that each part ended with, or nothing."""
    rtl, config = make_bench(kernel, dut, (0, 200))
    bench = device_contract.DeviceBench(kernel, (rtl.buses[0], rtl.buses[1]), config)
    results = {}
    for contract in device_contract.CONTRACT:
        try:
            await contract(bench)
        except Exception:
            results[contract.__name__] = traceback.format_exc()
        else:
            results[contract.__name__] = ""
    return results


async def contend(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Three stations have ``FRAMES`` frames each to send at once; return what each says of it.

    The frames of one station go to the next one, which counts those it receives; lengths differ, so that every phase of
    the clocks is met.
    """
    frames = int(os.environ["RIG_TEST_FRAMES"])
    rtl, config = make_bench(kernel, dut, (0, 90, 200))
    drivers = [NicDriver(kernel, bus, config) for bus in rtl.buses]
    for driver in drivers:
        await driver.start()
    tasks = [kernel.spawn(driver.run(), "driver") for driver in drivers]
    heard: list[list[str]] = [[], [], []]
    sent = [
        [
            (MACS[(index + 1) % 3] + MACS[index] + b"\x88\xb5" + bytes([number])).ljust(60 + 13 * number, b"\x5a").hex()
            for number in range(frames)
        ]
        for index in range(3)
    ]
    waiting = [list(own) for own in sent]
    outcomes: list[list[str]] = [[], [], []]
    deadline_ns = kernel.now_ns + PATIENCE_NS
    while kernel.now_ns < deadline_ns and any(len(own) < frames for own in outcomes):
        for index, driver in enumerate(drivers):
            while waiting[index] and driver.try_transmit(bytes.fromhex(waiting[index][0])):
                waiting[index].pop(0)
            outcomes[index] += [result.outcome.name for result in driver.transmit_results()]
            while (frame := driver.receive()) is not None:
                heard[index].append(frame.octets.hex())
        await kernel.sleep_until(kernel.now_ns + 50_000)
    await kernel.sleep_until(kernel.now_ns + 2_000_000)
    for index, driver in enumerate(drivers):
        while (frame := driver.receive()) is not None:
            heard[index].append(frame.octets.hex())
    stations = []
    for index, driver in enumerate(drivers):
        caps = cast(int, await read32(rtl.buses[index], r.REG_CAPS))
        stations.append({
            "is_rmii": bool(caps & r.CAPS_RMII),
            "counters": await driver.read_counters(),
            "all_ok": outcomes[index] == [TransmitOutcome.OK.name] * frames,
            "heard_all": heard[(index + 1) % 3] == sent[index],
        })  # fmt: skip
    for task in tasks:
        task.cancel()
    return {"stations": stations}


async def phy(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Both stations follow their PHY, which has agreed on 100 Mb/s full duplex; the configuration says half duplex."""
    rtl, config = make_bench(kernel, dut, (0, 0))
    config = replace(config, full_duplex=False, phy=PhyConfig())
    drivers = [NicDriver(kernel, bus, config) for bus in rtl.buses]
    for driver in drivers:
        await driver.start()
    tasks = [kernel.spawn(driver.run(), "driver") for driver in drivers]
    management = Phy(kernel, rtl.buses[0], 1)
    await management.write(PhyRegister.ADVERTISEMENT, 0x0061)
    advertisement = await management.read(PhyRegister.ADVERTISEMENT)
    links = []
    for link in (0b10, 0b11):
        dut.settings.link.value = link
        await kernel.sleep_until(kernel.now_ns + 2_000_000)
        links.append(drivers[0].is_link_up)
    for task in tasks:
        task.cancel()
    return {
        "advertisement": advertisement,
        "links": links,
        "modes": [[driver.capabilities.speed_mbps, driver.capabilities.full_duplex] for driver in drivers],
        "notices": drivers[0].notices,
        "absent": await Phy(kernel, rtl.buses[0], 2).is_present(),
    }
