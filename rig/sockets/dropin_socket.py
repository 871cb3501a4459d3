"""The program's side of the drop-in: a ``socket.socket`` whose names, connecting, accepting and options are a stack's.

Reading, writing and waiting are the operating system's own, on the program's end of the pair; here they only learn the
error with which a connection ended, and the addresses of datagrams.
"""

from __future__ import annotations

import errno
import os
import socket as system
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rig.sockets.dropin_pump import (
    DATAGRAM_HEADER,
    MAX_DATAGRAM_OCTETS,
    TOKEN,
    DatagramPump,
    ListenedRow,
    Pump,
    StreamPump,
    parse_message,
)
from rig.sockets.socket import Address
from rig.sockets.standard_options import standard_kind, standard_type
from rig.stack.endpoint import SocketKind
from rig.wire.address import format_ipv4, parse_ipv4

if TYPE_CHECKING:
    from rig.sockets.dropin import DropIn

T = TypeVar("T")

PADDING = bytes(4096)


class DropInSocket(system.socket):
    """One socket of a program. A subclass names the host; with another family it is an ordinary socket."""

    network: ClassVar[DropIn]
    given_pump: ClassVar[Pump | None] = None
    """What stands behind the descriptor that the class is made for (TLS), if it is."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        self._pump: Pump | None = self.given_pump
        if fileno is not None or family not in (-1, system.AF_INET, system.AF_INET6):
            super().__init__(family, type, proto, fileno)
            return
        kind = standard_kind(family, type, proto)
        self._begin(self.network.door.call(self.network.new_pump, kind))
        if type != -1 and type & system.SOCK_NONBLOCK:
            self.setblocking(False)

    def _begin(self, pump: Pump) -> None:
        """Become the program's end of ``pump``."""
        kind, protocol = standard_type(pump.socket.kind)
        system.socket.__init__(self, system.AF_INET, kind, protocol, pump.take_near())
        self._pump = pump

    def _call(self, fn: Callable[..., T], *args: Any) -> T:
        return self.network.door.call(fn, *args)

    # -- names ---------------------------------------------------------------------------------------------------------

    def getsockname(self) -> Any:
        """Return the local address and port."""
        pump = self._pump
        if pump is None:
            return super().getsockname()
        self._check_open()
        return pump.names[0] if pump.names is not None else self._call(pump.socket.getsockname)

    def getpeername(self) -> Any:
        """Return the foreign address and port; ENOTCONN where there is none."""
        pump = self._pump
        if pump is None:
            return super().getpeername()
        self._check_open()
        return pump.names[1] if pump.names is not None else self._call(pump.socket.getpeername)

    def bind(self, address: Any) -> None:
        """Take a local address and port."""
        pump = self._pump
        if pump is None:
            return super().bind(address)
        host, port = _checked(address)
        return self._call(pump.socket.bind, (self._numeric(host), port))

    def _numeric(self, host: str) -> str:
        """Return the address of a host: itself at once, or by asking the resolver."""
        try:
            return format_ipv4(parse_ipv4(host))
        except ValueError:
            return self.network.gethostbyname(host)

    def _check_open(self) -> None:
        if self.fileno() < 0:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    # -- connections ---------------------------------------------------------------------------------------------------

    def listen(self, backlog: int = 128) -> None:
        """Become a listening socket."""
        pump = self._pump
        if pump is None:
            return super().listen(backlog)
        return self._call(self._stream(pump).listen, backlog)

    def accept(self) -> tuple[system.socket, Any]:
        """Return the next connection and its peer; waits as the time-out says."""
        pump = self._pump
        if pump is None:
            return super().accept()
        stream = self._stream(pump)
        while True:
            if super().recv(len(TOKEN)) != TOKEN:
                raise stream.take_error() or OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            row: ListenedRow | None = self._call(stream.take_connection)
            if row is None:
                continue  # the connection is gone again
            if isinstance(row, OSError):
                raise row
            accepted = self.network.socket.__new__(self.network.socket)
            accepted._begin(row[0])
            if system.getdefaulttimeout() is None and self.gettimeout():
                accepted.setblocking(True)
            return accepted, row[1]

    def connect(self, address: Any) -> None:
        """Connect to an address and port; a host name is looked up."""
        pump = self._pump
        if pump is None:
            return super().connect(address)
        host, port = _checked(address)
        target = (self._numeric(host), port)
        if isinstance(pump, DatagramPump):
            self.network.door.run(lambda: pump.socket.connect(target), None)
            return None
        stream, timeout_s = self._stream(pump), self.gettimeout()
        self._call(stream.start_connect, target)
        if timeout_s == 0:
            self.network.door.tell(stream.connect_alone, self._pad())
            raise BlockingIOError(errno.EINPROGRESS, os.strerror(errno.EINPROGRESS))
        self.network.door.run(stream.connected, timeout_s)
        return None

    def connect_ex(self, address: Any) -> int:
        """Connect and return the number of the error, or 0."""
        if self._pump is None:
            return super().connect_ex(address)
        try:
            self.connect(address)
        except OSError as err:
            if err.errno is None or isinstance(err, system.gaierror):
                raise
            return err.errno
        return 0

    def _pad(self) -> int:
        """Fill the pair, so that this end cannot be written until the pump has read all of it; return how much it is.

        That is how ``select`` tells the end of a connecting that does not block.
        """
        octets = 0
        while True:
            try:
                octets += super().send(PADDING, system.MSG_DONTWAIT)
            except BlockingIOError:
                return octets

    def shutdown(self, how: int) -> None:
        """End one direction or both."""
        if self._pump is not None:
            self.getpeername()  # ENOTCONN where there is none
            if self._pump.socket.kind is SocketKind.DATAGRAM:
                return
        super().shutdown(how)

    def detach(self) -> int:
        """Give the descriptor away; it works on, and closing it ends the connection."""
        number = super().detach()
        self._pump = None
        return number

    def dup(self) -> DropInSocket:
        """Return another socket on the same end."""
        copy = super().dup()
        copy._pump = self._pump
        return copy

    def _real_close(self, *args: Any) -> None:
        pump, self._pump = self._pump, None
        super()._real_close(*args)  # type: ignore[misc]  # the standard module's own hook, not in its stubs
        if pump is not None and pump.names is None:
            # A listening or bound socket: its port is free when this returns. A connection ends when its data has gone.
            try:
                self.network.door.run(pump.close, None)
            except OSError:
                pass  # the host is down: everything is closed already

    # -- octets --------------------------------------------------------------------------------------------------------

    def send(self, data: Any, flags: int = 0) -> int:
        """Send octets, or one datagram to the peer."""
        pump = self._pump
        if isinstance(pump, DatagramPump):
            return self._send_datagram(pump, data, None)
        return self._told(lambda: super(DropInSocket, self).send(data, flags), pump)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all octets."""
        pump = self._pump
        if isinstance(pump, DatagramPump):
            self._send_datagram(pump, data, None)
            return None
        return self._told(lambda: super(DropInSocket, self).sendall(data, flags), pump)

    def sendto(self, data: Any, *arguments: Any) -> int:
        """Send one datagram: ``sendto(data, address)`` or ``sendto(data, flags, address)``."""
        pump = self._pump
        if not isinstance(pump, DatagramPump):
            return super().sendto(data, *arguments)
        host, port = _checked(arguments[-1])
        return self._send_datagram(pump, data, (self._numeric(host), port))

    def _send_datagram(self, pump: DatagramPump, data: Any, address: Address | None) -> int:
        octets = bytes(data)
        self._check_open()
        return self.network.door.run(lambda: pump.send_to(octets, address), None)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Receive octets, or one datagram."""
        pump = self._pump
        if isinstance(pump, DatagramPump):
            return self._receive_datagram(pump, flags)[0][:bufsize]
        return self._received(super().recv, (bufsize, flags), bufsize, pump)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Receive into a buffer."""
        pump = self._pump
        if isinstance(pump, DatagramPump):
            return self.recvfrom_into(buffer, nbytes, flags)[0]
        wanted = nbytes or memoryview(buffer).nbytes
        return self._received(super().recv_into, (buffer, nbytes, flags), wanted, pump)

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Any]:
        """Receive one datagram and the address of its sender."""
        pump = self._pump
        if not isinstance(pump, DatagramPump):
            return self.recv(bufsize, flags), None
        data, address = self._receive_datagram(pump, flags)
        return data[:bufsize], address

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """Receive one datagram into a buffer."""
        view = memoryview(buffer).cast("B")
        data, address = self.recvfrom(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data), address

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None) -> int:
        """Send several buffers as one; there is no ancillary data for datagrams."""
        pump = self._pump
        if isinstance(pump, DatagramPump):
            data = b"".join(bytes(buffer) for buffer in buffers)
            return self.send(data) if address is None else self.sendto(data, address)
        return self._told(lambda: super(DropInSocket, self).sendmsg(buffers, ancdata, flags), pump)

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0) -> Any:
        """Receive octets, or one datagram, with no ancillary data."""
        pump = self._pump
        if pump is None:
            return super().recvmsg(bufsize, ancbufsize, flags)
        data, address = self.recvfrom(bufsize, flags)
        return data, [], 0, address

    def recvmsg_into(self, buffers: Any, ancbufsize: int = 0, flags: int = 0) -> Any:
        """Receive into several buffers; see :meth:`recvmsg`."""
        pump = self._pump
        if pump is None:
            return super().recvmsg_into(buffers, ancbufsize, flags)
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        data, address = self.recvfrom(sum(len(view) for view in views), flags)
        rest = data
        for view in views:
            view[: len(rest[: len(view)])] = rest[: len(view)]
            rest = rest[len(view) :]
        return len(data), [], 0, address

    def _receive_datagram(self, pump: DatagramPump, flags: int) -> tuple[bytes, Address]:
        message = super().recv(MAX_DATAGRAM_OCTETS + DATAGRAM_HEADER.size, flags)
        if not message:
            raise pump.take_error() or OSError(errno.EBADF, os.strerror(errno.EBADF))
        return parse_message(message)

    def _received(self, receive: Callable[..., T], arguments: tuple[Any, ...], wanted: int, pump: Pump | None) -> T:
        """Receive; where a stream ends because its connection failed, say so instead."""
        if pump is None:
            return receive(*arguments)
        self._need_connection(pump)
        try:
            result = receive(*arguments)
        except ConnectionError as err:
            raise pump.take_error() or err from None
        if not result and wanted:
            error = pump.take_error()
            if error is not None:
                raise error
        return result

    def _told(self, send: Callable[[], T], pump: Pump | None) -> T:
        """Send; where that fails because the connection did, raise its error first, then EPIPE."""
        if pump is None:
            return send()
        self._need_connection(pump)
        try:
            return send()
        except ConnectionError as err:
            raise pump.take_error() or BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from err

    def _need_connection(self, pump: Pump) -> None:
        if pump.names is None:
            self._check_open()
            raise pump.take_error() or OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    @staticmethod
    def _stream(pump: Pump) -> StreamPump:
        if not isinstance(pump, StreamPump):
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return pump

    # -- options -------------------------------------------------------------------------------------------------------

    def setsockopt(self, level: int, optname: int, value: Any, optlen: int | None = None) -> None:
        """Set an option of the stack's socket."""
        pump = self._pump
        if pump is None:
            return (
                super().setsockopt(level, optname, value)
                if optlen is None
                else super().setsockopt(level, optname, value, optlen)
            )
        return self._call(pump.options.set, pump.socket, level, optname, value)

    def getsockopt(self, level: int, optname: int, buflen: int = 0) -> Any:
        """Return an option of the stack's socket; SO_ERROR is that of a connecting which failed."""
        pump = self._pump
        if pump is None:
            return super().getsockopt(level, optname, buflen) if buflen else super().getsockopt(level, optname)
        if (level, optname) == (system.SOL_SOCKET, system.SO_ERROR):
            error = pump.take_error()
            return 0 if error is None else error.errno
        return self._call(pump.options.get, pump.socket, level, optname)


def _checked(address: Any) -> Address:
    if not isinstance(address, tuple) or len(address) != 2:
        raise TypeError(f"AF_INET address must be a pair (host, port), not {address!r:.80}")
    if not 0 <= address[1] <= 65535:
        raise OverflowError("port must be 0-65535.")
    return address
