"""Runs in the simulator: registers of a whole adapter, access by access, against docs/adapter.md."""

from __future__ import annotations

from typing import Any

import pytest

from rig.adapter import registers as reg
from rig.adapter.bus import Read32, ReadBlock, Write32
from rig.errors import BusError
from tests.hdl.unit.adapter_bench import (
    ACCESS_NS,
    ADDRESSES,
    BUS_NS,
    FULL,
    NIBBLE_NS,
    ROM,
    Lab,
    first_edge,
    test_frame,
    with_fcs,
)


async def reset_values(kernel: Any, dut: Any) -> None:
    lab = Lab(kernel, dut)
    a = lab.a
    sync = 2 << reg.CAPS_COL_SYNC_LSB | 2 << reg.CAPS_CRS_SYNC_LSB
    caps = 64 | sync | 4 << reg.CAPS_TX_SLOTS_LSB | 4 << reg.CAPS_BUS_CYCLES_LSB
    values = {
        reg.REG_ID: reg.ID_RESET, reg.REG_CAPS: caps, reg.REG_MAP_HASH: reg.MAP_HASH, reg.REG_BUS_HZ: 50_000_000,
        reg.REG_CTRL: reg.CTRL_RESET, reg.REG_STATUS: reg.STATUS_LINK, reg.REG_INT_STATUS: 0, reg.REG_INT_MASK: 0,
        reg.REG_IRQ_MODERATION: 0, reg.REG_IPG: reg.IPG_RESET, reg.REG_COLLISION_CFG: reg.COLLISION_CFG_RESET,
        reg.REG_BACKOFF_SEED: 0, reg.REG_BACKOFF_INJECT: 0, reg.REG_MAC_ADDR_LO: 0, reg.REG_MAC_ADDR_HI: 0,
        reg.REG_MHASH_LO: 0, reg.REG_MHASH_HI: 0, reg.REG_RX_CFG: reg.RX_CFG_RESET, reg.REG_RX_START: 0,
        reg.REG_RX_STOP: 0, reg.REG_RX_BNRY: 0, reg.REG_RX_CURR: 0, reg.REG_PAUSE_CFG: 0, reg.REG_MDIO: 0,
        reg.REG_ERROR: 0,
    }  # fmt: skip
    for address, value in values.items():
        assert await a.read(address) == value, hex(address)
    for slot in range(4):
        for offset in range(0, 16, 4):
            assert await a.read(reg.REG_TX_PAGE + slot * reg.TX_SLOT_STRIDE + offset) == 0
    rom, counters, times = await a.do(
        ReadBlock(reg.WIN_ROM, 32), ReadBlock(reg.WIN_COUNTERS, 256), ReadBlock(reg.WIN_TX_TIME, 32)
    )
    assert (rom, counters, times) == (ROM, bytes(256), bytes(32))
    # Every bit of a field can be written and read back, no other.
    writable = {
        reg.REG_INT_MASK: 0xFF, reg.REG_IRQ_MODERATION: 0xFFFFFF, reg.REG_IPG: 0xFFFF,
        reg.REG_COLLISION_CFG: 0xFF3FF1FF, reg.REG_BACKOFF_SEED: 0xFFFFFFFF,
        reg.REG_MAC_ADDR_LO: 0xFFFFFFFF, reg.REG_MAC_ADDR_HI: 0xFFFF,
        reg.REG_MHASH_LO: 0xFFFFFFFF, reg.REG_MHASH_HI: 0xFFFFFFFF, reg.REG_RX_CFG: 0x07FF001F, reg.REG_RX_START: 0xFF,
        reg.REG_RX_STOP: 0xFF, reg.REG_RX_BNRY: 0xFF, reg.REG_PAUSE_CFG: 0x1FFFF, reg.REG_TX_PAGE + 48: 0xFF,
        reg.REG_TX_OCTETS: 0x7FF,
    }  # fmt: skip
    for address, mask in writable.items():
        for value in (0xFFFFFFFF, 0, 0xA5A5A5A5):
            written, got = await a.do(Write32(address, value), Read32(address))
            assert (written, got) == (None, value & mask), hex(address)
    await a.write(reg.REG_CTRL, 0x7FFFFFFD)  # but RX_EN, and no soft reset
    assert await a.read(reg.REG_CTRL) == 0x7FD
    # A soft reset: sixteen clocks in which writes are ignored, then the reset values.
    await a.do(Write32(reg.WIN_BUFFER, 77), Write32(reg.REG_CTRL, reg.CTRL_SOFT_RESET))
    begun_ns = a.executed_ns
    for value in range(1, 6):
        await a.write(reg.REG_INT_MASK, value)
        ignored = a.executed_ns <= begun_ns + 16 * BUS_NS
        assert await a.read(reg.REG_INT_MASK) == (0 if ignored else value)
    assert await a.read(reg.WIN_BUFFER) == 77
    for address, value in values.items():
        if address != reg.REG_INT_MASK:
            assert await a.read(address) == value, hex(address)


