"""What a socket handle names: the calls every kind of socket has, refused unless the kind defines them."""

from __future__ import annotations

import errno
from enum import Enum
from random import Random
from typing import NoReturn

from rig.stack.netstat import NetstatRow


class SocketKind(Enum):
    """What a socket carries."""

    STREAM = "tcp"
    DATAGRAM = "udp"
    RAW_ICMP = "icmp"


class SocketOption(Enum):
    """What may be set on a socket. All values are integers; a switch is 0 or 1, USER_TIMEOUT_NS 0 means none."""

    NODELAY = "nodelay"
    USER_TIMEOUT_NS = "user_timeout_ns"
    KEEPALIVE = "keepalive"
    KEEPALIVE_IDLE_NS = "keepalive_idle_ns"
    KEEPALIVE_INTERVAL_NS = "keepalive_interval_ns"
    KEEPALIVE_PROBES = "keepalive_probes"
    RECEIVE_BUFFER = "receive_buffer"
    SEND_BUFFER = "send_buffer"
    BROADCAST = "broadcast"
    TTL = "ttl"
    DSCP = "dscp"
    DONT_FRAGMENT = "dont_fragment"


class Endpoint:
    """Base of the socket kinds. Calls never block; errors are :class:`OSError` with the usual numbers."""

    __slots__ = ("handle",)

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def bind(self, address: int, port: int) -> None:
        """Take a local address (0: any) and port (0: a free one, drawn at random)."""
        self._refuse("bind")

    def listen(self, backlog: int) -> None:
        """Wait for connections, at most ``backlog`` of them not yet accepted."""
        self._refuse("listen")

    def connect(self, address: int, port: int, now_ns: int) -> None:
        """Name the peer; a stream starts to connect."""
        self._refuse("connect")

    def send(self, data: bytes | memoryview, now_ns: int) -> int:
        """Send to the peer; return the number of octets taken."""
        self._refuse("send")

    def send_urgent(self, data: bytes | memoryview, now_ns: int) -> int:
        """Send to the peer and mark all up to here as urgent; return the number of octets taken."""
        self._refuse("send_urgent")

    def urgent_octets(self) -> int:
        """Return how many octets remain to be read up to the end of urgent data."""
        self._refuse("urgent_octets")

    def receive(self, max_octets: int, now_ns: int) -> bytes | None:
        """Return received octets, None where there are none yet, empty at the end of the stream."""
        self._refuse("receive")

    def send_to(self, data: bytes | memoryview, address: int, port: int, now_ns: int) -> int:
        """Send one datagram; return the number of octets taken."""
        self._refuse("send_to")

    def receive_from(self, max_octets: int) -> tuple[bytes, int, int] | None:
        """Return one datagram, cut to ``max_octets``, with the address and port it came from, or None."""
        self._refuse("receive_from")

    def shutdown(self, now_ns: int) -> None:
        """Say that nothing more will be sent."""
        self._refuse("shutdown")

    def close(self, now_ns: int) -> None:
        """Release the handle."""
        self._refuse("close")

    def abort(self, now_ns: int) -> None:
        """Release the handle and end the connection at once."""
        self.close(now_ns)

    def set_option(self, option: SocketOption, value: int) -> None:
        """Set an option; ``OSError(ENOPROTOOPT)`` where this kind has none such, EINVAL for a value out of range."""
        raise OSError(errno.ENOPROTOOPT, f"{option.name} is no option of this kind of socket")

    def get_option(self, option: SocketOption) -> int:
        """Return an option's value."""
        raise OSError(errno.ENOPROTOOPT, f"{option.name} is no option of this kind of socket")

    def local_name(self) -> tuple[int, int]:
        """Return the local address and port; zeros while there are none."""
        return 0, 0

    def peer_name(self) -> tuple[int, int]:
        """Return the peer's address and port; ``OSError(ENOTCONN)`` while there is none."""
        raise OSError(errno.ENOTCONN, "the socket is not connected")

    def rows(self) -> list[NetstatRow]:
        """Return what ``netstat`` shows of this socket."""
        return []

    def _refuse(self, call: str) -> NoReturn:
        raise OSError(errno.EOPNOTSUPP, f"{call} is not supported by a {type(self).__name__}")


class PortSpace:
    """Local ports of one protocol. Sockets *take* (address, port), with address 0 for any; connections *use* a port.

    A port in use by connections only, such as those in TIME-WAIT, may be taken, but is not drawn as an ephemeral port.
    """

    __slots__ = ("_first", "_last", "_random", "_taken", "_users")

    def __init__(self, ephemeral: tuple[int, int], random: Random) -> None:
        self._first, self._last = ephemeral
        self._random = random
        self._taken: dict[int, set[int]] = {}
        self._users: dict[int, int] = {}

    def is_taken(self, address: int, port: int) -> bool:
        """Tell whether a port is taken on this address, or on any where either is 0."""
        addresses = self._taken.get(port)
        return addresses is not None and (address == 0 or 0 in addresses or address in addresses)

    def take(self, address: int, port: int) -> int:
        """Take a port and return it; port 0 draws a free one (RFC 6056). ``OSError(EADDRINUSE)`` where it is taken."""
        if not 0 <= port <= 65535:
            raise OSError(errno.EINVAL, f"port {port} is not in 0..65535")
        if port == 0:
            port = self._draw(address)
        elif self.is_taken(address, port):
            raise OSError(errno.EADDRINUSE, f"port {port} is in use")
        self._taken.setdefault(port, set()).add(address)
        return port

    def release(self, address: int, port: int) -> None:
        """Give back a port that was taken."""
        addresses = self._taken[port]
        addresses.remove(address)
        if not addresses:
            del self._taken[port]

    def use(self, port: int) -> None:
        """Count one more connection on a port."""
        self._users[port] = self._users.get(port, 0) + 1

    def unuse(self, port: int) -> None:
        """Count one connection less."""
        users = self._users[port] - 1
        if users:
            self._users[port] = users
        else:
            del self._users[port]

    def _draw(self, address: int) -> int:
        count = self._last - self._first + 1
        offset = self._random.randrange(count)
        for step in range(count):
            port = self._first + (offset + step) % count
            if port not in self._users and not self.is_taken(address, port):
                return port
        raise OSError(errno.EADDRNOTAVAIL, f"all ports from {self._first} to {self._last} are in use")
