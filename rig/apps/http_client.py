"""An HTTP/1.1 client: one request after another on a connection, or one on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from types import TracebackType

import h11

from rig.apps.http_stream import (
    MAX_HEADER_OCTETS,
    Body,
    HeaderFields,
    HttpProtocolError,
    HttpStream,
    as_text,
    framing,
)
from rig.errors import UsageError
from rig.sockets import Socket, SocketLibrary

HTTP_PORT = 80

OnProgress = Callable[[int], None]
"""Called with the octets of body so far: received for a GET, handed to the socket for a PUT."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete response. Names of header fields are in lower case."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of the first field of that name, or None."""
        return next((value for field, value in self.headers if field == name.lower()), None)

    @property
    def sha256(self) -> str:
        """SHA-256 of the body as it was read from the socket, in hexadecimal."""
        return sha256(self.body).hexdigest()


class HttpClient:
    """One connection to one server, kept alive between requests; an asynchronous context manager that closes it."""

    def __init__(self, socket: Socket, host: str, max_header_octets: int = MAX_HEADER_OCTETS) -> None:
        """Speak on a connected socket, which becomes this object's to close. ``host`` is for the Host field."""
        self._socket = socket
        self._host = host
        self._deadline_ns: int | None = None
        self._stream = HttpStream(socket, h11.CLIENT, lambda: self._deadline_ns, max_header_octets)
        self._is_first = True

    @classmethod
    async def open(
        cls,
        library: SocketLibrary,
        host: str,
        port: int = HTTP_PORT,
        *,
        deadline_ns: int | None = None,
        user_timeout_ns: int | None = None,
        max_header_octets: int = MAX_HEADER_OCTETS,
    ) -> HttpClient:
        """Connect to ``host``, an IPv4 address as text. Errors are those of a connecting socket."""
        socket = await library.connect(host, port, user_timeout_ns=user_timeout_ns, deadline_ns=deadline_ns)
        return cls(socket, host if port == HTTP_PORT else f"{host}:{port}", max_header_octets)

    async def __aenter__(self) -> HttpClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()

    async def request(
        self,
        method: str,
        target: str,
        *,
        body: Body = b"",
        headers: HeaderFields = (),
        host: str | None = None,
        deadline_ns: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> HttpResponse:
        """Send one request and return the response with its whole body.

        ``target`` is the path with its query, ``host`` the Host field where it is not the address.
        :class:`TimeoutError` at the absolute ``deadline_ns``; the connection is then of no more use.
        :class:`HttpProtocolError` when the server breaks the protocol, ends within a message, or said before that it
        would close. :class:`UsageError` for a method, target or field that HTTP does not allow.
        """
        self._deadline_ns = deadline_ns
        if not self._is_first and not self._stream.is_reusable():
            raise HttpProtocolError("the server closes the connection after the last response; open another")
        self._is_first = False
        fields = [("Host", self._host if host is None else host), *headers]
        if body != b"" or method == "PUT":
            fields += framing(body)
        try:
            head = h11.Request(method=method, target=target, headers=fields)
        except h11.LocalProtocolError as err:
            raise UsageError(f"request {method!r} {target!r} is not allowed by HTTP: {err}") from err
        uploads = body != b""
        try:
            await self._stream.send_message(head, body, on_progress if uploads else None)
            return await self._response(None if uploads else on_progress)
        except h11.RemoteProtocolError as err:
            raise HttpProtocolError(f"{self._host}: {err}") from err

    async def _response(self, on_progress: OnProgress | None) -> HttpResponse:
        event = await self._stream.next_event()
        while isinstance(event, h11.InformationalResponse):
            event = await self._stream.next_event()
        if not isinstance(event, h11.Response):
            raise HttpProtocolError(f"{self._host} ended the connection before the response")
        body = bytearray()

        def take(piece: bytes) -> None:
            body.extend(piece)
            if on_progress is not None:
                on_progress(len(body))

        await self._stream.receive_body(take)
        return HttpResponse(event.status_code, event.reason.decode("latin-1"), as_text(event.headers), bytes(body))


async def http_get(
    library: SocketLibrary,
    host: str,
    port: int,
    path: str,
    *,
    headers: HeaderFields = (),
    deadline_ns: int | None = None,
    user_timeout_ns: int | None = None,
    on_progress: OnProgress | None = None,
) -> HttpResponse:
    """Fetch ``path`` on a connection of its own; errors as :meth:`HttpClient.open` and :meth:`HttpClient.request`."""
    client = await HttpClient.open(library, host, port, deadline_ns=deadline_ns, user_timeout_ns=user_timeout_ns)
    async with client:
        fields = [("Connection", "close"), *headers]
        return await client.request("GET", path, headers=fields, deadline_ns=deadline_ns, on_progress=on_progress)


async def http_put(
    library: SocketLibrary,
    host: str,
    port: int,
    path: str,
    body: Body,
    *,
    headers: HeaderFields = (),
    deadline_ns: int | None = None,
    user_timeout_ns: int | None = None,
    on_progress: OnProgress | None = None,
) -> HttpResponse:
    """Store ``body`` at ``path`` on a connection of its own; errors as in :func:`http_get`."""
    client = await HttpClient.open(library, host, port, deadline_ns=deadline_ns, user_timeout_ns=user_timeout_ns)
    async with client:
        fields = [("Connection", "close"), *headers]
        return await client.request(
            "PUT", path, body=body, headers=fields, deadline_ns=deadline_ns, on_progress=on_progress
        )
