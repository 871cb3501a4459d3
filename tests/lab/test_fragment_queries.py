"""Queries and pictures about fragments, on frames that scapy cut: once by the sender, once more by a router."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, UDP, fragment
from scapy.layers.l2 import Ether

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.lab.queries import QUERIES
from rig.report.lab_pictures import PICTURES
from rig.report.run_facts import Frame
from rig.wire.fcs import fcs
from tests.lab.sample_facts import CLIENT, MACS, SERVER, sample_facts


def frame(t_ns: int, tap: str, packet: Any) -> Frame:
    address = CLIENT if tap == "client" else SERVER
    octets = bytes(Ether(src=MACS[address], dst=MACS[SERVER]) / packet).ljust(60, b"\0")
    return Frame(t_ns, tap, octets + fcs(octets))


def datagram(number: int, octets: int) -> Any:
    return IP(src=CLIENT, dst="10.9.9.9", id=number, proto="udp") / UDP(sport=9, dport=9) / bytes(octets)


def sent(number: int, t_ns: int, octets: int) -> list[Frame]:
    """A datagram in pieces of 1480, and each of these in pieces of 800 as from a router (here the station server)."""
    near = fragment(datagram(number, octets), fragsize=1480)
    far = [piece for each in near for piece in fragment(each, fragsize=800)]
    return [
        *(frame(t_ns + 1000 * index, "client", piece) for index, piece in enumerate(near)),
        *(frame(t_ns + 100_000 + 1000 * index, "server", piece) for index, piece in enumerate(far)),
    ]


SECOND = sent(78, 1_000_000, 2000)
LOST = SECOND[3]  # the second piece of the router: octets 800 to 1479
TOO_LONG = ICMP(type=3, code=4, nexthopmtu=820)
LATER = IP(src=CLIENT, dst="10.9.9.9", id=80, flags="DF") / UDP(sport=9, dport=9) / bytes(700)
STILL_TOO_LONG = ICMP(type=3, code=4, nexthopmtu=700)
WHOLE = IP(src=CLIENT, dst="10.9.9.9", id=79, flags="DF") / UDP(sport=9, dport=9) / bytes(900)
FRAMES = (
    *sent(77, 0, 3500),
    *SECOND,
    frame(4_000_000, "server", IP(src="10.9.9.9", dst=CLIENT) / ICMP(type=11, code=1) / IP(SECOND[2].octets[14:60])),
    frame(5_000_000, "client", WHOLE),
    frame(5_100_000, "server", IP(src=SERVER, dst=CLIENT) / TOO_LONG / IP(bytes(WHOLE)[:28])),
    frame(5_200_000, "client", LATER),
    frame(5_300_000, "server", IP(src=SERVER, dst=CLIENT) / STILL_TOO_LONG / IP(bytes(LATER)[:28])),
)  # fmt: skip
ROWS = (
    {"t_ns": LOST.t_ns + 60_000, "station": "server", "kind": "lost", "direction": "receive",
     "octets": len(LOST.octets) - 4, "head": LOST.octets[:54].hex()},
)  # fmt: skip


@pytest.fixture
def facts(tmp_path: Path) -> LabFacts:
    run = sample_facts(tmp_path).run
    stations = {name: {**station, "mtu": 1500} for name, station in run.stations.items()}
    stations["server"]["mtu"] = 820
    return LabFacts(replace(run, frames=FRAMES, sockets=ROWS, result={**run.result, "stations": stations}))


WAITED = 4_000_000 - SECOND[2].t_ns - (len(SECOND[2].octets) + 8) * 800
CASES: list[tuple[str, dict[str, Any], int | str]] = [
    ("fragment-count", {"sender": "client"}, 3),
    ("fragment-count", {"sender": "server", "nth": 2}, 3),
    ("fragment-field", {"sender": "client", "field": "offset", "piece": 2}, 185),
    ("fragment-field", {"sender": "client", "field": "offset-octets", "piece": -1}, 2960),
    ("fragment-field", {"sender": "client", "field": "packet-octets"}, 1500),
    ("fragment-field", {"sender": "client", "field": "octets", "piece": -1}, 548),
    ("fragment-field", {"sender": "server", "field": "octets", "piece": 2}, 680),
    ("fragment-field", {"sender": "server", "field": "more", "piece": 2}, 1),
    ("fragment-field", {"sender": "server", "field": "more", "piece": -1}, 0),
    ("fragment-field", {"sender": "server", "field": "identification"}, 77),
    ("fragment-field", {"sender": "server", "field": "identification", "nth": 2}, 78),
    ("fragment-field", {"sender": "client", "field": "time-ns", "piece": 2}, 1000),
    ("fragments-with-more", {"sender": "server"}, 4),
    ("fragments-with-more", {"sender": "server", "nth": 2}, 2),
    ("fragment-hole", {"sender": "server"}, 0),
    ("fragment-hole", {"sender": "server", "nth": 2}, 680),
    ("holes-left", {"sender": "server"}, 1),
    ("holes-left", {"sender": "client"}, 0),
    ("given-up-ns", {"sender": "server", "nth": 2}, WAITED),
    ("icmp-after", {"sender": "client"}, "nothing"),
    ("icmp-after", {"sender": "client", "nth": 2}, "reassembly-time-exceeded"),
    ("next-hop-mtu", {}, 820),
    ("next-hop-mtu", {"nth": 2}, 700),
    ("unfragmented-count", {}, 2),
    ("unfragmented-count", {"sender": "server"}, 0),
    ("unfragmented-octets", {"sender": "client"}, 928),
    ("unfragmented-octets", {"sender": "client", "nth": -1}, 728),
    ("mtu", {"station": "server"}, 820),
]


@pytest.mark.parametrize(("query", "arguments", "value"), CASES)
def test_queries_about_fragments(facts: LabFacts, query: str, arguments: dict[str, Any], value: int | str) -> None:
    assert QUERIES[query](facts, **arguments) == value


@pytest.mark.parametrize(
    ("query", "arguments", "error", "words"),
    [
        ("fragment-count", {"sender": "client", "nth": 3}, NoSuchFactError, "client sent 2 datagrams in pieces"),
        ("fragment-count", {"sender": "nobody"}, NoSuchFactError, "no station 'nobody'"),
        ("fragment-field", {"sender": "client", "field": "ttl"}, UsageError, "no field 'ttl'"),
        ("fragment-field", {"sender": "client", "field": "more", "piece": 4}, NoSuchFactError, "has 3 pieces"),
        ("given-up-ns", {"sender": "server"}, NoSuchFactError, "nobody said that datagram number 1"),
        ("next-hop-mtu", {"nth": 3}, NoSuchFactError, "no ICMP fragmentation needed number 3"),
        ("unfragmented-octets", {"sender": "server"}, NoSuchFactError, "no packet with DF number 1"),
    ],
)
def test_what_is_not_there(
    facts: LabFacts, query: str, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        QUERIES[query](facts, **arguments)


def titles(markup: str) -> list[str]:
    return [words for words in re.findall(r"<title>(.*?)</title>", markup) if words != "IP header"]


def test_the_cuts_are_drawn_cable_by_cable(facts: LabFacts) -> None:
    markup = PICTURES["cuts"](facts.run)
    assert titles(markup) == [
        "octets 0 to 1479", "octets 1480 to 2959", "octets 2960 to 3507", "octets 0 to 799", "octets 800 to 1479",
        "octets 1480 to 2279", "octets 2280 to 2959", "octets 2960 to 3507",
    ]  # fmt: skip
    assert "MF offset 100, 680 octets" in markup


def test_the_map_shows_the_hole_and_how_it_ended(facts: LabFacts) -> None:
    markup = PICTURES["holes"](facts.run)
    assert markup.count("octets 800 to 1479, lost") == 1
    assert "no hole left: the whole datagram goes up" in markup
    assert "a hole is left: octets 800 to 1479. Given up 2.223 ms after the first piece" in markup
    last_row = titles(markup)[-3:]
    assert last_row == ["not there yet", "octets 0 to 799", "octets 1480 to 2007"], "what was lost is never there"


def test_the_table_has_the_fields_of_the_header(facts: LabFacts) -> None:
    markup = PICTURES["fragments"](facts.run)
    assert markup.count("<td>MF</td>") == 9 and markup.count("<td>DF</td>") == 2
    assert "<td>fragmentation needed, MTU 820</td>" in markup and "<td>reassembly time exceeded</td>" in markup
