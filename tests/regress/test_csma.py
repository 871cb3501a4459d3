"""``rig csma``: theory from its formulas, intervals, what is counted, and the shape of the whole."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from firmware_models.network.saturated import Done
from rig.build.csma import LEAN, TWIN, fastest_engine
from rig.cli.csma import CsmaOptions, run_csma
from rig.errors import ToolError, UsageError
from rig.regress.csma import theory
from rig.regress.csma.duel import capture_table, episodes, races
from rig.regress.csma.estimate import estimate, quantile
from rig.regress.csma.replication import Point, count, replicate
from rig.regress.csma.study import Study, check_shape, run_study
from rig.regress.csma.workers import run_jobs
from tests.conformance.test_theory_twin import assert_share

# Metcalfe and Boggs 1976, Table I: Q, A, W, E at 4096, 1024, 512 and 48 bits.
TABLE_I = """
1    1      0       1.0000 1.0000 1.0000 1.0000
2    .5000  1.0000  .9884  .9552  .9143  .5000
3    .4444  1.2500  .9856  .9446  .8951  .4444
4    .4219  1.3704  .9842  .9396  .8862  .4219
5    .4096  1.4414  .9834  .9367  .8810  .4096
10   .3874  1.5812  .9818  .9310  .8709  .3874
32   .3737  1.6757  .9807  .9272  .8642  .3737
64   .3708  1.6970  .9805  .9263  .8627  .3708
128  .3693  1.7077  .9804  .9259  .8620  .3693
256  .3686  1.7130  .9803  .9257  .8616  .3686
"""


@pytest.mark.parametrize("line", TABLE_I.strip().splitlines())
def test_metcalfe_and_boggs(line: str) -> None:
    stations, *published = line.split()
    q = int(stations)
    values = [theory.acquisition(q), theory.waiting_slots(q)]
    values += [theory.efficiency(q, bits) for bits in theory.TABLE_FRAME_BITS]
    assert values == pytest.approx([float(each) for each in published], abs=5e-5 + 1e-9)


def test_closed_forms() -> None:
    assert theory.episode_collisions() == pytest.approx(1.641633, abs=1e-6)
    assert [theory.resolved_at(n) for n in (1, 2, 3)] == [1 / 2, 3 / 8, 0.109375]
    assert theory.resolved_at(4) == pytest.approx(0.014648, abs=1e-6)
    for n in range(1, 7):
        assert sum(theory.capture(n)) == pytest.approx(1)
    assert theory.capture(2) == (5 / 8, 1 / 4, 1 / 8)


def test_intervals() -> None:
    assert estimate([3.0]).ci95 is None
    result = estimate([1.0, 2.0, 3.0])
    assert result.mean == 2.0
    assert result.ci95 == pytest.approx((2 - 4.3027 / math.sqrt(3), 2 + 4.3027 / math.sqrt(3)))
    # Printed tables: 21, 30, 60, 120 degrees of freedom.
    printed = {21: 2.0796, 30: 2.0423, 60: 2.0003, 120: 1.9799}
    assert {degrees: round(quantile(degrees), 4) for degrees in printed} == printed


def test_what_is_counted() -> None:
    """Four frames of 64 octets in 4000 bit times, one of them given up; counted by hand."""
    before = Done(100_000, 0, 0, 0, True, 7)
    frames = [
        Done(200_000, 0, 100_000, 0, True, 7),
        Done(300_000, 0, 200_000, 1, True, 8),
        Done(400_000, 1, 50_000, 16, False, 9),
        Done(500_000, 1, 400_000, 2, True, 10),
    ]
    result = count(Point(2, 64, 0), before, frames)
    assert result.utilisation == 3 * 512 / 4000
    assert result.utilisation_wire == 3 * (512 + 160) / 4000
    assert result.collisions_per_frame == 1.0
    assert result.attempts_per_frame == (1 + 2 + 16 + 3) / 3
    assert result.dropped == 0.25
    assert result.attempts == (1 / 3, 1 / 3, 1 / 3, *[0.0] * 13)
    assert result.same_winner == 0.5
    assert result.delay_ns["mean"] == 100_000
    assert result.service_ns == (100_000 + 100_000 + 350_000 + 100_000) / 4


def test_engines_count_the_same() -> None:
    def figures(engine: str) -> list[object]:
        result = replicate(Point(5, 64, 30), 500, "4", engine)
        names = ("utilisation", "attempts", "dropped", "same_winner", "delay_ns", "collisions_per_frame", "service_ns")
        return [getattr(result, name) for name in names]

    assert figures(LEAN) == figures(TWIN)
    assert (fastest_engine(96), fastest_engine(97)) == (LEAN, TWIN)


@pytest.mark.requirement("MAC-4.10")
def test_races_of_two_stations_end_as_published() -> None:
    for row in capture_table(60_000, "1"):
        number, collision, exact = row["races"], row["collision"], row["exact"]
        assert isinstance(number, int) and isinstance(collision, int) and isinstance(exact, dict)
        if collision > 1:
            assert number > 300
            assert isinstance(row["measured"], dict)
            for outcome, share in row["measured"].items():
                assert_share(round(share * number), number, exact[outcome], f"{outcome} at {collision}")


def test_races_are_told_alike_by_the_twin() -> None:
    assert list(races(500, "2", LEAN)) == list(races(500, "2", TWIN))


@pytest.mark.requirement("MAC-4.10")
def test_episodes_take_as_many_collisions_as_published() -> None:
    taken = episodes(3_000, "1")
    for collisions in range(1, 5):
        assert_share(taken.count(collisions), len(taken), theory.resolved_at(collisions), f"{collisions} collisions")
    mean_square = sum(each**2 * theory.resolved_at(each) for each in range(1, 12))
    sigma = math.sqrt((mean_square - theory.episode_collisions() ** 2) / len(taken))
    assert abs(sum(taken) / len(taken) - theory.episode_collisions()) < 4 * sigma


@pytest.fixture(scope="module")
def sweep() -> list[dict[str, Any]]:
    points = tuple(Point(stations, octets, 45) for octets in (64, 512, 1536) for stations in (2, 5, 10, 24))
    return run_study(Study(points, frames=1_500, replications=4, seed=1, workers=1))


@pytest.mark.requirement("MAC-4.10")
def test_the_shape_of_boggs_mogul_and_kent(sweep: list[dict[str, Any]]) -> None:
    checks = dict(check_shape(sweep))
    assert len(checks) == 5
    assert not any(checks.values()), checks
    for octets in (64, 512, 1536):  # it really falls: the ends of a curve lie apart
        few, many = (next(r for r in sweep if (r["stations"], r["frame_octets"]) == (n, octets)) for n in (2, 24))
        assert few["utilisation_wire"]["ci95"][0] > many["utilisation_wire"]["ci95"][1]


def test_what_contradicts_the_shape_is_said(sweep: list[dict[str, Any]]) -> None:
    def with_rate(stations: int, octets: int, rate: float) -> list[list[str]]:
        changed = {"utilisation_wire": {"mean": rate, "ci95": [rate, rate]}}
        return [
            failures
            for _, failures in check_shape(
                [r | changed if (r["stations"], r["frame_octets"]) == (stations, octets) else r for r in sweep]
            )
        ]

    assert "24 stations, 64 octets: 7.90 Mb/s" in with_rate(24, 64, 0.79)[0]
    assert "24 stations, 1536 octets: 9.30 Mb/s" in with_rate(24, 1536, 0.93)[1]
    assert with_rate(24, 512, 0.999)[2] and with_rate(24, 64, 0.97)[3]
    slow = {"service_ns": {"mean": 9e9, "ci95": None}}
    assert [f for _, f in check_shape([r | slow if r["stations"] == 24 else r for r in sweep])][4]


def test_optimum_of_theory_is_not_above_what_long_frames_reach(sweep: list[dict[str, Any]]) -> None:
    """Metcalfe and Boggs assume no capture: a saturated segment with backoff comes out above their efficiency."""
    for row in sweep:
        bits = 8 * row["frame_octets"] + 64
        assert row["utilisation_wire"]["mean"] > theory.efficiency(row["stations"], bits, slot_bits=512)


def test_processes_change_nothing() -> None:
    jobs = [(Point(3, 64, 10), 200, f"s/{number}", LEAN) for number in range(3)]

    def figures(workers: int) -> list[tuple[float, float]]:
        return [(each.utilisation, each.delay_ns["p99"]) for each in run_jobs(jobs, workers=workers)]

    assert figures(1) == figures(2)


DASK_RUN = """
    from distributed import LocalCluster
    from rig.build.csma import LEAN
    from rig.regress.csma.replication import Point
    from rig.regress.csma.workers import run_jobs

    if __name__ == "__main__":
        jobs = [(Point(3, 64, 10), 200, f"s/{number}", LEAN) for number in range(3)]
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            there = [each.utilisation for each in run_jobs(jobs, dask=cluster.scheduler_address)]
        assert there == [each.utilisation for each in run_jobs(jobs, workers=1)]
        print("the same on", "dask")
