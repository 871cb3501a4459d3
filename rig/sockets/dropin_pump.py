"""The kernel's side of the drop-in: what moves octets between a program's end of a socket pair and our stack.

Every socket of a program is one end (*near*) of a real pair of Unix sockets; the other end (*far*) belongs to a pump
here, which holds one asynchronous socket of our stack. All of this runs in the kernel's thread.

* **Streams.** One task carries what the program writes into the stack, one what the stack receives into the pair. Each
  holds one piece at most, and reads the next only when that one has gone, so that flow control reaches from one program
  to the other: between TCP's receive buffer and the reader are at most :data:`BETWEEN_OCTETS`. The end of a stream is
  passed on as such (half-close). When the connection fails, far is closed: no call of the program hangs, and the error
  is kept for it.
* **Listening sockets.** One octet in the pair stands for one connection that can be accepted, so that ``select`` works.
  One connection is taken from the stack ahead of the program; the others wait in the stack, within the backlog.
* **Datagrams.** The pair carries messages: a header with kind, address and port, then the data.

A program may close its end by any way there is (``ssl`` does so after ``detach``), or just forget it: the pair hangs
up, and the pump ends what it stood for, in order, or by a reset where octets were left unread.
"""

from __future__ import annotations

import _socket
import errno
import os
import socket as system
import struct
from collections import deque
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from rig.runtime.kernel import Task
from rig.sockets.dropin_door import network_is_down
from rig.sockets.socket import Address, Socket
from rig.sockets.standard_options import StandardOptions
from rig.stack.endpoint import SocketKind
from rig.wire.address import format_ipv4, parse_ipv4

if TYPE_CHECKING:
    from rig.sockets.dropin import DropIn

PAIR_BUFFER_OCTETS = 16 * 1024
"""Asked of the operating system for each direction of a stream's pair; it takes up to twice that."""
PIECE_OCTETS = 16 * 1024
BETWEEN_OCTETS = 2 * PAIR_BUFFER_OCTETS + PIECE_OCTETS
"""The most that is between a program and the buffers of TCP, in each direction of a stream."""
MAX_DATAGRAM_OCTETS = 65535
DATAGRAM_HEADER = struct.Struct(">B4sH")
IS_DATA = 0
IS_ERROR = 1
TOKEN = b"a"

_SYSTEM_SOCKET = system.socket


