"""Queries about the timeline: what stations and medium did, in ns and in bit times."""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.report.run_facts import Event

_FIELDS = ("time-ns", "end-ns", "bits", "attempt", "slots", "collision-bit")


def event_count(
    facts: LabFacts, kind: str, station: str = "", attempt: int | None = None, at_least_attempt: int = 0
) -> int:
    """Count events of a kind (transmit, collision, jam, backoff, defer, receive), perhaps of one station, of one
    attempt, or of that attempt and later ones.
    """
    return len(_select(facts, kind, station, attempt, at_least_attempt))


def event_field(
    facts: LabFacts, kind: str, field: str, station: str = "", attempt: int | None = None, nth: int = 1
) -> int:
    """Return a field of the n-th event so selected (-1: the last): time-ns, end-ns, bits (its length in bit times),
    attempt, slots, collision-bit.
    """
    found = _select(facts, kind, station, attempt)
    try:
        event = found[nth - 1 if nth > 0 else nth]
    except IndexError:
        of = f" of {station}" if station else ""
        raise NoSuchFactError(f"there is no {kind} number {nth}{of} in the timeline; there are {len(found)}") from None
    values = {
        "time-ns": event.t_ns,
        "end-ns": event.end_ns,
        "bits": (event.end_ns - event.t_ns) // facts.run.bit_time_ns,
        "attempt": event.attempt,
        "slots": event.slots,
        "collision-bit": event.collision_bit,
    }
    if field not in values:
        raise UsageError(f"an event has no field {field!r}; it has {', '.join(_FIELDS)}")
    value = values[field]
    if value is None:
        raise NoSuchFactError(f"the {kind} of {event.station} at {event.t_ns} ns has no {field}")
    return value


def largest(facts: LabFacts, kind: str, field: str, station: str = "") -> int:
    """Return the largest value of a field (attempt, slots, bits) among the events of a kind; 0 where there is none."""
    found = _select(facts, kind, station)
    return max((event_field(facts, kind, field, station, nth=number + 1) for number in range(len(found))), default=0)


def collisions(facts: LabFacts) -> int:
    """Count the collisions on the media: in a domain of several hubs, as many as the hub that saw most."""
    return facts.run.count_collisions()


def slot_bits(facts: LabFacts) -> int:
    """Return the length of a slot in bit times, as backoffs were made of it."""
    for event in facts.events("backoff"):
        if event.slots:
            return (event.end_ns - event.t_ns) // event.slots // facts.run.bit_time_ns
    raise NoSuchFactError("nobody drew a slot in this run")


def collision_gap_bits(facts: LabFacts, nth: int = 1) -> int:
    """Return how many bit times lie between the starts of the first two transmissions of the n-th collision."""
    hits = [event for event in facts.run.of_kind("collision") if event.station in facts.run.media]
    if not 1 <= nth <= len(hits):
        raise NoSuchFactError(f"there is no collision number {nth} in the timeline; there are {len(hits)}")
    hit = hits[nth - 1]
    starts = sorted(each.t_ns for each in facts.events("transmit") if each.t_ns < hit.end_ns and each.end_ns > hit.t_ns)
    if len(starts) < 2:
        raise NoSuchFactError(f"the collision at {hit.t_ns} ns is not between two stations")
    return (starts[1] - starts[0]) // facts.run.bit_time_ns


def delay_bits(facts: LabFacts, station: str, other: str) -> int:
    """Return how far two stations of a segment are from each other, in bit times."""
    return abs(int(facts.station(station)["position_bits"]) - int(facts.station(other)["position_bits"]))


def _select(
    facts: LabFacts, kind: str, station: str = "", attempt: int | None = None, at_least_attempt: int = 0
) -> list[Event]:
    if station:
        facts.station(station)
    return [
        event
        for event in facts.events(kind, station)
        if (attempt is None or event.attempt == attempt) and (event.attempt or 0) >= at_least_attempt
    ]


QUERIES: dict[str, Callable[..., int | str]] = {
    "event-count": event_count,
    "event-field": event_field,
    "largest": largest,
    "collisions": collisions,
    "slot-bits": slot_bits,
    "collision-gap-bits": collision_gap_bits,
    "delay-bits": delay_bits,
}
