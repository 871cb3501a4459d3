"""What a scenario's cables make: who is at which end, in which mode, which collision domains there are, and how long.

Facts about path delay: IEEE Std 802.3-2022 13.4 (10 Mb/s, Table 13-2) and 29.3 (100 Mb/s, Tables 29-2 and 29-3): the
values of 10 Mb/s are of 10BASE-T and 10BASE-FL with a margin of 5 bit times, those of 100 Mb/s of 100BASE-TX and -FX
with class II repeaters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from rig.config.network import Cable
from rig.config.scenario import Scenario, Segment, Station

PATH_LIMIT_BITS = {10: 575.0, 100: 512.0}
MARGIN_BITS_10 = 5.0
ENDS_BITS_10 = {"cat3": (15.25, 42.0, 165.0), "cat5": (15.25, 42.0, 165.0), "fibre": (12.25, 33.5, 156.5)}
"""Left end, middle, and right end of a path at 10 Mb/s."""
ROUND_TRIP_BITS_PER_M = {
    10: {"cat3": 0.113, "cat5": 0.113, "fibre": 0.1},
    100: {"cat3": 1.14, "cat5": 1.112, "fibre": 1.0},
}
DTE_PAIR_BITS_100 = 100.0
REPEATER_BITS_100 = 92.0

HUB, SWITCH, STATION = "hub", "switch", "station"


@dataclass(frozen=True, slots=True)
class End:
    """What a cable's end is plugged into: a hub, a switch or a station (or interface of a router), and its port."""

    kind: str
    name: str
    port: int = 0

    def __str__(self) -> str:
        return f"{self.name}.{self.port}" if self.port else self.name


@dataclass(frozen=True, slots=True)
class Path:
    """The longest path of a collision domain. ``value_bits`` is its path delay value, round trip."""

    ends: tuple[str, ...]
    value_bits: float
    limit_bits: float

    @property
    def excess_bits(self) -> float:
        """How much it is too long; 0 for a path that is in order."""
        return max(0.0, self.value_bits - self.limit_bits)