async def soft_reset_edges(kernel: Any, dut: Any) -> None:
    """Accesses executed at E + 4 .. E + 16 are answered without effect, the one at E + 20 counts."""
    lab = Lab(kernel, dut)
    a = lab.a
    writes = [Write32(reg.REG_TX_PAGE + 16 * n, n + 1) for n in range(4)]
    await a.do(Write32(reg.REG_CTRL, reg.CTRL_SOFT_RESET), *writes, Write32(reg.REG_IPG, 0x1234))
    pages = [await a.read(operation.address) for operation in writes]
    assert (pages, await a.read(reg.REG_IPG)) == ([0, 0, 0, 0], 0x1234)
    # In mid-frame: TX_EN falls at the third edge, the other side sees a fragment, and the next frame is whole.
    await a.start(FULL)
    await lab.b.start(FULL)
    frame = test_frame(ADDRESSES[1], ADDRESSES[0], 200)
    await a.do(*a.sending(0, frame))
    await a.pause_ns(3000)
    await a.write(reg.REG_CTRL, reg.CTRL_SOFT_RESET)
    reset_ns = a.executed_ns
    await a.pause_ns(3000)
    assert await a.read(reg.REG_TX_STATUS) == 0
    await a.start(FULL)
    assert await a.send(0, frame) & reg.TX_STATUS_OK
    await a.pause_ns(2000)
    assert [f.octets for f in await lab.b.drain()] == [with_fcs(frame)]
    timeline = await lab.timeline()
    sent = [event for event in timeline.sorted_events() if event.kind == "transmit"]
    assert sent[0].end_ns == first_edge(reset_ns, NIBBLE_NS) + 2 * NIBBLE_NS


async def refused_accesses(kernel: Any, dut: Any) -> None:
    lab = Lab(kernel, dut)
    a = lab.a
    read_only = [
        reg.REG_ID, reg.REG_CAPS, reg.REG_MAP_HASH, reg.REG_BUS_HZ, reg.REG_STATUS, reg.REG_RX_CURR, reg.REG_TIME_LO,
        reg.REG_TIME_HI, reg.REG_TX_STATUS, reg.REG_TX_STATUS + 48, reg.WIN_ROM, reg.WIN_ROM + 28, reg.WIN_COUNTERS,
        reg.WIN_COUNTERS + 252, reg.WIN_TX_TIME,
    ]  # fmt: skip
    for address in read_only:
        await a.read(address)
        with pytest.raises(BusError):
            await a.write(address, 0)
    holes = [0x06C, 0x07C, 0x0C0, 0x0FC, 0x120, 0x1FC, 0x320, 0x3FC, 0x400, 0x1000, 0x2000, 0x3FFC]
    for address in holes:
        with pytest.raises(BusError):
            await a.read(address)
        with pytest.raises(BusError):
            await a.write(address, 0)
    await a.do(Write32(0x7FFC, 1))
    for n in range(16):
        assert await a.read(reg.REG_BACKOFF_INJECT) == n
        await a.write(reg.REG_BACKOFF_INJECT, n)
    with pytest.raises(BusError):
        await a.write(reg.REG_BACKOFF_INJECT, 0)
    assert await a.read(reg.REG_BACKOFF_INJECT) == 16


async def device_time(kernel: Any, dut: Any) -> None:
    """TIME is the time of the execute edge; reading the low word keeps the high one."""
    a = Lab(kernel, dut).a
    for _ in range(5):
        low, high = await a.do(Read32(reg.REG_TIME_LO), Read32(reg.REG_TIME_HI))
        assert (low, high) == (a.executed_ns - ACCESS_NS, 0)
        await a.pause_ns(333)
    await a.do(Write32(reg.REG_CTRL, reg.CTRL_SOFT_RESET), Read32(reg.REG_TIME_LO))
    assert await a.read(reg.REG_TIME_LO) == a.executed_ns


