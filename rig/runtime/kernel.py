"""The one kernel: tasks, events and timers over integer nanoseconds, without a clock of its own.

Theory of operation
-------------------
Applications, sockets, the node loop and the driver are coroutines ("tasks") of this kernel; models are timer callbacks.
A *pump* owns the kernel and supplies time: it calls :meth:`Kernel.advance` with the present time and must call it again
no later than :meth:`Kernel.next_deadline`, or as soon as work arrives from outside. The meaning of a program is fixed
here, so it is the same in virtual time, in a simulator and on a wall clock.

* Everything that is due sits in one heap ordered by (time, call order). After each timer the ready tasks are drained,
  first in first out. So equal times run in call order, and ``now_ns`` stands still while anything runs.
* A task waits by yielding what it waits for to the kernel: an ``int`` (sleep until then), an :class:`Event`, or a tuple
  ``(deadline, events)``. Anything else was awaited from a foreign library and raises :class:`TypeError` in the task.
* A task owns at most one live heap entry. Most deadlines are time-outs that never expire, so a later deadline leaves
  the entry in place, and the entry is re-armed when it comes up; ties keep the order in which the waits began. Entries
  that can no longer fire are counted and swept out when they are the larger part of the heap.
* An event is a level, and a wait consumes nothing: cancelling a wait cannot lose an interrupt, a reply or a frame.
* :meth:`Task.cancel` throws :class:`Cancelled` once, at the place where the task waits; it overtakes a wake-up that is
  already queued. Clean-up may await. A task that never ran does not run at all.
* An error that leaves a task belongs to whoever joins it. If nobody is joining it when the ready tasks of that instant
  have run, it ends the run; with ``keep_error=True`` it is held for a later join instead.
* A run ends when its main task ends, fails by an unobserved error or reaches its limit. :meth:`Kernel.shutdown` then
  cancels what is left, newest first, while time stands still, so that every ``finally`` block runs.

Only the thread that pumps a kernel may touch it.

Long because tasks, events, timers and the loop share their private parts: that is what makes a task switch cost less
than a microsecond.
"""

from __future__ import annotations

import inspect
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from heapq import heapify, heappop, heappush
from typing import Any, Generic, Protocol, TypeVar, cast, final

T = TypeVar("T")

LIVELOCK_STEPS = 1_000_000
"""Steps that may run at one instant before the kernel calls it a livelock."""

SWEEP_MINIMUM = 64
"""Heap entries that can no longer fire are tolerated up to this number."""

SHUTDOWN_ROUNDS = 8
"""How often a shutdown looks for tasks that clean-up has spawned."""

FOREVER_NS = 1 << 63
"""Later than anything: 292 years."""


class Cancelled(BaseException):
    """Thrown into a task by :meth:`Task.cancel`, and raised by joining a cancelled task.

    A :class:`BaseException`, so that ``except Exception`` cannot swallow it.
    """


class KernelError(RuntimeError):
    """The kernel was used against its rules, or a run cannot go on."""


class DeadlockError(KernelError):
    """Nothing is scheduled, so the main task can never end. The message lists who waits for what."""


class TimeLimitError(KernelError):
    """The run reached its ``limit_ns``. The message lists who waits for what."""


class Scheduler(Protocol):
    """What tasks may use. Every wait is cancel-safe."""

    now_ns: int
    """Present time; it stands still within one instant."""

    def sleep_until(self, t_ns: int) -> Awaitable[None]:
        """Wait until ``t_ns``; a time that is not in the future returns at once."""
        ...

    def event(self, name: str = "") -> Event:
        """Make an event, clear; the name appears in messages."""
        ...

    def spawn(self, coro: Coroutine[Any, Any, T], name: str = "", keep_error: bool = False) -> Task[T]:
        """Start a task; it first runs after the caller waits. ``keep_error`` holds a failure for a later join."""
        ...

    def wait_first(self, *events: Event, deadline_ns: int | None = None) -> Awaitable[int | None]:
        """Wait for the first of several events; return its index, or None at the deadline."""
        ...


