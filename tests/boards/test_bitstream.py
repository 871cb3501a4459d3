"""The bitstream flow: with stand-ins for the tools, each way it can end; what is stamped in; what a design names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rig.adapter.mac_rom import MacRom
from rig.adapter.registers import MAP_HASH
from rig.boards import inventory
from rig.boards.area import ROOT
from rig.boards.bitstream import (
    DESIGNS,
    Design,
    build,
    clock_frequencies,
    design_named,
    octets_literal,
    station_address,
)
from rig.boards.flash import bitstream_of
from rig.errors import ExitCode, ToolError, UsageError

DESIGN = design_named("ulx3s-lan8720")

# A tool that leaves what the flow looks for, and a line for each call. FMAX_<seed> is what its clocks reach, in MHz.
STAND_IN = """\
#!{python}
import json, os, sys
from pathlib import Path
name, arguments = Path(sys.argv[0]).name, sys.argv[1:]
if arguments == ["--version"]:
    print(name, os.environ.get("STAND_IN_VERSION", "1"))
    sys.exit()
with open(os.environ["STAND_IN_CALLS"], "a") as calls:
    print(json.dumps([name, *arguments]), file=calls)
if os.environ.get("STAND_IN_FAILS") == name:
    print("ERROR: no such thing")
    sys.exit(7)
if name == "nextpnr-ecp5":
    mhz = float(os.environ.get("FMAX_" + arguments[arguments.index("--seed") + 1], "60"))
    nets = ("$glbnet$clk_bus", "$glbnet$core.adapter.shim.clock", "$glbnet$rmii_ref_clk$TRELLIS_IO_IN")
    Path("report.json").write_text(json.dumps({{
        "fmax": {{net: {{"achieved": mhz, "constraint": 50}} for net in nets}},
        "utilization": {{"TRELLIS_COMB": {{"used": 5}}, "TRELLIS_FF": {{"used": 6}}, "DP16KD": {{"used": 7}}}},
    }}))
if name == "ecppack":
    Path("board.bit").write_bytes(b"bits of " + Path("ulx3s_lan8720.v").read_bytes()[:20])
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("yosys", "nextpnr-ecp5", "ecppack"):
        (folder / name).write_text(STAND_IN.format(python=sys.executable))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def called(calls: Path) -> list[list[str]]:
    return [json.loads(line) for line in calls.read_text().splitlines()]


