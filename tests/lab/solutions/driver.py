from __future__ import annotations

import re
from typing import Any

from scapy.layers.l2 import Ether

from tests.lab.solutions.recorded import Recorded

BIT_NS = 10
LOST = "aFramesLostDueToIntMACRcvError"


def answers(run: Recorded) -> dict[str, int | str]:
    stations = run.json("result.json")["stations"]
    rows = [row for row in run.json("bus.json")["rows"] if row["station"] == "server"]
    operations = [(row, each) for row in rows for each in row["operations"]]
    mac = stations["server"]["mac"]
    taken = _taken(operations)
    for_server = [
        packet for packet in run.packets if Ether in packet and packet[Ether].dst in (mac, "ff:ff:ff:ff:ff:ff")
    ]
    stored = {stamp for stamp, *_ in taken}
    ends = [round(packet.time * 10**9) + (8 + len(packet)) * 8 * BIT_NS for packet in for_server]
    first_lost = next(end for end in ends if not any(0 <= stamp - end < 5_000 for stamp in stored))
    return {
        "address": next(each["value"] for _, each in operations if each["register"] == "MAC_ADDR_HI"),
        "pages": taken[-1][2],
        "rom": next(each["octets"] for _, each in operations if each["register"].startswith("ROM")),
        "damaged": next(
            name for name, each in stations.items() if any("damaged" in words for words in each["notices"])
        ),
        "wait": (taken[2][1] - taken[2][0]) // 1000,
        "fullest": _fullest(taken),
        "lost": stations["server"]["counters"][LOST],
        "before": sum(end < first_lost for end in ends),
        "line": len(run.of_kind("irq", "server")),
        "at-once": _most_at_once(rows),
    }


def _taken(operations: list[tuple[Any, Any]]) -> list[tuple[int, int, int]]:
    """Time stamp, time at which the pages were given back, and pages of each frame that the driver took."""
    ring = {each["register"]: each["value"] for _, each in operations if each["register"] in ("RX_START", "RX_STOP")}
    found, header = [], None
    for row, each in operations:
        if each["register"] == "RX_BNRY" and header and each["value"] == header["next_page"]:
            pages = (header["next_page"] - header["page"]) % (ring["RX_STOP"] - ring["RX_START"])
            found.append((header["timestamp_ns"], row["end_ns"], pages))
            header = None
        header = each.get("header", header)
    return found


def _fullest(taken: list[tuple[int, int, int]]) -> int:
    return max(sum(pages for begin, end, pages in taken if begin <= at < end) for at, _, _ in taken)


def _most_at_once(rows: list[Any]) -> int:
    letters = ""
    for row in rows:
        names = [each["register"] for each in row["operations"]]
        letters += "i" if names[0] == "INT_STATUS" else "f" if "RX_BNRY" in names and len(names) < 6 else "-"
    return max(map(len, re.findall("f+", letters)))


def changed(text: str) -> str:
    return re.sub(
        r"cpu_us: \d+, moderation: {count: 0, time: 0}", "cpu_us: 20, moderation: {count: 4, time: 400}", text
    )
