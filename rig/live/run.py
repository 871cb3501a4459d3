"""Run a host on the wall clock from its opening to its end, so that nothing of it stays behind.

Order: the interface is opened (errors come here, before anything runs), the capture file is begun, the node loop
runs, and ``main`` with it. SIGINT and SIGTERM set an event that ``main`` may wait for, and end it when it does not; a
second one ends the process. Whatever ends the run, the interface is closed and what was changed is put back.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import TypeVar

from rig.adapter.capture import CaptureDevice
from rig.adapter.device import FrameDevice
from rig.adapter.impairer import Impairer, Impairments
from rig.build.live import LiveHost, build_live_host, open_device
from rig.config.node import NodeConfig
from rig.errors import UsageError
from rig.runtime.kernel import Cancelled, Event, Task
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_MS
from rig.wire.pcap import PcapngWriter

T = TypeVar("T")

IMPAIRMENT_SEED = 1
FAREWELL_NS = 50 * NS_PER_MS
"""How long the node goes on after ``main``, so that resets and FINs leave."""


class InterruptedRunError(KeyboardInterrupt):
    """A signal ended ``main`` before it was done."""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """What ``main`` gets: the kernel, the host, its configuration, the event that says it is to end, and a function
    that reads the counters of the interface."""

    kernel: WallClock
    host: LiveHost
    config: NodeConfig
    stop: Event
    read_counters: Callable[[], Awaitable[dict[str, int]]]


def run_live(
    config: NodeConfig,
    main: Callable[[LiveRun], Awaitable[T]],
    *,
    capture: Path | None = None,
    ends_by_itself: bool = True,
    impairments: Impairments | None = None,
) -> T:
    """Run ``main`` on the host of ``config`` and return its value.

    With ``ends_by_itself`` a signal cancels ``main`` and :class:`InterruptedRunError` is raised; without it
    ``main`` is expected to wait for ``stop``. ``impairments``, always drawn the same, happen to what is sent and
    received. :class:`~rig.errors.UsageError` where interface or capture cannot be opened.
    """
    kernel = WallClock()
    stop = kernel.event("stop")
    with ExitStack() as opened:
        device = opened.enter_context(open_device(kernel, config))
        seen: FrameDevice = device
        impairer = None
        if impairments is not None:
            seed = Random(IMPAIRMENT_SEED)
            seen = impairer = Impairer(kernel, device, seed, transmit=impairments, receive=impairments)
        if capture is not None:
            writer = opened.enter_context(_capture(capture))
            number = writer.add_interface(config.interface.name, fcs_octets=0)
            epoch_ns = time.time_ns() - kernel.from_realtime_ns(time.time_ns())
            seen = CaptureDevice(kernel, seen, writer, number, epoch_ns=epoch_ns)
        host = build_live_host(kernel, config, seen, Random(int.from_bytes(os.urandom(32), "big")))
        run = LiveRun(kernel, host, config, stop, device.read_counters)

        async def whole() -> T:
            await device.start()
            if impairer is not None:
                kernel.spawn(impairer.run(), "impairer")
            node = kernel.spawn(host.node.run(), f"{config.name} node", keep_error=True)
            task = kernel.spawn(_await(main(run)), "main", keep_error=True)
            try:
                while not task.done:
                    ended = await kernel.wait_first(task.finished, node.finished, *([stop] if ends_by_itself else []))
                    if ended == 1:
                        await _end(task)
                        await node  # raises what the device did
                    elif ended == 2:
                        await _end(task)
                        raise InterruptedRunError
                value = await task
            finally:
                await kernel.sleep_until(kernel.now_ns + FAREWELL_NS)
                await _end(node)
            return value

        with _signals(lambda: kernel.call_threadsafe(stop.set)):
            return kernel.run(whole())


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable


async def _end(task: Task[T]) -> None:
    """Cancel a task and wait for its clean-up; its error stays with whoever joins it."""
    task.cancel()
    try:
        await task
    except (Cancelled, Exception):
        pass


@contextmanager
def _capture(path: Path) -> Iterator[PcapngWriter]:
    try:
        with path.open("wb") as file:
            yield PcapngWriter(file)
    except OSError as err:
        if err.filename is None:
            raise
        raise UsageError(f"the capture {path} cannot be written: {err.strerror}") from err


@contextmanager
def _signals(stop: Callable[[], object]) -> Iterator[None]:
    """Let SIGINT and SIGTERM call ``stop``; a second one does what it did before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, frame: FrameType | None) -> None:
        restore()
        stop()

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()
