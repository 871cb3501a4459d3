"""Congestion control: how much may be in flight, and what a loss means (RFC 5681, RFC 6582, RFC 3042).

:class:`CongestionControl` holds the window arithmetic of one algorithm; :class:`LossRecovery` counts duplicate
acknowledgements and steers fast retransmit and NewReno fast recovery with it, for a peer without SACK (for one with
SACK see :mod:`rig.stack.tcp.sack_recovery`). Neither knows of segments or timers: the sender reports what happened and
asks what to do.
"""

from __future__ import annotations

from typing import Protocol

from rig.stack.tcp.seq import MASK, is_after, is_before

DUPLICATE_THRESHOLD = 3  # RFC 5681, 3.2
NO_THRESHOLD = 1 << 30  # RFC 5681, 3.1: the initial ssthresh should be arbitrarily high


class CongestionControl(Protocol):
    """What an algorithm provides; all quantities are octets."""

    cwnd: int
    ssthresh: int

    def start(self, mss: int) -> None:
        """Set the initial window, the effective send MSS being known now."""

    def acknowledged(self, octets: int, now_ns: int, srtt_ns: int = 0) -> None:
        """Grow after new data was acknowledged outside of fast recovery."""

    def lost(self, flight: int, now_ns: int) -> None:
        """Lower ssthresh: a segment was lost with ``flight`` octets outstanding."""

    def timed_out(self) -> None:
        """Fall back to the loss window after a retransmission time-out."""

    def restart_after_idle(self) -> None:
        """Forget a window that was not used for longer than the RTO."""


class NewReno:
    """The window arithmetic of RFC 5681: slow start and congestion avoidance."""

    __slots__ = ("_counted", "_initial_segments", "cwnd", "mss", "ssthresh")

    def __init__(self, initial_window_segments: int) -> None:
        self._initial_segments = initial_window_segments
        self._counted = 0
        self.mss = 536
        self.cwnd = 536
        self.ssthresh = NO_THRESHOLD

    def start(self, mss: int) -> None:
        self.mss = mss
        self.cwnd = self._initial_window()

    def acknowledged(self, octets: int, now_ns: int, srtt_ns: int = 0) -> None:
        if self.cwnd < self.ssthresh:  # RFC 5681 (2)
            self.cwnd += min(octets, self.mss)
            return
        self._counted += octets  # RFC 5681, 3.1: one SMSS for each cwnd of octets acknowledged
        if self._counted >= self.cwnd:
            self._counted -= self.cwnd
            self.cwnd += self.mss

    def lost(self, flight: int, now_ns: int) -> None:
        self.ssthresh = max(flight // 2, 2 * self.mss)  # RFC 5681 (4)
        self._counted = 0

    def timed_out(self) -> None:
        self.cwnd = self.mss  # RFC 5681, 3.1: the loss window
        self._counted = 0

    def restart_after_idle(self) -> None:
        self.cwnd = min(self.cwnd, self._initial_window())  # RFC 5681, 4.1

    def _initial_window(self) -> int:
        # RFC 6928 (1), scaled to the configured number of segments; 10 gives min(10 MSS, max(2 MSS, 14600)).
        return min(self._initial_segments * self.mss, max(2 * self.mss, self._initial_segments * 1460))


class LossRecovery:
    """Duplicate acknowledgements, fast retransmit, fast recovery.

    Methods that take an acknowledgement return whether the segment at SND.UNA must be sent again.
    """

    __slots__ = ("_flight", "control", "duplicates", "in_recovery", "partial_acks", "recover")

    def __init__(self, control: CongestionControl, iss: int) -> None:
        self.control = control
        self.duplicates = 0
        self.in_recovery = False
        self.partial_acks = 0
        self._flight = 0
        self.recover = iss  # RFC 6582, 3.2 (1)

    @property
    def limited_transmit(self) -> int:
        """How many segments beyond cwnd may be sent on the first two duplicates (RFC 3042)."""
        return self.duplicates if not self.in_recovery and self.duplicates < DUPLICATE_THRESHOLD else 0

    @property
    def restarts_timer(self) -> bool:
        """Whether the acknowledgement just taken restarts the retransmission timer.

        RFC 6298 (5.3); RFC 6582, 3.2 (3): in recovery only the first partial acknowledgement does.
        """
        return not self.in_recovery or self.partial_acks == 1

    def allowance(self, ahead: int, flight: int, mss: int) -> int:
        """Return how many octets more the network may take: ``ahead`` lie between SND.UNA and SND.NXT."""
        extra = self.limited_transmit * mss if self.duplicates else 0
        return self.control.cwnd + extra - ahead

    def duplicate(self, snd_una: int, snd_max: int, mss: int, now_ns: int) -> bool:
        """Count a duplicate acknowledgement in the strict sense of RFC 5681, 2."""
        control = self.control
        self.duplicates += 1
        if self.duplicates == 1:
            self._flight = (snd_max - snd_una) & MASK  # before limited transmit adds to it, RFC 5681, 3.2 (2)
        if self.in_recovery:
            if self.duplicates * mss <= self._flight + mss:
                control.cwnd += mss  # RFC 5681, 3.2 (4), for no more of them than segments were in flight
            return False
        if self.duplicates != DUPLICATE_THRESHOLD or not is_after(snd_una, self.recover):
            return False  # the second case: acknowledgements of what a time-out already resends, RFC 6582, 3.2 (2)
        control.lost(self._flight, now_ns)
        control.cwnd = control.ssthresh + DUPLICATE_THRESHOLD * mss
        self.recover = snd_max
        self.in_recovery = True
        self.partial_acks = 0
        return True

    def acknowledged(self, ack: int, octets: int, flight: int, mss: int, now_ns: int, srtt_ns: int = 0) -> bool:
        """Take an acknowledgement of ``octets`` new octets, after which ``flight`` remain outstanding."""
        control = self.control
        self.duplicates = 0
        if not self.in_recovery:
            control.acknowledged(octets, now_ns, srtt_ns)
            return False
        if not is_before(ack, self.recover):  # full acknowledgement, RFC 6582, 3.2 (3), first option
            control.cwnd = min(control.ssthresh, max(flight, mss) + mss)
            self.in_recovery = False
            return False
        self.partial_acks += 1
        control.cwnd = max(control.cwnd - octets, 0) + (mss if octets >= mss else 0)
        control.cwnd = max(control.cwnd, mss)
        return True

    def timed_out(self, flight: int, snd_max: int, now_ns: int) -> None:
        """Take a retransmission time-out.

        ssthresh does not fall further when the same segment times out again, as RFC 5681, 3.1 asks, because ``flight``
        stays what it was until something is acknowledged.
        """
        self.in_recovery = False
        self.duplicates = 0
        self.recover = snd_max  # RFC 6582, 4
        self.control.lost(flight, now_ns)
        self.control.timed_out()
