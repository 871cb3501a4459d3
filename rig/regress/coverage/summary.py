"""From counts to a report: shares of each file, every hole with its reason or without, and the table of collisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rig.errors import UsageError
from rig.regress.coverage.collisions import ATTEMPTS, BITS, LENGTHS, Cell, is_reachable, read_attempts
from rig.regress.coverage.counts import Counts, Kind, Point, read_counts
from rig.regress.coverage.holes import Hole, explain, read_holes
from rig.regress.filelist import PROJECT_ROOT
from rig.regress.simbuild import ATTEMPTS_SUFFIX, COUNTS_SUFFIX

SCHEMA = 1
COVERED_FOLDER = "hdl/rtl/"
"""What is measured; what is in ``hdl/sim`` only helps to measure."""


@dataclass(slots=True)
class Share:
    """How many there are, how many were reached, and how many of the others are known to be out of reach."""

    total: int = 0
    reached: int = 0
    explained: int = 0

    def add(self, *, is_reached: bool, is_explained: bool) -> None:
        """Count one."""
        self.total += 1
        self.reached += is_reached
        self.explained += is_explained and not is_reached

    def __iadd__(self, other: Share) -> Share:
        self.total += other.total
        self.reached += other.reached
        self.explained += other.explained
        return self


@dataclass(slots=True)
class FileReport:
    """One source file. ``lines``: how often each line was reached, where that can be said; ``holes``: what was not."""

    file: str
    source: list[str]
    shares: dict[Kind, Share]
    lines: dict[int, int]
    holes: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "file": self.file,
            **{kind.value: asdict(share) for kind, share in self.shares.items()},
            "holes": self.holes,
            "lines": {str(line): count for line, count in sorted(self.lines.items())},
            "source": self.source,
        }


@dataclass(slots=True)
class CoverageReport:
    """All of it.

    ``stale``: entries of the list of holes that no longer point at anything. ``changed``: sources that are newer than
    some of the counts, whose lines may therefore be others.
    """

    runs: int
    files: list[FileReport]
    cells: Counter[Cell]
    stale: list[Hole]
    changed: list[str] = field(default_factory=list)

    def total(self, kind: Kind) -> Share:
        """Add up the files."""
        share = Share()
        for file in self.files:
            share += file.shares[kind]
        return share

    def collisions(self) -> Share:
        """Return how many cells of attempt, bit time and length there are."""
        share = Share()
        for cell in all_cells():
            share.add(is_reached=self.cells[cell] > 0, is_explained=not is_reachable(cell))
        return share

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``rig coverage --json``, with the source text that the page shows."""
        return {
            "schema": SCHEMA,
            "runs": self.runs,
            **{kind.value: asdict(self.total(kind)) for kind in Kind},
            "collisions": {
                **asdict(self.collisions()),
                "attempts": list(ATTEMPTS),
                "bits": [each.name for each in BITS],
                "lengths": [each.name for each in LENGTHS],
                "counts": [
                    [[self.cells[attempt, bit, length] for bit in range(len(BITS))] for attempt in ATTEMPTS]
                    for length in range(len(LENGTHS))
                ],
                "reachable": [
                    [is_reachable((1, bit, length)) for bit in range(len(BITS))] for length in range(len(LENGTHS))
                ],
            },
            "changed": self.changed,
            "stale": [f"{hole.file}: {hole.kind} {hole.match.pattern}" for hole in self.stale],
            "files": [file.to_json() for file in self.files],
        }


def all_cells() -> Iterable[Cell]:
    """Yield every cell of the table of collisions."""
    return ((a, b, c) for a in ATTEMPTS for b in range(len(BITS)) for c in range(len(LENGTHS)))


def gather(folders: Sequence[Path], *, root: Path = PROJECT_ROOT) -> CoverageReport:
    """Add up what runs have left in ``folders``; :class:`~rig.errors.UsageError` if that is nothing."""
    counts_files = sorted(path for folder in folders for path in folder.glob(f"*{COUNTS_SUFFIX}"))
    if not counts_files:
        names = ", ".join(str(folder) for folder in folders)
        raise UsageError(
            f"no simulation has left its counts in {names}: run `make coverage`, or any with RIG_COVERAGE set"
        )
    attempt_files = sorted(path for folder in folders for path in folder.glob(f"*{ATTEMPTS_SUFFIX}"))
    counts = read_counts(counts_files, root)
    report = summarise(counts, read_attempts(attempt_files), runs=len(counts_files), holes=read_holes(), root=root)
    oldest = min(path.stat().st_mtime for path in counts_files)
    report.changed = [file.file for file in report.files if (root / file.file).stat().st_mtime > oldest]
    return report


def summarise(
    counts: Counts, cells: Counter[Cell], *, runs: int, holes: Sequence[Hole], root: Path = PROJECT_ROOT
) -> CoverageReport:
    """Make the report of added-up counts."""
    points = {point: count for point, count in counts.items() if point.file.startswith(COVERED_FOLDER)}
    names = sorted({point.file for point in points})
    sources = {name: (root / name).read_text(encoding="utf-8").splitlines() for name in names}
    explained = explain(list(points), holes, sources)
    files = []
    for name in names:
        mine = {point: count for point, count in points.items() if point.file == name}
        files.append(_file_report(name, sources[name], mine, explained))
    used = set(map(id, explained.values()))
    return CoverageReport(runs, files, cells, [hole for hole in holes if id(hole) not in used])


def _file_report(
    name: str, source: list[str], points: Mapping[Point, int], explained: Mapping[Point, Hole]
) -> FileReport:
    shares = {kind: Share() for kind in Kind}
    lines: dict[int, int] = {}
    reasons: dict[int, str] = {}
    holes: list[dict[str, Any]] = []
    for point, count in sorted(points.items()):
        hole = explained.get(point)
        if point.kind is not Kind.LINE:
            shares[point.kind].add(is_reached=count > 0, is_explained=hole is not None)
        if not point.is_condition and point.kind is not Kind.TOGGLE:
            for line in point.lines:
                lines[line] = max(lines.get(line, 0), count)
                if hole is not None:
                    reasons.setdefault(line, hole.why)
        if not count and (point.kind is not Kind.LINE or point.lines):
            why = None if hole is None else hole.why
            holes.append({"line": point.line, "kind": point.kind.value, "what": point.what, "why": why})
    for line, count in lines.items():
        shares[Kind.LINE].add(is_reached=count > 0, is_explained=line in reasons)
    return FileReport(name, source, shares, lines, holes)
