"""The stream socket: what a handle of kind STREAM names, from ``socket()`` to ``close()``.

Before ``listen`` or ``connect`` it is a name with options and stands in netstat as CLOSED; afterwards it leads to a
listener or a connection. The connection may outlive it: after ``close`` it goes on to TIME-WAIT by itself.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from rig.stack.endpoint import Endpoint, SocketOption
from rig.stack.netstat import NetstatRow, TcpVariables, format_name
from rig.stack.tcp.connection import Connection
from rig.stack.tcp.listener import Listener
from rig.stack.tcp.state import State
from rig.wire.address import LIMITED_BROADCAST_IPV4, is_loopback_ipv4, is_multicast_ipv4

if TYPE_CHECKING:
    from rig.stack.tcp.layer import TcpLayer


class StreamEndpoint(Endpoint):
    """One stream socket."""

    __slots__ = ("_layer", "_listener", "_options", "_port_taken", "address", "connection", "keepalive", "port")

    def __init__(self, handle: int, layer: TcpLayer, connection: Connection | None = None) -> None:
        super().__init__(handle)
        self._layer = layer
        self._listener: Listener | None = None
        self._port_taken = False
        self.connection = connection
        self.address = connection.local_address if connection is not None else 0
        self.port = connection.local_port if connection is not None else 0
        self.keepalive = False
        config = layer.config
        self._options = {
            SocketOption.NODELAY: int(not config.nagle),
            SocketOption.USER_TIMEOUT_NS: config.user_timeout_ns or 0,
            SocketOption.KEEPALIVE: 0,
            SocketOption.KEEPALIVE_IDLE_NS: config.keepalive_idle_ns,
            SocketOption.KEEPALIVE_INTERVAL_NS: config.keepalive_interval_ns,
            SocketOption.KEEPALIVE_PROBES: config.keepalive_probes,
            SocketOption.RECEIVE_BUFFER: config.receive_buffer_octets,
            SocketOption.SEND_BUFFER: config.send_buffer_octets,
            SocketOption.TTL: layer.ip.config.ttl,
            SocketOption.DSCP: 0,
        }
        if connection is not None:
            connection.owner = self

    def bind(self, address: int, port: int) -> None:
        if self.port:
            raise OSError(errno.EINVAL, "the socket is bound already")
        if address and address not in self._layer.ip.addresses and not is_loopback_ipv4(address):
            raise OSError(errno.EADDRNOTAVAIL, "the address is not one of this host")
        self.port = self._layer.ports.take(address, port)
        self.address = address
        self._port_taken = True

    def listen(self, backlog: int) -> None:
        if self.connection is not None:
            raise OSError(errno.EISCONN, "a connected socket cannot listen")
        if self._listener is not None:
            self._listener.backlog = max(1, backlog)
            return
        if not self.port:
            self.bind(0, 0)
        layer = self._layer
        self._listener = Listener(self, self.address, self.port, backlog, layer.config.syn_queue)
        layer.listeners[self.address, self.port] = self._listener

    def accept(self, handle: int) -> StreamEndpoint | None:
        """Return a socket with the new ``handle`` for the oldest connection that waits, or None."""
        listener = self._listener
        if listener is None:
            raise OSError(errno.EINVAL, "the socket does not listen")
        if not listener.accepted:
            return None
        connection = listener.accepted.popleft()
        connection.listener = None
        endpoint = StreamEndpoint(handle, self._layer, connection)
        endpoint._options.update(self._options)
        endpoint.apply_options(connection)
        return endpoint

    def connect(self, address: int, port: int, now_ns: int) -> None:
        if self._listener is not None:
            raise OSError(errno.EOPNOTSUPP, "a listening socket cannot connect")
        if self.connection is not None:
            connected = self.connection.state >= State.ESTABLISHED
            raise OSError(errno.EISCONN if connected else errno.EALREADY, "the socket was connected before")
        if not 0 < port <= 65535:
            raise OSError(errno.EADDRNOTAVAIL, f"port {port} cannot be connected to")
        layer = self._layer
        path = layer.ip.path(address, self.address)
        if address == LIMITED_BROADCAST_IPV4 or is_multicast_ipv4(address) or path.link.is_broadcast(address):
            raise OSError(errno.ENETUNREACH, "TCP connects to single hosts only")  # RFC 9293, MUST-46
        if not self.port:
            self.bind(path.source, 0)
        name = (path.source, self.port, address, port)
        connection = Connection(layer, path, self.port, port, layer.initial_sequence(name, now_ns))
        layer.add(connection, now_ns)
        self.address = path.source if not self._port_taken else self.address
        connection.owner = self
        self.connection = connection
        self.apply_options(connection)
        connection.open(now_ns)

    def send(self, data: bytes | memoryview, now_ns: int) -> int:
        return self._connected().send(data)

    def send_urgent(self, data: bytes | memoryview, now_ns: int) -> int:
        return self._connected().send(data, urgent=True)

    def urgent_octets(self) -> int:
        return self._connected().receiver.urgent_octets

    def receive(self, max_octets: int, now_ns: int) -> bytes | None:
        return self._connected().receive(max_octets)

    def shutdown(self, now_ns: int) -> None:
        self._connected().shutdown()

    def close(self, now_ns: int) -> None:
        self._leave(now_ns)
        if self.connection is not None:
            self.connection.release(now_ns)

    def abort(self, now_ns: int) -> None:
        self._leave(now_ns)
        if self.connection is not None:
            self.connection.owner = None
            self.connection.abort(now_ns)

    def apply_options(self, connection: Connection) -> None:
        """Give a connection the options set on this socket."""
        self.keepalive = bool(self._options[SocketOption.KEEPALIVE])
        for option in self._options:
            self._apply(connection, option)

    def set_option(self, option: SocketOption, value: int) -> None:
        if option not in self._options:
            super().set_option(option, value)
        lowest, highest = _RANGES.get(option, (0, 1))
        if not lowest <= value <= highest:
            raise OSError(errno.EINVAL, f"{option.name} is {value}; expected {lowest}..{highest}")
        self._options[option] = value
        if option is SocketOption.KEEPALIVE:
            self.keepalive = bool(value)
        if self.connection is not None:
            self._apply(self.connection, option)

    def get_option(self, option: SocketOption) -> int:
        return self._options[option] if option in self._options else super().get_option(option)

    def local_name(self) -> tuple[int, int]:
        connection = self.connection
        return (self.address, self.port) if connection is None else (connection.local_address, connection.local_port)

    def peer_name(self) -> tuple[int, int]:
        connection = self.connection
        if connection is None or connection.state in (State.SYN_SENT, State.SYN_RECEIVED):
            return super().peer_name()
        return connection.remote_address, connection.remote_port

    def rows(self) -> list[NetstatRow]:
        if self.connection is not None:
            return [connection_row(self.connection)]
        local = format_name(self.address, self.port)
        listener = self._listener
        if listener is None:
            return [NetstatRow("tcp", local, "*:*", State.CLOSED.name, 0, 0, self.handle)]
        waiting = len(listener.accepted)
        return [NetstatRow("tcp", local, "*:*", State.LISTEN.name, waiting, listener.backlog, self.handle)]

    def _connected(self) -> Connection:
        if self.connection is None:
            raise OSError(errno.ENOTCONN, "the socket is not connected")
        return self.connection

    def _leave(self, now_ns: int) -> None:
        """Give back the port, and end what was never accepted."""
        listener, self._listener = self._listener, None
        if listener is not None:
            del self._layer.listeners[listener.address, listener.port]
            for connection in [*listener.half_open, *listener.accepted]:
                connection.abort(now_ns)
        if self._port_taken:
            self._port_taken = False
            self._layer.ports.release(self.address, self.port)

    def _apply(self, connection: Connection, option: SocketOption) -> None:
        value = self._options[option]
        if option is SocketOption.NODELAY:
            connection.sender.nagle = not value
            if value and connection.state >= State.ESTABLISHED:
                connection.settle()
        elif option is SocketOption.USER_TIMEOUT_NS:
            connection.set_user_timeout(value or None)
        elif option is SocketOption.RECEIVE_BUFFER:
            connection.receiver.capacity = value
        elif option is SocketOption.SEND_BUFFER:
            connection.sender.buffer.capacity = value
        elif option is SocketOption.TTL:
            connection.ttl = value
        elif option is SocketOption.DSCP:
            connection.dscp = value
        else:
            connection.keepalive_idle_ns = self._options[SocketOption.KEEPALIVE_IDLE_NS]
            connection.keepalive_interval_ns = self._options[SocketOption.KEEPALIVE_INTERVAL_NS]
            connection.keepalive_limit = self._options[SocketOption.KEEPALIVE_PROBES]
            connection.arm_keepalive()
            connection.rearm()


_LONGEST_NS = 1 << 60
_RANGES = {
    SocketOption.USER_TIMEOUT_NS: (0, _LONGEST_NS),
    SocketOption.KEEPALIVE_IDLE_NS: (1, _LONGEST_NS),
    SocketOption.KEEPALIVE_INTERVAL_NS: (1, _LONGEST_NS),
    SocketOption.KEEPALIVE_PROBES: (1, 1000),
    SocketOption.RECEIVE_BUFFER: (536, 1 << 30),
    SocketOption.SEND_BUFFER: (1, 1 << 30),
    SocketOption.TTL: (1, 255),
    SocketOption.DSCP: (0, 63),
}


def connection_row(connection: Connection) -> NetstatRow:
    """Return what netstat shows of a connection."""
    return NetstatRow(
        "tcp",
        format_name(connection.local_address, connection.local_port),
        format_name(connection.remote_address, connection.remote_port),
        connection.state.name,
        len(connection.receiver.buffer),
        len(connection.sender.buffer),
        connection.owner.handle if connection.owner is not None else None,
    )


def connection_variables(connection: Connection) -> TcpVariables:
    """Return the variables of a connection as they are now."""
    sender, receiver, control = connection.sender, connection.receiver, connection.sender.recovery.control
    return TcpVariables(
        format_name(connection.local_address, connection.local_port),
        format_name(connection.remote_address, connection.remote_port),
        sender.iss, receiver.irs, sender.snd_una, sender.snd_nxt, sender.snd_wnd, receiver.rcv_nxt, receiver.window,
        sender.mss, control.cwnd, control.ssthresh,
        sender.rto.srtt_ns, sender.rto.rttvar_ns, sender.rto.current_ns, sender.rto.backoffs,
    )  # fmt: skip
