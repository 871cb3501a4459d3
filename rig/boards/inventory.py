"""Which kinds of board there are, which boards this machine has, and where they are at present.

Kinds are in ``configs/boards``; ``kinds`` beside this file is a link to it, by which a package carries the same files.
Attached boards are files of a folder that a command names, ``configs/attached`` unless told otherwise.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from rig.config.board import AttachedBoard, BoardKind, load_attached, load_kind
from rig.errors import LinkError, UsageError

KINDS = Path(__file__).with_name("kinds")
ATTACHED = Path("configs/attached")


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A serial port of this machine, and what its USB adaptor says."""

    device: str
    usb: str | None = None
    """Vendor and product, as ``0403:6015``; None: no USB."""
    serial: str | None = None
    product: str = ""
    interface: int | None = None
    """Number of its USB interface, where the system tells: an adaptor with two channels is two ports."""


@dataclass(frozen=True, slots=True)
class Target:
    """A board as a command needs it. ``kind`` is None where only a port was named."""

    name: str
    kind: BoardKind | None
    baud: int
    locate: Callable[[], str]
    """Returns the port of the moment; :class:`~rig.errors.LinkError` if the board is not there."""
    key: str
    """What its lock is called: the same for everybody on this machine who means this board."""
    usb_serial: str | None = None
    timeout_ceiling_ms: int | None = None
    rts_cts: bool = False


def kinds() -> dict[str, BoardKind]:
    """Return all kinds by name."""
    return {path.stem: load_kind(path) for path in sorted(KINDS.glob("*.yaml"))}


def kind_named(name: str) -> BoardKind:
    """Return a kind; :class:`~rig.errors.UsageError` with the nearest for an unknown one."""
    known = kinds()
    if name not in known:
        raise UsageError(f"there is no kind of board {name!r}; {_nearest(name, known)}known are {', '.join(known)}")
    return known[name]


def attached(folder: Path = ATTACHED) -> dict[str, AttachedBoard]:
    """Return the attached boards of a folder by name; a folder that does not exist has none."""
    return {path.stem: load_attached(path) for path in sorted(folder.glob("*.yaml"))}


def find(
    name: str,
    *,
    baud: int | None = None,
    rts_cts: bool | None = None,
    folder: Path = ATTACHED,
    default_baud: int = 3_000_000,
) -> Target:
    """Return the board that a person names: by the name of its file, or by a port or URL.

    ``baud`` and ``rts_cts`` stand in for what its files say; None: what they say.
    :class:`~rig.errors.UsageError` for an unknown name.
    """
    if "/" in name:
        return Target(name, None, baud or default_baud, lambda: name, _key_of_port(name), rts_cts=bool(rts_cts))
    boards = attached(folder)
    if name not in boards:
        known = f"attached boards: {', '.join(boards)}" if boards else f"no file in {folder} describes one"
        raise UsageError(
            f"there is no board {name!r}; {_nearest(name, boards)}{known}; name a port as /dev/ttyUSB0 or run "
            "`rig board scan --write`"
        )
    board = boards[name]
    kind = kind_named(board.kind)
    chosen = baud or board.baud or kind.baud or default_baud
    wired = kind.rts_cts if board.rts_cts is None else board.rts_cts
    return Target(
        name, kind, chosen, lambda: locate(board, ports()),
        _key(board.usb_serial) if board.usb_serial is not None else _key_of_port(board.port or name),
        board.usb_serial, board.timeout_ceiling_ms, wired if rts_cts is None else rts_cts,
    )  # fmt: skip


def locate(board: AttachedBoard, present: Sequence[PortFacts]) -> str:
    """Return the port on which ``board`` is among ``present``; :class:`~rig.errors.LinkError` if it is not there."""
    if board.port is not None:
        return board.port
    for port in present:
        is_adaptor = port.serial == board.usb_serial and (board.usb is None or port.usb == board.usb)
        if is_adaptor and (board.usb_interface is None or port.interface in (None, board.usb_interface)):
            return port.device
    seen = ", ".join(f"{port.device} ({port.serial or 'no serial number'})" for port in present) or "none"
    raise LinkError(
        f"{board.name}: no port has the USB serial number {board.usb_serial}; ports of this machine: {seen}. Is the "
        "board plugged in?"
    )


def ports() -> list[PortFacts]:
    """Return the serial ports of this machine."""
    found = []
    for port in list_ports.comports():
        usb = None if port.vid is None else f"{port.vid:04x}:{port.pid:04x}"
        text = " ".join(part for part in (port.manufacturer, port.product) if part)
        interface = re.search(r":\d+\.(\d+)$", port.location or "")
        found.append(PortFacts(port.device, usb, port.serial_number, text, interface and int(interface[1])))
    return sorted(found, key=lambda port: port.device)


def kinds_of(port: PortFacts, known: Iterable[BoardKind]) -> list[BoardKind]:
    """Return the kinds of board that a port may belong to."""
    return [
        kind
        for kind in known
        if port.usb in kind.usb and (kind.product is None or re.search(kind.product, port.product))
    ]


def _key_of_port(port: str) -> str:
    """Return the key of a port: that of its adaptor's serial number, if it has one, under whatever name it is given."""
    device = os.path.realpath(port) if port.startswith("/") else port
    serials = (each.serial for each in ports() if os.path.realpath(each.device) == device)
    return _key(next(serials, None) or device)


def _key(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f"did you mean {near[0]!r}? " if near else ""
