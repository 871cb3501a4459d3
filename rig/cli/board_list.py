"""``rig board list`` and ``rig board scan``: which kinds of board there are, and which boards."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rig.boards import inventory
from rig.boards.scan import scan, write_files
from rig.cli.json_output import print_json
from rig.errors import ExitCode


def _console() -> Console:
    return Console(highlight=False)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=column != "what it is")
    return table


def show_list(attached: Path, *, as_json: bool) -> ExitCode:
    """Print kinds and attached boards."""
    kinds, boards = inventory.kinds(), inventory.attached(attached)
    if as_json:
        print_json(
            {
                "kinds": [kind.model_dump(by_alias=True) for kind in kinds.values()],
                "boards": [board.model_dump(by_alias=True) for board in boards.values()],
            }
        )
        return ExitCode.PASSED
    table = _table("kind", "bitstream", "simulated", "hardware", "what it is")
    for kind in kinds.values():
        status = kind.status
        table.add_row(kind.kind, status.bitstream, status.simulated, status.hardware, escape(kind.title))
    console = _console()
    console.print(table)
    console.print()
    if not boards:
        console.print(f"no board in {attached}: `rig board scan --write` looks for some")
        return ExitCode.PASSED
    table = _table("board", "kind", "found by")
    for board in boards.values():
        table.add_row(board.name, board.kind, escape(board.port or f"USB serial number {board.usb_serial}"))
    console.print(table)
    return ExitCode.PASSED


def show_scan(attached: Path, *, write: bool, as_json: bool) -> ExitCode:
    """Look for boards, print what was found, and write files if asked to."""
    findings = scan(inventory.ports(), list(inventory.kinds().values()), list(inventory.attached(attached).values()))
    written = write_files(findings, attached) if write else []
    if as_json:
        print_json({"rows": [item.as_dict() for item in findings], "written": [str(path) for path in written]})
    else:
        console = _console()
        table = _table("port", "usb", "serial number", "may be", "proposal", "remark")
        for item in findings:
            port = item.port
            table.add_row(
                port.device, port.usb or "-", port.serial or "-", ", ".join(item.kinds) or "-",
                item.known_as or item.proposal or "-", item.remark,
            )  # fmt: skip
        if findings:
            console.print(table)
        else:
            console.print("this machine has no serial port: plug a board in, or use `rig board virtual --fast`")
        for path in written:
            console.print(f"written: {path}")
        if not write and any(item.proposal for item in findings):
            console.print("`rig board scan --write` writes the proposals")
    return ExitCode.PASSED if findings else ExitCode.NOTHING_RAN
