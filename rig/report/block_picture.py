"""Control blocks over time: a strip for each, from the call or SYN that made it to its end.

Time runs down, in the order of changes and not to scale; how long TIME-WAIT lasted stands where it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rig.report.run_facts import RunFacts
from rig.report.svg import Value, element, format_time, percent, text

LEFT_PERCENT = 12.0
TOP_PX, ROW_PX = 64, 24
MOST_ROWS = 60
_KEYS = ("state", "descriptor", "receive_queue", "send_queue")
_QUEUES = {"receive_queue": "recv", "send_queue": "send"}
GONE, UNSET = "gone", "*:*"


@dataclass(slots=True)
class _Strip:
    """One block: its place across, and its changes as (row, values); ``names`` as last known."""

    station: str
    number: int
    changes: list[tuple[int, dict[str, Any]]]
    names: tuple[str, str] = (UNSET, UNSET)


def draw_blocks(facts: RunFacts, *, queues: bool = False) -> str | None:
    """Return the strips as SVG, or None where no socket was made. ``queues``: with what waits in each buffer."""
    strips, times = _read(facts, queues)
    if not strips:
        return None
    stations = list(facts.stations)
    ordered = sorted(strips, key=lambda strip: (stations.index(strip.station), strip.number))
    width = (100 - LEFT_PERCENT) / len(ordered)
    height = TOP_PX + ROW_PX * len(times) + 8
    parts = []
    for row, t_ns in enumerate(times):
        y = TOP_PX + ROW_PX * row + 15
        if not row or times[row - 1] != t_ns:
            parts.append(text(format_time(t_ns), x="0", y=y, class_="plot-tick"))
        parts.append(element("line", x1=percent(LEFT_PERCENT), x2="100%", y1=y + 9, y2=y + 9, class_="plot-grid"))
    for index, strip in enumerate(ordered):
        parts.append(_draw(strip, stations.index(strip.station), LEFT_PERCENT + width * index, width, times))
    label = f"{len(ordered)} control blocks, change by change"
    return element("svg", "".join(parts), width="100%", height=height, class_="plot", role="img", aria_label=label)


def _read(facts: RunFacts, queues: bool) -> tuple[list[_Strip], list[int]]:
    """Return the strips, and the times of the rows that they count."""
    keys = _KEYS if queues else _KEYS[:2]
    strips: dict[int, _Strip] = {}
    last: dict[int, tuple[Any, ...]] = {}
    times: list[int] = []
    for row in facts.sockets:
        if row["kind"] != "block":
            continue
        values = tuple(row.get(key) for key in keys)
        strip = strips.setdefault(row["block"], _Strip(row["station"], row["block"], []))
        if row["state"] != GONE and row["foreign"] != UNSET:
            strip.names = (row["local"], row["foreign"])
        elif row["state"] != GONE and strip.names[1] == UNSET:
            strip.names = (row["local"], UNSET)
        if last.get(row["block"]) == values:
            continue
        last[row["block"]] = values
        is_same_row = bool(strip.changes) and strip.changes[-1][0] == len(times) - 1
        if not times or times[-1] != row["t_ns"] or is_same_row:
            if len(times) == MOST_ROWS:
                break
            times.append(row["t_ns"])
        strip.changes.append((len(times) - 1, row))
    return [strip for strip in strips.values() if strip.changes], times


def _draw(strip: _Strip, station: int, left: float, width: float, times: list[int]) -> str:
    middle = percent(left + width / 2)
    parts = [
        text(strip.station, x=middle, y=14, class_="block-host", text_anchor="middle"),
        text(f"block {strip.number}", x=middle, y=29, class_="plot-tick", text_anchor="middle"),
        text(strip.names[0], x=middle, y=42, class_="block-names", text_anchor="middle"),
        text(strip.names[1], x=middle, y=54, class_="block-names", text_anchor="middle"),
    ]
    since = None
    state = ""
    before: dict[str, Any] = {}
    for index, (row, values) in enumerate(strip.changes):
        until = strip.changes[index + 1][0] if index + 1 < len(strip.changes) else len(times)
        y = TOP_PX + ROW_PX * row
        words = str(values["state"]).replace("_", "-") or str(values["protocol"])
        if values["state"] != state:
            lasted = times[row] - since if since is not None else 0
            if values["state"] == GONE and state == "TIME_WAIT":
                words = f"gone, after {format_time(lasted)}"
            state, since = values["state"], times[row]
        if values["state"] != GONE:
            box: dict[str, Value] = {
                "x": percent(left + 1),
                "width": percent(width - 2),
                "y": y,
                "height": ROW_PX * (until - row),
            }
            parts.append(element("rect", class_=f"block-strip block-{state.lower().replace('_', '-')}", **box))
        is_new_state = values["state"] != before.get("state")
        label = " ".join([*([words] if is_new_state else []), *_details(values, {} if is_new_state else before)])
        parts.append(text(label, x=middle, y=y + 16, class_="block-state", text_anchor="middle"))
        before = values
    return element("g", "".join(parts), class_=f"station-{station % 8}")


def _details(values: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """Return descriptor and queues in words, those that have changed; of a new state those that are there."""
    if values["state"] == GONE:
        return []
    words = []
    if values.get("descriptor") != before.get("descriptor"):
        words.append("no fd" if values.get("descriptor") is None else f"fd {values['descriptor']}")
    queues = {"receive_queue": "waiting"} if values["state"] == "LISTEN" else _QUEUES
    words += [f"{name} {values[key]}" for key, name in queues.items() if values.get(key, 0) != before.get(key, 0)]
    return words
