"""Boards in Verilog, reached through their serial lines alone: the contracts. Bad lines: ``tests/boards``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.boards.virtual_rtl import build_boards
from rig.regress import simbuild
from tests.contract import bus_contract, device_contract

TIMEOUT_S = 500
SIM_LIMIT_NS = 20_000_000_000
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
