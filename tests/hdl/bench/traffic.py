"""Seeded traffic for any bench, by bus transactions only, and everything a program could see of it.

The same coroutines run on twins in virtual time and on Verilog adapters in a simulator. They never depend on anything
but the results and the times of their own transactions, so two exact benches give the same transcript, word for word
and ns for ns.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Result, Write32, WriteBlock, padded
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline
from rig.errors import AdapterFault
from rig.runtime.kernel import Kernel
from rig.units import bit_time_ns

PAGE_OCTETS = 256
SLOT_PAGES = 8
RING_FIRST = r.TX_SLOT_COUNT * SLOT_PAGES
BROADCAST = b"\xff" * 6
GROUP = bytes.fromhex("01005e000001")  # hash entry 31
UNTIMED_STATUS = r.STATUS_DEFERRING | r.STATUS_RX_BUSY  # hints, whose edges the page leaves open
POWER_SETTLES_NS = 2000  # a shorter interruption might not reset the MII side at 10 Mb/s
QUIET_BITS = 40_000  # after the last step, for what is still queued
SEND, SERVICE, INTERRUPT, INJECT, LOOK, POWER, RESET = (
    "send", "service", "interrupt", "inject", "look", "power", "reset",
)  # fmt: skip


class Bench(Protocol):
    """What the traffic needs of a bench."""

    def bus(self, name: str) -> AdapterBus: ...
    def power(self, name: str, on: bool) -> None: ...
    async def finish(self) -> Timeline: ...


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do at ``t_ns``, or as soon as the station is free after it."""

    t_ns: int
    kind: str
    slot: int = 0
    octets: bytes = b""
    words: tuple[int, ...] = ()
    on: bool = True


@dataclass(slots=True)
class Station:
    """One station: where it is, how it is set up, what it does."""

    name: str
    mac: bytes
    position_bits: int
    phase_ns: int
    control: int
    set_up: list[Operation]
    ring_stop: int
    steps: list[Step] = field(default_factory=list)

    @property
    def rom_image(self) -> bytes:
        return MacRom(self.mac).serialize()


@dataclass(slots=True)
class Traffic:
    """A whole run."""

    speed_mbps: int
    full_duplex: bool
    garbage_seed: int
    stations: list[Station]
    end_ns: int


def mac_of(index: int) -> bytes:
    return bytes([2, 0, 0, 0, 0, index + 1])


def make(seed: int, stations: int, flavour: str) -> Traffic:
    """Return the traffic for a seed. ``flavour``: half, full, ten (10 Mb/s); far; odd (settings and events)."""
    source = Random(f"{flavour}/{stations}/{seed}")
    speed_mbps = 10 if "ten" in flavour else 100
    full_duplex = "full" in flavour
    bit_ns = bit_time_ns(speed_mbps)
    span_bits = source.choice([0, 40, 250, 2000] if "far" in flavour else [0, 40, 250])
    horizon_ns = source.choice([4000, 20_000, 60_000]) * bit_ns // 10 * 10
    traffic = Traffic(speed_mbps, full_duplex, source.getrandbits(32), [], 0)
    for index in range(stations):
        station = _station(source, traffic, index, span_bits, "odd" in flavour)
        station.steps = _steps(source, station, stations, horizon_ns, bit_ns, "odd" in flavour)
        traffic.stations.append(station)
    traffic.end_ns = horizon_ns + QUIET_BITS * bit_ns * (2 if stations > 2 else 1)
    return traffic


