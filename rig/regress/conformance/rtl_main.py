"""What the simulator's process does: play the rows of a job on the Verilog adapter, and report each as it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rig.build import rtl_fixture
from rig.regress.conformance.play import play_rows
from rig.regress.conformance.rows import find_rows
from rig.runtime.pump_cocotb import SimTime

JOB_VARIABLE = "RIG_CONFORMANCE_JOB"


async def main(kernel: SimTime, dut: Any) -> list[dict[str, Any]]:
    """Run the job that :data:`JOB_VARIABLE` describes: ``{rows, speed_mbps, is_thorough, folder}``."""
    job = json.loads(os.environ[JOB_VARIABLE])
    fixture = rtl_fixture(kernel, dut, Path(job["folder"]), speed_mbps=job["speed_mbps"])
    verdicts = await play_rows(fixture, find_rows(job["rows"]), is_thorough=job["is_thorough"])
    return [verdict.to_json() for verdict in verdicts]
