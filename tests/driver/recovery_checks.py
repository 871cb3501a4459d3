"""What the driver survives, end to end, on any backend: coroutines over two real adapters on one segment.

Each loses something on purpose, and then holds the driver to its books: what was lost is counted and told, what was not
lost arrives whole and in order, and everything goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rig.adapter import registers as r
from rig.adapter.bus import Read32, Write32, read32
from rig.adapter.device import TransmitOutcome
from rig.driver.config import Moderation
from rig.driver.driver import NicDriver
from tests.contract.device_contract import DeviceBench, Pair

LOOK_NS = 500_000
TIMEOUT_NS = 2_000_000


def books_balance(driver: NicDriver) -> None:
    """Every frame that the driver took has ended in exactly one way."""
    counts = driver.statistics
    ended = counts.frames_sent + counts.transmit_errors + counts.transmit_frames_lost + counts.frames_dropped
    assert counts.frames_queued == ended


async def frames_still_pass(pair: Pair) -> None:
    for number in range(3):
        await pair.send(pair.a, [pair.frame(200, number)])
        (received,) = await pair.take(pair.b, 1)
        assert received.octets == pair.frame(200, number)


async def a_storm_overruns_the_ring_and_nothing_stored_is_lost(bench: DeviceBench) -> None:
    """More frames than ring and queue hold, several times, to a host that looks away."""
    pair = await bench.connect(changes_b={"receive_queue_frames": 2})
    count = 90
    lost_in_all = 0
    for storm in range(3):
        before = await pair.b.read_counters()
        frames = [pair.frame(60 + 7 * (number % 40), 1000 * storm + number) for number in range(count)]
        sender = bench.scheduler.spawn(pair.send(pair.a, frames))
        await pair.results(pair.a, count)
        await sender
        await pair.settle()
        arrived: list[bytes] = []
        while True:
            pair.b.irq.clear()
            while (frame := pair.b.receive()) is not None:
                arrived.append(frame.octets)
            if await bench.scheduler.wait_first(pair.b.irq, deadline_ns=bench.scheduler.now_ns + 300_000) is None:
                break
        padded = [frame.ljust(60, b"\0") for frame in frames]
        assert 1 < len(arrived) < count
        places = [padded.index(octets) for octets in arrived]  # a short frame may fit where a long one did not
        assert places == sorted(set(places)), "whole, once each, and in order"
        counters = await pair.b.read_counters()
        lost = counters["aFramesLostDueToIntMACRcvError"] - before["aFramesLostDueToIntMACRcvError"]
        assert len(arrived) + lost == count
        lost_in_all += lost
    assert lost_in_all and pair.b.statistics.receive_overruns >= 3
    assert pair.b.statistics.resets == pair.b.statistics.ring_faults == 0
    await frames_still_pass(pair)
    await pair.close()


async def excessive_collisions_cost_their_frames_and_no_other(bench: DeviceBench) -> None:
    """Every attempt of some frames collides; the ones behind them in the queue are sent all the same."""
    pair = await bench.connect()
    bus = bench.buses[0]
    before = await pair.a.read_counters()
    control = await read32(bus, r.REG_CTRL)
    await bus.transaction([Write32(r.REG_CTRL, control | r.CTRL_FORCE_COL | r.CTRL_NO_BACKOFF)])
    await pair.send(pair.a, [pair.frame(100, number) for number in range(6)])
    spoilt = await pair.results(pair.a, 6)
    await bus.transaction([Write32(r.REG_CTRL, control)])
    assert {(result.outcome, result.collisions) for result in spoilt} == {(TransmitOutcome.EXCESSIVE_COLLISIONS, 16)}
    assert pair.a.statistics.transmit_errors == 6 and pair.a.statistics.resets == 0
    after = await pair.a.read_counters()
    assert after["aFramesAbortedDueToXSColls"] - before["aFramesAbortedDueToXSColls"] == 6
    await frames_still_pass(pair)
    await pair.settle()
    books_balance(pair.a)
    await pair.close()


async def a_stuck_adapter_is_reset_and_the_queue_survives(bench: DeviceBench) -> None:
    """The transmitter stops behind the driver's back: the slots are lost and told, the queue is kept and sent."""
    pair = await bench.connect(changes_a={"transmit_look_ns": LOOK_NS, "transmit_timeout_ns": TIMEOUT_NS})
    bus = bench.buses[0]
    for hang in range(2):
        pair.a.transmit_results()
        caps = await read32(bus, r.REG_CAPS)
        control = await read32(bus, r.REG_CTRL)
        slots = (caps & r.CAPS_TX_SLOTS) >> r.CAPS_TX_SLOTS_LSB
        await bus.transaction([Write32(r.REG_CTRL, control & ~r.CTRL_TX_EN)])
        frames = [pair.frame(80, 100 * hang + number) for number in range(slots + 5)]
        await pair.send(pair.a, frames)
        await pair.settle(TIMEOUT_NS + 2 * LOOK_NS)
        received = await pair.take(pair.b, 5)
        assert [frame.octets for frame in received] == frames[slots:], "what waited in the queue was sent"
        results = await pair.results(pair.a, slots + 5)
        outcomes = [result.outcome for result in results]
        assert outcomes == [TransmitOutcome.LOST] * slots + [TransmitOutcome.OK] * 5
        notice = pair.a.notices[-1]
        assert "soft reset at" in notice and f"{slots} frames in transmit slots" in notice, notice
        assert "5 queued frames were kept" in notice
        assert pair.a.statistics.resets == hang + 1
        assert pair.a.statistics.transmit_frames_lost == slots * (hang + 1)
    assert pair.a.is_link_up
    books_balance(pair.a)
    await pair.close()


