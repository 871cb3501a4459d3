"""The contract of FrameDevice, and what the LAN driver adds to it: coroutines that hold on every backend.

pytest runs them on two twins, cocotb on two RTL adapters. Each takes a :class:`DeviceBench`: the buses of two adapters
on one segment with nobody else, freshly powered or left over from another contract. :meth:`DeviceBench.connect` makes
and starts a driver on each. ``FRAME_CONTRACT`` asks for nothing but two frame devices, so it runs on network interfaces
too, from a bench with the same :meth:`connect`. Times are bounds on a wait, never assertions on a duration.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rig.adapter.bus import AdapterBus, Operation, Result
from rig.adapter.device import FrameDevice, ReceivedFrame, TransmitOutcome, TransmitResult
from rig.driver.config import DriverConfig
from rig.driver.driver import NicDriver
from rig.errors import UsageError
from rig.runtime.kernel import Cancelled, Scheduler, Task
from rig.wire.address import BROADCAST_MAC
from rig.wire.fcs import FCS_OCTETS, fcs

PATIENCE_NS = 100_000_000
"""Longest wait for anything; a frame of 1514 octets takes 1.2 ms at 10 Mb/s."""

ETHERTYPE = b"\x88\xb5"  # local experimental, IEEE Std 802
MIN_OCTETS = 60
MAX_OCTETS = 1514


class CountingBus:
    """Counts the round trips of a driver."""

    def __init__(self, bus: AdapterBus) -> None:
        self.irq = bus.irq
        self.round_trips = 0
        self._bus = bus

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """See AdapterBus."""
        self.round_trips += 1
        return await self._bus.transaction(operations)


@dataclass(slots=True)
class Pair:
    """Two devices that hear each other."""

    scheduler: Scheduler
    a: NicDriver
    b: NicDriver
    bus_a: CountingBus
    bus_b: CountingBus
    tasks: tuple[Task[None], ...]
    patience_ns: int = PATIENCE_NS
    rest_ns: int = 300_000

    def check_health(self) -> None:
        """Traffic alone must not have made a driver reset its adapter."""
        assert (self.a.statistics.resets, self.b.statistics.resets) == (0, 0)

    async def close(self) -> None:
        """Stop both drivers."""
        for task in self.tasks:
            task.cancel()
            try:
                await task
            except Cancelled:
                pass

    def frame(self, size: int, number: int = 0, destination: bytes | None = None, source: bytes | None = None) -> bytes:
        """Return a frame from ``a`` to ``b`` of ``size`` octets that tells its number; every octet of it counts."""
        header = (destination or self.b.capabilities.mac) + (source or self.a.capabilities.mac) + ETHERTYPE
        filler = bytes(number + 3 * index & 0xFF for index in range(max(0, size - len(header) - 4)))
        return (header + number.to_bytes(4, "big") + filler)[:size]

    async def send(self, device: FrameDevice, frames: Sequence[bytes]) -> None:
        """Transmit ``frames``, waiting for room as the device asks for."""
        for frame in frames:
            deadline_ns = self.scheduler.now_ns + self.patience_ns
            while not device.try_transmit(frame):
                device.tx_ready.clear()
                if device.try_transmit(frame):  # room that appeared before the clear
                    break
                assert await self.scheduler.wait_first(device.tx_ready, deadline_ns=deadline_ns) == 0, "no room"

    async def take(self, device: FrameDevice, count: int) -> list[ReceivedFrame]:
        """Return the next ``count`` frames of ``device``."""
        frames: list[ReceivedFrame] = []
        while True:
            device.irq.clear()
            while (frame := device.receive()) is not None:
                frames.append(frame)
            if len(frames) >= count:
                assert len(frames) == count, f"{len(frames)} frames received; {count} were sent"
                return frames
            deadline_ns = self.scheduler.now_ns + self.patience_ns
            what = f"{len(frames)} of {count} frames received by {device.capabilities.name}"
            assert await self.scheduler.wait_first(device.irq, deadline_ns=deadline_ns) == 0, what

    async def results(self, device: FrameDevice, count: int) -> list[TransmitResult]:
        """Return the next ``count`` transmit results of ``device``; received frames stay where they are."""
        results: list[TransmitResult] = []
        while True:
            device.irq.clear()
            results += device.transmit_results()
            if len(results) >= count:
                assert len(results) == count
                return results
            deadline_ns = self.scheduler.now_ns + self.patience_ns
            what = f"{len(results)} of {count} results of {device.capabilities.name}"
            assert await self.scheduler.wait_first(device.irq, deadline_ns=deadline_ns) == 0, what

    async def settle(self, t_ns: int | None = None) -> None:
        """Let everything come to rest."""
        await self.scheduler.sleep_until(self.scheduler.now_ns + (self.rest_ns if t_ns is None else t_ns))


@dataclass(frozen=True, slots=True)
class DeviceBench:
    """Two adapters on a segment with two stations, and how that segment is."""

    scheduler: Scheduler
    buses: tuple[AdapterBus, AdapterBus]
    config: DriverConfig = field(default_factory=DriverConfig)
    """Speed and duplex must be those of the segment."""
    rest_ns: int = 300_000
    """After so long without a new frame nothing is under way; a serial line needs longer than a bus."""
    patience_ns: int = PATIENCE_NS
    """Longest wait for anything; a wall clock needs more of it."""

    async def connect(self, changes_a: dict[str, Any] | None = None, changes_b: dict[str, Any] | None = None) -> Pair:
        """Start a driver on each adapter, with the bench's configuration and these changes to it."""
        buses = [CountingBus(bus) for bus in self.buses]
        drivers = []
        for name, bus, changes in zip(("a", "b"), buses, (changes_a, changes_b), strict=True):
            driver = NicDriver(self.scheduler, bus, replace(self.config, name=name, **(changes or {})))
            await driver.start()
            drivers.append(driver)
        tasks = tuple(self.scheduler.spawn(driver.run(), f"driver {driver.config.name}") for driver in drivers)
        return Pair(
            self.scheduler,
            drivers[0],
            drivers[1],
            buses[0],
            buses[1],
            tasks,
            patience_ns=self.patience_ns,
            rest_ns=self.rest_ns,
        )


