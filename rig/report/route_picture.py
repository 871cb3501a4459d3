"""Packets on their way through a network, and the ARP caches that fill meanwhile.

Time runs down: a row for each frame, drawn from the adapter that sent it to the one that it is for, over the network
that stands below, cable beside cable, routers between them. Below each adapter stands what ARP has told it, with the
number of the frame that did. What a cache holds is what the frames imply (RFC 826: the target of a request learns who
asks, who asked learns from the reply).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.report.frame_parts import HEADER_OCTETS, carried_by, frames_with
from rig.report.run_facts import Frame, RunFacts
from rig.report.svg import element, format_time, text
from rig.wire.address import format_ipv4, format_mac
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.fcs import FCS_OCTETS
from rig.wire.ipv4 import Ipv4Packet

COLUMN_PX, GAP_PX, LEFT_PX = 146, 16, 78
TOP_PX, ROW_PX = 14, 26
BOX_PX = (124, 38)
MOST_ROWS = 24
COLOURS = 4
BROADCAST = b"\xff" * 6


@dataclass(frozen=True, slots=True)
class _Hop:
    """One frame: from an adapter to another, or to all on its cable; what it says; which packet it carries."""

    frame: Frame
    receiver: str | None
    words: str
    packet: int | None


def draw_route(facts: RunFacts) -> str | None:
    """Return the way of all packets as SVG, or None where no packet was sent or an adapter is on no segment."""
    hops = list(_hops(facts))
    segments = facts.result.get("segments", {})
    if not hops or any(station["segment"] not in segments for station in facts.stations.values()):
        return None
    return _Drawing(facts, hops[:MOST_ROWS], len(hops)).svg()


def _hops(facts: RunFacts) -> Iterator[_Hop]:
    names = {station["mac"].lower(): name for name, station in facts.stations.items()}
    for frame in frames_with(facts):
        holds, data = carried_by(frame), frame.octets[HEADER_OCTETS:-FCS_OCTETS]
        receiver = names.get(format_mac(frame.octets[:6]).lower())
        if "arp" in holds:
            arp = ArpPacket.parse(data)
            is_question = arp.operation == ArpOperation.REQUEST
            words = f"who has {format_ipv4(arp.target_ip)}?" if is_question else f"{format_ipv4(arp.sender_ip)}: I have"
            yield _Hop(frame, receiver, words, None)
        elif "ipv4" in holds:
            packet = Ipv4Packet.parse(data)
            words = f"to {format_ipv4(packet.destination)}, TTL {packet.ttl}"
            yield _Hop(frame, receiver, words, packet.source << 16 | packet.identification)


def learned(facts: RunFacts, frame: Frame) -> list[tuple[str, str, str]]:
    """Return what a frame with ARP in it teaches whom: (adapter, IP address, whose MAC address that is)."""
    if "arp" not in carried_by(frame):
        return []
    arp = ArpPacket.parse(frame.octets[HEADER_OCTETS:-FCS_OCTETS])
    target = format_ipv4(arp.target_ip)
    return [
        (name, format_ipv4(arp.sender_ip), frame.tap)
        for name, station in facts.stations.items()
        if (station.get("ip") or "").split("/")[0] == target and name != frame.tap
    ]


class _Drawing:
    def __init__(self, facts: RunFacts, hops: list[_Hop], there: int) -> None:
        self._facts = facts
        self._hops = hops
        self._there = there
        self._x: dict[str, float] = {}
        self._cables: dict[str, tuple[float, float]] = {}
        left = float(LEFT_PX)
        for segment, members in self._members().items():
            for index, name in enumerate(members):
                self._x[name] = left + COLUMN_PX * (index + 0.5)
            self._cables[segment] = (left + 16, left + COLUMN_PX * len(members) - 16)
            left += COLUMN_PX * len(members) + GAP_PX
        self._width = left - GAP_PX + 10
        self._cable_y = TOP_PX + ROW_PX * len(hops) + 24
        packets = dict.fromkeys(hop.packet for hop in hops if hop.packet is not None)
        self._colour = {packet: f"station-{index % COLOURS}" for index, packet in enumerate(packets)}

    def _members(self) -> dict[str, list[str]]:
        """Return the adapters of each segment, interfaces of a router next to the segment that it leads to."""
        found: dict[str, list[str]] = {}
        for name, station in self._facts.stations.items():
            found.setdefault(station["segment"], []).append(name)
        order = list(found)
        for index, segment in enumerate(order):
            others = {
                self._router(name): at for at, each in enumerate(order) for name in found[each] if each != segment
            }
            found[segment].sort(
                key=lambda name: _side(others.get(self._router(name)), index) if self._router(name) else 0
            )
        return found

    def _router(self, name: str) -> str:
        """Return the router that an adapter belongs to, or nothing."""
        plan = (self._facts.result.get("network") or {}).get("plan", {"devices": []})
        routers = [each["name"] for each in plan["devices"] if each["kind"] == "router"]
        return next((router for router in routers if name.startswith(f"{router}-")), "")

    def svg(self) -> str:
        caches: dict[str, list[str]] = {name: [] for name in self._x}
        parts = [*self._network()]
        known: set[tuple[str, str]] = set()
        for index, hop in enumerate(self._hops):
            parts.append(self._hop(index, hop))
            for name, address, owner in learned(self._facts, hop.frame):
                if (name, address) not in known and name in caches:
                    known.add((name, address))
                    caches[name].append(f"{index + 1}: {address} {owner}")
        top = self._cable_y + 26 + BOX_PX[1] + 16
        for name, lines in caches.items():
            for row, words in enumerate(lines):
                parts.append(text(words, x=self._x[name], y=top + 14 * row, text_anchor="middle", class_="route-cache"))
        height = top + 14 * max([1, *(len(lines) for lines in caches.values())])
        if self._there > len(self._hops):
            parts.append(text(f"and {self._there - len(self._hops)} more frames", x=0, y=height, class_="plot-tick"))
        picture = element(
            "svg", "".join(parts), width=round(self._width), height=round(height) + 8, class_="plot", role="img",
            aria_label="Packets on their way, and ARP caches",
        )  # fmt: skip
        return element("div", picture, class_="scroll")

    def _network(self) -> Iterator[str]:
        y = self._cable_y
        for segment, (left, right) in self._cables.items():
            yield element("line", x1=left, x2=right, y1=y, y2=y, class_="route-cable")
            yield text(segment, x=left, y=y - 6, class_="plot-tick")
        routers: dict[str, list[float]] = {}
        for name, x in self._x.items():
            router = self._router(name)
            yield element("line", x1=x, x2=x, y1=TOP_PX - 6, y2=y, class_="plot-grid")
            yield element("line", x1=x, x2=x, y1=y, y2=y + 26, class_="route-drop")
            if router:
                routers.setdefault(router, []).append(x)
        for xs in routers.values():
            left, width = min(xs) - BOX_PX[0] / 2, max(xs) - min(xs) + BOX_PX[0]
            yield element("rect", x=left, y=y + 26, width=width, height=BOX_PX[1], rx=19, class_="route-router")
        for name, x in self._x.items():
            ip = (self._facts.stations[name].get("ip") or "").split("/")[0]
            if not self._router(name):
                yield element("rect", x=x - BOX_PX[0] / 2, y=y + 26, width=BOX_PX[0], height=BOX_PX[1], rx=6,
                              class_="route-host")  # fmt: skip
            yield text(name, x=x, y=y + 42, text_anchor="middle", class_="route-name")
            yield text(ip, x=x, y=y + 56, text_anchor="middle", class_="plot-tick")

    def _hop(self, index: int, hop: _Hop) -> str:
        y = TOP_PX + ROW_PX * index + 14
        x1 = self._x[hop.frame.tap]
        left, right = self._cables[self._facts.stations[hop.frame.tap]["segment"]]
        is_all = hop.frame.octets[:6] == BROADCAST
        ends = [left, right] if is_all else [self._x[hop.receiver]] if hop.receiver in self._x else []
        parts = []
        for x2 in ends:
            step = 7 if x2 < x1 else -7
            tip = f"{x2:.0f},{y:.0f} {x2 + step:.0f},{y - 4:.0f} {x2 + step:.0f},{y + 4:.0f}"
            parts.append(element("line", x1=x1, x2=x2 + step, y1=y, y2=y, class_="route-line"))
            parts.append(element("polygon", points=tip, class_="route-tip"))
        middle = (left + right) / 2 if is_all else (x1 + (ends or [x1])[0]) / 2
        parts.append(element("circle", cx=x1, cy=y, r=8.5, class_="route-number"))
        parts.append(text(str(index + 1), x=x1, y=y + 4, text_anchor="middle", class_="route-digit"))
        parts.append(text(hop.words, x=middle, y=y - 5, text_anchor="middle", class_="route-words"))
        kind = self._colour[hop.packet] if hop.packet is not None else "route-arp"
        when = text(format_time(hop.frame.t_ns), x=0, y=y + 4, class_="plot-tick")
        return when + element("g", "".join(parts), class_=kind)


def _side(other: int | None, index: int) -> int:
    """Return the place of a router's interface among the adapters of a segment: left, middle or right."""
    return 0 if other is None else 1 if other > index else -1
