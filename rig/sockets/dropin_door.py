"""The way from a program's threads into the kernel's: calls that wait for their answer, each with a limit.

A call never waits for ever: it fails with ENETDOWN when the kernel does not run, ends, or does not answer for a minute.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from typing import Any, Protocol, TypeVar

from rig.runtime.kernel import Event, KernelError, Scheduler, Task

T = TypeVar("T")

PATIENCE_S = 60.0


class DescriptorEvents(Protocol):
    """What happened on a descriptor, told once for each change."""

    @property
    def readable(self) -> Event: ...

    @property
    def writable(self) -> Event: ...

    @property
    def hung_up(self) -> Event: ...


class WallClockKernel(Scheduler, Protocol):
    """What the drop-in needs of a kernel; ``rig.runtime.pump_asyncio.WallClock`` is one."""

    current: Task[Any] | None
    """The task that runs now."""

    def call_threadsafe(self, fn: Callable[..., object], *args: Any) -> bool:
        """Have ``fn(*args)`` called in the kernel's thread soon; False when there is no run."""
        ...

    def watch_descriptor(self, fd: int) -> DescriptorEvents:
        """Return the events of a file descriptor."""
        ...

    def forget_descriptor(self, fd: int) -> None:
        """Undo ``watch_descriptor``, before the descriptor is closed."""
        ...


def network_is_down() -> OSError:
    """Return the error of a host whose kernel does not run."""
    return OSError(errno.ENETDOWN, f"{os.strerror(errno.ENETDOWN)}: the host does not run")


class Door:
    """Calls into one kernel. Opened and closed by the kernel's thread."""

    def __init__(self, kernel: WallClockKernel) -> None:
        self._kernel = kernel
        self._lock = threading.Lock()
        self._waiting: set[Future[Any]] = set()
        self._thread_id: int | None = None

    def open(self) -> None:
        """Let calls in; from the kernel's thread."""
        self._thread_id = threading.get_ident()

    def close(self) -> None:
        """Fail every call that waits, and all later ones."""
        with self._lock:
            self._thread_id = None
            waiting, self._waiting = self._waiting, set()
        for future in waiting:
            _fail(future, network_is_down())

    def call(self, fn: Callable[..., T], *args: Any) -> T:
        """Return ``fn(*args)``, called in the kernel's thread."""

        def enter(future: Future[T]) -> None:
            if future.done():
                return  # the kernel ended before this call came in
            try:
                value = fn(*args)
            except Exception as err:
                _fail(future, err)
            else:
                _finish(future, value)

        try:
            return self._answer(enter, PATIENCE_S)
        except _NoAnswerError:
            raise network_is_down() from None

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], timeout_s: float | None) -> T:
        """Return what the coroutine that ``make`` returns does, run as a task of the kernel.

        :class:`TimeoutError` after ``timeout_s``, whereupon the task is cancelled; None: it may take for ever.
        """
        tasks: list[Task[None]] = []

        def enter(future: Future[T]) -> None:
            if future.done():
                return  # the kernel ended before this call came in
            tasks.append(self._kernel.spawn(_settle(make, future), "call of a program"))

        try:
            return self._answer(enter, timeout_s)
        except _NoAnswerError:
            self._kernel.call_threadsafe(lambda: [task.cancel() for task in tasks])
            raise TimeoutError("timed out") from None

    def tell(self, fn: Callable[..., object], *args: Any) -> None:
        """Have ``fn(*args)`` called in the kernel's thread, and wait for nothing."""
        self._kernel.call_threadsafe(fn, *args)

    def _answer(self, enter: Callable[[Future[T]], None], limit_s: float | None) -> T:
        future: Future[T] = Future()
        with self._lock:
            if self._thread_id is None:
                raise network_is_down()
            if self._thread_id == threading.get_ident():
                raise KernelError("a blocking call in the kernel's own thread would wait for itself")
            self._waiting.add(future)
        try:
            if not self._kernel.call_threadsafe(enter, future):
                raise network_is_down()
            if not wait([future], limit_s).done:
                raise _NoAnswerError
            return future.result()
        finally:
            with self._lock:
                self._waiting.discard(future)


class _NoAnswerError(Exception):
    """The limit of a call has passed."""


async def _settle(make: Callable[[], Coroutine[Any, Any, T]], future: Future[T]) -> None:
    try:
        value = await make()  # made here, so that a task which never runs leaves none behind
    except Exception as err:
        _fail(future, err)
    except BaseException:
        _fail(future, network_is_down())
        raise
    else:
        _finish(future, value)


def _finish(future: Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
