"""Adapters in Verilog: the buses and the bench of ``hdl/sim/segment_bench.v``, reached through cocotb handles.

Only this file, ``rtl_board`` and ``rtl_joint`` touch cocotb handles. Entering Python costs tens of microseconds, more
than the simulator needs for a bus access, so it happens once for a transaction: one register write (two for a long
batch) hands the batch over, and one change of ``attention``, which carries all acknowledges and interrupt lines, tells
that it is done. The layout of a batch is in ``hdl/sim/bus_master_model.v``.

Times are exact: a batch handed over at ``now_ns`` is seen by the first bus edge after it, and the reply is there at the
edge that acknowledges the last access (docs/adapter.md).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cocotb.triggers import ValueChange

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
from rig.adapter.recorder import Timeline
from rig.backends.rtl_records import read_records
from rig.errors import AdapterFault, BusError, UsageError
from rig.runtime.kernel import Event, Scheduler
from rig.units import bit_time_ns

ROM_OCTETS = 32
POSITION_LIMIT_BITS = 8192
PHASE_STEP_NS = 7
NIBBLE_BITS = 4

# Layout of a batch and a reply, in words; see hdl/sim/bus_master_model.v.
DOORBELL_WORDS = 32
WIDE_WORDS = 512
TAIL_WORDS = 4096
BATCH_HEAD_WORDS = 1
REPLY_HEAD_WORDS = 2
BATCH_WORDS = DOORBELL_WORDS - BATCH_HEAD_WORDS + WIDE_WORDS + TAIL_WORDS
REPLY_WORDS = DOORBELL_WORDS - REPLY_HEAD_WORDS + WIDE_WORDS + TAIL_WORDS

WRITE_FLAG = 1 << 31
WORDS_LSB = 16
ADDRESS_LIMIT = 0x8000  # addresses of the bus; what is above is presented as this one, which no adapter has
OPERATION_WORDS = 4097  # one more than the largest window, so that a longer block is refused before its end

REQUEST_LSB = 31
CODE_LSB = 30
INDEX_LSB = 16
CODE_DONE, CODE_REFUSED, CODE_NO_POWER, CODE_HUNG = range(4)


class SimulatorKernel(Scheduler, Protocol):
    """What the bench needs of the kernel: the scheduler, and a bridge from a simulator's trigger to a function."""

    def watch(self, trigger_factory: Callable[[], ValueChange], fn: Callable[[], object]) -> object:
        """Call ``fn()`` each time the trigger has fired."""
        ...


@dataclass(frozen=True, slots=True)
class RtlStation:
    """What the bench must know of one station.

    ``rom_image`` is the 32 octets of the MAC-address ROM. ``position_bits``, 0 to 8191, is its place on the segment in
    bit times. ``phase_ns`` is the first edge of its MII clock, below one nibble; None means 7 ns times its number.
    """

    name: str
    rom_image: bytes
    position_bits: int = 0
    phase_ns: int | None = None


class _Part:
    """A run of operations that fits in one batch."""

    __slots__ = ("first_index", "octets", "operations", "read_words", "reply")

    def __init__(self, first_index: int) -> None:
        self.first_index = first_index
        self.operations: list[Operation] = []
        self.octets = bytearray()
        self.read_words = 0
        self.reply: bytes = b""


class _Flight:
    """One transaction, from its call to its end; it goes on without its caller if that is cancelled."""

    __slots__ = ("code", "done", "failed_address", "failed_index", "parts", "parts_done")

    def __init__(self, parts: list[_Part], done: Event) -> None:
        self.parts = parts
        self.parts_done = 0
        self.done = done
        self.code = CODE_DONE
        self.failed_index = 0
        self.failed_address = 0


