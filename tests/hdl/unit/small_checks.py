"""Runs in the simulator: the CRC step, the dual-clock FIFO and the MDIO master, each on a bench of its own."""

from __future__ import annotations

import zlib
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge, Timer, ValueChange

from tests.hdl.unit.vectors import CHECK_STRING, CHECK_VALUE, RESIDUE, VECTORS


async def crc_of(dut: Any, data: bytes) -> tuple[int, bytes]:
    """Return the register after ``data``, and the FCS octets that would follow."""
    dut.data.value = int.from_bytes(data, "little")
    dut.octets.value = len(data)
    dut.go.value = 1 - int(dut.go.value)
    await ValueChange(dut.done)
    await Timer(1, "ns")
    return int(dut.crc.value), int(dut.sent.value).to_bytes(4, "little")


@cocotb.test(skip=cocotb.top is not None and cocotb.top._name != "crc_bench")
async def crc32(dut: Any) -> None:
    await Timer(1, "us")
    register, _ = await crc_of(dut, CHECK_STRING)
    assert register ^ 0xFFFFFFFF == CHECK_VALUE
    for frame, fcs in VECTORS.values():
        _, sent = await crc_of(dut, frame)
        assert sent == fcs
        register, _ = await crc_of(dut, frame + fcs)
        assert register == RESIDUE
    random = Random(1)
    for _ in range(100):
        data = random.randbytes(random.randrange(1, 200))
        register, sent = await crc_of(dut, data)
        assert sent == zlib.crc32(data).to_bytes(4, "little")


@cocotb.test(skip=cocotb.top is not None and cocotb.top._name != "fifo_bench")
async def async_fifo(dut: Any) -> None:
    """Many ratios of clocks and of traffic: nothing lost, doubled or out of order, and each word seen in time."""
    await Timer(1, "us")
    halves_ps = ((10_000, 20_000), (20_000, 10_000), (10_000, 200_000), (10_300, 9_900), (10_000, 10_100))
    for write_half, read_half in halves_ps:
        for write_percent, read_percent in ((50, 50), (100, 100), (20, 100), (100, 20)):
            dut.rst.value = 1
            dut.go.value = 0
            dut.write_half_ps.value = write_half
            dut.read_half_ps.value = read_half
            dut.write_percent.value = write_percent
            dut.read_percent.value = read_percent
            await Timer(3, "us")
            dut.written.value = 0
            dut.taken.value = 0
            dut.problems.value = 0
            dut.fullest.value = 0
            dut.finished.value = 0
            dut.words.value = 600
            await Timer(1, "us")
            dut.rst.value = 0
            await Timer(3, "us")
            dut.go.value = 1
            await ValueChange(dut.finished)
            await Timer(1, "ns")
            case = (write_half, read_half, write_percent, read_percent)
            assert int(dut.problems.value) == 0, case
            assert int(dut.taken.value) == 600
            if write_percent > read_percent and write_half <= read_half:
                assert int(dut.fullest.value) == 8, case


READ, WRITE, NO_PREAMBLE = 0, 1 << 26, 1 << 27
BUSY, NO_ANSWER = 1 << 31, 1 << 30
BIT_CLOCKS = 20


