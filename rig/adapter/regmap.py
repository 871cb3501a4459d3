"""The register map as data: loads ``regmap.yaml`` strictly and answers questions about it.

``python -m rig.adapter.regmap`` writes everything that is generated from the map (Verilog constants, Python names, the
documentation table); ``--check`` says what is out of date. Drivers and models use the generated names in
``registers.py``; this module is for generators and for tests that walk the whole map.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import yaml

from rig.errors import ConfigError

MAP_FILE = Path(__file__).with_name("regmap.yaml")
ACCESS_KINDS = ("ro", "rw", "w1c", "wo")
WORD_OCTETS = 4
WORD_BITS = 32


@dataclass(frozen=True, slots=True)
class Field:
    """Bits ``lsb`` .. ``lsb + width - 1`` of a register; ``unit`` is what one step counts, empty for plain numbers."""

    name: str
    lsb: int
    width: int
    doc: str
    unit: str = ""

    @property
    def mask(self) -> int:
        """The bits of the field, in place."""
        return ((1 << self.width) - 1) << self.lsb

    def get(self, word: int) -> int:
        """Return the value of the field in a register value."""
        return (word & self.mask) >> self.lsb

    def set(self, word: int, value: int) -> int:
        """Return a register value with the field replaced; :class:`ValueError` if ``value`` does not fit."""
        if not 0 <= value < 1 << self.width:
            raise ValueError(f"{self.name} has {self.width} bits; {value} does not fit")
        return word & ~self.mask | value << self.lsb


@dataclass(frozen=True, slots=True)
class Register:
    """A 32-bit word, or ``count`` of them ``stride`` octets apart."""

    name: str
    offset: int
    access: str
    reset: int
    doc: str
    fields: tuple[Field, ...] = ()
    count: int = 1
    stride: int = 0

    @property
    def mask(self) -> int:
        """The bits that exist; all of them where the map names no fields."""
        mask = 0
        for field in self.fields:
            mask |= field.mask
        return mask if self.fields else (1 << WORD_BITS) - 1

    def field(self, name: str) -> Field:
        """Return the field of that name; :class:`KeyError` if there is none."""
        return _by_name(self.fields, name, f"a field of {self.name}")

    def offsets(self) -> tuple[int, ...]:
        """Return the byte address of each instance."""
        return tuple(self.offset + index * self.stride for index in range(self.count))


@dataclass(frozen=True, slots=True)
class Window:
    """``octets`` octets of address space from ``offset`` on that are no registers."""

    name: str
    offset: int
    octets: int
    access: str
    doc: str


@dataclass(frozen=True, slots=True)
class Counter:
    """The management counter in word ``index`` of the COUNTERS window, by its IEEE Std 802.3 clause 30 name."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class StructureField:
    """A little-endian number within a structure in the buffer memory."""

    name: str
    offset: int
    octets: int
    doc: str


@dataclass(frozen=True, slots=True)
class Structure:
    """A record of ``octets`` octets in the buffer memory; octets that no field names are zero."""

    name: str
    octets: int
    doc: str
    fields: tuple[StructureField, ...]


@dataclass(frozen=True, slots=True)
class Bits:
    """Named bits of a structure's field: name to bit number."""

    name: str
    doc: str
    bits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """The whole map. ``sha256`` is the hexadecimal SHA-256 of its canonical JSON: sorted keys, no spaces, ASCII."""

    version: int
    address_octets: int
    registers: tuple[Register, ...]
    windows: tuple[Window, ...]
    counters: tuple[Counter, ...]
    structures: tuple[Structure, ...]
    bitfields: tuple[Bits, ...]
    sha256: str

    @property
    def hash32(self) -> int:
        """The first 32 bits of the hash: what an adapter reports in MAP_HASH."""
        return int(self.sha256[:8], 16)

    def register(self, name: str) -> Register:
        """Return the register of that name; :class:`KeyError` if there is none."""
        return _by_name(self.registers, name, "a register")

    def window(self, name: str) -> Window:
        """Return the window of that name; :class:`KeyError` if there is none."""
        return _by_name(self.windows, name, "a window")

    def structure(self, name: str) -> Structure:
        """Return the structure of that name; :class:`KeyError` if there is none."""
        return _by_name(self.structures, name, "a structure")

    def words(self) -> Iterator[tuple[int, Register | Window]]:
        """Yield (byte address, what it belongs to) for every word that exists."""
        for register in self.registers:
            for offset in register.offsets():
                yield offset, register
        for window in self.windows:
            for offset in range(window.offset, window.offset + window.octets, WORD_OCTETS):
                yield offset, window


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def _by_name(items: tuple[N, ...], name: str, what: str) -> N:
    for item in items:
        if item.name == name:
            return item
    raise KeyError(f"{name} is not {what}")