def _station(source: Random, traffic: Traffic, index: int, span_bits: int, is_odd: bool) -> Station:
    control = r.CTRL_RESET | r.CTRL_TX_EN | r.CTRL_RX_EN
    control |= r.CTRL_SPEED100 if traffic.speed_mbps == 100 else 0
    control |= r.CTRL_FULL_DUPLEX if traffic.full_duplex else 0
    gap = (64, 32)
    attempts, limit, slot_bits, jam_bits = 16, 10, 512, 32
    rx_config = r.RX_CFG_BCAST | source.choice([1518, 1522, 2000]) << r.RX_CFG_MAX_FRAME_LSB
    ring_stop = 64
    if is_odd:
        control &= ~source.choice([0, 0, r.CTRL_PAD_EN, r.CTRL_FCS_EN, r.CTRL_LATE_RETRY, r.CTRL_DEFER_FOREVER])
        control |= source.choice([0] * 12 + [r.CTRL_NO_BACKOFF, r.CTRL_FORCE_COL, r.CTRL_LOOPBACK])
        gap = source.choice([(64, 32), (64, 32), (0, 96), (32, 32), (60, 8), (16, 0), (65, 35)])
        attempts = source.choice([16, 16, 1, 3])
        limit = source.choice([10, 10, 3, 15])
        slot_bits = source.choice([512, 512, 64, 128, 300])
        jam_bits = source.choice([32, 32, 4, 64, 200])
        rx_config |= source.choice([0, r.RX_CFG_PROMISC]) | source.choice([0, r.RX_CFG_MCAST])
        rx_config |= source.choice([0, 0, r.RX_CFG_ACCEPT_RUNT]) | source.choice([0, 0, r.RX_CFG_ACCEPT_ERR])
        ring_stop = source.choice([64, RING_FIRST + 3, RING_FIRST + 9])
    mac = mac_of(index)
    set_up: list[Operation] = [
        Write32(r.REG_MAC_ADDR_LO, int.from_bytes(mac[:4], "little")),
        Write32(r.REG_MAC_ADDR_HI, int.from_bytes(mac[4:], "little")),
        Write32(r.REG_IPG, gap[0] << r.IPG_PART1_LSB | gap[1] << r.IPG_PART2_LSB),
        Write32(
            r.REG_COLLISION_CFG,
            attempts << r.COLLISION_CFG_ATTEMPT_LIMIT_LSB | limit << r.COLLISION_CFG_BACKOFF_LIMIT_LSB
            | slot_bits << r.COLLISION_CFG_SLOT_TIME_LSB | jam_bits << r.COLLISION_CFG_JAM_SIZE_LSB,
        ),
        Write32(r.REG_BACKOFF_SEED, source.getrandbits(32)),
        Write32(r.REG_MHASH_LO, 1 << 31),
        Write32(r.REG_RX_CFG, rx_config),
        Write32(r.REG_RX_START, RING_FIRST),
        Write32(r.REG_RX_STOP, ring_stop),
        Write32(r.REG_RX_BNRY, RING_FIRST),
        Write32(r.REG_INT_MASK, source.choice([0xFF, 0xFF, r.INT_STATUS_RX, r.INT_STATUS_TX, 0])),
        Write32(r.REG_IRQ_MODERATION, source.choice([0, 0, 3, 2 << 8, 1 << 8 | 4]) if is_odd else 0),
        Write32(r.REG_CTRL, control),
    ]  # fmt: skip
    nibble_ns = 4 * bit_time_ns(traffic.speed_mbps)
    phase_ns = source.choice([7 * index % nibble_ns, source.randrange(nibble_ns)])
    return Station(f"s{index}", mac, source.randrange(span_bits + 1), phase_ns, control, set_up, ring_stop)


