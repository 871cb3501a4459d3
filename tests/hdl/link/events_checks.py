"""Runs in the simulator: link_events at its pins, clock by clock.

What is sent has to account for every change of the line, whenever acknowledgements come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

REPEAT_CLOCKS = 1 << 6
CLOCKS = 12_000
MOST_CLOCKS = 200
"""No directed step waits for longer."""


@dataclass(frozen=True, slots=True)
class Event:
    """What an event says, with its number."""

    sequence: int
    status: int
    lost: int
    changed_ns: int


class Bench:
    """The bench, from falling edge to falling edge, and what it sends."""

    def __init__(self, dut: Any) -> None:
        self._dut = dut
        self.sent: list[Event] = []
        """Each time that one is sent."""
        self.taken_at: list[int] = []
        self.clock = 0
        self.changes: list[int] = []
        """When the line changed within the session, the first rise included."""
        self.level = 0
        self._was = 0  # the line, at the last edge of the session
        self._has_session = False  # from the edge on that begins it
        self._is_turning = False  # at the next edge a session begins or ends
        self._held: Event | None = None

    async def begin(self, *, level: int = 0) -> None:
        dut = self._dut
        dut.rst.value = dut.is_ready.value = 1
        await RisingEdge(dut.clk)
        await FallingEdge(dut.clk)
        await self.session(begins=False)
        dut.rst.value = 0
        await self.line(level)
        await self.session(begins=True)

    @property
    def is_sending(self) -> bool:
        return bool(int(self._dut.is_sending.value))

    def event(self) -> Event:
        dut = self._dut
        return Event(int(dut.sequence.value), int(dut.status.value), int(dut.lost.value), int(dut.changed_ns.value))

    async def step(self) -> None:
        """One clock; look at what there is after it."""
        dut = self._dut
        edge_ns = int(dut.now_ns.value)
        is_looked_at = self._has_session and not self._is_turning
        if is_looked_at and self.level != self._was:
            self.changes.append(edge_ns)
        self._was = self.level if is_looked_at else 0
        self._is_turning = False
        await FallingEdge(dut.clk)
        self.clock += 1
        dut.acknowledge.value = dut.begins.value = dut.ends.value = 0
        if not self.is_sending:
            self._held = None
        elif int(dut.taken.value):
            self._held = self.event()
            self.sent.append(self._held)
            self.taken_at.append(self.clock)
        elif self._held is not None:
            assert self.event() == self._held, "it changed while it was being sent"

    async def steps(self, count: int) -> None:
        for _ in range(count):
            await self.step()

    async def until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(MOST_CLOCKS):
            if is_so():
                return
            await self.step()
        raise AssertionError(f"still not so after {MOST_CLOCKS} clocks: {self.sent}")

    async def line(self, level: int) -> None:
        self.level = level
        self._dut.irq.value = level
        await self.step()

    async def acknowledge(self, number: int) -> None:
        self._dut.acknowledge.value = 1
        self._dut.acknowledged.value = number & 0xFF
        await self.step()

    async def session(self, *, begins: bool) -> None:
        (self._dut.begins if begins else self._dut.ends).value = 1
        self.changes.clear()
        self._is_turning = True
        await self.step()
        self._has_session = begins
        self.sent.clear()
        self.taken_at.clear()
        self._held = None  # what is being sent is of no session any more


@cocotb.test
async def repeats(dut: Any) -> None:
    """Every 2 ** REPEAT_BITS clocks, the same, until the acknowledgement of this number; then never again."""
    bench = Bench(dut)
    await bench.begin()
    await bench.steps(REPEAT_CLOCKS)
    assert bench.sent == []
    await bench.line(1)
    await bench.steps(4 * REPEAT_CLOCKS)
    assert bench.sent == [Event(0, 1, 0, bench.changes[0])] * len(bench.sent)
    gaps = {later - earlier for earlier, later in zip(bench.taken_at, bench.taken_at[1:], strict=False)}
    assert len(bench.sent) >= 4 and max(gaps) <= REPEAT_CLOCKS + 3 and min(gaps) >= REPEAT_CLOCKS
    for wrong in (1, 255, 0x80):
        await bench.acknowledge(wrong)
    count = len(bench.sent)
    await bench.steps(2 * REPEAT_CLOCKS)
    assert len(bench.sent) >= count + 1, "a wrong number ends nothing"
    await bench.until(lambda: not bench.is_sending)
    await bench.acknowledge(0)
    count = len(bench.sent)
    await bench.acknowledge(0)
    await bench.steps(3 * REPEAT_CLOCKS)
    assert len(bench.sent) == count
    await bench.line(0)
    await bench.steps(3)
    assert bench.sent[count:] == [Event(1, 0, 0, bench.changes[1])]
    await bench.acknowledge(0)
    await bench.steps(2 * REPEAT_CLOCKS)
    assert bench.sent[-1].sequence == 1 and len(bench.sent) >= count + 2, "an old acknowledgement ends nothing"


@cocotb.test
async def acknowledged_while_it_is_sent(dut: Any) -> None:
    """At every clock around the beginning and the end of a repetition, with and without a change that waits."""
    dut.send_clocks.value = 6
    for waits in (False, True):
        for clocks in range(REPEAT_CLOCKS - 6, REPEAT_CLOCKS + 14):
            bench = Bench(dut)
            await bench.begin()
            await bench.line(1)
            await bench.until(lambda bench=bench: bool(bench.sent))  # type: ignore[misc]  # mypy asks for a type of a default in a lambda
            if waits:
                await bench.line(0)
            await bench.until(lambda bench=bench, clocks=clocks: bench.clock >= bench.taken_at[0] + clocks)  # type: ignore[misc]  # as above
            await bench.acknowledge(0)
            if not waits:
                await bench.steps(20)
                await bench.line(0)
            await bench.steps(20)
            first, second = (Event(number, 1 - number, 0, when) for number, when in enumerate(bench.changes))
            assert bench.sent in ([first, second], [first, first, second]), (waits, clocks, bench.sent)
            await bench.steps(REPEAT_CLOCKS)
            assert bench.sent[-2:] == [second, second], (waits, clocks, bench.sent)
            await bench.acknowledge(1)
            await bench.steps(10)
            count = len(bench.sent)
            await bench.steps(2 * REPEAT_CLOCKS)
            assert len(bench.sent) == count


@cocotb.test
async def sessions(dut: Any) -> None:
    """A new session begins with number 0 and a line that was low; nothing of the old one is repeated or merged."""
    bench = Bench(dut)
    await bench.begin()
    for level in (1, 0, 1, 0, 1):
        await bench.line(level)
    await bench.until(lambda: bool(bench.sent))
    await bench.steps(10)
    await bench.acknowledge(0)
    await bench.until(lambda: bench.sent[-1].sequence == 1)
    await bench.line(0)
    await bench.steps(10)
    await bench.session(begins=True)
    await bench.steps(3 * REPEAT_CLOCKS)
    assert bench.sent == [], "the line is low: there is nothing to tell"
    dut.is_ready.value = 0
    for level in (1, 0):
        await bench.line(level)
    await bench.steps(5)  # due, and not taken
    await bench.session(begins=True)
    dut.is_ready.value = 1
    await bench.steps(REPEAT_CLOCKS + 20)
    assert bench.sent == []
    await bench.line(1)
    await bench.steps(4)
    assert bench.sent == [Event(0, 1, 0, bench.changes[0])]
    await bench.acknowledge(0)  # while it is being sent ...
    await bench.session(begins=True)  # ... but the session is another
    await bench.until(lambda: bool(bench.sent))
    await bench.steps(2 * REPEAT_CLOCKS)
    assert len(bench.sent) >= 2 and set(bench.sent) == {Event(0, 1, 0, bench.changes[0])}, "high, so due at once"
    await bench.session(begins=False)
    await bench.line(0)
    await bench.line(1)
    await bench.steps(2 * REPEAT_CLOCKS)
    assert bench.sent == [], "nobody is there to be told"


@cocotb.test
async def merged(dut: Any) -> None:
    """What changes while an event is outstanding is told by the next; so many that the count stops."""
    bench = Bench(dut)
    await bench.begin()
    await bench.line(1)
    await bench.until(lambda: bool(bench.sent))
    dut.changes.value = 65_541
    await RisingEdge(dut.is_quiet)
    await FallingEdge(dut.clk)
    end_ns = int(dut.now_ns.value)
    await bench.steps(2)
    await bench.acknowledge(0)
    await bench.until(lambda: bench.sent[-1].sequence == 1)
    assert bench.sent[-1] == Event(1, 0, 65_535, end_ns), "seen at the next edge"
    dut.changes.value = 1  # and back
    await bench.steps(2)


@cocotb.test
async def anything_at_any_time(dut: Any) -> None:
    """Of every session: numbers in order, each with one content, and together as many changes as there were."""
    dice = Random(5)
    bench = Bench(dut)
    await bench.begin()
    told: list[Event] = []
    everything = 0

    def listen() -> None:
        """Do what a host does: take a number once."""
        for event in bench.sent:
            if not told or event.sequence == (told[-1].sequence + 1 & 0xFF):
                told.append(event)
            else:
                assert event == told[-1], "another content, or number"
        bench.sent.clear()

    async def settle() -> None:
        """Acknowledge what comes until nothing does, and add it up."""
        nonlocal everything
        dut.is_ready.value = 1
        for _ in range(4):
            await bench.steps(REPEAT_CLOCKS + 40)
            listen()
            if told:
                await bench.acknowledge(told[-1].sequence)
        await bench.steps(2 * REPEAT_CLOCKS)
        assert bench.sent == []
        assert sum(event.lost + 1 for event in told) == len(bench.changes)
        ends = [sum(event.lost + 1 for event in told[: number + 1]) for number in range(len(told))]
        assert [event.changed_ns for event in told] == [bench.changes[end - 1] for end in ends]
        assert [event.status for event in told] == [end % 2 for end in ends]
        everything += len(told)
        told.clear()

    for _ in range(CLOCKS):
        lot = dice.random()
        dut.is_ready.value = dice.random() < 0.7
        dut.send_clocks.value = dice.choice((1, 2, 5, 30))
        if lot < 0.1:
            await bench.line(1 - bench.level)
        elif lot < 0.2 and told:
            await bench.acknowledge(told[-1].sequence - dice.choice((0, 0, 0, 1, 5)))
        elif lot < 0.201:
            await settle()
            await bench.session(begins=True)
        else:
            await bench.step()
        listen()
    await settle()
    assert everything > 300
