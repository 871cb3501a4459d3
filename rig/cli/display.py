"""What a person sees of a run: a live line with the sockets of both hosts, then tables of what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rig.report.svg import format_time
from rig.scenario.facts import Progress
from rig.scenario.mixture import mixture_in_words
from rig.scenario.run import Request, Run

COUNTERS = (
    ("frames sent", "aFramesTransmittedOK"),
    ("frames received", "aFramesReceivedOK"),
    ("deferred", "aDeferredTransmissions"),
    ("single collision", "aSingleCollisionFrames"),
    ("multiple collisions", "aMultipleCollisionFrames"),
    ("excessive collisions", "aFramesAbortedDueToXSColls"),
    ("late collisions", "aLateCollisions"),
    ("FCS errors", "aFrameCheckSequenceErrors"),
    ("lost, ring full", "aFramesLostDueToIntMACRcvError"),
)
BAR_COLUMNS = 32
REFRESH_HZ = 10


class Display:
    """Writes to a console; shows live progress only where it is a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._live: Live | None = None
        self._is_live = False
        self._phase = ""
        self._progress: Progress | None = None

    @contextmanager
    def running(self, backend: str, request: Request) -> Iterator[None]:
        """Show progress while the block runs."""
        self._is_live, self._progress = request.is_live, None
        title = request.scenario.title or request.name
        self._console.print(f"[bold]{title}[/]  [dim]backend[/] {backend}  [dim]seed[/] {request.scenario.seed}")
        mixture = mixture_in_words(request.scenario.for_backend(request.backend))
        if mixture:
            self._console.print(f"[dim]stations[/] {mixture}", soft_wrap=True)
        if not self._console.is_terminal:
            yield
            return
        with Live(
            get_renderable=self._render, console=self._console, refresh_per_second=REFRESH_HZ, transient=True
        ) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def phase(self, words: str) -> None:
        """Take what begins now."""
        self._phase = words
        if self._live is None:
            self._console.print(f"[dim]{words} ...[/]", soft_wrap=True)

    def progress(self, progress: Progress) -> None:
        """Take how far the run is; may be called from another thread."""
        self._progress = progress

    def show_run(self, run: Run) -> None:
        """Print what came of a run."""
        result, console = run.result, self._console
        colour = "green" if run.passed else "red"
        verdict = result["outcome"] if result["outcome"] == "completed" else f"{result['outcome']}: {result['error']}"
        meant = "" if result["outcome"] == "completed" or not run.passed else " (as meant)"
        console.print(f"[{colour}]{escape(verdict)}[/]{meant}", soft_wrap=True)
        took = f"{format_time(result['sim_ns'])} {_clock(bool(result['is_live']))}"
        console.print(f"{took}, {run.wall_s:.2f} s of wall time, {_medium(result['medium'])}", soft_wrap=True)
        for file in result["files"]:
            same = file["sha256_received"] == file["sha256_sent"]
            console.print(f"\n[bold]{file['name']}[/]  {file['octets']} octets, {file['from']} to {file['to']}")
            console.print(f"  SHA-256 sent      {file['sha256_sent']}", soft_wrap=True)
            received = file["sha256_received"] or "(not whole)"
            console.print(f"  SHA-256 received  [{'green' if same else 'red'}]{received}[/]", soft_wrap=True)
        for warning in result.get("network", {}).get("warnings", []):
            console.print(f"[yellow]warning: {escape(warning)}[/]", soft_wrap=True)
        for station in result["stations"].values():
            for notice in station["notices"]:
                console.print(f"[yellow]{escape(notice)}[/]", soft_wrap=True)
        for name, station in result["stations"].items():
            if station["impairments"]:
                done = ", ".join(f"{what.replace('_', ' ')} {count}" for what, count in station["impairments"].items())
                console.print(f"[dim]impairments[/] {name}: {done}", soft_wrap=True)
        snapshot_ns = next((s["netstat_ns"] for s in result["stations"].values() if s["netstat_ns"] is not None), None)
        if snapshot_ns is not None:
            console.print(f"\nSockets at {format_time(snapshot_ns)}")
            console.print(_netstat_table({name: s["netstat"] for name, s in result["stations"].items()}))
        console.print("\nAdapter counters")
        console.print(_counter_table(result["stations"]))
        network = result.get("network", {})
        devices = [*network.get("hubs", []), *network.get("switches", [])]
        if devices:
            console.print("\nPorts of hubs and switches")
            console.print(_port_table(devices))
        console.print(f"\n[dim]page[/]  {run.folder / 'index.html'}\n", soft_wrap=True)

    def show_end(self, runs: dict[str, Run], *, same_file: bool | None, same_timeline: bool) -> None:
        """Print how the backends compare, if there are several."""
        if len(runs) < 2:
            return
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("backend", "outcome", "simulated", "collisions", "jams", "MAC retransmissions", "wall"):
            table.add_column(name, justify="left" if name in ("backend", "outcome") else "right")
        for backend, run in runs.items():
            result, medium = run.result, run.result["medium"]
            table.add_row(
                backend, result["outcome"], format_time(result["sim_ns"]), str(medium["collisions"]),
                str(medium["jams"]), str(medium["mac_retransmissions"]), f"{run.wall_s:.2f} s",
            )  # fmt: skip
        self._console.print(table)
        if same_file is not None:
            self._console.print("[green]the same file on every side[/]" if same_file else "[yellow]the files differ[/]")
        if same_timeline:
            self._console.print("[green]the same timeline on every backend, to the nanosecond[/]")

    def _render(self) -> RenderableType:
        line = Table.grid(padding=(0, 1))
        progress = self._progress
        if progress is None:
            return Text(f"{self._phase} ...", style="dim")
        line.add_row(
            ProgressBar(total=max(1, progress.total), completed=progress.octets, width=BAR_COLUMNS),
            f"{progress.octets}/{progress.total} octets",
            f"[cyan]{format_time(progress.t_ns)}[/] {_clock(self._is_live)}",
            f"[red]{progress.collisions}[/] collided attempts",
        )
        return Group(Text(f"{self._phase} ...", style="dim"), line, _netstat_table(progress.netstat))


