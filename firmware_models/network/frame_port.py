"""A jack at which a modelled cable goes over into a real one: whole frames in, whole frames out.

It is the far end of a full-duplex segment of two. A good frame that it hears is handed over, without its FCS, when it
has ended; a frame that is given to it goes onto the segment with a good FCS, one after the other with an interpacket
gap between. What arrives damaged, it drops and counts, as a bridge does (IEEE Std 802.1D-2004 6.4).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from firmware_models.network.segment import PREAMBLE_AND_SFD, Segment, Transmission
from rig.wire.fcs import FCS_OCTETS, fcs, has_good_fcs

GAP_BITS = 96
MIN_OCTETS = 60
QUEUE_FRAMES = 512


class FramePort:
    """The jack. ``on_frame(frame)`` gets destination address to end of data, pad included."""

    def __init__(self, segment: Segment, name: str, on_frame: Callable[[bytes], None]) -> None:
        self.frames_dropped = 0
        """Damaged ones that came, and ones to be sent for which there was no room."""
        self._segment = segment
        self._on_frame = on_frame
        self._queue: deque[bytes] = deque()
        self._port = segment.attach(name)
        self._port.is_recorded = False
        self._port.receiver = self

    def send(self, frame: bytes) -> None:
        """Put a frame, destination address to end of data, onto the segment, behind those that wait."""
        if len(self._queue) >= QUEUE_FRAMES:
            self.frames_dropped += 1
            return
        octets = frame.ljust(MIN_OCTETS, b"\0")
        self._queue.append(octets + fcs(octets))
        if len(self._queue) == 1:
            self._begin(None)

    def transmission_ended(self, transmission: Transmission, is_whole: bool) -> None:
        """See :class:`~firmware_models.network.segment.Receiver`."""
        frame = transmission.frame
        if is_whole and has_good_fcs(frame):
            self._on_frame(frame[:-FCS_OCTETS])
        else:
            self.frames_dropped += 1

    def _begin(self, _: object) -> None:
        segment, frame = self._segment, self._queue[0]
        transmission = segment.begin(self._port, frame)
        bits = 8 * (len(PREAMBLE_AND_SFD) + len(frame))
        segment.kernel.call_at(segment.kernel.now_ns + bits * segment.bit_ns, self._end, transmission)

    def _end(self, transmission: Transmission) -> None:
        segment = self._segment
        segment.end(transmission)
        segment.kernel.call_at(segment.kernel.now_ns + GAP_BITS * segment.bit_ns, self._next)

    def _next(self, _: object) -> None:
        self._queue.popleft()
        if self._queue:
            self._begin(None)
