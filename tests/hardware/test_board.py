"""The bus contract on the board that ``--rig-board`` names: a port, or a URL of one."""

from __future__ import annotations

import pytest

from rig.adapter import registers as r
from rig.adapter.bus import read_block
from rig.build.board import port_bus
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_S
from tests.contract import bus_contract

LIMIT_NS = 300 * NS_PER_S


@pytest.mark.parametrize("contract", bus_contract.CONTRACT, ids=lambda contract: contract.__name__)
def test_bus(contract: bus_contract.Contract, request: pytest.FixtureRequest) -> None:
    port, baud, rts_cts = (request.config.getoption(f"--rig-{name}") for name in ("board", "baud", "rts-cts"))
    kernel = WallClock()

    async def main() -> None:
        bus = port_bus(kernel, lambda: port, name=port, baud=baud, rts_cts=rts_cts)
        try:
            rom = await read_block(bus, r.WIN_ROM, r.WIN_ROM_OCTETS)
            await contract(bus_contract.BusBench(kernel, bus, rom, time_is_simulated=False))
        finally:
            bus.close()

    kernel.run(main(), limit_ns=LIMIT_NS)
