"""The drop-in for the standard ``socket`` module on the wall clock: unmodified programs over our stack.

Each socket is a real ``socket.socket``, one end of a pair of Unix sockets whose other end our kernel pumps
(:mod:`rig.sockets.dropin_pump`). So ``select``, ``selectors``, ``ssl``, ``makefile``, time-outs and threads work as
they always do, because they are the operating system's; only names, connecting, accepting and options are ours. Use::

    with installed(dropin):                      # rig.sockets.install
        urllib.request.urlopen("http://www.lab/")

while the kernel runs, in another thread, with ``dropin.serve()`` among its tasks. Linux only.

What differs from the operating system's sockets: up to :data:`~rig.sockets.dropin_pump.BETWEEN_OCTETS` in each
direction are in the pair, where netstat does not see them; an error that ends a connection is told by our own methods,
while code that reads the descriptor itself sees the end of the stream; there is no ancillary data and no MSG_OOB.
"""

from __future__ import annotations

from typing import Any

from rig.sockets.dropin_door import Door, WallClockKernel
from rig.sockets.dropin_pump import DatagramPump, Pump, StreamPump, make_pair
from rig.sockets.dropin_socket import DropInSocket
from rig.sockets.dropin_ssl import DropInSslSocket
from rig.sockets.library import SocketLibrary
from rig.sockets.names import AddressRow, address_info, host_address, host_by_address, name_info
from rig.sockets.resolver import Resolver
from rig.sockets.socket import Socket
from rig.stack.endpoint import SocketKind

__all__ = ["DropIn", "DropInSocket"]


class DropIn:
    """The sockets and names of one host for any number of threads; a network for ``installed``.

    ``library`` and ``resolver`` are those of a host whose node runs on ``kernel``.
    """

    def __init__(self, kernel: WallClockKernel, library: SocketLibrary, resolver: Resolver) -> None:
        self.kernel = kernel
        self.library = library
        self.resolver = resolver
        self.door = Door(kernel)
        self._pumps: dict[Pump, None] = {}
        dropin = self

        class BoundSocket(DropInSocket):
            """A socket of this host; other families, and descriptors that exist, are the operating system's."""

            network = dropin

        self.socket: type[BoundSocket] = BoundSocket

    async def serve(self) -> None:
        """Serve programs until cancelled; then every socket of theirs ends, with ENETDOWN where they still wait."""
        self.door.open()
        forever = self.kernel.event("end of the drop-in")
        try:
            await forever.wait()
        finally:
            self.door.close()
            for pump in list(self._pumps):
                pump.stop()

    @property
    def ssl_socket(self) -> type:
        """What an ``SSLContext`` makes of our sockets."""
        return DropInSslSocket

    @property
    def open_sockets(self) -> int:
        """How many sockets of programs there are now, those included whose data is still on its way."""
        return len(self._pumps)

    # -- names, as the standard module has them ------------------------------------------------------------------------

    def getaddrinfo(
        self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[AddressRow]:
        """See the standard module, and so for all below."""
        return self.door.run(lambda: address_info(self.resolver, host, port, family, type, proto, flags), None)

    def gethostbyname(self, hostname: str) -> str:
        return self.door.run(lambda: host_address(self.resolver, hostname), None)

    def gethostbyname_ex(self, hostname: str) -> tuple[str, list[str], list[str]]:
        return hostname, [], self.door.run(lambda: self.resolver.addresses(hostname), None)

    def gethostbyaddr(self, ip_address: str) -> tuple[str, list[str], list[str]]:
        return host_by_address(self.resolver, self.gethostbyname(ip_address))

    def getnameinfo(self, sockaddr: tuple[Any, ...], flags: int) -> tuple[str, str]:
        return name_info(self.resolver, sockaddr, flags)

    def gethostname(self) -> str:
        return self.library.stack.config.hostname or "localhost"

    # -- for pumps and sockets: in the kernel's thread -----------------------------------------------------------------

    def new_pump(self, kind: SocketKind) -> Pump:
        """Return the pump of a new socket; EMFILE where the host's descriptor table is full."""
        return self._pump(kind, self.library.socket(kind), is_connected=False)

    def new_stream(self, sock: Socket) -> StreamPump:
        """Return the pump of an accepted connection."""
        pump = self._pump(SocketKind.STREAM, sock, is_connected=True)
        assert isinstance(pump, StreamPump)
        return pump

    def forget(self, pump: Pump) -> None:
        """A pump has let go of its socket."""
        self._pumps.pop(pump, None)

    def _pump(self, kind: SocketKind, sock: Socket, *, is_connected: bool) -> Pump:
        try:
            near, far = make_pair(kind)
        except OSError:
            sock.abort()
            raise
        pump: Pump
        if kind is SocketKind.STREAM:
            pump = StreamPump(self, sock, near, far, is_connected)
        else:
            pump = DatagramPump(self, sock, near, far)
        self._pumps[pump] = None
        return pump
