"""The page of a study of saturated stations: plots with intervals next to published theory, from ``csma.json``."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from rig.errors import UsageError
from rig.report.plot import Axis, Series, draw_plot, nice_ticks
from rig.report.svg import format_time

FACTS_FILE = "csma.json"
CAPACITY_MBPS = 10.0


def write_csma_page(folder: Path) -> Path:
    """Write ``index.html`` beside ``csma.json`` and return its path; :class:`UsageError` if the facts are not there."""
    source = folder / FACTS_FILE
    try:
        facts = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise UsageError(f"{source} cannot be read: {err}") from err
    path = folder / "index.html"
    path.write_text(render_csma_page(facts), encoding="utf-8")
    return path


def render_csma_page(facts: dict[str, Any]) -> str:
    """Return the page as text."""
    assets = resources.files("rig.report") / "assets"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((assets / "csma.html.j2").read_text(encoding="utf-8"))
    rows = facts["rows"]
    stations = sorted({row["stations"] for row in rows})
    octets = sorted({row["frame_octets"] for row in rows})
    return template.render(
        facts=facts,
        rows=rows,
        holds=all(check["holds"] for check in facts["checks"]),
        longest=max(row["delay_bits"] for row in rows),
        engines=sorted({row["engine"] for row in rows}),
        table=[_table_row(row) for row in rows],
        by_stations=Markup(_by_stations(facts, octets)) if len(stations) > 1 else None,
        by_length=Markup(_by_length(rows, stations)) if len(octets) > 1 else None,
        attempts=Markup(_attempts(rows)),
        delay=Markup(_delay(rows, octets)) if len(stations) > 1 else None,
        same_winner=Markup(_same_winner(rows, octets)) if len(stations) > 1 else None,
        capture=Markup(_capture(facts["capture"])),
        style=Markup((assets / "style.css").read_text(encoding="utf-8")),
    )


def _table_row(row: dict[str, Any]) -> dict[str, Any]:
    wire = row["utilisation_wire"]
    interval = wire["ci95"]
    return {
        "stations": row["stations"],
        "octets": row["frame_octets"],
        "mbps": f"{CAPACITY_MBPS * wire['mean']:.3f}",
        "half": "" if interval is None else f"± {CAPACITY_MBPS * (interval[1] - interval[0]) / 2:.3f}",
        "frames": f"{100 * row['utilisation']['mean']:.1f} %",
        "collisions": f"{row['collisions_per_frame']['mean']:.3f}",
        "dropped": f"{100 * row['dropped']['mean']:.2f} %",
        "same": f"{100 * row['same_winner']:.1f} %",
        "delay": format_time(round(row["delay_ns"]["mean"])),
        "p99": format_time(round(row["delay_ns"]["p99"])),
    }


def _series(rows: list[dict[str, Any]], name: str, along: str, key: str, scale: float = CAPACITY_MBPS) -> Series:
    ordered = sorted(rows, key=lambda row: float(row[along]))
    intervals = [row[key]["ci95"] for row in ordered]
    return Series(
        name,
        [(row[along], scale * row[key]["mean"]) for row in ordered],
        [None if each is None else (scale * each[0], scale * each[1]) for each in intervals],
    )


def _rate_axis(series: list[Series]) -> Axis:
    lowest = min(y for each in series for _, y in each.points)
    return Axis("Mb/s, frames with preamble and gap", nice_ticks(min(lowest, 9.0) - 0.2, 10.0))


def _by_stations(facts: dict[str, Any], octets: list[int]) -> str:
    rows = facts["rows"]
    series = [
        _series([row for row in rows if row["frame_octets"] == each], f"{each} octets", "stations", "utilisation_wire")
        for each in octets
    ]
    last = max(row["stations"] for row in rows)
    return draw_plot(
        "Total bit rate against stations", Axis("saturated stations", nice_ticks(0, last)), _rate_axis(series), series
    )


def _by_length(rows: list[dict[str, Any]], stations: list[int]) -> str:
    shown = [each for each in stations if each in _spread(stations, 6)]
    series = [
        _series([row for row in rows if row["stations"] == each], _stations(each), "frame_octets", "utilisation_wire")
        for each in shown
    ]
    ticks = _powers(min(row["frame_octets"] for row in rows), max(row["frame_octets"] for row in rows))
    axis = Axis("octets, destination address to FCS", ticks, is_log=True)
    return draw_plot("Total bit rate against frame length", axis, _rate_axis(series), series)


def _attempts(rows: list[dict[str, Any]]) -> str:
    shortest = min(row["frame_octets"] for row in rows)
    several = [row for row in rows if row["frame_octets"] == shortest]
    shown = [row for row in several if row["stations"] in _spread([each["stations"] for each in several], 6)]
    series = []
    for row in shown:
        shares = [(number + 1.0, 100 * share) for number, share in enumerate(row["attempts"]) if share]
        intervals = [None if each is None else (100 * each[0], 100 * each[1]) for each in row["ci95"]["attempts"]]
        series.append(Series(_stations(row["stations"]), shares, intervals))
    axis = Axis("attempts until delivered", [float(number) for number in range(1, 17)])
    return draw_plot(
        "Attempts", axis, Axis("% of delivered frames", [0.01, 0.1, 1.0, 10.0, 100.0], is_log=True), series
    )


def _delay(rows: list[dict[str, Any]], octets: list[int]) -> str:
    series = [
        _series([row for row in rows if row["frame_octets"] == each], f"{each} octets", "stations", "service_ns", 1e-6)
        for each in _spread(octets, 4)
    ]
    most = max(value for each in series for _, value in each.points)
    last = max(row["stations"] for row in rows)
    return draw_plot(
        "Mean delay", Axis("saturated stations", nice_ticks(0, last)),
        Axis("ms until a frame is delivered or given up", nice_ticks(0, most)), series,
    )  # fmt: skip


def _same_winner(rows: list[dict[str, Any]], octets: list[int]) -> str:
    series = []
    for each in _spread(octets, 4):
        ordered = sorted((row for row in rows if row["frame_octets"] == each), key=lambda row: float(row["stations"]))
        ordered = [row for row in ordered if row["stations"] > 1]
        shares = [(float(row["stations"]), 100 * row["same_winner"]) for row in ordered]
        intervals = [row["ci95"]["same_winner"] for row in ordered]
        scaled = [None if ends is None else (100 * ends[0], 100 * ends[1]) for ends in intervals]
        series.append(Series(f"{each} octets", shares, scaled))
    last = max(row["stations"] for row in rows)
    fair = [(float(number), 100 / number) for number in range(2, last + 1)]
    series.append(Series("no capture", fair, is_theory=True))
    return draw_plot(
        "Capture", Axis("saturated stations", nice_ticks(0, last)),
        Axis("% of frames followed by one of the same station", [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]), series,
    )  # fmt: skip


def _capture(rows: list[dict[str, Any]]) -> str:
    shown = [row for row in rows if row["races"] >= 50]
    series = []
    for outcome in ("wins", "ties", "loses"):
        measured = [(float(row["collision"]), 100 * row["measured"][outcome]) for row in shown]
        exact = [(float(row["collision"]), 100 * row["exact"][outcome]) for row in shown]
        deviations = [
            1.96 * (row["exact"][outcome] * (1 - row["exact"][outcome]) / row["races"]) ** 0.5 * 100 for row in shown
        ]
        intervals = [(y - half, y + half) for (_, y), half in zip(measured, deviations, strict=True)]
        series += [Series(f"{outcome}, measured", measured, intervals), Series(f"{outcome}, exact", exact, (), True)]
    ticks = [float(row["collision"]) for row in shown] or [1.0, 2.0]
    return draw_plot(
        "Races of two stations", Axis("collisions of the loser so far", ticks),
        Axis("% of races, told by the fresh station", [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]), series,
    )  # fmt: skip


def _stations(count: int) -> str:
    return "1 station" if count == 1 else f"{count} stations"


def _spread(values: list[int], most: int) -> list[int]:
    """Return at most so many of the sorted values, first and last among them."""
    values = sorted(set(values))
    if len(values) <= most:
        return values
    return [values[round(index * (len(values) - 1) / (most - 1))] for index in range(most)]


def _powers(low: float, high: float) -> list[float]:
    ticks = [64.0]
    while ticks[-1] < high:
        ticks.append(ticks[-1] * 2)
    return [tick for tick in ticks if tick * 2 > low] if len(ticks) > 1 else [64.0, 128.0]
