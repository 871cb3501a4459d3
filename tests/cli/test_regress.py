"""``rig regress`` as a program: lists, objects for machines, exit codes, shards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rig.cli.main import build_app
from rig.errors import ExitCode, UsageError

PLAN = """
schema: 1
items:
  - {kind: command, name: good, run: ["true"], seeds: 3}
  - {kind: command, name: bad, run: ["false"], seeds: [4]}
"""


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    return str(path)


def _rig(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(build_app(), ["regress", *words], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_list_counts_and_runs_nothing(plan: str, tmp_path: Path) -> None:
    status, text = _rig("list", plan)
    assert status == ExitCode.PASSED and "4 of 4 items" in text and "command/bad/seed-4" in text
    status, text = _rig("list", plan, "--json", "--shard", "2/2")
    listed = json.loads(text)
    assert listed["count"] == 2 and listed["rows"][1]["id"] == "command/bad/seed-4"
    assert listed["rows"][1]["command"] == "RIG_SEED=4 COCOTB_RANDOM_SEED=4 false"
    assert not (tmp_path / "runs").exists()


def test_run_show_and_merge(plan: str, tmp_path: Path) -> None:
    runs = ("--runs", str(tmp_path / "runs"))
    for number in ("1/2", "2/2"):
        status, text = _rig("run", plan, "--shard", number, "--json", *runs)
    ran = json.loads(text)
    assert (status, ran["exit_code"], ran["count"]) == (ExitCode.TEST_FAILURES, 1, 2)
    assert ran["outcomes"] == {"passed": 1, "failed": 1, "flaky": 0, "infrastructure": 0, "not run": 0}
    assert [row["id"] for row in ran["rows"]] == ["command/bad/seed-4"]
    assert Path(ran["page"]).is_file()
    status, text = _rig("merge", str(tmp_path / "runs/1"), str(tmp_path / "runs/2"), *runs)
    assert status == ExitCode.TEST_FAILURES and "3 passed, 1 failed" in text
    assert "to repeat it: RIG_SEED=4 COCOTB_RANDOM_SEED=4 false" in text
    status, text = _rig("show", str(tmp_path / "runs/3"), "--json")
    assert status == ExitCode.TEST_FAILURES and json.loads(text)["count"] == 4


def test_an_empty_selection_is_nothing_that_ran(plan: str, tmp_path: Path) -> None:
    runs = ("--runs", str(tmp_path / "runs"))
    status, text = _rig("run", plan, "--shard", "5/5", *runs)
    assert status == ExitCode.NOTHING_RAN and "nothing ran" in text
    _rig("run", plan, "--shard", "1/4", *runs)
    status, _ = _rig("run", plan, "--only-failed", str(tmp_path / "runs/2"), *runs)
    assert status == ExitCode.NOTHING_RAN, "all passed there"


def test_only_failed_takes_the_seed_from_there(plan: str, tmp_path: Path) -> None:
    runs = ("--runs", str(tmp_path / "runs"))
    _rig("run", plan, "--seed", "77", *runs)
    status, text = _rig("run", plan, "--only-failed", str(tmp_path / "runs/1"), "--json", *runs)
    again = json.loads(text)
    assert (status, again["seed"], again["count"]) == (ExitCode.TEST_FAILURES, 77, 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--shard", "3"), "written K/N"),
        (("--shard", "0/3"), "no shard 0 of 3"),
        (("--only-failed", "/nowhere"), "no folder of a regression"),
    ],
)
def test_mistakes_are_told(plan: str, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        _rig("list", plan, *words)
