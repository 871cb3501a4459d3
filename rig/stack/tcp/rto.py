"""Retransmission time-out (RFC 6298), in integer nanoseconds.

The caller owns the timer and Karn's rule: it hands in samples of segments sent once only (or taken from the time stamp
option). A time-out that was backed off stays so until the next sample, which is what Karn's algorithm asks for.
"""

from __future__ import annotations

from rig.stack.config import TcpConfig


class RetransmissionTimeout:
    """SRTT, RTTVAR and the time-out derived from them. ``current_ns`` includes the backoff."""

    __slots__ = ("_granularity_ns", "_maximum_ns", "_minimum_ns", "backoffs", "current_ns", "rttvar_ns", "srtt_ns")

    def __init__(self, config: TcpConfig) -> None:
        self._granularity_ns = config.clock_granularity_ns
        self._minimum_ns = config.rto_minimum_ns
        self._maximum_ns = config.rto_maximum_ns
        self.srtt_ns: int | None = None
        self.rttvar_ns = 0
        self.backoffs = 0
        self.current_ns = min(config.rto_initial_ns, config.rto_maximum_ns)  # RFC 6298 (2.1)

    def sample(self, rtt_ns: int) -> None:
        """Take one measured round-trip time; ends a backoff."""
        if self.srtt_ns is None:  # RFC 6298 (2.2)
            self.srtt_ns = rtt_ns
            self.rttvar_ns = rtt_ns // 2
        else:  # RFC 6298 (2.3): RTTVAR first, alpha = 1/8, beta = 1/4
            self.rttvar_ns = (3 * self.rttvar_ns + abs(self.srtt_ns - rtt_ns)) // 4
            self.srtt_ns = (7 * self.srtt_ns + rtt_ns) // 8
        computed_ns = self.srtt_ns + max(self._granularity_ns, 4 * self.rttvar_ns)
        self.current_ns = min(max(computed_ns, self._minimum_ns), self._maximum_ns)  # RFC 6298 (2.4), (2.5)
        self.backoffs = 0

    def back_off(self) -> None:
        """Double the time-out, up to the maximum. RFC 6298 (5.5)."""
        self.backoffs += 1
        self.current_ns = min(self.current_ns * 2, self._maximum_ns)

    def restart_after_syn_loss(self, rto_ns: int) -> None:
        """Begin data transmission with at least ``rto_ns`` after the SYN had to be sent again. RFC 6298 (5.7)."""
        self.current_ns = max(rto_ns, self._minimum_ns)
        self.backoffs = 0
