"""``rig coverage``: add up what simulations under RIG_COVERAGE have left, and write the page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rig.errors import ExitCode
from rig.regress.coverage.counts import Kind
from rig.regress.coverage.summary import CoverageReport, Share, gather
from rig.report.coverage_page import percent, render_coverage_page

HOLES_SHOWN = 10


def run_coverage(folders: Sequence[Path], output: Path, *, as_json: bool) -> ExitCode:
    """Write ``coverage.json`` and ``index.html`` to ``output``, and print the shares.

    :class:`~rig.errors.UsageError` if no simulation has left anything.
    """
    report = gather(folders)
    facts = report.to_json()
    output.mkdir(parents=True, exist_ok=True)
    page = output / "index.html"
    (output / "coverage.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    page.write_text(render_coverage_page(facts), encoding="utf-8")
    if as_json:
        files = [
            {key: value for key, value in each.items() if key not in ("lines", "source")} for each in facts["files"]
        ]
        print(json.dumps(facts | {"files": files, "page": str(page)}, indent=1))
    else:
        _show(report, page)
    return ExitCode.PASSED


def _show(report: CoverageReport, page: Path) -> None:
    shares: dict[str, Share] = {kind.value: report.total(kind) for kind in Kind}
    shares["collisions"] = report.collisions()
    print(f"{report.runs} simulations of the Verilog adapter")
    for name, share in shares.items():
        reachable = share.total - share.explained
        reached = f"{percent(asdict(share)):>7}  {share.reached:6} of {reachable:6}"
        print(f"{name:<11}{reached}, and {share.explained} out of reach")
    missed_places = [
        f"{file.file}:{hole['line']}: {hole['kind']} {hole['what']}"
        for file in report.files
        for hole in file.holes
        if hole["why"] is None
    ]
    for place in missed_places[:HOLES_SHOWN]:
        print(f"  missed: {place}")
    if len(missed_places) > HOLES_SHOWN:
        print(f"  and {len(missed_places) - HOLES_SHOWN} more, on the page")
    if report.changed:
        print(f"{', '.join(report.changed)}: changed since simulations were run; run them again, make coverage")
    print(f"page  {page}")
