"""The rows of the MAC conformance list that a host can see, with a board's serial line between host and adapter.

The adapter's pins are the same scripted medium as for the twin; only the way to its registers differs. Rows that are
not here begin something at an exact bit time by a register access, or wait for the bus within a frame: over a serial
line neither can be done (``docs/boards.md`` lists them).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.build.fixtures import board_fixture
from rig.regress.conformance.play import play_rows
from rig.regress.conformance.rows import ROWS
from rig.regress.conformance.runner import Bench, pins_rows
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S

PAGE = Path(__file__).resolve().parents[2] / "docs" / "boards.md"
SEEN_BY_A_HOST = (
    "MAC-1.1", "MAC-1.2", "MAC-1.3", "MAC-1.4", "MAC-1.5", "MAC-1.6", "MAC-1.7", "MAC-1.8", "MAC-2.1", "MAC-2.2",
    "MAC-2.3", "MAC-2.4", "MAC-4.2", "MAC-4.3", "MAC-4.4", "MAC-4.5", "MAC-4.6", "MAC-4.7", "MAC-4.9", "MAC-5.4",
    "MAC-5.5",
)  # fmt: skip


@pytest.mark.parametrize("speed_mbps", [100, 10])
@pytest.mark.parametrize("name", SEEN_BY_A_HOST)
def test_row(name: str, speed_mbps: int) -> None:
    rows = [row for row in pins_rows(ROWS, Bench.PINS, speed_mbps) if row.id == name]
    if not rows:
        pytest.skip(f"{name} does not apply at {speed_mbps} Mb/s")
    kernel = VirtualTime()
    fixture = board_fixture(kernel, speed_mbps=speed_mbps)
    (verdict,) = kernel.run(play_rows(fixture, rows, is_thorough=False), limit_ns=3600 * NS_PER_S)
    assert verdict.passed and verdict.cases, verdict.failures[:3]


def test_the_page_lists_these_rows() -> None:
    page = PAGE.read_text()
    for row in ROWS:
        assert (f"| {row.id} |" in page) == (row.id in SEEN_BY_A_HOST), row.id
