"""The 10BASE-T PHY in Verilog: its conformance list, frames at the limits of clocks and jitter, and its twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_models.phy.manchester import LineClock, decode, frames, sample
from rig.regress.phy.bench import read_receptions
from rig.regress.phy.rows import ROWS
from rig.regress.phy.runner import RECORD_NAME, SHORT, SHORT_FOR_TRAFFIC, run_program
from rig.regress.phy.twin import run_twin_program
from tests.hdl.phy.lines import as_script, random_line

TOLERANCE = 0.02
TOLERANCE_NS = 60
"""The MII of the twin has the phase of its first use, that of the Verilog the phase of its reset; a pulse waits for the
tick of its timer, and a clock of a shortened one is worth 40."""

pytestmark = pytest.mark.xdist_group("phy")


@pytest.mark.parametrize("program", ROWS)
def test_conformance(program: str, tmp_path: Path) -> None:
    rows = ROWS[program](run_program(program, SHORT, tmp_path))
    twins = ROWS[program](run_twin_program(program, SHORT))
    assert rows
    assert not [row for row in rows if not row.passed]
    for row, twin in zip(rows, twins, strict=True):
        for measured, wanted in zip(row.measured_ns, twin.measured_ns, strict=True):
            assert abs(measured - wanted) <= max(TOLERANCE * abs(wanted), TOLERANCE_NS), (row, twin)


@pytest.mark.parametrize(
    ("jitter_ps", "is_reversed", "count"), [(13_500, False, 40), (15_000, False, 30), (13_500, True, 10)]
)
def test_frames_at_the_limits(jitter_ps: int, is_reversed: bool, count: int, tmp_path: Path) -> None:
    """Clocks 200 ppm apart, every edge off by up to ``jitter_ps``, both ways at once."""
    facts = run_program(
        "traffic",
        SHORT_FOR_TRAFFIC,
        tmp_path,
        frames=count,
        octets=[64, 256],
        jitter_ps=jitter_ps,
        is_reversed=is_reversed,
    ).facts
    for direction in ("a_to_b", "b_to_a"):
        assert facts[direction] == {"sent": count, "good": count, "same_octets": True, "same_digest": True, "bad": 0}


@pytest.mark.parametrize(
    ("seed", "jitter_ps", "noise", "ppm"),
    [
        (1, 0, False, 0),
        (2, 13_500, False, -100),
        (3, 15_000, False, 100),
        (4, 24_000, True, 100),
        (5, 20_000, True, -100),
    ],
)
def test_the_twin_hears_the_same(seed: int, jitter_ps: int, noise: bool, ppm: int, tmp_path: Path) -> None:
    """The same line into the Verilog and into the twin, also where it is too bad to be received."""
    line = random_line(seed, frames=60, jitter_ps=jitter_ps, noise=noise)
    facts = run_program(
        "script", SHORT_FOR_TRAFFIC, tmp_path, line_script=as_script(line), ppm=ppm, duration_ns=line[-1][0] // 1000
    ).facts
    assert facts["scripts_done"] == 1
    heard = read_receptions(tmp_path / RECORD_NAME, 1)
    started_ps = facts["started_ns"] * 1000
    clock = LineClock.off_by(ppm)
    first = clock.first_rise_after(started_ps) + 5
    rises = (line[-1][0] + 20_000_000) * 6 // 100_000
    moved = [(started_ps + time_ps, level) for time_ps, level in line]
    expected = frames(decode(sample(moved, clock, first, rises), first))
    assert len(expected) >= (10 if noise else 60)
    assert heard == expected
