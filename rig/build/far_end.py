"""A board behind a line, and what can be done to both: what every row of the table of faults is played against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rig.adapter.bus import AdapterBus
from rig.runtime.kernel import Scheduler
from rig.units import NS_PER_MS, NS_PER_S


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things last on a far end, in device time, and how much is done; less on Verilog, because it is slow."""

    short_cut_ns: int = 20 * NS_PER_MS
    """More than a burst, less than the host's patience."""
    long_cut_ns: int = 8 * NS_PER_S
    """More than its patience."""
    unplugged_ns: int = 300 * NS_PER_MS
    retry_ns: int = 50 * NS_PER_MS
    """Between two attempts of a host to use a board that is gone."""
    steps: int = 3
    """Transactions before what happens, and after it."""
    stuck_steps: int = 10
    """Transactions while the interrupt line is stuck."""


class HostBus(AdapterBus, Protocol):
    """A bus over the link."""

    async def open(self) -> object:
        """Open a session; :class:`~rig.errors.LinkError` if that cannot be."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class FarEnd(Protocol):
    """See the module."""

    @property
    def scheduler(self) -> Scheduler:
        """Whose tasks use the bus."""
        ...

    @property
    def bus(self) -> HostBus:
        """Of the first host."""
        ...

    @property
    def pace(self) -> Pace:
        """How long what happens here lasts, and how much is done."""
        ...

    @property
    def octets_hit(self) -> int:
        """How many octets were damaged so far."""
        ...

    @property
    def port_name(self) -> str:
        """Under which name the port was opened last."""
        ...

    def octets_carried(self, *, to_board: bool) -> int:
        """Return how many octets the wire to the board, or that to the host, has carried."""
        ...

    def set_faults(self, flip: float, drop: float, double: float) -> None:
        """Damage octets from now on, with these probabilities."""
        ...

    def garbage(self, octets: bytes) -> None:
        """Have these octets arrive on both sides, before what is sent from now on."""
        ...

    def cut(self, is_cut: bool) -> None:
        """Cut the line, or mend it."""
        ...

    def reset(self) -> None:
        """Reset the board by hand."""
        ...

    def unplug(self) -> None:
        """Pull its cable; the host loses the port."""
        ...

    def plug(self) -> None:
        """Put it in again; the port has another name."""
        ...

    def stick_irq(self, level: bool) -> None:
        """Have the interrupt line stay at this level, whatever the adapter does."""
        ...

    def another_host(self) -> HostBus:
        """Return the bus of another host process on the same port, without a session."""
        ...
