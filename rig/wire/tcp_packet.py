"""Whole packets of one TCP connection, IPv4 and TCP header written at once (RFC 791, RFC 9293 3.1).

The same octets as :class:`~rig.wire.tcp.TcpSegment` in :class:`~rig.wire.ipv4.Ipv4Packet` would give, for what a
connection sends all the time: no IPv4 options, not fragmented, DF set. What does not change from packet to packet is
summed once, and the rest of each header is summed as numbers rather than as octets: modulo 0xFFFF a field of 32 bits
counts as what it is (see :mod:`rig.wire.checksum`), so both headers cost one ``pack``.
"""

from __future__ import annotations

import struct

from rig.errors import UsageError
from rig.wire.ipv4 import MAX_PACKET_OCTETS, Protocol
from rig.wire.tcp import HEADER_OCTETS as TCP_HEADER_OCTETS

_HEADERS = struct.Struct(">BBHHHBBHIIHHIIHHHH")
_HEADERS_OCTETS = _HEADERS.size
_TCP = int(Protocol.TCP)
_VERSION_AND_LENGTH = 0x45
_DONT_FRAGMENT = 0x4000


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
        text: bytes | memoryview,
        *,
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
            + text_sum
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