class Pump:
    """What stands behind one socket of a program. ``error`` is kept for the program, which takes it once."""

    def __init__(self, dropin: DropIn, sock: Socket, near: system.socket, far: system.socket) -> None:
        self.socket = sock
        self.near: system.socket | None = near  # until the program has taken it
        self.options = StandardOptions()
        self.error: OSError | None = None
        self.names: tuple[Address, Address] | None = None
        """Local and foreign name of a connected stream."""
        self._dropin = dropin
        self._kernel = dropin.kernel
        self._far = far
        self._events = self._kernel.watch_descriptor(far.fileno())
        self._tasks: list[Task[None]] = []
        self._is_over = False
        self._is_down = False
        self._spawn(self._await_hang_up(), "hang-up")

    def take_near(self) -> int:
        """Give the program its end: a file descriptor that is now its own."""
        near, self.near = self.near, None
        assert near is not None
        return near.detach()

    def take_error(self) -> OSError | None:
        """Return the error that was kept, once, or for ever that the host is down; from any thread."""
        if self._is_down:
            return network_is_down()
        error, self.error = self.error, None
        return error

    async def close(self) -> None:
        """End what this stood for in order, and let go of everything."""
        await self._end(abort=False)

    def stop(self) -> None:
        """The kernel ends: let go of everything at once."""
        self._is_down = True
        self.socket.abort()
        self._let_go()

    def fail(self, error: OSError) -> None:
        """The connection is lost: the program is told by the end of the pair, and by the error."""
        if not self._is_over:
            self.error = error
            self.socket.abort()
            self._let_go()

    async def _await_hang_up(self) -> None:
        await self._events.hung_up.wait()
        await self._hung_up()

    async def _hung_up(self) -> None:
        """The program has closed its end."""
        await self._end(abort=False)

    async def _end(self, *, abort: bool) -> None:
        if not self._is_over:
            if abort:
                self.socket.abort()
            else:
                await self.socket.close()
            self._let_go()

    def _let_go(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._kernel.forget_descriptor(self._far.fileno())
        self._far.close()
        if self.near is not None:
            self.near.close()
            self.near = None
        self._dropin.forget(self)
        for task in self._tasks:
            if task is not self._kernel.current:
                task.cancel()

    def _spawn(self, coro: Coroutine[Any, Any, None], what: str) -> None:
        if self._is_over:
            coro.close()
            return
        self._tasks.append(self._kernel.spawn(coro, f"drop-in {self.socket!r} {what}"))

    async def _write(self, data: bytes | memoryview) -> None:
        """Write all of ``data`` into the pair, or one message; :class:`OSError` where the program's end is closed."""
        view = memoryview(data)
        while True:
            self._events.writable.clear()
            try:
                view = view[self._far.send(view) :]
            except BlockingIOError:
                await self._events.writable.wait()
            if not len(view):
                return


class StreamPump(Pump):
    """A stream, connected, connecting or not yet."""

    def __init__(
        self, dropin: DropIn, sock: Socket, near: system.socket, far: system.socket, is_connected: bool = False
    ) -> None:
        super().__init__(dropin, sock, near, far)
        self._padding_octets = 0
        self._pending: deque[ListenedRow] = deque()
        self._is_reading = False
        self._has_room = self._kernel.event("room for a connection to accept")
        if is_connected:
            self._start()

    def start_connect(self, address: Address) -> None:
        """Start to connect; raises what is wrong at once. :meth:`connected` follows."""
        self.socket.start_connect(address)

    async def connected(self) -> None:
        """Wait for the connection, or raise why there is none; then another may be tried (unbound)."""
        try:
            await self.socket.connected()
        except OSError:
            self.socket.abort()
            self.socket = self._dropin.library.socket()
            raise
        self._drop_padding()
        self._start()

    def connect_alone(self, padding_octets: int) -> None:
        """Wait for the connection in a task, and keep the error.

        ``padding_octets`` were written into the pair so that the program's end cannot be written before the outcome.
        """
        self._padding_octets = padding_octets
        self._spawn(self._connect_alone(), "connect")

    async def _connect_alone(self) -> None:
        try:
            await self.connected()
        except OSError as err:
            self.error = err
            self._drop_padding()

    def _drop_padding(self) -> None:
        while self._padding_octets:
            self._padding_octets -= len(self._far.recv(self._padding_octets))

    def listen(self, backlog: int) -> None:
        """Become a listening socket."""
        self.socket.listen(backlog)
        if not self._is_reading:
            self._is_reading = True
            self._spawn(self._accept(), "accept")

    def take_connection(self) -> ListenedRow | None:
        """Return the connection that a token stood for: (pump, peer), or the error instead of one."""
        if not self._pending:
            return None
        self._has_room.set()
        return self._pending.popleft()

    async def _accept(self) -> None:
        while True:
            row: ListenedRow
            try:
                sock, peer = await self.socket.accept()
                row = self._dropin.new_stream(sock), peer
            except OSError as err:
                if self.socket.fileno() < 0:
                    return
                row = err
            self._has_room.clear()
            self._pending.append(row)
            try:
                await self._write(TOKEN)
            except OSError:
                return  # the program has closed it; the hang-up ends the rest
            await self._has_room.wait()

    def _start(self) -> None:
        self.names = self.socket.getsockname(), self.socket.getpeername()
        self._is_reading = True
        self._spawn(self._outward(), "outward")
        self._spawn(self._inward(), "inward")

    async def _outward(self) -> None:
        """From the program to the peer, until the program ends its stream, and then until it closes."""
        try:
            while data := await self._read():
                await self.socket.send_all(data)
            if not self._events.hung_up.is_set():
                self.socket.shutdown()
                await self._events.hung_up.wait()
            await self._end(abort=False)
        except _UnreadError:
            await self._end(abort=True)
        except OSError as err:
            self.fail(err)

    async def _read(self) -> bytes:
        while True:
            self._events.readable.clear()
            try:
                return self._far.recv(PIECE_OCTETS)
            except BlockingIOError:
                await self._events.readable.wait()
            except ConnectionResetError:
                raise _UnreadError from None

    async def _inward(self) -> None:
        """From the peer to the program, until the peer ends its stream."""
        wanted = True
        try:
            while data := await self.socket.receive(PIECE_OCTETS):
                if wanted:
                    try:
                        await self._write(data)
                    except OSError:
                        if self._events.hung_up.is_set():
                            await self._end(abort=True)  # octets arrived for who has closed (RFC 9293 3.6.1)
                            return
                        wanted = False  # only its reading side is closed: take the octets and drop them
        except OSError as err:
            self.fail(err)
        else:
            try:
                self._far.shutdown(system.SHUT_WR)
            except OSError:
                pass  # the program's end is closed already

    async def _hung_up(self) -> None:
        for row in self._pending:
            if not isinstance(row, OSError):
                row[0].fail(ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED)))
        self._pending.clear()
        if self.names is None:
            await self._end(abort=False)
        # Else the outward task ends it when all that was written before has gone.

    async def close(self) -> None:
        """See :class:`Pump`; a connected stream goes on by itself until all that was written has gone."""
        await self._hung_up()


