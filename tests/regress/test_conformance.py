"""What runs the MAC conformance list: verdicts, results, exit codes, JSON, the page; and rows that go wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rig.cli.conformance import MacConformanceOptions, run_mac_conformance
from rig.errors import ExitCode, UsageError
from rig.regress.conformance import play, report
from rig.regress.conformance.fixture import Anchor, Arrival
from rig.regress.conformance.mac import LostFrameError, Mac
from rig.regress.conformance.play import Verdict
from rig.regress.conformance.rows import Row, find_rows
from rig.regress.conformance.rtl import compile_script
from rig.regress.conformance.runner import BackendResult, RowResult, run_list, run_twin
from rig.regress.filelist import PROJECT_ROOT


def row(check: object) -> Row:
    return replace(find_rows(["MAC-2.4"])[0], check=check, on_bit_clock=False)  # type: ignore[arg-type]


async def loses_a_frame(mac: Mac) -> None:
    mac.tally.check(True, "fine")
    raise LostFrameError("slot 0 was not done")


async def has_a_bug(mac: Mac) -> None:
    raise ZeroDivisionError("in the row")


async def never_ends(mac: Mac) -> None:
    mac.tally.check(True, "fine")
    await mac.fixture.kernel.event("never").wait()


async def checks_nothing(mac: Mac) -> None:
    await mac.set_up()


@pytest.mark.parametrize(
    ("check", "words"),
    [(loses_a_frame, "slot 0 was not done"), (has_a_bug, "ZeroDivisionError"), (never_ends, "not over after")],
)
def test_a_row_that_breaks_off_has_failed_and_the_next_goes_on(check: object, words: str) -> None:
    verdicts = run_twin([row(check), find_rows(["MAC-2.2"])[0]], is_thorough=False)
    assert [(verdict.id, verdict.passed) for verdict in verdicts] == 2 * [("MAC-2.4", False), ("MAC-2.2", True)]
    assert words in verdicts[0].failures[0]


def test_a_row_without_a_case_has_not_passed() -> None:
    (verdict, _) = run_twin([row(checks_nothing)], is_thorough=False)
    result = BackendResult()
    result.add(verdict)
    assert result.outcome == "failed" and result.failures == ["100 Mb/s: no case was checked"]


def test_a_failure_on_one_clock_fails_the_row() -> None:
    result = BackendResult()
    result.add(Verdict("MAC-1.1", "10 Mb/s", 5))
    result.add(Verdict("MAC-1.1", "100 Mb/s", 7, 2, ["this", "that"]))
    result.add(Verdict("MAC-1.1", "bit clock", 1))
    assert (result.outcome, result.cases, result.speeds) == ("failed", 13, [10, 100])
    assert result.clocks == ["100 Mb/s", "10 Mb/s", "bit clock"]
    assert result.failures == ["100 Mb/s: this", "100 Mb/s: that"]


def test_exit_codes() -> None:
    def results(*outcomes: str) -> list[RowResult]:
        return [RowResult("x", "t", BackendResult(outcome), BackendResult(), "e") for outcome in outcomes]  # type: ignore[arg-type]

    assert report.exit_code(results("passed", "not run")) == ExitCode.PASSED
    assert report.exit_code(results("passed", "failed")) == ExitCode.TEST_FAILURES
    assert report.exit_code(results("not run")) == ExitCode.NOTHING_RAN


def test_the_limit_of_a_row_is_beyond_every_row() -> None:
    assert play.ROW_LIMIT_NS > 9_000_000_000, "MAC-4.4 at 10 Mb/s lasts 8.3 s"


@pytest.mark.parametrize("ids", [["MAC-9.9"], ["MAC-1.1", "mac-1.2"]])
def test_a_row_that_there_is_not(ids: list[str]) -> None:
    with pytest.raises(UsageError, match=r"MAC-1\.1 to MAC-7\.2"):
        find_rows(ids)


def test_rows_in_json_and_on_the_page(tmp_path: Path) -> None:
    results = run_list(find_rows(["MAC-2.2", "MAC-4.7"]), ["twin"], is_thorough=False, folder=tmp_path)
    value = json.loads(report.to_json(results))
    assert value["schema"] == 1
    first, last = value["rows"]
    assert set(first) == {"id", "title", "rtl", "twin", "evidence"}
    assert first["rtl"]["outcome"] == "not run" and first["rtl"]["cases"] == 0
    assert first["twin"]["outcome"] == "passed" and first["twin"]["cases"] > 10
    assert last["twin"]["speeds"] == [10, 100] and last["twin"]["clocks"][-1] == "bit clock"
    page = report.to_markdown(results)
    assert "| MAC-4.7 | slot time edge | not run | passed: " in page


def test_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path))
    options = MacConformanceOptions(rows=["MAC-2.2"], backends=["twin"], quick=True)
    assert run_mac_conformance(replace(options, as_json=True)) == ExitCode.PASSED
    told = capsys.readouterr()
    assert json.loads(told.out)["rows"][0]["id"] == "MAC-2.2" and told.err == ""
    assert run_mac_conformance(options) == ExitCode.PASSED
    assert "1 passed, 1 not run" in capsys.readouterr().out
    assert not (tmp_path / "conformance-mac.json").exists(), "only the whole list is kept"
    assert list((tmp_path / "conformance-mac").iterdir()) == [], "nothing is left of a run that has passed"
    for part in ({"rows": ["MAC-2.2"]}, {"quick": True}, {"backends": ["twin"]}):
        with pytest.raises(UsageError, match="whole list"):
            run_mac_conformance(replace(MacConformanceOptions(write_docs=True), **part))  # type: ignore[arg-type]


def test_the_page_in_the_documentation_has_every_row() -> None:
    page = (PROJECT_ROOT / "docs" / "conformance-mac.md").read_text(encoding="utf-8")
    for each in find_rows(None):
        (line,) = (line for line in page.splitlines() if line.startswith(f"| {each.id} |"))
        assert line.count("passed: ") == 2, f"{each.id} has passed on RTL and twin"
        assert each.evidence.replace("|", "\\|") in line, "write the page again: rig conformance mac --write-docs"


def test_a_script_that_cannot_be_played() -> None:
    late, early = Arrival(500, b"\5", Anchor.PLAY), Arrival(100, b"\5", Anchor.PLAY)
    with pytest.raises(UsageError, match="order of time"):
        compile_script([late, early], 40)
    with pytest.raises(UsageError, match="words"):
        compile_script([Arrival(0, bytes(600_000))], 40)
