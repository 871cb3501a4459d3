"""What is generated from the register map: Verilog constants, Python names and the table in the documentation.

Verilog and Python share their names. ``REG_<NAME>`` is a byte offset (of the first instance where there are several),
``<REG>_<FIELD>_LSB`` and ``_WIDTH`` place a field, ``<REG>_RESET`` is a reset value, ``WIN_<NAME>`` and ``_OCTETS`` a
window, ``CNT_<NAME>`` the word index of a counter. Python adds ``<REG>_<FIELD>``, the mask of a field in place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rig.adapter.regmap import WORD_OCTETS, Register, RegisterMap, Structure

ROOT = Path(__file__).resolve().parents[2]
VERILOG_FILE = ROOT / "hdl" / "include" / "nic_regmap.vh"
PYTHON_FILE = ROOT / "rig" / "adapter" / "registers.py"
MARKDOWN_FILE = ROOT / "docs" / "registers.md"

_SOURCE = "rig/adapter/regmap.yaml"
_COMMAND = "python -m rig.adapter.regmap"
_STRUCT_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


def outputs(regmap: RegisterMap) -> dict[Path, str]:
    """Return the text of every generated file."""
    return {VERILOG_FILE: verilog(regmap), PYTHON_FILE: python(regmap), MARKDOWN_FILE: markdown(regmap)}


def counter_constant(name: str) -> str:
    """Return the constant's name for a clause 30 name: ``aCollisionFrames[1]`` gives ``CNT_ACOLLISIONFRAMES_1``."""
    return "CNT_" + re.sub(r"\[(\d+)\]", r"_\1", name).upper()


def _slots(regmap: RegisterMap) -> Iterator[tuple[str, int]]:
    """Yield stride and count of each group of registers that come several times, named by their common prefix."""
    seen: set[str] = set()
    for register in regmap.registers:
        prefix = register.name.split("_", 1)[0]
        if register.count > 1 and prefix not in seen:
            seen.add(prefix)
            yield f"{prefix}_SLOT_STRIDE", register.stride
            yield f"{prefix}_SLOT_COUNT", register.count


def verilog(regmap: RegisterMap) -> str:
    """Return ``nic_regmap.vh``: localparams, to be included inside a module."""
    width = (regmap.address_octets - 1).bit_length()
    lines = [
        f"// Generated from {_SOURCE} by `{_COMMAND}`; do not edit.",
        "// Constants of the register map, for inclusion inside a module. REG_ and WIN_ are byte addresses, _LSB and",
        "// _WIDTH place a field, CNT_ is a word index within the counters, RX_HEADER_ an octet offset in a receive",
        "// header, RX_STATUS_ a bit number in its status.",
        "",
        "// Every module that includes this file uses some of the constants only, which is no mistake.",
        "/* verilator lint_off UNUSEDPARAM */",
        f"localparam [31:0] MAP_HASH = 32'h{regmap.hash32:08X};",
        f"localparam integer MAP_VERSION = {regmap.version};",
    ]
    for register in regmap.registers:
        lines += ["", f"localparam [{width - 1}:0] REG_{register.name} = {width}'h{register.offset:04X};"]
        lines.append(f"localparam [31:0] {register.name}_RESET = 32'h{register.reset:08X};")
        for field in register.fields:
            lines.append(f"localparam integer {register.name}_{field.name}_LSB = {field.lsb};")
            lines.append(f"localparam integer {register.name}_{field.name}_WIDTH = {field.width};")
    lines.append("")
    lines += [f"localparam integer {name} = {value};" for name, value in _slots(regmap)]
    lines.append("")
    for window in regmap.windows:
        lines.append(f"localparam [{width - 1}:0] WIN_{window.name} = {width}'h{window.offset:04X};")
        lines.append(f"localparam integer WIN_{window.name}_OCTETS = {window.octets};")
    lines.append("")
    lines += [f"localparam integer {counter_constant(c.name)} = {c.index};" for c in regmap.counters]
    for structure in regmap.structures:
        lines += ["", f"localparam integer {structure.name}_OCTETS = {structure.octets};"]
        lines += [f"localparam integer {structure.name}_{field.name} = {field.offset};" for field in structure.fields]
    for bits in regmap.bitfields:
        lines.append("")
        lines += [f"localparam integer {bits.name}_{name} = {bit};" for name, bit in bits.bits.items()]
    lines.append("/* verilator lint_on UNUSEDPARAM */")
    return "\n".join(lines) + "\n"