Contract = Callable[[DeviceBench], Awaitable[None]]


def padded(frame: bytes) -> bytes:
    """Return ``frame`` as it arrives."""
    return frame.ljust(MIN_OCTETS, b"\0")


# -- frames ------------------------------------------------------------------------------------------------------------


async def a_frame_arrives_as_it_was_sent(bench: DeviceBench) -> None:
    pair = await bench.connect()
    frame = pair.frame(200)
    sent_ns = bench.scheduler.now_ns
    await pair.send(pair.a, [frame])
    (received,) = await pair.take(pair.b, 1)
    assert received.octets == frame
    assert received.status & received.status.OK
    assert sent_ns < received.time_ns <= bench.scheduler.now_ns
    assert received.fcs is None or received.fcs == fcs(frame)
    assert pair.a.receive() is None, "a station does not hear itself"
    await pair.close()


async def sizes_from_smallest_to_largest(bench: DeviceBench) -> None:
    pair = await bench.connect()
    sizes = [14, 15, 17, 59, 60, 61, 62, 63, 64, 65, 127, 128, 236, 237, 252, 256, 1000, 1513, 1514]
    frames = [pair.frame(size, size) for size in sizes]
    await pair.send(pair.a, frames)
    received = await pair.take(pair.b, len(frames))
    for size, frame, arrived in zip(sizes, frames, received, strict=True):
        assert arrived.octets == padded(frame), f"{size} octets"
        assert arrived.fcs is None or arrived.fcs == fcs(padded(frame))
    for size in (13, MAX_OCTETS + 1):
        try:
            pair.a.try_transmit(bytes(size))
        except UsageError:
            continue
        raise AssertionError(f"a frame of {size} octets was taken")
    await pair.close()


async def frames_stay_in_order(bench: DeviceBench) -> None:
    pair = await bench.connect()
    frames = [pair.frame(60 + 97 * i % 700, i) for i in range(30)]
    await pair.send(pair.a, frames)
    received = await pair.take(pair.b, len(frames))
    assert [frame.octets for frame in received] == frames
    times = [frame.time_ns for frame in received]
    assert times == sorted(set(times)), "each at its own time"
    await pair.close()


async def both_ways_at_once_nothing_is_lost(bench: DeviceBench) -> None:
    """In half duplex both contend all the time; collisions cost time, never a frame or its order."""
    pair = await bench.connect()
    count = 25
    to_b = [pair.frame(60 + 61 * i % 900, i) for i in range(count)]
    to_a = [pair.frame(60 + 83 * i % 900, i, pair.a.capabilities.mac, pair.b.capabilities.mac) for i in range(count)]
    senders = [
        bench.scheduler.spawn(pair.send(pair.a, to_b)),
        bench.scheduler.spawn(pair.send(pair.b, to_a)),
    ]
    assert [frame.octets for frame in await pair.take(pair.b, count)] == to_b
    assert [frame.octets for frame in await pair.take(pair.a, count)] == to_a
    for sender in senders:
        await sender
    await pair.settle()
    for driver in (pair.a, pair.b):
        counters = await driver.read_counters()
        assert counters["aFramesTransmittedOK"] >= count
        assert counters["aFrameCheckSequenceErrors"] == 0
    pair.check_health()
    await pair.close()


