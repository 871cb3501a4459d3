"""Every memory of the adapter becomes a RAM of the FPGA, and none of them flip-flops."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from rig.boards.area import DEVICES
from rig.regress.filelist import filelist_of
from rig.regress.fpga_tools import find_tool

TIMEOUT_S = 600
REGISTERS_AND_FIFOS = 16  # block RAMs of an iCE40 for everything but the buffer memory

VARIANTS = [
    ("hx8k", {"BUFFER_PAGES": 32}, {"SB_RAM40_4K": 16 + REGISTERS_AND_FIFOS}),
    ("up5k", {"BUFFER_PAGES": 64, "BUFFER_PRESET": 0}, {"SB_SPRAM256KA": 2, "SB_RAM40_4K": REGISTERS_AND_FIFOS}),
    ("ecp5-85k", {"BUFFER_PAGES": 64}, {"DP16KD": 8}),
]


@pytest.mark.needs("yosys")
@pytest.mark.parametrize(("device", "parameters", "least"), VARIANTS, ids=[device for device, *_ in VARIANTS])
def test_memories_become_rams(device: str, parameters: dict[str, int], least: dict[str, int], tmp_path: Path) -> None:
    """Synthesis stops before what is no RAM would become flip-flops; what nothing writes is no RAM but a table."""
    files = filelist_of("nic_mii")
    for source in [*files.sources, *files.headers]:
        shutil.copy(source, tmp_path)
    settings = " ".join(f"-set {name} {value}" for name, value in parameters.items())
    script = (
        f"read_verilog {' '.join(source.name for source in files.sources)}; chparam {settings} nic_mii; "
        f"{DEVICES[device].synthesis} -top nic_mii -run begin:map_ffram; select -assert-none t:$mem* r:WR_PORTS=0 %d; "
        "tee -o stat.json stat -json"
    )
    done = subprocess.run(
        [find_tool("yosys"), "-q", "-p", script], cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    cells = Counter(json.loads((tmp_path / "stat.json").read_text())["design"]["num_cells_by_type"])
    found = {kind: cells[kind] for kind in least}
    assert all(found[kind] >= number for kind, number in least.items()), found
    if "SB_RAM40_4K" in found:
        assert found["SB_RAM40_4K"] <= {"hx8k": 32, "up5k": 30}[device], "more than the device has"
