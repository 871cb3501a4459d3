"""Judge mutants: what some killer notices is killed, what is proven equal is no mutant, and the rest survives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.errors import ToolError, UsageError
from rig.regress.filelist import filelist_of
from tests.mutation.equivalence import is_equivalent
from tests.mutation.killers import Killer, killers_of
from tests.mutation.netlist import Mutant, make_mutants

SCHEMA = 1
TOP = "nic_mii"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: ``outcome`` is killed, equivalent or survived; ``by`` says what noticed it."""

    mutant: Mutant
    outcome: str
    by: str = ""


def run_mutation(
    module: str, *, seed: int, count: int, folder: Path, jobs: int, tell: Callable[[Fate], None]
) -> list[Fate]:  # fmt: skip
    """Draw ``count`` mutants of ``module`` and what is below it, and judge them; ``folder`` is made anew.

    :class:`~rig.errors.UsageError` if it is not one in nic_mii.
    """
    files = filelist_of(TOP)
    names = sorted(source.stem for source in files.sources if source.stem != TOP)  # benches look into the top
    if module not in names:
        raise UsageError(f"{module} is no module in {TOP}; these are: {', '.join(names)}")
    mutants = make_mutants(module, files, seed=seed, count=count, folder=folder)
    killers = killers_of(mutants)
    return judge(
        mutants.mutants, killers, lambda mutant: is_equivalent(mutants, mutant), jobs=jobs, tell=tell
    )  # fmt: skip


def judge(
    mutants: Sequence[Mutant], killers: Sequence[Killer], is_equal: Callable[[Mutant], bool], *, jobs: int,
    tell: Callable[[Fate], None],
) -> list[Fate]:  # fmt: skip
    """Return the fates of all mutants, in their order; ``tell`` hears each as it is known, in any order.

    :class:`~rig.errors.ToolError` if a killer finds fault with the netlist that has no mutant switched on: it would
    kill everything.
    """
    lock = threading.Lock()

    def decide(mutant: Mutant) -> Fate:
        by = next((found for killer in killers if (found := killer(mutant.number))), "")
        fate = Fate(mutant, "killed", by) if by else Fate(mutant, "equivalent" if is_equal(mutant) else "survived")
        with lock:
            tell(fate)
        return fate

    with ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(lambda killer: killer(0), killers):
            if found:
                raise ToolError(f"the netlist with no mutant switched on is found at fault already: {found}")
        return list(pool.map(decide, mutants))


def summary(module: str, seed: int, fates: Sequence[Fate]) -> dict[str, Any]:
    """Return the facts of a run, as ``build/mutation.json`` has them."""
    outcomes = [fate.outcome for fate in fates]
    return {
        "schema": SCHEMA,
        "module": module,
        "seed": seed,
        "count": len(fates),
        "killed": outcomes.count("killed"),
        "equivalent": outcomes.count("equivalent"),
        "survived": [
            {"number": fate.mutant.number, "cell": fate.mutant.cell, "what": fate.mutant.what,
             "places": list(fate.mutant.places)}
            for fate in fates
            if fate.outcome == "survived"
        ],
    }  # fmt: skip
