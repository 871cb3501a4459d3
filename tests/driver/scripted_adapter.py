"""A scripted stand-in for an adapter: registers, slots and ring without a MAC, behind an AdapterBus.

A test decides when frames arrive, when and how transmissions end, and which transactions fail. Each transaction takes
``TRIP_NS``; operations take effect at its end. It knows just what the driver relies on; the real timing and the rest of
the rules are checked against the twin and the RTL.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Sequence

from rig.adapter import registers as r
from rig.adapter.bus import Operation, Read32, ReadBlock, Result, WriteBlock, check_operations
from rig.adapter.mac_rom import MacRom
from rig.adapter.regmap import load
from rig.runtime.kernel import Kernel
from rig.wire.fcs import fcs

TRIP_NS = 1_000
MAC = bytes.fromhex("021122334455")
FAR = bytes.fromhex("0266778899aa")
PAGE = 256


def frame_of(size: int, number: int = 0, destination: bytes = MAC) -> bytes:
    """Return a frame of ``size`` octets without FCS that tells its number."""
    body = struct.pack(">HI", 0x88B5, number)
    return (destination + FAR + body).ljust(size, bytes([number & 0xFF]))[:size]


class ScriptedAdapter:
    """The bus, and the script's controls."""

    def __init__(self, kernel: Kernel, pages: int = 64, slots: int = 4) -> None:
        self.irq = kernel.event("irq")
        self.kernel = kernel
        self.memory = bytearray(r.ADDRESS_OCTETS)
        self.pages = pages
        self.slots = slots
        self.trips: list[list[Operation]] = []
        """Every batch, in order."""
        self.failures: deque[Exception | None] = deque()
        """What the next transactions raise; None: that one succeeds."""
        self.after_causes_were_read: deque[Callable[[], object]] = deque()
        """What happens right after the next reads of INT_STATUS."""
        self.is_dead: Exception | None = None
        """Every transaction raises this."""
        self.transmissions: list[tuple[int, bytes]] = []
        """(slot, frame), in order of SEND."""
        self.finish_after_ns: int | None = 10_000
        """Transmissions end by themselves after so long; None: the script calls :meth:`finish`."""
        self.queued: deque[int] = deque()
        self.registers = load().registers
        self.lost_by_overrun = 0
        self.resets = 0
        self.power_on()

    def power_on(self) -> None:
        self.memory[:] = bytes(len(self.memory))
        for register in self.registers:
            for offset in register.offsets():
                self.poke(offset, register.reset)
        self.poke(r.REG_MAP_HASH, r.MAP_HASH)
        self.poke(r.REG_CAPS, self.pages | self.slots << r.CAPS_TX_SLOTS_LSB)
        self.poke(r.REG_STATUS, r.STATUS_LINK)
        self.memory[r.WIN_ROM : r.WIN_ROM + r.WIN_ROM_OCTETS] = MacRom(MAC).serialize()
        self.queued.clear()

    def poke(self, address: int, value: int) -> None:
        self.memory[address : address + 4] = value.to_bytes(4, "little")

    def peek(self, address: int) -> int:
        return int.from_bytes(self.memory[address : address + 4], "little")

    # -- what happens to it ------------------------------------------------------------------------------------------

    def interrupt(self, causes: int) -> None:
        self.poke(r.REG_INT_STATUS, self.peek(r.REG_INT_STATUS) | causes)
        self._drive_line()

    def receive(self, frame: bytes, status: int = r.RxStatus.OK) -> bool:
        """Store a frame, padded, with its FCS, as the adapter would; False if the ring is full."""
        stored = frame.ljust(60, b"\0")
        stored += fcs(stored)
        start, stop = self.peek(r.REG_RX_START), self.peek(r.REG_RX_STOP)
        page, boundary = self.peek(r.REG_RX_CURR), self.peek(r.REG_RX_BNRY)
        needed = -(-(16 + len(stored)) // PAGE)
        room = (boundary - page - 1) % (stop - start)
        if needed > room:
            self.lost_by_overrun += 1
            self.interrupt(r.INT_STATUS_RX_OVERRUN)
            return False
        following = start + (page - start + needed) % (stop - start)
        header = struct.pack(r.RX_HEADER_FORMAT, status, len(stored), following, self.kernel.now_ns)
        for index, octet in enumerate(header + stored):
            place = start * PAGE + (page * PAGE - start * PAGE + index) % ((stop - start) * PAGE)
            self.memory[r.WIN_BUFFER + place] = octet
        self.poke(r.REG_RX_CURR, following)
        self.interrupt(r.INT_STATUS_RX)
        return True

    def finish(self, status: int = r.TX_STATUS_OK) -> None:
        """End the oldest transmission."""
        slot = self.queued.popleft()
        self.poke(r.REG_TX_STATUS + slot * r.TX_SLOT_STRIDE, status | r.TX_STATUS_DONE)
        self.memory[r.WIN_TX_TIME + 8 * slot : r.WIN_TX_TIME + 8 * slot + 8] = self.kernel.now_ns.to_bytes(8, "little")
        self.interrupt(r.INT_STATUS_TX)

    def _finish_later(self, slot: int) -> None:
        if self.queued and self.queued[0] == slot:
            self.finish()

    # -- the bus -----------------------------------------------------------------------------------------------------

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        check_operations(operations)
        self.trips.append(list(operations))
        await self.kernel.sleep_until(self.kernel.now_ns + TRIP_NS)
        if self.is_dead is not None:
            raise self.is_dead
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure
        return [self._do(operation) for operation in operations]

    def _do(self, operation: Operation) -> Result:
        if isinstance(operation, Read32):
            value = self.peek(operation.address)
            if operation.address == r.REG_INT_STATUS and self.after_causes_were_read:
                self.after_causes_were_read.popleft()()
            return value
        if isinstance(operation, ReadBlock):
            return bytes(self.memory[operation.address : operation.address + operation.octets])
        if isinstance(operation, WriteBlock):
            for offset in range(0, len(operation.data), 4):
                self._write(operation.address + offset, int.from_bytes(operation.data[offset : offset + 4], "little"))
            return None
        self._write(operation.address, operation.value)
        return None

    def _write(self, address: int, value: int) -> None:
        if address in (r.REG_INT_STATUS, r.REG_ERROR):
            value = self.peek(address) & ~value
        elif address == r.REG_CTRL and value & r.CTRL_SOFT_RESET:
            buffer = bytes(self.memory[r.WIN_COUNTERS :])
            rom = bytes(self.memory[r.WIN_ROM : r.WIN_ROM + r.WIN_ROM_OCTETS])
            map_hash, identification = self.peek(r.REG_MAP_HASH), self.peek(r.REG_ID)
            self.power_on()
            self.memory[r.WIN_COUNTERS :] = buffer
            self.memory[r.WIN_ROM : r.WIN_ROM + r.WIN_ROM_OCTETS] = rom
            self.poke(r.REG_MAP_HASH, map_hash)
            self.poke(r.REG_ID, identification)
            self.resets += 1
            self._drive_line()
            return
        elif address == r.REG_CTRL and value & r.CTRL_RX_EN:
            self.poke(r.REG_RX_CURR, self.peek(r.REG_RX_START))
        self.poke(address, value)
        slot, register = divmod(address - r.REG_TX_PAGE, r.TX_SLOT_STRIDE)
        if 0 <= slot < self.slots and register == r.REG_TX_COMMAND - r.REG_TX_PAGE and value & r.TX_COMMAND_SEND:
            self._send(slot)
        self._drive_line()

    def _send(self, slot: int) -> None:
        base = slot * r.TX_SLOT_STRIDE
        address = r.WIN_BUFFER + self.peek(r.REG_TX_PAGE + base) * PAGE
        octets = self.peek(r.REG_TX_OCTETS + base)
        self.poke(r.REG_TX_STATUS + base, 0)
        self.transmissions.append((slot, bytes(self.memory[address : address + octets])))
        self.queued.append(slot)
        if self.finish_after_ns is not None:
            last_ns = self.kernel.now_ns + self.finish_after_ns * len(self.queued)
            self.kernel.call_at(last_ns, self._finish_later, slot)

    def _drive_line(self) -> None:
        if self.peek(r.REG_INT_STATUS) & self.peek(r.REG_INT_MASK):
            self.irq.set()
        else:
            self.irq.clear()
