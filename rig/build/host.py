"""A host on an adapter's bus: driver, stack, node loop and socket library, the same for every backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol, runtime_checkable

from rig.adapter.bus import AdapterBus
from rig.adapter.bus_recorder import BusRecord, RecordingBus
from rig.adapter.device import FrameDevice
from rig.adapter.impairer import Impairer
from rig.adapter.slow_cpu import SlowCpuBus
from rig.build.address import station_address
from rig.build.impairments import build_impairer
from rig.config.scenario import Ipv4Settings, Scenario, Station, TcpSettings
from rig.config.topology import Topology
from rig.driver.config import DriverConfig, Moderation
from rig.driver.driver import NicDriver
from rig.driver.statistics import DriverStatistics
from rig.runtime.kernel import Scheduler
from rig.runtime.node import Node
from rig.sockets import SocketLibrary
from rig.sockets.resolver import ResolverConfig
from rig.stack.config import InterfaceConfig, Ipv4Config, StackConfig, TcpConfig
from rig.stack.events import StackEvent
from rig.stack.stack import Stack
from rig.units import NS_PER_MS, NS_PER_US
from rig.wire.address import parse_interface, parse_ipv4, parse_mac


class StationDriver(FrameDevice, Protocol):
    """What brings a station's adapter up and serves it: the LAN driver, or what stands in its place."""

    @property
    def statistics(self) -> DriverStatistics:
        """What it has counted."""
        ...

    @property
    def notices(self) -> Sequence[str]:
        """What a person should know of the adapter, in words."""
        ...

    async def start(self) -> None:
        """Bring the adapter up."""
        ...

    async def run(self) -> None:
        """Serve it."""
        ...

    async def read_counters(self) -> dict[str, int]:
        """Return the counters of the adapter."""
        ...


@runtime_checkable
class HasDrivers(Protocol):
    """A bench of adapters of which some have no bus to put a driver on."""

    def driver(self, name: str) -> StationDriver | None:
        """Return what stands in the place of a station's driver; None where it has a bus."""
        ...


@dataclass(slots=True)
class Host:
    """What runs on one station. ``stack``, ``node`` and ``sockets`` are None where it has no address."""

    station: Station
    driver: StationDriver
    device: FrameDevice
    """The driver as the stack sees it: perhaps through an impairer and a tap."""
    stack: Stack | None = None
    node: Node | None = None
    sockets: SocketLibrary | None = None
    impairer: Impairer | None = None
    """To be run beside the driver where it is there."""


def random_source(seed: int, *purpose: str) -> Random:
    """Return the random source for one purpose, such as ``("client", "stack")``: independent of every other."""
    return Random("/".join((str(seed), *purpose)))  # a text seeds through SHA-512, the same on every machine


def build_host(
    scheduler: Scheduler,
    scenario: Scenario,
    station: Station,
    bus: AdapterBus | None,
    *,
    driver: StationDriver | None = None,
    tap: Callable[[FrameDevice], FrameDevice] = lambda device: device,
    on_event: Callable[[StackEvent], None] | None = None,
    on_round: Callable[[], None] | None = None,
    on_bus: Callable[[BusRecord], None] | None = None,
    with_stack: bool = True,
) -> Host:
    """Return the host of ``station`` on its adapter's bus, or on ``driver`` where it has none; nothing runs yet.

    ``tap`` may put a wrapper between the driver, with its impairments, and whoever uses it; ``on_event`` sees the
    events of the stack too, ``on_round`` is called after each round of the node, ``on_bus`` after each transaction.
    Without ``with_stack`` there is a driver only, as on the interface of a router.
    """
    segment = Topology(scenario).link(station)
    override = None if station.rom is None or station.mac is None else parse_mac(station.mac)
    moderation = station.driver.moderation
    config = DriverConfig(
        name=station.name,
        speed_mbps=segment.speed_mbps,
        full_duplex=segment.duplex == "full",
        mac=override,
        moderation=Moderation(moderation.count, moderation.time),
    )
    if driver is None:
        assert bus is not None, "an adapter has a bus, or it has a driver of its own"
        if station.driver.cpu_us:
            bus = SlowCpuBus(scheduler, bus, station.driver.cpu_us * NS_PER_US)
        if on_bus is not None:
            bus = RecordingBus(scheduler, bus, on_bus)
        driver = NicDriver(scheduler, bus, config)
    impairer = build_impairer(
        scheduler, scenario, station, driver, random_source(scenario.seed, station.name, "impairments")
    )
    host = Host(station, driver, tap(impairer or driver), impairer=impairer)
    if station.ip is None or not with_stack:
        return host
    host.stack = stack = Stack(_stack_config(station, scenario), random_source(scenario.seed, station.name, "stack"))
    sockets: SocketLibrary

    def deliver(event: StackEvent) -> None:
        if on_event is not None:
            on_event(event)
        sockets.handle_event(event)

    host.node = node = Node(scheduler, stack, host.device, deliver, station.name, on_round=on_round)
    host.sockets = sockets = SocketLibrary(scheduler, stack, node.kick.set)
    if scenario.resolver is not None:
        sockets.use_resolver(_resolver_config(scenario), random_source(scenario.seed, station.name, "resolver"))
    return host


def _stack_config(station: Station, scenario: Scenario) -> StackConfig:
    assert station.ip is not None
    address, prefix_length = parse_interface(station.ip)
    return StackConfig(
        interfaces=(InterfaceConfig(station_address(station), address, prefix_length, mtu=station.mtu),),
        gateway=None if station.gateway is None else parse_ipv4(station.gateway),
        hostname=station.name,
        ipv4=_ipv4_config(scenario.ipv4),
        tcp=tcp_config(scenario.tcp),
    )


def _ipv4_config(settings: Ipv4Settings) -> Ipv4Config:
    timeout_ns = _ns(settings.reassembly_timeout_ms)
    return Ipv4Config() if timeout_ns is None else Ipv4Config(reassembly_timeout_ns=timeout_ns)


def _resolver_config(scenario: Scenario) -> ResolverConfig:
    settings = scenario.resolver
    assert settings is not None
    addresses = [scenario.station(name).ip for name in settings.servers]
    return ResolverConfig(
        servers=tuple(address.split("/")[0] for address in addresses if address is not None),
        timeout_ns=settings.timeout_ms * NS_PER_MS,
        rounds=settings.rounds,
        cache=settings.cache,
    )


def tcp_config(tcp: TcpSettings) -> TcpConfig:
    """Return the defaults of the stack with what the scenario says instead."""
    given = {
        "user_timeout_ns": _ns(tcp.user_timeout_ms),
        "rto_initial_ns": _ns(tcp.rto_initial_ms),
        "rto_minimum_ns": _ns(tcp.rto_minimum_ms),
        "delayed_ack_ns": _ns(tcp.delayed_ack_ms),
        "receive_buffer_octets": tcp.receive_buffer_octets,
        "send_buffer_octets": tcp.send_buffer_octets,
        "nagle": tcp.nagle,
        "timestamps": tcp.timestamps,
        "sack": tcp.sack,
        "window_scale": tcp.window_scale,
        "msl_ns": _ns(tcp.msl_ms),
    }
    known: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return TcpConfig(**known)


def _ns(duration_ms: int | None) -> int | None:
    return None if duration_ms is None else duration_ms * NS_PER_MS
