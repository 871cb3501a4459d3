"""The contract of AdapterBus and of the registers behind it: coroutines that hold on every backend.

pytest runs them on the twin, cocotb on the RTL, a hardware run on a board. Each takes a :class:`BusBench` whose adapter
has power, and begins with a soft reset, so they may run one after the other on one adapter in any order. Nothing is
connected to them: what they send is refused by the adapter itself, or stays in it.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

from rig.adapter import registers as r
from rig.adapter.bus import (
    AdapterBus,
    Operation,
    Read32,
    ReadBlock,
    Write32,
    WriteBlock,
    read32,
    read_block,
    write32,
    write_block,
)
from rig.adapter.mac_rom import MacRom
from rig.adapter.regmap import Register, RegisterMap, load
from rig.errors import BusError, UsageError
from rig.runtime.kernel import Cancelled, Scheduler

PAGE_OCTETS = 256
RESET_READS = 5  # a soft reset lasts 16 bus clocks, an access 4
INJECTION_WORDS = 16

CONSTANTS = {"CAPS", "MAP_HASH", "BUS_HZ"}  # set when the adapter is built
LIVE = {"STATUS", "TIME_LO", "TIME_HI"}

# What a register keeps when it is written, by values the adapter must take; the rest act when written.
KEPT = {
    "INT_MASK": (0xA5, 0x5A, 0),
    "IRQ_MODERATION": (0x00ABCD12, 0),
    "IPG": (0x00001830, 0x00002040),
    "COLLISION_CFG": (0x4C0F81F0, 0x04004010, 0x2020010A),
    "MAC_ADDR_LO": (0xFFFFFFFF, 0x12345678, 0),
    "MAC_ADDR_HI": (0xFFFF, 0xAA55, 0),
    "MHASH_LO": (0xFFFFFFFF, 0x80000001, 0),
    "MHASH_HI": (0xFFFFFFFF, 0x40000002, 0),
    "RX_CFG": (0x07D0001F, 0x05F20000, 0x05EE0002),
    "RX_START": (0x1F, 0),
    "RX_STOP": (0x20, 0),
    "RX_BNRY": (0x15, 0),
    "TX_PAGE": (0x1F, 0),
    "TX_OCTETS": (0x7FF, 0x5A5, 0),
}
EVERY_BIT = tuple(KEPT)


@dataclass(frozen=True, slots=True)
class BusBench:
    """One adapter and what is known of it."""

    scheduler: Scheduler
    bus: AdapterBus
    rom_image: bytes
    time_is_simulated: bool = True
    """Device time runs exactly as the scheduler's time."""


Contract = Callable[[BusBench], Awaitable[None]]


async def reset(bus: AdapterBus) -> None:
    """Reset the adapter and wait for the end of the reset."""
    await bus.transaction([Write32(r.REG_CTRL, r.CTRL_SOFT_RESET), *[Read32(r.REG_ID)] * RESET_READS])


async def refused(bus: AdapterBus, operations: Sequence[Operation], index: int, address: int) -> None:
    """Insist that the batch ends with this error."""
    try:
        await bus.transaction(operations)
    except BusError as error:
        assert (error.index, error.address) == (index, address), str(error)
    else:
        raise AssertionError(f"{operations} were done; address 0x{address:04X} should have been refused")


async def built_octets(bus: AdapterBus) -> int:
    """Return the size of the buffer memory."""
    return (await read32(bus, r.REG_CAPS) & r.CAPS_BUFFER_PAGES) * PAGE_OCTETS


def single_registers(regmap: RegisterMap) -> list[Register]:
    """Return the registers of which there is one."""
    return [register for register in regmap.registers if register.count == 1]


# -- the map -----------------------------------------------------------------------------------------------------------


