"""The command ``rig``: its commands, their arguments, and how errors reach the shell.

Only this file and the parser are loaded for ``rig --help``. An error that the rig raises on purpose is shown as its
message, with the exit code of its class; any other exception is a bug and keeps its traceback.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from rig import __version__
from rig.cli import (
    commands_board,
    commands_coverage,
    commands_lab,
    commands_live,
    commands_network,
    commands_node,
    commands_phy,
    commands_regress,
)
from rig.cli.choices import SideChoice, SimulatorChoice
from rig.errors import ExitCode, RigError

DeviceOption = Annotated[
    Path | None,
    typer.Option("--device", metavar="FILE", help="The adapter in Verilog that is under test (docs/devices.md)."),
]


class BackendChoice(StrEnum):
    """Where ``rig demo`` runs."""

    MODEL = "model"
    RTL = "rtl"
    NIC = "nic"
    BOARD = "board"
    BOTH = "both"


def build_app() -> typer.Typer:
    """Return the parser with every command."""
    app = typer.Typer(
        name="rig",
        help="A test rig for Ethernet adapters, and an adapter to test.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    app.command("demo")(demo)
    app.command("doctor")(doctor)
    app.command("compare")(compare)
    commands_network.add_to(app)
    app.add_typer(_conformance_app(), name="conformance")
    commands_live.add_to(app)
    commands_node.add_to(app)
    commands_coverage.add_to(app)
    commands_regress.add_to(app)
    commands_board.add_to(app)
    commands_lab.add_to(app)
    return app


def build_command() -> Callable[[], object]:
    """Return what runs the commands. Their lists show the whole first paragraph of each, not what fits on a line."""
    root = typer.main.get_command(build_app())
    commands: list[Any] = [root]
    for command in commands:
        command.short_help = " ".join((command.help or "").partition("\n\n")[0].split())
        commands.extend(getattr(command, "commands", {}).values())
    return root


def _conformance_app() -> typer.Typer:
    app = typer.Typer(
        help="Hold the adapter, or the stack, to a conformance list.", no_args_is_help=True, rich_markup_mode=None
    )
    app.command("mac")(conformance_mac)
    app.command("linux")(commands_live.conformance_linux)
    commands_phy.add_to(app)
    for protocol in ("tcp", "ip", "arp", "icmp", "udp", "dns"):
        app.command(protocol, help=f"Say what the last test run showed of {protocol.upper()}.")(
            _stack_conformance(protocol)
        )
    return app


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    logging.getLogger("rig").addHandler(logging.NullHandler())  # what matters is in the results, and shown from there
    try:
        build_command()()
    except RigError as error:
        if os.environ.get("RIG_PHASES"):  # a regression started this, and asks for more than an exit code
            from rig.regress.phases import note_error

            note_error(error)
        print(f"rig: {error}", file=sys.stderr)
        sys.exit(int(error.exit_code))
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(int(ExitCode.PASSED))
    sys.exit(int(ExitCode.PASSED))


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print(f"rig {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def demo(
    backend: Annotated[BackendChoice, typer.Option(help="What the adapters are made of.")] = BackendChoice.MODEL,
    scenario: Annotated[
        str, typer.Option(metavar="NAME", help="A scenario of configs/scenarios, or the path of a YAML file.")
    ] = "collide",
    file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The file to carry instead of the picture that comes along.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=(1 << 64) - 1, metavar="N", help="Replaces the seed of the scenario.")
    ] = None,
    port: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOARD", help="Of --backend board: a board that is there, by name or port; one a station."
        ),
    ] = None,
    device: DeviceOption = None,
    runs: Annotated[Path, typer.Option(metavar="DIR", help="Where run folders go.")] = Path("runs"),
    waves: Annotated[bool, typer.Option("--waves", help="Of Verilog: write every signal into the run folder.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page of the run in a browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Carry a file over HTTP between two hosts whose LAN adapters share a medium."""
    from rig.cli.demo import DemoOptions, run_demo

    backends = ("model", "rtl") if backend is BackendChoice.BOTH else (backend.value,)
    options = DemoOptions(backends, scenario, file, seed, runs, open_page, as_json, tuple(port or ()), waves, device)
    raise typer.Exit(int(run_demo(options)))


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Say what is installed, which simulator will be used, and how to install what is missing."""
    from rig.cli.doctor import run_doctor

    raise typer.Exit(int(run_doctor(as_json=as_json)))


def compare(
    stations: Annotated[int, typer.Option(metavar="N", help="Adapters on the segment.")] = 5,
    bits: Annotated[int, typer.Option(metavar="B", help="Least duration, in bit times.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="What is sent, when, from where, set up how.")] = 1,
    speed: Annotated[int, typer.Option(metavar="100|10", help="Of the segment, in Mb/s.")] = 100,
    full_duplex: Annotated[bool, typer.Option("--full-duplex", help="A link of two stations.")] = False,
    simulator: Annotated[
        SimulatorChoice | None, typer.Option(help="What simulates the Verilog; Verilator if it is there.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play this file, left by a difference, and no seed.")
    ] = None,
    minimise: Annotated[bool, typer.Option(help="Make a difference small before showing it.")] = True,
    device: DeviceOption = None,
    runs: Annotated[Path, typer.Option(metavar="DIR", help="Where the file of a difference goes.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Play random traffic on the Verilog adapters and on their twins, and compare everything that happens."""
    from rig.cli.compare import CompareOptions, run_compare
    from rig.regress.compare.traffic import Request

    request = Request(seed, stations, bits, speed, full_duplex)
    chosen = None if simulator is None else simulator.value
    raise typer.Exit(int(run_compare(CompareOptions(request, replay, chosen, minimise, runs, as_json, device))))


def conformance_mac(
    row: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this row; may be repeated.")] = None,
    backend: Annotated[SideChoice, typer.Option(help="Verilog, its twin, or both.")] = SideChoice.BOTH,
    simulator: Annotated[SimulatorChoice, typer.Option(help="What simulates the Verilog.")] = SimulatorChoice.VERILATOR,
    device: DeviceOption = None,
    quick: Annotated[bool, typer.Option("--quick", help="Sample the stimuli of each row.")] = False,
    write_docs: Annotated[bool, typer.Option("--write-docs", help="Write docs/conformance-mac.md.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Run the clause 4 conformance list on the Verilog adapter and on its twin."""
    from rig.cli.conformance import MacConformanceOptions, run_mac_conformance
    from rig.regress.conformance.runner import BackendName

    backends: dict[SideChoice, tuple[BackendName, ...]] = {
        SideChoice.RTL: ("rtl",),
        SideChoice.TWIN: ("twin",),
        SideChoice.BOTH: ("rtl", "twin"),
    }
    options = MacConformanceOptions(row or (), backends[backend], simulator.value, quick, as_json, write_docs, device)
    raise typer.Exit(int(run_mac_conformance(options)))


def _stack_conformance(protocol: str) -> Callable[..., None]:
    def command(
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
    ) -> None:
        from rig.cli.stack_conformance import run_stack_conformance

        raise typer.Exit(int(run_stack_conformance(protocol, as_json=as_json)))

    return command
