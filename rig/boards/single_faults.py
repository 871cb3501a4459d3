"""What happens to a board and its link once: a cut line, a reset, a pulled cable, a host that is killed, ...

Each is played against a :class:`~rig.build.far_end.FarEnd` while a host counts in the buffer memory of the adapter, so
that afterwards one can see how far it came, and that nothing was done twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from types import MappingProxyType

from rig.adapter import registers as r
from rig.adapter.bus import Operation, Read32, ReadBlock, Write32, WriteBlock, read32
from rig.boards.exercise import Tally
from rig.build.far_end import FarEnd, HostBus
from rig.errors import LinkError
from rig.runtime.kernel import Event, Scheduler, Task
from rig.units import NS_PER_MS

GARBAGE_OCTETS = 3000
BURST_OCTETS = 2400
INTO_BURST_NS = 3 * NS_PER_MS
"""A third of the time that a burst takes at 3 Mbaud."""
ATTEMPTS = 400

Outcome = tuple[Tally, str]
"""What was counted, and why it is not as it must be; empty if it is."""


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

    async def until_it_works(self, retry_ns: int) -> int:
        """Try :meth:`judge`'s reading until the link is up again; return how often it was refused."""
        for attempt in range(ATTEMPTS):
            try:
                await self.bus.transaction([Read32(r.REG_ID)])
            except LinkError as error:
                self.errors.append(str(error))
                await self._scheduler.sleep_until(self._scheduler.now_ns + retry_ns)
            else:
                return attempt
        raise LinkError(f"the link did not come back in {ATTEMPTS} attempts; the last said: {self.errors[-1]}")


async def nothing(far_end: FarEnd) -> Outcome:
    """Do the work of the others, and nothing happens."""
    return await _interrupted(far_end, _no_disturbance, must_fail=False)


async def _interrupted(
    far_end: FarEnd, disturb: Callable[[], Awaitable[None]], *, is_memory_kept: bool = True, must_fail: bool = True
) -> Outcome:
    """Count, disturb in mid burst, and see that the count goes on from where it was."""
    counting = _Counting(far_end.bus, far_end.scheduler)
    counting.tally.began_ns = far_end.scheduler.now_ns
    await far_end.bus.open()
    await counting.steps(far_end.pace.steps)
    burst: Task[None] = far_end.scheduler.spawn(counting.step(), keep_error=True)
    await far_end.scheduler.sleep_until(far_end.scheduler.now_ns + INTO_BURST_NS)
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
    await counting.until_it_works(far_end.pace.retry_ns)
    await counting.judge(is_memory_kept=is_memory_kept)
    await counting.steps(far_end.pace.steps)
    await counting.judge()
    counting.tally.ended_ns = far_end.scheduler.now_ns
    return counting.tally, problem


async def _no_disturbance() -> None:
    pass


async def _garbage(far_end: FarEnd, seed: int) -> Outcome:
    far_end.garbage(Random(seed).randbytes(GARBAGE_OCTETS))
    far_end.garbage(b"\r\nU-Boot 2024.01\r\nHit any key to stop autoboot: 0\r\n")
    return await _interrupted(far_end, _no_disturbance, must_fail=False)


async def _cut(far_end: FarEnd, *, is_long: bool) -> Outcome:
    duration_ns = far_end.pace.long_cut_ns if is_long else far_end.pace.short_cut_ns

    async def disturb() -> None:
        far_end.cut(True)
        await far_end.scheduler.sleep_until(far_end.scheduler.now_ns + duration_ns)
        far_end.cut(False)

    return await _interrupted(far_end, disturb, must_fail=is_long)


async def _reset(far_end: FarEnd) -> Outcome:
    async def disturb() -> None:
        far_end.reset()

    return await _interrupted(far_end, disturb, is_memory_kept=False)


