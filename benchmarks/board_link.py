"""What the board link costs and carries: ``python -m benchmarks.board_link``.

Figures of the protocol are in device time on a modelled line of 3 Mbaud, so they are the same on every machine: the
round trip of one register, bursts (how full the line is, and octets of data a second), and what noise leaves of that.
Aims: the line at least 90 % full in a burst; 85 % of the clean goodput with three kinds of fault at 1e-5 per octet
each, 50 % at 1e-4. Those of the Verilog far end come from a simulator, without the latency of a port. The last figures
are of this machine: a twin behind a pseudo-terminal, on the wall clock.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from rig.adapter import registers as r
from rig.adapter.bus import ReadBlock, read32
from rig.boards.burst import BLOCK_OCTETS, Burst, Direction, measure_burst, measure_round_trip, measure_rtl
from rig.build.board import play_on_twin, port_bus, virtual_boards
from rig.build.far_end import FarEnd
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_S, NS_PER_US

ROUND_TRIPS = 100
RATES = (0.0, 1e-5, 1e-4, 1e-3)
LATENCIES_NS = (0, 100 * NS_PER_US, 1000 * NS_PER_US)
DIRECTIONS: tuple[Direction, ...] = ("read", "write")
BLOCKS = 40
RTL_BLOCKS = 4


def burst(direction: Direction, rate: float, *, count: int = BLOCKS, latency_ns: int = 100 * NS_PER_US) -> Burst:
    """Return what two tasks move; measured after the host has got to know the line."""

    async def body(far_end: FarEnd) -> Burst:
        await far_end.bus.open()
        far_end.set_faults(rate, rate, rate)
        return await measure_burst(far_end, direction, count=count, warm_up=count)

    return play_on_twin(body, latency_ns=latency_ns)


def round_trip_us(latency_ns: int) -> float:
    """Return the device time of reading one register, in us."""

    async def body(far_end: FarEnd) -> float:
        await far_end.bus.open()
        return await measure_round_trip(far_end, ROUND_TRIPS)

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
        for _ in range(20):
            await bus.transaction([ReadBlock(r.WIN_BUFFER, BLOCK_OCTETS)])
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
    for direction in DIRECTIONS:
        clean = burst(direction, 0.0)
        for rate in RATES:
            result = clean if not rate else burst(direction, rate)
            share = result.data_octets_per_s / clean.data_octets_per_s
            print(
                f"board link, {direction:5} burst, faults {rate:7g}  {result.data_octets_per_s / 1e3:6.1f} kB/s  line "
                f"{result.fill:4.0%} full  {share:4.0%} of clean"
            )
    figures = measure_rtl(count=RTL_BLOCKS)
    print(f"board link, register round trip, Verilog far end   {figures.round_trip_us:8.1f} us")
    for direction, result in (("read", figures.read), ("write", figures.write)):
        print(
            f"board link, {direction:5} burst, Verilog far end   {result.data_octets_per_s / 1e3:6.1f} kB/s  line "
            f"{result.fill:4.0%} full"
        )
    if not options.no_wall:
        register_us, octets_per_s = wall_clock()
        print(f"board link, pseudo-terminal of this machine  {register_us:8.0f} us a register")
        print(f"board link, pseudo-terminal of this machine  {octets_per_s / 1e3:8.1f} kB/s read")


if __name__ == "__main__":
    main()
