"""Recorded facts: what stations and the medium did, in ns, and the frames on the wire.

Models and simulations add to a :class:`Timeline`; a run folder, the comparison of RTL and twin, and all pictures are
made from it. ``docs/adapter.md`` ("What is recorded") defines each kind and its times, so that the timeline of an RTL
run and that of its twin can be compared line by line.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MEDIUM = "medium"
"""The ``station`` of what belongs to no station."""

KINDS = ("defer", "transmit", "collision", "jam", "backoff", "receive", "irq", "power")


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that lasted from ``t_ns`` to ``end_ns`` (equal for an instant) at a station or the medium.

    ``kind`` is one of :data:`KINDS`. ``frame_id`` counts the frames a station has begun to transmit, from 1;
    ``attempt`` counts from 1; ``slots`` is a backoff draw in slot times; ``collision_bit`` counts bit times from the
    first bit of preamble.
    """

    t_ns: int
    end_ns: int
    station: str
    kind: str
    frame_id: int | None = None
    attempt: int | None = None
    slots: int | None = None
    collision_bit: int | None = None

    def sort_key(self) -> tuple[int, int, str, str, int, int]:
        """Return the key of the one order in which events are written."""
        return (self.t_ns, self.end_ns, self.station, self.kind, self.frame_id or 0, self.attempt or 0)

    def to_json(self) -> dict[str, int | str]:
        """Return the object written to ``timeline.json``: without the fields that are not known."""
        names = ("t_ns", "end_ns", "station", "kind", "frame_id", "attempt", "slots", "collision_bit")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class WireFrame:
    """A frame that its sender finished without collision.

    ``t_ns`` is the time of its first bit of preamble, ``octets`` are those after the SFD, FCS included.
    """

    t_ns: int
    station: str
    octets: bytes


@dataclass(slots=True)
class Timeline:
    """Events and frames of one segment, in the order in which they became known."""

    events: list[TimelineEvent] = field(default_factory=list)
    frames: list[WireFrame] = field(default_factory=list)

    def add(self, event: TimelineEvent) -> None:
        """Record an event; call when it has ended."""
        self.events.append(event)

    def add_frame(self, frame: WireFrame) -> None:
        """Record a frame; call when it has left whole."""
        self.frames.append(frame)

    def sorted_events(self) -> list[TimelineEvent]:
        """Return the events ordered by (t_ns, end_ns, station, kind), then by frame and attempt."""
        return sorted(self.events, key=TimelineEvent.sort_key)

    def sorted_frames(self) -> list[WireFrame]:
        """Return the frames in order of their first bit."""
        return sorted(self.frames, key=lambda frame: (frame.t_ns, frame.station))
