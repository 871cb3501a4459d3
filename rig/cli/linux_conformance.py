"""``rig conformance linux``: run the cases against the Linux kernel and programs on it, and show the table."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rig.errors import ExitCode, UsageError
from rig.regress.linux.case import FAILED, NOT_RUN, PASSED, Row, exit_code, run_case, to_json
from rig.regress.linux.cases import all_cases
from rig.regress.simbuild import build_root

COLOURS = {PASSED: "green", FAILED: "red", NOT_RUN: "yellow"}


def run_linux_conformance(*, only: str, quick: bool, captures: Path | None, as_json: bool) -> ExitCode:
    """Run the cases whose name contains ``only`` and print the rows; all of them are kept in ``build``.

    :class:`~rig.errors.UsageError` where no case has that name, and without root.
    """
    if os.geteuid() != 0:
        raise UsageError(
            "`rig conformance linux` makes network namespaces with a kernel of their own; run it as root: "
            "sudo .venv/bin/rig conformance linux"
        )
    cases = [case for case in all_cases() if only.lower() in case.id.lower() and (case.is_quick or not quick)]
    if not cases:
        raise UsageError(f"no case has {only!r} in its name; `rig conformance linux --quick` shows some names")
    if captures is not None:
        captures.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for number, case in enumerate(cases, 1):
        print(f"{number} of {len(cases)}: {case.id} ...", file=sys.stderr)
        rows.append(run_case(case, None if captures is None else captures / f"{number:02}.pcap"))
    text = to_json(rows)
    if not only and not quick:
        path = build_root().parent / "conformance-linux.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if as_json:
        print(text, end="")
    else:
        _show(rows)
    return exit_code(rows)


def _show(rows: Sequence[Row]) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("peer", "options", "direction", "octets", "same octets", "marked", "outcome"):
        table.add_column(name, justify="right" if name in ("octets", "marked") else "left")
    for row in rows:
        same = {None: "", True: "yes", False: "[red]no[/]"}[row.sha_ok]
        outcome = f"[{COLOURS[row.outcome]}]{row.outcome}[/]"
        octets = f"{row.octets}" if row.octets else ""
        table.add_row(row.peer, escape(row.options), row.direction, octets, same, str(row.expert_flags), outcome)
    console.print(table)
    for row in rows:
        if row.problem:
            name = escape(f"{row.peer}, {row.options}, {row.direction}: {row.problem}")
            console.print(f"[{COLOURS[row.outcome]}]{row.outcome}[/] {name}", soft_wrap=True)
    counts = Counter(row.outcome for row in rows)
    console.print("\n" + ", ".join(f"{counts[outcome]} {outcome}" for outcome in COLOURS if counts[outcome]))
