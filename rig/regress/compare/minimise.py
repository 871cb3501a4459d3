"""Make a stimulus small that tells two sides apart: delta debugging (Zeller and Hildebrandt, 2002) over its parts.

The order of the cuts is that of their worth: nothing after the first difference, no other episode, fewer stations,
fewer steps, less set-up, shorter frames. Each candidate is played on both sides; it is kept when they still differ, and
first in a line of the same kind, so that one difference does not turn into another. The result is the smallest that
was found with the plays that were allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rig.adapter import registers as reg
from rig.regress.compare.difference import Comparison, compare
from rig.regress.compare.record import Record
from rig.regress.compare.sides import Side
from rig.regress.compare.stimulus import Episode, Part, Send, Step, Stimulus
from rig.units import bit_time_ns

T = TypeVar("T")

PLAYS = 150
LEAST_BITS = 100
LEAST_OCTETS = 60
KEPT_REGISTERS = frozenset({reg.REG_CTRL, reg.REG_RX_START, reg.REG_RX_STOP, reg.REG_RX_BNRY})
"""Without these in a set-up the ring would lie on the transmit slots: what comes of that is nobody's promise."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A stimulus, and how the two sides differ on it."""

    stimulus: Stimulus
    comparison: Comparison
    rtl: Record


def examine(stimulus: Stimulus, rtl: Side, twin: Side) -> Finding:
    """Play ``stimulus`` on both sides and compare."""
    record = rtl(stimulus)
    return Finding(stimulus, compare(record, twin(stimulus)), record)


