"""The table of results as JSON, as Markdown, and as one outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rig.errors import ExitCode
from rig.regress.conformance.runner import BackendResult, RowResult

SCHEMA = 1
INTRODUCTION = """\
# MAC conformance

Every row of the list runs on the Verilog adapter and on its Python twin, through the bus and at the pins; expected
results come from IEEE Std 802.3-2022 clause 4, not from either of the two. What an MII can show is the rule of clause 4
applied at the first TX_CLK edge that sees the synchronised signal. On the *bit clock* the twin runs clause 4 as it is
written. A *case* is one comparison.

Written by `rig conformance mac --write-docs`; do not edit.
"""


def exit_code(results: Sequence[RowResult]) -> ExitCode:
    """Return 0 if all that ran passed, 1 after a failure, 5 if nothing ran."""
    outcomes = {result.outcome for row in results for result in (row.rtl, row.twin)}
    if "failed" in outcomes:
        return ExitCode.TEST_FAILURES
    return ExitCode.PASSED if "passed" in outcomes else ExitCode.NOTHING_RAN


def to_json(results: Sequence[RowResult], device: dict[str, Any] | None = None) -> str:
    """Return the results as a JSON object: ``schema``, the ``device`` if it was not this project's, and ``rows``."""
    head: dict[str, Any] = {"schema": SCHEMA} | ({} if device is None else {"device": device})
    return json.dumps(head | {"rows": [row.to_json() for row in results]}, indent=1) + "\n"


def write_json(results: Sequence[RowResult], path: Path) -> None:
    """Write the results to a file, in a folder that is made if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(results), encoding="utf-8")


def to_markdown(results: Sequence[RowResult]) -> str:
    """Return the page of the results."""
    lines = [INTRODUCTION, "| row | title | RTL | twin | what is done |", "|---|---|---|---|---|"]
    for row in results:
        cells = (row.id, row.title, _cell(row.rtl), _cell(row.twin), row.evidence)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(result: BackendResult) -> str:
    if not result.cases:
        return result.outcome
    return f"{result.outcome}: {result.cases} cases ({', '.join(result.clocks)})"
