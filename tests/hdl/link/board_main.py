"""Run in the simulator: the host's end of the link against boards in Verilog, on simulated time.

``SimBoards`` is what every test here starts from; each main function returns what its test has to judge.
"""

from __future__ import annotations

import os
import struct
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from rig.adapter import registers as r
from rig.adapter.mac_rom import MacRom
from rig.backends.rtl import RtlStation
from rig.backends.rtl_board import RtlBoards
from rig.build.rtl_board import rtl_board_buses
from rig.driver.config import DriverConfig
from rig.link.frame import Deframer, Frame, MessageType
from rig.link.messages import Greeting, WriteWords, serialize_batch, serialize_hello
from rig.runtime.pump_cocotb import SimTime
from tests.contract import bad_input_contract, bus_contract, device_contract

ROMS = [MacRom(mac).serialize() for mac in bad_input_contract.MACS]
POWER_ON_NS = 1_000
REPETITION_LIMIT_NS = 40_000_000


class SimBoards:
    """The bench with a bus to each board."""

    def __init__(self, kernel: SimTime, dut: Any, *, speed_mbps: int = 100, full_duplex: bool = False) -> None:
        count = len(dut.attention) // 2
        stations = [RtlStation(f"b{index}", ROMS[index], 100 * index, 0) for index in range(count)]
        self.bench = RtlBoards(kernel, dut, stations, speed_mbps=speed_mbps, full_duplex=full_duplex)
        self.buses = rtl_board_buses(kernel, self.bench)


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
    """The contract of AdapterBus."""
    boards = SimBoards(kernel, dut)
    await kernel.sleep_until(POWER_ON_NS)
    bench = bus_contract.BusBench(kernel, boards.buses[0], ROMS[0], time_is_simulated=False)
    return await verdicts({contract.__name__: lambda c=contract: c(bench) for contract in bus_contract.CONTRACT})


async def repetition(kernel: SimTime, dut: Any) -> tuple[list[int], list[int]]:
    """Return when an event came that nobody acknowledges, in ns, the first time and the second; and the limits of the
    greeting: window, largest payload, octets of requests and of replies.
    """
    (port,) = SimBoards(kernel, dut).bench.ports
    deframer, came, times_ns, limits = Deframer(), kernel.event("a frame"), list[int](), list[int]()

    def listen(octets: bytes) -> None:
        for piece in deframer.feed(octets):
            frame = Frame.parse(piece)
            if frame.type == MessageType.EVENT:
                times_ns.append(kernel.now_ns)
            elif frame.type == MessageType.HELLO:
                told = Greeting.parse(frame.payload)
                limits[:] = [told.window, told.largest_payload_octets, told.receive_octets, told.store_octets]
            came.set()

    async def heard() -> None:
        came.clear()
        assert await kernel.wait_first(came, deadline_ns=kernel.now_ns + REPETITION_LIMIT_NS) is not None

    port.receiver = listen
    await kernel.sleep_until(POWER_ON_NS)
    port.write(Frame(MessageType.HELLO, payload=serialize_hello(1)).serialize())
    await heard()
    raises = serialize_batch(
        [
            WriteWords(r.REG_INT_MASK, r.INT_STATUS_TX_ERR.to_bytes(4, "little")),
            WriteWords(r.REG_CTRL, (r.CTRL_RESET | r.CTRL_TX_EN).to_bytes(4, "little")),
            WriteWords(r.REG_TX_PAGE, struct.pack("<3I", 0, 0, r.TX_COMMAND_SEND)),  # refused: it has no octets
        ]
    )
    port.write(Frame(MessageType.BATCH, session=1, payload=raises).serialize())
    while len(times_ns) < 2:
        await heard()
    return times_ns, limits


async def device(kernel: SimTime, dut: Any) -> dict[str, str]:
    """The contract of FrameDevice between two boards; the segment is what RIG_TEST_SEGMENT says."""
    speed, duplex = os.environ["RIG_TEST_SEGMENT"].split()
    boards = SimBoards(kernel, dut, speed_mbps=int(speed), full_duplex=duplex == "full")
    await kernel.sleep_until(POWER_ON_NS)
    config = DriverConfig(speed_mbps=int(speed), full_duplex=duplex == "full")
    bench = device_contract.DeviceBench(
        kernel, (boards.buses[0], boards.buses[1]), config, rest_ns=int(os.environ["RIG_TEST_REST_NS"])
    )
    chosen = os.environ["RIG_TEST_CONTRACTS"].split()
    return await verdicts(
        {c.__name__: lambda c=c: c(bench) for c in device_contract.CONTRACT if c.__name__ in chosen}
    )  # fmt: skip


async def bad_input(kernel: SimTime, dut: Any) -> dict[str, str]:
    """What nobody should do to an adapter, between two boards; on a segment of 100 Mb/s, half duplex."""
    boards = SimBoards(kernel, dut)
    await kernel.sleep_until(POWER_ON_NS)
    bench = bad_input_contract.BadInputBench(kernel, (boards.buses[0], boards.buses[1]), 100, False)
    chosen = os.environ["RIG_TEST_CONTRACTS"].split()
    return await verdicts(
        {c.__name__: lambda c=c: c(bench) for c in bad_input_contract.CONTRACT if c.__name__ in chosen}
    )  # fmt: skip
