"""DNS queries as a waterfall: under each look-up of a program the queries that it made, one below the other.

Across is time, to scale from the first call to the last end; a look-up without a bar below it asked nobody.
"""

from __future__ import annotations

from rig.report.datagrams import Exchange, Outcome, read_exchanges, station_at
from rig.report.run_facts import RunFacts
from rig.report.svg import element, format_time, percent, text
from rig.wire.dns import RecordType, ResponseCode

LEFT_PERCENT, RIGHT_PERCENT = 28.0, 74.0
TOP_PX, ROW_PX, BAR_PX = 30, 26, 12
TICKS = 4
_CODES = {
    ResponseCode.NAME_ERROR: "no such name",
    ResponseCode.SERVER_FAILURE: "server failure",
    ResponseCode.REFUSED: "refused",
}
_CALLS = ("look-up", "connect", "send-to")


def draw_queries(facts: RunFacts) -> str | None:
    """Return the waterfall as SVG, or None where nobody was asked."""
    exchanges = read_exchanges(facts)
    if not exchanges:
        return None
    calls = [
        row for row in facts.sockets if row["kind"] == "call" and row["verb"] in _CALLS and "." in _asked_name(row)
    ]
    first_ns = min([exchanges[0].query.seen.t_ns, *(row["start_ns"] for row in calls)])
    last_ns = max([*(each.end_ns for each in exchanges), *(row["t_ns"] for row in calls)])
    scale = (RIGHT_PERCENT - LEFT_PERCENT) / max(1, last_ns - first_ns)

    def x(t_ns: int) -> float:
        return float(LEFT_PERCENT + (t_ns - first_ns) * scale)

    rows: list[str] = []
    todo = list(exchanges)
    for row in calls:
        station = row["station"]
        bar = _bar(
            x(row["start_ns"]), x(row["t_ns"]), len(rows), "query-call", format_time(row["t_ns"] - row["start_ns"])
        )
        asked = [each for each in todo if row["start_ns"] <= each.query.seen.t_ns <= row["t_ns"]
                 and station_at(facts, each.query.way[0]) == station]  # fmt: skip
        words = format_time(row["t_ns"] - row["start_ns"]) if asked else "nobody was asked"
        rows.append(_row(len(rows), row["line"], bar, words, "query-line", x(row["t_ns"])))
        for each in asked:
            todo.remove(each)
            rows.append(_query(facts, each, len(rows), x(each.query.seen.t_ns), x(each.end_ns)))
    for each in todo:  # of programs whose calls are not recorded
        rows.append(_query(facts, each, len(rows), x(each.query.seen.t_ns), x(each.end_ns)))
    height = TOP_PX + ROW_PX * len(rows)
    grid = []
    for tick in range(TICKS + 1):
        t_ns = first_ns + tick * (last_ns - first_ns) // TICKS
        at = percent(x(t_ns))
        grid.append(element("line", x1=at, x2=at, y1=TOP_PX - 6, y2=height, class_="plot-grid"))
        grid.append(text(f"{t_ns / 1e6:.2f} ms", x=at, y=14, text_anchor="middle", class_="plot-tick"))
    picture = element(
        "svg", "".join(grid + rows), width="100%", height=height + 8, class_="plot wide", role="img",
        aria_label="Queries of the resolver",
    )  # fmt: skip
    return element("div", picture, class_="scroll")


def _asked_name(row: dict[str, object]) -> str:
    words = str(row["line"]).split()
    return words[1] if words[0] == "look-up" else words[2]


def _query(facts: RunFacts, exchange: Exchange, index: int, left: float, right: float) -> str:
    server = station_at(facts, exchange.query.way[2])
    label = f"{exchange.name} at {server}"
    kind = f"query-{exchange.outcome.name.lower()}"
    wait = format_time(exchange.end_ns - exchange.query.seen.t_ns)
    bar = _bar(left, right, index, kind, f"id {exchange.asked.id}, port {exchange.query.way[1]}: {wait}")
    return _row(index, label, bar, _words(exchange), "query-label", right)


def _words(exchange: Exchange) -> str:
    """Return what came of a query, in a few words."""
    if exchange.outcome is Outcome.SILENT:
        return "no answer"
    if exchange.outcome is Outcome.REFUSED:
        return "ICMP port unreachable"
    assert exchange.answer is not None
    code = exchange.answer.response_code
    if code != ResponseCode.NO_ERROR:
        return _CODES.get(ResponseCode(code), f"response code {code}")
    kinds = [RecordType(record.type).name for record in exchange.answer.answers]
    return ", ".join(kinds) if kinds else "no record"


def _bar(left: float, right: float, index: int, kind: str, words: str) -> str:
    y = TOP_PX + ROW_PX * index + (ROW_PX - BAR_PX) / 2
    width = percent(max(right - left, 0.35))
    return element("rect", element("title", words), x=percent(left), y=y, width=width, height=BAR_PX, class_=kind)


def _row(index: int, label: str, bar: str, words: str, kind: str, right: float) -> str:
    y = TOP_PX + ROW_PX * index + ROW_PX / 2 + 4
    indent = 0 if kind == "query-line" else 14
    return (
        text(label, x=indent, y=y, class_=kind) + bar + text(words, x=percent(right), dx=8, y=y, class_="query-words")
    )