async def a_device_hears_what_is_for_it(bench: DeviceBench) -> None:
    pair = await bench.connect()
    other = bytes.fromhex("02fffffffff0")
    group = bytes.fromhex("01005e000001")
    frames = [
        pair.frame(64, 1),
        pair.frame(64, 2, destination=other),
        pair.frame(64, 3, destination=BROADCAST_MAC),
        pair.frame(64, 4, destination=group),
        pair.frame(64, 5),
    ]
    await pair.send(pair.a, frames)
    received = await pair.take(pair.b, 3)
    assert [frame.octets for frame in received] == [frames[0], frames[2], frames[4]]
    assert received[1].status & received[1].status.BROADCAST
    await pair.settle()
    assert pair.b.receive() is None
    assert pair.a.receive() is None, "a station does not hear what it sends to all"
    await pair.close()


async def a_promiscuous_device_hears_everything(bench: DeviceBench) -> None:
    pair = await bench.connect(changes_b={"promiscuous": True})
    frames = [pair.frame(64, 1, destination=bytes.fromhex("02fffffffff0")), pair.frame(64, 2, destination=b"\x01" * 6)]
    await pair.send(pair.a, frames)
    assert [frame.octets for frame in await pair.take(pair.b, 2)] == frames
    await pair.close()


# -- queue, results, events --------------------------------------------------------------------------------------------


async def a_full_queue_refuses_until_tx_ready(bench: DeviceBench) -> None:
    pair = await bench.connect()
    device = pair.a
    frames = [pair.frame(1000, i) for i in range(3 * device.capabilities.transmit_queue_frames)]
    taken = 0
    while device.try_transmit(frames[taken]):
        taken += 1
        assert taken <= device.capabilities.transmit_queue_frames
    assert taken == device.capabilities.transmit_queue_frames and not device.tx_ready.is_set()
    await pair.send(device, frames[taken:])
    assert [frame.octets for frame in await pair.take(pair.b, len(frames))] == frames
    assert device.tx_ready.is_set()
    await pair.close()


