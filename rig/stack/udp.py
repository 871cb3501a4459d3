"""UDP: datagram sockets over the internet layer (RFC 768; RFC 1122, 4.1)."""

from __future__ import annotations

import errno
from collections import deque
from random import Random

from rig.errors import WireError
from rig.stack.endpoint import Endpoint, PortSpace, SocketOption
from rig.stack.events import EventKind, EventQueue
from rig.stack.icmp import IcmpLayer, NetworkError
from rig.stack.ipv4 import Ipv4Layer
from rig.stack.loopback import Link
from rig.stack.netstat import NetstatRow, format_name
from rig.wire.address import is_loopback_ipv4
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.udp import MAX_PAYLOAD_OCTETS, UdpDatagram


class UdpEndpoint(Endpoint):
    """One datagram socket. Its receive queue is bounded in octets and in datagrams; what does not fit is counted."""

    __slots__ = (
        "_broadcast",
        "_dont_fragment",
        "_dscp",
        "_error",
        "_layer",
        "_limit_octets",
        "_queue",
        "_queued_octets",
        "_ttl",
        "address",
        "peer",
        "port",
    )

    def __init__(self, handle: int, layer: UdpLayer) -> None:
        super().__init__(handle)
        self._layer = layer
        self.address = 0
        self.port = 0
        self.peer: tuple[int, int] | None = None
        self._queue: deque[tuple[bytes, int, int]] = deque()
        self._queued_octets = 0
        self._limit_octets = layer.ip.config.udp.receive_buffer_octets
        self._error: OSError | None = None
        self._broadcast = 0
        self._dont_fragment = 0
        self._ttl = layer.ip.config.ttl
        self._dscp = 0

    def bind(self, address: int, port: int) -> None:
        if self.port:
            raise OSError(errno.EINVAL, "the socket is bound already")
        if address and address not in self._layer.ip.addresses and not is_loopback_ipv4(address):
            raise OSError(errno.EADDRNOTAVAIL, "the address is not one of this host")
        self.port = self._layer.ports.take(address, port)
        self.address = address
        self._layer.add(self)

    def connect(self, address: int, port: int, now_ns: int) -> None:
        if not 0 < port <= 65535:
            raise OSError(errno.EADDRNOTAVAIL, f"port {port} cannot be connected to")
        source = self._layer.ip.path(address, self.address).source
        if not self.port:
            self.bind(source, 0)
        self.peer = (address, port)

    def send(self, data: bytes | memoryview, now_ns: int) -> int:
        if self.peer is None:
            raise OSError(errno.EDESTADDRREQ, "the socket has no peer; connect it or use send_to")
        return self.send_to(data, *self.peer, now_ns)

    def send_to(self, data: bytes | memoryview, address: int, port: int, now_ns: int) -> int:
        self._raise_error()
        if len(data) > MAX_PAYLOAD_OCTETS:
            raise OSError(errno.EMSGSIZE, f"datagram of {len(data)} octets; the limit is {MAX_PAYLOAD_OCTETS}")
        if not 0 < port <= 65535:
            raise OSError(errno.EINVAL, f"port {port} is not in 1..65535")
        path = self._layer.ip.path(address, self.address)
        if path.link.is_broadcast(address) and not self._broadcast:
            raise OSError(errno.EACCES, "the option BROADCAST is not set")
        if not self.port:
            self.bind(0, 0)
        datagram = UdpDatagram(self.port, port, data).serialize(path.source, address)
        df = bool(self._dont_fragment)
        self._layer.ip.send(path, Protocol.UDP, datagram, now_ns, ttl=self._ttl, dscp=self._dscp, dont_fragment=df)
        return len(data)

    def receive(self, max_octets: int, now_ns: int) -> bytes | None:
        datagram = self.receive_from(max_octets)
        return None if datagram is None else datagram[0]

    def receive_from(self, max_octets: int) -> tuple[bytes, int, int] | None:
        self._raise_error()
        if not self._queue:
            return None
        data, address, port = self._queue.popleft()
        self._queued_octets -= len(data)
        return data[:max_octets], address, port

    def close(self, now_ns: int) -> None:
        if self.port:
            self._layer.remove(self)
            self._layer.ports.release(self.address, self.port)
            self.port = 0

    def set_option(self, option: SocketOption, value: int) -> None:
        if option is SocketOption.BROADCAST:
            self._broadcast = int(bool(value))
        elif option is SocketOption.RECEIVE_BUFFER and value > 0:
            self._limit_octets = value
        elif option is SocketOption.TTL and 1 <= value <= 255:
            self._ttl = value
        elif option is SocketOption.DSCP and 0 <= value <= 63:
            self._dscp = value
        elif option is SocketOption.DONT_FRAGMENT:
            self._dont_fragment = int(bool(value))
        else:
            super().set_option(option, value)

    def get_option(self, option: SocketOption) -> int:
        values = {
            SocketOption.BROADCAST: self._broadcast,
            SocketOption.RECEIVE_BUFFER: self._limit_octets,
            SocketOption.TTL: self._ttl,
            SocketOption.DSCP: self._dscp,
            SocketOption.DONT_FRAGMENT: self._dont_fragment,
        }
        return values[option] if option in values else super().get_option(option)

    def local_name(self) -> tuple[int, int]:
        return self.address, self.port

    def peer_name(self) -> tuple[int, int]:
        return self.peer if self.peer is not None else super().peer_name()

    def rows(self) -> list[NetstatRow]:
        local = format_name(self.address, self.port)
        foreign = format_name(*(self.peer or (0, 0)))
        state = "ESTABLISHED" if self.peer else ""
        return [NetstatRow("udp", local, foreign, state, self._queued_octets, 0, self.handle)]

    def deliver(self, payload: bytes | memoryview, address: int, port: int) -> None:
        """Queue a received datagram."""
        layer = self._layer
        limit = layer.ip.config.udp.receive_buffer_datagrams
        if self._queued_octets + len(payload) > self._limit_octets or len(self._queue) >= limit:
            layer.ip.counters.add("udp_receive_queue_full")
            return
        self._queue.append((bytes(payload), address, port))
        self._queued_octets += len(payload)
        layer.events.post(EventKind.READABLE, self.handle)

    def fail(self, error: OSError) -> None:
        """Keep an error for the next call (RFC 1122, 4.1.3.3)."""
        self._error = error
        self._layer.events.post(EventKind.READABLE, self.handle)

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error


