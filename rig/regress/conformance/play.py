"""Run rows on one fixture, one after the other, and put what came of each into a plain record."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rig.errors import RigError
from rig.regress.conformance.fixture import Fixture
from rig.regress.conformance.mac import LostFrameError, Mac
from rig.regress.conformance.rows import Row
from rig.regress.conformance.tally import Tally

ROW_LIMIT_NS = 12_000_000_000
"""Simulated time after which a row counts as hung."""
CALM_NS = 5_000_000
"""Time after a row that broke off, for scripts and frames to come to their end."""


@dataclass(slots=True)
class Verdict:
    """What one row did on one fixture. ``clock`` is the speed in Mb/s, or ``bit clock``."""

    id: str
    clock: str
    cases: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    sim_ns: int = 0
    notes: list[str] = field(default_factory=list)
    """What of the row was not done."""

    @property
    def passed(self) -> bool:
        """Every case was right, and there was one."""
        return not self.failed and self.cases > 0

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


async def play_rows(fixture: Fixture, rows: Sequence[Row], *, is_thorough: bool) -> list[Verdict]:
    """Run ``rows`` on ``fixture``; a row that breaks off has failed, and the next one goes on."""
    clock = "bit clock" if fixture.bits_per_edge == 1 else f"{fixture.speed_mbps} Mb/s"
    return [await _play_row(fixture, row, clock, is_thorough) for row in rows]


async def _play_row(fixture: Fixture, row: Row, clock: str, is_thorough: bool) -> Verdict:
    kernel = fixture.kernel
    tally = Tally()
    start_ns = kernel.now_ns
    assert row.check is not None
    mac = Mac(fixture, tally, is_thorough=is_thorough)

    async def check() -> None:
        assert row.check is not None
        await row.check(mac)

    task = kernel.spawn(check(), row.id, keep_error=True)
    try:
        if await kernel.wait_first(task.finished, deadline_ns=start_ns + ROW_LIMIT_NS) is None:
            task.cancel()
            tally.check(False, f"not over after {ROW_LIMIT_NS} ns of simulated time")
        else:
            await task
    except (RigError, LostFrameError) as error:
        tally.check(False, f"{type(error).__name__}: {error}")
    except Exception:
        tally.check(False, traceback.format_exc())
    if tally.failed:
        await kernel.sleep_until(kernel.now_ns + CALM_NS)
    return Verdict(row.id, clock, tally.cases, tally.failed, tally.failures, kernel.now_ns - start_ns, tally.notes)
