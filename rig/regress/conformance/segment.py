"""Row MAC-4.10: stations that share a segment, each with its own seed, against the twin and against theory.

One program runs on the Verilog adapters and on the twins: bursts, in which 2, 3, 5 and then 10 stations want to send at
the same instant, and a stretch in which two stations always want to. What both did must be the same, event by event and
ns by ns, and it must be what theory says of binary exponential backoff:

* two stations resolve a burst in 1.6416 collisions on average, P(more than k) = 2^(-k(k+1)/2);
* of k stations with one collision each, one draws the only 0 with probability k / 2^k, and then sends alone;
* a station that has just sent wins against one with n - 1 more collisions behind it with 1 - 3/2K, ties with 1/K, loses
  with 1/2K, K = 2^n: the capture effect (Ramakrishnan & Yang 1994).

These hold for one-way delays of up to 32 bit times. Tolerance: four standard deviations of the binomial, or of the
mean.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import sqrt
from typing import Any, cast

from rig.adapter import registers as reg
from rig.adapter.bus import AdapterBus, Read32, Write32, WriteBlock, padded
from rig.adapter.recorder import Timeline, TimelineEvent, WireFrame
from rig.build.bench import Bench, BenchPlan, StationPlan
from rig.regress.conformance.mac import PAGE_OCTETS, PEER_MAC, RING_START, RING_STOP, SLOT_PAGES, configuration
from rig.regress.conformance.tally import Tally
from rig.runtime.kernel import Kernel

STATIONS = 10
SPACING_BITS = 3
"""One-way delay between neighbours; 27 bit times from end to end."""
FRAME_OCTETS = 60
SET_UP_NS = 40_000
CALM_BITS = 2_000
SIGMAS = 4
LEAST_SAMPLES = 30
ATTEMPT_LIMIT = 16
MEAN_COLLISIONS = sum(2.0 ** (-k * (k + 1) / 2) for k in range(12))


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it: bursts for each number of stations, and frames of each of the two that never rest."""

    speed_mbps: int
    bursts: tuple[tuple[int, int], ...]
    saturated_frames: int

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Size:
        """Read what ``dataclasses.asdict`` wrote."""
        bursts = tuple((stations, count) for stations, count in fields["bursts"])
        return cls(fields["speed_mbps"], bursts, fields["saturated_frames"])


RTL_SIZES = (
    Size(100, ((2, 60), (3, 40), (5, 25), (10, 10)), 150),
    Size(10, ((2, 8), (3, 5), (5, 3), (10, 1)), 10),
)
RTL_QUICK_SIZES = (Size(100, ((2, 10), (3, 5), (5, 3), (10, 1)), 10),)
TWIN_SIZES = (
    Size(100, ((2, 2_000), (3, 1_000), (5, 500), (10, 300)), 2_500),
    Size(10, ((2, 300), (3, 200), (5, 100), (10, 40)), 400),
)
TWIN_QUICK_SIZES = (Size(100, ((2, 400), (3, 300), (5, 200), (10, 50)), 400),)


