"""The rows of the MAC conformance list that a host can see, through the Python far end of a board's line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress.conformance.boards import SEEN_BY_A_HOST, rows_of, run_on_twin
from rig.regress.conformance.rows import ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "boards.md"


@pytest.mark.parametrize("speed_mbps", [100, 10])
@pytest.mark.parametrize("name", SEEN_BY_A_HOST)
def test_row(name: str, speed_mbps: int) -> None:
    if not rows_of([name], speed_mbps):
        pytest.skip(f"{name} does not apply at {speed_mbps} Mb/s")
    (verdict,) = run_on_twin([name], speed_mbps)
    assert verdict.passed and verdict.cases, verdict.failures[:3]


def test_the_page_lists_these_rows() -> None:
    page = PAGE.read_text()
    for row in ROWS:
        assert (f"| {row.id} |" in page) == (row.id in SEEN_BY_A_HOST), row.id
