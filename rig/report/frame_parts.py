"""What is in a frame besides the MAC's own fields: which packet, how long it is, and where the pad begins."""

from __future__ import annotations

from itertools import chain

from rig.errors import WireError
from rig.report.run_facts import Frame, RunFacts
from rig.report.waveform import PREAMBLE, SFD, Field, fields_of
from rig.wire.arp import ArpPacket
from rig.wire.ethernet import EtherType
from rig.wire.fcs import FCS_OCTETS
from rig.wire.ipv4 import Ipv4Packet, Protocol

HEADER_OCTETS = 14
LEAST_FRAME_OCTETS = HEADER_OCTETS + FCS_OCTETS
ARP_OCTETS = 28
WIRE_OVERHEAD_OCTETS = len(PREAMBLE) + len(SFD)
CARRIED = ("arp", "ipv4", "icmp", "udp", "tcp")
_PROTOCOLS = {Protocol.ICMP: "icmp", Protocol.UDP: "udp", Protocol.TCP: "tcp"}


def carried_by(frame: Frame) -> frozenset[str]:
    """Return which of :data:`CARRIED` a frame holds; nothing where it is neither ARP nor sound IPv4."""
    ether_type, data = int.from_bytes(frame.octets[12:14], "big"), frame.octets[HEADER_OCTETS:-FCS_OCTETS]
    try:
        if ether_type == EtherType.ARP:
            ArpPacket.parse(data)
            return frozenset({"arp"})
        if ether_type == EtherType.IPV4:
            packet = Ipv4Packet.parse(data)
            upper = _PROTOCOLS.get(packet.protocol)  # type: ignore[call-overload]  # any number may stand in a header
            return frozenset({"ipv4", upper} if upper else {"ipv4"})
    except WireError:
        pass
    return frozenset()


def packet_octets(frame: Frame) -> int:
    """Return how long the packet is, by its own header; all data where that is not known."""
    holds, data = carried_by(frame), frame.octets[HEADER_OCTETS:-FCS_OCTETS]
    if "ipv4" in holds:
        return int.from_bytes(data[2:4], "big")  # RFC 791, 3.1: total length
    return ARP_OCTETS if "arp" in holds else len(data)


def frames_with(facts: RunFacts, carries: str = "") -> list[Frame]:
    """Return the whole frames of a capture, perhaps only those that hold one of :data:`CARRIED`."""
    return [
        frame
        for frame in facts.frames
        if len(frame.octets) >= LEAST_FRAME_OCTETS and (not carries or carries in carried_by(frame))
    ]


def parts_of(frame: Frame) -> list[Field]:
    """Return the fields of a frame as they pass on the wire, data and pad apart."""
    length = packet_octets(frame)
    data = frame.octets[HEADER_OCTETS:-FCS_OCTETS]
    split = [Field("data", "f-data", data[:length]), Field("pad", "f-data", data[length:])]
    fields = ([field] if field.kind != "f-data" else [each for each in split if each.octets]
              for field in fields_of(frame.octets))  # fmt: skip
    return list(chain.from_iterable(fields))


def nibbles_of(octets: bytes) -> list[int]:
    """Return what TXD<3:0> holds clock by clock: the low half of each octet first (IEEE Std 802.3-2022, 22.2.3)."""
    return [half for octet in octets for half in (octet & 0xF, octet >> 4)]
