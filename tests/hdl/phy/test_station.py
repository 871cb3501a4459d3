"""Two hosts whose adapters have 10BASE-T PHYs of their own: driver, stack and application over Manchester lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.config.loading import parse_scenario
from rig.scenario.carried_file import CarriedFile
from rig.scenario.rtl import run_rtl
from rig.wire.pcap import PcapngReader

SCENARIO = """
schema: 1
seed: 3
segments: {lan: {speed_mbps: 10, duplex: half, delay_bits: 20, line: 10base-t}}
stations:
  - {name: client, mac: "02:00:00:00:00:01", ip: 10.0.0.1/24, segment: lan}
  - {name: server, mac: "02:00:00:00:00:02", ip: 10.0.0.2/24, segment: lan, position_bits: 20}
apps:
  - {station: server, kind: http-server, args: {path: /f}}
  - {station: client, kind: http-get, args: {server: server, path: /f, start_ns: 4000000}}
tcp: {rto_initial_ms: 30, rto_minimum_ms: 10, delayed_ack_ms: 2, send_buffer_octets: 8192}
limits: {sim_ns: 1000000000, wall_s: 300}
"""
FILE = CarriedFile("f.bin", bytes(range(256)) * 24)

pytestmark = pytest.mark.xdist_group("phy")


def test_a_file_over_http_through_two_phys(tmp_path: Path) -> None:
    scenario = parse_scenario(SCENARIO, "tbase.yaml").for_backend("rtl")
    recording = run_rtl(scenario, FILE, tmp_path, None)
    (transfer,) = recording.facts.transfers
    assert recording.facts.outcome == "completed"
    assert transfer.sha256_received == FILE.sha256
    counters = {name: station.counters for name, station in recording.facts.stations.items()}
    assert counters["server"]["aFramesTransmittedOK"] > 5
    for name in ("client", "server"):
        assert counters[name]["aFrameCheckSequenceErrors"] == counters[name]["aAlignmentErrors"] == 0
        assert counters[name]["aSQETestErrors"] == counters[name]["aCarrierSenseErrors"] == 0
    events = json.loads((tmp_path / "timeline.json").read_text())["events"]
    assert {event["station"] for event in events if event["kind"] == "receive"} == {"client", "server"}
    with (tmp_path / "wire.pcapng").open("rb") as file:
        assert len(list(PcapngReader(file))) > 10
