"""A 10BASE-T line between a Verilog station and a twin, in the simulation that runs this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rig.adapter.bus import AdapterBus
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline
from rig.build.address import station_address
from rig.config.scenario import Scenario, Station

LINE_TOP = "line_bench"
VERILOG_PPM = 100
"""How fast the clock of the Verilog's PHY is; the twin's has none to spare (``hdl/sim/line_bench.v``)."""
LEAST_DELAY_NS = 50
BIT_NS = 100
TICK_CLOCKS, EIGHTH_CLOCKS = 3_000, 24
"""The long times of both PHYs, 20 times shorter than in a product, as the bench has them."""


def is_mixed_line(scenario: Scenario) -> bool:
    """Tell whether a scenario is one 10BASE-T line between a twin and a Verilog station."""
    if scenario.is_network:
        return False
    (segment,) = scenario.segments.values()
    return segment.line == "10base-t" and {station.backend for station in scenario.stations} == {"model", "rtl"}


class LineBench:
    """A :class:`~rig.build.bench.Bench` of two stations."""

    def __init__(self, kernel: Any, dut: Any, scenario: Scenario, records: Path) -> None:
        from firmware_models.adapter.adapter import LanAdapter
        from firmware_models.phy.line_phy import FarPair, LinePhy, PhyMedium
        from firmware_models.phy.manchester import LineClock
        from firmware_models.phy.timers import Timers
        from rig.backends.model import ModelBus
        from rig.backends.rtl import RtlStation
        from rig.backends.rtl_line import RtlLine

        (outer,) = (station for station in scenario.stations if station.backend == "rtl")
        (twin,) = (station for station in scenario.stations if station.backend == "model")
        distance_bits = abs(outer.position_bits - twin.position_bits)
        clock = LineClock()
        self._outer = outer.name
        self._timeline = Timeline()
        self._line = RtlLine(
            kernel, dut, RtlStation(outer.name, _rom(outer), distance_bits), half_fs=clock.half_fs, records=records
        )
        phy = LinePhy(kernel, twin.name, self._line, timers=Timers(TICK_CLOCKS, EIGHTH_CLOCKS), clock=clock)
        self._line.connect(
            FarPair(kernel, phy, LineClock.off_by(VERILOG_PPM), LEAST_DELAY_NS + BIT_NS * distance_bits)
        )  # fmt: skip
        self._medium = PhyMedium(kernel, phy, timeline=self._timeline)
        self._adapter = LanAdapter(kernel, self._medium, _rom(twin), name=twin.name, phase_ns=twin.phase_ns)
        self._adapter.mdio.phy = phy
        kernel.call_at(0, self._adapter.set_link, False)
        phy.link_watchers.append(self._adapter.set_link)
        self._bus = ModelBus(kernel, self._adapter)

    def bus(self, name: str) -> AdapterBus:
        """See :class:`~rig.build.bench.Bench`."""
        return self._line.bus if name == self._outer else self._bus

    def power(self, name: str, on: bool) -> None:
        """See :class:`~rig.build.bench.Bench`."""
        if name == self._outer:
            self._line.power(on)
        else:
            self._adapter.power(on)

    async def finish(self) -> Timeline:
        """See :class:`~rig.build.bench.Bench`."""
        self._adapter.finish()
        self._medium.finish()
        own = await self._line.finish()
        self._timeline.events += own.events
        self._timeline.frames += own.frames
        return self._timeline


def _rom(station: Station) -> bytes:
    return MacRom(station_address(station)).serialize() if station.rom is None else bytes.fromhex(station.rom)
