"""Submissions: what is handed in is graded by running it again, and what does not hold is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rig.config.loading import parse_scenario
from rig.errors import UsageError
from rig.lab.catalog import find_lab, scenario_text
from rig.lab.folder import open_folder, start_lab
from rig.lab.session import check_lab, run_lab
from rig.lab.submission import check_simulated, digest_of, grade, submissions_in, write_submission
from tests.lab.student import Student


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    student = Student("handshake", folder / "scout")
    student.predict()
    lab = student.run()
    assert lab.state.given is not None
    answers = student.solve(student.folder / lab.state.given.folder)
    student = Student("handshake", folder / "handed-in")
    student.fill_in(answers)
    student.change()
    student.run()
    return write_submission(open_folder(student.folder))[0]


def test_an_honest_submission_gets_its_points(submission: Path, tmp_path: Path) -> None:
    result = grade(submission, tmp_path)
    assert (result.lab, result.student, result.tampered, result.notes) == ("handshake", "alice", [], [])
    assert result.points == result.of == result.claimed == 15


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.__setitem__(key, value)


def _facts(content: dict[str, Any]) -> None:
    content["given"]["facts_sha256"] = "0" * 64


def _scenario(content: dict[str, Any]) -> None:
    content["changed"]["scenario_sha256"] = "0" * 64


def _answer(content: dict[str, Any]) -> None:
    content["answers"]["mss"] = 1


def _beyond(content: dict[str, Any]) -> None:
    content["change"] = content["change"].replace("delay_bits: 40", "delay_bits: 400")


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (_set("seed", 1), "the seed of alice in this lab is"),
        (_set("student", "bob"), "the seed of bob in this lab is"),
        (_set("points", 16), "16 points are claimed"),
        (_answer, "15 points are claimed; run again, there are 14"),
        (_facts, "run again, are not those that are claimed"),
        (_scenario, "the run that is claimed was not of this change.yaml"),
        (_set("given", None), "nothing is claimed of a run of scenario.yaml"),
        (_beyond, "changes segments"),
        (_set("change", None), "points are claimed"),
        (_set("change", "stations: ["), "cannot be run again"),
        (_set("lab", "handshakes"), "did you mean 'handshake'?"),
        (_set("answers", {"no-such": 1}), "does not have: no-such"),
    ],
    ids=[
        "seed",
        "student",
        "points",
        "answer",
        "facts",
        "scenario",
        "no-run",
        "beyond-the-task",
        "no-change",
        "broken",
        "lab",
        "question",
    ],
)
def test_what_does_not_hold_is_told_even_with_a_new_digest(
    submission: Path, tmp_path: Path, forge: Callable[[dict[str, Any]], None], words: str
) -> None:
    content = json.loads(submission.read_text())
    forge(content)
    content["digest"] = digest_of(content)
    path = tmp_path / "forged.json"
    path.write_text(json.dumps(content))
    assert words in "; ".join(grade(path, tmp_path / "work").tampered)


def test_another_version_is_a_note_and_no_accusation(submission: Path, tmp_path: Path) -> None:
    content = json.loads(submission.read_text())
    content["lab_sha256"], content["versions"] = "0" * 64, {"nicrig": "0.0.1"}
    content["digest"] = digest_of(content)
    path = tmp_path / "old.json"
    path.write_text(json.dumps(content))
    result = grade(path, tmp_path / "work")
    assert result.tampered == [] and result.points == 15
    assert "another version" in result.notes[0] and "made with nicrig 0.0.1" in result.notes[1]


def test_an_edited_file_is_told_by_its_digest(submission: Path, tmp_path: Path) -> None:
    path = tmp_path / "edited.json"
    path.write_text(submission.read_text().replace('"nicrig"', '"Nicrig"'))
    assert any("digest" in problem for problem in grade(path, tmp_path / "work").tampered)


ODD = [None, True, 1.5, "x", [1], {"a": 1}]


@pytest.mark.parametrize(
    "key", ["lab", "student", "seed", "predictions", "answers", "given", "changed", "versions", "change"]
)
def test_no_value_makes_the_grading_stumble(submission: Path, tmp_path: Path, key: str) -> None:
    """Whatever stands there, there is a line of the grading, and it tells."""
    for index, odd in enumerate(ODD):
        content = json.loads(submission.read_text())
        content[key] = odd
        content["digest"] = digest_of(content)
        path = tmp_path / f"{index}.json"
        path.write_text(json.dumps(content))
        result = grade(path, tmp_path / f"work-{index}")
        assert result.tampered or result.notes or result.points < 15, (key, odd)


def test_a_change_that_names_a_port_runs_nowhere() -> None:
    """A teacher's boards and interfaces are not for what students hand in."""
    text = scenario_text(find_lab("handshake"), 1)
    check_simulated(parse_scenario(text, "x.yaml"), "board", "change.yaml")
    text = text.replace("delay_bits: 40}", "delay_bits: 40, cable: desk}")
    for place in (0, 40):
        text = text.replace(
            f"position_bits: {place}}}", f"position_bits: {place}, backend: board, port: /dev/tty{place}}}"
        )
    with pytest.raises(UsageError, match=r"change\.yaml names an interface or a port"):
        check_simulated(parse_scenario(text, "x.yaml"), "board", "change.yaml")


