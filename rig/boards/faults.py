"""Faults of a board link, each with an account of what it cost: nothing wrong, nothing twice, some time.

Each row plays one fault against a far end and counts. The far end is given as a :class:`FarEnd`, so the same rows hold
for the twin and for the Verilog. Rates are per octet, in both directions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from random import Random
from types import MappingProxyType
from typing import Any, Protocol

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Write32, WriteBlock, read32
from rig.boards.exercise import Tally, exercise
from rig.errors import LinkError
from rig.runtime.kernel import Event, Scheduler, Task
from rig.units import NS_PER_MS

RATES = (1e-5, 1e-4, 1e-3)
KINDS = ("flip", "drop", "double")
GARBAGE_OCTETS = 3000
BURST_OCTETS = 2400
SHORT_CUT_NS = 20 * NS_PER_MS
LONG_CUT_NS = 8000 * NS_PER_MS
ATTEMPTS = 400
RETRY_NS = 50 * NS_PER_MS
STUCK_TRANSACTIONS = 10
UNPLUGGED_NS = 300 * NS_PER_MS


class HostBus(AdapterBus, Protocol):
    """A bus over the link."""

    async def open(self) -> object:
        """Open a session; :class:`~rig.errors.LinkError` if that cannot be."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class FarEnd(Protocol):
    """A board behind a line, and what can be done to them."""

    @property
    def scheduler(self) -> Scheduler:
        """Whose tasks use the bus."""
        ...

    @property
    def bus(self) -> HostBus:
        """Of the first host."""
        ...

    def set_faults(self, flip: float, drop: float, double: float) -> None:
        """Damage octets from now on, with these probabilities."""
        ...

    def garbage(self, octets: bytes) -> None:
        """Have these octets arrive at the host."""
        ...

    def cut(self, is_cut: bool) -> None:
        """Cut the line, or mend it."""
        ...

    def reset(self) -> None:
        """Reset the board by hand."""
        ...

    def unplug(self) -> None:
        """Pull its cable; the host loses the port."""
        ...

    def plug(self) -> None:
        """Put it in again; the port has another name."""
        ...

    def stick_irq(self, level: bool) -> None:
        """Have the interrupt line stay at this level, whatever the adapter does."""
        ...

    def another_host(self) -> HostBus:
        """Return the bus of another host process on the same port, without a session."""
        ...


@dataclass(frozen=True, slots=True)
class FaultRow:
    """What came of one fault."""

    fault: str
    rate: float | None
    """Per octet; None where it happens once."""
    transactions: int
    wrong_reads: int
    wrong_writes: int
    duplicate_effects: int
    lost_time_ms: float
    """Simulated time beyond that of the same transactions without the fault."""
    problem: str = ""
    """Why it is not as it must be, beyond the counts; empty if it is."""

    @property
    def is_passed(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.wrong_reads or self.wrong_writes or self.duplicate_effects or self.problem)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON takes it."""
        return asdict(self)


Run = Callable[[Callable[[FarEnd], Awaitable[Tally]]], Tally]
"""Plays a coroutine on a fresh far end to its end."""


def noise_row(run: Run, kind: str, rate: float, transactions: int, seed: int, clean: Tally) -> FaultRow:
    """Play transactions on a line with one kind of fault, or ``all`` kinds at this rate each."""
    rates = {name: rate if kind in (name, "all") else 0.0 for name in KINDS}

    async def body(far_end: FarEnd) -> Tally:
        await far_end.bus.open()
        far_end.set_faults(**rates)
        return await exercise(far_end.scheduler, far_end.bus, Random(seed), transactions)

    return _row(kind, rate, run(body), clean)


def clean_run(run: Run, transactions: int, seed: int) -> Tally:
    """Play the transactions of :func:`noise_row` without any fault."""

    async def body(far_end: FarEnd) -> Tally:
        await far_end.bus.open()
        return await exercise(far_end.scheduler, far_end.bus, Random(seed), transactions)

    return run(body)


def _row(fault: str, rate: float | None, tally: Tally, clean: Tally | None, problem: str = "") -> FaultRow:
    lost_ns = 0 if clean is None else max(0, tally.duration_ns - clean.duration_ns)
    return FaultRow(
        fault, rate, tally.transactions, tally.wrong_reads, tally.wrong_writes, tally.duplicate_effects,
        round(lost_ns / NS_PER_MS, 3), problem,
    )  # fmt: skip


Outcome = tuple["_Counting", str]


# -- what happens once -------------------------------------------------------------------------------------------------


class _Counting:
    """Counts up in two places of the buffer memory at once; after an interruption one can see how far it came."""

    def __init__(self, bus: HostBus, scheduler: Scheduler) -> None:
        self.bus = bus
        self.tally = Tally()
        self.errors: list[str] = []
        self.number = 0
        self._scheduler = scheduler

    async def step(self) -> None:
        """Do one transaction: a word, a long block, and the word read back."""
        number = self.number + 1
        word = number.to_bytes(4, "little")
        operations: list[Operation] = [
            Write32(r.WIN_BUFFER, number),
            WriteBlock(r.WIN_BUFFER + 4, word * (BURST_OCTETS // 4)),
            Read32(r.WIN_BUFFER),
        ]
        self.tally.transactions += 1
        results = await self.bus.transaction(operations)
        self.tally.wrong_reads += results[2] != number
        self.number = number

    async def steps(self, count: int) -> None:
        """Do some."""
        for _ in range(count):
            await self.step()

    async def judge(self, *, is_memory_kept: bool = True) -> None:
        """Look at what is there: all of the last step that succeeded, and perhaps a first part of the next."""
        results = await self.bus.transaction([ReadBlock(r.WIN_BUFFER, BURST_OCTETS + 4)])
        octets = results[0]
        assert isinstance(octets, bytes)
        if not is_memory_kept:
            return
        words = [int.from_bytes(octets[at : at + 4], "little") for at in range(0, len(octets), 4)]
        begun = sum(word == self.number + 1 for word in words)
        expected = [self.number + 1] * begun + [self.number] * (len(words) - begun)
        self.tally.wrong_writes += sum(a != b for a, b in zip(words, expected, strict=True))

    async def until_it_works(self) -> int:
        """Try :meth:`judge`'s reading until the link is up again; return how often it was refused."""
        for attempt in range(ATTEMPTS):
            try:
                await self.bus.transaction([Read32(r.REG_ID)])
            except LinkError as error:
                self.errors.append(str(error))
                await self._scheduler.sleep_until(self._scheduler.now_ns + RETRY_NS)
            else:
                return attempt
        raise LinkError(f"the link did not come back in {ATTEMPTS} attempts; the last said: {self.errors[-1]}")


