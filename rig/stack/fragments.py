"""Fragmentation and reassembly of IPv4 packets (RFC 791, 3.2; RFC 815; RFC 1122, 3.3.2).

Reassembly is bounded in datagrams and in octets; beyond either limit the oldest incomplete datagram goes. Fragments
that overlap cannot come from an honest host and are a known way past filters, so their whole datagram is discarded, in
the spirit of RFC 5722; an exact duplicate is harmless and ignored. The holes of RFC 815 are kept implicitly: they are
what lies between the sorted fragments.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator

from rig.stack.config import Ipv4Config
from rig.stack.counters import Counters
from rig.stack.timer_queue import NEVER, TimerQueue
from rig.wire.ipv4 import MAX_PACKET_OCTETS, Ipv4Packet

_Key = tuple[int, int, int, int]


def fragment(packet: Ipv4Packet, mtu: int) -> Iterator[Ipv4Packet]:
    """Yield the fragments of ``packet``, each at most ``mtu`` octets (68 or more) with its header.

    A packet that fits is yielded as it is. The caller has looked at the DF bit.
    """
    room = mtu - packet.header_octets
    octets = len(packet.payload)
    if octets <= room:
        yield packet
        return
    room &= ~7  # the fragment offset counts units of 8 octets
    for start in range(0, octets, room):
        yield packet._replace(
            payload=packet.payload[start : start + room],
            fragment_offset_octets=packet.fragment_offset_octets + start,
            more_fragments=packet.more_fragments or start + room < octets,
        )


class _Datagram:
    """The fragments of one datagram so far, sorted by offset."""

    __slots__ = ("_owner", "deadline_ns", "first", "key", "offsets", "parts", "queued_ns", "stored_octets", "total")

    def __init__(self, owner: Reassembler, key: _Key, deadline_ns: int) -> None:
        self._owner = owner
        self.key = key
        self.offsets: list[int] = []
        self.parts: list[bytes] = []
        self.first: Ipv4Packet | None = None
        self.total: int | None = None
        self.stored_octets = 0
        self.deadline_ns = deadline_ns
        self.queued_ns = NEVER

    def handle_deadline(self, now_ns: int) -> None:
        self._owner.datagram_expired(self, now_ns)


class Reassembler:
    """Incomplete datagrams of the whole host. ``time_exceeded`` takes the first fragment of one that timed out."""

    def __init__(
        self,
        config: Ipv4Config,
        counters: Counters,
        timers: TimerQueue,
        time_exceeded: Callable[[Ipv4Packet, int], None],
    ) -> None:
        self._config = config
        self._counters = counters
        self._timers = timers
        self._time_exceeded = time_exceeded
        self._datagrams: dict[_Key, _Datagram] = {}
        self._stored_octets = 0

    def add(self, packet: Ipv4Packet, now_ns: int) -> Ipv4Packet | None:
        """Take a fragment; return the whole datagram when this completed it."""
        start = packet.fragment_offset_octets
        end = start + len(packet.payload)
        if end + packet.header_octets > MAX_PACKET_OCTETS or end == start or (packet.more_fragments and end & 7):
            self._counters.add("ip_bad_fragment")
            return None
        key = (packet.source, packet.destination, packet.protocol, packet.identification)
        datagram = self._datagrams.get(key)
        if datagram is None:
            if len(self._datagrams) >= self._config.reassembly_datagrams:
                self._drop_oldest()
            datagram = _Datagram(self, key, now_ns + self._config.reassembly_timeout_ns)
            self._datagrams[key] = datagram
            self._timers.update(datagram)
        if not self._insert(datagram, packet, start, end):
            return None
        if datagram.total is None or datagram.stored_octets < datagram.total:
            return None
        self._forget(datagram)
        if datagram.first is None:
            return None
        self._counters.add("ip_datagrams_reassembled")
        return datagram.first._replace(payload=b"".join(datagram.parts), more_fragments=False)

    def datagram_expired(self, datagram: _Datagram, now_ns: int) -> None:
        """Discard a datagram whose time is up, and say so to its sender if the first fragment came."""
        self._forget(datagram)
        self._counters.add("ip_reassembly_timeout")
        if datagram.first is not None:  # RFC 1122, 3.3.2
            self._time_exceeded(datagram.first, now_ns)

    def _insert(self, datagram: _Datagram, packet: Ipv4Packet, start: int, end: int) -> bool:
        """Store a fragment; False where it brought nothing."""
        offsets, parts = datagram.offsets, datagram.parts
        index = bisect_left(offsets, start)
        if index < len(offsets) and offsets[index] == start and parts[index] == packet.payload:
            self._counters.add("ip_duplicate_fragment")
            return False
        overlaps = (index > 0 and offsets[index - 1] + len(parts[index - 1]) > start) or (
            index < len(offsets) and offsets[index] < end
        )
        total = datagram.total if packet.more_fragments else end
        if datagram.total not in (None, total):
            overlaps = True  # two ends
        highest = max(end, offsets[-1] + len(parts[-1])) if offsets else end
        if overlaps or (total is not None and highest > total):
            self._forget(datagram)
            self._counters.add("ip_overlapping_fragment")
            return False
        while self._stored_octets + end - start > self._config.reassembly_octets:
            if self._drop_oldest() is datagram:
                return False
        datagram.total = total
        offsets.insert(index, start)
        parts.insert(index, bytes(packet.payload))
        datagram.stored_octets += end - start
        self._stored_octets += end - start
        if start == 0:
            datagram.first = packet._replace(payload=parts[0])
        return True

    def _drop_oldest(self) -> _Datagram:
        oldest = next(iter(self._datagrams.values()))
        self._forget(oldest)
        self._counters.add("ip_reassembly_full")
        return oldest

    def _forget(self, datagram: _Datagram) -> None:
        del self._datagrams[datagram.key]
        self._stored_octets -= datagram.stored_octets
        self._timers.remove(datagram)