async def each_frame_has_one_result(bench: DeviceBench) -> None:
    pair = await bench.connect()
    count = 12
    await pair.send(pair.a, [pair.frame(300, i) for i in range(count)])
    results = await pair.results(pair.a, count)
    assert {result.outcome for result in results} == {TransmitOutcome.OK}
    octet_ns = 8_000 // pair.a.capabilities.speed_mbps
    gap_ns = 96 * octet_ns // 8
    is_timed = pair.a.capabilities.times_transmissions
    for result in results:
        assert result.end_ns - result.start_ns == ((8 + 300 + FCS_OCTETS) * octet_ns if is_timed else 0)
        assert (result.collisions, result.deferred) == (0, False) or pair.a.capabilities.counts_collisions
    for earlier, later in itertools.pairwise(results):
        assert later.start_ns >= earlier.end_ns + (gap_ns // 2 if is_timed else 0), "one after the other"
    assert pair.a.transmit_results() == []
    await pair.take(pair.b, count)
    await pair.close()


async def a_cancelled_wait_loses_nothing(bench: DeviceBench) -> None:
    pair = await bench.connect()
    scheduler = bench.scheduler

    async def wait_for_ever() -> None:
        while True:
            pair.b.irq.clear()
            await pair.b.irq.wait()

    frames = [pair.frame(64, i) for i in range(8)]
    for i, frame in enumerate(frames):
        waiter = scheduler.spawn(wait_for_ever())
        await pair.send(pair.a, [frame])
        await scheduler.sleep_until(scheduler.now_ns + 2_000 * (i + 1))
        waiter.cancel()
        try:
            await waiter
        except Cancelled:
            pass
    await pair.settle()
    pair.b.irq.set()
    assert [frame.octets for frame in await pair.take(pair.b, len(frames))] == frames
    await pair.close()


# -- the LAN driver ----------------------------------------------------------------------------------------------------


async def the_ring_wraps_many_times(bench: DeviceBench) -> None:
    """Sizes at and around whole pages, so that frames end and wrap at every place of the ring."""
    pair = await bench.connect()
    sizes = [60, 236, 237, 240, 492, 1262, 1263, 1514] * 8
    frames = [pair.frame(size, i) for i, size in enumerate(sizes)]
    sender = bench.scheduler.spawn(pair.send(pair.a, frames))
    assert [frame.octets for frame in await pair.take(pair.b, len(frames))] == frames
    await sender
    assert (pair.b.statistics.ring_faults, pair.b.statistics.receive_overruns) == (0, 0)
    await pair.close()


async def a_frame_costs_few_round_trips(bench: DeviceBench) -> None:
    """At most two a frame sent; two an interrupt and one a frame received."""
    pair = await bench.connect()
    count = 20
    pair.bus_a.round_trips = pair.bus_b.round_trips = 0
    for i in range(count):
        await pair.send(pair.a, [pair.frame(100, i)])
        await pair.take(pair.b, 1)
        await pair.settle(20_000)
    assert pair.bus_a.round_trips <= 2 * count, (
        f"{pair.bus_a.round_trips} round trips to send {count} frames one by one"
    )
    assert pair.bus_b.round_trips <= 2 * pair.b.statistics.interrupts + count
    assert pair.bus_b.round_trips <= 3 * count
    pair.bus_a.round_trips = pair.bus_b.round_trips = 0
    interrupts = pair.b.statistics.interrupts
    frames = [pair.frame(100, i) for i in range(4 * count)]
    sender = bench.scheduler.spawn(pair.send(pair.a, frames))
    await pair.take(pair.b, len(frames))
    await sender
    await pair.results(pair.a, count + len(frames))
    assert pair.bus_a.round_trips <= 2 * len(frames)
    assert pair.bus_b.round_trips <= 2 * (pair.b.statistics.interrupts - interrupts) + len(frames)
    await pair.close()


async def frames_wait_in_the_ring_and_an_overrun_is_counted(bench: DeviceBench) -> None:
    """A host that does not take its frames loses the newest, never one that is stored."""
    pair = await bench.connect(changes_b={"receive_queue_frames": 1})
    count = 60
    frames = [pair.frame(1000, i) for i in range(count)]
    before = await pair.b.read_counters()
    sender = bench.scheduler.spawn(pair.send(pair.a, frames))
    await pair.results(pair.a, count)
    await sender
    await pair.settle()
    arrived: list[bytes] = []
    for _ in range(count):
        pair.b.irq.clear()
        while (frame := pair.b.receive()) is not None:
            arrived.append(frame.octets)
        if await bench.scheduler.wait_first(pair.b.irq, deadline_ns=bench.scheduler.now_ns + bench.rest_ns) is None:
            break
    assert 1 < len(arrived) < count
    assert arrived == frames[: len(arrived)], "what was stored is whole and in order"
    assert pair.b.statistics.receive_overruns >= 1
    lost = (await pair.b.read_counters())["aFramesLostDueToIntMACRcvError"] - before["aFramesLostDueToIntMACRcvError"]
    assert lost == count - len(arrived)
    await pair.send(pair.a, frames[:1])
    assert [frame.octets for frame in await pair.take(pair.b, 1)] == frames[:1], "and it goes on"
    assert pair.b.statistics.resets == 0
    await pair.close()


async def counters_agree_with_what_happened(bench: DeviceBench) -> None:
    pair = await bench.connect()
    before_a, before_b = await pair.a.read_counters(), await pair.b.read_counters()
    sizes = (14, 60, 500, 1514)
    frames = [pair.frame(size, size) for size in sizes] + [pair.frame(60, 9, destination=BROADCAST_MAC)]
    await pair.send(pair.a, frames)
    await pair.take(pair.b, len(frames))
    await pair.results(pair.a, len(frames))
    after_a, after_b = await pair.a.read_counters(), await pair.b.read_counters()
    moved_a, moved_b = (
        {name: moved for name in after if name.startswith("a") and (moved := after[name] - before[name])}
        for after, before in ((after_a, before_a), (after_b, before_b))
    )
    assert moved_a.pop("aFramesTransmittedOK") == len(frames) == moved_b.pop("aFramesReceivedOK")
    assert moved_a.pop("aBroadcastFramesXmittedOK") == 1 == moved_b.pop("aBroadcastFramesReceivedOK")
    assert moved_a.pop("aOctetsTransmittedOK") == moved_b.pop("aOctetsReceivedOK")
    moved_a.pop("aDeferredTransmissions", None)  # in half duplex a frame may wait for the gap after the one before
    assert not moved_a and not moved_b, f"nothing else moved: {moved_a} {moved_b}"
    await pair.close()


FRAME_CONTRACT: tuple[Contract, ...] = (
    a_frame_arrives_as_it_was_sent,
    sizes_from_smallest_to_largest,
    frames_stay_in_order,
    both_ways_at_once_nothing_is_lost,
    a_device_hears_what_is_for_it,
    a_promiscuous_device_hears_everything,
    a_full_queue_refuses_until_tx_ready,
    each_frame_has_one_result,
    a_cancelled_wait_loses_nothing,
    counters_agree_with_what_happened,
)
CONTRACT: tuple[Contract, ...] = (
    *FRAME_CONTRACT,
    the_ring_wraps_many_times,
    a_frame_costs_few_round_trips,
    frames_wait_in_the_ring_and_an_overrun_is_counted,
)
