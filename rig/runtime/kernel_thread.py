"""A kernel on the wall clock in a thread of its own, for programs that use its hosts from other threads."""

from __future__ import annotations

import threading
import traceback as traceback_module
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

from rig.runtime.kernel import KernelError
from rig.runtime.pump_asyncio import WallClock

PATIENCE_S = 30.0


class KernelThread:
    """``with KernelThread(start): ...`` runs a kernel while the block does.

    ``start(kernel)`` is a coroutine of the kernel that spawns what shall run and returns; the block begins then. A
    failure of the kernel is raised at the end of the block; where the block failed too, it is a note on that.
    """

    def __init__(self, start: Callable[[WallClock], Coroutine[Any, Any, None]]) -> None:
        self.kernel = WallClock()
        self._start = start
        self._is_up = threading.Event()
        self._failure: BaseException | None = None
        self._stop = self.kernel.event("stop")
        self._thread = threading.Thread(target=self._run, name="kernel", daemon=True)

    def __enter__(self) -> WallClock:
        self._thread.start()
        if not self._is_up.wait(PATIENCE_S):
            raise KernelError(f"the kernel did not start within {PATIENCE_S:g} s")
        if self._failure is not None:
            raise self._failure
        return self.kernel

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kernel.call_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            raise KernelError(f"the kernel did not stop within {PATIENCE_S:g} s")
        if self._failure is not None:
            if error is None:
                raise self._failure
            notes = "".join(traceback_module.format_exception(self._failure))
            error.add_note(f"before that, the kernel itself had failed:\n{notes}")

    def _run(self) -> None:
        try:
            self.kernel.run(self._main())
        except BaseException as err:  # it belongs to the thread that waits
            self._failure = err
        finally:
            self._is_up.set()

    async def _main(self) -> None:
        await self._start(self.kernel)
        await self.kernel.sleep_until(self.kernel.now_ns + 1)  # what was spawned runs to its first wait
        self._is_up.set()
        await self._stop.wait()