class Minimiser:
    """Makes one finding small. ``on_progress`` is told what is left, in words, whenever that is less."""

    def __init__(
        self, finding: Finding, rtl: Side, twin: Side, *, plays: int = PLAYS, on_progress: Callable[[str], None]
    ) -> None:
        assert finding.comparison.first is not None, "there is something to look for"
        self._kinds = finding.comparison.first.kinds
        self._best = finding
        self._rtl = rtl
        self._twin = twin
        self._plays = plays
        self._on_progress = on_progress

    def run(self) -> Finding:
        """Return the smallest finding; the first one if nothing can be left out."""
        self._cut_the_end()
        self._reduce_episodes()
        self._cut_the_end()
        self._reduce_stations()
        self._reduce_steps()
        self._reduce_setup()
        self._reduce_stations()
        self._shorten()
        self._cut_the_end()
        self._hurry()
        return self._best

    def _try(self, stimulus: Stimulus) -> bool:
        """Play a candidate; keep it if the sides differ."""
        if self._plays <= 0 or stimulus == self._best.stimulus:
            return False
        self._plays -= 1
        finding = examine(stimulus, self._rtl, self._twin)
        first = finding.comparison.first
        if first is None or not first.kinds & self._kinds:
            return False
        self._best = finding
        self._on_progress(describe(stimulus))
        return True

    def _cut_the_end(self) -> None:
        """Leave out whatever comes after the first difference."""
        first = self._best.comparison.first
        assert first is not None
        stimulus = self._best.stimulus
        begun = [begin_ns for begin_ns in self._best.rtl.episodes_ns if begin_ns <= first.at_ns]
        episodes = list(stimulus.episodes[: max(1, len(begun))])
        last = episodes[-1]
        lasts_ns = first.at_ns - begun[-1] if begun else 0
        bits = min(last.bits, max(LEAST_BITS, lasts_ns // bit_time_ns(stimulus.speed_mbps) + 1))
        parts = tuple(
            replace(part, steps=tuple(step for step in part.steps if step.at_ns <= lasts_ns)) for part in last.parts
        )
        whole = replace(stimulus, episodes=(*episodes[:-1], last))
        if not self._try(replace(stimulus, episodes=(*episodes[:-1], Episode(bits, parts)))):
            self._try(whole)

    def _hurry(self) -> None:
        """Wait for nothing but the end of the traffic."""
        stimulus = self._best.stimulus
        episodes = tuple(Episode(min(episode.bits, LEAST_BITS), episode.parts) for episode in stimulus.episodes)
        self._try(replace(stimulus, episodes=episodes))

    def _reduce_episodes(self) -> None:
        """Leave out the episodes before the one that differs; all of them, or as many as can be."""
        episodes = self._best.stimulus.episodes
        if self._try(replace(self._best.stimulus, episodes=episodes[-1:])):
            return
        self._reduce(list(episodes), lambda left: replace(self._best.stimulus, episodes=tuple(left)))

    def _reduce_stations(self) -> None:
        for station in sorted({part.station for episode in self._best.stimulus.episodes for part in episode.parts}):
            self._change_parts(lambda part, gone=station: None if part.station == gone else part)  # type: ignore[misc]

    def _reduce_steps(self) -> None:
        """Leave out sends and pokes, of all stations and episodes alike."""
        stimulus = self._best.stimulus
        everything = [
            (number, part.station, step)
            for number, episode in enumerate(stimulus.episodes)
            for part in episode.parts
            for step in part.steps
        ]

        def with_only(left: Sequence[tuple[int, int, Step]]) -> Stimulus:
            def steps(number: int, station: int) -> tuple[Step, ...]:
                return tuple(step for each, owner, step in left if (each, owner) == (number, station))

            episodes = tuple(
                Episode(
                    episode.bits, tuple(replace(part, steps=steps(number, part.station)) for part in episode.parts)
                )
                for number, episode in enumerate(stimulus.episodes)
            )  # fmt: skip
            return replace(stimulus, episodes=episodes)

        self._reduce(everything, with_only)

    def _reduce_setup(self) -> None:
        """Leave out writes of the set-up: all of a register, then whatever else can go."""
        stimulus = self._best.stimulus
        writes = [
            (number, part.station, pair)
            for number, episode in enumerate(stimulus.episodes)
            for part in episode.parts
            for pair in part.setup
            if pair[0] not in KEPT_REGISTERS
        ]
        writes.sort(key=lambda write: write[2][0])  # so that a run of them is of few registers

        def with_only(left: Sequence[tuple[int, int, tuple[int, int]]]) -> Stimulus:
            def setup(number: int, part: Part) -> tuple[tuple[int, int], ...]:
                kept = {pair for each, station, pair in left if (each, station) == (number, part.station)}
                return tuple(pair for pair in part.setup if pair[0] in KEPT_REGISTERS or pair in kept)

            episodes = tuple(
                Episode(episode.bits, tuple(replace(part, setup=setup(number, part)) for part in episode.parts))
                for number, episode in enumerate(stimulus.episodes)
            )
            return replace(stimulus, episodes=episodes)

        self._reduce(writes, with_only)
        self._change_parts(lambda part: replace(part, service_delay_ns=0, reads_frames=False))

    def _shorten(self) -> None:
        """Shorten frames, and empty them."""

        def short(step: Step) -> Step:
            return replace(step, octets=min(step.octets, LEAST_OCTETS)) if isinstance(step, Send) else step

        self._change_parts(lambda part: replace(part, steps=tuple(short(step) for step in part.steps)))

    def _change_parts(self, change: Callable[[Part], Part | None]) -> bool:
        """Try the best with every part changed, or left out."""
        stimulus = self._best.stimulus
        episodes = tuple(
            Episode(episode.bits, tuple(new for part in episode.parts if (new := change(part)) is not None))
            for episode in stimulus.episodes
        )
        return self._try(replace(stimulus, episodes=episodes))

    def _reduce(self, items: list[T], make: Callable[[Sequence[T]], Stimulus]) -> None:
        """Leave out runs of ``items``, long ones first, as long as the sides differ without them."""
        chunk = len(items)
        while items:
            position = 0
            while position < len(items):
                left = items[:position] + items[position + chunk :]
                if self._try(make(left)):
                    items = left
                else:
                    position += chunk
            if chunk == 1:
                return
            chunk = max(1, chunk // 2)


def describe(stimulus: Stimulus) -> str:
    """Return the size of a stimulus in words."""
    writes = sum(len(part.setup) for episode in stimulus.episodes for part in episode.parts)
    bits = sum(episode.bits for episode in stimulus.episodes)
    return (
        f"{stimulus.count_stations()} of {len(stimulus.places)} stations, {stimulus.count_steps()} sends and pokes, "
        f"{writes} set-up writes, {bits} bit times"
    )
