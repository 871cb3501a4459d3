"""Stations of a scenario on network interfaces: two packet sockets at the ends of a veth cable made for the run.

Each end is in a network namespace of its own, so that nothing of the host is touched and nothing stays. A station
here is a frame device without registers: :class:`NicStation` gives it the face of a driver on a bus, and records its
frames.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from rig.adapter.bus import AdapterBus
from rig.adapter.device import Capabilities, ReceivedFrame, TransmitOutcome, TransmitResult
from rig.adapter.recorder import Timeline, TimelineEvent, WireFrame
from rig.backends.namespace import Namespace, add_veth
from rig.backends.nic import NicConfig, PacketSocketNic
from rig.backends.raw_device import MIN_OCTETS, RawDevice
from rig.build.address import station_address
from rig.config.scenario import Scenario
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
    """Two stations at the ends of a veth cable; a context manager, to be entered before the run and left after it."""

    def __init__(self, scenario: Scenario) -> None:
        """Make the cable, then the kernel, so that its time begins when the cable is there.

        :class:`~rig.errors.UsageError` without the right, :class:`ConfigError` for a scenario that asks for what such a
        cable is not.
        """
        _check(scenario)
        self._timeline = Timeline()
        self._opened = ExitStack()
        self._stations: dict[str, NicStation] = {}
        try:
            here, there = (self._opened.enter_context(Namespace()) for _ in range(STATIONS))
            add_veth(here, "rig0", there, "rig1")
            self.kernel = WallClock()
            for namespace, name, station in zip((here, there), ("rig0", "rig1"), scenario.stations, strict=True):
                with namespace.entered():
                    device = PacketSocketNic(self.kernel, NicConfig(name, station_address(station)))
                self._opened.enter_context(device)
                self._stations[station.name] = NicStation(station.name, device, self._timeline)
        except BaseException:
            self._opened.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._opened.close()

    def driver(self, name: str) -> NicStation:
        """Return what stands in the place of a station's driver."""
        return self._stations[name]

    def bus(self, name: str) -> AdapterBus:
        """Refuse: an interface of the host has no registers."""
        raise UsageError(f"station {name!r} is a network interface, which has no bus")

    def power(self, name: str, on: bool) -> None:
        """Refuse: scenarios that would ask are refused before."""
        raise UsageError(f"the power of a network interface, as that of {name!r}, cannot be switched")

    async def finish(self) -> Timeline:
        """Return what was recorded."""
        return self._timeline


def _check(scenario: Scenario) -> None:
    if len(scenario.stations) != STATIONS or len(scenario.segments) != 1:
        raise ConfigError(
            f"the nic backend joins two stations by a veth cable, and this scenario has {len(scenario.stations)}; "
            "run it on the model or rtl backend, or --scenario veth"
        )
    (segment,) = scenario.segments.values()
    if segment.duplex != "full":
        raise ConfigError("a veth cable is full duplex, and the segment of this scenario is half; try --scenario veth")
    if scenario.events:
        raise ConfigError("the power of a network interface cannot be switched; run events on the model or rtl backend")
