"""The page of a regression: one HTML file, artefacts linked and never embedded, rows made as they are looked at.

The rows are data in the page, and a script shows those that the filter lets through, a few hundred at a time, so ten
thousand of them open as fast as ten. What did not pass comes first. Without scripts there are the counts and a pointer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from rig.report.page import Tile

OUTCOMES = ("failed", "flaky", "infrastructure", "not run", "passed")
PHASES = ("build", "flash", "greeting", "run")
KINDS = {"passed": "good", "failed": "bad", "flaky": "bad"}


def write_regression_page(folder: Path, summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write ``index.html`` into the folder of a regression and return its path."""
    page = folder / "index.html"
    page.write_text(render_regression_page(summary, rows), encoding="utf-8")
    return page


def render_regression_page(summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the page as text.

    ``summary`` is the object of ``summary.json``; each of ``rows`` has ``id``, ``outcome``, ``seconds`` by phase,
    ``attempts``, ``error``, ``repeat`` and ``artefacts``, relative to the page.
    """
    assets = resources.files("rig.report") / "assets"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((assets / "regression.html.j2").read_text(encoding="utf-8"))
    counts = summary["outcomes"]
    tiles = [Tile(name, str(counts[name]), "", KINDS.get(name, "") if counts[name] else "") for name in OUTCOMES]
    return template.render(
        summary=summary,
        verdict=_verdict(counts),
        tiles=tiles,
        outcomes=OUTCOMES,
        data=_script_data({"phases": PHASES, "outcomes": OUTCOMES, "rows": _compact(rows)}),
        style=Markup((assets / "style.css").read_text(encoding="utf-8")),
        own_style=Markup((assets / "regression.css").read_text(encoding="utf-8")),
        script=Markup((assets / "regression.js").read_text(encoding="utf-8")),
    )


def _verdict(counts: Mapping[str, int]) -> tuple[str, str]:
    words = [f"{counts[name]} {name}" for name in OUTCOMES[:3] if counts[name]]
    if words:
        return "bad", ", ".join(words)
    return ("good", "passed") if counts["passed"] else ("bad", "nothing ran")


def _compact(rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return rows as lists, what did not pass first; of what passed, only what there is to say."""
    ordered = sorted(rows, key=lambda row: OUTCOMES.index(row["outcome"]))
    compact = []
    for row in ordered:
        seconds = [round(row["seconds"].get(phase, 0), 2) for phase in PHASES]
        values = [row["id"], OUTCOMES.index(row["outcome"]), seconds, row["artefacts"], row["repeat"]]
        compact.append(values if row["outcome"] == "passed" else [*values, row["error"], row["attempts"]])
    return compact


def _script_data(value: Any) -> Markup:
    """Return JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