async def a_reset_behind_the_drivers_back_is_recovered_from(bench: DeviceBench) -> None:
    """Somebody resets the adapter while frames wait in its slots; whatever is lost of them is told."""
    pair = await bench.connect(changes_a={"transmit_look_ns": LOOK_NS, "transmit_timeout_ns": TIMEOUT_NS})
    bus = bench.buses[0]
    await pair.send(pair.a, [pair.frame(1000, number) for number in range(8)])
    await bus.transaction([Write32(r.REG_CTRL, r.CTRL_SOFT_RESET), *[Read32(r.REG_ID)] * 5])
    await pair.settle(4 * (TIMEOUT_NS + LOOK_NS))
    results = await pair.results(pair.a, 8)
    outcomes = [result.outcome for result in results]
    assert TransmitOutcome.LOST in outcomes
    assert set(outcomes) <= {TransmitOutcome.OK, TransmitOutcome.LOST}
    assert pair.a.statistics.transmit_frames_lost == outcomes.count(TransmitOutcome.LOST)
    while pair.b.receive() is not None:
        pass
    await frames_still_pass(pair)
    await pair.settle()
    books_balance(pair.a)
    await pair.close()


async def moderation_lets_one_interrupt_serve_many_frames(bench: DeviceBench) -> None:
    """With a count of 8 a burst costs the receiver an interrupt for every eighth frame or so, and no frame is stuck."""
    pair = await bench.connect(changes_b={"moderation": Moderation(count=8, time=400)})
    await pair.settle()
    before = pair.b.statistics.interrupts
    frames = [pair.frame(100, number) for number in range(60)]
    sender = bench.scheduler.spawn(pair.send(pair.a, frames))
    received = await pair.take(pair.b, 60)
    await sender
    assert [frame.octets for frame in received] == frames
    assert 1 <= pair.b.statistics.interrupts - before <= 60 // 8 + 4
    await pair.close()

    pair = await bench.connect()
    before = pair.b.statistics.interrupts
    for number in range(10):
        await pair.send(pair.a, [pair.frame(100, number)])
        await pair.take(pair.b, 1)
        await pair.settle()
    assert pair.b.statistics.interrupts - before == 10, "without moderation each of them costs one"
    await pair.close()


Check = Callable[[DeviceBench], Awaitable[None]]

CHECKS: tuple[Check, ...] = (
    a_storm_overruns_the_ring_and_nothing_stored_is_lost,
    excessive_collisions_cost_their_frames_and_no_other,
    a_stuck_adapter_is_reset_and_the_queue_survives,
    a_reset_behind_the_drivers_back_is_recovered_from,
    moderation_lets_one_interrupt_serve_many_frames,
)
