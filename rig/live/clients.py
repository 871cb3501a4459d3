"""``rig curl``, ``rig ping`` and ``rig nc``: small clients that speak from an interface of their own.

Each runs a host for itself, of a node file; a node that is up already has its interface for itself, so a client takes
another one (or is itself the peer of the host's kernel, on TAP).
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from rig.apps.http_client import HTTP_PORT, HttpClient, HttpResponse
from rig.apps.ping import PingReply, PingResult, ping
from rig.errors import UsageError
from rig.live.run import LiveRun
from rig.runtime.pump_asyncio import WallClock
from rig.sockets import Socket, SocketKind
from rig.sockets.resolver import Resolver, ResolverConfig
from rig.units import NS_PER_S

PIECE_OCTETS = 64 * 1024
NEIGHBOUR_PATIENCE_NS = 20 * NS_PER_S


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """Where a URL of scheme http points: host, port, and target with its query."""

    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, text: str) -> HttpUrl:
        """Return the parts of ``text``, whose scheme may be left out; :class:`UsageError` for what is no such URL."""
        if "://" not in text:
            text = f"http://{text}"
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as err:
            raise UsageError(f"{text!r} is no URL: {err}; write it as http://10.0.0.1:8000/path") from None
        if parts.scheme != "http":
            raise UsageError(f"{text!r} is of scheme {parts.scheme!r}; `rig curl` speaks http only")
        if not parts.hostname:
            raise UsageError(f"{text!r} names no host; write it as http://10.0.0.1:8000/path")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, HTTP_PORT if port is None else port, target)


async def find_address(run: LiveRun, host: str) -> str:
    """Return the address of ``host`` by the name servers of the node file; ``socket.gaierror`` where there is none."""
    config = ResolverConfig(servers=tuple(run.config.dns))
    resolver = Resolver(run.host.sockets, config, Random(int.from_bytes(os.urandom(32), "big")))
    return (await resolver.addresses(host))[0]


@contextmanager
def _within(timeout_ns: int, missing: str) -> Iterator[None]:
    """Say what was missing after how long, where a socket met its deadline; the stack's own time-outs stay."""
    try:
        yield
    except TimeoutError as err:
        if err.errno is not None:
            raise
        raise TimeoutError(f"{missing} within {timeout_ns / NS_PER_S:g} s") from err


async def curl(
    run: LiveRun, url: HttpUrl, *, method: str = "GET", body: bytes = b"", timeout_ns: int = 300 * NS_PER_S
) -> HttpResponse:
    """Do one request; errors are those of a connecting socket and of HTTP."""
    deadline_ns = run.kernel.now_ns + timeout_ns
    address = await find_address(run, url.host)
    named = url.host if url.port == HTTP_PORT else f"{url.host}:{url.port}"
    fields = [("User-Agent", "rig"), ("Accept", "*/*"), ("Connection", "close")]
    with _within(timeout_ns, "no whole answer"):
        client = await HttpClient.open(run.host.sockets, address, url.port, deadline_ns=deadline_ns)
        async with client:
            return await client.request(
                method, url.target, body=body, headers=fields, host=named, deadline_ns=deadline_ns
            )  # fmt: skip


async def ping_host(
    run: LiveRun,
    host: str,
    *,
    count: int,
    interval_ns: int,
    timeout_ns: int,
    data_octets: int,
    on_reply: Callable[[str, PingReply], None],
) -> tuple[str, PingResult]:
    """Ping ``host``; return its address and what came of it."""
    address = await find_address(run, host)
    result = await ping(
        run.host.sockets,
        address,
        count=count,
        interval_ns=interval_ns,
        timeout_ns=timeout_ns,
        data_octets=data_octets,
        on_reply=lambda reply: on_reply(address, reply),
    )
    return address, result


class InputReader:
    """Reads a descriptor of any kind, a file or a terminal, in a thread, a bounded number of pieces ahead."""

    def __init__(self, kernel: WallClock, descriptor: int, pieces: int = 16) -> None:
        self._kernel = kernel
        self._descriptor = descriptor
        self._pieces: deque[bytes] = deque()
        self._arrived = kernel.event("input")
        self._room = threading.Semaphore(pieces)
        threading.Thread(target=self._read, name="input", daemon=True).start()

    async def next_piece(self) -> bytes:
        """Return the next piece, empty at the end."""
        while not self._pieces:
            self._arrived.clear()
            if not self._pieces:
                await self._arrived.wait()
        self._room.release()
        return self._pieces.popleft()

    def _read(self) -> None:
        piece = b"-"
        while piece:
            self._room.acquire()
            try:
                piece = os.read(self._descriptor, PIECE_OCTETS)
            except OSError:
                piece = b""
            if not self._kernel.call_threadsafe(self._put, piece):
                return

    def _put(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._arrived.set()


async def nc_stream(run: LiveRun, socket: Socket, reader: InputReader, write: Callable[[bytes], object]) -> int:
    """Join a connected stream to input and output, until the peer ends its side; return the octets received."""
    sender = run.kernel.spawn(_send_input(socket, reader), "nc input", keep_error=True)
    received = 0
    try:
        while piece := await socket.receive(PIECE_OCTETS):
            write(piece)
            received += len(piece)
    finally:
        sender.cancel()
        await socket.close()
    return received


async def nc_connect(run: LiveRun, host: str, port: int, *, timeout_ns: int) -> Socket:
    """Return a stream connected to ``host``."""
    deadline_ns = run.kernel.now_ns + timeout_ns
    address = await find_address(run, host)
    with _within(timeout_ns, "no connection"):
        return await run.host.sockets.connect(address, port, deadline_ns=deadline_ns)


async def nc_listen(run: LiveRun, port: int, *, timeout_ns: int | None) -> tuple[Socket, str]:
    """Return the first stream that somebody connects to ``port``, and the address of that peer."""
    async with run.host.sockets.socket() as listener:
        listener.bind(("", port))
        listener.listen(1)
        deadline_ns = None if timeout_ns is None else run.kernel.now_ns + timeout_ns
        with _within(timeout_ns or 0, "nobody connected"):
            socket, peer = await listener.accept(deadline_ns=deadline_ns)
        return socket, f"{peer[0]}:{peer[1]}"


async def nc_datagrams(
    run: LiveRun, host: str, port: int, reader: InputReader, write: Callable[[bytes], object], *, timeout_ns: int
) -> int:
    """Send each piece of input as a datagram and write what comes back; end ``timeout_ns`` after the last of both."""
    address = await find_address(run, host)
    received = 0
    async with run.host.sockets.socket(SocketKind.DATAGRAM) as socket:
        await socket.connect((address, port))
        sender = run.kernel.spawn(_send_datagrams(socket, reader, (address, port)), "nc input", keep_error=True)
        try:
            while True:
                try:
                    data, _ = await socket.receive_from(PIECE_OCTETS, deadline_ns=run.kernel.now_ns + timeout_ns)
                except TimeoutError:
                    if sender.done:
                        await sender
                        return received
                    continue
                write(data)
                received += len(data)
        finally:
            sender.cancel()


async def _send_input(socket: Socket, reader: InputReader) -> None:
    while piece := await reader.next_piece():
        await socket.send_all(piece)
    socket.shutdown()


async def _send_datagrams(socket: Socket, reader: InputReader, peer: tuple[str, int]) -> None:
    while piece := await reader.next_piece():
        for start in range(0, len(piece), 1400):
            await socket.send_to(piece[start : start + 1400], peer)
