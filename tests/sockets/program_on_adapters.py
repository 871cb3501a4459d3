"""``http.client``, unmodified, on one of two hosts whose LAN adapters share a medium; the same on twins and on Verilog.

Also what runs inside the simulator's process: :func:`main`.
"""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import Any

from rig.adapter.bus import AdapterBus
from rig.apps.dns_server import DnsServer
from rig.apps.dns_zone import Zone
from rig.apps.http_server import HttpServer
from rig.driver.driver import NicDriver
from rig.runtime.handoff import Handoff
from rig.runtime.kernel import Scheduler
from rig.runtime.node import Node
from rig.sockets import SocketLibrary
from rig.sockets.blocking import BlockingNetwork
from rig.sockets.install import installed
from rig.sockets.resolver import Resolver, ResolverConfig
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.stack import Stack
from rig.units import NS_PER_MS
from rig.wire.address import parse_ipv4
from tests.backends.rtl_main import make_bench

PAGE = bytes(range(251)) * 40
ADDRESSES = ("10.0.0.1", "10.0.0.2")


async def browse(kernel: Scheduler, buses: Sequence[AdapterBus], seed: int = 1) -> dict[str, Any]:
    """Let the program fetch and put over the adapters on ``buses``; return what it saw, and when it was done."""
    libraries = []
    for index, (bus, address) in enumerate(zip(buses, ADDRESSES, strict=True)):
        driver = NicDriver(kernel, bus)
        await driver.start()
        kernel.spawn(driver.run(), f"{address} driver")
        interface = InterfaceConfig(driver.capabilities.mac, parse_ipv4(address), 24)
        tcp = TcpConfig(rto_initial_ns=20 * NS_PER_MS, rto_minimum_ns=20 * NS_PER_MS, delayed_ack_ns=NS_PER_MS)
        stack = Stack(StackConfig((interface,), tcp=tcp), Random(seed + index))
        library: SocketLibrary
        node = Node(kernel, stack, driver, lambda event, index=index: libraries[index].handle_event(event), address)
        library = SocketLibrary(kernel, stack, node.kick.set)
        libraries.append(library)
        kernel.spawn(node.run(), f"{address} node")
    client, server = libraries
    kernel.spawn(HttpServer(server, 80, {"/page": PAGE}).serve(), "http server")
    kernel.spawn(DnsServer(server, Zone.from_table({"www.lab": ADDRESSES[1]}, "lab")).serve(), "dns server")
    handoff = Handoff(kernel, patience_s=60)
    network = BlockingNetwork(client, Resolver(client, ResolverConfig((ADDRESSES[1],)), Random(seed)), handoff)
    with installed(network):
        seen = await handoff.run(_program)
    return {**seen, "now_ns": kernel.now_ns}


def _program() -> dict[str, Any]:
    connection = http.client.HTTPConnection("www.lab", timeout=5)
    connection.request("GET", "/page")
    response = connection.getresponse()
    page = response.read()
    connection.request("PUT", "/up", body=page[::-1])
    created = connection.getresponse()
    created.read()
    connection.request("GET", "/up")
    back = connection.getresponse().read()
    connection.close()
    return {
        "statuses": [response.status, created.status],
        "page": sha256(page).hexdigest(),
        "back_is_what_was_put": back == page[::-1],
    }


async def main(kernel: Any, dut: Any) -> dict[str, Any]:
    """Run in the simulator, on Verilog adapters."""
    return await browse(kernel, make_bench(kernel, dut).buses)
