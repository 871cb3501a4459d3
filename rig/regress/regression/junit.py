"""Results of pytest, folded to one for each test.

pytest writes a test that fails and whose teardown fails too twice, and runners that write files of their own tell a
failure again; what counts is the worst that was said of a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from rig.regress.phases import INFRASTRUCTURE, PROPERTY
from rig.regress.regression.results import Outcome

_WORST_FIRST = (Outcome.FAILED, Outcome.INFRASTRUCTURE, Outcome.NOT_RUN, Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class TestResult:
    """What came of a test. ``node`` is how pytest is asked for it: ``tests/test_mac.py::TestJam::test_length``."""

    node: str
    outcome: Outcome
    seconds: float
    error: str


def read_junit(path: Path) -> list[TestResult] | None:
    """Return the tests in the order of the file; None if there is no file, or none that is whole."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    tests: dict[str, TestResult] = {}
    for case in root.iter("testcase"):
        found = _read(case)
        known = tests.get(found.node)
        if known is None or _WORST_FIRST.index(found.outcome) < _WORST_FIRST.index(known.outcome):
            tests[found.node] = found
    return list(tests.values())


def _read(case: ElementTree.Element) -> TestResult:
    seconds = float(case.get("time") or 0)
    node = _node(case)
    for tag, outcome in (("failure", Outcome.FAILED), ("error", Outcome.FAILED), ("skipped", Outcome.NOT_RUN)):
        inner = case.find(tag)
        if inner is not None:
            message = (inner.get("message") or inner.text or tag).strip().partition("\n")[0]
            if inner.get("type") == "pytest.xfail":  # failed as expected, which JUnit calls skipped
                return TestResult(node, Outcome.PASSED, seconds, "")
            if (PROPERTY, INFRASTRUCTURE) in [(each.get("name"), each.get("value")) for each in case.iter("property")]:
                outcome = Outcome.INFRASTRUCTURE  # says rig.regress.plugin
            return TestResult(node, outcome, seconds, message)
    return TestResult(node, Outcome.PASSED, seconds, "")


def _node(case: ElementTree.Element) -> str:
    """Return the test's node; of a file that cannot be collected, which has no test, the file."""
    name, file, classname = case.get("name") or "", case.get("file"), case.get("classname") or ""
    if not classname:
        return name.replace(".", "/") + ".py" if "/" not in name else name
    if file is None:
        return f"{classname}::{name}"
    inner = classname.removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
    return "::".join(part for part in (file, *inner.split("."), name) if part)