def plan(size: Size) -> BenchPlan:
    """Return the stations: own addresses, three bit times apart, phases of their own."""
    stations = tuple(
        StationPlan(f"s{index}", bytes([2, 0, 0, 0, 0, 1 + index]), position_bits=SPACING_BITS * index)
        for index in range(STATIONS)
    )
    return BenchPlan(stations, speed_mbps=size.speed_mbps)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the program: ``frames`` bursts of ``stations``, or (``saturated``) frames of each; from, to in ns."""

    stations: int
    frames: int
    saturated: bool
    from_ns: int
    to_ns: int


@dataclass(slots=True)
class Played:
    """What was recorded, the parts of the program, and what any frame did but be sent or given up."""

    timeline: Timeline
    stretches: list[Stretch]
    problems: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for another process."""
        return {
            "events": [event.to_json() for event in self.timeline.events],
            "frames": [(frame.t_ns, frame.station, frame.octets.hex()) for frame in self.timeline.frames],
            "stretches": [asdict(stretch) for stretch in self.stretches],
            "problems": self.problems,
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Played:
        """Read what :meth:`to_json` wrote."""
        timeline = Timeline(
            [TimelineEvent(**event) for event in fields["events"]],
            [WireFrame(t_ns, station, bytes.fromhex(octets)) for t_ns, station, octets in fields["frames"]],
        )
        return cls(timeline, [Stretch(**stretch) for stretch in fields["stretches"]], fields["problems"])


async def play(kernel: Kernel, bench: Bench, size: Size) -> Played:
    """Run the program."""
    speed = reg.CTRL_SPEED100 if size.speed_mbps == 100 else 0
    names = [station.name for station in plan(size).stations]
    stations = [_Station(kernel, bench.bus(name), name) for name in names]
    for index, station in enumerate(stations):
        await station.set_up(bytes([2, 0, 0, 0, 0, 1 + index]), speed)
    await kernel.sleep_until(SET_UP_NS)
    bit_ns = 1_000 // size.speed_mbps
    stretches = []
    problems: list[str] = []
    for count, bursts in size.bursts:
        from_ns = kernel.now_ns
        for _ in range(bursts):
            tasks = [kernel.spawn(station.send(), station.name) for station in stations[:count]]
            for task in tasks:
                problems += await task
            await kernel.sleep_until(kernel.now_ns + CALM_BITS * bit_ns)
        stretches.append(Stretch(count, bursts, False, from_ns, kernel.now_ns))
    from_ns = kernel.now_ns
    tasks = [kernel.spawn(station.send_many(size.saturated_frames), station.name) for station in stations[:2]]
    for task in tasks:
        problems += await task
    stretches.append(Stretch(2, size.saturated_frames, True, from_ns, kernel.now_ns))
    return Played(await bench.finish(), stretches, problems)


class _Station:
    """One adapter and its slots; a slot that is done is queued again at once."""

    def __init__(self, kernel: Kernel, bus: AdapterBus, name: str) -> None:
        self._kernel = kernel
        self._bus = bus
        self.name = name

    async def set_up(self, mac: bytes, speed: int) -> None:
        """Configure the adapter and fill two slots."""
        control = reg.CTRL_RESET | reg.CTRL_TX_EN | speed
        operations = configuration(control, mac, (RING_START, RING_STOP), seed=zlib.crc32(mac))
        frame = (PEER_MAC[:5] + b"\xee" + mac + b"\x88\xb5").ljust(FRAME_OCTETS, b"\x5a")
        for slot in range(2):
            page = slot * SLOT_PAGES
            registers = page.to_bytes(4, "little") + len(frame).to_bytes(4, "little")
            operations.append(WriteBlock(reg.WIN_BUFFER + page * PAGE_OCTETS, padded(frame)))
            operations.append(WriteBlock(reg.REG_TX_PAGE + reg.TX_SLOT_STRIDE * slot, registers))
        await self._bus.transaction(operations)

    async def send(self) -> list[str]:
        """Send one frame; return what was wrong."""
        return await self._send(1, 1)

    async def send_many(self, frames: int) -> list[str]:
        """Send frames without rest, two slots in turn."""
        return await self._send(frames, 2)

    async def _send(self, frames: int, slots: int) -> list[str]:
        problems: list[str] = []
        queued = done = 0
        while queued < min(slots, frames):
            await self._queue(queued % slots)
            queued += 1
        while done < frames:
            await self._bus.irq.wait()
            statuses = await self._bus.transaction(
                [
                    Write32(reg.REG_INT_STATUS, reg.INT_STATUS_TX | reg.INT_STATUS_TX_ERR),
                    *(Read32(reg.REG_TX_STATUS + reg.TX_SLOT_STRIDE * slot) for slot in range(slots)),
                ]
            )
            while done < queued:
                status = cast(int, statuses[1 + done % slots])
                if not status & reg.TX_STATUS_DONE:
                    break
                if not status & (reg.TX_STATUS_OK | reg.TX_STATUS_EXC_COL):
                    problems.append(f"{self.name} at {self._kernel.now_ns} ns: TX_STATUS is {status:#x}")
                statuses[1 + done % slots] = 0
                done += 1
                if queued < frames:
                    await self._queue(queued % slots)
                    queued += 1
        return problems

    async def _queue(self, slot: int) -> None:
        address = reg.REG_TX_COMMAND + reg.TX_SLOT_STRIDE * slot
        await self._bus.transaction([Write32(address, reg.TX_COMMAND_SEND)])


# -- judging -----------------------------------------------------------------------------------------------------------


def check_same(tally: Tally, rtl: Timeline, twin: Timeline) -> None:
    """Compare two records event by event and frame by frame."""
    for name, ours, theirs in (
        ("event", rtl.sorted_events(), twin.sorted_events()),
        ("frame", rtl.sorted_frames(), twin.sorted_frames()),
    ):
        for index, (rtl_one, twin_one) in enumerate(zip(ours, theirs, strict=False)):
            if not tally.equal(rtl_one, twin_one, f"{name} {index}, RTL against twin"):
                return
        tally.equal(len(ours), len(theirs), f"number of {name}s, RTL against twin")


def check_theory(tally: Tally, played: Played) -> None:
    """Compare frequencies with theory; where there are too few samples, only count and order are checked."""
    timeline, stretches = played.timeline, played.stretches
    tally.equal(played.problems, [], "frames neither sent nor given up")
    sends = [event for event in timeline.sorted_events() if event.kind == "transmit"]
    sent = {(frame.t_ns, frame.station) for frame in timeline.frames}
    for stretch in stretches:
        groups = _contests([event for event in sends if stretch.from_ns <= event.t_ns < stretch.to_ns])
        if stretch.saturated:
            _check_capture(tally, groups, sent, stretch)
        else:
            _check_bursts(tally, groups, sent, stretch)


def _contests(sends: Sequence[TimelineEvent]) -> list[list[TimelineEvent]]:
    """Return transmissions in groups of those that overlap."""
    groups: list[list[TimelineEvent]] = []
    end_ns = -1
    for event in sends:
        if event.t_ns < end_ns:
            groups[-1].append(event)
        else:
            groups.append([event])
        end_ns = max(end_ns, event.end_ns)
    return groups


def _check_bursts(
    tally: Tally, groups: Sequence[list[TimelineEvent]], sent: set[tuple[int, str]], stretch: Stretch
) -> None:
    count = stretch.stations
    name = f"{count} stations"
    bursts: list[list[list[TimelineEvent]]] = []
    for group in groups:
        if len(group) == count and all(event.attempt == 1 for event in group):
            bursts.append([])
        if bursts:
            bursts[-1].append(group)
    tally.equal(len(bursts), stretch.frames, f"{name}: bursts that began with a collision of all")
    alone = 0
    collisions = []
    for burst in bursts:
        alone += len(burst[1]) == 1
        first_sent = next(index for index, group in enumerate(burst) if len(group) == 1)
        collisions.append(first_sent)
        singles = [group[0] for group in burst if len(group) == 1]
        tally.check(
            all((event.t_ns, event.station) in sent for event in singles), f"{name}: sent alone, and not a whole frame"
        )
        stations = Counter(event.station for event in singles)
        tally.check(
            len(stations) == count and set(stations.values()) == {1}, f"{name}: frames of a burst by station {stations}"
        )
    _check_share(tally, alone, len(bursts), count / 2**count, f"{name}: one alone after the first collision")
    if count == 2 and len(bursts) >= LEAST_SAMPLES:
        mean = sum(collisions) / len(collisions)
        square = sum((2 * k + 1) * 2.0 ** (-k * (k + 1) / 2) for k in range(12))
        limit = SIGMAS * sqrt((square - MEAN_COLLISIONS**2) / len(collisions))
        tally.check(
            abs(mean - MEAN_COLLISIONS) <= limit,
            f"{name}: {mean:.4f} collisions a burst on average, not {MEAN_COLLISIONS:.4f} +- {limit:.4f}",
        )
        for k in range(1, 4):
            more = sum(1 for each in collisions if each > k)
            _check_share(tally, more, len(collisions), 2.0 ** (-k * (k + 1) / 2), f"{name}: more than {k} collisions")


def _check_capture(
    tally: Tally, groups: Sequence[list[TimelineEvent]], sent: set[tuple[int, str]], stretch: Stretch
) -> None:
    """Judge each collision of a fresh frame with one that has n - 1 collisions behind it by what follows it."""
    outcomes: dict[int, Counter[str]] = {}
    for group, following in pairwise(groups):
        attempts = sorted((event.attempt or 0, event.station) for event in group)
        if len(attempts) != 2 or attempts[0][0] != 1:
            continue
        n = attempts[1][0]
        fresh = attempts[0][1]
        if n == 1:
            continue  # neither is fresher
        outcome = "tie" if len(following) == 2 else "win" if following[0].station == fresh else "loss"
        outcomes.setdefault(n, Counter())[outcome] += 1
    sends = [event for group in groups for event in group]
    over = Counter(each.station for each in sends if each.attempt == ATTEMPT_LIMIT or (each.t_ns, each.station) in sent)
    tally.equal(sorted(over.values()), [stretch.frames] * 2, "frames sent or given up by the two that never rest")
    for n, counts in sorted(outcomes.items()):
        slots = 2**n
        total = sum(counts.values())
        name = f"capture, collision {n} of the other"
        _check_share(tally, counts["win"], total, 1 - 1.5 / slots, f"{name}: fresh wins")
        _check_share(tally, counts["tie"], total, 1 / slots, f"{name}: tie")
        _check_share(tally, counts["loss"], total, 0.5 / slots, f"{name}: fresh loses")


def _check_share(tally: Tally, count: int, total: int, share: float, name: str) -> None:
    """Check a count against the binomial distribution, if it is large enough to say anything."""
    if total < LEAST_SAMPLES:
        return
    limit = SIGMAS * sqrt(total * share * (1 - share)) + 1
    tally.check(
        abs(count - total * share) <= limit, f"{name}: {count} of {total}, not {total * share:.1f} +- {limit:.1f}"
    )
