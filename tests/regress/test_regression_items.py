"""Items of a plan: names, seeds, shards."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.config.regression import load_regression_plan
from rig.errors import ConfigError, UsageError
from rig.regress.regression.items import Expanded, Item, draw_seeds, expand, find_plan, shard


def _expand(tmp_path: Path, items: str, seed: int | None = None) -> Expanded:
    path = tmp_path / "plan.yaml"
    path.write_text(f"schema: 1\nitems:\n{items}")
    return expand("plan", load_regression_plan(path), seed)


@given(st.integers(0, 60), st.integers(1, 12))
def test_shards_are_disjoint_and_complete(length: int, count: int) -> None:
    items = [Item(f"command/{index}", "command", ((str(index),),), 1.0) for index in range(length)]
    parts = [shard(items, number, count) for number in range(1, count + 1)]
    assert sorted(item.id for part in parts for item in part) == sorted(item.id for item in items)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@given(st.integers(0, 2**64 - 1), st.integers(1, 30), st.integers(1, 30))
def test_more_seeds_leave_the_first_as_they_are(base: int, few: int, more: int) -> None:
    assert draw_seeds(base, "collide", few + more)[:few] == draw_seeds(base, "collide", few)


def test_backends_get_equal_seeds_and_stable_names(tmp_path: Path) -> None:
    plan = _expand(tmp_path, "  - {kind: scenario, name: collide, backends: [model, rtl], seeds: [7, 8]}\n")
    assert [item.id for item in plan.items] == [
        "scenario/collide/model/seed-7",
        "scenario/collide/model/seed-8",
        "scenario/collide/rtl/seed-7",
        "scenario/collide/rtl/seed-8",
    ]
    assert plan.items[2].repeat == "rig demo --scenario collide --backend rtl --seed 7 --waves"
    assert plan.items[0].repeat == "rig demo --scenario collide --backend model --seed 7"


def test_seeds_are_drawn_from_that_of_the_plan(tmp_path: Path) -> None:
    items = "  - {kind: scenario, name: collide, backends: [model, rtl], seeds: 2}\n"
    first, same, other = _expand(tmp_path, items), _expand(tmp_path, items, 1), _expand(tmp_path, items, 2)
    assert first.sha256 == same.sha256 != other.sha256
    seeds = [item.seed for item in first.items]
    assert seeds[:2] == seeds[2:]
    assert not set(seeds) & {item.seed for item in other.items}


def test_every_kind_of_entry_gives_its_command(tmp_path: Path) -> None:
    plan = _expand(
        tmp_path,
        "  - {kind: conformance, rows: [MAC-1.6], quick: true}\n"
        "  - {kind: compare, stations: 3, bits: 1000, seeds: [4]}\n"
        "  - {kind: pytest, name: mine, paths: [tests/mine], select: jam}\n"
        "  - {kind: board, name: /dev/ttyUSB0, flash: true, wait_s: 5}\n"
        "  - {kind: command, name: bench, run: [make, 'SEED={seed}', 'OUT={folder}'], seeds: [9]}\n",
    )
    assert {item.id: item.repeat.split(" --override-ini")[0] for item in plan.items} == {
        "conformance/mac/MAC-1.6/rtl-verilator": (
            "rig conformance mac --backend rtl --row MAC-1.6 --simulator verilator --quick"
        ),
        "conformance/mac/MAC-1.6/twin": "rig conformance mac --backend twin --row MAC-1.6 --quick",
        "compare/3-stations-100-half-1000/seed-4": "rig compare --stations 3 --bits 1000 --speed 100 --seed 4",
        "pytest/mine": "pytest tests/mine -k jam",
        "board/dev/ttyUSB0": (
            "rig board flash /dev/ttyUSB0 --no-greet --wait 5 && rig board test /dev/ttyUSB0 --wait 5"
        ),
        "command/bench/seed-9": "RIG_SEED=9 COCOTB_RANDOM_SEED=9 make SEED=9 OUT=.",
    }


def test_the_list_of_the_phy_runs_as_a_whole(tmp_path: Path) -> None:
    plan = _expand(tmp_path, "  - {kind: conformance, list: phy, simulator: icarus}\n")
    assert [(item.id, item.steps[0]) for item in plan.items] == [
        (
            "conformance/phy/all/rtl-icarus",
            ("rig", "conformance", "phy", "--backend", "rtl", "--simulator", "icarus"),
        ),
        ("conformance/phy/all/twin", ("rig", "conformance", "phy", "--backend", "twin")),
    ]
    for more in ("rows: [MAC-1.6]", "quick: true", "device: mine.yaml"):
        with pytest.raises(ConfigError, match=r"items\[0\].*the list phy runs as a whole"):
            _expand(tmp_path, f"  - {{kind: conformance, list: phy, {more}}}\n")


def test_two_items_of_one_name_are_refused(tmp_path: Path) -> None:
    entry = "  - {kind: scenario, name: collide, seeds: [7]}\n"
    with pytest.raises(ConfigError, match=r"scenario/collide/model/seed-7"):
        _expand(tmp_path, entry + entry)


def test_no_item_leaves_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"board/\.\./\.\./tty0: name it without"):
        _expand(tmp_path, "  - {kind: board, name: ../../tty0}\n")


def test_unknown_plan_and_shard_are_named() -> None:
    with pytest.raises(UsageError, match=r"'smok'; known are nightly, smoke"):
        find_plan("smok")
    with pytest.raises(UsageError, match="no shard 5 of 4"):
        shard([], 5, 4)
