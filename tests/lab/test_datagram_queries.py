"""Queries and pictures about UDP, ICMP errors and DNS, on frames made by scapy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.lab.queries import QUERIES
from rig.report.lab_pictures import PICTURES
from rig.report.run_facts import Frame
from rig.wire.fcs import fcs
from tests.lab.sample_facts import CLIENT, MACS, SERVER, sample_facts

NAMES = {CLIENT: "client", SERVER: "server"}
OTHER = {CLIENT: SERVER, SERVER: CLIENT}


def packet(t_ns: int, source: str, *layers: Any) -> Frame:
    ether: Any = Ether(src=MACS[source], dst=MACS[OTHER[source]]) / IP(src=source, dst=OTHER[source])
    for layer in layers:
        ether /= layer
    octets = bytes(ether).ljust(60, b"\0")
    return Frame(t_ns, NAMES[source], octets + fcs(octets))


def query(t_ns: int, port: int, number: int, name: str) -> Frame:
    return packet(t_ns, CLIENT, UDP(sport=port, dport=53), DNS(id=number, rd=1, qd=DNSQR(qname=name)))


def answer(t_ns: int, port: int, number: int, name: str, code: int, records: list[Any]) -> Frame:
    message = DNS(id=number, qr=1, rcode=code, qd=DNSQR(qname=name), an=records)
    return packet(t_ns, SERVER, UDP(sport=53, dport=port), message)


REFUSED = query(1_000, 1111, 7, "www.rig.test")
ALIAS = DNSRR(rrname="www.rig.test", type="CNAME", ttl=60, rdata="a.rig.test")
ADDRESSES = [DNSRR(rrname="a.rig.test", type="A", ttl=90, rdata=f"10.0.0.{host}") for host in (2, 9)]
FRAMES = (
    REFUSED,
    packet(20_000, SERVER, ICMP(type=3, code=3), REFUSED.octets[14:-4][:28]),
    query(50_000, 2222, 8, "www.rig.test"),  # nothing comes of it
    query(950_000, 3333, 8, "www.rig.test"),
    answer(960_000, 3333, 9, "www.rig.test", 0, [ALIAS]),  # another id: no answer to this
    answer(970_000, 3333, 8, "www.rig.test", 0, [ALIAS, *ADDRESSES]),
    query(1_000_000, 4444, 10, "no.rig.test"),
    answer(1_010_000, 4444, 10, "no.rig.test", 3, []),
    packet(2_000_000, CLIENT, UDP(sport=5555, dport=4000), b"abc"),
    packet(2_100_000, CLIENT, UDP(sport=5555, dport=4000, chksum=0x1234), b"wrong"),
    packet(2_200_000, SERVER, UDP(sport=6666, dport=53), DNS(id=99, rd=1, qd=DNSQR(qname="x.rig.test"))),
)
CALLS = (
    {"t_ns": 980_000, "start_ns": 900, "station": "client", "kind": "call", "line": "look-up www.rig.test",
     "verb": "look-up", "descriptor": None, "octets": 0, "result": "", "is_error": False},
    {"t_ns": 990_000, "start_ns": 985_000, "station": "client", "kind": "call", "line": "connect u www.rig.test 9",
     "verb": "connect", "descriptor": 3, "octets": 0, "result": "", "is_error": False},
)  # fmt: skip


@pytest.fixture
def facts(tmp_path: Path) -> LabFacts:
    return LabFacts(replace(sample_facts(tmp_path).run, frames=FRAMES, sockets=CALLS))


CASES: list[tuple[str, dict[str, Any], int | str]] = [
    ("udp-count", {}, 9),  # not the one with a wrong checksum
    ("udp-count", {"sender": "server"}, 4),
    ("udp-count", {"to_port": 53}, 5),
    ("udp-field", {"field": "length", "to_port": 4000}, 11),
    ("udp-field", {"field": "octets", "to_port": 4000}, 3),
    ("udp-field", {"field": "source-port", "nth": -1}, 6666),
    ("udp-field", {"field": "destination-host", "to_port": 4000}, 2),
    ("udp-field", {"field": "checksum"}, int.from_bytes(REFUSED.octets[40:42], "big")),
    ("udp-sum", {"part": "pseudo-header", "to_port": 4000}, 0x0A00 + 1 + 0x0A00 + 2 + 17 + 11),
    ("udp-sum", {"part": "header", "to_port": 4000}, 5555 + 4000 + 11),
    ("udp-sum", {"part": "data", "to_port": 4000}, 0x6162 + 0x6300),
    ("udp-sum", {"part": "pseudo-header", "nth": -1}, 0x0A00 + 1 + 0x0A00 + 2 + 17 + 36),
    ("udp-sum", {"part": "pseudo-header"}, 0x0A00 + 1 + 0x0A00 + 2 + 17 + 38),
    ("icmp-count", {"error": "port-unreachable"}, 1),
    ("icmp-count", {"error": "port-unreachable", "sender": "client"}, 0),
    ("icmp-count", {"error": "ttl-exceeded"}, 0),
    ("icmp-quoted-port", {"error": "port-unreachable"}, 53),
    ("dns-count", {}, 5),
    ("dns-count", {"name": "www.rig.test"}, 3),
    ("dns-count", {"server": "client"}, 1),
    ("dns-count", {"server": "server"}, 4),
    ("dns-count", {"outcome": "answered"}, 2),
    ("dns-outcome", {}, "port-unreachable"),
    ("dns-outcome", {"nth": 2}, "silent"),
    ("dns-outcome", {"nth": 3}, "answered"),
    ("dns-server", {}, "server"),
    ("dns-server", {"nth": 5}, "client"),
    ("dns-server", {"nth": -1}, "client"),
    ("dns-answer", {"field": "records"}, 3),
    ("dns-answer", {"field": "aliases"}, 1),
    ("dns-answer", {"field": "addresses"}, 2),
    ("dns-answer", {"field": "ttl"}, 60),
    ("dns-answer", {"field": "response-code", "name": "no.rig.test"}, 3),
    ("dns-answer", {"field": "wait-ns", "name": "no.rig.test"}, 10_000 + (len(FRAMES[7].octets) + 8) * 800),
    ("dns-different", {"field": "id"}, 4),
    ("dns-different", {"field": "port"}, 5),
    ("dns-different", {"field": "server"}, 2),
]


@pytest.mark.parametrize(("query", "arguments", "value"), CASES)
def test_queries_about_datagrams(facts: LabFacts, query: str, arguments: dict[str, Any], value: int | str) -> None:
    assert QUERIES[query](facts, **arguments) == value


@pytest.mark.parametrize(
    ("query", "arguments", "error", "words"),
    [
        ("udp-field", {"field": "window"}, UsageError, "no field 'window'"),
        ("udp-field", {"field": "octets", "to_port": 99}, NoSuchFactError, "no datagram to port 99 number 1"),
        ("udp-sum", {"part": "trailer"}, UsageError, "not over 'trailer'"),
        ("udp-count", {"sender": "nobody"}, NoSuchFactError, "no station 'nobody'"),
        ("icmp-count", {"error": "redirect"}, UsageError, "no ICMP error 'redirect'"),
        ("icmp-quoted-port", {"error": "ttl-exceeded"}, NoSuchFactError, "no ICMP ttl-exceeded number 1"),
        ("dns-count", {"outcome": "lost"}, UsageError, "no outcome 'lost'"),
        ("dns-outcome", {"nth": 6}, NoSuchFactError, "no DNS query number 6"),
        ("dns-answer", {"field": "colour"}, UsageError, "no field 'colour'"),
        ("dns-answer", {"field": "ttl", "name": "no.rig.test"}, NoSuchFactError, "no record in the answer"),
        ("dns-different", {"field": "name"}, UsageError, "no field 'name'"),
    ],
)
def test_what_is_not_there(
    facts: LabFacts, query: str, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        QUERIES[query](facts, **arguments)


def test_the_waterfall_puts_queries_under_the_call_that_asked(facts: LabFacts) -> None:
    markup = PICTURES["queries"](facts.run)
    assert re.findall(r'class="query-(?:line|label)"[^>]*>([^<]*)<', markup) == [
        "look-up www.rig.test", *["www.rig.test at server"] * 3, "connect u www.rig.test 9", "no.rig.test at server",
        "x.rig.test at client",
    ]  # fmt: skip
    assert re.findall(r'class="query-words"[^>]*>([^<]*)<', markup) == [
        "979.1 µs", "ICMP port unreachable", "no answer", "CNAME, A, A", "nobody was asked", "no such name",
        "no answer",
    ]  # fmt: skip


def test_who_gets_no_answer_waits_until_the_next_query(facts: LabFacts) -> None:
    """Or, after the last of its own, to the end of the run."""
    titles = re.findall(r"<title>(.*?)</title>", PICTURES["queries"](facts.run))
    assert "id 8, port 2222: 900 µs" in titles and "id 99, port 6666: 5.8 ms" in titles


def test_the_checksum_is_that_of_the_wire(facts: LabFacts) -> None:
    """What the overlay adds up, word by word, is the field that scapy wrote."""
    for number in (0, 8):
        run = replace(facts.run, frames=FRAMES[number : number + 1])
        field = int.from_bytes(FRAMES[number].octets[40:42], "big")
        assert f"{field:04x} = {field} in the checksum field" in PICTURES["checksum"](run)
    odd = PICTURES["checksum"](replace(facts.run, frames=FRAMES[8:9]))
    assert "data, octet 2, then zero" in odd and ">6300<" in odd


def test_the_table_says_what_is_in_each_datagram(facts: LabFacts) -> None:
    markup = PICTURES["datagrams"](facts.run)
    answered = "answer 10: code 3, 0 in the answer section"
    for words in ("query 7: www.rig.test", "port unreachable, of 1111 to 53", answered, "3 octets of data"):
        assert f"<td>{words}</td>" in markup
