"""The table of proofs as it stands in ``docs/formal.md``, between two marks; the prose around it is written by hand."""

from __future__ import annotations

from collections.abc import Sequence

from rig.boards.formal.proofs import Row
from rig.config.formal import FormalTable
from rig.errors import ConfigError
from rig.regress.filelist import PROJECT_ROOT

DOCUMENT = PROJECT_ROOT / "docs" / "formal.md"
BEGIN = "<!-- make formal writes from here -->"
END = "<!-- to here -->"


def with_table(text: str, table: FormalTable, rows: Sequence[Row]) -> str:
    """Return the page ``text`` with a section for each module of ``table`` between its marks.

    :class:`~rig.errors.ConfigError` if the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigError("the page has no place for the table", file=str(DOCUMENT), expected=f"{BEGIN} and {END}")
    known = {(row.module, row.property): row for row in rows}
    parts = [before, BEGIN, "\n"]
    for entry in table.modules:
        settings = ", ".join(f"{name} = {value}" for name, value in entry.parameters.items())
        parts.append(f"\n### `{entry.module}`{f' ({settings})' if settings else ''}\n\n")
        if entry.assumes:
            parts.append("Assumed: " + "; ".join(entry.assumes) + ".\n\n")
        parts.append("| property | says | shown | planted bug |\n|---|---|---|---|\n")
        for claim in entry.properties:
            row = known[entry.module, claim.property]
            how = f"induction, {row.depth}" if row.method == "induction" else f"{row.depth} steps"
            cells = (f"`{claim.property}`", claim.says, how if row.is_good() else "NO", claim.bug.says)
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    parts += ["\n", END, after]
    return "".join(parts)
