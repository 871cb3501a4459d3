"""Run a scenario on network interfaces of this machine, on the wall clock: frames really pass through the kernel."""

from __future__ import annotations

import platform
import time
from contextlib import ExitStack
from pathlib import Path

from rig.adapter.recorder import Timeline
from rig.boards import inventory
from rig.boards.lock import board_lock
from rig.build.nic_bench import NicBench
from rig.config.scenario import Scenario
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import Facts
from rig.scenario.play import OnProgress, Play
from rig.scenario.ports import LOCK_WAIT_S, port_plan
from rig.scenario.run import Recording, write_record
from rig.scenario.run_folder import count_medium
from rig.units import NS_PER_S

DRAIN_NS = 2 * NS_PER_S
"""Longer than in a simulation: a busy machine may not run us for a while."""


def cable_in_words(scenario: Scenario) -> str:
    """Say what joins the stations."""
    named = [segment.cable for segment in scenario.segments.values() if segment.cable is not None]
    return f"cable {', '.join(named)}" if named else "a veth cable"


def run_nic(scenario: Scenario, file: CarriedFile, folder: Path, on_progress: OnProgress | None) -> Recording:
    """Play a scenario over a real cable, or a veth one; write the timeline and the capture into ``folder``.

    Its times are those of the host's clock, so no two runs are the same to the nanosecond. :class:`ConfigError` for a
    scenario that such a cable cannot carry.
    """
    start_s = time.monotonic()
    limit_s = scenario.limits.wall_s
    targets = {station.name: inventory.find(station.port) for station in scenario.stations if station.port is not None}
    with ExitStack() as opened:
        for target in targets.values():
            opened.enter_context(board_lock(target.name, target.key, wait_s=LOCK_WAIT_S))
        ports = {name: port_plan(target) for name, target in targets.items()}
        bench = opened.enter_context(NicBench(scenario, ports))
        play = Play(
            bench.kernel, scenario, bench, file, on_progress=on_progress,
            is_expired=lambda: time.monotonic() - start_s > limit_s, drain_ns=DRAIN_NS,
        )  # fmt: skip

        async def main() -> tuple[Facts, Timeline]:
            try:
                return await play.run()
            finally:
                bench.close_boards()

        facts, timeline = bench.kernel.run(main())
    write_record(folder, scenario, timeline)
    return Recording(facts, count_medium(timeline), {}, time.monotonic() - start_s, {"kernel": platform.release()})
