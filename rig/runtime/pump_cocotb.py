"""The pump for simulator time: cocotb timers call the kernel when something is due. Public cocotb 2 API only.

Entering Python costs microseconds and ``First`` tens of them, so the pump never races triggers. One cocotb task, a
*shot*, waits for each deadline that was the earliest when it came up; a shot that turns out to be stale finds nothing
due and takes the next deadline. Triggers of signals reach the kernel through :meth:`SimTime.watch`, whose cocotb task
runs the kernel itself instead of waking another one.

Order within one time step: what is due runs first, then outside events (see :meth:`Kernel.enter`), whichever the
simulator reports first. So a program gives the same log on every simulator, as long as two watched signals that change
in the same time step do not race.

Kernel tasks and watch functions may read and write signals, because none of this runs in the ReadOnly phase, unless a
watched trigger is ``ReadOnly`` itself. A simulator that keeps picoseconds may call at a fraction of a nanosecond:
``now_ns`` is rounded down, and deadlines fire exactly on theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from heapq import heappop, heappush
from typing import Any, TypeVar

import cocotb
from cocotb import simtime
from cocotb.task import Task as CocotbTask
from cocotb.triggers import Event as CocotbEvent
from cocotb.triggers import ReadWrite, Trigger
from cocotb.triggers import Timer as CocotbTimer

from rig.runtime.kernel import Kernel, KernelError

T = TypeVar("T")


class Watch:
    """A standing connection from a cocotb trigger to the kernel; :meth:`cancel` is allowed at any time."""

    def __init__(
        self, kernel: SimTime, trigger_factory: Callable[[], Trigger], fn: Callable[[], object], once: bool
    ) -> None:
        self._kernel = kernel
        self._trigger_factory = trigger_factory
        self._fn = fn
        self._once = once
        self._in_call = False
        self._cancelled = False
        self._task: CocotbTask[None] = cocotb.start_soon(self._relay())

    def cancel(self) -> None:
        """Do not call again; harmless if it was cancelled already."""
        if not self._cancelled:
            self._cancelled = True
            if not self._in_call:  # cocotb cannot cancel the task that is running; the loop ends by itself
                self._task.cancel()

    async def _relay(self) -> None:
        while not self._cancelled:
            await self._trigger_factory()
            self._in_call = True
            self._kernel.enter_now(self._fn)
            self._in_call = False
            if self._once:
                self._cancelled = True


class SimTime(Kernel):
    """A kernel on the time of the simulator that runs this process; make it inside a cocotb test.

    :class:`~rig.runtime.kernel.KernelError` if the simulator's time steps are coarser than 1 ns.
    """

    def __init__(self) -> None:
        steps = simtime.convert(1, "ns", to="step")
        if steps < 1:
            raise KernelError("the simulator's time step is coarser than 1 ns; use `timescale 1ns/1ps")
        self._steps_per_ns = steps
        super().__init__(self._clock_ns())
        self._over = CocotbEvent()
        self._shots: list[int] = []  # deadlines that have a shot; a heap
        self._shot_tasks: dict[int, CocotbTask[None]] = {}
        self._is_soon = False

    async def run_async(self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None) -> T:
        """Run ``coro`` as the main task to its end, shut down, and return its value; call from a cocotb task.

        ``limit_ns`` bounds the simulated time; :class:`~rig.runtime.kernel.TimeLimitError` beyond it. Any failure
        that nobody observed is raised as it is, with a note that names the task and the time.
        """
        if simtime.get_sim_time("step") == 0:
            await ReadWrite()  # let the design's initial blocks run: no process of it sees a write before that
        main = self.begin(coro, limit_ns, self._clock_ns())
        try:
            self._over.clear()
            self._pump()
            await self._over.wait()
        finally:
            for task in self._shot_tasks.values():
                task.cancel()
            self._shot_tasks.clear()
            self._shots.clear()
            self.shutdown()
        return self.result(main)

    def watch(self, trigger_factory: Callable[[], Trigger], fn: Callable[[], object]) -> Watch:
        """Call ``fn()`` each time the trigger that ``trigger_factory`` makes has fired, until cancelled.

        The trigger is made again after each call, so a change of the signal within ``fn``'s own time step can be
        missed: use levels and toggles. An exception of ``fn`` ends the run.
        """
        return Watch(self, trigger_factory, fn, once=False)

    async def trigger(self, trigger: Trigger) -> None:
        """Wait for one cocotb trigger from within a kernel task; the only way to do so."""
        fired = self.event(f"cocotb trigger {trigger!r}")
        watch = Watch(self, lambda: trigger, fired.set, once=True)
        try:
            await fired.wait()
        finally:
            watch.cancel()

    def work_arrived(self) -> None:
        """See :class:`~rig.runtime.kernel.Kernel`."""
        if not self._is_soon and self.is_running:
            self._is_soon = True
            cocotb.start_soon(self._pump_soon())

    def enter_now(self, fn: Callable[[], object]) -> None:
        """Call ``fn()`` for the outside world, as :meth:`Kernel.enter` does, at the present time of the simulator."""
        self.enter(self._clock_ns(), fn)
        self._follow_up()

    def _clock_ns(self) -> int:
        return simtime.get_sim_time("step") // self._steps_per_ns

    def _pump(self) -> None:
        self.advance(self._clock_ns())
        self._follow_up()

    async def _pump_soon(self) -> None:
        self._is_soon = False
        if self.is_running:
            self._pump()

    def _follow_up(self) -> None:
        """End the wait of ``run_async``, or make sure that a shot waits for the next deadline."""
        if not self.is_running:
            self._over.set()
            return
        deadline_ns = self.next_deadline()
        if deadline_ns is not None and (not self._shots or deadline_ns < self._shots[0]):
            heappush(self._shots, deadline_ns)
            self._shot_tasks[deadline_ns] = cocotb.start_soon(self._shoot(deadline_ns))

    async def _shoot(self, deadline_ns: int) -> None:
        """Wait for ``deadline_ns`` and pump; go on with the next deadline unless an earlier shot waits for it."""
        while True:
            steps = deadline_ns * self._steps_per_ns - simtime.get_sim_time("step")
            if steps > 0:
                await CocotbTimer(steps, "step")
            heappop(self._shots)  # shots fire in order, so it is this one
            task = self._shot_tasks.pop(deadline_ns)
            self.advance(self._clock_ns())
            if not self.is_running:
                self._over.set()
                return
            following_ns = self.next_deadline()
            if following_ns is None or (self._shots and following_ns >= self._shots[0]):
                return
            deadline_ns = following_ns
            heappush(self._shots, deadline_ns)
            self._shot_tasks[deadline_ns] = task
