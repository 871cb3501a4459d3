"""Run one scenario on one backend and write its run folder."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rig
from rig.adapter.recorder import MEDIUM, Timeline
from rig.adapter.registers import MAP_SHA256
from rig.build.bench import model_bench
from rig.config.scenario import BackendName, Scenario
from rig.report.page import write_page
from rig.runtime.virtual_time import VirtualTime
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import Facts
from rig.scenario.mixture import check_mixture
from rig.scenario.play import OnProgress, Play
from rig.scenario.run_folder import (
    SCHEMA,
    count_medium,
    new_run_folder,
    point_latest,
    write_capture,
    write_json,
    write_rows,
    write_timeline,
)


@dataclass(frozen=True, slots=True)
class Request:
    """What to run: a scenario (not yet resolved for the backend), the file to carry, and where run folders go."""

    name: str
    scenario: Scenario
    backend: BackendName
    file: CarriedFile
    runs: Path = Path("runs")
    command: Sequence[str] = ()
    ports: Sequence[str] = ()
    """Boards that are there, one for each station, by name or port; none: boards are simulated where they are asked
    for."""

    with_waves: bool = False
    """Whether a simulator writes the waves of every signal; only of adapters in Verilog."""

    @property
    def is_live(self) -> bool:
        """Whether times are those of the machine's clock."""
        return bool(self.ports) or self.scenario.for_backend(self.backend).is_live


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is over. ``result`` is what ``result.json`` holds; ``wall_s`` includes no simulator build."""

    folder: Path
    result: dict[str, Any]
    wall_s: float
    story: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the run ended as the scenario expects, with every file whole where that is to be expected."""
        return bool(self.result["passed"])


@dataclass(frozen=True, slots=True)
class Recording:
    """What a backend gives back: the facts; counts of the medium; versions and tools that made them.

    ``devices`` says of each station in Verilog which device it was, where that was not this project's own.
    """

    facts: Facts
    medium: dict[str, int]
    versions: dict[str, str]
    wall_s: float
    environment: dict[str, Any]
    devices: dict[str, dict[str, Any]] = field(default_factory=dict)


def run_scenario(
    request: Request, on_progress: OnProgress | None = None, on_phase: Callable[[str], None] = lambda _: None
) -> Run:
    """Run ``request`` and return what happened; the run folder is whole when this returns.

    ``on_progress`` may be called from another thread; ``on_phase`` is told in a few words what begins. A transfer
    that fails is a result, not an error. :class:`~rig.errors.RigError` where there can be no result: no simulator, an
    adapter that does not come up, a folder that cannot be written.
    """
    scenario = request.scenario.for_backend(request.backend)
    check_mixture(scenario, request.backend, request.ports)
    ports = _ports(request, scenario)
    if scenario.is_live and not ports:
        from rig.build.nic_bench import check_wall_clock  # with what is for Linux alone

        check_wall_clock(scenario)
    folder = new_run_folder(request.runs)
    started = datetime.now(UTC)
    try:
        recording = _record(request, scenario, ports, folder, on_progress, on_phase)
    except BaseException:
        if not any(folder.iterdir()):
            folder.rmdir()  # what a simulator left is kept, to be looked at
        raise
    facts = recording.facts
    result = _result(request, scenario, recording)
    write_json(folder / "result.json", result)
    write_json(
        folder / "environment.json",
        {
            "schema": SCHEMA,
            "started": started.isoformat(timespec="seconds"),
            "wall_s": round(recording.wall_s, 3),
            "host": platform.node(),
            "system": platform.platform(),
            "command": " ".join(request.command),
            **recording.environment,
        },
    )
    if facts.sockets:
        write_rows(folder / "sockets.json", "rows", facts.sockets)
    if facts.bus:
        write_rows(folder / "bus.json", "rows", facts.bus)
    if facts.story:
        (folder / "story.txt").write_text("\n".join(facts.story) + "\n", encoding="utf-8")
    write_page(folder)
    point_latest(folder)
    return Run(folder, result, recording.wall_s, tuple(facts.story))


def _ports(request: Request, scenario: Scenario) -> Sequence[str]:
    """Return the ports of the boards that the stations are, if all of them are at one."""
    named = [station.port for station in scenario.stations if station.port is not None]
    return request.ports or (named if scenario.is_live and len(named) == len(scenario.stations) else ())


