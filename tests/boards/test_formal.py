"""The table of proofs is whole: every property is in the Verilog, has a cover, and a bug that can still be planted.

The proofs themselves are `make formal`; here the fastest run, and what the runner says of a property that is none.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rig.boards.formal import __main__ as command
from rig.boards.formal.page import DOCUMENT, with_table
from rig.boards.formal.proofs import Row, prove, rows_of, runs_of
from rig.boards.formal.solver import HEADERS, PROPERTIES, RTL, Run, Verdict, plant, read_report, run
from rig.config.formal import FormalTable, PlantedBug, Property, ProvenModule, load_table
from rig.errors import ConfigError, ExitCode, ToolError

TABLE = load_table(PROPERTIES / "properties.yaml")
MODULES = {entry.module: entry for entry in TABLE.modules}
CLAIMS = [(entry, claim) for entry in TABLE.modules for claim in entry.properties]


def _properties(module: str) -> str:
    return (PROPERTIES / f"{module}_properties.vh").read_text()


def _statements(module: str, kind: str) -> list[str]:
    return re.findall(rf"\b(\w+):\s*{kind}\s*\(", _properties(module))


def test_modules_and_their_properties_belong_together() -> None:
    included = {path.stem for path in RTL.glob("*.v") if "FORMAL" in path.read_text()}
    assert included == set(MODULES)
    assert {path.name for path in PROPERTIES.glob("*.vh")} == {f"{module}_properties.vh" for module in MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_the_properties_are_the_last_lines_of_the_module(module: str) -> None:
    text = (RTL / f"{module}.v").read_text()
    assert text.endswith(f'\n\n`ifdef FORMAL\n`include "{module}_properties.vh"\n`endif\nendmodule\n')
    assert text.count("FORMAL") == 1
    assert "`" not in re.sub(r"//.*", "", _properties(module)), "no macros"


@pytest.mark.parametrize("module", MODULES)
def test_every_statement_of_the_verilog_is_in_the_table(module: str) -> None:
    entry = MODULES[module]
    claimed = [name for name in _statements(module, "assert") if not name.startswith("help_")]
    assert sorted(claimed) == sorted(claim.property for claim in entry.properties)
    assert sorted(set(_statements(module, "cover"))) == sorted({claim.cover for claim in entry.properties})
    asserted = len(re.findall(r"\bassert\s*\(", _properties(module)))
    assert asserted == len(_statements(module, "assert")), "every one has a name"


@pytest.mark.parametrize("module", MODULES)
def test_every_assumption_has_its_reason_beside_it(module: str) -> None:
    lines = _properties(module).splitlines()
    for number, line in enumerate(lines):
        if re.search(r"\bassume\s*\(", line):
            around = "\n".join(lines[max(0, number - 5) : number + 1])
            assert re.search(r"//.*\w+\W+\w+\W+\w+", around), f"{module}, line {number + 1}"


@pytest.mark.parametrize("module", MODULES)
def test_what_a_proof_reads_is_there(module: str) -> None:
    """The modules inside it, each once; those that it names, and no others."""
    entry = MODULES[module]
    texts = {name: re.sub(r"//.*", "", (RTL / f"{name}.v").read_text()) for name in (module, *entry.sources)}
    instances = {
        other.stem
        for text in texts.values()
        for other in RTL.glob("*.v")
        if re.search(rf"^\s*{other.stem}\s+(#\(|\w+\s*\()", text, flags=re.MULTILINE)
    }
    assert instances == set(entry.sources)
    assert set(entry.parameters) <= set(re.findall(r"\bparameter\b[^=]*?(\w+)\s*=", texts[module]))


@pytest.mark.parametrize(("entry", "claim"), CLAIMS, ids=[f"{e.module}.{c.property}" for e, c in CLAIMS])
def test_the_bug_can_be_planted(entry: ProvenModule, claim: Property) -> None:
    name = f"{claim.bug.source or entry.module}.v"
    assert claim.bug.source is None or claim.bug.source in entry.sources
    before = (RTL / name).read_text()
    assert plant(before, claim.bug, name) != before


def test_no_two_bugs_are_the_same_and_no_property_is_said_twice() -> None:
    edits = [(entry.module, claim.bug.source, claim.bug.replace, claim.bug.by) for entry, claim in CLAIMS]
    assert len(set(edits)) == len(edits)
    assert len({claim.says for _, claim in CLAIMS}) == len(CLAIMS)


def test_the_page_has_the_table() -> None:
    """``docs/formal.md`` is what ``make formal`` writes when all is well."""
    rows = [
        Row(claim.property, entry.module, True, claim.method, entry.depth_of(claim.method) or 0, True, claim.bug.says)
        for entry, claim in CLAIMS
    ]
    text = DOCUMENT.read_text()
    assert with_table(text, TABLE, rows) == text, "run `make formal`"


ENTRY = ProvenModule(
    module="slot_wheel",
    induction=2,
    bounded=9,
    search=5,
    properties=[
        Property(property="a", says="a", cover="reach_a", bug=PlantedBug(says="bug a", replace="x", by="y")),
        Property(
            property="b", says="b", method="bounded", cover="reach_b", bug=PlantedBug(says="bug b", replace="x", by="z")
        ),
    ],
)
PASS, FAIL_A, FAIL_B = Verdict("PASS", (), None), Verdict("FAIL", ("a",), None), Verdict("FAIL", ("b",), None)
GOOD = {"induction": PASS, "bounded": PASS, "cover": PASS, "bug-a": FAIL_A, "bug-b": FAIL_B}


def test_the_runs_of_a_module() -> None:
    runs = runs_of(ENTRY)
    assert list(runs) == list(GOOD)
    assert [(run.mode, run.depth, run.names, run.helpers) for run in runs.values()] == [
        ("prove", 2, ("a",), True), ("bmc", 9, ("b",), False), ("cover", 5, ("reach_a", "reach_b"), False),
        ("bmc", 5, ("a",), False), ("bmc", 5, ("b",), False),
    ]  # fmt: skip


def test_rows_say_what_is_missing() -> None:
    good = rows_of(ENTRY, GOOD)
    assert [row.as_dict() for row in good] == [
        {"property": "a", "module": "slot_wheel", "proven": True, "method": "induction", "depth": 2,
         "cover_reached": True, "kills": "bug a"},
        {"property": "b", "module": "slot_wheel", "proven": True, "method": "bounded", "depth": 9,
         "cover_reached": True, "kills": "bug b"},
    ]  # fmt: skip
    assert all(row.is_good() and not row.problem for row in good)

    trace = Verdict("FAIL", ("a",), Path("a.vcd"))
    assert "counterexample in a.vcd" in rows_of(ENTRY, {**GOOD, "induction": trace})[0].problem
    assert "UNKNOWN" in rows_of(ENTRY, {**GOOD, "induction": Verdict("UNKNOWN", (), None)})[0].problem
    unreached = rows_of(ENTRY, {**GOOD, "cover": Verdict("FAIL", ("reach_b",), None)})
    assert [row.cover_reached for row in unreached] == [True, False]
    assert [row.cover_reached for row in rows_of(ENTRY, {**GOOD, "cover": Verdict("TIMEOUT", (), None)})] == [False] * 2
    # A bug that breaks something else, and one that the solver had no time for, do not count.
    assert [row.kills for row in rows_of(ENTRY, {**GOOD, "bug-a": FAIL_B, "bug-b": PASS})] == [None, None]
    assert rows_of(ENTRY, {**GOOD, "bug-a": Verdict("TIMEOUT", (), None)})[0].kills is None


def test_only_what_is_asked_for_is_in_the_run_file() -> None:
    script = Run(ENTRY, "prove", 2, ("a",), helpers=True).script()
    assert "chformal -assert -remove slot_wheel/c:* slot_wheel/c:a %d slot_wheel/c:help_* %d\n" in script
    assert "chformal -cover -remove\n" in script
    assert "help_" not in Run(ENTRY, "bmc", 2, ("a",)).script()
    assert "multiclock on" in Run(ENTRY.model_copy(update={"clocks": "free"}), "bmc", 2, ("a",)).script()


REPORT = """<testsuites><testsuite><properties><property name="status" value="{status}"/></properties>
<testcase name="build execution"><failure type="FAIL"/></testcase>
<testcase type="ASSERT" id="a" tracefile="engine_0/trace.vcd"><failure type="ASSERT"/></testcase>
<testcase type="ASSERT" id="b"/><testcase type="COVER" id="c"><skipped/></testcase></testsuite></testsuites>"""


def test_a_report_is_read() -> None:
    assert read_report(REPORT.format(status="FAIL")) == {
        "status": "FAIL", "failed": ["a"], "trace": "engine_0/trace.vcd"
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "aa"])
def test_a_bug_that_is_not_there_once_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"'a' is [02] times in it; expected exactly once"):
        plant(text, PlantedBug(says="it", replace="a", by="b"), "x.v")


GOOD_TABLE = """schema: 1
modules:
  - module: slot_wheel
    induction: 1
    search: 5
    properties:
      - {property: one, says: one, cover: reach, bug: {says: bug, replace: "2'd1", by: "2'd2"}}
