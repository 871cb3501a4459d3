"""Give a fact of a lab file its value, and compare an answer with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rig.errors import ConfigError
from rig.lab.catalog import choices_of
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.lab.format import Fact, Goal, Question, Value
from rig.lab.queries import QUERIES


class Verdict(Enum):
    """What came of one question or goal."""

    RIGHT = "right"
    WRONG = "wrong"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One line of a check. ``say`` is what is wrong in words of the protocol; nothing where all is right.

    ``found`` is the recorded fact, ``answer`` what was answered, both as people read them.
    """

    id: str
    step: str
    ask: str
    verdict: Verdict
    points: int
    of: int
    answer: str
    found: str
    say: str
    hint: str
    reference: str


def value_of(fact: Fact, facts: LabFacts) -> Value:
    """Return the value of a fact in a run; :class:`NoSuchFactError` where the run has no such thing."""
    value: Value = QUERIES[fact.query](facts, **fact.arguments)
    if fact.minus is not None:
        value = _number(fact, value) - _number(fact.minus, value_of(fact.minus, facts))
    if fact.over is not None:
        divisor = _number(fact.over, value_of(fact.over, facts))
        if divisor == 0:
            raise NoSuchFactError(f"{fact.over.query} is 0 in this run; there is no ratio to it")
        value = (2 * _number(fact, value) + divisor) // (2 * divisor)
    if fact.divided_by != 1:
        value = _number(fact, value) // fact.divided_by
    if fact.plus:
        value = _number(fact, value) + fact.plus
    if fact.modulo is not None:
        value = _number(fact, value) % fact.modulo
    return value


def _number(fact: Fact, value: Value) -> int:
    if not isinstance(value, int):
        raise ConfigError(f"the query {fact.query!r} gives a word here, {value!r}; nothing can be computed with it")
    return value


def judge(seed: int, step: str, question: Question, answer: Value | None, facts: LabFacts) -> Judgement:
    """Compare an answer with the facts of the run that was given."""
    if question.kind == "choice":
        return _judge_choice(seed, step, question, answer)
    assert question.fact is not None, "the loader refuses a question without an answer"
    expected = value_of(question.fact, facts)
    unit = f" {question.unit}" if question.unit else ""
    found = f"{expected}{unit}"
    if answer is None:
        return _line(question, step, Verdict.UNANSWERED, "", found, "")
    given = f"{answer}{unit}"
    if _is_same(expected, answer, question.within):
        return _line(question, step, Verdict.RIGHT, given, found, "")
    for mistake in question.mistakes:
        value = mistake.value
        if mistake.fact is not None:
            try:
                value = value_of(mistake.fact, facts)
            except NoSuchFactError:
                continue
        if value is not None and _is_same(value, answer, 0):
            return _line(question, step, Verdict.WRONG, given, found, mistake.say)
    if isinstance(expected, int) and not isinstance(answer, int):
        return _line(question, step, Verdict.WRONG, given, found, f"{answer!r} is no number{_asked_in(question)}")
    return _line(question, step, Verdict.WRONG, given, found, "the files of your run say something else")


def _judge_choice(seed: int, step: str, question: Question, answer: Value | None) -> Judgement:
    choices = choices_of(question, seed)
    right = next(letter for letter, choice in choices.items() if choice.right)
    found = f"{right}) {choices[right].text}"
    if answer is None:
        return _line(question, step, Verdict.UNANSWERED, "", found, "")
    letter = str(answer).strip().lower()
    if letter not in choices:
        return _line(question, step, Verdict.WRONG, str(answer), found, f"write one letter of {', '.join(choices)}")
    given = f"{letter}) {choices[letter].text}"
    if choices[letter].right:
        return _line(question, step, Verdict.RIGHT, given, found, "")
    return _line(question, step, Verdict.WRONG, given, found, choices[letter].say or "the standard says otherwise")


def judge_goal(number: int, goal: Goal, changed: LabFacts | None, given: LabFacts) -> Judgement:
    """Hold a changed run to a goal; None where there is none."""

    def line(verdict: Verdict, answer: str, found: str, say: str) -> Judgement:
        points = goal.points if verdict is Verdict.RIGHT else 0
        return Judgement(f"goal-{number}", "change", goal.say, verdict, points, goal.points, answer, found, say,
                         goal.hint, goal.reference)  # fmt: skip

    if changed is None:
        return line(Verdict.UNANSWERED, "", "", "change.yaml is still as it was given")
    try:
        value = value_of(goal.fact, changed)
        compare = value_of(goal.fact, given) if goal.than_given is not None else 0
    except NoSuchFactError as err:
        return line(Verdict.WRONG, "", "", str(err))
    failures = []
    if goal.equals is not None and value != goal.equals:
        failures.append(f"it should be {goal.equals}")
    if goal.at_least is not None and (not isinstance(value, int) or value < goal.at_least):
        failures.append(f"it should be at least {goal.at_least}")
    if goal.at_most is not None and (not isinstance(value, int) or value > goal.at_most):
        failures.append(f"it should be at most {goal.at_most}")
    if goal.than_given is not None and not _compares(goal.than_given, value, compare):
        words = "the same as" if goal.than_given == "same" else f"{goal.than_given} than"
        failures.append(f"it should be {words} in the run that was given, {compare}")
    if failures:
        return line(Verdict.WRONG, str(value), "", f"in your run it is {value}; " + ", ".join(failures))
    return line(Verdict.RIGHT, str(value), "", "")


def _compares(how: str, value: Value, given: Value) -> bool:
    if how == "same" or not isinstance(value, int) or not isinstance(given, int):
        return how == "same" and value == given
    return value < given if how == "less" else value > given


def _is_same(expected: Value, answer: Value, within: int) -> bool:
    if isinstance(expected, int):
        return isinstance(answer, int) and abs(answer - expected) <= within
    return str(answer).strip().lower().replace("_", "-") == expected.lower().replace("_", "-")


def _asked_in(question: Question) -> str:
    return f" of {question.unit}" if question.unit else ""


def _line(question: Question, step: str, verdict: Verdict, answer: str, found: str, say: str) -> Judgement:
    points = question.points if verdict is Verdict.RIGHT else 0
    return Judgement(
        question.id, step, question.ask, verdict, points, question.points, answer, found, say, question.hint,
        question.reference,
    )  # fmt: skip
