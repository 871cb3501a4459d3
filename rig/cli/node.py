"""``rig netstat``, ``rig arp`` and ``rig route``: what a running node tells through its control socket."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rig.cli.json_output import print_json
from rig.runtime.control_client import ask
from rig.stack.counter_names import LAYERS, is_drop, meaning


def show_netstat(node: str | None, *, as_json: bool) -> None:
    """Print one row for each socket, and for each connection that no socket holds any more."""
    answer = ask("netstat", node)
    if as_json:
        print_json(answer)
        return
    columns = {"Proto": "protocol", "Recv-Q": "receive_queue", "Send-Q": "send_queue", "Local Address": "local"}
    columns |= {"Foreign Address": "foreign", "State": "state"}
    _print_table(columns, answer["rows"], numbers=("Recv-Q", "Send-Q"))


def show_statistics(node: str | None, *, as_json: bool) -> None:
    """Print every counter that is not zero, by layer, with what it counts; what was dropped is marked.

    A layer that has counted nothing says so, so that nothing counted differs from nothing asked.
    """
    answer = ask("statistics", node)
    if as_json:
        print_json(answer)
        return
    console = Console(highlight=False)
    left = dict(answer["stack"])
    for prefix, title in LAYERS.items():
        group = {name: left.pop(name) for name in list(left) if name.startswith(prefix)}
        _print_counters(console, title, group)
    if left:
        _print_counters(console, "Other", left)
    _print_counters(console, "Device", answer["device"])


def show_arp(node: str | None, *, as_json: bool) -> None:
    """Print the neighbours of each interface."""
    answer = ask("arp", node)
    if as_json:
        print_json(answer)
        return
    _print_table({"Address": "address", "HWaddress": "mac", "Iface": "interface"}, answer["rows"])


def show_route(node: str | None, *, as_json: bool) -> None:
    """Print the routes, best first."""
    answer = ask("route", node)
    if as_json:
        print_json(answer)
        return
    rows = [{**row, "gateway": row["gateway"] or "*", "flags": _route_flags(row)} for row in answer["rows"]]
    columns = {"Destination": "network", "Gateway": "gateway", "Flags": "flags", "Metric": "metric"}
    columns |= {"Source": "source", "Iface": "interface"}
    _print_table(columns, rows, numbers=("Metric",))


def _route_flags(row: dict[str, Any]) -> str:
    """Return the letters of ``route(8)``: up, by a gateway, to one host, learned from a redirect."""
    flags = "U"
    flags += "G" if row["gateway"] else ""
    flags += "H" if row["network"].endswith("/32") else ""
    flags += "D" if row["is_redirect"] else ""
    return flags


def _print_table(columns: dict[str, str], rows: list[dict[str, Any]], numbers: tuple[str, ...] = ()) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in columns:
        table.add_column(title, justify="right" if title in numbers else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(escape(str(row[key])) for key in columns.values()))
    Console(highlight=False).print(table)


def _print_counters(console: Console, title: str, counters: dict[str, int]) -> None:
    counters = {name: count for name, count in counters.items() if count}
    console.print(f"[bold]{title}[/]")
    if not counters:
        console.print("  [dim]all counters are zero[/]")
        return
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for name, count in counters.items():
        table.add_row(str(count), f"[yellow]{name}[/]" if is_drop(name) else name, meaning(name))
    console.print(table)
