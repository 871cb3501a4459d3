"""Both ends of the twin comparison: the traffic on Verilog adapters (in the simulator) and on their twins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.network.segment import Segment
from rig.adapter.bus import AdapterBus
from rig.adapter.recorder import Timeline
from rig.backends.model import ModelBus
from rig.runtime.kernel import Kernel
from rig.runtime.virtual_time import VirtualTime
from tests.hdl.bench.traffic import Player, Traffic, make

RECORDS = "records.txt"


async def rtl(kernel: Any, dut: Any) -> dict[str, Any]:
    """Run the traffic that BENCH_TRAFFIC names (seed, stations, flavour)."""
    from rig.backends.rtl import RtlBench, RtlStation  # needs the simulator

    seed, stations, flavour = os.environ["BENCH_TRAFFIC"].split()
    traffic = make(int(seed), int(stations), flavour)
    bench = RtlBench(
        kernel, dut,
        [RtlStation(each.name, each.rom_image, each.position_bits, each.phase_ns) for each in traffic.stations],
        speed_mbps=traffic.speed_mbps, full_duplex=traffic.full_duplex, garbage_seed=traffic.garbage_seed,
        records=Path(RECORDS),
    )  # fmt: skip
    return await Player(kernel, bench, traffic).run()


class TwinBench:
    """The twins of a traffic's stations."""

    def __init__(self, kernel: Kernel, traffic: Traffic) -> None:
        self._kernel = kernel
        self._timeline = Timeline()
        self._segment = Segment(
            kernel, speed_mbps=traffic.speed_mbps, full_duplex=traffic.full_duplex, seed=traffic.garbage_seed,
            timeline=self._timeline,
        )  # fmt: skip
        self._adapters = {
            each.name: LanAdapter(
                kernel, self._segment, each.rom_image, name=each.name, position_bits=each.position_bits,
                phase_ns=each.phase_ns,
            )
            for each in traffic.stations
        }  # fmt: skip
        self._buses = {name: ModelBus(kernel, adapter) for name, adapter in self._adapters.items()}

    def bus(self, name: str) -> AdapterBus:
        return self._buses[name]

    def power(self, name: str, on: bool) -> None:
        self._adapters[name].power(on)

    async def finish(self) -> Timeline:
        for adapter in self._adapters.values():
            adapter.finish()
        self._segment.finish()
        await self._kernel.sleep_until(self._kernel.now_ns + 1)
        return self._timeline


def twin(seed: int, stations: int, flavour: str) -> dict[str, Any]:
    """Return what the twins do."""
    kernel = VirtualTime()
    traffic = make(seed, stations, flavour)
    return kernel.run(Player(kernel, TwinBench(kernel, traffic), traffic).run())
