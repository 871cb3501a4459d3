"""Line plots with error bars, as SVG of our own.

A plotting library would be a large dependency for five pictures, and would fix colours and letter sizes; these follow
the page, light or dark, wide or narrow, and need no script.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rig.report.svg import element, percent, text

LEFT_PERCENT, RIGHT_PERCENT = 9.0, 84.0
TOP_PX, BOTTOM_PX = 26, 44
HEIGHT_PX = 320
LABEL_GAP_PX = 13


@dataclass(frozen=True, slots=True)
class Series:
    """One line: ``points`` are (x, y), ``intervals`` the (low, high) of each y or None. A dashed one is theory."""

    name: str
    points: Sequence[tuple[float, float]]
    intervals: Sequence[tuple[float, float] | None] = ()
    is_theory: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Name and unit of what is along an axis, and its ticks, which begin and end it. ``is_log``: to base 2."""

    name: str
    ticks: Sequence[float]
    is_log: bool = False
    labels: Sequence[str] = field(default=())

    def part(self, value: float) -> float:
        """Return how far along the axis a value is, 0 to 1."""
        low, high = self.ticks[0], self.ticks[-1]
        if self.is_log:
            low, high, value = math.log2(low), math.log2(high), math.log2(max(value, 1e-12))
        return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.5

    def label(self, index: int) -> str:
        """Return what stands at a tick."""
        return self.labels[index] if self.labels else f"{self.ticks[index]:g}"


def nice_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return round, evenly spaced numbers that begin at or below ``low`` and end at or above ``high``."""
    if high <= low:
        high = low + 1
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(index * step, 12) for index in range(first, last + 1)]


def draw_plot(title: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """Return a plot as SVG; every line is named at its right end."""
    parts = [*draw_grid(x, y)]
    ends: list[tuple[float, int, str]] = []
    for index, each in enumerate(series):
        kind = f"station-{index % 8}{' plot-theory' if each.is_theory else ''}"
        parts.append(element("g", _line(each, x, y), class_=kind))
        if each.points:
            ends.append((place_y(y, each.points[-1][1]), index, each.name))
    parts += _names(ends, series)
    return element("svg", "".join(parts), width="100%", height=HEIGHT_PX, class_="plot", role="img", aria_label=title)


def place_x(axis: Axis, value: float) -> float:
    """Return where a value is across, in percent."""
    return LEFT_PERCENT + (RIGHT_PERCENT - LEFT_PERCENT) * axis.part(value)


def place_y(axis: Axis, value: float) -> float:
    """Return where a value is down, in pixels."""
    return HEIGHT_PX - BOTTOM_PX - (HEIGHT_PX - BOTTOM_PX - TOP_PX) * axis.part(value)


def draw_grid(x: Axis, y: Axis) -> list[str]:
    """Return the lines and names of both axes."""
    parts = []
    bottom = HEIGHT_PX - BOTTOM_PX
    for index, tick in enumerate(y.ticks):
        at = place_y(y, tick)
        parts.append(
            element("line", x1=percent(LEFT_PERCENT), x2=percent(RIGHT_PERCENT), y1=at, y2=at, class_="plot-grid")
        )
        parts.append(
            text(y.label(index), x=percent(LEFT_PERCENT), y=at + 4, dx=-8, text_anchor="end", class_="plot-tick")
        )
    for index, tick in enumerate(x.ticks):
        place = percent(place_x(x, tick))
        parts.append(element("line", x1=place, x2=place, y1=bottom, y2=bottom + 5, class_="plot-axis"))
        parts.append(text(x.label(index), x=place, y=bottom + 18, text_anchor="middle", class_="plot-tick"))
    parts.append(
        element("line", x1=percent(LEFT_PERCENT), x2=percent(RIGHT_PERCENT), y1=bottom, y2=bottom, class_="plot-axis")
    )
    middle = percent((LEFT_PERCENT + RIGHT_PERCENT) / 2)
    parts.append(text(x.name, x=middle, y=HEIGHT_PX - 6, text_anchor="middle", class_="plot-name"))
    parts.append(text(y.name, x="0", y=10, class_="plot-name"))
    return parts


def _line(series: Series, x: Axis, y: Axis) -> str:
    places = [(place_x(x, a), place_y(y, b)) for a, b in series.points]
    parts = [
        element("line", x1=percent(x1), y1=y1, x2=percent(x2), y2=y2, class_="plot-line")
        for (x1, y1), (x2, y2) in pairwise(places)
    ]
    for index, (across, down) in enumerate(places):
        at = percent(across)
        interval = series.intervals[index] if index < len(series.intervals) else None
        if interval is not None:
            low, high = place_y(y, interval[0]), place_y(y, interval[1])
            if abs(low - high) > 2:
                parts.append(element("line", x1=at, x2=at, y1=low, y2=high, class_="plot-bar"))
        if not series.is_theory:
            value = f"{series.name}: {series.points[index][0]:g}, {series.points[index][1]:.4g}"
            parts.append(element("circle", element("title", value), cx=at, cy=down, r=3.2, class_="plot-dot"))
    return "".join(parts)


def _names(ends: list[tuple[float, int, str]], series: Sequence[Series]) -> list[str]:
    """Return the names at the right ends, moved apart where they would lie on each other."""
    parts = []
    lowest = float(TOP_PX)
    ordered = sorted(ends)
    room = HEIGHT_PX - BOTTOM_PX + 8 - LABEL_GAP_PX * len(ordered)
    for position, (at, index, name) in enumerate(ordered):
        at = max(min(at + 4, room + LABEL_GAP_PX * (position + 1)), lowest)
        lowest = at + LABEL_GAP_PX
        kind = f"station-{index % 8}{' plot-theory' if series[index].is_theory else ''}"
        parts.append(element("g", text(name, x=percent(RIGHT_PERCENT), y=at, dx=9, class_="plot-series"), class_=kind))
    return parts
