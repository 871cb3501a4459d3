"""The stream of octets drawn to scale: what an application wrote against the segments that left, and the window on it.

Across is the stream of one direction, octet by octet; down is order, with the time beside each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rig.report.run_facts import RunFacts
from rig.report.svg import Value, element, format_time, percent, text
from rig.report.tcp_segments import read_segments

LEFT_PERCENT, RIGHT_PERCENT = 17.0, 82.0
TOP_PX, ROW_PX, BAR_PX = 50, 22, 13
MOST_ROWS = 48
HEADER_OCTETS = 58
"""Headers of Ethernet, IPv4 and TCP without options, and the FCS: what each segment costs besides its data."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where an octet of the stream is; ``octets`` are in the whole picture."""

    octets: int

    def x(self, octet: float) -> float:
        return LEFT_PERCENT + (RIGHT_PERCENT - LEFT_PERCENT) * min(max(octet, 0), self.octets) / self.octets

    def bar(self, first: float, last: float, y: float, kind: str, words: str, height: float = BAR_PX) -> str:
        """Return a bar over octets ``first`` .. ``last``."""
        left, right = self.x(first), self.x(last)
        width = percent(max(right - left, 0.12))
        return element("rect", element("title", words), x=percent(left), width=width, y=y, height=height, class_=kind)


def draw_segmentation(facts: RunFacts) -> str | None:
    """Return the writes of the program that sent most, and below them each segment with its headers; None without."""
    writes = [row for row in facts.sockets if row["kind"] == "call" and row["verb"] == "send" and not row["is_error"]]
    if not writes:
        return None
    stations = dict.fromkeys(row["station"] for row in writes)
    station = max(stations, key=lambda name: sum(row["octets"] for row in writes if row["station"] == name))
    own = [row for row in writes if row["station"] == station]
    sent = [seen for seen in read_segments(facts) if seen.sender == station and seen.octets]
    total = max(sum(row["octets"] for row in own), max((seen.relative - 1 + seen.octets for seen in sent), default=1))
    scale = _Scale(total + HEADER_OCTETS)
    rows = sent[:MOST_ROWS]
    parts = [text(f"{station} writes", x="0", y=TOP_PX - 22, class_="plot-tick")]
    first = 0
    for index, row in enumerate(own):
        last = first + row["octets"]
        words = f"write {index + 1}: {row['octets']} octets, at {format_time(row['start_ns'])}"
        parts.append(scale.bar(first, last, TOP_PX - 34, f"stream-write stream-{index % 2}", words, 18))
        if scale.x(last) - scale.x(first) > 5:
            middle = percent((scale.x(first) + scale.x(last)) / 2)
            parts.append(text(str(row["octets"]), x=middle, y=TOP_PX - 21, class_="stream-in", text_anchor="middle"))
        first = last
    for index, seen in enumerate(rows):
        y = TOP_PX + ROW_PX * index
        begin = seen.relative - 1
        header = scale.x(HEADER_OCTETS) - LEFT_PERCENT
        left = scale.x(begin)
        words = f"{HEADER_OCTETS} octets of headers and FCS"
        parts.append(text(format_time(seen.t_ns), x="0", y=y + 11, class_="plot-tick"))
        parts.append(
            element(
                "rect", element("title", words), x=percent(left), y=y, width=percent(header), height=BAR_PX,
                class_="stream-header",
            )
        )  # fmt: skip
        kind = "stream-again" if seen.is_retransmission else "stream-data"
        data = f"octets {begin} to {begin + seen.octets - 1}"
        width = percent(max(scale.x(begin + seen.octets) - left, 0.12))
        parts.append(
            element(
                "rect", element("title", data), x=percent(left + header), y=y, width=width, height=BAR_PX, class_=kind
            )
        )
        parts.append(text(f"{seen.octets} octets", x=percent(RIGHT_PERCENT + 3), y=y + 11, class_="plot-tick"))
    return _svg(parts, len(rows), len(sent), f"What {station} wrote, and the segments that carried it")


