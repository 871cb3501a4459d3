"""What every FrameDevice on a file descriptor of the host has in common: queues, events, filter and counts.

Theory of operation. ``try_transmit`` puts a frame into a bounded queue, and a callback at the same instant of the
kernel empties that queue into the descriptor: so a burst costs one callback, and a result says that the host has
taken the frame. Where the host has no room the frame stays first in the queue and is tried again. When the descriptor
can be read, a batch of frames is read into a bounded queue; while that is full, the descriptor is not watched, and
frames wait where the host keeps them, or are lost and counted there.

A device is opened before the run and closed after it, so that whatever it changed on the host is put back however the
run ends; within the run :meth:`RawDevice.start` begins to watch the descriptor. A run may end at the instant at which
it sent its last acknowledgement: what is queued then is still offered to the host, once.
"""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from rig.adapter.device import (
    Capabilities,
    ReceivedFrame,
    ReceiveStatus,
    TransmitOutcome,
    TransmitResult,
)
from rig.errors import LinkError, UsageError
from rig.runtime.kernel import Scheduler, Timer
from rig.units import NS_PER_MS
from rig.wire.address import BROADCAST_MAC, format_mac
from rig.wire.fcs import FCS_OCTETS, has_good_fcs

HEADER_OCTETS = 14
MIN_OCTETS = 60
"""Shorter frames are padded, as an adapter would (IEEE Std 802.3-2022 4.2.3.3), because no hardware may follow."""

VLAN_TAG, VLAN_OCTETS = b"\x81\x00", 4
MAX_ENVELOPE_OCTETS = 1522 - FCS_OCTETS
RETRY_NS = NS_PER_MS
"""How soon a frame is tried again that the host had no room for."""
BATCH_FRAMES = 64
LATE_NS = 50 * NS_PER_MS
"""After so long without reading, whoever asks for a frame has the descriptor looked at: on a machine that did not run
us for a while a timer may come before what would have stopped it, an acknowledgement that has long been there."""
RESULTS_KEPT = 1024

_OK = ReceiveStatus.OK
FULL_HOST = (errno.EAGAIN, errno.ENOBUFS)
GONE = (errno.ENXIO, errno.ENODEV)

_COUNTER_NAMES = (
    "aFramesTransmittedOK", "aOctetsTransmittedOK", "aMulticastFramesXmittedOK", "aBroadcastFramesXmittedOK",
    "aFramesReceivedOK", "aOctetsReceivedOK", "aMulticastFramesReceivedOK", "aBroadcastFramesReceivedOK",
    "aFrameCheckSequenceErrors", "aFrameTooLongErrors", "aFramesLostDueToIntMACXmitError",
    "aFramesLostDueToIntMACRcvError",
)  # fmt: skip


class WatchingKernel(Scheduler, Protocol):
    """What a device needs of its kernel: a pump that can watch descriptors, which is the one for the wall clock."""

    def call_at(self, t_ns: int, fn: Callable[[Any], object], arg: Any = None) -> Timer:
        """See :class:`~rig.runtime.kernel.Kernel`."""
        ...

    def add_reader(self, fd: int, fn: Callable[[], object]) -> None:
        """Call ``fn()`` whenever ``fd`` can be read."""
        ...

    def remove_reader(self, fd: int) -> None:
        """Undo :meth:`add_reader`; RuntimeError outside a run."""
        ...

    def from_realtime_ns(self, realtime_ns: int) -> int:
        """Return the kernel's time for a time of the host's CLOCK_REALTIME."""
        ...


@dataclass(frozen=True, slots=True)
class RawDeviceConfig:
    """How a device on a descriptor of the host behaves as a station.

    ``mac`` is its own address, 6 octets: not the one that the host's kernel uses there, which would answer to our
    connections. ``groups`` are the group addresses that it listens to besides broadcast.
    """

    name: str
    mac: bytes
    promiscuous: bool = False
    groups: tuple[bytes, ...] = ()
    transmit_queue_frames: int = 64
    receive_queue_frames: int = 256

    def __post_init__(self) -> None:
        if len(self.mac) != 6 or self.mac[0] & 1:
            raise UsageError(f"{self.name}: mac is {self.mac.hex(':')}; expected 6 octets, not a group address")
        for group in self.groups:
            if len(group) != 6 or not group[0] & 1:
                raise UsageError(f"{self.name}: {group.hex(':')} is no group address")
        if not (1 <= self.transmit_queue_frames <= 4096 and 1 <= self.receive_queue_frames <= 65536):
            raise UsageError(f"{self.name}: queues hold 1 to 4096 frames to send and 1 to 65536 received ones")


