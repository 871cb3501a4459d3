"""``rig conformance mac``: run the clause 4 conformance list, show it as a table, and keep the results."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rig.errors import ExitCode, UsageError
from rig.regress import simbuild
from rig.regress.conformance import report
from rig.regress.conformance.rows import find_rows
from rig.regress.conformance.runner import BackendName, BackendResult, RowResult, run_list
from rig.regress.device.inspect import plugged_device
from rig.regress.filelist import PROJECT_ROOT
from rig.regress.tools import Simulator

COLOURS = {"passed": "green", "failed": "red", "not built": "yellow", "not run": "dim"}
FAILURES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class MacConformanceOptions:
    """What the command line asks for; no ``rows`` means all of them."""

    rows: Sequence[str] = ()
    backends: Sequence[BackendName] = ("rtl", "twin")
    simulator: Simulator = "verilator"
    quick: bool = False
    as_json: bool = False
    write_docs: bool = False
    device: Path | None = None
    """The device file of the Verilog; None: the adapter of this project."""


def run_mac_conformance(options: MacConformanceOptions) -> ExitCode:
    """Run the rows and print them; results of the whole list are kept in ``build/conformance-mac.json``.

    :class:`~rig.errors.UsageError` for a page of less than all, :class:`~rig.errors.RigError` for whatever keeps them
    from running.
    """
    is_whole = not options.rows and not options.quick and options.device is None
    if options.write_docs and not (is_whole and len(options.backends) == 2):
        raise UsageError(
            "--write-docs is for the whole list on both backends: leave out --row, --quick, --backend and --device"
        )
    if options.device is not None and "rtl" not in options.backends:
        raise UsageError("--device is an adapter in Verilog: it goes with --backend rtl or both")
    rows = find_rows(options.rows)
    build = simbuild.build_root().parent
    console = Console(highlight=False)

    def tell(words: str) -> None:
        if not options.as_json:
            print(f"{words} ...", file=sys.stderr)

    device = None if options.device is None else plugged_device(options.device)
    runs = build / "conformance-mac"
    runs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=runs))  # its own: another run may be under way
    results = run_list(
        rows,
        options.backends,
        is_thorough=not options.quick,
        simulator=options.simulator,
        device=device,
        folder=folder,
        tell=tell,
    )
    if report.exit_code(results) is ExitCode.PASSED:
        shutil.rmtree(folder)
    else:
        tell(f"what the simulations wrote is in {folder}")
    if is_whole:
        report.write_json(results, build / "conformance-mac.json")
    if options.write_docs:
        page = PROJECT_ROOT / "docs" / "conformance-mac.md"
        page.write_text(report.to_markdown(results), encoding="utf-8")
    if options.as_json:
        print(report.to_json(results, None if device is None else device.facts()), end="")
    else:
        _show(console, results)
    return report.exit_code(results)


def _show(console: Console, results: Sequence[RowResult]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("row", "title", "RTL", "twin", "cases", "clocks", "what is done"):
        table.add_column(name, no_wrap=name in ("row", "RTL", "twin"), justify="right" if name == "cases" else "left")
    for row in results:
        clocks = list(dict.fromkeys([*row.rtl.clocks, *row.twin.clocks]))
        cases = f"{row.rtl.cases or '-'} / {row.twin.cases or '-'}"
        table.add_row(
            row.id, escape(row.title), _outcome(row.rtl), _outcome(row.twin), cases, ", ".join(clocks),
            escape(row.evidence.partition(". ")[0]),
        )  # fmt: skip
    console.print(table)
    for row in results:
        for name, result in (("RTL", row.rtl), ("twin", row.twin)):
            for note in result.notes:
                console.print(f"[yellow]{row.id} {name}[/] {escape(note)}", soft_wrap=True)
            for failure in result.failures[:FAILURES_SHOWN]:
                console.print(f"[red]{row.id} {name}[/] {escape(failure)}", soft_wrap=True)
    outcomes = [result.outcome for row in results for result in (row.rtl, row.twin)]
    counts = [f"{outcomes.count(outcome)} {outcome}" for outcome in COLOURS if outcome in outcomes]
    console.print(f"\n{', '.join(counts)}; {sum(row.rtl.cases + row.twin.cases for row in results)} cases")


def _outcome(result: BackendResult) -> str:
    return f"[{COLOURS[result.outcome]}]{result.outcome}[/]"
