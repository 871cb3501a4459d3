"""The frame check sequence of Ethernet (IEEE Std 802.3-2022 3.2.9): CRC-32 over destination address .. data and pad.

The octets of a frame go least significant bit first, the FCS goes x^31 first. In a reflected CRC register, which is
what ``zlib.crc32`` computes, x^31 is bit 0; so the FCS octets in wire order are that value, little-endian.
"""

from __future__ import annotations

import struct
import zlib

FCS_OCTETS = 4

CRC32_RESIDUE = 0x2144DF1C
"""``zlib.crc32`` over a frame with its right FCS: the complement of the reflected register."""

REFLECTED_REGISTER_RESIDUE = 0xDEBB20E3
"""What a least-significant-bit-first register holds after such a frame, before the final complement."""

REGISTER_RESIDUE = 0xC704DD7B
"""What a most-significant-bit-first register holds then; the value most data sheets print."""

_LITTLE_ENDIAN_32 = struct.Struct("<I")


def fcs(frame: bytes | memoryview) -> bytes:
    """Return the 4 octets of FCS, in wire order, for a frame of destination address .. data and pad."""
    return _LITTLE_ENDIAN_32.pack(zlib.crc32(frame))


def has_good_fcs(frame_with_fcs: bytes | memoryview) -> bool:
    """Tell whether the last 4 octets are the FCS of those before; False for fewer than 4 octets."""
    return len(frame_with_fcs) >= FCS_OCTETS and zlib.crc32(frame_with_fcs) == CRC32_RESIDUE
