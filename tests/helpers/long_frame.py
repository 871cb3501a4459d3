"""A frame of the board link that is longer than any may be; what sends frames refuses to make one."""

from __future__ import annotations

import struct
import zlib

from cobs import cobs


def long_frame(octets: int, *, kind: int = 0x55, session: int = 0) -> bytes:
    """Return one with ``octets`` of payload, all zero, whose length and CRC are right."""
    body = struct.pack("<BBBBHH", kind, 0, 0, 0, session, octets) + bytes(octets)
    return b"\0" + bytes(cobs.encode(body + struct.pack("<I", zlib.crc32(body)))) + b"\0"
