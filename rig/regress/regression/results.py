"""The folder of a regression: what was to run, what came of it, as facts that reports and later runs read.

``plan.json`` is there from the start, ``results.jsonl`` grows by a line as each item ends, ``summary.json`` and
``junit.xml`` are written when the run ends, also where it is interrupted. A run that was killed has no summary; what
its items came to is read from the lines, and the others are *not run*.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rig.errors import ExitCode, UsageError
from rig.regress.regression.items import Expanded, Item

SCHEMA = 1
INTERRUPTED = "the regression was interrupted"
NOT_YET = "its turn has not come, or the regression was killed before"


class Outcome(StrEnum):
    """What came of an item."""

    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"
    """Failed, then passed with the same seed: in virtual and simulated time a fault of the rig."""
    INFRASTRUCTURE = "infrastructure"
    """No verdict: a build or a flash that failed, a tool that is missing, a board that somebody holds."""
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an item, or of one test of it: then ``id`` goes on behind that of the ``item``.

    ``seconds`` are of wall time by phase (build, flash, greeting, run), of the first attempt. ``error`` is one line.
    ``artefacts`` are paths relative to the folder of the regression.
    """

    id: str
    item: str
    kind: str
    outcome: Outcome
    seconds: dict[str, float] = field(default_factory=dict)
    attempts: int = 0
    seed: int | None = None
    error: str = ""
    broken_phase: str | None = None
    """Of infrastructure: the phase that failed, if it was one before the run."""
    repeat: str = ""
    artefacts: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Result:
        """Read a line of ``results.jsonl``."""
        known = {each.name for each in fields(cls)}
        return cls(**{key: content for key, content in value.items() if key in known} | {
            "outcome": Outcome(value["outcome"])
        })  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """A folder as it was read: the plan (``plan.json``) and the results, in the order of the plan."""

    folder: Path
    plan: dict[str, Any]
    results: list[Result]
    interrupted: bool

    @property
    def not_passed(self) -> set[str]:
        """The items that did not pass."""
        return {result.item for result in self.results if result.outcome is not Outcome.PASSED}


def start_folder(folder: Path, plan: Expanded, chosen: Sequence[Item], part: tuple[int, int]) -> dict[str, Any]:
    """Write ``plan.json``: all items of the plan, and which of them are to run here. Return what it holds."""
    facts: dict[str, Any] = {
        "schema": SCHEMA, "plan": plan.name, "title": plan.title, "seed": plan.seed, "sha256": plan.sha256,
        "shard": list(part), "items": [item.id for item in plan.items], "chosen": [item.id for item in chosen],
    }  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    (folder / "results.jsonl").touch()
    return facts


