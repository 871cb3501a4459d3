"""The fuzz targets without a fuzzer: their corpus, and whatever hypothesis thinks of; and with one, that it finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import __main__ as fuzzing
from tests.fuzz.targets import TARGETS, run


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_goes_through(name: str) -> None:
    inputs = sorted(path for path in (fuzzing.CORPUS / name).iterdir())
    assert inputs, "a target begins with something"
    for path in inputs:
        run(name, path.read_bytes())


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "stack"])
@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_octets(name: str, data: bytes) -> None:
    run(name, data)


@given(st.binary(max_size=150))
@settings(max_examples=150, deadline=None)
def test_any_dialogue_with_the_stack(data: bytes) -> None:
    run("stack", data)


def test_the_corpus_is_small() -> None:
    octets = sum(path.stat().st_size for path in fuzzing.CORPUS.rglob("*") if path.is_file())
    assert octets < 400_000, f"{octets} octets: python -m tests.fuzz --minimise"


@pytest.mark.needs("atheris")
def test_the_fuzzer_is_guided_and_tells_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzzing, "BUILD", tmp_path)
    row = fuzzing.fuzz("canary", 200_000, 1)
    assert (row["crashes"], row["hangs"]) == (1, 0) and "the canary is found" in capsys.readouterr().err
    assert list(tmp_path.glob("canary-crash-*")), "the input that fails is kept"


@pytest.mark.needs("atheris")
def test_a_target_whose_time_is_up_says_how_far_it_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "BUILD", tmp_path)
    row = fuzzing.fuzz("arp", 1 << 40, 1, limit_s=1)
    assert (row["crashes"], row["hangs"]) == (0, 0) and 0 < int(str(row["inputs"])) < 1 << 40
