"""The arguments of ``rig coverage``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FOLDER = Path("build") / "coverage"


def add_to(app: typer.Typer) -> None:
    """Declare the command."""
    app.command("coverage")(coverage)


def coverage(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="What RIG_COVERAGE named in the simulations.")
    ] = None,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where index.html and coverage.json go.")] = FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Show what simulations have reached of the Verilog; `make coverage` runs them first."""
    from rig.cli.coverage import run_coverage

    raise typer.Exit(int(run_coverage(folders or [FOLDER], output, as_json=as_json)))
