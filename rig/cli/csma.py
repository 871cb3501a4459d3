"""``rig csma``: many saturated stations, as a table, as JSON, or as a page."""

from __future__ import annotations

import json
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.errors import ExitCode, UsageError
from rig.regress.csma.replication import Point
from rig.regress.csma.study import Study, page_facts, run_study
from rig.report.csma_page import FACTS_FILE, write_csma_page

STUDY_STATIONS = "1,2,3,5,10,15,20,24"
STUDY_OCTETS = "64,128,256,512,768,1024,1536"
MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class CsmaOptions:
    """What the command line asks for; ``stations`` and ``frame_octets`` are lists with commas."""

    stations: str
    frame_octets: str
    delay_bits: int
    frames: int
    replications: int
    seed: int
    engine: str
    workers: int | None
    dask: str | None
    study: bool
    page: Path | None
    open_page: bool
    as_json: bool


def run_csma(options: CsmaOptions) -> ExitCode:
    """Measure and print; return the exit code. :class:`~rig.errors.RigError` for what cannot be measured."""
    if options.open_page and options.page is None:
        raise UsageError("--open has no page to open; name a folder for it with --page DIR")
    stations = STUDY_STATIONS if options.study else options.stations
    octets = STUDY_OCTETS if options.study else options.frame_octets
    points = tuple(
        Point(count, length, options.delay_bits)
        for length in numbers("--frame-octets", octets)
        for count in numbers("--stations", stations)
    )
    if len(points) > MOST_POINTS:
        raise UsageError(f"{len(points)} points are asked for; a sweep has at most {MOST_POINTS}")
    study = Study(
        points, options.frames, options.replications, options.seed, options.engine, options.workers, options.dask
    )
    if not options.as_json:
        print(HEADING)
    rows = run_study(study, lambda row: None if options.as_json else print(line(row), flush=True))
    if options.as_json:
        print(json.dumps(rows[0] if len(rows) == 1 else {"schema": 1, "rows": rows}, indent=2))
    if options.page is not None:
        _write_page(options.page, page_facts(study, rows), options)
    return ExitCode.PASSED


def numbers(option: str, text: str) -> list[int]:
    """Read a list with commas; :class:`UsageError` names what is no number."""
    values = []
    for word in text.split(","):
        try:
            values.append(int(word))
        except ValueError:
            raise UsageError(f"{option} is {text!r}; write whole numbers with commas between, such as 2,5,24") from None
    return values


HEADING = (
    "stations  octets    Mb/s frames   with preamble, gap  collisions/frame  dropped  same winner"
    "  mean delay  99 % below  frames/CPU s"
)


def line(row: dict[str, Any]) -> str:
    """Return a row as text; each share with half of its 95 % interval."""
    return (
        f"{row['stations']:8}  {row['frame_octets']:6}  {_with_half(row['utilisation'], 10, 3):>14}"
        f"  {_with_half(row['utilisation_wire'], 10, 3):>19}  {_with_half(row['collisions_per_frame'], 1, 3):>16}"
        f"  {100 * row['dropped']['mean']:5.2f} %  {100 * row['same_winner']:9.2f} %"
        f"  {row['delay_ns']['mean'] / 1e6:7.3f} ms  {row['delay_ns']['p99'] / 1e6:7.2f} ms"
        f"  {row['frames_per_cpu_s'] or 0:12}"
    )


def _with_half(value: dict[str, Any], scale: float, digits: int) -> str:
    half = "" if value["ci95"] is None else f" ±{scale * (value['ci95'][1] - value['ci95'][0]) / 2:.{digits}f}"
    return f"{scale * value['mean']:.{digits}f}{half}"


def _write_page(folder: Path, facts: dict[str, Any], options: CsmaOptions) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FACTS_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    except OSError as err:
        raise UsageError(f"{folder} cannot be written: {err.strerror}; name another folder with --page") from err
    page = write_csma_page(folder)
    print(f"page  {page}", file=sys.stderr if options.as_json else sys.stdout)
    if options.open_page:
        webbrowser.open(page.resolve().as_uri())
