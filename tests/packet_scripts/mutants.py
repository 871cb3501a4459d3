# ruff: noqa: E501  (a change reads best as the line that it is)
"""Planted bugs: named changes of one or a few lines of the stack, and how to run with one of them.

A bug is written as the text it replaces, so that it reads like a patch; the text must stand exactly once in its module.
:func:`planted` compiles the changed module beside the real one and lends its functions' code to the real functions for
as long as the context lasts: nothing is imported twice, and no object of the stack needs to know.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType

Change = tuple[str, str, str]
"""(module below ``rig``, text, replacement)."""

_CONNECTION, _ARRIVAL, _SENDER = "stack.tcp.connection", "stack.tcp.arrival", "stack.tcp.sender"
_RECEIVER, _LAYER, _TCB, _RTO = "stack.tcp.receiver", "stack.tcp.layer", "stack.tcp.tcb", "stack.tcp.rto"
_CONGESTION, _SACK, _BOARD = "stack.tcp.congestion", "stack.tcp.sack_recovery", "stack.tcp.scoreboard"
_ENDPOINT, _OPTIONS, _ICMP, _COOKIES = "stack.tcp.endpoint", "wire.tcp_options", "stack.icmp", "stack.tcp.syn_cookies"
_REASSEMBLY, _CUBIC = "stack.tcp.reassembly", "stack.tcp.cubic"

OPENING: dict[str, list[Change]] = {
    "no_mss_in_syn": [(_TCB, "            mss=self.receiver.mss,\n", "            mss=None,\n")],
    "mss_from_nowhere": [(_TCB, "receiver.mss = path.link.mtu - HEADERS_OCTETS", "receiver.mss = 1460")],
    "mss_on_every_segment": [
        (_TCB, 'if self.uses_timestamps else b""\n', "if self.uses_timestamps else TcpOptions(mss=1460).serialize()\n")
    ],
    "handshake_not_completed": [
        (_ARRIVAL, "    receiver.ack_now = True\n    receiver.rcv_adv", "    receiver.rcv_adv")
    ],
    "no_simultaneous_open": [
        (
            _ARRIVAL,
            "    receiver.start(segment.sequence)\n",
            "    if not flags & ACK:\n        return\n    receiver.start(segment.sequence)\n",
        )
    ],
    "refusal_not_told": [
        (
            _ARRIVAL,
            'counters.add("tcp_connections_refused")\n            connection.delete(Cause.RESET, Conn',
            'counters.add("tcp_connections_refused")\n            connection.delete(Cause.RESET, None and Conn',
        )
    ],
    "reset_without_ack_believed": [
        (
            _ARRIVAL,
            '        if flags & ACK:\n            counters.add("tcp_connections_refused")',
            '        if True:\n            counters.add("tcp_connections_refused")',
        )
    ],
    "wrong_ack_in_syn_sent_taken": [
        (_ARRIVAL, "if flags & ACK and segment.acknowledgement != sender.snd_max:", "if False:")
    ],
    "syn_given_up_early": [(_CONNECTION, "return self.config.give_up_syn_ns if syn", "return 120 * NS_PER_S if syn")],
    "half_open_for_ever": [
        (
            _LAYER,
            "        connection.sender.give_up_after_ns = connection.give_up_after_ns()\n",
            "        connection.sender.give_up_after_ns = 1 << 61\n",
        )
    ],
    "duplicate_syn_ignored": [
        (
            _ARRIVAL,
            "            sender.snd_nxt = sender.iss  # the peer has not",
            "            pass  # the peer has not",
        )
    ],
    "reset_in_syn_received_ignored": [
        (
            _ARRIVAL,
            "    error: OSError | None = None\n    if connection.state is State.SYN_RECEIVED:\n",
            "    error: OSError | None = None\n    if connection.state is State.SYN_RECEIVED and connection.opened_passively:\n        return\n    if connection.state is State.SYN_RECEIVED:\n",
        )
    ],
    "reset_in_syn_received_silent": [
        (
            _ARRIVAL,
            "        if not connection.opened_passively:\n            error = Conn",
            "        if False:\n            error = Conn",
        )
    ],
    "default_mss_wrong": [
        (_TCB, "self.peer_mss = options.mss or DEFAULT_SEND_MSS", "self.peer_mss = options.mss or 1460")
    ],
    "peer_mss_ignored": [(_TCB, "self.peer_mss = options.mss or DEFAULT_SEND_MSS", "self.peer_mss = 1460")],
    "link_mtu_ignored": [(_TCB, "mss = min(self.peer_mss, self.path_mtu - HEADERS_OCTETS)", "mss = self.peer_mss")],
    "mss_with_options_too_large": [(_TCB, "            mss -= TIMESTAMP_OCTETS\n", "            mss += 0\n")],
    "user_timeout_ignored": [
        (
            _CONNECTION,
            "if self.user_timeout_ns is not None:\n            return self.user",
            "if False:\n            return self.user",
        )
    ],
    "closed_port_silent": [
        (_LAYER, "            self.send_bare(path, *ports, 0, end, RST | ACK, now_ns)", "            pass")
    ],
    "closed_port_reset_has_wrong_number": [
        (_LAYER, "*ports, segment.acknowledgement, 0, RST, now_ns)", "*ports, 0, 0, RST, now_ns)")
    ],
    "reset_answers_reset": [
        (
            _LAYER,
            '        if segment.flags & RST:\n            self.counters.add("tcp_rst_ignored")\n            return\n        self',
            "        self",
        ),
        (
            _LAYER,
            '        if flags & RST:\n            counters.add("tcp_rst_ignored")\n            return\n        try',
            "        try",
        ),
    ],
    "ack_in_listen_ignored": [
        (
            _LAYER,
            '                counters.add("tcp_ack_in_listen")\n                self.reset_for(segment, path, now_ns)\n',
            '                counters.add("tcp_ack_in_listen")\n',
        )
    ],
    "listen_takes_anything": [
        (
            _LAYER,
            '        if not flags & SYN:\n            counters.add("tcp_no_syn_in_listen")\n            return\n',
            "",
        )
    ],
    "text_on_syn_acknowledged": [
        (
            _LAYER,
            "        connection.receiver.start(segment.sequence)\n        connection.agree_on_options(segment.options, now_ns)\n",
            "        connection.receiver.start((segment.sequence + len(segment.payload)) & MASK)\n        connection.agree_on_options(segment.options, now_ns)\n",
        )
    ],
    "text_with_first_ack_lost": [
        (
            _ARRIVAL,
            "        _syn_received_acknowledged(connection, segment, now_ns)\n        return True\n",
            "        _syn_received_acknowledged(connection, segment, now_ns)\n        return False\n",
        )
    ],
    "text_on_syn_ack_lost": [
        (_ARRIVAL, "    _take_text(connection, (segment.sequence + 1) & MASK, segment, now_ns)\n", "")
    ],
    "wrong_ack_in_syn_received_taken": [(_ARRIVAL, "        if not 0 < advance <= flight:\n", "        if False:\n")],
    "close_in_syn_sent_ignored": [
        (
            _CONNECTION,
            "        if self.state is State.SYN_SENT:\n            self.delete(Cause.CLOSE, None)\n            return\n",
            "        if self.state is State.SYN_SENT:\n            return\n",
        )
    ],
    "close_in_syn_received_forgotten": [(_CONNECTION, "if sender.fin_queued:  # a CLOSE", "if False:  # a CLOSE")],
    "syn_loss_forgotten": [
        (_SENDER, "        if self.timeouts:\n            control.cwnd", "        if False:\n            control.cwnd")
    ],
}

ICMP: dict[str, list[Change]] = {
    "icmp_never_aborts": [(_LAYER, "elif opening and (error.is_hard or error.is_local):", "elif False:")],
    "icmp_always_aborts": [(_LAYER, "elif opening and (error.is_hard or error.is_local):", "elif True:")],
    "icmp_error_about_anything": [(_LAYER, "& MASK >= sender.flight:", "& MASK >= 1 << 40:")],
    "source_quench_aborts": [
        (
            _ICMP,
            '            self._counters.add("icmp_source_quench")\n            return\n',
            '            self._counters.add("icmp_source_quench")\n',
        ),
        (_ICMP, "        hard = False\n", "        hard = message.type == IcmpType.SOURCE_QUENCH\n"),
    ],
    "path_mtu_ignored": [(_CONNECTION, "        if mtu < self.path_mtu:\n", "        if False:\n")],
    "path_mtu_not_bounded": [(_LAYER, "max(error.next_hop_mtu, MINIMUM_PATH_MTU)", "max(error.next_hop_mtu, 68)")],
}

CLOSING: dict[str, list[Change]] = {
    "no_time_wait": [(_CONNECTION, "self.wait_ns = now_ns + 2 * self.config.msl_ns", "self.wait_ns = now_ns")],
    "time_wait_not_restarted": [
        (_ARRIVAL, "        connection.wait_ns = now_ns + 2 * connection.config.msl_ns\n", "        pass\n")
    ],
    "time_wait_takes_no_syn": [
        (
            _LAYER,
            "        return 0 < (segment.sequence - connection",
            "        return False and 0 < (segment.sequence - connection",
        )
    ],
    "end_of_stream_not_told": [(_CONNECTION, 'return b"" if receiver.fin_received or', 'return b"" if')],
    "no_closing_state": [
        (
            _ARRIVAL,
            "    connection.move(Cause.FIN)\n    if was",
            "    connection.move(Cause.FIN if was is not State.FIN_WAIT_1 else Cause.ACK_OF_FIN)\n    if was",
        )
    ],
    "unread_data_forgotten": [
        (
            _CONNECTION,
            "        if self.receiver.buffer:\n            self.layer",
            "        if False:\n            self.layer",
        )
    ],
    "data_after_close_taken": [(_ARRIVAL, "    if payload and connection.is_orphan and", "    if False and")],
    "no_text_after_shutdown": [
        (
            _ARRIVAL,
            "    if connection.state not in CAN_RECEIVE_TEXT:\n        if",
            "    if connection.state is not State.ESTABLISHED:\n        if",
        )
    ],
    "no_text_in_close_wait": [
        (
            _CONNECTION,
            "        if state in TRANSMITS_DATA:\n            trans",
            "        if state in TRANSMITS_DATA and state is not State.CLOSE_WAIT:\n            trans",
        )
    ],
    "early_fin_believed": [
        (_RECEIVER, "if self._position == self._fin_position and not", "if self._fin_position is not None and not"),
        (
            _RECEIVER,
            "        if ahead == 0:\n            return self._acc",
            "        if ahead == 0 or fin:\n            return self._acc",
        ),
    ],
    "fin_not_resent": [
        (
            _SENDER,
            "        if waiting < 0 or (waiting == 0 and not self.fin_queued):",
            "        if waiting < 0 or (waiting == 0 and (self.timeouts or not self.fin_queued)):",
        )
    ],
    "fin_before_text": [
        (
            _SENDER,
            "        return self._send(offset, octets, self.fin_queued and octets == waiting and usable > octets, now_ns)\n\n    def _is",
            "        return self._send(offset, octets, self.fin_queued, now_ns)\n\n    def _is",
        )
    ],
    "orphan_for_ever": [
        (
            _ARRIVAL,
            "            connection.wait_ns = now_ns + connection.config.orphan_fin_wait_2_ns\n",
            "            pass\n",
        )
    ],
    "reset_looks_like_an_end": [
        (
            _ARRIVAL,
            '        error = ConnectionResetError(errno.ECONNRESET, "the peer reset the connection")',
            "        error = None",
        )
    ],
    "abort_is_silent": [
        (
            _CONNECTION,
            "State.CLOSE_WAIT):\n            self._send_reset(now_ns)",
            "State.CLOSE_WAIT):\n            pass",
        )
    ],
    "reset_in_last_ack_is_an_error": [
        (_ARRIVAL, "not in (State.CLOSING, State.LAST_ACK, State.TIME_WAIT)", "not in (State.CLOSING, State.TIME_WAIT)")
    ],
    "write_after_shutdown_taken": [
        (_CONNECTION, "self.state is State.CLOSED or self.sender.fin_queued:", "self.state is State.CLOSED:")
    ],
    "text_after_fin_taken": [
        (
            _ARRIVAL,
            '    if connection.state not in CAN_RECEIVE_TEXT:\n        if payload or segment.flags & FIN:\n            connection.layer.counters.add("tcp_text_after_fin")\n        return\n',
            "",
        )
    ],
}

DATA: dict[str, list[Change]] = {
    "no_push": [(_CONNECTION, "flags |= PSH  #", "pass  #")],
    "segments_too_short": [
        (
            _SENDER,
            "        octets = min(waiting, usable, self.mss)\n        if self._resend_until",
            "        octets = min(waiting, usable, self.mss - 1)\n        if self._resend_until",
        )
    ],
    "ack_never_delayed": [
        (
            _RECEIVER,
            "return self.ack_now or self.unacknowledged >= 2 * self.largest_segment",
            "return self.ack_now or self.unacknowledged > 0",
        )
    ],
    "ack_delayed_for_ever": [
        (_RECEIVER, "            self.delayed_ack_ns = now_ns + self._config.delayed_ack_ns\n", "            pass\n")
    ],
    "second_segment_not_acknowledged": [(_RECEIVER, "2 * self.largest_segment", "3 * self.largest_segment")],
    "ack_for_each_segment": [
        (
            _RECEIVER,
            "        self.unacknowledged += octets\n",
            "        self.unacknowledged += octets\n        self.duplicates_owed += 1\n",
        )
    ],
    "ack_not_carried_by_data": [
        (
            _RECEIVER,
            "        self.ack_now = False\n        self.unacknowledged = 0\n        self.delayed_ack_ns = NEVER\n",
            "        self.ack_now = False\n        self.unacknowledged = 0\n",
        )
    ],
    "out_of_order_dropped": [
        (_RECEIVER, "            if not self.queue.insert(position, data):", "            if True:")
    ],
    "duplicate_ack_delayed": [
        (
            _RECEIVER,
            "        self.duplicates_owed += 1  # RFC 5681, 4.2\n",
            "        self.delayed_ack_ns = now_ns + 100_000_000\n",
        )
    ],
    "one_duplicate_ack_for_a_batch": [
        (_RECEIVER, "self.duplicates_owed += 1  # RFC 5681, 4.2", "self.duplicates_owed = 1")
    ],
    "hole_filling_ack_delayed": [
        (_RECEIVER, "            self.ack_now = True  # fills a hole", "            pass  # fills a hole")
    ],
    "overlap_stored_twice": [
        (
            _REASSEMBLY,
            "            start = max(start, positions[index - 1] + len(pieces[index - 1]))\n",
            "            pass\n",
        ),
        (
            _REASSEMBLY,
            "            gap_end = min(end, positions[index]) if index < len(positions) else end\n",
            "            gap_end = end\n",
        ),
        (
            _REASSEMBLY,
            "                taken.append(piece[position - start :])\n",
            "                taken.append(piece)\n",
        ),
    ],
    "duplicate_text_not_acknowledged": [
        (
            _ARRIVAL,
            "    if segment.payload or flags & FIN:\n        receiver.ack_now = True\n",
            "    if segment.payload or flags & FIN:\n        pass\n",
        )
    ],
    "old_octets_taken_again": [(_RECEIVER, "            data = data[skipped:]\n            octets -= skipped\n", "")],
    "octets_beyond_window_taken": [(_RECEIVER, "        if octets > room:\n", "        if False:\n")],
    "unacceptable_not_answered": [
        (
            _ARRIVAL,
            "    if segment.payload or flags & FIN:\n        receiver.ack_now = True\n    else:\n",
            "    if not (segment.payload or flags & FIN):\n",
        )
    ],
    "bad_checksum_answered": [
        (
            _LAYER,
            '            counters.add("tcp_bad_checksum" if wrong else "tcp_malformed")\n            return\n',
            '            counters.add("tcp_bad_checksum" if wrong else "tcp_malformed")\n            for each in self.connections.values():\n                each.receiver.ack_now = True\n                each.settle()\n            return\n',
        )
    ],
    "future_ack_taken": [
        (_ARRIVAL, "        if -advance & MASK > sender.max_snd_wnd:  # too", "        if False:  # too")
    ],
    "too_old_ack_taken": [(_ARRIVAL, "if -advance & MASK > sender.max_snd_wnd:", "if -advance & MASK > 1 << 30:")],
    "old_ack_refused": [(_ARRIVAL, "if -advance & MASK > sender.max_snd_wnd:", "if True:")],
    "segment_without_ack_taken": [
        (_ARRIVAL, '    if not flags & ACK:\n        connection.layer.counters.add("tcp_no_ack")\n        return\n', "")
    ],
    "prediction_without_ack": [(_ARRIVAL, "or flags & ~PSH != ACK\n", "or flags & ~PSH & ~ACK\n")],
    "prediction_of_what_was_not_sent": [
        (
            _ARRIVAL,
            "elif 0 < (ack - sender.snd_una) & MASK <= (sender.snd_max - sender.snd_una) & MASK:",
            "elif 0 < (ack - sender.snd_una) & MASK < HALF:",
        )
    ],
    "fin_beyond_a_hole_acknowledged_late": [
        (_RECEIVER, "            self.ack_now = True  # it may have waited", "            # it may have waited")
    ],
    "middle_takes_the_last": [(_SENDER, "if len(self.buffer) <= offset + mss:", "if len(self.buffer) < offset + mss:")],
    "middle_with_nothing_ahead": [
        (_SENDER, "            ahead == 0\n            or self._rtt_seq", "            self._rtt_seq")
    ],
    "prediction_beyond_a_hole": [
        (_RECEIVER, "if self.queue.octets or self._fin_position is", "if self._fin_position is")
    ],
    "prediction_before_a_fin": [
        (_RECEIVER, "self.queue.octets or self._fin_position is not None or octets >", "self.queue.octets or octets >")
    ],
    "snd_comparison_without_wrap": [
        (_SENDER, "        if (end - self.snd_max) & MASK < HALF:\n", "        if end >= self.snd_max:\n"),
        (_SENDER, "        if (ack - self.snd_nxt) & MASK < HALF:\n", "        if ack >= self.snd_nxt:\n"),
    ],
    "rcv_comparison_without_wrap": [
        (
            _RECEIVER,
            "        ahead = (sequence - self.rcv_nxt) & MASK\n",
            "        ahead = 0 if sequence < self.rcv_nxt else sequence - self.rcv_nxt\n",
        )
    ],
    "no_nagle": [(_SENDER, "idle = ahead == 0 or not self.nagle", "idle = True")],
    "nagle_holds_full_segments": [
        (
            _SENDER,
            "        if octets >= self.mss or self._resend_until is not None:\n",
            "        if self._resend_until is not None:\n",
        ),
        (
            _SENDER,
            "            ahead == 0\n            or self._rtt",
            "            self.nagle\n            or self._rtt",
        ),
    ],
    "nodelay_ignored": [(_ENDPOINT, "            connection.sender.nagle = not value\n", "            pass\n")],
    "text_waits_for_push": [
        (
            _ARRIVAL,
            "    if receiver.accept(sequence, payload, bool(segment.flags & FIN), now_ns):\n",
            "    if receiver.accept(sequence, payload, bool(segment.flags & FIN), now_ns) and segment.flags & 8:\n",
        ),
        (
            _ARRIVAL,
            "        connection.notify(EventKind.READABLE)\n    elif",
            "        if flags & PSH:\n            connection.notify(EventKind.READABLE)\n    elif",
        ),
    ],
    "urgent_pointer_one_short": [
        (
            _SENDER,
            "return min((self.urgent_until - sequence) & MASK, 0xFFFF)",
            "return min((self.urgent_until - sequence - 1) & MASK, 0xFFFF)",
        )
    ],
    "urgent_not_announced": [
        (_CONNECTION, "self.receiver.ack_now |= self.sender.snd_wnd == 0", "self.receiver.ack_now |= False")
    ],
    "urgent_not_told": [(_ARRIVAL, "        connection.notify(EventKind.URGENT)\n", "        pass\n")],
}

WINDOW: dict[str, list[Change]] = {
    "window_is_signed": [
        (_ARRIVAL, "    window = segment.window << connection.send_scale\n", "    window = segment.window & 0x7FFF\n"),
        (_ARRIVAL, "    sender.set_window(segment.window << shift,", "    sender.set_window(segment.window & 0x7FFF,"),
    ],
    "send_scale_ignored": [
        (_ARRIVAL, "    window = segment.window << connection.send_scale\n", "    window = segment.window\n"),
        (_ARRIVAL, "    shift = 0 if segment.flags & SYN else connection.send_scale\n", "    shift = 0\n"),
    ],
    "no_window_probe": [
        (
            _SENDER,
            "                self._arm_persist(now_ns)\n            return None",
            "                pass\n            return None",
        )
    ],
    "probes_do_not_back_off": [
        (_SENDER, "            self.persist_backoffs += 1\n            return", "            return")
    ],
    "zero_window_times_out": [
        (_SENDER, "        if self.snd_wnd == 0:\n            self.give_up_ns = NEVER\n", "        pass\n")
    ],
    "silent_probes_for_ever": [
        (
            _SENDER,
            "        if self.give_up_ns == NEVER:\n            self.give_up_ns = now_ns + self.give_up_after_ns\n        return",
            "        return",
        )
    ],
    "window_update_ignored": [
        (
            _SENDER,
            "        self.snd_wnd = window\n        self.snd_wl1",
            "        self.snd_wnd = max(window if ack != self.snd_una else 0, self.snd_wnd)\n        self.snd_wl1",
        )
    ],
    "shrunk_window_breaks": [
        (
            _SENDER,
            "        usable = min(self.snd_wnd - ahead, self",
            "        usable = min((self.snd_wnd - ahead) & MASK, self",
        )
    ],
    "retransmission_beyond_window": [
        (
            _SENDER,
            "        usable = min(self.snd_wnd - ahead, self",
            "        usable = min(max(self.snd_wnd, self.max_snd_wnd) - ahead, self",
        )
    ],
    "probe_not_answered": [(_ARRIVAL, "        receiver.ack_now = True\n    if flags & RST:", "    if flags & RST:")],
    "ack_at_closed_window_lost": [
        (
            _ARRIVAL,
            "        receiver.ack_now = True\n    if flags & RST:",
            "        receiver.ack_now = True\n        return\n    if flags & RST:",
        )
    ],
    "reset_at_closed_window_lost": [
        (
            _ARRIVAL,
            "    if flags & RST:\n        _reset(connection, sequence, now_ns)\n        return\n",
            "    if flags & RST:\n        if receiver.window:\n            _reset(connection, sequence, now_ns)\n        return\n",
        )
    ],
    "urgent_at_closed_window_lost": [
        (_ARRIVAL, "    if flags & URG and connection", "    if flags & URG and text_fits and connection")
    ],
    "no_window_update": [
        (
            _RECEIVER,
            "                self.ack_now = True\n        return data",
            "                pass\n        return data",
        )
    ],
    "window_update_that_tells_nothing": [
        (
            _RECEIVER,
            "            growth = min(self.capacity - len(self.buffer), self._largest_window) - window\n",
            "            growth = self.capacity - len(self.buffer) - window\n",
        )
    ],
    "window_in_crumbs": [
        (
            _RECEIVER,
            "            if growth >= min(self.capacity // 2, self.mss if window < self.mss else 2 * self.mss):\n",
            "            if growth > 0:\n",
        ),
        (_RECEIVER, "        if free - window >= min(self.capacity // 2, self.mss):\n", "        if True:\n"),
    ],
    "right_edge_moves_back": [
        (
            _RECEIVER,
            "            field = (window + (1 << scale) - 1) >> scale\n",
            "            field = min(window, self.capacity - len(self.buffer) - 500) >> scale\n",
        )
    ],
    "sender_silly_window": [(_SENDER, "        return idle and octets * 2 >= self.max_snd_wnd", "        return idle")],
    "old_segment_sets_window": [
        (
            _ARRIVAL,
            "    if 0 < newer < 0x80000000 or (newer == 0 and (ack - sender.snd_wl2) & MASK < 0x80000000):\n",
            "    if True:\n",
        )
    ],
}

TIMERS: dict[str, list[Change]] = {
    "rto_initial_wrong": [(_RTO, "min(config.rto_initial_ns, config.rto_maximum_ns)", "3 * config.rto_initial_ns")],
    "rto_no_backoff": [(_RTO, "min(self.current_ns * 2, self._maximum_ns)", "self.current_ns")],
    "rto_no_maximum": [(_RTO, "min(self.current_ns * 2, self._maximum_ns)", "self.current_ns * 2")],
    "rto_no_minimum": [(_RTO, "max(computed_ns, self._minimum_ns)", "computed_ns")],
    "rto_first_sample_wrong": [(_RTO, "self.rttvar_ns = rtt_ns // 2", "self.rttvar_ns = rtt_ns")],
    "rto_average_wrong": [(_RTO, "(7 * self.srtt_ns + rtt_ns) // 8", "(3 * self.srtt_ns + rtt_ns) // 4")],
    "rto_mean_before_variance": [
        (
            _RTO,
            "            self.rttvar_ns = (3 * self.rttvar_ns + abs(self.srtt_ns - rtt_ns)) // 4\n            self.srtt_ns = (7 * self.srtt_ns + rtt_ns) // 8\n",
            "            self.srtt_ns = (7 * self.srtt_ns + rtt_ns) // 8\n            self.rttvar_ns = (3 * self.rttvar_ns + abs(self.srtt_ns - rtt_ns)) // 4\n",
        )
    ],
    "karn_ignored": [
        (_SENDER, "            self._rtt_sequence = None  # Karn's algorithm: RFC 6298, 3\n", "            pass\n"),
        (
            _SENDER,
            "        self.rto.back_off()  # RFC 6298 (5.5)\n        self._rtt_sequence = None\n",
            "        self.rto.back_off()  # RFC 6298 (5.5)\n",
        ),
    ],
    "backoff_never_ends": [
        (
            _RTO,
            "        self.current_ns = min(max(computed_ns, self._minimum_ns), self._maximum_ns)",
            "        if not self.backoffs:\n            self.current_ns = min(max(computed_ns, self._minimum_ns), self._maximum_ns)",
        ),
        (_RTO, "# RFC 6298 (2.4), (2.5)\n        self.backoffs = 0\n", "# RFC 6298 (2.4), (2.5)\n"),
    ],
    "timer_restarted_by_sending": [
        (_SENDER, "        if self.timer_ns == NEVER:  # RFC 6298 (5.1)\n", "        if True:\n")
    ],
    "timer_not_stopped": [
        (
            _SENDER,
            "        if flight == 0:  # RFC 6298 (5.2)\n            self.timer_ns = NEVER\n",
            "        if flight == 0:  # RFC 6298 (5.2)\n",
        )
    ],
    "timer_not_restarted": [(_SENDER, "            if recovery.restarts_timer:\n", "            if False:\n")],
    "timer_restarted_by_any_ack": [
        (
            _SENDER,
            '    def duplicate_acknowledgement(self, now_ns: int) -> None:\n        """Take a duplicate acknowledgement in the strict sense of RFC 5681, 2."""\n',
            "    def duplicate_acknowledgement(self, now_ns: int) -> None:\n        self._arm(now_ns)\n",
        )
    ],
    "timeout_resends_everything": [
        (_CONGESTION, "        self.control.lost(flight, now_ns)\n        self.control.timed_out()", "        pass")
    ],
    "never_gives_up": [(_CONNECTION, "else self.config.give_up_r2_ns", "else 1 << 60")],
    "r2_counts_from_the_beginning": [
        (
            _SENDER,
            "            self.give_up_ns = now_ns + self.give_up_after_ns\n        self.probing = False",
            "            pass\n        self.probing = False",
        )
    ],
    "r1_not_reached": [
        (
            _CONNECTION,
            "        sender.give_up_ns = now_ns + sender.rto.current_ns\n        return True\n",
            "        return False\n",
        )
    ],
    "r1_not_told": [(_CONNECTION, "if not sender.probing and sender.timeouts == self.config.retries_r1:", "if False:")],
    "keepalive_always": [
        (
            _CONNECTION,
            "on = self.owner is not None and self.owner.keepalive and self",
            "on = self.owner is not None and self",
        ),
        (
            _ENDPOINT,
            "        if connection is not None:\n            connection.owner = self\n",
            "        if connection is not None:\n            connection.owner = self\n            connection.arm_keepalive()\n            connection.rearm()\n",
        ),
    ],
    "keepalive_never": [
        (_CONNECTION, "on = self.owner is not None and self.owner.keepalive and self", "on = False and self")
    ],
    "keepalive_gives_up_early": [
        (_CONNECTION, "elif self.keepalive_probes >= self.keepalive_limit:", "elif self.keepalive_probes >= 1:")
    ],
}

CONGESTION: dict[str, list[Change]] = {
    "initial_window_too_large": [
        (
            _CONGESTION,
            "        self.cwnd = self._initial_window()\n",
            "        self.cwnd = 2 * self._initial_window()\n",
        )
    ],
    "no_slow_start": [(_CONGESTION, "            self.cwnd += min(octets, self.mss)\n", "            pass\n")],
    "slow_start_by_octets": [
        (_CONGESTION, "            self.cwnd += min(octets, self.mss)\n", "            self.cwnd += octets\n")
    ],
    "slow_start_by_acknowledgements": [
        (_CONGESTION, "            self.cwnd += min(octets, self.mss)\n", "            self.cwnd += self.mss\n")
    ],
    "no_congestion_avoidance": [
        (_CONGESTION, "        if self.cwnd < self.ssthresh:  # RFC 5681 (2)", "        if True:  # RFC 5681 (2)")
    ],
    "timeout_keeps_cwnd": [(_CONGESTION, "        self.cwnd = self.mss  # RFC 5681, 3.1: the loss window\n", "")],
    "timeout_keeps_ssthresh": [
        (
            _CONGESTION,
            "        self.control.lost(flight, now_ns)\n        self.control.timed_out()",
            "        self.control.timed_out()",
        )
    ],
    "fast_retransmit_never": [
        (
            _CONGESTION,
            "        self.in_recovery = True\n        self.partial_acks = 0\n        return True",
            "        self.in_recovery = True\n        self.partial_acks = 0\n        return False",
        )
    ],
    "fast_retransmit_early": [
        (_CONGESTION, "if self.duplicates != DUPLICATE_THRESHOLD or", "if self.duplicates != 2 or")
    ],
    "text_counts_as_duplicate": [
        (
            _ARRIVAL,
            "elif flight and not length and window == sender.snd_wnd:",
            "elif flight and window == sender.snd_wnd:",
        ),
        (
            _ARRIVAL,
            "        connection.notify(EventKind.READABLE)\n    elif",
            "        connection.notify(EventKind.READABLE)\n        if sender.flight:\n            sender.duplicate_acknowledgement(now_ns)\n    elif",
        ),
    ],
    "window_update_counts_as_duplicate": [
        (_ARRIVAL, "elif flight and not length and window == sender.snd_wnd:", "elif flight and not length:")
    ],
    "no_limited_transmit": [
        (
            _CONGESTION,
            "return self.duplicates if not self.in_recovery and self.duplicates < DUPLICATE_THRESHOLD else 0",
            "return 0",
        )
    ],
    "no_inflation": [
        (
            _CONGESTION,
            "                control.cwnd += mss  # RFC 5681, 3.2 (4)",
            "                pass  # RFC 5681, 3.2 (4)",
        )
    ],
    "partial_ack_ignored": [
        (
            _CONGESTION,
            "        control.cwnd = max(control.cwnd, mss)\n        return True",
            "        control.cwnd = max(control.cwnd, mss)\n        return False",
        )
    ],
    "every_partial_ack_restarts_timer": [
        (_CONGESTION, "return not self.in_recovery or self.partial_acks == 1", "return True")
    ],
    "no_deflation": [(_CONGESTION, "            control.cwnd = min(control.ssthresh, max(flight, mss) + mss)\n", "")],
    "recovers_twice": [
        (_CONGESTION, "DUPLICATE_THRESHOLD or not is_after(snd_una, self.recover):", "DUPLICATE_THRESHOLD:")
    ],
    "no_restart_after_idle": [(_SENDER, "            control.restart_after_idle()\n", "            pass\n")],
    "cubic_beta_wrong": [(_CUBIC, "min(flight, self.cwnd) * BETA_TENTHS // 10", "min(flight, self.cwnd) // 2")],
}

SACK: dict[str, list[Change]] = {
    "sack_not_offered": [(_TCB, "            sack_permitted=selective,\n", "")],
    "sack_offered_unasked": [
        (_TCB, "selective = self.uses_sack if answering else self.config.sack", "selective = self.config.sack")
    ],
    "sack_lowest_first": [
        (
            _RECEIVER,
            "runs = (self.queue.run_at(position) for position in self._recent)",
            "runs = (self.queue.run_at(position) for position in sorted(self._recent))",
        )
    ],
    "sack_blocks_too_many": [
        (_TCB, "limit = min(room, MAX_SACK_BLOCKS - self.uses_timestamps)", "limit = min(room, 2)")
    ],
    "sack_not_beside_text": [
        (
            _TCB,
            "if self.uses_sack and self.receiver.queue.octets:",
            "if self.uses_sack and self.receiver.queue.octets and not text_octets:",
        )
    ],
    "sack_recovery_never": [
        (_SACK, "if not self.scoreboard.update(blocks, snd_una, flight) or self.in_recovery:", "if True:")
    ],
    "sack_loss_not_seen": [
        (_SACK, "if self.duplicates < DUPLICATE_THRESHOLD and not lost:", "if self.duplicates < DUPLICATE_THRESHOLD:")
    ],
    "sack_holes_ignored": [
        (_SACK, "            if start < min(end, highest) and (lost or not lost_only):\n", "            if False:\n")
    ],
    "sack_new_text_before_a_hole": [
        (_SENDER, "            or recovery.in_recovery  # what is missing goes first\n", "")
    ],
    "sack_no_new_text": [
        (
            _SENDER,
            "lost_only=True) or self._next_in_order(now_ns) or self._next_hole(now_ns)",
            "lost_only=True) or self._next_hole(now_ns)",
        )
    ],
    "sack_no_rescue": [
        (_SACK, "        if lost_only or self.rescue_rxt >= 0 or window < flight:\n", "        if True:\n")
    ],
    "sack_pipe_is_flight": [
        (
            _SACK,
            "        return self.control.cwnd - self.pipe(flight, mss)\n",
            "        return self.control.cwnd - flight\n",
        )
    ],
    "sack_keeps_cwnd": [(_SACK, "        control.cwnd = control.ssthresh  # RFC 6675, 5 (4.2)\n", "")],
    "sack_is_a_promise": [(_SACK, "        self.scoreboard.clear()  #", "        pass  #")],
    "sack_ignored_after_timeout": [
        (_SENDER, "            self._skip_what_the_peer_holds(self.sack)\n", "            pass\n")
    ],
    "sack_recovers_after_timeout": [
        (
            _SACK,
            "        if is_before(snd_una, self.recover):\n            return False",
            "        if False:\n            return False",
        )
    ],
    "dsack_counts": [
        (
            _SACK,
            "        if not self.scoreboard.update(blocks, snd_una, flight) or self.in_recovery:\n            return False\n",
            "        self.scoreboard.update(blocks, snd_una, flight)\n        if self.in_recovery:\n            return False\n",
        )
    ],
    "sack_lies_believed": [(_BOARD, "if 0 < start < end <= flight and", "if 0 < start and end and")],
}

OPTIONS: dict[str, list[Change]] = {
    "syn_window_scaled": [
        (
            _ARRIVAL,
            "sender.set_window(segment.window, segment.sequence, segment.acknowledgement)  # never",
            "sender.set_window(segment.window << connection.send_scale, segment.sequence, segment.acknowledgement)  # never",
        )
    ],
    "scale_without_agreement": [
        (
            _TCB,
            "        if options.window_scale is not None and self.config.window_scale:\n            self.uses_window_scale = True\n            self.send_scale = min(options.window_scale, MAX_WINDOW_SCALE)\n",
            "        if self.config.window_scale:\n            self.uses_window_scale = True\n            self.send_scale = min(options.window_scale or 0, MAX_WINDOW_SCALE)\n",
        )
    ],
    "scale_offered_unasked": [
        (
            _TCB,
            "scaled = self.uses_window_scale if answering else self.config.window_scale",
            "scaled = self.config.window_scale",
        )
    ],
    "scale_above_14": [
        (
            _TCB,
            "self.send_scale = min(options.window_scale, MAX_WINDOW_SCALE)",
            "self.send_scale = min(options.window_scale, 15)",
        )
    ],
    "echo_is_stale": [
        (_ARRIVAL, "        connection.remember_timestamp(segment.options, sequence, now_ns)\n", "        pass\n")
    ],
    "echo_of_any_segment": [
        (
            _TCB,
            "if options.timestamp is not None and (self.receiver.last_ack_sent - sequence) & MASK < HALF:",
            "if options.timestamp is not None:",
        )
    ],
    "stamps_without_agreement": [
        (
            _TCB,
            'self.ts_recent) if self.uses_timestamps else b""\n',
            'self.ts_recent) if self.config.timestamps else b""\n',
        )
    ],
    "stamp_not_measured": [
        (
            _TCB,
            "        if not self.uses_timestamps or options.timestamp is None:\n            return None",
            "        if True:\n            return None",
        )
    ],
    "no_paws": [(_TCB, "        return now_ns - self.ts_recent_ns <= PAWS_LIFETIME_NS", "        return False")],
    "paws_without_wrap": [
        (
            _TCB,
            "(options.timestamp[0] - self.ts_recent) & MASK < HALF:\n            return False",
            "options.timestamp[0] >= self.ts_recent:\n            return False",
        ),
        (
            _ARRIVAL,
            "(stamp is None or (stamp[0] - connection.ts_recent) & MASK >= HALF)",
            "(stamp is None or stamp[0] < connection.ts_recent)",
        ),
    ],
    "paws_never_outdated": [
        (_TCB, "        return now_ns - self.ts_recent_ns <= PAWS_LIFETIME_NS", "        return True")
    ],
    "paws_drops_resets": [
        (_ARRIVAL, "connection.uses_timestamps and not flags & RST and not", "connection.uses_timestamps and not")
    ],
    "missing_stamp_taken": [
        (
            _ARRIVAL,
            '        connection.layer.counters.add("tcp_no_timestamp")\n        return False',
            "        return True",
        )
    ],
    "unknown_option_refused": [
        (
            _OPTIONS,
            "            position += octets\n        return",
            '            else:\n                raise WireError("unknown")\n            position += octets\n        return',
        )
    ],
    "misaligned_option_missed": [
        (
            _OPTIONS,
            "                position += 1\n                continue\n",
            "                position += 4\n                continue\n",
        )
    ],
    "end_of_list_ignored": [
        (
            _OPTIONS,
            "            if kind == TcpOptionKind.END_OF_LIST:\n                break\n",
            "            if kind == TcpOptionKind.END_OF_LIST:\n                position += 1\n                continue\n",
        )
    ],
    "illegal_length_read": [
        (
            _OPTIONS,
            '            if octets < 2 or position + octets > end:\n                raise WireError(f"TCP option {kind} has length {octets} with {end - position} octets of header left")\n',
            "            octets = max(octets, 1)\n",
        )
    ],
    "options_only_on_syn": [
        (
            _LAYER,
            "        connection = self.connections.get(key)\n",
            "        if segment.options.mss and not segment.flags & SYN:\n            return\n        connection = self.connections.get(key)\n",
        )
    ],
}

ATTACKS: dict[str, list[Change]] = {
    "reset_in_window_believed": [
        (
            _ARRIVAL,
            "    if sequence != connection.receiver.rcv_nxt:\n        connection.challenge(now_ns)\n        return\n",
            "",
        )
    ],
    "reset_outside_answered": [
        (
            _ARRIVAL,
            '    if flags & RST:\n        counters.add("tcp_rst_ignored")\n        return\n    counters.add("tcp_unacceptable")',
            '    counters.add("tcp_unacceptable")',
        )
    ],
    "syn_in_established_resets": [
        (
            _ARRIVAL,
            "        else:  # RFC 5961, 4\n            connection.challenge(now_ns)\n",
            "        else:  # RFC 5961, 4\n            connection.abort(now_ns)\n",
        )
    ],
    "challenges_unlimited": [
        (_CONNECTION, "if self._challenges >= self.config.challenge_acks_per_second:", "if False:")
    ],
    "no_syn_cookies": [
        (_LAYER, "            if self.config.syn_cookies:\n", "            if False:\n"),
        (_LAYER, "            next(iter(listener.half_open)).delete(Cause.GIVE_UP, None)\n", "            pass\n"),
    ],
    "any_cookie_taken": [(_COOKIES, "or cookie & _HASH_MASK != self._hash(name, peer_iss, counter, mss_class):", ":")],
    "old_cookie_taken": [
        (_COOKIES, "        if age > 1 or", "        if"),
        (_LAYER, "                or now_ns >= listener.cookies_until_ns\n", ""),
    ],
}

MUTANTS: dict[str, list[Change]] = {
    **OPENING, **ICMP, **CLOSING, **DATA, **WINDOW, **TIMERS, **CONGESTION, **SACK, **OPTIONS, **ATTACKS
}  # fmt: skip


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Run with one planted bug; :class:`LookupError` where its text does not stand exactly once in its module."""
    changes: dict[str, list[Change]] = {}
    for change in MUTANTS[name]:
        changes.setdefault(change[0], []).append(change)
    swapped: list[tuple[FunctionType, CodeType]] = []
    try:
        for module_name, patches in changes.items():
            module = importlib.import_module(f"rig.{module_name}")
            source = inspect.getsource(module)
            for _, old, new in patches:
                if source.count(old) != 1:
                    raise LookupError(f"{name}: {old!r} stands {source.count(old)} times in {module.__name__}")
                source = source.replace(old, new)
            for function, code in _changed(module, compile(source, str(module.__file__), "exec")):
                swapped.append((function, function.__code__))
                function.__code__ = code
        if not swapped:
            raise LookupError(f"{name}: no function is different")
        yield
    finally:
        for function, code in reversed(swapped):
            function.__code__ = code


def _changed(module: ModuleType, code: CodeType) -> Iterator[tuple[FunctionType, CodeType]]:
    """Yield the functions of ``module`` whose code is another in ``code``, the module compiled with changes."""
    changed = _codes(code)
    for owner in [module, *(each for each in vars(module).values() if inspect.isclass(each))]:
        if inspect.isclass(owner) and owner.__module__ != module.__name__:
            continue
        for attribute in list(vars(owner).values()):
            for function in _functions(attribute):
                new = changed.get(function.__qualname__)
                if function.__module__ == module.__name__ and new is not None and new != function.__code__:
                    yield function, new


def _functions(attribute: object) -> list[FunctionType]:
    if isinstance(attribute, property):
        return [each for each in (attribute.fget, attribute.fset) if isinstance(each, FunctionType)]
    if isinstance(attribute, (classmethod, staticmethod)):
        attribute = attribute.__func__
    return [attribute] if isinstance(attribute, FunctionType) else []


def _codes(code: CodeType) -> dict[str, CodeType]:
    """Return all code objects within ``code`` by qualified name."""
    found: dict[str, CodeType] = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found[constant.co_qualname] = constant
            found |= _codes(constant)
    return found
