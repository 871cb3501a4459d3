"""Every row of the MAC conformance list on the Verilog adapter under cocotb, with a sample of its stimuli.

All of them run in a few simulator processes at once. ``rig conformance mac --backend rtl`` has all of the stimuli.
"""

from __future__ import annotations

import pytest

from rig.regress.conformance.play import Verdict
from rig.regress.conformance.rows import ROWS, Bench, Row
from rig.regress.conformance.runner import run_rtl

EVERY_ROW = [pytest.param(row, id=row.id, marks=pytest.mark.requirement(row.id)) for row in ROWS]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return run_rtl(ROWS, "verilator", is_thorough=False, folder=tmp_path_factory.mktemp("conformance"))


@pytest.mark.parametrize("row", EVERY_ROW)
def test_row(row: Row, verdicts: list[Verdict]) -> None:
    mine = [verdict for verdict in verdicts if verdict.id == row.id]
    # Ten stations at 10 Mb/s are left to the whole run.
    speeds = (100,) if row.bench is Bench.SEGMENT else row.speeds
    assert [verdict.clock for verdict in mine] == [f"{speed} Mb/s" for speed in sorted(speeds)]
    for verdict in mine:
        assert verdict.passed, f"{verdict.clock}: {verdict.failed} of {verdict.cases} cases: {verdict.failures}"
