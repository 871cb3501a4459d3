"""Two frame devices joined in memory: delay, serialisation, a bounded queue, seeded loss, and copies where a test asks.

It stands for an adapter pair on a full-duplex cable where a test is about what is above the device. Each direction
sends one frame at a time; a frame takes its octets' bit times (with preamble and gap), then the delay.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from rig.adapter.device import Capabilities, ReceivedFrame, ReceiveStatus, TransmitOutcome, TransmitResult
from rig.errors import UsageError
from rig.runtime.kernel import Kernel
from rig.units import bit_time_ns

PREAMBLE_FCS_AND_GAP_OCTETS = 8 + 4 + 12
MIN_FRAME_OCTETS = 60


@dataclass(frozen=True)
class LinkConfig:
    """One direction is as the other. ``loss`` is the share of frames that vanish; ``queue_frames`` as a device has."""

    speed_mbps: int = 100
    delay_ns: int = 50_000
    loss: float = 0.0
    queue_frames: int = 8
    copies: Callable[[int, bytes], int] | None = None
    """Called with (time in ns, frame) for how often the frame arrives: 0 loses it, 2 doubles it."""


class MemoryDevice:
    """One end, a :class:`rig.adapter.device.FrameDevice`. The far end gets frames padded to 60 octets, as on a wire."""

    def __init__(self, kernel: Kernel, name: str, mac: bytes, config: LinkConfig, source: random.Random) -> None:
        self.irq = kernel.event(f"{name} irq")
        self.tx_ready = kernel.event(f"{name} tx_ready")
        self.tx_ready.set()
        self.is_link_up = True
        self.capabilities = Capabilities(
            name=name,
            mac=mac,
            speed_mbps=config.speed_mbps,
            full_duplex=True,
            transmit_queue_frames=config.queue_frames,
        )
        self.peer: MemoryDevice = self
        self.frames_lost = 0
        self.log: list[tuple[int, str, str]] = []
        self._kernel = kernel
        self._config = config
        self._random = source
        self._queue: deque[bytes] = deque()
        self._received: deque[ReceivedFrame] = deque()
        self._results: list[TransmitResult] = []

    def try_transmit(self, frame: bytes) -> bool:
        if not 14 <= len(frame) <= self.capabilities.mtu + 14:
            raise UsageError(f"frame of {len(frame)} octets")
        if len(self._queue) >= self._config.queue_frames:
            self.tx_ready.clear()
            return False
        self._queue.append(frame)
        if len(self._queue) == 1:
            self._start()
        return True

    def receive(self) -> ReceivedFrame | None:
        received = self._received.popleft() if self._received else None
        self._clear_irq_if_idle()
        return received

    def transmit_results(self) -> list[TransmitResult]:
        results, self._results = self._results, []
        self._clear_irq_if_idle()
        return results

    def _clear_irq_if_idle(self) -> None:
        if not self._received and not self._results:
            self.irq.clear()

    def _start(self) -> None:
        now_ns = self._kernel.now_ns
        octets = max(len(self._queue[0]), MIN_FRAME_OCTETS) + PREAMBLE_FCS_AND_GAP_OCTETS
        self._kernel.call_at(now_ns + octets * 8 * bit_time_ns(self._config.speed_mbps), self._sent, now_ns)

    def _sent(self, start_ns: int) -> None:
        now_ns = self._kernel.now_ns
        frame = self._queue.popleft()
        self._results.append(TransmitResult(TransmitOutcome.OK, 0, False, start_ns, now_ns))
        self.irq.set()
        self.tx_ready.set()
        if self._queue:
            self._start()
        copies = 1 if self._config.copies is None else self._config.copies(now_ns, frame)
        if self._random.random() < self._config.loss or copies == 0:
            self.frames_lost += 1
            self._log("lost", frame)
        elif self.is_link_up and self.peer.is_link_up:
            for _ in range(copies):
                self._kernel.call_at(now_ns + self._config.delay_ns, self.peer._arrived, frame)

    def _arrived(self, frame: bytes) -> None:
        self._log("received", frame)
        padded = frame.ljust(MIN_FRAME_OCTETS, b"\0")
        self._received.append(ReceivedFrame(padded, self._kernel.now_ns, ReceiveStatus.OK))
        self.irq.set()

    def _log(self, what: str, frame: bytes) -> None:
        self.log.append((self._kernel.now_ns, f"{self.capabilities.name} {what}", sha256(frame).hexdigest()))


def memory_link(
    kernel: Kernel, source: random.Random, config: LinkConfig | None = None
) -> tuple[MemoryDevice, MemoryDevice]:
    """Return the two ends, with the addresses 02:00:00:00:00:01 and :02; they share one log."""
    config = config or LinkConfig()
    left, right = (
        MemoryDevice(kernel, name, bytes((2, 0, 0, 0, 0, number)), config, source)
        for number, name in ((1, "left"), (2, "right"))
    )
    left.peer, right.peer = right, left
    right.log = left.log
    return left, right
