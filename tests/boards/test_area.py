"""The area flow: what it reads from the tools, and the flow itself on the smallest module."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.boards.area import JOBS, Job, Row, harness, measure, table
from rig.regress.filelist import filelist_of


def test_every_job_names_a_filelist_that_has_its_top() -> None:
    for job in JOBS:
        assert job.top in {source.stem for source in filelist_of(job.filelist).sources}, job


def test_the_harness_connects_every_port_once() -> None:
    ports = [("clk_a", True, 1), ("clk_b", True, 1), ("x", True, 3), ("y", True, 1), ("z", False, 5)]
    text = harness("thing", ports, {"WIDTH": 7})
    assert "thing #(.WIDTH(7)) dut" in text
    for connection in (".clk_a(clk_a)", ".clk_b(clk_b)", ".x(chain[2:0])", ".y(chain[3:3])", ".z(out[4:0])"):
        assert text.count(connection) == 1
    assert "always @(posedge clk_a)" in text


def test_the_table_says_when_a_limit_is_missed() -> None:
    row = Row("hx8k", "thing", 600, 20, 1, {"clk": 99.5}, {"lut4": 550}, ok=False, seed=4)
    assert "| `thing` | hx8k | 600 | 20 | 1 | clk 99.5 | 4 | lut4 550 | NO |" in table([row])


@pytest.mark.needs("yosys")
def test_a_small_module_is_measured(tmp_path: Path) -> None:
    row = measure(Job("sync_2ff", "hx8k", "nic_mii", limit_lut4=0, limit_mhz={"clk": 1.0}), tmp_path / "job")
    assert row.ok
    assert (row.lut4, row.ff, row.bram) == (0, 2, 0)
    assert row.fmax_mhz["clk"] > 100