class UdpLayer:
    """All datagram sockets of a host, by port."""

    def __init__(self, ip: Ipv4Layer, icmp: IcmpLayer, events: EventQueue, source: Random) -> None:
        self.ip = ip
        self.events = events
        self.ports = PortSpace(ip.config.ephemeral_ports, source)
        self._icmp = icmp
        self._bound: dict[tuple[int, int], UdpEndpoint] = {}
        ip.register(Protocol.UDP, self.receive)
        icmp.on_error(Protocol.UDP, self._receive_error)

    def add(self, endpoint: UdpEndpoint) -> None:
        """Enter a bound socket."""
        self._bound[endpoint.address, endpoint.port] = endpoint

    def remove(self, endpoint: UdpEndpoint) -> None:
        """Forget a socket."""
        del self._bound[endpoint.address, endpoint.port]

    def receive(self, packet: Ipv4Packet, link: Link, broadcast: bool, now_ns: int) -> None:
        """Take a datagram and give it to the socket that is bound to its destination."""
        counters = self.ip.counters
        source = packet.source
        try:
            datagram = UdpDatagram.parse(packet.payload, source, packet.destination)
        except WireError:
            counters.add("udp_malformed")
            return
        endpoint = self._find(packet.destination, datagram.destination_port)
        if endpoint is None:
            counters.add("udp_no_port")
            self._icmp.port_unreachable(packet, link, broadcast, now_ns)
        elif endpoint.peer is not None and endpoint.peer != (source, datagram.source_port):
            counters.add("udp_not_from_peer")
        else:
            endpoint.deliver(datagram.payload, source, datagram.source_port)

    def _find(self, address: int, port: int) -> UdpEndpoint | None:
        return self._bound.get((address, port)) or self._bound.get((0, port))

    def _receive_error(self, error: NetworkError, now_ns: int) -> None:
        """Report an error to the socket that sent the packet, if it is connected to where that went."""
        quoted = error.packet
        local_port = int.from_bytes(quoted.payload[0:2], "big")
        remote = (quoted.destination, int.from_bytes(quoted.payload[2:4], "big"))
        endpoint = self._find(quoted.source, local_port)
        if endpoint is None or (endpoint.peer != remote and not error.is_local):
            self.ip.counters.add("icmp_error_not_ours")
        else:
            endpoint.fail(error.exception())
