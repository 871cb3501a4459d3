"""An HTTP/1.1 server: GET and HEAD of resources, PUT into memory, one kernel task per connection.

What a peer does wrong ends its connection and nothing else; it is answered where HTTP still allows an answer, and
recorded. A mistake of the resource function is ours and ends the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import unquote

import h11

from rig.apps.http_stream import MAX_HEADER_OCTETS, PIECE_OCTETS, Body, HeaderFields, HttpStream, framing
from rig.runtime.kernel import Task
from rig.sockets import Address, Socket, SocketLibrary
from rig.units import NS_PER_S

RECORDS_KEPT = 1000
ALLOWED_METHODS = "GET, HEAD, PUT"
MEDIA_TYPES = {
    "css": "text/css",
    "html": "text/html; charset=utf-8",
    "jpg": "image/jpeg",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}

Resources = Mapping[str, Body] | Callable[[str], Body | None]
"""Path, decoded and without its query, to what GET returns; a function returns None for what is not there."""


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """What a PUT brought."""

    body: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class HttpRecord:
    """One exchange as the server saw it. ``status`` is None where no response was sent, ``error`` why, or empty."""

    t_ns: int
    peer: Address
    method: str
    path: str
    status: int | None
    request_octets: int
    response_octets: int
    error: str


class HttpServer:
    """A server on one port. ``received`` holds each body that was put, by path; a GET finds it there first.

    ``idle_timeout_ns`` limits every single wait for the peer, ``linger_ns`` how long a closing connection takes what
    the peer still sends. ``on_progress`` gets the octets of response body that were handed to the socket, of each
    exchange.
    """

    def __init__(
        self,
        library: SocketLibrary,
        port: int,
        resources: Resources,
        *,
        address: str = "",
        backlog: int = 64,
        max_header_octets: int = MAX_HEADER_OCTETS,
        max_body_octets: int = 64 * 1024 * 1024,
        idle_timeout_ns: int = 120 * NS_PER_S,
        linger_ns: int = 2 * NS_PER_S,
        user_timeout_ns: int | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        self.port = port
        self.received: dict[str, ReceivedBody] = {}
        self.records: deque[HttpRecord] = deque(maxlen=RECORDS_KEPT)
        self.connections_refused = 0
        self.max_body_octets = max_body_octets
        self.on_progress = on_progress
        self._library = library
        self._scheduler = library.scheduler
        self._resources = resources
        self._address = address
        self._backlog = backlog
        self._max_header_octets = max_header_octets
        self._idle_timeout_ns = idle_timeout_ns
        self._linger_ns = linger_ns
        self._user_timeout_ns = user_timeout_ns
        self._listener: Socket | None = None
        self._connections: dict[Task[None], Socket] = {}

    @property
    def connections(self) -> int:
        """Connections being served now."""
        return sum(not task.done for task in self._connections)

    def listen(self) -> Socket:
        """Take the port, so that peers can connect before :meth:`serve` first runs; port 0 becomes the one drawn."""
        listener = self._library.socket()
        try:
            listener.bind((self._address, self.port))
            listener.listen(self._backlog)
        except OSError:
            listener.abort()
            raise
        self.port = listener.getsockname()[1]
        self._listener = listener
        return listener

    def find(self, path: str) -> Body | None:
        """Return what GET gives for a path: the last body put there, else the resource, else None."""
        put = self.received.get(path)
        if put is not None:
            return put.body
        return self._resources.get(path) if isinstance(self._resources, Mapping) else self._resources(path)

    async def serve(self) -> None:
        """Serve until cancelled; then reset every connection and free the port."""
        listener = self._listener or self.listen()
        try:
            while True:
                try:
                    socket, peer = await listener.accept()
                except OSError:
                    if listener.fileno() < 0:
                        raise
                    self.connections_refused += 1  # the descriptor table is full, or the peer is gone again
                    continue
                task = self._scheduler.spawn(self._serve_connection(socket, peer), f"http {peer[0]}:{peer[1]}")
                self._connections = {known: held for known, held in self._connections.items() if not known.done}
                self._connections[task] = socket
        finally:
            for task, socket in self._connections.items():
                task.cancel()
                socket.abort()  # a task that never ran closes nothing
            self._listener = None
            await listener.close()

    async def _serve_connection(self, socket: Socket, peer: Address) -> None:
        stream = HttpStream(
            socket, h11.SERVER, lambda: self._scheduler.now_ns + self._idle_timeout_ns, self._max_header_octets
        )
        try:
            if self._user_timeout_ns is not None:
                socket.set_user_timeout_ns(self._user_timeout_ns)
            while await self._serve_request(stream, peer):
                pass
            await self._linger(socket)
        except OSError:
            socket.abort()  # the record of the exchange says what happened
        finally:
            await socket.close()

    async def _serve_request(self, stream: HttpStream, peer: Address) -> bool:
        """Serve one request and record it; tell whether another may follow."""
        exchange = _Exchange(self, stream)
        error = ""
        try:
            return await exchange.run()
        except h11.RemoteProtocolError as err:
            error = str(err)
            await exchange.refuse(HTTPStatus(err.error_status_hint))
            return False
        except OSError as err:
            error = f"{type(err).__name__}: {err}"
            raise
        finally:
            if exchange.method or error:
                self.records.append(
                    HttpRecord(
                        self._scheduler.now_ns,
                        peer,
                        exchange.method,
                        exchange.path,
                        exchange.status,
                        exchange.request_octets,
                        exchange.response_octets,
                        error,
                    )
                )

    async def _linger(self, socket: Socket) -> None:
        """End our stream, then drop what the peer still sends until its end or a deadline.

        Octets left unread would make TCP reset the connection, and the reset could overtake the response (RFC 9112
        9.6).
        """
        socket.shutdown()
        deadline_ns = self._scheduler.now_ns + self._linger_ns
        try:
            while await socket.receive(PIECE_OCTETS, deadline_ns=deadline_ns):
                pass
        except TimeoutError:
            pass  # the peer keeps its side open: our part is done all the same


class _Exchange:
    """One request and its response."""

    def __init__(self, server: HttpServer, stream: HttpStream) -> None:
        self.method = ""
        self.path = ""
        self.status: int | None = None
        self.request_octets = 0
        self.response_octets = 0
        self._server = server
        self._stream = stream

    async def run(self) -> bool:
        request = await self._stream.next_event()
        if not isinstance(request, h11.Request):
            return False  # the peer ended the connection between requests
        self.method = request.method.decode("ascii")
        self.path = _path(request.target.decode("ascii"))
        if self._stream.protocol.they_are_waiting_for_100_continue:
            await self._stream.send(h11.InformationalResponse(status_code=HTTPStatus.CONTINUE.value, headers=[]))
        body = bytearray()
        try:
            # Every method may have a body, and the next request comes after it (RFC 9110 9.3.1).
            await self._stream.receive_body(lambda piece: body.extend(self._count(piece)))
        except _BodyTooLargeError:
            await self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return False
        if self.method == "PUT":
            await self._put(bytes(body))
        elif self.method in ("GET", "HEAD"):
            await self._get()
        else:
            await self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, [("Allow", ALLOWED_METHODS)])
        return self._stream.is_reusable()

    async def _get(self) -> None:
        found = self._server.find(self.path)
        if found is None:
            await self.refuse(HTTPStatus.NOT_FOUND)
        else:
            await self._respond(HTTPStatus.OK, found, [("Content-Type", _media_type(self.path)), *framing(found)])

    async def _put(self, body: bytes) -> None:
        existed = self._server.find(self.path) is not None
        self._server.received[self.path] = ReceivedBody(body, sha256(body).hexdigest())
        if existed:
            await self._respond(HTTPStatus.NO_CONTENT, b"", [])  # which has no length (RFC 9110 8.6)
        else:
            await self._respond(HTTPStatus.CREATED, b"", framing(b""))

    def _count(self, piece: bytes) -> bytes:
        self.request_octets += len(piece)
        if self.request_octets > self._server.max_body_octets:
            raise _BodyTooLargeError
        return piece

    async def refuse(self, status: HTTPStatus, fields: HeaderFields = ()) -> None:
        """Answer with an error status, if a response can still be sent."""
        if self._stream.protocol.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            text = f"{status.value} {status.phrase}\n".encode()
            await self._respond(status, text, [("Content-Type", MEDIA_TYPES["txt"]), *framing(text), *fields])

    async def _respond(self, status: HTTPStatus, body: Body, fields: HeaderFields) -> None:
        head = h11.Response(
            status_code=status.value, reason=status.phrase.encode(), headers=[("Server", "nicrig"), *fields]
        )
        self.status = status.value
        if self.method == "HEAD":
            body = b""
        self.response_octets = await self._stream.send_message(head, body, self._server.on_progress)


class _BodyTooLargeError(Exception):
    """More body arrived than the server keeps."""


def _path(target: str) -> str:
    """Return the decoded path of a request target in origin or absolute form (RFC 9112 3.2)."""
    if not target.startswith("/"):
        _, _, rest = target.partition("://")
        target = "/" + rest.partition("/")[2]
    return unquote(target.partition("?")[0])


def _media_type(path: str) -> str:
    if path.endswith("/"):
        return MEDIA_TYPES["html"]  # the list of a folder, or its index
    return MEDIA_TYPES.get(path.rpartition(".")[2].lower(), "application/octet-stream")
