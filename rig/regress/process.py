"""Run an outside program that may hang: in a process group of its own, with a log file and a time limit."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from rig.errors import ToolError

LAST_LINES = 40
KILL_GRACE_S = 10
POLL_S = 0.2
"""How often a run that can be cancelled looks whether it is."""


def run_logged(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log_path: Path,
    timeout_s: float,
    on_line: Callable[[str], None] | None = None,
    cancelled: threading.Event | None = None,
) -> int:
    """Run ``command`` in ``folder`` with exactly ``environment`` and return its exit status.

    Everything it prints is appended to ``log_path``; ``on_line`` is given each line as it comes, from another thread;
    its first exception is raised here after the program has ended. :class:`ToolError` if the program cannot be started,
    or takes more than ``timeout_s``: then its whole process group is killed, as it is when the caller is interrupted,
    or, where the caller is a thread that no interrupt reaches, when ``cancelled`` is set.
    The program itself, but not what it has started, also ends with a caller that is killed and can tidy nothing up.
    """
    shown = shlex.join(command)
    try:
        process = subprocess.Popen(
            bound_to_caller(command, environment), cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise ToolError(f"{command[0]} cannot be started: {error.strerror}", command=shown) from error
    assert process.stdout is not None
    failures: list[Exception] = []
    reader = threading.Thread(target=_copy, args=(process.stdout, log_path, on_line, failures), daemon=True)
    reader.start()
    try:
        status = _wait(process, timeout_s, cancelled)
    except subprocess.TimeoutExpired:
        _kill(process)
        reader.join(KILL_GRACE_S)  # for the last lines
        raise ToolError(
            f"{Path(command[0]).name} was killed because it took more than {timeout_s:g} s", command=shown,
            last_lines=last_lines(log_path),
        ) from None  # fmt: skip
    finally:
        _kill(process)
        reader.join(KILL_GRACE_S)
        if not reader.is_alive():  # a daemon that fled the group may hold the pipe; closing would wait for it
            process.stdout.close()
    if failures:
        raise failures[0]
    return status


def _wait(process: subprocess.Popen[bytes], timeout_s: float, cancelled: threading.Event | None) -> int:
    """Return the exit status; :class:`subprocess.TimeoutExpired` after ``timeout_s``, ToolError once cancelled."""
    if cancelled is None:
        return process.wait(timeout_s)
    ends = time.monotonic() + timeout_s
    while not cancelled.is_set():
        left = ends - time.monotonic()
        try:
            return process.wait(max(0.0, min(left, POLL_S)))
        except subprocess.TimeoutExpired:
            if left <= POLL_S:
                raise
    raise ToolError("cancelled", command=str(process.args))


def bound_to_caller(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return ``command`` such that the system kills it when the thread that starts it has ended: prctl(2).

    The thread waits for it, so that is when this process is killed. By a program that becomes the other, because code
    between fork and exec is not safe beside threads. What is not there is left for the caller to find.
    """
    if shutil.which(command[0], path=environment.get("PATH")) is None:
        return list(command)
    return [*_binder(), *command]


@cache
def _binder() -> tuple[str, ...]:
    """Return what goes before a command to bind it; nothing where util-linux has no such program (BusyBox)."""
    program = shutil.which("setpriv")
    if program is None:
        return ()
    binder = (program, "--pdeathsig", "KILL", "--")
    probe = subprocess.run([*binder, "true"], capture_output=True, timeout=KILL_GRACE_S, check=False)
    return binder if probe.returncode == 0 else ()


def last_lines(log_path: Path) -> str:
    """Return the last lines of a log, at most LAST_LINES; nothing if there is no log."""
    try:
        with log_path.open(encoding="utf-8", errors="replace") as log:
            return "".join(deque(log, LAST_LINES)).rstrip()
    except OSError:
        return ""


def _copy(
    source: IO[bytes], log_path: Path, on_line: Callable[[str], None] | None, failures: list[Exception]
) -> None:  # fmt: skip
    with log_path.open("ab", buffering=0) as log:
        for line in source:
            log.write(line)
            if on_line is not None and not failures:
                try:
                    on_line(line.decode("utf-8", "replace").rstrip("\n"))
                except Exception as error:  # the program must still be drained, or it would stop on a full pipe
                    failures.append(error)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process group; its children may outlive their parent."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait(KILL_GRACE_S)
