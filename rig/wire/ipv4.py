"""The IPv4 header (RFC 791; DSCP of RFC 2474, ECN of RFC 3168).

Options are carried as octets and not looked into: nothing in the rig sends one, and a receiver may ignore all of them
(RFC 1122 3.2.1.8). Fragments parse like whole packets; reassembly is the stack's.

Packets, segments and their options are named tuples: as immutable as a frozen dataclass and four times faster to make,
which a stack notices that makes three of them for each frame.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from rig.errors import UsageError, WireError
from rig.wire.checksum import internet_checksum

MIN_HEADER_OCTETS = 20
MAX_HEADER_OCTETS = 60
MAX_PACKET_OCTETS = 65535

_HEADER = struct.Struct(">BBHHHBBHII")
_CHECKSUM = struct.Struct(">H")
_CHECKSUM_OFFSET = 10
_VERSION_4_WITHOUT_OPTIONS = 0x45
_DONT_FRAGMENT = 0x4000
_MORE_FRAGMENTS = 0x2000
_OFFSET_MASK = 0x1FFF


class Protocol(IntEnum):
    """Values of the protocol field that the rig knows."""

    ICMP = 1
    TCP = 6
    UDP = 17


class Ipv4Packet(NamedTuple):
    """One packet or fragment::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-------+-------+-----------+---+-------------------------------+
        |version|  IHL  |   DSCP    |ECN|         total length          |
        +-------+-------+-----------+---+-----+-------------------------+
        |        identification         |0|D|M|     fragment offset     |
        |                               | |F|F|     (unit 8 octets)     |
        +---------------+---------------+-----+-------------------------+
        |  time to live |   protocol    |        header checksum        |
        +---------------+---------------+-------------------------------+
        |                        source address                         |
        +---------------------------------------------------------------+
        |                      destination address                      |
        +---------------------------------------------------------------+
        |                    options and their pad                      |
        +---------------------------------------------------------------+

    ``fragment_offset_octets`` is a multiple of 8, at most 65528. ``options`` are 0 to 40 octets.
    """

    source: int
    destination: int
    protocol: int
    payload: bytes | memoryview
    ttl: int = 64
    identification: int = 0
    dont_fragment: bool = False
    more_fragments: bool = False
    fragment_offset_octets: int = 0
    dscp: int = 0
    ecn: int = 0
    options: bytes = b""

    @property
    def header_octets(self) -> int:
        """Octets of the header with its options, 20 to 60."""
        return MIN_HEADER_OCTETS + (len(self.options) + 3 & ~3)

    @property
    def is_fragment(self) -> bool:
        """Whether this is a part of a larger packet."""
        return self.more_fragments or self.fragment_offset_octets != 0

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Ipv4Packet:
        """Return the packet at the start of ``data``, trimmed to its total length: the pad of a minimum frame goes.

        :class:`WireError` for a wrong version, header length, total length or header checksum (RFC 1122 3.2.1.1,
        3.2.1.2).
        """
        octets = len(data)
        is_plain = octets >= MIN_HEADER_OCTETS and data[0] == _VERSION_4_WITHOUT_OPTIONS
        header_octets = MIN_HEADER_OCTETS if is_plain else _check_header(data)
        _, traffic, total_octets, identification, fragment, ttl, protocol, _, source, destination = _HEADER.unpack_from(
            data
        )
        if not header_octets <= total_octets <= octets:
            raise WireError(f"IPv4 total length {total_octets} is not in {header_octets} .. {octets}")
        if internet_checksum(data[:header_octets]) != 0:
            raise WireError("IPv4 header checksum is wrong")
        return cls(
            source,
            destination,
            protocol,
            memoryview(data)[header_octets:total_octets],
            ttl,
            identification,
            fragment & _DONT_FRAGMENT != 0,
            fragment & _MORE_FRAGMENTS != 0,
            (fragment & _OFFSET_MASK) << 3,
            traffic >> 2,
            traffic & 3,
            b"" if is_plain else bytes(data[MIN_HEADER_OCTETS:header_octets]),
        )

    @classmethod
    def parse_quoted(cls, data: bytes | memoryview) -> Ipv4Packet:
        """Return the packet that an ICMP error quotes: its header and as much of its payload as there is.

        The total length may exceed ``data`` and the checksum is not verified, because routers change the header before
        they quote it (RFC 1812 4.3.2.3). :class:`WireError` for a wrong version or header length.
        """
        header_octets = _check_header(data)
        _, traffic, _, identification, fragment, ttl, protocol, _, source, destination = _HEADER.unpack_from(data)
        return cls(
            source,
            destination,
            protocol,
            memoryview(data)[header_octets:],
            ttl,
            identification,
            fragment & _DONT_FRAGMENT != 0,
            fragment & _MORE_FRAGMENTS != 0,
            (fragment & _OFFSET_MASK) << 3,
            traffic >> 2,
            traffic & 3,
            bytes(data[MIN_HEADER_OCTETS:header_octets]),
        )

    def serialize(self) -> bytes:
        """Return the packet with its header checksum; options are padded with zeros to a multiple of 4 octets.

        :class:`UsageError` for a value that its field cannot hold, and for more than 65535 octets.
        """
        header_octets = self.header_octets
        total_octets = header_octets + len(self.payload)
        if header_octets > MAX_HEADER_OCTETS or total_octets > MAX_PACKET_OCTETS:
            raise UsageError(
                f"IPv4 header of {header_octets} and packet of {total_octets} octets;"
                f" the limits are {MAX_HEADER_OCTETS} and {MAX_PACKET_OCTETS}"
            )
        offset, rest = divmod(self.fragment_offset_octets, 8)
        if rest or not 0 <= offset <= _OFFSET_MASK:
            raise UsageError(f"fragment offset {self.fragment_offset_octets} is no multiple of 8 in 0 .. 65528")
        if not 0 <= self.dscp <= 63 or not 0 <= self.ecn <= 3:
            raise UsageError(f"DSCP {self.dscp} is not in 0 .. 63, or ECN {self.ecn} not in 0 .. 3")
        fragment = offset
        if self.dont_fragment:
            fragment |= _DONT_FRAGMENT
        if self.more_fragments:
            fragment |= _MORE_FRAGMENTS
        try:
            header = bytearray(
                _HEADER.pack(
                    0x40 | header_octets >> 2,
                    self.dscp << 2 | self.ecn,
                    total_octets,
                    self.identification,
                    fragment,
                    self.ttl,
                    self.protocol,
                    0,
                    self.source,
                    self.destination,
                )
            )
        except struct.error as err:
            raise UsageError(f"a field of the IPv4 header does not fit: {err}") from err
        if self.options:
            header += self.options.ljust(header_octets - MIN_HEADER_OCTETS, b"\0")
        _CHECKSUM.pack_into(header, _CHECKSUM_OFFSET, internet_checksum(bytes(header)))
        return b"".join((header, self.payload))


def _check_header(data: bytes | memoryview) -> int:
    """Return the header's octets after checking version and header length against ``data``."""
    if len(data) < MIN_HEADER_OCTETS:
        raise WireError(f"IPv4 packet of {len(data)} octets is shorter than its header of {MIN_HEADER_OCTETS}")
    first = data[0]
    if first >> 4 != 4:
        raise WireError(f"IP version {first >> 4} is not 4")
    header_octets = (first & 15) << 2
    if not MIN_HEADER_OCTETS <= header_octets <= len(data):
        raise WireError(f"IPv4 header length {header_octets} is not in {MIN_HEADER_OCTETS} .. {len(data)}")
    return header_octets
