"""Sequence numbers: arithmetic modulo 2^32 (RFC 9293, 3.4).

A comparison is meaningful for numbers less than 2^31 apart, which every window is. Code on the fast path writes
``(a - b) & MASK`` out; the functions are the definition.
"""

from __future__ import annotations

MASK = 0xFFFFFFFF
HALF = 0x80000000


def difference(left: int, right: int) -> int:
    """Return ``left - right`` as a signed distance, -2^31 .. 2^31 - 1."""
    return ((left - right + HALF) & MASK) - HALF


def is_before(left: int, right: int) -> bool:
    """Tell whether ``left`` comes before ``right``."""
    return (left - right) & MASK >= HALF


def is_after(left: int, right: int) -> bool:
    """Tell whether ``left`` comes after ``right``."""
    return 0 < (left - right) & MASK < HALF


def is_within(sequence: int, first: int, octets: int) -> bool:
    """Tell whether ``sequence`` is one of the ``octets`` numbers from ``first`` on."""
    return (sequence - first) & MASK < octets
