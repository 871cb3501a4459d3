"""Frames of the board link: COBS between zeros, a header of eight octets, an Ethernet CRC (``docs/board_link.md``).

A *piece* is what stands between two ``00`` on the line. :class:`Deframer` cuts a stream into pieces whatever it
contains; :meth:`Frame.parse` says whether a piece is a frame. What the fields mean to a session is not decided here.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from cobs import cobs

from rig.errors import UsageError, WireError

HEADER_OCTETS = 8
CRC_OCTETS = 4
OVERHEAD_OCTETS = HEADER_OCTETS + CRC_OCTETS
LARGEST_FRAME_OCTETS = 2048
LARGEST_PAYLOAD_OCTETS = LARGEST_FRAME_OCTETS - OVERHEAD_OCTETS
SMALLEST_PAYLOAD_LIMIT_OCTETS = 32
LARGEST_PIECE_OCTETS = LARGEST_FRAME_OCTETS + LARGEST_FRAME_OCTETS // 254 + 1

IRQ_LEVEL = 0x80
CODE_MASK = 0x0F

_HEADER = struct.Struct("<BBBBHH")
_CRC = struct.Struct("<I")


class MessageType(IntEnum):
    """What a frame is."""

    HELLO = 0x01
    BATCH = 0x02
    BATCH_REPLY = 0x03
    EVENT = 0x04
    EVENT_ACK = 0x05
    LOG = 0x06
    PING = 0x07
    NAK = 0x08
    RESET = 0x09


class NakCode(IntEnum):
    """Why a device did not take a frame."""

    CRC = 1
    SEQUENCE = 2
    NO_SESSION = 3
    BUSY = 4
    REPLAY_LOST = 5
    TYPE = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame::

         0               1               2               3               octet
        +---------------+---------------+---------------+---------------+
        |  type         |  sequence     |  credit/round |  code         |
        +---------------+---------------+---------------+---------------+
        |  session                      |  length                       |
        +-------------------------------+-------------------------------+
        |  payload (0 to 2036), then CRC-32 (4)                         |
        +---------------------------------------------------------------+

    ``type`` is a :class:`MessageType` or any other octet that arrived.
    """

    type: int
    sequence: int = 0
    credit: int = 0
    """From the device: credit, or in a NAK a round; from the host: its round."""
    code: int = 0
    session: int = 0
    payload: bytes = b""

    @property
    def irq(self) -> bool:
        """The interrupt line at the moment of sending; of a frame from the device."""
        return bool(self.code & IRQ_LEVEL)

    @property
    def result(self) -> int:
        """The code without the interrupt line."""
        return self.code & CODE_MASK

    def serialize(self) -> bytes:
        """Return the frame as it stands on the line, with a ``00`` on both sides."""
        if len(self.payload) > LARGEST_PAYLOAD_OCTETS:
            raise UsageError(f"a payload of {len(self.payload)} octets; a frame holds {LARGEST_PAYLOAD_OCTETS}")
        body = (
            _HEADER.pack(self.type, self.sequence, self.credit, self.code, self.session, len(self.payload))
            + self.payload
        )
        encoded: bytes = cobs.encode(body + _CRC.pack(zlib.crc32(body)))
        return b"\0" + encoded + b"\0"

    @classmethod
    def parse(cls, piece: bytes) -> Frame:
        """Read a piece; :class:`~rig.errors.WireError` if it is bad."""
        if len(piece) > LARGEST_PIECE_OCTETS:
            raise WireError(f"a piece of {len(piece)} octets; the longest frame has {LARGEST_PIECE_OCTETS}")
        try:
            octets: bytes = cobs.decode(piece)
        except cobs.DecodeError as error:
            raise WireError(f"no COBS: {error}") from error
        if not OVERHEAD_OCTETS <= len(octets) <= LARGEST_FRAME_OCTETS:
            raise WireError(f"{len(octets)} octets; a frame has {OVERHEAD_OCTETS} to {LARGEST_FRAME_OCTETS}")
        (crc,) = _CRC.unpack_from(octets, len(octets) - CRC_OCTETS)
        if zlib.crc32(octets[:-CRC_OCTETS]) != crc:
            raise WireError("wrong CRC")
        kind, sequence, credit, code, session, length = _HEADER.unpack_from(octets)
        if length != len(octets) - OVERHEAD_OCTETS:
            raise WireError(f"the header says {length} octets of payload, there are {len(octets) - OVERHEAD_OCTETS}")
        return cls(kind, sequence, credit, code, session, octets[HEADER_OCTETS:-CRC_OCTETS])


def line_octets(payload_octets: int) -> int:
    """Return the most octets that a frame with this payload takes on the line, both ``00`` included."""
    octets = payload_octets + OVERHEAD_OCTETS
    return octets + octets // 254 + 1 + 2


class Deframer:
    """Cuts a stream of octets into pieces that are not empty. Of one that is too long for any frame, it keeps a part
    that is still too long."""

    __slots__ = ("_open", "pending_octets")

    def __init__(self) -> None:
        self._open = bytearray()
        self.pending_octets = 0
        """Octets since the last ``00``."""

    def feed(self, octets: bytes) -> list[bytes]:
        """Take octets from the line; return the pieces they complete."""
        *ended, rest = octets.split(b"\0")
        pieces = []
        for part in ended:
            self._extend(part)
            if self._open:
                pieces.append(bytes(self._open))
                self._open.clear()
            self.pending_octets = 0
        self._extend(rest)
        return pieces

    def _extend(self, part: bytes) -> None:
        self.pending_octets += len(part)
        room = LARGEST_PIECE_OCTETS + 1 - len(self._open)
        self._open += part[:room]
