"""One heap of deadlines for the whole stack, re-armed lazily.

Most timers of a protocol are pushed forward again and again (each acknowledgement restarts the retransmission timer)
and few expire. So an item that moves its deadline later leaves its old heap entry where it is; the entry is corrected
only when it comes to the top. ``next_deadline`` is then the heap's top, whatever the number of idle connections.
Items with equal deadlines expire in the order in which they were entered.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Protocol

NEVER = 1 << 62


class Timed(Protocol):
    """Something with one deadline.

    The owner writes ``deadline_ns`` and then calls :meth:`TimerQueue.update`; ``queued_ns`` belongs to the queue and
    starts as NEVER.
    """

    deadline_ns: int
    queued_ns: int

    def handle_deadline(self, now_ns: int) -> None:
        """Act on a deadline that has been reached; sets a new one, or NEVER, and need not call ``update``."""


class TimerQueue:
    """The deadlines of all items."""

    __slots__ = ("_entered", "_heap", "_stale")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timed]] = []
        self._entered = 0
        self._stale = 0

    def update(self, item: Timed) -> None:
        """Take note of ``item.deadline_ns``. Costs nothing unless it became earlier than what is queued."""
        if item.deadline_ns < item.queued_ns:
            if item.queued_ns != NEVER:
                self._note_stale()
            item.queued_ns = item.deadline_ns
            self._entered += 1
            heappush(self._heap, (item.deadline_ns, self._entered, item))

    def remove(self, item: Timed) -> None:
        """Forget an item that is no more, so that its entry does not keep it in memory."""
        item.deadline_ns = NEVER
        if item.queued_ns != NEVER:
            item.queued_ns = NEVER
            self._note_stale()

    def next_deadline(self) -> int | None:
        """Return the earliest deadline in ns, or None where nothing is armed."""
        heap = self._heap
        while heap:
            entry_ns, _, item = heap[0]
            if entry_ns == item.queued_ns:
                if entry_ns == item.deadline_ns:
                    return entry_ns
                heappop(heap)
                item.queued_ns = NEVER
                self.update(item)
            else:
                heappop(heap)
                self._stale -= 1
        return None

    def expire(self, now_ns: int) -> None:
        """Call ``handle_deadline`` of each item whose deadline is not after ``now_ns``."""
        while True:
            deadline_ns = self.next_deadline()
            if deadline_ns is None or deadline_ns > now_ns:
                return
            item = heappop(self._heap)[2]
            item.queued_ns = NEVER
            item.deadline_ns = NEVER
            item.handle_deadline(now_ns)
            self.update(item)

    def _note_stale(self) -> None:
        """Count an entry that means nothing any more, and sweep once they are the larger part."""
        self._stale += 1
        if self._stale > 64 and self._stale * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[0] == entry[2].queued_ns]
            heapify(self._heap)
            self._stale = 0
