"""Run blocking code, unmodified, in the time of a kernel: the code and the kernel never run at once.

Blocking code runs in a thread of its own. While it computes, the kernel's thread stands still, so simulated time does
too; when it calls :meth:`Handoff.call`, it stands still and the kernel runs until the awaited thing is done. Only one
of the two threads ever runs, which keeps a run deterministic under any pump. Several programs at once need a
:class:`Handoff` each; they take turns in the same way.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from rig.runtime.kernel import Cancelled, KernelError, Scheduler

T = TypeVar("T")

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class _Request:
    """From the program: await this for me."""

    awaitable: Awaitable[Any]
    timeout_ns: int | None


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[T]):
    """The end of a request, or of the program: a value or an error."""

    value: T | None = None
    error: BaseException | None = None

    def take(self) -> T:
        if self.error is not None:
            raise self.error
        return cast(T, self.value)


_Messages = queue.SimpleQueue[_Request | _Outcome[Any]]


class Handoff:
    """One blocking program at a time, handed to and fro between its thread and the kernel's.

    ``patience_s`` is how long (wall time) the program may compute or block outside :meth:`call` before it is given up:
    nothing else can run meanwhile.
    """

    def __init__(self, scheduler: Scheduler, patience_s: float = PATIENCE_S) -> None:
        self._scheduler = scheduler
        self._patience_s = patience_s
        self._to_kernel: _Messages = queue.SimpleQueue()
        self._to_program: queue.SimpleQueue[_Outcome[Any]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, fn: Callable[..., T], *args: Any) -> T:
        """Run ``fn(*args)`` in a thread of its own and return its value or raise its error; await it in a kernel task.

        When that task is cancelled, ``Cancelled`` is raised in the program's present and every further
        :meth:`call`, and the program is waited for. :class:`KernelError` if a program runs already, or if it takes
        longer than the patience between two calls.
        """
        if self._thread is not None:
            raise KernelError(f"{self._thread.name} runs already; use a Handoff for each program")
        name = f"program {getattr(fn, '__qualname__', fn)!r}"
        self._to_kernel = queue.SimpleQueue()  # a program that was given up keeps the old one
        self._thread = threading.Thread(
            target=_run_program, args=(fn, args, self._to_kernel), name=name, daemon=True
        )  # fmt: skip
        self._thread.start()
        cancelled: Cancelled | None = None
        try:
            while True:
                message = self._next_message(name)
                if isinstance(message, _Outcome):
                    break
                if cancelled is not None:
                    _discard(message.awaitable)
                    self._to_program.put(_Outcome(error=cancelled))
                    continue
                try:
                    outcome = _Outcome(value=await self._serve(message))
                except Exception as error:
                    outcome = _Outcome(error=error)
                except Cancelled as error:
                    cancelled = error
                    outcome = _Outcome(error=error)
                except BaseException:  # the kernel gives up on this task; let the program end by itself
                    self._to_program.put(_Outcome(error=Cancelled(f"{name} was given up")))
                    raise
                self._to_program.put(outcome)
        finally:
            self._thread = None
        if cancelled is not None:
            raise cancelled
        return cast(_Outcome[T], message).take()

    def call(self, awaitable: Awaitable[T], timeout_ns: int | None = None) -> T:
        """Block the program until the kernel has awaited ``awaitable``; return its value or raise its error.

        Call from the program's thread only (:class:`KernelError`). :class:`TimeoutError` after ``timeout_ns`` of the
        kernel's time; what was awaited is cancelled then, and its clean-up waited for.
        """
        if threading.current_thread() is not self._thread:
            _discard(awaitable)
            raise KernelError("Handoff.call() belongs to the thread of the program that Handoff.run() started")
        self._to_kernel.put(_Request(awaitable, timeout_ns))
        return cast(_Outcome[T], self._to_program.get()).take()

    def _next_message(self, name: str) -> _Request | _Outcome[Any]:
        """Stand still until the program calls or ends."""
        try:
            return self._to_kernel.get(timeout=self._patience_s)
        except queue.Empty:
            raise KernelError(
                f"{name} neither ended nor called the kernel for {self._patience_s:g} s of wall time; does it block on "
                "something outside the simulation?"
            ) from None

    async def _serve(self, request: _Request) -> Any:
        if request.timeout_ns is None:
            return await request.awaitable
        scheduler = self._scheduler
        task = scheduler.spawn(_wait(request.awaitable), name="handoff", keep_error=True)
        try:
            await scheduler.wait_first(task.finished, deadline_ns=scheduler.now_ns + request.timeout_ns)
        except Cancelled:
            task.cancel()
            raise
        if not task.cancel():
            return await task
        try:
            return await task  # it may end with a value in spite of the cancellation
        except Cancelled:
            raise TimeoutError("timed out") from None


def _run_program(fn: Callable[..., Any], args: tuple[Any, ...], to_kernel: _Messages) -> None:
    """Body of the program's thread."""
    try:
        outcome = _Outcome(value=fn(*args))
    except BaseException as error:  # SystemExit as well: it ends the program, and whoever awaits it decides
        outcome = _Outcome(error=error)
    to_kernel.put(outcome)


async def _wait(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _discard(awaitable: Awaitable[Any]) -> None:
    """Close a coroutine that will not run, so that Python does not warn of it."""
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()