def draw_window(facts: RunFacts) -> str | None:
    """Return the window over the byte line and the receiver's buffer beside it, change by change; None without."""
    rows = [row for row in facts.sockets if row["kind"] == "block" and "snd_una" in row]
    if not rows:
        return None
    moved = {row["block"]: (row["snd_nxt"] - row["iss"]) & 0xFFFFFFFF for row in rows if row["snd_nxt"]}
    if not moved:
        return None
    block = max(moved, key=lambda each: moved[each])
    own = [row for row in rows if row["block"] == block and row["snd_wnd"] + row["snd_una"] - row["iss"] > 1]
    names = {row["block"]: (row["local"], row["foreign"]) for row in rows}
    peer = next((each for each, ends in names.items() if ends == names[block][::-1]), None)
    states: list[tuple[int, int, int, int]] = []
    for row in own:
        una, nxt = ((row[key] - row["iss"]) & 0xFFFFFFFF for key in ("snd_una", "snd_nxt"))
        if not states or states[-1][1:] != (una, nxt, row["snd_wnd"]):
            states.append((row["t_ns"], una, nxt, row["snd_wnd"]))
    if not states:
        return None
    end = max(una + wnd for _, una, _, wnd in states)
    last = max(nxt for _, _, nxt, _ in states)
    scale = _Scale(min(end, max(2 * last, last + 4096)))
    shown = states[:MOST_ROWS]
    queues = [(row["t_ns"], row["receive_queue"], row["rcv_wnd"]) for row in rows if row["block"] == peer]
    room = max((queue + wnd for _, queue, wnd in queues), default=1)
    parts = [text("octets of the stream", x=percent(LEFT_PERCENT), y=14, class_="plot-name")]
    parts.append(text("receiver's buffer", x=percent(RIGHT_PERCENT + 2), y=14, class_="plot-name"))
    for part in range(5):
        octet = scale.octets * part // 4
        at = percent(scale.x(octet))
        parts.append(text(str(octet), x=at, y=TOP_PX - 14, class_="plot-tick", text_anchor="middle"))
        parts.append(element("line", x1=at, x2=at, y1=TOP_PX - 8, y2=TOP_PX + ROW_PX * len(shown), class_="plot-grid"))
    for index, (t_ns, una, nxt, wnd) in enumerate(shown):
        y = TOP_PX + ROW_PX * index
        parts.append(text(format_time(t_ns), x="0", y=y + 11, class_="plot-tick"))
        parts.append(scale.bar(0, una, y + 3, "stream-acked", f"{una} acknowledged", BAR_PX - 6))
        parts.append(scale.bar(una, nxt, y, "stream-data", f"{nxt - una} sent and not acknowledged"))
        words = f"window of {wnd}: up to {una + wnd}"
        parts.append(scale.bar(una, una + wnd, y, "stream-window" if wnd else "stream-closed", words))
        parts.append(_gauge(queues, t_ns, room, y))
        parts.append(text(str(wnd), x=percent(RIGHT_PERCENT - 0.5), y=y + 11, class_="plot-tick", text_anchor="end")
                     if scale.x(una + wnd) < RIGHT_PERCENT - 6 else "")  # fmt: skip
    return _svg(parts, len(shown), len(states), "The window over the stream, change by change")


def _gauge(queues: Sequence[tuple[int, int, int]], t_ns: int, room: int, y: float) -> str:
    """Return how full the receiver's buffer is at a time."""
    queue = next((queue for at, queue, _ in reversed(queues) if at <= t_ns), 0)
    left, width = RIGHT_PERCENT + 2, 98.0 - RIGHT_PERCENT - 2
    box: dict[str, Value] = {"x": percent(left), "y": y, "height": BAR_PX}
    frame = element("rect", width=percent(width), class_="stream-gauge", **box)
    title = element("title", f"{queue} octets not read yet")
    return frame + element("rect", title, width=percent(width * min(queue / room, 1.0)), class_="stream-queue", **box)


def _svg(parts: list[Any], shown: int, there: int, label: str) -> str:
    height = TOP_PX + ROW_PX * shown + 22
    if there > shown:
        parts.append(text(f"and {there - shown} more", x="0", y=height - 6, class_="plot-tick"))
    return element("svg", "".join(parts), width="100%", height=height, class_="plot", role="img", aria_label=label)
