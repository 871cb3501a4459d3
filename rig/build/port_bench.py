"""Stations of a scenario on boards at ports of this machine, real ones or virtual, on the wall clock.

How the boards are joined is up to whoever has plugged their cable in; the scenario says what the hosts do. What happens
on that cable nobody here sees: frames are recorded as the drivers hand them over and take them, by the host's clock,
and of collisions is known what the adapters tell of each frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rig.adapter.bus import AdapterBus
from rig.adapter.device import Capabilities, ReceivedFrame, TransmitOutcome, TransmitResult
from rig.adapter.recorder import Timeline, TimelineEvent, WireFrame
from rig.build.address import station_address
from rig.build.board import DEFAULT_BAUD, BoardBus, port_bus
from rig.config.scenario import Scenario, Station
from rig.driver.config import DriverConfig
from rig.driver.driver import NicDriver
from rig.driver.statistics import DriverStatistics
from rig.errors import ConfigError, UsageError
from rig.runtime.pump_asyncio import WallClock
from rig.wire.fcs import fcs

MIN_OCTETS = 60
"""Of a frame without FCS; the adapter pads (IEEE Std 802.3-2022 3.2.8)."""


@dataclass(frozen=True, slots=True)
class PortPlan:
    """A board: what it is called, how its port is found, what its greeting must say (None: anything)."""

    name: str
    locate: Callable[[], str]
    baud: int = DEFAULT_BAUD
    board: str | None = None
    timeout_ceiling_ms: int | None = None
    rts_cts: bool = False


class RecordedDriver:
    """A LAN driver with a record of its frames."""

    def __init__(self, kernel: WallClock, name: str, driver: NicDriver, timeline: Timeline) -> None:
        self.irq = driver.irq
        self.tx_ready = driver.tx_ready
        self.collisions = 0
        self.deferrals = 0
        self._kernel = kernel
        self._name = name
        self._driver = driver
        self._timeline = timeline
        self._taken_ns: deque[int] = deque()  # when the frames were taken that have no result yet

    @property
    def capabilities(self) -> Capabilities:
        """See FrameDevice."""
        return self._driver.capabilities

    @property
    def is_link_up(self) -> bool:
        """See FrameDevice."""
        return self._driver.is_link_up

    @property
    def statistics(self) -> DriverStatistics:
        """See StationDriver."""
        return self._driver.statistics

    @property
    def notices(self) -> Sequence[str]:
        """See StationDriver."""
        return self._driver.notices

    async def start(self) -> None:
        """See StationDriver."""
        await self._driver.start()

    async def run(self) -> None:
        """See StationDriver."""
        await self._driver.run()

    async def read_counters(self) -> dict[str, int]:
        """See StationDriver."""
        return await self._driver.read_counters()

    def try_transmit(self, frame: bytes) -> bool:
        """See FrameDevice; a frame that is taken is recorded with its pad and FCS, as a cable carries it."""
        if not self._driver.try_transmit(frame):
            return False
        octets = frame.ljust(MIN_OCTETS, b"\0")
        self._taken_ns.append(self._kernel.now_ns)
        self._timeline.add_frame(WireFrame(self._kernel.now_ns, self._name, octets + fcs(octets)))
        return True

    def receive(self) -> ReceivedFrame | None:
        """See FrameDevice."""
        frame = self._driver.receive()
        if frame is not None:
            now_ns = self._kernel.now_ns
            self._timeline.add(TimelineEvent(now_ns, now_ns, self._name, "receive"))
        return frame

    def transmit_results(self) -> list[TransmitResult]:
        """See FrameDevice."""
        results = self._driver.transmit_results()
        for result in results:
            taken_ns = self._taken_ns.popleft() if self._taken_ns else self._kernel.now_ns
            self.collisions += result.collisions
            self.deferrals += result.deferred
            if result.outcome is TransmitOutcome.OK:
                attempt = result.collisions + 1
                event = TimelineEvent(taken_ns, self._kernel.now_ns, self._name, "transmit", attempt=attempt)
                self._timeline.add(event)
        return results


def driver_at_port(
    kernel: WallClock, scenario: Scenario, station: Station, port: PortPlan, timeline: Timeline
) -> tuple[BoardBus, RecordedDriver]:
    """Return the bus of a station's board, to be closed within the run, and its driver; nothing is opened yet."""
    (segment,) = scenario.segments.values()
    bus = port_bus(
        kernel, port.locate, name=port.name, board=port.board, baud=port.baud,
        rts_cts=port.rts_cts, timeout_ceiling_ms=port.timeout_ceiling_ms,
    )  # fmt: skip
    config = DriverConfig(
        name=station.name, speed_mbps=segment.speed_mbps, full_duplex=segment.duplex == "full",
        mac=station_address(station),
    )  # fmt: skip
    return bus, RecordedDriver(kernel, station.name, NicDriver(kernel, bus, config), timeline)


