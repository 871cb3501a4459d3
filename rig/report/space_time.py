"""A collision in space and time: along the cable to the right, time downwards, from the recorded timeline.

A signal is a band that leaves its station and slants to both ends, one bit time of cable for each bit time of time.
Where two bands cross, signals lie on each other; a station finds out where the other's band reaches it. Jam has the
colour of collisions; beside each station stand the slots of its backoff, counted from the end of its jam.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.report.medium_picture import SLOT_BITS, Scene, describe
from rig.report.run_facts import MEDIUM, Event, RunFacts
from rig.report.svg import element, percent, text

LEFT_PERCENT, WIDTH_PERCENT = 14.0, 72.0
TOP_PX, HEIGHT_PX = 40, 600
UNITS = 1000.0
BEFORE_BITS, AFTER_BITS = 20, 40
LEAST_BITS, MOST_BITS = 640, 1400
GRID_BITS = (16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a place and a time are in the picture; ``length`` in bit times, times in bit times from ``zero_ns``."""

    length: float
    first: float
    last: float

    def x(self, place: float) -> float:
        """Return where a place is, in units of the inner picture."""
        return UNITS * place / self.length

    def y(self, time: float) -> float:
        """Return where a time is, in pixels from the top of the inner picture."""
        return HEIGHT_PX * (time - self.first) / (self.last - self.first)


def draw_space_time(facts: RunFacts, scene: Scene) -> str | None:
    """Return the collision as SVG, or None where it is not on a segment with stations at their places."""
    name = scene.collision.station
    segments = facts.result.get("segments", {})
    segment = next(iter(segments), None) if name == MEDIUM else name if name in segments else None
    if segment is None:
        return None
    places = {
        station: float(each["position_bits"])
        for station, each in facts.stations.items()
        if each.get("segment") == segment
    }
    length = float(segments[segment]["delay_bits"])
    senders = [station for station in scene.senders if station in places]
    if not length or len(senders) < 2:
        return None
    bit_ns = facts.bit_time_ns

    def bits(t_ns: int) -> float:
        return (t_ns - scene.zero_ns) / bit_ns

    sent = [
        event
        for event in facts.events
        if event.station in senders and event.kind in ("transmit", "jam", "collision")
        and event.t_ns <= scene.collision.end_ns and event.end_ns >= scene.collision.t_ns
    ]  # fmt: skip
    end = max(bits(event.end_ns) for event in sent) + length + AFTER_BITS
    frame = _Frame(length, -BEFORE_BITS, min(max(end, LEAST_BITS), MOST_BITS))
    number = {station: index for index, station in enumerate(facts.stations)}
    inner = []
    for kind in ("transmit", "jam"):
        for event in sent:
            if event.kind == kind:
                lane = f"space-{kind} station-{number[event.station] % 8}"
                points = _band(frame, places[event.station], bits(event.t_ns), bits(event.end_ns))
                inner.append(element("polygon", element("title", describe(event)), points=points, class_=lane))
    parts = [*_axes(frame)]
    parts.append(
        element(
            "svg", "".join(inner), x=percent(LEFT_PERCENT), y=TOP_PX, width=percent(WIDTH_PERCENT), height=HEIGHT_PX,
            viewBox=f"0 0 {UNITS:g} {HEIGHT_PX}", preserveAspectRatio="none",
        )
    )  # fmt: skip
    for station, place in places.items():
        parts.append(_station(frame, station, place, number[station]))
        own = [event for event in sent if event.station == station]
        parts += [_hit(frame, place, bits(event.t_ns), event) for event in own if event.kind == "collision"]
        ends = [bits(event.end_ns) for event in own if event.kind == "jam"]
        if ends:
            parts += _slots(frame, place, max(ends), number[station])
    label = f"Collision of {' and '.join(senders)} in space and time"
    height = TOP_PX + HEIGHT_PX + 8
    return element("svg", "".join(parts), width="100%", height=height, class_="space", role="img", aria_label=label)


def _band(frame: _Frame, place: float, begin: float, end: float) -> str:
    """Return the corners of a signal that is sent at ``place`` from ``begin`` to ``end``."""
    left, right = place, frame.length - place
    corners = [
        (0.0, begin + left), (place, begin), (frame.length, begin + right),
        (frame.length, end + right), (place, end), (0.0, end + left),
    ]  # fmt: skip
    return " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in corners)


def _across(frame: _Frame, place: float) -> str:
    return percent(LEFT_PERCENT + WIDTH_PERCENT * place / frame.length)


def _axes(frame: _Frame) -> list[str]:
    """Return the grid of time on the left."""
    step = next((each for each in GRID_BITS if (frame.last - frame.first) / each <= 11), GRID_BITS[-1])
    parts = []
    time = 0
    while time <= frame.last:
        y = TOP_PX + frame.y(time)
        right = percent(LEFT_PERCENT + WIDTH_PERCENT)
        parts.append(element("line", x1=percent(LEFT_PERCENT), x2=right, y1=y, y2=y, class_="scene-grid"))
        words = str(time) if time else "0 bit times"
        parts.append(text(words, x=percent(LEFT_PERCENT), y=y + 3, dx=-8, text_anchor="end", class_="scene-tick"))
        time += step
    return parts


def _station(frame: _Frame, name: str, place: float, number: int) -> str:
    x = _across(frame, place)
    anchor = "start" if place == 0 else "end" if place == frame.length else "middle"
    return element(
        "g",
        element("line", x1=x, x2=x, y1=TOP_PX - 4, y2=TOP_PX + HEIGHT_PX, class_="space-station")
        + text(name, x=x, y=14, text_anchor=anchor, class_="scene-name")
        + text(f"at {place:g}", x=x, y=28, text_anchor=anchor, class_="scene-tick"),
        class_=f"station-{number % 8}",
    )


def _hit(frame: _Frame, place: float, time: float, event: Event) -> str:
    x, y = _across(frame, place), TOP_PX + frame.y(time)
    is_right = place > frame.length / 2
    words = text(
        f"sees it in bit {event.collision_bit}", x=x, y=y + 4, dx=-9 if is_right else 9,
        text_anchor="end" if is_right else "start", class_="scene-note scene-hit-note",
    )  # fmt: skip
    return element("circle", cx=x, cy=y, r=4, class_="space-hit") + words


def _slots(frame: _Frame, place: float, end: float, number: int) -> list[str]:
    """Return where the slots of a backoff begin."""
    parts = []
    is_right = place > frame.length / 2
    x = _across(frame, place)
    for slot in range(3):
        time = end + slot * SLOT_BITS
        if time > frame.last:
            break
        y = TOP_PX + frame.y(time)
        line = element("line", x1=x, x2=x, y1=y, y2=y, class_="space-slot")
        words = text(
            f"slot {slot}", x=x, y=y + 4, dx=9 if is_right else -9, text_anchor="start" if is_right else "end",
            class_="scene-note",
        )  # fmt: skip
        tick = element("circle", cx=x, cy=y, r=2.5, class_="space-slot-dot")
        parts.append(element("g", line + tick + words, class_=f"station-{number % 8}"))
    return parts
