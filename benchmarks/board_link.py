"""What the board link costs and carries: ``python -m benchmarks.board_link``.

Figures of the protocol are in device time on a modelled line of 3 Mbaud, so they are the same on every machine: the
round trip of one register, bursts (how full the line is, and octets of data a second), and what noise leaves of that.
Aims: the line at least 90 % full in a burst; 85 % of the clean goodput with three kinds of fault at 1e-5 per octet
each, 50 % at 1e-4. The last figures are of this machine: a twin behind a pseudo-terminal, on the wall clock.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, ReadBlock, WriteBlock, read32
from rig.boards.faults import FarEnd
from rig.build.board import DEFAULT_BAUD, TwinFarEnd, play_on_twin, port_bus, virtual_boards
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_S, NS_PER_US

BLOCK_OCTETS = 6144
TASKS = 2
ROUND_TRIPS = 100
RATES = (0.0, 1e-5, 1e-4, 1e-3)
LATENCIES_NS = (0, 100 * NS_PER_US, 1000 * NS_PER_US)
PATTERN = bytes(range(256)) * (BLOCK_OCTETS // 256)


@dataclass(frozen=True, slots=True)
class Burst:
    """A burst in one direction, in device time."""

    data_octets_per_s: float
    fill: float
    """Share of the time in which the direction that carries the data was busy."""


async def _move(bus: AdapterBus, address: int, direction: str, count: int) -> None:
    for _ in range(count):
        if direction == "read":
            await bus.transaction([ReadBlock(address, BLOCK_OCTETS)])
        else:
            await bus.transaction([WriteBlock(address, PATTERN)])


def burst(direction: str, rate: float, *, count: int = 40, latency_ns: int = 100 * NS_PER_US) -> Burst:
    """Move blocks by two tasks; measured after the host has got to know the line."""

    async def body(far_end: FarEnd) -> Burst:
        assert isinstance(far_end, TwinFarEnd)
        await far_end.bus.open()
        far_end.set_faults(rate, rate, rate)
        line = far_end.board.line.to_host if direction == "read" else far_end.board.line.to_board
        began_ns = began_octets = 0
        for _ in range(2):
            began_ns, began_octets = far_end.scheduler.now_ns, line.octets_carried
            tasks = [
                far_end.scheduler.spawn(_move(far_end.bus, r.WIN_BUFFER + BLOCK_OCTETS * number, direction, count))
                for number in range(TASKS)
            ]
            for task in tasks:
                await task
        seconds = (far_end.scheduler.now_ns - began_ns) / NS_PER_S
        carried = line.octets_carried - began_octets
        return Burst(TASKS * count * BLOCK_OCTETS / seconds, carried * 10 / DEFAULT_BAUD / seconds)

    return play_on_twin(body, latency_ns=latency_ns)


def round_trip_us(latency_ns: int) -> float:
    """Return the device time of reading one register, in us."""

    async def body(far_end: FarEnd) -> float:
        await far_end.bus.open()
        began_ns = far_end.scheduler.now_ns
        for _ in range(ROUND_TRIPS):
            await read32(far_end.bus, r.REG_ID)
        return (far_end.scheduler.now_ns - began_ns) / ROUND_TRIPS / NS_PER_US

    return play_on_twin(body, latency_ns=latency_ns)


def wall_clock() -> tuple[float, float]:
    """Return us a register and octets a second through a pseudo-terminal of this machine; the twin shares the core."""
    kernel = WallClock()

    async def main() -> tuple[float, float]:
        (board,) = virtual_boards(kernel, ["ulx3s-lan8720"])
        bus = port_bus(kernel, lambda: board.port, name="bench")
        await bus.open()
        began_s = time.perf_counter()
        for _ in range(ROUND_TRIPS):
            await read32(bus, r.REG_ID)
        register_us = (time.perf_counter() - began_s) / ROUND_TRIPS * 1e6
        began_s = time.perf_counter()
        await _move(bus, r.WIN_BUFFER, "read", 20)
        rate = 20 * BLOCK_OCTETS / (time.perf_counter() - began_s)
        bus.close()
        board.close()
        return register_us, rate

    return kernel.run(main(), limit_ns=120 * NS_PER_S)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-wall", action="store_true", help="only the figures in device time")
    options = parser.parse_args(arguments)
    for latency_ns in LATENCIES_NS:
        figure = round_trip_us(latency_ns)
        print(f"board link, register round trip, {latency_ns / NS_PER_US:6.0f} us each way  {figure:8.1f} us")
    for direction in ("read", "write"):
        clean = burst(direction, 0.0)
        for rate in RATES:
            result = clean if not rate else burst(direction, rate)
            share = result.data_octets_per_s / clean.data_octets_per_s
            print(
                f"board link, {direction:5} burst, faults {rate:7g}  {result.data_octets_per_s / 1e3:6.1f} kB/s  line "
                f"{result.fill:4.0%} full  {share:4.0%} of clean"
            )
    if not options.no_wall:
        register_us, octets_per_s = wall_clock()
        print(f"board link, pseudo-terminal of this machine  {register_us:8.0f} us a register")
        print(f"board link, pseudo-terminal of this machine  {octets_per_s / 1e3:8.1f} kB/s read")


if __name__ == "__main__":
    main()
