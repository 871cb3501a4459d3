"""How long a person waits: ``rig --help``, a warm ``make demo`` and (with ``--cold``) one from a fresh clone.

Aims on a two-core machine: help under 0.3 s, warm demo under 20 s, cold demo under 3 minutes, every installation
included. The floor printed beside the help is a bare ``python -c pass`` of the same interpreter in the same run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _seconds(command: Sequence[str], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> float:
    """Run ``command`` to its end and return the wall seconds; a failure ends the benchmark with its output."""
    start = time.perf_counter()
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - start
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed with {result.returncode}\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return elapsed


def _median(command: Sequence[str], runs: int) -> float:
    return statistics.median(_seconds(command) for _ in range(runs))


def _cold_demo() -> float:
    """Clone the committed tree into a new folder and run ``make demo`` there with an empty HOME."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        home = Path(folder) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        keep = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "PYENV_"))}
        path = ":".join(part for part in os.environ["PATH"].split(":") if "/.venv/" not in part)
        return _seconds(["make", "demo"], cwd=clone, env={**keep, "PATH": path, "HOME": str(home), "LANG": "C.UTF-8"})


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="also a fresh clone with an empty HOME (minutes)")
    options = parser.parse_args(arguments)
    rig = str(Path(sys.executable).parent / "rig")
    floor = _median([sys.executable, "-c", "pass"], 5)
    help_seconds = _median([rig, "--help"], 5)
    print(f"rig --help        {help_seconds:7.3f} s   {help_seconds / floor:.1f} x a bare interpreter   (aim 0.3 s)")
    _seconds(["make", "demo"])
    print(f"make demo, warm   {_median(['make', 'demo'], 3):7.2f} s   (aim 20 s)")
    if options.cold:
        print(f"make demo, cold   {_cold_demo():7.1f} s   (aim 180 s)")


if __name__ == "__main__":
    main()
