"""The Verilog adapters do, to the nanosecond, what their twins do; and a bug in the Verilog is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.cli.compare import CompareOptions, run_compare
from rig.errors import ExitCode
from rig.regress.compare.minimise import describe, examine
from rig.regress.compare.run import run_comparison
from rig.regress.compare.sides import RtlSide, build_rtl, rtl_sources, run_twin
from rig.regress.compare.stimulus import read_stimulus
from rig.regress.compare.traffic import Request, random_stimulus

PLAYS = 30
"""Enough to come to the point; the tests without a simulator show how small it gets."""

pytestmark = pytest.mark.xdist_group("compare_rtl")


@pytest.fixture(scope="module")
def five_stations() -> RtlSide:
    return build_rtl("verilator", 5)


@pytest.fixture(scope="module")
def two_stations() -> RtlSide:
    return build_rtl("verilator", 2)


def assert_same(request_: Request, rtl: RtlSide, tmp_path: Path) -> dict[str, object]:
    outcome = run_comparison(random_stimulus(request_), rtl, folder=tmp_path, name="found", tell=print)
    assert outcome.is_same, "\n".join([*outcome.explain(), f"{outcome.replay} repeats it"])
    return outcome.to_json()


@pytest.mark.requirement("MAC-4.10")
def test_a_million_bit_times_with_five_stations(five_stations: RtlSide, tmp_path: Path) -> None:
    facts = assert_same(Request(1, 5, 1_000_000), five_stations, tmp_path)
    assert facts["differences"] == 0 and facts["latency_ns"] == 0
    bits, frames, attempts = facts["bits"], facts["frames"], facts["attempts"]
    assert isinstance(bits, int) and isinstance(frames, int) and isinstance(attempts, int)
    assert bits >= 1_000_000 and frames > 200 and attempts > 500


@pytest.mark.parametrize("seed", [2, 3])
def test_five_stations(seed: int, five_stations: RtlSide, tmp_path: Path) -> None:
    assert_same(Request(seed, 5, 300_000), five_stations, tmp_path)


def test_five_stations_at_10_mbps(five_stations: RtlSide, tmp_path: Path) -> None:
    assert_same(Request(1, 5, 30_000, speed_mbps=10), five_stations, tmp_path)


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_link_in_full_duplex(seed: int, two_stations: RtlSide, tmp_path: Path) -> None:
    assert_same(Request(seed, 2, 300_000, full_duplex=True), two_stations, tmp_path)


def test_a_link_in_full_duplex_at_10_mbps(two_stations: RtlSide, tmp_path: Path) -> None:
    assert_same(Request(1, 2, 30_000, speed_mbps=10, full_duplex=True), two_stations, tmp_path)


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize("full_duplex", [False, True])
def test_on_icarus(full_duplex: bool, tmp_path: Path) -> None:
    assert_same(Request(1, 2, 60_000, full_duplex=full_duplex), build_rtl("icarus", 2), tmp_path)


VERILOG_BUGS = {
    "carrier restarts all of the gap": ("deference.v", "in_part1 && !had_transmitted", "!had_transmitted"),
    "a deferred frame counts as one with a collision": (
        "counter_events.v", "ok && collisions == 5'd1;",
        "ok && (collisions == 5'd1 || tx_status[TX_STATUS_DEFERRED_LSB]);",
    ),
}  # fmt: skip


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize("name", VERILOG_BUGS)
def test_a_bug_in_a_copy_of_the_verilog_is_found_and_made_small(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, healthy, buggy = VERILOG_BUGS[name]
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path / "build"))
    sources = []
    for source in rtl_sources():
        if source.name == file:
            text = source.read_text()
            assert healthy in text, f"{file} no longer says {healthy!r}: plant the bug elsewhere"
            source = tmp_path / file
            source.write_text(text.replace(healthy, buggy))
        sources.append(source)
    rtl = build_rtl("icarus", 2, sources=sources)
    stimulus = random_stimulus(Request(1, 2, 120_000))
    outcome = run_comparison(stimulus, rtl, folder=tmp_path, name="found", plays=PLAYS, tell=print)
    assert outcome.small is not None and outcome.replay is not None
    small = outcome.small.stimulus
    assert small.count_steps() <= 10 < stimulus.count_steps(), describe(small)
    assert len(small.episodes) <= 2, describe(small)
    again = examine(read_stimulus(outcome.replay), rtl, run_twin)
    assert again.comparison == outcome.small.comparison


def options(tmp_path: Path, **changes: object) -> CompareOptions:
    values = {
        "request": Request(1, 2, 60_000), "replay": None, "simulator": "verilator", "minimise": True, "runs": tmp_path,
        "as_json": True,
    }  # fmt: skip
    return CompareOptions(**(values | changes))  # type: ignore[arg-type]


def test_the_command(two_stations: RtlSide, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert two_stations.build.was_cached or two_stations.build.program.exists()
    assert run_compare(options(tmp_path)) == ExitCode.PASSED
    facts = json.loads(capsys.readouterr().out)
    assert facts["schema"] == 1 and facts["differences"] == 0 and facts["latency_ns"] == 0
    assert facts["seed"] == 1 and facts["interrupts"] > 0 and facts["words_read"] > 0
    assert facts["frames"] > 0 and facts["attempts"] >= facts["frames"] and facts["simulator"] == "verilator"
    assert run_compare(options(tmp_path, as_json=False)) == ExitCode.PASSED
    assert "no difference between verilator and the twin" in capsys.readouterr().out


def test_the_command_that_repeats_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from firmware_models.adapter import reception

    with monkeypatch.context() as patch:
        patch.setattr(reception, "SAMPLE_EDGES", reception.SAMPLE_EDGES + 1)
        assert run_compare(options(tmp_path)) == ExitCode.TEST_FAILURES
        facts = json.loads(capsys.readouterr().out)
        assert facts["differences"] > 0 and facts["first_difference"]
        assert facts["command"] == f"rig compare --replay {facts['replay']} --simulator verilator"
        replay = Path(facts["replay"])
        assert run_compare(options(tmp_path, replay=replay, as_json=False, minimise=False)) == ExitCode.TEST_FAILURES
        told = capsys.readouterr().out
        assert " rtl " in told and "twin " in told and "rig compare --replay" in told
    assert run_compare(options(tmp_path, replay=replay)) == ExitCode.PASSED
