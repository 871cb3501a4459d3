"""The device file: another adapter in Verilog under the rig's benches, in place of ``nic_mii``.

It says what the top is called, where its sources are, and in what its ports differ from those of ``nic_mii``. What a
key does not say is as there. The registers behind the bus are this project's, whatever the device is; docs/devices.md
tells what that asks of it. Paths are relative to the folder of the file.

Shape and range are held here; whether the top has the ports and parameters is for :mod:`rig.regress.device.inspect`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rig.config.fields import Name
from rig.config.strict_yaml import Document, read_document
from rig.config.validation import Strict, validate

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_HIERARCHY = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\[\d+\])?(\.[A-Za-z_][A-Za-z0-9_$]*(\[\d+\])?)*")
_LITERAL = re.compile(r"(\d+)?'[sS]?[bBoOdDhH][0-9a-fA-F_]+|\"[^\"\\\n]*\"")
BENCH_PARAMETERS = ("BUFFER_PAGES", "BUS_HZ", "TX_SLOTS")
"""What a bench can tell an adapter: pages of buffer memory, the frequency of the bus clock, transmit slots."""


def _identifier(text: str) -> str:
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError(f"{text!r} is no name in Verilog; write a letter or _, then letters, digits, _ and $")
    return text


def _hierarchy(text: str) -> str:
    if not _HIERARCHY.fullmatch(text):
        raise ValueError(f"{text!r} is no path in Verilog; write it from the top on, as in host.counters.memory")
    return text


def _parameter(value: int | str) -> int | str:
    if isinstance(value, str) and value not in BENCH_PARAMETERS and not _LITERAL.fullmatch(value):
        raise ValueError(
            f"{value!r} is no value of a parameter; write a number, a Verilog literal such as 8'h1F or '\"text\"', or"
            f" what the bench gives: {', '.join(BENCH_PARAMETERS)}"
        )
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
Hierarchy = Annotated[str, AfterValidator(_hierarchy)]
ParameterValue = Annotated[int | str, AfterValidator(_parameter)]
PathText = Annotated[str, Field(min_length=1)]


class DeviceConfig(Strict):
    """A whole file. ``name`` is what results call the device; ``top`` is its module.

    ``base`` names one of this project's file lists; of its sources those are left out whose file name is that of one of
    ``files``. ``files`` are sources, or file lists (``.f``); ``include`` are the folders of their include files.
    ``parameters`` are those that are set at all: to a number, a literal, or the name of what the bench gives.
    """

    schema_: Literal[1] = Field(alias="schema")
    name: Name
    title: str = ""
    top: Identifier = "nic_mii"
    base: Identifier | None = None
    files: list[PathText] = Field(default=[], max_length=10_000)
    include: list[PathText] = Field(default=[], max_length=100)
    parameters: dict[Identifier, ParameterValue] = Field(default={name: name for name in BENCH_PARAMETERS})
    ports: dict[str, Identifier | None] = Field(default={})
    """What a port of ``nic_mii`` is called here; null: it is not there."""
    ties: dict[Identifier, int] = Field(default={})
    """Inputs that ``nic_mii`` has not, and what they are held at."""
    counters: Hierarchy | None = None
    """Memory of the management counters below the top, 32 bits a word: the back door that brings one to its wrap."""


def load_device(path: Path) -> tuple[DeviceConfig, Document]:
    """Read a device file; :class:`~rig.errors.ConfigError` for whatever is wrong with it.

    The document is for errors about what the file names.
    """
    document = read_document(path)
    config = validate(document, DeviceConfig)
    if config.base is None and not config.files:
        raise document.error(
            "the device has no sources", expected="files: [...], or base: nic_mii for those of this project, or both"
        )
    return config, document
