"""Kernel events of file descriptors: who waits for a pipe or a local socket waits as for anything else.

One edge-triggered ``epoll`` object serves any number of descriptors and is itself the one descriptor that the pump
watches, so that waiting costs no system call. An edge comes once: clear the event, try, and wait only when the
operation would block (:class:`BlockingIOError`), as everywhere in this project.
"""

from __future__ import annotations

import select
from dataclasses import dataclass

from rig.runtime.kernel import Event, Kernel

EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
BATCH = 256


@dataclass(frozen=True, slots=True)
class DescriptorEvents:
    """What may have become possible on one descriptor. ``hung_up``: its other end is closed in both directions."""

    readable: Event
    writable: Event
    hung_up: Event


class DescriptorPoller:
    """The descriptors of one kernel. Linux only: there it needs one system call for all that happened."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._epoll = select.epoll()
        self._watched: dict[int, DescriptorEvents] = {}

    def fileno(self) -> int:
        """Return the descriptor that can be read while :meth:`collect` has something to do."""
        return self._epoll.fileno()

    def watch(self, fd: int) -> DescriptorEvents:
        """Return the events of ``fd``; readable and writable start as set, so that the first try is made."""
        events = DescriptorEvents(*(self._kernel.event(f"descriptor {fd} {what}") for what in ("in", "out", "hang-up")))
        self._epoll.register(fd, EDGES)
        self._watched[fd] = events
        events.readable.set()
        events.writable.set()
        return events

    def forget(self, fd: int) -> None:
        """Undo :meth:`watch`, before ``fd`` is closed; harmless for one that is not watched."""
        if self._watched.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def collect(self) -> None:
        """Set the events of all that happened since the last call."""
        for fd, edges in self._epoll.poll(0, BATCH):
            events = self._watched.get(fd)
            if events is None:
                continue
            if edges & (select.EPOLLHUP | select.EPOLLERR):
                events.hung_up.set()
            if edges & (select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR):
                events.readable.set()
            if edges & (select.EPOLLOUT | select.EPOLLHUP | select.EPOLLERR):
                events.writable.set()

    def close(self) -> None:
        """Forget all; closes none of the descriptors."""
        self._watched.clear()
        self._epoll.close()
