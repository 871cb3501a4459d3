"""Segments that arrived ahead of a hole (RFC 9293, 3.10.7.4).

Positions count octets of the stream from its beginning and do not wrap, so the queue knows nothing of sequence numbers.
Stored pieces never overlap: octets that are there already win over later copies. The queue is bounded by the window in
octets and by a number of pieces, since one octet may come in a segment of its own.
"""

from __future__ import annotations

from bisect import bisect_right


class ReassemblyQueue:
    """Pieces of a stream, sorted by position, none of them at the reader's position."""

    __slots__ = ("_limit", "_pieces", "_positions", "octets")

    def __init__(self, limit_pieces: int) -> None:
        self._limit = limit_pieces
        self._positions: list[int] = []
        self._pieces: list[bytes] = []
        self.octets = 0

    def __bool__(self) -> bool:
        return bool(self._positions)

    def insert(self, position: int, data: bytes | memoryview) -> bool:
        """Store what is new of ``data``; False where the queue holds too many pieces to take all of it."""
        positions, pieces = self._positions, self._pieces
        end = position + len(data)
        start = position
        index = bisect_right(positions, position)
        if index:
            start = max(start, positions[index - 1] + len(pieces[index - 1]))
        while start < end:
            gap_end = min(end, positions[index]) if index < len(positions) else end
            if start < gap_end:
                if len(pieces) >= self._limit:
                    return False
                positions.insert(index, start)
                pieces.insert(index, bytes(data[start - position : gap_end - position]))
                self.octets += gap_end - start
                index += 1
            if index < len(positions):
                start = positions[index] + len(pieces[index])
                index += 1
            else:
                start = end
        return True

    def take(self, position: int) -> list[bytes]:
        """Remove and return the pieces that follow ``position`` without a hole, cut to start there."""
        positions, pieces = self._positions, self._pieces
        taken: list[bytes] = []
        count = 0
        for start, piece in zip(positions, pieces, strict=True):
            if start > position:
                break
            count += 1
            self.octets -= len(piece)
            if start + len(piece) > position:
                taken.append(piece[position - start :])
                position = start + len(piece)
        del positions[:count], pieces[:count]
        return taken

    def run_at(self, position: int) -> tuple[int, int] | None:
        """Return the (start, end) of the contiguous run of octets that holds ``position``, or None."""
        positions, pieces = self._positions, self._pieces
        first = last = bisect_right(positions, position) - 1
        if first < 0 or positions[first] + len(pieces[first]) <= position:
            return None
        while first and positions[first - 1] + len(pieces[first - 1]) == positions[first]:
            first -= 1
        while last + 1 < len(positions) and positions[last] + len(pieces[last]) == positions[last + 1]:
            last += 1
        return positions[first], positions[last] + len(pieces[last])

    def clear(self) -> None:
        """Forget everything."""
        self._positions.clear()
        self._pieces.clear()
        self.octets = 0
