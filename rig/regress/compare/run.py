"""One comparison from begin to end: play, compare, make a difference small, and leave a file that repeats it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.regress.compare.minimise import PLAYS, Finding, Minimiser, describe, examine
from rig.regress.compare.sides import Side, run_twin
from rig.regress.compare.stimulus import Stimulus
from rig.units import bit_time_ns

SCHEMA = 1

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A comparison that is over. ``small`` is the difference made small, and ``replay`` the file that repeats it."""

    finding: Finding
    small: Finding | None = None
    replay: Path | None = None

    @property
    def is_same(self) -> bool:
        """Whether the sides agree on everything."""
        return self.finding.comparison.first is None

    def to_json(self) -> dict[str, Any]:
        """Return the facts of the whole comparison, and of its difference made small."""
        stimulus, rtl, comparison = self.finding.stimulus, self.finding.rtl, self.finding.comparison
        return {
            "schema": SCHEMA,
            "seed": stimulus.seed,
            "stations": len(stimulus.places),
            "speed_mbps": stimulus.speed_mbps,
            "duplex": "full" if stimulus.full_duplex else "half",
            "bits": rtl.end_ns // bit_time_ns(stimulus.speed_mbps),
            "episodes": len(stimulus.episodes),
            "frames": len(rtl.timeline.frames),
            "attempts": rtl.count("transmit"),
            "collisions": rtl.count("collision"),
            "receptions": rtl.count("receive"),
            "interrupts": rtl.count("irq"),
            "words_read": rtl.accesses,
            "lines": len(rtl.lines()),
            "differences": comparison.differences,
            "latency_ns": comparison.latency_ns,
            "replay": None if self.replay is None else str(self.replay),
            "minimised": None if self.small is None else describe(self.small.stimulus),
            "first_difference": self.explain(),
        }

    def explain(self) -> list[str]:
        """Return the first difference in context, of the small stimulus where there is one; no lines if none."""
        first = (self.small or self.finding).comparison.first
        return [] if first is None else first.explain()


def run_comparison(
    stimulus: Stimulus, rtl: Side, *, folder: Path, name: str, plays: int = PLAYS, tell: Tell, twin: Side = run_twin
) -> Outcome:
    """Play ``stimulus`` on both sides; a difference is made small, and kept in ``folder``/``name``.json.

    That takes at most ``plays`` further plays of both sides; with 0 it is kept as it is. ``tell`` gets one line for
    each step. :class:`~rig.errors.ToolError` if the simulator fails.
    """
    tell(f"playing {describe(stimulus)} on both sides")
    finding = examine(stimulus, rtl, twin)
    if finding.comparison.first is None:
        return Outcome(finding)
    tell(f"they differ in {finding.comparison.differences} lines, first at {finding.comparison.first.at_ns} ns")
    small = None
    if plays:
        small = Minimiser(finding, rtl, twin, plays=plays, on_progress=lambda size: tell(f"left: {size}")).run()
    replay = folder / f"{name}.json"
    (small or finding).stimulus.write(replay)
    return Outcome(finding, small, replay)