def test_a_build_and_the_same_again(calls: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    first = build(DESIGN, tmp_path, progress=steps.append)
    assert [call[0] for call in called(calls)] == ["yosys", "nextpnr-ecp5", "ecppack"]
    assert len(steps) == 3
    assert Path(first.bitstream) == tmp_path / "boards/ulx3s-lan8720/ulx3s-lan8720.bit"
    assert Path(first.bitstream).read_bytes().startswith(b"bits of ")
    shown = first.as_dict()
    assert {
        "board",
        "bitstream",
        "bitstream_sha256",
        "lut4",
        "ff",
        "bram",
        "fmax_mhz",
        "required_mhz",
        "regmap_hash",
    } <= set(shown)
    assert (shown["schema"], shown["lut4"], shown["ff"], shown["bram"]) == (1, 5, 6, 7)
    assert shown["regmap_hash"] == f"{MAP_HASH:08x}"
    assert shown["fmax_mhz"] == {"clk_bus": 60.0, "rmii_ref_clk": 60.0, "clk_mii": 60.0}
    second = build(DESIGN, tmp_path)
    assert len(called(calls)) == 3, "nothing is done again"
    assert second.was_cached and second.as_dict() | {"was_cached": False} == first.as_dict()


def test_what_it_was_built_from_is_stamped_in(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    first = build(DESIGN, tmp_path)
    script = called(calls)[0][3]
    stamps = dict(re.findall(r"-set (\w+) (\S+?)[; ]", script))
    assert stamps["BOARD_ID"] == octets_literal(b"ulx3s-lan8720\0\0\0")
    assert stamps["BUILD_HASH"] == octets_literal(bytes.fromhex(first.build_hash))
    assert "hdl/sim" not in script and "EHXPLLL" not in script, "models of primitives are not synthesised"
    other = build(DESIGN, tmp_path, mac=station_address("02:11:22:33:44:55"))
    rom = dict(re.findall(r"-set (\w+) (\S+?)[; ]", called(calls)[3][3]))["ROM_IMAGE"]
    image = int(rom.split("h")[1], 16).to_bytes(32, "little")
    assert MacRom.parse(image).mac == bytes.fromhex("021122334455")
    monkeypatch.setenv("STAND_IN_VERSION", "2")
    third = build(DESIGN, tmp_path)
    assert len({first.build_hash, other.build_hash, third.build_hash}) == 3


def test_seeds_are_tried_until_the_timing_is_met(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("FMAX_1", "49.9")
    assert build(DESIGN, tmp_path).seed == 2
    assert [call[0] for call in called(calls)] == ["yosys", "nextpnr-ecp5", "nextpnr-ecp5", "ecppack"]


def test_a_timing_that_is_missed_is_a_build_failure(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    for seed in (4, 5):
        monkeypatch.setenv(f"FMAX_{seed}", "49.9")
    with pytest.raises(ToolError, match=r"clk_bus reaches 49\.9 of 50 MHz") as failure:
        build(DESIGN, tmp_path, seeds=(4, 5))
    assert failure.value.exit_code == ExitCode.BUILD
    assert "ecppack" not in [call[0] for call in called(calls)]
    assert not list((tmp_path / "boards").rglob("*.bit"))


def test_a_build_that_fails_leaves_no_earlier_bitstream_to_be_flashed(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    earlier = Path(build(DESIGN, tmp_path).bitstream)
    assert earlier.is_file()
    monkeypatch.setenv("FMAX_4", "49.9")
    with pytest.raises(ToolError, match=r"the timing is not met"):
        build(DESIGN, tmp_path, seeds=(4,))
    assert not earlier.exists()
    assert build(DESIGN, tmp_path).was_cached and earlier.is_file()


def test_a_folder_that_cannot_be_used(calls: Path, tmp_path: Path) -> None:
    (tmp_path / "boards").write_text("a file")
    with pytest.raises(ToolError, match=r"the build cannot use .*boards.*: Not a directory; .* RIG_BUILD_DIR"):
        build(DESIGN, tmp_path)


def test_the_command(calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "rig.cli", "board", "build", DESIGN.board, "--json"]
    environment = {**os.environ, "RIG_BUILD_DIR": str(tmp_path / "b")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert (shown["board"], shown["required_mhz"]["clk_bus"]) == (DESIGN.board, 50.0)
    assert Path(shown["bitstream"]).is_file()
    kind = inventory.kind_named(DESIGN.board)
    board = inventory.Target("bench", kind, 3_000_000, lambda: "/dev/null", "bench")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path / "b"))
    assert bitstream_of(board, None) == Path(shown["bitstream"]), "the one that is flashed"
    slow = {"FMAX_7": "30"}
    done = subprocess.run(
        [*command, "--seed", "7"], capture_output=True, text=True, env=environment | slow, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == ExitCode.BUILD
    assert "clk_bus reaches 30 of 50 MHz" in done.stderr and not done.stdout
    for options, problem in ((["--mac", "x"], "x"), (["--baud", "4000000"], "the UART takes 9600 to 3000000")):
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, env=environment, timeout=60, check=False
        )  # fmt: skip
        assert done.returncode == ExitCode.USAGE and problem in done.stderr


@pytest.mark.parametrize("tool", ["yosys", "nextpnr-ecp5", "ecppack"])
def test_a_tool_that_fails(calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", tool)
    with pytest.raises(ToolError, match=f"{tool} failed with 7") as failure:
        build(DESIGN, tmp_path)
    assert "ERROR: no such thing" in str(failure.value)
    monkeypatch.delenv("STAND_IN_FAILS")
    assert not build(DESIGN, tmp_path).was_cached, "nothing of the failure is taken for a result"


def test_a_clock_that_is_not_reported_is_an_error() -> None:
    report = {"fmax": {"$glbnet$clk_bus": {"achieved": 51.26}}}
    assert clock_frequencies(report, {"bus": ("clk_bus",)}) == {"bus": 51.3}
    with pytest.raises(ToolError, match="reports no clock mii; it knows"):
        clock_frequencies(report, {"mii": ("clk_mii",)})


def test_bad_requests() -> None:
    with pytest.raises(UsageError, match="there are designs for ulx3s-lan8720"):
        design_named("arty-a7")
    for text in ("01:00:00:00:00:01", "00:00:00:00:00:00"):
        with pytest.raises(UsageError, match="no station address"):
            station_address(text)


@pytest.mark.parametrize("design", DESIGNS.values(), ids=lambda design: design.board)
def test_every_port_of_a_top_has_a_pin(design: Design) -> None:
    top = next((ROOT / "hdl" / "boards").rglob(f"{design.top}.v")).read_text()
    ports = re.findall(r"^    (?:input|output|inout)\s+wire\s+(?:\[(\d+):0\]\s*)?(\w+)", top, flags=re.MULTILINE)
    wanted = {f"{name}[{bit}]" for high, name in ports if high for bit in range(int(high) + 1)}
    wanted |= {name for high, name in ports if not high}
    constraints = (ROOT / design.constraints).read_text()
    located = dict(re.findall(r'^LOCATE COMP "([^"]+)"\s+SITE "(\w+)"', constraints, flags=re.MULTILINE))
    assert set(located) == wanted
    assert len(set(located.values())) == len(located), "two ports on one pin"
    assert set(re.findall(r'^IOBUF\s+PORT "([^"]+)"', constraints, flags=re.MULTILINE)) == wanted
