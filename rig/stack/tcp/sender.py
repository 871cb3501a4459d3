"""The sending half of a connection: what to send next, and what acknowledgements and time-outs mean for it.

Theory of operation. ``snd_nxt`` is the next number to send and ``snd_max`` the one after the highest ever sent. They
differ only after a retransmission time-out, which moves ``snd_nxt`` back to ``snd_una``: what follows is then sent
again as the congestion window allows, less what the peer says it holds. A fast retransmit sends one segment at
``snd_una`` and moves neither, and so do the retransmissions of recovery by SACK.

One timer serves two purposes. While something is in flight it is the retransmission timer (RFC 6298, 5). While nothing
is, but data waits for a window that is closed or too small, it is the persist timer, and ``probing`` is set (RFC 9293,
3.8.6.1). An expired timer stays off until the segment that it asks for is really sent, so a blocked device does not
back it off further. Whenever something is queued or in flight and :meth:`next_transmission` has nothing to send, the
timer runs. ``give_up_ns`` is R2 or the user time-out: it runs from the first transmission that made no progress.

Long because new data, retransmissions and probes move the same few variables, and share one timer.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.stack.config import TcpConfig
from rig.stack.tcp.congestion import CongestionControl, LossRecovery
from rig.stack.tcp.rto import RetransmissionTimeout
from rig.stack.tcp.sack_recovery import SackRecovery
from rig.stack.tcp.send_buffer import SendBuffer
from rig.stack.tcp.seq import HALF, MASK, is_after
from rig.stack.timer_queue import NEVER


@dataclass(slots=True)
class Transmission:
    """One segment to build: its sequence number, ``octets`` of text from ``offset`` in the buffer on, perhaps a FIN."""

    sequence: int
    offset: int
    octets: int
    fin: bool
    is_retransmission: bool


class Sender:
    """SND variables, send buffer, retransmission and persist timer, and congestion control of one connection."""

    __slots__ = (
        "_config",
        "_last_send_ns",
        "_probe_due",
        "_resend_until",
        "_resent_ns",
        "_retransmit_first",
        "_rtt_sequence",
        "_rtt_start_ns",
        "_tick_ns",
        "buffer",
        "buffer_sequence",
        "fin_queued",
        "give_up_after_ns",
        "give_up_ns",
        "iss",
        "max_snd_wnd",
        "mss",
        "nagle",
        "persist_backoffs",
        "probing",
        "recovery",
        "rto",
        "sack",
        "snd_max",
        "snd_nxt",
        "snd_una",
        "snd_wl1",
        "snd_wl2",
        "snd_wnd",
        "timeouts",
        "timer_ns",
        "urgent_until",
    )

    def __init__(self, config: TcpConfig, iss: int, control: CongestionControl) -> None:
        self._config = config
        self._tick_ns = config.clock_granularity_ns
        self.iss = iss
        self.snd_una = self.snd_nxt = self.snd_max = iss
        self.snd_wnd = self.max_snd_wnd = 0
        self.snd_wl1 = self.snd_wl2 = 0
        self.mss = 536
        self.buffer = SendBuffer(config.send_buffer_octets)
        self.buffer_sequence = (iss + 1) & MASK
        self.fin_queued = False
        self.nagle = config.nagle
        self.rto = RetransmissionTimeout(config)
        self.recovery = LossRecovery(control, iss)
        self.sack: SackRecovery | None = None  # the same object as ``recovery`` where SACK is in use
        self.timer_ns = NEVER
        self.probing = False
        self.persist_backoffs = 0
        self.timeouts = 0
        self.urgent_until: int | None = None  # SND.UP: the number after the last urgent octet
        self.give_up_ns = NEVER
        self.give_up_after_ns = config.give_up_syn_ns
        self._probe_due = False
        self._retransmit_first = False
        self._resend_until: int | None = None
        self._rtt_sequence: int | None = None
        self._rtt_start_ns = 0
        self._resent_ns = 0
        self._last_send_ns = 0

    @property
    def flight(self) -> int:
        """Sequence numbers sent and not acknowledged."""
        return (self.snd_max - self.snd_una) & MASK

    @property
    def fin_sequence(self) -> int:
        """The number our FIN has, or would have if the user closed now."""
        return (self.buffer_sequence + len(self.buffer)) & MASK

    @property
    def fin_acknowledged(self) -> bool:
        """Whether the peer has acknowledged our FIN."""
        return self.fin_queued and self.snd_una == (self.fin_sequence + 1) & MASK

    # Opening

    def note_syn_sent(self, now_ns: int) -> None:
        """Account for a SYN that was built."""
        first = self.snd_max == self.iss
        self.snd_nxt = self.snd_max = (self.iss + 1) & MASK
        if first:
            self._rtt_sequence, self._rtt_start_ns = self.iss, now_ns
        self._arm(now_ns)

    def assume_syn_sent(self) -> None:
        """Take it that a SYN was sent, and nothing measured: it was a cookie."""
        self.snd_nxt = self.snd_max = (self.iss + 1) & MASK

    def syn_acknowledged(self, now_ns: int, timestamp_rtt_ns: int | None) -> None:
        """Take the acknowledgement of our SYN."""
        self.snd_una = self.snd_nxt = (self.iss + 1) & MASK
        self._sample(self.snd_una, now_ns, timestamp_rtt_ns)
        self.timer_ns = NEVER
        self.give_up_ns = NEVER

    def use_sack(self) -> None:
        """Recover from losses by selective acknowledgements: both sides agreed on them."""
        self.recovery = self.sack = SackRecovery(self.recovery.control, self.iss)

    def start_data(self, mss: int) -> None:
        """Begin with data transfer; ``mss`` is the effective send MSS."""
        self.mss = mss
        control = self.recovery.control
        control.start(mss)
        if self.timeouts:
            control.cwnd = mss  # RFC 5681, 3.1: a lost SYN limits the initial window to one segment
            self.rto.restart_after_syn_loss(self._config.rto_after_syn_loss_ns)  # RFC 6298 (5.7)
        self.timeouts = 0

    # Sending

    def urgent_pointer(self, sequence: int) -> int:
        """Return the urgent pointer of a segment at ``sequence``, 0 for none (RFC 9293, 3.8.5).

        It points after the last urgent octet (MUST-62), as far as 16 bits reach.
        """
        if self.urgent_until is None or not is_after(self.urgent_until, sequence):
            return 0
        return min((self.urgent_until - sequence) & MASK, 0xFFFF)

    def next_transmission(self, now_ns: int) -> Transmission | None:
        """Return the next segment that may be sent now and account for it as sent, or None.

        For synchronized states only; the caller sends the segment without fail.
        """
        if self._retransmit_first:
            self._retransmit_first = False
            if self.snd_wnd:
                return self._first_again(now_ns)
        transmission = self._next_in_the_middle(now_ns)
        if transmission is not None:
            return transmission
        if self.sack is None or not self.sack.in_recovery or self._resend_until is not None:
            return self._next_in_order(now_ns)
        return self._next_hole(now_ns, lost_only=True) or self._next_in_order(now_ns) or self._next_hole(now_ns)

    def _next_in_the_middle(self, now_ns: int) -> Transmission | None:
        """Return what bulk transfer sends nearly always, a full segment of new text amid others, or None.

        It comes to the same as :meth:`_next_in_order` in less time. Something is in flight and a segment of it is being
        timed, so nothing was sent again since; both windows have room for all that is ahead; more text is left.
        """
        recovery = self.recovery
        sequence, mss = self.snd_nxt, self.mss
        ahead = (sequence - self.snd_una) & MASK
        after = ahead + mss
        if (
            ahead == 0
            or self._rtt_sequence is None
            or after > self.snd_wnd
            or after > recovery.control.cwnd
            or self.give_up_ns == NEVER
            or recovery.in_recovery  # what is missing goes first
        ):
            return None
        offset = (sequence - self.buffer_sequence) & MASK
        if len(self.buffer) <= offset + mss:
            return None
        self.snd_nxt = self.snd_max = (sequence + mss) & MASK
        self._last_send_ns = now_ns
        return Transmission(sequence, offset, mss, False, False)

    def _next_in_order(self, now_ns: int) -> Transmission | None:
        """Return the segment at ``snd_nxt``, or None."""
        if self._resend_until is not None and self.sack is not None and self.sack.scoreboard:
            self._skip_what_the_peer_holds(self.sack)
        offset = (self.snd_nxt - self.buffer_sequence) & MASK
        waiting = len(self.buffer) - offset  # -1 where the FIN is sent
        if waiting < 0 or (waiting == 0 and not self.fin_queued):
            return None
        control = self.recovery.control
        ahead = (self.snd_nxt - self.snd_una) & MASK
        if ahead == 0 and self.snd_max == self.snd_una and now_ns - self._last_send_ns > self.rto.current_ns:
            control.restart_after_idle()
        flight = (self.snd_max - self.snd_una) & MASK
        usable = min(self.snd_wnd - ahead, self.recovery.allowance(ahead, flight, self.mss))
        octets = min(waiting, usable, self.mss)
        if self._resend_until is not None and self.sack is not None:
            octets = min(octets, self.sack.scoreboard.room(ahead) or octets)
        if self._probe_due:
            return self._probe(offset, waiting, octets, usable, now_ns)
        if not self._is_worth_sending(octets, waiting, usable, ahead):
            if self.timer_ns == NEVER:
                self._arm_persist(now_ns)
            return None
        return self._send(offset, octets, self.fin_queued and octets == waiting and usable > octets, now_ns)

    def _is_worth_sending(self, octets: int, waiting: int, usable: int, ahead: int) -> bool:
        """Apply sender SWS avoidance and Nagle's algorithm (RFC 9293, 3.8.6.2.1 and 3.7.4)."""
        if octets <= 0:
            return waiting == 0 and usable > 0  # a FIN alone
        if octets >= self.mss or self._resend_until is not None:
            return True
        idle = ahead == 0 or not self.nagle
        if octets == waiting:
            return idle or self.fin_queued
        return idle and octets * 2 >= self.max_snd_wnd

    def _send(self, offset: int, octets: int, fin: bool, now_ns: int) -> Transmission:
        """Account for a segment at ``snd_nxt``."""
        if self.probing:
            self.probing = False
            self.timer_ns = NEVER
        transmission = self._note_sent(offset, octets, fin, now_ns)
        self.snd_nxt = (self.snd_nxt + octets + fin) & MASK
        if self._resend_until is not None and not is_after(self._resend_until, self.snd_nxt):
            self._resend_until = None
        if self.timer_ns == NEVER:  # RFC 6298 (5.1)
            self._arm(now_ns)
        return transmission

    def _probe(self, offset: int, waiting: int, octets: int, usable: int, now_ns: int) -> Transmission:
        """Send what the persist timer asks for: past a closed window one octet, otherwise what fits.

        The octet past the window does not move ``snd_nxt``: it is sent with the rest once the window opens.
        """
        self._probe_due = False
        if usable > 0:
            return self._send(offset, octets, self.fin_queued and octets == waiting and usable > octets, now_ns)
        octets = min(waiting, 1)
        transmission = self._note_sent(offset, octets, octets == 0, now_ns)
        self._arm_persist(now_ns)
        return transmission

    def _first_again(self, now_ns: int) -> Transmission:
        """Send the segment at ``snd_una`` again: fast retransmit, or the next hole after a partial acknowledgement."""
        octets = min(self.flight, self.mss)
        if self.sack is not None:
            octets = min(octets, self.sack.scoreboard.room(0) or octets)
            self.sack.first_sent_again(octets)
        return self._again(0, octets, now_ns)

    def _next_hole(self, now_ns: int, *, lost_only: bool = False) -> Transmission | None:
        """Return a segment that recovery by SACK sends again, if the pipe has room for one, or None."""
        sack = self.sack
        if sack is None or sack.control.cwnd - sack.pipe(self.flight, self.mss) < self.mss:
            return None
        hole = sack.next_hole(self.flight, self.snd_wnd, self.mss, lost_only=lost_only)
        return None if hole is None else self._again(*hole, now_ns)

    def _again(self, distance: int, octets: int, now_ns: int) -> Transmission:
        """Account for a retransmission of ``octets`` numbers, a FIN counted, from ``distance`` after ``snd_una`` on."""
        offset = (self.snd_una + distance - self.buffer_sequence) & MASK
        text = min(octets, len(self.buffer) - offset, self.snd_wnd - distance)
        fin = self.fin_queued and text == len(self.buffer) - offset and self.flight > distance + text
        self._rtt_sequence = None
        self._resent_ns = self._last_send_ns = now_ns
        if self.timer_ns == NEVER:
            self._arm(now_ns)
        return Transmission((self.snd_una + distance) & MASK, offset, text, fin, True)

    def _skip_what_the_peer_holds(self, sack: SackRecovery) -> None:
        """Pass over selectively acknowledged octets while everything is sent again after a time-out."""
        self.snd_nxt = (self.snd_una + sack.scoreboard.skip((self.snd_nxt - self.snd_una) & MASK)) & MASK
        if self._resend_until is not None and not is_after(self._resend_until, self.snd_nxt):
            self._resend_until = None

    def _note_sent(self, offset: int, octets: int, fin: bool, now_ns: int) -> Transmission:
        sequence = self.snd_nxt
        end = (sequence + octets + fin) & MASK
        again = sequence != self.snd_max
        if again:
            self._rtt_sequence = None  # Karn's algorithm: RFC 6298, 3
            self._resent_ns = now_ns
        elif self._rtt_sequence is None:
            self._rtt_sequence, self._rtt_start_ns = sequence, now_ns
        if (end - self.snd_max) & MASK < HALF:
            self.snd_max = end
        self._last_send_ns = now_ns
        if self.give_up_ns == NEVER:
            self.give_up_ns = now_ns + self.give_up_after_ns
        return Transmission(sequence, offset, octets, fin, again)

    # Hearing

    def acknowledged(self, ack: int, now_ns: int, timestamp_rtt_ns: int | None) -> None:
        """Take an acknowledgement of something new, ``snd_una < ack <= snd_max``.

        ``timestamp_rtt_ns`` is the round-trip time by the time stamp option, where there is one.
        """
        octets = (ack - self.snd_una) & MASK
        dropped = min((ack - self.buffer_sequence) & MASK, len(self.buffer))
        self.buffer.drop(dropped)
        self.buffer_sequence = (self.buffer_sequence + dropped) & MASK
        self.snd_una = ack
        if (ack - self.snd_nxt) & MASK < HALF:
            self.snd_nxt = ack
        if self._resend_until is not None and not is_after(self._resend_until, ack):
            self._resend_until = None
        if self.urgent_until is not None and not is_after(self.urgent_until, ack):
            self.urgent_until = None
        self._sample(ack, now_ns, timestamp_rtt_ns)
        self.timeouts = 0
        flight = (self.snd_max - ack) & MASK
        recovery = self.recovery
        if recovery.acknowledged(ack, octets, flight, self.mss, now_ns, self.rto.srtt_ns or 0):
            self._retransmit_first = True
        if flight == 0:  # RFC 6298 (5.2)
            self.timer_ns = NEVER
            self.give_up_ns = NEVER
        else:
            if recovery.restarts_timer:
                self._arm(now_ns)
            self.give_up_ns = now_ns + self.give_up_after_ns
        self.probing = False
        self.persist_backoffs = 0

    def duplicate_acknowledgement(self, now_ns: int) -> None:
        """Take a duplicate acknowledgement in the strict sense of RFC 5681, 2."""
        if self.recovery.duplicate(self.snd_una, self.snd_max, self.mss, now_ns):
            self._retransmit_first = True

    def selectively_acknowledged(self, blocks: tuple[tuple[int, int], ...], now_ns: int) -> None:
        """Take the SACK blocks of an acknowledgement, after its acknowledgement number (RFC 6675, 5)."""
        if self.sack is not None and self.sack.selective(blocks, self.snd_una, self.snd_max, self.mss, now_ns):
            self._retransmit_first = True

    def set_window(self, window: int, sequence: int, ack: int) -> None:
        """Take the peer's window, in octets, from a segment that is not older than the last one that set it."""
        if self.probing and self.snd_wnd == 0 and window:
            self.probing = self._probe_due = False
            self.timer_ns = NEVER
            self.persist_backoffs = 0
        self.snd_wnd = window
        self.snd_wl1 = sequence
        self.snd_wl2 = ack
        if window > self.max_snd_wnd:
            self.max_snd_wnd = window

    def heard_from_peer(self) -> None:
        """Note any acceptable acknowledgement: a peer that answers with a closed window lives (RFC 9293, 3.8.6.1)."""
        if self.snd_wnd == 0:
            self.give_up_ns = NEVER

    def timer_expired(self, now_ns: int) -> None:
        """Act on the timer: the caller then asks for the next transmission, or for a SYN before data transfer."""
        self.timer_ns = NEVER
        if self.probing:
            self._probe_due = True
            self.persist_backoffs += 1
            return
        self.timeouts += 1
        self.rto.back_off()  # RFC 6298 (5.5)
        self._rtt_sequence = None
        if self.snd_una != self.iss:
            self.recovery.timed_out(self.flight, self.snd_max, now_ns)
            self._resend_until = self.snd_max
        self.snd_nxt = self.snd_una  # RFC 6298 (5.4)
        self._retransmit_first = False

    def shorten_segments(self, mss: int) -> None:
        """Go on with a smaller MSS, and send again what is in flight. That is no sign of congestion (RFC 1191, 6.5)."""
        self.mss = mss
        self._rtt_sequence = None
        if self.flight:
            self._resend_until = self.snd_max
            self.snd_nxt = self.snd_una

    def stop(self) -> None:
        """Stop all timers: nothing more will be sent."""
        self.timer_ns = self.give_up_ns = NEVER
        self.probing = self._probe_due = self._retransmit_first = False

    def _sample(self, ack: int, now_ns: int, timestamp_rtt_ns: int | None) -> None:
        if self._rtt_sequence is not None:
            if is_after(ack, self._rtt_sequence):
                self.rto.sample(now_ns - self._rtt_start_ns)
                self._rtt_sequence = None
        elif timestamp_rtt_ns is not None and now_ns - timestamp_rtt_ns > self._resent_ns - self._tick_ns:
            # RFC 7323, 4.1: a sample of a retransmission too. One of what was sent before the last retransmission
            # would measure how long an acknowledgement was lost.
            self.rto.sample(timestamp_rtt_ns)

    def _arm(self, now_ns: int) -> None:
        self.timer_ns = now_ns + self.rto.current_ns
        if self.give_up_ns == NEVER:
            self.give_up_ns = now_ns + self.give_up_after_ns

    def _arm_persist(self, now_ns: int) -> None:
        self.probing = True
        if self.snd_wnd:
            self.timer_ns = now_ns + self._config.sws_override_ns
        else:
            interval_ns = self.rto.current_ns << min(self.persist_backoffs, 32)
            self.timer_ns = now_ns + min(interval_ns, self._config.rto_maximum_ns)
