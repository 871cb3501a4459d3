"""Draw ``picture.png``, the file that the demonstration carries: a collision on a cable, in space and time.

Run ``python rig/scenario/data/make_picture.py`` to write the picture again. Across is the cable, 60 bit times long,
with a station at either end; down is time. A signal leaves its station at the speed of the cable, so a bit is a
slanted stripe. Station A begins; B begins before it can hear A; where both signals are on the cable the stripes
interfere. Each hears the other while it sends, finishes its preamble, jams for 32 bit times and stops. B draws a
backoff of 0 slots and sends again after the interpacket gap; A draws 1 and finds itself deferring.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT = 1000, 880
LEFT, RIGHT, TOP, BOTTOM = 110, 890, 84, 860
DELAY = 60.0
DURATION = 400.0
LOSS = 0.35
LEVELS = 14
SAMPLES = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))

HEADER, JAM, GAP = 64.0, 32.0, 96.0
START_A, START_B = 14.0, 60.0
DETECT_A, DETECT_B = START_B + DELAY, START_A + DELAY
END_A = max(DETECT_A, START_A + HEADER) + JAM
END_B = max(DETECT_B, START_B + HEADER) + JAM
SILENCE_AT_B = max(END_A + DELAY, END_B)

BACKGROUND = (13, 17, 33)
INK = (214, 222, 240)
FAINT = (44, 53, 82)
COLOUR_A = (70, 190, 255)
COLOUR_B = (255, 176, 64)
COLOUR_BOTH = (255, 62, 104)


@dataclass(frozen=True, slots=True)
class Transmission:
    """From ``start`` to ``end`` at ``position`` (0 .. 1 of the cable), in bit times; the jam begins at ``jam``."""

    position: float
    start: float
    end: float
    jam: float
    seed: int

    def level(self, x: float, t: float) -> float:
        """Return the signal at place ``x`` and time ``t``, 0 (silence) to 1."""
        age = t - abs(x - self.position) * DELAY
        if not self.start <= age < self.end:
            return 0.0
        return self._sent(age) * (1 - LOSS * abs(x - self.position))

    def _sent(self, age: float) -> float:
        if age >= self.jam:
            return 0.72 + 0.28 * math.cos(math.pi * age)
        bit = age - self.start
        if bit < HEADER:  # 1010...: one stripe in two bit times
            return 0.5 + 0.3 * math.cos(math.pi * bit)
        number = int(bit)
        smooth = (1 - math.cos(math.pi * (bit - number))) / 2
        return 0.2 + 0.6 * (self._data(number) * (1 - smooth) + self._data(number + 1) * smooth)

    def _data(self, number: int) -> int:
        word = (number // 2 + self.seed) * 0x9E3779B9 & 0xFFFFFFFF
        return (word ^ word >> 15) >> 7 & 1


SIGNALS = (
    Transmission(0.0, START_A, END_A, max(DETECT_A, START_A + HEADER), 1),
    Transmission(1.0, START_B, END_B, max(DETECT_B, START_B + HEADER), 2),
    Transmission(1.0, SILENCE_AT_B + GAP, DURATION * 2, DURATION * 2, 3),
)

# 5 by 7 dots a letter, one string of five hexadecimal columns each, lowest bit on top.
FONT = {
    "A": "7e1111117e", "B": "7f49494936", "C": "3e41414122", "D": "7f4141221c", "E": "7f49494941", "F": "7f09090901",
    "G": "3e4149497a", "H": "7f0808087f", "I": "00417f4100", "J": "2040413f01", "K": "7f08142241", "L": "7f40404040",
    "M": "7f020c027f", "N": "7f0408107f", "O": "3e4141413e", "P": "7f09090906", "R": "7f09192946", "S": "4649494931",
    "T": "01017f0101", "U": "3f4040403f", "V": "1f2040201f", "W": "3f4038403f", "X": "6314081463", "Y": "0708700807",
    "0": "3e5149453e", "1": "00427f4000", "2": "4261514946", "3": "2141454b31", "6": "3c4a494930", "9": "064949291e",
    "5": "2745454539", "4": "1814127f10", "=": "1414141414", " ": "0000000000", ":": "0036360000", "-": "0808080808",
}  # fmt: skip


def pixels() -> list[bytearray]:
    """Return the rows of the picture as palette indices: level of B in steps, times LEVELS, plus level of A."""
    rows = [bytearray(WIDTH) for _ in range(HEIGHT)]
    for y in range(TOP, BOTTOM):
        row = rows[y]
        for x in range(LEFT, RIGHT):
            a = b = 0.0
            for dx, dy in SAMPLES:
                place = (x + dx - LEFT) / (RIGHT - LEFT)
                time = (y + dy - TOP) / (BOTTOM - TOP) * DURATION
                a += SIGNALS[0].level(place, time)
                b += max(SIGNALS[1].level(place, time), SIGNALS[2].level(place, time))
            row[x] = round(a / 4 * (LEVELS - 1)) + LEVELS * round(b / 4 * (LEVELS - 1))
    return rows


def palette() -> list[tuple[int, int, int]]:
    """Return the colours: LEVELS * LEVELS mixtures of the two signals, then ink and faint."""
    colours = []
    for index in range(LEVELS * LEVELS):
        a, b = index % LEVELS / (LEVELS - 1), index // LEVELS / (LEVELS - 1)
        both = min(1.0, 1.25 * math.sqrt(a * b))
        mixed = [
            BACKGROUND[i] * (1 - max(a, b)) ** 1.2 + (COLOUR_A[i] * a + COLOUR_B[i] * b) * (1 - both)
            + COLOUR_BOTH[i] * both * (0.35 + 0.65 * max(a, b))
            for i in range(3)
        ]  # fmt: skip
        colours.append((min(255, int(mixed[0])), min(255, int(mixed[1])), min(255, int(mixed[2]))))
    return [*colours, INK, FAINT, COLOUR_A, COLOUR_B, COLOUR_BOTH]


INK_INDEX, FAINT_INDEX, A_INDEX, B_INDEX, BOTH_INDEX = range(LEVELS * LEVELS, LEVELS * LEVELS + 5)


def write_text(rows: list[bytearray], x: int, y: int, text: str, colour: int, scale: int = 2) -> None:
    """Write ``text`` with its upper left corner at (x, y)."""
    for letter in text:
        for column, bits in enumerate(bytes.fromhex(FONT[letter])):
            for line in range(7):
                if bits >> line & 1:
                    fill(rows, x + column * scale, y + line * scale, scale, scale, colour)
        x += 6 * scale


def fill(rows: list[bytearray], x: int, y: int, width: int, height: int, colour: int) -> None:
    """Fill a rectangle, cut at the edges of the picture."""
    for row in rows[max(0, y) : y + height]:
        for column in range(max(0, x), min(WIDTH, x + width)):
            row[column] = colour


def y_of(time: float) -> int:
    """Return the row of a time in bit times."""
    return TOP + round(time / DURATION * (BOTTOM - TOP))


def draw() -> list[bytearray]:
    """Return the finished rows."""
    rows = pixels()
    for time in range(0, int(DURATION), 32):
        fill(rows, LEFT - 12, y_of(time), 6, 1, FAINT_INDEX)
        fill(rows, RIGHT + 7, y_of(time), 6, 1, FAINT_INDEX)
    for x, name, colour in ((LEFT, "A", A_INDEX), (RIGHT, "B", B_INDEX)):
        fill(rows, x - 22, 20, 44, 34, colour)
        fill(rows, x - 19, 23, 38, 28, 0)
        write_text(rows, x - 7, 27, name, colour, 3)
        fill(rows, x - 1, 54, 2, BOTTOM - 54, colour)
    fill(rows, LEFT, 61, RIGHT - LEFT, 5, FAINT_INDEX)
    write_text(rows, (LEFT + RIGHT) // 2 - 18 * 12 // 2, 36, "CABLE 60 BIT TIMES", INK_INDEX)
    write_text(rows, LEFT - 84, y_of(START_A) - 6, "SENDS", A_INDEX)
    write_text(rows, RIGHT + 22, y_of(START_B) - 6, "SENDS", B_INDEX)
    for x, detect, jam, end, colour in (
        (LEFT - 90, DETECT_A, SIGNALS[0].jam, END_A, A_INDEX), (RIGHT + 14, DETECT_B, SIGNALS[1].jam, END_B, B_INDEX),
    ):  # fmt: skip
        write_text(rows, x, y_of(detect) - 6, "HEARS", BOTH_INDEX)
        write_text(rows, x + 8, y_of(max(jam, detect + 16)) + 6, "JAM", INK_INDEX)
        write_text(rows, x + 8, y_of(end) + 4, "END", colour)
    write_text(rows, LEFT - 90, y_of(END_A + 36), "DRAWS 1", A_INDEX)
    write_text(rows, RIGHT + 8, y_of(END_B + 36), "DRAWS 0", B_INDEX)
    write_text(rows, RIGHT + 18, y_of(SILENCE_AT_B + 48) - 6, "GAP 96", INK_INDEX)
    fill(rows, RIGHT + 10, y_of(SILENCE_AT_B), 3, y_of(SILENCE_AT_B + GAP) - y_of(SILENCE_AT_B), INK_INDEX)
    write_text(rows, RIGHT + 22, y_of(SILENCE_AT_B + GAP) - 6, "AGAIN", B_INDEX)
    write_text(rows, LEFT - 90, y_of(SILENCE_AT_B + GAP + DELAY) - 16, "DEFERS", A_INDEX)
    return rows


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one PNG chunk: length, kind, body, CRC."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def serialize(rows: list[bytearray]) -> bytes:
    """Return the PNG: 8-bit palette, no filter."""
    colours = b"".join(bytes(colour) for colour in palette())
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)),
            chunk(b"PLTE", colours),
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)),
            chunk(b"IEND", b""),
        )
    )


if __name__ == "__main__":
    Path(__file__).with_name("picture.png").write_bytes(serialize(draw()))
