"""HTTP/1.1 on one socket: h11 between events and octets, for the server and the client alike (RFC 9112).

h11 holds the protocol: framing by length, chunks or close, keep-alive, header syntax, limits. Bodies pass in pieces of
at most :data:`PIECE_OCTETS`, so that memory and progress do not depend on the size of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import h11

from rig.sockets import Socket

PIECE_OCTETS = 16 * 1024
"""What one ``receive`` asks for and one ``send_all`` is given."""

MAX_HEADER_OCTETS = 16 * 1024
"""Default limit of a start line with its header fields."""

Body = bytes | Iterable[bytes]
"""All octets, or pieces in order; pieces have no stated length and so are sent in chunks (RFC 9112 7.1)."""

HeaderFields = Sequence[tuple[str, str]]


class HttpProtocolError(ConnectionError):
    """The peer does not speak HTTP/1.1, or ended the connection within a message."""


class HttpStream:
    """h11's connection joined to a socket. ``deadline_ns`` is asked before each wait."""

    def __init__(
        self,
        socket: Socket,
        role: type[h11.CLIENT] | type[h11.SERVER],
        deadline_ns: Callable[[], int | None],
        max_header_octets: int = MAX_HEADER_OCTETS,
    ) -> None:
        self.socket = socket
        self.protocol = h11.Connection(role, max_header_octets)
        self._deadline_ns = deadline_ns

    async def next_event(self) -> h11.Event:
        """Return the next part of the peer's message; ``h11.ConnectionClosed`` at an end between messages.

        :class:`h11.RemoteProtocolError` for octets that are no HTTP.
        """
        while True:
            event = self.protocol.next_event()
            if isinstance(event, h11.Event):
                return event
            if event is h11.PAUSED:
                raise HttpProtocolError("the peer sent more than the message that was asked of it")
            self.protocol.receive_data(await self.socket.receive(PIECE_OCTETS, deadline_ns=self._deadline_ns()))

    async def send(self, *events: h11.Event) -> None:
        """Send parts of our message, all that fit in one piece in one call of the socket."""
        octets = b"".join(self.protocol.send(event) or b"" for event in events)
        if octets:
            await self.socket.send_all(octets, deadline_ns=self._deadline_ns())

    async def send_message(self, head: h11.Event, body: Body, on_progress: Callable[[int], None] | None = None) -> int:
        """Send a whole message; return the octets of its body. ``on_progress`` gets the octets so far."""
        pending: list[h11.Event] = [head]
        done = 0
        for piece in _pieces(body):
            await self.send(*pending, h11.Data(data=piece))
            pending.clear()
            done += len(piece)
            if on_progress is not None:
                on_progress(done)
        await self.send(*pending, h11.EndOfMessage())
        return done

    async def receive_body(self, take: Callable[[bytes], object]) -> None:
        """Give each piece of the body that follows to ``take``, until the end of the message."""
        while True:
            event = await self.next_event()
            if isinstance(event, h11.Data):
                take(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise HttpProtocolError(f"the peer sent {type(event).__name__} in place of a body")

    def is_reusable(self) -> bool:
        """Tell whether both messages are complete and the connection may carry the next pair; then go on to it."""
        if self.protocol.our_state is h11.DONE and self.protocol.their_state is h11.DONE:
            self.protocol.start_next_cycle()
            return True
        return False


def framing(body: Body) -> list[tuple[str, str]]:
    """Return the header field that says how a body ends."""
    if isinstance(body, bytes):
        return [("Content-Length", str(len(body)))]
    return [("Transfer-Encoding", "chunked")]


def as_text(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Return header fields as text, names in lower case."""
    return tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)


def _pieces(body: Body) -> Iterator[bytes]:
    for part in (body,) if isinstance(body, bytes) else body:
        view = memoryview(part)
        for start in range(0, len(view), PIECE_OCTETS):
            yield bytes(view[start : start + PIECE_OCTETS])
