"""Two twins of the 10BASE-T PHY on a link, for its conformance list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rig.runtime.kernel import Kernel

if TYPE_CHECKING:
    from firmware_models.phy.phy import TenBaseTPhy, TwistedPairs

NAMES = ("a", "b")


@dataclass(frozen=True, slots=True)
class TwinLink:
    """Two PHYs and what joins them."""

    phys: tuple[TenBaseTPhy, TenBaseTPhy]
    pairs: TwistedPairs


def twin_link(
    kernel: Kernel, tick_clocks: int, eighth_clocks: int, ppm: int, record: Callable[[int, int, str, int], None]
) -> TwinLink:
    """Return two PHYs whose clocks are ``ppm`` fast and slow. ``record`` gets time in ps, end, signal, value."""
    from firmware_models.phy.manchester import LineClock
    from firmware_models.phy.phy import TenBaseTPhy, TwistedPairs
    from firmware_models.phy.timers import Timers

    def phy(end: int) -> TenBaseTPhy:
        return TenBaseTPhy(
            kernel,
            NAMES[end],
            timers=Timers(tick_clocks, eighth_clocks),
            clock=LineClock.off_by(-ppm if end else ppm),
            record=lambda time_ps, name, value: record(time_ps, end, name, value),
        )

    phys = phy(0), phy(1)
    return TwinLink(phys, TwistedPairs(kernel, *phys))
