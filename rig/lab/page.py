"""Put the page of a student's folder together: predictions beside facts, pictures of the runs, the last check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rig.lab.evaluate import Judgement, Verdict
from rig.lab.folder import LabFolder, RunNote
from rig.lab.session import check_answers, facts_of, points_of
from rig.report import lab_page
from rig.report.lab_page import LabPage, Line
from rig.report.run_facts import RunFacts

PAGE = "index.html"
_STEPS = (
    ("predict", "Predict", "What was expected before the run, beside what the run gave."),
    ("look", "Look", "Find these in the pictures below, or in the capture."),
    ("explain", "Explain", "Why is it so?"),
    ("change", "Change", "What the run of change.yaml must show."),
)


def write_lab_page(lab: LabFolder, checked: Sequence[Judgement] | None = None) -> Path:
    """Write the page and return its path. Before a check it tells of the predictions only whether they came true.

    What is right in the later steps it never tells: not even where an answer is wrong.
    """
    state, entry = lab.state, lab.entry
    assert state.given is not None and state.predictions is not None, "a page is made after a run"
    given = facts_of(lab.path, state.given)
    changed = None if state.changed is None else facts_of(lab.path, state.changed)
    lines = checked
    if lines is None:
        lines = check_answers(lab, lab.answers(), state.predictions, given, changed)
    score = ""
    if checked is not None:
        points, of = points_of(checked)
        score = f"all {of} points" if points == of else f"{points} of {of} points"
    page = LabPage(
        title=entry.lab.title,
        eyebrow=f"Lab {entry.lab.number}, {state.student}, seed {state.seed}",
        question=entry.lab.question,
        background=entry.lab.background,
        score=score,
        steps=[
            (title, words, [_line(line, checked is not None) for line in lines if line.step == step])
            for step, title, words in _STEPS
        ],
        task=entry.lab.change.task,
        pictures=[(picture.name, picture.caption) for picture in entry.lab.pictures],
        given=_run(state.given, given.run),
        changed=None if changed is None or state.changed is None else _run(state.changed, changed.run),
    )
    return lab_page.write_lab_page(lab.path / PAGE, page)


def _run(note: RunNote, run: RunFacts) -> tuple[str, RunFacts]:
    return note.folder, run


def _line(line: Judgement, is_checked: bool) -> Line:
    if line.step == "change":
        verdict = line.verdict.value if is_checked else ""
        return Line(line.ask, line.answer, "", verdict, line.say, line.hint, line.reference, owner="In your run:")
    if line.step == "predict":
        return Line(line.ask, line.answer, line.found, line.verdict.value, line.say, line.hint, line.reference)
    if not is_checked:
        return Line(line.ask, line.answer)
    points = f"{line.points} of {line.of}"
    is_wrong = line.verdict is Verdict.WRONG
    return Line(
        line.ask, line.answer, "", line.verdict.value, line.say if is_wrong else "", line.hint, line.reference, points
    )