class RtlBus:
    """The :class:`~rig.adapter.bus.AdapterBus` of one station of the bench; made by :class:`RtlBench`."""

    def __init__(self, kernel: Scheduler, name: str, master: Any) -> None:
        self.irq: Event = kernel.event(f"irq of {name}")
        self._kernel = kernel
        self._name = name
        self._doorbell = master.doorbell
        self._batch = master.batch
        self._batch_tail = master.batch_tail
        self._reply = master.reply
        self._reply_wide = master.reply_wide
        self._reply_tail = master.reply_tail
        self._request = 0
        self._flights: deque[_Flight] = deque()  # the first one is in the bus master, the others wait

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """See :class:`~rig.adapter.bus.AdapterBus`."""
        check_operations(operations)
        flight = _Flight(_encode(operations), self._kernel.event(f"transaction on {self._name}"))
        self._flights.append(flight)
        if len(self._flights) == 1:
            self._hand_over(flight)
        try:
            await flight.done.wait()
        except BaseException:
            if flight in self._flights and flight is not self._flights[0]:
                self._flights.remove(flight)  # it has not begun
            raise
        if flight.code == CODE_DONE:
            return [result for part in flight.parts for result in _decode(part)]
        raise self._error(flight, operations)

    def acknowledged(self) -> None:
        """Take the reply to the batch that was handed over; called by the bench when ``acknowledge`` changes."""
        flight = self._flights[0]
        part = flight.parts[flight.parts_done]
        narrow = _octets_of(self._reply, DOORBELL_WORDS)
        head = int.from_bytes(narrow[:4], "little")
        flight.code = head >> CODE_LSB
        flight.failed_index = part.first_index + (head >> INDEX_LSB & 0x3FFF)
        flight.failed_address = int.from_bytes(narrow[4:8], "little")
        flight.parts_done += 1
        if flight.code == CODE_DONE:
            reply = narrow[REPLY_HEAD_WORDS * WORD_OCTETS :]
            if len(reply) < part.read_words * WORD_OCTETS:
                reply += _octets_of(self._reply_wide, WIDE_WORDS)
            if len(reply) < part.read_words * WORD_OCTETS:
                reply += _octets_of(self._reply_tail, TAIL_WORDS)
            part.reply = reply
            if flight.parts_done < len(flight.parts):
                self._hand_over(flight)
                return
        self._flights.popleft()
        if self._flights:
            self._hand_over(self._flights[0])
        flight.done.set()

    def _hand_over(self, flight: _Flight) -> None:
        octets = flight.parts[flight.parts_done].octets
        narrow_octets = (DOORBELL_WORDS - BATCH_HEAD_WORDS) * WORD_OCTETS
        wide_octets = WIDE_WORDS * WORD_OCTETS
        if len(octets) > narrow_octets:
            wide = octets[narrow_octets : narrow_octets + wide_octets]
            self._batch.value = int.from_bytes(wide, "little")
            if len(octets) > narrow_octets + wide_octets:
                self._batch_tail.value = int.from_bytes(octets[narrow_octets + wide_octets :], "little")
        self._request ^= 1
        head = self._request << REQUEST_LSB | len(octets) // WORD_OCTETS
        self._doorbell.value = int.from_bytes(octets[:narrow_octets], "little") << 8 * WORD_OCTETS | head

    def _error(self, flight: _Flight, operations: Sequence[Operation]) -> Exception:
        if flight.code == CODE_REFUSED:
            operation = operations[flight.failed_index]
            address = operation.address + flight.failed_address - min(operation.address, ADDRESS_LIMIT)
            verb = "read" if isinstance(operation, Read32 | ReadBlock) else "write"
            return BusError(f"the adapter refused the {verb}", index=flight.failed_index, address=address)
        if flight.code == CODE_NO_POWER:
            return AdapterFault("the adapter has no power")
        return AdapterFault(f"the adapter did not answer an access at 0x{flight.failed_address:04X}")


class RtlBench:
    """The whole bench: configures the stations at time 0, switches power, and reads what was recorded.

    Make it inside a cocotb test, before any simulated time has passed, with as many stations as the bench was built
    for. ``records`` is the file that the simulator was given as ``+recorder=``, or None.
    """

    def __init__(
        self,
        kernel: SimulatorKernel,
        dut: Any,
        stations: Sequence[RtlStation],
        *,
        speed_mbps: int = 100,
        full_duplex: bool = False,
        garbage_seed: int = 0,
        records: Path | None = None,
    ) -> None:
        count = len(dut.attention) // 2
        if len(stations) != count:
            raise UsageError(f"{len(stations)} stations for a bench that was built for {count}")
        if kernel.now_ns != 0:
            raise UsageError(f"the bench is configured at {kernel.now_ns} ns; its clocks start at 0")
        self._kernel = kernel
        self._dut = dut
        self._records = records
        self._names = tuple(station.name for station in stations)
        self._power = self._all = (1 << count) - 1
        self._attention = 0
        configure_settings(dut.settings, stations, speed_mbps, full_duplex, garbage_seed)
        self.buses = tuple(
            RtlBus(kernel, name, dut.stations[index].station.master) for index, name in enumerate(self._names)
        )  # fmt: skip
        kernel.watch(lambda: ValueChange(dut.attention), self._on_attention)

    def bus(self, name: str) -> RtlBus:
        """Return the bus of the station called ``name``; :class:`UsageError` if there is none."""
        return self.buses[self._index(name)]

    def power(self, name: str, on: bool) -> None:
        """Switch the power of a station, now."""
        bit = 1 << self._index(name)
        self._power = self._power | bit if on else self._power & ~bit
        self._dut.settings.power.value = self._power

    async def finish(self) -> Timeline:
        """Close the record and return it; call once, from a kernel task. It takes 1 ns.

        What still lasts is recorded as if it ended now. :class:`UsageError` if nothing was recorded.
        """
        if self._records is None:
            raise UsageError("the bench was made without a file for its records")
        self._dut.recorder.finish.value = 1
        await self._kernel.sleep_until(self._kernel.now_ns + 1)
        return read_records(self._records, self._names)

    def _index(self, name: str) -> int:
        if name not in self._names:
            raise UsageError(f"no station {name!r} on the bench; it has {', '.join(self._names)}")
        return self._names.index(name)

    def _on_attention(self) -> None:
        """Tell the buses whose acknowledge or interrupt line has changed."""
        attention = int(self._dut.attention.value)
        changed = attention ^ self._attention
        self._attention = attention
        count = len(self.buses)
        for index, bus in enumerate(self.buses):
            if changed >> count + index & 1:
                if attention >> count + index & 1:
                    bus.irq.set()
                else:
                    bus.irq.clear()
            if changed >> index & 1:
                bus.acknowledged()


