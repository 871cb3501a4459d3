"""Faults of a board link, each with an account of what it cost: nothing wrong, nothing twice, some time.

A row of the table is a fault; a :class:`FaultCase` says what is played for it, on a fresh far end, whichever that is:
the twin in virtual time (:func:`play_on_twins`), or the Verilog in a simulator of its own
(:mod:`rig.boards.rtl_faults`). Rates are per octet, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

from rig.boards.exercise import LONGEST_BLOCK_WORDS, Tally, exercise
from rig.boards.single_faults import SINGLE_FAULTS, nothing
from rig.build.board import play_on_twin
from rig.build.far_end import FarEnd
from rig.errors import LinkError, UsageError
from rig.units import NS_PER_MS

RATES = (1e-5, 1e-4, 1e-3)
HIGHEST_RATE = 0.01
KINDS = ("flip", "drop", "double")
ALL_KINDS = "all"
CLEAN = "none"


@dataclass(frozen=True, slots=True)
class FaultCase:
    """Something to play: a kind of :data:`KINDS` or all of them, at a rate each, or one of :data:`SINGLE_FAULTS`.

    :data:`CLEAN` is the same work without a fault: with transactions that of a noisy line, without that of the others.
    """

    fault: str
    rate: float | None = None
    """Per octet; None where it happens once."""
    transactions: int = 0
    seed: int = 1
    block_words: int = LONGEST_BLOCK_WORDS
    """No block of the transactions is longer."""

    @property
    def is_noise(self) -> bool:
        """Whether it is random transactions, on a noisy line or a clean one."""
        return self.fault in (*KINDS, ALL_KINDS) or (self.fault == CLEAN and self.transactions > 0)


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a case."""

    tally: Tally
    octets_hit: int = 0
    problem: str = ""
    """Why it is not as it must be, beyond the counts; empty if it is."""


Player = Callable[[Sequence[FaultCase]], Iterable[Played]]
"""Plays each case on a fresh far end; what came of them is in the order of the cases."""