class PortBench:
    """A board for each station. ``kernel`` runs the scenario; call :meth:`close` within that run, last."""

    def __init__(self, scenario: Scenario, ports: Sequence[PortPlan]) -> None:
        """Take the first port for the first station, and so on; nothing is opened yet.

        :class:`~rig.errors.ConfigError` for a scenario that boards at ports cannot play.
        """
        _check(scenario, ports)
        self.kernel = WallClock()
        self._timeline = Timeline()
        self._buses: dict[str, BoardBus] = {}
        self._drivers: dict[str, RecordedDriver] = {}
        for station, port in zip(scenario.stations, ports, strict=True):
            bus, driver = driver_at_port(self.kernel, scenario, station, port, self._timeline)
            self._buses[station.name], self._drivers[station.name] = bus, driver

    def driver(self, name: str) -> RecordedDriver:
        """Return the driver of a station."""
        return self._drivers[name]

    def bus(self, name: str) -> AdapterBus:
        """Return the bus of a station's adapter."""
        return self._buses[name]

    def power(self, name: str, on: bool) -> None:
        """Refuse: scenarios that would ask are refused before."""
        raise UsageError(f"the power of a board at a port, as that of {name!r}, cannot be switched")

    async def finish(self) -> Timeline:
        """Return what was recorded."""
        return self._timeline

    def medium(self) -> dict[str, int]:
        """Return what the adapters have told of the medium: a collision is seen by every station that takes part."""
        collisions = [driver.collisions for driver in self._drivers.values()]
        return {
            "frames": len(self._timeline.frames),
            "collisions": max(collisions),
            "jams": sum(collisions),
            "mac_retransmissions": sum(collisions),
            "deferrals": sum(driver.deferrals for driver in self._drivers.values()),
        }

    def boards(self) -> list[str]:
        """Say which boards there were, one a line."""
        greetings = ((name, bus.greeting) for name, bus in self._buses.items())
        return [
            f"{name}: {greeting.board}, build {greeting.build_hash.hex()}, time scale {greeting.time_scale}"
            for name, greeting in greetings
            if greeting is not None
        ]

    def close(self) -> None:
        """Give the boards back."""
        for bus in self._buses.values():
            bus.close()


def _check(scenario: Scenario, ports: Sequence[PortPlan]) -> None:
    if scenario.is_network:
        raise ConfigError(
            "boards at ports are joined by whatever cable they hang on, and this scenario has cables of its own: leave "
            "the ports out, or use --scenario two-boards"
        )
    if len(ports) != len(scenario.stations):
        names = ", ".join(station.name for station in scenario.stations)
        raise ConfigError(
            f"{len(ports)} ports for {len(scenario.stations)} stations ({names}): name one for each, in this order"
        )
    if scenario.events:
        raise ConfigError("the power of a board at a port cannot be switched: leave the ports out to play its events")
