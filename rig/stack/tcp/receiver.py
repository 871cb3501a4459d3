"""The receiving half of a connection: order, window, and when to acknowledge.

``rcv_adv`` is the right edge that the peer was told and never moves back (RFC 9293, 3.8.6.2.2), except by less than one
unit of the window scale (RFC 7323, 2.4). An acknowledgement that advances is owed once for a whole batch of segments; a
duplicate acknowledgement is owed for each segment that arrives beyond a hole, because the peer counts them.
"""

from __future__ import annotations

from rig.stack.config import TcpConfig
from rig.stack.counters import Counters
from rig.stack.tcp.reassembly import ReassemblyQueue
from rig.stack.tcp.seq import HALF, MASK, difference
from rig.stack.timer_queue import NEVER

SACK_RUNS = 8
"""How many runs beyond holes are remembered by recency: twice as many as a segment can report."""


class Receiver:
    """RCV variables, receive buffer, out-of-order queue and acknowledgement policy of one connection."""

    __slots__ = (
        "_config",
        "_counters",
        "_fin_position",
        "_largest_window",
        "_position",
        "_recent",
        "_urgent_position",
        "ack_now",
        "buffer",
        "capacity",
        "delayed_ack_ns",
        "duplicates_owed",
        "fin_received",
        "irs",
        "largest_segment",
        "last_ack_sent",
        "mss",
        "queue",
        "rcv_adv",
        "rcv_nxt",
        "unacknowledged",
    )

    def __init__(self, config: TcpConfig, counters: Counters) -> None:
        self._config = config
        self._counters = counters
        self.capacity = config.receive_buffer_octets
        self.buffer = bytearray()
        self.queue = ReassemblyQueue(config.out_of_order_segments)
        self.irs = self.rcv_nxt = self.rcv_adv = self.last_ack_sent = 0
        self.mss = 536
        self.largest_segment = 536
        self.ack_now = False
        self.duplicates_owed = 0
        self.unacknowledged = 0
        self.delayed_ack_ns = NEVER
        self.fin_received = False
        self._largest_window = 0xFFFF  # that the field can tell
        self._position = 0  # octets of the stream before rcv_nxt
        self._fin_position: int | None = None
        self._urgent_position = 0  # RCV.UP: octets of the stream up to the end of urgent data
        self._recent: list[int] = []  # a position in each run beyond a hole, the one that grew last first

    def start(self, irs: int) -> None:
        """Take the peer's initial sequence number."""
        self.irs = irs
        self.rcv_nxt = (irs + 1) & MASK
        self.rcv_adv = self.last_ack_sent = self.rcv_nxt

    @property
    def window(self) -> int:
        """RCV.WND: how many octets beyond ``rcv_nxt`` the peer was told it may send."""
        return (self.rcv_adv - self.rcv_nxt) & MASK

    def is_acceptable(self, sequence: int, length: int) -> bool:
        """Apply the acceptability test of RFC 9293, 3.4 (table 6) to a segment of SEG.LEN ``length``."""
        start = (sequence - self.rcv_nxt) & MASK
        window = (self.rcv_adv - self.rcv_nxt) & MASK
        if length == 0:
            return start < window or start == 0
        if window == 0:
            return False
        return start < window or (start + length - 1) & MASK < window

    def accept(self, sequence: int, data: bytes | memoryview, fin: bool, now_ns: int) -> bool:
        """Take the text of an acceptable segment; return whether the reader has something new, text or the end.

        What lies before ``rcv_nxt`` or beyond the window is cut off.
        """
        octets = len(data)
        if octets > self.largest_segment:
            self.largest_segment = min(octets, self.mss)
        ahead = (sequence - self.rcv_nxt) & MASK
        if ahead >= HALF:  # begins before rcv_nxt
            skipped = -ahead & MASK
            if skipped > octets or (skipped == octets and not fin):
                self.ack_now = True
                return False
            data = data[skipped:]
            octets -= skipped
            ahead = 0
            self.ack_now = True  # a retransmission: the peer may have lost our acknowledgement
        room = ((self.rcv_adv - self.rcv_nxt) & MASK) - ahead
        if octets > room:
            data = data[:room]
            octets = room
            fin = False
            self.ack_now = True
        position = self._position + ahead
        if fin:
            if self._fin_position is None:
                self._fin_position = position + octets
            self.ack_now = True
        if self._fin_position is not None and position + octets > self._fin_position:
            octets = max(0, self._fin_position - position)  # text beyond a FIN does not exist
            data = data[:octets]
        if ahead == 0:
            return self._accept_in_order(data, octets, now_ns)
        if octets:
            if not self.queue.insert(position, data):
                self._counters.add("tcp_out_of_order_queue_full")
            self._note_recent(position)
        self.duplicates_owed += 1  # RFC 5681, 4.2
        return False

    def accept_next(self, data: bytes | memoryview, now_ns: int) -> bool:
        """Do what :meth:`accept` does with text that begins at ``rcv_nxt``, fits the window and has nothing beyond it.

        False, and nothing done, where something was received beyond it or the window is too small.
        """
        octets = len(data)
        if self.queue.octets or self._fin_position is not None or octets > (self.rcv_adv - self.rcv_nxt) & MASK:
            return False
        if octets > self.largest_segment:
            self.largest_segment = min(octets, self.mss)
        self.buffer += data
        self._advance(octets, now_ns)
        return True

    def _accept_in_order(self, data: bytes | memoryview, octets: int, now_ns: int) -> bool:
        self.buffer += data
        advanced = octets
        if self.queue:
            for piece in self.queue.take(self._position + octets):
                self.buffer += piece
                advanced += len(piece)
            self.ack_now = True  # fills a hole or leaves one: RFC 5681, 4.2
            self.duplicates_owed = 0
        self._advance(advanced, now_ns)
        if self._position == self._fin_position and not self.fin_received:
            self.fin_received = True
            self.ack_now = True  # it may have waited beyond the hole that this text filled
            self.rcv_nxt = (self.rcv_nxt + 1) & MASK
            if self.rcv_adv == (self.rcv_nxt - 1) & MASK:
                self.rcv_adv = self.rcv_nxt
            return True
        return advanced > 0

    def _advance(self, octets: int, now_ns: int) -> None:
        """Account for octets that follow those received before, and owe their acknowledgement."""
        self._position += octets
        self.rcv_nxt = (self.rcv_nxt + octets) & MASK
        self.unacknowledged += octets
        if octets and self.delayed_ack_ns == NEVER:
            self.delayed_ack_ns = now_ns + self._config.delayed_ack_ns

    def sack_blocks(self, limit: int) -> tuple[tuple[int, int], ...]:
        """Return up to ``limit`` runs beyond a hole as sequence numbers, the one that grew last first (RFC 2018, 4)."""
        runs = (self.queue.run_at(position) for position in self._recent)
        offset = self.rcv_nxt - self._position
        return tuple([((run[0] + offset) & MASK, (run[1] + offset) & MASK) for run in runs if run][: max(0, limit)])

    def _note_recent(self, position: int) -> None:
        run = self.queue.run_at(position)
        if run is not None:
            others = [each for each in self._recent if not run[0] <= each < run[1] and self.queue.run_at(each)]
            self._recent = [position, *others[: SACK_RUNS - 1]]

    @property
    def urgent_octets(self) -> int:
        """How many octets remain to be read up to the end of urgent data (RFC 9293, MUST-33)."""
        return max(0, self._urgent_position - self._position + len(self.buffer))

    def note_urgent(self, sequence: int, pointer: int) -> bool:
        """Take the urgent pointer of a segment; return whether there is more urgent data than was known."""
        position = self._position + difference((sequence + pointer) & MASK, self.rcv_nxt)
        if position <= self._urgent_position:
            return False
        self._urgent_position = position
        return self.urgent_octets > 0

    def read(self, max_octets: int) -> bytes:
        """Remove and return up to ``max_octets`` octets; asks for a window update where one is worth sending."""
        buffer = self.buffer
        if max_octets >= len(buffer):
            data = bytes(buffer)
            self.buffer = bytearray()
        else:
            data = bytes(memoryview(buffer)[:max_octets])
            del buffer[:max_octets]
        if not self.fin_received:
            window = self.window
            growth = min(self.capacity - len(self.buffer), self._largest_window) - window
            if growth >= min(self.capacity // 2, self.mss if window < self.mss else 2 * self.mss):
                self.ack_now = True
        return data

    def is_ack_due(self) -> bool:
        """Tell whether an acknowledgement must not wait: at least every second full segment (RFC 9293, 3.8.6.3)."""
        return self.ack_now or self.unacknowledged >= 2 * self.largest_segment

    def take_window_field(self, scale: int) -> int:
        """Return the window field for a segment that acknowledges now, and account for that segment.

        ``scale`` is the shift that the peer applies, 0 on a SYN. Receiver SWS avoidance: RFC 9293, 3.8.6.2.2.
        """
        window = (self.rcv_adv - self.rcv_nxt) & MASK
        self._largest_window = largest = 0xFFFF << scale
        free = self.capacity - len(self.buffer)
        if free > largest:
            free = largest
        if free - window >= min(self.capacity // 2, self.mss):
            field = free >> scale
        else:
            field = (window + (1 << scale) - 1) >> scale
            if field << scale > free + (1 << scale) or field > 0xFFFF:
                field = window >> scale
        self.rcv_adv = (self.rcv_nxt + (field << scale)) & MASK
        self.last_ack_sent = self.rcv_nxt
        self.ack_now = False
        self.unacknowledged = 0
        self.delayed_ack_ns = NEVER
        return field

    def stop(self) -> None:
        """Forget everything that was received and not read."""
        self.buffer = bytearray()
        self.queue.clear()
        self.delayed_ack_ns = NEVER
        self.ack_now = False
        self.duplicates_owed = 0
