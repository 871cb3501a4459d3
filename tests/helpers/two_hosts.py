"""Two complete hosts on a memory link in virtual time: stack, node loop and sockets each."""

from __future__ import annotations

import random
from collections.abc import Coroutine
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from rig.adapter.impairer import Impairer, Impairments
from rig.runtime.node import Node
from rig.runtime.virtual_time import VirtualTime
from rig.sockets import SocketLibrary
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.stack import Stack
from rig.units import NS_PER_S
from rig.wire.address import parse_ipv4
from tests.helpers.memory_link import LinkConfig, MemoryDevice, memory_link

T = TypeVar("T")


@dataclass
class Host:
    address: str
    stack: Stack
    device: MemoryDevice
    node: Node
    sockets: SocketLibrary
    impairer: Impairer | None = None


class TwoHosts:
    """``client`` is 10.0.0.1 and ``server`` 10.0.0.2; everything random comes from ``seed``.

    With ``impairments`` each host sends through an impairer with them.
    """

    def __init__(
        self,
        seed: int = 1,
        link: LinkConfig | None = None,
        tcp: TcpConfig | None = None,
        max_descriptors: int = 1024,
        impairments: Impairments | None = None,
    ) -> None:
        self._max_descriptors = max_descriptors
        self._impairments = impairments
        source = random.Random(seed)
        self.kernel = VirtualTime()
        left, right = memory_link(self.kernel, random.Random(source.getrandbits(64)), link)
        self.client = self._host("10.0.0.1", left, random.Random(source.getrandbits(64)), tcp)
        self.server = self._host("10.0.0.2", right, random.Random(source.getrandbits(64)), tcp)

    def _host(self, address: str, device: MemoryDevice, source: random.Random, tcp: TcpConfig | None) -> Host:
        interface = InterfaceConfig(device.capabilities.mac, parse_ipv4(address), 24)
        stack = Stack(StackConfig((interface,), tcp=tcp or TcpConfig()), source)
        impairer = None
        if self._impairments is not None:
            impairer = Impairer(self.kernel, device, source, transmit=self._impairments)
        node = Node(self.kernel, stack, impairer or device, lambda event: sockets.handle_event(event), address)
        sockets = SocketLibrary(self.kernel, stack, node.kick.set, self._max_descriptors)
        return Host(address, stack, device, node, sockets, impairer)

    def run(self, main: Coroutine[Any, Any, T], limit_ns: int = 3600 * NS_PER_S) -> T:
        """Run ``main`` with both node loops beside it."""

        async def all_of_it() -> T:
            for host in (self.client, self.server):
                self.kernel.spawn(host.node.run(), f"node {host.address}")
                if host.impairer is not None:
                    self.kernel.spawn(host.impairer.run(), f"impairer {host.address}")
            return await main

        return self.kernel.run(all_of_it(), limit_ns)

    def log_hash(self) -> str:
        """Return one hash over what happened to every frame and when."""
        return sha256(repr(self.client.device.log).encode()).hexdigest()
