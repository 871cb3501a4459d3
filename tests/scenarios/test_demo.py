"""The demonstration, whole, on every backend: what the project promises on its first page.

Verilator is not optional here: where it is missing, the tests of the Verilog adapters fail.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.config.scenario import BackendName
from rig.report.run_facts import RunFacts, read_run
from rig.scenario.catalog import PICTURE, carried_file, find_scenario
from rig.scenario.facts import Progress
from rig.scenario.run import Request, Run, run_scenario

BACKENDS: tuple[BackendName, ...] = ("model", "rtl")


def run_demo(name: str, backend: BackendName, runs: Path, told: list[Progress] | None = None) -> Run:
    name, path, scenario = find_scenario(name)
    request = Request(name, scenario, backend, carried_file(None, scenario, path), runs)
    return run_scenario(request, None if told is None else told.append)


@pytest.fixture(scope="module")
def told() -> dict[str, list[Progress]]:
    return {backend: [] for backend in BACKENDS}


@pytest.fixture(scope="module")
def collide(tmp_path_factory: pytest.TempPathFactory, told: dict[str, list[Progress]]) -> Iterator[dict[str, Run]]:
    runs = tmp_path_factory.mktemp("runs")
    yield {backend: run_demo("collide", backend, runs, told[backend]) for backend in BACKENDS}


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_picture_arrives_over_a_medium_with_collisions(collide: dict[str, Run], backend: str) -> None:
    result = collide[backend].result
    (file,) = result["files"]
    assert collide[backend].passed
    assert file["sha256_received"] == file["sha256_sent"]
    assert file["octets"] == PICTURE.stat().st_size
    medium = result["medium"]
    assert min(medium["collisions"], medium["jams"], medium["mac_retransmissions"]) >= 1


def test_twins_and_verilog_did_the_same_to_the_nanosecond(collide: dict[str, Run]) -> None:
    for name in ("timeline.json", "wire.pcapng"):
        contents = {(run.folder / name).read_bytes() for run in collide.values()}
        assert len(contents) == 1, name
    stripped = [
        {key: value for key, value in run.result.items() if key not in ("backend", "versions")}
        for run in collide.values()
    ]
    assert stripped[0] == stripped[1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_counters_agree_with_the_timeline(collide: dict[str, Run], backend: str) -> None:
    """Registers of the adapter against what was seen on the medium (IEEE Std 802.3-2022 5.2.4)."""
    facts = read_run(collide[backend].folder)
    for name, station in facts.stations.items():
        counters = station["counters"]
        attempts = _attempts(facts, name)
        assert counters["aFramesTransmittedOK"] == sum(frame.tap == name for frame in facts.frames) == len(attempts)
        assert counters["aSingleCollisionFrames"] == sum(count == 2 for count in attempts.values())
        assert counters["aMultipleCollisionFrames"] == sum(count > 2 for count in attempts.values())
        assert counters["aFrameCheckSequenceErrors"] == 0
        jams = [event for event in facts.of_kind("jam") if event.station == name]
        assert len(jams) == sum(count - 1 for count in attempts.values())


def _attempts(facts: RunFacts, station: str) -> dict[int, int]:
    attempts: dict[int, int] = {}
    for event in facts.of_kind("transmit"):
        if event.station == station:
            assert event.frame_id is not None
            attempts[event.frame_id] = max(attempts.get(event.frame_id, 0), event.attempt or 0)
    return attempts


@pytest.mark.parametrize("backend", BACKENDS)
def test_jams_and_backoffs_are_as_the_standard_says(collide: dict[str, Run], backend: str) -> None:
    """32 bits of jam, backoff in whole slots of 512 bit times, below 2**min(n, 10) (IEEE Std 802.3-2022 4.2.3.2.5)."""
    facts = read_run(collide[backend].folder)
    bit_ns = facts.bit_time_ns
    assert {event.end_ns - event.t_ns for event in facts.of_kind("jam")} == {32 * bit_ns}
    for event in facts.of_kind("backoff"):
        assert event.slots is not None
        assert event.attempt is not None
        assert event.end_ns - event.t_ns == event.slots * 512 * bit_ns
        assert event.slots < 2 ** min(event.attempt, 10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_progress_is_told_while_it_runs(collide: dict[str, Run], told: dict[str, list[Progress]], backend: str) -> None:
    assert len(told[backend]) > 5
    assert told[backend][-1].octets == collide[backend].result["files"][0]["octets"]
    assert any(row["state"] == "ESTABLISHED" for progress in told[backend] for row in progress.netstat["server"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_page_shows_the_conversation_and_the_first_collision(collide: dict[str, Run], backend: str) -> None:
    html = (collide[backend].folder / "index.html").read_text()
    for words in ("SYN seq=0", "after a collision", "scene-jam", "ESTABLISHED", "aSingleCollisionFrames"):
        assert words in html


@pytest.mark.needs("tshark")
@pytest.mark.parametrize("backend", BACKENDS)
def test_wireshark_finds_nothing_wrong_with_the_capture(collide: dict[str, Run], backend: str) -> None:
    capture = collide[backend].folder / "wire.pcapng"
    packets = _tshark(capture, "frame.interface_name")
    assert len(packets) == collide[backend].result["medium"]["frames"]
    assert set(packets) == {"client", "server", "talker"}
    checks = ("-o", "eth.check_fcs:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
    bad = "_ws.malformed || eth.fcs.status == Bad || ip.checksum.status == Bad || tcp.checksum.status == Bad"
    assert _tshark(capture, "frame.number", *checks, "-Y", bad) == []
    assert _tshark(capture, "frame.number", *checks, "-Y", "eth.fcs.status == Good") != []


def _tshark(capture: Path, field: str, *options: str) -> list[str]:
    command = ["tshark", "-r", str(capture), "-T", "fields", "-e", field, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("backend", "earliest_ns", "latest_ns"), [("model", 100 * 10**9, 101 * 10**9), ("rtl", 20 * 10**6, 30 * 10**6)]
)
def test_a_server_without_power_is_a_time_out_not_a_hang(
    tmp_path: Path, backend: BackendName, earliest_ns: int, latest_ns: int
) -> None:
    run = run_demo("server-power-loss", backend, tmp_path)
    result: dict[str, Any] = json.loads((run.folder / "result.json").read_text())
    assert run.passed
    assert result["outcome"] == "timeout"
    assert "client: TimeoutError" in result["error"]
    assert earliest_ns <= result["at_ns"] <= latest_ns
    assert result["files"][0]["sha256_received"] is None
    assert any("ESTABLISHED" in row["state"] for row in result["stations"]["client"]["netstat"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_full_duplex_knows_no_collision(tmp_path: Path, backend: BackendName) -> None:
    run = run_demo("full-duplex", backend, tmp_path)
    assert run.passed
    assert run.result["medium"]["collisions"] == run.result["medium"]["jams"] == 0
    assert not read_run(run.folder).of_kind("backoff")