async def identity_and_constants(bench: BusBench) -> None:
    results = await bench.bus.transaction(
        [Read32(r.REG_ID), Read32(r.REG_MAP_HASH), Read32(r.REG_CAPS), Read32(r.REG_BUS_HZ)]
    )
    identification, map_hash, caps, bus_hz = cast("list[int]", results)
    assert identification == r.ID_RESET
    assert map_hash == r.MAP_HASH == load().hash32
    assert caps & r.CAPS_BUFFER_PAGES >= 16 and caps & r.CAPS_TX_SLOTS == r.TX_SLOT_COUNT << r.CAPS_TX_SLOTS_LSB
    assert caps & r.CAPS_BUS_CYCLES == 4 << r.CAPS_BUS_CYCLES_LSB
    assert bus_hz > 0


async def registers_have_their_reset_values(bench: BusBench) -> None:
    await reset(bench.bus)
    expected = {
        offset: register
        for register in load().registers
        if register.name not in CONSTANTS | LIVE
        for offset in register.offsets()
    }
    values = await bench.bus.transaction([Read32(offset) for offset in expected])
    for (offset, register), value in zip(expected.items(), cast("list[int]", values), strict=True):
        if register.name == "INT_STATUS":
            value &= ~r.INT_STATUS_LINK_CHANGE  # the link may be found up just after the reset
        assert value == register.reset, f"{register.name} at 0x{offset:03X} reads 0x{value:08X} after a reset"


async def registers_keep_what_is_written(bench: BusBench) -> None:
    """And bits that no field has read 0."""
    bus = bench.bus
    await reset(bus)
    regmap = load()
    for name, values in KEPT.items():
        for offset in regmap.register(name).offsets():
            for value in values:
                operations = [Write32(offset, value), Read32(offset)]
                result = (await bus.transaction(operations))[1]
                assert result == value, f"{name} at 0x{offset:03X}: wrote 0x{value:08X}, read 0x{result:08X}"
    for name in EVERY_BIT:
        register = regmap.register(name)
        for offset in register.offsets():
            for pattern in (0xFFFFFFFF, 0x55555555, 0xAAAAAAAA, 0):
                result = (await bus.transaction([Write32(offset, pattern), Read32(offset)]))[1]
                expected = pattern & register.mask
                assert result == expected, f"{name} at 0x{offset:03X}: wrote 0x{pattern:08X}, read 0x{result:08X}"
    await reset(bus)


