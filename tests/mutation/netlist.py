"""Mutants of a module: all of them in one netlist, so that one simulator build serves them all.

Yosys reads the module with what is below it, flattens it at the level of words (no technology mapping, so it is
simulated about as fast as the source), and draws the mutations: a bit of a cell's port is stuck, inverted, or inverted
where another bit is 0 or 1. Each is switched by the value of an input that the module gets; a shell of the module's own
name and ports takes that value from the plusarg ``+mutant=N`` of the simulator, 0 being the module as it is.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.errors import ToolError
from rig.regress.filelist import FileList
from rig.regress.fpga_tools import find_tool, run_tool

SELECT = "rig_mutant"
SELECT_BITS = 16
SURPLUS = 2
NOT_DRAWN = (" -port Q ", " -port CLK ")
"""At the output of a flip-flop a change would part it from its initial value (one at its input is much the same), and
what happens at its clock is beyond a proof that counts clocks."""
MOST = (1 << SELECT_BITS) - 1
TIMEOUT_S = 300
BASE, LIST = "base.il", "mutations.txt"
SHELL, INNER = "shell.v", "mutants.v"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: ``number`` switches it on, ``what`` happens to a bit of ``cell``; ``places`` are in the sources."""

    number: int
    what: str
    cell: str
    places: tuple[str, ...]
    options: str
    """Of Yosys's command ``mutate``."""


@dataclass(frozen=True, slots=True)
class Mutants:
    """The mutants of ``module``, and ``sources`` that replace it in a list of sources: see :func:`replaced`."""

    module: str
    folder: Path
    mutants: tuple[Mutant, ...]

    @property
    def sources(self) -> tuple[Path, ...]:
        """The shell and the netlist with all mutants."""
        return self.folder / SHELL, self.folder / INNER

    def replaced(self, sources: Sequence[Path]) -> list[Path]:
        """Return ``sources`` with the mutants in place of the module; the modules below it may stay."""
        name = f"{self.module}.v"
        if not any(source.name == name for source in sources):
            raise ToolError(f"no source is called {name}: the module {self.module} is not in this bench")
        return [each for source in sources for each in (self.sources if source.name == name else (source,))]


def make_mutants(module: str, files: FileList, *, seed: int, count: int, folder: Path) -> Mutants:
    """Draw ``count`` mutants of ``module`` of ``files`` into ``folder``, which is made anew; equal seeds draw the same.

    Fewer if the module has no more bits to change. :class:`ToolError` if Yosys is missing or refuses.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in (*files.sources, *files.headers):
        shutil.copy(path, folder)
    names = " ".join(source.name for source in files.sources if source.suffix == ".v")
    yosys = find_tool("yosys")
    run_tool(
        [yosys, "-q", "-p",
         f"read_verilog {names}; hierarchy -check -top {module}; proc -norom; flatten; opt_clean; delete t:$scopeinfo; "
         f"write_rtlil {BASE}; write_json base.json; "
         f"mutate -list {SURPLUS * count} -seed {seed} -o {LIST} t:* t:$meminit* %d"],  # their ports must be constant
        folder, TIMEOUT_S,
    )  # fmt: skip
    listed = (folder / LIST).read_text().splitlines()
    drawn = [line for line in listed if line and not any(port in line for port in NOT_DRAWN)]
    mutants = tuple(parse_mutation(number, line) for number, line in enumerate(drawn[:count], start=1))
    switched = [f"mutate -ctrl {SELECT} {SELECT_BITS} {each.number} {each.options}\n" for each in mutants]
    (folder / LIST).write_text("".join(switched))
    run_tool(
        [yosys, "-q", "-p",
         f"read_rtlil {BASE}; script {LIST}; rename {module} {module}_mutants; write_verilog {INNER}"],
        folder, TIMEOUT_S,
    )  # fmt: skip
    described = json.loads((folder / "base.json").read_text())["modules"][module]
    (folder / SHELL).write_text(shell(module, described["ports"], described.get("parameter_default_values", {})))
    return Mutants(module, folder, mutants)


def parse_mutation(number: int, line: str) -> Mutant:
    """Read one line of Yosys's list, which becomes mutant ``number``."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"-(\w+) (\S+)(?= -|$)", line):
        found.setdefault(name, []).append(value)
    bit = f"{found['port'][0]}[{found['portbit'][0]}]"
    where = f" where bit {found['ctrlbit'][0]} is {found['mode'][0][-1]}" if "ctrlbit" in found else ""
    mode = found["mode"][0]
    what = f"{bit} stuck at {mode[-1]}" if mode.startswith("const") else f"{bit} inverted{where}"
    cell = found["cell"][0].removeprefix("$flatten").replace("\\", "")
    return Mutant(number, what, cell, tuple(found.get("src", ())), line.removeprefix("mutate "))


def shell(module: str, ports: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Return Verilog of ``module`` around its mutants; its parameters must have their defaults, with which they were
    drawn."""
    defaults = {name: _number(value) for name, value in parameters.items()}
    heads = [
        f"    {facts['direction']} wire [{len(facts['bits']) - 1}:0] {name}" for name, facts in ports.items()
    ]  # fmt: skip
    checks = [
        f"    generate if ({name} != {value}) begin : gen_{name} PARAMETER_{name}_OUT_OF_RANGE check(); end endgenerate"
        for name, value in defaults.items()
    ]
    settings = ", ".join(f"parameter {name} = {value}" for name, value in defaults.items())
    connections = ", ".join(f".{name}({name})" for name in (*ports, SELECT))
    return "\n".join([
        "`default_nettype none",
        "`timescale 1ns/1ps",
        f"module {module} {f'#({settings}) ' if settings else ''}(",
        ",\n".join(heads),
        ");",
        *checks,
        f"    reg [{SELECT_BITS - 1}:0] {SELECT};",
        f'    initial if (!$value$plusargs("mutant=%d", {SELECT})) {SELECT} = 0;',
        f"    {module}_mutants inner ({connections});",
        "endmodule",
        "",
    ])  # fmt: skip


def _number(bits: str) -> int:
    """Read a parameter of Yosys's JSON, a string of binary digits."""
    return int(bits, 2)
