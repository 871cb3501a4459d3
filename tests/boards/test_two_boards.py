"""Two boards on one modelled cable, each with a host of its own behind a serial line: ping and TCP between them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from firmware_models.network.segment import Segment
from rig.adapter.mac_rom import MacRom
from rig.boards.virtual_rtl import build_boards
from rig.build.board import FAR_END_BOARD, modelled_board
from rig.regress import simbuild
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S
from tests.boards.conversation import PAGE, PING_OCTETS, PINGS, converse

TIMEOUT_S = 500
LIMIT_NS = 5 * NS_PER_S


def on_twins(_: Path) -> dict[str, Any]:
    kernel = VirtualTime()
    segment = Segment(kernel)
    roms = [MacRom(bytes.fromhex("0200000000") + bytes([number + 1])).serialize() for number in range(2)]
    boards = [modelled_board(kernel, segment, rom, name=f"board {number}") for number, rom in enumerate(roms)]
    return kernel.run(converse(kernel, [board.bus for board in boards]), limit_ns=LIMIT_NS)


def on_rtl(folder: Path) -> dict[str, Any]:
    result = simbuild.run(
        build_boards([FAR_END_BOARD] * 2), run_dir=folder, timeout_s=TIMEOUT_S, main="tests.boards.conversation:main",
        sim_limit_ns=LIMIT_NS,
    )  # fmt: skip
    result.check()
    value: dict[str, Any] = result.value
    return value


@pytest.mark.parametrize("play", [on_twins, on_rtl])
def test_ping_and_a_file_each_way(play: Any, tmp_path: Path) -> None:
    found = play(tmp_path)
    assert [tuple(each) for each in found["pings"]] == [(number, PING_OCTETS) for number in range(PINGS)]
    assert found["page"] == sha256(PAGE).hexdigest() and found["back_is_what_was_put"]
    assert found["sent"] == found["received"][::-1], "nothing was lost between the two"
    assert min(found["sent"]) > 8
    assert found["notices"] == []
