"""Every row of the MAC conformance list on the twin, with all of its stimuli, on every clock that it applies to."""

from __future__ import annotations

import pytest

from rig.regress.conformance.rows import ROWS, Bench, Row
from rig.regress.conformance.runner import run_twin

REFERENCE = {1: range(1, 9), 2: range(1, 5), 3: range(1, 4), 4: range(1, 11), 5: range(1, 6), 6: range(1, 3), 7: (1, 2)}
"""Groups of the list, and the rows of each."""

EVERY_ROW = [pytest.param(row, id=row.id, marks=pytest.mark.requirement(row.id)) for row in ROWS]


def test_the_list_is_whole() -> None:
    assert [row.id for row in ROWS] == [f"MAC-{group}.{number}" for group, rows in REFERENCE.items() for number in rows]
    for row in ROWS:
        assert row.speeds == (100, 10), row.id
        assert row.evidence, row.id


@pytest.mark.parametrize("row", EVERY_ROW)
def test_row(row: Row) -> None:
    verdicts = run_twin([row], is_thorough=True)
    clocks = {"100 Mb/s", "10 Mb/s"} | ({"bit clock"} if row.on_bit_clock else set())
    assert {verdict.clock for verdict in verdicts} == clocks
    for verdict in verdicts:
        assert verdict.passed, f"{verdict.clock}: {verdict.failed} of {verdict.cases} cases: {verdict.failures}"


def test_what_the_bit_clock_shows() -> None:
    """Rows whose rule is in bits, where an MII can show nibbles only."""
    on_bits = {row.id for row in ROWS if row.on_bit_clock}
    assert {"MAC-1.5", "MAC-3.2", "MAC-4.1", "MAC-4.2", "MAC-4.7"} <= on_bits
    assert all(row.bench is Bench.PINS for row in ROWS if row.on_bit_clock)
