"""The pair from one twin of a PHY to another: what the first sends, the second hears, edge by edge.

It stands between :class:`~firmware_models.phy.line_phy.LinePhy` of the sender, whose orders it takes, and
:class:`~firmware_models.phy.line_phy.FarPair` of the listener, as the simulator does where one end is in Verilog.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firmware_models.phy.line_phy import PREAMBLE_NIBBLE, FarPair
from firmware_models.phy.manchester import (
    BIT_CLOCKS,
    HALF_CLOCKS,
    HIGH,
    IDLE,
    IDLE_BITS,
    LOW,
    NIBBLE_BITS,
    PULSE_CLOCKS,
    LineClock,
)
from rig.runtime.kernel import Kernel


class TwinLine:
    """The transmitter's side; ``clock`` is the sender's. See :class:`~firmware_models.phy.line_phy.Line`."""

    def __init__(self, kernel: Kernel, clock: LineClock) -> None:
        self._kernel = kernel
        self._clock = clock
        self._far: FarPair | None = None
        self._first_rise = 0
        self._octets = b""
        self._jam_from: int | None = None

    def connect(self, far: FarPair) -> None:
        """Say who hears; before anything is sent."""
        self._far = far

    def begin(self, first_rise: int, octets: bytes) -> None:
        """See Line."""
        self._first_rise, self._octets, self._jam_from = first_rise, octets, None
        self._at(first_rise, self._rises)

    def jam(self, nibble: int) -> None:
        """See Line."""
        self._jam_from = nibble if self._jam_from is None else min(nibble, self._jam_from)

    def end(self, nibbles: int) -> None:
        """See Line."""
        edges: list[tuple[int, int]] = []
        level, since = IDLE, 0  # since: rises after the last edge

        def put(wanted: int, lasts: int) -> None:
            nonlocal level, since
            if wanted != level:
                edges.append((since, wanted))
                level, since = wanted, 0
            since += lasts

        for number in range(nibbles):
            nibble = self._octets[number // 2] >> number % 2 * NIBBLE_BITS
            if self._jam_from is not None and number >= self._jam_from:
                nibble = PREAMBLE_NIBBLE
            for bit in range(NIBBLE_BITS):
                is_one = nibble >> bit & 1
                put(LOW if is_one else HIGH, HALF_CLOCKS)
                put(HIGH if is_one else LOW, HALF_CLOCKS)
        put(HIGH, IDLE_BITS * BIT_CLOCKS)
        put(IDLE, 0)
        last = self._first_rise + (nibbles * NIBBLE_BITS + IDLE_BITS) * BIT_CLOCKS
        self._at(last, self._falls, (self._first_rise, edges))

    def pulse(self, first_rise: int) -> None:
        """See Line."""
        self._at(first_rise, self._rises)
        self._at(first_rise + PULSE_CLOCKS, self._falls, (first_rise, [(0, HIGH), (PULSE_CLOCKS, IDLE)]))

    def _at(self, rise: int, fn: Callable[[Any], None], arg: object = None) -> None:
        self._kernel.call_at(self._clock.rise_ps(rise) // 1000, fn, arg)

    def _rises(self, _: object) -> None:
        assert self._far is not None
        self._far.rises()

    def _falls(self, heard: tuple[int, list[tuple[int, int]]]) -> None:
        assert self._far is not None
        self._far.falls(*heard)
