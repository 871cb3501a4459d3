"""A tap on an AdapterBus: what was asked of the adapter, what it answered, and when.

:class:`RecordingBus` wraps any bus and hands one :class:`BusRecord` per transaction to a sink: a file (``bus.jsonl`` of
a run folder, one JSON object a line), or a short memory that a failing scenario prints. It changes neither timing nor
order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Result, Write32
from rig.adapter.regmap import RegisterMap, Window
from rig.errors import AdapterError
from rig.runtime.kernel import Cancelled, Scheduler

CANCELLED = "the caller was cancelled"


@dataclass(frozen=True, slots=True)
class BusRecord:
    """One transaction, from its request at ``t_ns`` to its end; ``error`` is empty where it was done whole."""

    t_ns: int
    end_ns: int
    operations: tuple[Operation, ...]
    results: tuple[Result, ...]
    """One for each operation; none if there was an error."""
    error: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the object written to ``bus.jsonl``: blocks as hexadecimal text."""
        operations = []
        for index, operation in enumerate(self.operations):
            result = self.results[index] if self.results else None
            item: dict[str, object] = {"address": operation.address}
            if isinstance(operation, Read32):
                item |= {"op": "read32", "value": result}
            elif isinstance(operation, Write32):
                item |= {"op": "write32", "value": operation.value}
            elif isinstance(operation, ReadBlock):
                data = result.hex() if isinstance(result, bytes) else None
                item |= {"op": "read_block", "octets": operation.octets, "data": data}
            else:
                item |= {"op": "write_block", "octets": len(operation.data), "data": operation.data.hex()}
            operations.append(item)
        record: dict[str, object] = {"t_ns": self.t_ns, "end_ns": self.end_ns, "operations": operations}
        return record | {"error": self.error} if self.error else record

    def describe(self, regmap: RegisterMap) -> list[str]:
        """Return lines for people, with the names of the map."""
        lines = []
        for index, operation in enumerate(self.operations):
            name = name_of(regmap, operation.address)
            result = self.results[index] if self.results else None
            if isinstance(operation, Read32):
                text = f"read  {name}" + (f" = 0x{result:08X}" if isinstance(result, int) else "")
            elif isinstance(operation, Write32):
                text = f"write {name} = 0x{operation.value:08X}"
            elif isinstance(operation, ReadBlock):
                text = f"read  {name}, {operation.octets} octets"
            else:
                text = f"write {name}, {len(operation.data)} octets"
            lines.append(f"{self.t_ns} ns: {text}")
        if self.error:
            lines.append(f"{self.end_ns} ns: {self.error}")
        return lines


def name_of(regmap: RegisterMap, address: int) -> str:
    """Return the name of an address: ``CTRL``, ``TX_PAGE[2]``, ``BUFFER+0x0100``; the number where nothing is."""
    for register in regmap.registers:
        offsets = register.offsets()
        if address in offsets:
            return register.name if register.count == 1 else f"{register.name}[{offsets.index(address)}]"
    window: Window
    for window in regmap.windows:
        if window.offset <= address < window.offset + window.octets:
            return f"{window.name}+0x{address - window.offset:04X}"
    return f"0x{address:04X}"


class RecordingBus:
    """An AdapterBus that tells ``sink`` of every transaction of the bus behind it, when it has ended."""

    def __init__(self, scheduler: Scheduler, bus: AdapterBus, sink: Callable[[BusRecord], object]) -> None:
        self.irq = bus.irq
        self._scheduler = scheduler
        self._bus = bus
        self._sink = sink

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """See :class:`~rig.adapter.bus.AdapterBus`."""
        t_ns = self._scheduler.now_ns
        try:
            results = await self._bus.transaction(operations)
        except AdapterError as error:
            self._record(t_ns, operations, (), str(error))
            raise
        except Cancelled:
            self._record(t_ns, operations, (), CANCELLED)
            raise
        self._record(t_ns, operations, results, "")
        return results

    def _record(self, t_ns: int, operations: Sequence[Operation], results: Sequence[Result], error: str) -> None:
        self._sink(BusRecord(t_ns, self._scheduler.now_ns, tuple(operations), tuple(results), error))
