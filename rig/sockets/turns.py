"""Turns: a mutual exclusion that is first come, first served.

An event wakes all who wait for it, and who goes back to waiting may overtake the others. Tasks that read from one
socket would starve each other that way; with a turn for each direction they are served in the order they asked.
"""

from __future__ import annotations

from collections import deque

from rig.runtime.kernel import Event, Scheduler


class Turns:
    """One turn at a time. Whoever entered must leave, also when cancelled or failing."""

    __slots__ = ("_queue", "_scheduler", "_taken")

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._taken = False
        self._queue: deque[Event] = deque()

    async def enter(self, deadline_ns: int | None = None) -> None:
        """Wait for the turn; :class:`TimeoutError` at the deadline. Cancelled or timed out, the place is given up."""
        if not self._taken:
            self._taken = True
            return
        mine = self._scheduler.event("turn")
        self._queue.append(mine)
        try:
            await self._scheduler.wait_first(mine, deadline_ns=deadline_ns)
            if not mine.is_set():
                raise TimeoutError(f"the deadline at {deadline_ns} ns passed while other tasks used the socket")
        except BaseException:
            if mine.is_set():
                self.leave()  # the turn was handed over in the very instant of the cancellation
            else:
                self._queue.remove(mine)
            raise

    def leave(self) -> None:
        """Hand the turn to who asked first, if anybody did."""
        if self._queue:
            self._queue.popleft().set()
        else:
            self._taken = False
