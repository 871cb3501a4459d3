"""Run what is in a student's folder, check it, and make its page: the same for a student and for a teacher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rig.config.scenario import BackendName, Scenario
from rig.errors import UsageError
from rig.lab.catalog import given_scenario
from rig.lab.digest import facts_sha256, text_sha256
from rig.lab.evaluate import Judgement, Verdict, judge, judge_goal
from rig.lab.facts import LabFacts
from rig.lab.folder import CHANGE_FILE, RUNS, Answers, LabFolder, RunNote
from rig.lab.format import SCENARIO_FILE, Change
from rig.scenario.catalog import carried_file
from rig.scenario.run import Request, Run, run_scenario

OnPhase = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs that are there now: of the scenario that was given, and of the changed one, if it differs."""

    given: Run
    changed: Run | None


def run_lab(
    lab: LabFolder, backend: BackendName = "model", ports: Sequence[str] = (), on_phase: OnPhase = lambda _: None
) -> Runs:
    """Run the given scenario, and the changed one where it differs; note both in ``lab.json``.

    :class:`UsageError` while a prediction is missing: a question that was answered by the run is no prediction. At the
    first run the predictions are kept; later ones do not count.
    """
    known = lab.entry.lab.backends
    if backend not in known:
        raise UsageError(
            f"lab {lab.entry.name!r} does not run on {backend}: its questions need what {', '.join(known)} give; the"
            f" scenario alone does: `rig demo --backend {backend} --scenario {lab.path / SCENARIO_FILE}`"
        )
    lab.check_given()
    answers = lab.answers()
    predictions = {question.id: answers[question.id] for question in lab.entry.lab.predict}
    missing = [name for name, answer in predictions.items() if answer is None]
    if missing and lab.state.predictions is None:
        raise UsageError(
            f"no prediction for {', '.join(missing)}: fill in `predict` in {lab.path / 'answers.yaml'}, then run; a"
            " wrong prediction costs its points, a missing one the whole lesson"
        )
    changed_text = lab.changed_scenario()
    if changed_text is not None:
        check_change(lab.entry.lab.change, given_of(lab), changed_text[1])
    on_phase(SCENARIO_FILE)
    given_text = lab.given_text()
    given, note = run_text(lab, given_of(lab), given_text, backend, ports)
    if lab.state.predictions is None:
        lab.state.predictions = predictions
    lab.state.given = note
    lab.state.changed = None
    lab.save()
    changed = None
    if changed_text is not None:
        on_phase(CHANGE_FILE)
        changed, lab.state.changed = run_text(lab, changed_text[1], changed_text[0], backend, ports)
        lab.save()
    return Runs(given, changed)


def given_of(lab: LabFolder) -> Scenario:
    """Return the scenario of the folder's seed."""
    return given_scenario(lab.entry, lab.state.seed)


def run_text(
    lab: LabFolder, scenario: Scenario, text: str, backend: BackendName, ports: Sequence[str] = ()
) -> tuple[Run, RunNote]:
    """Run one scenario of a folder into its ``runs``."""
    file = carried_file(None, scenario, lab.path / SCENARIO_FILE)
    request = Request(lab.entry.name, scenario, backend, file, lab.path / RUNS, ("rig", "lab", "run"), ports)
    run = run_scenario(request)
    place = f"{RUNS}/{run.folder.name}"
    return run, RunNote(place, backend, text_sha256(text), facts_sha256(run.folder), request.is_live)


def check_change(change: Change, given: Scenario, changed: Scenario) -> None:
    """Refuse a change beyond what the task allows; :class:`UsageError` names the keys."""
    before, after = given.model_dump(by_alias=True), changed.model_dump(by_alias=True)
    beyond = [key for key in before if before[key] != after[key] and key not in change.may_change]
    if beyond:
        raise UsageError(
            f"{CHANGE_FILE} changes {', '.join(beyond)}; this task is about {', '.join(change.may_change)}: take the"
            f" rest back, as it is in {SCENARIO_FILE}"
        )


def check_lab(lab: LabFolder) -> list[Judgement]:
    """Compare answers with the facts of the runs in the folder; :class:`UsageError` where it was never run.

    Predictions are taken as they were at the first run, and a later one is told.
    """
    state = lab.state
    if state.given is None or state.predictions is None:
        raise UsageError(f"{lab.path} has no run yet: `rig lab run {lab.path}`, then check")
    changed_text = lab.changed_scenario()
    if changed_text is not None and (
        state.changed is None or state.changed.scenario_sha256 != text_sha256(changed_text[0])
    ):
        raise UsageError(f"{lab.path / CHANGE_FILE} is newer than the last run: `rig lab run {lab.path}`, then check")
    given = facts_of(lab.path, state.given)
    changed = None if state.changed is None or changed_text is None else facts_of(lab.path, state.changed)
    return check_answers(lab, lab.answers(), state.predictions, given, changed)


def facts_of(folder: Path, note: RunNote) -> LabFacts:
    """Return the facts of a noted run; :class:`UsageError` where its files are not those that the run wrote."""
    place = folder / note.folder
    facts = LabFacts.read(place)
    if facts_sha256(place) != note.facts_sha256:
        raise UsageError(f"the files in {place} are not those that the run wrote: `rig lab run {folder}` again")
    return facts


def check_answers(
    lab: LabFolder, answers: Answers, predictions: Answers, given: LabFacts, changed: LabFacts | None
) -> list[Judgement]:
    """Judge every answer and every goal of a lab."""
    entry, seed = lab.entry, lab.state.seed
    lines = []
    for step, question in entry.lab.questions():
        answer = answers[question.id]
        if step == "predict":
            first = predictions.get(question.id)
            line = judge(seed, step, question, first, given)
            if answer != first:
                line = _with_note(line, f"the prediction before the run counts, {first}; the later {answer} does not")
        else:
            line = judge(seed, step, question, answer, given)
        lines.append(line)
    lines += [judge_goal(number, goal, changed, given) for number, goal in enumerate(entry.lab.change.goals, start=1)]
    return lines


def points_of(lines: Sequence[Judgement]) -> tuple[int, int]:
    """Return how many points a check gave, and of how many."""
    return sum(line.points for line in lines), sum(line.of for line in lines)


def is_complete(lines: Sequence[Judgement]) -> bool:
    """Tell whether everything is right."""
    return all(line.verdict is Verdict.RIGHT for line in lines)


def _with_note(line: Judgement, note: str) -> Judgement:
    return replace(line, say=f"{line.say}; {note}" if line.say else note)
