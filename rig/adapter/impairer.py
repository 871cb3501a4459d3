"""A frame device on a bad path: loss, duplication, corruption, reordering, delay, jitter and a rate limit, by a seed.

:class:`Impairer` wraps any frame device, under any kernel. Each direction has its own :class:`Impairments` and its own
random source, and each frame takes the same number of draws whatever is switched on, so that changing one impairment
leaves what the others do to each frame as it was. A frame meets them in this order::

    loss -> corruption -> duplication -> queue of the rate limit -> delay and jitter -> (now and then) held back

The damage is such as a router or switch does that writes a new FCS: the checksums of IP, TCP and UDP must find it. What
the device itself does (collisions, its queue, its results) stays as it is; the wrapped device never sees a frame that
was lost on its way out, and its transmit result is then made here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from random import Random

from rig.adapter.device import FrameDevice, ReceivedFrame, TransmitOutcome, TransmitResult
from rig.adapter.wrapped import WrappedDevice
from rig.errors import UsageError
from rig.runtime.kernel import Scheduler
from rig.units import NS_PER_MS, NS_PER_S
from rig.wire.ethernet import HEADER_OCTETS, MIN_FRAME_OCTETS_WITHOUT_FCS
from rig.wire.fcs import fcs

WIRE_OVERHEAD_OCTETS = 8 + 4 + 12
"""Preamble with SFD, FCS and interpacket gap: what a frame takes of a link besides its own octets."""

DEFAULT_HELD_BACK_NS = NS_PER_MS


@dataclass(frozen=True, slots=True)
class Impairments:
    """What happens to frames in one direction; the default is nothing.

    ``loss``, ``duplication``, ``corruption`` (one bit is flipped) and ``reordering`` are shares of frames, 0 to 1.
    A frame is late by ``delay_ns`` and up to ``jitter_ns`` more, and never overtakes for that; one that is reordered is
    late by ``held_back_ns`` besides, and those behind it pass. ``rate_bps`` counts preamble, FCS and gap. Of all that
    is on its way at most ``queue_frames`` are kept; what comes then is dropped, as by the queue of a router. ``drop``
    names single frames that are lost, counted from 1.
    """

    loss: float = 0.0
    duplication: float = 0.0
    corruption: float = 0.0
    reordering: float = 0.0
    held_back_ns: int = DEFAULT_HELD_BACK_NS
    delay_ns: int = 0
    jitter_ns: int = 0
    rate_bps: int | None = None
    queue_frames: int = 1000
    drop: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for name in ("loss", "duplication", "corruption", "reordering"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise UsageError(f"impairments: {name} is {share}; expected a share of frames, 0 to 1")
        for name in ("held_back_ns", "delay_ns", "jitter_ns"):
            if getattr(self, name) < 0:
                raise UsageError(f"impairments: {name} is {getattr(self, name)}; expected 0 or more")
        if self.rate_bps is not None and self.rate_bps < 1:
            raise UsageError(f"impairments: rate_bps is {self.rate_bps}; expected 1 or more, or None for no limit")
        if self.queue_frames < 1:
            raise UsageError(f"impairments: queue_frames is {self.queue_frames}; expected 1 or more")
        if any(number < 1 for number in self.drop):
            raise UsageError(f"impairments: drop holds {min(self.drop)}; frames are counted from 1")


NO_IMPAIRMENTS = Impairments()


class Lane:
    """One direction: frames in, frames out when they are due. Knows no device and no clock."""

    __slots__ = (
        "_counts", "_entered", "_free_ns", "_held", "_latest_ns", "_name", "_random", "_serial", "on_lost", "settings",
    )  # fmt: skip

    def __init__(self, settings: Impairments, source: Random, counts: Counter[str], name: str) -> None:
        self.settings = settings
        self._random = source
        self._counts = counts
        self._name = name
        self._held: list[tuple[int, int, bytes, ReceivedFrame | None]] = []
        self._serial = 0
        self._entered = 0
        self.on_lost: Callable[[bytes], None] | None = None
        """Who is told of each frame that is lost here."""
        self._free_ns = 0  # when the rate limit lets the next frame go
        self._latest_ns = 0  # when the last frame that keeps its place comes out

    def __len__(self) -> int:
        return len(self._held)

    @property
    def next_due_ns(self) -> int | None:
        """When the next frame comes out, or None where none is on its way."""
        return self._held[0][0] if self._held else None

    def enter(self, octets: bytes, now_ns: int, received: ReceivedFrame | None = None) -> bool:
        """Take a frame; return whether at least one copy of it is on its way. ``received`` stays with its octets."""
        settings = self.settings
        draw = self._random.random
        self._entered += 1
        is_lost = (draw() < settings.loss) | (self._entered in settings.drop)
        is_damaged = draw() < settings.corruption
        bit = int(draw() * len(octets) * 8)
        is_doubled = draw() < settings.duplication
        jitter_ns = int(draw() * settings.jitter_ns)
        is_held_back = draw() < settings.reordering
        if is_lost:
            self._count("lost")
            if self.on_lost is not None:
                self.on_lost(octets)
            return False
        if is_damaged:
            self._count("corrupted")
            octets = _flipped(octets, bit)
        is_taken = self._keep(octets, now_ns, jitter_ns, is_held_back, received)
        if is_doubled and is_taken and self._keep(octets, now_ns, jitter_ns, False, received):
            self._count("duplicated")
        return is_taken

    def take(self, now_ns: int) -> tuple[int, bytes, ReceivedFrame | None] | None:
        """Remove and return what comes out next, with the time it was due, if that is not after ``now_ns``."""
        held = self._held
        if not held or held[0][0] > now_ns:
            return None
        due_ns, _, octets, received = heappop(held)
        return due_ns, octets, received

    def _keep(
        self, octets: bytes, now_ns: int, jitter_ns: int, is_held_back: bool, received: ReceivedFrame | None
    ) -> bool:
        settings = self.settings
        if len(self._held) >= settings.queue_frames:
            self._count("queue_full")
            return False
        leaves_ns = now_ns
        if settings.rate_bps is not None:
            wire_octets = max(len(octets), MIN_FRAME_OCTETS_WITHOUT_FCS) + WIRE_OVERHEAD_OCTETS
            leaves_ns = max(now_ns, self._free_ns) + wire_octets * 8 * NS_PER_S // settings.rate_bps
            self._free_ns = leaves_ns
        due_ns = max(leaves_ns + settings.delay_ns + jitter_ns, self._latest_ns)
        if is_held_back:
            self._count("reordered")
            due_ns += settings.held_back_ns
        else:
            self._latest_ns = due_ns
        self._serial += 1
        heappush(self._held, (due_ns, self._serial, octets, received))
        return True

    def _count(self, what: str) -> None:
        self._counts[f"{self._name}_{what}"] += 1


class Impairer(WrappedDevice):
    """A :class:`~rig.adapter.device.FrameDevice` around another one; :meth:`run` must run beside it.

    ``counts`` says what was done to frames: ``transmit_lost``, ``receive_reordered`` and so on; what never happened is
    absent. The device need not have started. Besides what its own queue takes one frame may wait for it; then
    ``try_transmit`` refuses, as the device would.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        device: FrameDevice,
        source: Random,
        *,
        transmit: Impairments = NO_IMPAIRMENTS,
        receive: Impairments = NO_IMPAIRMENTS,
        name: str = "impairer",
    ) -> None:
        super().__init__(device)
        self.irq = scheduler.event(f"{name} irq")
        self.tx_ready = scheduler.event(f"{name} tx_ready")
        self.tx_ready.set()
        self.counts: Counter[str] = Counter()
        self._scheduler = scheduler
        self._outgoing = Lane(transmit, Random(source.getrandbits(64)), self.counts, "transmit")
        self._incoming = Lane(receive, Random(source.getrandbits(64)), self.counts, "receive")
        self._changed = scheduler.event(f"{name} change")
        self._refused: bytes | None = None
        self._is_announced = False  # a received frame is due, and the reader was told
        self._lost: list[TransmitResult] = []

    def tell_losses(self, on_lost: Callable[[str, bytes], None]) -> None:
        """Tell ``on_lost`` of every frame that loss or ``drop`` takes: ``transmit`` or ``receive``, and its octets."""
        self._outgoing.on_lost = partial(on_lost, "transmit")
        self._incoming.on_lost = partial(on_lost, "receive")

    def try_transmit(self, frame: bytes) -> bool:
        longest = self._device.capabilities.mtu + HEADER_OCTETS
        if not HEADER_OCTETS <= len(frame) <= longest:  # not left to the device: it may never see this one
            raise UsageError(f"frame of {len(frame)} octets; this device sends {HEADER_OCTETS} to {longest}")
        if self._refused is not None:
            return False
        now_ns = self._scheduler.now_ns
        if not self._outgoing.enter(frame, now_ns):
            self._lost.append(TransmitResult(TransmitOutcome.OK, 0, False, now_ns, now_ns))
            self.irq.set()
        self._release(now_ns)
        if self._outgoing or self._refused is not None:
            self._changed.set()
        return True

    def receive(self) -> ReceivedFrame | None:
        self._take_received()
        out = self._incoming.take(self._scheduler.now_ns)
        if out is None:
            if self._is_announced:
                self._is_announced = False
                self._changed.set()
            return None
        due_ns, octets, received = out
        assert received is not None, "whatever comes in was received"
        if octets is received.octets:
            return received if due_ns <= received.time_ns else received._replace(time_ns=due_ns)
        shown = None if received.fcs is None else fcs(octets)
        return received._replace(octets=octets, time_ns=max(due_ns, received.time_ns), fcs=shown)

    def transmit_results(self) -> list[TransmitResult]:
        """Return the device's results, one for each copy of a frame, and one as sent for each that was lost here."""
        lost, self._lost = self._lost, []
        return lost + self._device.transmit_results()

    async def run(self) -> None:
        """Let frames out when they are due, until cancelled."""
        device = self._device
        while True:
            if device.irq.is_set():
                device.irq.clear()
                self.irq.set()
            self._changed.clear()
            now_ns = self._scheduler.now_ns
            self._take_received()
            due_ns = self._incoming.next_due_ns
            if due_ns is not None and due_ns <= now_ns:
                self._is_announced = True
                self.irq.set()
            self._release(now_ns)
            events = [device.irq, self._changed]
            if self._refused is not None:
                events.append(device.tx_ready)
            woken_by = await self._scheduler.wait_first(*events, deadline_ns=self._next_ns())
            if woken_by == 0:
                self.irq.set()

    def _next_ns(self) -> int | None:
        """Return when there is something to do by itself."""
        times = [
            None if self._refused is not None else self._outgoing.next_due_ns,
            None if self._is_announced else self._incoming.next_due_ns,
        ]
        return min((t_ns for t_ns in times if t_ns is not None), default=None)

    def _take_received(self) -> None:
        while (received := self._device.receive()) is not None:
            self._incoming.enter(received.octets, self._scheduler.now_ns, received)

    def _release(self, now_ns: int) -> None:
        """Give the device what is due, as far as it takes it."""
        device = self._device
        while True:
            frame = self._refused
            if frame is None:
                out = self._outgoing.take(now_ns)
                if out is None:
                    return
                frame = out[1]
            if not device.try_transmit(frame):
                device.tx_ready.clear()
                if not device.try_transmit(frame):  # room that appeared before the clear is found by the second try
                    self._refused = frame
                    self.tx_ready.clear()
                    return
            if self._refused is not None:
                self._refused = None
                self.tx_ready.set()


def _flipped(octets: bytes, bit: int) -> bytes:
    """Return ``octets`` with one bit changed."""
    damaged = bytearray(octets)
    damaged[bit >> 3] ^= 1 << (bit & 7)
    return bytes(damaged)
