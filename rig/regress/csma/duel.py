"""Two stations: how races end after a collision, and how many collisions an episode takes.

Where a station's frame is long, the other one waits at its end, and both start together: every frame begins with a
race. The winner of the race before is fresh, the loser has one collision more each time (Ramakrishnan and Yang 1994).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from rig.build.csma import LEAN, Draw, saturated_frames
from rig.regress.csma.theory import capture, episode_collisions, resolved_at

FRAME_OCTETS = 1518
SHORT_OCTETS = 64
MOST_COLLISIONS = 6
"""Losers with more are so rare winners that their share says nothing."""

OUTCOMES = ("wins", "ties", "loses")


@dataclass(frozen=True, slots=True)
class Race:
    """A fresh station against one at its ``collision``-th collision, told by the fresh one."""

    collision: int
    outcome: str


def races(frames: int, seed: str, engine: str = LEAN) -> Iterator[Race]:
    """Give the races of two saturated stations on one spot during ``frames`` frames."""
    draws: list[Draw] = []
    done = list(islice(saturated_frames(2, FRAME_OCTETS, 0, seed, engine, draws), frames))
    ends = iter(frame for frame in done if frame.is_delivered)
    delivered = next(ends, None)
    by_time: dict[int, list[Draw]] = {}
    for draw in draws:
        by_time.setdefault(draw[0], []).append(draw)
    met = [pair for pair in by_time.values() if len(pair) == 2]  # one draws alone when the other's frame is given up
    starts = [pair[0][0] for pair in met]
    for pair, following_ns in zip(met, [*starts[1:], 1 << 62], strict=True):
        fresh, other = sorted(pair, key=lambda draw: draw[2])
        if fresh[2] != 1:
            continue
        while delivered is not None and delivered.end_ns <= fresh[0]:
            delivered = next(ends, None)
        if delivered is None:
            return
        outcome = "wins" if delivered.station == fresh[1] else "loses"
        if delivered.end_ns > following_ns:
            outcome = "ties"
        yield Race(other[2], outcome)


def capture_table(frames: int, seed: str) -> list[dict[str, object]]:
    """Return, for each number of collisions of the loser, measured and exact shares."""
    counts: dict[int, Counter[str]] = {}
    for race in races(frames, seed):
        counts.setdefault(race.collision, Counter())[race.outcome] += 1
    rows: list[dict[str, object]] = []
    for collision in range(1, MOST_COLLISIONS + 1):
        counter = counts.get(collision, Counter())
        number = counter.total()
        if number:
            measured = {outcome: counter[outcome] / number for outcome in OUTCOMES}
            exact = dict(zip(OUTCOMES, capture(collision), strict=True))
            rows.append({"collision": collision, "races": number, "measured": measured, "exact": exact})
    return rows


def episodes(count: int, seed: str, engine: str = LEAN) -> list[int]:
    """Return how many collisions each of ``count`` episodes of two fresh stations took."""
    collisions = []
    for number in range(count):
        first = next(iter(saturated_frames(2, SHORT_OCTETS, 0, f"{seed}/{number}", engine)))
        collisions.append(first.collisions)
    return collisions


def episode_table(count: int, seed: str) -> dict[str, object]:
    """Return the mean number of collisions of an episode and its distribution, measured and exact."""
    measured = Counter(episodes(count, seed))
    return {
        "episodes": count,
        "mean": sum(number * times for number, times in measured.items()) / count,
        "exact_mean": episode_collisions(),
        "resolved_at": [
            {"collision": number, "measured": measured[number] / count, "exact": resolved_at(number)}
            for number in range(1, 5)
        ],
    }
