"""The pump for virtual time: jump to whatever is due next. Nothing waits, so a run is as fast as Python."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from rig.runtime.kernel import FOREVER_NS, DeadlockError, Kernel

T = TypeVar("T")


class VirtualTime(Kernel):
    """A kernel whose time is only its own."""

    def run(self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None) -> T:
        """Run ``coro`` as the main task to its end, shut down, and return its value.

        ``limit_ns`` bounds the virtual time of this run; :class:`~rig.runtime.kernel.TimeLimitError` beyond it.
        :class:`~rig.runtime.kernel.DeadlockError` when nothing is scheduled and the main task has not ended. Any
        failure that nobody observed is raised as it is, with a note that names the task and the time.
        """
        until_ns = FOREVER_NS if limit_ns is None else self.now_ns + limit_ns
        main = self.begin(coro, limit_ns)
        try:
            self.advance(self.now_ns)
            self.run_due(until_ns)
            if self.is_running:
                if self.has_timers():
                    self.advance(until_ns)  # ends the run by its limit
                else:
                    problem = f"deadlock at {self.now_ns} ns: nothing is scheduled"
                    self.fail(DeadlockError(self.waiting_message(problem)))
        finally:
            self.shutdown()
        return self.result(main)
