"""Internet layer: checks what arrives, finds the way for what leaves (RFC 791; RFC 1122, 3.2 and 3.3).

Source routes, record route and time stamps in IP options are not honoured (RFC 7126 advises against it); the options
are stepped over, and the packet is taken if it is for this host.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random
from typing import Protocol as Interfaced

from rig.errors import WireError
from rig.stack.config import StackConfig
from rig.stack.counters import Counters
from rig.stack.forwarding import Forwarder, ForwardingReporter
from rig.stack.fragments import Reassembler, fragment
from rig.stack.interface import Interface
from rig.stack.loopback import LOOPBACK_INDEX, Link, Loopback
from rig.stack.path_mtu import PathMtuCache
from rig.stack.routing import Route, RoutingTable
from rig.stack.timer_queue import TimerQueue
from rig.wire.address import LIMITED_BROADCAST_IPV4, format_ipv4, is_loopback_ipv4, is_multicast_ipv4, prefix_mask
from rig.wire.ipv4 import Ipv4Packet

MAX_REDIRECTS = 256

Handler = Callable[[Ipv4Packet, Link, bool, int], None]
"""``(packet, link it came from, whether it was broadcast on the link or by IP, now_ns)``."""


class ErrorReporter(ForwardingReporter, Interfaced):
    """What the internet layer asks of ICMP."""

    def protocol_unreachable(self, packet: Ipv4Packet, link: Link, broadcast: bool, now_ns: int) -> None:
        """Tell the sender that nothing here speaks the packet's protocol."""

    def reassembly_timed_out(self, first: Ipv4Packet, now_ns: int) -> None:
        """Tell the sender that the rest of a datagram did not come."""

    def host_unreachable(self, packet: Ipv4Packet, now_ns: int) -> None:
        """Tell whoever sent the packet, perhaps our own transport protocol, that a neighbour does not answer."""


class Path:
    """The way to one destination: the link, the next hop and our address on it."""

    __slots__ = ("_layer", "_version", "destination", "link", "next_hop", "source")

    def __init__(self, layer: Ipv4Layer, link: Link, next_hop: int, source: int, destination: int) -> None:
        self._layer = layer
        self.link = link
        self.next_hop = next_hop
        self.source = source
        self.destination = destination
        self._version = layer.routing.version

    def refresh(self) -> bool:
        """Look the way up again if the routing table changed; return whether link or next hop are different now.

        Our address stays (RFC 9293, MUST-45), and so does the old way where no route is left.
        """
        if self._version == self._layer.routing.version:
            return False
        self._version = self._layer.routing.version
        try:
            now = self._layer.path(self.destination, self.source)
        except OSError:
            return False
        changed = (now.link, now.next_hop) != (self.link, self.next_hop)
        self.link, self.next_hop = now.link, now.next_hop
        return changed


