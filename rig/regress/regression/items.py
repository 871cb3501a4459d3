"""From a plan to its items: what runs, in a stable order, with stable names and seeds, and how it is shared out."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.config.regression import (
    BoardEntry,
    CommandEntry,
    CompareEntry,
    ConformanceEntry,
    PytestEntry,
    RegressionPlan,
    ScenarioEntry,
    load_regression_plan,
)
from rig.errors import ConfigError, UsageError
from rig.regress.conformance.rows import find_rows
from rig.regress.device.device import open_device
from rig.scenario.catalog import find_scenario

PLANS = Path(__file__).parents[1] / "data" / "regressions"
FOLDER = "{folder}"
ITEM_FOLDER = "{item-folder}"
"""Shared by the attempts."""
SEED = "{seed}"
OF_RIG = frozenset({"scenario", "conformance", "compare", "board"})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to run. ``steps`` are commands, done in order until one fails; ``{folder}`` is that of the attempt."""

    id: str
    kind: str
    steps: tuple[tuple[str, ...], ...]
    limit_s: float
    seed: int | None = None
    needs: tuple[str, ...] = ()
    has_waves: bool = False
    """Whether the last step takes --waves."""

    @property
    def repeat(self) -> str:
        """The command line that does the same, for a person; with waves where there can be any."""
        if self.kind == "command":
            seed = f"RIG_SEED={self.seed} COCOTB_RANDOM_SEED={self.seed} "
            return seed + shlex.join(word.replace(FOLDER, ".") for word in self.steps[0])
        steps = [[word for word in step if FOLDER not in word and ITEM_FOLDER not in word] for step in self.steps]
        if self.has_waves:
            steps[-1].append("--waves")
        return " && ".join(map(shlex.join, steps))


@dataclass(frozen=True, slots=True)
class Expanded:
    """A plan with its items. ``sha256`` tells plans apart that do not run the same."""

    name: str
    title: str
    seed: int
    items: tuple[Item, ...]
    sha256: str


