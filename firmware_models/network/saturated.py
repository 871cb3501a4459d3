"""Stations that always have a frame to send, on one half-duplex segment: the twin itself under the heaviest load.

The transmitters are the adapter's own CSMA/CD machines on the serial medium of clause 4 (bit clock, no synchronisers,
all clocks in phase), so what they do is what theory speaks of. Every station sends frames of one length; as soon as
one is done, delivered or given up, the next is submitted. Stations stand evenly from one end of the cable to the other.

What is left to others: what the figures mean (:mod:`rig.regress.csma`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from firmware_models.adapter.csma_cd import CsmaCd
from firmware_models.adapter.csma_parameters import WINDOW_LIMIT, TransmitReport
from firmware_models.network.segment import Port, Segment, Transmission
from rig.errors import UsageError
from rig.runtime.kernel import Kernel

BEGIN_NS = 1_000
"""When every station submits its first frame."""

STEP_NS = 2_000_000
"""How far time is advanced before the outcome is looked at."""

SPEED_MBPS = 10
"""Everything is counted in bit times; the speed only says what they are in ns."""


@dataclass(frozen=True, slots=True)
class Load:
    """``stations`` that send frames of ``frame_octets`` (destination address to FCS) over ``delay_bits`` of cable."""

    stations: int
    frame_octets: int
    delay_bits: int
    seed: str
    """Seeds the backoff generators, each station's its own."""

    def positions_bits(self) -> list[int]:
        """Return the places of the stations, evenly from 0 to ``delay_bits``."""
        last = max(1, self.stations - 1)
        return [round(index * self.delay_bits / last) for index in range(self.stations)]

    def generator_seeds(self) -> list[int]:
        """Return the 32-bit seeds of the backoff generators, none of them 0."""
        source = Random(self.seed)
        return [source.randrange(1, 1 << 32) for _ in range(self.stations)]


@dataclass(frozen=True, slots=True)
class Done:
    """A frame that is done at ``end_ns``: delivered with its last attempt, or given up after the attempt limit."""

    end_ns: int
    station: int
    submitted_ns: int
    collisions: int
    is_delivered: bool
    medium_collisions: int
    """Collisions on the medium up to then, since the beginning: a station began while another was sending."""


class MediumCollisions:
    """Counts collisions on a medium: spans during which two and more send.

    Within an instant there is no order. So what begins when another ends did not meet it, and a span goes on when one
    leaves it in the instant in which another joins.
    """

    __slots__ = ("_counted", "_counted_at", "_ended_at", "count")

    def __init__(self) -> None:
        self.count = 0
        self._counted: object = None  # who was sending when the last one was counted ...
        self._counted_at = 0  # ... and when that was
        self._ended_at = -1

    def began(self, at: int, sending: Sequence[object]) -> None:
        """Somebody begins at a time while others are ``sending``."""
        if len(sending) == 1 and at != self._ended_at:
            self.count += 1
            self._counted, self._counted_at = sending[0], at

    def ended(self, who: object, at: int, still_sending: int) -> None:
        """Somebody has ended."""
        if still_sending == 1:
            if who is self._counted and at == self._counted_at:
                self.count -= 1
                self._counted = None
            else:
                self._ended_at = at


class _CountingSegment(Segment):
    """A segment that counts its collisions."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel, speed_mbps=SPEED_MBPS, bits_per_edge=1)
        self.collisions = MediumCollisions()

    def begin(self, port: Port, frame: bytes, units: bytes | None = None) -> Transmission:
        self.collisions.began(self.kernel.now_ns, self._active)
        return super().begin(port, frame, units)

    def end(self, transmission: Transmission) -> None:
        super().end(transmission)
        self.collisions.ended(transmission, self.kernel.now_ns, len(self._active))


class SaturatedTwins:
    """CSMA/CD machines of the adapter under load; ``draws`` are (ns, station, collision, slots) where asked for."""

    def __init__(self, kernel: Kernel, load: Load, *, keeps_draws: bool = False) -> None:
        if load.stations < 1:
            raise UsageError(f"there are {load.stations} stations; at least 1 must send")
        self.draws: list[tuple[int, int, int, int]] = []
        self._kernel = kernel
        self._frame = bytes(load.frame_octets)
        self._segment = _CountingSegment(kernel)
        self._machines: list[CsmaCd] = []
        self._submitted_ns = [BEGIN_NS] * load.stations
        self._done: list[Done] = []
        for index, position_bits in enumerate(load.positions_bits()):
            port = self._segment.attach(f"s{index}", position_bits=position_bits, phase_ns=0)
            machine = CsmaCd(
                port, on_done=partial(self._on_done, index), collision_sync=0, carrier_sync=0,
                draw_word=partial(self._draw, index) if keeps_draws else None,
            )  # fmt: skip
            machine.generator.load(load.generator_seeds()[index])
            self._machines.append(machine)
        for machine in self._machines:
            machine.submit(self._frame, BEGIN_NS)

    def frames(self) -> Iterator[Done]:
        """Give the frames one after the other as they are done, for ever."""
        while True:
            self._kernel.advance(self._kernel.now_ns + STEP_NS)
            done, self._done = self._done, []
            yield from done

    def _on_done(self, index: int, report: TransmitReport) -> None:
        now_ns = self._kernel.now_ns
        self._done.append(
            Done(
                now_ns,
                index,
                self._submitted_ns[index],
                report.collisions,
                report.is_ok,
                self._segment.collisions.count,
            )
        )
        self._submitted_ns[index] = now_ns
        self._machines[index].submit(self._frame, now_ns)

    def _draw(self, index: int) -> int:
        """Let the generator draw, and keep what comes of it."""
        machine = self._machines[index]
        word = machine.generator.word()
        exponent = min(machine.collisions, WINDOW_LIMIT)
        self.draws.append((self._kernel.now_ns, index, machine.collisions, word & ((1 << exponent) - 1)))
        return word
