"""Two hosts on a memory link on the wall clock, in a thread, each with a drop-in for the ``socket`` module."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rig.apps.dns_server import DnsServer
from rig.apps.dns_zone import Zone
from rig.runtime.kernel_thread import KernelThread
from rig.runtime.node import Node
from rig.runtime.pump_asyncio import WallClock
from rig.sockets import SocketLibrary
from rig.sockets.dropin import DropIn
from rig.sockets.resolver import Resolver, ResolverConfig
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.stack import Stack
from rig.wire.address import parse_ipv4
from tests.helpers.memory_link import LinkConfig, MemoryDevice, memory_link

LINK = LinkConfig(delay_ns=0, queue_frames=64)
PATIENCE_S = 30


@dataclass
class WallHost:
    stack: Stack
    device: MemoryDevice
    sockets: SocketLibrary
    dropin: DropIn


class WallHosts:
    """``client`` is 10.0.0.1 and ``server`` 10.0.0.2, which also serves DNS: ``www.lab`` is itself."""

    def __init__(self, kernel: WallClock, tcp: TcpConfig, link: LinkConfig, max_descriptors: int) -> None:
        self.kernel = kernel
        source = random.Random(1)
        left, right = memory_link(kernel, source, link)
        self.client = self._host("10.0.0.1", left, tcp, max_descriptors)
        self.server = self._host("10.0.0.2", right, tcp, 1024)
        zone = Zone.from_table({"www.lab": "10.0.0.2", "client.lab": "10.0.0.1"}, "lab")
        kernel.spawn(DnsServer(self.server.sockets, zone).serve(), "dns")

    def _host(self, address: str, device: MemoryDevice, tcp: TcpConfig, max_descriptors: int) -> WallHost:
        interface = InterfaceConfig(device.capabilities.mac, parse_ipv4(address), 24)
        source = random.Random(address)
        stack = Stack(StackConfig((interface,), tcp=tcp, hostname=f"host-{address[-1]}"), source)
        sockets: SocketLibrary
        node = Node(self.kernel, stack, device, lambda event: sockets.handle_event(event), address)
        sockets = SocketLibrary(self.kernel, stack, node.kick.set, max_descriptors)
        self.kernel.spawn(node.run(), f"node {address}")
        resolver = Resolver(sockets, ResolverConfig(("10.0.0.2",)), random.Random(f"{address} resolver"))
        dropin = DropIn(self.kernel, sockets, resolver)
        self.kernel.spawn(dropin.serve(), f"drop-in {address}")
        return WallHost(stack, device, sockets, dropin)

    def ask(self, fn: Callable[[], Any]) -> Any:
        """Return what ``fn()`` does in the kernel's thread."""
        answer: Future[Any] = Future()

        def call() -> None:
            try:
                answer.set_result(fn())
            except Exception as err:
                answer.set_exception(err)

        assert self.kernel.call_threadsafe(call)
        return answer.result(PATIENCE_S)

    def spawn(self, coro: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine in the kernel."""
        self.kernel.call_threadsafe(self.kernel.spawn, coro)


@contextmanager
def wall_clock_hosts(
    tcp: TcpConfig | None = None, link: LinkConfig = LINK, max_descriptors: int = 1024
) -> Iterator[WallHosts]:
    """Run two hosts while the block does."""
    made: list[WallHosts] = []

    async def start(kernel: WallClock) -> None:
        made.append(WallHosts(kernel, tcp or TcpConfig(), link, max_descriptors))

    with KernelThread(start):
        yield made[0]
