"""The AdapterBus contract: how a driver reaches the registers and the buffer memory of one adapter.

A transaction is a batch, because a round trip on a serial port costs milliseconds. Addresses are byte addresses of
32-bit little-endian words; the map is ``regmap.yaml``. Backends implement :class:`AdapterBus`; the coroutines of
``tests/contract/bus_contract.py`` say when one is done. What an operation costs in time is the backend's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from rig.errors import UsageError
from rig.runtime.kernel import Event

WORD_OCTETS = 4
WORD_MASK = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Read32:
    """Read one word; its result is an ``int``."""

    address: int


@dataclass(frozen=True, slots=True)
class Write32:
    """Write one word; its result is None."""

    address: int
    value: int


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """Read ``octets`` octets, a multiple of 4, word by word in ascending order; its result is ``bytes``."""

    address: int
    octets: int


@dataclass(frozen=True, slots=True)
class WriteBlock:
    """Write ``data``, a multiple of 4 octets, word by word in ascending order; its result is None."""

    address: int
    data: bytes


Operation = Read32 | Write32 | ReadBlock | WriteBlock
Result = int | bytes | None


class AdapterBus(Protocol):
    """Register access to one adapter."""

    irq: Event
    """Follows the interrupt line: set while it is asserted, clear while it is not."""

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """Do ``operations`` in order, in one round trip, and return one result for each.

        :class:`~rig.errors.UsageError` if :func:`check_operations` refuses the batch; nothing is done then.
        :class:`~rig.errors.BusError` with ``index`` and ``address`` at the first access that the adapter refuses
        (outside the map, also beyond its end; a write to something read-only): what came before it is done, what
        comes after it is not. :class:`~rig.errors.AdapterFault` without power. It always ends.

        Transactions of several tasks are done one after the other, in order of call. A task that is cancelled in here
        leaves a transaction that has begun to its end: it is done as a whole, or to its refused access. One that has
        not begun is dropped as a whole.
        """
        ...


def check_operations(operations: Sequence[Operation]) -> None:
    """Raise :class:`~rig.errors.UsageError` for a batch that no adapter could do.

    Addresses and lengths are multiples of 4 and not negative, blocks have at least one word, values are 32 bits, and a
    batch has at least one operation. Whether an address exists is for the adapter to say.
    """
    if not operations:
        raise UsageError("an empty batch; a transaction needs at least one operation")
    for index, operation in enumerate(operations):
        where = f"operation {index} of the batch"
        if operation.address < 0 or operation.address % WORD_OCTETS:
            raise UsageError(f"{where}: address {operation.address:#x} is not a multiple of {WORD_OCTETS}")
        if isinstance(operation, Write32):
            if not 0 <= operation.value <= WORD_MASK:
                raise UsageError(f"{where}: value {operation.value:#x} is not in 0 .. 0xFFFFFFFF")
        elif not isinstance(operation, Read32):
            octets = operation.octets if isinstance(operation, ReadBlock) else len(operation.data)
            if octets <= 0 or octets % WORD_OCTETS:
                raise UsageError(f"{where}: a block of {octets} octets; use a positive multiple of {WORD_OCTETS}")


def padded(data: bytes | bytearray | memoryview) -> bytes:
    """Return ``data`` followed by zeros up to a whole number of words, as :class:`WriteBlock` wants it."""
    return bytes(data) + bytes(-len(data) % WORD_OCTETS)


async def read32(bus: AdapterBus, address: int) -> int:
    """Read one word in a round trip of its own."""
    return cast(int, (await bus.transaction([Read32(address)]))[0])


async def write32(bus: AdapterBus, address: int, value: int) -> None:
    """Write one word in a round trip of its own."""
    await bus.transaction([Write32(address, value)])


async def read_block(bus: AdapterBus, address: int, octets: int) -> bytes:
    """Read ``octets`` octets, a multiple of 4, in a round trip of its own."""
    return cast(bytes, (await bus.transaction([ReadBlock(address, octets)]))[0])


async def write_block(bus: AdapterBus, address: int, data: bytes) -> None:
    """Write ``data``, a multiple of 4 octets, in a round trip of its own."""
    await bus.transaction([WriteBlock(address, data)])
