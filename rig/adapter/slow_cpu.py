"""A CPU that takes its time: what passes between a driver's wish and the first access on the bus.

Entering the interrupt handler, calls, copies: on a real host they take a time that this rig's driver, being Python in
simulated time, does not. With it a receive ring can run over, which is what it is for.
"""

from __future__ import annotations

from collections.abc import Sequence

from rig.adapter.bus import AdapterBus, Operation, Result
from rig.runtime.kernel import Scheduler


class SlowCpuBus:
    """An AdapterBus on which each transaction begins ``cpu_ns`` after it was asked for.

    A task that is cancelled in that time has done nothing.
    """

    def __init__(self, scheduler: Scheduler, bus: AdapterBus, cpu_ns: int) -> None:
        self.irq = bus.irq
        self._scheduler = scheduler
        self._bus = bus
        self._cpu_ns = cpu_ns

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """See :class:`~rig.adapter.bus.AdapterBus`."""
        await self._scheduler.sleep_until(self._scheduler.now_ns + self._cpu_ns)
        return await self._bus.transaction(operations)
