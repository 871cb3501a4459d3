"""CSMA/CD: sends one frame at a time over a half-duplex medium, or without regard for anybody in full duplex.

Theory of operation
-------------------
IEEE Std 802.3-2022 4.2.8 on the transmit clock of the station, to the edge as ``docs/adapter.md`` says: wait for the
deference process, send, watch for collision, finish the header, jam, draw, wait, again. A frame costs a kernel
callback at each of the edges at which something is decided: its start, a collision, the end of TX_EN and the end of a
backoff. Nothing is decided earlier than hardware could: each callback is scheduled from the carrier known so far and
moved when a foreign transmission that begins (or ends) changes the answer. A change of the medium at a time ``t``
cannot matter to an edge at ``t`` or earlier, so the order of callbacks at one instant does not matter either.

======== ============================================================ ===========================
phase    meaning                                                      left by
======== ============================================================ ===========================
IDLE     no frame                                                     ``submit``
WAIT     waits for the medium; a listener of the segment              start, excessive deferral
SEND     TX_EN is high, no collision was acted on                     collision, end
JAM      TX_EN is high, collided                                      end
BACKOFF  waits for whole slot times, deaf                             end of backoff
TEST     after the frame, listens for the SQE test                    end of its window
======== ============================================================ ===========================

Long because it is one state machine, which is best read in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from firmware_models.adapter.backoff import Generator
from firmware_models.adapter.collision_detect import SQE_WINDOW_BITS, CollisionDetect
from firmware_models.adapter.csma_parameters import (
    HEADER_BITS,
    MAX_DEFER_BITS,
    PAUSE_QUANTUM_BITS,
    WINDOW_LIMIT,
    CsmaParameters,
    TransmitReport,
)
from firmware_models.adapter.deference import WATCH, Deference
from firmware_models.network.segment import OPEN, Port, Transmission
from rig.adapter.recorder import Timeline, TimelineEvent
from rig.runtime.kernel import Timer

REQUEST_SYNC_EDGES = 2
"""Edges from the one that first samples a request to the one that sees it."""


class Phase(IntEnum):
    """What the machine is doing; see the table above."""

    IDLE = 0
    WAIT = 1
    SEND = 2
    JAM = 3
    BACKOFF = 4
    TEST = 5


IDLE, WAIT, SEND, JAM, BACKOFF, TEST = Phase


class CsmaCd:
    """The transmitting side of one station.

    ``on_done(report)`` is called at the edge of ``report.done_edge``; it may submit the next frame. ``draw_word``
    gives the word for a backoff draw at the present time (None: the generator's own). ``on_loopback(frame, start,
    end)`` takes a frame sent in loopback, with the edges between which TX_EN was high.
    """

    __slots__ = (
        "_attempt", "_collision_edge", "_draw_word", "_end_edge", "_frame_id", "_had_collision_at_end", "_halt_ns",
        "_is_control", "_jam_edge", "_kernel", "_name", "_on_done", "_on_loopback", "_pauses", "_planned_edge",
        "_ready_edge", "_release_edge", "_report", "_seed", "_slots", "_start_edge", "_timeline", "_timer",
        "_transmission", "_waiting_edge", "bits", "collision_detect", "deference", "generator", "jam_edges",
        "parameters", "phase", "port", "slot_edges",
    )  # fmt: skip

    def __init__(
        self,
        port: Port,
        *,
        on_done: Callable[[TransmitReport], None],
        collision_sync: int = 2,
        carrier_sync: int = 2,
        draw_word: Callable[[], int | None] | None = None,
        on_loopback: Callable[[bytes, int, int], None] | None = None,
    ) -> None:
        segment = port.segment
        self.port = port
        self.deference = Deference(port, carrier_sync)
        self.collision_detect = CollisionDetect(port, self.deference, collision_sync)
        self.generator = Generator()
        self._seed = 0
        self.phase = IDLE
        self.bits = segment.bits_per_edge
        self._kernel = segment.kernel
        self._timeline: Timeline | None = segment.timeline
        self._name = port.name
        self._on_done = on_done
        self._on_loopback = on_loopback
        self._draw_word = draw_word
        self._frame_id = 0
        self._attempt = 0
        self._report = TransmitReport(b"")
        self._ready_edge = 0  # the first edge at which the frame could wait, were there no pause
        self._waiting_edge = 0
        self._planned_edge: int | None = None  # in WAIT: the edge of the start; None while carrier lasts
        self._start_edge = 0
        self._end_edge = 0
        self._collision_edge = OPEN
        self._jam_edge = 0
        self._had_collision_at_end = False
        self._slots = 0  # of the backoff under way
        self._is_control = False
        self._pauses: list[tuple[int, int]] = []  # edges [first, last] at which frames are held back
        self._halt_ns = OPEN  # when a reset will be seen
        self._release_edge = 0
        self._timer: Timer | None = None
        self._transmission: Transmission | None = None
        port.station = self
        self.configure(CsmaParameters())

    # -- what the adapter calls ----------------------------------------------------------------------------------------

    def configure(self, parameters: CsmaParameters) -> None:
        """Take new parameters; the machine should be idle."""
        bits = self.bits
        self.parameters = parameters
        self.slot_edges = max(1, parameters.slot_bits // bits)
        self.jam_edges = max(1, parameters.jam_bits // bits)
        deference = self.deference
        deference.full_duplex = parameters.is_deaf
        deference.part1_edges = parameters.part1_bits // bits
        deference.total_edges = max(1, parameters.part1_bits // bits + parameters.part2_bits // bits)

    def submit(self, frame: bytes, request_ns: int, *, is_control: bool = False) -> None:
        """Send ``frame`` (destination address to FCS, padded); the request toggles at the bus edge ``request_ns``.

        A control frame is not held by a pause.
        """
        self._report = TransmitReport(frame, is_full_duplex=self.parameters.is_deaf)
        self._is_control = is_control
        self._attempt = 1
        self._wait_from(self.port.edge_from(request_ns) + REQUEST_SYNC_EDGES)

    def pause(self, edge_ns: int, quanta: int) -> None:
        """Hold frames back for ``quanta`` of 512 bit times (Annex 31B), handed over at the bus edge ``edge_ns``."""
        loaded_edge = self.port.edge_from(edge_ns) + REQUEST_SYNC_EDGES
        needed_edge = self._ready_edge if self.phase is WAIT else loaded_edge
        old = [(first, min(last, loaded_edge)) for first, last in self._pauses if last >= needed_edge]
        new = [(loaded_edge + 1, loaded_edge + quanta * PAUSE_QUANTUM_BITS // self.bits)] if quanta else []
        self._pauses = old + new
        if self.phase is WAIT:
            self._plan()

    def reset_at(self, edge: int) -> None:
        """The synchronised reset is seen at ``edge``: TX_EN falls there, and nothing else happens from there on."""
        t_ns = self._halt_ns = self.port.edge_ns(edge)
        self._seed = 0
        if self._timer is not None and self._timer.when_ns >= t_ns:
            self._stop_timer()
        self._kernel.call_at(t_ns, self._reset)

    def reset_now(self) -> None:
        """The power fails: TX_EN falls at this very ns."""
        self._halt_ns = OPEN
        self._seed = 0
        self._reset()

    def _reset(self, _: object = None) -> None:
        now_ns = self._kernel.now_ns
        if self.phase in (SEND, JAM):
            self._drop_carrier(self.port.edge_from(now_ns), now_ns)
        elif self.phase is BACKOFF and self._timeline is not None:
            self._record_backoff(now_ns)
        self._stop_timer()
        self.port.segment.listeners.pop(self, None)
        self.phase = IDLE
        self._pauses = []
        self.generator.load(self._seed)
        self._halt_ns = OPEN
        self.deference.reset(self._release_edge)

    def load_seed(self, seed: int) -> None:
        """Load the backoff generator; one that is still on its way into reset loads it there."""
        self._seed = seed
        if self._halt_ns == OPEN:
            self.generator.load(seed)

    def release_at(self, edge: int) -> None:
        """Say which edge is the first out of reset; after :meth:`reset_at`, :meth:`reset_now` or power-on."""
        self._release_edge = edge
        if self._halt_ns == OPEN:
            self.deference.reset(edge)

    def finish(self) -> None:
        """End of a run: put what still lasts into the timeline, as if it ended now."""
        if self._timeline is not None:
            now_ns = self._kernel.now_ns
            if self.phase is BACKOFF:
                self._record_backoff(now_ns)
            elif self.phase in (SEND, JAM):
                self._record_transmission(now_ns)

    @property
    def is_transmitting(self) -> bool:
        """TX_EN is high."""
        return self.phase in (SEND, JAM)

    @property
    def collisions(self) -> int:
        """Collisions of the frame under way so far."""
        return self._report.collisions

    def is_deferring(self) -> bool:
        """Tell whether the deference process is out of WATCH at the last edge."""
        edge = self.port.edge_after(self._kernel.now_ns) - 1
        return self.is_transmitting or self.deference.state_before(edge) is not WATCH

    # -- what the segment calls ----------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """See :class:`~firmware_models.network.segment.Station`."""
        return self.deference.cursor

    def catch_up(self) -> None:
        """See :class:`~firmware_models.network.segment.Station`."""
        if self.deference.full_duplex:
            segment = self.port.segment
            self.deference.cursor = segment.history_base + len(segment.history)
        elif not self.is_transmitting:
            self.deference.state_before(self.port.edge_after(self._kernel.now_ns))

    def foreign_began(self, transmission: Transmission) -> None:
        """See :class:`~firmware_models.network.segment.Listener`."""
        if self.phase is WAIT:
            planned_edge = self._planned_edge
            if planned_edge is not None:
                first, _ = self.port.arrival(transmission)
                if first + self.deference.carrier_sync <= planned_edge:
                    self._plan()
        elif self.phase is SEND:
            self._watch()

    def foreign_ended(self, transmission: Transmission) -> None:
        """See :class:`~firmware_models.network.segment.Listener`."""
        if self.phase is WAIT and self._planned_edge is None:
            self._plan()

    # -- waiting -------------------------------------------------------------------------------------------------------

    def _wait_from(self, edge: int) -> None:
        """The frame waits for the medium from ``edge`` on."""
        self.phase = WAIT
        self._ready_edge = self._waiting_edge = edge
        if not self.deference.full_duplex:
            self.port.segment.listeners[self] = None
        self._plan()

    def _plan(self) -> None:
        """Find the edge at which the frame starts, from the carrier known at present."""
        port = self.port
        waiting_edge = self._waiting_edge
        known_edge = port.edge_after(self._kernel.now_ns)
        edge = self.deference.earliest_start(waiting_edge, known_edge)
        if self._pauses and not self._is_control:
            edge = self._after_pauses(known_edge)
        self._planned_edge = edge
        if not self.parameters.defer_forever:
            last = waiting_edge + MAX_DEFER_BITS // self.bits - 1
            if edge is None or edge > last:
                self._schedule(port.edge_ns(last), self._give_up_deferring)
                return
        if edge is None:
            self._stop_timer()
        else:
            self._schedule(port.edge_ns(edge), self._start)

    def _after_pauses(self, known_edge: int) -> int | None:
        """Find the start outside of every pause; after a pause the frame waits anew."""
        self._waiting_edge = self._ready_edge
        edge = self.deference.earliest_start(self._ready_edge, known_edge)
        for first, last in self._pauses:
            if edge is None or edge < first:
                break
            if self._waiting_edge < first and self._attempt == 1:
                self._report.is_deferred = True
            self._waiting_edge = max(self._waiting_edge, last + 1)
            edge = self.deference.earliest_start(self._waiting_edge, known_edge)
        return edge

    def _give_up_deferring(self, _: object) -> None:
        """IEEE Std 802.3-2022 leaves it open whether such a frame is dropped; DEFER_FOREVER = 0 says so."""
        self._timer = None
        report = self._report
        report.has_excessive_deferral = True
        if self._attempt == 1:
            report.is_deferred = True
        self.port.segment.listeners.pop(self, None)
        self._done(self._waiting_edge + MAX_DEFER_BITS // self.bits - 1)

    def _backoff_expired(self, edge: int) -> None:
        self._timer = None
        if self._timeline is not None:
            self._record_backoff(self.port.edge_ns(edge))
        self._attempt += 1
        self._wait_from(edge)

    # -- sending -------------------------------------------------------------------------------------------------------

    def _start(self, _: object) -> None:
        """TX_EN rises at this edge."""
        self._timer = None
        report = self._report
        start_edge = self._planned_edge
        assert start_edge is not None
        self._start_edge = start_edge
        waited = start_edge - self._waiting_edge
        if self._attempt == 1:
            self._frame_id += 1
            report.is_deferred = report.is_deferred or waited > 0
        if waited >= MAX_DEFER_BITS // self.bits:
            report.has_excessive_deferral = True
        if waited and self._timeline is not None:
            port = self.port
            self._record("defer", port.edge_ns(self._waiting_edge), port.edge_ns(start_edge))
        self.phase = SEND
        self._end_edge = start_edge + (HEADER_BITS + 8 * len(report.frame)) // self.bits
        self._collision_edge = OPEN
        self.collision_detect.begin(start_edge)
        if not self.parameters.loopback:
            self._transmission = self.port.segment.begin(self.port, report.frame)
        self._watch()

    def _watch(self) -> None:
        """Schedule the next thing known to happen in a transmission without collision: a collision, or its end."""
        edge = self._first_collision_edge()
        if edge == self._collision_edge and self._timer is not None:
            return
        self._collision_edge = edge
        if edge < self._end_edge:
            self._schedule(self.port.edge_ns(edge), self._collide)
        else:
            self._schedule(self.port.edge_ns(self._end_edge), self._end)

    def _first_collision_edge(self) -> int:
        """Return the first edge after the start that sees COL, from what is known at present; OPEN if there is none."""
        parameters = self.parameters
        if parameters.is_deaf:
            return OPEN
        return self._start_edge + 1 if parameters.force_collision else self.collision_detect.first_edge()

    def _collide(self, _: object) -> None:
        """Act on a collision: IEEE Std 802.3-2022 4.2.8, the header is finished, then comes the jam."""
        self._timer = None
        edge = self._collision_edge
        self._collision_edge = OPEN
        if self._first_collision_edge() != edge:  # what was to collide has ended before it arrived
            self._watch()
            return
        start_edge = self._start_edge
        report = self._report
        report.collisions += 1
        if edge - start_edge >= self._late_edges():
            report.late_collisions += 1
        self.phase = JAM
        self._collision_edge = edge
        self._jam_edge = max(edge, start_edge + HEADER_BITS // self.bits)
        self._end_edge = self._jam_edge + self.jam_edges
        if self._transmission is not None:
            self._transmission.jams_from(self._jam_edge - start_edge)
        self._schedule(self.port.edge_ns(self._end_edge), self._end)
        if self._timeline is not None:
            at_ns = self.port.edge_ns(edge)
            self._record("collision", at_ns, at_ns, collision_bit=self.bits * (edge - start_edge))

    def _late_edges(self) -> int:
        """Return after how many edges a collision is late.

        On the bit clock the edge that sees COL ends the bit in which it came, and clause 4 judges by that bit.
        """
        return self.slot_edges + 1 if self.bits == 1 else self.slot_edges

    def _end(self, _: object) -> None:
        """TX_EN falls at this edge."""
        self._timer = None
        edge = self._end_edge
        collided = self.phase is JAM
        transmission = self._transmission
        start_edge = self._start_edge
        self._drop_carrier(edge, self.port.edge_ns(edge))
        report = self._report
        if collided:
            self._after_collision(edge)
            return
        report.is_ok = True
        parameters = self.parameters
        if parameters.loopback:
            if self._on_loopback is not None:
                self._on_loopback(report.frame, start_edge, edge)
        elif transmission is not None:
            self.port.segment.record_frame(transmission)
        if not self.deference.full_duplex:
            report.has_lost_carrier = self.collision_detect.has_lost_carrier()
            if parameters.sqe_test:
                self._had_collision_at_end = self.collision_detect.is_in_synchroniser()  # it will look like the test
                self.phase = TEST
                test_edge = edge + SQE_WINDOW_BITS // self.bits
                self._schedule(self.port.edge_ns(test_edge), self._end_sqe_test, test_edge)
                return
        self._done(edge)

    def _drop_carrier(self, edge: int, end_ns: int) -> None:
        """TX_EN falls; ``edge`` is the first edge after which it is low."""
        port = self.port
        segment = port.segment
        segment.listeners.pop(self, None)
        start_edge = self._start_edge
        self.collision_detect.end(edge)
        self.generator.advance(edge - start_edge)
        self.deference.transmission_ended(edge, self._transmission is not None and not segment.full_duplex)
        transmission, self._transmission = self._transmission, None
        if transmission is not None:
            segment.end(transmission)
        if self._timeline is not None:
            self._record_transmission(end_ns)

    def _record_transmission(self, end_ns: int) -> None:
        port = self.port
        self._record("transmit", port.edge_ns(self._start_edge), end_ns)
        if self.phase is JAM and port.edge_ns(self._jam_edge) < end_ns:
            self._record("jam", port.edge_ns(self._jam_edge), end_ns)

    def _record_backoff(self, end_ns: int) -> None:
        port = self.port
        self._record("backoff", port.edge_ns(self._end_edge), end_ns, slots=self._slots)

    def _after_collision(self, edge: int) -> None:
        report = self._report
        parameters = self.parameters
        collisions = report.collisions
        if collisions >= parameters.attempt_limit:
            report.has_excessive_collisions = True
            self._done(edge)
        elif self._collision_edge - self._start_edge >= self._late_edges() and not parameters.late_retry:
            self._done(edge)
        else:
            self._slots = self._draw(min(collisions, parameters.backoff_limit, WINDOW_LIMIT))
            if self._slots:
                self.phase = BACKOFF
                expiry_edge = edge + self._slots * self.slot_edges
                self._schedule(self.port.edge_ns(expiry_edge), self._backoff_expired, expiry_edge)
            else:
                self._backoff_expired(edge)

    def _draw(self, exponent: int) -> int:
        """Return a number of slots below ``2**exponent``."""
        if self.parameters.no_backoff:
            return 0
        word = self._draw_word() if self._draw_word is not None else None
        if word is None:
            word = self.generator.word()
        return word & ((1 << exponent) - 1)

    # -- after sending -------------------------------------------------------------------------------------------------

    def _end_sqe_test(self, edge: int) -> None:
        """The window in which COL must be seen ends now."""
        self._timer = None
        self._report.is_sqe_missing = not (self._had_collision_at_end or self.collision_detect.has_sqe_test(edge))
        self._done(edge)

    def _done(self, edge: int) -> None:
        self.phase = IDLE
        report = self._report
        report.done_edge = edge
        self._on_done(report)

    # -- small things --------------------------------------------------------------------------------------------------

    def _schedule(self, t_ns: int, fn: Callable[[int], None] | Callable[[object], None], arg: int = 0) -> None:
        timer = self._timer
        if timer is not None:
            timer.cancel()
        self._timer = self._kernel.call_at(t_ns, fn, arg) if t_ns < self._halt_ns else None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _record(
        self, kind: str, t_ns: int, end_ns: int, *, slots: int | None = None, collision_bit: int | None = None
    ) -> None:
        assert self._timeline is not None
        self._timeline.add(
            TimelineEvent(t_ns, end_ns, self._name, kind, self._frame_id, self._attempt, slots, collision_bit)
        )
