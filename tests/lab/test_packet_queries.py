"""Queries and the table about ARP and IP, on frames made by scapy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.lab.queries import QUERIES
from rig.report.lab_pictures import PICTURES
from rig.report.run_facts import Frame
from rig.wire.fcs import fcs
from tests.lab.sample_facts import CLIENT, MACS, SERVER, sample_facts


def frame(t_ns: int, sender: str, ether: Any) -> Frame:
    octets = bytes(ether).ljust(60, b"\0")
    return Frame(t_ns, sender, octets + fcs(octets))


ASK = Ether(src=MACS[CLIENT], dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=MACS[CLIENT], psrc=CLIENT, pdst=SERVER)
TELL = Ether(src=MACS[SERVER], dst=MACS[CLIENT]) / ARP(op=2, hwsrc=MACS[SERVER], psrc=SERVER, pdst=CLIENT)
ASK_OTHER = Ether(src=MACS[CLIENT], dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, psrc=CLIENT, pdst="10.0.0.77")
SEND = Ether(src=MACS[CLIENT], dst=MACS[SERVER]) / IP(src=CLIENT, dst=SERVER, ttl=64) / UDP(dport=1) / b"data"
ON = Ether(src=MACS[SERVER], dst="02:00:00:00:00:77") / IP(src=CLIENT, dst=SERVER, ttl=63) / UDP(dport=1) / b"data"
FRAMES = tuple(
    frame(100 * number, sender, ether)
    for number, (sender, ether) in enumerate(
        (("client", ASK), ("server", TELL), ("client", ASK_OTHER), ("client", SEND), ("server", ON))
    )
)


@pytest.fixture
def facts(tmp_path: Path) -> LabFacts:
    return LabFacts(replace(sample_facts(tmp_path).run, frames=FRAMES))


CASES: list[tuple[str, dict[str, Any], int | str]] = [
    ("arp-count", {"operation": "request"}, 2),
    ("arp-count", {"operation": "request", "sender": "server"}, 0),
    ("arp-count", {"operation": "reply", "sender": "server"}, 1),
    ("arp-target", {"sender": "client"}, "server"),
    ("arp-target-host", {"sender": "client"}, 2),
    ("arp-target-host", {"sender": "client", "nth": 2}, 77),
    ("packet-source-host", {"carries": "udp", "sender": "server"}, 1),
    ("frame-destination", {"carries": "arp"}, "everybody"),
    ("frame-destination", {"carries": "udp"}, "server"),
    ("frame-destination", {"carries": "arp", "sender": "server"}, "client"),
    ("packet-ttl", {}, 64),
    ("packet-ttl", {"nth": -1}, 63),
    ("smallest-ttl", {"carries": "udp"}, 63),
]


@pytest.mark.parametrize(("query", "arguments", "value"), CASES)
def test_queries_about_packets(facts: LabFacts, query: str, arguments: dict[str, Any], value: int | str) -> None:
    assert QUERIES[query](facts, **arguments) == value


@pytest.mark.parametrize(
    ("query", "arguments", "error", "words"),
    [
        ("arp-count", {"operation": "question"}, UsageError, "no operation 'question'"),
        ("arp-target", {"sender": "client", "nth": 3}, NoSuchFactError, "no ARP request number 3 of client"),
        ("arp-target", {"sender": "client", "nth": 2}, NoSuchFactError, "no station has the address 10.0.0.77"),
        ("frame-destination", {"nth": -1}, NoSuchFactError, "no station has the MAC address"),
        ("smallest-ttl", {"carries": "icmp"}, NoSuchFactError, "no frame with icmp"),
    ],
)
def test_what_is_not_there(
    facts: LabFacts, query: str, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        QUERIES[query](facts, **arguments)


def test_the_table_names_adapters_and_says_what_is_asked(facts: LabFacts) -> None:
    markup = PICTURES["packets"](facts.run)
    assert f"who has {SERVER}? tell {CLIENT}" in markup and f"{SERVER} is at {MACS[SERVER]}" in markup
    assert '<td class="n">64</td>' in markup and '<td class="n">63</td>' in markup
    assert markup.count("<td>everybody</td>") == 2
