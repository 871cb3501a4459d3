"""Play the faults of a board link on a board in Verilog: each in a simulator of its own, as many at once as there are
processors.

What runs inside a simulator's process is :func:`main`; it finds its case in an environment variable.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rig.boards.exercise import Tally
from rig.boards.faults import FaultCase, Played, play_case
from rig.boards.virtual_rtl import build_boards
from rig.build.board import FAR_END_BOARD
from rig.regress import simbuild
from rig.regress.simbuild import Build
from rig.units import NS_PER_S

JOB_VARIABLE = "RIG_FAULT_CASE"
BLOCK_WORDS = 12
"""Long blocks take long, and add nothing to what a noisy line can do to a transaction."""
PORTION = 2500
"""Transactions of a row that one simulator plays."""
POWER_ON_NS = 1_000
TIMEOUT_S = 3600
SIM_LIMIT_NS = 600 * NS_PER_S


def play_on_rtl(cases: Sequence[FaultCase], *, folder: Path | None = None) -> Iterator[Played]:
    """Play each case on a fresh board; yield what came of them in their order.

    The simulators' logs are left in ``folder``; None: nowhere. :class:`~rig.errors.ToolError` if there is no simulator,
    the build fails, or a simulator dies.
    """
    build = build_boards([FAR_END_BOARD])
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        folders = [(folder or Path(scratch)) / str(number) for number in range(len(cases))]
        try:
            yield from pool.map(lambda case, at: _simulate(build, case, at), cases, folders)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _simulate(build: Build, case: FaultCase, folder: Path) -> Played:
    result = simbuild.run(
        build, run_dir=folder, timeout_s=TIMEOUT_S, main="rig.boards.rtl_faults:main",
        env={JOB_VARIABLE: json.dumps(asdict(case))}, sim_limit_ns=SIM_LIMIT_NS,
    )  # fmt: skip
    result.check()
    value = result.value
    return Played(Tally(**value["tally"]), value["octets_hit"], value["problem"])


async def main(kernel: Any, dut: Any) -> dict[str, Any]:
    """Play the case of the environment on the board of the simulation that runs this process."""
    from rig.build.rtl_board import RtlFarEnd

    case = FaultCase(**json.loads(os.environ[JOB_VARIABLE]))
    far_end = RtlFarEnd(kernel, dut, seed=case.seed, is_hasty=not case.is_noise)
    await kernel.sleep_until(POWER_ON_NS)
    return asdict(await play_case(far_end, case))
