"""The ``model`` backend: a bus to the Python twin of the adapter that takes exactly the time the RTL's bus takes.

The timing is that of ``docs/adapter.md`` ("Bus"). A batch that is requested at ``t`` executes its first access at the
first execute edge after its strobe, every further one ``access_ns`` later, and is acknowledged
:data:`ACKNOWLEDGE_CLOCKS` bus clocks after the last; an access that is refused ends it. Each access happens at its
own edge, so a SEND in the middle of a block starts a transmission exactly then. Blocks of buffer memory are moved in
one step, at the edge of their last word, which nobody can tell from single words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from rig.adapter.bus import (
    WORD_OCTETS,
    Operation,
    Read32,
    ReadBlock,
    Result,
    Write32,
    WriteBlock,
    check_operations,
)
from rig.adapter.registers import WIN_BUFFER
from rig.errors import AdapterFault, BusError
from rig.runtime.kernel import Event, Kernel, Timer

ACKNOWLEDGE_CLOCKS = 3
"""Bus clocks from the execution of the last access of a batch to its acknowledge."""

PAGE_OCTETS = 256


class ModelAdapter(Protocol):
    """The bus side of a twin. Each access is executed at the present time, which is one of its execute edges."""

    irq: Event
    """Follows the interrupt line."""
    bus_period_ns: int
    access_ns: int
    """From one execute edge to the next."""
    buffer_pages: int
    is_powered: bool
    power_watchers: list[Callable[[bool], None]]
    """Called with the new state when the power is turned on or off."""

    def first_execute_ns(self, t_ns: int) -> int:
        """Return when the first access of a batch requested at ``t_ns`` is executed."""
        ...

    def read32(self, address: int) -> int:
        """Read a word; :class:`~rig.errors.BusError` if refused, :class:`~rig.errors.AdapterFault` without power."""
        ...

    def write32(self, address: int, value: int) -> None:
        """Write a word; errors as in :meth:`read32`."""
        ...

    def read_block(self, address: int, octets: int) -> bytes:
        """Read whole words of buffer memory at the edge of the last of them."""
        ...

    def write_block(self, address: int, data: bytes) -> None:
        """Write whole words of buffer memory at the edge of the last of them."""
        ...


class _Batch:
    """A transaction on its way: which operation, and how many of its octets are done."""

    __slots__ = ("acknowledged", "error", "index", "octets_done", "operations", "results", "words")

    def __init__(self, operations: Sequence[Operation], acknowledged: Event) -> None:
        self.operations = tuple(operations)
        self.acknowledged = acknowledged
        self.index = 0
        self.octets_done = 0
        self.words = bytearray()  # of the ReadBlock under way
        self.results: list[Result] = []
        self.error: AdapterFault | BusError | None = None


class ModelBus:
    """AdapterBus of a twin; see :class:`~rig.adapter.bus.AdapterBus` for what it promises."""

    def __init__(self, kernel: Kernel, adapter: ModelAdapter) -> None:
        self.irq = adapter.irq
        self._kernel = kernel
        self._adapter = adapter
        self._batches: deque[_Batch] = deque()  # the first is under way
        self._timer: Timer | None = None  # of the next step of the first batch
        self._buffer_end = WIN_BUFFER + adapter.buffer_pages * PAGE_OCTETS
        adapter.power_watchers.append(self._power_changed)

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """See :class:`~rig.adapter.bus.AdapterBus`."""
        check_operations(operations)
        batch = _Batch(operations, self._kernel.event("bus acknowledge"))
        self._batches.append(batch)
        if len(self._batches) == 1:
            self._begin()
        try:
            await batch.acknowledged.wait()
        except BaseException:
            if batch in self._batches and batch is not self._batches[0]:
                self._batches.remove(batch)  # it has not begun; one that has is left to the timers
            raise
        if batch.error is not None:
            raise batch.error
        return batch.results

    def _begin(self) -> None:
        """Present the first access of the batch that is next."""
        now_ns = self._kernel.now_ns
        if not self._adapter.is_powered:
            self._fail_without_power()
            return
        batch = self._batches[0]
        self._schedule(batch, self._adapter.first_execute_ns(now_ns))

    def _schedule(self, batch: _Batch, first_ns: int) -> None:
        """Execute next what :meth:`_span` gives, whose first word is due at ``first_ns``."""
        words = self._span(batch) // WORD_OCTETS
        last_ns = first_ns + (words - 1) * self._adapter.access_ns
        self._timer = self._kernel.call_at(last_ns, self._execute, batch)

    def _span(self, batch: _Batch) -> int:
        """Return how many octets of the present operation are moved in one step: one word, or all in the buffer."""
        operation = batch.operations[batch.index]
        if isinstance(operation, (Read32, Write32)):
            return WORD_OCTETS
        octets = operation.octets if isinstance(operation, ReadBlock) else len(operation.data)
        address = operation.address + batch.octets_done
        if address < WIN_BUFFER or address >= self._buffer_end:
            return WORD_OCTETS
        return min(octets - batch.octets_done, self._buffer_end - address)

    def _execute(self, batch: _Batch) -> None:
        """Do one step at its execute edge, and schedule the next or the acknowledge."""
        operation = batch.operations[batch.index]
        span = self._span(batch)
        address = operation.address + batch.octets_done
        try:
            is_done = self._access(batch, operation, address, span)
        except BusError as error:
            batch.error = BusError(error.problem, index=batch.index, address=address)
        except AdapterFault as error:
            batch.error = error
        else:
            if is_done:
                batch.index += 1
                batch.octets_done = 0
            else:
                batch.octets_done += span
            if batch.index < len(batch.operations):
                self._schedule(batch, self._kernel.now_ns + self._adapter.access_ns)
                return
        acknowledge_ns = self._kernel.now_ns + ACKNOWLEDGE_CLOCKS * self._adapter.bus_period_ns
        self._timer = self._kernel.call_at(acknowledge_ns, self._acknowledge, batch)

    def _access(self, batch: _Batch, operation: Operation, address: int, span: int) -> bool:
        """Execute ``span`` octets of ``operation``; tell whether that completes it."""
        adapter = self._adapter
        if isinstance(operation, Read32):
            batch.results.append(adapter.read32(address))
            return True
        if isinstance(operation, Write32):
            adapter.write32(address, operation.value)
            batch.results.append(None)
            return True
        is_bulk = span > WORD_OCTETS
        if isinstance(operation, WriteBlock):
            data = operation.data[batch.octets_done : batch.octets_done + span]
            if is_bulk:
                adapter.write_block(address, data)
            else:
                adapter.write32(address, int.from_bytes(data, "little"))
            if batch.octets_done + span < len(operation.data):
                return False
            batch.results.append(None)
            return True
        if is_bulk:
            batch.words += adapter.read_block(address, span)
        else:
            batch.words += adapter.read32(address).to_bytes(WORD_OCTETS, "little")
        if batch.octets_done + span < operation.octets:
            return False
        batch.results.append(bytes(batch.words))
        batch.words.clear()
        return True

    def _acknowledge(self, batch: _Batch) -> None:
        self._batches.popleft()
        batch.acknowledged.set()
        if self._batches:
            self._begin()

    def _power_changed(self, is_on: bool) -> None:
        """End the batch under way at once: the bus master looks at the power at every edge."""
        if not is_on and self._batches:
            if self._timer is not None:
                self._timer.cancel()
            self._fail_without_power()

    def _fail_without_power(self) -> None:
        batch = self._batches[0]
        batch.error = AdapterFault("the adapter has no power")
        period_ns = self._adapter.bus_period_ns
        edge_ns = (self._kernel.now_ns // period_ns + 1) * period_ns
        self._timer = self._kernel.call_at(edge_ns, self._acknowledge, batch)
