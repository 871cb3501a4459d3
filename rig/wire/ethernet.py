"""The Ethernet MAC frame without preamble and FCS (IEEE Std 802.3-2022 3.1.1).

Padding to the minimum of 60 octets, and the FCS, are the adapter's; a received frame may still carry its pad, which the
protocol above trims by its own length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from rig.errors import UsageError, WireError
from rig.wire.address import BROADCAST_MAC, MAC_OCTETS

BROADCAST = BROADCAST_MAC
HEADER_OCTETS = 14
MAX_BASIC_DATA_OCTETS = 1500
MIN_TYPE_VALUE = 0x0600
MIN_FRAME_OCTETS_WITHOUT_FCS = 60

_HEADER = struct.Struct(">6s6sH")


class EtherType(IntEnum):
    """Values of the Length/Type field that the rig knows."""

    IPV4 = 0x0800
    ARP = 0x0806
    VLAN = 0x8100
    MAC_CONTROL = 0x8808
    EXPERIMENTAL_1 = 0x88B5
    EXPERIMENTAL_2 = 0x88B6


@dataclass(frozen=True, slots=True)
class EthernetFrame:
    """One MAC frame: destination address .. end of data::

        +-----------------------+-----------------------+-----------+-----------+
        |  destination (6)      |  source (6)           | Length/   |  data and |
        |                       |                       | Type (2)  |  pad      |
        +-----------------------+-----------------------+-----------+-----------+

    ``ethertype`` is the Length/Type field: from 1536 a type, up to 1500 the number of octets of data (3.2.6).
    """

    destination: bytes
    source: bytes
    ethertype: int
    payload: bytes | memoryview

    @property
    def is_length(self) -> bool:
        """Whether the Length/Type field is a length."""
        return self.ethertype <= MAX_BASIC_DATA_OCTETS

    @classmethod
    def parse(cls, data: bytes | memoryview) -> EthernetFrame:
        """Return the frame in ``data`` (destination address .. data and pad, no FCS).

        The pad is taken off only where the field is a length. :class:`WireError` for fewer than 14 octets, for a
        length that is longer than the data, and for 1501 to 1535, which the standard leaves undefined.
        """
        if len(data) < HEADER_OCTETS:
            raise WireError(f"frame of {len(data)} octets is shorter than its header of {HEADER_OCTETS}")
        destination, source, ethertype = _HEADER.unpack_from(data)
        payload = memoryview(data)[HEADER_OCTETS:]
        if ethertype < MIN_TYPE_VALUE:
            if ethertype > MAX_BASIC_DATA_OCTETS:
                raise WireError(f"Length/Type {ethertype} is undefined; lengths end at 1500, types start at 1536")
            if ethertype > len(payload):
                raise WireError(f"length {ethertype} is longer than the {len(payload)} octets of data")
            payload = payload[:ethertype]
        return cls(destination, source, ethertype, payload)

    def serialize(self) -> bytes:
        """Return destination address .. data, unpadded.

        :class:`UsageError` for an address not of 6 octets and for a Length/Type that is no type and not the data's
        length.
        """
        if len(self.destination) != MAC_OCTETS or len(self.source) != MAC_OCTETS:
            raise UsageError(f"MAC addresses have 6 octets, not {len(self.destination)} and {len(self.source)}")
        if not MIN_TYPE_VALUE <= self.ethertype <= 0xFFFF and (
            self.ethertype != len(self.payload) or self.ethertype > MAX_BASIC_DATA_OCTETS
        ):
            raise UsageError(
                f"Length/Type {self.ethertype} is neither a type (1536 to 65535)"
                f" nor the length of the data ({len(self.payload)}, at most 1500)"
            )
        return b"".join((_HEADER.pack(self.destination, self.source, self.ethertype), self.payload))