@cocotb.test(skip=cocotb.top is not None and cocotb.top._name != "mdio_bench")
async def mdio(dut: Any) -> None:
    """Read, write, preamble suppression, no PHY; edges as docs/adapter.md says; MDC at 2.5 MHz at most."""
    await Timer(1, "us")

    async def access(value: int) -> int:
        dut.value.value = value
        dut.go.value = 1 - int(dut.go.value)
        await Timer(41, "ns")
        assert int(dut.read_data.value) & BUSY
        started = int(dut.started_at.value)
        dut.value.value = WRITE | 3 << 21 | 0xBAD  # ignored while busy
        dut.go.value = 1 - int(dut.go.value)
        await ValueChange(dut.finishes)
        await Timer(1, "ns")
        bits = 32 if value & NO_PREAMBLE else 64
        assert int(dut.finished_at.value) == started + 1 + BIT_CLOCKS * bits
        result = int(dut.read_data.value)
        assert not result & BUSY
        assert not result & ~(NO_ANSWER | 0xFFFF)  # the register file keeps the rest
        await Timer(2, "us")
        return result

    def target(phy: int, register: int) -> int:
        return phy << 21 | register << 16

    for register in (0, 1, 17, 31):
        assert await access(target(3, register)) & (NO_ANSWER | 0xFFFF) == register * 257 + 4096
    for data in (0, 0xFFFF, 0xA5C3):
        assert await access(WRITE | target(3, 4) | data) & 0xFFFF == data
        assert await access(target(3, 4)) & (NO_ANSWER | 0xFFFF) == data
    assert int(dut.preamble_seen.value) >= 32
    assert await access(target(9, 4)) & (NO_ANSWER | 0xFFFF) == NO_ANSWER | 0xFFFF
    assert await access(WRITE | target(9, 4) | 5) & NO_ANSWER  # a write tells nothing about the last read
    assert await access(target(3, 4)) & (NO_ANSWER | 0xFFFF) == 0xA5C3
    dut.suppression.value = 1
    await Timer(1, "ns")
    assert await access(NO_PREAMBLE | target(3, 31)) & (NO_ANSWER | 0xFFFF) == 31 * 257 + 4096
    assert int(dut.shortest.value) >= 400
    assert int(dut.setup_problems.value) == 0


EDGES = 200_000
"""Of a device clock: some 4 ms, in which the part above its adder counts to about 1000."""


@cocotb.test(skip=cocotb.top is not None and cocotb.top._name != "device_time_bench")
async def device_time(dut: Any) -> None:
    """At every edge, the time is that of the edge, whatever is left of a ns in a period."""
    await Timer(1, "us")
    dut.edges.value = EDGES
    dut.go.value = 1
    await ValueChange(dut.finished)
    assert int(dut.edge_number.value) == EDGES
    assert int(dut.problems.value) == 0, f"first at edge {int(dut.first_wrong.value)}"


@cocotb.test(skip=cocotb.top is not None and cocotb.top._name != "pause_bench")
async def pause(dut: Any) -> None:
    """A pause lasts 128 nibbles a quantum, up to those of more than 64 quanta, which no whole adapter waits for."""
    for quanta in (0, 1, 2, 0x1234, 0x8001):
        dut.quanta.value = quanta
        dut.paused_edges.value = 0
        dut.limit.value = 128 * quanta + 1
        dut.rst.value = 1
        dut.go.value = 1
        await RisingEdge(dut.finished)
        assert int(dut.paused_edges.value) == 128 * quanta
        dut.go.value = 0
        await Timer(5, "ns")


@cocotb.test(skip=cocotb.top is not None and cocotb.top._name != "reset_bench")
async def board_reset(dut: Any) -> None:
    """From power-up on without a clock; then 2 ** BITS clocks after it was held last, however it bounces."""
    quiet, crossing = 1 << 5, 3

    async def clocks(count: int) -> None:
        for _ in range(count):
            await FallingEdge(dut.clk)

    async def ends() -> None:
        await clocks(quiet - 1)
        assert int(dut.rst.value) == 1
        await clocks(crossing)
        assert int(dut.rst.value) == 0

    await Timer(20, "ns")
    assert int(dut.rst.value) == 1
    dut.go.value = 1
    await ends()
    await clocks(2 * quiet)
    assert int(dut.rst.value) == 0
    for bounces in (1, 4):
        for _ in range(bounces):
            dut.hold.value = 1
            await clocks(crossing)
            assert int(dut.rst.value) == 1
            dut.hold.value = 0
            await clocks(quiet // 2)
            assert int(dut.rst.value) == 1
        await clocks(quiet - quiet // 2 - 1)
        assert int(dut.rst.value) == 1
        await clocks(1 + crossing)
        assert int(dut.rst.value) == 0
