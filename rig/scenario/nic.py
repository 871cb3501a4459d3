"""Run a scenario on network interfaces of this machine, on the wall clock: frames really pass through the kernel."""

from __future__ import annotations

import platform
import time
from pathlib import Path

from rig.build.nic_bench import NicBench
from rig.config.scenario import Scenario
from rig.scenario.play import CarriedFile, OnProgress, Play
from rig.scenario.run import Recording, write_record
from rig.scenario.run_folder import count_medium
from rig.units import NS_PER_S

DRAIN_NS = 2 * NS_PER_S
"""Longer than in a simulation: a busy machine may not run us for a while."""


def run_nic(scenario: Scenario, file: CarriedFile, folder: Path, on_progress: OnProgress | None) -> Recording:
    """Play a scenario over a veth cable; write the timeline and the capture into ``folder``.

    Its times are those of the host's clock, so no two runs are the same to the nanosecond. :class:`ConfigError` for a
    scenario that such a cable cannot carry.
    """
    start_s = time.monotonic()
    limit_s = scenario.limits.wall_s
    with NicBench(scenario) as bench:
        kernel = bench.kernel
        play = Play(
            kernel, scenario, bench, file, on_progress=on_progress,
            is_expired=lambda: time.monotonic() - start_s > limit_s, drain_ns=DRAIN_NS,
        )  # fmt: skip
        facts, timeline = kernel.run(play.run())
    write_record(folder, scenario, timeline)
    return Recording(facts, count_medium(timeline), {}, time.monotonic() - start_s, {"kernel": platform.release()})
