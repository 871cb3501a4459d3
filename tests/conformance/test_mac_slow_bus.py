"""The rows of the MAC conformance list that look at the bus side, with the slowest bus clock that an adapter can have.

Every margin of the bus side is least there: a turn of the slot wheel takes 100 ns, 2.5 nibbles.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress.conformance.play import Verdict
from rig.regress.conformance.rows import find_rows
from rig.regress.conformance.runner import run_rtl, run_twin

BUS_PERIOD_NS = 25
ON_THE_BUS_SIDE = (
    "MAC-3.1", "MAC-4.1", "MAC-4.8", "MAC-4.9", "MAC-5.1", "MAC-5.2", "MAC-5.3", "MAC-5.5", "MAC-7.1", "MAC-7.2",
)  # fmt: skip
CHOSEN = find_rows(ON_THE_BUS_SIDE)


def check(verdicts: list[Verdict]) -> None:
    assert {verdict.id for verdict in verdicts} == {row.id for row in CHOSEN}
    wrong = [(verdict.id, verdict.clock, verdict.failures[:3]) for verdict in verdicts if not verdict.passed]
    assert not wrong


@pytest.mark.requirement("MAC-7.2")
def test_rtl(tmp_path: Path) -> None:
    check(run_rtl(CHOSEN, "verilator", is_thorough=False, folder=tmp_path, bus_period_ns=BUS_PERIOD_NS))


@pytest.mark.requirement("MAC-7.2")
def test_twin() -> None:
    check(run_twin(CHOSEN, is_thorough=False, bus_period_ns=BUS_PERIOD_NS))