async def _replugged(far_end: FarEnd) -> Outcome:
    async def disturb() -> None:
        far_end.unplug()
        await far_end.scheduler.sleep_until(far_end.scheduler.now_ns + far_end.pace.unplugged_ns)
        far_end.plug()

    before = far_end.port_name
    tally, problem = await _interrupted(far_end, disturb, is_memory_kept=False)
    if far_end.port_name == before:
        problem = problem or f"the port is {before} as before: nothing was found under another name"
    return tally, problem


async def _killed_and_restarted(far_end: FarEnd) -> Outcome:
    """The first host says nothing more in the middle of a transaction; another process opens the port."""
    first = _Counting(far_end.bus, far_end.scheduler)
    first.tally.began_ns = far_end.scheduler.now_ns
    await far_end.bus.open()
    await first.steps(far_end.pace.steps)
    burst: Task[None] = far_end.scheduler.spawn(first.step(), keep_error=True)
    await far_end.scheduler.sleep_until(far_end.scheduler.now_ns + INTO_BURST_NS)
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
    await second.steps(far_end.pace.steps + 1)
    await second.judge()
    second.tally.ended_ns = far_end.scheduler.now_ns
    return second.tally, "" if first.errors else "the killed host's transaction succeeded"


async def _two_hosts(far_end: FarEnd) -> Outcome:
    """A second host takes the board over, lock or no lock; the first must notice and keep away."""
    first = _Counting(far_end.bus, far_end.scheduler)
    first.tally.began_ns = far_end.scheduler.now_ns
    await far_end.bus.open()
    await first.steps(far_end.pace.steps)
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
    return second.tally, "" if refusals == 3 else f"the first host was refused {refusals} times of 3"


async def _stuck(far_end: FarEnd, level: bool) -> Outcome:
    """The interrupt line does not move any more: transactions go on, and the line reads as it is."""
    counting = _Counting(far_end.bus, far_end.scheduler)
    counting.tally.began_ns = far_end.scheduler.now_ns
    await far_end.bus.open()
    far_end.stick_irq(level)
    await read32(far_end.bus, r.REG_ID)
    irq: Event = far_end.bus.irq
    for number in range(far_end.pace.stuck_steps):
        # The adapter itself asks for the line and lets go of it, by turns: a slot without octets is refused at once.
        is_asked_for = number % 2 == 0
        await far_end.bus.transaction(_ask_for_the_line() if is_asked_for else [Write32(r.REG_INT_STATUS, 0xFF)])
        await counting.steps(1)
        if irq.is_set() != level:
            return counting.tally, f"the line is stuck at {int(level)}, the host sees {int(irq.is_set())}"
    await counting.judge()
    counting.tally.ended_ns = far_end.scheduler.now_ns
    return counting.tally, ""


def _ask_for_the_line() -> list[Operation]:
    return [
        Write32(r.REG_INT_MASK, r.INT_STATUS_TX),
        Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_TX_EN),
        Write32(r.REG_TX_COMMAND, r.TX_COMMAND_SEND),
    ]


SINGLE_FAULTS: Mapping[str, Callable[[FarEnd, int], Awaitable[Outcome]]] = MappingProxyType(
    {
        "garbage before the greeting": _garbage,
        "short cut of the line in mid burst": lambda far_end, _: _cut(far_end, is_long=False),
        "long cut of the line in mid burst": lambda far_end, _: _cut(far_end, is_long=True),
        "board reset in mid burst": lambda far_end, _: _reset(far_end),
        "unplugged, replugged under another name": lambda far_end, _: _replugged(far_end),
        "host killed in mid burst and restarted": lambda far_end, _: _killed_and_restarted(far_end),
        "two hosts on one port": lambda far_end, _: _two_hosts(far_end),
        "interrupt stuck high": lambda far_end, _: _stuck(far_end, True),
        "interrupt stuck low": lambda far_end, _: _stuck(far_end, False),
    }
)
"""What happens once, by name; the number is a seed."""