class _StrictLoader(yaml.SafeLoader):
    """Refuses duplicate keys, which YAML readers otherwise resolve in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                mark = key_node.start_mark
                raise ConfigError(f"duplicate key {key!r}", file=str(mark.name), line=mark.line + 1)
            seen.add(key)
        return cast("dict[Any, Any]", super().construct_mapping(node, deep))


class _Reader:
    """Takes typed values out of parsed YAML and says where one is wrong."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)

    def error(self, path: str, problem: str, expected: str = "", got: str = "") -> ConfigError:
        return ConfigError(problem, file=self.file, key_path=path, expected=expected, got=got)

    def record(self, value: object, path: str, required: Mapping[str, type], optional: Mapping[str, type]) -> Any:
        """Return ``value`` if it is a mapping with exactly these keys, of these types."""
        if not isinstance(value, dict):
            raise self.error(path, "not a mapping", got=repr(value))
        for key in value:
            if key not in required and key not in optional:
                raise self.error(f"{path}.{key}", "unknown key", expected=", ".join([*required, *optional]))
        for key, kind in {**required, **optional}.items():
            if key not in value:
                if key in required:
                    raise self.error(f"{path}.{key}", "missing")
            elif type(value[key]) is not kind:  # not isinstance: True is an int
                raise self.error(f"{path}.{key}", "wrong type", expected=kind.__name__, got=repr(value[key]))
        return value


def load(file: Path = MAP_FILE) -> RegisterMap:
    """Read a register map and check it; :class:`~rig.errors.ConfigError` says what is wrong and where.

    Checked: keys and types, unique names, alignment, that nothing overlaps or leaves the address space, that fields
    lie in their register without overlap, and that reset values fit the fields.
    """
    reader = _Reader(file)
    try:
        text = file.read_text(encoding="utf-8")
        loader = _StrictLoader(text)
        loader.name = str(file)
        data = loader.get_single_data()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(file)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise ConfigError(getattr(error, "problem", None) or "no YAML", file=str(file), line=line) from error
    lists = ("registers", "windows", "counters", "structures", "bitfields")
    reader.record(data, "map", {"version": int, "address_octets": int, **dict.fromkeys(lists, list)}, {})
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    regmap = RegisterMap(
        version=data["version"],
        address_octets=data["address_octets"],
        registers=tuple(_register(reader, item, f"registers[{i}]") for i, item in enumerate(data["registers"])),
        windows=tuple(_window(reader, item, f"windows[{i}]") for i, item in enumerate(data["windows"])),
        counters=tuple(
            Counter(**reader.record(item, f"counters[{i}]", {"index": int, "name": str}, {}))
            for i, item in enumerate(data["counters"])
        ),
        structures=tuple(_structure(reader, item, f"structures[{i}]") for i, item in enumerate(data["structures"])),
        bitfields=tuple(
            Bits(**reader.record(item, f"bitfields[{i}]", {"name": str, "doc": str, "bits": dict}, {}))
            for i, item in enumerate(data["bitfields"])
        ),
        sha256=hashlib.sha256(canonical.encode("ascii")).hexdigest(),
    )
    _check(reader, regmap)
    return regmap


