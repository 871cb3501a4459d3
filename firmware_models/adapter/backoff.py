"""Where backoff draws come from: the generator of the adapter, and the words that a test injects before it.

The generator is a 32-bit Galois register that shifts right once at each transmit clock edge of a transmission. The twin
has no edges to count, so it adds up the steps and makes them all at once when a draw asks: a step is a linear map over
GF(2), and tables of its powers of two reach any number of steps in a few look-ups.
"""

from __future__ import annotations

from collections import deque
from functools import cache

FEEDBACK = 0x8020_0003
"""XORed in when the bit that is shifted out is 1: a primitive polynomial, so the period is 2**32 - 1."""

SEED_OF_ZERO = 1
"""What a seed of 0 is replaced by: the register would never leave 0."""

INJECTED_WORDS = 16
"""Capacity of the injection FIFO."""

WORD_MASK = 0xFFFF

_Table = tuple[tuple[int, ...], ...]


def step(state: int) -> int:
    """Return the state of the generator one step later."""
    return state >> 1 ^ FEEDBACK if state & 1 else state >> 1


@cache
def _power_table(exponent: int) -> _Table:
    """Return the map of ``2**exponent`` steps, one table for each octet of the state."""
    if exponent == 0:
        columns = [step(1 << bit) for bit in range(32)]
    else:
        half = _power_table(exponent - 1)
        columns = [_apply(half, _apply(half, 1 << bit)) for bit in range(32)]
    tables = []
    for octet in range(4):
        table = [0] * 256
        for value in range(1, 256):
            low = value & -value
            table[value] = table[value ^ low] ^ columns[8 * octet + low.bit_length() - 1]
        tables.append(tuple(table))
    return tuple(tables)


def _apply(tables: _Table, state: int) -> int:
    low, second, third, high = tables
    return low[state & 255] ^ second[state >> 8 & 255] ^ third[state >> 16 & 255] ^ high[state >> 24]


class Generator:
    """The backoff generator of one adapter."""

    __slots__ = ("_pending", "_state")

    def __init__(self, seed: int = 0) -> None:
        self._state = seed or SEED_OF_ZERO
        self._pending = 0

    def load(self, seed: int) -> None:
        """Load a 32-bit seed; 0 is replaced by 1."""
        self._state = seed or SEED_OF_ZERO
        self._pending = 0

    def advance(self, steps: int) -> None:
        """Let ``steps`` clock edges pass."""
        self._pending += steps

    def state(self) -> int:
        """Return the 32-bit state."""
        state, pending, exponent = self._state, self._pending, 0
        while pending:
            if pending & 1:
                state = _apply(_power_table(exponent), state)
            pending >>= 1
            exponent += 1
        self._state, self._pending = state, 0
        return state

    def word(self) -> int:
        """Return the 16 bits that a draw takes."""
        return self.state() & WORD_MASK


class InjectionFifo:
    """Injected backoff words on their way from the bus to the transmit clock, through a dual-clock FIFO.

    Each side sees what the other did only after its pointer has crossed: the times are given with each call.
    """

    __slots__ = ("_lost", "_lost_ns", "_taken_ns", "_words")

    def __init__(self) -> None:
        self._lost: deque[tuple[int, int]] = deque()  # words that a reset has cleared on the bus side ...
        self._lost_ns = 0  # ... and when the transmit side sees it
        self._words: deque[tuple[int, int]] = deque()  # (time from which the transmit side sees it, word)
        self._taken_ns: deque[int] = deque()  # times until which the bus side still counts a word that was taken

    def count(self, now_ns: int) -> int:
        """Return how many words wait, as the bus side sees it at ``now_ns``."""
        while self._taken_ns and self._taken_ns[0] <= now_ns:
            self._taken_ns.popleft()
        return len(self._words) + len(self._taken_ns)

    def push(self, word: int, visible_ns: int) -> None:
        """Append a word that the transmit side sees from ``visible_ns`` on; the caller has checked :meth:`count`."""
        self._words.append((visible_ns, word))

    def take(self, now_ns: int, known_ns: int) -> int | None:
        """Take the oldest word that the transmit side sees; the bus side knows of it from ``known_ns`` on."""
        if now_ns < self._lost_ns and self._lost and self._lost[0][0] <= now_ns:
            return self._lost.popleft()[1]
        if not self._words or self._words[0][0] > now_ns:
            return None
        self._taken_ns.append(known_ns)
        return self._words.popleft()[1]

    def clear(self, seen_ns: int) -> None:
        """Forget everything: a reset on the bus side, which the transmit side sees at ``seen_ns``."""
        self._lost, self._lost_ns = self._words, seen_ns
        self._words = deque()
        self._taken_ns.clear()
