"""Outside programs: their output is kept, and none of them can hang the caller."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from rig.errors import ToolError
from rig.regress.process import last_lines, run_logged
from rig.regress.tools import tool_environment

SHELL = "/bin/sh"


def run(script: str, folder: Path, timeout_s: float = 60, on_line=None) -> int:  # type: ignore[no-untyped-def]
    return run_logged(
        [SHELL, "-c", script], folder=folder, environment=tool_environment(), log_path=folder / "log",
        timeout_s=timeout_s, on_line=on_line,
    )  # fmt: skip


def ends(pid: int) -> bool:
    """Tell whether a process that should have been killed ends; the system may take a moment to do it."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def test_output_goes_to_the_log_and_to_the_caller(tmp_path: Path) -> None:
    lines: list[str] = []
    assert run("echo out; echo err >&2; exit 3", tmp_path, on_line=lines.append) == 3
    assert sorted(lines) == ["err", "out"]
    assert sorted((tmp_path / "log").read_text().split()) == ["err", "out"]


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
