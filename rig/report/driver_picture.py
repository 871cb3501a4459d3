"""A driver at work, in lanes over time: the wire, the receive ring, the interrupt line, the CPU.

What is for this station stands on the wire lane, lost frames in red; the ring lane says how many pages are taken; the
line is up as long as a cause is not acknowledged; the CPU lane has a bar for each round trip to the adapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rig.report.bus_trace import (
    BRING_UP,
    FRAME,
    INTERRUPT,
    OTHER,
    PREAMBLE_OCTETS,
    SEND,
    busiest,
    end_of,
    frames_for,
    lost_to,
    ring_frames,
    ring_levels,
    ring_of,
    transactions_of,
)
from rig.report.run_facts import RunFacts
from rig.report.svg import element, format_time, percent, text

LEFT_PERCENT, RIGHT_PERCENT = 15.0, 97.0
TOP_PX, LANE_PX, BAR_PX, RING_PX = 24, 40, 18, 90
LEAST_PERCENT, LEAST_PX = 0.18, 3.0
TICKS = 6
BEFORE_NS, AFTER_NS = 20_000, 40_000
WORDS = {
    INTERRUPT: "read and clear the causes", FRAME: "read a frame from the ring", SEND: "write a frame to send",
    BRING_UP: "bring-up", OTHER: "other",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Window:
    first_ns: int
    last_ns: int

    def x(self, t_ns: int) -> float:
        part = (min(max(t_ns, self.first_ns), self.last_ns) - self.first_ns) / max(1, self.last_ns - self.first_ns)
        return LEFT_PERCENT + (RIGHT_PERCENT - LEFT_PERCENT) * part

    def overlaps(self, begin_ns: int, end_ns: int) -> bool:
        return begin_ns <= self.last_ns and end_ns >= self.first_ns

    def bar(self, begin_ns: int, end_ns: int, y: float, kind: str, words: str, height: float = BAR_PX) -> str:
        left, right = self.x(begin_ns), self.x(end_ns)
        return element("rect", element("title", words), x=percent(left), y=y, height=height, class_=kind,
                       width=percent(max(right - left, LEAST_PERCENT)))  # fmt: skip


def draw_driver(facts: RunFacts) -> str | None:
    """Return the lanes of the busiest station over all its frames; None where no bus was recorded."""
    station = busiest(facts)
    if station is None:
        return None
    frames = ring_frames(facts, station)
    return _draw(facts, station, _Window(frames[0].stored_ns - BEFORE_NS, frames[-1].taken_ns + AFTER_NS))


def draw_one_frame(facts: RunFacts) -> str | None:
    """Return the lanes of the busiest station around the first frame that came while its CPU had nothing to do and was
    alone in the ring, but for the first and the last of all; None without any.
    """
    station = busiest(facts)
    if station is None:
        return None
    frames = ring_frames(facts, station)
    busy = [(each.t_ns, each.end_ns) for each in transactions_of(facts, station)]
    for frame, after in pairwise(frames[1:]):
        is_idle = not any(begin_ns <= frame.stored_ns <= end_ns for begin_ns, end_ns in busy)
        if is_idle and frame.taken_ns < after.stored_ns:
            began_ns = frame.stored_ns - (frame.frame_octets + PREAMBLE_OCTETS) * 8 * facts.bit_time_ns
            return _draw(facts, station, _Window(began_ns - BEFORE_NS, frame.taken_ns + AFTER_NS))
    return None


def _draw(facts: RunFacts, station: str, window: _Window) -> str:
    lanes = (
        ("wire", _wire(facts, station, window), LANE_PX),
        ("ring", _ring(facts, station, window), RING_PX),
        ("interrupt line", _line(facts, station, window), LANE_PX),
        ("CPU", _cpu(facts, station, window), LANE_PX),
    )
    height = TOP_PX + sum(lane[2] for lane in lanes)
    parts = []
    for tick in range(TICKS + 1):
        t_ns = window.first_ns + tick * (window.last_ns - window.first_ns) // TICKS
        at = percent(window.x(t_ns))
        anchor = "end" if tick == TICKS else "middle"
        parts.append(element("line", x1=at, x2=at, y1=TOP_PX - 8, y2=height, class_="plot-grid"))
        parts.append(text(f"{t_ns / 1e6:.3f} ms", x=at, y=11, text_anchor=anchor, class_="plot-tick"))
    top = float(TOP_PX)
    for name, marks, room in lanes:
        content = "".join(marks)
        label = text(name, x="0", y=room / 2 + 4, class_="driver-lane")
        parts.append(element("g", label + content, transform=f"translate(0 {top:g})"))
        top += room
    key = [(FRAME, WORDS[FRAME]), (INTERRUPT, WORDS[INTERRUPT]), (SEND, WORDS[SEND])]
    across = LEFT_PERCENT
    for kind, words in key:
        parts.append(element("rect", x=percent(across), y=height + 6, width=12, height=10, class_=f"driver-{kind}"))
        parts.append(text(words, x=percent(across), dx=18, y=height + 15, class_="plot-tick"))
        across += 28
    picture = element(
        "svg", "".join(parts), width="100%", height=height + 24, class_="plot wide", role="img",
        aria_label=f"What {station} does with what it receives",
    )  # fmt: skip
    colour = f"station-{list(facts.stations).index(station) % 8}"
    return element("div", picture, class_=f"scroll {colour}")


def _wire(facts: RunFacts, station: str, window: _Window) -> list[str]:
    lost = lost_to(facts, station)
    marks = []
    for frame in frames_for(facts, station):
        end_ns = end_of(facts, frame)
        if window.overlaps(frame.t_ns, end_ns):
            is_lost = frame in lost
            words = f"{len(frame.octets)} octets from {frame.tap}{', lost: the ring was full' if is_lost else ''}"
            kind = "driver-lost" if is_lost else "driver-wire"
            marks.append(window.bar(frame.t_ns, end_ns, (LANE_PX - BAR_PX) / 2, kind, words))
    return marks


def _ring(facts: RunFacts, station: str, window: _Window) -> list[str]:
    """Return pages in use over time as columns, below a line for as many as there are (one always stays empty)."""
    ring = ring_of(facts, station)
    assert ring is not None, "frames came out of it"
    pages = ring[1] - ring[0]
    bottom, scale = RING_PX - 8, (RING_PX - 22) / pages
    levels = [(window.first_ns, 0), *ring_levels(facts, station), (window.last_ns, 0)]
    marks = []
    for (t_ns, level), (until_ns, _) in pairwise(levels):
        if level and window.overlaps(t_ns, until_ns) and until_ns > t_ns:
            words = f"{level} of {pages} pages from {format_time(t_ns)}"
            room = max(level * scale, LEAST_PX)
            marks.append(window.bar(t_ns, until_ns, bottom - room, "driver-ring", words, room))
    for level, words in ((0, "0"), (pages, f"{pages} pages")):
        y = bottom - level * scale
        marks.append(element("line", x1=percent(LEFT_PERCENT), x2=percent(RIGHT_PERCENT), y1=y, y2=y,
                             class_="driver-room" if level else "plot-axis"))  # fmt: skip
        marks.append(text(words, x=percent(LEFT_PERCENT), dx=-6, y=y + 4, text_anchor="end", class_="plot-tick"))
    return marks


def _line(facts: RunFacts, station: str, window: _Window) -> list[str]:
    return [
        window.bar(each.t_ns, each.end_ns, (LANE_PX - BAR_PX) / 2, "driver-line",
                   f"up for {format_time(each.end_ns - each.t_ns)}")
        for each in facts.of_kind("irq")
        if each.station == station and window.overlaps(each.t_ns, each.end_ns)
    ]  # fmt: skip


def _cpu(facts: RunFacts, station: str, window: _Window) -> list[str]:
    return [
        window.bar(each.t_ns, each.end_ns, (LANE_PX - BAR_PX) / 2, f"driver-{each.kind}",
                   f"{WORDS[each.kind]}, {format_time(each.end_ns - each.t_ns)}")
        for each in transactions_of(facts, station)
        if window.overlaps(each.t_ns, each.end_ns)
    ]  # fmt: skip
