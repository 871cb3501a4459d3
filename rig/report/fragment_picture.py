"""A datagram in pieces: how it was cut on each cable, and what the receiver had of it, piece by piece.

Across is the data of the datagram, octet by octet and to scale. The headers that each piece needs stand before it, to
scale too, so that what was cut more often is visibly longer in all.
"""

from __future__ import annotations

from rig.report.fragments import OFFSET_UNIT, CutDatagram, Piece, read_cut_datagrams
from rig.report.run_facts import RunFacts
from rig.report.svg import element, format_time, percent, text

LEFT_PERCENT, RIGHT_PERCENT = 16.0, 76.0
TOP_PX, ROW_PX, BAR_PX = 44, 24, 14
HEADER_OCTETS = 20
MOST_ROWS = 40


class _Scale:
    def __init__(self, octets: int) -> None:
        self.octets = octets

    def x(self, octet: int) -> float:
        return LEFT_PERCENT + (RIGHT_PERCENT - LEFT_PERCENT) * octet / max(1, self.octets)

    def bar(self, first: int, end: int, y: float, kind: str, words: str, height: float = BAR_PX) -> str:
        width = percent(max(self.x(end) - self.x(first), 0.15))
        return element("rect", element("title", words), x=percent(self.x(first)), y=y, width=width, height=height,
                       class_=kind)  # fmt: skip

    def axis(self, bottom: float) -> list[str]:
        parts = [text("octets of the datagram", x=percent(LEFT_PERCENT), y=12, class_="plot-name")]
        for part in range(5):
            octet = self.octets * part // 4
            at = percent(self.x(octet))
            parts.append(element("line", x1=at, x2=at, y1=TOP_PX - 8, y2=bottom, class_="plot-grid"))
            parts.append(text(str(octet), x=at, y=TOP_PX - 13, text_anchor="middle", class_="plot-tick"))
        return parts


def draw_cuts(facts: RunFacts) -> str | None:
    """Return the first datagram that was cut, with its pieces on each cable one below the other; None without."""
    found = read_cut_datagrams(facts)
    if not found:
        return None
    same = [each for each in found if each.key == found[0].key]
    scale = _Scale(max(each.octets for each in same))
    parts, row = [], 0
    for datagram in same:
        for index, piece in enumerate(datagram.pieces):
            y = TOP_PX + ROW_PX * row
            if not index:
                parts.append(text(datagram.sender, x="0", y=y + 12, class_=f"{_colour(facts, datagram)} fragment-host"))
            parts.append(_piece(scale, piece, y, _colour(facts, datagram)))
            parts.append(text(_fields(piece), x=percent(RIGHT_PERCENT), dx=10, y=y + 12, class_="plot-tick"))
            row += 1
        row += 1
    height = TOP_PX + ROW_PX * (row - 1)
    return _svg([*scale.axis(height), *parts], height + 4, "A datagram, cut on each cable")


def draw_holes(facts: RunFacts) -> str | None:
    """Return for each datagram that a receiver put together, or did not, what it had after each piece; None without.

    Of the adapters that sent a datagram the last one counts: what it sent is what arrived.
    """
    last: dict[tuple[int, int, int, int], CutDatagram] = {}
    for datagram in read_cut_datagrams(facts):
        last[datagram.key] = datagram
    if not last:
        return None
    scale = _Scale(max(each.octets for each in last.values()))
    parts, row = [], 0
    for datagram in last.values():
        y = TOP_PX + ROW_PX * row
        name = f"identification {datagram.identification}, from {datagram.sender}"
        parts.append(text(name, x="0", y=y + 12, class_=f"{_colour(facts, datagram)} fragment-host"))
        row += 1
        have: list[Piece] = []
        for piece in datagram.pieces[:MOST_ROWS]:
            y = TOP_PX + ROW_PX * row
            if not piece.is_lost:
                have.append(piece)
            parts += _state(scale, datagram, have, piece, y, _colour(facts, datagram))
            row += 1
        parts.append(text(_end(datagram), x=percent(LEFT_PERCENT), y=TOP_PX + ROW_PX * row + 10, class_="plot-name"))
        row += 2
    height = TOP_PX + ROW_PX * row - ROW_PX
    return _svg([*scale.axis(height - ROW_PX), *parts], height, "What the receiver had, piece by piece")


def _state(scale: _Scale, datagram: CutDatagram, have: list[Piece], piece: Piece, y: float, colour: str) -> list[str]:
    """Return one row of the map: what was there before, this piece, and the holes that are left."""
    parts = [text(format_time(piece.seen.end_ns), x="0", y=y + 12, class_="plot-tick")]
    parts.append(scale.bar(0, datagram.octets, y, "fragment-hole", "not there yet"))
    for each in have:
        if each is not piece:
            parts.append(scale.bar(each.first, each.end, y, "fragment-old", f"octets {each.first} to {each.end - 1}"))
    words = f"octets {piece.first} to {piece.end - 1}"
    if piece.is_lost:
        parts.append(scale.bar(piece.first, piece.end, y, "fragment-lost", f"{words}, lost"))
        middle = percent((scale.x(piece.first) + scale.x(piece.end)) / 2)
        parts.append(text("lost", x=middle, y=y + 11, text_anchor="middle", class_="fragment-cross"))
    else:
        parts.append(element("g", scale.bar(piece.first, piece.end, y, "fragment-data", words), class_=colour))
    parts.append(text(_fields(piece), x=percent(RIGHT_PERCENT), dx=10, y=y + 12, class_="plot-tick"))
    return parts


def _end(datagram: CutDatagram) -> str:
    holes = datagram.holes()
    if not holes:
        return "no hole left: the whole datagram goes up"
    missing = ", ".join(f"{first} to {end - 1}" for first, end in holes)
    if datagram.given_up_ns is None:
        return f"a hole is left: octets {missing}"
    arrived = next(piece for piece in datagram.pieces if not piece.is_lost)
    waited = format_time(datagram.given_up_ns - arrived.seen.end_ns)
    return f"a hole is left: octets {missing}. Given up {waited} after the first piece, and its sender told"


def _piece(scale: _Scale, piece: Piece, y: float, colour: str) -> str:
    header = scale.x(HEADER_OCTETS) - scale.x(0)
    left = scale.x(piece.first)
    bar = scale.bar(piece.first, piece.end, y, "fragment-data", f"octets {piece.first} to {piece.end - 1}")
    box = element(
        "rect", element("title", "IP header"), x=percent(left - header), y=y, width=percent(header), height=BAR_PX,
        class_="stream-header",
    )  # fmt: skip
    return element("g", bar + box, class_=colour)


def _fields(piece: Piece) -> str:
    """Return the fields of the IP header that matter here."""
    more = "MF " if piece.has_more else "   "
    return f"{more}offset {piece.first // OFFSET_UNIT}, {piece.octets} octets"


def _colour(facts: RunFacts, datagram: CutDatagram) -> str:
    return f"station-{list(facts.stations).index(datagram.sender) % 8}"


def _svg(parts: list[str], height: float, label: str) -> str:
    picture = element(
        "svg", "".join(parts), width="100%", height=height, class_="plot wide", role="img", aria_label=label
    )
    return element("div", picture, class_="scroll")