def _steps(
    source: Random, station: Station, stations: int, horizon_ns: int, bit_ns: int, is_odd: bool
) -> list[Step]:  # fmt: skip
    own = int(station.name[1:])
    others = [mac_of(index) for index in range(stations) if index != own]
    steps = []
    meeting_ns = [source.randrange(5000, 5000 + horizon_ns) for _ in range(3)]
    for _ in range(source.randrange(3, 12)):
        kind = source.choice([SEND] * 7 + [SERVICE, INTERRUPT, INJECT, LOOK])
        # Many want to send at once, some a little apart.
        t_ns = source.choice([source.randrange(5000, 5000 + horizon_ns), source.choice(meeting_ns)])
        t_ns += source.choice([0, source.randrange(200), source.randrange(40 * bit_ns)])
        destination = source.choice([*others, *others, BROADCAST, GROUP])
        size = source.choice([46, source.randrange(46), source.randrange(46, 200), source.randrange(200, 1501)])
        ethertype = source.choice([b"\x88\xb5"] * 3 + [size.to_bytes(2, "big"), (size ^ 1).to_bytes(2, "big")])
        if is_odd:
            size = source.choice([size] * 12 + [0, 1501, 1900, 2030])
        octets = destination + mac_of(own) + ethertype + source.randbytes(size)
        words = tuple(source.choice([0, 0, 1, 2, source.getrandbits(16)]) for _ in range(source.randrange(1, 4)))
        steps.append(Step(t_ns, kind, source.randrange(r.TX_SLOT_COUNT), octets, words))
    if is_odd and source.random() < 0.25:
        lost_ns = source.randrange(5000, 5000 + horizon_ns)
        steps += [Step(lost_ns, POWER, on=False), Step(lost_ns + source.randrange(100, 20_000), POWER)]
    if is_odd and source.random() < 0.25:
        steps.append(Step(source.randrange(5000, 5000 + horizon_ns), RESET))
    return sorted(steps, key=lambda step: step.t_ns)