async def _interrupted(
    far_end: FarEnd, disturb: Callable[[], Awaitable[None]], *, is_memory_kept: bool = True, must_fail: bool = True
) -> Outcome:
    """Count, disturb in mid burst, and see that the count goes on from where it was."""
    counting = _Counting(far_end.bus, far_end.scheduler)
    counting.tally.began_ns = far_end.scheduler.now_ns
    await far_end.bus.open()
    await counting.steps(3)
    burst: Task[None] = far_end.scheduler.spawn(counting.step(), keep_error=True)
    await far_end.scheduler.sleep_until(far_end.scheduler.now_ns + 3 * NS_PER_MS)
    await disturb()
    problem = ""
    try:
        await burst
    except LinkError as error:
        counting.errors.append(str(error))
    if must_fail and not counting.errors:
        problem = "the transaction that was interrupted did not fail"
    if not must_fail and counting.errors:
        problem = counting.errors[0]
    await counting.until_it_works()
    await counting.judge(is_memory_kept=is_memory_kept)
    await counting.steps(3)
    await counting.judge()
    counting.tally.ended_ns = far_end.scheduler.now_ns
    return counting, problem


async def _garbage(far_end: FarEnd, seed: int) -> Outcome:
    far_end.garbage(Random(seed).randbytes(GARBAGE_OCTETS))
    far_end.garbage(b"\r\nU-Boot 2024.01\r\nHit any key to stop autoboot: 0\r\n")
    return await _interrupted(far_end, _nothing, must_fail=False)


async def _cut(far_end: FarEnd, duration_ns: int) -> Outcome:
    async def disturb() -> None:
        far_end.cut(True)
        await far_end.scheduler.sleep_until(far_end.scheduler.now_ns + duration_ns)
        far_end.cut(False)

    return await _interrupted(far_end, disturb, must_fail=duration_ns == LONG_CUT_NS)


async def _reset(far_end: FarEnd) -> Outcome:
    async def disturb() -> None:
        far_end.reset()

    return await _interrupted(far_end, disturb, is_memory_kept=False)


async def _replugged(far_end: FarEnd) -> Outcome:
    async def disturb() -> None:
        far_end.unplug()
        await far_end.scheduler.sleep_until(far_end.scheduler.now_ns + UNPLUGGED_NS)
        far_end.plug()

    return await _interrupted(far_end, disturb, is_memory_kept=False)


def _play(run: Run, play: Callable[[FarEnd], Awaitable[Outcome]]) -> tuple[Tally, str]:
    problems: list[str] = []

    async def body(far_end: FarEnd) -> Tally:
        counting, problem = await play(far_end)
        problems.append(problem)
        return counting.tally

    return run(body), problems[0]


async def _nothing() -> None:
    pass


