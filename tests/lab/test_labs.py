"""Every lab that comes along, as a student takes it: right answers give every point, wrong ones none and a hint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rig.config.loading import parse_scenario
from rig.lab.catalog import all_labs, find_lab, lab_names, scenario_text, seed_of
from rig.lab.evaluate import Judgement, Verdict
from rig.lab.folder import LabFolder, open_folder
from rig.lab.page import write_lab_page
from rig.lab.session import check_lab, points_of, run_lab
from tests.lab.student import Student

NAMES = lab_names()
STUDENTS = [f"student-{number}" for number in range(20)]


class Taken:
    """A lab taken to its end once, for all tests of it: a run for its facts, its answers, and a run that predicts."""

    def __init__(self, name: str, folder: Path) -> None:
        self.scout = scout = Student(name, folder / "scout")
        scout.predict()
        scouted = scout.run()
        assert scouted.state.given is not None
        self.student = Student(name, folder / "lab")
        self.answers: dict[str, Any] = self.student.solve(scout.folder / scouted.state.given.folder)
        self.student.fill_in(self.answers)
        self.student.change()
        self.lab: LabFolder = self.student.run()


@pytest.fixture(scope="module", params=NAMES)
def taken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return Taken(request.param, tmp_path_factory.mktemp(request.param))


def test_the_answers_of_an_outsider_give_every_point(taken: Taken) -> None:
    lines = check_lab(open_folder(taken.student.folder))
    assert [(line.id, line.answer, line.found, line.say) for line in lines if line.verdict is not Verdict.RIGHT] == []
    assert points_of(lines) == (taken.lab.entry.lab.points,) * 2
    asked = {question.id for _, question in taken.lab.entry.lab.questions()}
    assert asked == set(taken.answers), "the solver answers every question, and nothing else"


def test_every_wrong_answer_costs_its_points_and_gets_a_hint(taken: Taken) -> None:
    student = taken.student
    wrong = {key: value + 7_777 if isinstance(value, int) else "nonsense" for key, value in taken.answers.items()}
    wrong |= student.choices(right=False)
    lab = open_folder(student.folder)
    lab.state.predictions = {question.id: wrong[question.id] for question in lab.entry.lab.predict}
    lines = _checked(lab, wrong)
    answered = [line for line in lines if line.step != "change"]
    assert [line.id for line in answered if line.verdict is not Verdict.WRONG] == []
    assert sum(line.points for line in answered) == 0
    assert all(line.say and line.hint and line.reference for line in answered)


def test_known_mistakes_are_named(taken: Taken) -> None:
    """Each mistake that a lab knows is told in its own words, unless this student's numbers make it right."""
    from rig.lab.evaluate import judge, value_of
    from rig.lab.session import facts_of

    lab = taken.lab
    assert lab.state.given is not None
    facts = facts_of(lab.path, lab.state.given)
    told = 0
    for step, question in lab.entry.lab.questions():
        for mistake in question.mistakes:
            value = mistake.value if mistake.fact is None else value_of(mistake.fact, facts)
            line = judge(lab.state.seed, step, question, value, facts)
            if line.verdict is Verdict.WRONG:
                assert line.say == mistake.say or any(line.say == other.say for other in question.mistakes)
                told += 1
    assert told or not any(question.mistakes for _, question in lab.entry.lab.questions())


def test_an_unchanged_scenario_reaches_no_goal(taken: Taken) -> None:
    """What the last step asks for is not there before the change, or the change would teach nothing."""
    from rig.lab.evaluate import judge_goal
    from rig.lab.session import facts_of

    lab = taken.lab
    assert lab.state.given is not None
    given = facts_of(lab.path, lab.state.given)
    verdicts = [judge_goal(1, goal, given, given).verdict for goal in lab.entry.lab.change.goals]
    assert Verdict.WRONG in verdicts
    assert {judge_goal(1, goal, None, given).verdict for goal in lab.entry.lab.change.goals} == {Verdict.UNANSWERED}


def test_the_page_shows_every_picture_and_needs_nothing_else(taken: Taken) -> None:
    page = write_lab_page(taken.lab).read_text()
    assert page.count("<section id=") == 2 * len(taken.lab.entry.lab.pictures)
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script" not in page
    assert "&lt;" not in _section(page, "Predict") + page.partition("<h2>")[0], "markup is not shown as text"


def test_the_page_keeps_the_answers_of_later_steps(taken: Taken) -> None:
    """Before a check it says nothing of them, after it what is wrong and a hint, and never what is right."""
    lab = open_folder(taken.scout.folder)
    unchecked, checked = write_lab_page(lab).read_text(), write_lab_page(lab, check_lab(lab)).read_text()
    for step in ("Look", "Explain"):
        before, after = (_section(page, step) for page in (unchecked, checked))
        assert "Hint:" not in before and "verdict" not in before
        assert after.count("Hint:") == len(lab.entry.lab.step("look" if step == "Look" else "explain"))
        assert "in the run:" not in before + after
    assert "in the run:" in _section(unchecked, "Predict")


def _section(page: str, title: str) -> str:
    return page.partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_lab_works_for_every_student(name: str) -> None:
    """Whatever is drawn, the scenario loads; different students get different ones."""
    entry = find_lab(name)
    texts = {scenario_text(entry, seed_of(name, student)) for student in STUDENTS}
    assert len(texts) == len(STUDENTS)
    for text in texts:
        parse_scenario(text, "scenario.yaml")


def test_numbers_and_names_of_labs_are_there_once() -> None:
    numbers = [entry.lab.number for entry in all_labs()]
    assert numbers == sorted(set(numbers)) and len(numbers) == len(NAMES)


def _checked(lab: LabFolder, answers: dict[str, Any]) -> list[Judgement]:
    from rig.lab.session import check_answers, facts_of

    assert lab.state.given is not None and lab.state.changed is not None and lab.state.predictions is not None
    given, changed = facts_of(lab.path, lab.state.given), facts_of(lab.path, lab.state.changed)
    return check_answers(lab, answers, lab.state.predictions, given, changed)


@pytest.mark.parametrize("name", NAMES if os.environ.get("RIG_LONG") else ["csma-cd"])
def test_a_lab_runs_on_verilog_and_finds_the_same(name: str, tmp_path: Path) -> None:
    """The same facts, to the nanosecond, so the same answers; the page differs in the name of the backend only.

    With RIG_LONG (``make long``) for every lab.
    """
    folders = {}
    for backend in ("model", "rtl"):
        student = Student(name, tmp_path / backend)
        student.predict()
        run_lab(open_folder(student.folder), backend)  # type: ignore[arg-type]  # one of two words, not any
        folders[backend] = open_folder(student.folder)
    hashes = {lab.state.given.facts_sha256 for lab in folders.values() if lab.state.given is not None}
    assert len(hashes) == 1
    pages = {backend: write_lab_page(lab).read_text() for backend, lab in folders.items()}
    assert pages["rtl"].replace("on the rtl backend", "on the model backend") == pages["model"]
