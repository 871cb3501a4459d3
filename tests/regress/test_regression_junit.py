"""JUnit of pytest is folded to one result for each test, the worst that was said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress.regression.junit import read_junit
from rig.regress.regression.results import Outcome

CASE = (
    '<testcase classname="tests.test_mac.TestJam" file="tests/test_mac.py" name="test_{name}" time="0.5">{inner}'
    "</testcase>"
)
ERROR = '<error message="failed on teardown&#10;and more"/>'


def _file(tmp_path: Path, *cases: str) -> Path:
    path = tmp_path / "junit.xml"
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return path


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_worst_counts_whatever_the_order(tmp_path: Path, order: tuple[int, int]) -> None:
    cases = [CASE.format(name="length", inner=""), CASE.format(name="length", inner=ERROR)]
    (test,) = read_junit(_file(tmp_path, *(cases[index] for index in order))) or []
    assert (test.node, test.outcome) == ("tests/test_mac.py::TestJam::test_length", Outcome.FAILED)
    assert test.error == "failed on teardown"


def test_an_expected_failure_passes_and_a_skip_says_why(tmp_path: Path) -> None:
    xfail = CASE.format(name="a", inner='<skipped type="pytest.xfail" message="known"/>')
    skip = CASE.format(name="b", inner='<skipped type="pytest.skip" message="no board"/>')
    tests = read_junit(_file(tmp_path, xfail, skip)) or []
    assert [(test.outcome, test.error) for test in tests] == [(Outcome.PASSED, ""), (Outcome.NOT_RUN, "no board")]


def test_a_file_that_is_not_whole_is_none(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    assert read_junit(path) is None
    path.write_text("<testsuites><testsu")
    assert read_junit(path) is None
