"""The line of a 10BASE-T frame drawn bit by bit: preamble, SFD, every field and the FCS in Manchester code.

IEEE Std 802.3-2022 3.2 (fields), 3.3 and 3.2.9 (order of bits), 7.3.1.1 (a 1 is low, then high). Made from the octets
of a captured frame; the code of a line at 100 Mb/s is another, its bits and their order are these too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.report.svg import element, percent, text

PREAMBLE = bytes([0x55] * 7)
SFD = b"\xd5"
OCTETS_A_ROW = 8
BITS_A_ROW = 8 * OCTETS_A_ROW
ROW_PX = 66
NAME_PX, HIGH_PX, LOW_PX, BIT_PX, OCTET_PX = 11, 18, 36, 47, 60
MOST_ROWS = 12
"""Longer frames are cut in their data; the FCS is always shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """A run of octets with one meaning; ``kind`` is a CSS class."""

    name: str
    kind: str
    octets: bytes


def fields_of(frame_with_fcs: bytes) -> list[Field]:
    """Return the fields of a frame as they pass on the wire, preamble first; 18 octets or more."""
    length_or_type = int.from_bytes(frame_with_fcs[12:14], "big")
    name = "type" if length_or_type >= 0x0600 else "length"
    data = frame_with_fcs[14:-4]
    return [
        Field("preamble", "f-preamble", PREAMBLE),
        Field("SFD", "f-sfd", SFD),
        Field("destination", "f-address", frame_with_fcs[:6]),
        Field("source", "f-address2", frame_with_fcs[6:12]),
        Field(name, "f-type", frame_with_fcs[12:14]),
        *([Field("data and pad", "f-data", data)] if data else []),
        Field("FCS", "f-fcs", frame_with_fcs[-4:]),
    ]


def manchester_levels(octets: bytes) -> list[int]:
    """Return the line, two half bits a bit, 1 for high: least significant bit of each octet first."""
    return [half for octet in octets for place in range(8) for half in ((0, 1) if octet >> place & 1 else (1, 0))]


def draw_waveform(frame_with_fcs: bytes) -> str:
    """Return the frame as SVG: eight octets a row, the waveform with its bits below and the octets under them."""
    cells = [
        (octet, field, index == 0) for field in fields_of(frame_with_fcs) for index, octet in enumerate(field.octets)
    ]
    rows = [cells[first : first + OCTETS_A_ROW] for first in range(0, len(cells), OCTETS_A_ROW)]
    parts: list[str] = []
    level = 0  # idle looks low here
    shown = list(_shown(len(rows)))
    for place, number in enumerate(shown):
        row = rows[number]
        skipped = place > 0 and number != shown[place - 1] + 1
        svg, level = _row(row, level, continues=place > 0)
        words = (
            text(f"{number - shown[place - 1] - 1} rows of data left out", x=0, y=4, class_="bit") if skipped else ""
        )
        parts.append(element("g", words + svg, transform=f"translate(0 {place * ROW_PX + 4})"))
    return element(
        "svg", "".join(parts), width="100%", height=len(shown) * ROW_PX + 8, class_="waveform", role="img",
        aria_label="The frame in Manchester code",
    )  # fmt: skip


def _shown(rows: int) -> Iterator[int]:
    if rows <= MOST_ROWS:
        yield from range(rows)
        return
    yield from range(MOST_ROWS - 2)
    yield from range(rows - 2, rows)


def _row(row: list[tuple[int, Field, bool]], before: int, *, continues: bool) -> tuple[str, int]:
    """Return the row as SVG, and the level at its end."""
    parts: list[str] = []
    octets = bytes(octet for octet, _, _ in row)
    levels = manchester_levels(octets)
    for index, (octet, field, begins) in enumerate(row):
        left, width = percent(100 * index / OCTETS_A_ROW), percent(100 / OCTETS_A_ROW)
        parts.append(element("rect", x=left, y=0, width=width, height=ROW_PX - 4, class_=f"field {field.kind}"))
        if begins:
            parts.append(text(field.name, x=left, dx=4, y=NAME_PX, class_="field-name"))
        middle = percent(100 * (index + 0.5) / OCTETS_A_ROW)
        parts.append(text(f"{octet:02x}", x=middle, y=OCTET_PX, text_anchor="middle", class_="octet"))
        for bit in range(8):
            place = percent(100 * (index + (bit + 0.5) / 8) / OCTETS_A_ROW)
            parts.append(text(str(octet >> bit & 1), x=place, y=BIT_PX, text_anchor="middle", class_="bit"))
    last = before
    for index, level in enumerate(levels):
        x = 100 * index / (2 * BITS_A_ROW)
        if level != last and (index or continues or level):
            parts.append(_line(x, x, LOW_PX, HIGH_PX))
        y = HIGH_PX if level else LOW_PX
        parts.append(_line(x, x + 100 / (2 * BITS_A_ROW), y, y))
        last = level
    return "".join(parts), last


def _line(x1: float, x2: float, y1: int, y2: int) -> str:
    return element("line", x1=percent(x1), y1=y1, x2=percent(x2), y2=y2, class_="signal")
