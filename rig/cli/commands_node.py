"""The commands that look into a running node: ``rig netstat``, ``rig arp``, ``rig route``."""

from __future__ import annotations

from typing import Annotated

import typer

Node = Annotated[str | None, typer.Option("--node", metavar="NAME", help="Which node, where several run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("netstat")(netstat)
    app.command("arp")(arp)
    app.command("route")(route)


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
