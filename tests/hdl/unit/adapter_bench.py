"""A thin hand-written host on the adapter's registers, for checks that must know every access and its edge.

The driver of :mod:`rig.driver` is left out on purpose: these checks look at what it hides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rig.adapter import registers as reg
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Write32, WriteBlock

BUS_NS = 20
ACCESS_NS = 80
ACKNOWLEDGE_NS = 60
PAGE_OCTETS = 256
HEADER_OCTETS = 16
RING_START = 24
RING_STOP = 64
SLOT_PAGES = 6

ADDRESSES = tuple(bytes([2, 0, 0, 0, 0, n]) for n in range(1, 8))
DEFAULT_CTRL = reg.CTRL_RESET | reg.CTRL_SPEED100 | reg.CTRL_TX_EN | reg.CTRL_RX_EN


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

    async def start(
        self, ctrl: int = DEFAULT_CTRL, *, ring: tuple[int, int] = (RING_START, RING_STOP), rx_cfg: int = reg.RX_CFG_RESET
    ) -> None:
        """Bring the adapter up: address, ring, every interrupt unmasked."""
        await self.do(
            Write32(reg.REG_MAC_ADDR_LO, word(self.address[:4])),
            Write32(reg.REG_MAC_ADDR_HI, word(self.address[4:])),
            Write32(reg.REG_RX_START, ring[0]),
            Write32(reg.REG_RX_STOP, ring[1]),
            Write32(reg.REG_RX_BNRY, ring[0]),
            Write32(reg.REG_RX_CFG, rx_cfg),
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
