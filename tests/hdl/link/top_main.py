"""Run in the simulator: the check-out of boards, and a frame each way, at the pins of a board's top."""

from __future__ import annotations

from typing import Any

from rig.boards.checkout import CHECKS, Bench
from rig.driver.config import DriverConfig
from rig.runtime.pump_cocotb import SimTime
from rig.units import NS_PER_MS
from tests.contract import device_contract
from tests.hdl.link.board_main import SimBoards

CHOSEN = ("registers", "rom", "interrupt", "loopback", "link")
"""Not all of the buffer memory, which takes a quarter of a second of device time and has one way to be wired."""
POWER_ON_NS = 2 * NS_PER_MS
"""The PLL locks, and the reset of a board ends: board_reset."""
BUTTON_NS = 2_000
REST_NS = 3 * NS_PER_MS


async def check_out(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Check the first board out; return what both greeted with, and what the LEDs showed before and after."""
    boards = SimBoards(kernel, dut)
    await kernel.sleep_until(1_000)
    shown = [int(dut.leds.value)]
    await kernel.sleep_until(POWER_ON_NS)
    shown.append(int(dut.leds.value))
    greetings = [(await bus.open()).board for bus in boards.buses]
    bus = boards.buses[0]
    details = {name: await CHECKS[name](Bench(kernel, bus)) for name in CHOSEN}
    shown.append(int(dut.leds.value))
    dut.buttons.value = 1
    await kernel.sleep_until(kernel.now_ns + BUTTON_NS)
    shown.append(int(dut.leds.value))
    return {"link": details["link"], "greetings": greetings, "leds": shown, "wifi_en": int(dut.wifi_en.value)}


async def frames(kernel: SimTime, dut: Any) -> str:
    """The first contract of devices between the two boards; return what fails."""
    boards = SimBoards(kernel, dut, speed_mbps=100)
    await kernel.sleep_until(POWER_ON_NS)
    bench = device_contract.DeviceBench(
        kernel, (boards.buses[0], boards.buses[1]), DriverConfig(speed_mbps=100, full_duplex=False), rest_ns=REST_NS
    )
    try:
        await device_contract.a_frame_arrives_as_it_was_sent(bench)
    except AssertionError as error:
        return str(error) or "it did not"
    return ""
