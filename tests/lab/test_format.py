"""Lab files with something wrong in them: what is said, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.config.strict_yaml import parse_document
from rig.errors import ConfigError, UsageError
from rig.lab.catalog import LABS, choices_of, draws_of, find_lab, scenario_text, seed_of
from rig.lab.folder import read_answers
from rig.lab.format import load_lab

HANDSHAKE = (LABS / "handshake" / "lab.yaml").read_text()
PRED = "fact: {query: tcp-count, with: {flags: SYN, retransmission: false}}"


@pytest.mark.parametrize(
    ("old", "new", "words", "key_path"),
    [
        ("query: tcp-count", "query: tcp-cuont", "there is no query 'tcp-cuont'", "predict[0].fact.query"),
        ("flags: SYN, retransmission", "flag: SYN, retransmission", "takes no 'flag'", "predict[0].fact.with"),
        ("with: {field: sequence, flags: SYN, without: ACK}", "with: {flags: SYN}", "needs 'field'", ".with"),
        ("name: segments", "name: segmets", "there is no picture 'segmets'", "pictures[1].name"),
        ("id: syn-length", "id: syn-segments", "question id 'syn-segments' is there twice", "predict"),
        (PRED, "within: 1", "needs a fact, or choices", "predict[0]"),
        ("right: true", "right: false", "needs two choices or more, of which one is right", "explain[0]"),
        ("      equals: refused\n", "", "a goal needs equals, at_least, at_most or than_given", "goals[0]"),
        ("{value: 1, say:", "{say:", "a mistake is told by a fact, or by a value", "mistakes[0]"),
        ("number: 2", "number: two", "wrong kind of value", "number"),
        ("minutes: 30", "minuts: 30", "did you mean 'minutes'", "minuts"),
        ("  may_change: [apps, expect]\n", "", "the key 'may_change' is missing", "change"),
        ("sent: [100, 900]", "sent: [100]", "wrong number of entries", "draws.sent"),
    ],
)
def test_a_mistake_in_a_lab_file_is_shown_where_it_is(
    tmp_path: Path, old: str, new: str, words: str, key_path: str
) -> None:
    assert old in HANDSHAKE
    path = tmp_path / "lab.yaml"
    path.write_text(HANDSHAKE.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        load_lab(path)
    assert words in str(error.value)
    assert key_path in error.value.key_path
    assert error.value.line


def test_an_unknown_word_names_its_nearest(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(HANDSHAKE.replace("query: tcp-count", "query: tcp-cuont", 1))
    with pytest.raises(ConfigError, match="did you mean 'tcp-count'"):
        load_lab(path)
    with pytest.raises(UsageError, match="did you mean 'handshake'"):
        find_lab("handshak")


def test_a_scenario_with_a_name_that_nobody_draws(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "lab.yaml").write_text(HANDSHAKE.replace("  answered: [100, 900]\n", ""))
    (folder / "scenario.yaml").write_text((LABS / "handshake" / "scenario.yaml").read_text())
    with pytest.raises(ConfigError, match="cannot be filled in: 'answered'"):
        scenario_text(find_lab("mine", tmp_path), 1)


def test_draws_and_choices_follow_from_the_seed_alone() -> None:
    entry = find_lab("handshake")
    one, two = seed_of("handshake", "alice"), seed_of("handshake", "bob")
    assert one == 2767943167, "a seed is the same on every machine and in every version"
    assert one != two
    assert draws_of(entry.lab, one) == draws_of(entry.lab, one) != draws_of(entry.lab, two)
    for name, (low, high) in entry.lab.draws.items():
        assert all(low <= draws_of(entry.lab, seed)[name] <= high for seed in range(50))
    question = entry.lab.explain[0]
    orders = {tuple(choice.text for choice in choices_of(question, seed).values()) for seed in range(50)}
    assert len(orders) > 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("predict: {syn-segment: 2}", "there is no such question"),
        ("predct: {syn-segments: 2}", "did you mean 'predict'"),
        ("predict: {syn-segments: [2]}", "this is no answer; expected a whole number, or a word"),
        ("predict: {syn-segments: 2.5}", "this is no answer"),
        ("predict: {syn-segments: true}", "this is no answer"),
        ("predict: {client-isn: 2}", "there is no such question"),
    ],
)
def test_an_answer_sheet_with_something_else_in_it(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_answers(parse_document(text, "answers.yaml"), find_lab("handshake"))
    assert words in str(error.value)


@pytest.mark.parametrize("text", ["predict:", "predict: {}", "predict: {syn-segments: }"])
def test_what_is_empty_is_not_answered(text: str) -> None:
    answers = read_answers(parse_document(text, "answers.yaml"), find_lab("handshake"))
    assert set(answers.values()) == {None}
