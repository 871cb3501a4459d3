"""The command ``rig board build``."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command to the parser of ``rig board``."""
    app.command("build")(build)


def build(
    board: Annotated[str, typer.Argument(metavar="BOARD", help="Which board, such as ulx3s-lan8720.")],
    mac: Annotated[
        str | None, typer.Option("--mac", metavar="ADDRESS", help="What its MAC-address ROM is to hold.")
    ] = None,
    baud: Annotated[int, typer.Option("--baud", metavar="N", help="Of the serial line.")] = 3_000_000,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of placement; without it a few are tried in turn.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Build the bitstream of a board with Yosys and nextpnr; a timing that is not met is a failure."""
    from rig.cli.board_build import run_build

    run_build(board, mac=mac, baud=baud, seed=seed, as_json=as_json)
