"""What the stack tells its host: events that name a socket, each queued at most once until it is taken.

Coalescing bounds the queue: there are never more entries than sockets times kinds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum


class EventKind(Enum):
    """What became possible, or ended, on a socket."""

    CONNECTED = "connected"
    ACCEPTABLE = "acceptable"
    READABLE = "readable"
    WRITABLE = "writable"
    URGENT = "urgent"
    CLOSED = "closed"

    __hash__ = object.__hash__  # that of Enum is a Python function, and events are looked up for every segment


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One event. ``error`` is set only on CLOSED, and is None where the connection ended in order."""

    kind: EventKind
    handle: int
    error: OSError | None = None


class EventQueue:
    """Events in the order in which they were first posted."""

    __slots__ = ("_pending", "_queue")

    def __init__(self) -> None:
        self._queue: deque[StackEvent] = deque()
        self._pending: set[tuple[int, EventKind]] = set()

    def post(self, kind: EventKind, handle: int, error: OSError | None = None) -> None:
        """Queue an event unless one of that kind already waits for that handle."""
        key = (handle, kind)
        if key not in self._pending:
            self._pending.add(key)
            self._queue.append(StackEvent(kind, handle, error))

    def take(self) -> StackEvent | None:
        """Return and remove the oldest event, or None."""
        if not self._queue:
            return None
        event = self._queue.popleft()
        self._pending.discard((event.handle, event.kind))
        return event
