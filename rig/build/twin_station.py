"""A twin of an adapter in a bench, and how a host reaches it: over its bus, or as a board behind a serial line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rig.adapter.bus import AdapterBus
from rig.runtime.kernel import Kernel

if TYPE_CHECKING:
    from firmware_models.adapter.adapter import LanAdapter
    from rig.build.board import ModelledBoard


class TwinStation:
    """``adapter`` is on its medium already. ``seed`` is for what happens on the serial line of a board."""

    def __init__(self, kernel: Kernel, adapter: LanAdapter, *, is_board: bool, seed: int) -> None:
        from rig.backends.model import ModelBus
        from rig.build.board import board_around

        self.adapter = adapter
        self._board: ModelledBoard | None = None
        if is_board:
            self._board = board_around(kernel, adapter, name=adapter.name, seed=seed)
        self.bus: AdapterBus = ModelBus(kernel, adapter) if self._board is None else self._board.bus

    def power(self, on: bool) -> None:
        """Switch its power, now. A board has its power from its USB cable: its host loses the port with it."""
        if self._board is None:
            self.adapter.power(on)
        elif on:
            self._board.plug()
        else:
            self._board.unplug()

    def finish(self) -> None:
        """Put what still lasts into the timeline."""
        self.adapter.finish()
