"""Blocking sockets in the time of a kernel: the interface of ``socket.socket`` over the asynchronous sockets.

A program that knows nothing of the kernel runs by hand-off (``rig.runtime.handoff``): each of its calls that may block
is awaited by the kernel, while the program stands still. In simulated time a run is deterministic: the same seed gives
the same octets at the same nanosecond. Time-outs are in the kernel's time too.

These sockets are no descriptors of the operating system, so ``select`` and ``selectors`` cannot wait for them, and a
program that uses several threads at once cannot run; on the wall clock ``rig.sockets.dropin`` has neither limit.
"""

from __future__ import annotations

import errno
import os
import socket as standard
from collections.abc import Awaitable, Coroutine
from types import TracebackType
from typing import Any, Protocol, TypeVar

from rig.runtime.kernel import KernelError
from rig.sockets.library import SocketLibrary
from rig.sockets.names import AddressRow, address_info, host_address, host_by_address, name_info
from rig.sockets.resolver import Resolver
from rig.sockets.socket import Address, Socket
from rig.sockets.standard_options import StandardOptions, standard_kind, standard_type
from rig.stack.endpoint import SocketKind
from rig.units import NS_PER_S

T = TypeVar("T")

_SYSTEM_SOCKET = standard.socket
MAX_DATAGRAM_OCTETS = 65535


class Caller(Protocol):
    """What lets a program wait for the kernel: :class:`rig.runtime.handoff.Handoff`."""

    def call(self, awaitable: Awaitable[T], timeout_ns: int | None = None) -> T:
        """Block until the kernel has awaited ``awaitable``; return its value or raise its error."""
        ...


