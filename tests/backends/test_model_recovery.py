"""The driver on the twin when things go wrong: power lost, damaged ROM, collisions, a transmitter that hangs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.network.segment import Segment
from rig.adapter import registers as r
from rig.adapter.bus import Read32, Write32
from rig.adapter.device import TransmitOutcome
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline
from rig.backends.model import ModelBus
from rig.driver.config import DriverConfig
from rig.driver.driver import NicDriver
from rig.errors import AdapterFault
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_MS, NS_PER_S
from tests.contract.device_contract import DeviceBench, Pair

ROMS = [MacRom(bytes.fromhex(f"02000000000{i}")).serialize() for i in (1, 2)]


class Bench:
    """Two twins on a segment."""

    def __init__(self) -> None:
        self.kernel = VirtualTime()
        self.timeline = Timeline()
        segment = Segment(self.kernel, timeline=self.timeline)
        self.adapters = [
            LanAdapter(self.kernel, segment, rom, name=name, position_bits=bits)
            for rom, name, bits in zip(ROMS, "ab", (0, 100), strict=True)
        ]
        self.buses = [ModelBus(self.kernel, adapter) for adapter in self.adapters]
        self.devices = DeviceBench(self.kernel, (self.buses[0], self.buses[1]), DriverConfig())

    def run(self, body: Callable[[Pair], Awaitable[None]]) -> None:
        async def main() -> None:
            pair = await self.devices.connect()
            await body(pair)
            await pair.close()

        self.kernel.run(main(), limit_ns=100 * NS_PER_S)


@pytest.mark.parametrize("off_ns", [0, 1_000, 12_345, 250_001])
def test_power_lost_in_mid_transfer_and_back(off_ns: int) -> None:
    bench = Bench()

    async def body(pair: Pair) -> None:
        kernel, adapter, driver = bench.kernel, bench.adapters[0], pair.a
        sender = kernel.spawn(pair.send(driver, [pair.frame(1000, i) for i in range(40)]))
        await kernel.sleep_until(kernel.now_ns + 400_000 + off_ns)
        adapter.power(False)
        await sender
        await pair.settle(5 * NS_PER_MS)
        assert not driver.is_link_up
        assert driver.try_transmit(pair.frame(60))
        outcomes = Counter(result.outcome for result in driver.transmit_results())
        assert set(outcomes) == {TransmitOutcome.OK, TransmitOutcome.LOST} and outcomes.total() == 41
        heard = 0
        while pair.b.receive() is not None:
            heard += 1
        assert outcomes[TransmitOutcome.OK] <= heard <= outcomes[TransmitOutcome.OK] + 1
        adapter.power(True)
        await pair.settle(2 * NS_PER_S)
        assert driver.is_link_up
        frames = [pair.frame(200, i) for i in range(10)]
        await pair.send(driver, frames)
        assert [frame.octets for frame in await pair.take(pair.b, 10)] == frames
        statistics = driver.statistics
        assert statistics.frames_queued == 51
        assert statistics.frames_queued == (
            statistics.frames_sent + statistics.transmit_frames_lost + statistics.frames_dropped
        )
        assert (await driver.read_counters())["aFramesTransmittedOK"] == 10, "nobody had read what went before"

    bench.run(body)


def test_power_lost_while_nothing_happens_is_found_when_something_does() -> None:
    bench = Bench()

    async def body(pair: Pair) -> None:
        bench.adapters[1].power(False)
        await pair.settle()
        assert pair.b.try_transmit(pair.frame(60, 1, pair.a.capabilities.mac))
        await pair.settle()
        assert not pair.b.is_link_up
        assert [result.outcome for result in pair.b.transmit_results()] == [TransmitOutcome.LOST]
        assert "no power" in pair.b.notices[-1]

    bench.run(body)


@pytest.mark.parametrize("damage", [0, 14, 31])
def test_a_damaged_rom_is_reported_and_can_be_replaced(damage: int) -> None:
    kernel = VirtualTime()
    image = bytearray(ROMS[0])
    image[damage] ^= 0x10
    bus = ModelBus(kernel, LanAdapter(kernel, Segment(kernel), bytes(image), name="a"))
    with pytest.raises(AdapterFault, match=r"damaged.*configure a locally administered address"):
        kernel.run(NicDriver(kernel, bus).start())
    driver = NicDriver(kernel, bus, DriverConfig(mac=bytes.fromhex("02aabbccddee")))
    kernel.run(driver.start())
    assert driver.capabilities.mac == bytes.fromhex("02aabbccddee")
    assert "damaged" in driver.notices[0]


def test_excessive_collisions_cost_one_frame_and_no_reset() -> None:
    bench = Bench()

    async def body(pair: Pair) -> None:
        bus = bench.buses[0]
        (control,) = await bus.transaction([Read32(r.REG_CTRL)])
        assert isinstance(control, int)
        await bus.transaction([Write32(r.REG_CTRL, control | r.CTRL_FORCE_COL | r.CTRL_NO_BACKOFF)])
        assert pair.a.try_transmit(pair.frame(60))
        (result,) = await pair.results(pair.a, 1)
        assert (result.outcome, result.collisions) == (TransmitOutcome.EXCESSIVE_COLLISIONS, 16)
        await bus.transaction([Write32(r.REG_CTRL, control)])
        await pair.send(pair.a, [pair.frame(60, 1)])
        (received,) = await pair.take(pair.b, 1)
        assert received.octets == pair.frame(60, 1)
        assert pair.a.statistics.resets == 0
        assert (await pair.a.read_counters())["aFramesAbortedDueToXSColls"] == 1

    bench.run(body)


def test_contention_collides_and_costs_no_frame() -> None:
    """The contract of nothing lost would mean little if nobody ever collided."""
    bench = Bench()

    async def body(pair: Pair) -> None:
        for number in range(30):
            to_b = pair.frame(100, number)
            to_a = pair.frame(100, number, pair.a.capabilities.mac, pair.b.capabilities.mac)
            assert pair.a.try_transmit(to_b) and pair.b.try_transmit(to_a)
            await pair.settle()
        assert len(await pair.take(pair.a, 30)) == len(await pair.take(pair.b, 30)) == 30
        assert pair.a.statistics.collisions > 20
        results = pair.a.transmit_results()
        assert {result.outcome for result in results} == {TransmitOutcome.OK}
        starts = {
            event.t_ns for event in bench.timeline.sorted_events() if event.kind == "transmit" and event.station == "a"
        }
        for result in results:
            error_ns = min(abs(result.start_ns - start_ns) for start_ns in starts)
            assert error_ns <= 100, "the time of a transmission, from TX_TIME, is right within its crossing to the bus"

    bench.run(body)


def test_a_transmitter_that_hangs_is_reset() -> None:
    bench = Bench()

    async def body(pair: Pair) -> None:
        await bench.buses[0].transaction([Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_RX_EN)])  # off, so slots wait
        assert pair.a.try_transmit(pair.frame(60))
        await pair.settle(NS_PER_S + NS_PER_MS)
        assert pair.a.statistics.resets == 1
        assert [result.outcome for result in pair.a.transmit_results()] == [TransmitOutcome.LOST]
        assert pair.a.try_transmit(pair.frame(60, 2))
        (received,) = await pair.take(pair.b, 1)
        assert received.octets == pair.frame(60, 2)

    bench.run(body)
