"""The conformance tables of the stack: complete, honest, and printed with the outcomes of a run."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from rig.cli.stack_conformance import run_stack_conformance
from rig.errors import ConfigError, ExitCode, UsageError
from rig.regress.stack_conformance import Applies, Row, join, read_outcomes, read_rows, table
from tests.packet_scripts.test_packet_scripts import SCRIPTS

TESTS = Path(__file__).resolve().parents[1]


def _ids_in_tests() -> dict[str, set[str]]:
    """Return requirement -> files that carry it, read from the sources so that nothing needs to run."""
    found: dict[str, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name == "requirement":
                    found.setdefault(str(node.args[0].value), set()).add(path.name)
    for script in SCRIPTS:
        for requirement in script.requirements:
            found.setdefault(requirement, set()).add(script.path.name)
    return found


def test_every_row_is_tested_or_decided() -> None:
    carried = _ids_in_tests()
    rows = [row for rows in read_rows().values() for row in rows]
    assert {row.id for row in rows if row.applies is Applies.REQUIRED} - set(carried) == set()
    assert {row.id for row in rows if not row.decision and row.id not in carried} == set()
    open_to_decide = {Applies.OPTIONAL, Applies.NOT_FOR_US}
    assert {row.id for row in rows if row.applies in open_to_decide and not row.decision} == set()


def test_every_id_of_the_packet_scripts_and_of_the_stack_tests_is_a_row() -> None:
    known = {row.id for rows in read_rows().values() for row in rows}
    assert {each for script in SCRIPTS for each in script.requirements} - known == set()
    assert {each for each in _ids_in_tests() if each.startswith("RFC")} - known == set()


def test_tables_by_protocol() -> None:
    tables = read_rows()
    assert list(tables) == ["tcp", "ip", "arp", "icmp", "udp", "dns"]
    assert len(tables["tcp"]) > 150


def test_join() -> None:
    rows = [Row("A", "a", Applies.REQUIRED), Row("B", "b", Applies.OPTIONAL, "no"), Row("C", "c", Applies.TAKEN)]
    outcomes = {"A": (("t1", "t2"), "passed"), "C": (("t3",), "failed")}
    joined = join(rows, outcomes)
    assert [(each.outcome, each.is_open) for each in joined] == [
        ("passed", False),
        ("no test ran", False),
        ("failed", True),
    ]
    assert join(rows[:1], {})[0].is_open
    assert joined[1].facts() == {
        "id": "B", "title": "b", "applies": "opt", "decision": "no", "tests": [], "outcome": "no test ran",
    }  # fmt: skip


def _outcomes(tmp_path: Path, protocol: str, outcome: str = "passed") -> Path:
    records = [{"id": row.id, "tests": ["tests/x.py::t"], "outcome": outcome} for row in read_rows()[protocol]]
    path = tmp_path / "requirements.json"
    path.write_text(json.dumps(records))
    return path


def test_command_prints_a_table_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _outcomes(tmp_path, "arp")
    assert run_stack_conformance("arp", as_json=True, outcomes_file=path) is ExitCode.PASSED
    facts = json.loads(capsys.readouterr().out)["rows"]
    assert [sorted(each) for each in facts] == [["applies", "id", "outcome", "tests", "title"]] * 4
    assert run_stack_conformance("arp", outcomes_file=path) is ExitCode.PASSED
    shown = capsys.readouterr().out
    assert "RFC826" in shown and "4 passed" in shown


def test_command_fails_where_a_requirement_is_not_proven(tmp_path: Path) -> None:
    assert run_stack_conformance("udp", outcomes_file=_outcomes(tmp_path, "udp", "failed")) is ExitCode.TEST_FAILURES
    empty = tmp_path / "empty.json"
    empty.write_text("[]")
    assert run_stack_conformance("udp", outcomes_file=empty) is ExitCode.TEST_FAILURES


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run the tests first"):
        read_outcomes(tmp_path / "none.json")
    with pytest.raises(UsageError, match="tcp, ip, arp, icmp, udp"):
        table("sctp", _outcomes(tmp_path, "tcp"))
    wrong = tmp_path / "rows.yaml"
    wrong.write_text('tcp:\n  - id: A\n    title: "t"\n    applies: "maybe"\n')
    with pytest.raises(ConfigError, match=r"rows.yaml:4: .*expected Y, y, opt, N; got maybe"):
        read_rows(wrong)
    wrong.write_text('tcp:\n  - {id: A, title: "t", applies: "Y"}\n  - {id: A, title: "t", applies: "Y"}\n')
    with pytest.raises(ConfigError, match="A stands twice"):
        read_rows(wrong)