def _record(
    request: Request,
    scenario: Scenario,
    ports: Sequence[str],
    folder: Path,
    on_progress: OnProgress | None,
    on_phase: Callable[[str], None],
) -> Recording:
    if ports:
        from rig.scenario.ports import run_ports

        on_phase(f"running on the boards at {', '.join(ports)}")
        return run_ports(scenario, ports, request.file, folder, on_progress)
    if scenario.is_live:
        from rig.scenario.nic import cable_in_words, run_nic

        on_phase("running over " + cable_in_words(scenario))
        return run_nic(scenario, request.file, folder, on_progress)
    backends = {adapter.backend for adapter in scenario.adapters()}
    if any(adapter.is_verilog for adapter in scenario.adapters()):
        from rig.scenario.rtl import run_rtl  # simulators are looked for only when one is used

        return run_rtl(scenario, request.file, folder, on_progress, on_phase, with_waves=request.with_waves)
    kinds = {"model": "the Python twins", "board": "virtual boards behind serial lines"}
    on_phase("simulating on " + " and ".join(words for kind, words in kinds.items() if kind in backends))
    return run_model(scenario, request.file, folder, on_progress)


def run_model(scenario: Scenario, file: CarriedFile, folder: Path, on_progress: OnProgress | None) -> Recording:
    """Play a scenario on twins in virtual time; write the timeline and the capture into ``folder``."""
    start_s = time.monotonic()
    kernel = VirtualTime()
    limit_s = scenario.limits.wall_s
    bench = model_bench(kernel, scenario)
    play = Play(
        kernel, scenario, bench, file, on_progress=on_progress,
        is_expired=lambda: time.monotonic() - start_s > limit_s,
    )  # fmt: skip
    facts, timeline = kernel.run(play.run())
    write_record(folder, scenario, timeline)
    return Recording(facts, count_play(timeline, facts), {}, time.monotonic() - start_s, {})


def count_play(timeline: Timeline, facts: Facts) -> dict[str, int]:
    """Return how often the media of a simulated run carried what."""
    return count_medium(timeline, facts.network.get("domains", ((MEDIUM,),)), facts.stations)


def write_record(folder: Path, scenario: Scenario, timeline: Timeline) -> None:
    """Write the two files that are made from a timeline."""
    write_timeline(folder, scenario, timeline)
    write_capture(folder, scenario, timeline)


def _mixture(scenario: Scenario) -> dict[str, Any]:
    """Return which adapter was on which backend, where they differ."""
    backends = {adapter.name: adapter.backend for adapter in scenario.adapters()}
    return {"backends": backends} if len(set(backends.values())) > 1 else {}


def _result(request: Request, scenario: Scenario, recording: Recording) -> dict[str, Any]:
    """Return ``result.json``: facts that are the same whenever and wherever they are found out."""
    facts = recording.facts
    expected = scenario.expect.outcome
    whole = all(transfer.is_whole for transfer in facts.transfers)
    return {
        "schema": SCHEMA,
        "scenario": request.name,
        "title": scenario.title or request.name,
        "description": scenario.description,
        "seed": scenario.seed,
        "backend": request.backend,
        **_mixture(scenario),
        **({"devices": recording.devices} if recording.devices else {}),
        "is_live": request.is_live,
        "versions": {"nicrig": rig.__version__, "python": platform.python_version(), **recording.versions},
        "regmap_hash": MAP_SHA256,
        "outcome": facts.outcome,
        "expected": expected,
        "passed": facts.outcome == expected and (whole or expected != "completed"),
        "error": facts.error,
        "at_ns": facts.at_ns,
        "sim_ns": facts.sim_ns,
        "medium": recording.medium,
        "files": [
            {
                "name": transfer.name,
                "octets": transfer.octets,
                "from": transfer.client,
                "to": transfer.server,
                "start_ns": transfer.start_ns,
                "end_ns": transfer.end_ns,
                "sha256_sent": transfer.sha256_sent,
                "sha256_received": transfer.sha256_received,
            }
            for transfer in facts.transfers
        ],
        "segments": {name: segment.model_dump() for name, segment in scenario.segments.items()},
        **({"network": facts.network} if facts.network else {}),
        "stations": {
            name: {
                "mac": station.mac,
                "ip": station.ip,
                "segment": station.segment,
                "position_bits": station.position_bits,
                "mtu": station.mtu,
                "counters": station.counters,
                "netstat": station.netstat,
                "netstat_ns": station.netstat_ns,
                "driver": station.driver,
                "stack": station.stack,
                "notices": station.notices,
                "impairments": station.impairments,
            }
            for name, station in facts.stations.items()
        },
    }
