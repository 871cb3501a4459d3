"""Run in the simulator: the bus contract on the netlist of a board's core, and the RAM model beside plain arrays."""

from __future__ import annotations

import os
import traceback
from random import Random
from typing import Any

from rig.adapter.mac_rom import MacRom
from rig.backends.board import BoardBus, Expectation
from rig.build.board import session_ids
from rig.runtime.pump_cocotb import SimTime
from tests.contract import bad_input_contract, bus_contract
from tests.hdl.link.uart_main import Line

ROM = MacRom(bad_input_contract.MACS[0]).serialize()
POWER_ON_NS = 1_000


async def bus(kernel: SimTime, dut: Any) -> dict[str, str]:
    """The parts of the contract that NETLIST_CONTRACTS names."""
    line = Line(kernel, dut)
    await kernel.sleep_until(POWER_ON_NS)
    board = BoardBus(kernel, lambda: line.port, session_ids(Random(1)), Expectation("netlist"))
    bench = bus_contract.BusBench(kernel, board, ROM, time_is_simulated=False)
    chosen = os.environ["NETLIST_CONTRACTS"].split()
    results = {}
    for contract in bus_contract.CONTRACT:
        if contract.__name__ in chosen:
            try:
                await contract(bench)
            except Exception:
                results[contract.__name__] = traceback.format_exc()
            else:
                results[contract.__name__] = ""
    return results


async def ram(kernel: SimTime, dut: Any) -> list[int]:
    """Let the bench of the RAM model run; return how many words it compared, and how many were wrong."""
    while not int(dut.finished.value):
        await kernel.sleep_until(kernel.now_ns + 10_000)
    return [int(dut.compared.value), int(dut.problems.value)]
