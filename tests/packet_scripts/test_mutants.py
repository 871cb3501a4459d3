"""Each packet script fails with the planted bug that it names, so that none of them is there for show."""

from __future__ import annotations

import pytest

from tests.packet_scripts.language import Script
from tests.packet_scripts.mutants import MUTANTS, planted
from tests.packet_scripts.runner import Runner
from tests.packet_scripts.test_packet_scripts import SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_script_fails_with_its_planted_bug(script: Script) -> None:
    with planted(script.mutant), pytest.raises(Exception):  # noqa: B017  (a bug may also break the stack outright)
        Runner(script).play()
    Runner(script).play()


def test_every_planted_bug_is_named_by_a_script() -> None:
    assert set(MUTANTS) == {script.mutant for script in SCRIPTS}
