"""``rig lab``: what a student and a teacher see of the labs."""

from __future__ import annotations

import csv
import sys
import tempfile
import textwrap
import webbrowser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from rig.cli.json_output import print_json
from rig.config.scenario import BackendName
from rig.errors import ExitCode, UsageError
from rig.lab.catalog import all_labs
from rig.lab.evaluate import Judgement, Verdict
from rig.lab.folder import SHEET_FILE, open_folder, start_lab
from rig.lab.format import SCENARIO_FILE
from rig.lab.page import write_lab_page
from rig.lab.queries import QUERIES, parameters_of
from rig.lab.session import check_lab, is_complete, points_of, run_lab
from rig.lab.submission import Grade, grade, submissions_in, write_submission
from rig.report.lab_pictures import PICTURES

WIDTH = 100
_MARKS = {Verdict.RIGHT: "right", Verdict.WRONG: "wrong", Verdict.UNANSWERED: "not answered"}


def show_labs(*, as_json: bool) -> ExitCode:
    """Print the labs."""
    labs = all_labs()
    if as_json:
        rows = [
            {"number": entry.lab.number, "name": entry.name, "title": entry.lab.title, "minutes": entry.lab.minutes,
             "points": entry.lab.points, "question": entry.lab.question}
            for entry in labs
        ]  # fmt: skip
        print_json({"rows": rows})
        return ExitCode.PASSED
    for entry in labs:
        lab = entry.lab
        print(f"{lab.number:>2}  {entry.name:<16} {lab.title}, {lab.minutes} minutes, {lab.points} points")
    print("\nrig lab start NAME --student YOU makes a folder to work in; labs can be taken in any order.")
    return ExitCode.PASSED


def start_folder(name: str, student: str, into: Path | None) -> ExitCode:
    """Make a student's folder and say what to do in it."""
    lab = start_lab(name, student, into)
    print(f"{lab.path}: lab {lab.entry.lab.number}, {lab.entry.lab.title}; seed {lab.state.seed}")
    print(f"  read     {lab.path / SHEET_FILE}")
    print(f"  fill in  {lab.path / 'answers.yaml'}, `predict` first")
    print(f"  then     rig lab run {lab.path}")
    return ExitCode.PASSED


def run_folder(folder: Path, backend: str, ports: Sequence[str], *, open_page: bool, as_json: bool) -> ExitCode:
    """Run what is in a folder and make its page."""
    lab = open_folder(folder)
    say = (lambda _: None) if as_json else (lambda name: print(f"running {name} on {backend} ..."))
    runs = run_lab(lab, cast(BackendName, backend), ports, say)
    page = write_lab_page(lab)
    if as_json:
        print_json({**asdict(lab.state), "page": str(page)})
    else:
        for name, run in (("scenario.yaml", runs.given), ("change.yaml", runs.changed)):
            if run is not None:
                error = f": {run.result['error']}" if run.result["error"] else ""
                print(f"{name:<14} {run.result['outcome']}{error}; {run.result['sim_ns'] / 1e6:.3f} ms  {run.folder}")
        print(f"page           {page}")
        print(f"next           answer `look` and `explain`, then rig lab check {folder}")
    if open_page:
        webbrowser.open(page.resolve().as_uri())
    return ExitCode.PASSED


def check_folder(folder: Path, *, as_json: bool) -> ExitCode:
    """Check a folder and print what is right, what is wrong, and a hint."""
    lab = open_folder(folder)
    lines = check_lab(lab)
    points, of = points_of(lines)
    write_lab_page(lab, lines)
    if as_json:
        # What the run holds is told of predictions only: the rest is for the student to find.
        rows = [
            {**asdict(line), "verdict": line.verdict.value, "found": line.found if line.step == "predict" else None}
            for line in lines
        ]
        print_json({"lab": lab.entry.name, "student": lab.state.student, "points": points,
                          "of": of, "rows": rows})  # fmt: skip
    else:
        for line in lines:
            print("\n".join(_judgement(line)))
        print(f"\n{points} of {of} points")
        if is_complete(lines):
            print(f"All is right: rig lab submit {folder}")
    return ExitCode.PASSED if is_complete(lines) else ExitCode.TEST_FAILURES


def submit_folder(folder: Path, out: Path | None) -> ExitCode:
    """Write the file to hand in."""
    path, content = write_submission(open_folder(folder), out)
    print(f"{path}: {content['points']} of {content['of']} points")
    return ExitCode.PASSED


def grade_folder(folder: Path, *, as_json: bool, as_csv: bool) -> ExitCode:
    """Grade every submission in a folder."""
    if as_json and as_csv:
        raise UsageError("--json and --csv are two shapes of one table: name one")
    grades = []
    for path in submissions_in(folder):
        with tempfile.TemporaryDirectory(prefix="rig-lab-") as work:
            grades.append(grade(path, Path(work)))
    if as_json:
        print_json({"rows": [each.to_json() for each in grades]})
    elif as_csv:
        _print_csv(grades)
    else:
        _print_grades(grades)
    return ExitCode.TEST_FAILURES if any(each.tampered for each in grades) else ExitCode.PASSED


def show_queries() -> ExitCode:
    """Print what a lab file may ask of a run: queries with their arguments, and pictures."""
    for name, query in sorted(QUERIES.items()):
        known, needed = parameters_of(query)
        print(f"{name}  {' '.join(each if each in needed else f'[{each}]' for each in known)}")
        print("\n".join(_indented(" ".join((query.__doc__ or "").split()))))
    print("\npictures")
    for name, picture in PICTURES.items():
        print(f"{name:<16} {' '.join((picture.__doc__ or '').split())}")
    return ExitCode.PASSED


def restore_folder(folder: Path) -> ExitCode:
    """Write the scenario as it was given."""
    lab = open_folder(folder)
    lab.restore()
    print(f"{folder / SCENARIO_FILE} is as it was given")
    return ExitCode.PASSED


def _judgement(line: Judgement) -> list[str]:
    head = f"{line.step:<8} {line.id:<22} {line.points}/{line.of}  {_MARKS[line.verdict]}"
    if line.verdict is Verdict.RIGHT and not line.say:
        return [f"{head}: {line.answer}" if line.answer else head]
    lines = [f"{head}{': ' + line.answer if line.answer else ''}"]
    if line.verdict is not Verdict.RIGHT:
        lines += _indented(line.ask)
    if line.say:
        lines += _indented(line.say + ".")
    if line.verdict is not Verdict.RIGHT:
        lines += _indented(f"{line.reference}. Hint: {line.hint}")
    return lines


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 9)


def _print_csv(grades: Sequence[Grade]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["file", "lab", "student", "points", "of", "claimed", "tampered", "notes"])
    for each in grades:
        row: list[Any] = [each.file, each.lab, each.student, each.points, each.of, each.claimed]
        writer.writerow([*row, "; ".join(each.tampered), "; ".join(each.notes)])


def _print_grades(grades: Sequence[Grade]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Student", "Lab", "Points", "File", ""):
        table.add_column(name, overflow="fold")
    for each in grades:
        words = [f"TAMPERED: {problem}" for problem in each.tampered] + each.notes
        table.add_row(each.student, each.lab, f"{each.points} of {each.of}", each.file, "\n".join(words))
    Console(highlight=False).print(table)
