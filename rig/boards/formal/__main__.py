"""``python -m rig.boards.formal [module ...]`` (``make formal``): prove the properties, print and write the table.

A run of the whole table writes ``build/formal.json``, ``[{property, module, proven, method, depth, cover_reached,
kills}]``, and the table in ``docs/formal.md``. Exit code 0 where every property is proven, its cover is reached and its
planted bug is noticed, else 1; 2 for a table or a name that cannot be used, 3 where a tool is missing or fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence

from rig.boards.formal.page import DOCUMENT, with_table
from rig.boards.formal.proofs import Row, prove
from rig.boards.formal.solver import PROPERTIES, Verdict
from rig.config.formal import FormalTable, ProvenModule, load_table
from rig.config.validation import nearest
from rig.errors import ExitCode, RigError, UsageError
from rig.regress.filelist import PROJECT_ROOT

TABLE = PROPERTIES / "properties.yaml"
INTERRUPTED = 130
RESULT = PROJECT_ROOT / "build" / "formal.json"


def chosen(table: FormalTable, names: Sequence[str]) -> list[ProvenModule]:
    """Return the entries with these names, or all; :class:`~rig.errors.UsageError` for a name that is not there."""
    known = {entry.module: entry for entry in table.modules}
    for name in names:
        if name not in known:
            hint = nearest(name, known)
            raise UsageError(f"nothing is proven of {name!r}" + (f"; did you mean {hint!r}?" if hint else ""))
    return [known[name] for name in dict.fromkeys(names)] if names else list(table.modules)


def show(rows: Sequence[Row]) -> None:
    """Print the table, and under it why a row is not as it should be."""
    lines = [("module", "property", "proven", "cover", "bug")]
    for row in rows:
        depth = f"induction, {row.depth}" if row.method == "induction" else f"{row.depth} steps"
        reached, noticed = "reached" if row.cover_reached else "NO", "NO" if row.kills is None else "noticed"
        lines.append((row.module, row.property, depth if row.proven else "NO", reached, noticed))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    for row in rows:
        if row.problem:
            print(f"{row.module}.{row.property}: {row.problem}")
    print(f"{sum(row.is_good() for row in rows)} of {len(rows)} properties proven, reached and sharp")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove every property (or those of the modules that are named)."""
    parser = argparse.ArgumentParser(description="Proofs of the Verilog", prog="python -m rig.boards.formal")
    parser.add_argument("modules", nargs="*", help="only these modules")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    options = parser.parse_args(arguments)
    started = time.monotonic()

    def progress(module: str, name: str, verdict: Verdict) -> None:
        state = f"{verdict.status} (cached)" if verdict.was_cached else verdict.status
        print(f"{time.monotonic() - started:6.1f} s  {module}: {name} {state}", file=sys.stderr, flush=True)

    try:
        table = load_table(TABLE)
        rows = prove(chosen(table, options.modules), progress)
        if not options.modules:
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps([row.as_dict() for row in rows], indent=2) + "\n", encoding="utf-8")
            DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8"), table, rows), encoding="utf-8")
    except RigError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted; what has been proven so far is kept", file=sys.stderr)
        return INTERRUPTED
    if options.json:
        print(json.dumps([row.as_dict() for row in rows], indent=2))
    else:
        show(rows)
    return ExitCode.PASSED if all(row.is_good() for row in rows) else ExitCode.TEST_FAILURES


if __name__ == "__main__":
    sys.exit(main())
