"""The adapters of a scenario on their segment: twins on a modelled one, or Verilog in this process's simulation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from rig.adapter.bus import AdapterBus
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline
from rig.build.address import station_address
from rig.build.joint import JOINT_TOP, VerilogStations, joint_parameters, needs_joint
from rig.build.line import LINE_TOP, LineBench, TwinLineBench, is_mixed_line, is_twin_line
from rig.build.twin_station import TwinStation
from rig.config.scenario import Scenario
from rig.runtime.kernel import Kernel

RTL_TOP = "segment_bench"
RTL_TOPS = {"mii": RTL_TOP, "10base-t": "tbase_bench"}
"""The bench for each kind of line; all of them are driven by the same names."""
RTL_STATIONS_PARAMETER = "STATIONS"


@runtime_checkable
class HasNetwork(Protocol):
    """A bench that has more than one segment."""

    def network_facts(self) -> dict[str, Any]:
        """Return what is known of hubs, switches and cables, after the end."""
        ...


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


@dataclass(frozen=True, slots=True)
class StationPlan:
    """One adapter of a bench. ``position_bits`` and ``phase_ns`` as in a scenario; None is the default phase."""

    name: str
    mac: bytes
    position_bits: int = 0
    phase_ns: int | None = None
    rom: bytes | None = None
    """What its MAC-address ROM holds, 32 octets; None: an intact image with ``mac``."""
    is_board: bool = False
    """Whether it is a board behind a serial line; of a modelled bench only."""
    is_verilog: bool = False
    """Whether it is in the simulation that runs this process; of a mixed bench only."""

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


def model_bench(kernel: Kernel, scenario: Scenario, verilog: VerilogStations | None = None) -> Bench:
    """Return twins of the adapters on a modelled segment or network; those on ``rtl`` are ``verilog``'s."""
    if scenario.is_network:
        from rig.build.host import random_source
        from rig.build.network import NetworkBench

        return NetworkBench(kernel, scenario, lambda *purpose: random_source(scenario.seed, *purpose), verilog)
    if is_twin_line(scenario):
        return TwinLineBench(kernel, scenario)
    return _ModelBench(kernel, _plan(scenario), verilog)


def rtl_bench(kernel: Any, dut: Any, scenario: Scenario, records: Path) -> Bench:
    """Return the Verilog adapters of the simulation that runs this process, and twins of what else the scenario has.

    ``records`` is the file of its recorder.
    """
    if is_mixed_line(scenario):
        return LineBench(kernel, dut, scenario, records)
    if needs_joint(scenario):
        return model_bench(kernel, scenario, VerilogStations(kernel, dut, records, scenario.seed & 0xFFFFFFFF))
    return planned_rtl_bench(kernel, dut, _plan(scenario), records)


def rtl_top(scenario: Scenario) -> tuple[str, dict[str, int]]:
    """Return the Verilog top that a scenario runs on, and its parameters."""
    if is_mixed_line(scenario):
        return LINE_TOP, {}
    if needs_joint(scenario):
        return JOINT_TOP, joint_parameters(scenario)
    (segment,) = scenario.segments.values()
    return RTL_TOPS[segment.line], {RTL_STATIONS_PARAMETER: len(scenario.stations)}


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


class _ModelBench:
    """Twins on one segment, and adapters in Verilog where the plan says so."""

    def __init__(self, kernel: Kernel, plan: BenchPlan, verilog: VerilogStations | None = None) -> None:
        from firmware_models.adapter.adapter import LanAdapter
        from firmware_models.network.segment import Segment as SegmentModel

        self._timeline = Timeline()
        self._segment = SegmentModel(
            kernel,
            speed_mbps=plan.speed_mbps,
            full_duplex=plan.full_duplex,
            delay_bits=plan.delay_bits,
            seed=plan.garbage_seed,
            timeline=self._timeline,
        )
        self._verilog = verilog
        self._twins: dict[str, TwinStation] = {}
        for station in plan.stations:
            if verilog is not None and station.is_verilog:
                verilog.attach(
                    self._segment, station.name, station.rom_image, position_bits=station.position_bits,
                    phase_ns=station.phase_ns, is_board=station.is_board,
                )  # fmt: skip
            else:
                adapter = LanAdapter(
                    kernel, self._segment, station.rom_image, name=station.name, position_bits=station.position_bits,
                    phase_ns=station.phase_ns,
                )  # fmt: skip
                self._twins[station.name] = TwinStation(
                    kernel, adapter, is_board=station.is_board, seed=plan.garbage_seed
                )  # fmt: skip
        if verilog is not None:
            verilog.start()

    def bus(self, name: str) -> AdapterBus:
        if self._verilog is not None and name not in self._twins:
            return self._verilog.bus(name)
        return self._twins[name].bus

    def power(self, name: str, on: bool) -> None:
        if self._verilog is not None and name not in self._twins:
            self._verilog.power(name, on)
        else:
            self._twins[name].power(on)

    async def finish(self) -> Timeline:
        for twin in self._twins.values():
            twin.finish()
        self._segment.finish()
        if self._verilog is not None:
            await self._verilog.finish(self._timeline)
        return self._timeline


def _plan(scenario: Scenario) -> BenchPlan:
    (segment,) = scenario.segments.values()
    stations = tuple(
        StationPlan(
            station.name,
            station_address(station),
            station.position_bits,
            station.phase_ns,
            None if station.rom is None else bytes.fromhex(station.rom),
            station.backend == "board",
            station.is_verilog,
        )
        for station in scenario.stations
    )
    return BenchPlan(
        stations, segment.speed_mbps, segment.duplex == "full", scenario.seed & 0xFFFFFFFF, segment.delay_bits
    )
