"""Queries about the run as a whole: how it ended, how long it took, what the stations counted."""

from __future__ import annotations

from collections.abc import Callable

from rig.lab.facts import LabFacts, NoSuchFactError


def outcome(facts: LabFacts) -> str:
    """Return how the run ended: completed, timeout, reset, refused, failed or limit."""
    return str(facts.run.result["outcome"])


def ended_ns(facts: LabFacts) -> int:
    """Return when the last application ended, in ns."""
    return int(facts.run.result["at_ns"])


def counter(facts: LabFacts, name: str, station: str = "") -> int:
    """Return a counter of a station's adapter, or the sum over all, by its name in IEEE Std 802.3 clause 30."""
    total = 0
    for each in (station,) if station else tuple(facts.run.stations):
        counters = facts.station(each)["counters"]
        if name not in counters:
            raise NoSuchFactError(f"the adapter of {each} has no counter {name!r}; it has {', '.join(counters)}")
        total += int(counters[name])
    return total


def stack_counter(facts: LabFacts, station: str, name: str) -> int:
    """Return a counter of a station's stack; 0 where it never moved."""
    return int(facts.station(station)["stack"].get(name, 0))


def frames(facts: LabFacts, station: str = "") -> int:
    """Count the frames that a station, or any, got onto the wire whole."""
    return sum(not station or frame.tap == station for frame in facts.run.frames)


def lost(facts: LabFacts, station: str = "") -> int:
    """Count the frames that impairments took, of one station or of all."""
    return sum(row["kind"] == "lost" and station in ("", row["station"]) for row in facts.run.sockets)


QUERIES: dict[str, Callable[..., int | str]] = {
    "outcome": outcome,
    "ended-ns": ended_ns,
    "counter": counter,
    "stack-counter": stack_counter,
    "frames": frames,
    "lost": lost,
}