def append(folder: Path, results: Iterable[Result]) -> None:
    """Add lines to ``results.jsonl``, whole, in one write."""
    lines = "".join(json.dumps(asdict(result)) + "\n" for result in results)
    with (folder / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(lines)


def read_folder(folder: Path) -> Recorded:
    """Read the folder of a regression that has ended, or was broken off; :class:`UsageError` if it is none."""
    try:
        plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        lines = (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as err:
        raise UsageError(f"{folder} is no folder of a regression: {err}; `rig regress run` makes them") from err
    results = []
    for number, line in enumerate(lines, start=1):
        try:
            results.append(Result.from_json(json.loads(line)))
        except (ValueError, TypeError, KeyError) as err:
            if number < len(lines):
                raise UsageError(f"{folder / 'results.jsonl'}:{number} cannot be read: {err}") from err
            # The last line of a run that was killed while it wrote.
    done = {result.item for result in results}
    missing = [name for name in plan["chosen"] if name not in done]
    results += [not_run(name, NOT_YET) for name in missing]
    order = {name: index for index, name in enumerate(plan["items"])}
    results.sort(key=lambda result: order.get(result.item, -1))
    return Recorded(folder, plan, results, bool(missing) or any(is_interrupted(result) for result in results))


def not_run(name: str, reason: str) -> Result:
    """Return the result of an item that did not run."""
    return Result(name, name, name.partition("/")[0], Outcome.NOT_RUN, error=reason)


def is_interrupted(result: Result) -> bool:
    """Whether an item did not run because the regression ended before, or has not ended."""
    return result.outcome is Outcome.NOT_RUN and result.error in (INTERRUPTED, NOT_YET)


def count(results: Iterable[Result]) -> dict[str, int]:
    """Return how many results there are of each outcome."""
    counts = {outcome.value: 0 for outcome in Outcome}
    for result in results:
        counts[result.outcome.value] += 1
    return counts


def exit_code(results: Sequence[Result]) -> ExitCode:
    """Return what a regression with these results tells the shell.

    What failed or was flaky comes before what has no verdict; nothing that ran is no success.
    """
    outcomes = {result.outcome for result in results}
    if outcomes & {Outcome.FAILED, Outcome.FLAKY}:
        return ExitCode.TEST_FAILURES
    broken = [result for result in results if result.outcome is Outcome.INFRASTRUCTURE]
    if broken:
        is_build = all(result.broken_phase in ("build", "flash") for result in broken)
        return ExitCode.BUILD if is_build else ExitCode.INFRASTRUCTURE
    if any(is_interrupted(result) for result in results):
        return ExitCode.INFRASTRUCTURE
    return ExitCode.PASSED if Outcome.PASSED in outcomes else ExitCode.NOTHING_RAN


def summarise(recorded: Recorded) -> dict[str, Any]:
    """Return the object of ``summary.json`` and ``--json``; ``rows`` are the results that did not pass."""
    results = recorded.results
    return {
        "schema": SCHEMA,
        **{key: recorded.plan[key] for key in ("plan", "title", "seed", "sha256", "shard")},
        "folder": str(recorded.folder),
        "count": len(results),
        "outcomes": count(results),
        "interrupted": recorded.interrupted,
        "exit_code": int(exit_code(results)),
        "seconds": round(sum(sum(result.seconds.values()) for result in results), 3),
        "rows": [asdict(result) for result in results if result.outcome is not Outcome.PASSED],
    }


def finish_folder(folder: Path) -> Recorded:
    """Write ``summary.json`` and ``junit.xml`` from the other files, and return what they hold."""
    recorded = read_folder(folder)
    (folder / "summary.json").write_text(json.dumps(summarise(recorded), indent=1) + "\n", encoding="utf-8")
    ElementTree.ElementTree(_junit(recorded)).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)
    return recorded


def _junit(recorded: Recorded) -> ElementTree.Element:
    """Return JUnit XML as the usual servers read it: flaky is a failure that says so, no verdict is an error."""
    counts = count(recorded.results)
    suite = ElementTree.Element(
        "testsuite", name=printable(recorded.plan["plan"]), tests=str(len(recorded.results)),
        failures=str(counts["failed"] + counts["flaky"]), errors=str(counts["infrastructure"]),
        skipped=str(counts["not run"]),
    )  # fmt: skip
    tags = {
        Outcome.FAILED: "failure", Outcome.FLAKY: "failure", Outcome.INFRASTRUCTURE: "error",
        Outcome.NOT_RUN: "skipped",
    }  # fmt: skip
    for result in recorded.results:
        case = ElementTree.SubElement(
            suite, "testcase", classname=result.kind, name=printable(result.id),
            time=f"{sum(result.seconds.values()):.3f}",
        )  # fmt: skip
        if result.outcome in tags:
            inner = ElementTree.SubElement(case, tags[result.outcome], type=result.outcome.value)
            inner.set("message", printable(f"{result.outcome}: {result.error}"))
            inner.text = printable(f"to repeat it: {result.repeat}") if result.repeat else ""
    return suite


def printable(text: str) -> str:
    """Return ``text`` without what XML cannot hold."""
    return "".join(char if char >= " " or char in "\t\n" else f"\\x{ord(char):02x}" for char in text)
