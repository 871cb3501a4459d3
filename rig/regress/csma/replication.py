"""One replication: saturated stations for so many frames, and what is counted of them.

The stations begin all at once and fresh, which no segment in use does: nothing is counted until a frame that lost every
race since then would have been given up. The window that is measured lies between the ends of two frames, and what is
done in it is counted, whenever it began.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Protocol

from rig.build.csma import saturated_frames
from rig.errors import UsageError

ATTEMPT_LIMIT = 16
BIT_NS = 100
"""The engines run at 10 Mb/s."""

HEADER_AND_GAP_BITS = 64 + 96
"""Preamble, SFD and interpacket gap, which Boggs, Mogul and Kent count as well."""

WARM_UP_NS = 500_000_000
"""The backoffs of a frame before its 16th attempt take at most (2 + 4 + .. + 1024 + 5 * 1024 - 15) slots: 366 ms."""

QUANTILES = (("p50", 0.50), ("p90", 0.90), ("p99", 0.99))

LIMITS = {
    "stations": (1, 1024),
    "frame_octets": (64, 4096),
    "delay_bits": (0, 1000),
    "frames": (10, 10_000_000),
    "replications": (1, 1000),
}


class DoneFrame(Protocol):
    """A frame that is done, as the engines report it."""

    @property
    def end_ns(self) -> int:
        """When it was done."""

    @property
    def station(self) -> int:
        """Whose it was."""

    @property
    def submitted_ns(self) -> int:
        """When its station began to try: the end of the frame before it."""

    @property
    def collisions(self) -> int:
        """Attempts of it that collided."""

    @property
    def is_delivered(self) -> bool:
        """Whether the last attempt got through; else it was given up."""

    @property
    def medium_collisions(self) -> int:
        """Collisions on the medium since the beginning."""


@dataclass(frozen=True, slots=True)
class Point:
    """What is measured: so many saturated stations, frame length (destination address to FCS), length of the cable."""

    stations: int
    frame_octets: int
    delay_bits: int

    def check(self) -> None:
        """Raise :class:`UsageError` for what cannot be measured."""
        for name in ("stations", "frame_octets", "delay_bits"):
            check_limit(name, getattr(self, name))


def check_limit(name: str, value: int) -> None:
    """Raise :class:`UsageError` if a value is outside of its limits."""
    low, high = LIMITS[name]
    if not low <= value <= high:
        option = "--" + name.replace("_", "-")
        raise UsageError(f"{option} is {value}; it must be in {low} .. {high}")


@dataclass(frozen=True, slots=True)
class Replication:
    """What was counted. Shares are of 1; ``attempts[k]`` is that of delivered frames with ``k + 1`` attempts."""

    utilisation: float
    """Time that carried bits of delivered frames, destination address to FCS."""
    utilisation_wire: float
    """The same with preamble, SFD and gap."""
    collisions_per_frame: float
    """Collisions on the medium for each delivered frame."""
    attempts_per_frame: float
    """Transmissions, of whichever end, for each delivered frame."""
    dropped: float
    """Share of frames that were given up."""
    attempts: tuple[float, ...]
    same_winner: float
    """Share of delivered frames that were followed by one of the same station."""
    delay_ns: dict[str, float]
    """From the submission of a frame to its delivery: mean and quantiles."""
    service_ns: float
    """Mean time until a frame is done, delivered or given up: after Little's law stations times mean interval."""
    delivered: int
    cpu_s: float


def replicate(point: Point, frames: int, seed: str, engine: str) -> Replication:
    """Run one replication of ``point`` with ``frames`` counted frames."""
    start_s = time.process_time()
    done = saturated_frames(point.stations, point.frame_octets, point.delay_bits, seed, engine)
    frame = before = next(done)
    warm_up = 0
    while frame.end_ns < WARM_UP_NS:
        before, frame, warm_up = frame, next(done), warm_up + 1
    counted = [frame, *islice(done, frames - 1)]
    return count(point, before, counted, lambda: (time.process_time() - start_s) * frames / (frames + warm_up))


def count(
    point: Point, before: DoneFrame, counted: Iterable[DoneFrame], cpu_s: Callable[[], float] = lambda: 0.0
) -> Replication:
    """Count frames; ``before`` is the last one that is not counted, whose end begins the window."""
    frames = list(counted)
    delivered = [frame for frame in frames if frame.is_delivered]
    if not delivered:
        raise UsageError(
            f"none of {len(frames)} frames of {point.stations} stations was delivered; ask for more with --frames"
        )
    duration_bits = (frames[-1].end_ns - before.end_ns) / BIT_NS
    frame_bits = 8 * point.frame_octets
    delays = sorted(frame.end_ns - frame.submitted_ns for frame in delivered)
    shares = [0] * ATTEMPT_LIMIT
    for frame in delivered:
        shares[frame.collisions] += 1
    winners = [frame.station for frame in delivered]
    again = sum(first == second for first, second in pairwise(winners))
    number = len(delivered)
    return Replication(
        utilisation=number * frame_bits / duration_bits,
        utilisation_wire=number * (frame_bits + HEADER_AND_GAP_BITS) / duration_bits,
        collisions_per_frame=(frames[-1].medium_collisions - before.medium_collisions) / number,
        attempts_per_frame=sum(frame.collisions + frame.is_delivered for frame in frames) / number,
        dropped=1 - number / len(frames),
        attempts=tuple(share / number for share in shares),
        same_winner=again / max(1, number - 1),
        delay_ns={"mean": sum(delays) / number} | {name: float(delays[int(q * number)]) for name, q in QUANTILES},
        service_ns=sum(frame.end_ns - frame.submitted_ns for frame in frames) / len(frames),
        delivered=number,
        cpu_s=cpu_s(),
    )
