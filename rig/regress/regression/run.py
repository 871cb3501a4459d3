"""Run the items of a regression, several at a time, each in a process of its own, and write down what came of them.

What failed is run once more with the same seed and, where there can be any, with waves. If it fails again, it failed;
if it passes, it is *flaky*: in virtual and simulated time, where equal inputs give equal octets, a fault of the rig.
Of an item that passed only the log is kept.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rig.errors import UsageError
from rig.regress.regression.attempt import LOG, Attempt, attempt
from rig.regress.regression.items import Expanded, Item, shard
from rig.regress.regression.junit import TestResult, read_junit
from rig.regress.regression.results import (
    INTERRUPTED,
    Outcome,
    Recorded,
    Result,
    append,
    finish_folder,
    not_run,
    start_folder,
)
from rig.scenario.run_folder import new_run_folder, point_latest

ITEMS = "items"
NOT_SHOWN = {"cache", "latest", "phases.jsonl", "carried", "job.json", "main_result.json", "records.txt", "results.xml"}
"""Files and folders that are no use to a person who looks for a failure."""
MOST_WAVES = 5
"""Second attempts with waves in one regression: those of 20 simulated ms may take a gigabyte."""
MOST_ARTEFACTS = 40

OnResult = Callable[[Result, int, int], None]
"""Takes a result as it comes, how many items have ended, and how many there are."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a plan. ``only`` names items; ``first`` those that run before the others; ``part`` is the shard."""

    runs: Path = Path("runs") / "regress"
    jobs: int = 1
    part: tuple[int, int] = (1, 1)
    only: Collection[str] | None = None
    first: Collection[str] = ()
    with_waves: bool = False
    keep_all: bool = False


def choose(plan: Expanded, options: Options) -> list[Item]:
    """Return the items that run, in order. :class:`UsageError` where ``only`` names what is not in the plan."""
    known = {item.id for item in plan.items}
    strangers = sorted(set(options.only or ()) - known)
    if strangers:
        raise UsageError(
            f"{len(strangers)} items that did not pass are not in the plan {plan.name!r} with seed {plan.seed}, "
            f"the first is {strangers[0]}; is it the same plan, and the same seed?"
        )
    chosen = shard(plan.items, *options.part)
    if options.only is not None:
        chosen = [item for item in chosen if item.id in options.only]
    return sorted(chosen, key=lambda item: item.id not in options.first)


def run_regression(plan: Expanded, options: Options, on_result: OnResult = lambda *_: None) -> Recorded:
    """Run what :func:`choose` gives and return what came of it; its folder is whole when this returns.

    An interrupt or a SIGTERM ends what is under way, and is a result: what has not ended is *not run*.
    :class:`UsageError` where the folder cannot be written.
    """
    chosen = choose(plan, options)
    folder = new_run_folder(options.runs)
    start_folder(folder, plan, chosen, options.part)
    runner = _Runner(folder, options, len(chosen), on_result)
    try:
        asyncio.run(runner.run(chosen))
    except (KeyboardInterrupt, asyncio.CancelledError):
        done = runner.ended
        append(folder, [not_run(item.id, INTERRUPTED) for item in chosen if item.id not in done])
    except ExceptionGroup as group:  # a disk that is full, for one
        first = group.exceptions[0]
        if isinstance(first, OSError):
            raise UsageError(
                f"{folder} cannot be used: {first.strerror}; is it yours, and the disk not full?"
            ) from first
        raise first from group
    point_latest(folder)
    return finish_folder(folder)


class _Runner:
    def __init__(self, folder: Path, options: Options, total: int, on_result: OnResult) -> None:
        self._folder, self._options, self._total, self._on_result = folder, options, total, on_result
        self._waves_left = MOST_WAVES
        self.ended: set[str] = set()

    async def run(self, items: Sequence[Item]) -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        waiting = iter(items)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._options.jobs, len(items))):
                group.create_task(self._work(waiting))

    async def _work(self, waiting: Iterator[Item]) -> None:
        for item in waiting:
            results = await self._item(item)
            append(self._folder, results)
            self.ended.add(item.id)
            for result in results:
                self._on_result(result, len(self.ended), self._total)

    async def _item(self, item: Item) -> list[Result]:
        folder = self._folder / ITEMS / item.id
        first = await attempt(item, folder / "attempt-1", with_waves=self._options.with_waves)
        tests = read_junit(folder / "attempt-1" / "junit.xml") if item.kind == "pytest" else None
        second, again = None, None
        if first.outcome is Outcome.FAILED:
            with_waves = not item.has_waves or self._waves_left > 0
            self._waves_left -= item.has_waves
            second = await attempt(
                item, folder / "attempt-2", with_waves=with_waves,
                last_failed=any(test.outcome is Outcome.FAILED for test in tests or ()),
            )  # fmt: skip
            again = read_junit(folder / "attempt-2" / "junit.xml") if item.kind == "pytest" else None
        elif first.outcome is Outcome.PASSED and not self._options.keep_all:
            _keep_only_log(folder / "attempt-1")
        whole = Result(
            item.id, item.id, item.kind, _fold(first.outcome, second), first.seconds, 1 if second is None else 2,
            item.seed, _error(first, second), first.broken_phase, item.repeat, self._artefacts(folder),
        )  # fmt: skip
        return [whole] if tests is None else _by_test(whole, first, tests, again)

    def _artefacts(self, folder: Path) -> list[str]:
        found = [
            path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not NOT_SHOWN & set(path.relative_to(folder).parts)
        ]
        return [str(path.relative_to(self._folder)) for path in found[:MOST_ARTEFACTS]]


def _keep_only_log(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name not in (LOG, "junit.xml"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _fold(first: Outcome, second: Attempt | None) -> Outcome:
    if second is None:
        return first
    return Outcome.FLAKY if second.outcome is Outcome.PASSED else Outcome.FAILED


def _error(first: Attempt, second: Attempt | None) -> str:
    if second is None or second.error == first.error:
        return first.error
    if second.outcome is Outcome.PASSED:
        return f"failed ({first.error}), then passed with the same seed"
    return f"{first.error}; in the second attempt {second.error}"


def _by_test(whole: Result, first: Attempt, tests: list[TestResult], again: list[TestResult] | None) -> list[Result]:
    """Return a result for each test, and one for the process if it went wrong beside its tests, or had none."""
    later = None if again is None else {test.node: test.outcome for test in again}
    results = []
    for test in tests:
        outcome, error = test.outcome, test.error
        is_second = outcome is Outcome.FAILED and whole.attempts == 2
        if is_second and later is not None and later.get(test.node) is Outcome.PASSED:
            outcome, error = Outcome.FLAKY, f"failed ({error}), then passed in the second attempt"
        results.append(
            replace(
                whole, id=f"{whole.item}/{test.node}", outcome=outcome, seconds={"run": round(test.seconds, 3)},
                attempts=2 if is_second else 1, error=error,
                repeat=shlex.join(["pytest", test.node]), artefacts=whole.artefacts if error else whole.artefacts[:1],
            )
        )  # fmt: skip
    is_told = any(test.outcome in (Outcome.FAILED, Outcome.INFRASTRUCTURE) for test in tests)
    if not tests:
        results.append(replace(whole, outcome=Outcome.NOT_RUN, error="no test was selected"))
    elif first.outcome is not Outcome.PASSED and not is_told:
        results.append(whole)
    return results
