"""Runs in the simulator: one scenario of :mod:`tests.hdl.bench.segment_page` on the bench with stand-in adapters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rig.adapter.bus import Operation, ReadBlock, Write32
from rig.backends.rtl import RtlBench, RtlStation
from rig.runtime.pump_cocotb import SimTime
from tests.hdl.bench.segment_page import SCENARIOS, Scenario

PLAN = 0x4000
RECORDS = "records.txt"


def stations(scenario: Scenario) -> list[RtlStation]:
    """Return the stations; octet 0 of a ROM is the number that the stand-in mixes into its nibbles."""
    return [
        RtlStation(f"s{index}", bytes([index]) + bytes(31), position_bits=position)
        for index, position in enumerate(scenario.positions_bits)
    ]


async def play(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Load the plans, let them run, and return each station's log and the record."""
    scenario = SCENARIOS[os.environ["BENCH_SCENARIO"]]
    bench = RtlBench(
        kernel, dut, stations(scenario), speed_mbps=scenario.speed_mbps, full_duplex=scenario.full_duplex,
        garbage_seed=scenario.garbage_seed, records=Path(RECORDS),
    )  # fmt: skip
    for bus, plan in zip(bench.buses, scenario.plans, strict=True):
        operations: list[Operation] = []
        for entry, sent in enumerate(plan):
            address = PLAN + 16 * entry
            operations += [
                Write32(address + 8, int(sent.is_collided)),
                Write32(address + 4, sent.nibbles),
                Write32(address, sent.first_edge),
            ]
        if operations:
            kernel.spawn(bus.transaction(operations))
    if scenario.power_loss is not None:
        station, t_ns = scenario.power_loss
        await kernel.sleep_until(t_ns)
        bench.power(f"s{station}", False)
    await kernel.sleep_until(scenario.edge_ns(0, scenario.edges + 1))
    timeline = await bench.finish()
    logs: list[list[int] | None] = []
    for index, bus in enumerate(bench.buses):
        if scenario.is_dark(index, kernel.now_ns):
            logs.append(None)
        else:
            (octets,) = await bus.transaction([ReadBlock(0, 4 * scenario.edges)])
            assert isinstance(octets, bytes)
            logs.append([octets[4 * k] for k in range(scenario.edges)])
    return {
        "logs": logs,
        "events": [event.to_json() for event in timeline.sorted_events()],
        "frames": [(frame.t_ns, int(frame.station[1:]), frame.octets.hex()) for frame in timeline.sorted_frames()],
    }
