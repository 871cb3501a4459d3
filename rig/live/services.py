"""The services of a node: started together, ended together, each with the counts it is remembered by."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rig.apps.dns_server import DnsServer
from rig.apps.dns_zone import Zone
from rig.apps.echo import TcpEchoServer, UdpEchoServer
from rig.apps.http_server import HttpServer
from rig.config.node import Services
from rig.live.folder import folder_resources
from rig.sockets import SocketLibrary


@dataclass(frozen=True, slots=True)
class Service:
    """One service: in words, the coroutines that serve, and a function that counts what it did."""

    title: str
    tasks: tuple[Coroutine[Any, Any, None], ...]
    counts: Callable[[], dict[str, int]]


def start_services(library: SocketLibrary, services: Services) -> list[Service]:
    """Take the ports of all services, so that peers can connect at once; the caller runs their tasks."""
    started = []
    if services.http is not None:
        folder = Path(services.http.folder)
        http = HttpServer(library, services.http.port, partial(folder_resources, folder))
        http.listen()
        title = f"http on port {http.port}, folder {folder}"
        started.append(Service(title, (http.serve(),), lambda: _count_http(http)))
    if services.echo is not None:
        tcp, udp = TcpEchoServer(library, services.echo.port), UdpEchoServer(library, services.echo.port)
        started.append(
            Service(
                f"echo on port {services.echo.port}, tcp and udp",
                (tcp.serve(), udp.serve()),
                lambda: {"octets over tcp": tcp.octets, "datagrams": udp.datagrams},
            )
        )
    if services.dns is not None:
        dns = DnsServer(library, Zone.from_table(services.dns.names), services.dns.port)
        title = f"dns on port {services.dns.port}, {len(services.dns.names)} names"
        started.append(
            Service(
                title,
                (dns.serve(),),
                lambda: {"answers over udp": dns.counters.udp_answers, "over tcp": dns.counters.tcp_answers},
            )
        )
    return started


def _count_http(http: HttpServer) -> dict[str, int]:
    records = http.records
    return {
        "exchanges": len(records),
        "octets sent": sum(record.response_octets for record in records),
        "octets received": sum(record.request_octets for record in records),
    }
