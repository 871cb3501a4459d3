"""Two hosts on two boards of one cable: ping, then a file each way over TCP; the same on twins and on Verilog.

Also what runs inside the simulator's process: :func:`main`.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import Any

from rig.adapter.bus import AdapterBus
from rig.apps.http_client import HttpClient
from rig.apps.http_server import HttpServer
from rig.apps.ping import ping
from rig.build.rtl_board import rtl_board_buses, rtl_boards
from rig.driver.driver import NicDriver
from rig.runtime.kernel import Scheduler
from rig.runtime.node import Node
from rig.sockets import SocketLibrary
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.stack import Stack
from rig.units import NS_PER_MS
from rig.wire.address import parse_ipv4

PAGE = Random(1).randbytes(4000)
ADDRESSES = ("10.0.0.1", "10.0.0.2")
POWER_ON_NS = 1_000
REST_NS = 10 * NS_PER_MS
"""Until the connection is closed on both sides."""
PINGS = 2
PING_OCTETS = 200


async def converse(kernel: Scheduler, buses: Sequence[AdapterBus]) -> dict[str, Any]:
    """Let the first host ping the second, fetch a file from it and put it back; return what came of it."""
    libraries: list[SocketLibrary] = []
    drivers = [NicDriver(kernel, bus) for bus in buses]
    for index, (driver, address) in enumerate(zip(drivers, ADDRESSES, strict=True)):
        await driver.start()
        kernel.spawn(driver.run(), f"{address} driver")
        interface = InterfaceConfig(driver.capabilities.mac, parse_ipv4(address), 24)
        tcp = TcpConfig(rto_initial_ns=100 * NS_PER_MS, rto_minimum_ns=100 * NS_PER_MS, delayed_ack_ns=NS_PER_MS)
        stack = Stack(StackConfig((interface,), tcp=tcp), Random(index))
        node = Node(kernel, stack, driver, lambda event, index=index: libraries[index].handle_event(event), address)
        libraries.append(SocketLibrary(kernel, stack, node.kick.set))
        kernel.spawn(node.run(), f"{address} node")
    client, server = libraries
    kernel.spawn(HttpServer(server, 80, {"/page": PAGE}).serve(), "http server")
    echo = await ping(
        client, ADDRESSES[1], count=PINGS, interval_ns=5 * NS_PER_MS, timeout_ns=50 * NS_PER_MS,
        data_octets=PING_OCTETS,
    )  # fmt: skip
    async with await HttpClient.open(client, ADDRESSES[1]) as connection:
        page = await connection.request("GET", "/page")
        await connection.request("PUT", "/back", body=page.body[::-1])
        back = await connection.request("GET", "/back")
    await kernel.sleep_until(kernel.now_ns + REST_NS)
    counters = [await driver.read_counters() for driver in drivers]
    return {
        "pings": [(reply.sequence, reply.octets) for reply in echo.replies],
        "page": sha256(page.body).hexdigest(),
        "back_is_what_was_put": back.body == page.body[::-1],
        "sent": [each["aFramesTransmittedOK"] for each in counters],
        "received": [each["aFramesReceivedOK"] for each in counters],
        "notices": [notice for driver in drivers for notice in driver.notices],
        "now_ns": kernel.now_ns,
    }


async def main(kernel: Any, dut: Any) -> dict[str, Any]:
    """Run in the simulator, on boards in Verilog."""
    bench = rtl_boards(kernel, dut)
    await kernel.sleep_until(POWER_ON_NS)
    return await converse(kernel, rtl_board_buses(kernel, bench))