"""


@pytest.mark.needs("dask")
def test_a_dask_cluster_changes_nothing(tmp_path: Path) -> None:
    script = tmp_path / "on_dask.py"
    script.write_text(textwrap.dedent(DASK_RUN))
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "the same on dask" in done.stdout


@pytest.mark.needs("dask")
def test_no_scheduler_is_a_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rig.regress.csma.workers.CONNECT_TIMEOUT_S", 1)
    with pytest.raises(ToolError, match="no Dask scheduler at tcp"):
        list(run_jobs([(Point(2, 64, 0), 20, "s", LEAN)], dask="tcp://127.0.0.1:9"))


def options(**changes: Any) -> CsmaOptions:
    given: dict[str, Any] = {
        "stations": "3", "frame_octets": "64", "delay_bits": 40, "frames": 300, "replications": 3, "seed": 1,
        "engine": "auto", "workers": 1, "dask": None, "study": False, "page": None, "open_page": False, "as_json": True,
    }  # fmt: skip
    return CsmaOptions(**(given | changes))


def test_json_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_csma(options())
    row = json.loads(capsys.readouterr().out)
    for name in ("utilisation", "utilisation_wire", "collisions_per_frame", "dropped"):
        low, high = row[name]["ci95"]
        assert low <= row[name]["mean"] <= high
    assert len(row["attempts"]) == 16 and sum(row["attempts"]) == pytest.approx(1)
    assert set(row["delay_ns"]) == {"mean", "p50", "p90", "p99"}
    assert 0 < row["same_winner"] <= 1 and row["frames_per_cpu_s"] > 0
    run_csma(options())
    again = json.loads(capsys.readouterr().out)
    assert {**again, "frames_per_cpu_s": 0} == {**row, "frames_per_cpu_s": 0}
    run_csma(options(stations="2,5", frame_octets="64,512", page=tmp_path / "page", as_json=False))
    page = (tmp_path / "page" / "index.html").read_text()
    assert page.count('class="plot"') == 6 and "1.641633" in page
    assert len(json.loads((tmp_path / "page" / "csma.json").read_text())["rows"]) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stations": "0"}, "--stations is 0; it must be in 1 .. 1024"),
        ({"stations": "two"}, "--stations is 'two'; write whole numbers"),
        ({"frame_octets": "63"}, "--frame-octets is 63; it must be in 64"),
        ({"delay_bits": 1001}, "--delay-bits is 1001"),
        ({"frames": 9}, "--frames is 9"),
        ({"replications": 0}, "--replications is 0"),
        ({"engine": "fast"}, "no engine 'fast'; known are auto, twin, lean"),
        ({"engine": "lean", "delay_bits": 97}, "97 bits is beyond the 96"),
        ({"workers": 0}, "--workers is 0"),
        ({"stations": ",".join(["2"] * 201)}, "201 points"),
        ({"open_page": True}, "--open has no page"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run_csma(options(**changes))
