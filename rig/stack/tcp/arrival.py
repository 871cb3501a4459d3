"""SEGMENT ARRIVES: what a connection does with a segment addressed to it (RFC 9293, 3.10.7.3 and 3.10.7.4; RFC 5961).

The order of the steps is the standard's: sequence number, RST, SYN, ACK, URG, text, FIN. A segment is only looked at;
what it calls for is sent later, once for all segments that arrived by then. Nearly every segment of a bulk transfer is
one that could be predicted, and takes a shorter way to the same end (:func:`_is_predicted`).
"""

from __future__ import annotations

import errno

from rig.stack.events import EventKind
from rig.stack.tcp.connection import ACK, FIN, PSH, RST, SYN, URG, Connection
from rig.stack.tcp.seq import HALF, MASK
from rig.stack.tcp.state import CAN_RECEIVE_TEXT, Cause, State
from rig.stack.timer_queue import NEVER
from rig.wire.tcp import TcpSegment


def segment_arrives(connection: Connection, segment: TcpSegment, now_ns: int) -> None:
    """Process one segment in any state but CLOSED and LISTEN."""
    if connection.state is State.ESTABLISHED and _is_predicted(connection, segment, now_ns):
        return
    if connection.state is State.SYN_SENT:
        _in_syn_sent(connection, segment, now_ns)
    else:
        _in_other_states(connection, segment, now_ns)
    if connection.state is not State.CLOSED:
        connection.settle()


def _is_predicted(connection: Connection, segment: TcpSegment, now_ns: int) -> bool:
    """Process the segment that was to be expected; False, and nothing done, for any other.

    That is header prediction, after Van Jacobson: in ESTABLISHED, either the text that comes next, with nothing newly
    acknowledged, or an acknowledgement of something new without text; no flag but ACK and PSH, no SACK block, the
    window as before, the time stamp not old. For it the steps of RFC 9293, 3.10.7.4 come down to these few lines.
    """
    _, _, sequence, ack, flags, window, text, _, options = segment
    sender, receiver = connection.sender, connection.receiver
    if (
        sequence != receiver.rcv_nxt
        or flags & ~PSH != ACK
        or options.sack
        or window << connection.send_scale != sender.snd_wnd
        or window == 0
        or (sequence - sender.snd_wl1) & MASK >= HALF
    ):
        return False
    stamp = options.timestamp
    if connection.uses_timestamps and (stamp is None or (stamp[0] - connection.ts_recent) & MASK >= HALF):
        return False
    last_ack_sent = receiver.last_ack_sent
    if text:
        if ack != sender.snd_una or not receiver.accept_next(text, now_ns):
            return False
        connection.notify(EventKind.READABLE)
    elif 0 < (ack - sender.snd_una) & MASK <= (sender.snd_max - sender.snd_una) & MASK:
        sender.acknowledged(ack, now_ns, connection.timestamp_rtt_ns(options, now_ns))
        connection.soft_error = None
        connection.notify_writable()
    else:
        return False
    if connection.uses_timestamps and stamp is not None and sequence == last_ack_sent:  # RFC 7323, 4.3
        connection.ts_recent, connection.ts_recent_ns = stamp[0], now_ns
    sender.snd_wl1, sender.snd_wl2 = sequence, ack
    connection.last_heard_ns = now_ns
    connection.settle()
    return True


def _in_syn_sent(connection: Connection, segment: TcpSegment, now_ns: int) -> None:
    """RFC 9293, 3.10.7.3."""
    sender, receiver = connection.sender, connection.receiver
    flags = segment.flags
    counters = connection.layer.counters
    if flags & ACK and segment.acknowledgement != sender.snd_max:
        if flags & RST:
            counters.add("tcp_rst_ignored")
        else:
            counters.add("tcp_bad_ack_in_syn_sent")
            connection.layer.reset_for(segment, connection.path, now_ns)
        return
    if flags & RST:
        if flags & ACK:
            counters.add("tcp_connections_refused")
            connection.delete(Cause.RESET, ConnectionRefusedError(errno.ECONNREFUSED, "the peer refused to connect"))
        else:
            counters.add("tcp_rst_ignored")
        return
    if not flags & SYN:
        counters.add("tcp_no_syn_in_syn_sent")
        return
    receiver.start(segment.sequence)
    connection.agree_on_options(segment.options, now_ns)
    sender.set_window(segment.window, segment.sequence, segment.acknowledgement)  # never scaled: RFC 7323, 2.2
    receiver.ack_now = True
    receiver.rcv_adv = (receiver.rcv_nxt + min(receiver.capacity, 0xFFFF)) & MASK  # what our SYN told
    if not flags & ACK:  # simultaneous open: our SYN is sent again, as a SYN-ACK
        connection.move(Cause.SYN)
        sender.snd_nxt = sender.iss
        return
    sender.syn_acknowledged(now_ns, connection.timestamp_rtt_ns(segment.options, now_ns))
    connection.move(Cause.SYN_ACK)
    connection.established(now_ns)
    _take_text(connection, (segment.sequence + 1) & MASK, segment, now_ns)


