"""Faults of the board link on the far end in Verilog: nothing is lost, invented or done twice."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from random import Random

import pytest

from firmware_models.boards.serial_line import FaultInjector, LineFaults
from rig.boards.faults import ALL_KINDS, KINDS, RATES, FaultCase, Played
from rig.boards.rtl_faults import BLOCK_WORDS, play_on_rtl
from rig.boards.single_faults import SINGLE_FAULTS

TRANSACTIONS = 40
FIRST_OCTETS = 1000
"""Fewer than the host sends in so many transactions."""
SEED = 7


def play(case: FaultCase, folder: Path) -> Played:
    (played,) = play_on_rtl([case], folder=folder)
    return played


def seed_that_hits(kind: str, rate: float) -> int:
    """Return the first seed by which one of the first octets is hit: so few transactions meet few faults."""
    faults = LineFaults(**{name: rate for name in KINDS if kind in (name, ALL_KINDS)})
    octets = bytes(FIRST_OCTETS)
    return next(
        seed for seed in count(1)
        if FaultInjector(faults, Random(f"{seed}/to_board")).pass_through(octets) != octets
    )  # fmt: skip


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", [*KINDS, ALL_KINDS])
def test_noise_changes_nothing_but_the_time(kind: str, rate: float, tmp_path: Path) -> None:
    """``rig board faults --far-end rtl`` has longer rows; twenty thousand transactions are a step of ``.ci/run``."""
    played = play(FaultCase(kind, rate, TRANSACTIONS, seed_that_hits(kind, rate), BLOCK_WORDS), tmp_path)
    assert played.tally.is_faultless and not played.problem, played
    assert played.tally.transactions == TRANSACTIONS
    assert played.octets_hit > 0


@pytest.mark.requirement("LINK-2")
@pytest.mark.parametrize("fault", SINGLE_FAULTS)
def test_what_happens_once(fault: str, tmp_path: Path) -> None:
    played = play(FaultCase(fault, seed=SEED), tmp_path)
    assert played.tally.is_faultless and not played.problem, played
    assert played.tally.transactions >= 3
