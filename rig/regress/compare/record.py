"""What came out of one side, as dated lines that can be laid beside those of the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rig.adapter.recorder import Timeline, TimelineEvent, WireFrame


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """Something that was the case at ``t_ns``, in words."""

    t_ns: int
    station: str
    text: str

    def __str__(self) -> str:
        return f"{self.t_ns:>12} ns  {self.station:<7} {self.text}"


@dataclass(slots=True)
class Record:
    """One side of a comparison: what hosts read from their adapters, and what the bench recorded."""

    facts: list[Fact] = field(default_factory=list)
    timeline: Timeline = field(default_factory=Timeline)
    episodes_ns: list[int] = field(default_factory=list)
    """When each episode began."""
    end_ns: int = 0
    accesses: int = 0
    """Words read by the hosts."""

    def lines(self) -> list[Fact]:
        """Return every fact in order of time; equal for equal behaviour."""
        lines = list(self.facts)
        lines += (_event_fact(event) for event in self.timeline.events)
        lines += (
            Fact(frame.t_ns, frame.station, f"wire {len(frame.octets)} octets {frame.octets.hex()}")
            for frame in self.timeline.frames
        )
        return sorted(lines)

    def attempts(self) -> dict[tuple[str, int, int], tuple[int, int]]:
        """Return begin and end of every attempt by station, frame number and attempt."""
        return {
            (event.station, event.frame_id or 0, event.attempt or 0): (event.t_ns, event.end_ns)
            for event in self.timeline.events
            if event.kind == "transmit"
        }

    def count(self, kind: str) -> int:
        """Return how many events of a kind the stations and the medium had."""
        return sum(event.kind == kind for event in self.timeline.events)

    def to_json(self) -> dict[str, Any]:
        """Return the object that :func:`record_from_json` reads."""
        return {
            "facts": [[fact.t_ns, fact.station, fact.text] for fact in self.facts],
            "events": [event.to_json() for event in self.timeline.events],
            "frames": [[frame.t_ns, frame.station, frame.octets.hex()] for frame in self.timeline.frames],
            "episodes_ns": self.episodes_ns,
            "end_ns": self.end_ns,
            "accesses": self.accesses,
        }


def record_from_json(value: dict[str, Any]) -> Record:
    """Return the record of :meth:`Record.to_json`."""
    timeline = Timeline(
        [TimelineEvent(**event) for event in value["events"]],
        [WireFrame(t_ns, station, bytes.fromhex(octets)) for t_ns, station, octets in value["frames"]],
    )
    facts = [Fact(t_ns, station, text) for t_ns, station, text in value["facts"]]
    return Record(facts, timeline, value["episodes_ns"], value["end_ns"], value["accesses"])


def _event_fact(event: TimelineEvent) -> Fact:
    details = {
        "frame": event.frame_id,
        "attempt": event.attempt,
        "slots": event.slots,
        "at bit": event.collision_bit,
    }
    words = [event.kind, *(f"{name} {value}" for name, value in details.items() if value is not None)]
    if event.end_ns != event.t_ns:
        words.append(f"until {event.end_ns}")
    return Fact(event.t_ns, event.station, " ".join(words))
