"""Arguments of the commands for labs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that `rig lab start` has made.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


class LabBackend(StrEnum):
    """Where a lab runs."""

    MODEL = "model"
    RTL = "rtl"
    BOARD = "board"
    NIC = "nic"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    lab = typer.Typer(
        help="Do a lab: predict, run, look, explain, change. Without a command: the list of labs.",
        invoke_without_command=True, rich_markup_mode=None,
    )  # fmt: skip
    lab.callback()(_list_without_command)
    for name, command in (
        ("list", list_labs), ("start", start), ("run", run), ("check", check), ("submit", submit), ("grade", grade),
        ("restore", restore), ("queries", queries),
    ):  # fmt: skip
        lab.command(name)(command)
    app.add_typer(lab, name="lab")


def _list_without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_labs()


def list_labs(as_json: _Json = False) -> None:
    """List the labs."""
    from rig.cli.lab import show_labs

    raise typer.Exit(int(show_labs(as_json=as_json)))


def start(
    name: Annotated[str, typer.Argument(metavar="LAB", help="A lab of `rig lab list`.")],
    student: Annotated[str, typer.Option(metavar="NAME", help="Whose it is; the seed is made of it.")],
    into: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder to make; by default LAB-NAME.")] = None,
) -> None:
    """Make a folder with question sheet, answers to fill in, and the scenario of this student."""
    from rig.cli.lab import start_folder

    raise typer.Exit(int(start_folder(name, student, into)))


def run(
    folder: _Folder,
    backend: Annotated[LabBackend, typer.Option(help="What the adapters are made of.")] = LabBackend.MODEL,
    port: Annotated[
        list[str] | None, typer.Option(metavar="BOARD", help="Of --backend board: a board for each station.")
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    as_json: _Json = False,
) -> None:
    """Run the scenario, and the changed one where it differs; make the page. Predictions come first."""
    from rig.cli.lab import run_folder

    raise typer.Exit(int(run_folder(folder, backend.value, tuple(port or ()), open_page=open_page, as_json=as_json)))


def check(folder: _Folder, as_json: _Json = False) -> None:
    """Compare the answers with the files of the runs; exit code 0 when all is right, 1 when not."""
    from rig.cli.lab import check_folder

    raise typer.Exit(int(check_folder(folder, as_json=as_json)))


def submit(
    folder: _Folder,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The file to write.")] = None,
) -> None:
    """Write the one file to hand in: answers, changed scenario, seed, hashes of the facts, versions."""
    from rig.cli.lab import submit_folder

    raise typer.Exit(int(submit_folder(folder, out)))


def grade(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of submissions, or one of them.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table for a spreadsheet.")] = False,
    as_json: _Json = False,
) -> None:
    """Run every submission again from its student's seed and grade it; exit code 1 where one was tampered with."""
    from rig.cli.lab import grade_folder

    raise typer.Exit(int(grade_folder(folder, as_json=as_json, as_csv=as_csv)))


def restore(folder: _Folder) -> None:
    """Write scenario.yaml as it was given; answers and change.yaml stay."""
    from rig.cli.lab import restore_folder

    raise typer.Exit(int(restore_folder(folder)))


def queries() -> None:
    """For writers of labs: list the queries and pictures that a lab file may name."""
    from rig.cli.lab import show_queries

    raise typer.Exit(int(show_queries()))
