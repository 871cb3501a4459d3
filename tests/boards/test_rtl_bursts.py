"""Bursts on the board link with the Verilog far end, in device time: the same figures on every machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rig.boards.burst import RtlFigures, measure_rtl

NOISE = {1e-5: 0.85, 1e-4: 0.5} if os.environ.get("RIG_LONG") else {}
"""What must be left of the clean goodput with three kinds of fault at this rate each. Minutes: `make long` has it."""
BLOCKS = 12 if NOISE else 2
OCTETS_PER_S = 300_000  # 3 Mbaud


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> RtlFigures:
    return measure_rtl(count=BLOCKS, folder=tmp_path_factory.mktemp("clean"))


@pytest.mark.requirement("LINK-3")
def test_bursts_keep_the_line_full(clean: RtlFigures) -> None:
    for burst in (clean.read, clean.write):
        assert 0.9 <= burst.fill <= 1.0, clean
        assert burst.data_octets_per_s >= 0.9 * OCTETS_PER_S, clean
    # A request of 18 octets and a reply of 22 take 133 us; the rest is the far end's own.
    assert 133 <= clean.round_trip_us <= 150, clean


if NOISE:

    @pytest.mark.requirement("LINK-3")
    @pytest.mark.parametrize("rate", NOISE)
    def test_goodput_falls_gracefully(rate: float, clean: RtlFigures, tmp_path: Path) -> None:
        noisy = measure_rtl(count=BLOCKS, warm_up=BLOCKS, rate=rate, folder=tmp_path)
        for before, after in ((clean.read, noisy.read), (clean.write, noisy.write)):
            assert NOISE[rate] * before.data_octets_per_s <= after.data_octets_per_s < before.data_octets_per_s, noisy
