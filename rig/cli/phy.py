"""``rig conformance phy``: hold the 10BASE-T PHY, Verilog and twin, to its list, and show what was measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from rig.errors import ExitCode
from rig.regress import simbuild
from rig.regress.phy.runner import REAL, SHORT, Measured, measure, measure_traffic, measure_twin
from rig.regress.tools import Simulator

NS_PER_MS = 1e6
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class PhyConformanceOptions:
    """What the command line asks for."""

    backends: Sequence[str] = ("rtl", "twin")
    simulator: Simulator = "verilator"
    real: bool = False
    frames: int = 0
    jitter_ps: int = 13_500
    as_json: bool = False


def run_phy_conformance(options: PhyConformanceOptions) -> ExitCode:
    """Measure, print the table, and keep it in ``build/conformance-phy.json``.

    The twin always has the timers of a product; the Verilog has them with ``real``, which takes minutes.
    :class:`~rig.errors.ToolError` if a simulator is missing or dies.
    """

    def tell(words: str) -> None:
        if not options.as_json:
            print(f"{words} ...", file=sys.stderr)

    build = simbuild.build_root().parent
    results: list[tuple[str, Measured]] = []
    if "rtl" in options.backends:
        timers = REAL if options.real else SHORT
        rows = measure(timers, build / "conformance-phy", simulator=options.simulator, tell=tell)
        if options.frames:
            tell(f"{options.frames} frames each way")
            folder = build / "conformance-phy" / "traffic"
            rows += measure_traffic(options.frames, options.jitter_ps, folder, simulator=options.simulator)
        results += [("rtl", row) for row in rows]
    if "twin" in options.backends:
        results += [("twin", row) for row in measure_twin(REAL)]
    rows_json = [{"backend": backend, **row.to_json()} for backend, row in results]
    text = json.dumps({"schema": SCHEMA, "rows": rows_json}, indent=2) + "\n"
    build.mkdir(parents=True, exist_ok=True)
    (build / "conformance-phy.json").write_text(text, encoding="utf-8")
    if options.as_json:
        print(text, end="")
    else:
        _show(results)
    return ExitCode.PASSED if all(row.passed for _, row in results) else ExitCode.TEST_FAILURES


def _show(results: Sequence[tuple[str, Measured]]) -> None:
    by_id: dict[str, dict[str, Measured]] = {}
    for backend, row in results:
        by_id.setdefault(row.id, {})[backend] = row
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("row", "what", "limits", "RTL", "twin", "outcome"):
        table.add_column(name, no_wrap=name != "what")
    for identifier, sides in sorted(by_id.items()):
        row = next(iter(sides.values()))
        passed = all(side.passed for side in sides.values())
        table.add_row(
            identifier, row.title, _span(row, (row.min_ns, row.max_ns)),
            *(_span(sides[side], sides[side].measured_ns) if side in sides else "-" for side in ("rtl", "twin")),
            "[green]passed[/]" if passed else "[red]failed[/]",
        )  # fmt: skip
    console = Console(highlight=False)
    console.print(table)
    if any(not row.real_value for _, row in results):
        console.print("\nThe long timers of the Verilog were shortened and their times scaled; --real does neither.")
    passed_count = sum(row.passed for _, row in results)
    console.print(f"\n{passed_count} passed, {len(results) - passed_count} failed")


def _span(row: Measured, values: tuple[float, float]) -> str:
    low, high = (_value(row, value) for value in values)
    return low if low == high else f"{low}..{high}"


def _value(row: Measured, value: float) -> str:
    """Return a time with its unit, or a plain number for a row that counts."""
    if row.title.endswith("(a count)") or row.max_ns <= 2:
        return f"{value:g}"
    if abs(value) >= NS_PER_MS:
        return f"{value / NS_PER_MS:.4g}ms"
    return f"{value:.0f}ns"