def _struct_format(structure: Structure) -> str:
    """Return the format of :mod:`struct` for a structure, gaps as padding."""
    text, end = "<", 0
    for field in structure.fields:
        if field.offset > end:
            text += f"{field.offset - end}x"
        text += _STRUCT_CODES[field.octets]
        end = field.offset + field.octets
    return text + (f"{structure.octets - end}x" if structure.octets > end else "")


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def python(regmap: RegisterMap) -> str:
    """Return ``registers.py``: the same constants as in Verilog, and the masks of fields."""
    lines = [
        f'"""The names of the register map, generated from {_SOURCE}; do not edit.',
        "",
        f"``{_COMMAND}`` writes it. ``REG_`` is a byte offset, ``<REG>_<FIELD>`` the mask of a field in",
        "place, ``WIN_`` the offset of a window, ``CNT_`` a word index within the counters. Long because it holds",
        "every name.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from enum import IntFlag",
        "from types import MappingProxyType",
        "from typing import Final",
        "",
        f"MAP_HASH: Final = 0x{regmap.hash32:08X}",
        f'MAP_SHA256: Final = "{regmap.sha256}"',
        f"MAP_VERSION: Final = {regmap.version}",
        f"ADDRESS_OCTETS: Final = 0x{regmap.address_octets:X}",
    ]
    for register in regmap.registers:
        lines += ["", f"REG_{register.name}: Final = 0x{register.offset:04X}"]
        lines.append(f"{register.name}_RESET: Final = 0x{register.reset:08X}")
        for field in register.fields:
            name = f"{register.name}_{field.name}"
            lines.append(f"{name}: Final = 0x{field.mask:08X}")
            if field.width > 1:
                lines += [f"{name}_LSB: Final = {field.lsb}", f"{name}_WIDTH: Final = {field.width}"]
    lines.append("")
    lines += [f"{name}: Final = {value}" for name, value in _slots(regmap)]
    lines.append("")
    for window in regmap.windows:
        lines.append(f"WIN_{window.name}: Final = 0x{window.offset:04X}")
        lines.append(f"WIN_{window.name}_OCTETS: Final = {window.octets}")
    lines.append("")
    lines += [f"{counter_constant(c.name)}: Final = {c.index}" for c in regmap.counters]
    lines += ["", "COUNTER_NAMES: Final = MappingProxyType(", "    {"]
    lines += [f'        {counter.index}: "{counter.name}",' for counter in regmap.counters]
    lines += ["    }", ")", '"""Word index within the counters to clause 30 name."""']
    for structure in regmap.structures:
        lines += ["", f"{structure.name}_OCTETS: Final = {structure.octets}"]
        lines += [f"{structure.name}_{field.name}: Final = {field.offset}" for field in structure.fields]
        lines.append(f'{structure.name}_FORMAT: Final = "{_struct_format(structure)}"')
        order = ", ".join(field.name for field in structure.fields)
        lines.append(f'"""For :mod:`struct`: {order}."""')
    for bits in regmap.bitfields:
        lines += ["", "", f"class {_class_name(bits.name)}(IntFlag):", f'    """{bits.doc.capitalize()}"""', ""]
        lines += [f"    {name} = 1 << {bit}" for name, bit in bits.bits.items()]
    return "\n".join(lines) + "\n"


def _bit_range(lsb: int, width: int) -> str:
    return f"{lsb}" if width == 1 else f"{lsb + width - 1}..{lsb}"


def _offset_text(register: Register) -> str:
    text = f"0x{register.offset:03X}"
    return text if register.count == 1 else f"{text} + 0x{register.stride:X} n, n < {register.count}"


def markdown(regmap: RegisterMap) -> str:
    """Return ``registers.md``: one table of registers, one of fields for each, windows, counters and structures."""
    lines = [
        "# Register map",
        "",
        f"Generated from `{_SOURCE}` by `{_COMMAND}`; do not edit. Theory of operation: [adapter.md](adapter.md).",
        "",
        "Byte addresses of 32-bit little-endian words. `ro`: a write is a bus error; `rw`: read and write; `w1c`: a",
        "written 1 clears the bit. Bits that no field names read 0.",
        "",
        f"Version {regmap.version}; MAP_HASH `0x{regmap.hash32:08X}`; SHA-256 of the canonical JSON `{regmap.sha256}`.",
        "",
        "| offset | register | access | reset | |",
        "|---|---|---|---|---|",
    ]
    for register in regmap.registers:
        name = f"[{register.name}](#{register.name.lower()})" if register.fields else register.name
        lines.append(
            f"| {_offset_text(register)} | {name} | {register.access} | 0x{register.reset:08X} | {register.doc} |"
        )
    lines += ["", "| offset | window | access | octets | |", "|---|---|---|---|---|"]
    for window in regmap.windows:
        lines.append(f"| 0x{window.offset:04X} | {window.name} | {window.access} | {window.octets} | {window.doc} |")
    lines += ["", "## Fields"]
    for register in regmap.registers:
        if register.fields:
            lines += ["", f"### {register.name}", "", "| bits | field | unit | |", "|---|---|---|---|"]
            for field in register.fields:
                lines.append(f"| {_bit_range(field.lsb, field.width)} | {field.name} | {field.unit} | {field.doc} |")
    counters = regmap.window("COUNTERS")
    lines += ["", "## Counters", "", "Clause 30 names; 32 bits, wrapping.", "", "| offset | counter |", "|---|---|"]
    lines += [f"| 0x{counters.offset + WORD_OCTETS * c.index:03X} | {c.name} |" for c in regmap.counters]
    for structure in regmap.structures:
        lines += ["", f"## {structure.name}", "", f"{structure.octets} octets. {structure.doc}", ""]
        lines += ["| offset | octets | field | |", "|---|---|---|---|"]
        lines += [f"| {field.offset} | {field.octets} | {field.name} | {field.doc} |" for field in structure.fields]
    for bits in regmap.bitfields:
        lines += ["", f"## {bits.name}", "", bits.doc, "", "| bit | |", "|---|---|"]
        lines += [f"| {bit} | {name} |" for name, bit in bits.bits.items()]
    return "\n".join(lines) + "\n"