def configure_settings(
    settings: Any, stations: Sequence[RtlStation], speed_mbps: int, full_duplex: bool, garbage_seed: int
) -> None:  # fmt: skip
    """Tell a bench what its segment and its stations are (``hdl/sim/settings_model.v``); before time 0 has passed."""
    nibble_ns = bit_time_ns(speed_mbps) * NIBBLE_BITS
    rom = position = phase = 0
    for index, station in enumerate(stations):
        phase_ns = PHASE_STEP_NS * index % nibble_ns if station.phase_ns is None else station.phase_ns
        if len(station.rom_image) != ROM_OCTETS:
            raise UsageError(f"the ROM of {station.name} has {len(station.rom_image)} octets, not {ROM_OCTETS}")
        if not 0 <= station.position_bits < POSITION_LIMIT_BITS:
            raise UsageError(f"position_bits of {station.name} is {station.position_bits}, not 0 to 8191")
        if not 0 <= phase_ns < nibble_ns:
            raise UsageError(f"phase_ns of {station.name} is {phase_ns}; a nibble lasts {nibble_ns} ns")
        rom |= int.from_bytes(station.rom_image, "little") << 8 * ROM_OCTETS * index
        position |= station.position_bits << 16 * index
        phase |= phase_ns << 16 * index
    settings.rom_image.value = rom
    settings.position_bits.value = position
    settings.phase_ns.value = phase
    settings.speed100.value = int(speed_mbps == 100)
    settings.full_duplex.value = int(full_duplex)
    settings.garbage_seed.value = garbage_seed & 0xFFFF_FFFF


def _encode(operations: Sequence[Operation]) -> list[_Part]:
    """Return the batches for ``operations``: one, unless they are too many words for it."""
    parts = [_Part(0)]
    part = parts[0]
    for index, operation in enumerate(operations):
        read_words = 0
        data = b""
        match operation:
            case Read32():
                read_words = words = 1
            case Write32():
                words = 1
                data = operation.value.to_bytes(WORD_OCTETS, "little")
            case ReadBlock():
                read_words = words = min(operation.octets // WORD_OCTETS, OPERATION_WORDS)
            case WriteBlock():
                words = min(len(operation.data) // WORD_OCTETS, OPERATION_WORDS)
                data = operation.data[: words * WORD_OCTETS]
        size = len(part.octets) + WORD_OCTETS + len(data)
        if size > BATCH_WORDS * WORD_OCTETS or part.read_words + read_words > REPLY_WORDS:
            part = _Part(index)
            parts.append(part)
        head = min(operation.address, ADDRESS_LIMIT) | words << WORDS_LSB
        if data:
            head |= WRITE_FLAG
        part.octets += head.to_bytes(WORD_OCTETS, "little")
        part.octets += data
        part.read_words += read_words
        part.operations.append(operation)
    return parts


def _decode(part: _Part) -> list[Result]:
    """Return one result for each operation of a part that was done."""
    results: list[Result] = []
    position = 0
    for operation in part.operations:
        match operation:
            case Read32():
                results.append(int.from_bytes(part.reply[position : position + WORD_OCTETS], "little"))
                position += WORD_OCTETS
            case ReadBlock():
                results.append(part.reply[position : position + operation.octets])
                position += operation.octets
            case _:
                results.append(None)
    return results


def _octets_of(handle: Any, words: int) -> bytes:
    """Return the value of a wide register, least significant octet first."""
    return int(handle.value).to_bytes(words * WORD_OCTETS, "little")
