"""Octets written and not yet acknowledged.

One ``bytearray``: the interpreter removes octets from its front without moving the rest, so appending, taking a slice
and dropping what was acknowledged each cost one copy of the octets concerned at most.
"""

from __future__ import annotations


class SendBuffer:
    """A queue of at most ``capacity`` octets; offsets count from the oldest one."""

    __slots__ = ("_octets", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._octets = bytearray()

    def __len__(self) -> int:
        return len(self._octets)

    @property
    def free(self) -> int:
        """How many octets fit."""
        return max(0, self.capacity - len(self._octets))

    def append(self, data: bytes | memoryview) -> int:
        """Take as much of ``data`` as fits; return how many octets that was."""
        taken = min(len(data), self.free)
        self._octets += data if taken == len(data) else data[:taken]
        return taken

    def slice(self, offset: int, octets: int) -> bytearray:
        """Return a copy of ``octets`` octets from ``offset`` on."""
        return self._octets[offset : offset + octets]

    def drop(self, octets: int) -> None:
        """Forget the oldest ``octets`` octets."""
        del self._octets[:octets]
