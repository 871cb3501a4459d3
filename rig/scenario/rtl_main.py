"""What runs inside the simulator's process: play the scenario of the job file on the Verilog adapters."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from rig.build.bench import rtl_bench
from rig.config.scenario import Scenario
from rig.runtime.kernel import Kernel
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import Progress
from rig.scenario.play import Play
from rig.scenario.rtl import JOB_VARIABLE, PROGRESS_MARK
from rig.scenario.run import count_play, write_record


async def main(kernel: Kernel, dut: Any) -> dict[str, Any]:
    """Play the scenario on ``dut``, write its record beside the job file, and return the facts as JSON values."""
    start_s = time.monotonic()
    job = json.loads(Path(os.environ[JOB_VARIABLE]).read_text(encoding="utf-8"))
    scenario = Scenario.model_validate_json(json.dumps(job["scenario"]))
    file = CarriedFile(job["file"]["name"], Path(job["file"]["path"]).read_bytes())
    bench = rtl_bench(kernel, dut, scenario, Path(job["records"]))
    play = Play(
        kernel, scenario, bench, file, on_progress=_tell,
        is_expired=lambda: time.monotonic() - start_s > scenario.limits.wall_s,
    )  # fmt: skip
    facts, timeline = await play.run()
    write_record(Path(job["folder"]), scenario, timeline)
    return {"facts": facts.to_json(), "medium": count_play(timeline, facts)}


def _tell(progress: Progress) -> None:
    sys.stdout.write(f"{PROGRESS_MARK}{json.dumps(progress.to_json())}\n")
    sys.stdout.flush()
