"""Queries and pictures about drivers, on a bus record and frames made by hand: a ring of 12 pages from page 4 on."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.lab.queries import QUERIES
from rig.report.lab_pictures import PICTURES
from rig.report.run_facts import Event, Frame
from tests.lab.sample_facts import CLIENT, MACS, SERVER, US, sample_facts

TO_SERVER = bytes.fromhex(MACS[SERVER].replace(":", "")) + bytes.fromhex(MACS[CLIENT].replace(":", ""))
BROADCAST = b"\xff" * 6 + TO_SERVER[6:]


def frame(t_us: int, octets: int, head: bytes = TO_SERVER, tap: str = "client") -> Frame:
    return Frame(t_us * US, tap, head + bytes(octets - len(head)))


def stored(t_us: int, octets: int) -> int:
    """Time stamp of a frame of so many octets that began at this time, 1 µs after its end at 10 Mb/s."""
    return t_us * US + (octets + 8) * 800 + US


FRAMES = (
    frame(1000, 64, BROADCAST),
    frame(2000, 600),
    frame(2600, 64, b"\x02" + bytes(11)),  # for somebody else
    frame(3000, 900),
    frame(4000, 1000),  # finds no room
    frame(5000, 64),
    frame(5100, 64, b"\xff" * 6 + bytes(6), tap="server"),  # its own
    frame(6000, 900),  # wraps
)


def read(register: str, value: int | None = None, **more: Any) -> dict[str, Any]:
    return {"op": "read", "register": register, "value": value, **more}


def write(register: str, value: int) -> dict[str, Any]:
    return {"op": "write", "register": register, "value": value}


def header(page: int, next_page: int, octets: int, timestamp_ns: int) -> dict[str, Any]:
    fields = {"page": page, "status": 1, "frame_octets": octets, "next_page": next_page, "timestamp_ns": timestamp_ns}
    return {"op": "read", "register": f"BUFFER+0x{256 * page:04X}", "octets": 16, "header": fields}


def row(begin_us: int, end_us: int, *operations: dict[str, Any], station: str = "server") -> dict[str, Any]:
    return {"t_ns": begin_us * US, "end_ns": end_us * US, "station": station, "operations": list(operations)}


def block(register: str, octets: int, op: str = "read") -> dict[str, Any]:
    return {"op": op, "register": register, "octets": octets}


BNRY = "RX_BNRY"
BUS = (
    row(0, 10, read("ID", 0x4E490001), read("ROM+0x0000", octets=32, data="02" + "00" * 31)),
    row(10, 20, write("MAC_ADDR_HI", 0x0200), write("RX_START", 4), write("RX_STOP", 16), write(BNRY, 4),
        write("INT_MASK", 1)),
    row(30, 40, write("MAC_ADDR_HI", 0x0100), station="client"),
    # the header on a page that holds nothing new is read, and is no frame
    row(500, 600, read("INT_STATUS", 2), header(4, 5, 64, 7)),
    row(1100, 1200, read("INT_STATUS", 1), header(4, 5, 64, stored(1000, 64))),
    row(1200, 1300, block("BUFFER+0x0410", 64), write(BNRY, 5)),
    row(1300, 1400, block("BUFFER+0x0000", 60, "write"), block("TX_PAGE[0]", 12, "write")),
    row(3900, 4900, read("INT_STATUS", 1), header(5, 8, 600, stored(2000, 600))),
    row(4900, 6000, block("BUFFER+0x0510", 600), write(BNRY, 8), header(8, 12, 900, stored(3000, 900))),
    row(6000, 6400, block("BUFFER+0x0810", 900), write(BNRY, 12), header(12, 13, 64, stored(5000, 64))),
    row(6400, 6500, block("BUFFER+0x0C10", 64), write(BNRY, 13)),
    row(7000, 7100, read("INT_STATUS", 1), header(13, 5, 900, stored(6000, 900))),
    row(7100, 7200, block("BUFFER+0x0D10", 752), block("BUFFER+0x0400", 148), write(BNRY, 5)),
    row(9000, 9100, block("COUNTERS+0x0000", 256)),
)  # fmt: skip


@pytest.fixture
def facts(tmp_path: Path) -> LabFacts:
    run = sample_facts(tmp_path).run
    stations = {name: dict(station) for name, station in run.stations.items()}
    stations["server"]["notices"] = ["server: the MAC-address ROM is damaged: its CRC-32 is 0x0"]
    events = (Event(1_099_000, 1_150_000, "server", "irq"), Event(3_700_000, 4_000_000, "server", "irq"))
    result = {**run.result, "stations": stations}
    return LabFacts(replace(run, frames=FRAMES, bus=BUS, events=events, result=result))


CASES: list[tuple[str, dict[str, Any], int | str]] = [
    ("bus-value", {"station": "server", "register": "MAC_ADDR_HI"}, 0x0200),
    ("bus-value", {"station": "client", "register": "MAC_ADDR_HI"}, 0x0100),
    ("bus-value", {"station": "server", "register": "INT_STATUS", "write": False}, 2),
    ("bus-value", {"station": "server", "register": "RX_BNRY", "nth": -1}, 5),
    ("bus-octets", {"station": "server", "window": "ROM"}, 32),
    ("bus-octets", {"station": "server", "window": "BUFFER"}, 16),
    ("round-trips", {"station": "server"}, 13),
    ("ring-pages", {"station": "server"}, 12),
    ("ring-fullest", {"station": "server"}, 8),
    ("ring-fullest", {"station": "client"}, 0),
    ("ring-frame", {"station": "server", "field": "pages", "nth": 2}, 3),
    ("ring-frame", {"station": "server", "field": "octets", "nth": 4}, 64),
    ("ring-frame", {"station": "server", "field": "pages", "nth": -1}, 4),
    ("ring-frame", {"station": "server", "field": "page"}, 4),
    ("ring-frame", {"station": "server", "field": "wait-ns"}, 1300 * US - stored(1000, 64)),
    ("ring-frame", {"station": "server", "field": "stored-ns", "nth": 3}, stored(3000, 900)),
    ("ring-losses", {"station": "server"}, 1),
    ("stored-before-loss", {"station": "server"}, 3),
    ("longest-wait-ns", {"station": "server"}, 6000 * US - stored(2000, 600)),
    ("most-frames-a-service", {"station": "server"}, 3),
    ("longest-wait-ns", {"station": "client"}, 0),
    ("mac-octet", {"station": "server", "octet": 6}, 2),
    ("mac-octet", {"station": "client", "octet": 6}, 1),
    ("mac-octet", {"station": "client", "octet": 1}, 2),
    ("damaged-rom", {}, "server"),
]


@pytest.mark.parametrize(("query", "arguments", "value"), CASES)
def test_queries_about_drivers(facts: LabFacts, query: str, arguments: dict[str, Any], value: int | str) -> None:
    assert QUERIES[query](facts, **arguments) == value


@pytest.mark.parametrize(
    ("query", "arguments", "error", "words"),
    [
        ("bus-value", {"station": "server", "register": "MODE"}, NoSuchFactError, "wrote MODE 0 times, not 1"),
        ("bus-octets", {"station": "client", "window": "ROM"}, NoSuchFactError, "read no block of ROM"),
        ("ring-pages", {"station": "client"}, NoSuchFactError, "set up no ring"),
        ("ring-frame", {"station": "server", "field": "colour"}, UsageError, "no field 'colour'"),
        ("ring-frame", {"station": "server", "field": "page", "nth": 6}, NoSuchFactError, "took 5 frames"),
        ("stored-before-loss", {"station": "client"}, NoSuchFactError, "no frame for client was lost"),
        ("mac-octet", {"station": "server", "octet": 7}, UsageError, "no octet 7"),
        ("mac-octet", {"station": "server", "octet": 0}, UsageError, "no octet 0"),
        ("round-trips", {"station": "nobody"}, NoSuchFactError, "no station 'nobody'"),
    ],
)
def test_what_is_not_there(
    facts: LabFacts, query: str, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        QUERIES[query](facts, **arguments)


def titles(markup: str) -> list[str]:
    return re.findall(r"<title>(.*?)</title>", markup)


def test_the_lanes_show_what_was_lost_and_what_the_cpu_did(facts: LabFacts) -> None:
    markup = PICTURES["driver"](facts.run)
    words = titles(markup)
    assert [each for each in words if "octets from" in each] == [
        "64 octets from client", "600 octets from client", "900 octets from client",
        "1000 octets from client, lost: the ring was full", "64 octets from client",
        "900 octets from client",
    ]  # fmt: skip
    assert "8 of 12 pages from 5.059 ms" in words and "up for 51 µs" in words
    kinds = re.findall(r'<rect[^>]*class="driver-(\w+)"[^>]*><title>', markup)
    assert kinds.count("frame") == 5 and kinds.count("interrupt") == 3 and kinds.count("send") == 1


def test_one_frame_alone_is_shown_where_the_cpu_was_idle(facts: LabFacts) -> None:
    """The frame at 2 ms comes to an idle CPU but is not alone; that at 5 ms is alone with a busy one: neither is it."""
    assert "no frame was alone" in PICTURES["one-frame"](facts.run)
    quick = row(2600, 2700, block("BUFFER+0x0510", 600), write(BNRY, 8), header(8, 12, 900, stored(3000, 900)))
    bus = (*BUS[:7], row(2500, 2600, header(5, 8, 600, stored(2000, 600))), quick, *BUS[9:])
    words = titles(PICTURES["one-frame"](replace(facts.run, bus=bus)))
    assert words[0] == "600 octets from client" and "3 of 12 pages from 2.487 ms" in words


def test_bring_ups_stand_side_by_side(facts: LabFacts) -> None:
    markup = PICTURES["bring-up"](facts.run)
    rows = [re.sub(r"<[^>]+>", "|", each) for each in re.findall(r"<tr>(.*?)</tr>", markup)]
    assert "read ROM, octets 0 to 7" in rows[2] and "02 00 00 00 00 00 00 00" in rows[2]
    assert len(rows) == 1 + 10, "ID, four of the ROM, five registers"
    assert "the MAC-address ROM is damaged" in markup
