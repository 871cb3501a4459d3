"""The commands that look into a running node (``rig netstat``, ``rig arp``, ``rig route``), and ``rig python``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Node = Annotated[str | None, typer.Option("--node", metavar="NAME", help="Which node, where several run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("netstat")(netstat)
    app.command("arp")(arp)
    app.command("route")(route)
    app.command("python", context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})(python)


def netstat(
    statistics: Annotated[
        bool, typer.Option("--statistics", "-s", help="Show the counters, drops included, instead of sockets.")
    ] = False,
    node: Node = None,
    as_json: AsJson = False,
) -> None:
    """Show the sockets, or with -s the counters, of a node that runs on this machine."""
    from rig.cli.node import show_netstat, show_statistics

    (show_statistics if statistics else show_netstat)(node, as_json=as_json)


def arp(node: Node = None, as_json: AsJson = False) -> None:
    """Show which neighbours a running node has resolved."""
    from rig.cli.node import show_arp

    show_arp(node, as_json=as_json)


def route(node: Node = None, as_json: AsJson = False) -> None:
    """Show the routing table of a running node."""
    from rig.cli.node import show_route

    show_route(node, as_json=as_json)


def python(
    target: Annotated[str, typer.Argument(metavar="SCRIPT", help="A Python script, or with -m a module.")],
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", envvar="RIG_NODE", help="The node file to speak from.")
    ],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="ARGS", help="For the program.")] = None,
    module: Annotated[bool, typer.Option("--module", "-m", help="SCRIPT is the name of a module.")] = False,
    capture: Annotated[
        Path | None, typer.Option("--capture", metavar="FILE", help="Write every frame into a pcapng file.")
    ] = None,
) -> None:
    """Run an unmodified Python program on the rig's TCP/IP: its sockets are those of a node, not this machine's."""
    from rig.cli.program import ProgramOptions, run_python

    raise typer.Exit(run_python(ProgramOptions(target, arguments or [], config, module, capture)))
