"""Queries about ARP and IP in the capture: who is asked for, to whom a frame goes, what a router changes."""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.lab.queries.frames import nth_frame, select_frames
from rig.report.frame_parts import HEADER_OCTETS
from rig.report.run_facts import Frame
from rig.wire.address import format_ipv4, format_mac
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ipv4 import Ipv4Packet

BROADCAST = "everybody"


def arp_count(facts: LabFacts, operation: str, sender: str = "") -> int:
    """Count the ARP packets of an operation, request or reply, perhaps of one sender."""
    return len(_arp(facts, operation, sender))


def arp_target(facts: LabFacts, sender: str, nth: int = 1) -> str:
    """Return the name of the station whose address the n-th ARP request of a sender asks for."""
    address = format_ipv4(_nth_request(facts, sender, nth).target_ip)
    for name, station in facts.run.stations.items():
        if (station.get("ip") or "").split("/")[0] == address:
            return name
    raise NoSuchFactError(f"no station has the address {address}")


def arp_target_host(facts: LabFacts, sender: str, nth: int = 1) -> int:
    """Return the last number of the address that the n-th ARP request of a sender asks for."""
    return _nth_request(facts, sender, nth).target_ip & 0xFF


def frame_destination(facts: LabFacts, carries: str = "", sender: str = "", nth: int = 1) -> str:
    """Return the name of the station whose MAC address the n-th frame so selected goes to, or `everybody`."""
    octets = nth_frame(facts, carries, sender, nth).octets[:6]
    if octets == b"\xff" * 6:
        return BROADCAST
    for name, station in facts.run.stations.items():
        if station["mac"].lower() == format_mac(octets).lower():
            return name
    raise NoSuchFactError(f"no station has the MAC address {format_mac(octets)}")


def packet_ttl(facts: LabFacts, carries: str = "ipv4", sender: str = "", nth: int = 1) -> int:
    """Return the TTL of the n-th frame (-1: the last) so selected that holds IPv4."""
    return _packet(nth_frame(facts, carries, sender, nth)).ttl


def packet_source_host(facts: LabFacts, carries: str = "ipv4", sender: str = "", nth: int = 1) -> int:
    """Return the last number of the source address of the n-th frame (-1: the last) so selected that holds IPv4."""
    return _packet(nth_frame(facts, carries, sender, nth)).source & 0xFF


def smallest_ttl(facts: LabFacts, carries: str = "ipv4") -> int:
    """Return the smallest TTL of all frames that hold ipv4, icmp, udp or tcp."""
    found = [_packet(frame).ttl for frame in select_frames(facts, carries, "")]
    if not found:
        raise NoSuchFactError(f"no frame with {carries} is in the capture")
    return min(found)


def _packet(frame: Frame) -> Ipv4Packet:
    return Ipv4Packet.parse(frame.octets[HEADER_OCTETS:-4])


def _nth_request(facts: LabFacts, sender: str, nth: int) -> ArpPacket:
    found = _arp(facts, "request", sender)
    if not 1 <= nth <= len(found):
        raise NoSuchFactError(
            f"there is no ARP request number {nth} of {sender} in the capture; there are {len(found)}"
        )
    return found[nth - 1]


def _arp(facts: LabFacts, operation: str, sender: str) -> list[ArpPacket]:
    if operation.upper() not in ArpOperation.__members__:
        raise UsageError(f"ARP has no operation {operation!r}; it has request and reply")
    wanted = ArpOperation[operation.upper()]
    packets = [ArpPacket.parse(frame.octets[HEADER_OCTETS:-4]) for frame in select_frames(facts, "arp", sender)]
    return [packet for packet in packets if packet.operation == wanted]


QUERIES: dict[str, Callable[..., int | str]] = {
    "arp-count": arp_count,
    "arp-target": arp_target,
    "arp-target-host": arp_target_host,
    "frame-destination": frame_destination,
    "packet-ttl": packet_ttl,
    "packet-source-host": packet_source_host,
    "smallest-ttl": smallest_ttl,
}
