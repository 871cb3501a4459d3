"""The joint between twins and Verilog: stations of a bench that are adapters in the simulation that runs this process.

Everything is on the simulator's time, twins too; see docs/joint.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rig.adapter.bus import AdapterBus
from rig.adapter.recorder import Timeline
from rig.build.rtl_board import VerilogBoard
from rig.config.scenario import Scenario
from rig.config.topology import STATION, End, Topology
from rig.errors import ConfigError

if TYPE_CHECKING:
    from firmware_models.network.segment import Port, Segment
    from rig.backends.rtl_joint import RtlJoint

JOINT_TOP = "joint_bench"
PUPPETS_STEP = 4
"""The bench is built for multiples of it, so that fewer builds are needed."""


def needs_joint(scenario: Scenario) -> bool:
    """Tell whether a scenario that runs on the Verilog has twins in it too: other stations, or what is between them."""
    return scenario.is_network or any(station.backend != "rtl" for station in scenario.adapters())


def joint_parameters(scenario: Scenario) -> dict[str, int]:
    """Return the parameters of the bench for a scenario: how many stations, and how many others they can hear.

    :class:`~rig.errors.ConfigError` for what the joint cannot carry.
    """
    topology = Topology(scenario)
    _check(scenario, topology)
    media: dict[str, list[bool]] = {}  # of each attachment: whether it is in Verilog
    for adapter in scenario.adapters():
        media.setdefault(topology.place(adapter), []).append(adapter.is_verilog)
    verilog = [adapter for adapter in scenario.adapters() if adapter.is_verilog]
    boards = sum((adapter.backend == "board") << number for number, adapter in enumerate(verilog))
    for cable, near, far in topology.ends:
        media.setdefault(cable.name, []).extend(False for end in (near, far) if end.kind != STATION)
    stations = sum(sum(each) for each in media.values())
    puppets = sum(len(each) - sum(each) for each in media.values() if any(each))
    parameters = {"STATIONS": stations, "PUPPETS": max(1, -(-puppets // PUPPETS_STEP)) * PUPPETS_STEP}
    return parameters | ({"BOARDS": boards} if boards else {})


def _check(scenario: Scenario, topology: Topology) -> None:
    for name, segment in scenario.segments.items():
        if segment.line != "mii":
            for station in scenario.stations:
                if station.segment == name and station.is_verilog and station.backend == "board":
                    raise ConfigError(
                        f"segment {name!r} is a {segment.line} line, and the board of {station.name!r} in Verilog has"
                        " an MII: leave out its far_end, or give the segment no line"
                    )
            raise ConfigError(
                f"segment {name!r} is a {segment.line} line; with a station in Verilog it has to be all of a scenario:"
                " leave out the other media, or run it on the model: --backend model"
            )
    hears: dict[str, str] = {}  # what is plugged in, by name -> a station in Verilog that hears whatever it sends
    for adapter in scenario.adapters():
        plugged = topology.plugged.get(End(STATION, adapter.name))
        if not adapter.is_verilog or plugged is None:
            continue
        hears[adapter.name] = adapter.name
        domains = [domain for domain in topology.hub_domains() if plugged[1].name in domain]
        hears.update({name: adapter.name for domain in domains for name in domain})
    for cable, near, far in topology.ends:
        listener = hears.get(near.name) or hears.get(far.name)
        if listener is not None and (cable.bit_error_rate or cable.outages):
            what = "bit errors" if cable.bit_error_rate else "outages"
            raise ConfigError(
                f"cable {cable.name} has {what}, and {listener!r} in Verilog hears it: they are decided when a frame is"
                f" over, and Verilog must know before; put a switch between, or {listener!r} on the model"
                " (backend: model)"
            )


class VerilogStations:
    """Attach every station to its medium; when all the network is there, :meth:`start`."""

    def __init__(self, kernel: Any, dut: Any, records: Path, garbage_seed: int) -> None:
        from firmware_models.network.outside import Outside

        self._kernel = kernel
        self._dut = dut
        self._records = records
        self._garbage_seed = garbage_seed
        self._outside = Outside(kernel)
        self._stations: list[tuple[str, bytes, Port]] = []
        self._is_board: dict[str, bool] = {}
        self._boards: dict[str, VerilogBoard] = {}
        self._bench: RtlJoint | None = None

    def attach(
        self,
        segment: Segment,
        name: str,
        rom: bytes,
        *,
        position_bits: int = 0,
        phase_ns: int | None = None,
        is_board: bool = False,
    ) -> Port:
        """Attach the next station; ``is_board``: its far end is in Verilog too."""
        port = self._outside.attach(segment, name, position_bits=position_bits, phase_ns=phase_ns)
        self._stations.append((name, rom, port))
        self._is_board[name] = is_board
        return port

    def start(self) -> None:
        """Configure the bench; before any time has passed."""
        from rig.backends.rtl_joint import JointStation, RtlJoint  # cocotb is there only inside a simulation

        stations = [
            JointStation(
                name,
                rom,
                port.phase_ns,
                port.index,
                port.segment.speed_mbps,
                port.segment.full_duplex,
                delays_ns,
                self._is_board[name],
            )
            for (name, rom, port), delays_ns in zip(self._stations, self._outside.delays_ns(), strict=True)
        ]
        self._bench = RtlJoint(
            self._kernel, self._dut, stations, self._outside, garbage_seed=self._garbage_seed, records=self._records
        )
        self._outside.connect(self._bench)
        for name, port in self._bench.serial_ports.items():
            self._boards[name] = VerilogBoard(self._kernel, port, seed=self._garbage_seed)

    def bus(self, name: str) -> AdapterBus:
        """Return the bus of a station."""
        return self._boards[name].bus if name in self._boards else self._started.bus(name)

    def power(self, name: str, on: bool) -> None:
        """Switch the power of a station, now; of a board with the cable to its host."""
        self._started.power(name, on)
        if name in self._boards:
            self._boards[name].plug(on)

    def set_link(self, name: str, is_up: bool) -> None:
        """The PHY of a station finds, or loses, its link now."""
        self._started.set_link(name, is_up)

    async def finish(self, timeline: Timeline) -> None:
        """Add to ``timeline`` what the stations did, and the frames they sent; call last."""
        own = await self._started.finish()
        timeline.events += own.events
        timeline.frames += own.frames

    @property
    def _started(self) -> RtlJoint:
        assert self._bench is not None, "start() comes before anything that uses it"
        return self._bench