"""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    induction: 1\n", "", "slot_wheel: the depth and the properties of the method induction"),
        ("search: 5", "search: 5\n    bounded: 5", "the method bounded do not go together"),
        ("cover: reach", "cover: one", "one is the name of two things"),
        ("property: one", "property: Aber", "is no Verilog name"),
        ("induction: 1", "induction: 0", "induction"),
        ("cover: reach, ", "", "cover"),
        ("    properties:\n", "    properties: []\n  - module: slot_wheel\n    properties:\n", "properties"),
    ],
)
def test_a_table_that_cannot_be_used(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "properties.yaml"
    path.write_text(GOOD_TABLE)
    assert isinstance(load_table(path), FormalTable)
    assert old in GOOD_TABLE
    path.write_text(GOOD_TABLE.replace(old, new))
    with pytest.raises(ConfigError, match=complaint):
        load_table(path)


def test_a_module_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "properties.yaml"
    path.write_text(GOOD_TABLE + GOOD_TABLE.split("modules:\n")[1])
    with pytest.raises(ConfigError, match="slot_wheel is there twice"):
        load_table(path)


def test_exit_codes_and_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "formal.md"
    page.write_text(DOCUMENT.read_text())
    monkeypatch.setattr(command, "RESULT", tmp_path / "build" / "formal.json")
    monkeypatch.setattr(command, "DOCUMENT", page)
    rows = [
        Row(claim.property, entry.module, True, claim.method, 1, True, claim.bug.says) for entry, claim in CLAIMS
    ]  # fmt: skip
    monkeypatch.setattr(command, "prove", lambda *_: rows)
    assert command.main([]) == ExitCode.PASSED
    written = json.loads((tmp_path / "build" / "formal.json").read_text())
    assert len(written) == len(CLAIMS)
    assert set(written[0]) == {"property", "module", "proven", "method", "depth", "cover_reached", "kills"}
    assert f"{len(CLAIMS)} of {len(CLAIMS)} properties" in capsys.readouterr().out
    rows[0] = Row(rows[0].property, rows[0].module, True, "induction", 1, True, None, "the bug goes unnoticed")
    assert command.main([]) == ExitCode.TEST_FAILURES
    assert "the bug goes unnoticed" in capsys.readouterr().out
    assert json.loads((tmp_path / "build" / "formal.json").read_text())[0]["kills"] is None
    assert "| NO |" in page.read_text()
    assert command.main(["defference"]) == ExitCode.USAGE
    assert "did you mean 'deference'?" in capsys.readouterr().err

    def fail(*_: object) -> list[Row]:
        raise ToolError("it failed")

    monkeypatch.setattr(command, "prove", fail)
    assert command.main(["deference", "--json"]) == ExitCode.BUILD
    assert "it failed" in capsys.readouterr().err


@pytest.mark.needs("prover")
def test_a_module_is_proven_and_looked_up_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path))
    seen: list[tuple[str, bool]] = []
    entry = MODULES["slot_wheel"]
    rows = prove([entry], lambda _, name, verdict: seen.append((name, verdict.was_cached)))
    assert [row.problem for row in rows] == [""] * len(entry.properties)
    assert sorted(name for name, _ in seen) == sorted(runs_of(entry))
    assert not any(was_cached for _, was_cached in seen)
    seen.clear()
    assert prove([entry], lambda _, name, verdict: seen.append((name, verdict.was_cached))) == rows
    assert all(was_cached for _, was_cached in seen)


@pytest.mark.needs("prover")
def test_what_is_false_empty_or_blunt_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real property on a source that is broken, with a bug that changes nothing, and with a cover too far away."""
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path / "build"))
    for name, folder in (("RTL", RTL), ("PROPERTIES", PROPERTIES), ("HEADERS", HEADERS)):
        copy = tmp_path / folder.name
        copy.mkdir()
        for path in folder.glob("slot_wheel*" if name != "HEADERS" else "*.vh"):
            (copy / path.name).write_text(path.read_text())
        monkeypatch.setattr(f"rig.boards.formal.solver.{name}", copy)
    real = MODULES["slot_wheel"]
    claim = real.properties[0]
    blunt = claim.model_copy(update={"bug": PlantedBug(says="none", replace="slot + 2'd1", by="2'd1 + slot")})
    source = tmp_path / RTL.name / "slot_wheel.v"
    source.write_text(plant(source.read_text(), claim.bug, source.name))
    blunt_entry = real.model_copy(update={"search": 1, "properties": [blunt]})
    (row,) = prove([blunt_entry])
    assert (row.proven, row.cover_reached) == (False, False)
    assert Path(re.search(r"counterexample in (\S+)", row.problem)[1].rstrip(";")).exists()  # type: ignore[index]  # else it fails
    source.write_text((RTL / "slot_wheel.v").read_text())
    verdicts = {**GOOD, "bug-one_user_an_edge": run(runs_of(blunt_entry)["bug-one_user_an_edge"], "blunt")}
    (row,) = rows_of(blunt_entry, {**verdicts, "cover": PASS})
    assert (row.proven, row.cover_reached, row.kills) == (True, True, None)
