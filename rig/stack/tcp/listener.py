"""A listening port: half-open connections and those that wait to be accepted (RFC 9293, 3.10.1 and RFC 4987).

Both queues are bounded. A SYN that finds the accept queue full is dropped, and the peer tries again. A SYN that finds
the SYN queue full is answered with a cookie (:mod:`rig.stack.tcp.syn_cookies`), or, where those are switched off, takes
the place of the oldest half-open connection, so that a flood of forged SYNs only shortens the time a real one has to
answer.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rig.stack.tcp.connection import Connection
    from rig.stack.tcp.endpoint import StreamEndpoint


class Listener:
    """Connections in the making on one local address and port."""

    __slots__ = ("accepted", "address", "backlog", "cookies_until_ns", "half_open", "owner", "port", "syn_queue")

    def __init__(self, owner: StreamEndpoint, address: int, port: int, backlog: int, syn_queue: int) -> None:
        self.owner = owner
        self.address = address
        self.port = port
        self.backlog = max(1, backlog)
        self.syn_queue = syn_queue
        self.cookies_until_ns = 0
        self.half_open: dict[Connection, None] = {}
        self.accepted: deque[Connection] = deque()

    @property
    def is_full(self) -> bool:
        """Whether as many connections wait as the program asked for."""
        return len(self.accepted) >= self.backlog

    def forget(self, connection: Connection) -> None:
        """Drop a connection that ended before it was accepted."""
        self.half_open.pop(connection, None)
        if connection in self.accepted:
            self.accepted.remove(connection)
