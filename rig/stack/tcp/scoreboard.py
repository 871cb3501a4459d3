"""What the peer says it holds beyond the cumulative acknowledgement (RFC 2018, 8; RFC 6675, 2 to 4).

All positions are distances in octets from SND.UNA, so nothing here wraps: :meth:`Scoreboard.advance` shifts them when
SND.UNA moves. The board is a hint, never a promise: the receiver may renege, so nothing leaves the send buffer because
of it, and it is wiped after a retransmission time-out. Blocks that lie outside of what was sent, and duplicate-SACK
blocks below SND.UNA (RFC 2883), are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.stack.tcp.seq import MASK

MAX_RANGES = 256
"""A peer that reports more separate ranges than this is not believed further, so that a hostile one costs no memory."""


class Scoreboard:
    """Sorted, disjoint ranges [start, end) that were selectively acknowledged."""

    __slots__ = ("_ranges", "octets")

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        self.octets = 0

    def __bool__(self) -> bool:
        return bool(self._ranges)

    @property
    def is_full(self) -> bool:
        """Whether no more ranges are believed."""
        return len(self._ranges) >= MAX_RANGES

    @property
    def highest(self) -> int:
        """The distance after the highest octet that was selectively acknowledged; 0 where none was."""
        return self._ranges[-1][1] if self._ranges else 0

    def update(self, blocks: tuple[tuple[int, int], ...], snd_una: int, flight: int) -> bool:
        """Take the blocks of a segment, as sequence numbers; return whether one of them told something new."""
        before = self.octets
        for left, right in blocks:
            start, end = (left - snd_una) & MASK, (right - snd_una) & MASK
            if 0 < start < end <= flight and len(self._ranges) < MAX_RANGES:
                self._insert(start, end)
        return self.octets > before

    def advance(self, octets: int) -> None:
        """Move the origin, because SND.UNA moved by ``octets``."""
        if self._ranges:
            self._replace([(max(start - octets, 0), end - octets) for start, end in self._ranges if end > octets])

    def clear(self) -> None:
        """Forget everything."""
        self._replace([])

    def octets_below(self, distance: int) -> int:
        """Return how many octets below ``distance`` were selectively acknowledged."""
        return sum(min(end, distance) - start for start, end in self._ranges if start < distance)

    def skip(self, distance: int) -> int:
        """Return ``distance``, or the end of the range that it lies in."""
        for start, end in self._ranges:
            if start <= distance < end:
                return end
        return distance

    def room(self, distance: int) -> int | None:
        """Return how many octets from ``distance`` on lie before the next range; None where none follows."""
        for start, _ in self._ranges:
            if start > distance:
                return start - distance
        return None

    def holes(self, flight: int, threshold: int, mss: int) -> Iterator[tuple[int, int, bool]]:
        """Yield (start, end, is lost) of each gap in what was sent, lowest first, the one above all ranges included.

        IsLost of RFC 6675, 4: ``threshold`` ranges, or more than ``threshold - 1`` full segments, lie above.
        """
        above_ranges, above_octets = len(self._ranges), self.octets
        position = 0
        for start, end in self._ranges:
            if start > position:
                yield position, start, above_ranges >= threshold or above_octets > (threshold - 1) * mss
            position = end
            above_ranges -= 1
            above_octets -= end - start
        if position < flight:
            yield position, flight, False

    def _insert(self, start: int, end: int) -> None:
        kept: list[tuple[int, int]] = []
        for low, high in self._ranges:
            if high < start or low > end:
                kept.append((low, high))
            else:
                start, end = min(start, low), max(end, high)
        kept.append((start, end))
        kept.sort()
        self._replace(kept)

    def _replace(self, ranges: list[tuple[int, int]]) -> None:
        self._ranges = ranges
        self.octets = sum(end - start for start, end in ranges)
