"""The MAC-address ROM: 32 octets that name the station.

Octets 0-5 station address, 6-13 zero, 14-15 ``WW``, 16-27 board data, 28-31 CRC-32 of octets 0-27, little-endian. The
image is whatever it is: a damaged one is for the driver to find.
"""

from __future__ import annotations

import zlib

from rig.errors import UsageError

ROM_OCTETS = 32
BOARD_DATA_OCTETS = 12
SIGNATURE = b"WW"


def rom_image(mac: bytes, board_data: bytes = b"") -> bytes:
    """Return a good image for a station address; ``board_data`` is up to 12 octets, filled up with zeros."""
    if len(mac) != 6 or len(board_data) > BOARD_DATA_OCTETS:
        raise UsageError(f"a ROM holds 6 octets of MAC address and 12 of board data; got {len(mac)}, {len(board_data)}")
    content = mac + bytes(8) + SIGNATURE + board_data.ljust(BOARD_DATA_OCTETS, b"\0")
    return content + zlib.crc32(content).to_bytes(4, "little")


def check_rom_size(image: bytes) -> bytes:
    """Return ``image``; :class:`~rig.errors.UsageError` unless it is 32 octets."""
    if len(image) != ROM_OCTETS:
        raise UsageError(f"a ROM image of {len(image)} octets; it must be {ROM_OCTETS}")
    return image
