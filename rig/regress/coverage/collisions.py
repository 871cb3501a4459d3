"""Functional coverage of CSMA/CD: attempt, bit time of the collision, and length of the frame, each with each other.

Taken from the lines that ``hdl/sim/attempt_record_model.v`` writes from the signals of the transmit MAC, so an attempt
counts for what it was and not for what a test meant it to be. A cell is out of reach where its earliest bit time comes
after the last edge at which the longest frame of its length can act on a collision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rig.errors import ToolError

HEADER_BITS = 64
NIBBLE_BITS = 4
FIRST_BITS = 3 * NIBBLE_BITS
"""Earliest bit time at which a collision is acted on: COL is there when TX_EN rises, and passes the synchroniser."""

ATTEMPTS = range(1, 17)


@dataclass(frozen=True, slots=True)
class Bin:
    """Values from ``first`` to ``last``; the last bin of a row may have no end."""

    name: str
    first: int
    last: int

    def __contains__(self, value: int) -> bool:
        return self.first <= value <= self.last


BITS = (
    Bin("none", -1, -1),
    Bin("preamble", 0, 31),
    Bin("to SFD", 32, 63),
    Bin("64..127", 64, 127),
    Bin("128..255", 128, 255),
    Bin("256..383", 256, 383),
    Bin("384..507", 384, 507),
    Bin("508", 508, 511),
    Bin("512", 512, 515),
    Bin("516..575", 516, 575),
    Bin("576..1087", 576, 1087),
    Bin("1088..", 1088, 1 << 20),
)
"""Bit time of the edge that acts on a collision. 508 is the last at an MII within the slot time, 512 the first late."""

LENGTHS = (
    Bin("64", 0, 64),
    Bin("65..127", 65, 127),
    Bin("128..255", 128, 255),
    Bin("256..511", 256, 511),
    Bin("512..1023", 512, 1023),
    Bin("1024..1517", 1024, 1517),
    Bin("1518", 1518, 2047),
)
"""Octets of a frame, FCS included; what PAD_EN = 0 leaves shorter than 64 counts with 64, what is longer with 1518."""

Cell = tuple[int, int, int]
"""Attempt, index in BITS, index in LENGTHS."""


def is_reachable(cell: Cell) -> bool:
    """Tell whether a collision of this cell can happen at all; an attempt without one always can."""
    _, bit, length = cell
    if BITS[bit].first < 0:
        return True
    last_octets = min(LENGTHS[length].last, 1518)
    last_edge_bits = HEADER_BITS + 8 * last_octets - NIBBLE_BITS
    return max(BITS[bit].first, FIRST_BITS) <= last_edge_bits


def read_attempts(paths: Iterable[Path]) -> Counter[Cell]:
    """Count attempts by cell; those beyond the sixteenth, which only odd limits allow, are left out.

    :class:`~rig.errors.ToolError` for a line that is none.
    """
    cells: Counter[Cell] = Counter()
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
            try:
                attempt, bit, octets = (int(word) for word in line.split())
                cell = attempt, _index(BITS, bit), _index(LENGTHS, octets)
            except (ValueError, StopIteration) as error:
                raise ToolError(
                    f"{path}:{number} is no attempt; remove the file, and run again", last_lines=line
                ) from error
            if attempt in ATTEMPTS:
                cells[cell] += 1
    return cells


def _index(bins: tuple[Bin, ...], value: int) -> int:
    return next(index for index, each in enumerate(bins) if value in each)
