"""The way of packets, and what ARP teaches whom, on frames made by hand over two segments and a router."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether

from rig.report.lab_pictures import PICTURES
from rig.report.route_picture import learned
from rig.report.run_facts import Frame, RunFacts
from rig.wire.fcs import fcs
from tests.lab.sample_facts import sample_facts

ADAPTERS = {
    "host": ("02:00:00:00:00:01", "10.0.1.1", "near"),
    "r-a": ("02:00:00:00:00:0a", "10.0.1.254", "near"),
    "r-b": ("02:00:00:00:00:0b", "10.0.2.254", "far"),
    "peer": ("02:00:00:00:00:02", "10.0.2.1", "far"),
}
ALL = "ff:ff:ff:ff:ff:ff"


def frame(t_ns: int, tap: str, to: str, packet: Any) -> Frame:
    octets = bytes(Ether(src=ADAPTERS[tap][0], dst=ADAPTERS[to][0] if to else ALL) / packet).ljust(60, b"\0")
    return Frame(t_ns, tap, octets + fcs(octets))


def arp(op: int, tap: str, address: str) -> Any:
    return ARP(op=op, hwsrc=ADAPTERS[tap][0], psrc=ADAPTERS[tap][1], pdst=address)


DATAGRAM = IP(src="10.0.1.1", dst="10.0.2.1", id=5) / UDP(sport=1, dport=2) / b"x"
FRAMES = (
    frame(1000, "host", "", arp(1, "host", "10.0.1.254")),
    frame(2000, "r-a", "host", arp(2, "r-a", "10.0.1.1")),
    frame(3000, "host", "r-a", DATAGRAM),
    frame(4000, "r-b", "", arp(1, "r-b", "10.0.2.1")),
    frame(5000, "peer", "r-b", arp(2, "peer", "10.0.2.254")),
    frame(6000, "r-b", "peer", IP(src="10.0.1.1", dst="10.0.2.1", id=5, ttl=63) / UDP(sport=1, dport=2) / b"x"),
    frame(7000, "host", "", arp(1, "host", "10.0.1.254")),  # what is known already is not learned again
)


@pytest.fixture
def run(tmp_path: Path) -> RunFacts:
    run = sample_facts(tmp_path).run
    stations = {name: {**run.stations["client"], "mac": mac, "ip": f"{ip}/24", "segment": segment}
                for name, (mac, ip, segment) in ADAPTERS.items()}  # fmt: skip
    plan = {"devices": [{"name": "r", "kind": "router"}], "links": []}
    result = {**run.result, "stations": stations, "segments": {"near": {}, "far": {}}, "network": {"plan": plan}}
    return replace(run, frames=FRAMES, result=result)


def test_what_arp_teaches_whom(run: RunFacts) -> None:
    assert learned(run, FRAMES[0]) == [("r-a", "10.0.1.1", "host")], "who is asked learns who asks"
    assert learned(run, FRAMES[1]) == [("host", "10.0.1.254", "r-a")]
    assert learned(run, FRAMES[2]) == []


def test_every_frame_has_its_number_and_every_cache_its_entries(run: RunFacts) -> None:
    markup = PICTURES["route"](run)
    assert re.findall(r'class="route-digit"[^>]*>(\d+)<', markup) == [str(number) for number in range(1, 8)]
    assert re.findall(r'class="route-cache"[^>]*>([^<]*)<', markup) == [
        "2: 10.0.1.254 r-a", "1: 10.0.1.1 host", "5: 10.0.2.1 peer", "4: 10.0.2.254 r-b",
    ]  # fmt: skip
    assert re.findall(r'class="route-words"[^>]*>(to [^<]*)<', markup) == [
        "to 10.0.2.1, TTL 64", "to 10.0.2.1, TTL 63",
    ]  # fmt: skip
    assert re.findall(r'<g class="(station-\d)"', markup) == ["station-0", "station-0"], "one datagram, one colour"


def test_the_interfaces_of_a_router_stand_side_by_side(run: RunFacts) -> None:
    places = dict(re.findall(r'<text x="([\d.]+)"[^>]*class="route-name">([^<]*)<', PICTURES["route"](run)))
    assert [places[x] for x in sorted(places, key=float)] == ["host", "r-a", "r-b", "peer"]


def test_a_network_of_cables_is_not_drawn_so(run: RunFacts) -> None:
    assert "In this run" in PICTURES["route"](replace(run, result={**run.result, "segments": {}}))