def _clock(is_live: bool) -> str:
    """Say what the times of a run are: a simulation's, or the machine's own."""
    return "by the clock" if is_live else "simulated"


def _medium(medium: dict[str, int]) -> str:
    return (
        f"{medium['frames']} frames, {medium['collisions']} collisions, {medium['jams']} jams, "
        f"{medium['mac_retransmissions']} retransmissions by MACs"
    )


def _netstat_table(hosts: dict[str, list[dict[str, Any]]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("Host", "Proto", "Local Address", "Foreign Address", "State"):
        table.add_column(name, no_wrap=True)
    for name in ("Recv-Q", "Send-Q"):
        table.add_column(name, justify="right", no_wrap=True)
    for host, rows in hosts.items():
        for row in rows:
            table.add_row(
                host, row["protocol"], row["local"], row["foreign"], row["state"],
                str(row["receive_queue"]), str(row["send_queue"]),
            )  # fmt: skip
    return table


def _counter_table(stations: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for name in stations:
        table.add_column(name, justify="right")
    for words, counter in COUNTERS:
        values = [station["counters"].get(counter) for station in stations.values()]
        table.add_row(
            words, *(str(value) if value else "[dim]-[/]" if value is None else "[dim]0[/]" for value in values)
        )
    return table


def _port_table(devices: list[dict[str, Any]]) -> Table:
    """Return the ports in use of ``devices`` as ``result.json`` has them, each with what it counted."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("Port", "To", "Counters"):
        table.add_column(title)
    words = {counter: words for words, counter in COUNTERS} | {"aAlignmentErrors": "alignment errors"}
    for device in devices:
        for port in device["ports"]:
            if port["to"] is not None:
                counts = [f"{words.get(name, name)} {count}" for name, count in port["counters"].items() if count]
                table.add_row(f"{device['name']}.{port['port']}", port["to"], ", ".join(counts) or "[dim]nothing[/]")
    return table
