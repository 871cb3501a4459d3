"""Echo sockets: send ICMP echo requests and receive the replies (``ping``).

``send_to`` takes the data of the request; the port argument is its sequence number, and the identifier is the socket's
own, bound like a port. ``receive_from`` returns (data, address, sequence number).
"""

from __future__ import annotations

import errno
from collections import deque
from random import Random

from rig.stack.endpoint import Endpoint, PortSpace, SocketOption
from rig.stack.events import EventKind, EventQueue
from rig.stack.icmp import IcmpLayer, NetworkError
from rig.stack.ipv4 import Ipv4Layer
from rig.stack.netstat import NetstatRow, format_name
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet, Protocol

MAX_ECHO_OCTETS = 65507


class EchoEndpoint(Endpoint):
    """One echo socket."""

    __slots__ = ("_error", "_layer", "_queue", "_queued_octets", "_ttl", "identifier", "peer")

    def __init__(self, handle: int, layer: EchoLayer) -> None:
        super().__init__(handle)
        self._layer = layer
        self.identifier = 0
        self.peer = 0
        self._ttl = layer.ip.config.ttl
        self._queue: deque[tuple[bytes, int, int]] = deque()
        self._queued_octets = 0
        self._error: OSError | None = None

    def bind(self, address: int, port: int) -> None:
        """Take an identifier; ``address`` must be 0."""
        if address or self.identifier:
            raise OSError(errno.EINVAL, "an echo socket is bound to an identifier only, and once")
        self.identifier = self._layer.identifiers.take(0, port)
        self._layer.endpoints[self.identifier] = self

    def connect(self, address: int, port: int, now_ns: int) -> None:
        self.peer = address

    def send_to(self, data: bytes | memoryview, address: int, port: int, now_ns: int) -> int:
        self._raise_error()
        if len(data) > MAX_ECHO_OCTETS:
            raise OSError(errno.EMSGSIZE, f"echo of {len(data)} octets; the limit is {MAX_ECHO_OCTETS}")
        if not self.identifier:
            self.bind(0, 0)
        path = self._layer.ip.path(address)
        message = IcmpMessage.echo_request(self.identifier, port & 0xFFFF, data)
        self._layer.ip.send(path, Protocol.ICMP, message.serialize(), now_ns, ttl=self._ttl)
        return len(data)

    def receive_from(self, max_octets: int) -> tuple[bytes, int, int] | None:
        self._raise_error()
        if not self._queue:
            return None
        data, address, sequence = self._queue.popleft()
        self._queued_octets -= len(data)
        return data[:max_octets], address, sequence

    def close(self, now_ns: int) -> None:
        if self.identifier:
            del self._layer.endpoints[self.identifier]
            self._layer.identifiers.release(0, self.identifier)
            self.identifier = 0

    def set_option(self, option: SocketOption, value: int) -> None:
        if option is SocketOption.TTL and 1 <= value <= 255:
            self._ttl = value
        else:
            super().set_option(option, value)

    def local_name(self) -> tuple[int, int]:
        return 0, self.identifier

    def rows(self) -> list[NetstatRow]:
        local = format_name(0, self.identifier)
        return [NetstatRow("icmp", local, format_name(self.peer, 0), "", self._queued_octets, 0, self.handle)]

    def deliver(self, payload: bytes | memoryview, address: int, sequence: int) -> bool:
        """Queue a reply; False where the queue is full or the reply is not from the peer."""
        limits = self._layer.ip.config.udp
        if (
            self._queued_octets + len(payload) > limits.receive_buffer_octets
            or len(self._queue) >= limits.receive_buffer_datagrams
        ):
            self._layer.ip.counters.add("icmp_receive_queue_full")
            return True
        if self.peer not in (0, address):
            return False
        self._queue.append((bytes(payload), address, sequence))
        self._queued_octets += len(payload)
        self._layer.events.post(EventKind.READABLE, self.handle)
        return True

    def fail(self, error: OSError) -> None:
        """Keep an error for the next call."""
        self._error = error
        self._layer.events.post(EventKind.READABLE, self.handle)

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error


class EchoLayer:
    """All echo sockets of a host, by identifier."""

    def __init__(self, ip: Ipv4Layer, icmp: IcmpLayer, events: EventQueue, source: Random) -> None:
        self.ip = ip
        self.events = events
        self.identifiers = PortSpace((1, 65535), source)
        self.endpoints: dict[int, EchoEndpoint] = {}
        icmp.on_echo_reply(self._receive_reply)
        icmp.on_error(Protocol.ICMP, self._receive_error)

    def _receive_reply(self, packet: Ipv4Packet, message: IcmpMessage) -> bool:
        endpoint = self.endpoints.get(message.identifier)
        return endpoint is not None and endpoint.deliver(message.payload, packet.source, message.sequence)

    def _receive_error(self, error: NetworkError, now_ns: int) -> None:
        endpoint = self.endpoints.get(int.from_bytes(error.packet.payload[4:6], "big"))
        if endpoint is None:
            self.ip.counters.add("icmp_error_not_ours")
        else:
            endpoint.fail(error.exception())
