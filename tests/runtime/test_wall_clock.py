"""The doors of the asyncio pump: other threads, file descriptors, and asyncio tasks beside it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from rig.runtime.pump_asyncio import WallClock

LIMIT_NS = 60_000_000_000


def test_another_thread_sets_an_event() -> None:
    kernel = WallClock()
    event = kernel.event()
    answers: list[bool] = []

    async def main() -> None:
        thread = threading.Thread(target=lambda: answers.append(kernel.call_threadsafe(event.set)))
        thread.start()
        await event.wait()
        thread.join()

    kernel.run(main(), LIMIT_NS)
    assert answers == [True]
    assert kernel.call_threadsafe(event.set) is False, "outside a run nobody would serve the call"


def test_failing_call_of_another_thread_ends_the_run() -> None:
    kernel = WallClock()

    def bad() -> None:
        raise ValueError("from outside")

    async def main() -> None:
        kernel.call_threadsafe(bad)
        await kernel.event().wait()

    with pytest.raises(ValueError, match="from outside"):
        kernel.run(main(), LIMIT_NS)


def test_readable_file_descriptor_wakes_a_task() -> None:
    kernel = WallClock()
    near, far = socket.socketpair()
    readable = kernel.event()

    async def main() -> bytes:
        kernel.add_reader(near.fileno(), readable.set)
        far.send(b"octets")
        await readable.wait()
        kernel.remove_reader(near.fileno())
        return near.recv(100)

    with near, far:
        assert kernel.run(main(), LIMIT_NS) == b"octets"
        with pytest.raises(RuntimeError, match="only during a run"):
            kernel.add_reader(near.fileno(), readable.set)


def test_asyncio_code_may_set_events() -> None:
    async def program() -> int:
        kernel = WallClock()
        event = kernel.event()

        async def main() -> int:
            await event.wait()
            return 3

        run = asyncio.ensure_future(kernel.run_async(main(), LIMIT_NS))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        event.set()
        return await run

    assert asyncio.run(program()) == 3


def test_cancelling_the_run_cleans_up() -> None:
    log: list[str] = []

    async def program() -> None:
        kernel = WallClock()

        async def main() -> None:
            try:
                await kernel.event().wait()
            finally:
                log.append("clean")

        run = asyncio.ensure_future(kernel.run_async(main(), LIMIT_NS))
        await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(program())
    assert log == ["clean"]


def test_what_is_slower_than_life_slows_the_clock_and_the_slowest_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    wall_ns = 5_000
    monkeypatch.setattr(time, "monotonic_ns", lambda: wall_ns)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    kernel = WallClock()
    wall_ns += 100
    kernel.slow_down(10)
    kernel.slow_down(2)
    assert kernel.from_realtime_ns(0) == 100, "the change is no step"
    wall_ns += 1_000
    assert kernel.from_realtime_ns(0) == 200
