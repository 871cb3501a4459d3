"""What a student hands in, and how a teacher grades it: run again from the seed, and believe nothing else.

A submission holds answers, the changed scenario, and claims: seed, hashes of files and facts, points, versions. Grading
derives the seed from the student's name, writes the scenario anew, runs it, and compares. A claim that does not hold is
told as *tampered*; what follows from another version of the rig or the lab is told as such. Predictions cannot be made
again: they are taken from the submission, as kept at the first run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import rig
from rig.config.loading import parse_scenario
from rig.config.scenario import BackendName, Scenario
from rig.config.strict_yaml import parse_document
from rig.errors import ConfigError, RigError, UsageError
from rig.lab.catalog import LABS, find_lab, scenario_text, seed_of
from rig.lab.digest import canonical, text_sha256
from rig.lab.evaluate import Judgement
from rig.lab.facts import LabFacts
from rig.lab.folder import ANSWERS_FILE, CHANGE_FILE, LabFolder, RunNote, State, read_answers
from rig.lab.format import SCENARIO_FILE
from rig.lab.session import check_answers, check_change, check_lab, given_of, points_of, run_text

SCHEMA = 1
MAX_OCTETS = 1 << 20
_KEYS = {
    "schema", "lab", "student", "seed", "lab_sha256", "predictions", "answers", "change", "given", "changed", "points",
    "of", "versions", "digest",
}  # fmt: skip


@dataclass(slots=True)
class Grade:
    """One line of a grading. ``tampered`` are claims that do not hold, ``notes`` what a teacher should know besides."""

    file: str
    lab: str = ""
    student: str = ""
    points: int = 0
    of: int = 0
    claimed: int | None = None
    tampered: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: list[Judgement] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the grade as JSON values."""
        return {**asdict(self), "lines": [{**asdict(line), "verdict": line.verdict.value} for line in self.lines]}


def write_submission(lab: LabFolder, path: Path | None = None) -> tuple[Path, dict[str, Any]]:
    """Write the one file to hand in, and return its path and content.

    :class:`UsageError` while there is nothing to grade, or where the runs were on real cables: those cannot be run
    again from a seed.
    """
    lines = check_lab(lab)
    state = lab.state
    notes = [note for note in (state.given, state.changed) if note is not None]
    if any(note.is_live for note in notes):
        raise UsageError(
            f"the last run of {lab.path} was on the clock of the machine, so nobody can run it again to the nanosecond:"
            f" `rig lab run {lab.path}` on the model, check, and submit that"
        )
    points, of = points_of(lines)
    changed = lab.changed_scenario()
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "lab": state.lab,
        "student": state.student,
        "seed": state.seed,
        "lab_sha256": state.lab_sha256,
        "predictions": state.predictions,
        "answers": lab.answers(),
        "change": None if changed is None else changed[0],
        "given": None if state.given is None else asdict(state.given),
        "changed": None if state.changed is None else asdict(state.changed),
        "points": points,
        "of": of,
        "versions": {"nicrig": rig.__version__},
    }
    content["digest"] = digest_of(content)
    path = path if path is not None else lab.path / f"{state.lab}-{state.student}.json"
    try:
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as err:
        raise UsageError(f"{path} cannot be written: {err.strerror}; name another file with --out") from err
    return path, content


def digest_of(content: dict[str, Any]) -> str:
    """Return the hash over everything in a submission but the hash itself."""
    return hashlib.sha256(canonical({key: value for key, value in content.items() if key != "digest"})).hexdigest()


def submissions_in(folder: Path) -> list[Path]:
    """Return the files in a folder that may be submissions; :class:`UsageError` where there are none."""
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; name one that holds submissions")
    files = sorted(path for path in folder.rglob("*.json") if _looks_like_one(path))
    if not files:
        raise UsageError(f"{folder} holds no submission; `rig lab submit` writes them")
    return files


def _looks_like_one(path: Path) -> bool:
    """Tell submissions from the other JSON files of a lab folder, which may lie beside them."""
    return path.name != "lab.json" and "runs" not in path.parts


def grade(path: Path, work: Path, labs: Path = LABS) -> Grade:
    """Grade one submission; runs go into ``work``. What is wrong with the file is part of the grade, never an error."""
    grade = Grade(path.name)
    try:
        content, is_whole = _read(path)
    except ValueError as err:
        grade.tampered.append(f"this is no submission: {err}")
        return grade
    grade.lab, grade.student, grade.claimed = content["lab"], content["student"], content["points"]
    if not is_whole:
        grade.tampered.append("the digest does not fit the content: the file was edited after `rig lab submit`")
    try:
        _grade(grade, content, work, labs)
    except RigError as err:
        grade.tampered.append(f"cannot be run again: {err}")
        grade.points = 0
    return grade


