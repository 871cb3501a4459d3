"""What the host learns about a line: how long an answer takes, and how large a frame should be."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from rig.errors import UsageError
from rig.link.frame import LARGEST_PAYLOAD_OCTETS, SMALLEST_PAYLOAD_LIMIT_OCTETS
from rig.units import NS_PER_MS, NS_PER_S


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Limits of the host's end; times in ns."""

    first_timeout_ns: int = 100 * NS_PER_MS
    """Before the first measurement, and between greetings asked for."""
    shortest_timeout_ns: int = 2 * NS_PER_MS
    host_jitter_ns: int = 0
    """How late the host itself may be, by the wall clock; no time-out is shorter."""
    timeout_ceiling_ns: int = 250 * NS_PER_MS
    patience_ns: int = 5 * NS_PER_S
    """So long without any progress, and the link is down."""
    greeting_limit_ns: int = 3 * NS_PER_S
    """So long nothing is heard, or ``TALKATIVE`` times as long no greeting, and there is no board of ours."""
    lead_ns: int = 2 * NS_PER_MS
    """How far ahead of the line octets are handed over: more keeps a slow host from starving the line, less is lost
    when the host has to go back."""
    keepalive_ns: int | None = None
    """A PING after so long without a frame from the board; None: never."""
    largest_payload_octets: int = LARGEST_PAYLOAD_OCTETS

    def __post_init__(self) -> None:
        for name in ("first_timeout_ns", "shortest_timeout_ns", "patience_ns", "greeting_limit_ns", "lead_ns"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.timeout_ceiling_ns < self.shortest_timeout_ns:
            raise UsageError(
                f"timeout_ceiling_ns is {self.timeout_ceiling_ns}, less than shortest_timeout_ns "
                f"({self.shortest_timeout_ns})"
            )
        if not SMALLEST_PAYLOAD_LIMIT_OCTETS <= self.largest_payload_octets <= LARGEST_PAYLOAD_OCTETS:
            raise UsageError(
                f"largest_payload_octets is {self.largest_payload_octets}; use {SMALLEST_PAYLOAD_LIMIT_OCTETS} to "
                f"{LARGEST_PAYLOAD_OCTETS}"
            )


TALKATIVE = 5
"""A board that still says something is waited for so many times longer: after a host that was killed, one that is
simulated takes seconds to get rid of the replies that host had asked for."""


class ReplyTimeout:
    """How long to wait for a reply beyond the time its octets take: RFC 6298 over measured excesses."""

    __slots__ = ("_doublings", "_settings", "_shortest_ns", "smoothed_ns", "variation_ns")

    def __init__(self, settings: LinkSettings, jitter_ns: int = 0) -> None:
        self._settings = settings
        self._shortest_ns = max(settings.shortest_timeout_ns, jitter_ns)
        self._doublings = 0
        self.smoothed_ns: int | None = None
        self.variation_ns = 0

    def measured(self, excess_ns: int) -> None:
        """Take the excess of a request that was sent once."""
        if self.smoothed_ns is None:
            self.smoothed_ns, self.variation_ns = excess_ns, excess_ns // 2  # RFC 6298 (2.2)
        else:  # RFC 6298 (2.3)
            self.variation_ns += (abs(self.smoothed_ns - excess_ns) - self.variation_ns) // 4
            self.smoothed_ns += (excess_ns - self.smoothed_ns) // 8

    def progressed(self) -> None:
        """Forget the doublings."""
        self._doublings = 0

    def expired(self) -> None:
        """Double the time-out (RFC 6298 (5.5))."""
        self._doublings += 1

    @property
    def now_ns(self) -> int:
        """The present time-out."""
        settings = self._settings
        if self.smoothed_ns is None:
            base = settings.first_timeout_ns
        else:
            base = max(self._shortest_ns, self.smoothed_ns + 4 * self.variation_ns)
        return min(base << min(self._doublings, 20), max(settings.timeout_ceiling_ns, base))


class PayloadLimit:
    """How many octets of payload a frame should have: ``sqrt(H / p)`` for ``p`` faults per octet.

    The estimate begins with one fault in :data:`PRIOR_OCTETS`, so a session starts at half a kilobyte, and forgets what
    is older than some :data:`MEMORY_OCTETS`. A frame of ``n + H`` octets gets through with ``(1 - p)^(n + H)``; the
    share of useful octets is largest near that root.
    """

    EXCHANGE_OVERHEAD_OCTETS = 32
    PRIOR_OCTETS = 8192
    MEMORY_OCTETS = 1 << 18

    __slots__ = ("_faults", "_largest", "_octets")

    def __init__(self, largest_octets: int) -> None:
        self._largest = largest_octets
        self._octets = self.PRIOR_OCTETS
        self._faults = 16  # in sixteenths, so that halving forgets smoothly

    def carried(self, octets: int) -> None:
        """Count octets that passed in either direction."""
        self._octets += octets
        if self._octets > self.MEMORY_OCTETS:
            self._octets //= 2
            self._faults //= 2

    def lost(self) -> None:
        """Count a frame lost or damaged."""
        self._faults += 16

    @property
    def octets(self) -> int:
        """The present limit, a multiple of 4."""
        if not self._faults:
            return self._largest
        root = isqrt(16 * self.EXCHANGE_OVERHEAD_OCTETS * self._octets // self._faults)
        return max(SMALLEST_PAYLOAD_LIMIT_OCTETS, min(self._largest, root)) & ~3
