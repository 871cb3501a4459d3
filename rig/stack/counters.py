"""Named event counters: every branch that drops something increments one.

Names read ``layer_event``, for instance ``ip_bad_checksum``; a name that was never counted reads as zero.
"""

from __future__ import annotations


class Counters(dict[str, int]):
    """A mapping from name to count in which an absent name is zero."""

    __slots__ = ()

    def __missing__(self, name: str) -> int:
        return 0

    def add(self, name: str, amount: int = 1) -> None:
        """Add ``amount`` to the counter ``name``."""
        self[name] = self.get(name, 0) + amount
