"""The loopback interface: packets to an address of this host never reach a wire (RFC 1122, 3.2.1.3 (g))."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from rig.stack.counters import Counters
from rig.stack.interface import FrameSource, Interface
from rig.wire.ipv4 import MAX_PACKET_OCTETS

LOOPBACK_INDEX = -1


class Loopback:
    """A link of one host. It has no link header: its frames are packets."""

    def __init__(self, queue_frames: int, counters: Counters) -> None:
        self.index = LOOPBACK_INDEX
        self.name = "lo"
        self.mtu = MAX_PACKET_OCTETS
        self.ready: deque[FrameSource] = deque()
        self._packets: deque[bytes] = deque()
        self._queue_frames = queue_frames
        self._counters = counters

    @property
    def is_busy(self) -> bool:
        """Whether packets wait to be carried."""
        return bool(self._packets or self.ready)

    def transmit(self, frame: bytes) -> None:
        """Queue a packet to ourselves; drop and count it where the queue is full."""
        if len(self._packets) >= self._queue_frames:
            self._counters.add("interface_transmit_queue_full")
        else:
            self._packets.append(frame)

    def is_broadcast(self, address: int) -> bool:
        """Tell whether an address means every host of this link; there is only one."""
        return False

    def frame(self, packet: bytes, next_hop: int, now_ns: int) -> bytes | None:
        """Return ``packet``, which needs no header and no address resolution."""
        return packet

    def packets(self, now_ns: int) -> Iterator[bytes]:
        """Yield packets until neither the queue nor a ready source has any."""
        packets, ready = self._packets, self.ready
        while packets or ready:
            if packets:
                yield packets.popleft()
                continue
            frame = ready[0].next_frame(now_ns)
            if frame is None:
                ready.popleft()
            else:
                ready.rotate(-1)
                yield frame


Link = Interface | Loopback
