"""Echo servers: what comes in goes out again, over TCP and over UDP (RFC 862)."""

from __future__ import annotations

from rig.runtime.kernel import Task
from rig.sockets import Address, Socket, SocketKind, SocketLibrary

ECHO_PORT = 7
PIECE_OCTETS = 16 * 1024
MAX_DATAGRAM_OCTETS = 65507


class TcpEchoServer:
    """One kernel task per connection; a connection that fails ends alone. ``octets`` counts what was sent back."""

    def __init__(self, library: SocketLibrary, port: int = ECHO_PORT, backlog: int = 16) -> None:
        """Take the port at once, so that peers can connect before :meth:`serve` first runs."""
        self.octets = 0
        self.connections_failed = 0
        self._scheduler = library.scheduler
        self._connections: dict[Task[None], Socket] = {}
        self._listener = library.socket()
        self._listener.bind(("", port))
        self._listener.listen(backlog)

    async def serve(self) -> None:
        """Serve until cancelled; then reset every connection and free the port."""
        try:
            while True:
                socket, peer = await self._listener.accept()
                task = self._scheduler.spawn(self._serve_connection(socket), f"echo {peer[0]}:{peer[1]}")
                self._connections = {known: held for known, held in self._connections.items() if not known.done}
                self._connections[task] = socket
        finally:
            for task, socket in self._connections.items():
                task.cancel()
                socket.abort()  # a task that never ran closes nothing
            await self._listener.close()

    async def _serve_connection(self, socket: Socket) -> None:
        async with socket:
            try:
                while data := await socket.receive(PIECE_OCTETS):
                    await socket.send_all(data)
                    self.octets += len(data)
            except OSError:
                self.connections_failed += 1


class UdpEchoServer:
    """Answers every datagram with its own data; ``datagrams`` counts them."""

    def __init__(self, library: SocketLibrary, port: int = ECHO_PORT) -> None:
        """Take the port at once."""
        self.datagrams = 0
        self.errors = 0
        self._socket = library.socket(SocketKind.DATAGRAM)
        self._socket.bind(("", port))

    async def serve(self) -> None:
        """Serve until cancelled, then free the port. An error that ICMP reports of an answer is counted."""
        async with self._socket as socket:
            while True:
                try:
                    data, peer = await socket.receive_from(MAX_DATAGRAM_OCTETS)
                    await socket.send_to(data, peer)
                except OSError:
                    self.errors += 1
                else:
                    self.datagrams += 1


async def echo_once(library: SocketLibrary, address: Address, data: bytes, *, deadline_ns: int | None = None) -> bytes:
    """Send ``data`` to a TCP echo server, end the stream, and return all that comes back."""
    async with await library.connect(*address, deadline_ns=deadline_ns) as socket:
        sender = library.scheduler.spawn(_send_and_end(socket, data, deadline_ns), "echo sender", keep_error=True)
        answer = bytearray()
        try:
            while piece := await socket.receive(PIECE_OCTETS, deadline_ns=deadline_ns):
                answer += piece
            await sender
        finally:
            sender.cancel()
        return bytes(answer)


async def _send_and_end(socket: Socket, data: bytes, deadline_ns: int | None) -> None:
    await socket.send_all(data, deadline_ns=deadline_ns)
    socket.shutdown()