class Topology:
    """A view of a scenario that has been checked (or is being checked: see :meth:`end`)."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.hubs = {hub.name: hub for hub in scenario.hubs}
        self.switches = {switch.name: switch for switch in scenario.switches}
        self.adapters = {adapter.name: adapter for adapter in scenario.adapters()}
        self._interfaces = {
            f"{router.name}.{interface.name}": f"{router.name}-{interface.name}"
            for router in scenario.routers
            for interface in router.interfaces
        }

    def end_names(self) -> list[str]:
        """Return every name that a cable's end may have, hub and switch ports by their device."""
        stations = [station.name for station in self.scenario.stations]
        return [*stations, *self._interfaces, *(f"{name}.N" for name in (*self.hubs, *self.switches))]

    def end(self, text: str) -> End | None:
        """Return what ``text`` names, or None where there is no such thing."""
        if text in self._interfaces:
            return End(STATION, self._interfaces[text])
        name, _, port = text.partition(".")
        if not port:
            return End(STATION, name) if name in {station.name for station in self.scenario.stations} else None
        kind, device = (HUB, self.hubs.get(name)) if name in self.hubs else (SWITCH, self.switches.get(name))
        if device is None or not port.isdecimal() or not 1 <= int(port) <= device.ports:
            return None
        return End(kind, name, int(port))

    @cached_property
    def ends(self) -> list[tuple[Cable, End, End]]:
        """Return every cable with its two ends, those that exist."""
        found = [(cable, self.end(cable.near), self.end(cable.far)) for cable in self.scenario.cables]
        return [(cable, near, far) for cable, near, far in found if near is not None and far is not None]

    @cached_property
    def plugged(self) -> dict[End, tuple[Cable, End]]:
        """Return the cable in each end, and what is at its other end."""
        pairs = [(near, (cable, far)) for cable, near, far in self.ends]
        pairs += [(far, (cable, near)) for cable, near, far in self.ends]
        return dict(pairs)

    def is_full_duplex(self, end: End) -> bool:
        """Tell in which mode an end of a cable is: as it is told, else as the other end is, else full."""
        told = self._told(end)
        if told is not None:
            return told
        _, other = self.plugged[end]
        other_told = self._told(other)
        return True if other_told is None else other_told

    def _told(self, end: End) -> bool | None:
        if end.kind == HUB:
            return False
        if end.kind == SWITCH:
            if end in self.plugged and self.plugged[end][1].kind == HUB:
                return False
            return end.port not in self.switches[end.name].half_duplex_ports
        duplex = self.adapters[end.name].duplex
        return None if duplex is None else duplex == "full"

    def link(self, station: Station) -> Segment:
        """Return speed and mode of an adapter, as if its cable were a segment of its own."""
        if station.segment is not None:
            return self.scenario.segments[station.segment]
        end = End(STATION, station.name)
        cable, _ = self.plugged[end]
        return Segment(speed_mbps=cable.speed_mbps, duplex="full" if self.is_full_duplex(end) else "half")

    def place(self, station: Station) -> str:
        """Return the name of the segment or cable of an adapter."""
        return station.segment or self.plugged[End(STATION, station.name)][0].name

    def needs_straight(self, near: End, far: End) -> bool:
        """Tell whether a cable between such ends is a straight one: between a station and a hub or switch."""
        return (near.kind == STATION) != (far.kind == STATION)

    # -- domains -------------------------------------------------------------------------------------------------------

    def hub_domains(self) -> list[list[str]]:
        """Return the names of hubs that repeat to each other, domain by domain."""
        neighbours: dict[str, set[str]] = {name: set() for name in self.hubs}
        for _, near, far in self.ends:
            if near.kind == far.kind == HUB:
                neighbours[near.name].add(far.name)
                neighbours[far.name].add(near.name)
        domains: list[list[str]] = []
        seen: set[str] = set()
        for name in self.hubs:
            if name in seen:
                continue
            domain, todo = [], [name]
            while todo:
                each = todo.pop()
                if each not in seen:
                    seen.add(each)
                    domain.append(each)
                    todo += sorted(neighbours[each])
            domains.append(domain)
        return domains

    def loop(self, kinds: frozenset[str]) -> list[str] | None:
        """Return names of devices of these kinds whose cables form a loop, in its order; None where there is none."""
        parent: dict[str, tuple[str, Cable] | None] = {}
        cables: dict[str, list[tuple[str, Cable]]] = {}
        for cable, near, far in self.ends:
            if near.kind in kinds and far.kind in kinds:
                if near.name == far.name:
                    return [near.name]
                cables.setdefault(near.name, []).append((far.name, cable))
                cables.setdefault(far.name, []).append((near.name, cable))
        for root in cables:
            if root in parent:
                continue
            parent[root] = None
            todo = [root]
            while todo:
                name = todo.pop()
                before = parent[name]
                for other, cable in cables[name]:
                    if before is not None and cable is before[1]:
                        continue
                    if other in parent:
                        return _loop_of(parent, name, other)
                    parent[other] = (name, cable)
                    todo.append(other)
        return None

    def longest_paths(self) -> Iterator[Path]:
        """Give the longest path of each collision domain that has a hub, and of each half-duplex segment."""
        for name, segment in self.scenario.segments.items():
            if segment.duplex == "half":
                limit = PATH_LIMIT_BITS[segment.speed_mbps]
                yield Path((f"segment {name}",), 2.0 * segment.delay_bits, limit)
        for domain in self.hub_domains():
            paths = list(self._paths(domain))
            if paths:
                yield max(paths, key=lambda path: path.value_bits)

    def _paths(self, domain: list[str]) -> Iterator[Path]:
        """Give the path between each two ends of a domain without loops: stations and switch ports."""
        leaves = [(end, other, cable) for end, (cable, other) in self.plugged.items()
                  if end.kind != HUB and other.kind == HUB and other.name in domain]  # fmt: skip
        for end, hub, cable in leaves:
            todo: list[tuple[End, list[Cable], list[str]]] = [(hub, [cable], [str(end), hub.name])]
            while todo:
                at, cables, names = todo.pop()
                for port, (next_cable, other) in self.plugged.items():
                    if port.name != at.name or port.kind != HUB or next_cable is cables[-1]:
                        continue
                    if other.kind != HUB:
                        value = path_delay_bits([*cables, next_cable])
                        limit = PATH_LIMIT_BITS[cable.speed_mbps]
                        yield Path((*names, str(other)), value, limit)
                    elif other.name not in names:
                        todo.append((other, [*cables, next_cable], [*names, other.name]))

    def warnings(self) -> list[str]:
        """Return what is wrong and can nevertheless be tried."""
        words = []
        for path in self.longest_paths():
            if path.excess_bits:
                words.append(
                    f"the path {' - '.join(path.ends)} has a delay value of {path.value_bits:.1f} bit times,"
                    f" {path.excess_bits:.1f} more than the {path.limit_bits:.0f} allowed: expect late collisions"
                )
        for cable, near, far in self.ends:
            if cable.wiring is not None and (cable.wiring == "straight") != self.needs_straight(near, far):
                needed = "straight" if self.needs_straight(near, far) else "crossover"
                words.append(f"cable {cable.name} is {cable.wiring}; {near} and {far} need a {needed} one: no link")
            if self.is_full_duplex(near) != self.is_full_duplex(far):
                full, half = (near, far) if self.is_full_duplex(near) else (far, near)
                words.append(f"cable {cable.name}: {full} is full duplex and {half} half: a duplex mismatch")
        return words


def path_delay_bits(cables: list[Cable]) -> float:
    """Return the path delay value of cables with a repeater between each two of them, in bit times, round trip."""
    speed = cables[0].speed_mbps
    value = sum(cable.length_m * ROUND_TRIP_BITS_PER_M[speed][cable.kind] for cable in cables)
    if speed == 100:
        return value + DTE_PAIR_BITS_100 + REPEATER_BITS_100 * (len(cables) - 1)
    first, *middle, last = cables
    ends = max(  # the two ends differ: the larger sum counts
        ENDS_BITS_10[a.kind][0] + ENDS_BITS_10[b.kind][2] for a, b in ((first, last), (last, first))
    )
    return value + ends + sum(ENDS_BITS_10[cable.kind][1] for cable in middle) + MARGIN_BITS_10


def _loop_of(parent: dict[str, tuple[str, Cable] | None], name: str, other: str) -> list[str]:
    """Return the loop that the cable between two devices closes."""

    def way(to: str) -> list[str]:
        names = [to]
        while (step := parent[names[-1]]) is not None:
            names.append(step[0])
        return names

    ours, theirs = way(name), way(other)
    meeting = next(each for each in ours if each in theirs)
    return [*ours[: ours.index(meeting) + 1], *reversed(theirs[: theirs.index(meeting)])]
