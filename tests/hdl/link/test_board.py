"""Boards in Verilog, reached through their serial lines alone: the contracts, and lines that lose and damage octets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rig.boards.virtual_rtl import build_boards
from rig.regress import simbuild
from tests.contract import bus_contract, device_contract

LONGER = 100 if os.environ.get("RIG_LONG") else 1
TIMEOUT_S = 500 * LONGER
SIM_LIMIT_NS = 20_000_000_000 * LONGER
BOARD = "ulx3s-lan8720"


def run(main: str, folder: Path, boards: int, env: dict[str, str] | None = None) -> Any:
    build = build_boards([BOARD] * boards)
    result = simbuild.run(
        build, run_dir=folder, timeout_s=TIMEOUT_S, main=f"tests.hdl.link.board_main:{main}", env=env,
        sim_limit_ns=SIM_LIMIT_NS,
    )  # fmt: skip
    result.check()
    return result.value


@pytest.fixture(scope="module")
def bus_verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found: dict[str, str] = run("bus", tmp_path_factory.mktemp("bus"), 1)
    return found


@pytest.mark.parametrize("name", [contract.__name__ for contract in bus_contract.CONTRACT])
def test_bus(bus_verdicts: dict[str, str], name: str) -> None:
    assert not bus_verdicts[name], bus_verdicts[name]


QUICK = (
    device_contract.a_frame_arrives_as_it_was_sent, device_contract.each_frame_has_one_result,
    device_contract.a_device_hears_what_is_for_it, device_contract.counters_agree_with_what_happened,
)  # fmt: skip


def test_two_boards_and_their_drivers(tmp_path: Path) -> None:
    """A part of the contract of FrameDevice: a serial line makes the rest of it long."""
    names = {contract.__name__ for contract in QUICK}
    verdicts = run("device", tmp_path, 2, {"RIG_TEST_SEGMENT": "100 half", "RIG_TEST_CONTRACTS": " ".join(names)})
    assert set(verdicts) == names
    assert not any(verdicts.values()), verdicts


@pytest.mark.parametrize(("rate", "transactions"), [("1e-4", 60), ("1e-3", 30)])
def test_a_bad_line_loses_and_invents_nothing(rate: str, transactions: int, tmp_path: Path) -> None:
    """``make long`` has a hundred times as many transactions."""
    transactions *= LONGER
    found = run("faults", tmp_path, 1, {"RIG_TEST_FAULTS": f"{rate} {transactions} 3"})
    assert found["transactions"] >= transactions - 3
    assert (found["wrong_reads"], found["wrong_writes"], found["duplicate_effects"]) == (0, 0, 0), found
    assert found["sessions"] == 1
    assert found["faults"] > 0


def test_garbage_a_cut_line_and_a_board_without_power(tmp_path: Path) -> None:
    found = run("trouble", tmp_path, 1)
    assert found["greeting"] == BOARD, "garbage before the greeting is of no account"
    assert (found["cut"], found["sessions after the cut"]) == ("True", 1), "a cut costs time, and nothing else"
    assert found["power"].startswith("LinkError"), "whoever waited hears of it"
    assert (found["after"], found["register"], found["sessions"]) == (True, 0, 2), "a new session, after a reset"
