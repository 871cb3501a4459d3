"""The Verilog adapters and their twins do the same, to the ns: transcripts, timelines and frames of seeded traffic."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from tests.hdl.bench.sources import segment_build
from tests.hdl.bench.twin_main import twin

TIMEOUT_S = 300
CASES = [
    (1, 2, "half"), (2, 3, "half"), (3, 3, "half-far"), (4, 2, "full"), (5, 2, "ten"), (6, 2, "ten-full"),
    (7, 2, "half-odd"), (8, 3, "half-odd"), (9, 3, "half-odd"), (39, 3, "half-odd"), (12, 3, "half-odd-far"),
    (38, 2, "full-odd"), (16, 2, "ten-odd"), (25, 3, "ten-odd"), (36, 2, "ten-odd"), (33, 2, "ten-full-odd"),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "stations", "flavour"), CASES)
def test_verilog_equals_twin(seed: int, stations: int, flavour: str, tmp_path: Path) -> None:
    result = simbuild.run(
        segment_build("verilator", stations), run_dir=tmp_path, timeout_s=TIMEOUT_S,
        main="tests.hdl.bench.twin_main:rtl", env={"BENCH_TRAFFIC": f"{seed} {stations} {flavour}"},
        plusargs=("+recorder=records.txt",),
    )  # fmt: skip
    result.check()
    expected = twin(seed, stations, flavour)
    assert result.value["transcript"] == expected["transcript"]
    assert result.value["events"] == expected["events"]
    assert result.value["frames"] == expected["frames"]
