"""Fuzz every parser and the whole stack, guided by coverage: ``make fuzz``, or ``python -m tests.fuzz --inputs N``.

Each target is a process of its own, stopped by what libFuzzer calls a crash (an exception that no parser promised), a
hang (an input that takes longer than ``TIMEOUT_S``) or too much memory. The inputs are shared out by the weights of
``targets.py``. A target begins with its corpus in ``tests/fuzz/corpus``; what it finds on the way goes to
``build/fuzz``, as does an input that fails. ``build/fuzz.json`` has ``[{target, inputs, crashes, hangs,
peak_rss_mib}]``. Exit code 1 where anything was found, or where a target had not done with its inputs when its time was
up (``--minutes``): its row has how many it did.

``--minimise`` takes what was found on the way into the corpus, as little of it as covers the same code.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.targets import TARGETS, WEIGHTS

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
CORPUS = Path(__file__).with_name("corpus")
TIMEOUT_S = 20
MEMORY_MIB = 1024
MAX_INPUT_OCTETS = 600
TARGET_MINUTES = 120
GRACE_S = 120
"""So long after its time a target that has not ended by itself is killed."""
CRASH, HANG = 77, 70  # exit codes of libFuzzer; Python's own exceptions leave atheris with 1 or 77


def fuzz(name: str, inputs: int, seed: int, limit_s: int = TARGET_MINUTES * 60) -> dict[str, object]:
    """Run one target for at most ``limit_s``; return its row."""
    found = BUILD / name
    known = CORPUS / name
    found.mkdir(parents=True, exist_ok=True)
    command = [
        *_process(name), f"-runs={inputs}", f"-seed={seed}", f"-timeout={TIMEOUT_S}", f"-rss_limit_mb={MEMORY_MIB}",
        f"-max_len={MAX_INPUT_OCTETS}", f"-max_total_time={limit_s}", f"-artifact_prefix={BUILD}/{name}-",
        "-print_final_stats=1", str(found), *([str(known)] if known.exists() else []),
    ]  # fmt: skip
    limit_s += GRACE_S
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_s, check=False)
    lines = (result.stdout + result.stderr).splitlines()
    text = "\n".join(line for line in lines if not line.startswith("INFO: Instrumenting"))
    done = int(_last(r"stat::number_of_executed_units:\s*(\d+)", text) or 0)
    if result.returncode:
        print(f"{name}: exit code {result.returncode}\n{text[-3000:]}", file=sys.stderr)
    return {
        "target": name,
        "inputs": done,
        "crashes": int(result.returncode not in (0, HANG)),
        "hangs": int(result.returncode == HANG),
        "peak_rss_mib": int(_last(r"stat::peak_rss_mb:\s*(\d+)", text) or 0),
    }


def minimise(name: str) -> None:
    """Merge what was found on the way into the corpus."""
    merged, known = BUILD / f"{name}-merged", CORPUS / name
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    sources = [str(folder) for folder in (known, BUILD / name) if folder.exists()]
    command = [*_process(name), "-merge=1", f"-max_len={MAX_INPUT_OCTETS}", str(merged), *sources]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=TARGET_MINUTES * 60, check=True)
    shutil.rmtree(known, ignore_errors=True)
    shutil.copytree(merged, known)


def _process(name: str) -> list[str]:
    return [sys.executable, "-m", "tests.fuzz.one_target", name]


def _last(pattern: str, text: str) -> str | None:
    found = re.findall(pattern, text)
    return str(found[-1]) if found else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, print a line a target, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="of all targets together")
    parser.add_argument("--minutes", type=int, default=TARGET_MINUTES, help="the most that one target may take")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minimise", action="store_true", help="take new inputs into the corpus instead")
    parser.add_argument("targets", nargs="*", help="these only; " + ", ".join(TARGETS))
    options = parser.parse_args(arguments)
    names = options.targets or list(TARGETS)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        parser.error(f"there is no target {unknown[0]!r}; known: {', '.join(TARGETS)}")
    if options.minimise:
        for name in names:
            minimise(name)
        return 0
    total = sum(WEIGHTS.get(name, 10) for name in names)
    rows = []
    is_short = False
    for name in names:
        inputs = max(1, options.inputs * WEIGHTS.get(name, 10) // total)
        row = fuzz(name, inputs, options.seed, options.minutes * 60)
        rows.append(row)
        print("{target:<12} {inputs:>8} inputs  {crashes} crashes  {hangs} hangs  {peak_rss_mib} MiB".format(**row))
        if not row["crashes"] and not row["hangs"] and int(str(row["inputs"])) < inputs:
            is_short = True
            print(f"  of {inputs}: its {options.minutes} minutes were up (--minutes N for more)")
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "fuzz.json").write_text(json.dumps(rows, indent=2) + "\n")
    return 1 if is_short or any(row["crashes"] or row["hangs"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
