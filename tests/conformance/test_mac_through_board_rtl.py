"""The rows of the MAC conformance list that a host can see, through the Verilog far end of a board's serial line."""

from __future__ import annotations

import os

import pytest

from rig.regress.conformance.boards import SEEN_BY_A_HOST, rows_of, run_on_rtl
from rig.regress.conformance.play import Verdict

QUICK = ("MAC-1.2", "MAC-1.7", "MAC-2.1", "MAC-2.2", "MAC-2.3", "MAC-4.3")
"""Rows that take a simulator a second or two; with RIG_LONG it plays all of them, at both speeds."""
IS_LONG = bool(os.environ.get("RIG_LONG"))
ROWS = SEEN_BY_A_HOST if IS_LONG else QUICK


@pytest.fixture(scope="module", params=[100, 10] if IS_LONG else [100])
def verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """One simulation for each speed."""
    folder = tmp_path_factory.mktemp("board")
    return {verdict.id: verdict for verdict in run_on_rtl(ROWS, request.param, folder=folder)}


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str, verdicts: dict[str, Verdict]) -> None:
    verdict = verdicts[name]
    assert verdict.passed and verdict.cases, verdict.failures[:3]


def test_every_row_applies_at_both_speeds() -> None:
    assert {len(rows_of(SEEN_BY_A_HOST, speed)) for speed in (10, 100)} == {len(SEEN_BY_A_HOST)}
