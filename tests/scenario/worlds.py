"""Small scenarios and a shortcut to run them on the twins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rig.build.bench import model_bench
from rig.config.loading import parse_scenario
from rig.config.scenario import Scenario
from rig.runtime.virtual_time import VirtualTime
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import Facts
from rig.scenario.play import Play
from rig.scenario.run import Request

PLAIN = """
schema: 1
seed: 7
segments: {lan: {speed_mbps: 100, duplex: half, delay_bits: 40}}
stations:
  - {name: left, mac: "02:00:00:00:00:0a", ip: 10.1.0.1/24, segment: lan}
  - {name: right, mac: "02:00:00:00:00:0b", ip: 10.1.0.2/24, segment: lan, position_bits: 40}
apps:
  - {station: right, kind: http-server, args: {path: /f}}
  - {station: left, kind: http-get, args: {server: right, path: /f}}
tcp: {rto_initial_ms: 30, rto_minimum_ms: 10, delayed_ack_ms: 2}
limits: {sim_ns: 600000000000, wall_s: 60}
"""
FILE = CarriedFile("f.bin", bytes(range(256)) * 20)


def plain(old: str = "", new: str = "", *, extra: str = "") -> Scenario:
    """Return the plain scenario with one text replaced and lines added."""
    assert old in PLAIN
    return parse_scenario(PLAIN.replace(old, new, 1) + extra, "plain.yaml").for_backend("model")


def play(scenario: Scenario, file: CarriedFile = FILE, **options: Any) -> Facts:
    """Play a scenario on the twins and return its facts."""
    kernel = VirtualTime()
    return kernel.run(Play(kernel, scenario, model_bench(kernel, scenario), file, **options).run())[0]


def request(scenario: Scenario, runs: Path, file: CarriedFile = FILE) -> Request:
    """Return the request to run a scenario on the twins."""
    return Request("plain", scenario, "model", file, runs, ["test"])
