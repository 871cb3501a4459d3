"""The address decoder: for each word below the buffer memory, what reads it and what writes it.

A word without a reader does not exist; one with a reader and no writer is read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from firmware_models.adapter.registers import STORED_BITS
from rig.adapter import registers as reg
from rig.adapter.bus import WORD_OCTETS

if TYPE_CHECKING:
    from firmware_models.adapter.adapter import LanAdapter

WORD_BITS = 32
WORD_MASK = 0xFFFF_FFFF
NS_PER_S = 1_000_000_000

Reader = Callable[[], int]
Writer = Callable[[int], None]


def make_readers(adapter: LanAdapter) -> dict[int, Reader]:
    """Return what reads each word."""
    readers: dict[int, Reader] = {offset: partial(_stored, adapter, offset) for offset in STORED_BITS}
    readers |= {
        reg.REG_ID: lambda: reg.ID_RESET,
        reg.REG_CAPS: partial(_capabilities, adapter),
        reg.REG_MAP_HASH: lambda: reg.MAP_HASH,
        reg.REG_BUS_HZ: lambda: NS_PER_S // adapter.bus_period_ns,
        reg.REG_STATUS: adapter.read_status,
        reg.REG_INT_STATUS: lambda: adapter.interrupts.status,
        reg.REG_INT_MASK: lambda: adapter.interrupts.mask,
        reg.REG_BACKOFF_INJECT: adapter.count_injected,
        reg.REG_RX_BNRY: lambda: adapter.ring.boundary,
        reg.REG_RX_CURR: lambda: adapter.ring.current,
        reg.REG_TIME_LO: adapter.read_time,
        reg.REG_TIME_HI: adapter.read_latched_time,
        reg.REG_PAUSE_CFG: partial(_pause_config, adapter),
        reg.REG_MDIO: lambda: adapter.mdio.value,
    }
    for number in range(reg.TX_SLOT_COUNT):
        readers |= _slot_readers(adapter, number)
    for index in range(len(adapter.rom.words)):
        readers[reg.WIN_ROM + WORD_OCTETS * index] = partial(_rom_word, adapter, index)
    for index in range(reg.WIN_COUNTERS_OCTETS // WORD_OCTETS):
        readers[reg.WIN_COUNTERS + WORD_OCTETS * index] = partial(_counter, adapter, index)
    return readers


def _slot_readers(adapter: LanAdapter, number: int) -> dict[int, Reader]:
    slots = adapter.slots
    base = number * reg.TX_SLOT_STRIDE
    time = reg.WIN_TX_TIME + 2 * WORD_OCTETS * number
    return {
        reg.REG_TX_PAGE + base: lambda: slots.slots[number].page,
        reg.REG_TX_OCTETS + base: lambda: slots.slots[number].octets,
        reg.REG_TX_COMMAND + base: lambda: reg.TX_COMMAND_SEND if slots.slots[number].is_queued else 0,
        reg.REG_TX_STATUS + base: lambda: slots.slots[number].status,
        time: lambda: slots.slots[number].done_ns & WORD_MASK,
        time + WORD_OCTETS: lambda: slots.slots[number].done_ns >> WORD_BITS,
    }


def make_writers(adapter: LanAdapter) -> dict[int, Writer]:
    """Return what writes each word."""
    writers: dict[int, Writer] = {offset: partial(adapter.store, offset) for offset in STORED_BITS}
    writers |= {
        reg.REG_CTRL: adapter.write_control,
        reg.REG_INT_STATUS: lambda value: adapter.interrupts.acknowledge(value, adapter.now_ns),
        reg.REG_INT_MASK: lambda value: adapter.interrupts.set_mask(value & reg.INT_MASK_MASK, adapter.now_ns),
        reg.REG_IRQ_MODERATION: partial(_write_moderation, adapter),
        reg.REG_BACKOFF_SEED: partial(_write_seed, adapter),
        reg.REG_BACKOFF_INJECT: adapter.inject,
        reg.REG_RX_BNRY: lambda value: adapter.ring.set_boundary(value & reg.RX_BNRY_PAGE, adapter.now_ns),
        reg.REG_PAUSE_CFG: partial(_write_pause, adapter),
        reg.REG_MDIO: adapter.mdio.write,
        reg.REG_ERROR: partial(_clear_errors, adapter),
    }
    for number, base in _slot_bases():
        writers[reg.REG_TX_PAGE + base] = partial(_write_page, adapter, number)
        writers[reg.REG_TX_OCTETS + base] = partial(_write_octets, adapter, number)
        writers[reg.REG_TX_COMMAND + base] = partial(_write_command, adapter, number)
    return writers


def _slot_bases() -> Iterator[tuple[int, int]]:
    return ((number, number * reg.TX_SLOT_STRIDE) for number in range(reg.TX_SLOT_COUNT))


def _stored(adapter: LanAdapter, offset: int) -> int:
    return adapter.registers.values[offset]


def _capabilities(adapter: LanAdapter) -> int:
    return (
        adapter.buffer_pages << reg.CAPS_BUFFER_PAGES_LSB
        | adapter.csma.collision_detect.sync << reg.CAPS_COL_SYNC_LSB
        | adapter.csma.deference.carrier_sync << reg.CAPS_CRS_SYNC_LSB
        | reg.TX_SLOT_COUNT << reg.CAPS_TX_SLOTS_LSB
        | adapter.access_ns // adapter.bus_period_ns << reg.CAPS_BUS_CYCLES_LSB
        | (reg.CAPS_RMII if adapter.is_behind_rmii else 0)
    )


def _rom_word(adapter: LanAdapter, index: int) -> int:
    return adapter.rom.words[index]


def _counter(adapter: LanAdapter, index: int) -> int:
    return adapter.counters.words[index]


def _pause_config(adapter: LanAdapter) -> int:
    pending = reg.PAUSE_CFG_SEND if adapter.slots.has_pause_pending else 0
    return adapter.registers.values[reg.REG_PAUSE_CFG] | pending


def _write_pause(adapter: LanAdapter, value: int) -> None:
    adapter.store(reg.REG_PAUSE_CFG, value)
    is_allowed = adapter.registers.has(reg.CTRL_FULL_DUPLEX) and not adapter.slots.has_pause_pending
    if value & reg.PAUSE_CFG_SEND and is_allowed:
        adapter.slots.send_pause()


def _write_moderation(adapter: LanAdapter, value: int) -> None:
    adapter.store(reg.REG_IRQ_MODERATION, value)
    count = (value & reg.IRQ_MODERATION_COUNT) >> reg.IRQ_MODERATION_COUNT_LSB
    time = (value & reg.IRQ_MODERATION_TIME) >> reg.IRQ_MODERATION_TIME_LSB
    adapter.interrupts.moderate(count, time, adapter.now_ns)


def _write_seed(adapter: LanAdapter, value: int) -> None:
    adapter.store(reg.REG_BACKOFF_SEED, value)
    adapter.csma.load_seed(value)


def _clear_errors(adapter: LanAdapter, value: int) -> None:
    adapter.registers.values[reg.REG_ERROR] &= ~value


def _write_page(adapter: LanAdapter, number: int, value: int) -> None:
    if _is_free(adapter, number):
        adapter.slots.slots[number].page = value & reg.TX_PAGE_PAGE


def _write_octets(adapter: LanAdapter, number: int, value: int) -> None:
    if _is_free(adapter, number):
        adapter.slots.slots[number].octets = value & reg.TX_OCTETS_OCTETS


def _write_command(adapter: LanAdapter, number: int, value: int) -> None:
    if _is_free(adapter, number) and value & reg.TX_COMMAND_SEND:
        adapter.slots.send(number)


def _is_free(adapter: LanAdapter, number: int) -> bool:
    """Tell whether a slot may be written; a queued one may not, and that is the driver's error."""
    if adapter.slots.slots[number].is_queued:
        adapter.set_error(reg.ERROR_TX_BUSY_SLOT)
        return False
    return True
