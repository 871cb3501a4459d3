"""Runs in the simulator: the CRC step and the dual-clock FIFO."""

from __future__ import annotations

import zlib
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import Timer, ValueChange

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
    """Every ratio of clocks, every ratio of traffic: nothing lost, doubled or out of order, and each word seen in time."""
    await Timer(1, "us")
    for write_half, read_half in ((10_000, 20_000), (20_000, 10_000), (10_000, 200_000), (10_300, 9_900), (10_000, 10_100)):
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
