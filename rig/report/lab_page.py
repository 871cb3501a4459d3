"""The page of a lab: what was predicted and what came, the pictures of each run, and, once checked, what is right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from rig.report.lab_pictures import PICTURES
from rig.report.run_facts import RunFacts
from rig.report.svg import format_time


@dataclass(frozen=True, slots=True)
class Line:
    """One question with what is known of its answer; ``verdict`` is right, wrong, or unanswered, empty if unchecked."""

    ask: str
    answer: str
    found: str = ""
    verdict: str = ""
    say: str = ""
    hint: str = ""
    reference: str = ""
    points: str = ""
    owner: str = "Your answer:"


@dataclass(frozen=True, slots=True)
class LabPage:
    """What the page is made of. ``steps`` are name and lines of each; ``pictures`` name and caption of each.

    ``given`` and ``changed`` are runs with the path of their folders relative to the page.
    """

    title: str
    eyebrow: str
    question: str
    background: Sequence[str]
    score: str
    steps: Sequence[tuple[str, str, Sequence[Line]]]
    task: str
    pictures: Sequence[tuple[str, str]]
    given: tuple[str, RunFacts]
    changed: tuple[str, RunFacts] | None


def write_lab_page(path: Path, page: LabPage) -> Path:
    """Write the page and return its path."""
    path.write_text(render_lab_page(page), encoding="utf-8")
    return path


def render_lab_page(page: LabPage) -> str:
    """Return the page as text: one file that needs no network, no script and nothing else."""
    assets = resources.files("rig.report") / "assets"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters["words"] = _with_code
    template = environment.from_string((assets / "lab.html.j2").read_text(encoding="utf-8"))
    runs = [("The run", "scenario.yaml", *page.given)]
    if page.changed is not None:
        runs.append(("The changed run", "change.yaml", *page.changed))
    return template.render(
        page=page,
        runs=[
            {
                "title": title,
                "file": file,
                "folder": folder,
                "words": _outcome(facts),
                "pictures": [
                    {"name": name, "caption": caption, "markup": Markup(PICTURES[name](facts))}
                    for name, caption in page.pictures
                ],
            }
            for title, file, folder, facts in runs
        ],
        style=Markup((assets / "style.css").read_text(encoding="utf-8")),
    )


def _with_code(text: str) -> Markup:
    """Return text of a lab file as markup: what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _outcome(facts: RunFacts) -> str:
    result = facts.result
    error = f" ({result['error']})" if result["error"] else ""
    kind = "by the clock" if result["is_live"] else "of simulated time"
    took = f"{format_time(result['at_ns'])} {kind}"
    frames = f"{len(facts.frames)} frames on the wire"
    return f"{result['outcome']}{error}, after {took}, on the {result['backend']} backend: {frames}."