def _in_other_states(connection: Connection, segment: TcpSegment, now_ns: int) -> None:
    """RFC 9293, 3.10.7.4."""
    receiver = connection.receiver
    flags = segment.flags
    sequence = segment.sequence
    if connection.uses_timestamps and not flags & RST and not _passes_paws(connection, segment, now_ns):
        return
    length = len(segment.payload) + (flags & FIN) + (flags >> 1 & 1)
    text_fits = True
    if not receiver.is_acceptable(sequence, length):
        if receiver.window or sequence != receiver.rcv_nxt or flags & SYN:
            _not_acceptable(connection, segment, now_ns)
            return
        text_fits = False  # a probe of our closed window: its RST and its ACK count (RFC 9293, MUST-66)
        receiver.ack_now = True
    if flags & RST:
        _reset(connection, sequence, now_ns)
        return
    if flags & SYN:
        if connection.state is State.SYN_RECEIVED and connection.opened_passively:
            connection.layer.counters.add("tcp_syn_in_syn_received")
            connection.delete(Cause.RESET, None)
        else:  # RFC 5961, 4
            connection.challenge(now_ns)
        return
    if not flags & ACK:
        connection.layer.counters.add("tcp_no_ack")
        return
    if connection.uses_timestamps:
        connection.remember_timestamp(segment.options, sequence, now_ns)
    if not _take_acknowledgement(connection, segment, length, now_ns):
        return
    connection.last_heard_ns = now_ns
    if flags & URG and connection.state in CAN_RECEIVE_TEXT and receiver.note_urgent(sequence, segment.urgent_pointer):
        connection.notify(EventKind.URGENT)
    if length and text_fits:
        _take_text(connection, sequence, segment, now_ns)


def _passes_paws(connection: Connection, segment: TcpSegment, now_ns: int) -> bool:
    """Apply RFC 7323, 3.2 and 5.3 to a segment without RST."""
    if segment.options.timestamp is None:
        connection.layer.counters.add("tcp_no_timestamp")
        return False
    if connection.is_timestamp_old(segment.options, now_ns):
        connection.layer.counters.add("tcp_paws_dropped")
        connection.challenge(now_ns)
        return False
    return True


def _not_acceptable(connection: Connection, segment: TcpSegment, now_ns: int) -> None:
    """Answer a segment outside of the window, unless it is a reset."""
    counters = connection.layer.counters
    flags = segment.flags
    sender, receiver = connection.sender, connection.receiver
    if flags & RST:
        counters.add("tcp_rst_ignored")
        return
    counters.add("tcp_unacceptable")
    if connection.state is State.SYN_RECEIVED and flags & SYN and segment.sequence == receiver.irs:
        if flags & ACK and segment.acknowledgement == sender.snd_max and not connection.opened_passively:
            _syn_received_acknowledged(connection, segment, now_ns)  # simultaneous open: RFC 9293, figure 8
            receiver.ack_now = True
        else:
            sender.snd_nxt = sender.iss  # the peer has not seen our SYN-ACK
        return
    if connection.state is State.TIME_WAIT and flags & FIN:
        connection.wait_ns = now_ns + 2 * connection.config.msl_ns
    if segment.payload or flags & FIN:
        receiver.ack_now = True
    else:
        connection.challenge(now_ns)


def _reset(connection: Connection, sequence: int, now_ns: int) -> None:
    """Process a reset inside the window; only the exact next number is believed (RFC 5961, 3)."""
    counters = connection.layer.counters
    if sequence != connection.receiver.rcv_nxt:
        connection.challenge(now_ns)
        return
    counters.add("tcp_resets_received")
    error: OSError | None = None
    if connection.state is State.SYN_RECEIVED:
        if not connection.opened_passively:
            error = ConnectionRefusedError(errno.ECONNREFUSED, "the peer refused to connect")
    elif connection.state not in (State.CLOSING, State.LAST_ACK, State.TIME_WAIT):
        error = ConnectionResetError(errno.ECONNRESET, "the peer reset the connection")
    connection.delete(Cause.RESET, error)


