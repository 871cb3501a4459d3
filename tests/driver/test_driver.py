"""The driver against a scripted adapter: order, round trips, and every way in which an adapter can go wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from rig.adapter import registers as r
from rig.adapter.device import ReceiveStatus, TransmitOutcome
from rig.driver.config import DriverConfig
from rig.driver.driver import NicDriver
from rig.driver.ring import ReceiveRing
from rig.errors import AdapterFault, BusError, UsageError
from rig.runtime.kernel import Cancelled
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_MS, NS_PER_S
from rig.wire.fcs import fcs
from tests.driver.scripted_adapter import TRIP_NS, ScriptedAdapter, frame_of


class Bench:
    """A driver that runs on a scripted adapter."""

    def __init__(self, kernel: VirtualTime, config: DriverConfig) -> None:
        self.kernel = kernel
        self.adapter = ScriptedAdapter(kernel)
        self.driver = NicDriver(kernel, self.adapter, config)

    async def pause(self, t_ns: int = 100_000) -> None:
        await self.kernel.sleep_until(self.kernel.now_ns + t_ns)

    def received(self) -> list[bytes]:
        frames = []
        while (frame := self.driver.receive()) is not None:
            frames.append(frame.octets)
        return frames


def run(body: Callable[[Bench], Awaitable[None]], config: DriverConfig | None = None) -> Bench:
    kernel = VirtualTime()
    bench = Bench(kernel, config or DriverConfig())

    async def main() -> None:
        await bench.driver.start()
        task = kernel.spawn(bench.driver.run(), name="driver")
        bench.adapter.trips.clear()
        await body(bench)
        task.cancel()

    kernel.run(main(), limit_ns=60 * NS_PER_S)
    return bench


# -- transmit ----------------------------------------------------------------------------------------------------------


def test_frames_leave_in_order_through_the_slots_round_robin() -> None:
    frames = [frame_of(60 + 7 * i, i) for i in range(10)]

    async def body(bench: Bench) -> None:
        for frame in frames:
            assert bench.driver.try_transmit(frame)
        await bench.pause(300_000)
        assert [frame for _, frame in bench.adapter.transmissions] == frames
        assert [slot for slot, _ in bench.adapter.transmissions] == [i % 4 for i in range(10)]
        results = bench.driver.transmit_results()
        assert [result.outcome for result in results] == [TransmitOutcome.OK] * 10
        assert bench.driver.transmit_results() == [], "results are told once"
        assert bench.driver.statistics.frames_sent == 10
        assert bench.driver.statistics.octets_sent == sum(map(len, frames))

    run(body)


def test_a_frame_costs_at_most_two_round_trips() -> None:
    async def body(bench: Bench) -> None:
        for i in range(20):
            assert bench.driver.try_transmit(frame_of(100, i))
            await bench.pause()
        assert bench.driver.statistics.frames_sent == 20
        assert len(bench.adapter.trips) == 40

    run(body)


def test_a_full_queue_refuses_and_tx_ready_tells_when_it_does_not() -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.finish_after_ns = None
        driver = bench.driver
        taken = 0
        while driver.try_transmit(frame_of(60, taken)):
            taken += 1
        assert taken == 16 and not driver.tx_ready.is_set()
        await bench.pause()
        assert driver.tx_ready.is_set(), "four went to the slots"
        for i in range(4):
            assert driver.try_transmit(frame_of(60, 16 + i))
        assert not driver.try_transmit(frame_of(60, 20)) and not driver.tx_ready.is_set()
        await bench.pause()
        assert not driver.tx_ready.is_set()
        bench.adapter.finish()
        await driver.tx_ready.wait()
        assert driver.try_transmit(frame_of(60, 20))
        while bench.adapter.queued:
            bench.adapter.finish()
            await bench.pause(10 * TRIP_NS)
        sent = [int.from_bytes(frame[14:18], "big") for _, frame in bench.adapter.transmissions]
        assert sent == list(range(21))

    run(body)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (r.TX_STATUS_OK | 3 << 1 | r.TX_STATUS_DEFERRED | r.TX_STATUS_LATE_COL, TransmitOutcome.OK),
        (r.TX_STATUS_EXC_COL | 16 << 1, TransmitOutcome.EXCESSIVE_COLLISIONS),
        (r.TX_STATUS_LATE_COL | 1 << 1, TransmitOutcome.LATE_COLLISION),
        (r.TX_STATUS_EXC_DEFERRAL | r.TX_STATUS_DEFERRED, TransmitOutcome.EXCESSIVE_DEFERRAL),
        (r.TX_STATUS_UNDERRUN, TransmitOutcome.UNDERRUN),
        (r.TX_STATUS_BAD_COMMAND, TransmitOutcome.REFUSED),
    ],
)
def test_each_way_a_transmission_can_end(status: int, outcome: TransmitOutcome) -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.finish_after_ns = None
        bench.driver.try_transmit(frame_of(100))
        await bench.pause()
        bench.adapter.finish(status)
        end_ns = bench.kernel.now_ns
        await bench.pause()
        (result,) = bench.driver.transmit_results()
        assert result.outcome is outcome
        assert result.collisions == (status & r.TX_STATUS_COLLISIONS) >> r.TX_STATUS_COLLISIONS_LSB
        assert result.deferred is bool(status & r.TX_STATUS_DEFERRED)
        # 8 octets of preamble and SFD, 100 of frame, 4 of FCS at 10 ns a bit
        assert (result.start_ns, result.end_ns) == (end_ns - (8960 if outcome is TransmitOutcome.OK else 0), end_ns)
        bench.driver.try_transmit(frame_of(60))  # and it goes on
        await bench.pause()
        bench.adapter.finish()
        await bench.pause()
        assert [result.outcome for result in bench.driver.transmit_results()] == [TransmitOutcome.OK]

    run(body)


@pytest.mark.parametrize("octets", [0, 13, 1515])
def test_a_frame_of_impossible_length_is_refused(octets: int) -> None:
    async def body(bench: Bench) -> None:
        with pytest.raises(UsageError, match="can send 14 to 1514"):
            bench.driver.try_transmit(bytes(octets))
        for possible in (14, 1514):
            assert bench.driver.try_transmit(bytes(possible))

    run(body)


# -- receive -----------------------------------------------------------------------------------------------------------


def test_one_interrupt_drains_several_frames() -> None:
    frames = [frame_of(size, size) for size in (60, 61, 500, 1514, 64)]

    async def body(bench: Bench) -> None:
        for frame in frames:
            assert bench.adapter.receive(frame)
        await bench.pause()
        assert bench.received() == frames
        assert bench.driver.statistics.interrupts == 1
        assert len(bench.adapter.trips) == 1 + len(frames)
        assert bench.adapter.peek(r.REG_RX_BNRY) == bench.adapter.peek(r.REG_RX_CURR)
        assert not bench.adapter.irq.is_set()

    run(body)


def test_received_frames_carry_status_time_and_fcs() -> None:
    async def body(bench: Bench) -> None:
        sent_ns = bench.kernel.now_ns
        bench.adapter.receive(frame_of(20), r.RxStatus.FCS_ERROR | r.RxStatus.DRIBBLE)
        await bench.pause()
        frame = bench.driver.receive()
        assert frame is not None
        assert frame.status == ReceiveStatus.FCS_ERROR | ReceiveStatus.DRIBBLE
        assert frame.time_ns == sent_ns
        assert frame.octets == frame_of(20).ljust(60, b"\0")
        assert frame.fcs == fcs(frame.octets)
        assert bench.driver.statistics.receive_errors == 1

    run(body)


def test_frames_wrap_at_every_page_of_the_ring() -> None:
    sizes = [60, 300, 1514, 1000, 236, 240, 237, 700, 1262] * 20
    frames = [frame_of(size, i) for i, size in enumerate(sizes)]

    async def body(bench: Bench) -> None:
        got: list[bytes] = []
        for frame in frames:
            assert bench.adapter.receive(frame)
            await bench.pause(10 * TRIP_NS)
            got += bench.received()
        assert got == frames
        blocks = [sum(type(operation).__name__ == "ReadBlock" for operation in trip) for trip in bench.adapter.trips]
        assert 2 in blocks, "a frame that wraps is read by two blocks of one transaction"
        assert bench.driver.statistics.ring_faults == 0

    run(body)


def test_a_ring_with_less_than_a_page_used_at_its_end_does_not_read_an_empty_block() -> None:
    """A header in the last 16 octets cannot happen, but a frame that fills its last page to the end does."""

    async def body(bench: Bench) -> None:
        for _ in range(39):
            assert bench.adapter.receive(frame_of(236))  # 16 + 236 + 4 = one page
            await bench.pause(10 * TRIP_NS)
        assert bench.adapter.receive(frame_of(236, 7))
        await bench.pause()
        assert bench.received()[-1] == frame_of(236, 7)

    run(body)


def test_an_overrun_is_counted_and_the_ring_goes_on() -> None:
    async def body(bench: Bench) -> None:
        stored = 0
        while bench.adapter.receive(frame_of(1000, stored)):
            stored += 1
        assert bench.adapter.lost_by_overrun == 1
        await bench.pause()
        assert bench.received() == [frame_of(1000, i) for i in range(stored)]
        assert bench.driver.statistics.receive_overruns == 1
        assert bench.adapter.peek(r.REG_INT_STATUS) == 0
        assert bench.adapter.receive(frame_of(1000, 99))
        await bench.pause()
        assert bench.received() == [frame_of(1000, 99)]
        assert bench.driver.statistics.resets == 0

    run(body)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_happens_while_causes_are_read_is_not_lost(number: int) -> None:
    """Between the read of the causes and their acknowledge, each of them can come up anew."""

    async def body(bench: Bench) -> None:
        adapter, driver = bench.adapter, bench.driver
        adapter.finish_after_ns = None
        driver.try_transmit(frame_of(60))
        await bench.pause()

        def everything_at_once() -> None:
            adapter.receive(frame_of(100, 1))
            adapter.finish()
            adapter.interrupt(r.INT_STATUS_RX_OVERRUN)

        adapter.after_causes_were_read.extend([lambda: None] * (number - 1) + [everything_at_once])
        for _ in range(number):
            adapter.interrupt(r.INT_STATUS_RX)
            await bench.pause()
        assert bench.received() == [frame_of(100, 1)]
        assert [result.outcome for result in driver.transmit_results()] == [TransmitOutcome.OK]
        assert driver.statistics.receive_overruns == 1
        assert adapter.peek(r.REG_INT_STATUS) == 0 and not adapter.irq.is_set()

    run(body)


def test_frames_that_nobody_takes_wait_in_the_ring() -> None:
    async def body(bench: Bench) -> None:
        for i in range(6):
            assert bench.adapter.receive(frame_of(100, i))
        await bench.pause()
        trips = len(bench.adapter.trips)
        await bench.pause()
        assert len(bench.adapter.trips) == trips, "nothing to do until a frame is taken"
        assert bench.adapter.peek(r.REG_RX_BNRY) != bench.adapter.peek(r.REG_RX_CURR)
        got = [bench.received()]
        for _ in range(2):
            await bench.pause()
            got.append(bench.received())
        assert got == [[frame_of(100, i) for i in range(k, k + 2)] for k in (0, 2, 4)]

    run(body, DriverConfig(receive_queue_frames=2))


def test_a_cancelled_wait_loses_no_frame() -> None:
    async def body(bench: Bench) -> None:
        async def consumer() -> None:
            while True:
                bench.driver.irq.clear()
                await bench.driver.irq.wait()

        for i in range(5):
            task = bench.kernel.spawn(consumer())
            await bench.pause(TRIP_NS // 2)
            bench.adapter.receive(frame_of(60, i))
            await bench.pause(i * TRIP_NS // 2)
            task.cancel()
            with pytest.raises(Cancelled):
                await task
        await bench.pause()
        assert bench.received() == [frame_of(60, i) for i in range(5)]

    run(body)


# -- recovery ----------------------------------------------------------------------------------------------------------


def test_a_bus_error_leads_to_a_reset_and_what_was_lost_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def body(bench: Bench) -> None:
        driver, adapter = bench.driver, bench.adapter
        adapter.finish_after_ns = None
        for i in range(6):
            driver.try_transmit(frame_of(60, i))
        await bench.pause()
        adapter.failures.append(BusError("refused", index=0, address=0x18))
        adapter.receive(frame_of(300))
        await bench.pause()
        assert (driver.statistics.bus_errors, driver.statistics.resets, adapter.resets) == (1, 1, 2)
        assert driver.statistics.transmit_frames_lost == 4
        assert driver.statistics.receive_pages_lost == 2
        results = driver.transmit_results()
        assert [result.outcome for result in results] == [TransmitOutcome.LOST] * 4
        assert "4 frames in transmit slots" in driver.notices[0] and "2 queued frames were kept" in driver.notices[0]
        assert "0x0018" in caplog.text
        sent = [int.from_bytes(frame[14:18], "big") for _, frame in adapter.transmissions]
        assert sent == [0, 1, 2, 3, 4, 5]
        adapter.receive(frame_of(300, 5))
        await bench.pause()
        assert bench.received() == [frame_of(300, 5)]

    run(body)


def test_a_damaged_header_leads_to_a_reset() -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.receive(frame_of(100))
        bench.adapter.memory[r.WIN_BUFFER + 24 * 256 + 4] += 1  # next page
        await bench.pause()
        assert (bench.driver.statistics.ring_faults, bench.driver.statistics.resets) == (1, 1)
        bench.adapter.receive(frame_of(100, 2))
        await bench.pause()
        assert bench.received() == [frame_of(100, 2)]

    run(body)


def test_a_ring_position_outside_of_the_ring_leads_to_a_reset() -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.poke(r.REG_RX_CURR, 3)
        bench.adapter.interrupt(r.INT_STATUS_RX)
        await bench.pause()
        assert (bench.driver.statistics.ring_faults, bench.driver.statistics.resets) == (1, 1)

    run(body)


def test_a_stuck_transmission_leads_to_a_reset() -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.finish_after_ns = None
        bench.driver.try_transmit(frame_of(60))
        await bench.pause(NS_PER_S + NS_PER_MS)
        assert bench.driver.statistics.resets == 1
        assert [result.outcome for result in bench.driver.transmit_results()] == [TransmitOutcome.LOST]
        assert "though the medium is free" in bench.driver.notices[0]
        bench.adapter.finish_after_ns = 10_000
        bench.driver.try_transmit(frame_of(60, 1))
        await bench.pause()
        assert [result.outcome for result in bench.driver.transmit_results()] == [TransmitOutcome.OK]

    run(body)


def test_a_busy_medium_is_no_fault_of_the_adapter() -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.finish_after_ns = None
        bench.adapter.poke(r.REG_STATUS, r.STATUS_LINK | r.STATUS_DEFERRING)
        bench.driver.try_transmit(frame_of(60))
        await bench.pause(3 * NS_PER_S + 100 * NS_PER_MS)
        assert (bench.driver.statistics.resets, bench.driver.statistics.transmit_stalls) == (0, 3)
        bench.adapter.finish()
        await bench.pause()
        assert [result.outcome for result in bench.driver.transmit_results()] == [TransmitOutcome.OK]

    run(body)


def test_slots_that_are_never_empty_are_no_stuck_transmission() -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.finish_after_ns = None
        for number in range(3):
            bench.driver.try_transmit(frame_of(60, number))
        for number in range(3, 15):
            await bench.pause(300 * NS_PER_MS)
            bench.driver.try_transmit(frame_of(60, number))
            bench.adapter.finish()
        await bench.pause()
        assert [result.outcome for result in bench.driver.transmit_results()] == [TransmitOutcome.OK] * 12
        assert bench.driver.statistics.resets == 0

    run(body)


@pytest.mark.parametrize("look_ns", [10 * NS_PER_MS, NS_PER_S])
def test_a_missed_interrupt_is_found_by_looking(look_ns: int) -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.finish_after_ns = None
        bench.driver.try_transmit(frame_of(60))
        await bench.pause()
        bench.adapter.finish()
        bench.adapter.irq.clear()
        await bench.pause(look_ns)
        assert [result.outcome for result in bench.driver.transmit_results()] == [TransmitOutcome.OK]
        assert bench.driver.statistics.resets == 0

    run(body, DriverConfig(transmit_look_ns=look_ns))


def test_what_waits_for_a_slot_is_sent_when_looking_finds_one_free() -> None:
    """A look may come just before the interrupt that it forestalls, and then nothing else wakes the driver."""

    async def body(bench: Bench) -> None:
        bench.adapter.finish_after_ns = None
        for number in range(6):
            bench.driver.try_transmit(frame_of(60, number))
        await bench.pause()
        assert len(bench.adapter.transmissions) == bench.adapter.slots
        for _ in range(bench.adapter.slots):
            bench.adapter.finish()
        bench.adapter.irq.clear()
        await bench.pause(10 * NS_PER_MS)
        assert len(bench.driver.transmit_results()) == bench.adapter.slots
        assert [frame for _, frame in bench.adapter.transmissions] == [frame_of(60, number) for number in range(6)]

    run(body, DriverConfig(transmit_look_ns=10 * NS_PER_MS))


def test_resets_that_do_not_help_end_in_parking() -> None:
    async def body(bench: Bench) -> None:
        bench.adapter.failures.extend([BusError("no"), None] * 4)
        for _ in range(4):
            bench.adapter.interrupt(r.INT_STATUS_TX)
            await bench.pause()
        assert bench.driver.statistics.resets == 3
        assert not bench.driver.is_link_up
        assert "3 soft resets did not help" in bench.driver.notices[-1]
        await bench.pause(NS_PER_S)
        assert bench.driver.is_link_up

    run(body)


def test_a_lost_adapter_is_found_while_a_transmission_lasts() -> None:
    """Without power nothing interrupts, so the driver looks by itself, long before the time-out."""

    async def body(bench: Bench) -> None:
        bench.adapter.finish_after_ns = None
        bench.driver.try_transmit(frame_of(60))
        await bench.pause()
        trips = len(bench.adapter.trips)
        await bench.pause(55 * NS_PER_MS)
        assert len(bench.adapter.trips) - trips == 5
        bench.adapter.is_dead = AdapterFault("the adapter has no power")
        await bench.pause(10 * NS_PER_MS)
        assert not bench.driver.is_link_up

    run(body)


@pytest.mark.parametrize(("error", "said"), [("lan: no answer", "lan: no answer"), ("usb: gone", "lan: usb: gone")])
def test_a_notice_gives_the_name_once(error: str, said: str) -> None:
    """The bus of a station may bear its name, and say it."""

    async def body(bench: Bench) -> None:
        bench.adapter.is_dead = AdapterFault(error)
        await bench.driver.read_counters()
        bench.adapter.irq.set()
        await bench.pause()
        notices = bench.driver.notices[-2:]
        assert notices[0] == f"lan: the counters could not be read: {error.removeprefix('lan: ')}"
        assert notices[1].startswith(f"{said}; parked at ")

    run(body, DriverConfig(name="lan"))


def test_without_power_the_driver_parks_and_comes_back() -> None:
    async def body(bench: Bench) -> None:
        driver, adapter = bench.driver, bench.adapter
        adapter.finish_after_ns = None
        for i in range(7):
            driver.try_transmit(frame_of(60, i))
        await bench.pause()
        adapter.is_dead = AdapterFault("the adapter has no power")
        adapter.irq.set()
        await bench.pause()
        assert not driver.is_link_up
        statistics = driver.statistics
        assert (statistics.transmit_frames_lost, statistics.frames_dropped, statistics.adapter_faults) == (4, 3, 1)
        for i in range(50):
            assert driver.try_transmit(frame_of(60, i)), "frames are taken and dropped, so that nobody waits for ever"
        assert statistics.frames_dropped == 53
        assert [result.outcome for result in driver.transmit_results()] == [TransmitOutcome.LOST] * 57
        adapter.irq.clear()
        before = len(adapter.trips)
        await bench.pause(20 * NS_PER_S)
        assert 20 < len(adapter.trips) - before < 30, "it looks for the adapter, ever more rarely"
        adapter.is_dead = None
        adapter.power_on()
        adapter.finish_after_ns = 10_000
        await bench.pause(NS_PER_S)
        assert driver.is_link_up and "answers again" in driver.notices[-1]
        adapter.transmissions.clear()
        driver.try_transmit(frame_of(60, 77))
        await bench.pause()
        assert adapter.transmissions == [(0, frame_of(60, 77))]
        assert [result.outcome for result in driver.transmit_results()] == [TransmitOutcome.OK]
        queued = statistics.frames_sent + statistics.transmit_frames_lost + statistics.frames_dropped
        assert statistics.frames_queued == queued == 58

    run(body)


def test_the_driver_can_be_stopped_and_started_again() -> None:
    kernel = VirtualTime()
    bench = Bench(kernel, DriverConfig())

    async def main() -> None:
        await bench.driver.start()
        for number in range(3):
            task = kernel.spawn(bench.driver.run())
            bench.driver.try_transmit(frame_of(60, number))
            await bench.pause(TRIP_NS // 2)  # in the middle of the transaction that sends it
            task.cancel()
            with pytest.raises(Cancelled):
                await task
            await bench.driver.start()
        task = kernel.spawn(bench.driver.run())
        bench.driver.try_transmit(frame_of(60, 9))
        await bench.pause()
        outcomes = [result.outcome for result in bench.driver.transmit_results()]
        assert outcomes == [TransmitOutcome.LOST] * 3 + [TransmitOutcome.OK]
        task.cancel()

    kernel.run(main(), limit_ns=NS_PER_S)


# -- link and counters -------------------------------------------------------------------------------------------------


def test_link_changes_are_noticed() -> None:
    async def body(bench: Bench) -> None:
        assert bench.driver.is_link_up
        bench.driver.irq.clear()
        bench.adapter.poke(r.REG_STATUS, 0)
        bench.adapter.interrupt(r.INT_STATUS_LINK_CHANGE)
        await bench.driver.irq.wait()
        assert not bench.driver.is_link_up
        bench.adapter.poke(r.REG_STATUS, r.STATUS_LINK)
        bench.adapter.interrupt(r.INT_STATUS_LINK_CHANGE)
        await bench.pause()
        assert bench.driver.is_link_up
        assert bench.driver.statistics.link_changes == 3

    run(body)


def test_counters_go_beyond_32_bits() -> None:
    async def body(bench: Bench) -> None:
        octets = r.WIN_COUNTERS + 4 * r.CNT_AOCTETSTRANSMITTEDOK
        total = 0
        for step in (5, 0x9000_0000, 0x9000_0000, 0xF000_0000, 1):
            total += step
            bench.adapter.poke(octets, total & 0xFFFFFFFF)
            bench.adapter.interrupt(r.INT_STATUS_COUNTER_HALF)
            await bench.pause()
        assert bench.adapter.peek(r.REG_INT_STATUS) == 0
        counters = await bench.driver.read_counters()
        assert counters["aOctetsTransmittedOK"] == total
        assert counters["aCollisionFrames[15]"] == 0

    run(body)


def test_counters_survive_a_loss_of_power() -> None:
    async def body(bench: Bench) -> None:
        place = r.WIN_COUNTERS + 4 * r.CNT_AFRAMESRECEIVEDOK
        bench.adapter.poke(place, 7)
        assert (await bench.driver.read_counters())["aFramesReceivedOK"] == 7
        bench.adapter.is_dead = AdapterFault("no power")
        bench.adapter.irq.set()
        await bench.pause()
        assert (await bench.driver.read_counters())["aFramesReceivedOK"] == 7
        bench.adapter.is_dead = None
        bench.adapter.power_on()
        await bench.pause(NS_PER_S)
        bench.adapter.poke(place, 3)
        assert (await bench.driver.read_counters())["aFramesReceivedOK"] == 10

    run(body)


def test_a_ring_knows_what_it_reads() -> None:
    from rig.driver.bring_up import BufferLayout

    ring = ReceiveRing(BufferLayout((0,), 6, 16))
    assert ring.pages_until(10) == 4
    header = ring.parse_header(bytes.fromhex("0100 4000 07000000 0000000000000000"))
    assert (header.frame_octets, header.next_page) == (64, 7)
    for damage in ("0100 0000 07000000 00", "0100 4000 08000000 00", "0100 ff0f 16000000 00"):
        with pytest.raises(AdapterFault, match="makes no sense"):
            ring.parse_header(bytes.fromhex(damage).ljust(16, b"\0"))
