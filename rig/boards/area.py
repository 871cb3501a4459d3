"""Area and timing of the Verilog on the FPGAs we aim at: synthesis by Yosys, placement and routing by nextpnr.

LUTs, flip-flops and block RAMs are counted on the bare module after synthesis; an input that every board ties to a
constant, the image of the MAC-address ROM, is a constant there too. For the clock frequency the module is
put into a generated harness (a shift register feeds its inputs, its outputs are folded into one pin), so that a module
with more ports than the package has pins can be placed and nothing is optimised away. All figures are read from the
tools' JSON reports.

``python -m rig.boards.area`` (``make area``) writes ``build/area.json`` and the table ``docs/area.md``, and fails when
a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rig.adapter.mac_rom import MacRom
from rig.errors import ExitCode
from rig.regress.filelist import filelist_of
from rig.regress.fpga_tools import find_tool, run_tool

ROOT = Path(__file__).resolve().parents[2]
SEEDS = tuple(range(1, 13))
"""Placement is a throw of dice: a path that missed its clock with one seed may meet it with the next."""


@dataclass(frozen=True, slots=True)
class Device:
    """An FPGA: how to synthesise and place for it, and the cell types that count."""

    name: str
    synthesis: str
    place: tuple[str, ...]
    luts: tuple[str, ...]
    flip_flops: tuple[str, ...]
    block_rams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A top on a device with its limits (None: shown, not judged).

    ``parameters`` override the top's; ``constants`` are inputs that every board ties, and the Verilog literal that they
    have here.
    """

    top: str
    device: str
    filelist: str
    limit_lut4: int | None = None
    limit_mhz: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``fmax_mhz`` has one entry a clock port."""

    device: str
    top: str
    lut4: int
    ff: int
    bram: int
    fmax_mhz: dict[str, float]
    limit: dict[str, float]
    ok: bool
    seed: int
    """Of placement: the first of SEEDS with which the clocks are met, or the last."""


ICE40_LUTS = ("SB_LUT4",)
ICE40_FLIP_FLOPS = ("SB_DFF*",)
DEVICES = {
    device.name: device
    for device in (
        Device("hx8k", "synth_ice40", ("ice40", "--hx8k", "--package", "ct256"), ICE40_LUTS, ICE40_FLIP_FLOPS,
               ("SB_RAM40_4K*",)),
        Device("up5k", "synth_ice40 -device u -spram", ("ice40", "--up5k", "--package", "sg48"), ICE40_LUTS,
               ICE40_FLIP_FLOPS, ("SB_RAM40_4K*", "SB_SPRAM256KA")),
        Device("ecp5-85k", "synth_ecp5", ("ecp5", "--85k", "--package", "CABGA381"), ("LUT4",), ("TRELLIS_FF",),
               ("DP16KD",)),
    )
}  # fmt: skip


Port = tuple[str, bool, int]
"""Name, whether it is an input, width."""


def _slices(ports: Sequence[Port], vector: str) -> list[str]:
    """Return the connections of ``ports`` to consecutive bits of ``vector``."""
    connections: list[str] = []
    position = 0
    for name, _, width in ports:
        connections.append(f".{name}({vector}[{position + width - 1}:{position}])")
        position += width
    return connections


def harness(
    top: str, ports: Sequence[Port], parameters: Mapping[str, int], constants: Mapping[str, str] | None = None
) -> str:
    """Return Verilog of ``<top>_harness``, which has the clocks of ``top`` (inputs named ``clk...``) and two more pins.

    Every other input comes from a shift register on the first clock; every output bit is registered and folded into
    one pin. ``constants`` are further inputs, which are not among ``ports``, and what they are connected to.
    """
    clocks = [name for name, is_input, _ in ports if is_input and name.startswith("clk")]
    inputs = [port for port in ports if port[1] and port[0] not in clocks]
    outputs = [port for port in ports if not port[1]]
    width_in, width_out = sum(width for *_, width in inputs), sum(width for *_, width in outputs)
    connections = [f".{clock}({clock})" for clock in clocks] + _slices(inputs, "chain") + _slices(outputs, "out")
    connections += [f".{name}({value})" for name, value in (constants or {}).items()]
    settings = ", ".join(f".{name}({value})" for name, value in parameters.items())
    return "\n".join([
        f"module {top}_harness (",
        *(f"    input wire {clock}," for clock in clocks),
        "    input wire serial_in, output reg serial_out);",
        f"    reg [{width_in - 1}:0] chain; wire [{width_out - 1}:0] out; reg [{width_out - 1}:0] held;",
        f"    always @(posedge {clocks[0]}) begin",
        "        chain <= {chain, serial_in}; held <= out; serial_out <= ^held;",
        "    end",
        f"    {top} {f'#({settings}) ' if settings else ''}dut ({', '.join(connections)});",
        "endmodule",
        "",
    ])  # fmt: skip


def _count(cells: Mapping[str, int], patterns: Sequence[str]) -> int:
    total = 0
    for kind, number in cells.items():
        if any(kind == pattern or (pattern.endswith("*") and kind.startswith(pattern[:-1])) for pattern in patterns):
            total += number
    return total


def measure(job: Job, folder: Path) -> Row:
    """Synthesise, place and route one job in ``folder`` and return its row."""
    device = DEVICES[job.device]
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        stale.unlink()
    files = filelist_of(job.filelist)
    # yowasp tools run in a sandbox that sees the working folder: give them copies with short names.
    names = []
    for source in files.sources:
        shutil.copy(source, folder / source.name)
        names.append(source.name)
    for header in files.headers:
        shutil.copy(header, folder / header.name)
    yosys = find_tool("yosys")
    read = f"read_verilog {' '.join(names)}; "
    if job.parameters:
        settings = " ".join(f"-set {name} {value}" for name, value in job.parameters.items())
        read += f"chparam {settings} {job.top}; "
    if job.constants:
        read += f"hierarchy -top {job.top}; "
        read += "".join(f"delete -input {job.top}/w:{name}; " for name in job.constants)
        ties = "".join(f"connect -set {name} {value}; " for name, value in job.constants.items())
        read += f"cd {job.top}; {ties}cd; "
    run_tool(
        [yosys, "-q", "-p", read + f"{device.synthesis} -top {job.top} -json bare.json; tee -o stat.json stat -json"],
        folder,
    )
    netlist = json.loads((folder / "bare.json").read_text())
    ports = next(module["ports"] for name, module in netlist["modules"].items() if name == job.top)
    statistics = json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]
    shapes = [(port, facts["direction"] == "input", len(facts["bits"])) for port, facts in ports.items()]
    (folder / "harness.v").write_text(harness(job.top, shapes, job.parameters, job.constants))
    run_tool([yosys, "-q", "-p",
          f"read_verilog {' '.join(names)} harness.v; {device.synthesis} -top {job.top}_harness -json harness.json"],
         folder)  # fmt: skip
    family, *options = device.place
    line, option = ("set_frequency {} {}", "--pcf") if family == "ice40" else ('FREQUENCY PORT "{}" {} MHZ;', "--lpf")
    constraints = "".join(line.format(clock, mhz) + "\n" for clock, mhz in job.limit_mhz.items())
    (folder / "clocks.txt").write_text(constraints)
    command = [find_tool(f"nextpnr-{family}"), *options, option, "clocks.txt", f"{option}-allow-unconstrained"]
    command += ["--json", "harness.json", "--report", "report.json", "--timing-allow-fail", "-q"]
    fmax: dict[str, float] = {}
    ok = False
    seed = 0
    for seed in SEEDS:
        run_tool([*command, "--seed", str(seed)], folder)
        report = json.loads((folder / "report.json").read_text())["fmax"]
        # A clock is reported by the name of its net: the port's, with what the tool put before or behind it.
        fmax = {
            port: round(float(entry["achieved"]), 1)
            for port, _, _ in shapes
            for net, entry in report.items()
            if port in net.split("$")
        }
        ok = all(fmax.get(clock, 0.0) >= mhz for clock, mhz in job.limit_mhz.items())
        if ok:
            break
    lut4 = _count(statistics, device.luts)
    limit: dict[str, float] = dict(job.limit_mhz)
    if job.limit_lut4 is not None:
        limit["lut4"] = job.limit_lut4
        ok = ok and lut4 <= job.limit_lut4
    return Row(job.device, job.top, lut4, _count(statistics, device.flip_flops), _count(statistics, device.block_rams),
               fmax, limit, ok, seed)  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Return the Markdown page of ``rows``."""
    lines = [
        "# Area and timing",
        "",
        "Generated by `make area`. LUTs are four-input; Fmax after placement and routing. The image of the",
        "MAC-address ROM, which comes from outside the adapter, is a constant, as on every board (`hdl/boards`).",
        "",
    ]
    lines += [
        "| top | device | LUT4 | FF | block RAM | Fmax, MHz | seed | limits | met |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        fmax = ", ".join(f"{clock} {mhz:g}" for clock, mhz in row.fmax_mhz.items())
        limits = ", ".join(f"{name} {value:g}" for name, value in row.limit.items()) or "none"
        met = "yes" if row.ok else "NO"
        cells = (f"`{row.top}`", row.device, row.lut4, row.ff, row.bram, fmax, row.seed, limits, met)
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    return "\n".join(lines) + "\n"


ROM_IMAGE = MacRom(bytes.fromhex("02a5c3964b87"), b"nicrig board").serialize()
ROM = {"rom_image": f"256'h{int.from_bytes(ROM_IMAGE, 'little'):064x}"}
"""The MAC-address ROM is no part of the adapter: it comes from outside, and on every board it is a parameter of the top
(``hdl/boards``), which a build stamps in."""

JOBS = (
    Job("mac_core", "hx8k", "mac_core", limit_lut4=550, limit_mhz={"clk_tx": 110.0, "clk_rx": 110.0}),
    Job("nic_mii", "hx8k", "nic_mii", limit_lut4=2000, parameters={"BUFFER_PAGES": 32}, constants=ROM,
        limit_mhz={"clk_bus": 40.0, "clk_tx": 25.0, "clk_rx": 25.0}),
    Job("nic_mii", "up5k", "nic_mii", parameters={"BUFFER_PRESET": 0}, constants=ROM),
    Job("nic_mii", "ecp5-85k", "nic_mii", constants=ROM, limit_mhz={"clk_bus": 50.0, "clk_tx": 25.0, "clk_rx": 25.0}),
    Job("mau_10baset", "hx8k", "phy_10baset", limit_lut4=450, limit_mhz={"clk": 60.0}),
    Job("autoneg", "hx8k", "phy_10baset", limit_lut4=350, limit_mhz={"clk": 60.0}),
    Job("phy_10baset", "up5k", "phy_10baset"),
    Job("repeater", "hx8k", "repeater", limit_lut4=550, parameters={"PORTS": 4}, limit_mhz={"clk": 25.0}),
    Job("repeater", "ecp5-85k", "repeater", parameters={"PORTS": 8}, limit_mhz={"clk": 25.0}),
    Job("board_link", "hx8k", "board_link", limit_lut4=1700, limit_mhz={"clk": 50.0}),
    Job("board_link", "ecp5-85k", "board_link", limit_lut4=1500, limit_mhz={"clk": 60.0}),
    Job("nic_rmii", "ecp5-85k", "nic_rmii", constants=ROM, limit_mhz={"clk_bus": 50.0, "clk_ref": 50.0}),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every job (or those whose top is named), print and write the results."""
    parser = argparse.ArgumentParser(description="Area and timing of the Verilog")
    parser.add_argument("tops", nargs="*", help="only these tops")
    options = parser.parse_args(arguments)
    rows = []
    for job in JOBS:
        if options.tops and job.top not in options.tops:
            continue
        row = measure(job, ROOT / "build" / "area" / f"{job.top}-{job.device}")
        rows.append(row)
        sizes = f"LUT4 {row.lut4:5}  FF {row.ff:5}  BRAM {row.bram:3}"
        print(f"{row.top:12} {row.device:9} {sizes}  {row.fmax_mhz}  {'ok' if row.ok else 'LIMIT MISSED'}", flush=True)
    if not options.tops:
        (ROOT / "build" / "area.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
        (ROOT / "docs" / "area.md").write_text(table(rows))
    return ExitCode.PASSED if all(row.ok for row in rows) else ExitCode.BUILD


if __name__ == "__main__":
    sys.exit(main())