def _syn_received_acknowledged(connection: Connection, segment: TcpSegment, now_ns: int) -> None:
    sender = connection.sender
    sender.syn_acknowledged(now_ns, connection.timestamp_rtt_ns(segment.options, now_ns))
    shift = 0 if segment.flags & SYN else connection.send_scale
    sender.set_window(segment.window << shift, segment.sequence, segment.acknowledgement)
    connection.move(Cause.ACK_OF_SYN)
    connection.established(now_ns)


def _take_acknowledgement(connection: Connection, segment: TcpSegment, length: int, now_ns: int) -> bool:
    """Process the ACK field; return whether the rest of the segment may be looked at."""
    sender = connection.sender
    ack = segment.acknowledgement
    advance = (ack - sender.snd_una) & MASK
    flight = (sender.snd_max - sender.snd_una) & MASK
    if connection.state is State.SYN_RECEIVED:
        if not 0 < advance <= flight:
            connection.layer.counters.add("tcp_bad_ack_in_syn_received")
            connection.layer.reset_for(segment, connection.path, now_ns)
            return False
        _syn_received_acknowledged(connection, segment, now_ns)
        return True
    if advance > flight:
        if -advance & MASK > sender.max_snd_wnd:  # too old, or of something we never sent: RFC 5961, 5
            connection.layer.counters.add("tcp_bad_ack")
            connection.challenge(now_ns)
            return False
        return True
    window = segment.window << connection.send_scale
    if advance:
        sender.acknowledged(ack, now_ns, connection.timestamp_rtt_ns(segment.options, now_ns))
        connection.soft_error = None
        connection.notify_writable()
    elif flight and not length and window == sender.snd_wnd:
        sender.duplicate_acknowledgement(now_ns)
    if segment.options.sack and sender.sack is not None:
        sender.selectively_acknowledged(segment.options.sack, now_ns)
        if sender.sack.scoreboard.is_full:
            connection.layer.counters.add("tcp_sack_ranges_full")
    # RFC 9293, 3.10.7.4: SND.WL1 < SEG.SEQ, or equal and SND.WL2 =< SEG.ACK
    newer = (segment.sequence - sender.snd_wl1) & MASK
    if 0 < newer < 0x80000000 or (newer == 0 and (ack - sender.snd_wl2) & MASK < 0x80000000):
        sender.set_window(window, segment.sequence, ack)
    if sender.snd_wnd == 0 and not connection.is_orphan:  # RFC 6429: where nobody waits for what is held up, R2 ends it
        sender.heard_from_peer()
    if sender.fin_queued and sender.fin_acknowledged:
        _fin_acknowledged(connection, now_ns)
    return connection.state is not State.CLOSED


def _fin_acknowledged(connection: Connection, now_ns: int) -> None:
    state = connection.state
    if state is State.FIN_WAIT_1:
        connection.move(Cause.ACK_OF_FIN)
        if connection.is_orphan:
            connection.wait_ns = now_ns + connection.config.orphan_fin_wait_2_ns
    elif state is State.CLOSING:
        connection.move(Cause.ACK_OF_FIN)
        connection.enter_time_wait(now_ns)
    elif state is State.LAST_ACK:
        connection.delete(Cause.ACK_OF_FIN, None)


def _take_text(connection: Connection, sequence: int, segment: TcpSegment, now_ns: int) -> None:
    """Steps seven and eight: segment text and FIN."""
    receiver = connection.receiver
    payload = segment.payload
    if connection.state not in CAN_RECEIVE_TEXT:
        if payload or segment.flags & FIN:
            connection.layer.counters.add("tcp_text_after_fin")
        return
    if payload and connection.is_orphan and _is_new_text(connection, sequence, len(payload)):
        connection.layer.counters.add("tcp_reset_data_after_close")  # RFC 9293, 3.6.1; RFC 1122, 4.2.2.13
        connection.abort(now_ns)
        return
    if not payload and not segment.flags & FIN:
        return
    if receiver.accept(sequence, payload, bool(segment.flags & FIN), now_ns):
        connection.notify(EventKind.READABLE)
    if receiver.fin_received:
        _fin_received(connection, now_ns)


def _is_new_text(connection: Connection, sequence: int, octets: int) -> bool:
    return 0 < (sequence + octets - connection.receiver.rcv_nxt) & MASK < 0x80000000


def _fin_received(connection: Connection, now_ns: int) -> None:
    was = connection.state
    connection.move(Cause.FIN)
    if was is State.FIN_WAIT_2:
        connection.enter_time_wait(now_ns)
    elif was is State.ESTABLISHED and connection.keepalive_ns != NEVER:
        connection.arm_keepalive()
