"""Two kinds of file about boards: what a kind of board is (``configs/boards``), and which are attached to this machine
(``configs/attached``, written by ``rig board scan --write`` or by hand)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rig.config.strict_yaml import read_document
from rig.config.validation import Strict, validate
from rig.errors import ConfigError

_KIND = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
MAX_ID_OCTETS = 16
"""What the greeting of the link has room for."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")


def _kind(text: str) -> str:
    if not _KIND.fullmatch(text):
        raise ValueError(f"{text!r} is no kind of board; it has 1 to 32 of a-z 0-9 -")
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name; write a lower-case letter, then up to 31 of a-z 0-9 - _")
    return text


def _usb_id(text: str) -> str:
    if not _USB_ID.fullmatch(text):
        raise ValueError(f"{text!r} is no USB id; write vendor and product in hexadecimal, as '0403:6015'")
    return text


def _port(text: str) -> str:
    if not text.startswith("/") and "://" not in text:
        raise ValueError(f"{text!r} is no port; write a path as /dev/ttyUSB0, or a URL as socket://host:2217")
    return text


KindName = Annotated[str, AfterValidator(_kind)]
BoardName = Annotated[str, AfterValidator(_name)]
UsbId = Annotated[str, AfterValidator(_usb_id)]
Port = Annotated[str, AfterValidator(_port)]
Baud = Annotated[int, Field(ge=1200, le=12_000_000)]


class FlashSettings(Strict):
    """How a bitstream gets into the board. ``board`` is the name by which the tool knows it."""

    tool: Literal["openFPGALoader"] = "openFPGALoader"
    board: str
    suffix: Literal["bit", "bin"] = "bit"
    """Of the file with its bitstream."""
    timeout_s: int = Field(default=180, ge=1, le=3600)


class BoardStatus(Strict):
    """What is known to work, honestly."""

    bitstream: Literal["built", "not built", "none needed"]
    simulated: Literal["twin and Verilog", "twin", "no"]
    hardware: Literal["untried", "tried"]


class BoardKind(Strict):
    """A kind of board. ``product`` is a pattern for the text of its USB adaptor, where ids alone do not tell."""

    schema_: Literal[1] = Field(alias="schema")
    kind: KindName
    id: str | None = Field(default=None, min_length=1, max_length=MAX_ID_OCTETS)
    """What its greeting says; None: its kind."""
    title: str
    transport: Literal["serial", "interface"]
    usb: list[UsbId] = Field(default_factory=list)
    product: str | None = None
    usb_interface: int | None = Field(default=None, ge=0, le=15)
    """Of an adaptor that is several ports: on which of its interfaces the board's serial line is."""
    baud: Baud | None = None
    rts_cts: bool = False
    """Whether RTS and CTS of its serial line are wired, and hold up who sends too fast."""
    flash: FlashSettings | None = None
    status: BoardStatus
    notes: str = ""

    @property
    def greeting_id(self) -> str:
        """What the greeting of such a board says."""
        return self.id or self.kind


class AttachedBoard(Strict):
    """A board of this machine, found by the serial number of its USB adaptor or by a port that does not change."""

    schema_: Literal[1] = Field(alias="schema")
    name: BoardName
    kind: KindName
    usb: UsbId | None = None
    usb_serial: str | None = None
    usb_interface: int | None = Field(default=None, ge=0, le=15)
    """Of an adaptor that is several ports with one serial number; None: the first of them."""
    port: Port | None = None
    baud: Baud | None = None
    """None: that of its kind."""
    rts_cts: bool | None = None
    """None: as its kind."""
    timeout_ceiling_ms: int | None = Field(default=None, ge=10, le=60_000)
    """No time-out of the link grows beyond it, in device time; None: the default (``docs/board_link.md``)."""


def load_kind(path: Path) -> BoardKind:
    """Read a file about a kind of board; :class:`ConfigError` for whatever is wrong with it."""
    document = read_document(path)
    kind = validate(document, BoardKind)
    if kind.kind != path.stem:
        raise document.error("the kind is not the name of its file", ("kind",), expected=path.stem, got=kind.kind)
    if kind.transport == "serial" and len(kind.greeting_id) > MAX_ID_OCTETS:
        raise document.error(
            "the kind is too long for a greeting", ("kind",), expected=f"an id of at most {MAX_ID_OCTETS} characters"
        )
    if kind.transport == "serial" and kind.baud is None:
        raise document.error("a board on a serial port needs a baud rate", ("baud",), expected="bits per second")
    if kind.product is not None:
        try:
            re.compile(kind.product)
        except re.error as error:
            raise document.error(f"{kind.product!r} is no pattern: {error}", ("product",)) from error
    return kind


def load_attached(path: Path) -> AttachedBoard:
    """Read a file about an attached board; :class:`ConfigError` for whatever is wrong with it."""
    document = read_document(path)
    board = validate(document, AttachedBoard)
    if board.name != path.stem:
        raise document.error("the name is not that of its file", ("name",), expected=path.stem, got=board.name)
    if board.usb_serial is None and board.port is None:
        raise ConfigError(
            "nothing says where the board is", file=str(path), expected="usb_serial (run `rig board scan`), or port"
        )
    return board
