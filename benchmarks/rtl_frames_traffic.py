"""The work that both sides of ``benchmarks.rtl_frames`` do, and the fast side of it; runs inside the simulator.

Two Verilog adapters of ``segment_bench`` send each other frames of 1500 octets of data, both at once, as fast as the
medium lets them, and every received frame is compared octet by octet, FCS included. ``raw`` is the least a program can
do: a batch that reads what has happened, and one that takes the frames and fills the slots. ``driver`` puts the LAN
driver above the same buses. ``RTL_FRAMES`` gives the work: ``<raw|driver> <half|full> <frames of each station>``.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Write32, WriteBlock, padded
from rig.adapter.device import TransmitOutcome
from rig.adapter.mac_rom import MacRom
from rig.backends.rtl import RtlBench, RtlStation
from rig.driver.config import DriverConfig
from rig.driver.driver import NicDriver
from rig.runtime.kernel import Scheduler
from rig.wire.fcs import FCS_OCTETS, fcs

DATA_OCTETS = 1500
HEADER_OCTETS = 14
FRAME_OCTETS = HEADER_OCTETS + DATA_OCTETS + FCS_OCTETS
PAGE_OCTETS = 256
FRAME_PAGES = -(-(r.RX_HEADER_OCTETS + FRAME_OCTETS) // PAGE_OCTETS)
RING_START = r.TX_SLOT_COUNT * FRAME_PAGES
RING_STOP = 10 * FRAME_PAGES  # a whole number of frames, so that none wraps
STORED_OCTETS = -(-(r.RX_HEADER_OCTETS + FRAME_OCTETS) // 4) * 4
RESET_READS = 5  # accesses that outlast a soft reset
MACS = tuple(bytes.fromhex(f"02000000000{station}") for station in (1, 2))
RECORDS = "records.txt"
LOOK_NS = 100_000  # how often to look whether all is done
LIMIT_NS = 10_000_000  # simulated time for each frame, far beyond what sixteen collisions take

_NUMBER = struct.Struct(">I")
_SLOT = struct.Struct("<4I")
_HEADER = struct.Struct(r.RX_HEADER_FORMAT)


@dataclass(frozen=True, slots=True)
class Work:
    """What RTL_FRAMES says."""

    variant: str
    full_duplex: bool
    frames: int
    """Of each station."""


def work() -> Work:
    """Return the work that the environment names."""
    variant, duplex, count = os.environ["RTL_FRAMES"].split()
    return Work(variant, duplex == "full", int(count))


class Frames:
    """The frames of one station: random data under a number, so that no two are alike."""

    def __init__(self, sender: int, receiver: int) -> None:
        self._header = MACS[receiver] + MACS[sender] + b"\x88\xb5"  # local experimental, IEEE Std 802
        self._data = Random(sender).randbytes(DATA_OCTETS - _NUMBER.size)
        self._next = 0  # that may arrive

    def frame(self, number: int) -> bytes:
        """Return frame ``number``, without FCS."""
        return self._header + _NUMBER.pack(number) + self._data

    def check(self, octets: bytes) -> None:
        """Insist that ``octets``, FCS included, are a frame of these, and that it comes after the last one."""
        (number,) = _NUMBER.unpack_from(octets, HEADER_OCTETS)
        frame = self.frame(number)
        if octets != frame + fcs(frame) or number < self._next:
            raise AssertionError(f"after frame {self._next - 1} came a damaged frame or an older one: {octets.hex()}")
        self._next = number + 1


class Tally:
    """How far the exchange is: it is over when every frame has arrived, or was given up after its last attempt."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self.arrived = 0
        self.given_up = 0

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.arrived + self.given_up >= self._frames


def set_up_operations(station: int, control: int) -> list[Operation]:
    """Return the batch that resets an adapter, sets it up and switches it on with ``control`` beside both enables."""
    low, high = struct.unpack("<IH", MACS[station])
    return [
        Write32(r.REG_CTRL, r.CTRL_SOFT_RESET),
        *[Read32(r.REG_ID)] * RESET_READS,
        Write32(r.REG_MAC_ADDR_LO, low),
        Write32(r.REG_MAC_ADDR_HI, high),
        Write32(r.REG_BACKOFF_SEED, station + 1),
        Write32(r.REG_RX_START, RING_START),
        Write32(r.REG_RX_STOP, RING_STOP),
        Write32(r.REG_RX_BNRY, RING_START),
        Write32(r.REG_INT_MASK, r.INT_STATUS_RX | r.INT_STATUS_TX),
        Write32(r.REG_CTRL, r.CTRL_RESET | control | r.CTRL_TX_EN | r.CTRL_RX_EN),
    ]


