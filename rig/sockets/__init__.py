"""The socket library: descriptors and asynchronous sockets on a stack.

Operations are coroutines of the kernel. Each tries first, and waits only where the stack has nothing yet, so that no
order of events can lose a wake-up. Tasks that wait for the same direction of the same socket are served in turn.

Errors are those of the standard ``socket`` module: :class:`ConnectionRefusedError`, :class:`ConnectionResetError`,
:class:`BrokenPipeError`, :class:`TimeoutError`, :class:`OSError` with an ``errno``. Every wait takes ``deadline_ns``,
an absolute time; past it :class:`TimeoutError` is raised with ``errno`` None, while a connection that TCP has given up
raises it with ``errno.ETIMEDOUT``.
"""

from rig.sockets.library import DescriptorRow, SocketLibrary
from rig.sockets.socket import Address, Socket
from rig.stack.endpoint import SocketKind, SocketOption

__all__ = ["Address", "DescriptorRow", "Socket", "SocketKind", "SocketLibrary", "SocketOption"]
