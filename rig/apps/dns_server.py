"""An authoritative DNS server on UDP and TCP, port 53, from a zone table (RFC 1035, RFC 7766)."""

from __future__ import annotations

from dataclasses import dataclass

from rig.apps.dns_zone import Zone, respond
from rig.runtime.kernel import Task
from rig.sockets import Socket, SocketKind, SocketLibrary
from rig.units import NS_PER_S
from rig.wire.dns import MAX_MESSAGE_OCTETS, MAX_UDP_OCTETS

DNS_PORT = 53
MAX_CONNECTIONS = 64
IDLE_NS = 10 * NS_PER_S


@dataclass(slots=True)
class DnsCounters:
    """What the server met. ``ignored``: datagrams that must not be answered."""

    udp_answers: int = 0
    tcp_answers: int = 0
    ignored: int = 0
    errors: int = 0
    connections_refused: int = 0


class DnsServer:
    """Serves one zone. What a peer does wrong costs it its connection, and nobody else anything."""

    def __init__(self, library: SocketLibrary, zone: Zone, port: int = DNS_PORT, address: str = "") -> None:
        """Take the port for both protocols at once, so that a client may ask before :meth:`serve` first runs."""
        self.zone = zone
        self.counters = DnsCounters()
        self._scheduler = library.scheduler
        self._connections: dict[Task[None], Socket] = {}
        self._datagrams = library.socket(SocketKind.DATAGRAM)
        self._listener = library.socket()
        try:
            self._datagrams.bind((address, port))
            self._listener.bind((address, port))
            self._listener.listen(MAX_CONNECTIONS)
        except OSError:
            self._datagrams.abort()
            self._listener.abort()
            raise

    async def serve(self) -> None:
        """Serve until cancelled; then reset every connection and free the port."""
        datagrams = self._scheduler.spawn(self._serve_datagrams(), "dns udp")
        try:
            while True:
                try:
                    socket, peer = await self._listener.accept()
                except OSError:
                    if self._listener.fileno() < 0:
                        raise
                    self.counters.connections_refused += 1  # the descriptor table is full
                    continue
                self._connections = {known: held for known, held in self._connections.items() if not known.done}
                if len(self._connections) >= MAX_CONNECTIONS:
                    self.counters.connections_refused += 1
                    socket.abort()
                    continue
                task = self._scheduler.spawn(self._serve_connection(socket), f"dns {peer[0]}:{peer[1]}")
                self._connections[task] = socket
        finally:
            datagrams.cancel()
            for task, socket in self._connections.items():
                task.cancel()
                socket.abort()  # a task that never ran closes nothing
            self._datagrams.abort()
            await self._listener.close()

    async def _serve_datagrams(self) -> None:
        while True:
            try:
                data, peer = await self._datagrams.receive_from(MAX_MESSAGE_OCTETS)
                answer = respond(self.zone, data, MAX_UDP_OCTETS)
                if answer is None:
                    self.counters.ignored += 1
                    continue
                await self._datagrams.send_to(answer, peer)
            except OSError:
                self.counters.errors += 1  # an ICMP error of an earlier answer, or no way back
            else:
                self.counters.udp_answers += 1

    async def _serve_connection(self, socket: Socket) -> None:
        async with socket:
            try:
                while (query := await self._message(socket)) is not None:
                    answer = respond(self.zone, query)
                    if answer is None:
                        self.counters.ignored += 1
                        return
                    deadline_ns = self._scheduler.now_ns + IDLE_NS
                    await socket.send_all(len(answer).to_bytes(2, "big") + answer, deadline_ns=deadline_ns)
                    self.counters.tcp_answers += 1
            except OSError:
                self.counters.errors += 1
                socket.abort()

    async def _message(self, socket: Socket) -> bytes | None:
        """Return the next message of a stream, or None at its end."""
        deadline_ns = self._scheduler.now_ns + IDLE_NS
        waiting = b""
        wanted = 2
        while len(waiting) < wanted:
            piece = await socket.receive(wanted - len(waiting), deadline_ns=deadline_ns)
            if not piece:
                return None
            waiting += piece
            if len(waiting) == 2 and wanted == 2:
                wanted += int.from_bytes(waiting, "big")
        return waiting[2:]
