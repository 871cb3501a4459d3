"""A thin hand-written host on the adapter's registers, for checks that must know every access and its edge.

The driver of :mod:`rig.driver` is left out on purpose: these checks look at what it hides.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.adapter import registers as reg
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Write32, WriteBlock
from rig.adapter.recorder import Timeline
from rig.backends.rtl import RtlBench, RtlStation

BUS_NS = 20
NIBBLE_NS = 40
ACCESS_NS = 80
ACKNOWLEDGE_NS = 60
PAGE_OCTETS = 256
HEADER_OCTETS = 16
RING_START = 24
RING_STOP = 64
SLOT_PAGES = 6

ADDRESSES = tuple(bytes([2, 0, 0, 0, 0, n]) for n in range(1, 8))
DEFAULT_CTRL = reg.CTRL_RESET | reg.CTRL_SPEED100 | reg.CTRL_TX_EN | reg.CTRL_RX_EN
FULL = DEFAULT_CTRL | reg.CTRL_FULL_DUPLEX
ROM = bytes(range(200, 232))
COUNTER_INDEX = {name: index for index, name in reg.COUNTER_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Stored:
    """A frame in the ring: its header and octets."""

    status: int
    octets: bytes
    time_ns: int
    next_page: int


def word(data: bytes) -> int:
    return int.from_bytes(data, "little")


def test_frame(destination: bytes, source: bytes, octets: int, seed: int = 0) -> bytes:
    """Return a frame of ``octets`` octets without FCS, type 0x88B5."""
    return destination + source + b"\x88\xb5" + bytes((7 * n + seed) & 255 for n in range(octets - 14))


class Host:
    def __init__(self, kernel: Any, bus: AdapterBus, address: bytes) -> None:
        self.kernel = kernel
        self.bus = bus
        self.address = address
        self.executed_ns = 0
        """When the last access of the last batch was executed."""

    async def do(self, *operations: Operation) -> list[Any]:
        results: Sequence[Any] = await self.bus.transaction(operations)
        self.executed_ns = self.kernel.now_ns - ACKNOWLEDGE_NS
        return list(results)

    async def read(self, address: int) -> int:
        (value,) = await self.do(Read32(address))
        return int(value)

    async def write(self, address: int, value: int) -> None:
        await self.do(Write32(address, value))

    async def start(self, ctrl: int = DEFAULT_CTRL, *, ring: tuple[int, int] = (RING_START, RING_STOP)) -> None:
        """Bring the adapter up: address, ring, every interrupt unmasked."""
        await self.do(
            Write32(reg.REG_MAC_ADDR_LO, word(self.address[:4])),
            Write32(reg.REG_MAC_ADDR_HI, word(self.address[4:])),
            Write32(reg.REG_RX_START, ring[0]),
            Write32(reg.REG_RX_STOP, ring[1]),
            Write32(reg.REG_RX_BNRY, ring[0]),
            Write32(reg.REG_INT_MASK, 0xFF),
            Write32(reg.REG_CTRL, ctrl),
        )

    def sending(self, slot: int, frame: bytes, octets: int | None = None) -> list[Operation]:
        """Return the operations that send ``frame`` from a slot, SEND last."""
        base = reg.REG_TX_PAGE + slot * reg.TX_SLOT_STRIDE
        page = slot * SLOT_PAGES
        return [
            WriteBlock(reg.WIN_BUFFER + page * PAGE_OCTETS, frame + bytes(-len(frame) % 4)),
            Write32(base, page),
            Write32(base + 4, len(frame) if octets is None else octets),
            Write32(base + 8, 1),
        ]

    async def send(self, slot: int, frame: bytes) -> int:
        """Send, wait for the end, return TX_STATUS."""
        await self.do(*self.sending(slot, frame))
        return await self.finished(slot)

    async def finished(self, slot: int, tries: int = 20_000) -> int:
        for _ in range(tries):
            status = await self.read(reg.REG_TX_STATUS + slot * reg.TX_SLOT_STRIDE)
            if status & reg.TX_STATUS_DONE:
                return status
        raise AssertionError(f"slot {slot} does not finish")

    async def pause_ns(self, duration_ns: int) -> None:
        await self.kernel.sleep_until(self.kernel.now_ns + duration_ns)

    async def drain(self, *, release: bool = True, ring: tuple[int, int] = (RING_START, RING_STOP)) -> list[Stored]:
        """Read every frame of the ring."""
        current, page = await self.do(Read32(reg.REG_RX_CURR), Read32(reg.REG_RX_BNRY))
        frames = []
        while page != current:
            (header,) = await self.do(ReadBlock(reg.WIN_BUFFER + page * PAGE_OCTETS, HEADER_OCTETS))
            octets = word(header[2:4])
            position, left, data = page * PAGE_OCTETS + HEADER_OCTETS, (octets + 3) // 4 * 4, b""
            while left:
                chunk = min(left, ring[1] * PAGE_OCTETS - position)
                if chunk:
                    data += (await self.do(ReadBlock(reg.WIN_BUFFER + position, chunk)))[0]
                left -= chunk
                position = ring[0] * PAGE_OCTETS
            frames.append(Stored(word(header[:2]), data[:octets], word(header[8:]), header[4]))
            assert header[5:8] == bytes(3)
            page = header[4]
            if release:
                await self.write(reg.REG_RX_BNRY, page)
        return frames

    async def counters(self) -> dict[int, int]:
        """Return the counters that are not 0, by index."""
        (data,) = await self.do(ReadBlock(reg.WIN_COUNTERS, reg.WIN_COUNTERS_OCTETS))
        return {n: value for n in range(64) if (value := word(data[4 * n : 4 * n + 4]))}


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


def request_edge(execute_ns: int) -> int:
    """Return the bus edge at which the request of a SEND toggles, with the MAC free."""
    return execute_ns + ACCESS_NS


def done_edge(end_ns: int) -> int:
    """Return the bus edge at which the outcome of a frame that ended then is taken: phase 1 of the slot wheel."""
    clock = first_edge(end_ns, BUS_NS, strictly=True) // BUS_NS + 2
    return (clock + (1 - clock) % 4) * BUS_NS


def first_edge(t_ns: int, period_ns: int, phase_ns: int = 0, *, strictly: bool = False) -> int:
    """Return the time of the first edge at or after ``t_ns``."""
    edges = (t_ns - phase_ns + (0 if strictly else -1)) // period_ns + 1
    return phase_ns + edges * period_ns


def stored_edge(mark_ns: int, word_ns: int | None = None) -> int:
    """Return A, the bus edge at which an end mark pushed at ``mark_ns`` is taken, one turn after a word before it."""
    edge = mark_ns // BUS_NS + 1 + 2
    taken_ns = (edge + (2 - edge) % 4) * BUS_NS
    return taken_ns if word_ns is None else max(taken_ns, stored_edge(word_ns) + ACCESS_NS)


def with_fcs(frame: bytes) -> bytes:
    padded = frame.ljust(60, b"\0")
    return padded + zlib.crc32(padded).to_bytes(4, "little")
