"""Let a stimulus happen on a bench, and write down everything that its hosts can read. The same code for both sides.

Nothing here may depend on the order in which a simulator reports what happens in one ns. So every host decides what it
does next only at times that are its own: bus clock edges, where acknowledges and interrupts happen, are at multiples of
20 ns, and host i looks at ``1 + i`` ns after one. Apart from that a host is a driver reduced to its accesses.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Mapping, Sequence

from rig.adapter import registers as reg
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Result, Write32, WriteBlock, padded
from rig.adapter.regmap import load
from rig.build.bench import Bench
from rig.errors import BusError, UsageError
from rig.regress.compare.record import Fact, Record
from rig.regress.compare.stimulus import EPISODE_GRID_NS, Episode, Part, Poke, Step, Stimulus, station_name
from rig.runtime.kernel import FOREVER_NS, Event, Scheduler
from rig.units import bit_time_ns

PAGE_OCTETS = 256
SLOT_PAGES = 6
"""Of buffer memory for each transmit slot: slot s begins at page 6 * s, the rest is for the ring."""
RING_FIRST_PAGE = SLOT_PAGES * reg.TX_SLOT_COUNT

BUS_PERIOD_NS = 20
STATION_LIMIT = BUS_PERIOD_NS - 2
"""Stations that can each have a ns of their own between two bus edges, and one for the conductor."""

POLL_BITS = 8_000
"""A host looks at its adapter this often even if no interrupt comes."""
QUIET_BITS = 6_000
"""From the end of the last transmission until registers are read: more than propagation, a PAUSE frame and its time."""
PATIENCE_BITS = 240_000
"""An episode that lasts longer than this is ended by a soft reset of every adapter in it."""


async def play(scheduler: Scheduler, bench: Bench, stimulus: Stimulus) -> Record:
    """Play ``stimulus`` to its end; call once, as the main task of a kernel at time 0."""
    if len(stimulus.places) > STATION_LIMIT:
        raise UsageError(f"{len(stimulus.places)} stations; the comparison can tell {STATION_LIMIT} apart")
    return await _Conductor(scheduler, bench, stimulus).run()


class _Conductor:
    """Begins the episodes, and reads all registers between them."""

    def __init__(self, scheduler: Scheduler, bench: Bench, stimulus: Stimulus) -> None:
        self._scheduler = scheduler
        self._bench = bench
        self._stimulus = stimulus
        self._bit_ns = bit_time_ns(stimulus.speed_mbps)
        self._record = Record()
        self._names = {
            address: register.name if register.count == 1 else f"{register.name}[{index}]"
            for register in load().registers
            if register.access != "wo"
            for index, address in enumerate(register.offsets())
        }
        numbers = sorted({part.station for episode in stimulus.episodes for part in episode.parts})
        self._hosts = {
            number: _Host(scheduler, bench.bus(station_name(number)), number, self._bit_ns, self._record)
            for number in numbers
        }

    async def run(self) -> Record:
        scheduler = self._scheduler
        for episode in self._stimulus.episodes:
            begin_ns = (scheduler.now_ns // EPISODE_GRID_NS + 1) * EPISODE_GRID_NS
            self._record.episodes_ns.append(begin_ns)
            await self._play(episode, begin_ns)
            quiet_ns = max(scheduler.now_ns, begin_ns + episode.bits * self._bit_ns) + QUIET_BITS * self._bit_ns
            await scheduler.sleep_until(_own_time(quiet_ns, STATION_LIMIT))
            for dump in [scheduler.spawn(host.dump(self._names)) for host in self._hosts.values()]:
                await dump
            await scheduler.sleep_until(_own_time(scheduler.now_ns, STATION_LIMIT))
        self._record.timeline = await self._bench.finish()
        self._record.end_ns = scheduler.now_ns
        return self._record

    async def _play(self, episode: Episode, begin_ns: int) -> None:
        scheduler = self._scheduler
        end_ns = begin_ns + (episode.bits + PATIENCE_BITS) * self._bit_ns
        company = _Company(scheduler.event("all idle"), len(episode.parts))
        tasks = [
            scheduler.spawn(self._hosts[part.station].run(part, begin_ns, end_ns, company), f"host {part.station}")
            for part in episode.parts
        ]
        for task in tasks:
            await task


class _Company:
    """The hosts of an episode, who wait for each other."""

    def __init__(self, all_idle: Event, count: int) -> None:
        self.all_idle = all_idle
        self._busy = count
        if not count:
            all_idle.set()

    def leave(self) -> None:
        """One of them has nothing more to send."""
        self._busy -= 1
        if not self._busy:
            self.all_idle.set()


class _Host:
    """What drives one adapter."""

    def __init__(self, scheduler: Scheduler, bus: AdapterBus, number: int, bit_ns: int, record: Record) -> None:
        self._scheduler = scheduler
        self._bus = bus
        self._number = number
        self._name = station_name(number)
        self._bit_ns = bit_ns
        self._record = record
        self._part = Part(number, ())
        self._queued: set[int] = set()
        self._ring = range(0)
        self._boundary = 0

    async def run(self, part: Part, begin_ns: int, end_ns: int, company: _Company) -> None:
        """Do a part from ``begin_ns``; end when all of the company are idle, or at ``end_ns``."""
        scheduler = self._scheduler
        self._part = part
        steps = deque(sorted(part.steps, key=lambda step: step.at_ns))
        await scheduler.sleep_until(_own_time(begin_ns, self._number))
        await self._set_up(part)
        is_idle = False
        poll_ns = scheduler.now_ns + POLL_BITS * self._bit_ns
        service_ns: int | None = None
        while not company.all_idle.is_set():
            await scheduler.sleep_until(_own_time(scheduler.now_ns, self._number))
            now_ns = scheduler.now_ns
            if service_ns is None and self._bus.irq.is_set():
                service_ns = now_ns + part.service_delay_ns
            if now_ns >= end_ns:
                self._tell("gives up")
                await self._transact([Write32(reg.REG_CTRL, reg.CTRL_SOFT_RESET)])
                self._queued.clear()
                steps.clear()
                end_ns = FOREVER_NS
            elif now_ns >= poll_ns or (service_ns is not None and now_ns >= service_ns):
                await self._service()
                poll_ns = scheduler.now_ns + POLL_BITS * self._bit_ns
                service_ns = None
            elif steps and now_ns >= begin_ns + steps[0].at_ns and self._can_do(steps[0]):
                await self._do(steps.popleft())
            else:
                if not is_idle and not steps and not self._queued:
                    is_idle = True
                    company.leave()
                    continue
                wait_ns = min(poll_ns, end_ns)
                if service_ns is not None:
                    wait_ns = min(wait_ns, service_ns)
                if steps and self._can_do(steps[0]):
                    wait_ns = min(wait_ns, begin_ns + steps[0].at_ns)
                events = (company.all_idle,) if service_ns is not None else (company.all_idle, self._bus.irq)
                await scheduler.wait_first(*events, deadline_ns=_own_time(wait_ns, self._number))

    async def dump(self, names: Mapping[int, str]) -> None:
        """Write down the registers ``names`` (by address), the ROM, the counters, and when the slots finished."""
        await self._scheduler.sleep_until(_own_time(self._scheduler.now_ns, self._number))
        operations: list[Operation] = [Read32(address) for address in names]
        operations += [
            ReadBlock(reg.WIN_ROM, reg.WIN_ROM_OCTETS),
            ReadBlock(reg.WIN_TX_TIME, reg.WIN_TX_TIME_OCTETS),
            ReadBlock(reg.WIN_COUNTERS, reg.WIN_COUNTERS_OCTETS),
        ]
        results = await self._transact(operations)
        if results is None:
            return
        *windows, counters = results[len(names) :]
        for name, value in zip(names.values(), results, strict=False):
            assert isinstance(value, int)
            self._tell(f"register {name} {value:#x}")
        for name, window in zip(("ROM", "TX_TIME"), windows, strict=True):
            assert isinstance(window, bytes)
            self._tell(f"window {name} {window.hex()}")
        assert isinstance(counters, bytes)
        for index, (value,) in enumerate(struct.iter_unpack("<I", counters)):
            if value:
                self._tell(f"counter {reg.COUNTER_NAMES.get(index, index)} {value}")

    async def _set_up(self, part: Part) -> None:
        self._queued.clear()
        if part.setup:
            await self._write(part.setup)

    async def _write(self, pairs: Sequence[tuple[int, int]]) -> None:
        values = dict(pairs)
        if reg.REG_RX_START in values and reg.REG_RX_STOP in values:
            self._ring = range(values[reg.REG_RX_START], values[reg.REG_RX_STOP])
            self._boundary = self._ring.start
        await self._transact([Write32(address, value) for address, value in pairs])

    def _can_do(self, step: Step) -> bool:
        return isinstance(step, Poke) or step.slot not in self._queued

    async def _do(self, step: Step) -> None:
        if isinstance(step, Poke):
            await self._write(step.writes)
            return
        page = SLOT_PAGES * step.slot
        command = struct.pack("<3I", page, step.octets, reg.TX_COMMAND_SEND)
        operations: list[Operation] = [
            WriteBlock(reg.REG_TX_PAGE + reg.TX_SLOT_STRIDE * step.slot, command),
        ]
        frame = step.frame()[: SLOT_PAGES * PAGE_OCTETS]  # a length that will be refused must not spoil the next slot
        if frame:
            operations.insert(0, WriteBlock(reg.WIN_BUFFER + PAGE_OCTETS * page, padded(frame)))
        self._queued.add(step.slot)
        await self._transact(operations)

    async def _service(self) -> None:
        """Do what an interrupt service does: find out, acknowledge, take frames out of the ring."""
        slots = reg.TX_SLOT_COUNT * reg.TX_SLOT_STRIDE
        results = await self._transact([
            Read32(reg.REG_INT_STATUS), Read32(reg.REG_ERROR), Read32(reg.REG_RX_CURR),
            ReadBlock(reg.REG_TX_PAGE, slots),
        ])  # fmt: skip
        if results is None:
            return
        causes, error, current, block = results
        assert isinstance(causes, int) and isinstance(error, int) and isinstance(current, int)
        assert isinstance(block, bytes)
        told = []
        for slot, (_, octets, command, status) in enumerate(struct.iter_unpack("<4I", block)):
            told.append(f"{octets}/{command}/{status:#x}")
            if not command & reg.TX_COMMAND_SEND:
                self._queued.discard(slot)
        self._tell(f"service INT_STATUS {causes:#x} ERROR {error:#x} RX_CURR {current} slots {' '.join(told)}")
        operations: list[Operation] = [Write32(reg.REG_INT_STATUS, causes)]
        if error:
            operations.append(Write32(reg.REG_ERROR, error))
        pages = self._filled_pages(current)
        if pages and self._part.reads_frames:
            operations += [
                ReadBlock(reg.WIN_BUFFER + PAGE_OCTETS * run.start, PAGE_OCTETS * len(run)) for run in _runs(pages)
            ]
        if pages:
            operations.append(Write32(reg.REG_RX_BNRY, current))
        results = await self._transact(operations)
        if results is None or not pages:
            return
        self._boundary = current
        if self._part.reads_frames:
            self._tell_frames(pages, b"".join(each for each in results if isinstance(each, bytes)))

    def _filled_pages(self, current: int) -> list[int]:
        """Return the pages from the boundary up to the current one; none if that is not in the ring."""
        if current not in self._ring:
            return []
        count = (current - self._boundary) % len(self._ring)
        return [self._ring[(self._boundary - self._ring.start + i) % len(self._ring)] for i in range(count)]

    def _tell_frames(self, pages: Sequence[int], content: bytes) -> None:
        """Write down each frame of some pages with its header; what lies behind it in its last page is nobody's."""
        position = 0
        while position < len(pages):
            at = PAGE_OCTETS * position
            status, octets, following, time_ns = struct.unpack_from(reg.RX_HEADER_FORMAT, content, at)
            length = reg.RX_HEADER_OCTETS + octets
            frame = content[at + reg.RX_HEADER_OCTETS : at + length]
            self._tell(
                f"frame page {pages[position]} status {status:#x} octets {octets} next {following} time {time_ns}"
                f" {frame.hex()}"
            )
            position += -(-length // PAGE_OCTETS)

    async def _transact(self, operations: Sequence[Operation]) -> list[Result] | None:
        """Do a batch; None, and a line, if the adapter refuses it."""
        try:
            results = await self._bus.transaction(operations)
        except BusError as error:
            self._tell(f"refused operation {error.index} address {error.address:#06x}")
            return None
        for result in results:
            if result is not None:
                self._record.accesses += 1 if isinstance(result, int) else len(result) // 4
        return results

    def _tell(self, text: str) -> None:
        self._record.facts.append(Fact(self._scheduler.now_ns, self._name, text))


def _own_time(t_ns: int, number: int) -> int:
    """Return the first time from ``t_ns`` on that belongs to a host, or, after the last of them, to the conductor."""
    return t_ns + (1 + number - t_ns) % BUS_PERIOD_NS


def _runs(pages: Sequence[int]) -> list[range]:
    """Return the pages as runs of neighbours, at most two."""
    for index in range(1, len(pages)):
        if pages[index] != pages[index - 1] + 1:
            return [range(pages[0], pages[index - 1] + 1), range(pages[index], pages[-1] + 1)]
    return [range(pages[0], pages[-1] + 1)]
