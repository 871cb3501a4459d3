"""The top of a board at its pins, in Verilog: what a wrong wire between a pin and the core would break."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.boards.bitstream import BOARD_ID_OCTETS, octets_literal
from rig.regress import simbuild
from rig.regress.filelist import filelist_of
from tests.hdl.link.board_main import ROMS

HERE = Path(__file__).parent
BOARD = "ulx3s-lan8720"
BOARDS = 2
TIMEOUT_S = 400
SIM_LIMIT_NS = 150_000_000
IN_SESSION, IN_RESET = 1 << 0, 1 << 5


def run(main: str, folder: Path) -> Any:
    top, around = filelist_of("ulx3s_lan8720"), filelist_of("board_bench")
    sources = [*top.sources, *(each for each in around.sources if each not in top.sources), HERE / "top_bench.v"]
    build = simbuild.build(
        "verilator", "top_bench", sources=[each for each in sources if each.name != "board_bench.v"],
        include_folders=top.include_folders,
        parameters={
            "BOARDS": BOARDS, "BOARD_ID": octets_literal(BOARD.encode().ljust(BOARD_ID_OCTETS, b"\0")),
            "ROM_IMAGES": octets_literal(b"".join(ROMS[:BOARDS])),
        },
    )  # fmt: skip
    result = simbuild.run(
        build, run_dir=folder, timeout_s=TIMEOUT_S, main=f"tests.hdl.link.top_main:{main}", sim_limit_ns=SIM_LIMIT_NS
    )
    result.check()
    return result.value


def test_a_board_passes_its_check_out_and_shows_its_state(tmp_path: Path) -> None:
    found = run("check_out", tmp_path)
    assert found["greetings"] == [BOARD] * BOARDS
    assert "says the PHY at MDIO address 1" in found["link"], "and not the pin, which is tied high"
    in_reset, begun, in_session, held = found["leds"]
    both = 1 | 1 << 8
    assert in_reset == IN_RESET * both, "until the PLL has locked and the reset is over"
    assert begun == 0
    assert in_session & IN_SESSION * both == IN_SESSION * both and not in_session & IN_RESET * both
    assert held & 0xFF == IN_RESET, "FIRE1 is the reset of the first board"
    assert held >> 8 & IN_SESSION, "and of no other"
    assert found["wifi_en"] == 0, "the ESP32 is kept off the pins that it shares"


@pytest.mark.requirement("MAC-1.1")
def test_a_frame_goes_from_the_pins_of_one_to_the_pins_of_the_other(tmp_path: Path) -> None:
    assert run("frames", tmp_path) == ""
