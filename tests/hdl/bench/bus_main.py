"""Run in the simulator: transactions through the bus master to stand-in adapters, and what they take."""

from __future__ import annotations

from typing import Any

import pytest

from rig.adapter.bus import Operation, Read32, ReadBlock, Write32, WriteBlock
from rig.backends.rtl import BATCH_WORDS, RtlBench, RtlStation
from rig.errors import AdapterFault, BusError, UsageError
from rig.runtime.pump_cocotb import SimTime

SCRATCH = 0x5000
IRQ = 0x4800
HOLE = 0x6000
HUNG = 0x7FFC
CLOCK_NS = 20
ACCESS_NS = 80


def make_bench(kernel: SimTime, dut: Any) -> RtlBench:
    return RtlBench(kernel, dut, [RtlStation("a", bytes(32)), RtlStation("b", bytes(32))])


def end_ns(request_ns: int, accesses: int, first_edge: int = 16) -> int:
    """When a batch is acknowledged: docs/adapter.md, "Bus"."""
    strobe = max(request_ns // CLOCK_NS + 1, first_edge)
    first = strobe // 4 + 1
    return (first + accesses - 1) * ACCESS_NS + 60


async def timing(kernel: SimTime, dut: Any) -> None:
    """Every phase of the slot wheel, requests on and between edges, back to back, and before the reset has ended."""
    bus = make_bench(kernel, dut).buses[0]
    for start_ns in (0, *range(1000, 1085), 2000):
        await kernel.sleep_until(start_ns)
        begun_ns = kernel.now_ns
        await bus.transaction([Write32(SCRATCH, 1), Read32(SCRATCH), ReadBlock(SCRATCH, 12)])
        assert kernel.now_ns == end_ns(begun_ns, 5)
        begun_ns = kernel.now_ns  # an edge; the next request changes at the very time of the acknowledge
        await bus.transaction([Read32(SCRATCH)])
        assert kernel.now_ns == end_ns(begun_ns, 1)


async def sizes(kernel: SimTime, dut: Any) -> None:
    """Batches and replies around the borders of the registers that carry them keep every word in its place."""
    bus = make_bench(kernel, dut).buses[1]
    for words in (1, 28, 29, 30, 31, 32, 510, 511, 512, 513, 540, 541, 542, 543, 544, 1000, 1024):
        data = bytes((7 * n + words) % 256 for n in range(4 * words))
        await bus.transaction([WriteBlock(SCRATCH, data)])
        before_and_after = [Read32(SCRATCH), ReadBlock(SCRATCH, len(data)), Read32(SCRATCH + len(data) - 4)]
        first, block, last = await bus.transaction(before_and_after)
        assert block == data
        assert first == int.from_bytes(data[:4], "little")
        assert last == int.from_bytes(data[-4:], "little")


async def long_batches(kernel: SimTime, dut: Any) -> None:
    """What is too long for one hand-over is split between operations; an error keeps its index."""
    bus = make_bench(kernel, dut).buses[0]
    blocks = [bytes([n]) * 4096 for n in range(6)]
    operations: list[Operation] = []
    for block in blocks:
        operations += [WriteBlock(SCRATCH, block), ReadBlock(SCRATCH, 4096)]
    assert sum(1025 for _ in blocks) > BATCH_WORDS
    results = await bus.transaction(operations)
    assert results == [result for block in blocks for result in (None, block)]
    with pytest.raises(BusError) as refused:
        await bus.transaction([*operations, Read32(HOLE), Write32(SCRATCH, 5)])
    assert (refused.value.index, refused.value.address) == (12, HOLE)
    assert await bus.transaction([Read32(SCRATCH)]) == [0x05050505]


async def errors(kernel: SimTime, dut: Any) -> None:
    """A refused access ends the batch at its own edge and names itself; nothing hangs."""
    bench = make_bench(kernel, dut)
    bus = bench.buses[0]
    cases: list[tuple[list[Operation], int, int, int]] = [
        ([Write32(SCRATCH, 1), Read32(HOLE), Write32(SCRATCH, 2)], 1, HOLE, 2),
        ([WriteBlock(SCRATCH + 4092, bytes(8))], 0, SCRATCH + 4096, 2),
        ([Write32(0, 1)], 0, 0, 1),
        ([Read32(SCRATCH), Read32(0x8000)], 1, 0x8000, 2),
        ([Write32(0x12340, 3)], 0, 0x12340, 1),
        ([ReadBlock(0x1_0000_0000, 400_000)], 0, 0x1_0000_0000, 1),
    ]
    for operations, index, address, accesses in cases:
        begun_ns = kernel.now_ns
        with pytest.raises(BusError) as refused:
            await bus.transaction(operations)
        assert (refused.value.index, refused.value.address) == (index, address)
        assert kernel.now_ns == end_ns(begun_ns, accesses)
    assert await bus.transaction([Read32(SCRATCH)]) == [1]
    with pytest.raises(AdapterFault, match="0x7FFC"):
        await bus.transaction([Read32(HUNG)])
    with pytest.raises(UsageError):
        await bus.transaction([Read32(2)])
    assert await bench.bus("b").transaction([Read32(SCRATCH)]) == [0]


async def power(kernel: SimTime, dut: Any) -> None:
    """Without power a batch ends with an error, also one under way; the interrupt line falls; a reset follows."""
    bench = make_bench(kernel, dut)
    bus = bench.bus("a")
    await bus.transaction([Write32(IRQ, 1)])
    await bus.irq.wait()
    long = kernel.spawn(bus.transaction([ReadBlock(0, 4096)]), keep_error=True)
    await kernel.sleep_until(3333)
    bench.power("a", False)
    with pytest.raises(AdapterFault, match="no power"):
        await long
    assert kernel.now_ns == 3340
    assert not bus.irq.is_set()
    with pytest.raises(AdapterFault, match="no power"):
        await bus.transaction([Read32(SCRATCH)])
    assert kernel.now_ns == 3360
    assert await bench.bus("b").transaction([Read32(SCRATCH)]) == [0]
    await kernel.sleep_until(5000)
    bench.power("a", True)
    assert await bus.transaction([Read32(SCRATCH)]) == [0]
    assert kernel.now_ns == end_ns(5000, 1, 5000 // CLOCK_NS + 16)
    assert not bus.irq.is_set()


async def tasks(kernel: SimTime, dut: Any) -> None:
    """Transactions of several tasks run in order of call; a cancelled one in flight is done, a waiting one is not."""
    bus = make_bench(kernel, dut).buses[0]
    both = [kernel.spawn(bus.transaction([Write32(SCRATCH + 4 * n, n), Read32(SCRATCH)])) for n in (0, 1)]
    flying = kernel.spawn(bus.transaction([Write32(SCRATCH + 8, 2)]))
    waiting = kernel.spawn(bus.transaction([Write32(SCRATCH + 12, 3)]))
    for task in both:
        await task
    waiting.cancel()
    flying.cancel()
    assert await bus.transaction([ReadBlock(SCRATCH, 16)]) == [b"\0\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0"]


async def interrupt_line(kernel: SimTime, dut: Any) -> None:
    """The event follows the line at its edge, for each station its own."""
    bench = make_bench(kernel, dut)
    a, b = bench.buses
    times = []

    async def follow() -> None:
        await a.irq.wait()
        times.append(kernel.now_ns)

    kernel.spawn(follow())
    await a.transaction([Write32(IRQ, 1)])
    assert times == [kernel.now_ns - CLOCK_NS]
    assert (a.irq.is_set(), b.irq.is_set()) == (True, False)
    await b.transaction([Write32(IRQ, 1)])
    await a.transaction([Write32(IRQ, 0)])
    assert (a.irq.is_set(), b.irq.is_set()) == (False, True)


async def misuse(kernel: SimTime, dut: Any) -> None:
    """What the bench cannot do is refused before it starts."""
    good = RtlStation("a", bytes(32))
    for bad, reason in (
        ([good], "built for 2"),
        ([good, RtlStation("b", bytes(31))], "31 octets"),
        ([good, RtlStation("b", bytes(32), position_bits=8192)], "8192"),
        ([good, RtlStation("b", bytes(32), phase_ns=40)], "phase_ns"),
    ):
        with pytest.raises(UsageError, match=reason):
            RtlBench(kernel, dut, bad)
    bench = make_bench(kernel, dut)
    with pytest.raises(UsageError, match="a, b"):
        bench.bus("c")
    with pytest.raises(UsageError, match="file"):
        await bench.finish()
    await kernel.sleep_until(1)
    with pytest.raises(UsageError, match="1 ns"):
        make_bench(kernel, dut)
