"""Regressions of stand-in commands, of a scenario and of a user's own tests: what comes of each, and what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rig.config.regression import load_regression_plan
from rig.errors import ExitCode, UsageError
from rig.regress.regression.attempt import kill_tree
from rig.regress.regression.items import Expanded, expand
from rig.regress.regression.merge import merge
from rig.regress.regression.results import Outcome, Recorded, exit_code, read_folder
from rig.regress.regression.run import Options, run_regression

PATIENCE_S = 20

FAILING = """
schema: 1
segments: {cable: {speed_mbps: 100, duplex: half, delay_bits: 40}}
stations:
  - {name: client, mac: "02:00:00:00:00:01", ip: 10.0.0.1/24, segment: cable}
  - {name: server, mac: "02:00:00:00:00:02", ip: 10.0.0.2/24, segment: cable, position_bits: 40}
apps:
  - {station: server, kind: http-server}
  - {station: client, kind: http-put, args: {server: server}}
events: [{at_ns: 1000000, action: power-off, target: server}]
tcp: {user_timeout_ms: 20, rto_initial_ms: 10, rto_minimum_ms: 5}
"""


def _plan(tmp_path: Path, *entries: str) -> Expanded:
    path = tmp_path / "plan.yaml"
    path.write_text("schema: 1\nitems:\n" + "".join(f"  - {entry}\n" for entry in entries) or "  []")
    return expand("plan", load_regression_plan(path))


def _shell(name: str, script: str, extra: str = "") -> str:
    return f"{{kind: command, name: {name}, run: [sh, -c, {json.dumps(script)}]{extra}, seeds: [1]}}"


def _run(tmp_path: Path, *entries: str, **options: Any) -> Recorded:
    return run_regression(_plan(tmp_path, *entries), Options(tmp_path / "runs", **options))


def _outcomes(recorded: Recorded) -> dict[str, Outcome]:
    return {result.id.split("/", 1)[1].removesuffix("/seed-1"): result.outcome for result in recorded.results}


def test_outcomes_of_commands(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    recorded = _run(
        tmp_path,
        _shell("good", "echo fine"),
        _shell("bad", "echo the reason; exit 3"),
        _shell("once", f"test -e {flag} || {{ touch {flag}; echo broke; exit 1; }}"),
        _shell("lacks", "true", ", needs: [no-such-tool]"),
        "{kind: command, name: absent, run: [/no/such/program], seeds: [1]}",
        _shell("killed", "kill -SEGV $$"),
        jobs=2,
    )
    assert _outcomes(recorded) == {
        "good": Outcome.PASSED,
        "bad": Outcome.FAILED,
        "once": Outcome.FLAKY,
        "lacks": Outcome.INFRASTRUCTURE,
        "absent": Outcome.INFRASTRUCTURE,
        "killed": Outcome.FAILED,
    }
    errors = {result.id.split("/")[1]: result.error for result in recorded.results}
    assert errors["bad"] == "the reason"
    assert errors["once"] == "failed (broke), then passed with the same seed"
    assert "no-such-tool" in errors["lacks"] and "/no/such/program" in errors["absent"]
    assert "SIGSEGV" in errors["killed"]
    assert exit_code(recorded.results) is ExitCode.TEST_FAILURES
    assert {result.attempts for result in recorded.results if result.outcome is Outcome.INFRASTRUCTURE} == {1}


def test_an_item_that_hangs_is_killed_at_its_limit(tmp_path: Path) -> None:
    (result,) = _run(tmp_path, _shell("hang", "sleep 600", ", limit_s: 0.2")).results
    assert (result.outcome, result.error, result.attempts) == (Outcome.FAILED, "killed at its limit of 0.2 s", 2)


def test_what_an_item_has_started_is_killed_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    acted = tmp_path / "acted"
    script = f"setsid sh -c 'echo $$ > {fifo}; exec sleep 600' & sleep 600; : > {acted}"
    process = subprocess.Popen(["sh", "-c", script], start_new_session=True)
    grandchild = int(fifo.read_text())
    killed: list[int] = []
    kill = os.kill

    def record_and_kill(pid: int, number: int) -> None:
        killed.append(pid)
        kill(pid, number)

    monkeypatch.setattr(os, "kill", record_and_kill)
    kill_tree(process.pid)
    assert killed[0] == process.pid, "a shell whose child dies first goes on with its script"
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    assert not acted.exists(), "the shell outlived what it waited for"
    deadline_s = time.monotonic() + PATIENCE_S  # the kernel takes a moment, and whoever adopted it may not look at once
    while _is_alive(grandchild):
        if time.monotonic() > deadline_s:
            os.kill(grandchild, signal.SIGKILL)
            raise AssertionError("it lives on")
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in "ZX"


def test_a_build_that_fails_is_no_failure_of_the_adapter(tmp_path: Path) -> None:
    script = """echo '{"begin": "build"}' >> $RIG_PHASES; echo no compiler; exit 3"""
    recorded = _run(tmp_path, _shell("build", script))
    (result,) = recorded.results
    assert (result.outcome, result.broken_phase) == (Outcome.INFRASTRUCTURE, "build")
    assert exit_code(recorded.results) is ExitCode.BUILD


def test_an_adapter_that_answers_wrong_has_failed_and_a_board_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    script = """echo '{"error": "AdapterFault", "message": "the ROM is damaged\\\\nmore"}' >> $RIG_PHASES; exit 1"""
    wrong, absent = _run(tmp_path, _shell("wrong", script), "{kind: board, name: /no/such/port}").results
    assert (wrong.outcome, wrong.error) == (Outcome.FAILED, "the ROM is damaged")
    assert (absent.outcome, absent.attempts) == (Outcome.INFRASTRUCTURE, 1)
    assert "/no/such/port" in absent.error


def test_a_failing_scenario_keeps_what_it_left_and_its_command_repeats_it(tmp_path: Path) -> None:
    scenario = tmp_path / "fails.yaml"
    scenario.write_text(FAILING)
    recorded = _run(tmp_path, f"{{kind: scenario, name: {scenario}, seeds: [7]}}", jobs=2)
    (result,) = recorded.results
    assert result.outcome is Outcome.FAILED and result.attempts == 2
    names = {Path(each).name for each in result.artefacts}
    assert {"log.txt", "result.json", "timeline.json", "wire.pcapng", "story.txt", "index.html"} <= names
    assert all((recorded.folder / each).is_file() for each in result.artefacts)
    words = result.repeat.split()
    assert words[0] == "rig"
    again = subprocess.run(
        [sys.executable, "-m", "rig.cli", *words[1:], "--json", "--runs", str(tmp_path / "again")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert again.returncode == ExitCode.TEST_FAILURES
    assert result.error.startswith(json.loads(again.stdout)["outcome"])


def test_the_users_own_tests_give_a_result_each(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    (tmp_path / "test_mine.py").write_text(
        "import pathlib, pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 1 == 2\n"
        "@pytest.mark.skip(reason='no board')\ndef test_skipped(): pass\n"
        f"FLAG = pathlib.Path({str(flag)!r})\n"
        "def test_once():\n    there = FLAG.exists()\n    FLAG.touch()\n    assert there\n"
        "@pytest.fixture\ndef broken():\n    yield\n    raise RuntimeError('teardown')\n"
        "def test_twice(broken): assert False, 'call'\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    recorded = _run(tmp_path, f"{{kind: pytest, name: mine, paths: [{tmp_path}]}}")
    outcomes = {result.id.rpartition("::")[2]: result.outcome for result in recorded.results}
    assert outcomes == {
        "test_good": Outcome.PASSED,
        "test_bad": Outcome.FAILED,
        "test_skipped": Outcome.NOT_RUN,
        "test_once": Outcome.FLAKY,
        "test_twice": Outcome.FAILED,
    }
    assert len(recorded.results) == len(outcomes), "one entry for each test"


@pytest.mark.parametrize("entries", [(), ("{kind: pytest, name: none, paths: [PATH]}",)], ids=["no items", "no tests"])
def test_nothing_that_ran_is_no_success(tmp_path: Path, entries: Sequence[str]) -> None:
    (tmp_path / "test_mine.py").write_text("")
    path = tmp_path / "plan.yaml"
    path.write_text("schema: 1\nitems: [" + ", ".join(entries).replace("PATH", str(tmp_path)) + "]\n")
    recorded = run_regression(expand("plan", load_regression_plan(path)), Options(tmp_path / "runs"))
    assert exit_code(recorded.results) is ExitCode.NOTHING_RAN


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with pytest.raises(UsageError, match="cannot be used"):
        _run(tmp_path, _shell("vandal", f"rm -r {runs}/1; touch {runs}/1"))


def test_only_what_failed_runs_again(tmp_path: Path) -> None:
    entries = [_shell("good", "true"), _shell("bad", "exit 1"), _shell("lacks", "true", ", needs: [no-such-tool]")]
    first = _run(tmp_path, *entries)
    again = _run(tmp_path, *entries, only=first.not_passed)
    assert list(_outcomes(again)) == ["bad", "lacks"]
    ordered: list[str] = []
    run_regression(
        _plan(tmp_path, *entries), Options(tmp_path / "runs", first=first.not_passed),
        lambda result, *_: ordered.append(result.id.split("/")[1]),
    )  # fmt: skip
    assert ordered == ["bad", "lacks", "good"]
    with pytest.raises(UsageError, match="command/bad/seed-1"):
        _run(tmp_path, entries[0], only=first.not_passed)


def _comparable(recorded: Recorded) -> list[tuple[str, Outcome, str]]:
    return [(result.id, result.outcome, result.error) for result in recorded.results]


def test_merged_shards_equal_the_whole(tmp_path: Path) -> None:
    entries = [_shell(f"item-{index}", f"echo {index}; exit {int(index == 3)}") for index in range(5)]
    whole = _run(tmp_path, *entries)
    shards = [_run(tmp_path, *entries, part=(number, 3)) for number in (1, 2, 3)]
    merged = merge([shards[2].folder, shards[0].folder, shards[1].folder], tmp_path / "runs")
    assert _comparable(merged) == _comparable(whole)
    assert (merged.plan["sha256"], merged.plan["chosen"]) == (whole.plan["sha256"], whole.plan["chosen"])
    assert all((merged.folder / each).is_file() for result in merged.results for each in result.artefacts)
    with pytest.raises(UsageError, match="missing: shard 2/3; 2 items ran in none"):
        merge([shards[0].folder, shards[2].folder], tmp_path / "runs")
    with pytest.raises(UsageError, match="name each shard once"):
        merge([shards[0].folder, shards[0].folder], tmp_path / "runs")
    other = _run(tmp_path, *entries[:4], part=(1, 3))
    with pytest.raises(UsageError, match="another plan"):
        merge([other.folder, shards[1].folder], tmp_path / "runs")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_leaves_a_whole_folder(tmp_path: Path, name: str) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    _plan(tmp_path, _shell("first", "true"), _shell("second", f"echo > {fifo}; sleep 600"), _shell("third", "true"))
    command = [sys.executable, "-m", "rig.cli", "regress", "run", str(tmp_path / "plan.yaml")]
    process = subprocess.Popen([*command, "--runs", str(tmp_path / "runs")], stdout=subprocess.DEVNULL)
    try:
        fifo.read_text()  # the second item is under way
        process.send_signal(getattr(signal, name))
        assert process.wait(30) == ExitCode.INFRASTRUCTURE
    finally:
        process.kill()
        process.wait()
    folder = tmp_path / "runs" / "1"
    assert list(_outcomes(read_folder(folder)).values()) == [Outcome.PASSED, Outcome.NOT_RUN, Outcome.NOT_RUN]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["interrupted"] and summary["outcomes"]["not run"] == 2
    assert (folder / "junit.xml").is_file() and (folder / "index.html").is_file()


def test_a_run_that_was_killed_keeps_what_it_had(tmp_path: Path) -> None:
    recorded = _run(tmp_path, _shell("first", "true"), _shell("second", "true"))
    lines = (recorded.folder / "results.jsonl").read_text().splitlines(keepends=True)
    (recorded.folder / "results.jsonl").write_text(lines[0] + lines[1][:20])
    again = read_folder(recorded.folder)
    assert again.interrupted
    assert list(_outcomes(again).values()) == [Outcome.PASSED, Outcome.NOT_RUN]
    assert exit_code(again.results) is ExitCode.INFRASTRUCTURE
