"""The lab file: questions, where their answers are found among the facts of a run, and what is said of a wrong one.

A lab holds no results. What is right is either a *fact*, computed from the recorded files of the student's own run by a
named query (:mod:`rig.lab.queries`), or a choice that a rule of the protocol decides, with the document that says so.
``docs/labs.md`` describes the format for those who write labs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from rig.config.fields import Name
from rig.config.network import BackendName
from rig.config.strict_yaml import Document, KeyPath, read_document
from rig.config.validation import Strict, nearest, validate
from rig.errors import ConfigError
from rig.lab.queries import QUERIES, parameters_of
from rig.report.lab_pictures import PICTURES

StepName = Literal["predict", "look", "explain"]
STEPS: tuple[StepName, ...] = ("predict", "look", "explain")
LAB_FILE, SCENARIO_FILE = "lab.yaml", "scenario.yaml"

Value = int | str
Text = Annotated[str, AfterValidator(lambda text: " ".join(text.split())), Field(min_length=1)]


class Fact(Strict):
    """Something that a run found out: a query with what it takes, then arithmetic in this order.

    ``minus`` another fact, ``over`` another fact (to the nearest whole number), ``divided_by`` (rounded down),
    ``plus``, ``modulo``.
    """

    query: str
    arguments: dict[str, Value | bool] = Field(default={}, alias="with")
    minus: Fact | None = None
    over: Fact | None = None
    divided_by: int = Field(default=1, ge=1)
    plus: int = 0
    modulo: int | None = Field(default=None, ge=2)


class Mistake(Strict):
    """A wrong answer that is worth a sentence of its own: the value of ``fact``, or ``value`` itself."""

    fact: Fact | None = None
    value: Value | None = None
    say: Text

    @model_validator(mode="after")
    def _has_one(self) -> Mistake:
        if (self.fact is None) == (self.value is None):
            raise ValueError("a mistake is told by a fact, or by a value")
        return self


class Choice(Strict):
    """One of the answers to choose from. ``say`` tells whoever chose it, wrongly, what is wrong with it."""

    text: Text
    right: bool = False
    say: str = ""


class Question(Strict):
    """One question. It has a ``fact`` (a number, or one of ``words``), or ``choices``.

    ``within`` is how far a number may be off; ``reference`` the clause or RFC that settles it.
    """

    id: Name
    ask: Text
    unit: str = ""
    fact: Fact | None = None
    within: int = Field(default=0, ge=0)
    words: list[str] = Field(default=[])
    choices: list[Choice] = Field(default=[])
    mistakes: list[Mistake] = Field(default=[])
    points: int = Field(default=1, ge=1, le=10)
    reference: Text
    hint: Text

    @model_validator(mode="after")
    def _has_an_answer(self) -> Question:
        if (self.fact is None) == (not self.choices):
            raise ValueError(f"question {self.id!r} needs a fact, or choices")
        if self.choices and (len(self.choices) < 2 or sum(choice.right for choice in self.choices) != 1):
            raise ValueError(f"question {self.id!r} needs two choices or more, of which one is right")
        return self

    @property
    def kind(self) -> Literal["number", "word", "choice"]:
        """What an answer looks like."""
        return "choice" if self.choices else "word" if self.words else "number"


class Goal(Strict):
    """What a changed run must show. ``than_given`` compares with the run that was given."""

    say: Text
    fact: Fact
    equals: Value | None = None
    at_least: int | None = None
    at_most: int | None = None
    than_given: Literal["less", "more", "same"] | None = None
    points: int = Field(default=1, ge=1, le=10)
    reference: Text
    hint: Text

    @model_validator(mode="after")
    def _has_a_condition(self) -> Goal:
        if all(each is None for each in (self.equals, self.at_least, self.at_most, self.than_given)):
            raise ValueError("a goal needs equals, at_least, at_most or than_given")
        return self


class Change(Strict):
    """The last step: the student changes the scenario. ``may_change`` are the keys of it that may differ."""

    task: Text
    may_change: list[str] = Field(min_length=1)
    goals: list[Goal] = Field(min_length=1)


class Picture(Strict):
    """A picture of the page: its name in :data:`rig.report.lab_pictures.PICTURES`, and what to see in it."""

    name: str
    caption: Text


class Lab(Strict):
    """A whole file. ``draws`` are numbers that differ from student to student: name, lowest, highest.

    In the scenario of the lab each stands as ``$name``. ``backends`` are those on which its questions can be asked: one
    that counts frames, or needs the times of the scenario, is not for a slow serial link or a shared interface.
    """

    schema_version: Literal[1] = Field(alias="schema")
    number: int = Field(ge=1, le=99)
    title: Text
    minutes: int = Field(ge=5, le=240)
    question: Text
    background: list[Text] = Field(default=[])
    backends: list[BackendName] = Field(default=["model", "rtl"], min_length=1)
    draws: dict[Name, Annotated[list[int], Field(min_length=2, max_length=2)]] = Field(default={})
    pictures: list[Picture] = Field(min_length=1)
    predict: list[Question] = Field(min_length=1)
    look: list[Question] = Field(min_length=1)
    explain: list[Question] = Field(min_length=1)
    change: Change

    def step(self, name: StepName) -> list[Question]:
        """Return the questions of a step."""
        return {"predict": self.predict, "look": self.look, "explain": self.explain}[name]

    def questions(self) -> Iterator[tuple[StepName, Question]]:
        """Give every question with its step, in their order."""
        for name in STEPS:
            for question in self.step(name):
                yield name, question

    @property
    def points(self) -> int:
        """How many points there are."""
        return sum(question.points for _, question in self.questions()) + sum(goal.points for goal in self.change.goals)


def load_lab(path: Path) -> Lab:
    """Read a lab file; :class:`ConfigError` for whatever is wrong with it, also a query that does not exist."""
    document = read_document(path)
    lab = validate(document, Lab)
    seen: set[str] = set()
    for step, question in lab.questions():
        if question.id in seen:
            raise document.error(f"the question id {question.id!r} is there twice", (step,))
        seen.add(question.id)
    for index, picture in enumerate(lab.pictures):
        if picture.name not in PICTURES:
            raise document.error(
                f"there is no picture {picture.name!r}", ("pictures", index, "name"),
                expected="one of " + ", ".join(PICTURES), nearest=nearest(picture.name, PICTURES),
            )  # fmt: skip
    for at, fact in _facts(lab):
        _check_fact(document, at, fact)
    return lab


def _facts(lab: Lab) -> Iterator[tuple[KeyPath, Fact]]:
    for step in STEPS:
        for index, question in enumerate(lab.step(step)):
            if question.fact is not None:
                yield (step, index, "fact"), question.fact
            for number, mistake in enumerate(question.mistakes):
                if mistake.fact is not None:
                    yield (step, index, "mistakes", number, "fact"), mistake.fact
    for index, goal in enumerate(lab.change.goals):
        yield ("change", "goals", index, "fact"), goal.fact


def _check_fact(document: Document, at: KeyPath, fact: Fact) -> None:
    query = QUERIES.get(fact.query)
    if query is None:
        raise document.error(
            f"there is no query {fact.query!r}", (*at, "query"),
            expected="one of " + ", ".join(sorted(QUERIES)), nearest=nearest(fact.query, QUERIES),
        )  # fmt: skip
    known, needed = parameters_of(query)
    for name in fact.arguments:
        if name not in known:
            raise _argument_error(document, at, fact, f"takes no {name!r}", known, nearest(name, known))
    for name in needed:
        if name not in fact.arguments:
            raise _argument_error(document, at, fact, f"needs {name!r}", known, "")
    for key, other in (("minus", fact.minus), ("over", fact.over)):
        if other is not None:
            _check_fact(document, (*at, key), other)


def _argument_error(
    document: Document, at: KeyPath, fact: Fact, problem: str, known: list[str], near: str
) -> ConfigError:
    return document.error(
        f"the query {fact.query!r} {problem}", (*at, "with"), expected="with " + ", ".join(known), nearest=near
    )