def find_plan(name: str) -> tuple[str, RegressionPlan]:
    """Return name and content of a plan given by name or, with a suffix or a slash in it, by path."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        path = Path(name)
        return path.stem, load_regression_plan(path)
    known = {path.stem: path for path in PLANS.glob("*.yaml")}
    if name not in known:
        raise UsageError(
            f"there is no regression plan {name!r}; known are {', '.join(sorted(known))}, or give the path of a file"
        )
    return name, load_regression_plan(known[name])


def expand(name: str, plan: RegressionPlan, seed: int | None = None) -> Expanded:
    """Return the items of ``plan``, with seeds drawn from ``seed`` in place of its own if that is given.

    :class:`~rig.errors.RigError` for a scenario or a row that does not exist, and for two items with one name.
    """
    base = plan.seed if seed is None else seed
    items: list[Item] = []
    for entry in plan.items:
        match entry:
            case ScenarioEntry():
                items += _scenarios(entry, base)
            case ConformanceEntry():
                items += _conformance(entry)
            case CompareEntry():
                items += _compares(entry, base)
            case PytestEntry():
                items.append(_pytest(entry))
            case BoardEntry():
                items.append(_board(entry))
            case CommandEntry():
                items += _commands(entry, base)
    seen: set[str] = set()
    for item in items:
        if {"", ".", ".."} & set(item.id.split("/")):  # it names a folder, too
            raise ConfigError(f"an item of the plan {name!r} would be {item.id}: name it without . and .. in its path")
        if item.id in seen:
            raise ConfigError(f"two items of the plan {name!r} are {item.id}: join them, or give one another name")
        seen.add(item.id)
    content = [[item.id, item.steps, item.limit_s, item.seed, item.needs] for item in items]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return Expanded(name, plan.title, base, tuple(items), digest)


def draw_seeds(base: int, name: str, seeds: int | Sequence[int]) -> list[int]:
    """Return the seeds that a plan names, or so many drawn from ``base``: more of them leave the first as they are."""
    if not isinstance(seeds, int):
        return list(seeds)
    digests = (hashlib.sha256(f"{base}/{name}/{index}".encode()).digest() for index in range(seeds))
    return [int.from_bytes(digest[:4], "big") for digest in digests]


def shard(items: Sequence[Item], number: int, count: int) -> list[Item]:
    """Return the items of shard ``number`` (from 1) of ``count``: every ``count``-th. All shards together are all."""
    if not 1 <= number <= count:
        raise UsageError(f"there is no shard {number} of {count}; shards are counted from 1, as in 2/4")
    return list(items[number - 1 :: count])


@dataclass(frozen=True, slots=True)
class _Device:
    """What the device of an entry adds to a command and to the name of an item."""

    words: list[str]
    suffix: str


def _device(file: str | None) -> _Device:
    if file is None:
        return _Device([], "")
    return _Device(["--device", file], f"-on-{open_device(Path(file)).name}")


def _scenarios(entry: ScenarioEntry, base: int) -> Iterator[Item]:
    name, _, _ = find_scenario(entry.name)
    device = _device(entry.device)
    for backend in entry.backends or ["model" if entry.device is None else "rtl"]:
        on, more = (backend, []) if backend not in ("rtl", "board") else (f"{backend}{device.suffix}", device.words)
        for seed in draw_seeds(base, name, entry.seeds):
            step = (
                "rig", "demo", "--scenario", entry.name, "--backend", backend, *more, "--seed", str(seed),
                f"--runs={FOLDER}/runs",
            )  # fmt: skip
            yield Item(
                f"scenario/{name}/{on}/seed-{seed}", "scenario", (step,), entry.limit_s, seed,
                has_waves=backend == "rtl",
            )  # fmt: skip


def _conformance(entry: ConformanceEntry) -> Iterator[Item]:
    rows: list[list[str]] = [[]] if entry.rows is None else [[row.id] for row in find_rows(entry.rows)]
    device = _device(entry.device)
    for chosen in rows:
        for backend in entry.backends or (["rtl", "twin"] if entry.device is None else ["rtl"]):
            on = "twin" if backend == "twin" else f"rtl-{entry.simulator}{device.suffix}"
            words = ["rig", "conformance", entry.list_, "--backend", backend]
            words += [word for row in chosen for word in ("--row", row)]
            words += ["--simulator", entry.simulator, *device.words] if backend == "rtl" else []
            words += ["--quick"] if entry.quick else []
            name = f"conformance/{entry.list_}/{chosen[0] if chosen else 'all'}/{on}"
            yield Item(name, "conformance", (tuple(words),), entry.limit_s)


def _compares(entry: CompareEntry, base: int) -> Iterator[Item]:
    duplex = "full" if entry.full_duplex else "half"
    name = f"{entry.stations}-stations-{entry.speed_mbps}-{duplex}-{entry.bits}"
    device = _device(entry.device)
    for seed in draw_seeds(base, name, entry.seeds):
        words = [
            "rig", "compare", "--stations", str(entry.stations), "--bits", str(entry.bits), "--speed",
            str(entry.speed_mbps), "--seed", str(seed), f"--runs={FOLDER}",
        ]  # fmt: skip
        words += [*device.words, *(["--full-duplex"] if entry.full_duplex else [])]
        yield Item(f"compare/{name}{device.suffix}/seed-{seed}", "compare", (tuple(words),), entry.limit_s, seed)


def _pytest(entry: PytestEntry) -> Item:
    words = ["pytest", *entry.paths, *(["-k", entry.select] if entry.select else []), *entry.arguments]
    words += ["--override-ini=junit_family=xunit1", f"--override-ini=cache_dir={ITEM_FOLDER}/cache"]
    words += [f"--junitxml={FOLDER}/junit.xml"]
    return Item(f"pytest/{entry.name}", "pytest", (tuple(words),), entry.limit_s)


def _board(entry: BoardEntry) -> Item:
    wait = ["--wait", f"{entry.wait_s:g}"]
    test = ["rig", "board", "test", entry.name, *wait, *(["--select", entry.select] if entry.select else [])]
    steps = [["rig", "board", "flash", entry.name, "--no-greet", *wait]] if entry.flash else []
    name = entry.name.strip("/").replace("://", "/").replace(":", "-")
    return Item(f"board/{name}", "board", tuple(map(tuple, [*steps, test])), entry.limit_s)


def _commands(entry: CommandEntry, base: int) -> Iterator[Item]:
    for seed in draw_seeds(base, entry.name, entry.seeds):
        words = tuple(word.replace(SEED, str(seed)) for word in entry.run)
        name = f"command/{entry.name}/seed-{seed}"
        yield Item(name, "command", (words,), entry.limit_s, seed, tuple(entry.needs))
