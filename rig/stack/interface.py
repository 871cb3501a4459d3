"""An attachment to a link: its ARP cache, its bounded queue of finished frames, and who else has something to send.

TCP does not fill the queue. A connection that may have something to send enters ``ready`` and builds a segment when the
device has room for one: so an acknowledgement covers all that arrived meanwhile, and nothing stale is ever queued.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from rig.stack.arp import ArpCache
from rig.stack.config import ArpConfig, InterfaceConfig
from rig.stack.counters import Counters
from rig.stack.timer_queue import TimerQueue
from rig.wire.address import (
    LIMITED_BROADCAST_IPV4,
    directed_broadcast,
    is_multicast_ipv4,
    prefix_mask,
)
from rig.wire.ethernet import BROADCAST, EtherType

_IPV4 = EtherType.IPV4.to_bytes(2, "big")


class FrameSource(Protocol):
    """Something that builds frames when asked."""

    def next_frame(self, now_ns: int) -> bytes | None:
        """Return one frame, or None when there is nothing (more) to send; then the source leaves ``ready``."""


class Interface:
    """One Ethernet interface of the stack."""

    def __init__(
        self,
        index: int,
        config: InterfaceConfig,
        arp: ArpConfig,
        queue_frames: int,
        counters: Counters,
        timers: TimerQueue,
        give_up: Callable[[list[bytes], int], None],
    ) -> None:
        self.index = index
        self.name = config.name
        self.mac = config.mac
        self.mtu = config.mtu
        self.address = config.address
        self.network_mask = prefix_mask(config.prefix_length)
        self.directed_broadcast = (
            directed_broadcast(config.address, config.prefix_length) if config.prefix_length < 31 else None
        )
        self.ready: deque[FrameSource] = deque()
        self._frames: deque[bytes] = deque()
        self._queue_frames = queue_frames
        self._counters = counters
        self.arp = ArpCache(arp, config, counters, timers, self.transmit, give_up)

    def transmit(self, frame: bytes) -> None:
        """Queue a finished frame; drop and count it where the queue is full."""
        if len(self._frames) >= self._queue_frames:
            self._counters.add("interface_transmit_queue_full")
        else:
            self._frames.append(frame)

    def is_broadcast(self, address: int) -> bool:
        """Tell whether an address means every host of this link (RFC 1122, 3.2.1.3)."""
        return address == LIMITED_BROADCAST_IPV4 or address == self.directed_broadcast

    def is_on_link(self, address: int) -> bool:
        """Tell whether an address belongs to the network this interface is attached to."""
        return (address ^ self.address) & self.network_mask == 0

    def frame(self, packet: bytes, next_hop: int, now_ns: int) -> bytes | None:
        """Return the frame that carries ``packet`` to ``next_hop``, or None when it is held for address resolution."""
        header = self.arp.header_for(next_hop)
        if header is not None:
            return header + packet
        if self.is_broadcast(next_hop):
            return BROADCAST + self.mac + _IPV4 + packet
        if is_multicast_ipv4(next_hop):  # RFC 1112, 6.4
            return b"\x01\x00\x5e" + (next_hop & 0x7FFFFF).to_bytes(3, "big") + self.mac + _IPV4 + packet
        self.arp.hold(packet, next_hop, now_ns)
        return None

    def frames_to_send(self, now_ns: int) -> Iterator[bytes]:
        """Yield frames, finished ones first, then one from each ready source in turn, each built when it is asked for.

        The caller may stop at any step.
        """
        frames, ready = self._frames, self.ready
        while True:
            if frames:
                yield frames.popleft()
            elif ready:
                source = ready[0]
                frame = source.next_frame(now_ns)
                if frame is None:
                    ready.popleft()
                else:
                    if len(ready) > 1:
                        ready.rotate(-1)
                    yield frame
            else:
                return
