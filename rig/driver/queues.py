"""The side of the driver that the stack sees: bounded queues, two events, and the results of transmissions.

Everything is synchronous. The driver's task takes frames to send out of here and puts received frames and results in;
``work`` is how it is told that there is something to do.
"""

from __future__ import annotations

from collections import deque

from rig.adapter.device import ReceivedFrame, ReceiveStatus, TransmitOutcome, TransmitResult
from rig.driver.config import HEADER_OCTETS, DriverConfig
from rig.driver.statistics import DriverStatistics
from rig.errors import UsageError
from rig.runtime.kernel import Scheduler

RESULTS_KEPT = 1024
"""Transmit results that nobody asks for are dropped, oldest first, beyond this number."""


class FrameQueues:
    """Queues between a stack and the driver of one adapter."""

    def __init__(self, scheduler: Scheduler, config: DriverConfig, statistics: DriverStatistics) -> None:
        self.irq = scheduler.event(f"{config.name} irq")
        self.tx_ready = scheduler.event(f"{config.name} tx_ready")
        self.work = scheduler.event(f"{config.name} work")
        """Set when there is a frame to send, or room again for received frames that wait in the adapter."""
        self.is_link_up = False
        self.is_parked = False
        """The adapter does not answer: frames to be sent are dropped."""
        self.adapter_waits = False
        """The adapter holds received frames for which there was no room here."""
        self._scheduler = scheduler
        self._config = config
        self._statistics = statistics
        self._to_send: deque[bytes] = deque()
        self._received: deque[ReceivedFrame] = deque()
        self._results: deque[TransmitResult] = deque(maxlen=RESULTS_KEPT)
        self.tx_ready.set()

    # -- for the stack -------------------------------------------------------------------------------------------------

    def try_transmit(self, frame: bytes) -> bool:
        """See FrameDevice. While the adapter is parked every frame is taken, dropped and reported as LOST."""
        config = self._config
        if not HEADER_OCTETS <= len(frame) <= config.largest_transmit_octets:
            raise UsageError(
                f"{config.name}: a frame of {len(frame)} octets; it can send {HEADER_OCTETS} to "
                f"{config.largest_transmit_octets}, destination address to end of data"
            )
        if self.is_parked:
            self._statistics.frames_queued += 1
            self._drop(1)
            return True
        if len(self._to_send) >= config.transmit_queue_frames:
            return False
        self._statistics.frames_queued += 1
        self._to_send.append(bytes(frame))
        if len(self._to_send) >= config.transmit_queue_frames:
            self.tx_ready.clear()
        self.work.set()
        return True

    def receive(self) -> ReceivedFrame | None:
        """See FrameDevice."""
        if not self._received:
            return None
        if self.adapter_waits:
            self.work.set()
        return self._received.popleft()

    def transmit_results(self) -> list[TransmitResult]:
        """See FrameDevice; the newest 1024 are kept."""
        results = list(self._results)
        self._results.clear()
        return results

    # -- for the driver's task -----------------------------------------------------------------------------------------

    @property
    def frames_to_send(self) -> int:
        """How many frames wait to be sent."""
        return len(self._to_send)

    @property
    def has_room(self) -> bool:
        """Whether another received frame can be held."""
        return len(self._received) < self._config.receive_queue_frames

    def next_frame(self) -> bytes:
        """Take the oldest frame to send; there must be one."""
        frame = self._to_send.popleft()
        self.tx_ready.set()
        return frame

    def add_received(self, frame: ReceivedFrame) -> None:
        """Hand a frame to the stack."""
        statistics = self._statistics
        statistics.frames_received += 1
        statistics.octets_received += len(frame.octets)
        if not frame.status & ReceiveStatus.OK:
            statistics.receive_errors += 1
        self._received.append(frame)
        self.irq.set()

    def add_result(self, result: TransmitResult, frame_octets: int) -> None:
        """Report how a transmission ended."""
        statistics = self._statistics
        if result.outcome is TransmitOutcome.OK:
            statistics.frames_sent += 1
            statistics.octets_sent += frame_octets
        else:
            statistics.transmit_errors += 1
        statistics.collisions += result.collisions
        self._results.append(result)
        self.irq.set()

    def lose(self, frames: int) -> None:
        """Report frames that were in the adapter and are lost."""
        self._statistics.transmit_frames_lost += frames
        self._report_lost(frames)

    def park(self) -> int:
        """The adapter does not answer: drop what waits, and what will come; return how many frames waited."""
        self.is_parked = True
        self.adapter_waits = False
        waiting = len(self._to_send)
        self._to_send.clear()
        self._drop(waiting)
        self.link_is(False)
        self.tx_ready.set()
        return waiting

    def link_is(self, is_up: bool) -> None:
        """Note the state of the link."""
        if is_up != self.is_link_up:
            self.is_link_up = is_up
            self._statistics.link_changes += 1
            self.irq.set()

    def _drop(self, frames: int) -> None:
        self._statistics.frames_dropped += frames
        self._report_lost(frames)

    def _report_lost(self, frames: int) -> None:
        now_ns = self._scheduler.now_ns
        for _ in range(frames):
            self._results.append(TransmitResult(TransmitOutcome.LOST, 0, False, now_ns, now_ns))
        if frames:
            self.irq.set()
