"""Runs in the simulator: one or two whole adapters, register by register and edge by edge, against docs/adapter.md."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from rig.adapter import registers as reg
from rig.adapter.bus import Operation, Read32, ReadBlock, Write32
from rig.adapter.recorder import Timeline
from rig.backends.rtl import RtlBench, RtlStation
from rig.errors import BusError
from tests.hdl.unit.adapter_bench import (
    ACCESS_NS,
    ADDRESSES,
    BUS_NS,
    DEFAULT_CTRL,
    PAGE_OCTETS,
    Host,
    test_frame,
)

NIBBLE_NS = 40
FULL = DEFAULT_CTRL | reg.CTRL_FULL_DUPLEX
ROM = bytes(range(200, 232))
COUNTER_INDEX = {name: index for index, name in reg.COUNTER_NAMES.items()}


class Lab:
    """Two adapters, a and b, and what the bench recorded of them."""

    def __init__(self, kernel: Any, dut: Any, *, full_duplex: bool = True, speed_mbps: int = 100) -> None:
        self.kernel = kernel
        stations = [RtlStation("a", ROM), RtlStation("b", bytes(32), position_bits=4)]
        self.bench = RtlBench(
            kernel, dut, stations, full_duplex=full_duplex, speed_mbps=speed_mbps, records=Path("records.txt")
        )
        self.a, self.b = (Host(kernel, bus, address) for bus, address in zip(self.bench.buses, ADDRESSES, strict=False))

    async def timeline(self) -> Timeline:
        return await self.bench.finish()


def first_edge(t_ns: int, period_ns: int, phase_ns: int = 0, *, strictly: bool = False) -> int:
    """Return the time of the first edge at or after ``t_ns``."""
    edges = (t_ns - phase_ns + (0 if strictly else -1)) // period_ns + 1
    return phase_ns + edges * period_ns


def stored_edge(mark_ns: int) -> int:
    """Return A, the bus edge at which an end mark pushed at ``mark_ns`` is taken."""
    edge = mark_ns // BUS_NS + 1 + 2
    return (edge + (2 - edge) % 4) * BUS_NS


def with_fcs(frame: bytes) -> bytes:
    padded = frame.ljust(60, b"\0")
    return padded + zlib.crc32(padded).to_bytes(4, "little")


async def reset_values(kernel: Any, dut: Any) -> None:
    lab = Lab(kernel, dut)
    a = lab.a
    caps = 64 | 2 << reg.CAPS_COL_SYNC_LSB | 2 << reg.CAPS_CRS_SYNC_LSB | 4 << reg.CAPS_TX_SLOTS_LSB | 4 << reg.CAPS_BUS_CYCLES_LSB
    values = {
        reg.REG_ID: reg.ID_RESET, reg.REG_CAPS: caps, reg.REG_MAP_HASH: reg.MAP_HASH, reg.REG_BUS_HZ: 50_000_000,
        reg.REG_CTRL: reg.CTRL_RESET, reg.REG_STATUS: reg.STATUS_LINK, reg.REG_INT_STATUS: 0, reg.REG_INT_MASK: 0,
        reg.REG_IRQ_MODERATION: 0, reg.REG_IPG: reg.IPG_RESET, reg.REG_COLLISION_CFG: reg.COLLISION_CFG_RESET,
        reg.REG_BACKOFF_SEED: 0, reg.REG_BACKOFF_INJECT: 0, reg.REG_MAC_ADDR_LO: 0, reg.REG_MAC_ADDR_HI: 0,
        reg.REG_MHASH_LO: 0, reg.REG_MHASH_HI: 0, reg.REG_RX_CFG: reg.RX_CFG_RESET, reg.REG_RX_START: 0,
        reg.REG_RX_STOP: 0, reg.REG_RX_BNRY: 0, reg.REG_RX_CURR: 0, reg.REG_PAUSE_CFG: 0, reg.REG_MDIO: 0, reg.REG_ERROR: 0,
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
        reg.REG_INT_MASK: 0xFF, reg.REG_IRQ_MODERATION: 0xFFFFFF, reg.REG_IPG: 0xFFFF, reg.REG_COLLISION_CFG: 0xFF3FF1FF,
        reg.REG_BACKOFF_SEED: 0xFFFFFFFF, reg.REG_MAC_ADDR_LO: 0xFFFFFFFF, reg.REG_MAC_ADDR_HI: 0xFFFF,
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
    operations: list[Operation] = [Write32(reg.WIN_BUFFER, 78), *([Write32(reg.REG_INT_MASK, n) for n in (1, 2, 3, 4, 5)])]
    for operation in operations:  # one by one they are executed 80 ns apart, like a batch
        await a.do(operation)
        ignored = a.executed_ns <= begun_ns + 16 * BUS_NS
        assert await a.read(reg.WIN_BUFFER) == 77
        if isinstance(operation, Write32) and operation.address == reg.REG_INT_MASK:
            assert await a.read(reg.REG_INT_MASK) == (0 if ignored else operation.value)
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
    read_only = [reg.REG_ID, reg.REG_CAPS, reg.REG_MAP_HASH, reg.REG_BUS_HZ, reg.REG_STATUS, reg.REG_RX_CURR, reg.REG_TIME_LO,
                 reg.REG_TIME_HI, reg.REG_TX_STATUS, reg.REG_TX_STATUS + 48, reg.WIN_ROM, reg.WIN_ROM + 28, reg.WIN_COUNTERS,
                 reg.WIN_COUNTERS + 252, reg.WIN_TX_TIME]  # fmt: skip
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


async def transmit_edges(kernel: Any, dut: Any) -> None:
    """From SEND to the wire, and from the end of the frame to status, time and interrupt; queued slots in order of SEND."""
    lab = Lab(kernel, dut)
    a = lab.a
    await a.start(FULL)
    done_ns: list[int] = []
    starts: list[int] = []
    for n in range(8):
        frame = test_frame(ADDRESSES[1], ADDRESSES[0], 60 + 3 * n)
        await a.do(*a.sending(n % 4, frame))
        start_ns = first_edge(a.executed_ns + BUS_NS, NIBBLE_NS) + 2 * NIBBLE_NS
        end_ns = start_ns + NIBBLE_NS * (16 + 2 * (len(frame) + 4))
        starts.append(start_ns)
        await kernel.sleep_until(end_ns)
        done = first_edge(end_ns, BUS_NS, strictly=True) + 2 * BUS_NS
        await a.bus.irq.wait()
        assert kernel.now_ns == done + BUS_NS
        done_ns.append(done)
        low, high, status, causes = await a.do(
            Read32(reg.WIN_TX_TIME + 8 * (n % 4)), Read32(reg.WIN_TX_TIME + 8 * (n % 4) + 4),
            Read32(reg.REG_TX_STATUS + 16 * (n % 4)), Read32(reg.REG_INT_STATUS),
        )  # fmt: skip
        assert (low, high) == (done, 0)
        assert status == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
        assert causes == reg.INT_STATUS_TX
        await a.write(reg.REG_INT_STATUS, reg.INT_STATUS_TX)
        cleared_ns = a.executed_ns
        assert not a.bus.irq.is_set()
        assert kernel.now_ns > cleared_ns
        await a.pause_ns(1500 + 7 * n)
    # Four slots at once, queued while TX_EN is 0, in an order of their own.
    await a.write(reg.REG_CTRL, FULL & ~reg.CTRL_TX_EN)
    order = [2, 0, 3, 1]
    for slot in order:
        await a.do(*a.sending(slot, test_frame(ADDRESSES[1], ADDRESSES[0], 60 + slot)))
    await a.pause_ns(2000)
    assert await a.read(reg.REG_STATUS) & reg.STATUS_TX_BUSY
    await a.write(reg.REG_CTRL, FULL)
    start_ns = first_edge(a.executed_ns + BUS_NS, NIBBLE_NS) + 2 * NIBBLE_NS
    for slot in order:
        starts.append(start_ns)
        end_ns = start_ns + NIBBLE_NS * (16 + 2 * (64 + slot))
        done = first_edge(end_ns, BUS_NS, strictly=True) + 2 * BUS_NS
        request_ns = done + BUS_NS
        start_ns = max(first_edge(request_ns, NIBBLE_NS) + 2 * NIBBLE_NS, end_ns + 24 * NIBBLE_NS)
    await a.finished(1)
    assert not await a.read(reg.REG_STATUS) & reg.STATUS_TX_BUSY
    timeline = await lab.timeline()
    assert [event.t_ns for event in timeline.sorted_events() if event.kind == "transmit"] == starts


async def refused_commands(kernel: Any, dut: Any) -> None:
    """A length that no slot can hold finishes with BAD_COMMAND one edge later, whatever else is being sent."""
    lab = Lab(kernel, dut)
    a = lab.a
    await a.start(FULL)
    cases = [
        (0, 0, 1, False), (0, 13, 1, False), (0, 14, 1, True), (0, 1514, 1, True), (0, 1515, 1, False), (0, 2047, 1, False),
        (0, 1518, 0, True), (0, 1519, 0, False), (63, 256, 1, True), (63, 257, 1, False), (58, 1514, 1, True),
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


async def receive_edges(kernel: Any, dut: Any) -> None:
    """Time stamp at A, RX_CURR and the interrupt at A + 16; the ring wraps at every place; pages are released and used again."""
    lab = Lab(kernel, dut)
    a, b = lab.a, lab.b
    ring = (60, 64)
    await a.start(FULL)
    await b.start(FULL, ring=ring)
    page = ring[0]
    lengths = [60, 236, 237, 235, 492, 240, 470, 100, 700, 748, 236, 60, 492, 61, 62, 63]
    for n, octets in enumerate(lengths):
        frame = test_frame(ADDRESSES[1], ADDRESSES[0], octets, n)
        await a.do(*a.sending(0, frame))
        start_ns = first_edge(a.executed_ns + BUS_NS, NIBBLE_NS) + 2 * NIBBLE_NS
        await b.bus.irq.wait()
        arrival_ns = start_ns + 40  # four bit times away
        k = (arrival_ns - 7) // NIBBLE_NS + 1  # first edge of b (phase 7) after it
        end = k + 16 + 2 * (octets + 4) + 2 + 1  # latency of the PHY; RX_DV is sampled low one edge later
        pushed_ns = 7 + (end + 1) * NIBBLE_NS
        stored = stored_edge(pushed_ns)
        assert kernel.now_ns == stored + 17 * BUS_NS, (n, kernel.now_ns, stored)
        (frame_there,) = await b.drain(ring=ring)
        assert (frame_there.status, frame_there.octets) == (1 << 0, with_fcs(frame))
        assert frame_there.time_ns == stored
        used = (16 + octets + 4 + PAGE_OCTETS - 1) // PAGE_OCTETS
        page = ring[0] + (page - ring[0] + used) % (ring[1] - ring[0])
        assert frame_there.next_page == page == await b.read(reg.REG_RX_CURR)
        assert await b.read(reg.REG_INT_STATUS) == reg.INT_STATUS_RX
        await b.write(reg.REG_INT_STATUS, 0xFF)
        await a.finished(0)
        await a.pause_ns(777)
    counters = await b.counters()
    assert counters[COUNTER_INDEX["aFramesReceivedOK"]] == len(lengths)
    assert counters[COUNTER_INDEX["aOctetsReceivedOK"]] == sum(octets - 14 for octets in lengths)


async def overrun(kernel: Any, dut: Any) -> None:
    """A full ring loses the frame and says so; what is stored stays as it is; room made is used again."""
    lab = Lab(kernel, dut)
    a, b = lab.a, lab.b
    ring = (30, 36)  # six pages: five can be used
    await a.start(FULL)
    await b.start(FULL, ring=ring)
    frames = [test_frame(ADDRESSES[1], ADDRESSES[0], octets, octets) for octets in (500, 300, 100, 60, 1000)]
    causes = []
    for frame in frames:
        await a.send(0, frame)
        await a.pause_ns(2000)
        causes.append(await b.read(reg.REG_INT_STATUS))
        await b.write(reg.REG_INT_STATUS, 0xFF)
    # 500 takes 3 pages (16 + 504), 300 takes 2: full. The others are lost.
    assert causes == [reg.INT_STATUS_RX] * 2 + [reg.INT_STATUS_RX_OVERRUN] * 3
    assert await b.read(reg.REG_RX_CURR) == 35
    stored = await b.drain(ring=ring)
    assert [f.octets for f in stored] == [with_fcs(f) for f in frames[:2]]
    counters = await b.counters()
    assert counters[COUNTER_INDEX["aFramesReceivedOK"]] == 2
    assert counters[COUNTER_INDEX["aFramesLostDueToIntMACRcvError"]] == 3
    for n in range(12):  # a frame that is cut in mid-page leaves no trace
        big = test_frame(ADDRESSES[1], ADDRESSES[0], 1400, n)
        small = test_frame(ADDRESSES[1], ADDRESSES[0], 60 + n, n)
        await a.send(0, big)
        await a.send(0, small)
        await a.pause_ns(2000)
        assert [f.octets for f in await b.drain(ring=ring)] == [with_fcs(small)]
    # A ring that cannot be: RX_EN stays 0.
    for start, stop in ((10, 11), (10, 10), (12, 10), (0, 65), (63, 65), (254, 0)):
        await b.write(reg.REG_CTRL, FULL & ~reg.CTRL_RX_EN)
        await b.do(Write32(reg.REG_ERROR, 7), Write32(reg.REG_RX_START, start), Write32(reg.REG_RX_STOP, stop))
        await b.write(reg.REG_CTRL, FULL)
        assert await b.read(reg.REG_CTRL) == FULL & ~reg.CTRL_RX_EN
        assert await b.read(reg.REG_ERROR) == reg.ERROR_RING_CONFIG


async def what_is_stored(kernel: Any, dut: Any) -> None:
    """Filters, errors, runts and lengths: status, causes and counters of each."""
    lab = Lab(kernel, dut)
    a, b = lab.a, lab.b
    await a.start(FULL & ~reg.CTRL_FCS_EN)  # so that a sends what it is told
    await b.start(FULL)
    other, group, all_ones = ADDRESSES[2], bytes.fromhex("01005e000001"), b"\xff" * 6
    me = ADDRESSES[1]
    index = COUNTER_INDEX

    def raw(destination: bytes, octets: int = 64, *, type_: int = 0x88B5, good: bool = True) -> bytes:
        frame = destination + ADDRESSES[0] + type_.to_bytes(2, "big") + bytes(max(0, octets - 18))
        frame = frame[: octets - 4]
        fcs = zlib.crc32(frame).to_bytes(4, "little")
        return frame + (fcs if good else bytes([fcs[0] ^ 1]) + fcs[1:])

    ok, bad, long_, short_length, undefined, runt, multi, broad = (1 << n for n in (0, 1, 3, 4, 5, 6, 7, 8))
    received, errors = reg.INT_STATUS_RX, reg.INT_STATUS_RX_ERR
    base, everything = reg.RX_CFG_RESET & ~reg.RX_CFG_BCAST, reg.RX_CFG_PROMISC
    accept_bad, accept_runt = reg.RX_CFG_ACCEPT_ERR, reg.RX_CFG_ACCEPT_RUNT
    cases: list[tuple[int, bytes, int | None, int, dict[str, int]]] = [
        (base, raw(me), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(other), None, 0, {}),
        (base, raw(other, good=False), None, 0, {}),
        (base | everything, raw(other), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(all_ones), None, 0, {}),
        (base | reg.RX_CFG_BCAST, raw(all_ones), ok | broad, received,
         {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46, "aBroadcastFramesReceivedOK": 1}),
        (base | reg.RX_CFG_MCAST, raw(group), ok | multi, received,
         {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46, "aMulticastFramesReceivedOK": 1}),
        (base, raw(group), None, 0, {}),
        (base | reg.RX_CFG_MCAST, raw(bytes.fromhex("333300000001")), None, 0, {}),
        (base, raw(me, good=False), None, errors, {"aFrameCheckSequenceErrors": 1}),
        (base | accept_bad, raw(me, good=False), bad, received | errors, {"aFrameCheckSequenceErrors": 1}),
        (base, raw(me, 63), None, 0, {}),
        (base | accept_bad, raw(me, 63), None, 0, {}),
        (base | accept_runt, raw(me, 63), ok | runt, received, {}),
        (base | accept_runt, raw(me, 63, good=False), None, 0, {}),
        (base | accept_runt | accept_bad, raw(me, 63, good=False), bad | runt, received, {}),
        (base | accept_runt, raw(me, 20), ok | runt, received, {}),
        (base | accept_runt, raw(me, 20, type_=7), ok | runt, received, {}),
        (base, raw(me, 1518), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 1500}),
        (base, raw(me, 1519), None, errors, {"aFrameTooLongErrors": 1}),
        (base | accept_bad, raw(me, 1519, good=False), long_, received | errors, {"aFrameTooLongErrors": 1}),
        (base, raw(me, type_=46), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(me, type_=0), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(me, type_=47), None, errors, {"aInRangeLengthErrors": 1}),
        (base | accept_bad, raw(me, 65, type_=45), short_length, received | errors, {"aInRangeLengthErrors": 1}),
        (base, raw(me, 118, type_=100), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 100}),
        (base, raw(me, 117, type_=100), None, errors, {"aInRangeLengthErrors": 1}),
        (base, raw(me, 1518, type_=1500), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 1500}),
        (base | accept_bad, raw(me, type_=1501), undefined, received | errors, {"aOutOfRangeLengthField": 1}),
        (base, raw(me, type_=1535), None, errors, {"aOutOfRangeLengthField": 1}),
        (base, raw(me, type_=1536), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(me, type_=1535, good=False), None, errors, {"aFrameCheckSequenceErrors": 1}),
    ]
    await b.do(Write32(reg.REG_MHASH_LO, 1 << 31), Write32(reg.REG_MHASH_HI, 0))
    await a.write(reg.REG_RX_CFG, 2000 << reg.RX_CFG_MAX_FRAME_LSB)  # the sender's own limit
    before = await b.counters()
    for n, (rx_cfg, frame, status, causes, counts) in enumerate(cases):
        await b.write(reg.REG_RX_CFG, rx_cfg)
        assert await a.send(0, frame) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
        await a.pause_ns(3000)
        stored = await b.drain()
        assert [f.status for f in stored] == ([] if status is None else [status]), n
        assert all(f.octets == frame for f in stored), n
        assert await b.read(reg.REG_INT_STATUS) == causes, n
        await b.write(reg.REG_INT_STATUS, 0xFF)
        after = await b.counters()
        assert {name: after[i] - before.get(i, 0) for name, i in index.items() if after.get(i, 0) != before.get(i, 0)} == counts, n
        before = after


async def moderation(kernel: Any, dut: Any) -> None:
    """COUNT causes or TIME, whichever comes first; a cause of another kind at once; none is lost."""
    lab = Lab(kernel, dut)
    a = lab.a
    await a.start(FULL)

    async def finish(count: int) -> list[int]:
        """Refuse commands: each is a TX cause two edges after its write. Returns the execute times."""
        times = []
        for _ in range(count):
            await a.write(reg.REG_TX_COMMAND, 1)
            times.append(a.executed_ns)
        return times

    await a.write(reg.REG_INT_MASK, reg.INT_STATUS_TX | reg.INT_STATUS_LINK_CHANGE)
    for limit in (1, 3):
        await a.write(reg.REG_IRQ_MODERATION, limit)
        await finish(limit - 1)
        await a.pause_ns(5000)
        assert not a.bus.irq.is_set()
        await a.do(Write32(reg.REG_TX_COMMAND, 1))
        assert a.bus.irq.is_set()
        await a.write(reg.REG_INT_STATUS, 0xFF)
        assert not a.bus.irq.is_set()
    for time in (1, 5):
        await a.write(reg.REG_IRQ_MODERATION, 100 | time << 8)
        (executed_ns,) = await finish(1)
        await a.bus.irq.wait()
        assert kernel.now_ns == executed_ns + BUS_NS * (2 + 64 * time)  # the cause is set at E + 1
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
    assert max(event.t_ns for event in timeline.events if event.kind == "irq") == executed_ns + 2 * BUS_NS


async def loopback(kernel: Any, dut: Any) -> None:
    """The own receiver gets the frame, the MII nothing, in the mode of either duplex."""
    lab = Lab(kernel, dut, full_duplex=False)
    a, b = lab.a, lab.b
    await b.start(DEFAULT_CTRL)
    for ctrl in (DEFAULT_CTRL, FULL):
        await a.write(reg.REG_CTRL, reg.CTRL_SOFT_RESET)
        await a.pause_ns(1000)
        await a.start(ctrl | reg.CTRL_LOOPBACK)
        frames = [test_frame(ADDRESSES[0], ADDRESSES[0], octets) for octets in (60, 61, 62, 63, 64, 1514, 60)]
        for n, frame in enumerate(frames):
            if n < 4:
                await a.do(*a.sending(n, frame))  # back to back
        for n, frame in enumerate(frames):
            assert (await a.finished(n) if n < 4 else await a.send(0, frame)) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK | (
                reg.TX_STATUS_DEFERRED if 0 < n < 4 else 0
            )
        await a.pause_ns(3000)
        assert [f.octets for f in await a.drain()] == [with_fcs(f) for f in frames]
    assert await b.drain() == []
    timeline = await lab.timeline()
    assert not [event for event in timeline.events if event.kind == "receive"]


async def pause_frames(kernel: Any, dut: Any) -> None:
    """A PAUSE frame sent by one adapter stops the other, and is seen by nobody above the MAC."""
    lab = Lab(kernel, dut)
    a, b = lab.a, lab.b
    await a.start(FULL)
    await b.start(FULL)
    await b.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE)
    quanta = 20
    await a.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_SEND | quanta)
    assert await a.read(reg.REG_PAUSE_CFG) == reg.PAUSE_CFG_SEND | quanta
    start_ns = first_edge(a.executed_ns - ACCESS_NS * 1, NIBBLE_NS)
    await a.pause_ns(7500)
    assert start_ns and await a.read(reg.REG_PAUSE_CFG) == quanta
    assert await a.read(reg.REG_INT_STATUS) == 0
    frame = test_frame(ADDRESSES[0], ADDRESSES[1], 60)
    await b.do(*b.sending(0, frame))
    asked_ns = b.executed_ns
    assert await b.finished(0) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
    assert await b.drain() == []
    assert await b.read(reg.REG_INT_STATUS) == reg.INT_STATUS_TX
    index = COUNTER_INDEX
    assert await b.counters() == {
        index["aFramesReceivedOK"]: 1, index["aOctetsReceivedOK"]: 46, index["aMulticastFramesReceivedOK"]: 1,
        index["aPAUSEMACCtrlFramesReceived"]: 1, index["aFramesTransmittedOK"]: 1, index["aOctetsTransmittedOK"]: 46,
    }  # fmt: skip
    assert await a.counters() == {
        index["aFramesTransmittedOK"]: 1, index["aOctetsTransmittedOK"]: 46, index["aMulticastFramesXmittedOK"]: 1,
        index["aPAUSEMACCtrlFramesTransmitted"]: 1, index["aFramesReceivedOK"]: 1, index["aOctetsReceivedOK"]: 46,
    }  # fmt: skip
    # Without RX_ENABLE it is a frame like any other; in half duplex nothing is sent.
    await b.do(Write32(reg.REG_PAUSE_CFG, 0), Write32(reg.REG_RX_CFG, reg.RX_CFG_RESET | reg.RX_CFG_PROMISC))
    await a.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_SEND | 0x1234)
    await a.pause_ns(10_000)
    (stored,) = await b.drain()
    control = bytes.fromhex("0180c2000001") + ADDRESSES[0] + bytes.fromhex("880800011234")
    assert stored.octets == with_fcs(control)
    assert await b.send(0, frame) & reg.TX_STATUS_OK
    await a.write(reg.REG_CTRL, DEFAULT_CTRL)
    await a.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_SEND | 1)
    assert await a.read(reg.REG_PAUSE_CFG) == 1
    timeline = await lab.timeline()
    sent = {name: [e for e in timeline.sorted_events() if e.kind == "transmit" and e.station == name] for name in "ab"}
    received = [e for e in timeline.sorted_events() if e.kind == "receive" and e.station == "b"]
    pushed_ns = received[0].end_ns + 2 * NIBBLE_NS  # RX_DV is sampled low one edge later, the mark goes out after that
    loaded_ns = first_edge(stored_edge(pushed_ns), NIBBLE_NS, 7) + 2 * NIBBLE_NS
    assert asked_ns < loaded_ns + 128 * quanta * NIBBLE_NS
    assert sent["b"][0].t_ns == loaded_ns + (128 * quanta + 1) * NIBBLE_NS
    assert len(sent["a"]) == 2


async def both_ways_at_line_rate(kernel: Any, dut: Any) -> None:
    """Full duplex, back to back in both directions at once, shortest and longest frames: nothing lost, no gap too long."""
    lab = Lab(kernel, dut)
    hosts = (lab.a, lab.b)
    for host in hosts:
        await host.start(FULL)
        await host.write(reg.REG_INT_MASK, 0)
    total = 0
    for octets, rounds in ((60, 12), (1514, 2)):
        frames = [test_frame(ADDRESSES[1], ADDRESSES[0], octets, n) for n in range(4)]
        reply = [test_frame(ADDRESSES[0], ADDRESSES[1], octets, n) for n in range(4)]
        slots = [[bytes(frame) for frame in side] for side in (frames, reply)]
        for host, side in zip(hosts, slots, strict=True):
            for slot, frame in enumerate(side):
                await host.do(*host.sending(slot, frame)[:-1])
        for _ in range(rounds):
            for slot in range(4):
                for host in hosts:
                    kernel.spawn(host.bus.transaction([Write32(reg.REG_TX_COMMAND + 16 * slot, 1)]))
            for host in hosts:
                await host.finished(3)
            await hosts[0].pause_ns(2000)
            for host, side in zip(hosts, (slots[1], slots[0]), strict=True):
                assert [f.octets for f in await host.drain()] == [with_fcs(frame) for frame in side]
            total += 4
    timeline = await lab.timeline()
    for name in "ab":
        sent = [e for e in timeline.sorted_events() if e.kind == "transmit" and e.station == name]
        assert len(sent) == total
        for n in range(0, total, 4):
            burst = sent[n : n + 4]
            assert [after.t_ns - before.end_ns for before, after in zip(burst, burst[1:], strict=False)] == [24 * NIBBLE_NS] * 3


async def ten_megabit(kernel: Any, dut: Any) -> None:
    """10 Mb/s half duplex from power-on: the SQE test is heard, and a soft reset reaches the slow MII domains too."""
    lab = Lab(kernel, dut, full_duplex=False, speed_mbps=10)
    a, b = lab.a, lab.b
    ctrl = DEFAULT_CTRL & ~reg.CTRL_SPEED100
    await a.start(ctrl)
    await b.start(ctrl)
    frame = test_frame(ADDRESSES[1], ADDRESSES[0], 60)
    assert await a.send(0, frame) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
    await a.do(*a.sending(0, frame))
    await a.pause_ns(20_000)
    await a.write(reg.REG_CTRL, reg.CTRL_SOFT_RESET)
    reset_ns = a.executed_ns
    await a.pause_ns(400)
    await a.start(ctrl)
    await a.do(*a.sending(0, frame))
    assert await a.finished(0) & reg.TX_STATUS_OK
    await a.pause_ns(20_000)
    assert [f.octets for f in await b.drain()] == [with_fcs(frame)] * 2
    timeline = await lab.timeline()
    sent = [event for event in timeline.sorted_events() if event.kind == "transmit"]
    assert [event.station for event in sent] == ["a"] * 3
    assert sent[1].end_ns == first_edge(reset_ns, 400) + 800


CHECKS = {
    check.__name__: check
    for check in (
        reset_values, soft_reset_edges, refused_accesses, device_time, transmit_edges, refused_commands, receive_edges,
        overrun, what_is_stored, moderation, loopback, pause_frames, both_ways_at_line_rate, ten_megabit,
    )
}  # fmt: skip
"""Every check, by name: an async function of the kernel and the top."""