@final
class Event:
    """A level: :meth:`wait` returns at once while it is set; :meth:`set` wakes present waiters in order of arrival.

    Waiters that ``set`` has woken stay woken, even if ``clear`` follows before they run.
    """

    __slots__ = ("_set", "_waiters", "name")

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._set = False
        self._waiters: dict[Task[Any], int] = {}  # task -> index of this event in its wait; insertion order is FIFO

    def __repr__(self) -> str:
        return f"event {self.name!r}" if self.name else "an event"

    def is_set(self) -> bool:
        """Tell whether the level is set."""
        return self._set

    def clear(self) -> None:
        """Clear the level; wakes nobody."""
        self._set = False

    def set(self) -> None:
        """Set the level and wake every present waiter, at the present time."""
        self._set = True
        if self._waiters:
            waiters, self._waiters = self._waiters, {}
            for task, index in waiters.items():
                task._wake(index, self)

    @types.coroutine
    def wait(self) -> Generator[Event, None, None]:
        """Wait until the event is set, or pulsed by ``set`` and ``clear``."""
        if not self._set:
            yield self


class Timer:
    """A callback that is due at ``when_ns``; :meth:`cancel` is allowed at any time, also after it ran."""

    __slots__ = ("_arg", "_fn", "_kernel", "when_ns")

    def __init__(self, kernel: Kernel, when_ns: int, fn: Callable[[Any], object], arg: Any) -> None:
        self.when_ns = when_ns
        self._kernel = kernel
        self._fn: Callable[[Any], object] | None = fn
        self._arg = arg

    def cancel(self) -> None:
        """Do not call; harmless if it already ran."""
        if self._fn is not None:
            self._fn = self._arg = None
            self._kernel._count_stale()


_HeapEntry = tuple[int, int, "Task[Any] | Timer"]  # (when_ns, call order, what)


