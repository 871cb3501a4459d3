"""The commands that make a simulator build, for Verilator and for Icarus.

They are written here rather than taken from cocotb's runner, because that makes every Verilog signal public to VPI,
which keeps Verilator from optimising them: the idle bench of two adapters runs 3.5 times as fast without. Here only
signals marked ``/* verilator public_flat_rw */``, or named in a ``.vlt`` file of the file list, can be reached from
Python.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import cocotb
from cocotb_tools import config as cocotb_config

from rig.regress.filelist import PROJECT_ROOT, FileList
from rig.regress.tools import SimulatorFacts, has_fst_libraries, verilator_root

VERILATOR_MAIN = PROJECT_ROOT / "hdl" / "sim" / "verilator_main.cpp"  # faster than the one that cocotb brings
TIMESCALE = ("1ns", "1ps")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make a build: commands to run in its folder, files to write there first, versions of what they use."""

    commands: tuple[tuple[str, ...], ...]
    files: Mapping[str, str]
    environment: Mapping[str, str]
    program: str
    waves_suffix: str
    versions: Mapping[str, str]


def make_recipe(
    facts: SimulatorFacts,
    top: str,
    files: FileList,
    parameters: Mapping[str, str],
    waves: bool,
    counts: bool,
    written: Mapping[str, str] | None = None,
) -> Recipe:
    """Return how a simulator makes ``top`` of ``files``; Verilator's ``counts`` lines and toggles where asked to.

    ``written`` are sources that are there as text, by name.
    """
    versions = {tool.name: tool.version for tool in facts.tools}
    versions |= {"cocotb": cocotb.__version__, "python": sys.version, "machine": platform.machine()}
    if facts.name == "verilator":
        return _verilator_recipe(top, files, parameters, waves, counts, written or {}, versions)
    return _icarus_recipe(top, files, parameters, waves, written or {}, versions)


def _verilator_recipe(
    top: str,
    files: FileList,
    parameters: Mapping[str, str],
    waves: bool,
    counts: bool,
    written: Mapping[str, str],
    versions: Mapping[str, str],
) -> Recipe:
    root = verilator_root()
    assert root is not None, "require() has found it"
    suffix = "" if not waves else ".fst" if has_fst_libraries() else ".vcd"
    libraries = cocotb_config.libs_dir
    verilate = [
        str(root / "bin" / "verilator_bin"), "--cc", "--exe", "--vpi", "--timing",
        "-Wall", "-Wno-fatal", "--default-language", "1364-2005", "--timescale", "/".join(TIMESCALE),
        "--prefix", "Vtop", "--top-module", top, "-Mdir", ".", "-o", top,
        "-CFLAGS", "-std=c++20 -DVL_TIME_CONTEXT",  # $time is a field to read, not a function to call
        "-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator",
        *{"": (), ".fst": ("--trace-fst",), ".vcd": ("--trace-vcd",)}[suffix],
        *(("--coverage-line", "--coverage-toggle") if counts else ()),
        *(f"-I{folder}" for folder in files.include_folders),
        *(f"-G{name}={value}" for name, value in parameters.items()),
        VERILATOR_MAIN.name, *written, *(str(source) for source in files.sources),
    ]  # fmt: skip
    compile_model = [
        "make", "-f", "Vtop.mk", f"-j{os.cpu_count() or 1}", f"VM_TRACE={int(waves)}",
        # The wheel's make file was configured for another machine, and without a compiler; a model of several files
        # includes precompiled headers.
        f"PYTHON3={sys.executable}", "CFG_CXXFLAGS_PCH_I=-fpch-preprocess -include", "CFG_LDLIBS_THREADS=-pthread",
        "OPT_FAST=-O2", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2",  # "slow" is what runs once, at the start
        *(("OBJCACHE=ccache",) if shutil.which("ccache") else ()),
    ]  # fmt: skip
    # ccache keeps nothing that uses precompiled headers unless it may overlook their time stamps.
    sloppiness = "pch_defines,time_macros,include_file_mtime,include_file_ctime"
    environment = {"VERILATOR_ROOT": str(root), "CCACHE_SLOPPINESS": sloppiness}
    sources = {VERILATOR_MAIN.name: VERILATOR_MAIN.read_text(encoding="utf-8"), **written}
    return Recipe((tuple(verilate), tuple(compile_model)), sources, environment, top, suffix, versions)


_ICARUS_DUMP = """\
// Writes waves to the file that +dumpfile= names.
module rig_dump;
    reg [8191:0] path;
    initial if ($value$plusargs("dumpfile=%s", path)) begin
        $dumpfile(path);
        $dumpvars(0, {top});
    end
endmodule
"""


def _icarus_recipe(
    top: str,
    files: FileList,
    parameters: Mapping[str, str],
    waves: bool,
    written: Mapping[str, str],
    versions: Mapping[str, str],
) -> Recipe:
    extra = {"settings.f": f"+timescale+{'/'.join(TIMESCALE)}\n", **written}
    if waves:
        extra["rig_dump.v"] = _ICARUS_DUMP.replace("{top}", top)
    command = [
        "iverilog", "-g2005", "-Wall", "-f", "settings.f", "-s", top, "-o", "sim.vvp",
        *(f"-I{folder}" for folder in files.include_folders),
        *(f"-P{top}.{name}={value}" for name, value in parameters.items()),
        *(("-s", "rig_dump", "rig_dump.v") if waves else ()), *written,
        *(str(source) for source in files.sources if source.suffix != ".vlt"),
    ]  # fmt: skip
    return Recipe((tuple(command),), extra, {}, "sim.vvp", ".fst" if waves else "", versions)
