"""Put the sockets of a host in place of those of the standard ``socket`` module, for programs that know only that.

``with installed(network): ...`` replaces what the module offers to make sockets and to look up names; everything built
on it (``http.client``, ``urllib``, ``smtplib``, ``socketserver``, ``asyncio``, ``ssl``) follows, since it looks these
names up when it runs. Afterwards all is as it was, and sockets made inside live on. It concerns every thread of the
process; blocks may be nested, and must end in the reverse order.

:class:`PerThread` lets several hosts share one block: each thread has the host that it was given.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

REPLACED = (
    "socket",
    "getaddrinfo",
    "gethostbyname",
    "gethostbyname_ex",
    "gethostbyaddr",
    "getnameinfo",
    "gethostname",
)


class Network(Protocol):
    """What a host offers in place of the module; each is called as the standard one of its name."""

    @property
    def socket(self) -> type:
        """The class of its sockets; families other than AF_INET stay the operating system's."""
        ...

    def getaddrinfo(self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
        """See the standard module; and so for all below."""
        ...

    def gethostbyname(self, hostname: str) -> str: ...

    def gethostbyname_ex(self, hostname: str) -> tuple[str, list[str], list[str]]: ...

    def gethostbyaddr(self, ip_address: str) -> tuple[str, list[str], list[str]]: ...

    def getnameinfo(self, sockaddr: tuple[Any, ...], flags: int) -> tuple[str, str]: ...

    def gethostname(self) -> str: ...


@contextmanager
def installed(network: Network | PerThread) -> Iterator[None]:
    """Replace names of the ``socket`` module by those of ``network`` while the block runs."""
    before = {name: getattr(socket, name) for name in REPLACED}
    ssl_socket = getattr(network, "ssl_socket", None)
    ssl_socket_before = ssl.SSLContext.sslsocket_class
    try:
        for name in REPLACED:
            setattr(socket, name, getattr(network, name))
        if ssl_socket is not None:
            ssl.SSLContext.sslsocket_class = ssl_socket
        yield
    finally:
        ssl.SSLContext.sslsocket_class = ssl_socket_before
        for name, value in before.items():
            setattr(socket, name, value)


class PerThread:
    """A network for :func:`installed` that is, in each thread, the one which that thread was given.

    A thread that was given none gets the operating system's sockets.
    """

    def __init__(self) -> None:
        self._given = threading.local()
        self._system = {name: getattr(socket, name) for name in REPLACED}
        choose = self._choose

        class ChosenSocket:
            """Makes a socket of the thread's own network."""

            def __new__(cls, *args: Any, **kwargs: Any) -> Any:
                return choose("socket")(*args, **kwargs)

        self.socket: type = ChosenSocket

    def bound(self, network: Network, fn: Callable[..., T]) -> Callable[..., T]:
        """Return a function that gives its thread ``network`` while it runs ``fn``."""

        def run(*args: Any) -> T:
            before = getattr(self._given, "network", None)
            self._given.network = network
            try:
                return fn(*args)
            finally:
                self._given.network = before

        return run

    def __getattr__(self, name: str) -> Any:
        if name not in REPLACED:
            raise AttributeError(name)
        return lambda *args, **kwargs: self._choose(name)(*args, **kwargs)

    def _choose(self, name: str) -> Any:
        network = getattr(self._given, "network", None)
        return self._system[name] if network is None else getattr(network, name)
