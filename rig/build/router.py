"""A router: one stack that forwards, over several adapters, each with its own driver."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from rig.build.address import station_address
from rig.build.host import Host, random_source
from rig.config.network import Router as RouterSettings
from rig.config.scenario import Scenario
from rig.runtime.kernel import Scheduler
from rig.runtime.node import Node
from rig.stack.config import InterfaceConfig, RouteConfig, StackConfig
from rig.stack.stack import Stack
from rig.wire.address import parse_interface, parse_ipv4


@dataclass(slots=True)
class Router:
    """What runs on the adapters named ``router-interface``, in the order of its interfaces."""

    name: str
    stack: Stack
    node: Node


def build_router(
    scheduler: Scheduler, scenario: Scenario, settings: RouterSettings, hosts: Mapping[str, Host]
) -> Router:
    """Return the router over ``hosts``, which have a driver and no stack; nothing runs yet."""
    own = [hosts[f"{settings.name}-{interface.name}"] for interface in settings.interfaces]
    interfaces = []
    for host, interface in zip(own, settings.interfaces, strict=True):
        address, prefix_length = parse_interface(interface.ip)
        mac = station_address(host.station)
        interfaces.append(InterfaceConfig(mac, address, prefix_length, mtu=interface.mtu, name=interface.name))
    routes = []
    for route in settings.routes:
        network = ipaddress.IPv4Network(route.network)
        routes.append(RouteConfig(int(network.network_address), network.prefixlen, parse_ipv4(route.gateway)))
    config = StackConfig(
        interfaces=tuple(interfaces),
        gateway=None if settings.gateway is None else parse_ipv4(settings.gateway),
        routes=tuple(routes),
        hostname=settings.name,
        forwarding=True,
    )
    stack = Stack(config, random_source(scenario.seed, settings.name, "stack"))
    first, *others = [host.device for host in own]
    node = Node(scheduler, stack, first, lambda _: None, settings.name, more_devices=others)
    return Router(settings.name, stack, node)
