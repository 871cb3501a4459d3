"""The service of an adapter that is set up: frames out of the queues into slots, and what an interrupt asks for.

* *Transmit.* Every frame that finds a free slot is written into it and queued for sending, several in one transaction
  where they wait. The end of a transmission raises an interrupt, whose service frees the slot.
* *Interrupt.* One transaction reads the causes, acknowledges those whose state it reads afterwards (so what happens in
  between is seen or raises the line again), and reads that state: the outcome of slots in use, RX_CURR, the header on
  the next page, the link. Causes that are news themselves (overrun, half-full counters) are acknowledged in the next
  transaction, exactly as they were read.
* *Receive.* Each frame costs one transaction: its octets, in two blocks where it wraps, the return of its pages, and
  the header of the frame after it.

So a frame costs one round trip to send, and an interrupt at most two and one for each frame received. A service
belongs to one set-up of the adapter; after a reset there is a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from rig.adapter.bus import AdapterBus, Operation, Read32, Result, Write32, read_block
from rig.adapter.registers import (
    INT_STATUS_COUNTER_HALF,
    INT_STATUS_LINK_CHANGE,
    INT_STATUS_RX,
    INT_STATUS_RX_ERR,
    INT_STATUS_RX_OVERRUN,
    INT_STATUS_TX,
    INT_STATUS_TX_ERR,
    REG_INT_STATUS,
    REG_RX_CURR,
    REG_STATUS,
    STATUS_CRS,
    STATUS_DEFERRING,
    STATUS_LINK,
    WIN_COUNTERS,
    WIN_COUNTERS_OCTETS,
)
from rig.driver.bring_up import BufferLayout
from rig.driver.config import DriverConfig
from rig.driver.queues import FrameQueues
from rig.driver.ring import ReceiveRing
from rig.driver.statistics import CounterTotals, DriverStatistics
from rig.driver.transmit import TransmitSlots
from rig.runtime.kernel import Scheduler

# Their state is read after they are acknowledged, so nothing can be lost in between.
_STATE = INT_STATUS_RX | INT_STATUS_TX | INT_STATUS_RX_ERR | INT_STATUS_TX_ERR | INT_STATUS_LINK_CHANGE
_NEWS = INT_STATUS_RX_OVERRUN | INT_STATUS_COUNTER_HALF


class CountingBus:
    """The bus as the driver uses it: counts round trips."""

    def __init__(self, bus: AdapterBus, statistics: DriverStatistics) -> None:
        self.irq = bus.irq
        self._bus = bus
        self._statistics = statistics

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """See :class:`~rig.adapter.bus.AdapterBus`."""
        self._statistics.round_trips += 1
        return await self._bus.transaction(operations)


class AdapterService:
    """Serves one adapter between two resets. Errors of bus and adapter are for the caller to recover from."""

    def __init__(
        self,
        scheduler: Scheduler,
        bus: AdapterBus,
        config: DriverConfig,
        layout: BufferLayout,
        queues: FrameQueues,
        statistics: DriverStatistics,
        counters: CounterTotals,
    ) -> None:
        self.slots = TransmitSlots(layout, config.speed_mbps)
        self.ring = ReceiveRing(layout)
        self.has_progressed = False
        """A frame has come or gone."""
        self.has_link_changed = False
        """The link has changed since this was cleared."""
        self._scheduler = scheduler
        self._bus = bus
        self._look_ns = config.transmit_look_ns
        self._timeout_ns = config.transmit_timeout_ns
        self._looked_ns = scheduler.now_ns
        self._queues = queues
        self._statistics = statistics
        self._counters = counters

    @property
    def deadline_ns(self) -> int | None:
        """When to look after the oldest transmission; None while there is none."""
        return max(self.slots.oldest_since_ns, self._looked_ns) + self._look_ns if self.slots.in_use else None

    async def send(self) -> None:
        """Move frames into free slots, in one transaction; do nothing if there is no frame or no slot."""
        slots, queues = self.slots, self._queues
        operations: list[Operation] = []
        while queues.frames_to_send and slots.free:
            operations += slots.send(queues.next_frame(), self._scheduler.now_ns)
        if operations:
            await self._bus.transaction(operations)

    async def serve_interrupt(self) -> None:
        """Read and acknowledge the causes, and act on the state behind them."""
        slots, ring = self.slots, self.ring
        self._statistics.interrupts += 1
        status_operations = slots.status_operations()
        results = await self._bus.transaction(
            [
                Read32(REG_INT_STATUS),
                Write32(REG_INT_STATUS, _STATE),
                Read32(REG_STATUS),
                *status_operations,
                Read32(REG_RX_CURR),
                ring.header_operation(ring.next_page),
            ]
        )
        causes = cast(int, results[0])
        self._queues.link_is(bool(cast(int, results[2]) & STATUS_LINK))
        for done in slots.completions(results[3 : 3 + len(status_operations)], self._scheduler.now_ns):
            self.has_progressed = True
            self._queues.add_result(done.result, done.frame_octets)
        if causes & INT_STATUS_LINK_CHANGE:
            self.has_link_changed = True
        if causes & INT_STATUS_RX_OVERRUN:
            self._statistics.receive_overruns += 1
        acknowledge: list[Operation] = [Write32(REG_INT_STATUS, causes & _NEWS)] if causes & _NEWS else []
        await self._drain(cast(int, results[-2]), cast(bytes, results[-1]), acknowledge)
        if causes & INT_STATUS_COUNTER_HALF:
            self._counters.update(await read_block(self._bus, WIN_COUNTERS, WIN_COUNTERS_OCTETS))

    async def _drain(self, end_page: int, header_octets: bytes, also: list[Operation]) -> None:
        """Read the frames from the ring's next page up to ``end_page``; do ``also`` in the first transaction."""
        ring, queues = self.ring, self._queues
        ring.check_page(end_page)
        queues.adapter_waits = False
        while ring.next_page != end_page:
            if not queues.has_room:
                queues.adapter_waits = True  # the ring is the queue's queue; receive() gives work again
                break
            header = ring.parse_header(header_octets)
            operations = ring.take_operations(header)
            blocks = len(operations) - 1
            is_last = header.next_page == end_page
            if not is_last:
                operations.append(ring.header_operation(header.next_page))
            results = await self._bus.transaction(operations + also)
            also = []
            self.has_progressed = True
            queues.add_received(ring.take(header, cast("list[bytes]", results[:blocks])))
            if not is_last:
                header_octets = cast(bytes, results[blocks + 1])
        if also:
            await self._bus.transaction(also)

    async def look_after_transmission(self) -> str | None:
        """The oldest transmission lasts: return what is wrong with the adapter, or None if nothing is known to be.

        An adapter without power is found here, by the error of the bus, and so is an interrupt that was missed. After
        the time-out the adapter is to blame, unless somebody keeps the medium busy; the time runs anew then.
        """
        slots = self.slots
        before_ns = slots.oldest_since_ns
        self._looked_ns = self._scheduler.now_ns
        await self.serve_interrupt()
        if not slots.in_use or slots.oldest_since_ns != before_ns:
            return None
        if self._scheduler.now_ns - before_ns < self._timeout_ns:
            return None
        (status,) = cast("list[int]", await self._bus.transaction([Read32(REG_STATUS)]))
        if status & (STATUS_CRS | STATUS_DEFERRING):
            self._statistics.transmit_stalls += 1
            slots.oldest_since_ns = self._scheduler.now_ns
            return None
        return f"a transmission has not ended for {self._scheduler.now_ns - before_ns} ns though the medium is free"
