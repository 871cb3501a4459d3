"""``rig conformance tcp|ip|arp|icmp|udp|dns``: the requirement table of one protocol, as text or JSON."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rig.cli.json_output import print_json
from rig.errors import ExitCode
from rig.regress.stack_conformance import OUTCOMES_FILE, RowOutcome, table

_STYLES = {"passed": "green", "failed": "red", "no test ran": "yellow", "not run": "yellow", "skipped": "yellow"}


def run_stack_conformance(protocol: str, *, as_json: bool = False, outcomes_file: Path = OUTCOMES_FILE) -> ExitCode:
    """Print the table of ``protocol`` with the outcomes of the last test run.

    Returns ``TEST_FAILURES`` where something that applies failed or has no passed test.
    """
    rows = table(protocol, outcomes_file)
    if as_json:
        print_json({"rows": [row.facts() for row in rows]})
    else:
        _show(protocol, rows)
    return ExitCode.TEST_FAILURES if any(row.is_open for row in rows) else ExitCode.PASSED


def _show(protocol: str, rows: list[RowOutcome]) -> None:
    console = Console(highlight=False)
    shown = Table(title=f"{protocol}: requirements and the tests that prove them", title_justify="left")
    for name in ("id", "requirement", "applies", "tests", "outcome"):
        shown.add_column(name, justify="right" if name == "tests" else "left", overflow="fold")
    for each in rows:
        text = escape(each.row.title)
        if each.row.decision:
            text += f"\n[dim]{escape(each.row.decision)}[/]"
        is_shown = each.tests or each.is_open
        outcome = f"[{_STYLES.get(each.outcome, 'yellow')}]{each.outcome}[/]" if is_shown else ""
        shown.add_row(escape(each.row.id), text, each.row.applies.value, str(len(each.tests) or ""), outcome)
    console.print(shown)
    counts = Counter(each.outcome for each in rows if each.tests or each.is_open)
    console.print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
