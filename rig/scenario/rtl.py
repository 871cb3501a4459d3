"""Run a scenario on the Verilog adapter: build the bench, run the simulator, and read back what its process found out.

The parent builds and waits; the scenario itself is played by :func:`rig.scenario.rtl_main.main` inside the simulator's
process. They share a job file, the environment variable that names it, and lines of JSON with a mark on the simulator's
output, which tell how far the run is.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rig.build.bench import rtl_top
from rig.build.device import sockets_of
from rig.config.scenario import Scenario
from rig.errors import AdapterFault, ToolError
from rig.regress import simbuild, tools
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import Facts, Progress
from rig.scenario.play import OnProgress
from rig.scenario.run import Recording

MAIN = "rig.scenario.rtl_main:main"
JOB_VARIABLE = "RIG_SCENARIO_JOB"
PROGRESS_MARK = "rig-progress "
WALL_GRACE_S = 30
"""The scenario ends itself at its limit of wall time; a simulator that does not let it is killed this much later."""


def run_rtl(
    scenario: Scenario,
    file: CarriedFile,
    folder: Path,
    on_progress: OnProgress | None,
    on_phase: Callable[[str], None] = lambda _: None,
    *,
    with_waves: bool = False,
) -> Recording:
    """Play ``scenario`` in a simulator; write the timeline and the capture, and waves if asked, into ``folder``.

    :class:`~rig.errors.ToolError` if no simulator can be used, the build fails, or the simulator dies.
    """
    simulator = tools.choose_simulator()
    top, parameters = rtl_top(scenario)
    on_phase(f"building the Verilog adapters with {simulator} (some 30 s the first time, then cached)")
    sockets = sockets_of(scenario, top)
    build = simbuild.build(
        simulator, top, parameters=parameters | sockets.parameters(), devices=sockets.devices, waves=with_waves
    )
    on_phase(f"simulating the Verilog adapters with {simulator}")
    work = folder / "simulation"
    work.mkdir()
    start_s = time.monotonic()
    result = simbuild.run(
        build,
        run_dir=work,
        main=MAIN,
        timeout_s=scenario.limits.wall_s + WALL_GRACE_S,
        env={JOB_VARIABLE: str(write_job(work, scenario, file))},
        plusargs=[f"+recorder={record_path(work).resolve()}"],
        on_line=None if on_progress is None else _reader(on_progress),
    )
    wall_s = time.monotonic() - start_s
    try:
        result.check()
    except simbuild.SimulationError as error:
        if error.type_name == AdapterFault.__name__:
            raise AdapterFault(error.problem) from error
        raise
    if not isinstance(result.value, dict):
        raise ToolError("the simulator ended before the scenario did", last_lines=_tail(result.log_path))
    for name in ("timeline.json", "wire.pcapng"):
        (work / name).rename(folder / name)
    versions = {tool.name: tool.version for tool in tools.simulator_facts(simulator).tools if tool.version}
    environment = {"tools": versions, "machine": platform.machine(), "build_cached": build.was_cached}
    if sockets.devices:
        environment["devices"] = sockets.environment()
    simulator_version = {simulator: tools.simulator_facts(simulator).version, "cocotb": _cocotb_version()}
    return Recording(
        Facts.from_json(result.value["facts"]), result.value["medium"], simulator_version, wall_s, environment,
        sockets.facts(),
    )  # fmt: skip


def write_job(work: Path, scenario: Scenario, file: CarriedFile) -> Path:
    """Write what the process in the simulator must know, and return the file's absolute path."""
    job = work.resolve() / "job.json"
    content = job.with_name("carried")
    content.write_bytes(file.content)
    fields = {
        "scenario": scenario.model_dump(mode="json", by_alias=True),
        "file": {"name": file.name, "path": str(content)},
        "folder": str(job.parent),
        "records": str(record_path(job.parent)),
    }
    job.write_text(json.dumps(fields), encoding="utf-8")
    return job


def record_path(work: Path) -> Path:
    """Return the file that the recorder of the bench writes."""
    return work / "records.txt"


def _reader(on_progress: OnProgress) -> Callable[[str], None]:
    def read(line: str) -> None:
        _, mark, text = line.partition(PROGRESS_MARK)
        if mark:
            value: dict[str, Any] = json.loads(text)
            on_progress(Progress(**value))

    return read


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def _cocotb_version() -> str:
    from importlib.metadata import version

    return version("cocotb")
