"""One attempt at an item: its commands in processes of their own, bounded, and what their end means."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.errors import ExitCode
from rig.regress.phases import VARIABLE, Phases, read_phases
from rig.regress.process import bound_to_caller, last_lines
from rig.regress.regression.items import FOLDER, ITEM_FOLDER, OF_RIG, Item
from rig.regress.regression.results import Outcome

LOG = "log.txt"
KILL_GRACE_S = 10
ERROR_CHARACTERS = 300
PYTEST_STATUS = {3: Outcome.INFRASTRUCTURE, 4: Outcome.INFRASTRUCTURE, 5: Outcome.NOT_RUN}
"""Of statuses that are no verdict: pytest itself broke, was asked for what it does not know, had nothing to run."""
PROGRAMS = {"rig": (sys.executable, "-m", "rig.cli"), "pytest": (sys.executable, "-m", "pytest")}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an attempt: passed, failed, infrastructure or not run, the error in a line, seconds by phase."""

    outcome: Outcome
    error: str
    seconds: dict[str, float]
    broken_phase: str | None = None


async def attempt(item: Item, folder: Path, *, with_waves: bool, last_failed: bool = False) -> Attempt:
    """Run the steps of ``item`` in ``folder``, which is made; the log and what the item leaves go there.

    ``last_failed`` of pytest: only the tests that failed in the attempt before. A cancelled attempt has killed its
    processes when it raises.
    """
    folder.mkdir(parents=True)
    lacking = [tool for tool in item.needs if shutil.which(tool) is None]
    if lacking:
        return Attempt(Outcome.INFRASTRUCTURE, f"not on the path: {', '.join(lacking)}; install it", {"run": 0.0})
    environment = {**os.environ, VARIABLE: str((folder / "phases.jsonl").resolve()), "PYTHONUNBUFFERED": "1"}
    environment["RIG_FOLDER"] = str(folder.resolve())
    if with_waves:
        environment["RIG_WAVES"] = "1"
    if item.seed is not None:
        environment |= {"RIG_SEED": str(item.seed), "COCOTB_RANDOM_SEED": str(item.seed)}
    start_s = time.monotonic()
    status: int | None = 0
    for index, step in enumerate(item.steps):
        places = {FOLDER: str(folder.resolve()), ITEM_FOLDER: str(folder.resolve().parent)}
        words = [_filled(word, places) for word in step]
        if with_waves and item.has_waves and index == len(item.steps) - 1:
            words.append("--waves")
        if last_failed:
            words.append("--last-failed")
        try:
            left_s = item.limit_s - (time.monotonic() - start_s)
            status = await _run(words, item.kind, environment, folder / LOG, left_s)
        except OSError as error:
            problem = f"{words[0]} cannot be started: {error.strerror}"
            return Attempt(Outcome.INFRASTRUCTURE, problem, {"run": time.monotonic() - start_s})
        if status != 0:
            break
    return _judge(item, folder, status, time.monotonic() - start_s)


def _filled(word: str, places: Mapping[str, str]) -> str:
    for mark, path in places.items():
        word = word.replace(mark, path)
    return word


async def _run(
    words: Sequence[str], kind: str, environment: Mapping[str, str], log: Path, limit_s: float
) -> int | None:  # fmt: skip
    """Run a command and return its status; None if it was killed at its limit."""
    program = PROGRAMS.get(words[0], (words[0],)) if kind != "command" else (words[0],)
    command = bound_to_caller([*program, *words[1:]], environment)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, env=dict(environment),
            start_new_session=True,
        )  # fmt: skip
    try:
        return await asyncio.wait_for(process.wait(), max(limit_s, 0.001))
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            kill_tree(process.pid)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), KILL_GRACE_S)
        else:  # its children may outlive it; its own number may be another's by now
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    """Kill a process, its group, and what it has started in groups of their own (where /proc tells).

    From the top down: one whose child dies first may act on that (start another, or end with a status of its own).
    """
    for each in [pid, *_descendants(pid)]:
        for kill in (os.kill, os.killpg):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(each, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue  # it has ended
        children.setdefault(parent, []).append(int(path.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _judge(item: Item, folder: Path, status: int | None, seconds: float) -> Attempt:
    phases = read_phases(folder / "phases.jsonl")
    spent = {name: round(value, 3) for name, value in phases.seconds.items()}
    spent["run"] = round(max(0.0, seconds - sum(spent.values())), 3)
    if status == 0:
        return Attempt(Outcome.PASSED, "", spent)
    if status is None:
        limit = f"killed at its limit of {item.limit_s:g} s"
        if phases.broken is not None:
            return Attempt(
                Outcome.INFRASTRUCTURE, f"{limit}, still in the phase {phases.broken}", spent, phases.broken
            )  # fmt: skip
        return Attempt(Outcome.FAILED, limit, spent)
    error = _first_line(phases.message) or _scenario_error(folder) or _last_line(folder / LOG)
    if status < 0:
        error = f"ended by {signal.Signals(-status).name}: {error}"
    outcome = _outcome(item, status, phases)
    return Attempt(outcome, error, spent, phases.broken if outcome is Outcome.INFRASTRUCTURE else None)


def _outcome(item: Item, status: int, phases: Phases) -> Outcome:
    """Say what a status other than 0 means; that of a foreign program is a failure, whatever it is."""
    if phases.broken is not None:
        return Outcome.INFRASTRUCTURE
    if item.kind in OF_RIG:
        if status == ExitCode.NOTHING_RAN:
            return Outcome.NOT_RUN
        if status in (ExitCode.USAGE, ExitCode.BUILD, ExitCode.INFRASTRUCTURE):
            return Outcome.INFRASTRUCTURE
    if item.kind == "pytest" and status in PYTEST_STATUS:
        return PYTEST_STATUS[status]
    return Outcome.FAILED


def _scenario_error(folder: Path) -> str:
    for path in sorted(folder.glob("runs/*/result.json")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            result = json.loads(path.read_text(encoding="utf-8"))
            return f"{result['outcome']}: {_first_line(result['error'] or 'not as the scenario expects')}"
    return ""


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:ERROR_CHARACTERS]


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in last_lines(log).splitlines() if line.strip()]
    return lines[-1][:ERROR_CHARACTERS] if lines else "it said nothing"
