"""ARP for IPv4 on Ethernet (RFC 826)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from rig.errors import UsageError, WireError
from rig.wire.address import MAC_OCTETS

PACKET_OCTETS = 28
HARDWARE_ETHERNET = 1
PROTOCOL_IPV4 = 0x0800

_PACKET = struct.Struct(">HHBBH6sI6sI")
_SPACES = (HARDWARE_ETHERNET, PROTOCOL_IPV4, MAC_OCTETS, 4)


class ArpOperation(IntEnum):
    """The two operations of RFC 826."""

    REQUEST = 1
    REPLY = 2


@dataclass(frozen=True, slots=True)
class ArpPacket:
    """One ARP packet of the Ethernet and IPv4 spaces::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-------------------------------+-------------------------------+
        |  hardware space (1)           |  protocol space (0x0800)      |
        +---------------+---------------+-------------------------------+
        | MAC octets (6)| IP octets (4) |  operation                    |
        +---------------+---------------+-------------------------------+
        |  sender MAC (6)                                               |
        |                               +-------------------------------+
        |                               |  sender IP                    |
        +-------------------------------+-------------------------------+
        |  (sender IP)                  |  target MAC (6)               |
        +-------------------------------+                               |
        |                                                               |
        +---------------------------------------------------------------+
        |  target IP                                                    |
        +---------------------------------------------------------------+

    ``operation`` is an :class:`ArpOperation` or any other value that arrived: RFC 826 learns the sender before it looks
    at the operation, so an unknown one is no malformed packet.
    """

    operation: int
    sender_mac: bytes
    sender_ip: int
    target_mac: bytes
    target_ip: int

    @classmethod
    def parse(cls, data: bytes | memoryview) -> ArpPacket:
        """Return the packet at the start of ``data``; octets after it are pad.

        :class:`WireError` for fewer than 28 octets and for spaces other than Ethernet and IPv4.
        """
        if len(data) < PACKET_OCTETS:
            raise WireError(f"ARP packet of {len(data)} octets is shorter than {PACKET_OCTETS}")
        *spaces, operation, sender_mac, sender_ip, target_mac, target_ip = _PACKET.unpack_from(data)
        if tuple(spaces) != _SPACES:
            raise WireError(f"ARP spaces and lengths {tuple(spaces)} are not those of IPv4 on Ethernet, {_SPACES}")
        return cls(operation, sender_mac, sender_ip, target_mac, target_ip)

    def serialize(self) -> bytes:
        """Return the 28 octets; :class:`UsageError` for a value that its field cannot hold."""
        if len(self.sender_mac) != MAC_OCTETS or len(self.target_mac) != MAC_OCTETS:
            raise UsageError(f"MAC addresses have 6 octets, not {len(self.sender_mac)} and {len(self.target_mac)}")
        try:
            return _PACKET.pack(
                *_SPACES, self.operation, self.sender_mac, self.sender_ip, self.target_mac, self.target_ip
            )
        except struct.error as err:
            raise UsageError(f"{self}: {err}") from err
