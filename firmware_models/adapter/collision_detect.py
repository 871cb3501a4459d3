"""What a station sees of COL and CRS while it transmits, and after: computed from what is known of the medium.

IEEE Std 802.3-2022 4.2.8 (collisionDetect), 5.2.4 (carrier sense and SQE test errors). A level sampled at one edge is
seen by the machine a synchroniser later. Answers hold for what has begun and ended by now; a transmission that has not
ended is taken to last.
"""

from __future__ import annotations

from firmware_models.adapter.deference import Deference
from firmware_models.network.segment import OPEN, SQE_DELAY_BITS, SQE_END_BITS, Port, merge

SQE_WINDOW_BITS = 64
"""How long after a transmission the SQE test signal is looked for."""

OWN_TRANSMISSIONS = 4
"""How many of the last own transmissions are remembered."""


class CollisionDetect:
    """COL and CRS of one transmitter.

    ``own_edges`` are the last own transmissions as edges ``[start, end)`` of TX_EN, oldest first; they also blank the
    receiver.
    """

    __slots__ = ("_deference", "_port", "own_edges", "sync")

    def __init__(self, port: Port, deference: Deference, sync: int) -> None:
        self._port = port
        self._deference = deference
        self.sync = sync
        self.own_edges: list[tuple[int, int]] = []

    def begin(self, start_edge: int) -> None:
        """TX_EN rises."""
        own = self.own_edges
        own.append((start_edge, OPEN))
        if len(own) > OWN_TRANSMISSIONS:
            del own[0]

    def end(self, end_edge: int) -> None:
        """TX_EN falls."""
        self.own_edges[-1] = (self.own_edges[-1][0], end_edge)

    def arrivals(self) -> list[tuple[int, int]]:
        """Return the edges ``[first, end)`` that sample each foreign transmission of interest since the last start."""
        port = self._port
        segment = port.segment
        history = segment.history
        index = self._deference.cursor - segment.history_base
        if index == len(history) - 1 and history[index].port is port:
            return []
        return [port.arrival(each) for each in history[index:] if each.port is not port]

    def first_edge(self) -> int:
        """Return the first edge after the last start that sees COL; OPEN if there is none."""
        segment = self._port.segment
        if segment.full_duplex:
            return OPEN
        own = self.own_edges
        start_edge = own[-1][0]
        sampled = OPEN
        for first, gone in self.arrivals():
            if first <= start_edge:
                first = start_edge + 1
            if first < sampled and first < gone:
                sampled = first
        since_last = start_edge - own[-2][1] if segment.has_sqe_test and len(own) > 1 else OPEN
        if since_last < SQE_END_BITS // segment.bits_per_edge + self.sync:
            first, gone = self._sqe_edges(own[-2][1])
            first = max(first, start_edge + 1 - self.sync)
            if first < gone:
                sampled = min(sampled, first)
        return sampled + self.sync if sampled < OPEN else OPEN

    def has_lost_carrier(self) -> bool:
        """Tell whether carrier was never seen in the last transmission, or was lost after it was seen."""
        start_edge, end_edge = self.own_edges[-1]
        lag = self._deference.carrier_sync
        arrivals = self.arrivals()
        if not arrivals and not self._port.segment.full_duplex:
            return False
        carrier = [(max(first, start_edge + 1 - lag) + lag, end + lag) for first, end in arrivals]
        if not self._port.segment.full_duplex:
            carrier.append((start_edge + 1 + lag, OPEN))
        seen = merge(sorted(carrier))
        return not seen or seen[0][0] > end_edge or seen[0][1] <= end_edge

    def is_in_synchroniser(self) -> bool:
        """Tell, when TX_EN has just fallen, whether COL that came too late to act on will be seen after it."""
        if self._port.segment.full_duplex:
            return False
        end_edge = self.own_edges[-1][1]
        return any(first <= end_edge < gone + self.sync - 1 for first, gone in self.arrivals())

    def has_sqe_test(self, window_edge: int) -> bool:
        """Tell whether the SQE test of the last transmission was seen up to ``window_edge``."""
        if not self._port.segment.has_sqe_test:
            return False
        end_edge = self.own_edges[-1][1]
        first, gone = self._sqe_edges(end_edge)
        return first + self.sync <= window_edge and gone + self.sync > end_edge + 1

    def _sqe_edges(self, end_edge: int) -> tuple[int, int]:
        """Return the edges ``[first, end)`` that sample the SQE test after a transmission until ``end_edge``."""
        port = self._port
        end_ns = port.edge_ns(end_edge)
        bit_ns = port.segment.bit_ns
        return port.edge_after(end_ns + SQE_DELAY_BITS * bit_ns), port.edge_after(end_ns + SQE_END_BITS * bit_ns)
