"""The far end of the link in Verilog against the page, its examples and its Python counterpart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.regress import simbuild
from rig.regress.tools import Simulator
from tests.hdl.link.sources import link_build

TIMEOUT_S = 300


def run(simulator: Simulator, main: str, folder: Path, *, module: str = "link_main") -> Any:
    result = simbuild.run(
        link_build(simulator, "link_bench"), run_dir=folder, timeout_s=TIMEOUT_S,
        main=f"tests.hdl.link.{module}:{main}",
    )  # fmt: skip
    result.check()
    return result.value


@pytest.mark.needs("iverilog")
def test_the_examples_of_the_page(tmp_path: Path) -> None:
    """On a four-state simulator, so that what is unknown after reset would show."""
    run("icarus", "conversation", tmp_path)


@pytest.mark.needs("iverilog")
def test_events_at_any_clock(tmp_path: Path) -> None:
    """What a serial line is too slow to bring about at will."""
    build = link_build("icarus", "events_bench")
    result = simbuild.run(build, run_dir=tmp_path, timeout_s=TIMEOUT_S, test_module="tests.hdl.link.events_checks")
    result.check()
    assert result.passed


def test_each_sentence_of_the_page(tmp_path: Path) -> None:
    run("verilator", "details", tmp_path)


def test_octets_that_fill_a_group_of_the_stuffing(tmp_path: Path) -> None:
    run("verilator", "stuffing", tmp_path)


def test_what_arrives_while_the_board_cannot_send(tmp_path: Path) -> None:
    run("verilator", "room", tmp_path)


def test_what_happens_while_a_frame_is_sent(tmp_path: Path) -> None:
    run("verilator", "moments", tmp_path)


@pytest.mark.parametrize("main", ["sessions", "limits"])
def test_where_a_fault_would_show_only_at_the_edge(main: str, tmp_path: Path) -> None:
    run("verilator", main, tmp_path, module="link_edges")


def test_the_same_answers_as_the_python_far_end(tmp_path: Path) -> None:
    tally = run("verilator", "equality", tmp_path)
    assert len(tally) == 10 and sum(tally.values()) == 250
