"""Run a scenario on boards at ports of this machine, on the wall clock; in device time where they are simulated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rig.adapter.recorder import Timeline
from rig.boards import inventory
from rig.boards.inventory import Target
from rig.boards.lock import board_lock
from rig.build.port_bench import PortBench, PortPlan
from rig.config.scenario import Scenario
from rig.errors import ConfigError
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import Facts
from rig.scenario.play import OnProgress, Play
from rig.scenario.run import Recording, write_record
from rig.units import NS_PER_S

DRAIN_NS = 2 * NS_PER_S
LOCK_WAIT_S = 10.0


def run_ports(
    scenario: Scenario, ports: Sequence[str], file: CarriedFile, folder: Path, on_progress: OnProgress | None
) -> Recording:
    """Play a scenario on boards; write the timeline and the capture into ``folder``.

    ``ports`` name a board for each station, by its name in the inventory or by its port. Each is locked for the run.
    Times are those of the host's clock, so no two runs are the same. :class:`~rig.errors.ConfigError` for a scenario
    that boards at ports cannot play, :class:`~rig.errors.LinkError` for a board that is in use or does not greet.
    """
    targets = [inventory.find(port) for port in ports]
    if len({target.key for target in targets}) < len(targets):
        raise ConfigError(f"one board is named twice: {', '.join(ports)}")
    bench = PortBench(scenario, [port_plan(target) for target in targets])
    start_s = time.monotonic()
    limit_s = scenario.limits.wall_s
    play = Play(
        bench.kernel, scenario, bench, file, on_progress=on_progress,
        is_expired=lambda: time.monotonic() - start_s > limit_s, drain_ns=DRAIN_NS,
    )  # fmt: skip

    async def main() -> tuple[Facts, Timeline]:
        try:
            return await play.run()
        finally:
            bench.close()

    with ExitStack() as locks:
        for target in targets:
            locks.enter_context(board_lock(target.name, target.key, wait_s=LOCK_WAIT_S))
        facts, timeline = bench.kernel.run(main())
    write_record(folder, scenario, timeline)
    return Recording(facts, bench.medium(), {}, time.monotonic() - start_s, {"boards": bench.boards()})


def port_plan(target: Target) -> PortPlan:
    """Return what a bench must know of a board that is there."""
    board = None if target.kind is None else target.kind.greeting_id
    return PortPlan(target.name, target.locate, target.baud, board, target.timeout_ceiling_ms, target.rts_cts)