@dataclass(frozen=True, slots=True)
class FaultRow:
    """What came of one fault."""

    fault: str
    rate: float | None
    """Per octet; None where it happens once."""
    transactions: int
    octets_hit: int
    wrong_reads: int
    wrong_writes: int
    duplicate_effects: int
    device_time_ms: float
    """What the transactions took."""
    clean_time_ms: float | None
    """What as many take without the fault; None where other work is done because of it."""
    problem: str = ""
    """Why it is not as it must be, beyond the counts; empty if it is."""

    @property
    def time_ratio(self) -> float | None:
        """The time over that without the fault, or None.

        Less than 1 is no mistake: on a noisy line the host sends shorter frames, and while one is executed the next is
        on its way. That may be worth more than those cost that are sent again.
        """
        return round(self.device_time_ms / self.clean_time_ms, 3) if self.clean_time_ms else None

    @property
    def is_passed(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.wrong_reads or self.wrong_writes or self.duplicate_effects or self.problem)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON takes it."""
        return {**asdict(self), "time_ratio": self.time_ratio}


async def play_case(far_end: FarEnd, case: FaultCase) -> Played:
    """Play ``case`` on a far end that nothing has happened to. A link that does not come back is a problem."""
    try:
        if case.is_noise:
            tally, problem = await _noise(far_end, case), ""
        elif case.fault == CLEAN:
            tally, problem = await nothing(far_end)
        else:
            tally, problem = await SINGLE_FAULTS[case.fault](far_end, case.seed)
    except LinkError as error:
        tally, problem = Tally(), str(error)
    return Played(tally, far_end.octets_hit, problem)


def play_on_twins(cases: Sequence[FaultCase]) -> Iterator[Played]:
    """Play each case on a fresh twin in virtual time."""
    for case in cases:
        yield play_on_twin(lambda far_end, case=case: play_case(far_end, case), seed=case.seed)  # type: ignore[misc]


async def _noise(far_end: FarEnd, case: FaultCase) -> Tally:
    rate = case.rate or 0.0
    await far_end.bus.open()
    far_end.set_faults(**{kind: rate if case.fault in (kind, ALL_KINDS) else 0.0 for kind in KINDS})
    dice = Random(case.seed)
    return await exercise(far_end.scheduler, far_end.bus, dice, case.transactions, block_words=case.block_words)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows of the table are wanted, and how they are played."""

    transactions: int
    seed: int = 1
    words: tuple[str, ...] = ()
    """Rows with one of these words in their name; none: all."""
    rate: float | None = None
    """Noise at this rate only, and nothing that happens once."""
    block_words: int = LONGEST_BLOCK_WORDS
    portion: int | None = None
    """Noise of more transactions is played in parts of this size, each on a far end and with a seed of its own."""

    def rows(self) -> list[FaultCase]:
        """Return a case for each row; :class:`~rig.errors.UsageError` if there is none."""
        if self.rate is not None and not 0 < self.rate <= HIGHEST_RATE:
            raise UsageError(f"a fault rate of {self.rate:g} per octet; use more than 0, up to {HIGHEST_RATE:g}")
        rates = RATES if self.rate is None else (self.rate,)
        rows = [self._noise(kind, rate) for kind in (*KINDS, ALL_KINDS) for rate in rates]
        if self.rate is None:
            rows += [FaultCase(fault, seed=self.seed) for fault in SINGLE_FAULTS]
        chosen = [row for row in rows if not self.words or any(word in row.fault for word in self.words)]
        if not chosen:
            names = ", ".join(dict.fromkeys(row.fault for row in rows))
            raise UsageError(f"no fault is called {' or '.join(self.words)}; there are: {names}")
        return chosen

    def _noise(self, fault: str, rate: float | None) -> FaultCase:
        return FaultCase(fault, rate, self.transactions, self.seed, self.block_words)

    def parts(self, row: FaultCase) -> list[FaultCase]:
        """Return what is played for a row."""
        if self.portion is None or row.transactions <= self.portion:
            return [row]
        sizes = [min(self.portion, row.transactions - at) for at in range(0, row.transactions, self.portion)]
        return [replace(row, transactions=size, seed=row.seed + number) for number, size in enumerate(sizes)]

    def clean(self, row: FaultCase) -> FaultCase:
        """Return what a row is compared with; of noise no more than a portion."""
        if not row.is_noise:
            return FaultCase(CLEAN, seed=self.seed)
        return replace(self._noise(CLEAN, None), transactions=min(row.transactions, self.portion or row.transactions))


def fault_table(player: Player, choice: Choice) -> Iterator[FaultRow]:
    """Play the rows of ``choice``, each beside the same work without a fault."""
    rows = choice.rows()
    plan = [*dict.fromkeys(choice.clean(row) for row in rows), *rows]
    parts = [(row, part) for row in plan for part in choice.parts(row)]
    played = iter(player([part for _, part in parts]))
    clean: dict[FaultCase, Tally] = {}
    for row in plan:
        found = _sum([next(played) for _ in choice.parts(row)])
        if row.fault == CLEAN:
            if found.problem:
                raise LinkError(f"the link does not work without any fault: {found.problem}")
            clean[row] = found.tally
        else:
            yield _row(row, found, clean[choice.clean(row)])


def _sum(parts: Sequence[Played]) -> Played:
    tally = Tally()
    for part in parts:
        tally.add(part.tally)
    return Played(
        tally, sum(part.octets_hit for part in parts), next((part.problem for part in parts if part.problem), "")
    )


def _row(case: FaultCase, played: Played, clean: Tally) -> FaultRow:
    tally = played.tally
    clean_ms: float | None = None
    if case.is_noise or tally.transactions == clean.transactions:
        clean_ms = round(clean.duration_ns * tally.transactions / clean.transactions / NS_PER_MS, 3)
    return FaultRow(
        case.fault, case.rate, tally.transactions, played.octets_hit, tally.wrong_reads, tally.wrong_writes,
        tally.duplicate_effects, round(tally.duration_ns / NS_PER_MS, 3), clean_ms, played.problem,
    )  # fmt: skip
