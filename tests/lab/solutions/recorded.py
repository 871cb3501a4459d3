"""A run folder as an outsider reads it: scapy for the capture, JSON for the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.utils import rdpcap


@dataclass
class Recorded:
    folder: Path

    def json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    @cached_property
    def packets(self) -> list[Any]:
        return list(rdpcap(str(self.folder / "wire.pcapng")))

    @cached_property
    def segments(self) -> list[Any]:
        """IP packets with TCP in them, in order; their payload without the padding and FCS of the frame."""
        return [packet[IP] for packet in self.packets if TCP in packet]

    def of(self, address: str, *, data: bool | None = None) -> list[Any]:
        return [packet for packet in self.segments if packet.src == address and data in (None, octets(packet) > 0)]

    def blocks(self, station: str) -> list[dict[str, Any]]:
        return [row for row in self.sockets if row["kind"] == "block" and row["station"] == station]

    def calls(self, station: str, verb: str) -> list[dict[str, Any]]:
        return [
            row for row in self.sockets if (row["kind"], row["station"], row.get("verb")) == ("call", station, verb)
        ]

    @cached_property
    def sockets(self) -> list[dict[str, Any]]:
        return list(self.json("sockets.json")["rows"])

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        return list(self.json("timeline.json")["events"])

    def of_kind(self, kind: str, station: str = "") -> list[dict[str, Any]]:
        return [
            event for event in self.events
            if event["kind"] == kind and event["station"] != "medium" and station in ("", event["station"])
        ]  # fmt: skip


def octets(packet: Any) -> int:
    """Octets of TCP data in an IP packet."""
    return int(packet.len - 4 * packet.ihl - 4 * packet[TCP].dataofs)


def option(packet: Any, name: str) -> Any:
    return dict(packet[TCP].options)[name]


def relative(packets: list[Any], packet: Any) -> int:
    """Sequence number of a packet, counted from that of the first SYN of its sender."""
    syn = next(each for each in packets if each.src == packet.src and "S" in each[TCP].flags)
    return int(packet[TCP].seq - syn[TCP].seq) % (1 << 32)


def relative_ack(packets: list[Any], packet: Any) -> int:
    """ACK number of a packet, counted from the SYN of the other side."""
    syn = next(each for each in packets if each.src == packet.dst and "S" in each[TCP].flags)
    return int(packet[TCP].ack - syn[TCP].seq) % (1 << 32)


def time_ns(packet: Any) -> int:
    """Time of a packet in the capture."""
    return round(packet.underlayer.time * 10**9)
