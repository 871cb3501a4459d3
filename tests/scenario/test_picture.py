"""The picture that comes along: of the promised size, valid, and what its program draws."""

from __future__ import annotations

import struct
import zlib

from rig.scenario.catalog import PICTURE
from rig.scenario.data.make_picture import HEIGHT, WIDTH, draw, palette


def chunks() -> dict[bytes, bytes]:
    data = PICTURE.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found: dict[bytes, bytes] = {}
    position = 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        (crc,) = struct.unpack_from(">I", data, position + 8 + length)
        assert crc == zlib.crc32(kind + body)
        found[kind] = body
        position += 12 + length
    return found


def test_size() -> None:
    assert 45_000 <= PICTURE.stat().st_size <= 55_000


def test_it_is_what_its_program_draws() -> None:
    parts = chunks()
    assert struct.unpack_from(">II", parts[b"IHDR"]) == (WIDTH, HEIGHT)
    assert parts[b"PLTE"] == b"".join(bytes(colour) for colour in palette())
    assert zlib.decompress(parts[b"IDAT"]) == b"".join(b"\0" + bytes(row) for row in draw())
