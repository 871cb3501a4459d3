"""The page of a coverage report: one HTML file that needs no network, no other file and no script.

It is made from the object of ``rig coverage --json`` and from nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from rig.report.page import Tile

KINDS = ("line", "branch", "toggle")
SHADES = 5
"""Of the heat map, by powers of ten."""
_CHANGE = re.compile(r"(?P<signal>.*?)(?:\[(?P<bit>\d+)\])?:(?P<change>0->1|1->0)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a heat map: a CSS class, what it shows, and what it says when pointed at."""

    kind: str
    text: str
    note: str


@dataclass(slots=True)
class HoleGroup:
    """Points of one line that were not reached for one reason; ``what`` in words."""

    line: int
    kind: str
    what: str
    why: str | None


@dataclass(slots=True)
class _Bits:
    rises: set[int | None] = field(default_factory=set)
    falls: set[int | None] = field(default_factory=set)


def render_coverage_page(report: Mapping[str, Any]) -> str:
    """Return the page as text."""
    assets = resources.files("rig.report") / "assets"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((assets / "coverage.html.j2").read_text(encoding="utf-8"))
    files = [_file(each) for each in report["files"]]
    open_holes = sum(1 for each in files for hole in each["holes"] if hole.why is None)
    return template.render(
        runs=report["runs"],
        tiles=_tiles(report),
        open_holes=open_holes,
        stale=report["stale"],
        changed=report["changed"],
        collisions=report["collisions"],
        maps=list(_maps(report["collisions"])),
        files=files,
        style=Markup((assets / "style.css").read_text(encoding="utf-8")),
        coverage_style=Markup((assets / "coverage.css").read_text(encoding="utf-8")),
    )


def percent(share: Mapping[str, int]) -> str:
    """Return what was reached of what can be, in per cent; 100 only if nothing is missed."""
    reachable = share["total"] - share["explained"]
    if not reachable:
        return "-"
    value = 100 * share["reached"] / reachable
    return f"{math.floor(10 * value) / 10:.1f} %" if share["reached"] < reachable else "100 %"


def _tiles(report: Mapping[str, Any]) -> list[Tile]:
    names = {"line": "lines", "branch": "branches", "toggle": "toggles", "collisions": "collisions by place"}
    tiles = []
    for key, name in names.items():
        share = report[key]
        reachable = share["total"] - share["explained"]
        words = f"{share['reached']} of {reachable}, and {share['explained']} out of reach"
        tiles.append(Tile(name, percent(share), words, "" if share["reached"] < reachable else "good"))
    return tiles


def _maps(collisions: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield a heat map for each length: a row for each attempt, a column for each bit time."""
    for index, length in enumerate(collisions["lengths"]):
        reachable = collisions["reachable"][index]
        rows = []
        for attempt, counts in zip(collisions["attempts"], collisions["counts"][index], strict=True):
            cells = [
                _cell(count, can_be, f"attempt {attempt}, bit {bit}, {length} octets")
                for count, can_be, bit in zip(counts, reachable, collisions["bits"], strict=True)
            ]
            rows.append((attempt, cells))
        yield {"length": length, "rows": rows}


def _cell(count: int, is_reachable: bool, what: str) -> Cell:
    if count:
        return Cell(f"heat-{min(SHADES, 1 + int(math.log10(count)))}", _short(count), f"{what}: {count}")
    return (
        Cell("missed", "0", f"{what}: never") if is_reachable else Cell("out", "", f"{what}: the frame is over by then")
    )


def _short(count: int) -> str:
    return str(count) if count < 1000 else f"{count // 1000}k"


def _file(report: Mapping[str, Any]) -> dict[str, Any]:
    holes = _group(report["holes"])
    counts = {int(line): count for line, count in report["lines"].items()}
    marks: dict[int, str] = {}
    for hole in holes:
        mark = "missed" if hole.why is None else "out"
        if hole.kind != "toggle":
            marks[hole.line] = "missed" if marks.get(hole.line) == "missed" else mark
    lines = [
        (number, counts.get(number), marks.get(number) or ("run" if counts.get(number) else ""), text)
        for number, text in enumerate(report["source"], start=1)
    ]
    return {
        "name": report["file"],
        "anchor": report["file"].replace("/", "-").replace(".", "-"),
        "shares": [(kind, report[kind], percent(report[kind]), _width(report[kind])) for kind in KINDS],
        "holes": holes,
        "open": sum(1 for hole in holes if hole.why is None),
        "lines": lines,
    }


def _width(share: Mapping[str, int]) -> tuple[float, float]:
    """Return how much of a bar is reached, and how much is out of reach, in per cent."""
    if not share["total"]:
        return 0.0, 0.0
    return round(100 * share["reached"] / share["total"], 2), round(100 * share["explained"] / share["total"], 2)


def _group(holes: Sequence[Mapping[str, Any]]) -> list[HoleGroup]:
    """Put the bits of a signal together; ``[5]:0->1`` and its like are many and say little one by one."""
    groups: list[HoleGroup] = []
    signals: dict[tuple[int, str, str | None], _Bits] = {}
    for hole in holes:
        match = _CHANGE.fullmatch(hole["what"]) if hole["kind"] == "toggle" else None
        if match is None:
            groups.append(HoleGroup(hole["line"], hole["kind"], hole["what"].replace("_", " "), hole["why"]))
            continue
        bits = signals.setdefault((hole["line"], match["signal"], hole["why"]), _Bits())
        changes = bits.rises if match["change"] == "0->1" else bits.falls
        changes.add(None if match["bit"] is None else int(match["bit"]))
    for (line, signal, why), bits in signals.items():
        both = bits.rises & bits.falls
        changes_missed = {"changes": both, "rises": bits.rises - both, "falls": bits.falls - both}
        words = [f"{signal}{_ranges(missed)} never {verb}" for verb, missed in changes_missed.items() if missed]
        groups += [HoleGroup(line, "toggle", each, why) for each in words]
    return sorted(groups, key=lambda group: (group.why is not None, group.line, KINDS.index(group.kind)))


def _ranges(bits: Iterable[int | None]) -> str:
    """Return ``[7:4, 0]`` for the bits 7, 6, 5, 4 and 0; nothing for a signal of one bit."""
    numbers = sorted((bit for bit in bits if bit is not None), reverse=True)
    if not numbers:
        return ""
    runs = [[numbers[0], numbers[0]]]
    for number in numbers[1:]:
        if number == runs[-1][1] - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return "[" + ", ".join(str(high) if high == low else f"{high}:{low}" for high, low in runs) + "]"
