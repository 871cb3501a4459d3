"""A leaner engine for saturated stations, equal to :mod:`firmware_models.network.saturated` draw for draw.

Theory of operation
-------------------
Time is counted in bits, which are the edges of the twin's clock; only three things happen, each at one edge of one
station: it *starts*, it *ends* (frame, or jam after a collision), or a backoff is over and it *contends*. A station
that contends knows when it will start from the transmissions known so far; whenever another starts, or ends while it
waits for silence, it looks again. Those that back off are not looked at at all.

What a station hears of a transmission ``[start, end)`` over a distance d is carrier at the edges ``start + d + 1`` to
``end + d``. From that the deference process (IEEE Std 802.3-2022 4.2.8) follows in closed form, see :meth:`_plan`:

* After a transmission of its own, the gap of 96 is counted from the end of the carrier in which it ended, whatever
  comes meanwhile, and a frame that waits by then starts.
* Else carrier restarts the gap during its first 64 bits, and is ignored in its last 32.

Every transmission is at least as long as a gap (96 bits of header and jam), so that carrier once heard leaves the
deference process waiting for its end, whatever was before. For this reason transmissions before the last silence are of
no interest to anybody, and the list that has to be walked is short.

It has no timeline, no receivers and no parameters; those are the twin's. A test holds it to the twin draw for draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

from firmware_models.adapter.backoff import Generator
from firmware_models.adapter.csma_cd import REQUEST_SYNC_EDGES
from firmware_models.adapter.csma_parameters import HEADER_BITS, WINDOW_LIMIT, CsmaParameters
from firmware_models.network.saturated import BEGIN_NS, SPEED_MBPS, Done, Load, MediumCollisions
from firmware_models.network.segment import OPEN
from rig.errors import UsageError
from rig.units import bit_time_ns

MAX_DELAY_BITS = 96
"""On a longer cable there may never be silence everywhere; ask the twin."""

_DEFAULTS = CsmaParameters()
PART1_BITS = _DEFAULTS.part1_bits
GAP_BITS = _DEFAULTS.part1_bits + _DEFAULTS.part2_bits
SLOT_BITS = _DEFAULTS.slot_bits
JAM_BITS = _DEFAULTS.jam_bits
ATTEMPT_LIMIT = _DEFAULTS.attempt_limit


class _Signal:
    """One transmission, in bits; ``end`` is :data:`OPEN` while it lasts."""

    __slots__ = ("end", "place", "sender", "start")

    def __init__(self, start: int, sender: int, place: int) -> None:
        self.start = start
        self.end = OPEN
        self.sender = sender
        self.place = place


class Contention:
    """The engine; ``draws`` as in :class:`~firmware_models.network.saturated.SaturatedTwins`."""

    def __init__(self, load: Load, *, keeps_draws: bool = False) -> None:
        if load.stations < 1:
            raise UsageError(f"there are {load.stations} stations; at least 1 must send")
        if load.delay_bits > MAX_DELAY_BITS:
            raise UsageError(f"a delay of {load.delay_bits} bits is beyond the {MAX_DELAY_BITS} of this engine")
        count = load.stations
        self.draws: list[tuple[int, int, int, int]] = []
        self._keeps_draws = keeps_draws
        self._bit_ns = bit_time_ns(SPEED_MBPS)
        self._places = load.positions_bits()
        self._span = max(self._places)
        self._frame_bits = HEADER_BITS + 8 * load.frame_octets
        self._generators = [Generator(seed) for seed in load.generator_seeds()]
        first = BEGIN_NS // self._bit_ns
        self._submitted = [first] * count
        self._collisions = [0] * count
        self._waiting_from = [first + REQUEST_SYNC_EDGES] * count
        self._own_end = [-OPEN] * count
        self._planned: list[int | None] = [None] * count  # while it contends
        self._collided_at = [OPEN] * count  # the edge that sees COL, while it sends
        self._turn = [0] * count  # what a station will do at an event of an older turn is no longer true
        self._contending: set[int] = set(range(count))
        self._sending: list[_Signal] = []
        self._signals: list[_Signal] = []
        self._medium = MediumCollisions()
        self._events: list[tuple[int, int, int]] = []  # edge, station, turn

    def frames(self) -> Iterator[Done]:
        """Give the frames one after the other as they are done, for ever."""
        for station in self._contending:
            self._replan(station)
        events, turn = self._events, self._turn
        contending = self._contending
        collided_at = self._collided_at
        while True:
            edge, station, of_turn = heappop(events)
            if of_turn != turn[station]:
                continue
            if station in contending:
                self._start(station, edge)
                continue
            signal = next((each for each in self._sending if each.sender == station), None)
            if signal is None:
                contending.add(station)
                self._replan(station)
                continue
            has_collided = collided_at[station] < OPEN
            done = self._end(signal, station, edge, has_collided)
            if done is not None:
                yield done

    def _start(self, station: int, edge: int) -> None:
        """A station starts at ``edge``."""
        self._contending.discard(station)
        place = self._places[station]
        sending = self._sending
        signals = self._signals
        signal = _Signal(edge, station, place)
        hit = OPEN
        if sending:
            self._medium.began(edge, sending)
            for other in sending:
                seen = edge + abs(other.place - place) + 1
                if seen < self._collided_at[other.sender]:
                    self._collide(other.sender, other.start, seen)
        elif signals:
            last = max([each.end for each in signals])
            if last + self._span < edge:  # silence everywhere; what was before this busy period is over for all
                begin = self._begin_of_last_period()
                if begin:
                    del signals[:begin]
        for other in signals:
            distance = abs(other.place - place)
            seen = max(other.start + distance, edge) + 1
            if seen < hit and seen <= other.end + distance:
                hit = seen
        signals.append(signal)
        sending.append(signal)
        self._collided_at[station] = OPEN
        if hit < OPEN:
            self._collide(station, edge, hit)
        else:
            self._turn[station] += 1
            heappush(self._events, (edge + self._frame_bits, station, self._turn[station]))
        for each in self._contending:
            planned = self._planned[each]
            if planned is not None and edge + abs(self._places[each] - place) < planned:
                self._replan(each)

    def _begin_of_last_period(self) -> int:
        """Return the index of the first signal after the last silence everywhere."""
        signals = self._signals
        begin, end = 0, -OPEN
        for index, each in enumerate(signals):
            if each.start > end + self._span:
                begin = index
            end = max(end, each.end)
        return begin

    def _collide(self, station: int, start: int, seen: int) -> None:
        """A station that sends since ``start`` sees COL at the edge ``seen``, unless its frame is over before."""
        if seen >= start + self._frame_bits:
            return
        self._collided_at[station] = seen
        end = max(seen, start + HEADER_BITS) + JAM_BITS
        self._turn[station] += 1
        heappush(self._events, (end, station, self._turn[station]))

    def _end(self, signal: _Signal, station: int, edge: int, has_collided: bool) -> Done | None:
        """A station falls silent at ``edge``; return the frame if it is done."""
        signal.end = edge
        self._sending.remove(signal)
        self._medium.ended(signal, edge, len(self._sending))
        self._own_end[station] = edge
        generator = self._generators[station]
        generator.advance(edge - signal.start)
        done: Done | None = None
        if has_collided:
            self._collisions[station] += 1
        collisions = self._collisions[station]
        if has_collided and collisions < ATTEMPT_LIMIT:
            slots = generator.word() & ((1 << min(collisions, WINDOW_LIMIT)) - 1)
            if self._keeps_draws:
                self.draws.append((edge * self._bit_ns, station, collisions, slots))
            self._waiting_from[station] = edge + slots * SLOT_BITS
        else:
            bit_ns = self._bit_ns
            done = Done(
                edge * bit_ns, station, self._submitted[station] * bit_ns, collisions, not has_collided,
                self._medium.count,
            )  # fmt: skip
            self._submitted[station] = edge
            self._collisions[station] = 0
            self._waiting_from[station] = edge + REQUEST_SYNC_EDGES
        for each in self._contending:
            if self._planned[each] is None:
                self._replan(each)
        waiting_from = self._waiting_from[station]
        if waiting_from <= edge + REQUEST_SYNC_EDGES:
            self._contending.add(station)
            self._replan(station)
        else:
            self._turn[station] += 1
            heappush(self._events, (waiting_from, station, self._turn[station]))
        return done

    def _replan(self, station: int) -> None:
        """Find when a station that contends starts, from what is known now."""
        edge = self._planned[station] = self._plan(station, self._waiting_from[station])
        self._turn[station] += 1
        if edge is not None:
            heappush(self._events, (edge, station, self._turn[station]))

    def _plan(self, station: int, waiting_from: int) -> int | None:
        """Return the edge of the start, or None while carrier lasts."""
        place, own_end = self._places[station], self._own_end[station]
        carrier = []
        for each in self._signals:
            if each.sender != station:
                offset = abs(each.place - place) + 1
                end = each.end + offset if each.end < OPEN else OPEN
                if end > own_end:
                    carrier.append((each.start + offset, end))
        if len(carrier) > 1:
            carrier.sort()
        idle = own_end + 1
        for first, end in carrier:
            if first > idle:
                break
            idle = max(idle, end)
        if idle == OPEN:
            return None
        if waiting_from <= idle + GAP_BITS:
            return idle + GAP_BITS
        idle = -OPEN
        for first, end in carrier:
            if first > idle:
                over = idle + GAP_BITS
                if waiting_from > over:
                    if waiting_from < first:
                        return waiting_from
                elif first >= idle + PART1_BITS:
                    return over
            if end > idle:
                idle = end
        return None if idle == OPEN else max(waiting_from, idle + GAP_BITS)
