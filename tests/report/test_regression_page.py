"""The page of a regression: small at ten thousand items, and nothing in a name or an error gets out of its data."""

from __future__ import annotations

import json
import re
from typing import Any

from rig.report.regression_page import render_regression_page

SUMMARY = {
    "plan": "p", "title": "", "seed": 1, "shard": [1, 1], "interrupted": False,
    "outcomes": {"passed": 1, "failed": 1, "flaky": 0, "infrastructure": 0, "not run": 0},
}  # fmt: skip


def _row(name: str, outcome: str, error: str = "") -> dict[str, Any]:
    return {
        "id": name, "outcome": outcome, "seconds": {"run": 1.25, "build": 3.0}, "attempts": 2 if error else 1,
        "error": error, "repeat": f"rig demo --scenario {name}", "artefacts": [f"items/{name}/attempt-1/log.txt"],
    }  # fmt: skip


def _data(page: str) -> dict[str, Any]:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert match is not None
    data: dict[str, Any] = json.loads(match[1])
    return data


def test_ten_thousand_results_stay_small() -> None:
    rows = [_row(f"scenario/collide/rtl/seed-{index * 429_000}", "passed") for index in range(10_000)]
    rows[5_000] = _row("scenario/bad", "failed", "time-out: the server has no power")
    page = render_regression_page(SUMMARY, rows)
    assert len(page.encode()) < 3_000_000
    data = _data(page)
    assert len(data["rows"]) == 10_000
    assert data["rows"][0][0] == "scenario/bad", "what failed comes first"
    assert page.count("<tr>") < 10, "rows are made by the script"


def test_text_of_others_stays_data() -> None:
    nasty = "</script><script>alert(1)</script>&"
    page = render_regression_page(SUMMARY, [_row(nasty, "failed", nasty)])
    assert page.count("<script") == 2
    row = _data(page)["rows"][0]
    assert (row[0], row[5], row[6]) == (nasty, nasty, 2)
