"""CUBIC congestion control (RFC 9438), an alternative to the window arithmetic of RFC 5681.

In congestion avoidance the window is a cubic function of the time since the last loss: it comes back fast to ``w_max``,
the window at which that loss happened, stays near it, and then probes beyond. Where Reno would have grown faster, on
short or slow paths, its estimate is followed. All arithmetic is in integers (octets and milliseconds), so that a run
gives the same octets on every machine.
"""

from __future__ import annotations

from rig.stack.tcp.congestion import NewReno
from rig.units import NS_PER_MS

BETA_TENTHS = 7  # RFC 9438, 4.6: beta_cubic = 0.7
# RFC 9438, 4.1 and 5.1: C = 0.4 segments per cubic second, that is 4 segments per 10 * (1000 ms)^3
C_NUMERATOR = 4
C_DENOMINATOR = 10 * 1000**3


def cube_root(value: int) -> int:
    """Return the largest integer whose cube does not exceed ``value``, which is not negative."""
    if value == 0:
        return 0
    root = 1 << -(-value.bit_length() // 3)  # at or above the root, from where Newton's iteration only descends
    while True:
        better = (2 * root + value // (root * root)) // 3
        if better >= root:
            return root
        root = better


class Cubic(NewReno):
    """The window function of RFC 9438; slow start, time-out and restart are those of RFC 5681."""

    __slots__ = ("_cwnd_prior", "_epoch_ns", "_k_ms", "_remainder", "_timed_out", "_w_est", "w_max")

    def __init__(self, initial_window_segments: int) -> None:
        super().__init__(initial_window_segments)
        self.w_max = 0
        self._cwnd_prior = 0
        self._epoch_ns: int | None = None
        self._k_ms = 0
        self._w_est = 0
        self._remainder = 0
        self._timed_out = False

    def acknowledged(self, octets: int, now_ns: int, srtt_ns: int = 0) -> None:
        if self.cwnd < self.ssthresh:
            super().acknowledged(octets, now_ns, srtt_ns)
            return
        if self._epoch_ns is None:
            self._begin_epoch(now_ns)
        since_ns = now_ns - (self._epoch_ns or 0)
        # RFC 9438, 4.3: alpha_cubic = 3 (1 - beta) / (1 + beta) = 9 / 17, and 1 once the last maximum is reached
        alpha, parts = (1, 1) if self._w_est >= self._cwnd_prior else (9, 17)
        self._w_est += alpha * octets * self.mss // (parts * self.cwnd)
        if self.window_at(since_ns) < self._w_est:
            self.cwnd = max(self.cwnd, self._w_est)
            return
        target = min(max(self.window_at(since_ns + srtt_ns), self.cwnd), self.cwnd * 3 // 2)  # RFC 9438, 4.2
        self._remainder += (target - self.cwnd) * octets
        self.cwnd, self._remainder = self.cwnd + self._remainder // self.cwnd, self._remainder % self.cwnd

    def window_at(self, since_ns: int) -> int:
        """Return W_cubic(t) in octets, ``since_ns`` after the present epoch began. RFC 9438 (1)."""
        delta_ms = since_ns // NS_PER_MS - self._k_ms
        return C_NUMERATOR * self.mss * delta_ms**3 // C_DENOMINATOR + self.w_max

    def lost(self, flight: int, now_ns: int) -> None:
        self._cwnd_prior = self.cwnd
        if self.cwnd < self.w_max:  # RFC 9438, 4.7: fast convergence, make room for a new flow
            self.w_max = self.cwnd * (10 + BETA_TENTHS) // 20
        else:
            self.w_max = self.cwnd
        self.ssthresh = max(min(flight, self.cwnd) * BETA_TENTHS // 10, 2 * self.mss)  # RFC 9438, 4.6
        self._epoch_ns = None
        self._timed_out = False

    def timed_out(self) -> None:
        super().timed_out()
        self._timed_out = True

    def restart_after_idle(self) -> None:
        super().restart_after_idle()
        self._epoch_ns = None  # RFC 9438, 5.8: time without traffic is no time to grow in

    def _begin_epoch(self, now_ns: int) -> None:
        """Begin congestion avoidance. K = cbrt((W_max - cwnd_epoch) / C), RFC 9438 (2); 0 after a time-out, 4.8."""
        self._epoch_ns = now_ns
        self._w_est = self.cwnd
        self._remainder = 0
        if self._timed_out or self.w_max <= self.cwnd:
            self.w_max = self.cwnd
            self._k_ms = 0
        else:
            self._k_ms = cube_root((self.w_max - self.cwnd) * C_DENOMINATOR // (C_NUMERATOR * self.mss))
