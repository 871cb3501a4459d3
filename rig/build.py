"""The composition root: from a scenario and a kernel to benches and hosts. Nothing else names concrete backends.

A *bench* is the stations' adapters on their segment, whatever they are made of; a *host* is what runs on one of them:
its driver and, where the station has an address, a stack, the node loop and the socket library. Above the buses every
backend gets the same objects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from rig.adapter.bus import AdapterBus
from rig.adapter.device import FrameDevice
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline
from rig.config.scenario import Scenario, Station, TcpSettings
from rig.driver.config import DriverConfig
from rig.driver.driver import NicDriver
from rig.runtime.kernel import Kernel, Scheduler
from rig.runtime.node import Node
from rig.sockets import SocketLibrary
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.events import StackEvent
from rig.stack.stack import Stack
from rig.units import NS_PER_MS
from rig.wire.address import MAC_OCTETS, parse_interface, parse_ipv4, parse_mac

if TYPE_CHECKING:
    from rig.regress.conformance.fixture import Fixture

RTL_TOP = "segment_bench"
RTL_STATIONS_PARAMETER = "STATIONS"

FIXTURE_MAC = bytes.fromhex("020000000001")
FIXTURE_PHASE_NS = 7
FIXTURE_BUS_PERIOD_NS = 20


class Bench(Protocol):
    """The adapters of a scenario, powered from time 0."""

    def bus(self, name: str) -> AdapterBus:
        """Return the bus of a station's adapter."""
        ...

    def power(self, name: str, on: bool) -> None:
        """Switch the power of a station's adapter, now."""
        ...

    async def finish(self) -> Timeline:
        """Close the record of what happened and return it; what still lasts ends now. Call once, last."""
        ...


@dataclass(slots=True)
class Host:
    """What runs on one station. ``stack``, ``node`` and ``sockets`` are None where it has no address."""

    station: Station
    driver: NicDriver
    device: FrameDevice
    """The driver as the stack sees it: perhaps through a tap."""
    stack: Stack | None = None
    node: Node | None = None
    sockets: SocketLibrary | None = None


def random_source(seed: int, *purpose: str) -> Random:
    """Return the random source for one purpose, such as ``("client", "stack")``: independent of every other."""
    return Random("/".join((str(seed), *purpose)))  # a text seeds through SHA-512, the same on every machine


@dataclass(frozen=True, slots=True)
class StationPlan:
    """One adapter of a bench. ``position_bits`` and ``phase_ns`` as in a scenario; None is the default phase."""

    name: str
    mac: bytes
    position_bits: int = 0
    phase_ns: int | None = None
    rom: bytes | None = None
    """What its MAC-address ROM holds, 32 octets; None: an intact image with ``mac``."""

    @property
    def rom_image(self) -> bytes:
        """What its MAC-address ROM holds."""
        return MacRom(self.mac).serialize() if self.rom is None else self.rom


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """Adapters on one segment. ``garbage_seed``, 32 bits, says what overlapping signals look like."""

    stations: tuple[StationPlan, ...]
    speed_mbps: int = 100
    full_duplex: bool = False
    garbage_seed: int = 0
    delay_bits: int | None = None
    """The largest position that is allowed."""


def model_bench(kernel: Kernel, scenario: Scenario) -> Bench:
    """Return twins of the adapters on a modelled segment."""
    return planned_model_bench(kernel, _plan(scenario))


def rtl_bench(kernel: Any, dut: Any, scenario: Scenario, records: Path) -> Bench:
    """Return the Verilog adapters of the simulation that runs this process; ``records`` is its recorder's file."""
    return planned_rtl_bench(kernel, dut, _plan(scenario), records)


def planned_model_bench(kernel: Kernel, plan: BenchPlan) -> Bench:
    """Return twins of the adapters of ``plan``."""
    return _ModelBench(kernel, plan)


def planned_rtl_bench(kernel: Any, dut: Any, plan: BenchPlan, records: Path) -> Bench:
    """Return the Verilog adapters of ``plan``; see :func:`rtl_bench`."""
    from rig.backends.rtl import RtlBench, RtlStation  # cocotb is there only inside a simulation

    stations = [
        RtlStation(station.name, station.rom_image, station.position_bits, station.phase_ns)
        for station in plan.stations
    ]
    return RtlBench(
        kernel,
        dut,
        stations,
        speed_mbps=plan.speed_mbps,
        full_duplex=plan.full_duplex,
        garbage_seed=plan.garbage_seed,
        records=records,
    )


def twin_fixture(kernel: Kernel, *, speed_mbps: int, bits_per_edge: int = 4, rmii: bool = False) -> Fixture:
    """Return a twin of one adapter at its pins, for the clause 4 conformance suite.

    ``bits_per_edge`` 1 is the bit clock of clause 4, where nothing is synchronised; ``rmii`` makes it what is built
    behind an RMII.
    """
    from firmware_models.adapter.adapter import SYNC_EDGES, LanAdapter
    from firmware_models.adapter.mdio_phy import RegisterPhy
    from firmware_models.network.scripted_medium import ScriptedMedium
    from rig.backends.model import ModelBus
    from rig.regress.conformance.fixture import MDIO_PHY_ADDRESS
    from rig.regress.conformance.twin import TwinFixture

    sync = SYNC_EDGES if bits_per_edge > 1 else 0
    medium = ScriptedMedium(kernel, speed_mbps=speed_mbps, bits_per_edge=bits_per_edge)
    adapter = LanAdapter(
        kernel, medium, MacRom(FIXTURE_MAC).serialize(), name="twin", phase_ns=FIXTURE_PHASE_NS, collision_sync=sync,
        carrier_sync=sync, rmii=rmii,
    )  # fmt: skip
    adapter.mdio.phy = RegisterPhy(MDIO_PHY_ADDRESS)
    return TwinFixture(kernel, medium, adapter, ModelBus(kernel, adapter), FIXTURE_PHASE_NS)


