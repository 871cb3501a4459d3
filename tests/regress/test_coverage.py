"""Counts of Verilator added up, holes explained or not, the table of collisions, and the page that shows them."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from rig.cli.coverage import run_coverage
from rig.errors import ConfigError, ExitCode, ToolError, UsageError
from rig.regress import simbuild
from rig.regress.coverage.collisions import ATTEMPTS, BITS, LENGTHS, is_reachable, read_attempts
from rig.regress.coverage.counts import HEADER, Kind, read_counts
from rig.regress.coverage.holes import read_holes
from rig.regress.coverage.summary import all_cells, gather, summarise
from rig.regress.filelist import PROJECT_ROOT
from rig.report.coverage_page import render_coverage_page
from tests.report.test_page import Checker

SOURCE = """\
module part (input wire a, output reg [3:0] q);
    always @(posedge a)
        if (q == 4'd9) q <= 4'd0;
        else q <= q + 4'd1;
endmodule
"""


def line(file: Path, number: int, page: str, what: str, count: int, spans: str = "", instance: str = "top.a") -> str:
    fields = {"f": str(file), "l": str(number), "n": "5", "page": f"{page}/part", "o": what, "S": spans, "h": instance}
    return "C '" + "".join(f"\x01{name}\x02{value}" for name, value in fields.items() if value) + f"' {count}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    source = tmp_path / "hdl" / "rtl" / "part.v"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE)
    bench = tmp_path / "hdl" / "sim" / "bench.v"
    counts = tmp_path / "counts"
    counts.mkdir()
    for run, instance in enumerate(("top.a", "top.b")):
        (counts / f"{run}.dat").write_text(
            f"{HEADER}\n"
            + line(source, 2, "v_line", "block", 10 * run, "2", instance)
            + line(source, 3, "v_branch", "if", 0, "3", instance)
            + line(source, 3, "v_branch", "else", 5 * run, "4", instance)
            + line(source, 1, "v_toggle", "q[0]:0->1", run, "", instance)
            + line(source, 1, "v_toggle", "q[3]:0->1", 0, "", instance)
            + line(source, 1, "v_toggle", "q[2]:0->1", 0, "", instance)
            + line(source, 1, "v_toggle", "q[2]:1->0", 0, "", instance)
            + line(bench, 1, "v_line", "block", 0, "1", instance)
        )
        (counts / f"{run}.attempts").write_text("1 -1 64\n1 12 64\n16 512 1518\n17 8 64\n")
    return tmp_path


def holes_file(folder: Path, *entries: str) -> Path:
    path = folder / "holes.yaml"
    path.write_text("".join(f"- {{file: {entry}}}\n" for entry in entries))
    return path


def test_counts_of_runs_and_instances_are_added(project: Path) -> None:
    counts = read_counts(sorted((project / "counts").glob("*.dat")), project)
    by_place = {(point.kind, point.line, point.what): count for point, count in counts.items()}
    assert by_place[Kind.LINE, 2, "block"] == 10 and by_place[Kind.BRANCH, 3, "else"] == 5
    assert by_place[Kind.BRANCH, 3, "if"] == 0 and by_place[Kind.TOGGLE, 1, "q[0]:0->1"] == 1


def test_shares_and_holes(project: Path) -> None:
    counts = read_counts((project / "counts").glob("*.dat"), project)
    entries = (
        '"hdl/rtl/part.v", kind: toggle, match: "q.3..*", why: "it counts to 8"',
        '"*", kind: line, match: x, why: "because"',
    )
    report = summarise(counts, Counter(), runs=2, holes=read_holes(holes_file(project, *entries)), root=project)
    (file,) = report.files
    assert file.file == "hdl/rtl/part.v", "what helps to measure is not measured"
    shares = {kind: (share.reached, share.total, share.explained) for kind, share in file.shares.items()}
    assert shares == {Kind.LINE: (2, 3, 0), Kind.BRANCH: (1, 2, 0), Kind.TOGGLE: (1, 4, 1)}
    assert file.lines == {2: 10, 3: 0, 4: 5}
    missed = [(hole["line"], hole["what"]) for hole in file.holes if hole["why"] is None]
    assert missed == [(1, "q[2]:0->1"), (1, "q[2]:1->0"), (3, "if")]
    assert [hole.file for hole in report.stale] == ["*"]


def test_attempts_are_counted_by_place(project: Path) -> None:
    cells = read_attempts((project / "counts").glob("*.attempts"))
    named = {(a, BITS[b].name, LENGTHS[c].name): count for (a, b, c), count in cells.items()}
    assert named == {(1, "none", "64"): 2, (1, "preamble", "64"): 2, (16, "512", "1518"): 2}


def test_which_collisions_there_can_be() -> None:
    reachable = [cell for cell in all_cells() if is_reachable(cell)]
    assert len(reachable) == len(ATTEMPTS) * (len(BITS) * len(LENGTHS) - 3)
    out = {(BITS[b].name, LENGTHS[c].name) for a, b, c in all_cells() if not is_reachable((a, b, c))}
    assert out == {("576..1087", "64"), ("1088..", "64"), ("1088..", "65..127")}, "these frames are over by then"


@pytest.mark.parametrize("text", ["", "not counts\n", f"{HEADER}\nC '\x01f\x02x' \n", f"{HEADER}\nC '\x01f\x02x"])
def test_a_file_that_holds_no_counts(text: str, tmp_path: Path) -> None:
    path = tmp_path / "run.dat"
    path.write_text(text)
    with pytest.raises(ToolError, match="remove"):
        read_counts([path], tmp_path)
    attempts = tmp_path / "run.attempts"
    attempts.write_text("1 2\n")
    with pytest.raises(ToolError, match=r"run\.attempts:1"):
        read_attempts([attempts])


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('"*", kind: line, match: x', "no hole"),
        ('"*", kind: lines, match: x, why: "because"', "unknown kind"),
        ('"*", kind: line, match: "(", why: "because"', "no regular expression"),
    ],
)
def test_a_wrong_list_of_holes(entry: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_holes(holes_file(tmp_path, entry))


def test_the_list_of_holes_names_files_that_are_there() -> None:
    for hole in read_holes():
        assert hole.file == "*" or (PROJECT_ROOT / hole.file).is_file(), hole.file
        assert len(hole.why) > 10


def test_the_page_is_whole(project: Path) -> None:
    counts = read_counts((project / "counts").glob("*.dat"), project)
    cells = read_attempts((project / "counts").glob("*.attempts"))
    report = summarise(counts, cells, runs=2, holes=[], root=project)
    page = render_coverage_page(report.to_json())
    checker = Checker()
    checker.feed(page)
    assert not checker.problems and not checker.stack
    assert all(reference.startswith("#") for reference in checker.references), "nothing is fetched"
    assert "q[2] never changes" in page and "q[3] never rises" in page
    assert "q &lt;= q + 4&#39;d1" in page


def test_counts_of_older_sources_are_told(project: Path) -> None:
    counts = project / "counts"
    source = project / "hdl" / "rtl" / "part.v"
    for path in counts.iterdir():
        os.utime(path, (1_000, 1_000))
    os.utime(source, (900, 900))
    assert gather([counts], root=project).changed == []
    os.utime(source, (1_100, 1_100))
    report = gather([counts], root=project)
    assert report.changed == ["hdl/rtl/part.v"]
    assert "Changed since" in render_coverage_page(report.to_json())


def test_without_counts_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make coverage"):
        gather([tmp_path])


def test_a_simulation_leaves_its_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a build with counts to the page, through the command."""
    folder = tmp_path / "counts"
    monkeypatch.setenv("RIG_COVERAGE", str(folder))
    build = simbuild.build("verilator", "segment_bench", parameters={"STATIONS": 2})
    assert build.has_coverage
    simbuild.run(
        build, run_dir=tmp_path / "run", timeout_s=120, main="tests.hdl.bench.raw_main:collide",
        plusargs=("+recorder=records.txt",),
    ).check()  # fmt: skip
    assert run_coverage([folder], tmp_path / "page", as_json=True) == ExitCode.PASSED
    facts = json.loads(capsys.readouterr().out)
    assert facts["schema"] == 1 and facts["runs"] == 1
    for kind in ("line", "branch", "toggle"):
        assert 0.3 < facts[kind]["reached"] / facts[kind]["total"] < 1, kind
    counts = facts["collisions"]["counts"][LENGTHS.index(next(each for each in LENGTHS if 64 in each))]
    assert sum(counts[0]) == 2 and counts[0][0] == 0, "two first attempts, which collide"
    assert counts[1][0] >= 1, "and then one gets through"
    assert (tmp_path / "page" / "index.html").stat().st_size > 100_000
    assert run_coverage([folder], tmp_path / "page", as_json=False) == ExitCode.PASSED
    assert "1 simulations of the Verilog adapter" in capsys.readouterr().out
