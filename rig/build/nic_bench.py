"""Stations of a scenario on the wall clock: packet sockets and boards at the two ends of a cable.

The cable is a real one between what the scenario names, or a veth cable made for the run. Then each end is in a network
namespace of its own, so that nothing of the host is touched and nothing stays. An interface is a frame device without
registers: :class:`NicStation` gives it the face of a driver on a bus, and records its frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from types import TracebackType
from typing import Self

from rig.adapter.bus import AdapterBus
from rig.adapter.device import Capabilities, ReceivedFrame, TransmitOutcome, TransmitResult
from rig.adapter.recorder import Timeline, TimelineEvent, WireFrame
from rig.backends.namespace import Namespace, add_veth
from rig.backends.nic import NicConfig, PacketSocketNic
from rig.backends.raw_device import MIN_OCTETS, RawDevice
from rig.build.address import station_address
from rig.build.board import BoardBus
from rig.build.port_bench import PortPlan, RecordedDriver, driver_at_port
from rig.build.wall_board import VirtualBoardOnWire
from rig.config.scenario import Scenario, Station
from rig.driver.statistics import DriverStatistics
from rig.errors import ConfigError, UsageError
from rig.runtime.pump_asyncio import WallClock
from rig.wire.fcs import fcs

STATIONS = 2


class NicStation:
    """A frame device of the host in the place of a LAN driver: it comes up, runs and counts like one."""

    def __init__(self, name: str, device: RawDevice, timeline: Timeline) -> None:
        self.irq = device.irq
        self.tx_ready = device.tx_ready
        self.statistics = DriverStatistics()
        self.notices: list[str] = []
        self._name = name
        self._device = device
        self._timeline = timeline

    @property
    def capabilities(self) -> Capabilities:
        """See FrameDevice."""
        return self._device.capabilities

    @property
    def is_link_up(self) -> bool:
        """See FrameDevice."""
        return self._device.is_link_up

    async def start(self) -> None:
        """Begin to receive."""
        await self._device.start()

    async def run(self) -> None:
        """Do nothing: the device serves itself."""

    async def read_counters(self) -> dict[str, int]:
        """Return the counters of the interface."""
        return await self._device.read_counters()

    def try_transmit(self, frame: bytes) -> bool:
        """See FrameDevice; a frame that is taken is recorded with its pad and FCS, as a cable would carry it."""
        if not self._device.try_transmit(frame):
            return False
        self.statistics.frames_queued += 1
        octets = frame.ljust(MIN_OCTETS, b"\0")
        now_ns = self._device.kernel.now_ns
        self._timeline.add_frame(WireFrame(now_ns, self._name, octets + fcs(octets)))
        return True

    def receive(self) -> ReceivedFrame | None:
        """See FrameDevice."""
        frame = self._device.receive()
        if frame is not None:
            self.statistics.frames_received += 1
            self.statistics.octets_received += len(frame.octets)
            self._timeline.add(TimelineEvent(frame.time_ns, frame.time_ns, self._name, "receive"))
        return frame

    def transmit_results(self) -> list[TransmitResult]:
        """See FrameDevice."""
        results = self._device.transmit_results()
        for result in results:
            is_sent = result.outcome is TransmitOutcome.OK
            self.statistics.frames_sent += is_sent
            self.statistics.transmit_errors += not is_sent
            self._timeline.add(TimelineEvent(result.start_ns, result.end_ns, self._name, "transmit", attempt=1))
        return results


class NicBench:
    """Two stations at the ends of a real cable; a context manager, to be entered before the run and left after it.

    A station is an interface of this machine, or it is on a board: one on a serial port, or a virtual one whose jack is
    an interface. Where the scenario names no interface, both are the ends of a veth cable that is made for the run.
    """

    def __init__(self, scenario: Scenario, ports: Mapping[str, PortPlan] | None = None) -> None:
        """Make the cable, then the kernel, so that its time begins when the cable is there.

        ``ports`` are the boards of the stations that name a port, by station.

        :class:`~rig.errors.UsageError` without the right, :class:`ConfigError` for a scenario that asks for what such a
        cable is not.
        """
        check_wall_clock(scenario)
        self._timeline = Timeline()
        self._opened = ExitStack()
        self._stations: dict[str, NicStation | RecordedDriver] = {}
        self._boards: dict[str, VirtualBoardOnWire] = {}
        self._buses: list[BoardBus] = []
        self._ports = ports or {}
        try:
            places = self._places(scenario)
            self.kernel = WallClock()
            for station in scenario.stations:
                self._add(scenario, station, *places.get(station.name, (None, "")))
        except BaseException:
            self._opened.close()
            raise

    def _places(self, scenario: Scenario) -> dict[str, tuple[Namespace | None, str]]:
        """Return where each station that has an interface finds it: the namespace, None for ours, and its name."""
        named: dict[str, tuple[Namespace | None, str]] = {
            station.name: (None, station.interface) for station in scenario.stations if station.interface is not None
        }
        if named or any(station.port is not None for station in scenario.stations):
            return named
        here, there = (self._opened.enter_context(Namespace()) for _ in range(STATIONS))
        add_veth(here, "rig0", there, "rig1")
        first, second = scenario.stations
        return {first.name: (here, "rig0"), second.name: (there, "rig1")}

    def _add(self, scenario: Scenario, station: Station, namespace: Namespace | None, name: str) -> None:
        kernel = self.kernel
        if station.name in self._ports:
            port = self._ports[station.name]
            bus, driver = driver_at_port(kernel, scenario, station, port, self._timeline)
            self._buses.append(bus)
            self._stations[station.name] = driver
            return
        is_board = station.backend == "board"
        config = NicConfig(name, station_address(station), promiscuous=is_board)
        with nullcontext() if namespace is None else namespace.entered():
            device = self._opened.enter_context(PacketSocketNic(kernel, config))
        if is_board:
            self._boards[station.name] = VirtualBoardOnWire(kernel, scenario, station, device, self._timeline)
        else:
            self._stations[station.name] = NicStation(station.name, device, self._timeline)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._opened.close()

    def driver(self, name: str) -> NicStation | RecordedDriver | None:
        """Return what stands in the place of a station's driver; a virtual board has a bus."""
        return self._stations.get(name)

    def bus(self, name: str) -> AdapterBus:
        """Return the bus of a station's board; an interface of the host has no registers."""
        if name not in self._boards:
            raise UsageError(f"station {name!r} is a network interface, which has no bus")
        return self._boards[name].bus

    def power(self, name: str, on: bool) -> None:
        """Refuse: scenarios that would ask are refused before."""
        raise UsageError(f"the power of {name!r}, on the wall clock, cannot be switched")

    def close_boards(self) -> None:
        """Give boards at ports back; within the run, last."""
        for bus in self._buses:
            bus.close()

    async def finish(self) -> Timeline:
        """Return what was recorded."""
        for board in self._boards.values():
            board.finish()
        return self._timeline


def check_wall_clock(scenario: Scenario) -> None:
    """Refuse, by :class:`ConfigError`, a scenario that does not describe two stations on a real cable."""
    if len(scenario.stations) != STATIONS or len(scenario.segments) != 1:
        raise ConfigError(
            f"on the wall clock a cable joins two stations, and this scenario has {_what(scenario)}; run it on the"
            " model, rtl or board backend, or --scenario veth"
        )
    (segment,) = scenario.segments.values()
    if segment.duplex != "full" and any(station.port is None for station in scenario.stations):
        raise ConfigError("a veth cable is full duplex, and the segment of this scenario is half; try --scenario veth")
    if scenario.events:
        raise ConfigError("the power of a network interface cannot be switched; run events on the model or rtl backend")


def _what(scenario: Scenario) -> str:
    between = [name for name, there in (("hubs", scenario.hubs), ("switches", scenario.switches)) if there]
    words = [f"{len(scenario.stations)} stations", *between, *(["routers"] if scenario.routers else [])]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
