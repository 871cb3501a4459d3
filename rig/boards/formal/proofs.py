"""Runs the table of properties: each is proven, not empty and notices its planted bug, or its row says what it is not.

All properties of a module that are shown by induction are shown together, since each helps the others; so are those
that are searched for a counterexample to a stated depth. Covers are reached together. Each planted bug has a run of its
own, in which only its property is looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from rig.boards.formal.solver import Run, Verdict, run
from rig.config.formal import ProvenModule

AT_ONCE = 2
"""Runs of the solver, which may take some hundred MiB each."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a property. ``kills``: the planted bug that broke it, None if it went unnoticed."""

    property: str
    module: str
    proven: bool
    method: str
    depth: int
    cover_reached: bool
    kills: str | None
    problem: str = ""
    """Why it is not as it should be, for people; not in the JSON."""

    def is_good(self) -> bool:
        """Whether it is proven, says something, and would notice if it were not so."""
        return self.proven and self.cover_reached and self.kills is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the row of ``build/formal.json``."""
        facts = asdict(self)
        del facts["problem"]
        return facts


def runs_of(entry: ProvenModule) -> dict[str, Run]:
    """Return the runs of a module: ``induction``, ``bounded``, ``cover``, and ``bug-<property>`` for each."""
    runs: dict[str, Run] = {}
    if entry.induction is not None:
        runs["induction"] = Run(entry, "prove", entry.induction, entry.shown_by("induction"), helpers=True)
    if entry.bounded is not None:
        runs["bounded"] = Run(entry, "bmc", entry.bounded, entry.shown_by("bounded"))
    covers = tuple(dict.fromkeys(claim.cover for claim in entry.properties))
    runs["cover"] = Run(entry, "cover", entry.search, covers)
    for claim in entry.properties:
        runs[f"bug-{claim.property}"] = Run(entry, "bmc", entry.search, (claim.property,), bug=claim.bug)
    return runs


def rows_of(entry: ProvenModule, verdicts: dict[str, Verdict]) -> list[Row]:
    """Return the rows of a module from the verdicts of :func:`runs_of`."""
    rows = []
    for claim in entry.properties:
        shown, reached, bug = verdicts[claim.method], verdicts["cover"], verdicts[f"bug-{claim.property}"]
        proven = shown.status == "PASS"
        cover_reached = reached.status in ("PASS", "FAIL") and claim.cover not in reached.failed
        killed = bug.status == "FAIL" and claim.property in bug.failed
        problems = []
        if not proven:
            problems.append(_why(claim.property, shown))
        if not cover_reached:
            problems.append(f"{claim.cover} is not reached in {entry.search} steps ({reached.status})")
        if not killed:
            problems.append(f"the bug goes unnoticed for {entry.search} steps ({bug.status}): {claim.bug.says}")
        rows.append(Row(claim.property, entry.module, proven, claim.method, entry.depth_of(claim.method) or 0,
                        cover_reached, claim.bug.says if killed else None, "; ".join(problems)))  # fmt: skip
    return rows


def _why(name: str, verdict: Verdict) -> str:
    if name in verdict.failed:
        return f"counterexample in {verdict.trace}"
    if verdict.failed:
        return f"not shown, because {' and '.join(verdict.failed)} failed"
    return f"not shown: {verdict.status}"


def prove(
    entries: Sequence[ProvenModule], progress: Callable[[str, str, Verdict], object] = lambda *_: None
) -> list[Row]:
    """Run all that the entries ask for, AT_ONCE at a time, and return their rows in the order of the table.

    ``progress`` is told module, name of the run and verdict of each. Errors are those of
    :func:`rig.boards.formal.solver.run`.
    """
    tasks = [(entry, name, question) for entry in entries for name, question in runs_of(entry).items()]

    cancelled = threading.Event()

    def ask(task: tuple[ProvenModule, str, Run]) -> Verdict:
        entry, name, question = task
        verdict = run(question, name, cancelled)
        progress(entry.module, name, verdict)
        return verdict

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [pool.submit(ask, task) for task in tasks]
        try:
            found = [answer.result() for answer in answers]
        except BaseException:  # an interrupt reaches this thread only; what the others wait for is to end with it
            cancelled.set()
            pool.shutdown(cancel_futures=True)
            raise
    verdicts: dict[str, dict[str, Verdict]] = {}
    for (entry, name, _), verdict in zip(tasks, found, strict=True):
        verdicts.setdefault(entry.module, {})[name] = verdict
    return [row for entry in entries for row in rows_of(entry, verdicts[entry.module])]
