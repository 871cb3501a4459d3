"""Queries and pictures about frames, on frames made by scapy: fields, pad, octets, nibbles, bits."""

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
from rig.report.frame_parts import carried_by, nibbles_of, parts_of
from rig.report.lab_pictures import PICTURES
from rig.report.run_facts import Frame
from rig.wire.fcs import fcs
from tests.lab.sample_facts import CLIENT, MACS, SERVER, sample_facts


def frame(t_ns: int, sender: str, packet: Any) -> Frame:
    octets = bytes(Ether(src=MACS[CLIENT], dst="02:00:00:00:00:9c") / packet).ljust(60, b"\0")
    return Frame(t_ns, sender, octets + fcs(octets))


DATAGRAM = IP(src=CLIENT, dst=SERVER) / UDP(sport=5, dport=6) / b"seven!!"
LONG = IP(src=SERVER, dst=CLIENT) / UDP(sport=6, dport=5) / bytes(100)
FRAMES = (
    frame(100, "client", ARP(psrc=CLIENT, pdst=SERVER)),
    frame(200, "client", DATAGRAM),
    frame(300, "server", LONG),
    Frame(400, "server", b"too short to be a"),
)


@pytest.fixture
def facts(tmp_path: Path) -> LabFacts:
    return LabFacts(replace(sample_facts(tmp_path).run, frames=FRAMES))


CASES: list[tuple[str, dict[str, Any], int | str]] = [
    ("frame-count", {}, 3),
    ("frame-count", {"carries": "udp"}, 2),
    ("frame-count", {"carries": "ipv4", "sender": "server"}, 1),
    ("frame-count", {"carries": "tcp"}, 0),
    ("frame-field", {"field": "octets", "carries": "udp"}, 64),
    ("frame-field", {"field": "packet-octets", "carries": "udp"}, 35),
    ("frame-field", {"field": "pad-octets", "carries": "udp"}, 11),
    ("frame-field", {"field": "pad-octets", "carries": "arp"}, 18),
    ("frame-field", {"field": "pad-octets", "carries": "udp", "nth": 2}, 0),
    ("frame-field", {"field": "octets", "sender": "server"}, 14 + 128 + 4),
    ("frame-field", {"field": "frame-bits", "carries": "udp"}, 512),
    ("frame-field", {"field": "wire-bits", "carries": "udp"}, 576),
    ("frame-field", {"field": "time-ns", "nth": -1}, 300),
    ("frame-octet", {"octet": 6, "carries": "udp"}, 0x9C),
    ("frame-octet", {"octet": -4, "carries": "udp"}, FRAMES[1].octets[60]),
    ("frame-nibble", {"octet": 6, "half": 1}, 0xC),
    ("frame-nibble", {"octet": 6, "half": 2}, 0x9),
    ("frame-octet", {"octet": 1, "carries": "udp"}, 0x02),
    ("frame-octet", {"octet": -64, "carries": "udp"}, 0x02),
    ("frame-octet", {"octet": -1}, FRAMES[0].octets[63]),
    ("frame-nibble", {"octet": -1, "half": 1}, FRAMES[0].octets[63] & 0xF),
    ("frame-bit", {"octet": -1, "bit": 8}, FRAMES[0].octets[63] >> 7),
    ("frame-nibble", {"octet": 14, "half": 1}, 0x6),
    ("frame-bit", {"octet": 14, "bit": 2}, 1),
    ("nibble-place", {"octet": 13, "octets": 2, "value": 6}, 3),
    ("nibble-place", {"octet": 13, "octets": 2, "value": 8, "carries": "udp"}, 1),
    ("nibble-place", {"octet": 6, "octets": 1, "value": 9}, 2),
    ("frame-bit", {"octet": 6, "bit": 1}, 0),  # 9c is 1001 1100; the least significant goes first
    ("frame-bit", {"octet": 6, "bit": 3}, 1),
    ("frame-bit", {"octet": 6, "bit": 8}, 1),
]


@pytest.mark.parametrize(("query", "arguments", "value"), CASES)
def test_queries_about_frames(facts: LabFacts, query: str, arguments: dict[str, Any], value: int | str) -> None:
    assert QUERIES[query](facts, **arguments) == value


@pytest.mark.parametrize(
    ("query", "arguments", "error", "words"),
    [
        ("frame-field", {"field": "octets", "carries": "udp", "nth": 3}, NoSuchFactError, "frame with udp number 3"),
        ("frame-field", {"field": "weight"}, UsageError, "no field 'weight'"),
        ("frame-count", {"carries": "smtp"}, UsageError, "not known to carry 'smtp'"),
        ("frame-octet", {"octet": 65}, NoSuchFactError, "the frame has 64 octets"),
        ("frame-octet", {"octet": 0}, NoSuchFactError, "the frame has 64 octets"),
        ("frame-octet", {"octet": -65}, NoSuchFactError, "the frame has 64 octets"),
        ("frame-nibble", {"octet": 1, "half": 3}, UsageError, "no half 3"),
        ("frame-bit", {"octet": 1, "bit": 9}, UsageError, "no bit number 9"),
        ("nibble-place", {"octet": 13, "octets": 2, "value": 9}, NoSuchFactError, "none of the 4 nibbles"),
    ],
)
def test_what_a_frame_does_not_have(
    facts: LabFacts, query: str, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        QUERIES[query](facts, **arguments)


def test_the_fields_of_a_frame_are_all_of_it() -> None:
    parts = parts_of(FRAMES[1])
    assert [part.name for part in parts] == [
        "preamble", "SFD", "destination", "source", "type", "data", "pad", "FCS",
    ]  # fmt: skip
    assert b"".join(part.octets for part in parts[2:]) == FRAMES[1].octets
    assert [len(part.octets) for part in parts[5:7]] == [35, 11]
    assert "pad" not in [part.name for part in parts_of(FRAMES[2])]


def test_a_damaged_packet_is_not_known_to_carry_anything() -> None:
    octets = bytearray(FRAMES[1].octets)
    octets[14] = 0x60
    assert carried_by(Frame(0, "client", bytes(octets))) == frozenset()


def test_the_sfd_is_the_first_nibble_that_is_not_5() -> None:
    assert nibbles_of(bytes([0x55] * 7 + [0xD5, 0x02])) == [5] * 15 + [0xD, 2, 0]  # 802.3-2022, 22.2.3


def test_the_table_has_the_nibbles_in_their_order(facts: LabFacts) -> None:
    table = PICTURES["datagram-nibbles"](facts.run)
    assert "<td>2 0 0 0 0 0 0 0 0 0 c 9</td>" in table
    assert "<td>pad</td>" in table and table.count('<td class="n">24</td>') == 2  # the ends of data and pad


def test_the_drawn_frame_is_that_of_the_datagram(facts: LabFacts) -> None:
    assert ">9c</text>" in PICTURES["datagram-frame"](facts.run)
