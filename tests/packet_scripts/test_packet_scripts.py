"""Every ``*.script`` of this folder, played; README.md tells the language."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packet_scripts.language import Script, parse
from tests.packet_scripts.runner import Runner

SCRIPTS = [parse(path) for path in sorted(Path(__file__).parent.rglob("*.script"))]


@pytest.mark.parametrize(
    "script",
    [pytest.param(each, id=each.name, marks=[pytest.mark.requirement(id) for id in each.requirements])
     for each in SCRIPTS],
)  # fmt: skip
def test_script(script: Script) -> None:
    Runner(script).play()


def test_there_are_enough_scripts_with_names_of_their_own() -> None:
    assert len(SCRIPTS) >= 120
    assert len({script.name for script in SCRIPTS}) == len(SCRIPTS)
    assert len({script.title for script in SCRIPTS}) == len(SCRIPTS)
