"""Path MTUs that routers told, by destination (RFC 1191, 6.2 and 6.3).

An entry ends after ten minutes, so that a path that became wider is found out by the next connection; one that exists
keeps the smaller value. The number of entries is bounded, because every verified ICMP message makes one.
"""

from __future__ import annotations

from rig.stack.counters import Counters
from rig.units import NS_PER_S

LIFETIME_NS = 600 * NS_PER_S
MAX_ENTRIES = 1024


class PathMtuCache:
    """Destination address -> largest packet that reaches it whole."""

    __slots__ = ("_counters", "_entries")

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._entries: dict[int, tuple[int, int]] = {}

    def lower(self, destination: int, mtu: int, now_ns: int) -> None:
        """Note that packets above ``mtu`` octets do not reach ``destination``; a larger value changes nothing."""
        known = self.mtu(destination, now_ns)
        if known is not None and known <= mtu:
            return
        if destination not in self._entries and len(self._entries) >= MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
            self._counters.add("ip_path_mtu_cache_full")
        self._entries[destination] = (mtu, now_ns + LIFETIME_NS)

    def mtu(self, destination: int, now_ns: int) -> int | None:
        """Return the path MTU in octets, or None where nothing is known."""
        entry = self._entries.get(destination)
        if entry is None:
            return None
        mtu, until_ns = entry
        if now_ns >= until_ns:
            del self._entries[destination]
            return None
        return mtu
