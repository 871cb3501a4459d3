"""Random transactions on an AdapterBus with an account of what must come back: nothing wrong, nothing twice.

Only what a host can see is used, so the same exercise runs on any far end of the board link, and on any other bus.
Several tasks at once keep the link busy; each has a part of the buffer memory of its own, and knows what must stand
there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from random import Random
from typing import cast

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Write32, WriteBlock, read_block
from rig.errors import BusError
from rig.runtime.kernel import Scheduler

TASKS = 4
PAGE_OCTETS = 256
REGION_PAGES = 12
FIRST_PAGE = 8
"""Pages below are for what is transmitted."""
HOLE = 0x1000
LONGEST_BLOCK_WORDS = 128
FRAME_OCTETS = 60
RESET_READS = 5
SEND_PATIENCE_NS = 50_000_000


@dataclass(slots=True)
class Tally:
    """What came of an exercise."""

    transactions: int = 0
    octets: int = 0
    """Octets of blocks that were read or written."""
    wrong_reads: int = 0
    wrong_writes: int = 0
    """Words that do not hold in the end what was written last."""
    duplicate_effects: int = 0
    """Frames that were sent although nobody asked for them, or not although somebody did."""
    began_ns: int = 0
    ended_ns: int = 0

    @property
    def duration_ns(self) -> int:
        """How long the transactions took."""
        return self.ended_ns - self.began_ns

    @property
    def is_faultless(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.wrong_reads or self.wrong_writes or self.duplicate_effects)

    def add(self, other: Tally) -> None:
        """Add what came of another exercise."""
        for name in ("transactions", "octets", "wrong_reads", "wrong_writes", "duplicate_effects"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ended_ns += other.duration_ns


async def exercise(
    scheduler: Scheduler, bus: AdapterBus, dice: Random, transactions: int, *, block_words: int = LONGEST_BLOCK_WORDS
) -> Tally:
    """Do about ``transactions`` transactions with blocks of up to ``block_words``, and check everything at the end.

    Errors of the bus that were not provoked leave through here.
    """
    await bus.transaction([Write32(r.REG_CTRL, r.CTRL_SOFT_RESET), *[Read32(r.REG_ID)] * RESET_READS])
    tally = Tally(began_ns=scheduler.now_ns)
    base = r.WIN_BUFFER + FIRST_PAGE * PAGE_OCTETS
    size = PAGE_OCTETS * max(2, REGION_PAGES * block_words // LONGEST_BLOCK_WORDS)
    regions = [
        _Region(bus, base + number * size, size, Random(dice.getrandbits(64)), tally, block_words)
        for number in range(TASKS)
    ]
    await bus.transaction([WriteBlock(base, bytes(TASKS * size))])
    sender = _Sender(scheduler, bus, tally)
    await sender.start()
    tasks = [
        scheduler.spawn(region.work(transactions // TASKS, sender if number == 0 else None), keep_error=True)
        for number, region in enumerate(regions)
    ]
    for task in tasks:
        await task
    tally.ended_ns = scheduler.now_ns
    await sender.finish()
    for region in regions:
        await region.check()
    return tally


class _Region:
    """A part of the buffer memory, and what must stand in it."""

    def __init__(
        self, bus: AdapterBus, address: int, octets: int, dice: Random, tally: Tally, block_words: int
    ) -> None:
        self._bus = bus
        self._address = address
        self._shadow = bytearray(octets)
        self._dice = dice
        self._tally = tally
        self._block_words = block_words

    async def work(self, transactions: int, sender: _Sender | None) -> None:
        """Do so many transactions, one after the other."""
        dice = self._dice
        for _ in range(transactions):
            self._tally.transactions += 1
            kind = dice.random()
            if kind < 0.02 and sender is not None:
                await sender.send()
            elif kind < 0.1:
                await self._be_refused()
            else:
                await self._mix()

    async def _mix(self) -> None:
        """Do one to four reads and writes in one transaction."""
        operations: list[Operation] = []
        expected: list[bytes | None] = []
        for _ in range(self._dice.choice((1, 1, 2, 4))):
            at, octets = self._place()
            if self._dice.random() < 0.5:
                data = self._dice.randbytes(octets)
                self._shadow[at : at + octets] = data
                operations.append(WriteBlock(self._address + at, data))
                expected.append(None)
            else:
                operations.append(ReadBlock(self._address + at, octets))
                expected.append(bytes(self._shadow[at : at + octets]))
            self._tally.octets += octets
        results = await self._bus.transaction(operations)
        self._tally.wrong_reads += sum(a != b for a, b in zip(results, expected, strict=True))

    async def _be_refused(self) -> None:
        """Write, be refused, and write: only the first write may be done."""
        at, octets = self._place()
        data = self._dice.randbytes(octets)
        self._shadow[at : at + octets] = data
        operations: list[Operation] = [
            WriteBlock(self._address + at, data), Read32(HOLE), WriteBlock(self._address, bytes(len(self._shadow)))
        ]  # fmt: skip
        try:
            await self._bus.transaction(operations)
        except BusError as error:
            self._tally.wrong_reads += (error.index, error.address) != (1, HOLE)
        else:
            self._tally.wrong_reads += 1

    def _place(self) -> tuple[int, int]:
        words = min(self._dice.randrange(1, self._block_words), self._dice.randrange(1, self._block_words))
        return 4 * self._dice.randrange(len(self._shadow) // 4 - words), 4 * words

    async def check(self) -> None:
        """Compare all of it."""
        found = await read_block(self._bus, self._address, len(self._shadow))
        wrong = sum(found[at : at + 4] != self._shadow[at : at + 4] for at in range(0, len(found), 4))
        self._tally.wrong_writes += wrong


class _Sender:
    """Sends a frame now and then: what a repeated transaction would do twice."""

    def __init__(self, scheduler: Scheduler, bus: AdapterBus, tally: Tally) -> None:
        self._scheduler = scheduler
        self._bus = bus
        self._tally = tally
        self._sent = 0
        self._before = 0

    async def start(self) -> None:
        """Switch the transmitter on."""
        frame = bytes.fromhex("ffffffffffff 020000000001 88b5").ljust(FRAME_OCTETS, b"\0")
        await self._bus.transaction(
            [WriteBlock(r.WIN_BUFFER, frame), Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_SPEED100 | r.CTRL_TX_EN)]
        )
        self._before = await self._count()

    async def send(self) -> None:
        """Send a frame and wait until the slot is free again."""
        self._sent += 1
        command = struct.pack("<3I", 0, FRAME_OCTETS, r.TX_COMMAND_SEND)
        await self._bus.transaction([WriteBlock(r.REG_TX_PAGE, command)])
        deadline_ns = self._scheduler.now_ns + SEND_PATIENCE_NS
        while self._scheduler.now_ns < deadline_ns:
            (value,) = cast("list[int]", await self._bus.transaction([Read32(r.REG_TX_COMMAND)]))
            if not value & r.TX_COMMAND_SEND:
                return

    async def finish(self) -> None:
        """Compare what was sent with what the adapter counted."""
        self._tally.duplicate_effects += abs(await self._count() - self._before - self._sent)

    async def _count(self) -> int:
        window = await read_block(self._bus, r.WIN_COUNTERS, r.WIN_COUNTERS_OCTETS)
        return int(struct.unpack_from("<I", window, 4 * r.CNT_AFRAMESTRANSMITTEDOK)[0])
