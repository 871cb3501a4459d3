"""The line code of 10BASE-T, exactly as the Verilog has it: encoder, decoder and the cut into nibbles, clock by clock.

IEEE Std 802.3-2022 7.3.1.1, 14.2.1.1; ``hdl/rtl/manchester_encoder.v``, ``manchester_decoder.v``, ``mau_receive.v`` say
why. A line is a list of *edges*: ``(time_ps, level)`` with level 1 high, -1 low, 0 idle, in order of time. Clocks are
60 MHz nominal; edge k of one lies at k half periods, rounded to 1 ps (:class:`LineClock`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

HIGH, LOW, IDLE = 1, -1, 0
Edge = tuple[int, int]

BIT_CLOCKS = 6
HALF_CLOCKS = 3
IDLE_BITS = 3
"""Length of the start of idle."""
PULSE_CLOCKS = 6
NIBBLE_BITS = 4

NOMINAL_HALF_FS = 8_333_333
FIRST_PS = 1_000
"""Where the clock of the bench begins."""

IDLE_CLOCKS = 10
START_EDGES = 5
COARSE_EDGES = 6
ACQUIRE_EDGES = 24
EDGES_LIMIT = 31
SAMPLE, QUARTER, BIT = 16, 48, 192
FRACTION = 64
READ_AFTER, READ_BEFORE = QUARTER - SAMPLE, QUARTER - SAMPLE - BIT // 2
"""From which place on the second half of a bit is read, and the first one, until its middle."""
SFD = 0b1010_1011
SFD_BITS = 8


@dataclass(frozen=True, slots=True)
class LineClock:
    """A clock of a PHY; ``half_fs`` is half a period in femtoseconds."""

    half_fs: int = NOMINAL_HALF_FS

    @classmethod
    def off_by(cls, ppm: float) -> LineClock:
        """Return a clock that is ``ppm`` parts per million fast."""
        return cls(round(NOMINAL_HALF_FS * (1 - ppm / 1e6)))

    def rise_ps(self, number: int) -> int:
        """Return when the clock rises for the ``number``-th time, from 0."""
        return self._toggle_ps(2 * number + 1)

    def fall_ps(self, number: int) -> int:
        """Return when it falls after that."""
        return self._toggle_ps(2 * number + 2)

    def first_rise_after(self, time_ps: int) -> int:
        """Return the number of the first rise later than ``time_ps``."""
        number = max(0, ((time_ps - FIRST_PS) * 1000 // self.half_fs - 1) // 2 - 1)
        while self.rise_ps(number) <= time_ps:
            number += 1
        return number

    def _toggle_ps(self, count: int) -> int:
        return (FIRST_PS * 1000 + count * self.half_fs + 500) // 1000


def bits_of(octets: bytes) -> list[int]:
    """Return the bits of octets in the order of the line: the least significant of each first."""
    return [octet >> bit & 1 for octet in octets for bit in range(8)]


def encode(bits: Sequence[int], clock: LineClock, first_rise: int) -> list[Edge]:
    """Return the edges of a frame whose first bit begins at rise ``first_rise``, start of idle included."""
    edges: list[Edge] = []
    level = IDLE

    def at(rise: int, wanted: int) -> None:
        nonlocal level
        if wanted != level:
            edges.append((clock.rise_ps(rise), wanted))
            level = wanted

    rise = first_rise
    for bit in bits:
        at(rise, LOW if bit else HIGH)
        at(rise + HALF_CLOCKS, HIGH if bit else LOW)
        rise += BIT_CLOCKS
    at(rise, HIGH)
    at(rise + IDLE_BITS * BIT_CLOCKS, IDLE)
    return edges


def link_pulse(clock: LineClock, first_rise: int) -> list[Edge]:
    """Return the edges of a link pulse."""
    return [(clock.rise_ps(first_rise), HIGH), (clock.rise_ps(first_rise + PULSE_CLOCKS), IDLE)]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a decoder makes of a line. ``rise`` numbers are those of its clock; a register changes there.

    ``bits``: (rise, bit, locked) of each strobe. ``ends``: rises at which a frame that was locked ended. ``carrier``:
    (rise, fall) of each time it was up.
    """

    bits: list[tuple[int, int, bool]]
    ends: list[int]
    carrier: list[tuple[int, int]]
    locked: list[tuple[int, int]]


