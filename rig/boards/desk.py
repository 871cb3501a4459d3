"""Sit down at one board: lock it, open a session on the wall clock, do something, and give everything back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from rig.boards.inventory import Target
from rig.boards.lock import board_lock
from rig.build.board import BoardBus as BoardBus
from rig.build.board import play_on_twin as play_on_twin
from rig.build.board import port_bus
from rig.runtime.pump_asyncio import WallClock as WallClock  # for the command line, which may not name it itself
from rig.units import NS_PER_S

T = TypeVar("T")

DEFAULT_WAIT_S = 10.0
DEFAULT_LIMIT_S = 600


def at_board(
    target: Target,
    body: Callable[[WallClock, BoardBus], Awaitable[T]],
    *,
    wait_s: float = DEFAULT_WAIT_S,
    limit_s: float | None = DEFAULT_LIMIT_S,
) -> T:
    """Run ``body`` on the board's bus and return its value.

    :class:`~rig.errors.LinkError` when the board is not free within ``wait_s``, or does not greet;
    :class:`~rig.runtime.kernel.TimeLimitError` after ``limit_s`` of device time.
    """
    with board_lock(target.name, target.key, wait_s=wait_s):
        kernel = WallClock()

        async def main() -> T:
            kind = None if target.kind is None else target.kind.greeting_id
            bus = port_bus(
                kernel,
                target.locate,
                name=target.name,
                board=kind,
                baud=target.baud,
                rts_cts=target.rts_cts,
                timeout_ceiling_ms=target.timeout_ceiling_ms,
            )
            try:
                await bus.open()
                return await body(kernel, bus)
            finally:
                bus.close()

        return kernel.run(main(), limit_ns=None if limit_s is None else round(limit_s * NS_PER_S))
