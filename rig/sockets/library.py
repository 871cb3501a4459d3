"""The descriptor table of one host, and the way of the stack's events to its sockets."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from rig.runtime.kernel import Scheduler
from rig.sockets.names import AddressRow, address_info
from rig.sockets.resolver import Resolver, ResolverConfig
from rig.sockets.socket import Address, Socket
from rig.stack.endpoint import SocketKind
from rig.wire.address import parse_ipv4

if TYPE_CHECKING:
    from rig.stack.events import StackEvent
    from rig.stack.stack import Stack

FIRST_DESCRIPTOR = 3
"""0 to 2 are standard input, output and error of a program, which a socket must not seem to be."""

MAX_DESCRIPTORS = 1024


@dataclass(frozen=True, slots=True)
class DescriptorRow:
    """One line of the descriptor table: what a program holds, and the control block it names."""

    descriptor: int
    handle: int
    kind: SocketKind
    local: Address | None
    foreign: Address | None


class SocketLibrary:
    """The sockets of one stack.

    ``kick`` is called after each operation that may have given the stack something to send; ``Node.kick.set`` is meant.
    :meth:`handle_event` is meant as the node's ``on_event``.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        stack: Stack,
        kick: Callable[[], None],
        max_descriptors: int = MAX_DESCRIPTORS,
    ) -> None:
        self.scheduler = scheduler
        self.stack = stack
        self.kick = kick
        self._max_descriptors = max_descriptors
        self._by_descriptor: dict[int, Socket] = {}
        self._by_handle: dict[int, Socket] = {}
        self.resolver: Resolver | None = None
        """Who looks names up for :meth:`connect`, :meth:`getaddrinfo` and :meth:`gethostbyname`."""

    def use_resolver(self, config: ResolverConfig, random: Random) -> Resolver:
        """Make the resolver of this host, and return it; ``random`` draws its ids and ports and serves nobody else."""
        self.resolver = Resolver(self, config, random)
        return self.resolver

    async def getaddrinfo(
        self,
        host: str | None,
        port: str | int | None,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[AddressRow]:
        """Return what the standard ``socket.getaddrinfo`` does, by this host's resolver; ``socket.gaierror``."""
        return await address_info(self._resolver(), host, port, family, type, proto, flags)

    async def gethostbyname(self, name: str, *, deadline_ns: int | None = None) -> str:
        """Return the first address of a name; ``socket.gaierror`` where there is none, also at the deadline."""
        return (await self._resolver().addresses(name, deadline_ns=deadline_ns))[0]

    def _resolver(self) -> Resolver:
        """Return the host's resolver; without one, names that need no server are known all the same."""
        if self.resolver is None:
            self.resolver = Resolver(self, ResolverConfig(), Random(0))  # asks nobody, so it draws nothing
        return self.resolver

    def socket(self, kind: SocketKind = SocketKind.STREAM) -> Socket:
        """Return a new socket with the lowest free descriptor; ``OSError(EMFILE)`` where the table is full."""
        descriptor = self._free_descriptor()
        return self._enter(self.stack.socket(kind), descriptor, kind)

    async def connect(
        self,
        address: str,
        port: int,
        *,
        user_timeout_ns: int | None = None,
        deadline_ns: int | None = None,
    ) -> Socket:
        """Return a stream connected to an address or name; on any failure nothing is left behind.

        The addresses of a name are tried in turn, and the error is that of the last. ``user_timeout_ns`` is how long
        sent data, and the opening itself, may stay unacknowledged (RFC 9293 MUST-21).
        """
        addresses = (
            [address] if _is_address(address) else await self._resolver().addresses(address, deadline_ns=deadline_ns)
        )
        for candidate in addresses[:-1]:
            try:
                return await self._connect(candidate, port, user_timeout_ns, deadline_ns)
            except OSError:
                continue
        return await self._connect(addresses[-1], port, user_timeout_ns, deadline_ns)

    async def _connect(self, address: str, port: int, user_timeout_ns: int | None, deadline_ns: int | None) -> Socket:
        socket = self.socket()
        try:
            if user_timeout_ns is not None:
                socket.set_user_timeout_ns(user_timeout_ns)
            await socket.connect((address, port), deadline_ns=deadline_ns)
        except BaseException:
            socket.abort()
            raise
        return socket

    def handle_event(self, event: StackEvent) -> None:
        """Give an event to its socket. One of a connection not yet accepted, or closed, concerns nobody."""
        socket = self._by_handle.get(event.handle)
        if socket is not None:
            socket.handle_event(event)

    def descriptors(self) -> dict[int, DescriptorRow]:
        """Return the table as it is now, in order of descriptors."""
        return {
            descriptor: DescriptorRow(
                descriptor, socket.handle, socket.kind, _name(socket.getsockname), _name(socket.getpeername)
            )
            for descriptor, socket in sorted(self._by_descriptor.items())
        }

    # -- for sockets ---------------------------------------------------------------------------------------------------

    def adopt(self, handle: int) -> Socket:
        """Return the socket of a connection that the stack has accepted; a full table resets it."""
        try:
            descriptor = self._free_descriptor()
        except OSError:
            self.stack.abort(handle, self.scheduler.now_ns)
            self.kick()
            raise
        return self._enter(handle, descriptor, SocketKind.STREAM)

    def forget(self, descriptor: int, handle: int) -> None:
        """Free a descriptor for the next socket."""
        del self._by_descriptor[descriptor]
        del self._by_handle[handle]

    def _enter(self, handle: int, descriptor: int, kind: SocketKind) -> Socket:
        socket = Socket(self, handle, descriptor, kind)
        self._by_descriptor[descriptor] = self._by_handle[handle] = socket
        return socket

    def _free_descriptor(self) -> int:
        for descriptor in range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + self._max_descriptors):
            if descriptor not in self._by_descriptor:
                return descriptor
        raise OSError(errno.EMFILE, f"{os.strerror(errno.EMFILE)}: {self._max_descriptors}")


def _name(ask: Callable[[], Address]) -> Address | None:
    try:
        return ask()
    except OSError:  # not bound, or not connected
        return None


def _is_address(text: str) -> bool:
    try:
        parse_ipv4(text)
    except ValueError:
        return False
    return True
