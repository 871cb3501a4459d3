"""The UART of the link: rates that do not divide the clock, a line that is off by 3 %, glitches and breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from tests.hdl.link.sources import link_build

TIMEOUT_S = 120

pytestmark = pytest.mark.needs("iverilog")


@pytest.mark.parametrize(
    ("clk_hz", "baud", "line_baud", "octets"),
    [
        (50_000_000, 3_000_000, 3_000_000, 1500),
        (50_000_000, 3_000_000, 3_090_000, 500),
        (50_000_000, 3_000_000, 2_910_000, 500),
        (50_000_000, 1_000_000, 1_000_000, 200),
        (48_000_000, 3_000_000, 3_000_000, 500),  # exactly 16 clocks a bit
        (50_000_000, 115_200, 115_200, 0),
    ],
)
def test_uart(clk_hz: int, baud: int, line_baud: int, octets: int, tmp_path: Path) -> None:
    result = simbuild.run(
        link_build("icarus", "uart_bench", CLK_HZ=clk_hz, BAUD=baud, LINE_BAUD=line_baud), run_dir=tmp_path,
        timeout_s=TIMEOUT_S, main="tests.hdl.link.uart_main:main",
        env={"UART_LINE_BAUD": str(line_baud), "UART_OCTETS": str(octets)},
    )  # fmt: skip
    result.check()
    found = result.value
    assert found["echoed"] == found["sent"]
    assert found["glitches"] == 0, "what is shorter than half a start bit is none"
    assert found["spiked"] == 0, "a bit is the majority of three samples"
    assert found["breaks"] == 0, "an octet without a stop bit is dropped"
    assert found["after"] == "after"
    assert (found["held"], found["released"]) == ("", "wait")
    assert found["framing_errors"] == 0
