"""Run in the simulator: the host's end of the link against boards in Verilog, on simulated time.

``SimBoards`` is what every test here starts from; each main function returns what its test has to judge.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from firmware_models.boards.serial_line import FaultInjector, LineFaults
from rig.adapter import registers as r
from rig.adapter.bus import Read32, ReadBlock, Write32, WriteBlock
from rig.adapter.mac_rom import MacRom
from rig.backends.board import BoardBus, Expectation
from rig.backends.rtl import RtlStation
from rig.backends.rtl_board import RtlBoards, RtlSerialPort
from rig.boards.exercise import exercise
from rig.build.board import session_ids
from rig.driver.config import DriverConfig
from rig.errors import LinkError
from rig.link.estimates import LinkSettings
from rig.runtime.pump_cocotb import SimTime
from tests.contract import bad_input_contract, bus_contract, device_contract

ROMS = [MacRom(mac).serialize() for mac in bad_input_contract.MACS]
POWER_ON_NS = 1_000
REST_NS = 3_000_000


class FaultyPort:
    """A port whose octets suffer what ``faults`` says, in both directions."""

    def __init__(self, port: RtlSerialPort, faults: LineFaults, seed: str) -> None:
        self.receiver: Callable[[bytes], None] | None = None
        self.lost: Callable[[str], None] | None = None
        self._port = port
        self._out = FaultInjector(faults, Random(f"{seed}/out"))
        self._in = FaultInjector(faults, Random(f"{seed}/in"))
        port.receiver = self._arrived

    def write(self, octets: bytes) -> None:
        self._port.write(self._out.pass_through(octets))

    def close(self) -> None:
        self._port.receiver = None

    @property
    def faults(self) -> int:
        """How many octets were hit."""
        return sum(self._out.counts.values()) + sum(self._in.counts.values())

    def _arrived(self, octets: bytes) -> None:
        if self.receiver is not None:
            self.receiver(self._in.pass_through(octets))


class SimBoards:
    """The bench with a bus to each board."""

    def __init__(
        self, kernel: SimTime, dut: Any, *, speed_mbps: int = 100, full_duplex: bool = False,
        faults: LineFaults | None = None, seed: int = 1, settings: LinkSettings | None = None,
    ) -> None:  # fmt: skip
        count = len(dut.attention) // 2
        stations = [RtlStation(f"b{index}", ROMS[index], 100 * index, 0) for index in range(count)]
        self.bench = RtlBoards(kernel, dut, stations, speed_mbps=speed_mbps, full_duplex=full_duplex)
        self.faulty = [
            None if faults is None else FaultyPort(port, faults, f"{seed}/{port.name}") for port in self.bench.ports
        ]
        self.buses = [
            BoardBus(
                kernel,
                lambda index=index: self.faulty[index] or self.bench.ports[index],
                session_ids(Random(f"{seed}/{index}")),
                Expectation(f"b{index}"),
                settings,
            )
            for index in range(count)
        ]


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


async def device(kernel: SimTime, dut: Any) -> dict[str, str]:
    """The contract of FrameDevice between two boards; the segment is what RIG_TEST_SEGMENT says."""
    speed, duplex = os.environ["RIG_TEST_SEGMENT"].split()
    boards = SimBoards(kernel, dut, speed_mbps=int(speed), full_duplex=duplex == "full")
    await kernel.sleep_until(POWER_ON_NS)
    config = DriverConfig(speed_mbps=int(speed), full_duplex=duplex == "full")
    bench = device_contract.DeviceBench(kernel, (boards.buses[0], boards.buses[1]), config, rest_ns=REST_NS)
    chosen = os.environ["RIG_TEST_CONTRACTS"].split()
    return await verdicts(
        {c.__name__: lambda c=c: c(bench) for c in device_contract.CONTRACT if c.__name__ in chosen}
    )  # fmt: skip


async def faults(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Random transactions on a bad line: rate, number and seed are what RIG_TEST_FAULTS says."""
    rate, transactions, seed = os.environ["RIG_TEST_FAULTS"].split()
    each = float(rate)
    boards = SimBoards(kernel, dut, faults=LineFaults(each, each, each), seed=int(seed))
    await kernel.sleep_until(POWER_ON_NS)
    tally = await exercise(kernel, boards.buses[0], Random(seed), int(transactions))
    session = boards.buses[0].session
    port = boards.faulty[0]
    assert session is not None and port is not None
    return {
        "transactions": tally.transactions, "octets": tally.octets, "wrong_reads": tally.wrong_reads,
        "wrong_writes": tally.wrong_writes, "duplicate_effects": tally.duplicate_effects, "faults": port.faults,
        "sessions": boards.buses[0].sessions, "counts": dict(session.counts), "duration_ns": tally.duration_ns,
    }  # fmt: skip


async def trouble(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Garbage before the greeting, a line that is cut within a burst, a board that loses its power within one."""
    boards = SimBoards(kernel, dut)
    bus, bench, port = boards.buses[0], boards.bench, boards.bench.ports[0]
    await kernel.sleep_until(POWER_ON_NS)
    found: dict[str, Any] = {}
    dice = Random(11)

    port.write(dice.randbytes(700))
    greeting = await bus.open()
    found["greeting"] = greeting.board

    async def burst() -> bool:
        data = dice.randbytes(3000)
        results = await bus.transaction([WriteBlock(r.WIN_BUFFER, data), ReadBlock(r.WIN_BUFFER, len(data))])
        return results == [None, data]

    async def disturb(fn: Callable[[], None], undo: Callable[[], None], duration_ns: int) -> str:
        task = kernel.spawn(burst(), "burst", keep_error=True)
        await kernel.sleep_until(kernel.now_ns + 4_000_000)
        fn()
        await kernel.sleep_until(kernel.now_ns + duration_ns)
        undo()
        try:
            return str(await task)
        except LinkError as error:
            return f"LinkError: {error}"

    found["cut"] = await disturb(lambda: bench.cut(0, True), lambda: bench.cut(0, False), 2_000_000)
    found["sessions after the cut"] = bus.sessions
    await bus.transaction([Write32(r.REG_MHASH_HI, 0x12345678)])
    found["power"] = await disturb(lambda: bench.power(0, False), lambda: bench.power(0, True), 500_000)
    found["after"] = await burst()
    found["register"] = (await bus.transaction([Read32(r.REG_MHASH_HI)]))[0]
    found["sessions"] = bus.sessions
    return found
