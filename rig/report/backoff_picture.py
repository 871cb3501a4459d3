"""How many slots were drawn after the n-th collision of a frame: a row for each n, a dot for each draw."""

from __future__ import annotations

from collections import Counter

from rig.report.run_facts import RunFacts
from rig.report.svg import element, percent, text

LEFT_PERCENT, WIDTH_PERCENT = 16.0, 80.0
TOP_PX, ROW_PX = 34, 30
MOST_ROWS = 10
LARGEST_RADIUS = 11.0


def draw_backoff(facts: RunFacts) -> str | None:
    """Return the draws as SVG, or None where none was made. The range of each row, 0 to 2^n - 1, is a bar behind it."""
    draws: Counter[tuple[int, int]] = Counter()
    for event in facts.of_kind("backoff"):
        if event.station in facts.stations and event.attempt is not None and event.slots is not None:
            draws[event.attempt, event.slots] += 1
    if not draws:
        return None
    rows = range(1, min(max(attempt for attempt, _ in draws), MOST_ROWS) + 1)
    largest: int = (1 << rows[-1]) - 1
    most = max(draws.values())
    height = TOP_PX + ROW_PX * len(rows) + 26

    def x(slots: float) -> float:
        return LEFT_PERCENT + WIDTH_PERCENT * slots / largest

    parts = [text("collision", x="0", y=14, class_="plot-name")]
    parts.append(text("slots drawn", x=percent(LEFT_PERCENT), y=14, class_="plot-name"))
    for index, attempt in enumerate(rows):
        y = TOP_PX + ROW_PX * index + 14
        count = sum(number for (each, _), number in draws.items() if each == attempt)
        parts.append(text(f"{attempt}.  ({count} draws)", x="0", y=y + 4, class_="plot-tick"))
        begin, end = percent(x(0)), percent(x((1 << attempt) - 1))
        parts.append(element("line", x1=begin, x2=end, y1=y, y2=y, class_="backoff-range"))
        for (each, slots), number in sorted(draws.items()):
            if each == attempt:
                words = f"{number} times {slots} slots after collision {attempt}"
                radius = max(3.0, LARGEST_RADIUS * (number / most) ** 0.5)
                title = element("title", words)
                dot = element("circle", title, cx=percent(x(slots)), cy=y, r=radius, class_="plot-dot")
                parts.append(element("g", dot, class_="station-0"))
    for slots in sorted({0, *((1 << attempt) - 1 for attempt in rows)}):
        parts.append(text(str(slots), x=percent(x(slots)), y=height - 8, class_="plot-tick", text_anchor="middle"))
    label = "Slots drawn after each collision of a frame"
    return element("svg", "".join(parts), width="100%", height=height, class_="plot", role="img", aria_label=label)
