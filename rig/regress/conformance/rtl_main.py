"""What the simulator's process does: play a job on the Verilog adapters, and hand back what came of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rig.build.bench import planned_rtl_bench
from rig.build.fixtures import rtl_board_fixture, rtl_fixture
from rig.regress.conformance import segment
from rig.regress.conformance.play import play_rows
from rig.regress.conformance.rows import find_rows
from rig.runtime.pump_cocotb import SimTime

JOB_VARIABLE = "RIG_CONFORMANCE_JOB"
RECORDS_NAME = "records.txt"
POWER_ON_NS = 1_000
"""Until a board listens to its line."""


async def main(kernel: SimTime, dut: Any) -> list[dict[str, Any]]:
    """Run rows at the pins: ``{rows, speed_mbps, bus_period_ns, has_back_door, is_thorough, folder}``."""
    job = _job()
    fixture = rtl_fixture(
        kernel, dut, Path(job["folder"]), speed_mbps=job["speed_mbps"], bus_period_ns=job["bus_period_ns"],
        has_back_door=job["has_back_door"],
    )  # fmt: skip
    verdicts = await play_rows(fixture, find_rows(job["rows"]), is_thorough=job["is_thorough"])
    return [verdict.to_json() for verdict in verdicts]


async def board_main(kernel: SimTime, dut: Any) -> list[dict[str, Any]]:
    """Run rows at the pins of an adapter behind a serial line: the same job as of :func:`main`."""
    job = _job()
    fixture = rtl_board_fixture(kernel, dut, Path(job["folder"]), speed_mbps=job["speed_mbps"])
    await kernel.sleep_until(POWER_ON_NS)
    verdicts = await play_rows(fixture, find_rows(job["rows"]), is_thorough=job["is_thorough"])
    return [verdict.to_json() for verdict in verdicts]


async def segment_main(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Run the program of :mod:`rig.regress.conformance.segment`: ``{size, folder}``."""
    job = _job()
    size = segment.Size.from_json(job["size"])
    bench = planned_rtl_bench(kernel, dut, segment.plan(size), Path(job["folder"]) / RECORDS_NAME)
    return (await segment.play(kernel, bench, size)).to_json()


def _job() -> dict[str, Any]:
    job: dict[str, Any] = json.loads(os.environ[JOB_VARIABLE])
    return job
