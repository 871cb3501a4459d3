"""Segment, clocks and recorder of the bench against the page, with stand-in adapters that send what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.tools import Simulator
from tests.hdl.bench.segment_page import SCENARIOS, expected_events, expected_frames, expected_log
from tests.hdl.bench.sources import BOTH_SIMULATORS, stand_in_build

TIMEOUT_S = 120


@pytest.mark.parametrize("simulator", BOTH_SIMULATORS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_stations_hear_what_the_page_says(name: str, simulator: Simulator, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    build = stand_in_build(simulator, stations=len(scenario.positions_bits))
    result = simbuild.run(
        build, run_dir=tmp_path, timeout_s=TIMEOUT_S, main="tests.hdl.bench.segment_main:play",
        env={"BENCH_SCENARIO": name}, plusargs=("+recorder=records.txt",), sim_limit_ns=10_000_000,
    )  # fmt: skip
    result.check()
    for station, log in enumerate(result.value["logs"]):
        expected = expected_log(scenario, station)
        for k, (got, want) in enumerate(zip(log or [], expected, strict=False)):
            mask = 0x7F if want & 16 else 0x70  # RXD means nothing without RX_DV
            assert got & mask == want & mask, f"station {station}, edge {k}: {got:07b}, the page says {want:07b}"
    names = [f"s{station}" for station in range(len(scenario.positions_bits))]
    assert result.value["events"] == [event.to_json() for event in expected_events(scenario, names)]
    assert result.value["frames"] == [[t, j, octets.hex()] for t, j, octets in expected_frames(scenario)]
