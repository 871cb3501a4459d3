"""The MDIO master: clause 22 management frames, as long as they take, to whatever PHY is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rig.adapter import registers as reg
from rig.runtime.kernel import Kernel

MDC_LIMIT_HZ = 2_500_000
FRAME_BITS = 32
PREAMBLE_BITS = 32
NO_PHY = 0xFFFF
"""What a read finds when nothing drives MDIO."""


class Phy(Protocol):
    """The management side of PHYs on one MDIO line."""

    def read_register(self, phy: int, register: int) -> int | None:
        """Return 16 bits, or None if no PHY has this address."""

    def write_register(self, phy: int, register: int, value: int) -> None:
        """Write 16 bits; nothing happens if no PHY has this address."""


class MdioMaster:
    """The MDIO register of one adapter. ``on_done(edge_ns)`` is called at the end of each frame."""

    def __init__(self, kernel: Kernel, bus_period_ns: int, on_done: Callable[[int], None]) -> None:
        self._kernel = kernel
        self._period_ns = bus_period_ns
        self._on_done = on_done
        bus_hz = 1_000_000_000 // bus_period_ns
        self._half_clocks = -(-bus_hz // (2 * MDC_LIMIT_HZ))
        self._generation = 0
        self.value = 0
        self.phy: Phy | None = None

    def reset(self) -> None:
        """Stop; everything reads 0."""
        self._generation += 1
        self.value = 0

    def write(self, value: int) -> None:
        """Start the frame that a write executed now describes; ignored while one is under way."""
        if self.value & reg.MDIO_BUSY:
            return
        kept = self.value & reg.MDIO_NO_ANSWER
        fields = reg.MDIO_DATA | reg.MDIO_REGAD | reg.MDIO_PHYAD | reg.MDIO_WRITE | reg.MDIO_NO_PREAMBLE
        self.value = value & fields | kept | reg.MDIO_BUSY
        bits = FRAME_BITS if value & reg.MDIO_NO_PREAMBLE else PREAMBLE_BITS + FRAME_BITS
        end_ns = self._kernel.now_ns + (1 + 2 * self._half_clocks * bits) * self._period_ns
        self._kernel.call_at(end_ns + 1, self._end, (self._generation, end_ns))

    def _end(self, call: tuple[int, int]) -> None:
        generation, end_ns = call
        if generation != self._generation:
            return
        value = self.value & ~reg.MDIO_BUSY
        phy = (value & reg.MDIO_PHYAD) >> reg.MDIO_PHYAD_LSB
        register = (value & reg.MDIO_REGAD) >> reg.MDIO_REGAD_LSB
        if value & reg.MDIO_WRITE:
            if self.phy is not None:
                self.phy.write_register(phy, register, value & reg.MDIO_DATA)
        else:
            answer = None if self.phy is None else self.phy.read_register(phy, register)
            value &= ~(reg.MDIO_DATA | reg.MDIO_NO_ANSWER)
            value |= NO_PHY | reg.MDIO_NO_ANSWER if answer is None else answer
        self.value = value
        self._on_done(end_ns)
