"""Four-state simulation: nothing that leaves an adapter is unknown from power-on, at its pins or in a read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.filelist import PROJECT_ROOT, filelist_of
from tests.hdl.no_x.no_x_main import FRAMES

HERE = Path(__file__).parent
BENCH = HERE / "no_x_bench.v"
ADAPTER = PROJECT_ROOT / "hdl" / "rtl" / "nic_mii.v"
TIMEOUT_S = 300


def test_the_bench_watches_every_output() -> None:
    text = ADAPTER.read_text(encoding="utf-8")
    outputs = re.findall(r"output\s+wire\s+(?:\[[^]]*\]\s+)?(\w+)", text)
    assert outputs
    watched = re.findall(r"adapter\.device\.(\w+)", BENCH.read_text(encoding="utf-8"))
    assert sorted(watched) == sorted(outputs)


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize("segment", ("100 half", "100 full", "10 half"))
def test_nothing_unknown_leaves_the_adapter(segment: str, tmp_path: Path) -> None:
    files = filelist_of("segment_bench")
    build = simbuild.build(
        "icarus", "no_x_bench", sources=[*files.sources, BENCH], include_folders=files.include_folders
    )
    result = simbuild.run(
        build, run_dir=tmp_path, timeout_s=TIMEOUT_S, main="tests.hdl.no_x.no_x_main:main",
        env={"NO_X_SEGMENT": segment},
    )  # fmt: skip
    unknown = [line for line in result.log_path.read_text(encoding="utf-8").splitlines() if "unknown:" in line]
    assert not unknown, "\n".join(unknown)
    result.check()
    assert result.value == [FRAMES, FRAMES], "every frame that was sent has arrived, so the exchange took place"
