"""A 10BASE-T line between two stations with PHYs: two twins, or a twin and a Verilog station of this simulation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rig.adapter.bus import AdapterBus
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import MEDIUM, Timeline
from rig.build.address import station_address
from rig.build.twin_station import TwinStation
from rig.config.scenario import Scenario, Station
from rig.runtime.kernel import Kernel

if TYPE_CHECKING:
    from firmware_models.phy.line_phy import FarPair, Line
    from firmware_models.phy.manchester import LineClock

LINE_TOP = "line_bench"
PPM = 100
"""How fast the clock of the Verilog's PHY is, or of the first of two twins; the second is as slow (``hdl/sim``)."""
LEAST_DELAY_NS = 50
BIT_NS = 100
TICK_CLOCKS, EIGHTH_CLOCKS = 3_000, 24
"""The long times of the PHYs, 20 times shorter than in a product, as the benches in Verilog have them."""


def is_mixed_line(scenario: Scenario) -> bool:
    """Tell whether a scenario is one 10BASE-T line between a twin (maybe of a board) and a Verilog station."""
    return _is_line(scenario) and not _has_verilog_board(scenario) and _verilog_ends(scenario) == 1


def is_twin_line(scenario: Scenario) -> bool:
    """Tell whether a scenario is one 10BASE-T line between two twins."""
    return _is_line(scenario) and _verilog_ends(scenario) == 0


def _is_line(scenario: Scenario) -> bool:
    return not scenario.is_network and all(segment.line == "10base-t" for segment in scenario.segments.values())


def _verilog_ends(scenario: Scenario) -> int:
    return sum(station.is_verilog for station in scenario.stations)


def _has_verilog_board(scenario: Scenario) -> bool:
    return any(station.is_verilog and station.backend == "board" for station in scenario.stations)


class _TwinEnd:
    """One twin of an adapter with its PHY, which sends to ``line``. ``is_witness``: collisions are told from here."""

    def __init__(
        self,
        kernel: Kernel,
        station: Station,
        line: Line,
        clock: LineClock,
        timeline: Timeline,
        *,
        is_witness: bool,
        seed: int,
    ) -> None:
        from firmware_models.adapter.adapter import LanAdapter
        from firmware_models.phy.line_phy import LinePhy, PhyMedium
        from firmware_models.phy.timers import Timers

        self._kernel = kernel
        self.clock = clock
        self.phy = LinePhy(kernel, station.name, line, timers=Timers(TICK_CLOCKS, EIGHTH_CLOCKS), clock=clock)
        self._medium = PhyMedium(kernel, self.phy, timeline=timeline)
        self._medium.medium = MEDIUM if is_witness else None
        adapter = LanAdapter(kernel, self._medium, _rom(station), name=station.name, phase_ns=station.phase_ns)
        adapter.mdio.phy = self.phy
        adapter.power_watchers.append(self.phy.power)
        kernel.call_at(kernel.now_ns, adapter.set_link, False)
        self.phy.link_watchers.append(adapter.set_link)
        self.twin = TwinStation(kernel, adapter, is_board=station.backend == "board", seed=seed)

    def pair_from(self, clock: LineClock, distance_bits: int) -> FarPair:
        """Return the pair to this end from a partner with such a clock."""
        from firmware_models.phy.line_phy import FarPair

        return FarPair(self._kernel, self.phy, clock, LEAST_DELAY_NS + BIT_NS * distance_bits)

    def finish(self) -> None:
        """Put what still lasts into the timeline."""
        self.twin.finish()
        self._medium.finish()


class TwinLineBench:
    """A :class:`~rig.build.bench.Bench` of two twins on a line."""

    def __init__(self, kernel: Kernel, scenario: Scenario) -> None:
        from firmware_models.phy.manchester import LineClock
        from firmware_models.phy.twin_line import TwinLine

        self._timeline = Timeline()
        first, second = scenario.stations
        distance_bits = abs(first.position_bits - second.position_bits)
        seed = scenario.seed & 0xFFFFFFFF
        self._ends: dict[str, _TwinEnd] = {}
        lines = []
        for station, ppm in ((first, PPM), (second, -PPM)):
            clock = LineClock.off_by(ppm)
            lines.append(TwinLine(kernel, clock))
            is_witness = station is first
            self._ends[station.name] = _TwinEnd(
                kernel, station, lines[-1], clock, self._timeline, is_witness=is_witness, seed=seed
            )  # fmt: skip
        here, there = self._ends.values()
        lines[0].connect(there.pair_from(here.clock, distance_bits))
        lines[1].connect(here.pair_from(there.clock, distance_bits))

    def bus(self, name: str) -> AdapterBus:
        """See :class:`~rig.build.bench.Bench`."""
        return self._ends[name].twin.bus

    def power(self, name: str, on: bool) -> None:
        """See :class:`~rig.build.bench.Bench`."""
        self._ends[name].twin.power(on)

    async def finish(self) -> Timeline:
        """See :class:`~rig.build.bench.Bench`."""
        for end in self._ends.values():
            end.finish()
        return self._timeline


class LineBench:
    """A :class:`~rig.build.bench.Bench` of a Verilog station and a twin on a line."""

    def __init__(self, kernel: Any, dut: Any, scenario: Scenario, records: Path) -> None:
        from firmware_models.phy.manchester import LineClock
        from rig.backends.rtl import RtlStation
        from rig.backends.rtl_line import RtlLine

        (outer,) = (station for station in scenario.stations if station.backend == "rtl")
        (twin,) = (station for station in scenario.stations if station is not outer)
        distance_bits = abs(outer.position_bits - twin.position_bits)
        clock = LineClock()
        self._outer = outer.name
        self._timeline = Timeline()
        self._line = RtlLine(
            kernel, dut, RtlStation(outer.name, _rom(outer), distance_bits), half_fs=clock.half_fs, records=records
        )
        self._end = _TwinEnd(
            kernel, twin, self._line, clock, self._timeline, is_witness=True, seed=scenario.seed & 0xFFFFFFFF
        )
        self._line.connect(self._end.pair_from(LineClock.off_by(PPM), distance_bits))

    def bus(self, name: str) -> AdapterBus:
        """See :class:`~rig.build.bench.Bench`."""
        return self._line.bus if name == self._outer else self._end.twin.bus

    def power(self, name: str, on: bool) -> None:
        """See :class:`~rig.build.bench.Bench`."""
        if name == self._outer:
            self._line.power(on)
        else:
            self._end.twin.power(on)

    async def finish(self) -> Timeline:
        """See :class:`~rig.build.bench.Bench`."""
        self._end.finish()
        own = await self._line.finish()
        self._timeline.events += own.events
        self._timeline.frames += own.frames
        return self._timeline


def _rom(station: Station) -> bytes:
    return MacRom(station_address(station)).serialize() if station.rom is None else bytes.fromhex(station.rom)
