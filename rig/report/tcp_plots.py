"""TCP over time: the time-sequence plot of one direction, and the time-out beside what it is computed from.

In a time-sequence plot up is the stream and right is time. A segment is a stroke from its first octet to its last; the
line of ACK numbers climbs below, the edge of the announced window above, and what is sent lies between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rig.report.plot import HEIGHT_PX, Axis, draw_grid, nice_ticks, place_x, place_y
from rig.report.run_facts import RunFacts
from rig.report.svg import Value, element, format_time, percent, text
from rig.report.tcp_segments import SeenSegment, read_segments
from rig.units import NS_PER_MS

Point = tuple[float, float]


def draw_time_sequence(facts: RunFacts) -> str | None:
    """Return the plot of the direction that carried most data, or None where none was sent."""
    segments = read_segments(facts)
    data = [seen for seen in segments if seen.octets]
    if not data:
        return None
    senders = [seen.sender for seen in data]
    sender = max(dict.fromkeys(senders), key=lambda name: sum(seen.octets for seen in data if seen.sender == name))
    sent = [seen for seen in data if seen.sender == sender]
    answers = [
        (seen.t_ns / NS_PER_MS, seen.relative_ack, seen.relative_ack + seen.segment.window)
        for seen in segments
        if seen.receiver == sender and seen.relative_ack is not None and seen.t_ns >= sent[0].t_ns
    ]
    first_ms = sent[0].t_ns / NS_PER_MS
    top = max(seen.relative + seen.octets for seen in sent)
    done = [t_ms for t_ms, ack, _ in answers if ack >= top]
    last_ms = min(done, default=max(seen.t_ns for seen in segments) / NS_PER_MS)
    x = Axis(f"ms; data from {sender}", nice_ticks(first_ms, last_ms, 9))
    y = Axis("relative sequence number", nice_ticks(0, top * 1.05))
    answers = [answer for answer in answers if answer[0] <= last_ms]
    parts = draw_grid(x, y)
    edge = [(t_ms, float(min(right, y.ticks[-1]))) for t_ms, _, right in answers]
    parts.append(element("g", _steps(edge, x, y, x.ticks[-1]), class_="tcp-window"))
    parts.append(element("g", _steps([(t, float(ack)) for t, ack, _ in answers], x, y, x.ticks[-1]), class_="tcp-ack"))
    parts += [_stroke(seen, x, y) for seen in sent]
    parts += _key(
        [("tcp-data", "data"), ("tcp-again", "sent again"), ("tcp-lost", "lost"), ("tcp-ack", "ACK number"),
         ("tcp-window", "edge of the window")]
    )  # fmt: skip
    label = f"Time-sequence plot of the data from {sender}"
    return element("svg", "".join(parts), width="100%", height=HEIGHT_PX, class_="plot", role="img", aria_label=label)


def draw_timeout(facts: RunFacts) -> str | None:
    """Return RTO, SRTT and the time-outs of the sender that measured most, or None where none was recorded."""
    rows = [row for row in facts.sockets if row["kind"] == "block" and row.get("srtt_ns") is not None]
    if not rows:
        return None
    stations = [row["station"] for row in rows]
    station = max(dict.fromkeys(stations), key=lambda name: _changes(rows, name))
    block = next(row["block"] for row in rows if row["station"] == station)
    own = [row for row in facts.sockets if row["kind"] == "block" and row["block"] == block and "rto_ns" in row]
    rto = _changed([(row["t_ns"] / NS_PER_MS, row["rto_ns"] / NS_PER_MS) for row in own])
    srtt = _changed([(row["t_ns"] / NS_PER_MS, row["srtt_ns"] / NS_PER_MS) for row in own if row["srtt_ns"]])
    again = [seen for seen in read_segments(facts) if seen.sender == station and seen.is_retransmission]
    last_ms = max([own[-1]["t_ns"] / NS_PER_MS, *(seen.t_ns / NS_PER_MS for seen in again)])
    x = Axis(f"ms; {station}", nice_ticks(0, last_ms, 9))
    y = Axis("ms", nice_ticks(0, max(value for _, value in rto) * 1.08))
    parts = draw_grid(x, y)
    parts.append(element("g", _steps(srtt, x, y, last_ms), class_="tcp-srtt"))
    parts.append(element("g", _steps(rto, x, y, last_ms), class_="tcp-rto"))
    for t_ms, value in rto:
        title = element("title", f"RTO {value:g} ms from {format_time(round(t_ms * NS_PER_MS))} on")
        at: dict[str, Value] = {"cx": percent(place_x(x, t_ms)), "cy": place_y(y, value)}
        parts.append(element("g", element("circle", title, r=3, **at), class_="tcp-rto"))
    for seen in again:
        at_x = percent(place_x(x, seen.t_ns / NS_PER_MS))
        bottom = place_y(y, y.ticks[0])
        words = element("title", f"seq {seen.relative} sent again at {format_time(seen.t_ns)}")
        parts.append(
            element("g", element("line", words, x1=at_x, x2=at_x, y1=bottom - 26, y2=bottom), class_="tcp-again")
        )
    parts += _key([("tcp-rto", "RTO"), ("tcp-srtt", "SRTT"), ("tcp-again", "sent again")])
    label = f"Time-out of {station} over time"
    return element("svg", "".join(parts), width="100%", height=HEIGHT_PX, class_="plot", role="img", aria_label=label)


def _changes(rows: Sequence[dict[str, int]], station: str) -> int:
    return len({(row["block"], row["srtt_ns"], row["rto_ns"]) for row in rows if str(row["station"]) == station})


def _changed(points: list[Point]) -> list[Point]:
    """Return the points at which the value changes."""
    return [point for index, point in enumerate(points) if index == 0 or point[1] != points[index - 1][1]]


def _steps(points: Sequence[Point], x: Axis, y: Axis, end: float) -> str:
    """Return a line that keeps each value until the next."""
    parts = []
    for (t, value), (later, then) in pairwise([*points, (end, points[-1][1])] if points else []):
        left, right, level = percent(place_x(x, t)), percent(place_x(x, later)), place_y(y, value)
        parts.append(element("line", x1=left, x2=right, y1=level, y2=level))
        parts.append(element("line", x1=right, x2=right, y1=level, y2=place_y(y, then)))
    return "".join(parts)


def _stroke(seen: SeenSegment, x: Axis, y: Axis) -> str:
    at = percent(place_x(x, seen.t_ns / NS_PER_MS))
    low, high = place_y(y, seen.relative), place_y(y, seen.relative + seen.octets)
    words = f"{seen.octets} octets from {seen.relative} at {format_time(seen.t_ns)}"
    words += ", sent again" if seen.is_retransmission else ""
    words += ", lost" if seen.is_lost else ""
    kind = "tcp-lost" if seen.is_lost else "tcp-again" if seen.is_retransmission else "tcp-data"
    stroke = element("line", element("title", words), x1=at, x2=at, y1=low, y2=min(high, low - 2))
    cross = text("×", x=at, y=(low + high) / 2 + 5, text_anchor="middle", class_="tcp-cross") if seen.is_lost else ""
    return element("g", stroke + cross, class_=kind)


def _key(entries: Sequence[tuple[str, str]]) -> list[str]:
    """Return the names of the lines, above the plot."""
    parts = []
    for index, (kind, words) in enumerate(entries):
        at = 24.0 + 15.0 * index
        line = element("line", x1=percent(at), x2=percent(at + 2.5), y1=7, y2=7)
        parts.append(element("g", line, class_=kind))
        parts.append(text(words, x=percent(at + 2.5), dx=6, y=11, class_="plot-tick"))
    return parts
