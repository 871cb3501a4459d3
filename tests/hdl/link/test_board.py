"""Boards in Verilog, reached through their serial lines alone: the contracts. Bad lines: ``tests/boards``.

A serial line makes most of the contracts of devices long: with RIG_LONG (``make long``) all of them are played.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rig.boards.virtual_rtl import build_boards
from rig.link import examples
from rig.regress import simbuild
from tests.backends.test_board_contract import NEEDS_A_FAST_BUS
from tests.contract import bad_input_contract, bus_contract, device_contract

IS_LONG = bool(os.environ.get("RIG_LONG"))
TIMEOUT_S = 3600 if IS_LONG else 500
REST_NS = 10_000_000 if IS_LONG else 3_000_000
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


def test_an_event_is_repeated_after_16_ms_and_the_greeting_promises_what_there_is_room_for(tmp_path: Path) -> None:
    """Nearest to 16 ms is 2 ** 20 clocks. That there is this room: ``link_main.room``, ``link_edges.limits``."""
    (first_ns, second_ns), limits = run("repetition", tmp_path, 1)
    assert abs(second_ns - first_ns - (20 << 20)) < 100_000
    said = examples.GREETING
    assert limits == [said.window, said.largest_payload_octets, said.receive_octets, said.store_octets]


QUICK = (
    device_contract.a_frame_arrives_as_it_was_sent, device_contract.each_frame_has_one_result,
    device_contract.a_device_hears_what_is_for_it, device_contract.counters_agree_with_what_happened,
)  # fmt: skip


def test_two_boards_and_their_drivers(tmp_path: Path) -> None:
    names = {contract.__name__ for contract in (device_contract.CONTRACT if IS_LONG else QUICK)}
    env = {
        "RIG_TEST_SEGMENT": "100 half", "RIG_TEST_CONTRACTS": " ".join(names), "RIG_TEST_REST_NS": str(REST_NS),
    }  # fmt: skip
    verdicts = run("device", tmp_path, 2, env)
    assert set(verdicts) == names
    assert not any(verdicts.values()), verdicts


BAD_INPUT = [
    contract.__name__
    for contract in bad_input_contract.CONTRACT
    if contract not in NEEDS_A_FAST_BUS
    and (IS_LONG or contract is bad_input_contract.a_frame_beyond_its_slot_only_reads)
]


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input(name: str, tmp_path: Path) -> None:
    verdicts = run("bad_input", tmp_path, 2, {"RIG_TEST_CONTRACTS": name})
    assert set(verdicts) == {name}
    assert not any(verdicts.values()), verdicts
