"""The MAC-address ROM as the bus sees it.

What an image means is ``rig.adapter.mac_rom``; a damaged one is for the driver to find.
"""

from __future__ import annotations

from rig.adapter.bus import WORD_OCTETS
from rig.adapter.registers import WIN_ROM_OCTETS
from rig.errors import UsageError


class RomWindow:
    """The words of an image of 32 octets, which need not be a good one."""

    __slots__ = ("words",)

    def __init__(self, image: bytes) -> None:
        if len(image) != WIN_ROM_OCTETS:
            raise UsageError(f"a ROM image of {len(image)} octets; the ROM has {WIN_ROM_OCTETS}")
        offsets = range(0, WIN_ROM_OCTETS, WORD_OCTETS)
        self.words = [int.from_bytes(image[offset : offset + WORD_OCTETS], "little") for offset in offsets]