async def refused_commands(kernel: Any, dut: Any) -> None:
    """A length that no slot can hold finishes with BAD_COMMAND three edges later, whatever else is being sent."""
    lab = Lab(kernel, dut)
    a = lab.a
    await a.start(FULL)
    cases = [
        (0, 0, 1, False), (0, 13, 1, False), (0, 14, 1, True), (0, 1514, 1, True), (0, 1515, 1, False),
        (0, 2047, 1, False), (0, 1518, 0, True), (0, 1519, 0, False), (63, 256, 1, True), (63, 257, 1, False),
        (58, 1514, 1, True),
        (59, 1514, 1, False), (64, 14, 1, False), (255, 14, 1, False),
    ]  # fmt: skip
    for page, octets, fcs, good in cases:
        await a.write(reg.REG_CTRL, (FULL & ~reg.CTRL_TX_EN) if fcs else FULL & ~reg.CTRL_TX_EN & ~reg.CTRL_FCS_EN)
        await a.do(Write32(reg.REG_TX_PAGE, page), Write32(reg.REG_TX_OCTETS, octets))
        command, status, causes, error = await a.do(
            Write32(reg.REG_TX_COMMAND, 1), Read32(reg.REG_TX_STATUS), Read32(reg.REG_INT_STATUS), Read32(reg.REG_ERROR)
        )
        assert command is None
        if good:
            assert (status, causes, error) == (0, 0, 0), (page, octets)
        else:
            assert status == reg.TX_STATUS_DONE | reg.TX_STATUS_BAD_COMMAND, (page, octets)
            assert causes == reg.INT_STATUS_TX | reg.INT_STATUS_TX_ERR
            assert error == reg.ERROR_TX_LENGTH
            assert await a.read(reg.REG_TX_COMMAND) == 0
        await a.do(Write32(reg.REG_CTRL, reg.CTRL_SOFT_RESET))
        await a.pause_ns(1000)
        await a.start(FULL)
    # A queued slot is not to be touched.
    await a.write(reg.REG_CTRL, FULL & ~reg.CTRL_TX_EN)
    frame = test_frame(ADDRESSES[1], ADDRESSES[0], 77)
    await a.do(*a.sending(1, frame))
    for offset, value in ((0, 9), (4, 99), (8, 1), (8, 0)):
        await a.do(Write32(reg.REG_ERROR, 7))
        assert await a.read(reg.REG_ERROR) == 0
        await a.write(reg.REG_TX_PAGE + 16 + offset, value)
        assert await a.read(reg.REG_ERROR) == reg.ERROR_TX_BUSY_SLOT
    page, octets, command = await a.do(*(Read32(reg.REG_TX_PAGE + 16 + offset) for offset in (0, 4, 8)))
    assert (page, octets, command) == (6, 77, 1)
    # ... and a refused one finishes while the other is being sent.
    await lab.b.start(FULL)
    await a.write(reg.REG_CTRL, FULL)
    await a.do(Write32(reg.REG_TX_OCTETS + 32, 5), Write32(reg.REG_TX_COMMAND + 32, 1))
    assert await a.read(reg.REG_TX_STATUS + 32) == reg.TX_STATUS_DONE | reg.TX_STATUS_BAD_COMMAND
    assert await a.read(reg.REG_TX_STATUS + 16) == 0
    assert await a.finished(1) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
    await a.pause_ns(2000)
    assert [f.octets for f in await lab.b.drain()] == [with_fcs(frame)]
    assert (await a.do(ReadBlock(reg.WIN_TX_TIME + 16, 8)))[0] == bytes(8)
    assert 33 not in await a.counters()


