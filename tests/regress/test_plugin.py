"""The plug-in for pytest, in processes of its own, beside another that defines ``target``."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rig.config.regression import load_regression_plan
from rig.errors import ExitCode
from rig.regress.regression.items import expand
from rig.regress.regression.results import Outcome, exit_code
from rig.regress.regression.run import Options, run_regression

PLUGIN = ("-p", "rig.regress.plugin")
OTHER = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--target", default="mine")

@pytest.fixture
def target(request):
    return request.config.getoption("--target")
"""
TESTS = """
def test_good(rig_scenario, rig_folder, target):
    run = rig_scenario("full-duplex")
    assert run.passed and run.folder.is_relative_to(rig_folder) and target == "mine"

def test_seed(rig_scenario, rig_seed):
    assert rig_scenario("full-duplex", seed=5).result["seed"] == (5 if rig_seed is None else rig_seed)

def test_bad(rig_scenario):
    assert rig_scenario("full-duplex").result["medium"]["collisions"] == 1

def test_plain(target):
    assert target == "mine"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A user's folder with tests, and with a plug-in that owns the word ``target``."""
    (tmp_path / "conftest.py").write_text(OTHER)
    (tmp_path / "test_mine.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def run_pytest(folder: Path, *words: str, plugin: Sequence[str] = PLUGIN) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *plugin, *words], cwd=folder,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_without_being_asked_for_it_is_not_there(mine: Path) -> None:
    done = run_pytest(mine, "-k", "good or plain", plugin=())
    assert "fixture 'rig_scenario' not found" in done.stdout and "1 passed, 2 deselected, 1 error" in done.stdout
    assert run_pytest(mine, "--rig-backend", "model", plugin=()).returncode == pytest.ExitCode.USAGE_ERROR


def test_what_fails_is_told_with_its_folder_and_the_command_that_repeats_it(mine: Path) -> None:
    done = run_pytest(mine)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED and "1 failed, 3 passed" in done.stdout
    kept = sorted(path.name for path in (mine / "runs" / "pytest").iterdir())
    assert kept == ["test_mine.py-test_bad"], "of tests that pass nothing is left"
    assert (mine / "runs" / "pytest" / kept[0] / "1" / "result.json").is_file()
    told = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert Path(told["what it left"]) == mine / "runs" / "pytest" / kept[0]
    words = shlex.split(told["to repeat it"])
    assert words[0] == "pytest" and "test_mine.py::test_bad" in words
    again = run_pytest(mine, *words[1:], plugin=())
    assert "1 failed" in again.stdout and "test_bad" in again.stdout


def test_the_seed_of_the_command_line_goes_before_all_others(mine: Path) -> None:
    done = run_pytest(mine, "-k", "seed or bad", "--rig-seed", "77", "--rig-keep")
    assert "1 failed, 1 passed" in done.stdout and "--rig-seed 77" in done.stdout
    assert len(list((mine / "runs" / "pytest").iterdir())) == 2


ABSENT = ("--rig-backend", "board", "--rig-port", "/no/such/port", "--rig-port", "/no/such/other")


def test_a_board_that_is_absent_is_no_failure_and_no_skip(mine: Path) -> None:
    done = run_pytest(mine, "-k", "good", *ABSENT, "--junitxml=junit.xml")
    assert done.returncode == ExitCode.INFRASTRUCTURE, done.stdout
    assert "1 error" in done.stdout and "failed" not in done.stdout.splitlines()[-1] and "skipped" not in done.stdout
    assert "/no/such/port" in done.stdout and "to repeat it: pytest" in done.stdout
    assert '<property name="rig_outcome" value="infrastructure"' in (mine / "junit.xml").read_text()
    plan = mine / "plan.yaml"
    arguments = ", ".join([*PLUGIN, *ABSENT, f"--rootdir={mine}"])
    plan.write_text(
        "schema: 1\nitems:\n"
        f"  - {{kind: pytest, name: mine, paths: [{mine}], select: good or plain, arguments: [{arguments}]}}\n"
    )
    recorded = run_regression(expand("plan", load_regression_plan(plan)), Options(mine / "regress"))
    outcomes = {result.id.rpartition("::")[2]: result.outcome for result in recorded.results}
    assert outcomes == {"test_good": Outcome.INFRASTRUCTURE, "test_plain": Outcome.PASSED}
    assert exit_code(recorded.results) is ExitCode.INFRASTRUCTURE


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--rig-device", "mine.yaml"), "--rig-device is an adapter in Verilog, and --rig-backend is model"),
        (("--rig-seed", "x"), "--rig-seed is 'x'; expected a number from 0"),
    ],
)
def test_options_that_cannot_be(words: tuple[str, ...], told: str, mine: Path) -> None:
    done = run_pytest(mine, *words)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR and told in done.stderr
