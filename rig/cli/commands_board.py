"""The commands ``rig board ...``: their arguments. The work is in ``board.py``."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rig.cli import commands_board_build

Board = Annotated[
    str, typer.Argument(metavar="BOARD", help="An attached board by name, or a port: /dev/ttyUSB0, socket://host:2217.")
]
Attached = Annotated[Path, typer.Option("--attached", metavar="DIR", help="Where the files of attached boards are.")]
Wait = Annotated[
    float, typer.Option("--wait", min=0, max=86_400, metavar="S", help="How long to wait for a board that is in use.")
]
Baud = Annotated[
    int | None, typer.Option("--baud", min=1200, max=12_000_000, metavar="N", help="Instead of that of its kind.")
]
RtsCts = Annotated[
    bool | None,
    typer.Option("--rts-cts/--no-rts-cts", help="Let RTS and CTS hold up who sends too fast; else as its files say."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Duration = Annotated[
    float | None, typer.Option("--for", min=0.1, max=86_400, metavar="S", help="End after so many seconds.")
]
DeviceDuration = Annotated[
    float | None,
    typer.Option("--for", min=0.1, max=86_400, metavar="S", help="End after so many seconds of device time."),
]
ATTACHED = Path("configs/attached")
WAIT_S = 10.0


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    board = typer.Typer(
        help="Boards: find, flash, test and look into them; or have virtual ones.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    commands: dict[str, Callable[..., None]] = {
        "list": list_, "scan": scan, "flash": flash, "test": test, "console": console, "reg": reg, "irq": irq,
        "safe": safe, "faults": faults, "virtual": virtual,
    }  # fmt: skip
    for name, command in commands.items():
        board.command(name)(command)
    commands_board_build.add_to(board)
    app.add_typer(board, name="board")


def list_(attached: Attached = ATTACHED, as_json: Json = False) -> None:
    """List the kinds of board, what is known to work on each, and the boards of this machine."""
    from rig.cli.board_list import show_list

    raise typer.Exit(int(show_list(attached, as_json=as_json)))


def scan(
    write: Annotated[bool, typer.Option("--write", help="Write a file for each new board; overwrites none.")] = False,
    attached: Attached = ATTACHED,
    as_json: Json = False,
) -> None:
    """Look for boards on the USB ports of this machine."""
    from rig.cli.board_list import show_scan

    raise typer.Exit(int(show_scan(attached, write=write, as_json=as_json)))


def flash(
    board: Board,
    bitstream: Annotated[
        Path | None, typer.Option("--bitstream", metavar="FILE", help="Instead of that of the kind's last build.")
    ] = None,
    persistent: Annotated[
        bool, typer.Option("--persistent", help="Into the flash memory, to be there after the next power-on.")
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="What kind of board is on a port that was named.")
    ] = None,
    greet: Annotated[bool, typer.Option(help="See whether the board greets afterwards.")] = True,
    attached: Attached = ATTACHED,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Put a bitstream into a board with openFPGALoader. Exit code 3 when that fails."""
    from rig.cli.board import FlashOptions, show_flash

    options = FlashOptions(board, bitstream, persistent, kind, greet, attached, wait, as_json)
    raise typer.Exit(int(show_flash(options)))


def test(
    board: Board,
    select: Annotated[
        str | None,
        typer.Option("--select", metavar="EXPR", help="Then run the hardware tests that this expression selects."),
    ] = None,
    attached: Attached = ATTACHED,
    wait: Wait = WAIT_S,
    baud: Baud = None,
    rts_cts: RtsCts = None,
    as_json: Json = False,
) -> None:
    """Check a board out: greeting, registers, memory, ROM, interrupt, loopback, link; then a selection of tests."""
    from rig.cli.board import Choice, show_test

    raise typer.Exit(int(show_test(Choice(board, attached, baud, rts_cts, wait), select, as_json=as_json)))


def console(
    board: Board,
    log: Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Append the lines to this file.")] = None,
    duration: DeviceDuration = None,
    attached: Attached = ATTACHED,
    wait: Wait = WAIT_S,
    baud: Baud = None,
    rts_cts: RtsCts = None,
) -> None:
    """Show what the board logs, until Ctrl-C."""
    from rig.cli.board import Choice, show_console

    raise typer.Exit(int(show_console(Choice(board, attached, baud, rts_cts, wait), log, duration)))


