"""ICMP messages (RFC 792)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from rig.errors import UsageError, WireError
from rig.wire.checksum import internet_checksum

HEADER_OCTETS = 8

_HEADER = struct.Struct(">BBHI")
_CHECKSUM = struct.Struct(">H")
_CHECKSUM_OFFSET = 2


class IcmpType(IntEnum):
    """Message types of RFC 792 that are still in use, and source quench, which a receiver drops (RFC 6633)."""

    ECHO_REPLY = 0
    DESTINATION_UNREACHABLE = 3
    SOURCE_QUENCH = 4
    REDIRECT = 5
    ECHO_REQUEST = 8
    TIME_EXCEEDED = 11
    PARAMETER_PROBLEM = 12
    TIMESTAMP_REQUEST = 13
    TIMESTAMP_REPLY = 14


class UnreachableCode(IntEnum):
    """Codes of a destination unreachable (RFC 792; 1122 3.2.2.1)."""

    NETWORK = 0
    HOST = 1
    PROTOCOL = 2
    PORT = 3
    FRAGMENTATION_NEEDED = 4
    SOURCE_ROUTE_FAILED = 5


class TimeExceededCode(IntEnum):
    """Codes of a time exceeded."""

    TTL = 0
    REASSEMBLY = 1


@dataclass(frozen=True, slots=True)
class IcmpMessage:
    """One message::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +---------------+---------------+-------------------------------+
        |     type      |     code      |           checksum            |
        +---------------+---------------+-------------------------------+
        |          rest of header (echo: identifier, sequence)          |
        +---------------------------------------------------------------+
        |        data (errors: IPv4 header and the octets after)        |
        +---------------------------------------------------------------+

    What ``rest_of_header`` (32 bits) means depends on the type; its checksum has no pseudo header.
    """

    type: int
    code: int
    rest_of_header: int
    payload: bytes | memoryview = b""

    @property
    def identifier(self) -> int:
        """The identifier of an echo message, 16 bits."""
        return self.rest_of_header >> 16

    @property
    def sequence(self) -> int:
        """The sequence number of an echo message, 16 bits."""
        return self.rest_of_header & 0xFFFF

    @classmethod
    def echo_request(cls, identifier: int, sequence: int, payload: bytes | memoryview = b"") -> IcmpMessage:
        """Return an echo request; ``identifier`` and ``sequence`` have 16 bits."""
        return cls(IcmpType.ECHO_REQUEST, 0, identifier << 16 | sequence, payload)

    @classmethod
    def echo_reply(cls, request: IcmpMessage) -> IcmpMessage:
        """Return the reply to an echo request: same identifier, sequence number and data (RFC 1122 3.2.2.6)."""
        return cls(IcmpType.ECHO_REPLY, 0, request.rest_of_header, request.payload)

    @classmethod
    def parse(cls, data: bytes | memoryview) -> IcmpMessage:
        """Return the message that fills ``data``; :class:`WireError` when too short or its checksum is wrong."""
        if len(data) < HEADER_OCTETS:
            raise WireError(f"ICMP message of {len(data)} octets is shorter than its header of {HEADER_OCTETS}")
        if internet_checksum(data) != 0:
            raise WireError("ICMP checksum is wrong")
        message_type, code, _, rest_of_header = _HEADER.unpack_from(data)
        return cls(message_type, code, rest_of_header, memoryview(data)[HEADER_OCTETS:])

    def serialize(self) -> bytes:
        """Return the message with its checksum; :class:`UsageError` for a value that its field cannot hold."""
        try:
            message = bytearray(_HEADER.pack(self.type, self.code, 0, self.rest_of_header))
        except struct.error as err:
            raise UsageError(f"a field of the ICMP header does not fit: {err}") from err
        message += self.payload
        _CHECKSUM.pack_into(message, _CHECKSUM_OFFSET, internet_checksum(memoryview(message)))
        return bytes(message)
