"""An asynchronous socket: the calls of one control block of the stack, made to wait.

Stream: ``connect`` or ``bind`` + ``listen`` + ``accept``; ``send``, ``send_all``, ``receive``; ``shutdown``, ``close``,
``abort``. Datagram and echo: ``send_to`` and ``receive_from``. The waits live in :meth:`Socket._until`, all of them.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from rig.errors import UsageError
from rig.runtime.kernel import Event
from rig.sockets.turns import Turns
from rig.stack.endpoint import SocketKind, SocketOption
from rig.stack.events import EventKind, StackEvent
from rig.wire.address import format_ipv4, parse_ipv4

if TYPE_CHECKING:
    from rig.sockets.library import SocketLibrary

T = TypeVar("T")

Address = tuple[str, int]
"""An IPv4 address as text, empty for any, and a port."""


class Socket:
    """One descriptor. Made by :class:`~rig.sockets.library.SocketLibrary`; an asynchronous context manager that closes.

    After ``close`` or ``abort`` every operation, and every task that still waits in one, gets ``OSError(EBADF)``.
    """

    def __init__(self, library: SocketLibrary, handle: int, descriptor: int, kind: SocketKind) -> None:
        self.kind = kind
        self._library = library
        self._stack = library.stack
        self._scheduler = library.scheduler
        self._handle = handle
        self._descriptor = descriptor
        self._is_open = True
        self._readable = self._scheduler.event(f"socket {descriptor} readable")
        self._writable = self._scheduler.event(f"socket {descriptor} writable")
        self._readers = Turns(self._scheduler)
        self._writers = Turns(self._scheduler)
        self._is_connected = False
        self._aborts_on_close = False
        self._connect_error: OSError | None = None

    def __repr__(self) -> str:
        return f"<socket {self._descriptor} {self.kind.name}>" if self._is_open else "<closed socket>"

    async def __aenter__(self) -> Socket:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # -- naming --------------------------------------------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the descriptor, or -1 once closed."""
        return self._descriptor if self._is_open else -1

    @property
    def handle(self) -> int:
        """The stack's number of the control block; ``OSError(EBADF)`` once closed."""
        if not self._is_open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._handle

    def getsockname(self) -> Address:
        """Return the local address and port."""
        return _as_text(self._stack.local_name(self.handle))

    def getpeername(self) -> Address:
        """Return the foreign address and port; ``OSError(ENOTCONN)`` where there is none."""
        return _as_text(self._stack.peer_name(self.handle))

    def bind(self, address: Address) -> None:
        """Take a local address (empty: any) and port (0: one of the ephemeral ports, at random)."""
        self._stack.bind(self.handle, _as_number(address[0]), address[1])

    # -- connections ---------------------------------------------------------------------------------------------------

    def listen(self, backlog: int = 16) -> None:
        """Become a listening socket with room for ``backlog`` connections that are not yet accepted."""
        self._stack.listen(self.handle, backlog)

    async def accept(self, *, deadline_ns: int | None = None) -> tuple[Socket, Address]:
        """Return the next connection and the address of its peer."""
        child = await self._until(self._readers, self._readable, lambda: self._stack.accept(self.handle), deadline_ns)
        accepted = self._library.adopt(child)
        return accepted, accepted.getpeername()

    async def connect(self, address: Address, *, deadline_ns: int | None = None) -> None:
        """Open a connection to the address and port, or, for datagrams, name the only peer.

        :class:`ConnectionRefusedError`, :class:`TimeoutError` or another :class:`OSError` says why there is none. At
        the deadline the attempt goes on in the stack: close the socket to end it.
        """
        self.start_connect(address)
        await self.connected(deadline_ns=deadline_ns)

    def start_connect(self, address: Address) -> None:
        """Begin what :meth:`connect` does, and wait for nothing; raises what is wrong at once."""
        self._stack.connect(self.handle, _as_number(address[0]), address[1], self._scheduler.now_ns)
        self._library.kick()

    async def connected(self, *, deadline_ns: int | None = None) -> None:
        """Wait for the end of what :meth:`start_connect` began; errors as of :meth:`connect`."""
        if self.kind is SocketKind.STREAM:
            await self._until(self._writers, self._writable, self._connected, deadline_ns)

    def _connected(self) -> bool | None:
        if self._connect_error is not None:
            error, self._connect_error = self._connect_error, None
            raise error
        return True if self._is_connected else None

    # -- streams -------------------------------------------------------------------------------------------------------

    async def send(self, data: bytes | memoryview, *, deadline_ns: int | None = None) -> int:
        """Put at least one octet of ``data`` into the send buffer; return how many were taken, 0 only for no data."""
        if len(data) == 0:
            return 0
        return await self._until(self._writers, self._writable, lambda: self._send_some(data), deadline_ns)

    async def send_all(self, data: bytes | memoryview, *, deadline_ns: int | None = None) -> None:
        """Put all of ``data`` into the send buffer, as it drains; no other task's octets get between.

        After an error or a time-out nobody can say how much was taken, as with the standard ``sendall``.
        """
        view = memoryview(data)
        await self._writers.enter(deadline_ns)
        try:
            while len(view):
                view = view[await self._wait_for(self._writable, partial(self._send_some, view), deadline_ns) :]
        finally:
            self._writers.leave()

    def _send_some(self, data: bytes | memoryview) -> int | None:
        taken = self._stack.send(self.handle, data, self._scheduler.now_ns)
        if taken == 0:
            return None
        self._library.kick()
        return taken

    async def receive(self, max_octets: int, *, deadline_ns: int | None = None) -> bytes:
        """Return 1 to ``max_octets`` octets of the stream, or ``b""`` at its end."""
        if max_octets < 1:
            raise UsageError(f"max_octets is {max_octets}; it takes 1 to tell data from the end of the stream")
        return await self._until(self._readers, self._readable, lambda: self._receive_some(max_octets), deadline_ns)

    def _receive_some(self, max_octets: int) -> bytes | None:
        data = self._stack.receive(self.handle, max_octets, self._scheduler.now_ns)
        if data:
            self._library.kick()  # the window may have opened
        return data

    def shutdown(self) -> None:
        """Send the end of the stream after the data that was sent; receiving goes on (half-close)."""
        self._stack.shutdown(self.handle, self._scheduler.now_ns)
        self._library.kick()

    async def close(self) -> None:
        """Release the descriptor. The stack delivers what was sent and ends the connection; closing twice is harmless.

        Does not wait for the peer. Octets that were received and not read make TCP reset the connection.
        """
        if self._aborts_on_close:
            self.abort()
        elif self._is_open:
            self._stack.close(self._handle, self._scheduler.now_ns)
            self._release()

    def abort(self) -> None:
        """Reset the connection, lose what is under way, and release the descriptor."""
        if self._is_open:
            self._stack.abort(self._handle, self._scheduler.now_ns)
            self._release()

    def _release(self) -> None:
        self._is_open = False
        self._library.forget(self._descriptor, self._handle)
        self._library.kick()
        self._readable.set()
        self._writable.set()

    # -- datagrams -----------------------------------------------------------------------------------------------------

    async def send_to(self, data: bytes | memoryview, address: Address, *, deadline_ns: int | None = None) -> int:
        """Send one datagram (echo sockets: one ICMP message) to the address and port; return its octets."""
        number, port = _as_number(address[0]), address[1]

        def attempt() -> int | None:
            taken = self._stack.send_to(self.handle, data, number, port, self._scheduler.now_ns)
            if taken == 0 and len(data):
                return None
            self._library.kick()
            return taken

        return await self._until(self._writers, self._writable, attempt, deadline_ns)

    async def receive_from(self, max_octets: int, *, deadline_ns: int | None = None) -> tuple[bytes, Address]:
        """Return one datagram, cut to ``max_octets``, and the address and port of its sender."""
        data, number, port = await self._until(
            self._readers, self._readable, lambda: self._stack.receive_from(self.handle, max_octets), deadline_ns
        )
        return data, (format_ipv4(number), port)

    # -- options -------------------------------------------------------------------------------------------------------

    def set_abort_on_close(self, on: bool) -> None:
        """Make :meth:`close` reset the connection (SO_LINGER with a time of zero)."""
        self._aborts_on_close = on

    def set_option(self, option: SocketOption, value: int) -> None:
        """Set an option of the control block."""
        self._stack.set_option(self.handle, option, value)

    def get_option(self, option: SocketOption) -> int:
        """Return an option of the control block."""
        return self._stack.get_option(self.handle, option)

    def set_no_delay(self, enabled: bool) -> None:
        """Send small segments at once, without the Nagle algorithm (RFC 9293 MUST-17)."""
        self.set_option(SocketOption.NODELAY, int(enabled))

    def set_user_timeout_ns(self, user_timeout_ns: int) -> None:
        """Give the connection up when sent data stays unacknowledged for so long (RFC 9293 MUST-21); 0: the default."""
        self.set_option(SocketOption.USER_TIMEOUT_NS, user_timeout_ns)

    def set_keepalive(self, enabled: bool) -> None:
        """Probe an idle connection (RFC 9293 3.8.4)."""
        self.set_option(SocketOption.KEEPALIVE, int(enabled))

    def set_receive_buffer_octets(self, octets: int) -> None:
        """Set the size of the receive buffer, and so the largest window; before the connection exists."""
        self.set_option(SocketOption.RECEIVE_BUFFER, octets)

    def set_send_buffer_octets(self, octets: int) -> None:
        """Set how many octets ``send`` takes ahead of their acknowledgement."""
        self.set_option(SocketOption.SEND_BUFFER, octets)

    # -- waiting -------------------------------------------------------------------------------------------------------

    def handle_event(self, event: StackEvent) -> None:
        """Library's side: wake who may be able to go on."""
        kind = event.kind
        if kind is EventKind.CONNECTED:
            self._is_connected = True
        elif kind is EventKind.CLOSED and not self._is_connected:
            self._connect_error = event.error or ConnectionAbortedError(errno.ECONNABORTED, "closed while connecting")
        if kind in (EventKind.READABLE, EventKind.ACCEPTABLE, EventKind.CLOSED):
            self._readable.set()
        if kind in (EventKind.WRITABLE, EventKind.CONNECTED, EventKind.CLOSED):
            self._writable.set()

    async def _until(self, turns: Turns, event: Event, attempt: Callable[[], T | None], deadline_ns: int | None) -> T:
        """Take a turn, and in it repeat ``attempt`` after each ``event`` until it returns something else than None."""
        await turns.enter(deadline_ns)
        try:
            return await self._wait_for(event, attempt, deadline_ns)
        finally:
            turns.leave()

    async def _wait_for(self, event: Event, attempt: Callable[[], T | None], deadline_ns: int | None) -> T:
        while (result := attempt()) is None:
            # Nothing runs between the attempt and this, so that only what is older than the attempt is cleared.
            event.clear()
            if await self._scheduler.wait_first(event, deadline_ns=deadline_ns) is None:
                raise TimeoutError(f"{self!r}: nothing until the deadline at {deadline_ns} ns")
        return result


def _as_number(text: str) -> int:
    return parse_ipv4(text) if text else 0


def _as_text(name: tuple[int, int]) -> Address:
    return format_ipv4(name[0]), name[1]
