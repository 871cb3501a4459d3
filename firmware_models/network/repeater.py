"""A repeater hub: what one port hears, all others send; the twin of ``hdl/rtl/repeater.v``, to the edge.

Theory of operation
-------------------
IEEE Std 802.3-2022 clauses 9 and 27, on one clock of a nibble an edge. At an edge the hub samples which of its ports
are active (carrier of a port that is not partitioned). What it decides at edge k is seen at its outputs from edge k + 1
on, except that a forwarded frame ends with its last nibble.

========  =================================================================  ==========================================
state     outputs                                                            left for
========  =================================================================  ==========================================
IDLE      nothing                                                            FORWARD (one active), COLLIDE (several)
FORWARD   15 nibbles 5, D, then what followed the SFD, to all but the        COLLIDE (another port active); IDLE when
          source; nibbles 5 until 24 are sent (fragment extension)           the source is silent and all is sent
COLLIDE   jam (nibbles 5) to all, for 24 edges and while several are active  ONE_LEFT (one active), IDLE (none)
ONE_LEFT  jam to all but the port that is left                               COLLIDE (another), IDLE (silence)
BREAK     nothing, for 24 edges                                              IDLE
========  =================================================================  ==========================================

* Preamble regeneration: an SFD that comes early waits in a FIFO of 16 nibbles; one that comes late is waited for.
* Partition: a port that took part in 32 collisions without a good transmission between them, or in one of 24 000 bit
  times, is not listened to any more. It is connected again after 512 bit times were sent to it while it was silent.
* Jabber: output that lasts 50 000 bit times (5 ms at 10 Mb/s) is interrupted for 96 (BREAK).

Nothing is scheduled per edge: the machine steps where an input or a timer changes.

Long because it is one state machine with its table, as in the Verilog.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from firmware_models.network.segment import OPEN, Port, Segment, Transmission
from rig.adapter.recorder import Timeline, TimelineEvent
from rig.errors import UsageError
from rig.runtime.kernel import Kernel

MIN_PORTS, MAX_PORTS = 2, 8
SEEN_EDGES = 3
"""From the edge that samples an arrival to the one at which the hub samples what its PHY makes of it."""
HEADER_NIBBLES = 16
MIN_NIBBLES = 24
"""Fragment extension, and the shortest jam: 96 bits."""
BREAK_NIBBLES = 24
CC_LIMIT = 32
GOOD_NIBBLES = 128
"""A transmission without collision of 512 bits ends a row of collisions (Tw5)."""
LONG_COLLISION_NIBBLES = 6_000
JABBER_NIBBLES = 12_500
JAM = 0x5
COUNTERS = ("frames", "fragments", "collisions", "partitions", "jabbers")
FRAGMENT_NIBBLES = 2 * (64 + 8)


class RepeaterState(IntEnum):
    """See the table above."""

    IDLE = 0
    FORWARD = 1
    COLLIDE = 2
    ONE_LEFT = 3
    BREAK = 4


IDLE, FORWARD, COLLIDE, ONE_LEFT, BREAK = RepeaterState


class RepeaterPort:
    """One port: what it hears, and what it sends. A listener of its segment."""

    def __init__(self, hub: Repeater, number: int, port: Port) -> None:
        self.hub = hub
        self.number = number
        self.port = port
        self.is_carrier = False
        self.is_partitioned = False
        self.collisions_in_row = 0
        self.is_in_collision = False
        self.was_silent = True
        self.heard: Transmission | None = None
        self.sending: Transmission | None = None
        self.send_edge = 0
        self.jam_edge = OPEN
        self.repeats: Transmission | None = None
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.cursor = 0
        port.station = self
        port.segment.listeners[self] = None

    @property
    def is_active(self) -> bool:
        """Carrier that counts."""
        return self.is_carrier and not self.is_partitioned

    def jam_unit(self) -> int:
        """Return from which unit on what it sends is jam; OPEN if that has not been decided."""
        return OPEN if self.jam_edge == OPEN else max(0, self.jam_edge - self.send_edge)

    def catch_up(self) -> None:
        """See :class:`~firmware_models.network.segment.Station`."""
        segment = self.port.segment
        self.cursor = segment.history_base + len(segment.history)

    def foreign_began(self, transmission: Transmission) -> None:
        """See :class:`~firmware_models.network.segment.Listener`."""
        edge = self.port.arrival(transmission)[0] + SEEN_EDGES
        self.hub.kernel.call_at(self.port.edge_ns(edge), self._carrier_on, transmission)

    def foreign_ended(self, transmission: Transmission) -> None:
        """See :class:`~firmware_models.network.segment.Listener`."""
        edge = self.port.arrival(transmission)[1] + SEEN_EDGES
        self.hub.kernel.call_at(self.port.edge_ns(edge), self._carrier_off, transmission)

    def _carrier_on(self, transmission: Transmission) -> None:
        self.is_carrier = True
        self.was_silent = False
        self.heard = transmission
        self.hub.wake()

    def _carrier_off(self, transmission: Transmission) -> None:
        self.is_carrier = self.heard is not transmission
        self.hub.wake()


class Repeater:
    """The hub; its ports are attached to ``segments`` in order, all on one clock of phase ``phase_ns``."""

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        segments: Sequence[Segment],
        *,
        phase_ns: int = 0,
        timeline: Timeline | None = None,
        cc_limit: int = CC_LIMIT,
        long_collision_nibbles: int = LONG_COLLISION_NIBBLES,
        jabber_nibbles: int = JABBER_NIBBLES,
    ) -> None:
        if not MIN_PORTS <= len(segments) <= MAX_PORTS:
            raise UsageError(f"hub {name} has {len(segments)} ports; it may have {MIN_PORTS} to {MAX_PORTS}")
        if any(each.full_duplex or each.speed_mbps != segments[0].speed_mbps for each in segments):
            raise UsageError(f"hub {name}: every port is half duplex, and all have one speed")
        self.kernel = kernel
        self.name = name
        self.state = IDLE
        self.collisions = 0
        self.ports = [
            RepeaterPort(self, number, segment.attach(f"{name}.{number}", phase_ns=phase_ns))
            for number, segment in enumerate(segments, start=1)
        ]
        self._clock = self.ports[0].port
        self._timeline = timeline
        self._cc_limit = cc_limit
        self._long_collision = long_collision_nibbles
        self._jabber = jabber_nibbles
        self._source: RepeaterPort | None = None
        self._entered = 0  # edge at which the state was entered
        self._entered_forward = 0  # ... and when it last was FORWARD
        self._output_since = 0  # edge at which output began, for the jabber limit
        self._frame_end = OPEN  # in FORWARD, once the source is silent: the edge at which all is sent
        self._source_seen = 0
        self._heard: Transmission | None = None
        self._woken_ns = -1

    def wake(self, _: object = None) -> None:
        """Something changes at this edge: step when all that changes has."""
        now_ns = self.kernel.now_ns
        if self._woken_ns != now_ns:
            self._woken_ns = now_ns
            self.kernel.call_at(now_ns, self._step)

    def finish(self) -> None:
        """End of a run: put what still lasts into the timeline."""
        for port in self.ports:
            if port.sending is not None:
                self._record(port, self.kernel.now_ns)

    # -- the machine ---------------------------------------------------------------------------------------------------

    def _step(self, _: object) -> None:
        edge = self._clock.edge_from(self.kernel.now_ns)
        active = [port for port in self.ports if port.is_active]
        if self.state not in (IDLE, BREAK) and edge - self._output_since >= self._jabber:
            self._break(edge)
        elif self.state is IDLE:
            self._from_idle(edge, active)
        elif self.state is FORWARD:
            self._from_forward(edge, active)
        elif self.state is COLLIDE:
            self._from_collide(edge, active)
        elif self.state is ONE_LEFT:
            self._from_one_left(edge, active)
        elif edge - self._entered >= BREAK_NIBBLES:
            self._to_idle(edge)

    def _from_idle(self, edge: int, active: list[RepeaterPort]) -> None:
        if not active:
            return
        self._output_since = edge
        self._wake_at(edge + self._jabber)
        for port in self.ports:
            port.was_silent = not port.is_carrier
        if len(active) > 1:
            self._collide(edge, active)
            return
        (source,) = active
        self.state, self._entered, self._source, self._frame_end = FORWARD, edge, source, OPEN
        self._heard, self._entered_forward = source.heard, edge
        assert source.heard is not None
        self._source_seen = source.port.arrival(source.heard)[0] + SEEN_EDGES
        self._wake_at(edge + GOOD_NIBBLES)
        for port in self.ports:
            if port is not source:
                self._send_from(port, edge + 1)

    def _from_forward(self, edge: int, active: list[RepeaterPort]) -> None:
        source = self._source
        assert source is not None
        if self._frame_end == OPEN and not source.is_carrier:
            self._frame_end = self._forward_end(edge)
            self._wake_at(self._frame_end)
        if edge >= self._frame_end:
            nibbles = edge - self._entered - 1
            source.counters["frames" if nibbles >= FRAGMENT_NIBBLES else "fragments"] += 1
            self._to_idle(edge, falls_at=edge)
            return
        if any(port is not source for port in active):
            self._collide(edge, active)
        elif edge - self._entered == GOOD_NIBBLES:
            self._good(source)

    def _from_collide(self, edge: int, active: list[RepeaterPort]) -> None:
        self._join(active)
        if edge - self._entered >= self._long_collision:
            for port in active:
                self._partition(port)
            active = [port for port in active if port.is_active]
        active = [port for port in active if port.is_active]
        if len(active) > 1 or edge - self._entered < MIN_NIBBLES:
            return
        self._record_collision(edge)
        if active:
            self.state, self._entered, self._source = ONE_LEFT, edge, active[0]
            self._stop(active[0], edge + 1)
        else:
            self._to_idle(edge)

    def _from_one_left(self, edge: int, active: list[RepeaterPort]) -> None:
        source = self._source
        if any(port is not source for port in active):
            self._collide(edge, active)
        elif not active:
            self._to_idle(edge)

    def _collide(self, edge: int, active: list[RepeaterPort]) -> None:
        if self.state is not ONE_LEFT:
            self.collisions += 1
        self.state, self._entered = COLLIDE, edge
        self._wake_at(edge + MIN_NIBBLES)
        self._wake_at(edge + self._long_collision)
        self._join(active)
        for port in self.ports:
            port.jam_edge = min(port.jam_edge, edge + 1)
            if port.sending is None:
                self._send_from(port, edge + 1)
            else:
                port.sending.tell(port.jam_unit())

    def _join(self, active: list[RepeaterPort]) -> None:
        """Count the collision for every port that takes part in it, once."""
        for port in active:
            if not port.is_in_collision:
                port.is_in_collision = True
                port.counters["collisions"] += 1
                port.collisions_in_row += 1
                if port.collisions_in_row >= self._cc_limit:
                    self._partition(port)

    def _partition(self, port: RepeaterPort) -> None:
        if port.is_partitioned:
            return
        port.is_partitioned = True
        port.collisions_in_row = 0
        port.counters["partitions"] += 1
        self.kernel.call_at(self._clock.edge_ns(self._edge() + 1), self.wake)

    def _good(self, source: RepeaterPort) -> None:
        """512 bit times were forwarded without a collision."""
        for port in self.ports:
            if not port.is_partitioned:
                port.collisions_in_row = 0
            elif port is not source and port.was_silent:
                port.is_partitioned = False

    def _break(self, edge: int) -> None:
        if self.state is COLLIDE:
            self._record_collision(edge)
        for port in self.ports:
            if port.is_active:
                port.counters["jabbers"] += 1
            self._stop(port, edge + 1)
        self.state, self._entered = BREAK, edge
        self._wake_at(edge + BREAK_NIBBLES)

    def _to_idle(self, edge: int, falls_at: int | None = None) -> None:
        self.state, self._entered, self._source = IDLE, edge, None
        for port in self.ports:
            port.is_in_collision = False
            self._stop(port, edge + 1 if falls_at is None else falls_at)
        self._wake_at(edge + 1)

    def _forward_end(self, edge: int) -> int:
        """Return the edge after the last nibble, of a source whose carrier was first missed at ``edge``."""
        heard = self._heard
        assert heard is not None
        count = edge - self._entered
        nibbles = count if self._is_plain(heard) else len(self._forwarded(heard, count))
        return self._entered + 1 + max(MIN_NIBBLES, nibbles)

    def _is_plain(self, heard: Transmission) -> bool:
        """Tell whether a source sent a whole frame, heard from its beginning: then the hub changes nothing."""
        return self._entered_forward == self._source_seen and heard.is_whole_frame()

    def _forwarded(self, heard: Transmission, count: int) -> bytes:
        """Return what is sent of ``count`` nibbles heard since FORWARD was entered."""
        missed = self._entered_forward - self._source_seen  # when the hub was still busy as it began
        units = heard.sent_units(4)[missed : missed + count].ljust(count, bytes([JAM]))
        at = units.find(b"\x05\x0d") + 1
        if not at:
            return bytes([JAM]) * len(units)
        header = bytes([JAM]) * max(HEADER_NIBBLES - 1, at) + b"\x0d"
        return header + units[at + 1 :]

    # -- outputs -------------------------------------------------------------------------------------------------------

    def _edge(self) -> int:
        return self._clock.edge_from(self.kernel.now_ns)

    def _wake_at(self, edge: int) -> None:
        self.kernel.call_at(self._clock.edge_ns(edge), self.wake)

    def _send_from(self, port: RepeaterPort, edge: int) -> None:
        port.send_edge = edge
        heard = self._heard if self.state is FORWARD else None
        self.kernel.call_at(self._clock.edge_ns(edge), self._begin, (port, heard))

    def _begin(self, call: tuple[RepeaterPort, Transmission | None]) -> None:
        port, heard = call
        frame = b"" if heard is None else heard.frame
        if port.sending is None:
            # What it missed is preamble, which is made anew: so unit for unit, it sends what it hears.
            missed = self._entered_forward - self._source_seen
            port.repeats = heard if missed < HEADER_NIBBLES else None
            port.sending = port.port.segment.begin(port.port, frame, None if heard is not None else b"")
            port.sending.repeats = port.repeats

    def _stop(self, port: RepeaterPort, edge: int) -> None:
        """Drop TX_EN of a port at ``edge``, which may be now."""
        if edge <= self._edge():
            self._end(port)
        else:
            self.kernel.call_at(self._clock.edge_ns(edge), self._end, port)

    def _end(self, port: RepeaterPort) -> None:
        transmission, port.sending = port.sending, None
        if transmission is None:
            return
        now_ns = self.kernel.now_ns
        port.sending = transmission
        self._record(port, now_ns)
        port.sending = None
        count = self._edge() - port.send_edge
        heard = self._heard
        if transmission.units == b"" or heard is None:
            transmission.units = bytes([JAM]) * count
        elif port.jam_edge < OPEN or not self._is_plain(heard):
            end_ns = min(heard.end_ns, now_ns)
            known = (end_ns - heard.start_ns) // self._clock.period_ns - (self._entered_forward - self._source_seen)
            sent = self._forwarded(heard, known)[: port.jam_edge - port.send_edge]
            transmission.units = sent[:count].ljust(count, bytes([JAM]))
        else:
            transmission.frame = heard.frame  # of a sender elsewhere it becomes known at the end
        port.jam_edge = OPEN
        port.port.segment.end(transmission)

    # -- facts ---------------------------------------------------------------------------------------------------------

    def _record(self, port: RepeaterPort, end_ns: int) -> None:
        if self._timeline is None or port.sending is None:
            return
        start_ns = port.sending.start_ns
        self._timeline.add(TimelineEvent(start_ns, end_ns, port.port.name, "transmit"))
        jam_ns = self._clock.edge_ns(port.jam_edge) if port.jam_edge < OPEN else end_ns
        if jam_ns < end_ns:
            self._timeline.add(TimelineEvent(max(start_ns, jam_ns), end_ns, port.port.name, "jam"))

    def _record_collision(self, edge: int) -> None:
        if self._timeline is not None:
            begin_ns, end_ns = self._clock.edge_ns(self._entered), self._clock.edge_ns(edge)
            self._timeline.add(TimelineEvent(begin_ns, end_ns, self.name, "collision"))
