"""``rig regress``: run plans of many items, list them, merge their shards, and show what came of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from rig.errors import ExitCode, UsageError
from rig.regress.regression.items import Expanded, expand, find_plan
from rig.regress.regression.merge import merge
from rig.regress.regression.results import (
    SCHEMA,
    Outcome,
    Recorded,
    Result,
    count,
    exit_code,
    read_folder,
    summarise,
)
from rig.regress.regression.run import Options, choose, run_regression
from rig.report.regression_page import write_regression_page

COLOURS = {
    Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.FLAKY: "magenta", Outcome.INFRASTRUCTURE: "yellow",
    Outcome.NOT_RUN: "dim",
}  # fmt: skip
SHOWN = 20


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asks for."""

    plan: str
    shard: str
    only_failed: Path | None
    failed_first: Path | None
    jobs: int
    seed: int | None
    waves: bool
    keep: bool
    runs: Path
    as_json: bool


def run_plan(options: RunOptions) -> ExitCode:
    """Run a plan, tell each result as it comes, and return the exit code."""
    earlier = [read_folder(folder) for folder in (options.only_failed, options.failed_first) if folder is not None]
    plan = _plan(options.plan, options.seed, earlier)
    only = None if options.only_failed is None else earlier[0].not_passed
    known = {item.id for item in plan.items}
    first = set() if options.failed_first is None else earlier[-1].not_passed & known
    chosen = Options(options.runs, options.jobs, _part(options.shard), only, first, options.waves, options.keep)
    console = Console(highlight=False)
    if not options.as_json:
        console.print(
            f"[bold]{escape(plan.title or plan.name)}[/]  [dim]plan[/] {escape(plan.name)}  [dim]seed[/] {plan.seed}  "
            f"[dim]items[/] {len(choose(plan, chosen))} of {len(plan.items)}",
            soft_wrap=True,
        )

    def tell(result: Result, ended: int, total: int) -> None:
        if not options.as_json:
            seconds = sum(result.seconds.values())
            error = f"  {escape(result.error)}" if result.error else ""
            console.print(
                f"[dim]{ended:{len(str(total))}}/{total}[/] {_coloured(result.outcome)} {escape(result.id)} "
                f"[dim]{seconds:.1f} s[/]{error}",
                soft_wrap=True,
            )

    return _show(run_regression(plan, chosen, tell), console, as_json=options.as_json)


def list_plan(name: str, shard: str, only_failed: Path | None, seed: int | None, *, as_json: bool) -> ExitCode:
    """Print what would run; NOTHING_RAN if that is nothing."""
    earlier = [] if only_failed is None else [read_folder(only_failed)]
    plan = _plan(name, seed, earlier)
    items = choose(plan, Options(part=_part(shard), only=earlier[0].not_passed if earlier else None))
    if as_json:
        rows = [{"id": item.id, "kind": item.kind, "seed": item.seed, "command": item.repeat} for item in items]
        head = {"schema": SCHEMA, "plan": plan.name, "seed": plan.seed, "sha256": plan.sha256, "count": len(rows)}
        print(json.dumps(head | {"rows": rows}, indent=1))
    else:
        for item in items:
            print(item.id)
        print(f"\n{len(items)} of {len(plan.items)} items of the plan {plan.name}, seed {plan.seed}")
    return ExitCode.PASSED if items else ExitCode.NOTHING_RAN


def show_folder(folder: Path, *, as_json: bool) -> ExitCode:
    """Print what came of a regression, and return the exit code that it had."""
    return _show(read_folder(folder), Console(highlight=False), as_json=as_json)


def merge_folders(folders: Sequence[Path], runs: Path, *, as_json: bool) -> ExitCode:
    """Merge shards into a new folder and show it as a run."""
    return _show(merge(folders, runs), Console(highlight=False), as_json=as_json)


def _plan(name: str, seed: int | None, earlier: Sequence[Recorded]) -> Expanded:
    """Return the plan with the seed asked for, else with that of the regression whose results choose the items."""
    if seed is None and earlier:
        seed = earlier[0].plan["seed"]
    return expand(*find_plan(name), seed)


def _part(shard: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", shard)
    if match is None:
        raise UsageError(f"--shard is {shard!r}; it is written K/N, as 2/4 for the second of four")
    number, total = int(match[1]), int(match[2])
    if not 1 <= number <= total:
        raise UsageError(f"there is no shard {number} of {total}; shards are counted from 1, as in 2/4")
    return number, total


def _show(recorded: Recorded, console: Console, *, as_json: bool) -> ExitCode:
    page = write_regression_page(recorded.folder, summarise(recorded), [_row(each) for each in recorded.results])
    if as_json:
        print(json.dumps(summarise(recorded) | {"page": str(page)}, indent=1))
        return exit_code(recorded.results)
    counts = count(recorded.results)
    bad = [result for result in recorded.results if result.outcome is not Outcome.PASSED]
    order = [Outcome.FAILED, Outcome.FLAKY, Outcome.INFRASTRUCTURE, Outcome.NOT_RUN]
    told = sorted((result for result in bad), key=lambda result: order.index(result.outcome))
    console.print()
    for result in told[:SHOWN]:
        console.print(f"{_coloured(result.outcome)} {escape(result.id)}  {escape(result.error)}", soft_wrap=True)
        if result.repeat and result.outcome is not Outcome.NOT_RUN:
            console.print(f"               [dim]to repeat it:[/] {escape(result.repeat)}", soft_wrap=True)
    if len(told) > SHOWN:
        console.print(f"and {len(told) - SHOWN} more, on the page")
    if counts["flaky"]:
        console.print(
            "[magenta]Flaky: the same seed gave another outcome. On the model and in a simulation equal inputs "
            "give equal octets: there this is a fault of the rig or of the bench, not chance.[/]",
            soft_wrap=True,
        )
    if not recorded.results or counts["not run"] == len(recorded.results):
        console.print("[red]nothing ran[/]")
    console.print(", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number) or "0 results")
    console.print(f"page  {page}", soft_wrap=True)
    return exit_code(recorded.results)


def _coloured(outcome: Outcome) -> str:
    return f"[{COLOURS[outcome]}]{outcome.value:14}[/]"


def _row(result: Result) -> dict[str, object]:
    return {
        "id": result.id, "outcome": result.outcome.value, "seconds": result.seconds, "attempts": result.attempts,
        "error": result.error, "repeat": result.repeat, "artefacts": result.artefacts,
    }  # fmt: skip
