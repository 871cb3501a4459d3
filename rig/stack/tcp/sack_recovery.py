"""Loss recovery by selective acknowledgements (RFC 6675), in place of NewReno's where both sides agreed on SACK.

Theory of operation. What the peer holds is on the :class:`~rig.stack.tcp.scoreboard.Scoreboard`. The *pipe* is an
estimate of the octets in the network: those sent and neither selectively acknowledged nor deemed lost, plus those sent
again. Recovery begins when three segments told something new, or when the board alone shows the first octet lost; cwnd
then falls to ssthresh and stays there, and a segment may be sent whenever the pipe is at least one segment below it:
the lowest hole that is deemed lost, otherwise new text, otherwise any hole below the highest range, otherwise, once,
the last octets outstanding (the rescue retransmission, which spares a time-out where the tail was lost).

Distances are octets from SND.UNA, as on the scoreboard. ``high_rxt`` and ``rescue_rxt`` may become negative: the octet
they name was acknowledged since.
"""

from __future__ import annotations

from rig.stack.tcp.congestion import DUPLICATE_THRESHOLD, CongestionControl, LossRecovery
from rig.stack.tcp.scoreboard import Scoreboard
from rig.stack.tcp.seq import MASK, is_before


class SackRecovery(LossRecovery):
    """Counts what is new in selective acknowledgements and names the next octets to send again."""

    __slots__ = ("high_rxt", "rescue_rxt", "scoreboard")

    def __init__(self, control: CongestionControl, iss: int) -> None:
        super().__init__(control, iss)
        self.scoreboard = Scoreboard()
        self.high_rxt = 0
        self.rescue_rxt = 0

    @property
    def restarts_timer(self) -> bool:
        return True  # RFC 6298 (5.3): a partial acknowledgement is progress here, with several holes filled per RTT

    def allowance(self, ahead: int, flight: int, mss: int) -> int:
        if not self.scoreboard and not self.in_recovery:
            return self.control.cwnd - ahead  # nothing is known to be missing: all that is ahead is in the network
        if ahead < flight:  # a time-out moved SND.NXT back: what lies beyond it counts as lost
            return self.control.cwnd - (ahead - self.scoreboard.octets_below(ahead))
        return self.control.cwnd - self.pipe(flight, mss)

    def duplicate(self, snd_una: int, snd_max: int, mss: int, now_ns: int) -> bool:
        return False  # RFC 6675, 2: with SACK, a duplicate is what tells something new; see ``selective``

    def selective(self, blocks: tuple[tuple[int, int], ...], snd_una: int, snd_max: int, mss: int, now_ns: int) -> bool:
        """Take the SACK blocks of an acknowledgement; return whether recovery begins with the segment at SND.UNA."""
        flight = (snd_max - snd_una) & MASK
        if not self.scoreboard.update(blocks, snd_una, flight) or self.in_recovery:
            return False
        self.duplicates += 1
        if self.duplicates == 1:
            self._flight = flight
        if is_before(snd_una, self.recover):
            return False  # RFC 6675, 5.1: what a time-out resends starts no recovery
        lost = next(self.scoreboard.holes(flight, DUPLICATE_THRESHOLD, mss))[2]
        if self.duplicates < DUPLICATE_THRESHOLD and not lost:
            return False
        control = self.control
        control.lost(self._flight, now_ns)
        control.cwnd = control.ssthresh  # RFC 6675, 5 (4.2)
        self.recover = snd_max
        self.in_recovery = True
        self.high_rxt = self.rescue_rxt = 0
        return True

    def acknowledged(self, ack: int, octets: int, flight: int, mss: int, now_ns: int, srtt_ns: int = 0) -> bool:
        self.scoreboard.advance(octets)
        self.duplicates = 0
        if not self.in_recovery:
            self.control.acknowledged(octets, now_ns, srtt_ns)
        elif not is_before(ack, self.recover):
            self.in_recovery = False
        else:
            self.high_rxt -= octets
            self.rescue_rxt -= octets
        return False

    def timed_out(self, flight: int, snd_max: int, now_ns: int) -> None:
        super().timed_out(flight, snd_max, now_ns)
        self.scoreboard.clear()  # RFC 2018, 8: the receiver may have reneged

    def first_sent_again(self, octets: int) -> None:
        """Note that recovery sent ``octets`` octets from SND.UNA on. RFC 6675, 5 (4.3)."""
        self.high_rxt = self.rescue_rxt = octets

    def pipe(self, flight: int, mss: int) -> int:
        """Return the estimate of octets in the network: SetPipe of RFC 6675, 4."""
        high_rxt = self.high_rxt if self.in_recovery else 0
        pipe = 0
        for start, end, lost in self.scoreboard.holes(flight, DUPLICATE_THRESHOLD, mss):
            if not lost:
                pipe += end - start
            if start < high_rxt:
                pipe += min(end, high_rxt) - start
        return pipe

    def next_hole(self, flight: int, window: int, mss: int, *, lost_only: bool) -> tuple[int, int] | None:
        """Return (distance, octets) of the next segment to send again, within ``window``: NextSeg of RFC 6675, 4.

        With ``lost_only`` its rule 1, otherwise rules 3 and 4. Accounts for it as sent.
        """
        highest = min(self.scoreboard.highest, window)
        for start, end, lost in self.scoreboard.holes(flight, DUPLICATE_THRESHOLD, mss):
            start = max(start, self.high_rxt)
            if start < min(end, highest) and (lost or not lost_only):
                octets = min(end - start, mss)
                self.high_rxt = start + octets
                return start, octets
        if lost_only or self.rescue_rxt >= 0 or window < flight:
            return None
        *_, (start, end, _) = self.scoreboard.holes(flight, DUPLICATE_THRESHOLD, mss)
        start = max(start, end - mss)
        self.rescue_rxt = flight  # once in this recovery; SND.UNA passes it only when recovery ends
        return start, end - start