def reg(
    board: Board,
    register: Annotated[
        str | None, typer.Argument(metavar="REGISTER", help="A name, or an address as 0x10; all if left out.")
    ] = None,
    value: Annotated[str | None, typer.Argument(metavar="VALUE", help="Write this, as 0x1F or 31.")] = None,
    attached: Attached = ATTACHED,
    wait: Wait = WAIT_S,
    baud: Baud = None,
    rts_cts: RtsCts = None,
    as_json: Json = False,
) -> None:
    """Read the registers of the adapter, or one of them, or write it."""
    from rig.cli.board import Choice, show_reg

    raise typer.Exit(int(show_reg(Choice(board, attached, baud, rts_cts, wait), register, value, as_json=as_json)))


def irq(
    board: Board,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
    count: Annotated[int | None, typer.Option("--count", min=1, metavar="N", help="End after so many changes.")] = None,
    duration: DeviceDuration = None,
    attached: Attached = ATTACHED,
    wait: Wait = WAIT_S,
    baud: Baud = None,
    rts_cts: RtsCts = None,
    as_json: Json = False,
) -> None:
    """Show the interrupt line and its causes; with --watch each change, with the device time at which it came."""
    from rig.cli.board import Choice, IrqOptions, show_irq

    choice = Choice(board, attached, baud, rts_cts, wait)
    raise typer.Exit(int(show_irq(IrqOptions(choice, watch, count, duration, as_json))))


def safe(
    board: Board,
    attached: Attached = ATTACHED,
    wait: Wait = WAIT_S,
    baud: Baud = None,
    rts_cts: RtsCts = None,
    as_json: Json = False,
) -> None:
    """Reset the adapter as power-on does: transmitter and receiver off, nothing queued."""
    from rig.cli.board import Choice, show_safe

    raise typer.Exit(int(show_safe(Choice(board, attached, baud, rts_cts, wait), as_json=as_json)))


class FarEnd(StrEnum):
    """What is behind the line."""

    TWIN = "twin"
    RTL = "rtl"


def faults(
    far_end: Annotated[
        FarEnd, typer.Option("--far-end", help="The Python twin, or the board's Verilog in a simulator.")
    ] = FarEnd.TWIN,
    transactions: Annotated[
        int | None,
        typer.Option(
            "--transactions",
            min=40,
            max=1_000_000,
            metavar="N",
            help="In each row of noise.  [default: 1000 on the twin, 200 on rtl]",
            show_default=False,
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="WORD", help="Only rows with this word in their name; may be repeated."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="R", help="Only noise, at this rate per octet.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Of the faults and of the work.")] = 1,
    as_json: Json = False,
) -> None:
    """Do to the link of a modelled board what can happen to a serial line, and count what goes wrong."""
    from rig.boards.faults import Choice
    from rig.cli.board_faults import show_faults

    count = transactions or (1000 if far_end is FarEnd.TWIN else 200)
    choice = Choice(count, seed, tuple(fault or ()), rate)
    raise typer.Exit(int(show_faults(choice, far_end.value, as_json=as_json)))


def virtual(
    board: Annotated[str, typer.Option("--board", metavar="KIND", help="The kind of board.")] = "ulx3s-lan8720",
    boards: Annotated[int, typer.Option("--boards", min=1, max=8, metavar="N", help="So many on one cable.")] = 1,
    baud: Annotated[
        int, typer.Option("--baud", min=1200, max=12_000_000, metavar="N", help="Of each line.")
    ] = 3_000_000,
    fast: Annotated[
        bool, typer.Option("--fast", help="Put Python twins behind the ports, in real time; else simulate the Verilog.")
    ] = False,
    duration: Duration = None,
    as_json: Json = False,
) -> None:
    """Offer virtual boards on pseudo-terminals, until Ctrl-C."""
    from rig.cli.board_virtual import VirtualOptions, show_virtual

    raise typer.Exit(int(show_virtual(VirtualOptions(board, boards, baud, fast, duration, as_json))))
