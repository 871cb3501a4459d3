"""What is known to be out of reach, and why: the list that a coverage report is laid beside.

The list is ``data/coverage_holes.yaml``; an entry names a file (or ``*``), a kind, a regular expression for the name of
a signal or for the text of the source line, and the reason. An entry whose place is not there any more is told, so that
the list cannot grow old unseen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.config.strict_yaml import Document, read_document
from rig.regress.coverage.counts import Kind, Point

HOLES_FILE = Path(__file__).parents[1] / "data" / "coverage_holes.yaml"
_KEYS = {"file", "kind", "match", "why"}
ANY_FILE = "*"


@dataclass(frozen=True, slots=True)
class Hole:
    """Points of one file that nothing can reach. ``match`` is for a whole signal name, or for a part of a line."""

    file: str
    kind: Kind
    match: re.Pattern[str]
    why: str

    def explains(self, point: Point, text: str) -> bool:
        """Tell whether a point is one of these; ``text`` is its source line."""
        if self.file not in (ANY_FILE, point.file) or self.kind is not point.kind:
            return False
        if point.kind is Kind.TOGGLE:
            return self.match.fullmatch(point.what) is not None
        return self.match.search(f"{text.strip()} :{point.what}") is not None


def read_holes(path: Path = HOLES_FILE) -> list[Hole]:
    """Return the list; :class:`~rig.errors.ConfigError` with file and line for what is wrong in it."""
    document = read_document(path)
    entries = document.value or []
    if not isinstance(entries, list):
        raise document.error("this is no list of holes", expected="- file: ..., kind: ..., match: ..., why: ...")
    return [_hole(document, index) for index in range(len(entries))]


def _hole(document: Document, index: int) -> Hole:
    values = document.value[index]
    if not isinstance(values, dict) or set(values) != _KEYS:
        raise document.error("this is no hole", (index,), expected=", ".join(sorted(_KEYS)))
    try:
        kind = Kind(values["kind"])
    except ValueError:
        known = ", ".join(Kind)
        raise document.error("unknown kind", (index, "kind"), expected=known, got=str(values["kind"])) from None
    try:
        match = re.compile(values["match"])
    except re.error as error:
        raise document.error(f"no regular expression: {error}", (index, "match")) from None
    return Hole(values["file"], kind, match, values["why"])


def explain(points: Sequence[Point], holes: Sequence[Hole], sources: Mapping[str, Sequence[str]]) -> dict[Point, Hole]:
    """Return which of ``points`` an entry of the list explains; ``sources`` are the lines of each file."""
    explained: dict[Point, Hole] = {}
    for point in points:
        lines = sources.get(point.file, ())
        text = lines[point.line - 1] if point.line <= len(lines) else ""
        hole = next((each for each in holes if each.explains(point, text)), None)
        if hole is not None:
            explained[point] = hole
    return explained
