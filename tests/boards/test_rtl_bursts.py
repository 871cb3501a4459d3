"""Bursts on the board link with the Verilog far end, in device time: the same figures on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.boards.burst import measure_rtl


@pytest.mark.requirement("LINK-3")
def test_bursts_keep_the_line_full(tmp_path: Path) -> None:
    figures = measure_rtl(count=2, folder=tmp_path)
    for burst in (figures.read, figures.write):
        assert 0.9 <= burst.fill <= 1.0, figures
        assert burst.data_octets_per_s >= 0.9 * 300_000, "3 Mbaud are 300 000 octets a second"
    # A request of 18 octets and a reply of 22 take 133 us; the rest is the far end's own.
    assert 133 <= figures.round_trip_us <= 150, figures
