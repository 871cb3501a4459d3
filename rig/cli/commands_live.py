"""The commands on a real interface: ``rig up``, ``rig curl``, ``rig ping``, ``rig nc``, ``rig nic``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NodeFile = Annotated[
    Path,
    typer.Option(
        "--config", "-c", metavar="FILE", envvar="RIG_NODE", help="The node file to speak from; its services stay off."
    ),
]
Capture = Annotated[
    Path | None, typer.Option("--capture", metavar="FILE", help="Write every frame into a pcapng file.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("curl")(curl)
    app.command("ping")(ping)
    app.command("nc")(nc)
    nic = typer.Typer(help="Network interfaces that the rig uses.", no_args_is_help=True, rich_markup_mode=None)
    nic.command("restore")(nic_restore)
    nic.command("list")(nic_list)
    app.add_typer(nic, name="nic")


def up(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A node file, such as configs/nodes/tap.yaml.")],
    capture: Capture = None,
    as_json: Annotated[bool, typer.Option("--json", help="At the end print one JSON object instead of text.")] = False,
) -> None:
    """Run a host with its services on a TAP device or a network interface, until Ctrl-C."""
    from rig.cli.live import show_up

    raise typer.Exit(int(show_up(config, capture, as_json=as_json)))


def curl(
    url: Annotated[str, typer.Argument(metavar="URL", help="As http://10.0.0.1:8000/path.")],
    config: NodeFile,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where the body goes.")] = None,
    upload: Annotated[Path | None, typer.Option("--upload", "-T", metavar="FILE", help="PUT this file.")] = None,
    head: Annotated[bool, typer.Option("--head", "-I", help="Ask for the header only, and show it.")] = False,
    timeout_s: Annotated[int, typer.Option("--max-time", min=1, max=86_400, help="Give up after these seconds.")] = 300,
    capture: Capture = None,
) -> None:
    """Fetch or store a file over HTTP from an interface of this machine, by the rig's own TCP."""
    from rig.cli.live import CurlOptions, show_curl

    raise typer.Exit(int(show_curl(CurlOptions(url, config, output, upload, head, timeout_s, capture))))


def ping(
    host: Annotated[str, typer.Argument(metavar="HOST", help="A name or an address.")],
    config: NodeFile,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=65_536, help="How many requests.")] = 4,
    size: Annotated[int, typer.Option("--size", "-s", min=0, max=65_507, help="Octets of data in each.")] = 56,
    interval_ms: Annotated[int, typer.Option("--interval", "-i", min=1, help="Milliseconds between them.")] = 1000,
    timeout_ms: Annotated[int, typer.Option("--timeout", "-W", min=1, help="Milliseconds to wait at the end.")] = 2000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
    capture: Capture = None,
) -> None:
    """Send ICMP echo requests from an interface of this machine."""
    from rig.cli.live import PingOptions, show_ping

    options = PingOptions(host, config, count, size, interval_ms, timeout_ms, as_json, capture)
    raise typer.Exit(int(show_ping(options)))


def nc(
    config: NodeFile,
    host: Annotated[str, typer.Argument(metavar="HOST", help="A name or an address; with --listen leave it out.")] = "",
    port: Annotated[int, typer.Argument(metavar="PORT", min=0, max=65_535)] = 0,
    listen: Annotated[int, typer.Option("--listen", "-l", min=0, max=65_535, help="Wait on this port instead.")] = 0,
    udp: Annotated[bool, typer.Option("--udp", "-u", help="Datagrams in place of a connection.")] = False,
    timeout_s: Annotated[
        int, typer.Option("--timeout", "-w", min=1, max=86_400, help="Seconds to wait for a connection, or datagrams.")
    ] = 10,
    capture: Capture = None,
) -> None:
    """Join standard input and output to a TCP connection or to UDP datagrams."""
    from rig.cli.live import NcOptions, show_nc

    raise typer.Exit(int(show_nc(NcOptions(host, port, config, listen, udp, timeout_s, capture))))


def nic_restore() -> None:
    """Put back what a killed run left changed: speed, duplex, offloads, up or down."""
    from rig.cli.live import show_restore

    raise typer.Exit(int(show_restore()))


def nic_list(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """List the Ethernet interfaces of this machine, and what their drivers let the rig do."""
    from rig.cli.live import show_interfaces

    raise typer.Exit(int(show_interfaces(as_json=as_json)))


def conformance_linux(
    only: Annotated[str, typer.Option("--only", metavar="TEXT", help="Cases with this in their name.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Small files, and a part of the list.")] = False,
    captures: Annotated[Path | None, typer.Option("--captures", metavar="DIR", help="Keep what the peer saw.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Let our stack and the Linux kernel talk in every way, judged by tshark. Needs root; touches no interface here."""
    from rig.cli.linux_conformance import run_linux_conformance

    raise typer.Exit(int(run_linux_conformance(only=only, quick=quick, captures=captures, as_json=as_json)))
