"""Outside programs: their output is kept, and none of them can hang the caller."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rig.errors import ToolError
from rig.regress.filelist import PROJECT_ROOT
from rig.regress.process import last_lines, run_logged
from rig.regress.tools import tool_environment

SHELL = "/bin/sh"


def run(  # type: ignore[no-untyped-def]  # what run_logged takes, handed on
    script: str, folder: Path, timeout_s: float = 60, on_line=None, cancelled=None
) -> int:  # fmt: skip
    return run_logged(
        [SHELL, "-c", script], folder=folder, environment=tool_environment(), log_path=folder / "log",
        timeout_s=timeout_s, on_line=on_line, cancelled=cancelled,
    )  # fmt: skip


def ends(pid: int, limit_s: float = 10) -> bool:
    """Tell whether a process that should have been killed ends; the system may take a moment to do it."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], limit_s)[0])
    finally:
        os.close(handle)


def has_ended(pid: int) -> bool:
    """Tell whether a process has ended by now."""
    return ends(pid, 0)


def test_output_goes_to_the_log_and_to_the_caller(tmp_path: Path) -> None:
    lines: list[str] = []
    assert run("echo out; echo err >&2; exit 3", tmp_path, on_line=lines.append) == 3
    assert sorted(lines) == ["err", "out"]
    assert sorted((tmp_path / "log").read_text().split()) == ["err", "out"]


def test_a_run_in_a_thread_can_be_cancelled(tmp_path: Path) -> None:
    """With what it has started; one that is not cancelled ends as ever, or at its limit."""
    cancelled = threading.Event()
    assert run("exit 3", tmp_path, cancelled=cancelled) == 3
    with pytest.raises(ToolError, match=r"more than 0\.3 s"):
        run("sleep 60", tmp_path, 0.3, cancelled=cancelled)
    pids: list[int] = []

    def started(line: str) -> None:
        pids.append(int(line))
        cancelled.set()

    with pytest.raises(ToolError, match="cancelled"):
        run("sleep 600 & echo $!; wait", tmp_path, on_line=started, cancelled=cancelled)
    assert pids and all(ends(pid) for pid in pids)


def test_log_keeps_its_last_lines(tmp_path: Path) -> None:
    run("seq 1 500", tmp_path)
    kept = last_lines(tmp_path / "log").splitlines()
    assert kept[-1] == "500"
    assert len(kept) < 100
    assert last_lines(tmp_path / "none") == ""


def test_time_limit_kills_the_whole_group(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"more than 0\.5 s") as caught:
        run("sleep 1000 & echo $! > child; echo waiting; wait", tmp_path, timeout_s=0.5)
    assert "sleep 1000" in caught.value.command
    assert caught.value.last_lines == "waiting"
    child = int((tmp_path / "child").read_text())
    assert ends(child), "the child of the killed program lives on"


def test_a_child_that_outlives_its_parent_is_killed(tmp_path: Path) -> None:
    assert run("sleep 1000 & echo $! > child", tmp_path) == 0
    child = int((tmp_path / "child").read_text())
    assert ends(child)


CALLER = """
import sys
from pathlib import Path
from rig.regress.process import run_logged
run_logged(
    [sys.argv[1], "-c", "echo $$; exec sleep 1000"], folder=Path("."), environment={"PATH": "/usr/bin:/bin"},
    log_path=Path(sys.argv[2]), timeout_s=1000, on_line=lambda line: print(line, flush=True),
)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_program_ends_with_a_caller_that_is_killed(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CALLER, SHELL, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=PROJECT_ROOT) as caller:
        assert caller.stdout is not None
        pid = int(caller.stdout.readline())
        assert not has_ended(pid)
        caller.send_signal(number)
        caller.wait(10)
    try:
        assert ends(pid), f"process {pid} runs on, {number.name} ended who had started it"
    finally:
        if not has_ended(pid):
            os.kill(pid, signal.SIGKILL)


def test_failing_listener_does_not_stop_the_program(tmp_path: Path) -> None:
    def bad(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match=r"^1$"):
        run("seq 1 20000", tmp_path, on_line=bad)
    assert last_lines(tmp_path / "log").endswith("20000")


def test_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be started"):
        run_logged(
            [str(tmp_path / "none")], folder=tmp_path, environment={}, log_path=tmp_path / "log", timeout_s=1
        )  # fmt: skip


def test_environment_is_scrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPT", "-broken")
    monkeypatch.setenv("CCACHE_DIR", "/somewhere")
    environment = tool_environment({"EXTRA": "1"})
    assert "OPT" not in environment
    assert environment["CCACHE_DIR"] == "/somewhere"
    assert environment["EXTRA"] == "1"
    assert environment["PATH"] == os.environ["PATH"]