def rtl_fixture(kernel: Any, dut: Any, folder: Path, *, speed_mbps: int) -> Fixture:
    """Return the Verilog adapter of ``mac_bench`` in the simulation of this process; ``folder`` is that of its run."""
    from rig.backends.rtl import RtlBench, RtlStation
    from rig.regress.conformance.rtl import RtlFixture

    station = RtlStation("rtl", MacRom(FIXTURE_MAC).serialize(), phase_ns=FIXTURE_PHASE_NS)
    bench = RtlBench(kernel, dut, [station], speed_mbps=speed_mbps)
    return RtlFixture(
        kernel, dut, bench.buses[0], folder, speed_mbps=speed_mbps, phase_ns=FIXTURE_PHASE_NS,
        bus_period_ns=FIXTURE_BUS_PERIOD_NS,
    )  # fmt: skip


def build_host(
    scheduler: Scheduler,
    scenario: Scenario,
    station: Station,
    bus: AdapterBus,
    *,
    tap: Callable[[FrameDevice], FrameDevice] = lambda device: device,
    on_event: Callable[[StackEvent], None] | None = None,
) -> Host:
    """Return the host of ``station`` on its adapter's bus; nothing runs yet.

    ``tap`` may put a wrapper between the driver and whoever uses it; ``on_event`` sees the events of the stack too.
    """
    segment = scenario.segments[station.segment]
    override = None if station.rom is None or station.mac is None else parse_mac(station.mac)
    config = DriverConfig(
        name=station.name, speed_mbps=segment.speed_mbps, full_duplex=segment.duplex == "full", mac=override
    )
    driver = NicDriver(scheduler, bus, config)
    host = Host(station, driver, tap(driver))
    if station.ip is None:
        return host
    host.stack = stack = Stack(
        _stack_config(station, scenario.tcp), random_source(scenario.seed, station.name, "stack")
    )
    sockets: SocketLibrary

    def deliver(event: StackEvent) -> None:
        if on_event is not None:
            on_event(event)
        sockets.handle_event(event)

    host.node = node = Node(scheduler, stack, host.device, deliver, station.name)
    host.sockets = sockets = SocketLibrary(scheduler, stack, node.kick.set)
    return host


class _ModelBench:
    """Twins on one segment."""

    def __init__(self, kernel: Kernel, plan: BenchPlan) -> None:
        from firmware_models.adapter.adapter import LanAdapter
        from firmware_models.network.segment import Segment as SegmentModel
        from rig.backends.model import ModelBus

        self._timeline = Timeline()
        self._segment = SegmentModel(
            kernel,
            speed_mbps=plan.speed_mbps,
            full_duplex=plan.full_duplex,
            delay_bits=plan.delay_bits,
            seed=plan.garbage_seed,
            timeline=self._timeline,
        )
        self._adapters = {
            station.name: LanAdapter(
                kernel,
                self._segment,
                station.rom_image,
                name=station.name,
                position_bits=station.position_bits,
                phase_ns=station.phase_ns,
            )
            for station in plan.stations
        }
        self._buses = {name: ModelBus(kernel, adapter) for name, adapter in self._adapters.items()}

    def bus(self, name: str) -> AdapterBus:
        return self._buses[name]

    def power(self, name: str, on: bool) -> None:
        self._adapters[name].power(on)

    async def finish(self) -> Timeline:
        for adapter in self._adapters.values():
            adapter.finish()
        self._segment.finish()
        return self._timeline


def station_address(station: Station) -> bytes:
    """Return the address that a station will have: the configured one, else that of its ROM, intact or not.

    With a damaged ROM and no other address the driver does not start, so nothing is ever sent from what stands there.
    """
    if station.mac is not None:
        return parse_mac(station.mac)
    assert station.rom is not None, "the loader wants one of them"
    return bytes.fromhex(station.rom)[:MAC_OCTETS]


def _plan(scenario: Scenario) -> BenchPlan:
    (segment,) = scenario.segments.values()
    stations = tuple(
        StationPlan(
            station.name,
            station_address(station),
            station.position_bits,
            station.phase_ns,
            None if station.rom is None else bytes.fromhex(station.rom),
        )
        for station in scenario.stations
    )
    return BenchPlan(
        stations, segment.speed_mbps, segment.duplex == "full", scenario.seed & 0xFFFFFFFF, segment.delay_bits
    )


def _stack_config(station: Station, tcp: TcpSettings) -> StackConfig:
    assert station.ip is not None
    address, prefix_length = parse_interface(station.ip)
    return StackConfig(
        interfaces=(InterfaceConfig(station_address(station), address, prefix_length),),
        gateway=None if station.gateway is None else parse_ipv4(station.gateway),
        hostname=station.name,
        tcp=_tcp_config(tcp),
    )


def _tcp_config(tcp: TcpSettings) -> TcpConfig:
    """Return the defaults of the stack with what the scenario says instead."""
    given = {
        "user_timeout_ns": _ns(tcp.user_timeout_ms),
        "rto_initial_ns": _ns(tcp.rto_initial_ms),
        "rto_minimum_ns": _ns(tcp.rto_minimum_ms),
        "delayed_ack_ns": _ns(tcp.delayed_ack_ms),
        "receive_buffer_octets": tcp.receive_buffer_octets,
        "send_buffer_octets": tcp.send_buffer_octets,
        "nagle": tcp.nagle,
    }
    known: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return TcpConfig(**known)


def _ns(duration_ms: int | None) -> int | None:
    return None if duration_ms is None else duration_ms * NS_PER_MS
