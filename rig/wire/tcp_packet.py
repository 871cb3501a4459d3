"""Whole TCP packets, IPv4 and TCP header read or written at once (RFC 791, RFC 9293 3.1).

The same as :class:`~rig.wire.tcp.TcpSegment` in :class:`~rig.wire.ipv4.Ipv4Packet`, in half the time, for what
connections send all the time: no IPv4 options, not fragmented, and of TCP options no more than a time stamp to read.
:func:`parse_plain_packet` leaves everything else, and everything that is wrong, to those. In a
:class:`TcpPacketWriter` what does not change from packet to packet is summed once, and the rest of each header as
numbers rather than as octets: modulo 0xFFFF a field of 32 bits counts as what it is (see :mod:`rig.wire.checksum`).
"""

from __future__ import annotations

import struct

from rig.errors import UsageError
from rig.wire.ipv4 import MAX_PACKET_OCTETS, Protocol
from rig.wire.tcp import HEADER_OCTETS as TCP_HEADER_OCTETS
from rig.wire.tcp import TcpSegment
from rig.wire.tcp_options import NO_OPTIONS, NOP_NOP_TIMESTAMP, TcpOptions

_HEADERS = struct.Struct(">BBHHHBBHIIHHIIHHHH")
_HEADERS_OCTETS = _HEADERS.size
_TIMESTAMP_OPTION = struct.Struct(">III")
_HEADERS_AND_TIMESTAMP_OCTETS = _HEADERS_OCTETS + _TIMESTAMP_OPTION.size
_IP_HEADER_OCTETS = 20
_FRAGMENT = 0x3FFF  # more fragments, or an offset
_FLAGS = 0xFF
_TCP = int(Protocol.TCP)
_VERSION_AND_LENGTH = 0x45
_DONT_FRAGMENT = 0x4000


def parse_plain_packet(data: memoryview) -> tuple[int, int, TcpSegment] | None:
    """Return (source, destination, segment) of the packet at the start of ``data``, or None where it is not plain.

    Both checksums are verified. None says nothing about the packet: it may be anything, right or wrong.
    """
    if len(data) < _HEADERS_OCTETS:
        return None
    (
        first, _, total_octets, _, fragment, _, protocol, _, source, destination,
        source_port, destination_port, sequence, acknowledgement, offset_and_flags, window, _, urgent_pointer,
    ) = _HEADERS.unpack_from(data)  # fmt: skip
    if first != _VERSION_AND_LENGTH or protocol != _TCP or fragment & _FRAGMENT or total_octets > len(data):
        return None
    header_words = offset_and_flags >> 12
    if header_words == 8 and total_octets >= _HEADERS_AND_TIMESTAMP_OCTETS:
        kind, value, echo = _TIMESTAMP_OPTION.unpack_from(data, _HEADERS_OCTETS)
        if kind != NOP_NOP_TIMESTAMP:
            return None
        options = TcpOptions(None, None, False, (), (value, echo))
        text = data[_HEADERS_AND_TIMESTAMP_OCTETS:total_octets]
    elif header_words == 5 and total_octets >= _HEADERS_OCTETS:
        options = NO_OPTIONS
        text = data[_HEADERS_OCTETS:total_octets]
    else:
        return None
    total = int.from_bytes(data[_IP_HEADER_OCTETS:total_octets], "big")
    if total_octets & 1:
        total <<= 8
    # Divided before the small numbers are added: each addition would copy all of a long one.
    if (total % 0xFFFF + source + destination + _TCP + total_octets - _IP_HEADER_OCTETS) % 0xFFFF:
        return None
    if int.from_bytes(data[:_IP_HEADER_OCTETS], "big") % 0xFFFF:
        return None
    flags = offset_and_flags & _FLAGS
    segment = TcpSegment(
        source_port, destination_port, sequence, acknowledgement, flags, window, text, urgent_pointer, options
    )
    return source, destination, segment


class TcpPacketWriter:
    """Writes the packets of one connection, from ``source`` to ``destination`` (32 bits) and these ports (16 bits)."""

    __slots__ = ("_destination", "_destination_port", "_ip_sum", "_source", "_source_port", "_tcp_sum")

    def __init__(self, source: int, destination: int, source_port: int, destination_port: int) -> None:
        self._source = source
        self._destination = destination
        self._source_port = source_port
        self._destination_port = destination_port
        self._ip_sum = (_VERSION_AND_LENGTH << 8) + _DONT_FRAGMENT + _TCP + source + destination
        self._tcp_sum = source + destination + _TCP + source_port + destination_port

    def write(
        self,
        sequence: int,
        acknowledgement: int,
        flags: int,
        window: int,
        urgent_pointer: int,
        options: bytes,
        text: bytes | bytearray | memoryview,
        ttl: int,
        dscp: int,
        identification: int,
    ) -> bytes:
        """Return one packet. ``options`` are serialised, a multiple of 4 octets, at most 40; ``text`` may be empty.

        :class:`UsageError` for a value that its field cannot hold.
        """
        segment_octets = TCP_HEADER_OCTETS + len(options) + len(text)
        total_octets = _HEADERS_OCTETS + len(options) + len(text)
        offset_and_flags = TCP_HEADER_OCTETS + len(options) << 10 | flags
        text_sum = int.from_bytes(text, "big")
        if len(text) & 1:
            text_sum <<= 8
        ip_sum = self._ip_sum + (dscp << 2) + total_octets + identification + (ttl << 8)
        tcp_sum = (
            self._tcp_sum
            + segment_octets
            + sequence
            + acknowledgement
            + offset_and_flags
            + window
            + urgent_pointer
            + int.from_bytes(options, "big")
            + text_sum % 0xFFFF  # now, because each operation on the sum would copy all of a long one
        )
        try:
            headers = _HEADERS.pack(
                _VERSION_AND_LENGTH,
                dscp << 2,
                total_octets,
                identification,
                _DONT_FRAGMENT,
                ttl,
                _TCP,
                -ip_sum % 0xFFFF,  # the complement of the sum, 0 where that is 0xFFFF
                self._source,
                self._destination,
                self._source_port,
                self._destination_port,
                sequence,
                acknowledgement,
                offset_and_flags,
                window,
                -tcp_sum % 0xFFFF,
                urgent_pointer,
            )
        except struct.error as err:
            limit = f"a packet has at most {MAX_PACKET_OCTETS} octets; this one {total_octets}"
            raise UsageError(f"a field of the IPv4 or TCP header does not fit ({limit}): {err}") from err
        return b"".join((headers, options, text))
