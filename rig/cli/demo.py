"""``rig demo``: run a scenario on one backend or two, show it while it runs, and say what came of it."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from rig.cli.display import Display
from rig.cli.json_output import print_json
from rig.config.device import load_device
from rig.config.scenario import BackendName
from rig.errors import ExitCode, UsageError
from rig.scenario.catalog import carried_file, find_scenario, printable
from rig.scenario.run import Request, Run, run_scenario

STORY_LINES = 30


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asks for."""

    backends: Sequence[str]
    scenario: str
    file: Path | None
    seed: int | None
    runs: Path
    open_page: bool
    as_json: bool
    ports: Sequence[str] = ()
    with_waves: bool = False
    device: Path | None = None
    """A device file: what every adapter in Verilog is that names none."""


def run_demo(options: DemoOptions) -> ExitCode:
    """Run the demonstration and print its result; return the exit code.

    :class:`~rig.errors.RigError` for whatever keeps it from running.
    """
    if options.ports and list(options.backends) != ["board"]:
        raise UsageError("--port names a board: it goes with --backend board")
    if options.with_waves and not {"rtl", "board"} & set(options.backends):
        raise UsageError("--waves are of signals in Verilog: it goes with --backend rtl or board")
    if options.device is not None and not {"rtl", "board"} & set(options.backends):
        raise UsageError("--device is an adapter in Verilog: it goes with --backend rtl or board")
    name, path, scenario = find_scenario(options.scenario)
    if options.device is not None:
        load_device(options.device)
        scenario = scenario.model_copy(update={"device": str(options.device.resolve())})
    if options.seed is not None:
        scenario = scenario.model_copy(update={"seed": options.seed})
    file = carried_file(options.file, scenario, path)
    command = [printable(word) for word in (Path(sys.argv[0]).name, *sys.argv[1:])]
    request = Request(name, scenario, "model", file, options.runs, command, options.ports, options.with_waves)
    display = None if options.as_json else Display()
    runs: dict[str, Run] = {}
    for backend in options.backends:
        request = replace(request, backend=cast(BackendName, backend))
        if display is None:
            runs[backend] = run_scenario(request)
        else:
            with display.running(backend, request):
                runs[backend] = run_scenario(request, display.progress, display.phase)
            display.show_run(runs[backend])
    if display is None:
        print_json(summarise(name, scenario.seed, runs))
    else:
        display.show_end(runs, same_file=_same_file(runs), same_timeline=same_timeline(runs))
    for run in runs.values():
        if not run.passed and run.story:
            _tell_story(run)
    if options.open_page:
        for run in runs.values():
            webbrowser.open((run.folder / "index.html").resolve().as_uri())
    return ExitCode.PASSED if all(run.passed for run in runs.values()) else ExitCode.TEST_FAILURES


def summarise(name: str, seed: int, runs: dict[str, Run]) -> dict[str, Any]:
    """Return what ``--json`` prints; its outcome, error and time are of the first run that failed, else the first."""
    chosen = next((run for run in runs.values() if not run.passed), next(iter(runs.values())))
    return {
        "scenario": name,
        "seed": seed,
        "passed": all(run.passed for run in runs.values()),
        "outcome": chosen.result["outcome"],
        "error": chosen.result["error"],
        "at_ns": chosen.result["at_ns"],
        "same_file": _same_file(runs),
        "same_timeline": same_timeline(runs) if len(runs) > 1 else None,  # nothing to compare with
        "run": str(list(runs.values())[-1].folder),
        "backends": {backend: _backend(run) for backend, run in runs.items()},
    }


def _backend(run: Run) -> dict[str, Any]:
    result = run.result
    file = next(iter(result["files"]), {"octets": None, "sha256_sent": None, "sha256_received": None})
    medium = result["medium"]
    return {
        "run": str(run.folder),
        "passed": run.passed,
        "outcome": result["outcome"],
        "error": result["error"],
        "at_ns": result["at_ns"],
        "octets": file["octets"],
        "sha256_sent": file["sha256_sent"],
        "sha256_received": file["sha256_received"],
        "sim_ns": result["sim_ns"],
        "wall_s": round(run.wall_s, 3),
        "collisions": medium["collisions"],
        "jams": medium["jams"],
        "mac_retransmissions": medium["mac_retransmissions"],
    }


def same_timeline(runs: dict[str, Run]) -> bool:
    """Tell whether stations and medium did the same on every backend, to the nanosecond."""
    return len({(run.folder / "timeline.json").read_bytes() for run in runs.values()}) == 1


def _same_file(runs: dict[str, Run]) -> bool | None:
    """Tell whether every side has the same file; None where the scenario carries none."""
    digests = {
        digest
        for run in runs.values()
        for file in run.result["files"]
        for digest in (file["sha256_sent"], file["sha256_received"])
    }
    return len(digests) == 1 if digests else None


def _tell_story(run: Run) -> None:
    print(f"\nThe last that happened ({run.folder / 'story.txt'} has more):", file=sys.stderr)
    for line in run.story[-STORY_LINES:]:
        print(f"  {line}", file=sys.stderr)
