"""``rig python``: run a program on the sockets of a host of the rig."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rig.config.node import load_node
from rig.errors import UsageError
from rig.live.program import run_program
from rig.live.run import InterruptedRunError, LiveRun, run_live

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class ProgramOptions:
    """What ``rig python`` was asked for."""

    target: str
    arguments: list[str]
    config: Path
    is_module: bool
    capture: Path | None


def run_python(options: ProgramOptions) -> int:
    """Run the program to its end and return its exit status."""
    if not options.is_module and not Path(options.target).is_file():
        raise UsageError(f"{options.target!r} is no file; name a script, or a module with -m")

    async def program(run: LiveRun) -> int:
        return await run_program(run, options.target, options.arguments, is_module=options.is_module)

    try:
        return run_live(load_node(options.config), program, capture=options.capture)
    except InterruptedRunError:
        return INTERRUPTED
