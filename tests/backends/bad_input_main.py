"""Run in the simulator: the bad-input contract on two Verilog adapters, one coroutine after the other."""

from __future__ import annotations

import os
from typing import Any

from rig.adapter.mac_rom import MacRom
from rig.backends.rtl import RtlBench, RtlStation
from rig.runtime.pump_cocotb import SimTime
from tests.backends.rtl_main import verdicts
from tests.contract import bad_input_contract


async def main(kernel: SimTime, dut: Any) -> dict[str, str]:
    """The segment is what RIG_TEST_SEGMENT says: speed in Mb/s, and 1 for full duplex."""
    speed, duplex = os.environ["RIG_TEST_SEGMENT"].split()
    speed_mbps, full_duplex = int(speed), duplex == "1"
    stations = [
        RtlStation(name, MacRom(mac).serialize()) for name, mac in zip("ab", bad_input_contract.MACS, strict=True)
    ]
    rtl = RtlBench(kernel, dut, stations, speed_mbps=speed_mbps, full_duplex=full_duplex)
    bench = bad_input_contract.BadInputBench(kernel, (rtl.buses[0], rtl.buses[1]), speed_mbps, full_duplex)
    return await verdicts({contract.__name__: lambda c=contract: c(bench) for contract in bad_input_contract.CONTRACT})
