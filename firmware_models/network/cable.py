"""A cable between two ends: its delay, its pairs, and what is wrong with it.

A cable is a segment of two places. Each end hears only the other one, so on a half-duplex cable signals never mix; a
station knows of a collision because it hears while it sends (IEEE Std 802.3-2022 14.2.1.4, 24.2). That is why a duplex
mismatch leaves the full-duplex end with whole signals of a sender who gave up in the middle.

Impairments are seeded: bit errors change single bits of what arrives; while the contact is open nothing arrives, and
what was under way is heard as symbols that cannot be decoded until it ends. A link is lost when nothing has come for
``link_loss_ns`` and is back ``link_return_ns`` after contact (link integrity test, 14.2.1.7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from firmware_models.network.segment import OPEN, RX_ER, Port, Segment, Transmission
from rig.adapter.recorder import Timeline, TimelineEvent
from rig.errors import UsageError
from rig.runtime.kernel import Kernel
from rig.units import NS_PER_MS

LIGHT_M_PER_NS = 0.299_792_458

VELOCITY = {"cat3": 0.585, "cat5": 0.60, "fibre": 0.67, "thin-coax": 0.65, "thick-coax": 0.77}
"""Velocity of propagation as a share of that of light in vacuum."""

LINK_LOSS_NS = {10: 100 * NS_PER_MS, 100: NS_PER_MS}
"""link_loss_timer of 14.2.1.7 is 50 to 150 ms; 100BASE-TX notices a lost signal at once: 1 ms is an assumption."""

LINK_RETURN_NS = {10: 64 * NS_PER_MS, 100: NS_PER_MS}
"""Four link test pulses of 16 ms at 10 Mb/s (lc_max is 2 to 10)."""


@dataclass(frozen=True, slots=True)
class CableSpec:
    """What a cable is like. ``is_straight`` and ``needs_straight``: its pairs, and what the two ends need."""

    length_m: float = 10.0
    kind: str = "cat5"
    is_straight: bool = True
    needs_straight: bool = True
    bit_error_rate: float = 0.0
    outages_ns: tuple[tuple[int, int], ...] = ()
    """Intervals without contact, in order; one that ends at :data:`~firmware_models.network.segment.OPEN` is a cut."""

    @property
    def delay_ns(self) -> int:
        """Return the one-way delay."""
        return round(self.length_m / (VELOCITY[self.kind] * LIGHT_M_PER_NS))

    @property
    def has_link(self) -> bool:
        """Whether transmitters lead to receivers."""
        return self.is_straight == self.needs_straight


class Cable(Segment):
    """See above. ``source`` is where bit errors come from; the ends are attached in order, by whoever is plugged in."""

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        spec: CableSpec,
        *,
        speed_mbps: int = 100,
        full_duplex: bool = False,
        seed: int = 0,
        source: Random,
        timeline: Timeline | None = None,
    ) -> None:
        if spec.kind not in VELOCITY:
            raise UsageError(f"cable {name}: there is no kind {spec.kind!r}; known are {', '.join(VELOCITY)}")
        super().__init__(kernel, speed_mbps=speed_mbps, full_duplex=full_duplex, seed=seed, timeline=timeline)
        self.name = name
        self.spec = spec
        self.is_link_up = spec.has_link
        self.link_watchers: list[Callable[[bool], None]] = []
        self.bit_errors = 0
        self.frames_cut = 0
        """Transmissions of which a part, or all, met an open contact."""
        self._source = source
        self._unheard: set[Transmission] = set()
        self._no_link_since_ns: int | None = None if spec.has_link else kernel.now_ns
        loss_ns, return_ns = LINK_LOSS_NS[speed_mbps], LINK_RETURN_NS[speed_mbps]
        if spec.has_link:
            for from_ns, to_ns in spec.outages_ns:
                if to_ns - from_ns >= loss_ns:
                    kernel.call_at(from_ns + loss_ns, self._set_link, False)
                    if to_ns < OPEN:
                        kernel.call_at(to_ns + return_ns, self._set_link, True)

    def attach(self, name: str, *, position_bits: int = 0, phase_ns: int | None = None) -> Port:
        """Plug an end in: the first one, then the other."""
        if len(self.ports) == 2:
            raise UsageError(f"{name} is the third thing on cable {self.name}, which has two ends")
        port = super().attach(name, phase_ns=phase_ns)
        if len(self.ports) == 2:
            near, far = self.ports
            far.position_ns = self.span_ns = self.spec.delay_ns
            near.delays_ns = [0, self.span_ns]
            far.delays_ns = [self.span_ns, 0]
        return port

    def has_contact(self, t_ns: int) -> bool:
        """Tell whether signals pass at a time."""
        return self.spec.has_link and not any(begin <= t_ns < end for begin, end in self.spec.outages_ns)

    def begin(self, port: Port, frame: bytes, units: bytes | None = None) -> Transmission:
        """See :class:`~firmware_models.network.segment.Segment`."""
        if self.has_contact(self.kernel.now_ns):
            return super().begin(port, frame, units)
        transmission = Transmission(port, self.kernel.now_ns, frame, units)
        transmission.cluster = [transmission]
        self._unheard.add(transmission)
        self.frames_cut += 1
        return transmission

    def end(self, transmission: Transmission) -> None:
        """See :class:`~firmware_models.network.segment.Segment`."""
        if transmission in self._unheard:
            self._unheard.discard(transmission)
            transmission.end_ns = self.kernel.now_ns
            return
        if self.spec.bit_error_rate or self.spec.outages_ns:
            self._impair(transmission)
        super().end(transmission)

    def finish(self) -> None:
        """See :class:`~firmware_models.network.segment.Segment`; also tells of a link that is down."""
        super().finish()
        self._record_no_link()

    def _impair(self, transmission: Transmission) -> None:
        """Change what will have been heard of a transmission that ends now."""
        now_ns, start_ns, period_ns = self.kernel.now_ns, transmission.start_ns, self.period_ns
        count = (now_ns - start_ns) // period_ns
        units: bytearray | None = None
        for begin_ns, end_ns in self.spec.outages_ns:
            if begin_ns < now_ns and end_ns > start_ns:
                units = units or bytearray(transmission.sent_units(self.bits_per_edge)[:count])
                self.frames_cut += 1
                for index in range(max(0, (begin_ns - start_ns) // period_ns), count):
                    units[index] = RX_ER  # the receiver has lost its lock, and finds none in the middle of a frame
        for bit in self._bad_bits(count * self.bits_per_edge):
            units = units or bytearray(transmission.sent_units(self.bits_per_edge)[:count])
            units[bit // self.bits_per_edge] ^= 1 << bit % self.bits_per_edge
            self.bit_errors += 1
        if units is not None:
            transmission.units = bytes(units)

    def _bad_bits(self, bits: int) -> list[int]:
        """Draw which of so many bits arrive wrong: the distances between them are geometric."""
        rate = self.spec.bit_error_rate
        bad: list[int] = []
        if rate:
            at = int(self._source.expovariate(rate))  # the limit of the geometric distribution for small rates
            while at < bits:
                bad.append(at)
                at += 1 + int(self._source.expovariate(rate))
        return bad

    def _set_link(self, is_up: bool) -> None:
        self.is_link_up = is_up
        if is_up:
            self._record_no_link()
        else:
            self._no_link_since_ns = self.kernel.now_ns
        for watcher in self.link_watchers:
            watcher(is_up)

    def _record_no_link(self) -> None:
        since_ns, self._no_link_since_ns = self._no_link_since_ns, None
        if since_ns is not None and self.timeline is not None:
            for port in self.ports:
                self.timeline.add(TimelineEvent(since_ns, self.kernel.now_ns, port.name, "no-link"))
