"""The driver and its PHY, on the twin: access, the mode of the link, changes of the link, and no PHY at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.adapter.mdio_phy import RegisterPhy
from firmware_models.network.segment import Segment
from rig.adapter import registers as r
from rig.adapter.bus import Read32, Write32, read32
from rig.adapter.device import TransmitOutcome
from rig.adapter.mac_rom import MacRom
from rig.backends.model import ModelBus
from rig.driver.config import DriverConfig, LinkMode, PhyConfig
from rig.driver.driver import NicDriver
from rig.driver.phy import Phy, PhyRegister, find_phy
from rig.errors import AdapterFault, UsageError
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_MS, NS_PER_S

MAC = bytes.fromhex("020000000001")
FULL100, HALF100, FULL10, HALF10 = (LinkMode(speed, duplex) for speed in (100, 10) for duplex in (True, False))
NEGOTIATES, ALL = 0x3000, 0x01E1
UP_AND_AGREED, UP, DOWN = 0x786D, 0x784D, 0x7849


class ScriptedPhy(RegisterPhy):
    """A PHY whose registers a test sets; STATUS latches a lost link as 22.2.4.2.13 wants it."""

    def __init__(self, address: int = 1) -> None:
        super().__init__(address)
        self.values = {0: NEGOTIATES, 1: UP_AND_AGREED, 2: 0x0007, 3: 0xC0F1, 4: ALL, 5: ALL}
        self.is_lost_latched = False
        self.is_dead = False
        self.written: list[tuple[int, int]] = []
        self.reads = 0

    def read_register(self, phy: int, register: int) -> int | None:
        self.reads += 1
        if phy != self.address or self.is_dead:
            return None
        value = self.values.get(register, 0)
        if register == PhyRegister.STATUS and self.is_lost_latched:
            self.is_lost_latched = False
            value &= ~4
        return value

    def write_register(self, phy: int, register: int, value: int) -> None:
        if phy == self.address:
            self.written.append((register, value))
            self.values[register] = value


class Bench:
    def __init__(self, phy: ScriptedPhy | None) -> None:
        self.kernel = VirtualTime()
        self.phy = phy
        self.adapter = LanAdapter(self.kernel, Segment(self.kernel), MacRom(MAC).serialize(), name="a")
        self.adapter.mdio.phy = phy
        self.bus = ModelBus(self.kernel, self.adapter)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.kernel.run(coroutine, limit_ns=NS_PER_S)

    def drive(self, config: PhyConfig | None, body: Callable[[NicDriver], Awaitable[None]], **more: Any) -> NicDriver:
        driver = NicDriver(self.kernel, self.bus, DriverConfig(name="lan0", phy=config, **more))

        async def main() -> None:
            await driver.start()
            self.kernel.spawn(driver.run(), "driver")
            await body(driver)

        self.run(main())
        return driver

    async def change_link(self, is_up: bool) -> None:
        self.adapter.set_link(is_up)
        await self.kernel.sleep_until(self.kernel.now_ns + NS_PER_MS)


async def nothing(_: NicDriver) -> None:
    pass


def test_registers_are_read_and_written() -> None:
    bench = Bench(ScriptedPhy(5))
    phy = Phy(bench.kernel, bench.bus, 5)

    async def main() -> None:
        assert await phy.read(PhyRegister.IDENTIFIER_1) == 0x0007
        await phy.write(PhyRegister.ADVERTISEMENT, 0x0061)
        assert await phy.read(PhyRegister.ADVERTISEMENT) == 0x0061
        assert bench.kernel.now_ns < 5 * 30_000, "an access takes a management frame and little more"

    bench.run(main())
    assert bench.phy is not None and bench.phy.written == [(4, 0x0061)]


@pytest.mark.parametrize("address", [0, 1, 31])
def test_the_phy_is_found(address: int) -> None:
    bench = Bench(ScriptedPhy(address))
    phy = bench.run(find_phy(bench.kernel, bench.bus))
    assert phy is not None and phy.address == address


def test_nobody_and_a_line_that_is_held_low_are_no_phy() -> None:
    for phy in (None, ScriptedPhy(7)):
        bench = Bench(phy)
        if phy is not None:
            phy.values = {}
        assert bench.run(find_phy(bench.kernel, bench.bus)) is None
    bench = Bench(None)
    with pytest.raises(AdapterFault, match="no PHY answers at MDIO address 3"):
        bench.run(Phy(bench.kernel, bench.bus, 3).read(0))


MODES = [
    (NEGOTIATES, UP_AND_AGREED, ALL, ALL, FULL100),
    (NEGOTIATES, UP_AND_AGREED, ALL, 0x00A1, HALF100),
    (NEGOTIATES, UP_AND_AGREED, 0x0061, ALL, FULL10),
    (NEGOTIATES, UP_AND_AGREED, ALL, 0x0021, HALF10),
    (NEGOTIATES, UP_AND_AGREED, 0x0141, 0x00E1, FULL10),
    (NEGOTIATES, UP_AND_AGREED, 0x0101, 0x0021, None),
    (NEGOTIATES, UP, ALL, ALL, None),
    (NEGOTIATES, DOWN, ALL, ALL, None),
    (0x2100, UP, 0, 0, FULL100),
    (0x2000, UP, 0, 0, HALF100),
    (0x0100, UP, 0, 0, FULL10),
    (0x0000, UP, 0, 0, HALF10),
]


@pytest.mark.parametrize(("control", "status", "own", "partner", "mode"), MODES)
def test_the_mode_is_what_both_can_or_what_was_forced(
    control: int, status: int, own: int, partner: int, mode: LinkMode | None
) -> None:
    bench = Bench(phy := ScriptedPhy())
    phy.values |= {0: control, 1: status, 4: own, 5: partner}
    state = bench.run(Phy(bench.kernel, bench.bus, 1).state())
    assert state.is_link_up is (status != DOWN)
    assert state.mode == mode


def test_a_link_that_is_back_is_up_though_its_loss_is_latched() -> None:
    bench = Bench(phy := ScriptedPhy())
    phy.is_lost_latched = True
    assert bench.run(Phy(bench.kernel, bench.bus, 1).state()).is_link_up


def test_the_adapter_takes_the_mode_of_the_link_over() -> None:
    bench = Bench(phy := ScriptedPhy())
    phy.values[5] = 0x0021

    async def body(driver: NicDriver) -> None:
        control = await read32(bench.bus, r.REG_CTRL)
        assert not control & (r.CTRL_SPEED100 | r.CTRL_FULL_DUPLEX)

    driver = bench.drive(PhyConfig(), body, full_duplex=True)
    assert (driver.capabilities.speed_mbps, driver.capabilities.full_duplex) == (10, False)
    assert driver.notices == ["lan0: the PHY at address 1 has a link: 10 Mb/s half duplex"]
    assert driver.config.full_duplex, "what was configured stays known"


def test_a_change_of_mode_sets_the_adapter_up_anew_and_says_what_was_lost() -> None:
    bench = Bench(phy := ScriptedPhy())

    async def body(driver: NicDriver) -> None:
        assert driver.capabilities.full_duplex
        phy.values |= {1: DOWN}
        await bench.change_link(False)
        was_up = driver.is_link_up
        phy.values |= {1: UP_AND_AGREED, 5: 0x00A1}
        for _ in range(3):
            driver.try_transmit(bytes(1514))
        await bench.change_link(True)
        assert (was_up, driver.is_link_up) == (False, True)
        assert (driver.capabilities.speed_mbps, driver.capabilities.full_duplex) == (100, False)
        assert await read32(bench.bus, r.REG_CTRL) & (r.CTRL_FULL_DUPLEX | r.CTRL_SPEED100) == r.CTRL_SPEED100

    driver = bench.drive(PhyConfig(address=1), body)
    assert driver.notices[:3] == [
        "lan0: the PHY at address 1 has a link: 100 Mb/s full duplex",
        "lan0: the PHY at address 1 has lost its link",
        "lan0: the PHY at address 1 has a link: 100 Mb/s half duplex",
    ]
    assert "the link is 100 Mb/s half duplex now; soft reset" in driver.notices[3]
    outcomes = [result.outcome for result in driver.transmit_results()]
    assert len(outcomes) == 3 and set(outcomes) <= {TransmitOutcome.OK, TransmitOutcome.LOST}
    assert driver.statistics.transmit_frames_lost == outcomes.count(TransmitOutcome.LOST)
    assert driver.statistics.resets == 1


def test_the_same_mode_again_costs_nothing() -> None:
    bench = Bench(ScriptedPhy())

    async def body(driver: NicDriver) -> None:
        for is_up in (False, True) * 5:
            await bench.change_link(is_up)

    driver = bench.drive(PhyConfig(address=1), body)
    assert driver.statistics.resets == 0
    assert driver.statistics.link_changes == 11


def test_a_flapping_mode_is_no_reason_to_park() -> None:
    bench = Bench(phy := ScriptedPhy())

    async def body(driver: NicDriver) -> None:
        for number in range(8):
            phy.values[5] = (0x0021, ALL)[number % 2]
            await bench.change_link(False)
            await bench.change_link(True)

    driver = bench.drive(PhyConfig(address=1), body)
    assert driver.is_link_up
    assert driver.statistics.resets == 8 and driver.statistics.adapter_faults == 0


def test_a_forced_phy_is_told_the_mode_and_not_followed() -> None:
    bench = Bench(phy := ScriptedPhy())
    driver = bench.drive(PhyConfig(is_forced=True), nothing, speed_mbps=10, full_duplex=True)
    assert phy.written == [(0, 0x0100)]
    assert (driver.capabilities.speed_mbps, driver.capabilities.full_duplex) == (10, True)


def test_negotiation_can_be_begun_again() -> None:
    bench = Bench(phy := ScriptedPhy())
    bench.run(Phy(bench.kernel, bench.bus, 1).negotiate())
    assert phy.written == [(0, 0x1200)]


def test_without_a_phy_in_the_configuration_mdio_stays_silent() -> None:
    bench = Bench(phy := ScriptedPhy())

    async def body(driver: NicDriver) -> None:
        await bench.change_link(False)
        await bench.change_link(True)

    driver = bench.drive(None, body)
    assert phy.reads == 0 and driver.notices == []


def test_an_absent_phy_is_told_and_is_a_fault_only_where_it_is_required() -> None:
    driver = Bench(None).drive(PhyConfig(), nothing)
    assert driver.notices == ["lan0: no PHY answers at any MDIO address; the link is taken to be 100 Mb/s half duplex"]
    with pytest.raises(AdapterFault, match="no PHY answers at MDIO address 4; check its strapping"):
        Bench(ScriptedPhy(5)).drive(PhyConfig(address=4, is_required=True), nothing)


def test_a_phy_that_stops_answering_is_told() -> None:
    bench = Bench(phy := ScriptedPhy())

    async def body(driver: NicDriver) -> None:
        phy.is_dead = True
        await bench.change_link(False)

    driver = bench.drive(PhyConfig(), body)
    assert (
        "no PHY answers at MDIO address 1" in driver.notices[-1] and "100 Mb/s full duplex still" in driver.notices[-1]
    )
    assert driver.statistics.adapter_faults == 0


def test_an_mdio_that_never_ends_is_a_fault() -> None:
    bench = Bench(ScriptedPhy())

    class BusyBus:
        irq = bench.bus.irq

        async def transaction(self, operations: list[Read32 | Write32]) -> list[int | None]:
            return [r.MDIO_BUSY if isinstance(each, Read32) else None for each in operations]

    with pytest.raises(AdapterFault, match="has not ended"):
        bench.run(Phy(bench.kernel, BusyBus(), 1).read(0))  # type: ignore[arg-type]


def test_a_phy_address_has_five_bits() -> None:
    with pytest.raises(UsageError, match="0 to 31"):
        PhyConfig(address=32)
