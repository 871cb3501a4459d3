"""The slow side of ``benchmarks.rtl_frames``: a bench that enters Python at every clock edge that matters to it.

Wishbone is driven pin by pin by a master that waits for each edge of its clock during an access, and the MII nibble by
nibble by a monitor and a source that wait for every edge, as benches of Ethernet cores usually do. It is written with
care: triggers and handles are made once, a pin is written only when it changes, and the clocks are made in Verilog. One
adapter in full duplex hears its own frames again, through Python, so a frame means the same work for the design as on
the fast side: once through the transmitter of an adapter and once through a receiver.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge, Timer

from benchmarks.rtl_frames_traffic import LOOK_NS, RawStation, Tally, work
from rig.adapter import registers as r
from rig.adapter.bus import Operation, Read32, ReadBlock, Result, Write32
from rig.wire.fcs import has_good_fcs

RESET_EDGES = 4
PREAMBLE_NIBBLES = 16
GAP_NIBBLES = 24


class PinIrq:
    """The interrupt pin, as the station waits for it."""

    def __init__(self, dut: Any) -> None:
        self._pin = dut.irq

    async def wait(self) -> None:
        """Wait until the pin is high."""
        if not int(self._pin.value):
            await RisingEdge(self._pin)


class PinBus:
    """A Wishbone master that waits for every edge of its clock; a transaction is simply one access after the other."""

    def __init__(self, dut: Any) -> None:
        self.irq = PinIrq(dut)
        self._edge = RisingEdge(dut.clk_bus)
        self._stb, self._we, self._adr = dut.wb_stb, dut.wb_we, dut.wb_adr
        self._dat_w, self._dat_r = dut.wb_dat_w, dut.wb_dat_r
        self._ack, self._err = dut.wb_ack, dut.wb_err

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """Do ``operations``; see :class:`~rig.adapter.bus.AdapterBus`."""
        results: list[Result] = []
        self._stb.value = 1
        for operation in operations:
            match operation:
                case Read32():
                    self._we.value = 0
                    results.append(await self._access(operation.address))
                case ReadBlock():
                    self._we.value = 0
                    end = operation.address + operation.octets
                    words = [await self._access(address) for address in range(operation.address, end, 4)]
                    results.append(b"".join(word.to_bytes(4, "little") for word in words))
                case Write32():
                    self._we.value = 1
                    self._dat_w.value = operation.value
                    await self._access(operation.address)
                    results.append(None)
                case _:
                    self._we.value = 1
                    for offset in range(0, len(operation.data), 4):
                        self._dat_w.value = int.from_bytes(operation.data[offset : offset + 4], "little")
                        await self._access(operation.address + offset)
                    results.append(None)
        self._stb.value = 0
        return results

    async def _access(self, address: int) -> int:
        self._adr.value = address
        while True:
            await self._edge
            if int(self._ack.value):  # the adapter has raised it at this edge; a master samples it at the next
                break
            if int(self._err.value):
                raise AssertionError(f"access to 0x{address:04X} was refused")
        data = int(self._dat_r.value)
        await self._edge
        return data


async def watch_mii(dut: Any, arrived: deque[list[int]]) -> None:
    """Collect what the adapter sends, nibble by nibble, check each frame's FCS, and hand its nibbles on."""
    edge, tx_en, txd = RisingEdge(dut.clk_mii), dut.mii_tx_en, dut.mii_txd
    nibbles: list[int] = []
    while True:
        await edge
        if int(tx_en.value):
            nibbles.append(int(txd.value))
        elif nibbles:
            body = nibbles[PREAMBLE_NIBBLES:]
            octets = bytes(low | high << 4 for low, high in zip(body[::2], body[1::2], strict=True))
            if not has_good_fcs(octets):
                raise AssertionError(f"a frame was sent with a bad FCS: {octets.hex()}")
            arrived.append(nibbles)
            nibbles = []


async def drive_mii(dut: Any, frames: deque[list[int]]) -> None:
    """Play frames to the adapter, nibble by nibble, with a gap after each."""
    edge, rx_dv, rxd = RisingEdge(dut.clk_mii), dut.mii_rx_dv, dut.mii_rxd
    while True:
        await edge
        if not frames:
            continue
        rx_dv.value = 1
        for nibble in frames.popleft():
            rxd.value = nibble
            await edge
        rx_dv.value = 0
        for _ in range(GAP_NIBBLES - 1):  # the edge that looks for the next frame is one of the gap
            await edge


async def exchange(dut: Any, frames: int) -> dict[str, float]:
    """Send and receive all frames of the work; return the same as the fast side."""
    edge = RisingEdge(dut.clk_bus)
    for _ in range(RESET_EDGES):
        await edge
    dut.rst.value = 0
    frames_on_the_wire: deque[list[int]] = deque()
    phy = [
        cocotb.start_soon(watch_mii(dut, frames_on_the_wire)),
        cocotb.start_soon(drive_mii(dut, frames_on_the_wire)),
    ]
    tally = Tally(frames)
    station = RawStation(0, 0, PinBus(dut), frames, tally, tally)
    start_s = time.process_time()
    service = cocotb.start_soon(station.run(r.CTRL_FULL_DUPLEX))
    while not tally.is_complete:
        await Timer(LOOK_NS, "ns")
    cpu_s = time.process_time() - start_s
    service.cancel()
    for task in phy:
        task.cancel()
    return {"frames": tally.arrived, "cpu_s": cpu_s}


async def main(kernel: Any, dut: Any) -> dict[str, float]:
    """Do the work; return ``frames`` that arrived and the ``cpu_s`` they took."""
    task = cocotb.start_soon(exchange(dut, work().frames))
    await kernel.trigger(task.complete)
    result: dict[str, float] = task.result()
    return result
