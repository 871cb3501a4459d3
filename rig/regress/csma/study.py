"""Measure points of load by replications, and say whether the whole has the shape that was published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rig.build.csma import ENGINES, fastest_engine
from rig.errors import UsageError
from rig.regress.csma import theory
from rig.regress.csma.duel import capture_table, episode_table
from rig.regress.csma.estimate import Estimate, estimate
from rig.regress.csma.replication import QUANTILES, Point, Replication, check_limit
from rig.regress.csma.workers import run_jobs

SCHEMA = 1
DUEL_FRAMES = 100_000
EPISODES = 4_000
CAPACITY_MBPS = 10.0
AUTO = "auto"
MBPS_WORDS = "Mb/s of frames, preambles and gaps"


@dataclass(frozen=True, slots=True)
class Study:
    """What to measure. ``engine`` is one of :data:`~rig.build.csma.ENGINES`, or auto for the faster that can."""

    points: tuple[Point, ...]
    frames: int
    replications: int
    seed: int
    engine: str = AUTO
    workers: int | None = None
    dask: str | None = None

    def check(self) -> None:
        """Raise :class:`UsageError` for what cannot be measured."""
        for point in self.points:
            point.check()
        check_limit("frames", self.frames)
        check_limit("replications", self.replications)
        if self.engine not in (AUTO, *ENGINES):
            raise UsageError(f"there is no engine {self.engine!r}; known are {', '.join((AUTO, *ENGINES))}")
        if self.workers is not None and not 1 <= self.workers <= 256:
            raise UsageError(f"--workers is {self.workers}; it must be in 1 .. 256")

    def engine_of(self, point: Point) -> str:
        """Return the engine that measures a point."""
        return fastest_engine(point.delay_bits) if self.engine == AUTO else self.engine


def run_study(study: Study, on_row: Callable[[dict[str, Any]], None] = lambda _: None) -> list[dict[str, Any]]:
    """Measure every point; return a row for each, in the shape that ``rig csma --json`` prints."""
    study.check()
    jobs = [
        (point, study.frames, f"{study.seed}/{number}", study.engine_of(point))
        for point in study.points
        for number in range(study.replications)
    ]
    results = run_jobs(jobs, workers=study.workers, dask=study.dask)
    rows = []
    for point in study.points:
        row = _row(study, point, [next(results) for _ in range(study.replications)])
        on_row(row)
        rows.append(row)
    return rows


def _row(study: Study, point: Point, results: Sequence[Replication]) -> dict[str, Any]:
    def of(pick: Callable[[Replication], float]) -> Estimate:
        return estimate([pick(each) for each in results])

    # mypy cannot infer a lambda whose default binds the loop's variable.
    attempts = [of(lambda each, k=k: each.attempts[k]) for k in range(theory.ATTEMPT_LIMIT)]  # type: ignore[misc]
    names = ["mean", *(name for name, _ in QUANTILES)]
    delays = {name: of(lambda each, name=name: each.delay_ns[name]) for name in names}  # type: ignore[misc]
    same_winner = of(lambda each: each.same_winner)
    cpu_s = sum(each.cpu_s for each in results)
    return {
        "schema": SCHEMA,
        "stations": point.stations,
        "frame_octets": point.frame_octets,
        "delay_bits": point.delay_bits,
        "frames": study.frames,
        "replications": study.replications,
        "seed": study.seed,
        "engine": study.engine_of(point),
        "utilisation": of(lambda each: each.utilisation).to_json(),
        "utilisation_wire": of(lambda each: each.utilisation_wire).to_json(),
        "collisions_per_frame": of(lambda each: each.collisions_per_frame).to_json(),
        "attempts_per_frame": of(lambda each: each.attempts_per_frame).to_json(),
        "service_ns": of(lambda each: each.service_ns).to_json(),
        "dropped": of(lambda each: each.dropped).to_json(),
        "attempts": [each.mean for each in attempts],
        "same_winner": same_winner.mean,
        "delay_ns": {name: each.mean for name, each in delays.items()},
        "ci95": {
            "attempts": [each.ci95 for each in attempts],
            "same_winner": same_winner.ci95,
            "delay_ns": {name: each.ci95 for name, each in delays.items()},
        },
        "frames_per_cpu_s": round(sum(each.delivered for each in results) / cpu_s) if cpu_s else None,
    }


def page_facts(study: Study, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return everything that the page of a study shows: rows, duels of two stations, theory, and what was checked."""
    return {
        "schema": SCHEMA,
        "seed": study.seed,
        "rows": rows,
        "capture": capture_table(DUEL_FRAMES, f"{study.seed}/races"),
        "episodes": episode_table(EPISODES, f"{study.seed}/episodes"),
        "metcalfe_boggs": {
            "frame_bits": list(theory.TABLE_FRAME_BITS),
            "rows": [
                {
                    "stations": stations,
                    "acquisition": theory.acquisition(stations),
                    "waiting_slots": theory.waiting_slots(stations),
                    "efficiency": [theory.efficiency(stations, bits) for bits in theory.TABLE_FRAME_BITS],
                }
                for stations in theory.TABLE_STATIONS
            ],
        },
        "checks": [{"rule": rule, "holds": not failures, "failures": failures} for rule, failures in check_shape(rows)],
    }