async def _killed_and_restarted(far_end: FarEnd) -> Outcome:
    """The first host says nothing more in the middle of a transaction; another process opens the port."""
    first = _Counting(far_end.bus, far_end.scheduler)
    first.tally.began_ns = far_end.scheduler.now_ns
    await far_end.bus.open()
    await first.steps(3)
    burst: Task[None] = far_end.scheduler.spawn(first.step(), keep_error=True)
    await far_end.scheduler.sleep_until(far_end.scheduler.now_ns + 3 * NS_PER_MS)
    far_end.bus.close()  # the port is closed by the operating system; the board does not learn of it
    try:
        await burst
    except LinkError as error:
        first.errors.append(str(error))
    second = _Counting(far_end.another_host(), far_end.scheduler)
    second.tally = first.tally
    second.number = first.number
    await second.bus.open()
    await second.judge()
    await second.steps(4)
    await second.judge()
    second.tally.ended_ns = far_end.scheduler.now_ns
    return second, "" if first.errors else "the killed host's transaction succeeded"


async def _two_hosts(far_end: FarEnd) -> Outcome:
    """A second host takes the board over, lock or no lock; the first must notice and keep away."""
    first = _Counting(far_end.bus, far_end.scheduler)
    first.tally.began_ns = far_end.scheduler.now_ns
    await far_end.bus.open()
    await first.steps(3)
    second = _Counting(far_end.another_host(), far_end.scheduler)
    second.number = first.number
    await second.bus.open()
    refusals = 0
    for _ in range(3):
        try:
            await first.step()
        except LinkError as error:
            refusals += 1
            first.errors.append(str(error))
        await second.step()
    await second.judge()
    second.tally.transactions += first.tally.transactions
    second.tally.wrong_reads += first.tally.wrong_reads
    second.tally.began_ns = first.tally.began_ns
    second.tally.ended_ns = far_end.scheduler.now_ns
    return second, "" if refusals == 3 else f"the first host was refused {refusals} times of 3"


async def _stuck(far_end: FarEnd, level: bool) -> Outcome:
    """The interrupt line does not move any more: transactions go on, and the line reads as it is."""
    counting = _Counting(far_end.bus, far_end.scheduler)
    counting.tally.began_ns = far_end.scheduler.now_ns
    await far_end.bus.open()
    far_end.stick_irq(level)
    await read32(far_end.bus, r.REG_ID)
    irq: Event = far_end.bus.irq
    for _ in range(STUCK_TRANSACTIONS):
        await counting.steps(1)
        await far_end.bus.transaction([Write32(r.REG_INT_STATUS, 0xFF)])
        if irq.is_set() != level:
            return counting, f"the line is stuck at {int(level)}, the host sees {int(irq.is_set())}"
    await counting.judge()
    counting.tally.ended_ns = far_end.scheduler.now_ns
    return counting, ""


SINGLE_FAULTS: Mapping[str, Callable[[FarEnd, int], Awaitable[Outcome]]] = MappingProxyType(
    {
        "garbage before the greeting": _garbage,
        "line cut for 20 ms in mid burst": lambda far_end, _: _cut(far_end, SHORT_CUT_NS),
        "line cut for 8 s in mid burst": lambda far_end, _: _cut(far_end, LONG_CUT_NS),
        "board reset in mid burst": lambda far_end, _: _reset(far_end),
        "unplugged, replugged under another name": lambda far_end, _: _replugged(far_end),
        "host killed in mid burst and restarted": lambda far_end, _: _killed_and_restarted(far_end),
        "two hosts on one port": lambda far_end, _: _two_hosts(far_end),
        "interrupt stuck high": lambda far_end, _: _stuck(far_end, True),
        "interrupt stuck low": lambda far_end, _: _stuck(far_end, False),
    }
)
"""What happens once, by name; the number is a seed."""


def single_row(run: Run, fault: str, seed: int) -> FaultRow:
    """Play one of :data:`SINGLE_FAULTS`."""
    clean, _ = _play(run, lambda far_end: _interrupted(far_end, _nothing, must_fail=False))
    tally, problem = _play(run, lambda far_end: SINGLE_FAULTS[fault](far_end, seed))
    is_same_work = tally.transactions == clean.transactions
    return _row(fault, None, tally, clean if is_same_work else None, problem)


def fault_table(run: Run, *, transactions: int, seed: int) -> Iterator[FaultRow]:
    """Play every fault: each kind at each rate, all kinds at once, and what happens once."""
    clean = clean_run(run, transactions, seed)
    for kind in (*KINDS, "all"):
        for rate in RATES:
            yield noise_row(run, kind, rate, transactions, seed, clean)
    for fault in SINGLE_FAULTS:
        yield single_row(run, fault, seed)
