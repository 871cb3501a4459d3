"""Arguments of the commands about cables, hubs and many stations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("csma")(csma)
    app.command("topology")(topology)


def csma(
    stations: Annotated[str, typer.Option(metavar="N[,N..]", help="Saturated stations; a list is a sweep.")] = "24",
    frame_octets: Annotated[
        str, typer.Option(metavar="L[,L..]", help="Frame length, destination address to FCS; a list is a sweep.")
    ] = "64",
    delay_bits: Annotated[int, typer.Option(metavar="D", help="Length of the cable, one way, in bit times.")] = 40,
    frames: Annotated[int, typer.Option(metavar="F", help="Frames counted in each replication.")] = 10_000,
    replications: Annotated[int, typer.Option(metavar="R", help="Independent runs, for the 95 % intervals.")] = 10,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Seeds every backoff generator.")] = 1,
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="auto, twin (the adapter's), or lean (equal to it, and faster).")
    ] = "auto",
    workers: Annotated[int | None, typer.Option(metavar="W", help="Processes; by default one for each core.")] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Spread over the Dask cluster of this scheduler instead.")
    ] = None,
    study: Annotated[
        bool, typer.Option("--study", help="Sweep as Boggs, Mogul and Kent did: 1 to 24 stations, 64 to 1536 octets.")
    ] = False,
    page: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write csma.json and a page with plots next to theory there.")
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open that page in a browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Measure stations that always have a frame to send on one half-duplex segment at 10 Mb/s."""
    from rig.cli.csma import CsmaOptions, run_csma

    options = CsmaOptions(
        stations, frame_octets, delay_bits, frames, replications, seed, engine, workers, dask, study, page, open_page,
        as_json,
    )  # fmt: skip
    raise typer.Exit(int(run_csma(options)))


def topology(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A scenario file, or the name of one that comes along.")],
    svg: Annotated[Path | None, typer.Option(metavar="PATH", help="Write the picture there.")] = None,
    open_picture: Annotated[bool, typer.Option("--open", help="Open the picture in a browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Say what a scenario's cables connect, how long its collision domains are, and draw it."""
    from rig.cli.topology import TopologyOptions, run_topology

    raise typer.Exit(int(run_topology(TopologyOptions(file, svg, open_picture, as_json))))
