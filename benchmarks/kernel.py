"""What the kernel costs: callbacks and task switches per second, as a ratio to a bare heap in the same run."""

from __future__ import annotations

import time
from heapq import heappop, heappush

from rig.runtime.virtual_time import VirtualTime

EVENTS = 200_000


def _heap_floor() -> float:
    """Pushes and pops per second of a heap of tuples: nothing that schedules in Python can be faster."""
    heap: list[tuple[int, int]] = []
    start = time.perf_counter()
    for number in range(EVENTS):
        heappush(heap, (number, number))
        if len(heap) > 64:
            heappop(heap)
    return EVENTS / (time.perf_counter() - start)


def _callbacks() -> float:
    kernel = VirtualTime()
    left = EVENTS

    def tick(_: object) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            kernel.call_at(kernel.now_ns + 10, tick)

    async def run() -> None:
        for offset in range(64):
            kernel.call_at(offset, tick)
        while left > 0:
            await kernel.sleep_until(kernel.now_ns + 1_000_000)

    start = time.perf_counter()
    kernel.run(run())
    return EVENTS / (time.perf_counter() - start)


def _switches() -> float:
    kernel = VirtualTime()
    ping, pong = kernel.event(), kernel.event()
    rounds = EVENTS // 4

    async def answer() -> None:
        for _ in range(rounds):
            await ping.wait()
            ping.clear()
            pong.set()

    async def run() -> None:
        task = kernel.spawn(answer(), "answer")
        for _ in range(rounds):
            ping.set()
            await pong.wait()
            pong.clear()
        await task

    start = time.perf_counter()
    kernel.run(run())
    return 2 * rounds / (time.perf_counter() - start)


def main() -> None:
    """Print one line a figure."""
    floor = _heap_floor()
    for name, rate in (("callbacks", _callbacks()), ("task switches", _switches())):
        print(f"kernel {name:14} {rate / 1e6:5.2f} M/s   {rate / floor:.2f} of a bare heap")


if __name__ == "__main__":
    main()
