"""``rig lab`` as a student and a teacher type it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from rig.cli.lab import (
    check_folder,
    grade_folder,
    restore_folder,
    run_folder,
    show_labs,
    show_queries,
    start_folder,
    submit_folder,
)
from rig.errors import ExitCode, UsageError
from rig.lab.catalog import lab_names
from rig.lab.queries import QUERIES


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A lab that was started, with predictions, and run."""
    path = tmp_path / "mine"
    assert start_folder("handshake", "alice", path) is ExitCode.PASSED
    assert "answers.yaml, `predict` first" in capsys.readouterr().out
    answers = path / "answers.yaml"
    text = answers.read_text()
    for line in ("syn-segments: 3", "syn-length: 1", "data-in-syn: 0"):
        text = text.replace(line.split()[0] + "\n", line + "\n")
    answers.write_text(text)
    assert run_folder(path, "model", (), open_page=False, as_json=False) is ExitCode.PASSED
    out = capsys.readouterr().out
    assert "completed" in out and str(path / "index.html") in out
    return path


def test_the_list_names_every_lab(capsys: pytest.CaptureFixture[str]) -> None:
    show_labs(as_json=False)
    out = capsys.readouterr().out
    assert all(name in out for name in lab_names())
    show_labs(as_json=True)
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["name"] for row in rows if row["number"] == 2] == ["handshake"]


def test_a_check_says_what_is_wrong_in_words_of_the_protocol(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_folder(folder, as_json=False) is ExitCode.TEST_FAILURES
    out = capsys.readouterr().out
    assert "syn-segments           0/1  wrong: 3" in out
    assert "the third segment acknowledges the server's SYN" in out
    assert "RFC 9293, 3.5, figure 6. Hint:" in out
    assert "2 of 15 points" in out


def test_json_of_a_check_keeps_the_answers_of_later_steps(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_folder(folder, as_json=True)
    value = json.loads(capsys.readouterr().out)
    found = {row["id"]: row["found"] for row in value["rows"]}
    assert found["syn-segments"] == "2" and found["client-isn"] is None and found["why-three"] is None


def test_submit_and_grade(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in = tmp_path / "class"
    hand_in.mkdir()
    assert submit_folder(folder, hand_in / "alice.json") is ExitCode.PASSED
    assert grade_folder(hand_in, as_json=False, as_csv=False) is ExitCode.PASSED
    assert "2 of 15" in capsys.readouterr().out
    content = json.loads((hand_in / "alice.json").read_text())
    (hand_in / "mallory.json").write_text(json.dumps({**content, "student": "mallory"}))
    assert grade_folder(hand_in, as_json=False, as_csv=True) is ExitCode.TEST_FAILURES
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["student"], row["points"], bool(row["tampered"])) for row in rows] == [
        ("alice", "2", False), ("mallory", rows[1]["points"], True),
    ]  # fmt: skip
    grade_folder(hand_in / "alice.json", as_json=True, as_csv=False)
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["points"], row["of"], row["tampered"]) == (2, 15, [])
    with pytest.raises(UsageError, match="name one"):
        grade_folder(hand_in, as_json=True, as_csv=True)


def test_run_as_json_names_page_and_facts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_folder(folder, "model", (), open_page=False, as_json=True)
    value = json.loads(capsys.readouterr().out)
    assert value["given"]["folder"] == "runs/2" and Path(value["page"]).exists()


def test_restore(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "scenario.yaml"
    before = path.read_text()
    path.write_text("schema: 1\n")
    assert restore_folder(folder) is ExitCode.PASSED
    assert path.read_text() == before
    assert "as it was given" in capsys.readouterr().out


def test_queries_are_listed_for_writers(capsys: pytest.CaptureFixture[str]) -> None:
    show_queries()
    out = capsys.readouterr().out
    assert all(f"{name}  " in out for name in QUERIES)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no lab folder"):
        check_folder(tmp_path, as_json=False)
    (tmp_path / "lab.json").write_text("{")
    with pytest.raises(UsageError, match="is damaged"):
        check_folder(tmp_path, as_json=False)
