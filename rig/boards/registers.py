"""Registers of a board by name, with their fields told apart, for people who look into one."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from rig.adapter.bus import AdapterBus, Operation, Read32, Write32
from rig.adapter.registers import REG_INT_STATUS
from rig.adapter.regmap import Register, load
from rig.errors import BusError, UsageError


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """A register as it was read. ``text`` names its fields."""

    name: str
    address: int
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class IrqFacts:
    """The interrupt line, and the causes where they were read. ``time_ns`` is device time; None: of now."""

    is_asserted: bool
    causes: str
    time_ns: int | None = None
    lost: int = 0


def _named() -> Iterator[tuple[str, int, Register]]:
    """Yield every register that can be read or written, an array's members with their number."""
    for register in load().registers:
        for number, offset in enumerate(register.offsets()):
            yield (register.name if register.count == 1 else f"{register.name}[{number}]"), offset, register


def _find(text: str) -> tuple[str, int, Register | None]:
    """Return name, address and register that a person means; :class:`~rig.errors.UsageError` if there is none."""
    names = {name: (name, offset, register) for name, offset, register in _named()}
    if text.upper() in names:
        return names[text.upper()]
    try:
        address = int(text, 0)
    except ValueError:
        near = difflib.get_close_matches(text.upper(), names, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"there is no register {text!r}{hint} (docs/registers.md lists them)") from None
    return next((item for item in names.values() if item[1] == address), (f"0x{address:04X}", address, None))


async def read_registers(bus: AdapterBus, which: str | None) -> list[RegisterFacts]:
    """Read one register, or all that can be read; :class:`~rig.errors.UsageError` for what the adapter refuses."""
    chosen = [_find(which)] if which is not None else [item for item in _named() if item[2].access != "wo"]
    operations: list[Operation] = [Read32(address) for _, address, _ in chosen]
    with _refusals():
        values = cast("list[int]", await bus.transaction(operations))
    return [
        RegisterFacts(name, address, value, describe(register, value))
        for (name, address, register), value in zip(chosen, values, strict=True)
    ]


async def write_register(bus: AdapterBus, which: str, value: str) -> None:
    """Write one register; :class:`~rig.errors.UsageError` for what is no number, or what the adapter refuses."""
    try:
        number = int(value, 0)
    except ValueError:
        raise UsageError(f"{value!r} is no value; write it as 0x1F or 31") from None
    with _refusals():
        await bus.transaction([Write32(_find(which)[1], number)])


@contextmanager
def _refusals() -> Iterator[None]:
    """What a person asked for and the adapter refuses is no fault of the adapter."""
    try:
        yield
    except BusError as error:
        raise UsageError(f"{error}: it is not in the map, or cannot be written (docs/registers.md tells)") from error


async def read_irq(bus: AdapterBus) -> IrqFacts:
    """Read the causes, and the line as of that reading."""
    (facts,) = await read_registers(bus, "INT_STATUS")
    assert facts.address == REG_INT_STATUS
    return IrqFacts(bus.irq.is_set(), facts.text)


def describe(register: Register | None, value: int) -> str:
    """Name the fields of a value: flags that are set by name, the others with their number."""
    if register is None:
        return ""
    words = []
    for field in register.fields:
        content = field.get(value)
        if field.width == 1:
            if content:
                words.append(field.name)
        elif len(register.fields) > 1 or field.width < 32:
            words.append(f"{field.name}={content}")
    return " ".join(words)
