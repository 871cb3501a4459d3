"""Run in the simulator: the checks of recovery, one after the other on the same two adapters."""

from __future__ import annotations

from typing import Any

from rig.driver.config import DriverConfig
from rig.runtime.pump_cocotb import SimTime
from tests.backends.rtl_main import make_bench, verdicts
from tests.contract.device_contract import DeviceBench
from tests.driver.recovery_checks import CHECKS


async def recovery(kernel: SimTime, dut: Any) -> dict[str, str]:
    rtl = make_bench(kernel, dut)
    bench = DeviceBench(kernel, (rtl.buses[0], rtl.buses[1]), DriverConfig())
    return await verdicts({check.__name__: lambda c=check: c(bench) for check in CHECKS})
