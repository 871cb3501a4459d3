"""Virtual boards: twins behind pseudo-terminals of this machine, until somebody ends them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rig.build.board import virtual_boards
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_S

TICK_NS = NS_PER_S


@dataclass(frozen=True, slots=True)
class VirtualFacts:
    """What a person needs to use a virtual board."""

    board: str
    port: str
    baud: int


def run_fast_boards(
    boards: Sequence[str],
    *,
    baud: int,
    speed_mbps: int = 100,
    full_duplex: bool = False,
    seed: int = 1,
    duration_s: float | None = None,
    on_ready: Callable[[list[VirtualFacts]], None],
) -> None:
    """Offer twins of ``boards`` on one modelled cable, for ``duration_s`` or until interrupted (KeyboardInterrupt).

    ``on_ready`` is told the ports once they can be opened.
    """
    kernel = WallClock()

    async def main() -> None:
        virtual = virtual_boards(kernel, boards, baud=baud, speed_mbps=speed_mbps, full_duplex=full_duplex, seed=seed)
        try:
            on_ready([VirtualFacts(board.name, board.port, baud) for board in virtual])
            end_ns = None if duration_s is None else kernel.now_ns + round(duration_s * NS_PER_S)
            while end_ns is None or kernel.now_ns < end_ns:
                tick_ns = kernel.now_ns + TICK_NS
                await kernel.sleep_until(tick_ns if end_ns is None else min(tick_ns, end_ns))
        finally:
            for board in virtual:
                board.close()

    kernel.run(main())
