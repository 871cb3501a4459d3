"""The options of a TCP segment: MSS, window scale, SACK permitted, SACK, timestamps.

RFC 9293 3.2 (format, end of list, no-operation, MSS), RFC 7323 (window scale, timestamps), RFC 2018 (SACK).

How options that are not right are taken:

* unknown kind, or a known kind with a length that is not its own: skipped by its length (RFC 9293 MUST-6);
* a length below 2, or one that runs past the header: :class:`WireError`, so that the segment is dropped and counted.
  RFC 9293 MUST-7 leaves what to do open; options after that point cannot be found, and a sender that writes them is
  broken.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from rig.errors import UsageError, WireError

MAX_OPTIONS_OCTETS = 40

_MSS = struct.Struct(">BBH")
_ALIGNED_WINDOW_SCALE = struct.Struct(">BBBB")
_ALIGNED_PAIR = struct.Struct(">BBBB")
_TWO_WORDS = struct.Struct(">II")
_ALIGNED_TIMESTAMP = struct.Struct(">III")
_MSS_OCTETS = 4
_WINDOW_SCALE_OCTETS = 3
_SACK_PERMITTED_OCTETS = 2
_TIMESTAMP_OCTETS = 10
_SACK_BLOCK_OCTETS = 8
NOP_NOP_TIMESTAMP = 0x0101_080A
"""Two no-operations, kind and length of the timestamp option, as one word."""
_SACK_PERMITTED_TIMESTAMP = 0x0402_080A


class TcpOptionKind(IntEnum):
    """Option kinds that the rig reads and writes."""

    END_OF_LIST = 0
    NO_OPERATION = 1
    MSS = 2
    WINDOW_SCALE = 3
    SACK_PERMITTED = 4
    SACK = 5
    TIMESTAMP = 8


class TcpOptions(NamedTuple):
    """What the options of one segment say; None, False or empty where one is absent.

    ``mss`` in octets; ``window_scale`` is the shift as it is on the wire (above 14 the receiver uses 14, RFC 7323 2.3);
    ``sack`` are (left edge, right edge) pairs of sequence numbers; ``timestamp`` is (TSval, TSecr).
    """

    mss: int | None = None
    window_scale: int | None = None
    sack_permitted: bool = False
    sack: tuple[tuple[int, int], ...] = ()
    timestamp: tuple[int, int] | None = None

    @property
    def encoded_octets(self) -> int:
        """Octets these options take in a header: a multiple of 4."""
        octets = 0
        if self.mss is not None:
            octets += 4
        if self.window_scale is not None:
            octets += 4
        if self.timestamp is not None:
            octets += 12  # SACK permitted takes the place of its two NOPs
        elif self.sack_permitted:
            octets += 4
        if self.sack:
            octets += 4 + _SACK_BLOCK_OCTETS * len(self.sack)
        return octets

    @classmethod
    def parse(cls, data: bytes | memoryview) -> TcpOptions:
        """Return the options in ``data``, the octets between the fixed header and the payload.

        Where a kind occurs twice the last one counts. :class:`WireError` for a length that cannot be skipped by.
        """
        end = len(data)
        mss: int | None = None
        window_scale: int | None = None
        sack_permitted = False
        sack: tuple[tuple[int, int], ...] = ()
        timestamp: tuple[int, int] | None = None
        position = 0
        while position < end:
            kind = data[position]
            if kind == TcpOptionKind.END_OF_LIST:
                break
            if kind == TcpOptionKind.NO_OPERATION:
                position += 1
                continue
            octets = data[position + 1] if position + 1 < end else 0
            if octets < 2 or position + octets > end:
                raise WireError(f"TCP option {kind} has length {octets} with {end - position} octets of header left")
            if kind == TcpOptionKind.MSS and octets == _MSS_OCTETS:
                mss = data[position + 2] << 8 | data[position + 3]
            elif kind == TcpOptionKind.WINDOW_SCALE and octets == _WINDOW_SCALE_OCTETS:
                window_scale = data[position + 2]
            elif kind == TcpOptionKind.SACK_PERMITTED and octets == _SACK_PERMITTED_OCTETS:
                sack_permitted = True
            elif kind == TcpOptionKind.SACK and octets % _SACK_BLOCK_OCTETS == 2:
                sack = tuple(
                    _TWO_WORDS.unpack_from(data, block)
                    for block in range(position + 2, position + octets, _SACK_BLOCK_OCTETS)
                )
            elif kind == TcpOptionKind.TIMESTAMP and octets == _TIMESTAMP_OCTETS:
                timestamp = _TWO_WORDS.unpack_from(data, position + 2)
            position += octets
        return cls(mss, window_scale, sack_permitted, sack, timestamp)

    def serialize(self) -> bytes:
        """Return the options, each aligned to 4 octets by no-operations before it, so that no end of list is needed.

        :class:`UsageError` for more than 40 octets (with a timestamp: more than 3 SACK blocks) and for values that do
        not fit.
        """
        if self.encoded_octets > MAX_OPTIONS_OCTETS:
            raise UsageError(f"TCP options of {self.encoded_octets} octets; the limit is {MAX_OPTIONS_OCTETS}")
        nop = TcpOptionKind.NO_OPERATION
        parts: list[bytes] = []
        try:
            if self.mss is not None:
                parts.append(_MSS.pack(TcpOptionKind.MSS, _MSS_OCTETS, self.mss))
            if self.timestamp is not None:
                head = _SACK_PERMITTED_TIMESTAMP if self.sack_permitted else NOP_NOP_TIMESTAMP
                parts.append(_ALIGNED_TIMESTAMP.pack(head, *self.timestamp))
            elif self.sack_permitted:
                parts.append(_ALIGNED_PAIR.pack(nop, nop, TcpOptionKind.SACK_PERMITTED, _SACK_PERMITTED_OCTETS))
            if self.window_scale is not None:
                scale = (nop, TcpOptionKind.WINDOW_SCALE, _WINDOW_SCALE_OCTETS, self.window_scale)
                parts.append(_ALIGNED_WINDOW_SCALE.pack(*scale))
            if self.sack:
                octets = 2 + _SACK_BLOCK_OCTETS * len(self.sack)
                parts.append(_ALIGNED_PAIR.pack(nop, nop, TcpOptionKind.SACK, octets))
                parts.extend(_TWO_WORDS.pack(*block) for block in self.sack)
        except struct.error as err:
            raise UsageError(f"{self}: {err}") from err
        return b"".join(parts)


def timestamp_option(value: int, echo: int) -> bytes:
    """Return what ``TcpOptions(timestamp=(value, echo)).serialize()`` does, sooner (RFC 7323 appendix A)."""
    return _ALIGNED_TIMESTAMP.pack(NOP_NOP_TIMESTAMP, value, echo)


NO_OPTIONS = TcpOptions()
