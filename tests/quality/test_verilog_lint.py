"""Every Verilog top is silent under Verilator with all warnings and under Icarus; every waiver has a sentence."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from rig.regress.filelist import filelist_of
from rig.regress.tools import require, tool_environment, verilator_root

ROOT = Path(__file__).resolve().parents[2]
TOPS = sorted(path.stem for path in (ROOT / "hdl" / "filelists").glob("*.f"))
VARIANTS = [
    *((top, "") for top in TOPS),
    ("station_model", "RMII=1"),
    ("station_model", "PHY_REGISTERS=1"),
    ("segment_bench", "RMII_STATIONS=1"),
    ("mac_bench", "RMII=1"),
    ("mac_bench", "BACK_DOOR=0"),
    ("joint_bench", "BOARDS=1"),
]
"""Tops, each with its default parameters, and with those that choose other parts of it."""
VERILOG = sorted([*(ROOT / "hdl").rglob("*.v"), *(ROOT / "hdl").rglob("*.vh")])


def _lint(command: list[str], environment: dict[str, str]) -> None:
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, env=environment
    )
    # Verilator ends with statistics in lines that begin with a dash; they are no complaint.
    said = [line for line in (result.stdout + result.stderr).splitlines() if line and not line.startswith("- ")]
    assert result.returncode == 0 and not said, "\n".join([" ".join(command), *said])


def _arguments(top: str, flag: str) -> list[str]:
    files = filelist_of(top)
    return [*(f"{flag}{folder}" for folder in files.include_folders), *(str(source) for source in files.sources)]


@pytest.mark.parametrize(("top", "parameter"), VARIANTS)
def test_verilator_lint(top: str, parameter: str) -> None:
    require("verilator")
    root = verilator_root()
    assert root is not None
    flags = ["--lint-only", "-Wall", "--timing", "--default-language", "1364-2005", "--top-module", top]
    if parameter:
        flags.append(f"-G{parameter}")
    environment = tool_environment({"VERILATOR_ROOT": str(root)})
    _lint([str(root / "bin" / "verilator_bin"), *flags, *_arguments(top, "-I")], environment)


@pytest.mark.needs("iverilog")
@pytest.mark.parametrize(("top", "parameter"), VARIANTS)
def test_icarus_lint(top: str, parameter: str) -> None:
    overrides = [f"-P{top}.{parameter}"] if parameter else []
    command = ["iverilog", "-g2005", "-Wall", "-t", "null", "-s", top, *overrides, *_arguments(top, "-I")]
    _lint(command, tool_environment())


@pytest.mark.parametrize("path", VERILOG, ids=lambda path: str(path.relative_to(ROOT)))
def test_waivers_say_why(path: Path) -> None:
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        if "lint_off" in line:
            around = " ".join(lines[max(0, number - 3) : number + 1])
            prose = re.sub(r"/\*.*?\*/", "", around)
            assert re.search(r"//.*\w+ \w+ \w+", prose), f"{path.name}:{number + 1}: a waiver without a reason"


@pytest.mark.parametrize("path", VERILOG, ids=lambda path: str(path.relative_to(ROOT)))
def test_one_module_a_file(path: Path) -> None:
    if path.suffix == ".v":
        modules = re.findall(r"^\s*module\s+(\w+)", path.read_text(), flags=re.MULTILINE)
        assert modules == [path.stem]
