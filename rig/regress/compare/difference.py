"""Lay two records side by side: how many lines differ, and which is the first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rig.regress.compare.record import Fact, Record

LINES_BEFORE = 8
LINES_AFTER = 3
LINE_LIMIT = 200
"""Characters of a line that are shown; frames can be long."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first line at which two records part; None on a side that has ended. ``before`` is what they share."""

    rtl: tuple[Fact, ...]
    twin: tuple[Fact, ...]
    before: tuple[Fact, ...]

    @property
    def at_ns(self) -> int:
        """When it is: the earlier of the two lines."""
        return min(side[0].t_ns for side in (self.rtl, self.twin) if side)

    @property
    def kinds(self) -> frozenset[str]:
        """What sort of line differs: the first word of either."""
        return frozenset(side[0].text.split()[0] for side in (self.rtl, self.twin) if side)

    def explain(self) -> list[str]:
        """Return it as lines to print: what came before, then what each side has."""
        lines = [f"     {_shown(fact)}" for fact in self.before]
        for name, side in (("rtl", self.rtl), ("twin", self.twin)):
            lines += [f"{name:>4} {_shown(fact)}" for fact in side] or [f"{name:>4} (nothing more)"]
        return lines


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two records have in common and what not.

    ``differences`` counts the lines that only one of them has, on the side that has more of them. ``latency_ns`` is
    the largest distance in time between the same attempt on both sides, at its begin or its end.
    """

    differences: int
    latency_ns: int
    first: Difference | None


def compare(rtl: Record, twin: Record) -> Comparison:
    """Compare everything that both sides recorded."""
    ours, theirs = rtl.lines(), twin.lines()
    if ours == theirs:
        return Comparison(0, 0, None)
    at = next(
        (index for index, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
    )
    end = at + 1 + LINES_AFTER
    first = Difference(tuple(ours[at:end]), tuple(theirs[at:end]), tuple(ours[max(0, at - LINES_BEFORE) : at]))
    only_rtl, only_twin = Counter(ours), Counter(theirs)
    count = max((only_rtl - only_twin).total(), (only_twin - only_rtl).total())
    return Comparison(count, _latency_ns(rtl, twin), first)


def _latency_ns(rtl: Record, twin: Record) -> int:
    ours, theirs = rtl.attempts(), twin.attempts()
    return max((abs(a - b) for key in ours.keys() & theirs.keys() for a, b in zip(ours[key], theirs[key], strict=True)),
               default=0)  # fmt: skip


def _shown(fact: Fact) -> str:
    text = str(fact)
    return text if len(text) <= LINE_LIMIT else f"{text[: LINE_LIMIT - 4]} ..."