async def a_soft_reset_restores_registers_and_keeps_the_buffer(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    await bus.transaction([Write32(r.REG_MAC_ADDR_LO, 0x12345678), Write32(r.WIN_BUFFER, 0xCAFEF00D)])
    results = await bus.transaction(
        [
            Write32(r.REG_CTRL, r.CTRL_SOFT_RESET),
            Write32(r.REG_MAC_ADDR_LO, 0xFFFFFFFF),  # ignored: the reset is not over
            *[Read32(r.REG_ID)] * RESET_READS,
            Read32(r.REG_MAC_ADDR_LO),
            Read32(r.REG_CTRL),
            Read32(r.WIN_BUFFER),
        ]
    )
    assert results[2 : 2 + RESET_READS] == [r.ID_RESET] * RESET_READS, "reads are answered in a reset"
    assert results[-3:] == [0, r.CTRL_RESET, 0xCAFEF00D]


async def each_slot_has_its_own_registers(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    slots = range(r.TX_SLOT_COUNT)
    writes = [
        WriteBlock(r.REG_TX_PAGE + slot * r.TX_SLOT_STRIDE, struct.pack("<2I", slot + 1, 100 + slot)) for slot in slots
    ]
    reads = [ReadBlock(r.REG_TX_PAGE + slot * r.TX_SLOT_STRIDE, 16) for slot in slots]
    results = await bus.transaction([*writes, *reads])
    assert results[len(writes) :] == [struct.pack("<4I", slot + 1, 100 + slot, 0, 0) for slot in slots]
    await reset(bus)


async def read_only_words_refuse_writes(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    regmap = load()
    addresses = [offset for item in regmap.registers if item.access == "ro" for offset in item.offsets()]
    for window in regmap.windows:
        if window.access == "ro":
            addresses += [window.offset, window.offset + window.octets - 4]
    for address in addresses:
        await refused(bus, [Write32(address, 0xFFFFFFFF)], 0, address)
    assert await read32(bus, r.REG_ID) == r.ID_RESET


async def what_is_not_in_the_map_is_refused(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    mapped = {address for address, _ in load().words()}
    size = await built_octets(bus)
    holes = [address for address in range(0, 0x400, 4) if address not in mapped]
    holes += [0x1000, 0x3FFC, r.ADDRESS_OCTETS, 0x10000, 0xFFFFFFFC]
    if size < r.WIN_BUFFER_OCTETS:
        holes += [r.WIN_BUFFER + size, r.ADDRESS_OCTETS - 4]
    for address in holes:
        await refused(bus, [Read32(address)], 0, address)
        await refused(bus, [Write32(address, 0)], 0, address)
    assert await read32(bus, r.REG_ID) == r.ID_RESET


# -- batches -----------------------------------------------------------------------------------------------------------


async def operations_are_done_in_order(bench: BusBench) -> None:
    await reset(bench.bus)
    operations: list[Operation] = []
    for value in range(40):
        operations += [Write32(r.REG_MAC_ADDR_LO, value), Read32(r.REG_MAC_ADDR_LO)]
    results = await bench.bus.transaction(operations)
    assert results == [item for value in range(40) for item in (None, value)]


async def an_error_ends_the_batch(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    hole = r.REG_ERROR + 4
    await refused(
        bus, [Write32(r.REG_MHASH_LO, 1), Read32(r.REG_ID), Read32(hole), Write32(r.REG_MHASH_LO, 2)], 2, hole
    )
    assert await read32(bus, r.REG_MHASH_LO) == 1
    # Within a block it is the word that counts: TX_PAGE and TX_OCTETS are written, TX_COMMAND with 0, TX_STATUS cannot.
    block = WriteBlock(r.REG_TX_PAGE, struct.pack("<4I", 3, 77, 0, 0))
    await refused(bus, [Read32(r.REG_ID), block, Write32(r.REG_MHASH_LO, 3)], 1, r.REG_TX_STATUS)
    results = await bus.transaction([Read32(r.REG_TX_PAGE), Read32(r.REG_TX_OCTETS), Read32(r.REG_MHASH_LO)])
    assert results == [3, 77, 1]
    await reset(bus)


async def an_impossible_batch_does_nothing(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    good = Write32(r.REG_MHASH_LO, 9)
    batches: list[list[Operation]] = [
        [],
        [good, Read32(2)],
        [good, Write32(r.REG_MHASH_LO, 1 << 32)],
        [good, ReadBlock(r.WIN_ROM, 0)],
        [good, ReadBlock(r.WIN_ROM, 6)],
        [good, WriteBlock(r.WIN_BUFFER, b"abc")],
        [good, WriteBlock(r.WIN_BUFFER + 1, b"abcd")],
    ]
    for batch in batches:
        try:
            await bus.transaction(batch)
        except UsageError:
            continue
        raise AssertionError(f"{batch} was accepted")
    assert await read32(bus, r.REG_MHASH_LO) == 0


async def blocks_are_little_endian_words(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    await write_block(bus, r.WIN_BUFFER + 8, bytes(range(1, 13)))
    words = await bus.transaction([Read32(r.WIN_BUFFER + 8), Read32(r.WIN_BUFFER + 12), Read32(r.WIN_BUFFER + 16)])
    assert words == [0x04030201, 0x08070605, 0x0C0B0A09]
    await bus.transaction([Write32(r.WIN_BUFFER + 12, 0xA1B2C3D4)])
    assert await read_block(bus, r.WIN_BUFFER + 8, 12) == bytes.fromhex("01020304 d4c3b2a1 090a0b0c")
    registers = await bus.transaction([ReadBlock(r.REG_IPG, 8), Read32(r.REG_IPG), Read32(r.REG_COLLISION_CFG)])
    assert registers == [struct.pack("<2I", r.IPG_RESET, r.COLLISION_CFG_RESET), r.IPG_RESET, r.COLLISION_CFG_RESET]


async def tasks_take_turns(bench: BusBench) -> None:
    """Batches of several tasks are not mixed: what one writes, it reads."""
    bus = bench.bus
    await reset(bus)

    async def body(value: int) -> None:
        for round_ in range(5):
            word = value << 8 | round_
            operations = [Write32(r.REG_MHASH_HI, word), Read32(r.REG_ID), Read32(r.REG_MHASH_HI)]
            assert (await bus.transaction(operations))[2] == word

    for task in [bench.scheduler.spawn(body(value)) for value in range(1, 5)]:
        await task


async def a_cancelled_caller_does_not_tear_its_batch(bench: BusBench) -> None:
    bus, scheduler = bench.bus, bench.scheduler
    await reset(bus)
    for delay_ns in (0, 30, 200, 1_000):
        await bus.transaction([Write32(r.REG_MHASH_LO, 0), Write32(r.REG_MHASH_HI, 0)])
        data = bytes([delay_ns & 0xFF]) * 64
        batch: list[Operation] = [
            Write32(r.REG_MHASH_LO, 7),
            WriteBlock(r.WIN_BUFFER, data),
            Write32(r.REG_MHASH_HI, 7),
        ]
        task = scheduler.spawn(bus.transaction(batch), keep_error=True)
        await scheduler.sleep_until(scheduler.now_ns + 1 + delay_ns)
        task.cancel()
        try:
            await task
        except Cancelled:
            pass
        results = await bus.transaction([Read32(r.REG_MHASH_LO), ReadBlock(r.WIN_BUFFER, 64), Read32(r.REG_MHASH_HI)])
        assert results == [7, data, 7], "the batch had begun, so it is done as a whole"


# -- windows -----------------------------------------------------------------------------------------------------------


async def the_rom_window_shows_the_rom(bench: BusBench) -> None:
    image = await read_block(bench.bus, r.WIN_ROM, r.WIN_ROM_OCTETS)
    assert image == bench.rom_image
    MacRom.parse(image)


async def the_buffer_memory_keeps_every_octet(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    size = await built_octets(bus)
    pattern = bytes(address * 7 + (address >> 8) * 13 & 0xFF for address in range(size))
    half = size // 2
    await bus.transaction([WriteBlock(r.WIN_BUFFER + half, pattern[half:]), WriteBlock(r.WIN_BUFFER, pattern[:half])])
    assert await read_block(bus, r.WIN_BUFFER, size) == pattern
    last = r.WIN_BUFFER + size - 4
    assert await read32(bus, last) == int.from_bytes(pattern[-4:], "little")


async def windows_of_counters_and_times_can_be_read_whole(bench: BusBench) -> None:
    results = await bench.bus.transaction(
        [ReadBlock(r.WIN_COUNTERS, r.WIN_COUNTERS_OCTETS), ReadBlock(r.WIN_TX_TIME, r.WIN_TX_TIME_OCTETS)]
    )
    assert [len(cast(bytes, result)) for result in results] == [r.WIN_COUNTERS_OCTETS, r.WIN_TX_TIME_OCTETS]


# -- time, interrupts, refusals ----------------------------------------------------------------------------------------


async def device_time_advances(bench: BusBench) -> None:
    bus, scheduler = bench.bus, bench.scheduler

    async def device_time() -> int:
        low, high = cast("list[int]", await bus.transaction([Read32(r.REG_TIME_LO), Read32(r.REG_TIME_HI)]))
        return high << 32 | low

    await bus.transaction([Read32(r.REG_ID)])
    before_ns = scheduler.now_ns
    first = await device_time()
    between_ns = scheduler.now_ns
    await scheduler.sleep_until(between_ns + 10_000)
    await bus.transaction([Read32(r.REG_ID)])
    await reset(bus)
    second = await device_time()
    assert second > first, "time goes on, also over a soft reset"
    if bench.time_is_simulated:
        assert before_ns <= first <= between_ns, (
            f"device time {first} ns was read between {before_ns} and {between_ns} ns"
        )
        assert between_ns + 10_000 <= second <= scheduler.now_ns


async def refuse_a_transmission(bus: AdapterBus) -> None:
    """Make an interrupt without a medium: a slot of 0 octets is refused at once."""
    await bus.transaction(
        [
            Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_TX_EN),
            WriteBlock(r.REG_TX_PAGE, struct.pack("<3I", 0, 0, r.TX_COMMAND_SEND)),
            *[Read32(r.REG_ID)] * 4,
        ]
    )


async def causes_are_cleared_by_writing_ones(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    await write32(bus, r.REG_INT_STATUS, 0xFFFFFFFF)
    await refuse_a_transmission(bus)
    both = r.INT_STATUS_TX | r.INT_STATUS_TX_ERR
    results = await bus.transaction(
        [
            Read32(r.REG_INT_STATUS),
            Write32(r.REG_INT_STATUS, 0),
            Read32(r.REG_INT_STATUS),
            Write32(r.REG_INT_STATUS, r.INT_STATUS_TX | r.INT_STATUS_RX),
            Read32(r.REG_INT_STATUS),
            Write32(r.REG_INT_STATUS, r.INT_STATUS_TX_ERR),
            Read32(r.REG_INT_STATUS),
            Read32(r.REG_ERROR),
            Write32(r.REG_ERROR, r.ERROR_TX_LENGTH),
            Read32(r.REG_ERROR),
        ]
    )
    assert results == [both, None, both, None, r.INT_STATUS_TX_ERR, None, 0, r.ERROR_TX_LENGTH, None, 0]
    await reset(bus)


async def the_line_follows_status_and_mask(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    await write32(bus, r.REG_INT_STATUS, 0xFFFFFFFF)
    assert not bus.irq.is_set()
    await refuse_a_transmission(bus)
    assert not bus.irq.is_set(), "nothing is unmasked"
    await write32(bus, r.REG_INT_MASK, r.INT_STATUS_RX)
    assert not bus.irq.is_set(), "another cause is unmasked"
    await write32(bus, r.REG_INT_MASK, r.INT_STATUS_TX)
    assert await bench.scheduler.wait_first(bus.irq, deadline_ns=bench.scheduler.now_ns + 100_000_000) == 0
    assert bus.irq.is_set(), "a level: it stays"
    await bus.transaction([Write32(r.REG_INT_MASK, 0), *[Read32(r.REG_ID)] * 2])
    assert not bus.irq.is_set(), "masked"
    await bus.transaction([Write32(r.REG_INT_MASK, r.INT_STATUS_TX), *[Read32(r.REG_ID)] * 2])
    assert bus.irq.is_set()
    await bus.transaction([Write32(r.REG_INT_STATUS, r.INT_STATUS_TX), *[Read32(r.REG_ID)] * 2])
    assert not bus.irq.is_set(), "acknowledged"
    await reset(bus)


async def impossible_transmissions_are_refused_by_the_slot(bench: BusBench) -> None:
    """Too short, too long, beyond the buffer: BAD_COMMAND, nothing sent, the slot usable again."""
    bus = bench.bus
    await reset(bus)
    pages = await built_octets(bus) // PAGE_OCTETS
    await write32(bus, r.REG_CTRL, r.CTRL_RESET | r.CTRL_TX_EN)
    for slot, (page, octets) in enumerate([(0, 0), (0, 13), (0, 1515), (pages - 1, 300)]):
        base = slot * r.TX_SLOT_STRIDE
        results = await bus.transaction(
            [
                WriteBlock(r.REG_TX_PAGE + base, struct.pack("<3I", page, octets, r.TX_COMMAND_SEND)),
                *[Read32(r.REG_ID)] * 2,
                Read32(r.REG_TX_STATUS + base),
                Read32(r.REG_TX_COMMAND + base),
                Read32(r.REG_ERROR),
                Write32(r.REG_ERROR, r.ERROR_TX_LENGTH),
            ]
        )
        assert results[3] == r.TX_STATUS_DONE | r.TX_STATUS_BAD_COMMAND, f"page {page}, {octets} octets"
        assert results[4:6] == [0, r.ERROR_TX_LENGTH]
    await reset(bus)


async def a_queued_slot_cannot_be_changed(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)  # the transmitter is off, so a queued slot waits
    results = await bus.transaction(
        [
            WriteBlock(r.REG_TX_PAGE, struct.pack("<3I", 2, 64, r.TX_COMMAND_SEND)),
            Write32(r.REG_TX_OCTETS, 65),
            Write32(r.REG_TX_PAGE, 1),
            ReadBlock(r.REG_TX_PAGE, 12),
            Read32(r.REG_ERROR),
            Read32(r.REG_STATUS),
        ]
    )
    assert results[3] == struct.pack("<3I", 2, 64, r.TX_COMMAND_SEND)
    assert results[4] == r.ERROR_TX_BUSY_SLOT
    assert cast(int, results[5]) & r.STATUS_TX_BUSY
    await reset(bus)
    assert not await read32(bus, r.REG_STATUS) & r.STATUS_TX_BUSY


async def an_impossible_ring_keeps_the_receiver_off(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    pages = await built_octets(bus) // PAGE_OCTETS
    for start, stop in ((10, 10), (10, 11), (12, 10), (10, pages + 1)):
        results = await bus.transaction(
            [
                Write32(r.REG_RX_START, start),
                Write32(r.REG_RX_STOP, stop),
                Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_RX_EN),
                Read32(r.REG_CTRL),
                Read32(r.REG_ERROR),
                Write32(r.REG_ERROR, r.ERROR_RING_CONFIG),
            ]
        )
        assert results[3:5] == [r.CTRL_RESET, r.ERROR_RING_CONFIG], f"ring of pages {start} to {stop}"
    results = await bus.transaction(
        [
            Write32(r.REG_RX_START, 10),
            Write32(r.REG_RX_STOP, 12),
            Write32(r.REG_RX_BNRY, 10),
            Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_RX_EN),
            Read32(r.REG_CTRL),
            Read32(r.REG_RX_CURR),
            Read32(r.REG_ERROR),
        ]
    )
    assert results[4:] == [r.CTRL_RESET | r.CTRL_RX_EN, 10, 0]
    await reset(bus)


async def a_full_injection_fifo_refuses(bench: BusBench) -> None:
    bus = bench.bus
    await reset(bus)
    words: list[Operation] = [Write32(r.REG_BACKOFF_INJECT, word) for word in range(INJECTION_WORDS + 1)]
    await refused(bus, words, INJECTION_WORDS, r.REG_BACKOFF_INJECT)
    assert await read32(bus, r.REG_BACKOFF_INJECT) == INJECTION_WORDS
    for word in (0xFFFF, 0, 0xFFFF, 0):  # and a reset empties it, whatever was in it
        await reset(bus)
        assert await read32(bus, r.REG_BACKOFF_INJECT) == 0
        await bus.transaction([Write32(r.REG_BACKOFF_INJECT, word)] * INJECTION_WORDS)
    await reset(bus)
    assert await read32(bus, r.REG_BACKOFF_INJECT) == 0


CONTRACT: tuple[Contract, ...] = (
    identity_and_constants,
    registers_have_their_reset_values,
    registers_keep_what_is_written,
    a_soft_reset_restores_registers_and_keeps_the_buffer,
    each_slot_has_its_own_registers,
    read_only_words_refuse_writes,
    what_is_not_in_the_map_is_refused,
    operations_are_done_in_order,
    an_error_ends_the_batch,
    an_impossible_batch_does_nothing,
    blocks_are_little_endian_words,
    tasks_take_turns,
    a_cancelled_caller_does_not_tear_its_batch,
    the_rom_window_shows_the_rom,
    the_buffer_memory_keeps_every_octet,
    windows_of_counters_and_times_can_be_read_whole,
    device_time_advances,
    causes_are_cleared_by_writing_ones,
    the_line_follows_status_and_mask,
    impossible_transmissions_are_refused_by_the_slot,
    a_queued_slot_cannot_be_changed,
    an_impossible_ring_keeps_the_receiver_off,
    a_full_injection_fifo_refuses,
)
