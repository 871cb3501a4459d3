"""The deference process of one station, evaluated when somebody asks instead of at every edge.

IEEE Std 802.3-2022 4.2.3.2.1 with the two-part gap of 4.2.8, as the edge-by-edge machine of ``docs/adapter.md``:
WATCH (no carrier, may start), BUSY (carrier, or own transmission), GAP (counts from the first edge without carrier).
Its only input is the carrier, which is a short list of intervals of edges; between two of their ends it does nothing
that cannot be computed. The machine therefore keeps a *checkpoint*, its state before some edge in the past, and walks
from there over the intervals. What depends only on carrier that is known for good moves the checkpoint.
"""

from __future__ import annotations

from enum import IntEnum

from firmware_models.network.segment import OPEN, Port, Transmission, merge

MISSED_LIMIT = 6
"""Transmissions that are walked through; if more were missed, it pays to look for a short cut."""


class DeferenceState(IntEnum):
    """States of the machine."""

    WATCH = 0
    """The medium is free; a waiting frame starts at once."""
    BUSY = 1
    """Carrier, own or foreign."""
    GAP = 2
    """Interpacket gap; a waiting frame starts when it is over."""


WATCH, BUSY, GAP = DeferenceState


class Deference:
    """Tells when a station may start.

    ``part1_edges`` and ``total_edges`` are the two-part gap in edges, ``carrier_sync`` the edges by which the
    synchronised carrier lags. In full duplex there is no carrier but the own transmission.
    """

    __slots__ = (
        "_edge", "_had_transmitted", "_own_carrier_end", "_port", "_state", "carrier_sync", "cursor", "full_duplex",
        "part1_edges", "total_edges",
    )  # fmt: skip

    def __init__(self, port: Port, carrier_sync: int) -> None:
        self._port = port
        self.carrier_sync = carrier_sync
        self.part1_edges = 0
        self.total_edges = 1
        self.full_duplex = False
        self.cursor = 0
        """Absolute index into the history of the segment: what lies before it is of no interest any more."""
        self._state = WATCH
        self._edge = 0
        self._had_transmitted = False
        self._own_carrier_end = 0  # edge at which the station stops to see its own transmission

    def reset(self, edge: int) -> None:
        """Come out of reset before ``edge``."""
        self._state = WATCH
        self._edge = edge
        self._had_transmitted = False
        self._own_carrier_end = 0

    def transmission_ended(self, edge: int, sees_itself: bool) -> None:
        """The own TX_EN falls at ``edge``; ``sees_itself``: the medium returned it as carrier."""
        self._state = BUSY
        self._edge = edge
        self._had_transmitted = True
        self._own_carrier_end = edge + 1 + self.carrier_sync if sees_itself else 0

    def carrier(self, edge: int) -> list[tuple[int, int]]:
        """Return the intervals of edges at which synchronised carrier is seen, from ``edge`` on; OPEN where unknown."""
        if self.full_duplex:
            return []
        port = self._port
        segment = port.segment
        lag = self.carrier_sync
        delays_ns = port.delays_ns
        period_ns = port.period_ns
        history = segment.history
        index = self.cursor - segment.history_base
        count = len(history)
        leading = True
        intervals: list[tuple[int, int]] = []
        while index < count:
            transmission = history[index]
            sender = transmission.port
            if sender is not port:
                offset_ns = delays_ns[sender.index] - port.phase_ns
                end_ns = transmission.end_ns
                end = OPEN if end_ns == OPEN else (end_ns + offset_ns) // period_ns + 1 + lag
                if end > edge:
                    leading = False
                    intervals.append(((transmission.start_ns + offset_ns) // period_ns + 1 + lag, end))
            elif transmission.end_ns == OPEN:
                leading = False
            index += 1
            if leading:
                self.cursor += 1
        if self._own_carrier_end > edge:
            intervals.append((edge, self._own_carrier_end))
        if len(intervals) > 1:
            intervals.sort()
            return merge(intervals)
        return intervals

    def earliest_start(self, waiting_edge: int, known_edge: int) -> int | None:
        """Return the edge at which a frame that waits from ``waiting_edge`` on starts, or None while carrier lasts.

        ``known_edge``: the carrier seen before this edge is known for good; the checkpoint may move up to it. The
        answer holds until a carrier is seen at or before the edge returned.
        """
        segment = self._port.segment
        if segment.history_base + len(segment.history) - self.cursor > MISSED_LIMIT:
            self._skip_ahead(known_edge)
        state, edge, had_transmitted = self._state, self._edge, self._had_transmitted
        carrier = self.carrier(edge)
        count = len(carrier)
        index = 0
        while True:
            if edge <= known_edge:
                self._state, self._edge, self._had_transmitted = state, edge, had_transmitted
            if state is GAP:
                first_idle = edge - 1
                over = first_idle + self.total_edges
                if not had_transmitted and index < count:
                    seen = carrier[index][0]  # not earlier than edge: an interval ended at first_idle
                    if seen < first_idle + self.part1_edges:
                        state, edge = BUSY, seen + 1
                        continue
                if waiting_edge <= over:
                    return over
                while index < count and carrier[index][1] <= over:
                    index += 1
                had_transmitted = False
                state = BUSY if index < count and carrier[index][0] <= over else WATCH
                edge = over + 1
            else:
                while index < count and carrier[index][1] <= edge:
                    index += 1
                if state is WATCH:
                    seen = max(carrier[index][0], edge) if index < count else OPEN
                    start = max(edge, waiting_edge)
                    if start < seen:
                        return start
                    if seen == OPEN:
                        return None
                    state, edge, had_transmitted = BUSY, seen + 1, False
                else:
                    if index < count and carrier[index][0] <= edge:
                        edge = carrier[index][1]
                        if edge == OPEN:
                            return None
                        index += 1
                    state, edge = GAP, edge + 1

    def _skip_ahead(self, known_edge: int) -> None:
        """Move the checkpoint to the end of a recent foreign frame, over everything that happened before it.

        Carrier that lasted longer than the whole gap leaves any machine that did not transmit meanwhile in BUSY,
        whatever it was before; so a station that comes back from a long backoff need not walk through all that it
        missed.
        """
        port = self._port
        segment = port.segment
        if self.full_duplex or segment.full_duplex:
            return
        history = segment.history
        index = len(history)
        for _ in range(2):  # the newest cluster may not be over yet
            if not index:
                return
            cluster = history[index - 1].cluster
            index -= len(cluster)
            if segment.history_base + index < self.cursor:
                return
            longest = max(cluster, key=_duration_ns)
            end = port.arrival(longest)[1] + self.carrier_sync
            if end <= known_edge and all(each.end_ns != OPEN and each.port is not port for each in cluster):
                if end > self._edge and _duration_ns(longest) > self.total_edges * port.period_ns:
                    self._state, self._edge, self._had_transmitted = BUSY, end, False
                    self.cursor = segment.history_base + index
                return

    def state_before(self, edge: int) -> DeferenceState:
        """Return the state before ``edge``; the carrier seen until then must be known. Moves the checkpoint."""
        self.earliest_start(OPEN, edge)
        return self._state


def _duration_ns(transmission: Transmission) -> int:
    return transmission.end_ns - transmission.start_ns