def _grade(grade: Grade, content: dict[str, Any], work: Path, labs: Path) -> None:
    entry = find_lab(content["lab"], labs)
    seed = seed_of(entry.name, grade.student)
    if content["seed"] != seed:
        grade.tampered.append(f"the seed of {grade.student} in this lab is {seed}, not {content['seed']}")
    if content["lab_sha256"] != entry.sha256:
        grade.notes.append("the lab was another version when this was started: questions and facts may differ")
    if content["versions"].get("nicrig") != rig.__version__:
        grade.notes.append(f"made with nicrig {content['versions'].get('nicrig')}, graded with {rig.__version__}")
    lab = LabFolder(work, entry, State(entry.name, grade.student, seed, entry.sha256))
    answers = read_answers(parse_document(_as_yaml(content["answers"], entry), ANSWERS_FILE), entry)
    text = scenario_text(entry, seed)
    given = _again(grade, lab, text, SCENARIO_FILE, content["given"])
    changed = None
    if content["change"] is not None:
        scenario = parse_scenario(content["change"], CHANGE_FILE)
        try:
            check_change(entry.lab.change, given_of(lab), scenario)
        except UsageError as err:
            grade.tampered.append(str(err))
        else:
            changed = _again(grade, lab, content["change"], CHANGE_FILE, content["changed"])
    grade.lines = check_answers(lab, answers, content["predictions"], given, changed)
    grade.points, grade.of = points_of(grade.lines)
    if content["points"] != grade.points:
        grade.tampered.append(f"{content['points']} points are claimed; run again, there are {grade.points}")


def check_simulated(scenario: Scenario, backend: BackendName, name: str) -> None:
    """Refuse, by :class:`UsageError`, a scenario that would use a network interface or a board of the teacher's."""
    if scenario.for_backend(backend).is_live:
        raise UsageError(f"{name} names an interface or a port; what is handed in runs on the model or virtual boards")


def _again(grade: Grade, lab: LabFolder, text: str, name: str, claimed: RunNote | None) -> LabFacts:
    """Run a scenario again, compare with what is claimed of it, and return its facts."""
    backend: BackendName = "board" if claimed is not None and claimed.backend == "board" else "model"
    scenario = parse_scenario(text, name)
    check_simulated(scenario, backend, name)
    run, note = run_text(lab, scenario, text, backend)
    if claimed is None:
        grade.tampered.append(f"nothing is claimed of a run of {name}")
    elif claimed.scenario_sha256 != text_sha256(text):
        grade.tampered.append(f"the run that is claimed was not of this {name}")
    elif claimed.facts_sha256 != note.facts_sha256:
        grade.tampered.append(f"the facts of {name}, run again, are not those that are claimed")
    return LabFacts.read(run.folder)


def _as_yaml(answers: dict[str, Any], entry: Any) -> str:
    """Return answers by question as the answer file has them, so that one reader checks both."""
    steps = {
        step: {question.id: answers.get(question.id) for question in entry.lab.step(step)}
        for step in ("predict", "look", "explain")
    }
    unknown = set(answers) - {question.id for _, question in entry.lab.questions()}
    if unknown:
        raise ConfigError(f"there are answers to questions that the lab does not have: {', '.join(sorted(unknown))}")
    return json.dumps(steps)


def _read(path: Path) -> tuple[dict[str, Any], bool]:
    """Return a submission, with notes of runs in place of their JSON, and whether its digest fits."""
    try:
        if path.stat().st_size > MAX_OCTETS:
            raise ValueError(f"it has more than {MAX_OCTETS} octets")
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise ValueError(err.strerror or str(err)) from err
    if not isinstance(value, dict) or value.get("schema") != SCHEMA or set(value) != _KEYS:
        raise ValueError(f"it has not the keys of schema {SCHEMA}")
    shapes = {
        "lab": str, "student": str, "seed": int, "answers": dict, "predictions": dict, "points": int, "digest": str,
        "versions": dict,
    }  # fmt: skip
    for key, kind in shapes.items():
        if not isinstance(value[key], kind):
            raise ValueError(f"its {key} is {value[key]!r}")
    is_whole = value["digest"] == digest_of(value)
    if not isinstance(value["change"], (str, type(None))):
        raise ValueError("its change is no text")
    for key in ("given", "changed"):
        if value[key] is not None:
            value[key] = _run_note(key, value[key])
    return value, is_whole


def _run_note(key: str, value: Any) -> RunNote:
    try:
        return RunNote(**value)
    except TypeError as err:
        raise ValueError(f"its {key} says of no run what was run") from err
