"""The stack of one host: frames in, frames out, deadlines, events and socket calls; no clock, no waiting.

A host drives it so: give it what the device received, call :meth:`Stack.handle_timers`, take the events, send frames
for as long as the device takes them, and come back at :meth:`Stack.next_deadline`, at the next frame, or after a socket
call. Time is an integer of nanoseconds that never goes back; random values come from the generator passed in. Whatever
octets arrive, nothing raises; each discard has a counter.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from random import Random

from rig.stack.config import StackConfig
from rig.stack.counters import Counters
from rig.stack.echo import EchoEndpoint, EchoLayer
from rig.stack.endpoint import Endpoint, SocketKind, SocketOption
from rig.stack.events import EventQueue, StackEvent
from rig.stack.icmp import IcmpLayer
from rig.stack.ipv4 import Ipv4Layer
from rig.stack.netstat import NetstatRow, TcpVariables
from rig.stack.routing import Route
from rig.stack.tcp.endpoint import StreamEndpoint, connection_row, connection_variables
from rig.stack.tcp.layer import TcpLayer
from rig.stack.timer_queue import TimerQueue
from rig.stack.udp import UdpEndpoint, UdpLayer
from rig.wire.ethernet import HEADER_OCTETS, EtherType

__all__ = ["SocketKind", "SocketOption", "Stack"]

_IPV4 = EtherType.IPV4.to_bytes(2, "big")
_ARP = EtherType.ARP.to_bytes(2, "big")


class Stack:
    """One host's TCP/IP. Addresses are 32-bit integers; a handle names one socket."""

    def __init__(self, config: StackConfig, random: Random) -> None:
        self.config = config
        self._counters = Counters()
        self._timers = TimerQueue()
        self._events = EventQueue()
        self._ip = Ipv4Layer(config, random, self._counters, self._timers)
        icmp = IcmpLayer(self._ip)
        self._udp = UdpLayer(self._ip, icmp, self._events, random)
        self._echo = EchoLayer(self._ip, icmp, self._events, random)
        self._tcp = TcpLayer(self._ip, icmp, self._events, self._timers, random)
        self._endpoints: dict[int, Endpoint] = {}
        self._next_handle = 1

    # The host's side

    def receive_frame(self, frame: bytes | memoryview, now_ns: int, interface: int = 0) -> None:
        """Take a frame that arrived: destination address .. end of data, perhaps padded, no FCS. Never raises."""
        counters = self._counters
        link = self._ip.interfaces[interface]
        if len(frame) < HEADER_OCTETS:
            counters.add("ethernet_too_short")
            return
        group = frame[0] & 1 == 1
        if not group and frame[:6] != link.mac:
            counters.add("ethernet_not_for_us")
            return
        if frame[6:12] == link.mac:
            counters.add("ethernet_own_frame")
            return
        ethertype = frame[12:14]
        if ethertype == _IPV4:
            packet = memoryview(frame)[HEADER_OCTETS:]
            if group or not self._tcp.receive_plain(packet, link, now_ns):
                self._ip.receive(packet, link, group, now_ns)
        elif ethertype == _ARP:
            link.arp.receive(memoryview(frame)[HEADER_OCTETS:], now_ns)
        else:
            counters.add("ethernet_unknown_type")

    def frames_to_send(self, now_ns: int, interface: int = 0) -> Iterator[bytes]:
        """Yield frames, unpadded, for as long as there are any; each is built when it is asked for.

        The caller may stop at any step, for instance when its device is full, but must send what it took.
        """
        return self._ip.interfaces[interface].frames_to_send(now_ns)

    def next_deadline(self) -> int | None:
        """Return when to call :meth:`handle_timers`, in ns, or None for never: 0 while packets to ourselves wait."""
        if self._ip.loopback.is_busy:
            return 0
        return self._timers.next_deadline()

    def handle_timers(self, now_ns: int) -> None:
        """Act on all deadlines up to ``now_ns``, and carry packets from this host to itself."""
        self._timers.expire(now_ns)
        ip = self._ip
        for packet in ip.loopback.packets(now_ns):
            ip.receive(packet, ip.loopback, False, now_ns)

    def next_event(self) -> StackEvent | None:
        """Return the oldest event that was not taken yet, or None."""
        return self._events.take()

    def counters(self) -> dict[str, int]:
        """Return a copy of all named counters that are not zero."""
        return dict(self._counters)

    def netstat(self) -> list[NetstatRow]:
        """Return one row for each socket, and for each connection that no socket holds (any more)."""
        rows = [row for endpoint in self._endpoints.values() for row in endpoint.rows()]
        rows += [connection_row(each) for each in self._tcp.connections.values() if each.owner is None]
        return rows

    def tcp_variables(self) -> list[TcpVariables]:
        """Return the variables of every TCP connection, in whatever state."""
        return [connection_variables(each) for each in self._tcp.connections.values()]

    def neighbours(self, interface: int = 0) -> list[tuple[int, bytes]]:
        """Return (IPv4 address, MAC address) of each neighbour whose address is resolved."""
        return self._ip.interfaces[interface].arp.entries()

    def add_route(
        self, network: int, prefix_length: int, gateway: int | None, metric: int = 0, interface: int | None = None
    ) -> None:
        """Add a route by way of ``gateway``, or without one to the link of ``interface``.

        Raises ``OSError``: EINVAL for what is not a network, ENETUNREACH for a gateway that is no neighbour.
        """
        self._ip.add_route(network, prefix_length, gateway, metric, interface)

    def remove_route(self, network: int, prefix_length: int, gateway: int | None) -> None:
        """Remove the best route with these values; ``OSError(ESRCH)`` where there is none."""
        self._ip.remove_route(network, prefix_length, gateway)

    def routes(self) -> list[Route]:
        """Return all routes, the longest prefixes first, then by metric."""
        return self._ip.routing.routes()

    # Socket calls: none blocks. Errors are OSError with the usual numbers; EBADF for a handle that is not open.

    def socket(self, kind: SocketKind) -> int:
        """Make a socket and return its handle."""
        handle = self._new_handle()
        if kind is SocketKind.STREAM:
            self._endpoints[handle] = StreamEndpoint(handle, self._tcp)
        elif kind is SocketKind.DATAGRAM:
            self._endpoints[handle] = UdpEndpoint(handle, self._udp)
        else:
            self._endpoints[handle] = EchoEndpoint(handle, self._echo)
        return handle

    def bind(self, handle: int, address: int, port: int) -> None:
        """Take a local address (0: any) and port (0: a free one, drawn at random)."""
        self._endpoint(handle).bind(address, port)

    def listen(self, handle: int, backlog: int) -> None:
        """Wait for connections, at most ``backlog`` of them not yet accepted."""
        self._endpoint(handle).listen(backlog)

    def connect(self, handle: int, address: int, port: int, now_ns: int) -> None:
        """Connect a stream: CONNECTED or CLOSED with an error follows. Name the peer of a datagram socket."""
        self._endpoint(handle).connect(address, port, now_ns)

    def accept(self, handle: int) -> int | None:
        """Return the handle of a new connection, or None where none waits. Data may wait on it already."""
        listening = self._endpoint(handle)
        if not isinstance(listening, StreamEndpoint):
            raise OSError(errno.EOPNOTSUPP, "accept is not supported by this kind of socket")
        endpoint = listening.accept(self._next_handle)
        if endpoint is None:
            return None
        self._endpoints[self._new_handle()] = endpoint
        return endpoint.handle

    def send(self, handle: int, data: bytes | memoryview, now_ns: int) -> int:
        """Send to the peer; return how many octets were taken, 0 while the buffer is full (WRITABLE follows)."""
        return self._endpoint(handle).send(data, now_ns)

    def send_urgent(self, handle: int, data: bytes | memoryview, now_ns: int) -> int:
        """Send to the peer and mark all up to here as urgent; new programs have no use for it (RFC 6093)."""
        return self._endpoint(handle).send_urgent(data, now_ns)

    def urgent_octets(self, handle: int) -> int:
        """Return how many octets, read in their order like all others, remain up to the end of urgent data."""
        return self._endpoint(handle).urgent_octets()

    def receive(self, handle: int, max_octets: int, now_ns: int) -> bytes | None:
        """Return received octets, None while there are none, empty at the end of the stream; raises its error once."""
        return self._endpoint(handle).receive(max_octets, now_ns)

    def send_to(self, handle: int, data: bytes | memoryview, address: int, port: int, now_ns: int) -> int:
        """Send one datagram; on an echo socket ``port`` is the sequence number."""
        return self._endpoint(handle).send_to(data, address, port, now_ns)

    def receive_from(self, handle: int, max_octets: int) -> tuple[bytes, int, int] | None:
        """Return one datagram, cut to ``max_octets``, with address and port it came from, or None."""
        return self._endpoint(handle).receive_from(max_octets)

    def shutdown(self, handle: int, now_ns: int) -> None:
        """Close our direction: a FIN follows the data that is queued."""
        self._endpoint(handle).shutdown(now_ns)

    def close(self, handle: int, now_ns: int) -> None:
        """Release the handle. A connection goes on by itself until it is closed in order, or is reset where received
        data was left unread."""
        self._endpoints.pop(self._endpoint(handle).handle).close(now_ns)

    def abort(self, handle: int, now_ns: int) -> None:
        """Release the handle and reset its connection."""
        self._endpoints.pop(self._endpoint(handle).handle).abort(now_ns)

    def set_option(self, handle: int, option: SocketOption, value: int) -> None:
        """Set an option."""
        self._endpoint(handle).set_option(option, value)

    def get_option(self, handle: int, option: SocketOption) -> int:
        """Return the value of an option."""
        return self._endpoint(handle).get_option(option)

    def local_name(self, handle: int) -> tuple[int, int]:
        """Return the local address and port."""
        return self._endpoint(handle).local_name()

    def peer_name(self, handle: int) -> tuple[int, int]:
        """Return the peer's address and port; ``OSError(ENOTCONN)`` while there is none."""
        return self._endpoint(handle).peer_name()

    def _endpoint(self, handle: int) -> Endpoint:
        try:
            return self._endpoints[handle]
        except KeyError:
            raise OSError(errno.EBADF, f"handle {handle} names no open socket") from None

    def _new_handle(self) -> int:
        handle = self._next_handle
        self._next_handle += 1
        return handle
