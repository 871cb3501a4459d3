"""Put the shards of a regression together: all of them, of one plan, each once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rig.errors import UsageError
from rig.regress.regression.results import Recorded, append, finish_folder, read_folder
from rig.scenario.run_folder import new_run_folder, write_json


def merge(folders: Sequence[Path], runs: Path) -> Recorded:
    """Return the results of all shards as one regression, in a new folder of ``runs``; artefacts stay where they are.

    :class:`UsageError` for shards of different plans or seeds, for one that is there twice, or missing.
    """
    parts = [read_folder(folder) for folder in folders]
    first = parts[0]
    for part in parts[1:]:
        if part.plan["sha256"] != first.plan["sha256"]:
            raise UsageError(
                f"{part.folder} is of another plan than {first.folder}: {_words(part)}, not {_words(first)}; "
                "merge shards of one plan and one seed"
            )
    owners: dict[str, Path] = {}
    for part in parts:
        twice = [name for name in part.plan["chosen"] if name in owners]
        if twice:
            raise UsageError(
                f"{len(twice)} items are in both {owners[twice[0]]} and {part.folder}, the first is {twice[0]}; "
                "name each shard once"
            )
        owners |= dict.fromkeys(part.plan["chosen"], part.folder)
    missing = [name for name in first.plan["items"] if name not in owners]
    if missing:
        raise UsageError(f"{_missing_shards(parts)}{len(missing)} items ran in none of them, the first is {missing[0]}")
    order = {name: index for index, name in enumerate(first.plan["items"])}
    folder = new_run_folder(runs)
    results = [
        replace(result, artefacts=[os.path.relpath(part.folder / each, folder) for each in result.artefacts])
        for part in parts
        for result in part.results
    ]
    chosen = first.plan["items"]
    write_json(folder / "plan.json", first.plan | {"shard": [1, 1], "chosen": chosen})
    append(folder, sorted(results, key=lambda result: order[result.item]))
    return finish_folder(folder)


def _words(part: Recorded) -> str:
    return f"{part.plan['plan']} with seed {part.plan['seed']} ({part.plan['sha256'][:8]})"


def _missing_shards(parts: Sequence[Recorded]) -> str:
    counts = {part.plan["shard"][1] for part in parts}
    if len(counts) != 1:
        return "the shards are of different divisions; "
    (total,) = counts
    there = {part.plan["shard"][0] for part in parts}
    names = [f"{number}/{total}" for number in range(1, total + 1) if number not in there]
    return f"missing: shard {', '.join(names)}; " if names else ""
