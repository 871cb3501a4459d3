"""Run the MAC conformance list on the twin, on the Verilog adapter, or on both, and say what came of each row.

The Verilog runs in as many simulator processes at once as there are processors: one for each speed, others for what
takes long. Everything a run wrote stays in its folder.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from rig.build.bench import RTL_STATIONS_PARAMETER, RTL_TOP, planned_model_bench
from rig.build.fixtures import FIXTURE_BUS_PERIOD_NS, twin_fixture
from rig.regress import simbuild
from rig.regress.conformance import rtl, segment
from rig.regress.conformance.play import Verdict, play_rows
from rig.regress.conformance.rows import Bench, Row
from rig.regress.conformance.rtl_main import JOB_VARIABLE, RECORDS_NAME
from rig.regress.conformance.tally import Tally
from rig.regress.device.device import PluggedDevice
from rig.regress.tools import Simulator
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S

BackendName = Literal["rtl", "twin"]
Outcome = Literal["passed", "failed", "not built", "not run"]
Tell = Callable[[str], None]

CLOCKS = ("100 Mb/s", "10 Mb/s", "bit clock")
PINS_TOP = "mac_bench"
TWIN_CLOCKS = (
    (Bench.PINS, 100, 4),
    (Bench.PINS, 10, 4),
    (Bench.PINS, 10, 1),
    (Bench.RMII, 100, 4),
    (Bench.RMII, 10, 4),
)
LONG_ROWS = ("MAC-4.4",)
"""Rows that are worth a process of their own, which begins before all others."""
RMII = "rmii"
NOT_ON_RMII = "the row is about an adapter behind an RMII, and a device under test is on an MII"
TIMEOUT_S = 1800


@dataclass(slots=True)
class BackendResult:
    """What one backend did with a row. ``clocks`` are the speeds, and the bit clock where it ran on it.

    ``notes`` say what of the row was left out.
    """

    outcome: Outcome = "not run"
    cases: int = 0
    speeds: list[int] = field(default_factory=list)
    clocks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Take what came of the row on one more clock."""
        self.cases += verdict.cases
        self.clocks = sorted([*self.clocks, verdict.clock], key=CLOCKS.index)
        speed, _, unit = verdict.clock.partition(" ")
        if unit == "Mb/s" and int(speed) not in self.speeds:
            self.speeds = sorted([*self.speeds, int(speed)])
        self.failures += [f"{verdict.clock}: {failure}" for failure in verdict.failures]
        self.notes = list(dict.fromkeys([*self.notes, *verdict.notes]))
        if not verdict.passed:
            self.outcome = "failed"
            if not verdict.failures:
                self.failures.append(f"{verdict.clock}: no case was checked")
        elif self.outcome != "failed":
            self.outcome = "passed"


