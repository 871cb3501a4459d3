"""The FrameDevice contract: what the stack, a tap or an impairer sees of a LAN adapter.

Frames are ``bytes``: destination address to the end of data, without preamble and FCS. Everything here is synchronous
and works on the queues of the device; tasks wait on its two events. Wrappers (tracer, impairer, capture) implement the
same protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntFlag
from typing import NamedTuple, Protocol

from rig.runtime.kernel import Event


class ReceiveStatus(IntFlag):
    """What the receiver says of a frame: one judgement of IEEE Std 802.3-2022 4.2.9, and facts beside it."""

    OK = 1 << 0
    FCS_ERROR = 1 << 1
    ALIGNMENT_ERROR = 1 << 2
    TOO_LONG = 1 << 3
    IN_RANGE_LENGTH = 1 << 4
    OUT_OF_RANGE_LENGTH = 1 << 5
    RUNT = 1 << 6
    MULTICAST = 1 << 7
    BROADCAST = 1 << 8
    DRIBBLE = 1 << 9
    SYMBOL_ERROR = 1 << 10


class ReceivedFrame(NamedTuple):
    """A frame from the medium. ``octets`` may carry the padding of a short frame, never the FCS.

    ``time_ns`` is when its end was received, by the clock of the device; ``fcs`` is the 4 octets of FCS in wire order
    where the device shows them.
    """

    octets: bytes
    time_ns: int
    status: ReceiveStatus
    fcs: bytes | None = None


class TransmitOutcome(Enum):
    """How a transmission ended."""

    OK = "ok"
    EXCESSIVE_COLLISIONS = "excessive collisions"
    LATE_COLLISION = "late collision"
    EXCESSIVE_DEFERRAL = "excessive deferral"
    UNDERRUN = "underrun"
    REFUSED = "refused by the adapter"
    LOST = "lost with a reset, the power or the bus of the adapter"

    __hash__ = object.__hash__  # that of Enum is a Python function, and outcomes are counted for every frame


class TransmitResult(NamedTuple):
    """How one frame fared that :meth:`FrameDevice.try_transmit` took.

    ``end_ns`` is when the adapter was done with it and ``start_ns`` when the first bit of its preamble left (equal to
    ``end_ns`` unless it was sent whole), by the clock of the device and as near as it knows. ``collisions`` is 0 to the
    attempt limit; ``deferred`` says that its first attempt had to wait for the medium.
    """

    outcome: TransmitOutcome
    collisions: int
    deferred: bool
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a device is and can do; differences between backends are data in here, never a branch on a name."""

    name: str
    mac: bytes
    """Station address, 6 octets."""
    mtu: int = 1500
    """Largest payload in octets of a frame with a 14-octet header."""
    speed_mbps: int = 100
    full_duplex: bool = False
    shows_fcs: bool = False
    """``ReceivedFrame.fcs`` is given."""
    shows_bad_frames: bool = False
    """Frames with errors are received too, told apart by their status."""
    times_transmissions: bool = False
    """``TransmitResult.start_ns`` and ``.end_ns`` are those of the medium, not when the host took the frame."""
    counts_collisions: bool = False
    """``TransmitResult.collisions`` and ``.deferred`` are facts, not zeros."""
    transmit_queue_frames: int = 1
    """How many frames ``try_transmit`` takes before it refuses."""


class FrameDevice(Protocol):
    """A LAN adapter seen from above."""

    irq: Event
    """Set by the device when a frame was received, a transmission has ended, or the link has changed. Whoever serves
    the device clears it before looking, so that whatever comes later sets it again."""

    tx_ready: Event
    """Set by the device when ``try_transmit`` would take a frame, cleared when it would not."""

    @property
    def capabilities(self) -> Capabilities:
        """What the device is; constant once it has started, but for speed and duplex where they follow the link."""
        ...

    @property
    def is_link_up(self) -> bool:
        """Whether frames can reach the medium at present."""
        ...

    def try_transmit(self, frame: bytes) -> bool:
        """Take a frame of 14 octets or more for transmission; False, and nothing done, while the queue is full.

        :class:`~rig.errors.UsageError` for a frame that is shorter than a header or longer than the device can send.
        """
        ...

    def receive(self) -> ReceivedFrame | None:
        """Return the oldest frame that was received, or None."""
        ...

    def transmit_results(self) -> list[TransmitResult]:
        """Return, once, the results of frames done since the last call, in the order in which they were done."""
        ...
