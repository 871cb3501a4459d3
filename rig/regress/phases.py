"""What a process of a regression tells the runner that started it: which phase it is in, and the error that ended it.

Building, flashing and greeting are no tests: their time is told apart, and a failure in one of them is not a failure
of the adapter. The process appends a line of JSON to the file that RIG_PHASES names; without it nothing is written.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = "RIG_PHASES"
PROPERTY, INFRASTRUCTURE = "rig_outcome", "infrastructure"
"""What the plug-in for pytest notes in JUnit XML of a test that has no verdict."""
PHASES = ("build", "flash", "greeting")
"""Whatever is in none of them is the run."""


@contextlib.contextmanager
def in_phase(name: str) -> Iterator[None]:
    """Be in a phase, one of PHASES, within the context."""
    _note({"begin": name})
    start_s = time.monotonic()
    try:
        yield
    except BaseException:
        _note({"end": name, "seconds": time.monotonic() - start_s, "ok": False})
        raise
    _note({"end": name, "seconds": time.monotonic() - start_s, "ok": True})


def note_error(error: Exception) -> None:
    """Tell the error with which the process is about to end."""
    _note({"error": type(error).__name__, "message": str(error)})


@dataclass(slots=True)
class Phases:
    """What a process has told: seconds by phase, the phase it was in or failed in, the error that ended it."""

    seconds: dict[str, float] = field(default_factory=dict)
    broken: str | None = None
    error: str | None = None
    message: str = ""


def read_phases(path: Path) -> Phases:
    """Read what a process has told, also where it was killed in the middle of a line."""
    phases = Phases()
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return phases
    for line in lines:
        try:
            fact = json.loads(line)
        except ValueError:
            continue
        if "begin" in fact:
            phases.broken = fact["begin"]
        elif "end" in fact:
            name = fact["end"]
            phases.seconds[name] = phases.seconds.get(name, 0.0) + fact["seconds"]
            phases.broken = None if fact["ok"] else name
        elif "error" in fact:
            phases.error, phases.message = fact["error"], fact["message"]
    return phases


def _note(fact: dict[str, object]) -> None:
    name = os.environ.get(VARIABLE)
    if name:
        with contextlib.suppress(OSError), Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(fact) + "\n")
