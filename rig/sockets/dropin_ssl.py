"""TLS over the drop-in: what ``SSLContext.wrap_socket`` makes of a socket of ours, a listening one included.

The encryption is the standard library's, on the program's end of the pair; names, accepting and options stay the
stack's, and an error that ended the connection is told instead of the end of the stream.
"""

from __future__ import annotations

import ssl
from typing import Any

from rig.sockets.dropin_socket import DropInSocket


class DropInSslSocket(ssl.SSLSocket, DropInSocket):  # type: ignore[misc]  # both refuse what has no meaning here
    """What a context makes while our sockets are installed; of a socket that is not ours it makes the usual."""

    @classmethod
    def _create(cls, sock: Any, *args: Any, **kwargs: Any) -> Any:
        pump = sock._pump if isinstance(sock, DropInSocket) else None
        if pump is None:
            # Not in the stubs: what SSLContext.wrap_socket calls.
            return ssl.SSLSocket._create(sock, *args, **kwargs)  # type: ignore[attr-defined]
        context = kwargs.get("context")
        if isinstance(context, ssl.SSLContext):
            context.sslsocket_class = DropInSslSocket  # also for what is accepted when nothing is installed any more
        # A class of its own, because the base asks for names before it lets us touch the instance.
        bound = type(cls.__name__, (DropInSslSocket,), {"given_pump": pump, "network": sock.network})
        return super(DropInSslSocket, bound)._create(sock, *args, **kwargs)  # type: ignore[misc]

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """Read from the connection; see :class:`ssl.SSLSocket`."""
        try:
            result = super().read(len, buffer)
        except (ssl.SSLEOFError, ConnectionError) as err:
            raise self._take_error() or err from None
        if not result and len:
            error = self._take_error()
            if error is not None:
                raise error
        return result

    def _take_error(self) -> OSError | None:
        return None if self._pump is None else self._pump.take_error()