def frames_of(ring: bytes) -> list[bytes]:
    """Return the frames in pages of the ring, headers included, up to the end of their last word.

    What follows in the last page is left from frames that were dropped, and no business of anybody.
    """
    frames = []
    while ring:
        end = r.RX_HEADER_OCTETS + struct.unpack_from(r.RX_HEADER_FORMAT, ring)[1]
        frames.append(ring[: (end + 3) // 4 * 4])
        ring = ring[(end + PAGE_OCTETS - 1) // PAGE_OCTETS * PAGE_OCTETS :]
    return frames


class Player:
    """Runs the traffic and writes the transcript: (time, station, what, results)."""

    def __init__(self, kernel: Kernel, bench: Bench, traffic: Traffic) -> None:
        self.kernel = kernel
        self.bench = bench
        self.traffic = traffic
        self.transcript: list[str] = []

    async def run(self) -> dict[str, Any]:
        """Play to the end; return transcript, timeline and frames as JSON can hold them."""
        for task in [self.kernel.spawn(self._play(station)) for station in self.traffic.stations]:
            await task
        timeline = await self.bench.finish()
        return {
            "transcript": sorted(self.transcript, key=lambda line: (int(line.split()[0]), line.split()[1])),
            "events": [str(event.to_json()) for event in timeline.sorted_events()],
            "frames": [f"{frame.t_ns} {frame.station} {frame.octets.hex()}" for frame in timeline.sorted_frames()],
        }

    async def _play(self, station: Station) -> None:
        bus = self.bench.bus(station.name)
        await self._do(station, bus, "set-up", station.set_up)
        for step in station.steps:
            await self.kernel.sleep_until(step.t_ns)
            await self._step(station, bus, step)
        await self.kernel.sleep_until(self.traffic.end_ns)
        await self._service(station, bus)
        await self._do(
            station, bus, "end",
            [ReadBlock(r.WIN_COUNTERS, r.WIN_COUNTERS_OCTETS), ReadBlock(r.WIN_TX_TIME, r.WIN_TX_TIME_OCTETS),
             ReadBlock(r.REG_ID, r.REG_ERROR + 4), ReadBlock(r.REG_TX_PAGE, r.TX_SLOT_COUNT * r.TX_SLOT_STRIDE)],
        )  # fmt: skip

    async def _step(self, station: Station, bus: AdapterBus, step: Step) -> None:
        if step.kind == SEND:
            await self._send(station, bus, step)
        elif step.kind == SERVICE:
            await self._service(station, bus)
        elif step.kind == INTERRUPT:
            index = await self.kernel.wait_first(bus.irq, deadline_ns=step.t_ns + 100_000)
            self._note(station, "interrupt", [index])
            await self._service(station, bus)
        elif step.kind == INJECT:
            await self._do(station, bus, "inject", [Write32(r.REG_BACKOFF_INJECT, word) for word in step.words])
        elif step.kind == LOOK:
            await self._look(station, bus)
        elif step.kind == POWER:
            self.bench.power(station.name, step.on)
            await self.kernel.sleep_until(self.kernel.now_ns + POWER_SETTLES_NS)
            if step.on:
                await self._do(station, bus, "set-up", station.set_up)
        elif step.kind == RESET:
            reset: list[Operation] = [Write32(r.REG_CTRL, station.control | r.CTRL_SOFT_RESET)]
            await self._do(station, bus, "reset", reset + [Read32(r.REG_ID)] * 5 + station.set_up)

    async def _look(self, station: Station, bus: AdapterBus) -> None:
        words = (r.REG_TIME_LO, r.REG_TIME_HI, r.REG_BACKOFF_INJECT, r.REG_INT_STATUS)
        await self._do(station, bus, "look", [Read32(address) for address in words])
        try:
            (status,) = await bus.transaction([Read32(r.REG_STATUS)])
        except AdapterFault:
            return
        assert isinstance(status, int)
        self._note(station, "status", [status & ~UNTIMED_STATUS])

    async def _send(self, station: Station, bus: AdapterBus, step: Step) -> None:
        base = r.TX_SLOT_STRIDE * step.slot
        page = SLOT_PAGES * step.slot
        size = len(step.octets)
        results = await self._do(station, bus, "is-free", [Read32(r.REG_TX_COMMAND + base)])
        send = WriteBlock(r.REG_TX_PAGE + base, struct.pack("<3I", page, size & 0x7FF, r.TX_COMMAND_SEND))
        operations: list[Operation] = [send]
        if results == [0]:  # never touch what is being sent
            operations.insert(0, WriteBlock(r.WIN_BUFFER + PAGE_OCTETS * page, padded(step.octets)))
        await self._do(station, bus, "send", operations)

    async def _service(self, station: Station, bus: AdapterBus) -> None:
        """Acknowledge the causes and take the frames out of the ring."""
        results = await self._do(
            station, bus, "service",
            [Read32(r.REG_INT_STATUS), Write32(r.REG_INT_STATUS, 0xFF), Read32(r.REG_RX_BNRY), Read32(r.REG_RX_CURR),
             *[Read32(r.REG_TX_STATUS + r.TX_SLOT_STRIDE * slot) for slot in range(r.TX_SLOT_COUNT)]],
        )  # fmt: skip
        if results is None:
            return
        first, last = results[2], results[3]
        assert isinstance(first, int)
        assert isinstance(last, int)
        spans = [(first, last)] if first <= last else [(first, station.ring_stop), (RING_FIRST, last)]
        operations: list[Operation] = [
            ReadBlock(r.WIN_BUFFER + PAGE_OCTETS * begin, PAGE_OCTETS * (end - begin))
            for begin, end in spans
            if begin < end
        ]
        try:
            blocks = await bus.transaction([*operations, Write32(r.REG_RX_BNRY, last)])
        except AdapterFault:
            return
        ring = b"".join(block for block in blocks if isinstance(block, bytes))
        self._note(station, "drain", [frame.hex() for frame in frames_of(ring)])

    async def _do(
        self, station: Station, bus: AdapterBus, what: str, operations: list[Operation]
    ) -> list[Result] | None:
        try:
            results = await bus.transaction(operations)
        except AdapterFault:
            self._note(station, what, ["no power"])
            return None
        self._note(station, what, results)
        return results

    def _note(self, station: Station, what: str, results: list[Any]) -> None:
        shown = [result.hex() if isinstance(result, bytes) else result for result in results]
        self.transcript.append(f"{self.kernel.now_ns} {station.name} {what} {shown}")
