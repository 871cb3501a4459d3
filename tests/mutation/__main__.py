"""``python -m tests.mutation`` (``make mutation``): draw mutants, judge them, write ``build/mutation.json``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from rig.errors import ExitCode, RigError
from rig.regress.simbuild import build_root
from tests.mutation.netlist import MOST
from tests.mutation.run import Fate, run_mutation, summary

DEFAULT_COUNT = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each mutant as its fate is known; 1 if one survived."""
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("--module", default="mac_mii", help="in nic_mii: mac_mii (the MAC, default), nic_host ...")
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn (default 1)")
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, help=f"how many (default {DEFAULT_COUNT})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="simulators at a time")
    options = parser.parse_args(arguments)
    if not 1 <= options.count <= MOST:
        parser.error(f"--count is {options.count}; 1 to {MOST} mutants share a netlist")
    if options.jobs < 1:
        parser.error(f"--jobs is {options.jobs}; at least one simulator must run")
    output = build_root().parent
    try:
        fates = run_mutation(
            options.module, seed=options.seed, count=options.count, folder=output / "mutation", jobs=options.jobs,
            tell=_tell,
        )  # fmt: skip
    except RigError as error:
        print(f"make mutation: {error}", file=sys.stderr)
        return int(error.exit_code)
    facts = summary(options.module, options.seed, fates)
    (output / "mutation.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    survivors = len(facts["survived"])
    print(
        f"{options.module}, seed {options.seed}: {facts['count']} mutants, {facts['killed']} killed, "
        f"{facts['equivalent']} proven equivalent, {survivors} survived"
    )
    return ExitCode.TEST_FAILURES if survivors else ExitCode.PASSED


def _tell(fate: Fate) -> None:
    mutant = fate.mutant
    print(f"{mutant.number:5} {fate.outcome:10} {mutant.places[0] if mutant.places else mutant.cell}: {mutant.what}"
          f"{'   ' + fate.by if fate.by else ''}", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
