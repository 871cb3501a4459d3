"""A segment: stations that share one medium, on virtual time.

Theory of operation
-------------------
The segment knows every transmission as an interval ``start_ns .. end_ns`` of TX_EN (``docs/adapter.md``, "The
segment"). At station i a transmission of j is present in ``(start + D_ij, end + D_ij]``, so everything a station
senses at its MII (CRS, COL, RX_DV, RXD) follows from a short list of intervals and can be computed for any edge when
it is wanted. Nothing is scheduled per edge, and nothing at all for a station that does not care:

* ``listeners`` are the CSMA/CD machines that contend or transmit. Only they are told that a transmission began or
ended.
  The others look back into ``history`` when they next contend; it is trimmed now and then after all have caught up.
* At its end a transmission is offered to the receivers. Transmissions that could touch each other at some station,
however
  briefly, form a *cluster*; a transmission alone in its cluster is heard whole by everybody, so a receiver need only
  look at its destination address.

With ``bits_per_edge`` 4 the medium carries nibbles at an MII; with 1 it is the serial medium of clause 4.

Long because contention, carrier and hearing are computed from one history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Protocol

from rig.adapter.recorder import MEDIUM, Timeline, TimelineEvent, WireFrame
from rig.errors import UsageError
from rig.runtime.kernel import Kernel
from rig.units import bit_time_ns

RX_ER = 1 << 4
"""In a unit: the PHY says that it could not decode this one."""

OPEN = 1 << 62
"""The end, as a time or an edge, of what has not ended yet."""

PREAMBLE_AND_SFD = b"\x55" * 7 + b"\xd5"
"""IEEE Std 802.3-2022 3.2.1 and 3.2.2."""

RECEIVE_LATENCY_EDGES = 2
"""RX_CLK edges from the one that first samples an arrival to the one at which RX_DV rises."""

CLUSTER_MARGIN_EDGES = 12
"""Silence, beyond the largest delay, that ends a cluster: longer than every synchroniser and pipeline of a station."""

HISTORY_LIMIT = 128
"""Transmissions kept before the segment asks its stations to catch up."""

SQE_DELAY_BITS = 10
SQE_END_BITS = 20
"""The SQE test signal after a transmission at 10 Mb/s, counted from TX_EN fall."""


class Listener(Protocol):
    """A CSMA/CD machine, as the segment sees it."""

    def foreign_began(self, transmission: Transmission) -> None:
        """Another station raises TX_EN now."""

    def foreign_ended(self, transmission: Transmission) -> None:
        """Another station dropped TX_EN now."""


class Station(Listener, Protocol):
    """What a port belongs to: catches up with the history when asked."""

    @property
    def cursor(self) -> int:
        """Absolute index into ``Segment.history``: what lies before it will not be asked for."""

    def catch_up(self) -> None:
        """Evaluate the carrier history up to now and move ``cursor`` forward."""


class Receiver(Protocol):
    """The receiving side of a station."""

    def transmission_ended(self, transmission: Transmission, is_whole: bool) -> None:
        """A transmission of another station ended now; ``is_whole``: a frame that nothing else touched anywhere."""


class Transmission:
    """TX_EN of one station from ``start_ns`` to ``end_ns`` (:data:`OPEN` while it lasts), and what it carries.

    ``frame`` is destination address to FCS; ``jam_from`` the index of the first unit (nibble or bit) that is jam.
    ``units``, where given, is the whole content instead, unit by unit: what a frame could not be. Bit 4 of a unit makes
    the PHY of a listener raise RX_ER with it.
    ``watchers`` are told from which unit on it is not what it was meant to be: where a jam begins, as soon as that is
    decided, and where it ends. ``repeats``: what a hub that sends it passes on with it, unit for unit.
    """

    __slots__ = ("cluster", "end_ns", "frame", "jam_from", "port", "repeats", "start_ns", "units", "watchers")

    def __init__(self, port: Port, start_ns: int, frame: bytes, units: bytes | None = None) -> None:
        self.port = port
        self.start_ns = start_ns
        self.end_ns = OPEN
        self.frame = frame
        self.jam_from: int | None = None
        self.units = units
        self.cluster: list[Transmission] = []
        self.watchers: list[Callable[[int], None]] | None = None
        self.repeats: Transmission | None = None

    def watch(self, watcher: Callable[[int], None]) -> None:
        """Add a watcher."""
        self.watchers = [*(self.watchers or ()), watcher]

    def tell(self, unit: int) -> None:
        """Tell the watchers that what was meant ends before ``unit``."""
        for watcher in self.watchers or ():
            watcher(unit)

    def jams_from(self, unit: int) -> None:
        """The sender has decided to jam from ``unit`` on."""
        self.jam_from = unit
        if self.watchers is not None:
            self.tell(unit)

    def is_whole_frame(self) -> bool:
        """Tell whether it ended as its sender first meant it to: no jam, no failure of power."""
        segment = self.port.segment
        whole_ns = (len(PREAMBLE_AND_SFD) + len(self.frame)) * 8 * segment.bit_ns
        return self.units is None and self.jam_from is None and self.end_ns - self.start_ns == whole_ns

    def sent_units(self, bits_per_edge: int) -> bytes:
        """Return what the sender means to send, one unit an octet: header, frame up to the jam, jam for ever after."""
        if self.units is not None:
            return self.units
        units = to_units(PREAMBLE_AND_SFD + self.frame, bits_per_edge)
        if self.jam_from is not None:
            jam = to_units(b"\x55" * 64, bits_per_edge)
            units = units[: self.jam_from] + jam
        return units


def to_units(octets: bytes, bits_per_edge: int) -> bytes:
    """Split octets into what one edge carries, first on the wire first: low nibbles, or bits from the lowest on."""
    if bits_per_edge == 4:
        units = bytearray(2 * len(octets))
        units[0::2] = bytes(octet & 15 for octet in octets)
        units[1::2] = bytes(octet >> 4 for octet in octets)
        return bytes(units)
    return bytes(octet >> bit & 1 for octet in octets for bit in range(8))


class Port:
    """The attachment of one station: its place, its clock edges, and who is behind it.

    Edge ``k`` of the station's clock is at ``phase_ns + k * period_ns``.
    """

    __slots__ = (
        "_power_ns", "delays_ns", "index", "is_recorded", "name", "period_ns", "phase_ns", "position_ns", "receiver",
        "segment", "station",
    )  # fmt: skip

    def __init__(self, segment: Segment, name: str, index: int, position_ns: int, phase_ns: int) -> None:
        self.segment = segment
        self.name = name
        self.index = index
        self.position_ns = position_ns
        self.phase_ns = phase_ns
        self.period_ns = segment.period_ns
        self.delays_ns: list[int] = []
        self.station: Station | None = None
        self.receiver: Receiver | None = None
        self.is_recorded = True  # its receptions are: a station that is simulated elsewhere is recorded there
        self._power_ns: list[int] = []  # when the power was lost, came back, was lost ...

    def edge_ns(self, edge: int) -> int:
        """Return the time of an edge."""
        return self.phase_ns + edge * self.period_ns

    def edge_after(self, t_ns: int) -> int:
        """Return the first edge later than ``t_ns``: it samples a change of the medium or of an MII register."""
        return (t_ns - self.phase_ns) // self.period_ns + 1

    def edge_from(self, t_ns: int) -> int:
        """Return the first edge not earlier than ``t_ns``: the first that samples a change of a bus register."""
        return -((self.phase_ns - t_ns) // self.period_ns)

    def set_power(self, on: bool) -> None:
        """The power of the PHY is turned on or off now; it differs from before."""
        assert on == bool(len(self._power_ns) % 2)
        self._power_ns.append(self.segment.kernel.now_ns)

    def with_power(self, rise_ns: int, fall_ns: int) -> list[tuple[int, int]]:
        """Return the parts of an interval during which the PHY had power."""
        parts = []
        for lost_ns, back_ns in zip_longest(self._power_ns[0::2], self._power_ns[1::2], fillvalue=OPEN):
            if rise_ns < lost_ns:
                parts.append((rise_ns, min(fall_ns, lost_ns)))
            rise_ns = max(rise_ns, back_ns)
            if fall_ns <= rise_ns:
                return parts
        return [*parts, (rise_ns, fall_ns)]

    def arrival(self, transmission: Transmission) -> tuple[int, int]:
        """Return the edges ``[first, end)`` of this station at which a foreign transmission is sampled."""
        offset_ns = self.delays_ns[transmission.port.index] - self.phase_ns
        period_ns = self.period_ns
        first = (transmission.start_ns + offset_ns) // period_ns + 1
        end_ns = transmission.end_ns
        return first, OPEN if end_ns == OPEN else (end_ns + offset_ns) // period_ns + 1


class Segment:
    """A half-duplex collision domain with propagation delay, or a full-duplex pair.

    ``delay_bits`` is the length from end to end, in bit times: the largest allowed position. ``seed`` chooses the
    garbage that overlapping signals look like. ``timeline`` receives the facts of ``docs/adapter.md``; None costs
    nothing. ``medium`` is the station of its collisions there; None: they are not recorded.
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        speed_mbps: int = 100,
        full_duplex: bool = False,
        delay_bits: int | None = None,
        seed: int = 0,
        timeline: Timeline | None = None,
        bits_per_edge: int = 4,
        medium: str | None = MEDIUM,
    ) -> None:
        if bits_per_edge not in (1, 4):
            raise UsageError(f"bits_per_edge is {bits_per_edge}; a medium carries 4 bits an edge (MII) or 1 (clause 4)")
        self.kernel = kernel
        self.speed_mbps = speed_mbps
        self.full_duplex = full_duplex
        self.delay_bits = delay_bits
        self.seed = seed
        self.timeline = timeline
        self.bits_per_edge = bits_per_edge
        self.medium = medium
        self.bit_ns = bit_time_ns(speed_mbps)
        self.period_ns = bits_per_edge * self.bit_ns
        self.has_sqe_test = speed_mbps == 10 and not full_duplex
        self.ports: list[Port] = []
        self.listeners: dict[Listener, None] = {}
        self.history: list[Transmission] = []
        self.history_base = 0
        self.span_ns = 0
        self._active: list[Transmission] = []
        self._clusters: dict[int, list[Transmission]] = {}  # by sender in full duplex, else one
        self._overlap_ns: tuple[int, int] | None = None  # the last overlap of signals, OPEN while it lasts
        self._heard: list[Transmission] = []  # ended, not yet in the timeline as receptions

    def attach(self, name: str, *, position_bits: int = 0, phase_ns: int | None = None) -> Port:
        """Attach a station; the default phase of its clock is 7 ns times its number, modulo the period."""
        if position_bits < 0 or (self.delay_bits is not None and position_bits > self.delay_bits):
            raise UsageError(f"station {name} at {position_bits} bit times; the segment spans 0 .. {self.delay_bits}")
        if self.full_duplex and len(self.ports) == 2:
            raise UsageError(f"station {name} is the third on a full-duplex segment, which joins two")
        index = len(self.ports)
        phase = 7 * index % self.period_ns if phase_ns is None else phase_ns
        if not 0 <= phase < self.period_ns:
            raise UsageError(f"station {name}: phase_ns is {phase}; it must be in 0 .. {self.period_ns - 1}")
        port = Port(self, name, index, position_bits * self.bit_ns, phase)
        self.ports.append(port)
        for each in self.ports:
            each.delays_ns = [abs(each.position_ns - other.position_ns) for other in self.ports]
        self.span_ns = max(max(each.delays_ns) for each in self.ports)
        return port

    # -- transmissions -------------------------------------------------------------------------------------------------

    def begin(self, port: Port, frame: bytes, units: bytes | None = None) -> Transmission:
        """Raise TX_EN of a station, now."""
        now_ns = self.kernel.now_ns
        transmission = Transmission(port, now_ns, frame, units)
        if len(self.history) >= HISTORY_LIMIT:
            self._trim_history()
        self.history.append(transmission)
        self._join_cluster(transmission)
        self._active.append(transmission)
        if len(self._active) == 2:
            self._begin_overlap(now_ns)
        if self.listeners:
            for listener in tuple(self.listeners):
                if listener is not port.station:
                    listener.foreign_began(transmission)
        return transmission

    def end(self, transmission: Transmission) -> None:
        """Drop TX_EN, now."""
        transmission.end_ns = self.kernel.now_ns
        if transmission.watchers is not None:
            transmission.tell((transmission.end_ns - transmission.start_ns) // self.period_ns)
        self._active.remove(transmission)
        sender = transmission.port
        if self.timeline is not None:
            self._record_end(transmission)
        if self.listeners:
            for listener in tuple(self.listeners):
                if listener is not sender.station:
                    listener.foreign_ended(transmission)
        is_whole = len(transmission.cluster) == 1 and transmission.is_whole_frame()
        for port in self.ports:
            if port is not sender and port.receiver is not None:
                port.receiver.transmission_ended(transmission, is_whole)

    def _join_cluster(self, transmission: Transmission) -> None:
        key = transmission.port.index if self.full_duplex else 0
        margin_ns = CLUSTER_MARGIN_EDGES * self.period_ns + (0 if self.full_duplex else self.span_ns)
        cluster = self._clusters.get(key)
        if cluster is None or transmission.start_ns > max(each.end_ns for each in cluster) + margin_ns:
            self._clusters[key] = cluster = []
        cluster.append(transmission)
        transmission.cluster = cluster

    def _trim_history(self) -> None:
        stations = [port.station for port in self.ports if port.station is not None]
        for station in stations:
            station.catch_up()
        seen_by_all = min((station.cursor for station in stations), default=self.history_base + len(self.history))
        del self.history[: seen_by_all - self.history_base]
        self.history_base = seen_by_all

    # -- what a receiver makes of it -----------------------------------------------------------------------------------

    def garbage(self, index: int, edge: int) -> int:
        """Return what a station receives after RX_CLK edge ``edge`` while signals overlap: seeded, not random."""
        x = (edge + 0x9E37_79B9 * (index + 1) + self.seed) & 0xFFFF_FFFF
        x ^= x >> 16
        x = x * 0x85EB_CA6B & 0xFFFF_FFFF
        x ^= x >> 13
        return x & ((1 << self.bits_per_edge) - 1)

    def heard_units(self, port: Port, first: int, end: int, cluster: Iterable[Transmission]) -> bytes:
        """Return what ``port`` receives for the arrivals sampled at its edges ``first .. end - 1``, unit by unit."""
        sources: list[tuple[int, int, bytes]] = []
        for transmission in cluster:
            if transmission.port is not port:
                arrival, gone = port.arrival(transmission)
                sources.append((arrival, gone, transmission.sent_units(self.bits_per_edge)))
        heard = bytearray()
        for edge in range(first, end):
            present = [source for source in sources if source[0] <= edge < source[1]]
            if len(present) == 1:
                arrival, _, units = present[0]
                heard.append(units[edge - arrival])
            else:
                heard.append(self.garbage(port.index, edge + RECEIVE_LATENCY_EDGES))
        return bytes(heard)

    # -- facts ---------------------------------------------------------------------------------------------------------

    def record_frame(self, transmission: Transmission) -> None:
        """Put a frame that left whole into the timeline; the sender's call, since only it knows of collisions."""
        if self.timeline is not None:
            self.timeline.add_frame(WireFrame(transmission.start_ns, transmission.port.name, transmission.frame))

    def _record_end(self, transmission: Transmission) -> None:
        assert self.timeline is not None
        now_ns = self.kernel.now_ns
        if len(self._active) == 1 and self._overlap_ns is not None:
            self._overlap_ns = (self._overlap_ns[0], now_ns)
        self._heard.append(transmission)
        if not self._active or self.full_duplex:
            margin_ns = self.span_ns + RECEIVE_LATENCY_EDGES * self.period_ns
            self.kernel.call_at(now_ns + margin_ns, self._record_receptions_if_silent, now_ns)

    def _begin_overlap(self, now_ns: int) -> None:
        """A second station transmits. What ended at this very ns goes on: a medium knows no order within an instant."""
        last, self._overlap_ns = self._overlap_ns, (now_ns, OPEN)
        if last is None or self.timeline is None or self.medium is None:
            return
        if last[1] == now_ns:
            self._overlap_ns = (last[0], OPEN)
        elif last[0] < last[1]:
            self.timeline.add(TimelineEvent(*last, self.medium, "collision"))

    def _record_receptions_if_silent(self, ended_ns: int) -> None:
        if self._heard and self._heard[-1].end_ns == ended_ns and (self.full_duplex or not self._active):
            self._record_receptions(OPEN)

    def finish(self) -> None:
        """End of a run: put receptions and an overlap that still last into the timeline, as if they ended now."""
        if self.timeline is None:
            return
        now_ns = self.kernel.now_ns
        self._heard += self._active
        self._record_receptions(now_ns)
        if self._overlap_ns is not None and self.medium is not None:
            began_ns, ended_ns = self._overlap_ns
            self.timeline.add(TimelineEvent(began_ns, min(ended_ns, now_ns), self.medium, "collision"))
        self._overlap_ns = None

    def _record_receptions(self, until_ns: int) -> None:
        """Put receptions (RX_DV, rise to fall) that nothing can touch any more into the timeline."""
        assert self.timeline is not None
        heard, self._heard = self._heard, []
        for port in self.ports:
            if not port.is_recorded:
                continue
            arrivals = sorted(port.arrival(each) for each in heard if each.port is not port)
            for first, end in merge(arrivals):
                rise_ns = port.edge_ns(first + RECEIVE_LATENCY_EDGES)
                fall_ns = min(until_ns, port.edge_ns(end + RECEIVE_LATENCY_EDGES))
                for part in port.with_power(rise_ns, fall_ns):
                    self.timeline.add(TimelineEvent(*part, port.name, "receive"))

    def presence(self, port: Port, t_ns: int) -> tuple[bool, bool]:
        """Tell whether, just before ``t_ns``, a station transmits, and whether another is heard at its place."""
        own = foreign = False
        for transmission in reversed(self.history):
            delay_ns = port.delays_ns[transmission.port.index]
            if transmission.start_ns + delay_ns < t_ns <= transmission.end_ns + delay_ns:
                own, foreign = own or transmission.port is port, foreign or transmission.port is not port
        return own, foreign


def merge(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join sorted intervals ``[first, end)`` that overlap or touch; empty ones vanish."""
    merged: list[tuple[int, int]] = []
    for first, end in intervals:
        if end <= first:
            continue
        if merged and first <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((first, end))
    return merged