def sample(edges: Iterable[Edge], clock: LineClock, first_rise: int, rises: int) -> Iterator[tuple[int, int]]:
    """Yield, for each rise, whether the line was high at the fall before it and at the rise itself.

    A change at the very instant of a sample is not yet seen.
    """
    waiting = iter([*edges, (1 << 62, IDLE)])
    at_ps, following = next(waiting)
    is_high = 0
    half_fs = clock.half_fs
    toggle_fs = FIRST_PS * 1000 + 500 + 2 * first_rise * half_fs  # the fall before the rise, rounded: see LineClock
    for _ in range(rises):
        early_ps = toggle_fs // 1000
        while at_ps < early_ps:
            is_high = int(following == HIGH)
            at_ps, following = next(waiting)
        early = is_high
        late_ps = (toggle_fs + half_fs) // 1000
        while at_ps < late_ps:
            is_high = int(following == HIGH)
            at_ps, following = next(waiting)
        yield early, is_high
        toggle_fs += 2 * half_fs


def decode(samples: Iterable[tuple[int, int]], first_rise: int) -> Decoded:
    """Run the decoder over ``samples``; the first pair is what ``line_high`` shows before rise ``first_rise``.

    The line was idle before.
    """
    result = Decoded([], [], [], [])
    previous = phase = edges = 0  # phase in 1/64 of 1/16 of a sample
    quiet = IDLE_CLOCKS
    second = over = carrier = locked = False
    first_half = 0
    carrier_rise = locked_rise = 0
    rise = first_rise
    for early, late in samples:
        edge_0, edge_1 = early != previous, late != early
        acquiring = edges < ACQUIRE_EDGES
        reads = ends = False
        level = late
        if not edges:
            phase = 0 if edge_0 else -SAMPLE * FRACTION
        else:
            place_0 = phase // FRACTION
            place_1 = place_0 + SAMPLE
            if place_1 >= BIT // 2:
                place_1 -= BIT
            if second:
                reads_0 = place_0 >= READ_AFTER
                reads = reads_0 or place_1 >= READ_AFTER
            else:
                reads_0 = READ_BEFORE <= place_0 < 0
                reads = reads_0 or READ_BEFORE <= place_1 < 0
            if reads_0:
                level = early
            if reads and second and not over:
                ends = level == first_half and not acquiring
                if not ends:
                    result.bits.append((rise, level, not acquiring))
        counts = False
        if edges and (edge_0 or edge_1):
            distance = place_0 if edge_0 else place_1
            counts = acquiring or -QUARTER <= distance <= QUARTER
            if counts:
                phase -= distance * (1 if not acquiring else 16 if edges < COARSE_EDGES else 4)
        phase += 2 * SAMPLE * FRACTION
        if phase >= BIT // 2 * FRACTION:
            phase -= BIT * FRACTION
        now_locked = not acquiring and not over and not ends
        if reads:
            second = not second
            first_half = level
        starts = False
        if edge_0 or edge_1:
            quiet = 0
            if not edges:
                second = True
            starts = edges == START_EDGES - 1 and not over
            if edges != EDGES_LIMIT and (not edges or counts):
                edges += 1
            silence = False
        else:
            silence = quiet == IDLE_CLOCKS
            if quiet < IDLE_CLOCKS:
                quiet += 1
        if ends:
            over = True
            result.ends.append(rise)
        if silence:
            over = now_locked = False
            edges = 0
        falls = carrier and (ends or silence)
        if falls:
            result.carrier.append((carrier_rise, rise))
        if starts and not carrier:
            carrier_rise = rise
        carrier = (carrier or starts) and not ends and not silence
        if now_locked and not locked:
            locked_rise = rise
        if locked and not now_locked:
            result.locked.append((locked_rise, rise))
        locked = now_locked
        previous = late
        rise += 1
    return result


def frames(decoded: Decoded) -> list[list[int]]:
    """Return, for each frame in which an SFD was found, its nibbles from the last octet of the preamble on.

    Bits at the end that make no nibble are dropped, as the receiver does.
    """
    found: list[list[int]] = []
    for begin, end in decoded.locked:
        bits = [bit for rise, bit, _ in decoded.bits if begin <= rise <= end]
        history = 0
        for index, bit in enumerate(bits):
            history = (history << 1 | bit) & 0xFF
            if history == SFD and index >= SFD_BITS - 1:
                useful = bits[index + 1 - SFD_BITS :]
                whole = len(useful) // NIBBLE_BITS * NIBBLE_BITS
                found.append(
                    [
                        sum(useful[first + place] << place for place in range(NIBBLE_BITS))
                        for first in range(0, whole, NIBBLE_BITS)
                    ]
                )
                break
    return found