async def moderation(kernel: Any, dut: Any) -> None:
    """COUNT causes or TIME, whichever comes first; a cause of another kind at once; none is lost."""
    lab = Lab(kernel, dut)
    a = lab.a
    await a.start(FULL)

    async def finish(count: int) -> list[int]:
        """Refuse commands: each is a TX cause three edges after its write. Returns the execute times."""
        times = []
        for _ in range(count):
            await a.write(reg.REG_TX_COMMAND, 1)
            times.append(a.executed_ns)
            await a.pause_ns(2 * BUS_NS)
        return times

    await a.write(reg.REG_INT_MASK, reg.INT_STATUS_TX | reg.INT_STATUS_LINK_CHANGE)
    for limit in (1, 3):
        await a.write(reg.REG_IRQ_MODERATION, limit)
        await finish(limit - 1)
        await a.pause_ns(5000)
        assert not a.bus.irq.is_set()
        await finish(1)
        assert a.bus.irq.is_set()
        await a.write(reg.REG_INT_STATUS, 0xFF)
        assert not a.bus.irq.is_set()
    for time in (1, 5):
        await a.write(reg.REG_IRQ_MODERATION, 100 | time << 8)
        (executed_ns,) = await finish(1)
        await a.bus.irq.wait()
        assert kernel.now_ns == executed_ns + BUS_NS * (4 + 64 * time)  # the cause is set at E + 3
        await a.write(reg.REG_INT_STATUS, 0xFF)
        assert not a.bus.irq.is_set()
    await a.write(reg.REG_IRQ_MODERATION, 2 | 1000 << 8)
    await finish(1)
    await a.write(reg.REG_INT_STATUS, reg.INT_STATUS_TX)  # starts the count again
    await finish(1)
    await a.pause_ns(1000)
    assert not a.bus.irq.is_set()
    await finish(1)
    assert a.bus.irq.is_set()
    await a.write(reg.REG_IRQ_MODERATION, 0)
    await a.write(reg.REG_INT_STATUS, 0xFF)
    (executed_ns,) = await finish(1)
    assert a.bus.irq.is_set()
    timeline = await lab.timeline()
    assert max(event.t_ns for event in timeline.events if event.kind == "irq") == executed_ns + 4 * BUS_NS


async def counter_range(kernel: Any, dut: Any) -> None:
    """COUNTER_HALF at half of the range; the counter wraps; a soft reset keeps it, power loss clears it."""
    lab = Lab(kernel, dut)
    a = lab.a
    await a.start(FULL)
    await a.write(reg.REG_INT_MASK, 0)
    frame = test_frame(ADDRESSES[1], ADDRESSES[0], 60)
    memory = dut.stations[0].station.on_mii.adapter.device.host.management_counters.memory
    for value, causes in ((0x7FFFFFFE, 0), (0x7FFFFFFF, reg.INT_STATUS_COUNTER_HALF), (0xFFFFFFFF, 0)):
        memory[0].value = value
        await a.send(0, frame)
        await a.pause_ns(1000)
        assert (await a.counters()).get(0, 0) == (value + 1) & 0xFFFFFFFF
        assert await a.read(reg.REG_INT_STATUS) == reg.INT_STATUS_TX | causes
        await a.write(reg.REG_INT_STATUS, 0xFF)
    await a.send(0, frame)
    await a.write(reg.REG_CTRL, reg.CTRL_SOFT_RESET)
    await a.pause_ns(1000)
    assert (await a.counters())[0] == 1
    lab.bench.power("a", False)
    await a.pause_ns(100)
    lab.bench.power("a", True)
    assert await a.counters() == {}


async def link_change(kernel: Any, dut: Any) -> None:
    """A change of the link is a cause, two edges after the first that samples it; coming up with a link is none."""
    a = Lab(kernel, dut).a
    await a.write(reg.REG_INT_MASK, reg.INT_STATUS_LINK_CHANGE)
    assert await a.read(reg.REG_INT_STATUS) == 0
    for level in (0, 1):
        await a.pause_ns(1000)
        dut.settings.link.value = 2 | level
        changed_ns = kernel.now_ns
        await a.bus.irq.wait()
        assert kernel.now_ns == first_edge(changed_ns, BUS_NS, strictly=True) + 3 * BUS_NS
        status, causes = await a.do(Read32(reg.REG_STATUS), Read32(reg.REG_INT_STATUS))
        assert (status & reg.STATUS_LINK, causes) == (level, reg.INT_STATUS_LINK_CHANGE)
        await a.write(reg.REG_INT_STATUS, reg.INT_STATUS_LINK_CHANGE)
        assert not a.bus.irq.is_set()


CHECKS = (
    reset_values, soft_reset_edges, refused_accesses, device_time, refused_commands, moderation, counter_range,
    link_change,
)  # fmt: skip
