"""The socket library: descriptors, asynchronous sockets and names on a stack.

Operations are coroutines of the kernel. Each tries first, and waits only where the stack has nothing yet, so that no
order of events can lose a wake-up. Tasks that wait for the same direction of the same socket are served in turn.

Errors are those of the standard ``socket`` module: :class:`ConnectionRefusedError`, :class:`ConnectionResetError`,
:class:`BrokenPipeError`, :class:`TimeoutError`, :class:`OSError` with an ``errno``. Every wait takes ``deadline_ns``,
an absolute time; past it :class:`TimeoutError` is raised with ``errno`` None, while a connection that TCP has given up
raises it with ``errno.ETIMEDOUT``.

Blocking programs use the same sockets in simulated time (:mod:`rig.sockets.blocking`) and on the wall clock
(:mod:`rig.sockets.dropin`); docs/sockets.md says how.
"""

from rig.sockets.library import DescriptorRow, SocketLibrary
from rig.sockets.resolver import Resolver, ResolverConfig
from rig.sockets.socket import Address, Socket
from rig.stack.endpoint import SocketKind, SocketOption

__all__ = [
    "Address",
    "DescriptorRow",
    "Resolver",
    "ResolverConfig",
    "Socket",
    "SocketKind",
    "SocketLibrary",
    "SocketOption",
]