@pytest.mark.parametrize("text", ["", "[]", "{}", "\xff", '{"schema": 1}'])
def test_what_is_no_submission_is_a_line_of_the_grading(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))
    (problem,) = grade(path, tmp_path / "work").tampered
    assert "no submission" in problem


def test_a_folder_without_submissions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no submission"):
        submissions_in(tmp_path)
    with pytest.raises(UsageError, match="there is no folder"):
        submissions_in(tmp_path / "none")


def test_no_run_without_predictions(tmp_path: Path) -> None:
    start_lab("handshake", "alice", tmp_path / "lab")
    with pytest.raises(UsageError, match="no prediction for syn-segments, syn-length, data-in-syn"):
        run_lab(open_folder(tmp_path / "lab"))
    assert not (tmp_path / "lab" / "runs").exists()
    with pytest.raises(UsageError, match="has no run yet"):
        check_lab(open_folder(tmp_path / "lab"))


def test_a_prediction_counts_as_it_was_before_the_run(tmp_path: Path) -> None:
    student = Student("handshake", tmp_path / "lab")
    student.predict(3)
    student.run()
    student.fill_in({"syn-segments": 2})
    student.run()
    line = next(line for line in check_lab(open_folder(student.folder)) if line.id == "syn-segments")
    assert line.points == 0 and "the prediction before the run counts, 3; the later 2 does not" in line.say


def test_the_scenario_that_was_given_stays_as_it_is(tmp_path: Path) -> None:
    student = Student("handshake", tmp_path / "lab")
    student.predict()
    path = student.folder / "scenario.yaml"
    path.write_text(path.read_text().replace("delay_bits: 40", "delay_bits: 41"))
    with pytest.raises(UsageError, match="is not as it was given"):
        student.run()
    open_folder(student.folder).restore()
    student.run()


def test_a_change_beyond_the_task_is_refused(tmp_path: Path) -> None:
    student = Student("handshake", tmp_path / "lab")
    student.predict()
    path = student.folder / "change.yaml"
    path.write_text(path.read_text().replace("delay_bits: 40", "delay_bits: 400"))
    with pytest.raises(UsageError, match=r"changes segments; this task is about apps"):
        student.run()


def test_files_of_a_run_that_were_edited_are_no_facts(tmp_path: Path) -> None:
    student = Student("handshake", tmp_path / "lab")
    student.predict()
    lab = student.run()
    assert lab.state.given is not None
    path = student.folder / lab.state.given.folder / "sockets.json"
    path.write_text(path.read_text().replace("ESTABLISHED", "SYN_SENT"))
    with pytest.raises(UsageError, match="are not those that the run wrote"):
        check_lab(open_folder(student.folder))


def test_a_student_has_a_name_and_a_folder_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot name a student"):
        start_lab("handshake", "../bob", tmp_path / "lab")
    with pytest.raises(UsageError, match="did you mean 'handshake'"):
        start_lab("handshak", "bob", tmp_path / "lab")
    start_lab("handshake", "bob", tmp_path / "lab")
    with pytest.raises(UsageError, match="exists already"):
        start_lab("handshake", "bob", tmp_path / "lab")
