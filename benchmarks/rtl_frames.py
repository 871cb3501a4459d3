"""How fast the Verilog adapter is simulated: ``python -m benchmarks.rtl_frames``.

Frames of 1500 octets of data at 100 Mb/s, through registers, buffer memory and MII, each checked octet by octet, per
CPU second of the simulator's process on Verilator. Aims: 150 at least, 300 wished for, and 8 times a bench that enters
Python at every clock edge, on the same adapter in the same run (``per_edge_bench.py``).

Full duplex means both stations at once. In half duplex they compete for the medium and collide, so a frame takes twice
the simulated time and more: these figures are for information. The recorder is on.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.regress import simbuild
from rig.regress.simbuild import Build
from rig.regress.simrecipe import PROJECT_ROOT

AIM_FRAMES_PER_S = 300
LIMIT_FRAMES_PER_S = 150
LIMIT_RATIO = 8
FAST = ("raw full", "driver full", "raw half", "driver half")
ROUNDS = 3
FAST_FRAMES = 100  # of each station
SLOW_FRAMES = 12
TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Figure:
    """What one variant reaches."""

    name: str
    frames_per_cpu_s: float


def _slow_build() -> Build:
    """Return the adapter with its pins public, at the same optimisation as the fast bench."""
    files = simbuild.read_filelist(PROJECT_ROOT / "hdl" / "filelists" / "nic_mii.f")
    return simbuild.build(
        "verilator", "per_edge_bench", sources=[*files.sources, Path(__file__).with_name("per_edge_bench.v")],
        include_folders=files.include_folders,
    )  # fmt: skip


def _rate(build: Build, main: str, work: str, plusargs: Sequence[str] = ()) -> float:
    with tempfile.TemporaryDirectory() as folder:
        result = simbuild.run(
            build, run_dir=Path(folder), timeout_s=TIMEOUT_S, main=main, env={"RTL_FRAMES": work}, plusargs=plusargs
        )
        result.check()
        return float(result.value["frames"] / result.value["cpu_s"])


def measure(rounds: int = ROUNDS) -> tuple[list[Figure], Figure]:
    """Return the figures of the fast variants and of the per-edge bench: medians of ``rounds``, taken in turns."""
    fast_build = simbuild.build("verilator", "segment_bench", parameters={"STATIONS": 2})
    slow_build = _slow_build()
    fast: dict[str, list[float]] = {name: [] for name in FAST}
    slow: list[float] = []
    for _ in range(rounds):
        for name, rates in fast.items():
            rates.append(
                _rate(
                    fast_build, "benchmarks.rtl_frames_traffic:main", f"{name} {FAST_FRAMES}",
                    ("+recorder=records.txt",),
                )
            )  # fmt: skip
        slow.append(_rate(slow_build, "benchmarks.per_edge_bench:main", f"pins full {SLOW_FRAMES}"))
    figures = [Figure(name, statistics.median(rates)) for name, rates in fast.items()]
    return figures, Figure("per edge", statistics.median(slow))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"measurements of each variant (default {ROUNDS})")
    figures, slow = measure(parser.parse_args(arguments).rounds)
    for figure in figures:
        rate = figure.frames_per_cpu_s
        aim = f"   (at least {LIMIT_FRAMES_PER_S} and {LIMIT_RATIO} x, aim {AIM_FRAMES_PER_S})"
        print(
            f"rtl frames, {figure.name:11} {rate:6.1f} frames/CPU s   {rate / slow.frames_per_cpu_s:4.1f} x per edge"
            f"{aim if figure.name.endswith('full') else ''}"
        )
    print(f"rtl frames, {slow.name:11} {slow.frames_per_cpu_s:6.1f} frames/CPU s   Python at every edge")


if __name__ == "__main__":
    main()