class BlockingNetwork:
    """The sockets and names of one host for one program at a time; a network for :func:`rig.sockets.install.installed`.

    ``caller`` is the hand-off that runs the program.
    """

    def __init__(self, library: SocketLibrary, resolver: Resolver, caller: Caller) -> None:
        self.library = library
        self.resolver = resolver
        self._caller = caller
        network = self

        class BoundSocket(BlockingSocket):
            """A socket of this network; other families are the operating system's."""

            def __new__(cls, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> Any:
                if fileno is not None or family not in (-1, standard.AF_INET, standard.AF_INET6):
                    return _SYSTEM_SOCKET(family, type, proto, fileno)
                return object.__new__(cls)

            def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
                super().__init__(network, network.library.socket(standard_kind(family, type, proto)))

        self.socket: type[BoundSocket] = BoundSocket

    def call(self, awaitable: Coroutine[Any, Any, T]) -> T:
        """Wait in the program for the kernel."""
        return self._caller.call(awaitable)

    def getaddrinfo(
        self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[AddressRow]:
        """See the standard module, and so for all below."""
        return self.call(address_info(self.resolver, host, port, family, type, proto, flags))

    def gethostbyname(self, hostname: str) -> str:
        return self.call(host_address(self.resolver, hostname))

    def gethostbyname_ex(self, hostname: str) -> tuple[str, list[str], list[str]]:
        return hostname, [], self.call(self.resolver.addresses(hostname))

    def gethostbyaddr(self, ip_address: str) -> tuple[str, list[str], list[str]]:
        return host_by_address(self.resolver, self.gethostbyname(ip_address))

    def getnameinfo(self, sockaddr: tuple[Any, ...], flags: int) -> tuple[str, str]:
        return name_info(self.resolver, sockaddr, flags)

    def gethostname(self) -> str:
        return self.library.stack.config.hostname or "localhost"


class BlockingSocket:
    """One socket of a :class:`BlockingNetwork`, used like a ``socket.socket``."""

    family = standard.AF_INET

    def __init__(self, network: BlockingNetwork, sock: Socket) -> None:
        self._network = network
        self._socket = sock
        self._options = StandardOptions()
        self._timeout_s: float | None = standard.getdefaulttimeout()
        self._io_refs = 0
        self._closed = False
        self._peeked = b""
        kind, self.proto = standard_type(sock.kind)
        self.type = standard.SocketKind(kind)

    def __repr__(self) -> str:
        return f"<blocking {self._socket!r}>"

    def __enter__(self) -> BlockingSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._closed:
            self.close()

    # -- time ----------------------------------------------------------------------------------------------------------

    def settimeout(self, value: float | None) -> None:
        """Let calls wait for at most so many seconds of the kernel's time; 0: not at all; None: for ever."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._timeout_s = value

    def gettimeout(self) -> float | None:
        return self._timeout_s

    def setblocking(self, flag: bool) -> None:
        self._timeout_s = None if flag else 0.0

    def getblocking(self) -> bool:
        return self._timeout_s != 0

    @property
    def timeout(self) -> float | None:
        """See :meth:`settimeout`."""
        return self._timeout_s

    def _deadline_ns(self, flags: int = 0) -> int | None:
        if self._timeout_s is None and not flags & standard.MSG_DONTWAIT:
            return None
        seconds = 0.0 if flags & standard.MSG_DONTWAIT else self._timeout_s or 0.0
        return self._network.library.scheduler.now_ns + round(seconds * NS_PER_S)

    def _wait(self, awaitable: Coroutine[Any, Any, T], flags: int = 0, in_progress: int = errno.EAGAIN) -> T:
        """Wait for the kernel; a deadline that passes is a time-out, or says that a call would block."""
        try:
            return self._network.call(awaitable)
        except TimeoutError as err:
            if err.errno is not None:
                raise  # TCP gave up
            if self._timeout_s == 0 or flags & standard.MSG_DONTWAIT:
                raise BlockingIOError(in_progress, os.strerror(in_progress)) from None
            raise TimeoutError("timed out") from None

    # -- names ---------------------------------------------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the number in the host's own descriptor table, which the operating system knows nothing of."""
        return self._socket.fileno()

    def getsockname(self) -> Address:
        return self._socket.getsockname()

    def getpeername(self) -> Address:
        return self._socket.getpeername()

    def bind(self, address: Address) -> None:
        host, port = self._checked(address)
        self._socket.bind((self._numeric(host), port))

    def _numeric(self, host: str) -> str:
        return self._network.call(host_address(self._network.resolver, host))

    def _checked(self, address: Any) -> Address:
        if not isinstance(address, tuple) or len(address) != 2:
            raise TypeError(f"AF_INET address must be a pair (host, port), not {address!r:.80}")
        if not 0 <= address[1] <= 65535:
            raise OverflowError("port must be 0-65535.")
        return address

    # -- connections ---------------------------------------------------------------------------------------------------

    def listen(self, backlog: int = 128) -> None:
        self._socket.listen(backlog)

    def accept(self) -> tuple[BlockingSocket, Address]:
        sock, peer = self._wait(self._socket.accept(deadline_ns=self._deadline_ns()))
        accepted: BlockingSocket = object.__new__(self._network.socket)
        BlockingSocket.__init__(accepted, self._network, sock)
        return accepted, peer

    def connect(self, address: Address) -> None:
        host, port = self._checked(address)
        target = (self._numeric(host), port)
        deadline_ns = self._deadline_ns()
        self._wait(self._socket.connect(target, deadline_ns=deadline_ns), in_progress=errno.EINPROGRESS)

    def connect_ex(self, address: Address) -> int:
        try:
            self.connect(address)
        except OSError as err:
            if err.errno is None:
                raise
            return err.errno
        return 0

    def shutdown(self, how: int) -> None:
        self.getpeername()  # ENOTCONN where there is none
        if how in (standard.SHUT_WR, standard.SHUT_RDWR):
            self._socket.shutdown()

    def close(self) -> None:
        self._closed = True
        if self._io_refs <= 0:
            self._real_close()

    def _decref_socketios(self) -> None:
        """A file made by :meth:`makefile` was closed."""
        if self._io_refs > 0:
            self._io_refs -= 1
        if self._closed:
            self.close()

    def _real_close(self) -> None:
        try:
            self._network.call(self._socket.close())
        except KernelError:  # the program is over, and so is the kernel's interest in it
            self._socket.abort()

    makefile = _SYSTEM_SOCKET.makefile

    # -- octets --------------------------------------------------------------------------------------------------------

    def send(self, data: Any, flags: int = 0) -> int:
        view = memoryview(data).cast("B")
        if self._socket.kind is SocketKind.DATAGRAM:
            return self._wait(
                self._socket.send_to(view, self.getpeername(), deadline_ns=self._deadline_ns(flags)), flags
            )
        return self._wait(self._socket.send(view, deadline_ns=self._deadline_ns(flags)), flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        view = memoryview(data).cast("B")
        self._wait(self._socket.send_all(view, deadline_ns=self._deadline_ns(flags)), flags)

    def sendto(self, data: Any, *arguments: Any) -> int:
        flags, address = arguments if len(arguments) == 2 else (0, *arguments)
        host, port = self._checked(address)
        target = (self._numeric(host), port)
        view = memoryview(data).cast("B")
        return self._wait(self._socket.send_to(view, target, deadline_ns=self._deadline_ns(flags)), flags)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        return self._receive(bufsize, flags)[0]

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Address | None]:
        return self._receive(bufsize, flags)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        return self.recvfrom_into(buffer, nbytes, flags)[0]

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Address | None]:
        view = memoryview(buffer).cast("B")
        data, address = self._receive(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data), address

    def _receive(self, bufsize: int, flags: int) -> tuple[bytes, Address | None]:
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        if flags & ~(standard.MSG_DONTWAIT | standard.MSG_PEEK):
            raise OSError(errno.EOPNOTSUPP, f"{os.strerror(errno.EOPNOTSUPP)}: flags {flags:#x}")
        deadline_ns = self._deadline_ns(flags)
        if self._socket.kind is SocketKind.DATAGRAM:
            if flags & standard.MSG_PEEK:
                raise OSError(errno.EOPNOTSUPP, f"{os.strerror(errno.EOPNOTSUPP)}: MSG_PEEK of a datagram")
            return self._wait(self._socket.receive_from(bufsize, deadline_ns=deadline_ns), flags)
        if bufsize == 0:
            return b"", None
        data = self._peeked[:bufsize] or self._wait(self._socket.receive(bufsize, deadline_ns=deadline_ns), flags)
        if flags & standard.MSG_PEEK:
            self._peeked = self._peeked or data
        else:
            self._peeked = self._peeked[len(data) :]
        return data, None

    # -- options -------------------------------------------------------------------------------------------------------

    def setsockopt(self, level: int, optname: int, value: int | bytes, optlen: int | None = None) -> None:
        self._options.set(self._socket, level, optname, value)

    def getsockopt(self, level: int, optname: int, buflen: int = 0) -> int | bytes:
        if (level, optname) == (standard.SOL_SOCKET, standard.SO_ERROR):
            return 0  # a failed connect has told its error already
        return self._options.get(self._socket, level, optname)
