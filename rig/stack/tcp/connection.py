"""A TCP connection: user calls, segments out, timers (RFC 9293, 3.8 to 3.10).

What arrives is processed in :mod:`rig.stack.tcp.arrival`. Nothing is sent at once: an event that may call for a segment
enters the connection in its link's ``ready`` list, and :meth:`Connection.next_frame` builds what is due at the time the
device has room.

Long because it is all that a user, a timer or the device may call of a connection; arrival, sender and receiver are
modules.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from rig.stack.config import CongestionAlgorithm, TcpConfig
from rig.stack.events import EventKind
from rig.stack.ipv4 import Path
from rig.stack.tcp.congestion import CongestionControl, NewReno
from rig.stack.tcp.cubic import Cubic
from rig.stack.tcp.receiver import Receiver
from rig.stack.tcp.sender import Sender
from rig.stack.tcp.seq import MASK
from rig.stack.tcp.state import TRANSMITS_DATA, Cause, State
from rig.stack.tcp.tcb import Tcb
from rig.stack.timer_queue import NEVER
from rig.units import NS_PER_S
from rig.wire.tcp import TcpFlag
from rig.wire.tcp_packet import TcpPacketWriter

if TYPE_CHECKING:
    from rig.stack.tcp.layer import TcpLayer

SYN, ACK, FIN = int(TcpFlag.SYN), int(TcpFlag.ACK), int(TcpFlag.FIN)
PSH, RST, URG = int(TcpFlag.PSH), int(TcpFlag.RST), int(TcpFlag.URG)
_CAN_KEEP_ALIVE = frozenset({State.ESTABLISHED, State.CLOSE_WAIT, State.FIN_WAIT_2})


class Connection(Tcb):
    """One connection, from its first SYN to the end of TIME-WAIT."""

    __slots__ = (
        "_challenges",
        "_challenges_since_ns",
        "_is_ready",
        "_is_write_blocked",
        "_writer",
        "deadline_ns",
        "dscp",
        "layer",
        "queued_ns",
        "ttl",
    )

    def __init__(self, layer: TcpLayer, path: Path, local_port: int, remote_port: int, iss: int) -> None:
        config = layer.config
        sender = Sender(config, iss, _congestion_control(config))
        super().__init__(config, path, local_port, remote_port, sender, Receiver(config, layer.counters))
        self.layer = layer
        self._writer = TcpPacketWriter(path.source, path.destination, local_port, remote_port)
        self.ttl = layer.ip.config.ttl
        self.dscp = 0
        self.deadline_ns = NEVER
        self.queued_ns = NEVER
        self._is_ready = False
        self._is_write_blocked = False
        self._challenges = 0
        self._challenges_since_ns = 0

    # User calls

    def open(self, now_ns: int) -> None:
        """Start an active open."""
        self.move(Cause.ACTIVE_OPEN)
        self.sender.give_up_after_ns = self.give_up_after_ns()
        self.settle()

    def send(self, data: bytes | memoryview, *, urgent: bool = False) -> int:
        """Take octets into the send buffer, 0 where it is full; ``urgent`` marks all up to the last one taken."""
        if self.error is not None or self.state is State.CLOSED or self.sender.fin_queued:
            self.raise_error()
            raise BrokenPipeError(errno.EPIPE, "the connection can no longer send")
        taken = self.sender.buffer.append(data)
        self._is_write_blocked = taken < len(data)
        if taken:
            if urgent:
                self.sender.urgent_until = self.sender.fin_sequence
                self.receiver.ack_now |= self.sender.snd_wnd == 0  # the peer hears of it though its window is closed
            self.settle()
        return taken

    def receive(self, max_octets: int) -> bytes | None:
        """Return received octets, None where none wait, empty at the end of the stream."""
        receiver = self.receiver
        if receiver.buffer:
            data = receiver.read(max_octets)
            if receiver.ack_now:
                self.settle()
            return data
        self.raise_error()
        return b"" if receiver.fin_received or self.state is State.CLOSED else None

    def shutdown(self) -> None:
        """Send a FIN after the data that is queued; before the connection is established, give it up."""
        if self.sender.fin_queued or self.state is State.CLOSED:
            return
        if self.state is State.SYN_SENT:
            self.delete(Cause.CLOSE, None)
            return
        self.sender.fin_queued = True
        if self.state in (State.ESTABLISHED, State.CLOSE_WAIT):
            self.move(Cause.CLOSE)
        self.settle()

    def release(self, now_ns: int) -> None:
        """End the program's interest: close in order, or reset where it leaves data unread (RFC 9293, 3.6.1)."""
        self.owner = None
        self.error = None
        if self.state is State.CLOSED:
            return
        if self.receiver.buffer:
            self.layer.counters.add("tcp_reset_unread_data")
            self.abort(now_ns)
            return
        self.shutdown()
        if self.state is State.FIN_WAIT_2:
            self.wait_ns = now_ns + self.config.orphan_fin_wait_2_ns
            self.settle()

    def abort(self, now_ns: int) -> None:
        """Reset the connection (RFC 9293, 3.10.5)."""
        if self.state in (State.SYN_RECEIVED, State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT):
            self._send_reset(now_ns)
        if self.state is not State.CLOSED:
            self.delete(Cause.ABORT, None)

    def raise_error(self) -> None:
        """Raise the connection's error, once."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    # Life

    def established(self, now_ns: int) -> None:
        """Begin data transfer; the state has just become ESTABLISHED."""
        sender = self.sender
        sender.start_data(self.effective_mss())
        sender.give_up_after_ns = self.give_up_after_ns()
        self.last_heard_ns = now_ns
        self.arm_keepalive()
        if self.listener is not None:
            self.layer.established(self)
        self.notify(EventKind.CONNECTED)
        if sender.fin_queued:  # a CLOSE call that waited
            self.move(Cause.CLOSE)

    def enter_time_wait(self, now_ns: int) -> None:
        """Wait for 2 MSL; the state has just become TIME-WAIT."""
        self.sender.stop()
        self.keepalive_ns = NEVER
        self.wait_ns = now_ns + 2 * self.config.msl_ns
        self.notify(EventKind.CLOSED)

    def delete(self, cause: Cause, error: OSError | None) -> None:
        """Delete the control block; what was received in order stays readable unless there is an error."""
        was_closed_already = self.state is State.TIME_WAIT
        self.move(cause)
        self.sender.stop()
        if error is not None:
            self.error = error
            self.receiver.stop()
        self.wait_ns = self.keepalive_ns = self.receiver.delayed_ack_ns = NEVER
        self.layer.timers.remove(self)
        self.layer.forget(self)
        if not was_closed_already:
            self.notify(EventKind.CLOSED, error)

    def notify(self, kind: EventKind, error: OSError | None = None) -> None:
        """Post an event to the program that holds the connection, if one does."""
        if self.owner is not None:
            self.layer.events.post(kind, self.owner.handle, error)

    def notify_writable(self) -> None:
        """Tell a writer that was turned away, once a quarter of the send buffer is free."""
        if self._is_write_blocked and self.sender.buffer.free * 4 >= self.sender.buffer.capacity:
            self._is_write_blocked = False
            self.notify(EventKind.WRITABLE)

    def give_up_after_ns(self) -> int:
        """R2, or the user time-out in its place (RFC 9293, 3.8.3)."""
        if self.user_timeout_ns is not None:
            return self.user_timeout_ns
        syn = self.state in (State.CLOSED, State.SYN_SENT, State.SYN_RECEIVED)
        return self.config.give_up_syn_ns if syn else self.config.give_up_r2_ns

    def set_user_timeout(self, user_timeout_ns: int | None) -> None:
        """Set the user time-out; it counts from the first transmission that made no progress."""
        sender = self.sender
        self.user_timeout_ns = user_timeout_ns
        before_ns, sender.give_up_after_ns = sender.give_up_after_ns, self.give_up_after_ns()
        if sender.give_up_ns != NEVER:
            sender.give_up_ns += sender.give_up_after_ns - before_ns
            self.rearm()

    def path_too_narrow(self, mtu: int) -> None:
        """Send shorter segments, and what is in flight again, as a router says its next link takes ``mtu`` octets."""
        if mtu < self.path_mtu:
            self.path_mtu = mtu
            self.layer.counters.add("tcp_path_mtu_lowered")
            if self.state in TRANSMITS_DATA:
                self.sender.shorten_segments(self.effective_mss())

    def arm_keepalive(self) -> None:
        """Start the keep-alive timer if the owner switched it on."""
        on = self.owner is not None and self.owner.keepalive and self.state in _CAN_KEEP_ALIVE
        self.keepalive_probes = 0
        self.keepalive_ns = self.last_heard_ns + self.keepalive_idle_ns if on else NEVER

    # Output

    def settle(self) -> None:
        """After any event: ask to be asked for segments, and bring the deadline up to date."""
        if not self._is_ready and self.state is not State.CLOSED:
            if self.path.refresh():
                self.path_too_narrow(self.path.link.mtu)
            self._is_ready = True
            self.path.link.ready.append(self)
        self.rearm()

    def rearm(self) -> None:
        """Bring the deadline up to date."""
        sender = self.sender
        deadline_ns = min(
            sender.timer_ns, sender.give_up_ns, self.receiver.delayed_ack_ns, self.wait_ns, self.keepalive_ns
        )
        self.deadline_ns = deadline_ns
        if deadline_ns < self.queued_ns:
            self.layer.timers.update(self)

    def next_frame(self, now_ns: int) -> bytes | None:
        """Return the next frame, or None when nothing is to be sent now."""
        while True:
            packet = self._next_packet(now_ns)
            if packet is None:
                self._is_ready = False
                self.rearm()
                return None
            self.layer.counters.add("tcp_segments_sent")
            frame = self.path.link.frame(packet, self.path.next_hop, now_ns)
            if frame is not None:
                if self.sender.timer_ns < self.deadline_ns or self.sender.give_up_ns < self.deadline_ns:
                    self.rearm()  # what only became later has time until there is nothing to send
                return frame

    def _next_packet(self, now_ns: int) -> bytes | None:
        state, sender, receiver = self.state, self.sender, self.receiver
        if state is State.CLOSED:
            return None
        if state is State.SYN_SENT or state is State.SYN_RECEIVED:
            if sender.snd_nxt == sender.iss:
                return self._syn(now_ns)
            return self._bare(self.sequence_for_ack(), now_ns) if receiver.ack_now else None
        if receiver.duplicates_owed:
            receiver.duplicates_owed -= 1
            return self._bare(self.sequence_for_ack(), now_ns)
        if state in TRANSMITS_DATA:
            transmission = sender.next_transmission(now_ns)
            if transmission is not None:
                flags = ACK
                text: bytes | bytearray = b""
                if transmission.octets:
                    text = sender.buffer.slice(transmission.offset, transmission.octets)
                    if transmission.offset + transmission.octets == len(sender.buffer):
                        flags |= PSH  # RFC 9293, 3.9.1.2
                if transmission.fin:
                    flags |= FIN
                if transmission.is_retransmission:
                    self.layer.counters.add("tcp_segments_retransmitted")
                return self._segment(transmission.sequence, flags, now_ns, text)
        if receiver.is_ack_due():
            return self._bare(self.sequence_for_ack(), now_ns)
        if self.probe_keepalive:
            self.probe_keepalive = False
            self.layer.counters.add("tcp_keepalive_probes_sent")
            return self._bare((sender.snd_una - 1) & MASK, now_ns)
        return None

    def sequence_for_ack(self) -> int:
        """Return the sequence number of a segment without text: one the peer takes, whatever it has of ours.

        That is the highest ever sent, unless it was a window probe, which the peer did not take.
        """
        sender = self.sender
        return sender.snd_nxt if sender.probing else sender.snd_max

    def _bare(self, sequence: int, now_ns: int) -> bytes:
        return self._segment(sequence, ACK, now_ns, b"")

    def _segment(self, sequence: int, flags: int, now_ns: int, text: bytes | bytearray) -> bytes:
        receiver, sender = self.receiver, self.sender
        urgent = 0 if sender.urgent_until is None else sender.urgent_pointer(sequence)
        return self._writer.write(
            sequence,
            receiver.rcv_nxt,
            flags | URG if urgent else flags,
            receiver.take_window_field(self.receive_scale),
            urgent,
            self.segment_options(now_ns, len(text)),
            text,
            self.ttl,
            self.dscp,
            self.layer.ip.next_identification(),
        )

    def _syn(self, now_ns: int) -> bytes:
        sender, receiver = self.sender, self.receiver
        answering = self.state is State.SYN_RECEIVED
        if sender.timeouts:
            self.layer.counters.add("tcp_segments_retransmitted")
        sender.note_syn_sent(now_ns)
        return self._writer.write(
            sender.iss,
            receiver.rcv_nxt if answering else 0,
            SYN | ACK if answering else SYN,
            receiver.take_window_field(0) if answering else min(receiver.capacity, 0xFFFF),
            0,
            self.syn_options(now_ns).serialize(),
            b"",
            self.ttl,
            self.dscp,
            self.layer.ip.next_identification(),
        )

    def _send_reset(self, now_ns: int) -> None:
        self.layer.counters.add("tcp_resets_sent")
        names = (self.path, self.local_port, self.remote_port)
        self.layer.send_bare(*names, self.sequence_for_ack(), self.receiver.rcv_nxt, RST | ACK, now_ns)

    def challenge(self, now_ns: int) -> None:
        """Acknowledge something suspicious, within the connection's allowance (RFC 5961, 7)."""
        if now_ns - self._challenges_since_ns >= NS_PER_S:
            self._challenges_since_ns = now_ns
            self._challenges = 0
        if self._challenges >= self.config.challenge_acks_per_second:
            self.layer.counters.add("tcp_challenge_ack_rate_limited")
            return
        self._challenges += 1
        self.layer.counters.add("tcp_challenge_acks_sent")
        self.receiver.ack_now = True

    # Timers

    def handle_deadline(self, now_ns: int) -> None:
        """Act on every timer that has expired."""
        sender, receiver = self.sender, self.receiver
        if sender.give_up_ns <= now_ns and not self._has_r1_to_come(now_ns):
            self.layer.counters.add("tcp_connections_timed_out")
            error = TimeoutError(errno.ETIMEDOUT, "the peer did not answer in time")
            error.__cause__ = self.soft_error  # what the network last said of the path: a reason, not the outcome
            self.give_up(error)
            return
        if self.wait_ns <= now_ns:
            self._wait_over()
            return
        if receiver.delayed_ack_ns <= now_ns:
            receiver.ack_now = True
            receiver.delayed_ack_ns = NEVER
        if self.keepalive_ns <= now_ns and not self._keepalive_due(now_ns):
            return
        if sender.timer_ns <= now_ns:
            sender.timer_expired(now_ns)
            if not sender.probing and sender.timeouts == self.config.retries_r1:
                self.layer.counters.add("tcp_r1_reached")
                self.layer.ip.suspect(self.path, now_ns)
        self.settle()

    def _has_r1_to_come(self, now_ns: int) -> bool:
        """Put R2 off while R1 was not reached: a time-out still backed off may be longer than R2 (RFC 9293, 3.8.3).

        Not so where the user set the time, nor where the device does not even take the retransmissions.
        """
        sender = self.sender
        tries = sender.timeouts + sender.persist_backoffs
        if self.user_timeout_ns is not None or tries > self.config.retries_r1 or sender.timer_ns == NEVER:
            return False
        sender.give_up_ns = now_ns + sender.rto.current_ns
        return True

    def give_up(self, error: OSError) -> None:
        """End the connection with an error, without a word to the peer."""
        self.delete(Cause.GIVE_UP, error)

    def _wait_over(self) -> None:
        if self.state is State.TIME_WAIT:
            self.delete(Cause.TIMEOUT_2MSL, None)
        else:
            self.layer.counters.add("tcp_orphans_timed_out")
            self.delete(Cause.GIVE_UP, None)

    def _keepalive_due(self, now_ns: int) -> bool:
        """Send a keep-alive probe if the connection was idle; False where the peer no longer answers and it ended."""
        idle_until_ns = self.last_heard_ns + self.keepalive_idle_ns
        if self.state not in _CAN_KEEP_ALIVE:
            self.keepalive_ns = NEVER
        elif now_ns < idle_until_ns:
            self.keepalive_probes = 0
            self.keepalive_ns = idle_until_ns
        elif self.keepalive_probes >= self.keepalive_limit:
            self.layer.counters.add("tcp_connections_timed_out")
            self.give_up(TimeoutError(errno.ETIMEDOUT, "the peer did not answer keep-alive probes"))
            return False
        else:
            self.keepalive_probes += 1
            self.probe_keepalive = self.sender.flight == 0
            self.keepalive_ns = now_ns + self.keepalive_interval_ns
        return True


def _congestion_control(config: TcpConfig) -> CongestionControl:
    kind = Cubic if config.congestion is CongestionAlgorithm.CUBIC else NewReno
    return kind(config.initial_window_segments)
