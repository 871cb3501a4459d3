"""Queries about what hubs, switches and cables let through: who heard whom, who sent at once, how much arrived."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from rig.lab.facts import LabFacts, NoSuchFactError
from rig.report.tcp_segments import SeenSegment
from rig.report.traffic_picture import sendings
from rig.units import NS_PER_MS


def heard(facts: LabFacts, station: str, sender: str = "") -> int:
    """Count the whole frames that a station's adapter heard, for whomever they were, perhaps of one sender; only with
    cables, hubs or switches.
    """
    facts.station(station)
    return sum(count for name, count in _heard(facts, station).items() if sender in ("", name))


def listeners(facts: LabFacts, sender: str, at_least: int = 1) -> int:
    """Count the stations whose adapters heard so many whole frames of a sender, or more."""
    facts.station(sender)
    return sum(_heard(facts, name).get(sender, 0) >= at_least for name in facts.run.stations)


def senders_at_once(facts: LabFacts) -> int:
    """Return how many stations at most were sending at the same time without a collision."""
    changes = sorted(
        chain.from_iterable(
            ((each.t_ns, 1), (each.end_ns, -1)) for each, collided in sendings(facts.run) if not collided
        )
    )
    most = now = 0
    for _, step in changes:  # an end sorts before a beginning at the same time
        now += step
        most = max(most, now)
    return most


def throughput_kbps(facts: LabFacts, sender: str = "") -> int:
    """Return TCP data in kb/s, rounded down: octets of one sender or of all, each once, over the time from the first
    bit of the first to the last bit of the last segment with data.
    """
    data = [seen for seen in facts.segments if seen.octets and sender in ("", seen.sender)]
    if not data:
        raise NoSuchFactError("no data was sent over TCP" + (f" by {sender}" if sender else ""))
    duration_ns = max(seen.end_ns for seen in data) - data[0].t_ns
    return 8 * _octets_once(data) * NS_PER_MS // duration_ns


def switch_counter(facts: LabFacts, name: str) -> int:
    """Return a counter of the switches, summed: framesForwarded, framesFlooded and others; 0 where it never moved."""
    switches = _network(facts)["switches"]
    if not switches:
        raise NoSuchFactError("there is no switch in this run")
    return sum(int(switch["counters"].get(name, 0)) for switch in switches)


def _octets_once(data: list[SeenSegment]) -> int:
    top: dict[tuple[str, frozenset[tuple[str, int]]], int] = {}
    for seen in data:
        key = seen.sender, seen.connection
        top[key] = max(top.get(key, 0), seen.relative + seen.octets - 1)
    return sum(top.values())


def _heard(facts: LabFacts, station: str) -> dict[str, int]:
    heard_by: dict[str, int] = _network(facts)["heard"].get(station, {})
    return heard_by


def _network(facts: LabFacts) -> dict[str, Any]:
    network: dict[str, Any] | None = facts.run.result.get("network")
    if network is None:
        raise NoSuchFactError("who heard whom is recorded only where there are cables, hubs or switches")
    return network


QUERIES: dict[str, Callable[..., int | str]] = {
    "heard": heard,
    "listeners": listeners,
    "senders-at-once": senders_at_once,
    "throughput-kbps": throughput_kbps,
    "switch-counter": switch_counter,
}
