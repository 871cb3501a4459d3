"""The commands ``rig regress ...``: their arguments. The work is in ``regress.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Plan = Annotated[str, typer.Argument(metavar="PLAN", help="A plan of configs/regressions, or the path of a YAML file.")]
Shard = Annotated[str, typer.Option("--shard", metavar="K/N", help="Every N-th item, from the K-th.")]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", min=0, max=(1 << 64) - 1, metavar="N", help="Replaces the seed of the plan."),
]
From = Annotated[Path | None, typer.Option(metavar="DIR", help="Run just what did not pass there, with its seed.")]
Runs = Annotated[Path, typer.Option(metavar="DIR", help="Where the folders of regressions go.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
RUNS = Path("runs") / "regress"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    regress = typer.Typer(
        help="Regressions: run a plan of many items and seeds, in shards, and see what came of it.",
        no_args_is_help=True, rich_markup_mode=None,
    )  # fmt: skip
    regress.command("run")(run)
    regress.command("list")(list_)
    regress.command("show")(show)
    regress.command("merge")(merge)
    app.add_typer(regress, name="regress")


def run(
    plan: Plan,
    shard: Shard = "1/1",
    only_failed: From = None,
    failed_first: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Begin with what did not pass there, with its seed.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=256, metavar="N", help="Items at a time.")] = 1,
    seed: SeedOption = None,
    waves: Annotated[bool, typer.Option("--waves", help="Write waves in the first attempt already.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep what items leave that passed, too.")] = False,
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Run a plan. What fails is run again with the same seed; exit code 0 passed, 1 failed or flaky, 3 and 4 no
    verdict, 5 nothing ran."""
    from rig.cli.regress import RunOptions, run_plan

    options = RunOptions(plan, shard, only_failed, failed_first, jobs, seed, waves, keep, runs, as_json)
    raise typer.Exit(int(run_plan(options)))


def list_(
    plan: Plan, shard: Shard = "1/1", only_failed: From = None, seed: SeedOption = None, as_json: Json = False
) -> None:
    """List what would run; nothing runs."""
    from rig.cli.regress import list_plan

    raise typer.Exit(int(list_plan(plan, shard, only_failed, seed, as_json=as_json)))


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a regression.")] = RUNS / "latest",
    as_json: Json = False,
) -> None:
    """Show what came of a regression, also of one that is under way; write its page again."""
    from rig.cli.regress import show_folder

    raise typer.Exit(int(show_folder(folder, as_json=as_json)))


def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="The folders of all shards.")],
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Put the shards of a regression together, as if it had run as one."""
    from rig.cli.regress import merge_folders

    raise typer.Exit(int(merge_folders(folders, runs, as_json=as_json)))
