"""Delivered frames per CPU second of saturated stations: the twin, and the lean engine against it in the same run.

Real time at 10 Mb/s is what the segment itself delivers in a second; more than 1 is faster than the real thing.
"""

from __future__ import annotations

import time
from itertools import islice

from rig.build.csma import ENGINES, saturated_frames

DELAY_BITS = 40
CPU_S = 0.4
"""How long each figure is measured, roughly."""

POINTS = ((2, 64), (5, 64), (10, 64), (24, 64), (50, 64), (100, 64), (24, 256), (24, 512), (24, 1024), (24, 1518))


def measure(stations: int, frame_octets: int, engine: str) -> tuple[float, float]:
    """Return delivered frames per CPU second, and simulated per CPU time."""
    frames = saturated_frames(stations, frame_octets, DELAY_BITS, "benchmark", engine)
    first = next(frames)
    start_s = time.process_time()
    delivered, last = 0, first
    while (spent_s := time.process_time() - start_s) < CPU_S:
        for last in islice(frames, 500):
            delivered += last.is_delivered
    return delivered / spent_s, (last.end_ns - first.end_ns) / 1e9 / spent_s


def main() -> None:
    """Print a line for each number of stations and length."""
    for stations, octets in POINTS:
        figures = {engine: measure(stations, octets, engine) for engine in ENGINES}
        words = "   ".join(
            f"{name} {rate / 1e3:6.1f} k/s {real:5.2f} x real time" for name, (rate, real) in figures.items()
        )
        print(f"csma {stations:3} stations {octets:4} octets   {words}")


if __name__ == "__main__":
    main()
