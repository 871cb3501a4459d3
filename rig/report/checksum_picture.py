"""The checksum of a UDP datagram, word by word: the pseudo header laid over it, its header, its data (RFC 768).

Each line has 16 bits: what they are, their value, and the sum so far with the carry added at the low end (RFC 1071).
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.report.datagrams import SeenDatagram
from rig.report.svg import element, percent, text
from rig.wire.ipv4 import Protocol

ROW_PX, TOP_PX = 17, 34
MOST_DATA_WORDS = 10
PSEUDO, HEADER, DATA = "pseudo-header", "header", "data"
PARTS = (PSEUDO, HEADER, DATA)
_COLUMNS = (("", 0.0), ("", 19.0), ("word", 56.0), ("sum so far", 68.0))


@dataclass(frozen=True, slots=True)
class Word:
    """16 bits that are summed: of which part, what they are, their value."""

    part: str
    name: str
    value: int


def words_of(seen: SeenDatagram) -> list[Word]:
    """Return what the checksum of a datagram is over, in order, with its own field as zero."""
    packet = seen.seen.packet
    octets = bytes(packet.payload[: 8 + seen.octets])
    words = [
        Word(PSEUDO, f"{name} address, {half} half", value >> shift & 0xFFFF)
        for name, value in (("source", packet.source), ("destination", packet.destination))
        for half, shift in (("upper", 16), ("lower", 0))
    ]
    words += [Word(PSEUDO, "zero, protocol", int(Protocol.UDP)), Word(PSEUDO, "UDP length", len(octets))]
    names = ("source port", "destination port", "length", "checksum, as zero")
    for index, name in enumerate(names):
        value = 0 if index == 3 else int.from_bytes(octets[2 * index : 2 * index + 2], "big")
        words.append(Word(HEADER, name, value))
    data = octets[8:]
    for first in range(0, len(data), 2):
        piece = data[first : first + 2]
        name = f"data, octets {first} and {first + 1}" if len(piece) == 2 else f"data, octet {first}, then zero"
        words.append(Word(DATA, name, int.from_bytes(piece.ljust(2, b"\0"), "big")))
    return words


def add(total: int, value: int) -> int:
    """Return the ones' complement sum of two 16-bit numbers."""
    total += value
    return (total & 0xFFFF) + (total >> 16)


def sum_of(words: list[Word]) -> int:
    """Return the ones' complement sum of words."""
    total = 0
    for word in words:
        total = add(total, word.value)
    return total


def draw_checksum(seen: SeenDatagram, title: str) -> str:
    """Return the overlay as SVG: what is on the wire is framed, the pseudo header is not."""
    words = words_of(seen)
    data = [word for word in words if word.part == DATA]
    left_out = data[MOST_DATA_WORDS - 1 : -1] if len(data) > MOST_DATA_WORDS else []
    parts = [text(name, x=percent(at), y=TOP_PX - 12, class_="plot-tick") for name, at in _COLUMNS if name]
    rows: dict[str, list[int]] = {}
    total = row = 0
    for word in words:
        total = add(total, word.value)
        if word in left_out and word is not left_out[-1]:
            continue
        is_gap = bool(left_out) and word is left_out[-1]
        name, value = (f"{len(left_out)} words more", "") if is_gap else (word.name, f"{word.value:04x}")
        parts.append(_line(row, word.part, name, value, total))
        rows.setdefault(word.part, []).append(row)
        row += 1
    for part, own in rows.items():
        middle = TOP_PX + ROW_PX * (own[0] + own[-1] + 1) / 2
        parts.append(text(part.replace("-", " "), x=4, y=middle, class_="checksum-part"))
        if len(own) > 1:
            parts.append(text("not sent" if part == PSEUDO else "on the wire", x=4, y=middle + 13, class_="plot-tick"))
    final = 0xFFFF - total or 0xFFFF  # RFC 768: zero is sent as all ones
    words_below = f"complement of the sum {total:04x}: {final:04x} = {final} in the checksum field"
    y = TOP_PX + ROW_PX * row + 20
    parts.append(text(words_below, x=percent(_COLUMNS[1][1]), y=y, class_="checksum-final"))
    picture = element(
        "svg", "".join(parts), width="100%", height=y + 12, class_="plot wide", role="img", aria_label=title
    )
    return element("div", picture, class_="scroll")


def _line(row: int, part: str, name: str, value: str, total: int) -> str:
    y = TOP_PX + ROW_PX * row
    band = element("rect", x="0", y=y, width="100%", height=ROW_PX - 1, class_=f"checksum-band checksum-{part}")
    cells = zip((name, value, f"{total:04x}"), _COLUMNS[1:], strict=True)
    return band + "".join(
        text(words, x=percent(at), y=y + 12, class_="checksum-cell") for words, (_, at) in cells if words
    )