@dataclass(slots=True)
class RowResult:
    """A row of the result; a backend that was not asked for is ``not run``."""

    id: str
    title: str
    rtl: BackendResult
    twin: BackendResult
    evidence: str

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``rig conformance mac --json``."""
        return asdict(self)


def run_list(
    rows: Sequence[Row],
    backends: Sequence[BackendName],
    *,
    is_thorough: bool = True,
    simulator: Simulator = "verilator",
    device: PluggedDevice | None = None,
    folder: Path,
    tell: Tell = lambda _: None,
) -> list[RowResult]:
    """Run ``rows`` on ``backends``; ``folder`` takes the files of the simulations. ``device`` is the Verilog, if given.

    :class:`~rig.errors.ToolError` if the Verilog cannot be built or its simulator dies.
    """
    results = {row.id: RowResult(row.id, row.title, BackendResult(), BackendResult(), row.evidence) for row in rows}
    if "twin" in backends:
        tell("twin")
        for verdict in run_twin(rows, is_thorough=is_thorough):
            results[verdict.id].twin.add(verdict)
    if "rtl" in backends:
        for verdict in run_rtl(rows, simulator, is_thorough=is_thorough, device=device, folder=folder, tell=tell):
            results[verdict.id].rtl.add(verdict)
        for row in rows:
            if device is not None and row.bench is Bench.RMII:
                results[row.id].rtl.notes.append(NOT_ON_RMII)
    return list(results.values())


def pins_rows(rows: Sequence[Row], bench: Bench, speed_mbps: int, bits_per_edge: int = 4) -> list[Row]:
    """Return those rows that run at the pins of one adapter on this clock."""
    return [
        row
        for row in rows
        if row.bench is bench and speed_mbps in row.speeds and (bits_per_edge > 1 or row.on_bit_clock)
    ]


def run_twin(rows: Sequence[Row], *, is_thorough: bool, bus_period_ns: int = FIXTURE_BUS_PERIOD_NS) -> list[Verdict]:
    """Run rows on the twin: at both speeds of an MII, and on the bit clock."""
    verdicts = []
    for bench, speed_mbps, bits_per_edge in TWIN_CLOCKS:
        chosen = pins_rows(rows, bench, speed_mbps, bits_per_edge)
        if chosen:
            kernel = VirtualTime()
            fixture = twin_fixture(
                kernel, speed_mbps=speed_mbps, bits_per_edge=bits_per_edge, rmii=bench is Bench.RMII,
                bus_period_ns=bus_period_ns,
            )  # fmt: skip
            verdicts += kernel.run(play_rows(fixture, chosen, is_thorough=is_thorough))
    for row in rows:
        if row.bench is Bench.SEGMENT:
            for size in segment.TWIN_SIZES if is_thorough else segment.TWIN_QUICK_SIZES:
                tally = Tally()
                segment.check_theory(tally, _play_twins(size))
                verdicts.append(_verdict(row, size, tally))
    return verdicts


def run_rtl(
    rows: Sequence[Row],
    simulator: Simulator,
    *,
    is_thorough: bool,
    device: PluggedDevice | None = None,
    folder: Path,
    tell: Tell = lambda _: None,
    bus_period_ns: int = FIXTURE_BUS_PERIOD_NS,
) -> list[Verdict]:
    """Run rows on the Verilog adapter, in several simulator processes at once.

    ``bus_period_ns`` is that of an adapter at its pins; stations of a segment keep their own. Rows of an RMII are left
    out with a ``device``.
    """
    devices = () if device is None else (device,)
    jobs: list[_PinsJob | _SegmentJob] = []
    for speed_mbps in (10, 100):
        groups: dict[str, list[str]] = defaultdict(list)
        for row in pins_rows(rows, Bench.PINS, speed_mbps):
            groups[row.id if row.id in LONG_ROWS and is_thorough else "rows"].append(row.id)
        for row in pins_rows(rows, Bench.RMII, speed_mbps) if device is None else ():
            groups[RMII].append(row.id)
        for name, ids in sorted(groups.items()):
            job_folder = folder / f"{simulator}-{speed_mbps}-{name}"
            jobs.append(
                _PinsJob(
                    simulator, speed_mbps, bus_period_ns, name == RMII, ids, is_thorough, devices, job_folder, tell
                )
            )  # fmt: skip
    for row in rows:
        if row.bench is Bench.SEGMENT:
            sizes = segment.RTL_SIZES if is_thorough else segment.RTL_QUICK_SIZES
            jobs += [
                _SegmentJob(simulator, row, size, devices, folder / f"{simulator}-{size.speed_mbps}-{row.id}", tell)
                for size in sizes
            ]
    jobs.sort(key=lambda job: not job.is_long)  # one that is long and begins last is waited for by all processors
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        futures = [pool.submit(job) for job in jobs]
        return [verdict for future in futures for verdict in future.result()]


@dataclass(frozen=True, slots=True)
class _PinsJob:
    simulator: Simulator
    speed_mbps: int
    bus_period_ns: int
    is_rmii: bool
    ids: Sequence[str]
    is_thorough: bool
    devices: tuple[PluggedDevice, ...]
    folder: Path
    tell: Tell

    @property
    def has_back_door(self) -> bool:
        """Whether a counter can be set."""
        return all(each.device.config.counters is not None for each in self.devices)

    @property
    def is_long(self) -> bool:
        """It takes longer than others."""
        return self.is_thorough and set(self.ids) <= set(LONG_ROWS)

    def __call__(self) -> list[Verdict]:
        words = (
            f"{', '.join(self.ids)} on RTL at {self.speed_mbps} Mb/s"
            if len(self.ids) < 4
            else (f"{len(self.ids)} rows on RTL at {self.speed_mbps} Mb/s")
        )
        self.tell(f"{words}: building with {self.simulator}, unless it is cached")
        parameters = {
            "RMII": int(self.is_rmii),
            "BUS_PERIOD_NS": self.bus_period_ns,
            "BUS_HZ": NS_PER_S // self.bus_period_ns,
            "BACK_DOOR": int(self.has_back_door),
        }
        build = simbuild.build(self.simulator, PINS_TOP, parameters=parameters, devices=self.devices)
        self.tell(f"{words}: simulating")
        folder = self.folder.resolve()
        job = {
            "rows": self.ids,
            "speed_mbps": self.speed_mbps,
            "bus_period_ns": self.bus_period_ns,
            "has_back_door": self.has_back_door,
            "is_thorough": self.is_thorough,
            "folder": str(folder),
        }
        result = simbuild.run(
            build, run_dir=folder, timeout_s=TIMEOUT_S, main="rig.regress.conformance.rtl_main:main",
            env={JOB_VARIABLE: json.dumps(job)}, plusargs=rtl.plusargs(folder),
        )  # fmt: skip
        result.check()
        return [Verdict(**fields) for fields in result.value]


@dataclass(frozen=True, slots=True)
class _SegmentJob:
    simulator: Simulator
    row: Row
    size: segment.Size
    devices: tuple[PluggedDevice, ...]
    folder: Path
    tell: Tell
    is_long: bool = False

    def __call__(self) -> list[Verdict]:
        words = f"{self.row.id} on RTL at {self.size.speed_mbps} Mb/s"
        self.tell(f"{words}: building {segment.STATIONS} stations with {self.simulator}, unless it is cached")
        parameters = {RTL_STATIONS_PARAMETER: segment.STATIONS}
        build = simbuild.build(self.simulator, RTL_TOP, parameters=parameters, devices=self.devices)
        self.tell(f"{words}: simulating")
        folder = self.folder.resolve()
        job = {"size": asdict(self.size), "folder": str(folder)}
        result = simbuild.run(
            build, run_dir=folder, timeout_s=TIMEOUT_S, main="rig.regress.conformance.rtl_main:segment_main",
            env={JOB_VARIABLE: json.dumps(job)}, plusargs=[f"+recorder={folder / RECORDS_NAME}"],
        )  # fmt: skip
        result.check()
        played = segment.Played.from_json(result.value)
        tally = Tally()
        segment.check_same(tally, played.timeline, _play_twins(self.size).timeline)
        segment.check_theory(tally, played)
        return [_verdict(self.row, self.size, tally)]


def _play_twins(size: segment.Size) -> segment.Played:
    kernel = VirtualTime()
    return kernel.run(segment.play(kernel, planned_model_bench(kernel, segment.plan(size)), size))


def _verdict(row: Row, size: segment.Size, tally: Tally) -> Verdict:
    return Verdict(row.id, f"{size.speed_mbps} Mb/s", tally.cases, tally.failed, tally.failures)