class Task(Generic[T]):
    """A running coroutine. ``await task`` joins it: returns its value or raises its error.

    ``finished`` is an event for use in ``wait_first``; ``done`` tells whether the task has ended in any way.
    """

    __slots__ = (
        "_armed", "_cancelled", "_coro", "_deadline_ns", "_deadline_order", "_error", "_joiners", "_keep_error",
        "_kernel", "_queued", "_send", "_sources", "_throw", "_value", "done", "finished", "name",
    )  # fmt: skip

    def __init__(self, kernel: Kernel, coro: Coroutine[Any, Any, T], name: str, keep_error: bool) -> None:
        self.name = name or cast("types.CoroutineType[Any, Any, T]", coro).__qualname__
        self.done = False
        self.finished = Event()
        self._kernel = kernel
        self._coro = coro
        self._send = coro.send
        self._keep_error = keep_error
        self._joiners = 0
        self._cancelled = False
        self._queued = True  # is in the ready queue, or is running for the first time
        self._throw: BaseException | None = None  # to be thrown in at the next step
        self._sources: tuple[Event, ...] = ()
        self._deadline_ns: int | None = None
        self._deadline_order = 0
        self._armed: _HeapEntry | None = None
        self._value: T | None = None
        self._error: BaseException | None = None

    def __repr__(self) -> str:
        return f"<task {self.name!r} {'done' if self.done else self.describe_wait()}>"

    def __await__(self) -> Generator[Any, None, T]:
        return self._join().__await__()

    def cancel(self) -> bool:
        """Ask the task to end; return False if it has ended already.

        ``Cancelled`` is thrown once: a second call leaves the clean-up in peace. :class:`KernelError` if a task
        cancels itself (it can return).
        """
        if self.done:
            return False
        if self._kernel.current is self:
            raise KernelError(f"task {self.name!r} cancels itself; let it return instead")
        if not self._cancelled:
            self._cancelled = True
            if inspect.getcoroutinestate(self._coro) == inspect.CORO_CREATED:
                self._coro.close()
                self._finish(None, Cancelled(f"task {self.name!r} was cancelled before it ran"))
            else:
                self._throw = Cancelled(f"task {self.name!r} was cancelled")
                self._wake(None)
        return True

    def describe_wait(self) -> str:
        """Say what the task waits for and where, for messages."""
        waits = [repr(source) for source in self._sources]
        if self._deadline_ns is not None:
            waits.append(f"{self._deadline_ns} ns")
        what = "waits for " + " or ".join(waits) if waits else "is ready to run"
        return what + _place(self._coro)

    # -- for the kernel and its pumps ----------------------------------------------------------------------------------

    async def _join(self) -> T:
        if self._kernel.current is self:
            raise KernelError(f"task {self.name!r} joins itself")
        self._joiners += 1
        try:
            if not self.done:
                await self.finished.wait()
        except BaseException:
            # The joiner was cancelled: what the task did or will do wrong is nobody's again.
            self._joiners -= 1
            if self._error is not None:
                self._report(self._error)
            raise
        self._kernel._forgive(self)
        if self._error is not None:
            if isinstance(self._error, Cancelled):
                raise Cancelled(*self._error.args)  # each joiner has its own, with its own traceback
            raise self._error
        return cast(T, self._value)

    def _wake(self, value: int | None, by: Event | None = None) -> None:
        """Queue the task with the result of its wait; ``by`` has already forgotten it."""
        if self._queued or self.done:
            return
        self._queued = True
        for source in self._sources:
            if source is not by:
                source._waiters.pop(self, None)
        self._sources = ()
        self._deadline_ns = None  # the heap entry stays, to be re-armed or dropped when it comes up
        kernel = self._kernel
        kernel._ready.append((self, value))
        if not kernel._running:
            kernel.work_arrived()

    def _arm(self, deadline_ns: int) -> None:
        """Set the deadline of the present wait; touch the heap only if it must come up earlier than it would."""
        kernel = self._kernel
        kernel._order = order = kernel._order + 1
        self._deadline_ns = deadline_ns
        self._deadline_order = order
        armed = self._armed
        if armed is None or deadline_ns < armed[0]:
            self._armed = entry = (deadline_ns, order, self)
            heappush(kernel._heap, entry)
            if armed is not None:
                kernel._count_stale()

    def _due(self, entry: _HeapEntry) -> bool:
        """Tell whether ``entry``, just popped, ends the present wait; otherwise drop it or re-arm."""
        if entry is not self._armed:
            self._kernel._stale -= 1
            return False
        self._armed = None
        deadline_ns = self._deadline_ns
        if deadline_ns is None:
            return False
        if deadline_ns > entry[0] or self._deadline_order > entry[1]:
            # The order of the wait, not of this push: ties run in the order in which the waits began.
            self._armed = later = (deadline_ns, self._deadline_order, self)
            heappush(self._kernel._heap, later)
            return False
        return True

    def _step(self, value: int | None) -> None:
        """Run the coroutine to its next wait."""
        kernel = self._kernel
        kernel.current = self
        self._queued = False
        try:
            if self._throw is None:
                waits_for = self._send(value)
            else:
                error, self._throw = self._throw, None
                waits_for = self._coro.throw(error)
        except StopIteration as stop:
            self._finish(stop.value, None)
        except Cancelled as cancelled:
            if self._cancelled:
                self._finish(None, cancelled)
            else:
                # Most likely it joined a task that somebody else cancelled. To end quietly would hide that.
                stray = KernelError(f"task {self.name!r} ended by Cancelled, though nobody cancelled it: {cancelled}")
                stray.__cause__ = cancelled
                self._finish(None, stray)
        except Exception as failure:
            self._finish(None, failure)
        except BaseException as interrupt:  # KeyboardInterrupt, SystemExit: the whole program's business
            self._finish(None, interrupt)
            raise
        else:
            if waits_for.__class__ is int:
                self._arm(waits_for)
            elif waits_for.__class__ is Event:
                self._sources = (waits_for,)
                waits_for._waiters[self] = 0
            elif waits_for.__class__ is tuple:
                deadline_ns, self._sources = waits_for
                for index, source in enumerate(self._sources):
                    source._waiters.setdefault(self, index)
                if deadline_ns is not None:
                    self._arm(deadline_ns)
            else:
                self._throw = TypeError(
                    f"task {self.name!r} awaited {waits_for!r} ({type(waits_for).__module__}), which is not of this "
                    f"kernel{_place(self._coro)}"
                )
                self._wake(None)
        finally:
            kernel.current = None

    def _finish(self, value: T | None, error: BaseException | None) -> None:
        self.done = True
        self._value = value
        self._error = error
        kernel = self._kernel
        kernel._live.pop(self, None)
        if self._armed is not None:
            self._armed = None
            kernel._count_stale()
        self.finished.set()
        if error is not None:
            self._report(error)
        if kernel.main is self:
            kernel._halted = True

    def _report(self, error: BaseException) -> None:
        # Cancelled is no failure, and an interrupt goes out through the pump by itself.
        if isinstance(error, Exception) and not (self._joiners or self._keep_error):
            self._kernel.fail(error, self)

    def _close(self) -> None:
        """Give up on clean-up that waits: unwind the coroutine by GeneratorExit."""
        self._throw = None
        try:
            self._coro.close()
        except BaseException as error:
            self._finish(None, error)
        else:
            self._finish(None, Cancelled(f"task {self.name!r} was closed while its clean-up waited"))


