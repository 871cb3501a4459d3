"""The long times of the PHY, in ticks and eighths, as ``hdl/rtl`` has them; a tick is 1 ms, an eighth 7.8 us."""

from __future__ import annotations

from dataclasses import dataclass

CLOCK_HZ = 60_000_000


@dataclass(frozen=True, slots=True)
class Timers:
    """How many clocks of 60 MHz a tick and an eighth last; tests shorten them as parameters of the Verilog do."""

    tick_clocks: int = 60_000
    eighth_clocks: int = 469

    @property
    def tick_ns(self) -> int:
        """A tick, rounded to 1 ns."""
        return round(self.tick_clocks * 1e9 / CLOCK_HZ)

    @property
    def eighth_ns(self) -> int:
        """An eighth of a position of a burst of fast link pulses, rounded to 1 ns."""
        return round(self.eighth_clocks * 1e9 / CLOCK_HZ)