class RawStation:
    """One adapter, served by hand: what it sends to ``peer`` and what ``peer`` sends to it.

    ``sent`` and ``heard`` count the frames of the two directions; the station of the other side shares them.
    """

    def __init__(self, station: int, peer: int, bus: AdapterBus, frames: int, sent: Tally, heard: Tally) -> None:
        self._station = station
        self._bus = bus
        self._frames = frames
        self._mine = Frames(station, peer)
        self._theirs = Frames(peer, station)
        self._sent_tally, self._heard_tally = sent, heard
        self._sent = 0
        self._done = 0
        self._page = RING_START

    async def run(self, control: int) -> None:
        """Set the adapter up and serve it until cancelled."""
        await self._bus.transaction(set_up_operations(self._station, control))
        await self._serve(self._page)
        while True:
            await self._bus.irq.wait()
            state = await self._bus.transaction(
                [
                    Write32(r.REG_INT_STATUS, r.INT_STATUS_RX | r.INT_STATUS_TX),
                    ReadBlock(r.REG_TX_PAGE, r.TX_SLOT_COUNT * r.TX_SLOT_STRIDE),
                    Read32(r.REG_RX_CURR),
                ]
            )
            self._collect(cast(bytes, state[1]))
            await self._serve(cast(int, state[2]))

    def _collect(self, slots: bytes) -> None:
        """Count the frames that have been sent since last time."""
        while self._done < self._sent:
            status = _SLOT.unpack_from(slots, self._done % r.TX_SLOT_COUNT * r.TX_SLOT_STRIDE)[3]
            if not status & r.TX_STATUS_DONE:
                return
            if not status & r.TX_STATUS_OK:
                self._sent_tally.given_up += 1
            self._done += 1

    async def _serve(self, ring_end: int) -> None:
        """Take the frames up to page ``ring_end`` and fill the free slots, in one batch."""
        operations: list[Operation] = []
        while self._page != ring_end:
            operations.append(ReadBlock(r.WIN_BUFFER + self._page * PAGE_OCTETS, STORED_OCTETS))
            self._page += FRAME_PAGES
            if self._page == RING_STOP:
                self._page = RING_START
        if operations:
            operations.append(Write32(r.REG_RX_BNRY, self._page))
        while self._sent < self._frames and self._sent - self._done < r.TX_SLOT_COUNT:
            slot = self._sent % r.TX_SLOT_COUNT
            page = slot * FRAME_PAGES
            frame = self._mine.frame(self._sent)
            operations.append(WriteBlock(r.WIN_BUFFER + page * PAGE_OCTETS, padded(frame)))
            command = struct.pack("<3I", page, len(frame), r.TX_COMMAND_SEND)
            operations.append(WriteBlock(r.REG_TX_PAGE + slot * r.TX_SLOT_STRIDE, command))
            self._sent += 1
        if not operations:
            return
        for stored in await self._bus.transaction(operations):
            if isinstance(stored, bytes):
                octets = _HEADER.unpack_from(stored)[1]
                self._theirs.check(stored[r.RX_HEADER_OCTETS : r.RX_HEADER_OCTETS + octets])
                self._heard_tally.arrived += 1


async def drive(scheduler: Scheduler, driver: NicDriver, station: int, frames: int, sent: Tally, heard: Tally) -> None:
    """Send all frames of a station through its driver and take what arrives, until cancelled."""
    mine, theirs = Frames(station, 1 - station), Frames(1 - station, station)
    number = 0
    while True:
        driver.irq.clear()
        driver.tx_ready.clear()
        while number < frames and driver.try_transmit(mine.frame(number)):
            number += 1
        while (taken := driver.receive()) is not None:
            if taken.fcs is None:
                raise AssertionError("the driver shows no FCS")
            theirs.check(taken.octets + taken.fcs)
            heard.arrived += 1
        sent.given_up += sum(result.outcome is not TransmitOutcome.OK for result in driver.transmit_results())
        await scheduler.wait_first(driver.irq, driver.tx_ready)


async def main(kernel: Any, dut: Any) -> dict[str, float]:
    """Do the work; return ``frames`` that arrived, and the ``cpu_s`` and ``sim_ns`` that they took."""
    todo = work()
    stations = [RtlStation(f"s{station}", MacRom(mac).serialize()) for station, mac in enumerate(MACS)]
    bench = RtlBench(kernel, dut, stations, full_duplex=todo.full_duplex, records=Path(RECORDS))
    tallies = [Tally(todo.frames) for _ in stations]
    coroutines: list[Coroutine[Any, Any, None]] = []
    for station, bus in enumerate(bench.buses):
        sent, heard = tallies[station], tallies[1 - station]
        if todo.variant == "raw":
            control = r.CTRL_FULL_DUPLEX if todo.full_duplex else 0
            coroutines.append(RawStation(station, 1 - station, bus, todo.frames, sent, heard).run(control))
        else:
            driver = NicDriver(kernel, bus, DriverConfig(full_duplex=todo.full_duplex))
            await driver.start()
            coroutines += [driver.run(), drive(kernel, driver, station, todo.frames, sent, heard)]
    start_s, start_ns = time.process_time(), kernel.now_ns
    tasks = [kernel.spawn(coroutine) for coroutine in coroutines]
    while not all(tally.is_complete for tally in tallies):
        await kernel.sleep_until(kernel.now_ns + LOOK_NS)
        if kernel.now_ns - start_ns > todo.frames * LIMIT_NS:
            raise AssertionError(f"the exchange has not ended: {[tally.arrived for tally in tallies]} frames arrived")
    cpu_s, sim_ns = time.process_time() - start_s, kernel.now_ns - start_ns
    for task in tasks:
        task.cancel()
    return {"frames": sum(tally.arrived for tally in tallies), "cpu_s": cpu_s, "sim_ns": sim_ns}