def _place(coro: Any) -> str:
    """Return `` at file:line in function`` of the innermost coroutine that is not the kernel's, or nothing."""
    place = ""
    while (frame := getattr(coro, "cr_frame", None)) is not None:
        if frame.f_code.co_filename != __file__:
            place = f" at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
        coro = coro.cr_await
    return place


class Kernel(Scheduler):
    """The scheduler, seen from pumps and models. See the module's text for its rules."""

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns
        self.current: Task[Any] | None = None
        self.main: Task[Any] | None = None
        self._heap: list[_HeapEntry] = []
        self._order = 0
        self._stale = 0  # heap entries that can no longer fire
        self._ready: deque[tuple[Task[Any], int | None]] = deque()
        self._live: dict[Task[Any], None] = {}  # in order of spawning
        self._running = False
        self._in_run = False  # between begin() and shutdown()
        self._halted = False  # the main task has ended, or there is a failure that nobody observes
        self._failures: list[tuple[BaseException, Task[Any] | None, int]] = []
        self._limit_ns: int | None = None
        self._left_over: list[str] = []

    # -- what tasks use ------------------------------------------------------------------------------------------------

    @types.coroutine
    def sleep_until(self, t_ns: int) -> Generator[int, None, None]:
        """See :class:`Scheduler`."""
        if t_ns > self.now_ns:
            yield t_ns

    def event(self, name: str = "") -> Event:
        """See :class:`Scheduler`."""
        return Event(name)

    def spawn(self, coro: Coroutine[Any, Any, T], name: str = "", keep_error: bool = False) -> Task[T]:
        """See :class:`Scheduler`. :class:`TypeError` for anything but a coroutine object."""
        if coro.__class__ is not types.CoroutineType:
            raise TypeError(f"spawn() takes a coroutine object, not {coro!r}; was the function called?")
        task = Task(self, coro, name, keep_error)
        self._live[task] = None
        self._ready.append((task, None))
        if not self._running:
            self.work_arrived()
        return task

    @types.coroutine
    def wait_first(
        self, *events: Event, deadline_ns: int | None = None
    ) -> Generator[tuple[int | None, tuple[Event, ...]], int | None, int | None]:
        """See :class:`Scheduler`.

        The lowest index wins among events that are set already, else the one that is set first. At equal times the
        deadline and ``set`` race in call order. :class:`ValueError` if there is nothing to wait for.
        """
        for index, event in enumerate(events):
            if event._set:
                return index
        if deadline_ns is None:
            if not events:
                raise ValueError("wait_first() needs an event or a deadline")
        elif deadline_ns <= self.now_ns:
            return None
        return (yield (deadline_ns, events))

    # -- what models and pumps use -------------------------------------------------------------------------------------

    def call_at(self, t_ns: int, fn: Callable[[Any], object], arg: Any = None) -> Timer:
        """Call ``fn(arg)`` at ``t_ns``, or at the present time after what is due already if that has passed.

        An exception of ``fn`` ends the run.
        """
        if t_ns < self.now_ns:
            t_ns = self.now_ns
        timer = Timer(self, t_ns, fn, arg)
        self._order = order = self._order + 1
        heappush(self._heap, (t_ns, order, timer))
        if not self._running:
            self.work_arrived()
        return timer

    def advance(self, now_ns: int) -> None:
        """Run everything that is due at or before ``now_ns``, each at its own time, then make ``now_ns`` the time.

        Tasks that were woken from outside since the last call run last, at ``now_ns``. Stops early when the run is
        over. Without a run, a failure that nobody observes is raised from here. :class:`KernelError` if called by what
        the kernel runs.
        """
        limit_ns = self._limit_ns
        is_limit = limit_ns is not None and now_ns >= limit_ns
        if limit_ns is not None and is_limit:
            now_ns = limit_ns
        outside = list(self._ready)
        self._ready.clear()
        self.run_due(now_ns)
        self._ready.extend(outside)
        if not self._halted:
            if now_ns > self.now_ns:
                self.now_ns = now_ns
            if outside:
                self.run_due(now_ns)
        if self._halted:
            if not self._in_run:
                self._raise_failures()
        elif is_limit:
            self.fail(TimeLimitError(self.waiting_message(f"the run reached its limit at {limit_ns} ns")))

    def enter(self, now_ns: int, fn: Callable[..., object], *args: Any) -> None:
        """Call ``fn(*args)`` for the outside world at ``now_ns``, after whatever is due then, and run what it wakes.

        So an outside event that coincides with a deadline comes second, whichever the host reports first. An
        exception of ``fn`` ends the run. Outside a run ``fn`` is only called.
        """
        if not self.is_running:
            fn(*args)
            return
        self.advance(now_ns)
        if self._halted:
            return
        self._running = True  # what fn wakes is run below: the pump needs no hint
        try:
            fn(*args)
        except Exception as error:
            self.fail(error)
        finally:
            self._running = False
        self.advance(now_ns)

    def next_deadline(self) -> int | None:
        """Return the time of the next :meth:`advance` that would do something, or None if only outside work can."""
        limit_ns = self._limit_ns
        if not self.has_timers():
            return limit_ns
        when_ns = self._heap[0][0]
        return when_ns if limit_ns is None or when_ns < limit_ns else limit_ns

    def has_timers(self) -> bool:
        """Tell whether anything is scheduled; leaves an entry that will fire at the top of the heap."""
        heap = self._heap
        while heap:
            entry = heap[0]
            target = entry[2]
            if isinstance(target, Timer):
                if target._fn is not None:
                    return True
                self._stale -= 1
            elif target._armed is entry and target._deadline_ns is not None and target._deadline_order == entry[1]:
                return True
            heappop(heap)
            if isinstance(target, Task):
                target._due(entry)  # drops or re-arms it; it cannot be due
        return False

    def shutdown(self) -> list[str]:
        """Cancel every task that is left, newest first, while time stands still; run their clean-up.

        Clean-up that waits for something which no other clean-up provides is given up. Returns the names of all tasks
        but the main one that the run left over, in order of spawning; a second call returns the same list. Timers
        stay: the models may go on in another run.
        """
        self._left_over += [task.name for task in self._live if task is not self.main]
        was_run, self._in_run = self._in_run, False
        self._halted = True  # so that run_due() drains what is ready and starts no timer
        for _ in range(SHUTDOWN_ROUNDS):
            fresh = [task for task in self._live if not task._cancelled]
            if not fresh and not self._ready:
                break
            for task in reversed(fresh):
                task.cancel()
            self.run_due(self.now_ns)
        for task in reversed(list(self._live)):
            task._close()
        self._ready.clear()
        if not was_run:
            self._raise_failures()
        return list(self._left_over)

    # -- one run: begin(), pump while is_running, shutdown(), result() -----------------------------------------------

    @property
    def is_running(self) -> bool:
        """Between ``begin`` and the instant at which the main task ends or an unobserved failure ends the run."""
        return self._in_run and not self._halted

    def begin(
        self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None, now_ns: int | None = None
    ) -> Task[T]:  # fmt: skip
        """Start a run with ``coro`` as its main task, at ``now_ns`` if given, of at most ``limit_ns``.

        :class:`KernelError`, and nothing has changed, if the kernel is in a run.
        """
        if self.main is not None and not self.main.done:
            coro.close()
            raise KernelError(f"the kernel is already in a run, of task {self.main.name!r}")
        if now_ns is not None and now_ns > self.now_ns:
            self.now_ns = now_ns
        self._halted = bool(self._failures)
        self._left_over = []
        self._limit_ns = None if limit_ns is None else self.now_ns + limit_ns
        self.main = task = self.spawn(coro)
        self._in_run = True
        return task

    def result(self, main: Task[T]) -> T:
        """Return the value of ``main`` after the shutdown, or raise the first failure; later ones are notes on it."""
        self._raise_failures()
        if main._error is not None:
            raise KernelError(f"the main task {main.name!r} did not end by itself") from main._error
        return cast(T, main._value)

    def fail(self, error: BaseException, task: Task[Any] | None = None) -> None:
        """End the run with ``error``, which left ``task`` or something that is not a task."""
        self._failures.append((error, task, self.now_ns))
        self._halted = True

    def work_arrived(self) -> None:
        """Pump's hook: work came from outside :meth:`advance`, which should therefore be called again soon."""

    def run_due(self, until_ns: int) -> None:
        """Pump's inner loop: run what is due until ``until_ns``, or until the run is over; keep the time of the last.

        Use :meth:`advance` unless the pump may jump in time.
        """
        if self._running:
            raise KernelError("the kernel was pumped by something that it runs")
        self._running = True
        ready = self._ready
        heap = self._heap
        now_ns = self.now_ns
        budget = LIVELOCK_STEPS
        try:
            while True:
                while ready and budget:
                    budget -= 1
                    task, value = ready.popleft()
                    if not task.done:
                        task._step(value)
                if not budget:
                    busy = ", ".join(sorted({task.name for task, _ in ready})) or "timer callbacks"
                    problem = f"livelock: {LIVELOCK_STEPS} steps at {now_ns} ns without an end; busy: {busy}"
                    self.fail(KernelError(problem))
                    return
                if self._halted or not heap or heap[0][0] > until_ns:
                    return
                entry = heappop(heap)
                target = entry[2]
                if target.__class__ is Task:
                    if not target._due(entry):
                        continue
                elif cast(Timer, target)._fn is None:
                    self._stale -= 1
                    continue
                if entry[0] > now_ns:
                    self.now_ns = now_ns = entry[0]
                    budget = LIVELOCK_STEPS
                budget -= 1
                if target.__class__ is Task:
                    target._wake(None)
                else:
                    self._call(cast(Timer, target))
        finally:
            self._running = False

    def _call(self, timer: Timer) -> None:
        fn, timer._fn = timer._fn, None
        assert fn is not None
        try:
            fn(timer._arg)
        except Exception as error:
            self.fail(error)

    def _count_stale(self) -> None:
        """Note that one more heap entry cannot fire; sweep when such entries are the larger part."""
        self._stale += 1
        if self._stale > SWEEP_MINIMUM and 2 * self._stale > len(self._heap):
            # In place: run_due() holds a reference.
            self._heap[:] = [
                entry
                for entry in self._heap
                if (entry[2]._armed is entry if isinstance(entry[2], Task) else entry[2]._fn is not None)
            ]
            heapify(self._heap)
            self._stale = 0

    def _forgive(self, task: Task[Any]) -> None:
        """A join observes the failure of ``task`` in time: it does not end the run."""
        if self._failures and task is not self.main and (self._in_run or self.main is None):
            self._failures = [failure for failure in self._failures if failure[1] is not task]
            self._halted = bool(self._failures) or (self.main is not None and self.main.done)

    def _raise_failures(self) -> None:
        """Forget how the run ended; raise its first failure, if any, with later ones as notes on it."""
        failures, self._failures = self._failures, []
        self._halted = False
        self._limit_ns = None
        self.main = None
        if failures:
            error, task, t_ns = failures[0]
            error.add_note(f"{_origin(task)} at {t_ns} ns")
            for later, later_task, later_ns in failures[1:]:
                error.add_note(f"then {_origin(later_task)} at {later_ns} ns: {type(later).__name__}: {later}")
            raise error

    def waiting_message(self, problem: str) -> str:
        """Return ``problem`` followed by one line for each task: what it waits for, and where."""
        waiting = [f"\n  task {task.name!r} {task.describe_wait()}" for task in self._live]
        return problem + "".join(waiting)


def _origin(task: Task[Any] | None) -> str:
    return "outside any task" if task is None else f"in task {task.name!r}"
