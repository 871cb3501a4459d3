"""What the medium did: the data of the interactive timeline, and one collision drawn without a script.

Each station has a lane with what it sends (transmission, jam), what holds it back (deference, backoff in slots) and
what it hears; the medium has a lane that is red where two transmissions overlap in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rig.report.run_facts import Event, RunFacts
from rig.report.svg import element, format_time, percent, text

SLOT_BITS = 512  # IEEE Std 802.3-2022 4.4.2
GUTTER_PERCENT = 17.0
LANE_PX = 54
AXIS_PX = 26
BEFORE_BITS, AFTER_BITS = 60, 260
MOST_SLOTS = 9
"""The picture of a collision is not wider than this many slot times."""

KINDS = ("defer", "transmit", "collision", "jam", "backoff", "receive", "irq", "power")


def timeline_data(facts: RunFacts) -> dict[str, Any]:
    """Return what the script of the page draws: events as short lists, times in ns."""
    lanes = [*facts.stations, *facts.media]
    number = {name: index for index, name in enumerate(lanes)}
    events = [
        [
            KINDS.index(event.kind), number[event.station], event.t_ns, event.end_ns - event.t_ns,
            event.frame_id or 0, event.attempt or 0, -1 if event.slots is None else event.slots,
            -1 if event.collision_bit is None else event.collision_bit,
        ]
        for event in facts.events
        if event.station in number and event.kind in KINDS
    ]  # fmt: skip
    collisions = [
        [event.t_ns, event.end_ns]
        for event in facts.events
        if event.kind == "collision" and event.station in facts.media
    ]
    end_ns = max((event.end_ns for event in facts.events), default=1)
    return {
        "lanes": lanes,
        "kinds": KINDS,
        "bit": facts.bit_time_ns,
        "slot": SLOT_BITS * facts.bit_time_ns,
        "end": end_ns,
        "events": events,
        "collisions": collisions,
        "window": _window_of_interest(facts),
    }


def _window_of_interest(facts: RunFacts) -> list[int]:
    """Return where the page opens: around the first collision, else around the first transmissions."""
    scene = first_collision(facts)
    if scene is not None:
        return [scene.start_ns, scene.end_ns]
    transmissions = facts.of_kind("transmit")
    if not transmissions:
        return [0, max((event.end_ns for event in facts.events), default=1_000)]
    start_ns = transmissions[0].t_ns
    return [max(0, start_ns - BEFORE_BITS * facts.bit_time_ns), start_ns + 4_000 * facts.bit_time_ns]


@dataclass(frozen=True, slots=True)
class Scene:
    """A span of time around one collision; ``zero_ns`` is the first bit of the first of the colliding frames."""

    start_ns: int
    end_ns: int
    zero_ns: int
    collision: Event
    senders: tuple[str, ...]


def first_collision(facts: RunFacts) -> Scene | None:
    """Return the scene of the first collision: from before its first transmission to after the backoffs it caused."""
    collision = next((each for each in facts.of_kind("collision") if each.station in facts.media), None)
    if collision is None:
        return None
    bit_ns = facts.bit_time_ns
    involved = [
        event for event in facts.of_kind("transmit") if event.t_ns < collision.end_ns and event.end_ns > collision.t_ns
    ]
    backoffs = [
        event
        for event in facts.of_kind("backoff")
        if any(event.station == sent.station and event.t_ns == sent.end_ns for sent in involved)
    ]
    zero_ns = min((event.t_ns for event in involved), default=collision.t_ns)
    start_ns = max(0, zero_ns - BEFORE_BITS * bit_ns)
    end_ns = max([collision.end_ns, *(event.end_ns for event in backoffs)]) + AFTER_BITS * bit_ns
    end_ns = min(end_ns, start_ns + MOST_SLOTS * SLOT_BITS * bit_ns)
    senders = {event.station for event in involved if event.station in facts.stations}
    return Scene(start_ns, end_ns, zero_ns, collision, tuple(sorted(senders)))


def draw_scene(facts: RunFacts, scene: Scene) -> str:
    """Return the collision as SVG, with the slot grid that the backoffs count in."""
    lanes = [*facts.stations, *facts.media]
    height = AXIS_PX + LANE_PX * len(lanes) + 6
    painter = _Painter(facts, scene, lanes)
    parts = [painter.axis(height), *(painter.lane(index, name) for index, name in enumerate(lanes))]
    order = {"receive": 0, "defer": 1, "backoff": 2, "transmit": 3, "jam": 4, "collision": 5}
    visible = [
        event
        for event in facts.events
        if event.kind in order and event.end_ns >= scene.start_ns and event.t_ns <= scene.end_ns
    ]
    parts += [painter.event(event) for event in sorted(visible, key=lambda event: order[event.kind])]
    label = f"The first collision, at {format_time(scene.collision.t_ns)}: {' and '.join(scene.senders)}"
    return element("svg", "".join(parts), width="100%", height=height, class_="scene", role="img", aria_label=label)


class _Painter:
    """Knows where a time and a lane are."""

    def __init__(self, facts: RunFacts, scene: Scene, lanes: list[str]) -> None:
        self._bit_ns = facts.bit_time_ns
        self._media = facts.media
        self._scene = scene
        self._lanes = lanes

    def _x(self, t_ns: int) -> float:
        scene = self._scene
        t_ns = min(max(t_ns, scene.start_ns), scene.end_ns)
        return GUTTER_PERCENT + (100 - GUTTER_PERCENT) * (t_ns - scene.start_ns) / (scene.end_ns - scene.start_ns)

    def _y(self, station: str) -> int:
        return AXIS_PX + LANE_PX * self._lanes.index(station)

    def axis(self, height: int) -> str:
        """Return the time axis, in bit times from the first bit of the collided frame."""
        scene, parts = self._scene, []
        step = next(
            step for step in (64, 128, 256, 512, 1024) if (scene.end_ns - scene.start_ns) / self._bit_ns / step <= 9
        )
        t_ns, count = scene.zero_ns, 0
        while t_ns <= scene.end_ns:
            x = percent(self._x(t_ns))
            parts.append(element("line", x1=x, y1=AXIS_PX - 6, x2=x, y2=height, class_="scene-grid"))
            words = str(count * step) if count else "0 bit times"
            parts.append(text(words, x=x, y=12, class_="scene-tick", text_anchor="start" if not count else "middle"))
            t_ns, count = t_ns + step * self._bit_ns, count + 1
        return "".join(parts)

    def lane(self, index: int, name: str) -> str:
        """Return the name and the base line of a lane."""
        y = AXIS_PX + LANE_PX * index
        kind = "scene-medium" if name in self._media else f"station-{index % 8}"
        return element(
            "g",
            element("line", x1="0", y1=y + LANE_PX, x2="100%", y2=y + LANE_PX, class_="scene-base")
            + text(name, x="0", y=y + 32, class_="scene-name"),
            class_=kind,
        )

    def event(self, event: Event) -> str:
        """Return one event."""
        if event.station not in self._lanes:
            return ""
        y = self._y(event.station)
        left, right = self._x(event.t_ns), self._x(event.end_ns)
        place = {"x": percent(left), "width": percent(max(right - left, 0.15))}
        title = element("title", describe(event))
        station = f"station-{self._lanes.index(event.station) % 8}"
        if event.station in self._media:
            return element("rect", title, y=y + 14, height=26, class_="scene-collision", **place)
        if event.kind == "collision":
            x = percent(left)
            line = element("line", x1=x, y1=y + 8, x2=x, y2=y + 42, class_="scene-hit")
            words = f"bit {event.collision_bit}"
            return line + text(words, x=x, y=y + 8, dx=3, class_="scene-note scene-hit-note")
        if event.kind == "backoff":
            return self._backoff(event, y, title, station)
        top, tall = {"transmit": (y + 12, 24), "jam": (y + 12, 24), "defer": (y + 20, 8), "receive": (y + 42, 6)}[
            event.kind
        ]
        return element("rect", title, y=top, height=tall, class_=f"scene-{event.kind} {station}", **place)

    def _backoff(self, event: Event, y: int, title: str, station: str) -> str:
        slots = event.slots or 0
        if not slots:
            words = text("0 slots", x=percent(self._x(event.t_ns)), y=y + 29, dx=4, class_="scene-note")
            return element("g", title + words, class_=station)
        slot_ns = (event.end_ns - event.t_ns) // slots
        parts = [title]
        for slot in range(slots):
            left, right = self._x(event.t_ns + slot * slot_ns), self._x(event.t_ns + (slot + 1) * slot_ns)
            if right <= left:
                break
            parts.append(
                element("rect", x=percent(left), y=y + 15, width=percent(right - left), height=18, class_="scene-slot")
            )
            middle = percent((left + right) / 2)
            parts.append(text(f"slot {slot + 1}", x=middle, y=y + 28, class_="scene-note", text_anchor="middle"))
        return element("g", "".join(parts), class_=station)


def describe(event: Event) -> str:
    """Return an event in words, for a tooltip."""
    words = [f"{event.station}: {event.kind}"]
    if event.frame_id is not None:
        words.append(f"frame {event.frame_id}")
    if event.attempt is not None:
        words.append(f"attempt {event.attempt}")
    if event.slots is not None:
        words.append(f"{event.slots} slots drawn")
    if event.collision_bit is not None:
        words.append(f"in bit {event.collision_bit}")
    if event.end_ns > event.t_ns:
        words.append(f"{event.t_ns} to {event.end_ns} ns ({format_time(event.end_ns - event.t_ns)})")
    else:
        words.append(f"at {event.t_ns} ns")
    return ", ".join(words)
