"""The machine-readable summary of a test run says what the run said, alone and under xdist."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = """
import pytest

@pytest.mark.requirement("SAMPLE-1")
def test_passes(): pass

@pytest.mark.requirement("SAMPLE-2")
def test_fails(): assert False

@pytest.mark.requirement("SAMPLE-2")
def test_passes_too(): pass

@pytest.mark.needs("iverilog")
def test_needs_a_tool(): pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_the_summary_counts_what_ran(workers: list[str], tmp_path: Path) -> None:
    sample = tmp_path / "test_sample.py"
    sample.write_text(SAMPLE)
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    command += [str(sample), "--summary-folder", str(tmp_path), *workers]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "RIG_"))}
    environment["PATH"] = str(Path(sys.executable).parent)  # no Icarus there

    def run(command: list[str]) -> int:
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False
        ).returncode

    assert run(command) == 1
    summary = json.loads((tmp_path / "test-summary.json").read_text())
    assert (summary["passed"], summary["failed"], summary["skipped"]) == (2, 1, 0)
    assert [row["id"].split("::")[-1] for row in summary["not_run"]] == ["test_needs_a_tool"]
    assert "iverilog" in summary["not_run"][0]["reason"]
    assert _outcomes(tmp_path) == {"SAMPLE-1": "passed", "SAMPLE-2": "failed"}
    # A run of some tests keeps what it did not run, and only that.
    sample.write_text(SAMPLE.replace("assert False", "pass"))
    run(command=[*command, "-k", "test_fails"])
    assert _outcomes(tmp_path) == {"SAMPLE-1": "passed", "SAMPLE-2": "passed"}
    tests = {row["id"]: row["tests"] for row in json.loads((tmp_path / "requirements.json").read_text())}
    assert [len(tests["SAMPLE-1"]), len(tests["SAMPLE-2"])] == [1, 2]


def _outcomes(folder: Path) -> dict[str, str]:
    return {row["id"]: row["outcome"] for row in json.loads((folder / "requirements.json").read_text())}
