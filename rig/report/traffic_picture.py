"""Who sends when: a lane for each station over the whole run, collided transmissions apart from whole ones."""

from __future__ import annotations

from collections import defaultdict

from rig.report.run_facts import Event, RunFacts
from rig.report.svg import element, format_time, percent, text

LEFT_PERCENT, RIGHT_PERCENT = 10.0, 97.0
LANE_PX, BAR_PX, TOP_PX, FOOT_PX = 34, 18, 8, 40
LEAST_WIDTH_PERCENT = 0.12
TICKS = 6


def sendings(facts: RunFacts) -> list[tuple[Event, bool]]:
    """Return the transmissions of stations in order of time, each with whether it collided."""
    hits: dict[str, list[int]] = defaultdict(list)
    for event in facts.of_kind("collision"):
        hits[event.station].append(event.t_ns)
    return [
        (event, any(event.t_ns <= hit_ns <= event.end_ns for hit_ns in hits[event.station]))
        for event in facts.of_kind("transmit")
        if event.station in facts.stations
    ]


def draw_traffic(facts: RunFacts) -> str | None:
    """Return the lanes as SVG, or None where nobody sent anything."""
    sent = sendings(facts)
    if not sent:
        return None
    first_ns, last_ns = sent[0][0].t_ns, max(event.end_ns for event, _ in sent)
    scale = (RIGHT_PERCENT - LEFT_PERCENT) / max(1, last_ns - first_ns)
    height = TOP_PX + LANE_PX * len(facts.stations)
    parts = []
    for tick in range(TICKS + 1):
        t_ns = first_ns + tick * (last_ns - first_ns) // TICKS
        x = percent(LEFT_PERCENT + (t_ns - first_ns) * scale)
        anchor = "end" if tick == TICKS else "middle"
        parts.append(element("line", x1=x, x2=x, y1=TOP_PX, y2=height, class_="plot-grid"))
        parts.append(text(f"{t_ns / 1e6:.1f} ms", x=x, y=height + 14, text_anchor=anchor, class_="plot-tick"))
    for index, name in enumerate(facts.stations):
        top = TOP_PX + LANE_PX * index
        bars = [
            element(
                "rect",
                element("title", f"{'collided' if collided else 'whole frame'}, from {format_time(event.t_ns)}"),
                x=percent(LEFT_PERCENT + (event.t_ns - first_ns) * scale), y=top + (LANE_PX - BAR_PX) / 2,
                width=percent(max(LEAST_WIDTH_PERCENT, (event.end_ns - event.t_ns) * scale)), height=BAR_PX,
                class_="traffic-hit" if collided else "traffic-whole",
            )
            for event, collided in sent
            if event.station == name
        ]  # fmt: skip
        label = text(name, x=0, y=top + LANE_PX / 2 + 4, class_="block-host")
        parts.append(element("g", label + "".join(bars), class_=f"station-{index % 8}"))
    key = height + 32
    parts.append(element("rect", x=percent(LEFT_PERCENT), y=key - 9, width=14, height=10, class_="traffic-hit"))
    parts.append(text("collided; in the colour of the station: whole frames", x=percent(LEFT_PERCENT), dx=20, y=key,
                      class_="plot-name"))  # fmt: skip
    return element(
        "svg", "".join(parts), width="100%", height=height + FOOT_PX, class_="plot", role="img",
        aria_label="Who sends when",
    )  # fmt: skip