ListenedRow = tuple[StreamPump, Address] | OSError


class DatagramPump(Pump):
    """A datagram socket. Sending goes straight to the stack, so that its errors are told at once."""

    def __init__(self, dropin: DropIn, sock: Socket, near: system.socket, far: system.socket) -> None:
        super().__init__(dropin, sock, near, far)
        self._spawn(self._inward(), "inward")

    async def send_to(self, data: bytes, address: Address | None) -> int:
        """Send one datagram, to the peer where ``address`` is None."""
        return await self.socket.send_to(data, address or self._peer())

    def _peer(self) -> Address:
        try:
            return self.socket.getpeername()
        except OSError as err:
            raise OSError(errno.EDESTADDRREQ, os.strerror(errno.EDESTADDRREQ)) from err

    async def _inward(self) -> None:
        while True:
            try:
                data, (host, port) = await self.socket.receive_from(MAX_DATAGRAM_OCTETS)
                message = DATAGRAM_HEADER.pack(IS_DATA, parse_ipv4(host).to_bytes(4, "big"), port) + data
            except OSError as err:
                if self.socket.fileno() < 0:
                    return
                number = err.errno or errno.EIO
                message = DATAGRAM_HEADER.pack(IS_ERROR, number.to_bytes(4, "big"), 0)
            try:
                await self._write_message(message)
            except OSError:
                return  # the program has closed it; the hang-up ends the rest

    async def _write_message(self, message: bytes) -> None:
        while True:
            self._events.writable.clear()
            try:
                self._far.send(message)
            except BlockingIOError:
                await self._events.writable.wait()
            else:
                return


class _UnreadError(Exception):
    """The program closed its end with octets unread."""


def parse_message(message: bytes) -> tuple[bytes, Address]:
    """Return data and sender of a message of a datagram socket's pair, or raise the error that it carries."""
    kind, address, port = DATAGRAM_HEADER.unpack_from(message)
    if kind == IS_ERROR:
        number = int.from_bytes(address, "big")
        raise OSError(number, os.strerror(number))
    return message[DATAGRAM_HEADER.size :], (format_ipv4(int.from_bytes(address, "big")), port)


def make_pair(kind: SocketKind) -> tuple[system.socket, system.socket]:
    """Return (near, far), real sockets also while the module is replaced; far does not block."""
    is_stream = kind is SocketKind.STREAM
    pair = _socket.socketpair(system.AF_UNIX, system.SOCK_STREAM if is_stream else system.SOCK_SEQPACKET)
    near, far = (_SYSTEM_SOCKET(fileno=end.detach()) for end in pair)
    if is_stream:
        for end in (near, far):
            end.setsockopt(system.SOL_SOCKET, system.SO_SNDBUF, PAIR_BUFFER_OCTETS)
    far.setblocking(False)
    return near, far