def check_shape(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """Hold measured rows to the shape of Boggs, Mogul and Kent; give each rule with what contradicts it.

    Two points contradict an order only if their intervals lie apart the wrong way.
    """
    published = [row for row in rows if row["stations"] <= theory.BOGGS_MAX_STATIONS and row["delay_bits"] <= 45]
    yield (
        f"every point of up to {theory.BOGGS_MAX_STATIONS} stations is above {theory.BOGGS_LEAST_MBPS} {MBPS_WORDS}",
        [_words(row) for row in published if _mbps(row) <= theory.BOGGS_LEAST_MBPS],
    )
    long = [row for row in published if row["frame_octets"] >= theory.BOGGS_LONG_OCTETS]
    yield (
        f"frames of {theory.BOGGS_LONG_OCTETS} octets and more stay above {theory.BOGGS_LONG_LEAST_MBPS} {MBPS_WORDS}",
        [_words(row) for row in long if _mbps(row) <= theory.BOGGS_LONG_LEAST_MBPS],
    )
    yield "more stations carry no more", _disorder(rows, "stations", "frame_octets", rises=False)
    yield "longer frames carry no less", _disorder(rows, "frame_octets", "stations", rises=True)
    yield "the time that a frame takes grows linearly with the stations", list(_nonlinear(published))


def _disorder(rows: Sequence[dict[str, Any]], along: str, fixed: str, *, rises: bool) -> list[str]:
    failures = []
    for first in rows:
        for second in rows:
            if first[fixed] != second[fixed] or first["delay_bits"] != second["delay_bits"]:
                continue
            if first[along] >= second[along]:
                continue
            less, more = (first, second) if rises else (second, first)
            low, high = less["utilisation_wire"]["ci95"], more["utilisation_wire"]["ci95"]
            if low and high and low[0] > high[1]:
                failures.append(f"{_words(less)} above {_words(more)}")
    return failures


def _nonlinear(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """For each station, the time changes by no more than the bit rate itself does; frames given up are counted too."""
    for octets in sorted({row["frame_octets"] for row in rows}):
        several = [row for row in rows if row["frame_octets"] == octets and row["stations"] >= 5]
        each = [row["service_ns"]["mean"] / row["stations"] for row in several]
        if each and max(each) > 1.2 * min(each):
            yield f"{octets} octets: {min(each):.0f} to {max(each):.0f} ns for each station"


def _mbps(row: dict[str, Any]) -> float:
    return CAPACITY_MBPS * float(row["utilisation_wire"]["mean"])


def _words(row: dict[str, Any]) -> str:
    return f"{row['stations']} stations, {row['frame_octets']} octets: {_mbps(row):.2f} Mb/s"
