"""The counts that Verilator leaves of one simulation, added up over simulations, instances and parameters.

A *point* is a place in a source file: the begin of a block or of a branch, or a change of one bit in one direction. Its
count is how often that was reached, in any instance of the module in any simulation. The format is that of Verilator's
``coverage.dat``: a line ``C '<key>' <count>`` a point, the key made of \\x01name\\x02value pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rig.errors import ToolError

HEADER = "# SystemC::Coverage-3"


class Kind(StrEnum):
    """What a point is."""

    LINE = "line"
    """The begin of a run of lines."""
    BRANCH = "branch"
    """One way out of a decision."""
    TOGGLE = "toggle"
    """A bit rises, or falls."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place that can be reached. ``what``: a branch (``if``, ``else`` ...) or a change (``bit[3]:0->1``).

    ``lines`` are the source lines that are reached with it.
    """

    file: str
    line: int
    column: int
    kind: Kind
    what: str
    lines: tuple[int, ...] = ()

    @property
    def is_condition(self) -> bool:
        """It is a side of ``?:``, which has no lines of its own."""
        return self.what.startswith("cond_")


Counts = Counter[Point]


def read_counts(paths: Iterable[Path], root: Path) -> Counts:
    """Add up files of counts; sources are named relative to ``root``. :class:`~rig.errors.ToolError` for others."""
    counts: Counts = Counter()
    for path in paths:
        for point, count in _read(path, root):
            counts[point] += count
    return counts


def _read(path: Path, root: Path) -> Iterator[tuple[Point, int]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        if not file.readline().startswith(HEADER):
            raise ToolError(f"{path} holds no counts of Verilator; remove it, and run the simulations again")
        for number, line in enumerate(file, start=2):
            if line.startswith("C '"):
                try:
                    yield _point(line, root)
                except (ValueError, KeyError) as error:
                    problem = f"{path}:{number} is cut short ({error!r}); remove the file, and run again"
                    raise ToolError(problem) from error


def _point(line: str, root: Path) -> tuple[Point, int]:
    key, _, count = line[len("C '") :].rpartition("' ")
    fields = dict(pair.split("\x02", 1) for pair in key.split("\x01") if pair)
    file = Path(fields["f"])
    name = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
    page = fields["page"].partition("/")[0]
    kind = Kind.TOGGLE if page == "v_toggle" else Kind.BRANCH if page == "v_branch" else Kind.LINE
    lines = tuple(_spans(fields.get("S", "")))
    return Point(name, int(fields["l"]), int(fields["n"]), kind, fields["o"], lines), int(count)


def _spans(text: str) -> Iterator[int]:
    """Yield the numbers of ``12-14,16``."""
    for span in filter(None, text.split(",")):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)
