"""The exact twin of the LAN adapter: what ``docs/adapter.md`` describes, on virtual time.

Call protocol
-------------
The adapter never sleeps; whoever plays the bus master does, and calls at the edges at which the hardware would execute:

* ``bus_period_ns`` is T_bus; an access is *executed* at a time that is a multiple of ``access_ns`` = 4 T_bus. A request
  raised at time ``t`` executes its first access at :meth:`LanAdapter.first_execute_ns` of ``t``, and each further access
  ``access_ns`` later; the master sees the last acknowledge :data:`ACKNOWLEDGE_CLOCKS` bus clocks after the last executed
  access. The master sleeps until the execute edge, then calls :meth:`~LanAdapter.read32` or
  :meth:`~LanAdapter.write32`, which take effect there and then.
* :meth:`~LanAdapter.read_block` and :meth:`~LanAdapter.write_block` move whole words of buffer memory in one call, at
  the execute edge of their *last* word: nobody else touches a transmit slot that is not queued or pages of a frame that
  is stored, so this equals word-by-word access. Any other window is accessed word by word.
* A refused access raises :class:`~rig.errors.BusError` with ``address``, and has no effect. Without power every access
  raises :class:`~rig.errors.AdapterFault`.
* ``irq`` is an event that follows the interrupt line, at the exact bus edge.

What the adapter does at a bus edge is visible to accesses at *later* edges only, whatever order the kernel happens to
run callbacks of one instant in.
"""

from __future__ import annotations

from collections.abc import Callable

from firmware_models.network.segment import Segment
from rig.runtime.kernel import Event, Kernel

SLOT_WHEEL = 4
"""Bus clocks per access."""

ACKNOWLEDGE_CLOCKS = 3
"""Bus clocks from the execution of the last access of a batch to its acknowledge."""

FIRST_BUS_EDGE = 16
"""The bus master starts no access before this edge; power-on reset lasts until then."""


class LanAdapter:
    """One adapter on a segment."""

    def __init__(
        self,
        kernel: Kernel,
        segment: Segment,
        rom_image: bytes,
        *,
        name: str,
        position_bits: int = 0,
        phase_ns: int | None = None,
        bus_period_ns: int = 20,
        buffer_pages: int = 64,
    ) -> None:
        self.name = name
        self.bus_period_ns = bus_period_ns
        self.access_ns = SLOT_WHEEL * bus_period_ns
        self.irq: Event = kernel.event(f"irq of {name}")
        self.buffer_pages = buffer_pages
        self.is_powered = True
        self.power_watchers: list[Callable[[bool], None]] = []  # called by power() with the new state

    def first_execute_ns(self, t_ns: int) -> int:
        """Return when the first access of a batch requested at ``t_ns`` is executed."""
        period = self.bus_period_ns
        strobe_ns = max(t_ns // period + 1, FIRST_BUS_EDGE) * period
        return (strobe_ns // self.access_ns + 1) * self.access_ns

    def read32(self, address: int) -> int:
        """Read the word at a byte address, at the present execute edge."""
        return 0

    def write32(self, address: int, value: int) -> None:
        """Write the word at a byte address, at the present execute edge."""

    def read_block(self, address: int, octets: int) -> bytes:
        """Read whole words of buffer memory, at the execute edge of the last one."""
        return bytes(octets)

    def write_block(self, address: int, data: bytes) -> None:
        """Write whole words of buffer memory, at the execute edge of the last one."""

    def power(self, on: bool) -> None:
        """Turn the power on or off, now."""
        self.is_powered = on
        for watcher in self.power_watchers:
            watcher(on)