def _register(reader: _Reader, item: object, path: str) -> Register:
    required = {"name": str, "offset": int, "access": str, "reset": int, "doc": str}
    values = dict(reader.record(item, path, required, {"fields": list, "count": int, "stride": int}))
    fields: list[Field] = []
    used = 0
    for i, raw in enumerate(values.pop("fields", [])):
        where = f"{path}.fields[{i}]"
        field = Field(**reader.record(raw, where, {"name": str, "lsb": int, "width": int, "doc": str}, {"unit": str}))
        if field.lsb < 0 or field.width < 1 or field.lsb + field.width > WORD_BITS:
            raise reader.error(where, f"{field.name} is not within the register", expected=f"bits 0 to {WORD_BITS - 1}")
        if field.mask & used:
            raise reader.error(where, f"{field.name} overlaps another field")
        used |= field.mask
        fields.append(field)
    register = Register(fields=tuple(fields), **values)
    if register.access not in ACCESS_KINDS:
        raise reader.error(f"{path}.access", "unknown", expected=", ".join(ACCESS_KINDS), got=register.access)
    if not 0 <= register.reset < 1 << WORD_BITS or register.reset & ~register.mask:
        raise reader.error(f"{path}.reset", "sets bits that no field has", got=f"{register.reset:#010x}")
    if register.count < 1 or (register.count > 1 and (register.stride < WORD_OCTETS or register.stride % WORD_OCTETS)):
        raise reader.error(path, "count or stride is impossible", expected="count >= 1 and a stride of whole words")
    return register


def _window(reader: _Reader, item: object, path: str) -> Window:
    required = {"name": str, "offset": int, "octets": int, "access": str, "doc": str}
    window = Window(**reader.record(item, path, required, {}))
    if window.access not in ACCESS_KINDS:
        raise reader.error(f"{path}.access", "unknown", expected=", ".join(ACCESS_KINDS), got=window.access)
    if window.octets < WORD_OCTETS or window.octets % WORD_OCTETS:
        raise reader.error(f"{path}.octets", "is not a whole number of words", got=str(window.octets))
    return window


def _structure(reader: _Reader, item: object, path: str) -> Structure:
    values = reader.record(item, path, {"name": str, "octets": int, "doc": str, "fields": list}, {})
    required = {"name": str, "offset": int, "octets": int, "doc": str}
    fields = tuple(
        StructureField(**reader.record(raw, f"{path}.fields[{i}]", required, {}))
        for i, raw in enumerate(values["fields"])
    )
    end = 0
    for field in fields:
        if field.offset < end or field.octets not in (1, 2, 4, 8) or field.offset + field.octets > values["octets"]:
            raise reader.error(path, f"{field.name} overlaps, leaves the structure, or is no 1, 2, 4 or 8 octets")
        end = field.offset + field.octets
    return Structure(name=values["name"], octets=values["octets"], doc=values["doc"], fields=fields)


def _check(reader: _Reader, regmap: RegisterMap) -> None:
    """Check what concerns more than one entry."""
    owners: dict[int, str] = {}
    for address, item in regmap.words():
        if address % WORD_OCTETS or not 0 <= address <= regmap.address_octets - WORD_OCTETS:
            raise reader.error(item.name, f"address {address:#x} is unaligned or outside the address space")
        if address in owners:
            raise reader.error(item.name, f"address {address:#x} belongs to {owners[address]} too")
        owners[address] = item.name
    for group in (regmap.registers, regmap.windows, regmap.counters, regmap.structures, regmap.bitfields):
        names = [item.name for item in cast("tuple[Register, ...]", group)]
        for name in names:
            if names.count(name) > 1:
                raise reader.error(name, "the name is used twice")
    indices = [counter.index for counter in regmap.counters]
    room = regmap.window("COUNTERS").octets // WORD_OCTETS
    for index in indices:
        if not 0 <= index < room or indices.count(index) > 1:
            raise reader.error(f"counters.{index}", "index is used twice or outside the window")


def main(arguments: list[str]) -> int:
    """Write the generated files, or with ``--check`` only compare; return the exit code of the command."""
    from rig.adapter.regmap_outputs import outputs

    if arguments not in ([], ["--check"]):
        print("usage: python -m rig.adapter.regmap [--check]", file=sys.stderr)
        return 2
    stale = 0
    for path, text in outputs(load()).items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if arguments:
            print(f"{path} does not match {MAP_FILE.name}; run python -m rig.adapter.regmap", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
