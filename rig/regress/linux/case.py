"""A case against the Linux kernel, and the row that comes of it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rig.errors import ExitCode, ToolError
from rig.regress.linux.judge import judge
from rig.regress.linux.world import Bench, KernelOptions, World

TO_LINUX, FROM_LINUX, BOTH_WAYS = "to linux", "from linux", "both ways"
AS_INSTALLED = KernelOptions()
PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What a case found: whether the octets that arrived are those that were sent (None: nothing to compare), and what
    was wrong, if anything. ``not_run`` says why it could not be tried."""

    sha_ok: bool | None = None
    problem: str = ""
    not_run: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to be done with a peer. ``octets`` are of application data; ``conduct``: frames of ours are judged by
    the experts on TCP too, which makes no sense where the peer provokes.
    ``requirements`` are rows of the conformance tables that the case shows."""

    peer: str
    play: Callable[[Bench], Awaitable[Result]]
    direction: str = BOTH_WAYS
    octets: int = 0
    what: str = ""
    options: KernelOptions = AS_INSTALLED
    tools: tuple[str, ...] = ()
    conduct: bool = True
    requirements: tuple[str, ...] = ()
    is_quick: bool = False

    @property
    def id(self) -> str:
        """A name for the case that tells it from all others."""
        words = [self.peer, self.what, str(self.options), self.direction, str(self.octets)]
        return ", ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one case; ``expert_flags`` counts marked frames of ours, ``flags`` says which marks."""

    peer: str
    options: str
    direction: str
    octets: int
    sha_ok: bool | None
    expert_flags: int
    outcome: str
    problem: str = ""
    flags: dict[str, int] = field(default_factory=dict)


def run_case(case: Case, capture: Path | None = None) -> Row:
    """Run one case in namespaces of its own; ``capture`` keeps the frames. Needs root and the tools of the case."""
    options = ", ".join(part for part in (case.what, str(case.options)) if part)
    facts = (case.peer, options, case.direction, case.octets)
    missing = [tool for tool in (*case.tools, "tcpdump", "tshark", "nsenter", "unshare") if shutil.which(tool) is None]
    if missing:
        return Row(*facts, None, 0, NOT_RUN, f"needs {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="rig-linux-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # servers give up their rights
        frames = capture or folder / "peer.pcap"
        try:
            with World(case.options) as world:
                result, unjudged = world.play(case.play, folder, frames)
            if result.not_run:
                return Row(*facts, None, 0, NOT_RUN, result.not_run)
            flags = {} if unjudged else judge(frames, conduct=case.conduct)
        except (ToolError, OSError) as err:
            return Row(*facts, None, 0, FAILED, str(err))
    problem = result.problem or unjudged
    if result.sha_ok is False:
        problem = problem or "what arrived is not what was sent"
    if flags:
        problem = problem or "marked: " + ", ".join(f"{count} {word}" for word, count in flags.items())
    return Row(*facts, result.sha_ok, sum(flags.values()), FAILED if problem else PASSED, problem, flags)


def to_json(rows: Sequence[Row]) -> str:
    """Return the rows as one JSON object."""
    return json.dumps({"schema": SCHEMA, "rows": [asdict(row) for row in rows]}, indent=2) + "\n"


def exit_code(rows: Sequence[Row]) -> ExitCode:
    """Return what a command that ran the rows returns."""
    if any(row.outcome == FAILED for row in rows):
        return ExitCode.TEST_FAILURES
    return ExitCode.PASSED if any(row.outcome == PASSED for row in rows) else ExitCode.NOTHING_RAN
