"""Regression plans: those that are shipped load, and mistakes are named with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.config.regression import ScenarioEntry, load_regression_plan
from rig.errors import ConfigError
from rig.regress.regression.items import PLANS, expand

HEAD = "schema: 1\nitems:\n"


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD + text)
    return path


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_plans_load_and_have_items(path: Path) -> None:
    assert expand(path.stem, load_regression_plan(path)).items


def test_seeds_are_a_count_or_a_list(tmp_path: Path) -> None:
    plan = load_regression_plan(
        _write(
            tmp_path,
            "  - {kind: scenario, name: collide, seeds: 3}\n  - {kind: scenario, name: lossy, seeds: [7, 8]}\n",
        )
    )
    assert [entry.seeds for entry in plan.items if isinstance(entry, ScenarioEntry)] == [3, [7, 8]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  - {kind: scenario, name: collide, seed: 3}\n", ["plan.yaml:3", "unknown key", "seeds"]),
        ("  - {kind: scenario, scenario: collide}\n", ["plan.yaml:3", "unknown key", "name"]),
        ("  - {kind: scenari, name: collide}\n", ["plan.yaml:3", "scenario"]),
        ("  - {kind: scenario, name: collide, backends: [modl]}\n", ["plan.yaml:3", "backends", "model"]),
        ("  - {kind: scenario, name: collide, seeds: 0}\n", ["plan.yaml:3", "seeds"]),
        ("  - {kind: scenario, name: collide, seeds: []}\n", ["plan.yaml:3", "seeds"]),
        ("  - {kind: command, name: x, run: []}\n", ["plan.yaml:3", "run", "at least 1"]),
        ("  - {kind: command, name: x, run: [a], limit_s: 0}\n", ["plan.yaml:3", "limit_s"]),
        ("  - {kind: command, run: [a]}\n", ["plan.yaml:3", "'name' is missing"]),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_regression_plan(_write(tmp_path, text))
    assert all(word in str(caught.value) for word in words), str(caught.value)
