"""The MAC-address ROM: 32 octets that give an adapter its station address.

::

     0 ..  5  station address, in transmission order
     6 .. 13  zero
    14 .. 15  "WW", as the DP8390 adapters had it
    16 .. 27  board data, for people
    28 .. 31  CRC-32 of octets 0 .. 27, little-endian
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from rig.errors import AdapterFault, UsageError
from rig.wire.address import MAC_OCTETS, format_mac, is_group_mac

ROM_OCTETS = 32
BOARD_DATA_OCTETS = 12
_MARK_AT, _BOARD_DATA_AT, _CRC_AT = 14, 16, 28
_MARK = b"WW"


@dataclass(frozen=True, slots=True)
class MacRom:
    """What an intact ROM says."""

    mac: bytes
    board_data: bytes = bytes(BOARD_DATA_OCTETS)

    @classmethod
    def parse(cls, image: bytes) -> MacRom:
        """Read a ROM image of 32 octets; :class:`~rig.errors.AdapterFault` says what is damaged."""
        if len(image) != ROM_OCTETS:
            raise AdapterFault(f"the MAC-address ROM has {len(image)} octets instead of {ROM_OCTETS}")
        stored = int.from_bytes(image[_CRC_AT:], "little")
        computed = zlib.crc32(image[:_CRC_AT])
        if stored != computed:
            raise AdapterFault(
                f"the MAC-address ROM is damaged: its CRC-32 is 0x{stored:08X}, its content gives 0x{computed:08X}"
            )
        mac = image[:MAC_OCTETS]
        # A right CRC over the wrong content: a blank part, or one that was programmed for something else.
        if image[_MARK_AT:_BOARD_DATA_AT] != _MARK or any(image[MAC_OCTETS:_MARK_AT]):
            raise AdapterFault(f"the MAC-address ROM holds something else: no mark 'WW', content {image.hex(' ')}")
        if is_group_mac(mac) or not any(mac):
            raise AdapterFault(f"the MAC-address ROM holds {format_mac(mac)}, which is no station address")
        return cls(mac, image[_BOARD_DATA_AT:_CRC_AT])

    def serialize(self) -> bytes:
        """Return the image, 32 octets; :class:`~rig.errors.UsageError` for what is no station address or too long."""
        if len(self.mac) != MAC_OCTETS or is_group_mac(self.mac) or not any(self.mac):
            raise UsageError(f"{self.mac.hex(':')} is no station address: 6 octets, I/G bit 0, not all zero")
        if len(self.board_data) > BOARD_DATA_OCTETS:
            raise UsageError(f"{len(self.board_data)} octets of board data; at most {BOARD_DATA_OCTETS} fit")
        image = self.mac.ljust(_MARK_AT, b"\0") + _MARK + self.board_data.ljust(BOARD_DATA_OCTETS, b"\0")
        return image + zlib.crc32(image).to_bytes(4, "little")
