"""What a board's link carries, in device time, so that the figures are those of every machine: how long one register
takes, and how full bursts keep the line. Measured against any :class:`~rig.build.far_end.FarEnd`.

:func:`measure_rtl` does it on the Verilog, in a simulator; what runs there is :func:`main`.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, ReadBlock, WriteBlock, read32
from rig.boards.virtual_rtl import build_boards
from rig.build.board import DEFAULT_BAUD, FAR_END_BOARD
from rig.build.far_end import FarEnd
from rig.regress import simbuild
from rig.units import NS_PER_S, NS_PER_US

BLOCK_OCTETS = 6144
TASKS = 2
"""So many hosts' tasks at once: while one looks at its reply, the other keeps the line busy."""
BITS_PER_OCTET = 10
PATTERN = bytes(range(256)) * (BLOCK_OCTETS // 256)
ROUND_TRIPS = 10
POWER_ON_NS = 1_000
TIMEOUT_S = 900
SIM_LIMIT_NS = 10 * NS_PER_S

Direction = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Burst:
    """A burst in one direction, in device time."""

    data_octets_per_s: float
    fill: float
    """Share of the time in which the direction that carries the data was busy."""


@dataclass(frozen=True, slots=True)
class RtlFigures:
    """What was measured on the Verilog at 3 Mbaud."""

    round_trip_us: float
    read: Burst
    write: Burst


async def _move(bus: AdapterBus, address: int, direction: Direction, count: int) -> None:
    for _ in range(count):
        if direction == "read":
            await bus.transaction([ReadBlock(address, BLOCK_OCTETS)])
        else:
            await bus.transaction([WriteBlock(address, PATTERN)])


async def measure_burst(far_end: FarEnd, direction: Direction, *, count: int, warm_up: int) -> Burst:
    """Move ``count`` blocks by each of two tasks, after ``warm_up`` by which the host gets to know the line."""
    scheduler = far_end.scheduler
    began_ns = began_octets = 0
    for blocks in (warm_up, count):
        began_ns, began_octets = scheduler.now_ns, far_end.octets_carried(to_board=direction == "write")
        tasks = [
            scheduler.spawn(_move(far_end.bus, r.WIN_BUFFER + BLOCK_OCTETS * number, direction, blocks))
            for number in range(TASKS)
        ]
        for task in tasks:
            await task
    seconds = (scheduler.now_ns - began_ns) / NS_PER_S
    carried = far_end.octets_carried(to_board=direction == "write") - began_octets
    return Burst(TASKS * count * BLOCK_OCTETS / seconds, carried * BITS_PER_OCTET / DEFAULT_BAUD / seconds)


async def measure_round_trip(far_end: FarEnd, count: int) -> float:
    """Return the device time of reading one register, in us."""
    began_ns = far_end.scheduler.now_ns
    for _ in range(count):
        await read32(far_end.bus, r.REG_ID)
    return (far_end.scheduler.now_ns - began_ns) / count / NS_PER_US


def measure_rtl(*, count: int, warm_up: int = 1, rate: float = 0.0, folder: Path | None = None) -> RtlFigures:
    """Measure on the Verilog far end, with each kind of fault at ``rate`` an octet in the bursts.

    The simulator's log is left in ``folder``.

    :class:`~rig.errors.ToolError` if there is no simulator, the build fails, or the simulator dies.
    """
    with tempfile.TemporaryDirectory() as scratch:
        result = simbuild.run(
            build_boards([FAR_END_BOARD]), run_dir=folder or Path(scratch), timeout_s=TIMEOUT_S,
            main="rig.boards.burst:main", sim_limit_ns=SIM_LIMIT_NS,
            env={"RIG_BURST": json.dumps({"count": count, "warm_up": warm_up, "rate": rate})},
        )  # fmt: skip
    result.check()
    value = result.value
    return RtlFigures(value["round_trip_us"], Burst(**value["read"]), Burst(**value["write"]))


async def main(kernel: Any, dut: Any) -> dict[str, Any]:
    """Measure on the board of the simulation that runs this process."""
    from rig.build.rtl_board import RtlFarEnd

    wanted = json.loads(os.environ["RIG_BURST"])
    counts = {name: wanted[name] for name in ("count", "warm_up")}
    far_end = RtlFarEnd(kernel, dut)
    await kernel.sleep_until(POWER_ON_NS)
    await far_end.bus.open()
    round_trip_us = await measure_round_trip(far_end, ROUND_TRIPS)
    far_end.set_faults(wanted["rate"], wanted["rate"], wanted["rate"])
    read = await measure_burst(far_end, "read", **counts)
    write = await measure_burst(far_end, "write", **counts)
    return asdict(RtlFigures(round_trip_us, read, write))
