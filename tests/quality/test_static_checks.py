"""Linters and type checkers, run as tests so that `make test` is all there is to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False, env={**os.environ, **(env or {})}
    )
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"


def test_ruff() -> None:
    _run([sys.executable, "-m", "ruff", "check", "."])


def test_mypy() -> None:
    _run([sys.executable, "-m", "mypy"])


def test_shell_scripts_parse() -> None:
    for script in ("run", "bootstrap"):
        _run(["bash", "-n", str(ROOT / ".ci" / script)])
