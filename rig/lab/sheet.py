"""What a student reads and fills in: the question sheet, and the answer file with every question as a comment."""

from __future__ import annotations

import textwrap
from pathlib import Path

from rig.lab.catalog import CatalogEntry, choices_of
from rig.lab.format import STEPS, Question

WIDTH = 100
STEP_WORDS = {
    "predict": "Predict: before the run, what do you expect? A run is refused until every line has an answer.",
    "look": "Look: after the run, what do page and capture show?",
    "explain": "Explain: why is it so? One letter each.",
}


def question_sheet(entry: CatalogEntry, student: str, seed: int, folder: Path) -> str:
    """Return the question sheet as Markdown."""
    lab = entry.lab
    lines = [
        f"# Lab {lab.number}: {lab.title}", "",
        f"For {student}, seed {seed}. About {lab.minutes} minutes, {lab.points} points.",
        "", *_wrapped(f"**Question.** {lab.question}"), "",
    ]  # fmt: skip
    for paragraph in lab.background:
        lines += [*_wrapped(paragraph), ""]
    lines += ["## How it goes", ""]
    lines += [
        "1. Fill in `predict` in `answers.yaml`.",
        f"2. `rig lab run {folder}` and open `index.html`; `runs/latest/wire.pcapng` opens in Wireshark.",
        "3. Fill in `look` and `explain`.",
        "4. Edit `change.yaml` (see below), run again.",
        f"5. `rig lab check {folder}` says what is right; `rig lab submit {folder}` writes the file to hand in.",
        "",
    ]
    for step in STEPS:
        lines += [f"## {STEP_WORDS[step]}", ""]
        for question in lab.step(step):
            points = _points(question.points)
            lines += _wrapped(f"* **{question.id}**{points}: {question.ask}{_form(question)}", "  ")
            for letter, choice in choices_of(question, seed).items():
                lines += _wrapped(f"  * {letter}) {choice.text}", "    ")
        lines.append("")
    lines += ["## Change", "", *_wrapped(lab.change.task), ""]
    lines += _wrapped(f"In `change.yaml` you may change: {', '.join(f'`{key}`' for key in lab.change.may_change)}.")
    lines += ["", "The run of it must show:", ""]
    for goal in lab.change.goals:
        lines += _wrapped(f"* {goal.say}{_points(goal.points)}", "  ")
    return "\n".join(lines) + "\n"


def answer_sheet(entry: CatalogEntry, student: str, seed: int) -> str:
    """Return the answer file: YAML with a comment above every line to fill in."""
    lines = [
        f"# Lab {entry.lab.number}: {entry.lab.title}, {student}.",
        "# Write your answers behind the colons; README.md explains.",
    ]
    for step in STEPS:
        lines += ["", *_comment(STEP_WORDS[step], ""), f"{step}:"]
        for question in entry.lab.step(step):
            lines += _comment(f"{question.ask}{_form(question)}", "  ")
            for letter, choice in choices_of(question, seed).items():
                lines += _comment(f"  {letter}) {choice.text}", "  ", hanging="     ")
            lines.append(f"  {question.id}:")
    return "\n".join(lines) + "\n"


def _form(question: Question) -> str:
    """Say what an answer looks like."""
    if question.kind == "choice":
        return ""
    if question.kind == "word":
        return f" ({', '.join(question.words)})"
    about = f", to within {question.within}" if question.within else ""
    return f" (a number{' of ' + question.unit if question.unit else ''}{about})"


def _points(points: int) -> str:
    return f" ({points} points)" if points > 1 else ""


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _comment(text: str, indent: str, hanging: str = "") -> list[str]:
    wrapped = textwrap.wrap(text, WIDTH - 4, subsequent_indent=hanging, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in wrapped]
