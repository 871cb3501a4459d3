"""The folder of one student in one lab: question sheet, answers, scenario, change, runs.

``lab.json`` says whose it is, keeps the predictions as they were at the first run, and which run belongs to which
scenario. Everything else in it is for the student to read or to write.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rig.config.loading import parse_scenario
from rig.config.scenario import Scenario
from rig.config.strict_yaml import Document, read_document
from rig.config.validation import nearest
from rig.errors import UsageError
from rig.lab.catalog import LABS, CatalogEntry, find_lab, scenario_text, seed_of
from rig.lab.format import SCENARIO_FILE, STEPS, Value
from rig.lab.sheet import answer_sheet, question_sheet

SCHEMA = 1
STATE_FILE, ANSWERS_FILE, CHANGE_FILE, SHEET_FILE, RUNS = "lab.json", "answers.yaml", "change.yaml", "README.md", "runs"
_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")

Answers = dict[str, Value | None]


@dataclass(slots=True)
class RunNote:
    """Which run folder holds the facts of a scenario, and what that scenario was."""

    folder: str
    backend: str
    scenario_sha256: str
    facts_sha256: str
    is_live: bool = False


@dataclass(slots=True)
class State:
    """What ``lab.json`` holds. ``predictions`` is None before the first run; ``given`` and ``changed`` name runs."""

    lab: str
    student: str
    seed: int
    lab_sha256: str
    predictions: Answers | None = None
    given: RunNote | None = None
    changed: RunNote | None = None
    schema: int = field(default=SCHEMA)


@dataclass(slots=True)
class LabFolder:
    """A student's folder with the lab it belongs to."""

    path: Path
    entry: CatalogEntry
    state: State

    def save(self) -> None:
        """Write ``lab.json``."""
        _write(self.path / STATE_FILE, json.dumps(asdict(self.state), indent=2) + "\n")

    def answers(self) -> Answers:
        """Return what ``answers.yaml`` holds, by question; :class:`~rig.errors.ConfigError` names a key that is not
        one."""
        return read_answers(read_document(self.path / ANSWERS_FILE), self.entry)

    def given_text(self) -> str:
        """Return the scenario that belongs to the seed, as it was handed out."""
        return scenario_text(self.entry, self.state.seed)

    def restore(self) -> None:
        """Write ``scenario.yaml`` as it was given."""
        _write(self.path / SCENARIO_FILE, self.given_text())

    def check_given(self) -> None:
        """Refuse a ``scenario.yaml`` that is no longer the one of this seed."""
        if _read(self.path / SCENARIO_FILE) != self.given_text():
            raise UsageError(
                f"{self.path / SCENARIO_FILE} is not as it was given, and the questions are about that one. Changes go"
                f" into {CHANGE_FILE}; `rig lab restore {self.path}` writes {SCENARIO_FILE} anew"
            )

    def changed_scenario(self) -> tuple[str, Scenario] | None:
        """Return text and content of ``change.yaml``, or None where it says what the given one does."""
        path = self.path / CHANGE_FILE
        text = _read(path)
        scenario = parse_scenario(text, str(path))
        return None if scenario == parse_scenario(self.given_text(), SCENARIO_FILE) else (text, scenario)


def start_lab(name: str, student: str, folder: Path | None = None, labs: Path = LABS) -> LabFolder:
    """Make a student's folder; :class:`UsageError` where it exists, or the student's name cannot be one."""
    if not _STUDENT.fullmatch(student):
        raise UsageError(
            f"{student!r} cannot name a student: 1 to 64 letters, digits and . _ @ + -, with a letter or digit first"
        )
    entry = find_lab(name, labs)
    path = folder if folder is not None else Path(f"{name}-{student}")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path} exists already; `rig lab run {path}` goes on with it, --into names another folder")
    made = LabFolder(path, entry, State(name, student, seed_of(name, student), entry.sha256))
    text = made.given_text()
    parse_scenario(text, f"{name}/{SCENARIO_FILE}")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise UsageError(f"{path} cannot be made: {err.strerror}; name another folder with --into") from err
    _write(path / SCENARIO_FILE, text)
    _write(path / CHANGE_FILE, text)
    _write(path / ANSWERS_FILE, answer_sheet(entry, student, made.state.seed))
    _write(path / SHEET_FILE, question_sheet(entry, student, made.state.seed, path))
    made.save()
    return made


def open_folder(path: Path, labs: Path = LABS) -> LabFolder:
    """Return the lab folder at ``path``; :class:`UsageError` where it is none."""
    file = path / STATE_FILE
    try:
        value = json.loads(_read(file))
        state = read_state(value)
    except ValueError as err:
        raise UsageError(f"{file} is damaged: {err}; start the lab anew in another folder") from err
    return LabFolder(path, find_lab(state.lab, labs), state)


def read_state(value: Any) -> State:
    """Return what ``lab.json`` says; ``ValueError`` where it has not that shape."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise ValueError(f"it has not the shape of schema {SCHEMA}")
    try:
        notes = {key: None if value[key] is None else RunNote(**value[key]) for key in ("given", "changed")}
        return State(**{**value, **notes})
    except (KeyError, TypeError) as err:
        raise ValueError(f"it has not the shape of schema {SCHEMA}: {err}") from err


def read_answers(document: Document, entry: CatalogEntry) -> Answers:
    """Return the answers in a document, by question; those that are empty are None."""
    steps = document.value if isinstance(document.value, dict) else {}
    answers: Answers = {question.id: None for _, question in entry.lab.questions()}
    for step, given in steps.items():
        if step not in STEPS:
            raise document.error("unknown key", (step,), expected=", ".join(STEPS), nearest=nearest(step, STEPS))
        known = [question.id for question in entry.lab.step(step)]
        for key, value in (given if isinstance(given, dict) else {}).items():
            if key not in known:
                raise document.error(
                    "there is no such question", (step, key), expected=", ".join(known), nearest=nearest(key, known)
                )
            if value is not None and (isinstance(value, (bool, list, dict)) or not isinstance(value, (int, str))):
                raise document.error("this is no answer", (step, key), expected="a whole number, or a word")
            answers[key] = value
    return answers


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as err:
        raise UsageError(
            f"{path.parent} is no lab folder: there is no {path.name}; `rig lab start LAB --student NAME` makes one"
        ) from err
    except (OSError, UnicodeDecodeError) as err:
        raise UsageError(f"{path} cannot be read: {getattr(err, 'strerror', None) or err}") from err


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as err:
        raise UsageError(f"{path} cannot be written: {err.strerror}; is the folder yours?") from err
