"""The twin of an adapter behind an RMII: what its PHY cannot show, it does not report."""

from __future__ import annotations

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.network.scripted_medium import ScriptedMedium
from rig.adapter import registers as r
from rig.adapter.bus import read32
from rig.adapter.mac_rom import MacRom
from rig.backends.model import ModelBus
from rig.driver.config import DriverConfig
from rig.driver.driver import NicDriver
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_MS

MAC = bytes.fromhex("020000000001")


@pytest.mark.requirement("MAC-6.1")
@pytest.mark.parametrize("rmii", [False, True])
def test_sqe_test_and_carrier_sense_errors_are_not_observable(rmii: bool) -> None:
    """A PHY without SQE test signal that returns no carrier: errors at an MII, nothing behind an RMII."""
    kernel = VirtualTime()
    medium = ScriptedMedium(kernel, speed_mbps=10)
    medium.set_phy(half_duplex=False, sqe_test=False)
    bus = ModelBus(kernel, LanAdapter(kernel, medium, MacRom(MAC).serialize(), name="a", rmii=rmii))
    driver = NicDriver(kernel, bus, DriverConfig(speed_mbps=10))

    async def main() -> dict[str, int]:
        await driver.start()
        kernel.spawn(driver.run(), "driver")
        assert bool(await read32(bus, r.REG_CAPS) & r.CAPS_RMII) is rmii
        assert driver.try_transmit(bytes(60))
        await kernel.sleep_until(kernel.now_ns + NS_PER_MS)
        return await driver.read_counters()

    counters = kernel.run(main())
    assert counters["aFramesTransmittedOK"] == 1
    assert (counters["aSQETestErrors"], counters["aCarrierSenseErrors"]) == ((0, 0) if rmii else (1, 1))
