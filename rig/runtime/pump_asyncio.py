"""The pump for the wall clock: an asyncio loop calls the kernel when something is due.

The kernel's zero is the construction of the pump; its time is that of the operating system's monotonic clock, which
asyncio uses as well. A callback that comes late finds the kernel catching up: each timer still sees its own time.

Where what is driven is simulated, it is slower than life: :meth:`WallClock.slow_down` makes the kernel's time pass as
slowly, so that every time-out is one of device time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from rig.runtime.kernel import Kernel
from rig.units import NS_PER_S

if TYPE_CHECKING:
    from rig.runtime.descriptor_events import DescriptorEvents, DescriptorPoller

T = TypeVar("T")


class WallClock(Kernel):
    """A kernel on the wall clock. :meth:`call_threadsafe` is the only door for other threads."""

    def __init__(self) -> None:
        super().__init__()
        self._zero_ns = time.monotonic_ns()  # of the operating system's clock ...
        self._base_ns = 0  # ... when the kernel's time was this
        self._scale = 1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None
        self._poller: DescriptorPoller | None = None

    def run(self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None) -> T:
        """Run ``coro`` in a new asyncio loop; see :meth:`run_async`."""
        return asyncio.run(self.run_async(coro, limit_ns))

    async def run_async(self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None) -> T:
        """Run ``coro`` as the main task to its end on the running asyncio loop, shut down, and return its value.

        ``limit_ns`` bounds the duration; :class:`~rig.runtime.kernel.TimeLimitError` beyond it. Any failure that
        nobody observed is raised as it is, with a note that names the task and the time.
        """
        main = self.begin(coro, limit_ns, self._clock_ns())
        try:
            self._loop = asyncio.get_running_loop()
            self._over = self._loop.create_future()
            self.advance(self.now_ns)  # the main task starts at the time from which its limit counts
            self._set_alarm()
            await self._over
        finally:
            for handle in (self._alarm, self._soon):
                if handle is not None:
                    handle.cancel()
            # Clean-up of tasks still finds the descriptors, and no more work from outside.
            loop, self._loop = self._loop, None
            self._over = self._alarm = self._soon = None
            self.shutdown()
            if self._poller is not None and loop is not None:
                loop.remove_reader(self._poller.fileno())
                self._poller.close()
                self._poller = None
        return self.result(main)

    def call_threadsafe(self, fn: Callable[..., object], *args: Any) -> bool:
        """Have ``fn(*args)`` called in the kernel's thread soon; from any thread.

        Returns False, and calls nothing, when there is no run: a reader thread that outlives the run need not care.
        An exception of ``fn`` ends the run.
        """
        loop = self._loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(self._enter, fn, args)
        except RuntimeError:  # the loop was closed since
            return False
        return True

    def add_reader(self, fd: int, fn: Callable[[], object]) -> None:
        """Call ``fn()`` whenever file descriptor ``fd`` can be read; only within a run.

        :class:`RuntimeError` outside a run.
        """
        self._running_loop().add_reader(fd, self._enter, fn, ())

    def remove_reader(self, fd: int) -> None:
        """Undo :meth:`add_reader`; :class:`RuntimeError` outside a run."""
        self._running_loop().remove_reader(fd)

    def watch_descriptor(self, fd: int) -> DescriptorEvents:
        """Return kernel events of ``fd``, until :meth:`forget_descriptor` or the end of the run; Linux only.

        :class:`RuntimeError` outside a run.
        """
        if self._poller is None:
            from rig.runtime.descriptor_events import DescriptorPoller

            loop = self._running_loop()
            self._poller = DescriptorPoller(self)
            loop.add_reader(self._poller.fileno(), self._enter, self._poller.collect, ())
        return self._poller.watch(fd)

    def forget_descriptor(self, fd: int) -> None:
        """Undo :meth:`watch_descriptor`, before ``fd`` is closed; harmless at any time."""
        if self._poller is not None:
            self._poller.forget(fd)

    def from_realtime_ns(self, realtime_ns: int) -> int:
        """Return the kernel's time for a time of CLOCK_REALTIME, such as the kernel stamps on a received frame.

        Right also after that clock was set, for times since.
        """
        return realtime_ns - time.time_ns() + self._clock_ns()

    def slow_down(self, scale: int) -> None:
        """Let one ns of the kernel's time last ``scale`` ns of the wall clock, from now on.

        A scale below the present one changes nothing: the slowest of what is driven counts.
        """
        if scale > self._scale:
            self._base_ns, self._zero_ns = self._clock_ns(), time.monotonic_ns()
            self._scale = scale

    def work_arrived(self) -> None:
        """See :class:`~rig.runtime.kernel.Kernel`."""
        if self._soon is None and self._loop is not None:
            self._soon = self._loop.call_soon(self._pump)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("a WallClock has an event loop only during a run")
        return self._loop

    def _clock_ns(self) -> int:
        return self._base_ns + (time.monotonic_ns() - self._zero_ns) // self._scale

    def _enter(self, fn: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.enter(self._clock_ns(), fn, *args)
        self._set_alarm()

    def _pump(self) -> None:
        self._soon = None
        self.advance(self._clock_ns())
        self._set_alarm()

    def _set_alarm(self) -> None:
        """End the wait of ``run_async``, or have the pump called at the next deadline."""
        if self._loop is None or self._over is None:
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self.is_running:
            if not self._over.done():
                self._over.set_result(None)
            return
        deadline_ns = self.next_deadline()
        if deadline_ns is not None:
            due_ns = (deadline_ns - self._base_ns) * self._scale + self._zero_ns
            self._alarm = self._loop.call_at(due_ns / NS_PER_S, self._pump)
