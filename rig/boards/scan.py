"""Look for boards on this machine and propose files for them; what is there already is never overwritten."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rig.boards.inventory import PortFacts, kinds_of
from rig.config.board import AttachedBoard, BoardKind, load_attached
from rig.errors import RigError, UsageError

COMMENT = "# Found by `rig board scan --write`; edit as you like, it is not written again.\n"


@dataclass(frozen=True, slots=True)
class Finding:
    """A port, and what it may be."""

    port: PortFacts
    kinds: tuple[str, ...]
    known_as: str | None
    """The attached board that this is already."""
    proposal: str | None
    """Name of the file that would be written; None: nothing to write."""
    remark: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON takes it."""
        return asdict(self)


def scan(present: Sequence[PortFacts], known: Sequence[BoardKind], boards: Sequence[AttachedBoard]) -> list[Finding]:
    """Judge every port."""
    taken = {board.name for board in boards}
    adaptors: dict[tuple[str | None, str], str] = {}  # that have been proposed, by ids and serial number
    findings = []
    for port in present:
        fitting = kinds_of(port, known)
        candidates = tuple(kind.kind for kind in fitting)
        owner = next(
            (
                board.name
                for board in boards
                if (board.port == port.device) or (board.usb_serial is not None and board.usb_serial == port.serial)
            ),
            None,
        )
        proposal, remark = None, ""
        if owner is not None:
            remark = "known"
        elif not candidates:
            remark = "no kind of board has these USB ids" if port.usb else "no USB adaptor"
        elif len(candidates) > 1:
            remark = "may be any of these; write its file by hand (configs/attached/README.md)"
        elif port.interface is not None and fitting[0].usb_interface not in (None, port.interface):
            remark = f"another channel of its adaptor: the serial line of this kind is on {fitting[0].usb_interface}"
        elif port.serial is not None and (port.usb, port.serial) in adaptors:
            remark = f"another port of {adaptors[port.usb, port.serial]}; if it is this one, write `port:` there"
        else:
            stem = candidates[0].split("-")[0]
            names = itertools.chain([stem], (f"{stem}{number}" for number in itertools.count(2)))
            proposal = next(name for name in names if name not in taken)
            taken.add(proposal)
            if port.serial is not None:
                adaptors[port.usb, port.serial] = proposal
            else:
                remark = "no serial number: found again by the name of its port only"
        findings.append(Finding(port, candidates, owner, proposal, remark))
    return findings


def write_files(findings: Sequence[Finding], folder: Path) -> list[Path]:
    """Write the file of every proposal and return them; each loads unchanged.

    :class:`~rig.errors.UsageError` if one cannot be written. A file that exists is left alone.
    """
    written = []
    for finding in findings:
        if finding.proposal is None:
            continue
        path = folder / f"{finding.proposal}.yaml"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(_text(finding))
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from error
        try:
            load_attached(path)
        except RigError:
            path.unlink()
            raise
        written.append(path)
    return written


def _text(finding: Finding) -> str:
    port = finding.port
    lines = ["schema: 1", f"name: {finding.proposal}", f"kind: {finding.kinds[0]}", f'usb: "{port.usb}"']
    lines.append(f"port: {port.device}" if port.serial is None else f'usb_serial: "{_quoted(port.serial)}"')
    if port.serial is not None and port.interface:
        lines.append(f"usb_interface: {port.interface}")
    return COMMENT + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