class Ipv4Layer:
    """The one internet layer of a host, over all its interfaces."""

    def __init__(self, config: StackConfig, source: Random, counters: Counters, timers: TimerQueue) -> None:
        self.config = config
        self.counters = counters
        self.routing = RoutingTable()
        self.loopback = Loopback(config.ipv4.transmit_queue_frames, counters)
        self.interfaces = [
            Interface(
                index, interface, config.arp, config.ipv4.transmit_queue_frames, counters, timers, self._undeliverable
            )
            for index, interface in enumerate(config.interfaces)
        ]
        self.addresses = frozenset(interface.address for interface in config.interfaces)
        self._handlers: dict[int, Handler] = {}
        self._reporter: ErrorReporter | None = None
        self._reassembler = Reassembler(config.ipv4, counters, timers, self._reassembly_timed_out)
        self._identification = source.getrandbits(16)
        self._path_mtus = PathMtuCache(counters)
        self._forwarder = Forwarder(self) if config.forwarding else None
        self._add_routes()

    def register(self, protocol: int, handler: Handler) -> None:
        """Give packets of ``protocol`` to ``handler``."""
        self._handlers[protocol] = handler

    def report_errors_to(self, reporter: ErrorReporter) -> None:
        """Set who turns failures of this layer into messages."""
        self._reporter = reporter

    def next_identification(self) -> int:
        """Return a new value for the identification field."""
        self._identification = (self._identification + 1) & 0xFFFF
        return self._identification

    def is_unicast_source(self, address: int, link: Link) -> bool:
        """Tell whether a packet may come from ``address`` (RFC 1122, 3.2.1.3; class E and network 0 are refused)."""
        return 0x01000000 <= address < 0xE0000000 and address >> 24 != 127 and not link.is_broadcast(address)

    def receive(self, data: bytes | memoryview, link: Link, link_broadcast: bool, now_ns: int) -> None:
        """Take a packet that arrived; ``link_broadcast`` says that its frame had a group address."""
        counters = self.counters
        try:
            packet = Ipv4Packet.parse(data)
        except WireError:
            counters.add("ip_bad_version" if len(data) and data[0] >> 4 != 4 else "ip_bad_header")
            return
        destination = packet.destination
        broadcast = link_broadcast
        if isinstance(link, Interface):
            is_ours = destination in self.addresses
            if not is_ours and link.is_broadcast(destination):
                broadcast = True
            elif link_broadcast:  # RFC 1122, 3.3.6: a unicast packet in a broadcast frame
                counters.add("ip_unicast_in_broadcast_frame" if is_ours else "ip_not_for_us")
                return
            elif not is_ours and self._forwarder is None:
                counters.add("ip_not_for_us")
                return
            if not self.is_unicast_source(packet.source, link) or packet.source in self.addresses:
                counters.add("ip_bad_source")
                return
            if not is_ours and not broadcast:
                if self._forwarder is not None and self._reporter is not None:
                    self._forwarder.forward(packet, link, self._reporter, now_ns)
                return
        if packet.more_fragments or packet.fragment_offset_octets:
            whole = self._reassembler.add(packet, now_ns)
            if whole is None:
                return
            packet = whole
        handler = self._handlers.get(packet.protocol)
        if handler is not None:
            handler(packet, link, broadcast, now_ns)
            return
        counters.add("ip_unknown_protocol")
        if self._reporter is not None:
            self._reporter.protocol_unreachable(packet, link, broadcast, now_ns)

    def path(self, destination: int, source: int = 0) -> Path:
        """Return the way to ``destination``, from the address ``source`` or, if that is 0, the route's own.

        Raises ``OSError(ENETUNREACH)`` where no route leads there.
        """
        if destination in self.addresses or is_loopback_ipv4(destination):
            return Path(self, self.loopback, destination, source or destination, destination)
        if destination == LIMITED_BROADCAST_IPV4 or is_multicast_ipv4(destination):
            interface = self._interface_of(source)
            return Path(self, interface, destination, source or interface.address, destination)
        route = self.routing.lookup(destination)
        if route is None or is_loopback_ipv4(source):
            raise OSError(errno.ENETUNREACH, f"no route to {format_ipv4(destination)}")
        link: Link = self.loopback if route.interface == LOOPBACK_INDEX else self.interfaces[route.interface]
        return Path(self, link, route.next_hop(destination), source or route.source, destination)

    def send(
        self,
        path: Path,
        protocol: int,
        payload: bytes,
        now_ns: int,
        *,
        ttl: int | None = None,
        dscp: int = 0,
        dont_fragment: bool = False,
    ) -> None:
        """Send ``payload``, in fragments where the link needs it.

        Raises ``OSError(EMSGSIZE)`` where it needs them and ``dont_fragment`` forbids it.
        """
        packet = Ipv4Packet(
            path.source,
            path.destination,
            protocol,
            payload,
            self.config.ttl if ttl is None else ttl,
            self.next_identification(),
            dont_fragment=dont_fragment,
            dscp=dscp,
        )
        link = path.link
        mtu = link.mtu if dont_fragment else self.path_mtu(path, now_ns)
        if dont_fragment and packet.header_octets + len(payload) > link.mtu:
            raise OSError(errno.EMSGSIZE, f"packet of {len(payload) + 20} octets, the MTU of {link.name} is {link.mtu}")
        for part in fragment(packet, mtu):
            frame = link.frame(part.serialize(), path.next_hop, now_ns)
            if frame is not None:
                link.transmit(frame)

    def path_mtu(self, path: Path, now_ns: int) -> int:
        """Return the largest packet in octets that reaches the end of ``path`` whole, as far as is known."""
        return min(path.link.mtu, self._path_mtus.mtu(path.destination, now_ns) or path.link.mtu)

    def lower_path_mtu(self, destination: int, mtu: int, now_ns: int) -> None:
        """Remember that a router could not pass on more than ``mtu`` octets to ``destination`` (RFC 1191)."""
        self._path_mtus.lower(destination, mtu, now_ns)

    def add_route(
        self, network: int, prefix_length: int, gateway: int | None, metric: int = 0, interface: int | None = None
    ) -> None:
        """Add a route by way of ``gateway``, which must be a neighbour, or without one to the link of ``interface``.

        Raises ``OSError``: EINVAL for a network with host bits, ENETUNREACH for a gateway that is no neighbour.
        """
        if not 0 <= prefix_length <= 32 or network & ~prefix_mask(prefix_length):
            raise OSError(errno.EINVAL, f"{format_ipv4(network & 0xFFFFFFFF)}/{prefix_length} is not a network")
        if gateway is None:
            if interface is None or not 0 <= interface < len(self.interfaces):
                raise OSError(errno.EINVAL, "a route needs a gateway, or else the number of an interface")
            source = self.interfaces[interface].address
            self.routing.add(Route(network, prefix_length, interface, source, None, metric))
            return
        first_hop = self.routing.lookup(gateway)
        if first_hop is None or first_hop.gateway is not None or gateway in self.addresses:
            raise OSError(errno.ENETUNREACH, f"gateway {format_ipv4(gateway)} is on no network of this host")
        self.routing.add(Route(network, prefix_length, first_hop.interface, first_hop.source, gateway, metric))

    def remove_route(self, network: int, prefix_length: int, gateway: int | None) -> None:
        """Remove the best route with these values; ``OSError(ESRCH)`` where there is none."""
        for route in self.routing.routes():
            if (route.network, route.prefix_length, route.gateway) == (network, prefix_length, gateway):
                self.routing.remove(route)
                return
        raise OSError(errno.ESRCH, f"no such route: {format_ipv4(network)}/{prefix_length}")

    def redirected(self, destination: int, gateway: int, sender: int, link: Link) -> bool:
        """Follow a redirect, if it may be believed (RFC 1122, 3.2.2.2): return whether it was.

        It must come from the present first hop, and name a gateway on the network that it came from.
        """
        current = self.routing.lookup(destination)
        if (
            self._forwarder is not None
            or not self.config.accept_redirects
            or not isinstance(link, Interface)
            or not link.is_on_link(gateway)
            or gateway in self.addresses
            or link.is_broadcast(gateway)
            or current is None
            or current.interface != link.index
            or current.next_hop(destination) != sender
        ):
            return False
        learned = [route for route in self.routing.routes() if route.is_redirect]
        for route in learned:
            if route.network == destination or len(learned) >= MAX_REDIRECTS:
                self.routing.remove(route)
                break
        self.routing.add(Route(destination, 32, link.index, current.source, gateway, is_redirect=True))
        return True

    def suspect(self, path: Path, now_ns: int) -> None:
        """Take the advice of a transport protocol that ``path`` may be dead (RFC 1122, 3.3.1.4)."""
        if isinstance(path.link, Interface):
            path.link.arp.suspect(path.next_hop, now_ns)

    def _interface_of(self, source: int) -> Interface:
        for interface in self.interfaces:
            if interface.address == source:
                return interface
        return self.interfaces[0]

    def _add_routes(self) -> None:
        for index, interface in enumerate(self.config.interfaces):
            network = interface.address & prefix_mask(interface.prefix_length)
            self.routing.add(Route(network, interface.prefix_length, index, interface.address))
        gateways = [(route.network, route.prefix_length, route.gateway, route.metric) for route in self.config.routes]
        if self.config.gateway is not None:
            gateways.append((0, 0, self.config.gateway, 0))
        for network, prefix_length, gateway, metric in gateways:
            self.add_route(network, prefix_length, gateway, metric)

    def _undeliverable(self, packets: list[bytes], now_ns: int) -> None:
        for data in packets:
            if self._reporter is not None:
                self._reporter.host_unreachable(Ipv4Packet.parse(data), now_ns)

    def _reassembly_timed_out(self, first: Ipv4Packet, now_ns: int) -> None:
        if self._reporter is not None:
            self._reporter.reassembly_timed_out(first, now_ns)
