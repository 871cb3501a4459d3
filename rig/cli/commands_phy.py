"""Arguments of ``rig conformance phy``."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.choices import SideChoice, SimulatorChoice


def add_to(conformance: typer.Typer) -> None:
    """Add the command to ``rig conformance``."""
    conformance.command("phy")(conformance_phy)


def conformance_phy(
    backend: Annotated[SideChoice, typer.Option(help="Verilog, its twin, or both.")] = SideChoice.BOTH,
    simulator: Annotated[SimulatorChoice, typer.Option(help="What simulates the Verilog.")] = SimulatorChoice.VERILATOR,
    real: Annotated[bool, typer.Option("--real", help="Every timer of the Verilog as in a product; minutes.")] = False,
    frames: Annotated[
        int, typer.Option(min=0, metavar="N", help="Frames each way at the limits of clock and jitter.")
    ] = 0,
    jitter_ns: Annotated[
        float, typer.Option(min=0, max=24, metavar="J", help="How far off each edge may be then.")
    ] = 13.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Measure the 10BASE-T PHY against clauses 14, 22 and 28: waveform, link, jabber, collision, auto-negotiation."""
    from rig.cli.phy import PhyConformanceOptions, run_phy_conformance

    backends = ("rtl", "twin") if backend is SideChoice.BOTH else (backend.value,)
    options = PhyConformanceOptions(backends, simulator.value, real, frames, round(jitter_ns * 1000), as_json)
    raise typer.Exit(int(run_phy_conformance(options)))
