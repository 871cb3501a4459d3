"""The table of mechanisms in docs/labs.md: every row names questions that are there, and every lab is in it."""

from __future__ import annotations

import re
from pathlib import Path

from rig.lab.catalog import all_labs

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "labs.md").read_text()
ROWS = re.findall(
    r"^\| (.+?) \| (.+) \|$", PAGE.partition("| mechanism | where |\n|---|---|\n")[2].partition("\n\n")[0], re.M
)
MECHANISMS = 33


def test_each_mechanism_has_questions_that_are_there() -> None:
    known = {
        f"{entry.name}/{name}"
        for entry in all_labs()
        for name in ("change", *(question.id for _, question in entry.lab.questions()))
    }
    assert len({mechanism for mechanism, _ in ROWS}) == MECHANISMS
    named = {mechanism: set(re.findall(r"`([a-z-]+/[a-z0-9-]+)`", where)) for mechanism, where in ROWS}
    assert [mechanism for mechanism, questions in named.items() if not questions] == []
    assert sorted(set().union(*named.values()) - known) == []


def test_every_lab_is_in_both_tables() -> None:
    for entry in all_labs():
        assert any(f"`{entry.name}/" in where for _, where in ROWS), entry.name
        assert re.search(rf"^\| {entry.lab.number} \| `{entry.name}` \|", PAGE, re.M), entry.name