class RawFrame(NamedTuple):
    """A frame as it was read: octets with FCS where ``has_fcs``, and when, by the kernel's time, or None for now."""

    octets: bytes
    time_ns: int | None = None
    has_fcs: bool = False


class RawDevice(ABC):
    """A FrameDevice on a descriptor; see the module for how it works."""

    def __init__(self, kernel: WatchingKernel, config: RawDeviceConfig, descriptor: int, mtu: int) -> None:
        self.config = config
        self.kernel = kernel
        self.irq = kernel.event(f"{config.name} irq")
        self.tx_ready = kernel.event(f"{config.name} tx_ready")
        self.tx_ready.set()
        self.counts: Counter[str] = Counter(dict.fromkeys(_COUNTER_NAMES, 0))
        self._mtu = mtu
        self._descriptor = descriptor
        self._wanted = {config.mac, BROADCAST_MAC, *config.groups}
        self._to_send: deque[bytes] = deque()
        self._results: deque[TransmitResult] = deque(maxlen=RESULTS_KEPT)
        self._received: deque[ReceivedFrame] = deque()
        self._flush: Timer | None = None
        self._is_started = self._is_watched = False
        self._last_time_ns = -1
        self._last_batch_ns = 0
        self._failure: LinkError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # -- what a descriptor is like -------------------------------------------------------------------------------------

    @abstractmethod
    def _send(self, frame: bytes) -> None:
        """Give one frame to the host; OSError where it is not taken."""

    @abstractmethod
    def _read(self, most: int) -> list[RawFrame] | None:
        """Return what reading brought, perhaps nothing to us; None when there is nothing to read.

        More than ``most`` frames only where the host had merged them.
        """

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """See FrameDevice."""

    @property
    @abstractmethod
    def is_link_up(self) -> bool:
        """See FrameDevice."""

    @abstractmethod
    def _release(self) -> None:
        """Close the descriptor and put back what was changed."""

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to watch the descriptor; within a run."""
        self._is_started = True
        self._watch(True)

    def close(self) -> None:
        """Let go of the descriptor and put back what was changed; harmless when called again, within a run or after.

        What is queued is offered to the host once, without waiting; what it has no room for is lost, and counted.
        """
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if self._to_send and self._failure is None:
            self._write_queue()
        while self._to_send:
            self._to_send.popleft()
            self._lost()
        self._watch(False)
        self._is_started = False
        self._release()

    # -- for the stack -------------------------------------------------------------------------------------------------

    def try_transmit(self, frame: bytes) -> bool:
        """See FrameDevice. ``frame`` may carry a VLAN tag beyond the MTU."""
        octets, limit = len(frame), self._mtu + HEADER_OCTETS
        if octets > limit and frame[12:14] == VLAN_TAG:
            limit += VLAN_OCTETS
        if not HEADER_OCTETS <= octets <= limit:
            raise UsageError(
                f"{self.config.name}: a frame of {octets} octets; it can send {HEADER_OCTETS} to {limit}, "
                "destination address to end of data"
            )
        queue, room = self._to_send, self.config.transmit_queue_frames
        if len(queue) >= room:
            return False
        queue.append(frame if octets >= MIN_OCTETS else bytes(frame).ljust(MIN_OCTETS, b"\0"))
        if len(queue) >= room:
            self.tx_ready.clear()
        if self._flush is None:
            self._flush = self.kernel.call_at(self.kernel.now_ns, self._empty_queue)
        return True

    def receive(self) -> ReceivedFrame | None:
        """See FrameDevice; :class:`~rig.errors.LinkError` when the interface is gone."""
        if not self._received and self._is_watched and self.kernel.now_ns - self._last_batch_ns > LATE_NS:
            self._take_batch()
        if self._received:
            frame = self._received.popleft()
            if not self._is_watched and 2 * len(self._received) < self._room:
                self._watch(self._is_started and self._failure is None)
            return frame
        if self._failure is not None:
            raise self._failure
        return None

    def transmit_results(self) -> list[TransmitResult]:
        """See FrameDevice; the newest 1024 are kept."""
        results = list(self._results)
        self._results.clear()
        return results

    async def read_counters(self) -> dict[str, int]:
        """Return counts since the device was opened, by clause 30 name where there is one."""
        return dict(self.counts)

    # -- transmission --------------------------------------------------------------------------------------------------

    def _empty_queue(self, _: object) -> None:
        self._flush = None
        if not self._write_queue():
            self._flush = self.kernel.call_at(self.kernel.now_ns + RETRY_NS, self._empty_queue)
        if len(self._to_send) < self.config.transmit_queue_frames:
            self.tx_ready.set()
        self.irq.set()

    def _write_queue(self) -> bool:
        """Give the host all frames that it has room for; return whether that was all."""
        queue, counts = self._to_send, self.counts
        now_ns = self.kernel.now_ns
        sent = TransmitResult(TransmitOutcome.OK, 0, False, now_ns, now_ns)
        while queue:
            frame = queue[0]
            try:
                self._send(frame)
            except OSError as err:
                if err.errno in FULL_HOST:
                    counts["host_was_full"] += 1
                    return False
                self._lost()
                if err.errno in GONE:
                    self._fail(err)
            else:
                counts["aFramesTransmittedOK"] += 1
                counts["aOctetsTransmittedOK"] += len(frame) - HEADER_OCTETS
                if frame[0] & 1:
                    is_broadcast = frame[:6] == BROADCAST_MAC
                    counts["aBroadcastFramesXmittedOK" if is_broadcast else "aMulticastFramesXmittedOK"] += 1
                self._results.append(sent)
            queue.popleft()
        return True

    def _lost(self) -> None:
        """Account for a frame that the host did not take."""
        now_ns = self.kernel.now_ns
        self.counts["aFramesLostDueToIntMACXmitError"] += 1
        self._results.append(TransmitResult(TransmitOutcome.LOST, 0, False, now_ns, now_ns))

    # -- reception -----------------------------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        return self.config.receive_queue_frames

    def _watch(self, is_on: bool) -> None:
        if is_on != self._is_watched:
            self._is_watched = is_on
            if is_on:
                self.kernel.add_reader(self._descriptor, self._take_batch)
            else:
                try:
                    self.kernel.remove_reader(self._descriptor)
                except RuntimeError:  # the run is over, and its loop with it
                    pass

    def _take_batch(self) -> None:
        """Read until there is nothing, or a batch is full: the next callback takes the next."""
        self._last_batch_ns = self.kernel.now_ns
        taken = 0
        while taken < BATCH_FRAMES:
            room = self._room - len(self._received)
            if room <= 0:
                self._watch(False)
                break
            try:
                frames = self._read(min(BATCH_FRAMES - taken, room))
            except OSError as err:
                if err.errno in GONE:
                    self._fail(err)
                    break
                taken += 1
                self.counts["read_errors"] += 1  # such as ENETDOWN, once, when the interface goes down
                continue
            if frames is None:
                break
            taken += max(1, len(frames))  # one that was merged counts as all that it is cut into
            for frame in frames:
                self._take(frame)
        if self._received or self._failure is not None:
            self.irq.set()

    def _take(self, raw: RawFrame) -> None:
        octets, time_ns, has_fcs = raw
        fcs, counts = None, self.counts
        status = _OK
        if has_fcs:
            octets, fcs = octets[:-FCS_OCTETS], octets[-FCS_OCTETS:]
            if len(octets) > MAX_ENVELOPE_OCTETS:
                status = ReceiveStatus.TOO_LONG
            elif len(octets) < MIN_OCTETS:
                status = ReceiveStatus.RUNT
            elif not has_good_fcs(raw.octets):
                status = ReceiveStatus.FCS_ERROR
        destination = octets[:6]
        if destination not in self._wanted and not self.config.promiscuous:
            return
        if len(octets) < HEADER_OCTETS:
            counts["runts"] += 1
            return
        now_ns = self.kernel.now_ns
        if time_ns is None or time_ns > now_ns:
            time_ns = now_ns
        if time_ns <= self._last_time_ns:
            time_ns = self._last_time_ns + 1
        self._last_time_ns = time_ns
        if status is _OK:
            counts["aFramesReceivedOK"] += 1
            counts["aOctetsReceivedOK"] += len(octets) - HEADER_OCTETS
        elif status is not ReceiveStatus.RUNT:
            is_long = status is ReceiveStatus.TOO_LONG
            counts["aFrameTooLongErrors" if is_long else "aFrameCheckSequenceErrors"] += 1
        if destination[0] & 1:
            is_broadcast = destination == BROADCAST_MAC
            if status is _OK:
                counts["aBroadcastFramesReceivedOK" if is_broadcast else "aMulticastFramesReceivedOK"] += 1
            status |= ReceiveStatus.BROADCAST if is_broadcast else ReceiveStatus.MULTICAST
        self._received.append(ReceivedFrame(octets, time_ns, status, fcs))

    def _fail(self, err: OSError) -> None:
        """Remember that the interface is gone: whoever receives next is told."""
        self._watch(False)
        self._failure = LinkError(
            f"the interface {self.config.name} (station {format_mac(self.config.mac)}) is gone: {err.strerror}; "
            "was the adapter unplugged, or the interface deleted?"
        )
        self.irq.set()
