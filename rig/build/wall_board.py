"""A station on a virtual board, on the wall clock, whose jack is an interface of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rig.adapter.bus import AdapterBus
from rig.adapter.device import ReceiveStatus
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline
from rig.build.address import station_address
from rig.build.board import HOST_JITTER_NS, board_around
from rig.config.scenario import Scenario, Station
from rig.link.estimates import LinkSettings
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_S

if TYPE_CHECKING:
    from rig.backends.raw_device import RawDevice


class VirtualBoardOnWire:
    """A twin of a board behind a modelled serial line in this process; ``jack`` carries its frames."""

    def __init__(
        self, kernel: WallClock, scenario: Scenario, station: Station, jack: RawDevice, timeline: Timeline
    ) -> None:
        from firmware_models.adapter.adapter import LanAdapter
        from firmware_models.network.frame_port import FramePort
        from firmware_models.network.segment import Segment

        (link,) = scenario.segments.values()
        self._kernel = kernel
        self._jack = jack
        self._segment = Segment(
            kernel, speed_mbps=link.speed_mbps, full_duplex=True, timeline=timeline, medium=None
        )  # fmt: skip
        rom = MacRom(station_address(station)).serialize() if station.rom is None else bytes.fromhex(station.rom)
        self._adapter = LanAdapter(kernel, self._segment, rom, name=station.name)
        self._wire = FramePort(self._segment, f"{station.name} jack", self._to_wire)
        board = board_around(
            kernel, self._adapter, name=station.name, seed=scenario.seed,
            settings=LinkSettings(keepalive_ns=NS_PER_S, host_jitter_ns=HOST_JITTER_NS),
        )  # fmt: skip
        self.bus: AdapterBus = board.bus
        kernel.call_at(0, lambda _: kernel.spawn(self._from_wire(), f"{station.name} jack"))

    def finish(self) -> None:
        """Put what still lasts into the timeline."""
        self._adapter.finish()
        self._segment.finish()

    def _to_wire(self, frame: bytes) -> None:
        if not self._jack.try_transmit(frame):
            self._wire.frames_dropped += 1

    async def _from_wire(self) -> None:
        """Let what comes on the interface go to the board."""
        jack = self._jack
        await jack.start()
        while True:
            jack.irq.clear()
            while (frame := jack.receive()) is not None:
                if ReceiveStatus.OK in frame.status:
                    self._wire.send(frame.octets)
            jack.transmit_results()
            await jack.irq.wait()
