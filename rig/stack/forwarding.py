"""Forwarding: what makes a host a router (RFC 1812, 5.2 and 5.3).

A packet for somebody else goes out along the routing table with its TTL lowered; what cannot go on is answered with the
ICMP error that says why. Fragments are forwarded as they are. Not forwarded at all: what came in a broadcast frame,
multicast, loopback and class E destinations, and broadcasts to a network behind this router (RFC 2644). A packet that
leaves by the interface it came from is forwarded, and its sender is told of the shorter way (RFC 1812, 5.2.7.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rig.stack.fragments import fragment
from rig.stack.interface import Interface
from rig.wire.address import is_loopback_ipv4
from rig.wire.ipv4 import Ipv4Packet

if TYPE_CHECKING:
    from rig.stack.ipv4 import Ipv4Layer


class ForwardingReporter(Protocol):
    """What a router asks of ICMP: each call may send one error to the source of ``packet``."""

    def ttl_exceeded(self, packet: Ipv4Packet, now_ns: int) -> None:
        """Say that the packet's time to live ran out here."""

    def network_unreachable(self, packet: Ipv4Packet, now_ns: int) -> None:
        """Say that no route leads on."""

    def fragmentation_needed(self, packet: Ipv4Packet, mtu: int, now_ns: int) -> None:
        """Say that the next link takes ``mtu`` octets only (RFC 1191, 4)."""

    def redirect(self, packet: Ipv4Packet, gateway: int, now_ns: int) -> None:
        """Say that ``gateway``, on the sender's own network, is a better first hop."""


class Forwarder:
    """Forwarding between the interfaces of one host."""

    __slots__ = ("_ip",)

    def __init__(self, ip: Ipv4Layer) -> None:
        self._ip = ip

    def forward(self, packet: Ipv4Packet, link: Interface, reporter: ForwardingReporter, now_ns: int) -> None:
        """Send on a packet that came over ``link``, with a valid source and a destination that is not this host."""
        ip = self._ip
        counters = ip.counters
        destination = packet.destination
        if destination >= 0xE0000000 or destination < 0x01000000 or is_loopback_ipv4(destination):
            counters.add("ip_not_forwardable")
            return
        if packet.ttl <= 1:
            counters.add("ip_ttl_exceeded")
            reporter.ttl_exceeded(packet, now_ns)
            return
        route = ip.routing.lookup(destination)
        if route is None:
            counters.add("ip_no_route_to_forward")
            reporter.network_unreachable(packet, now_ns)
            return
        outgoing = ip.interfaces[route.interface]
        if outgoing.is_broadcast(destination):
            counters.add("ip_directed_broadcast_dropped")
            return
        next_hop = route.next_hop(destination)
        if outgoing is link and link.is_on_link(packet.source) and ip.config.send_redirects:
            reporter.redirect(packet, next_hop, now_ns)
        if packet.dont_fragment and packet.header_octets + len(packet.payload) > outgoing.mtu:
            counters.add("ip_fragmentation_needed")
            reporter.fragmentation_needed(packet, outgoing.mtu, now_ns)
            return
        counters.add("ip_forwarded")
        for part in fragment(packet._replace(ttl=packet.ttl - 1), outgoing.mtu):
            frame = outgoing.frame(part.serialize(), next_hop, now_ns)
            if frame is not None:
                outgoing.transmit(frame)
