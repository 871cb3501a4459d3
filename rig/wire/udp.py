"""UDP datagrams (RFC 768; RFC 1122 4.1.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rig.errors import UsageError, WireError
from rig.wire.checksum import internet_checksum, pseudo_header_sum
from rig.wire.ipv4 import Protocol

HEADER_OCTETS = 8
MAX_PAYLOAD_OCTETS = 65535 - 20 - HEADER_OCTETS

_HEADER = struct.Struct(">HHHH")
_CHECKSUM = struct.Struct(">H")
_CHECKSUM_OFFSET = 6


@dataclass(frozen=True, slots=True)
class UdpDatagram:
    """One datagram::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-------------------------------+-------------------------------+
        |          source port          |       destination port        |
        +-------------------------------+-------------------------------+
        |     length (with header)      |     checksum (0: none)        |
        +-------------------------------+-------------------------------+

    ``payload`` has at most 65507 octets, what one IPv4 packet without options can hold.
    """

    source_port: int
    destination_port: int
    payload: bytes | memoryview

    @classmethod
    def parse(cls, data: bytes | memoryview, source_ip: int, destination_ip: int) -> UdpDatagram:
        """Return the datagram at the start of ``data``, the payload of a packet between these addresses.

        Octets after the datagram's length are ignored. A checksum of zero means that the sender generated none.
        :class:`WireError` for a length below 8 or beyond ``data`` and for a wrong checksum.
        """
        if len(data) < HEADER_OCTETS:
            raise WireError(f"UDP datagram of {len(data)} octets is shorter than its header of {HEADER_OCTETS}")
        source_port, destination_port, length, checksum = _HEADER.unpack_from(data)
        if not HEADER_OCTETS <= length <= len(data):
            raise WireError(f"UDP length {length} is not in {HEADER_OCTETS} .. {len(data)}")
        view = memoryview(data)[:length]
        if checksum != 0:
            initial = pseudo_header_sum(source_ip, destination_ip, Protocol.UDP, length)
            if internet_checksum(view, initial) != 0:
                raise WireError("UDP checksum is wrong")
        return cls(source_port, destination_port, view[HEADER_OCTETS:])

    def serialize(self, source_ip: int, destination_ip: int) -> bytes:
        """Return the datagram with its checksum over the pseudo header of these addresses.

        :class:`UsageError` for a port outside 0 to 65535 and for a payload that no IPv4 packet can hold.
        """
        length = HEADER_OCTETS + len(self.payload)
        if len(self.payload) > MAX_PAYLOAD_OCTETS:
            raise UsageError(f"UDP payload of {len(self.payload)} octets; the limit is {MAX_PAYLOAD_OCTETS}")
        try:
            datagram = bytearray(_HEADER.pack(self.source_port, self.destination_port, length, 0))
        except struct.error as err:
            raise UsageError(f"UDP ports {self.source_port} and {self.destination_port} are 0 .. 65535") from err
        datagram += self.payload
        initial = pseudo_header_sum(source_ip, destination_ip, Protocol.UDP, length)
        # A computed zero is sent as all ones, because zero means "no checksum" (RFC 768).
        checksum = internet_checksum(memoryview(datagram), initial) or 0xFFFF
        _CHECKSUM.pack_into(datagram, _CHECKSUM_OFFSET, checksum)
        return bytes(datagram)
