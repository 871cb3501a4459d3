"""The device's end of the board link, sans-IO (``docs/board_link.md``: "State machine of the device").

The owner executes: it takes one :class:`Command` at a time from :meth:`DeviceSession.next_command` and hands the reply
back by :meth:`DeviceSession.executed`. What arrives meanwhile waits, in order. Frames are made when the line takes
them, so that each carries the interrupt line and the credit of its moment.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace

from rig.errors import WireError
from rig.link.frame import IRQ_LEVEL, OVERHEAD_OCTETS, Deframer, Frame, MessageType, NakCode
from rig.link.messages import (
    CONTINUES,
    EVENT_OCTETS,
    WORD_OCTETS,
    BatchReply,
    Greeting,
    LineEvent,
    LinkOperation,
    ReplyCode,
    parse_batch,
    parse_hello,
)
from rig.units import NS_PER_MS

EVENT_REPEAT_NS = 16 * NS_PER_MS
PING_OCTETS = (0, 4)
MOST_CHANGES_LOST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Command:
    """What the owner is to do next: execute these operations, or reset the adapter."""

    operations: tuple[LinkOperation, ...] = ()
    malformed: LinkOperation | None = None
    """Comes after them, and ends the batch."""
    is_reset: bool = False


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A frame before it goes out."""

    type: MessageType
    sequence: int
    code: int = 0
    payload: bytes = b""
    round: int | None = None


class DeviceSession:
    """One device. ``identity`` is its greeting; its session id is of no account."""

    def __init__(self, identity: Greeting) -> None:
        self.identity = identity
        self.counts: Counter[str] = Counter()
        self.irq = False
        """The interrupt line; see :meth:`line_changed`."""
        self._has_session = False
        self._tag = 0  # low half of the session id
        self._deframer = Deframer()
        self._incoming: deque[Frame | None] = deque()  # None: a bad piece
        self._incoming_octets = 0
        self._outgoing: deque[_Outgoing] = deque()
        self._is_executing = False
        self._forget()

    @property
    def has_session(self) -> bool:
        """Whether a host has said HELLO."""
        return self._has_session

    def _end_session(self) -> None:
        self._has_session, self._tag = False, 0

    def _forget(self) -> None:
        """Drop everything that belongs to a session."""
        self._expected = 0
        self._executed = 0  # batches, in this session
        self._sequence = 0  # of the batch under way
        self._has_failed = False
        self._round = 0
        self._nak_round: int | None = None  # of the last NAK(sequence); None: a BATCH was accepted since
        self._kept: dict[int, tuple[ReplyCode | int, bytes]] = {}
        self._kept_octets = 0
        self._outgoing.clear()
        self._event: LineEvent | None = None  # outstanding
        self._event_sequence = 0
        self._merged: LineEvent | None = None  # next
        self._repeat_ns: int | None = None

    # -- the line ------------------------------------------------------------------------------------------------------

    def receive_octets(self, octets: bytes, now_ns: int) -> None:
        """Take octets from the line, in order."""
        for piece in self._deframer.feed(octets):
            try:
                frame: Frame | None = Frame.parse(piece)
            except WireError:
                frame = None
            if frame is not None:
                room = self.identity.receive_octets - self._incoming_octets
                if frame.type == MessageType.BATCH and len(frame.payload) + OVERHEAD_OCTETS > room:
                    self._nak(NakCode.BUSY)
                    continue
                self._incoming_octets += len(frame.payload) + OVERHEAD_OCTETS
            self._incoming.append(frame)
        self._proceed(now_ns)

    def frame_to_send(self) -> bytes:
        """Return the next frame for the line, made now; empty if there is none."""
        if not self._outgoing:
            return b""
        out = self._outgoing.popleft()
        code = out.code | (IRQ_LEVEL if self.irq else 0)
        credit = self.identity.window if out.round is None else out.round
        session = 0 if out.type is MessageType.RESET else self._tag
        return Frame(out.type, out.sequence, credit, code, session, out.payload).serialize()

    @property
    def has_frame_to_send(self) -> bool:
        """Whether :meth:`frame_to_send` would return one."""
        return bool(self._outgoing)

    def next_deadline(self) -> int | None:
        """Return when to call :meth:`handle_timers` next, or None."""
        return self._repeat_ns

    def handle_timers(self, now_ns: int) -> None:
        """Repeat the event that nobody has acknowledged."""
        if self._repeat_ns is not None and now_ns >= self._repeat_ns:
            self._send_event(now_ns)

    # -- the adapter ---------------------------------------------------------------------------------------------------

    def line_changed(self, is_asserted: bool, now_ns: int) -> None:
        """Take a change of the interrupt line, at device time ``now_ns``."""
        self.irq = is_asserted
        if not self.has_session:
            return
        if self._event is None:
            self._event = LineEvent(is_asserted, 0, now_ns)
            self._send_event(now_ns)
        else:
            lost = 0 if self._merged is None else min(self._merged.lost + 1, MOST_CHANGES_LOST)
            self._merged = LineEvent(is_asserted, lost, now_ns)

    def log(self, text: str) -> None:
        """Tell the host something, if there is one."""
        if self.has_session:
            self._outgoing.append(_Outgoing(MessageType.LOG, 0, payload=text.encode("ascii", "replace")[:256]))

    def next_command(self) -> Command | None:
        """Return what to execute next; None while there is nothing or the last is not :meth:`executed`."""
        command, self._command = self._command, None
        return command

    _command: Command | None = None

    def executed(self, reply: BatchReply | None, now_ns: int) -> None:
        """Take the reply to the last command; None after a reset."""
        self._is_executing = False
        if reply is not None:
            self._keep(reply)
        else:
            self._outgoing.append(_Outgoing(MessageType.RESET, self._sequence))
        self._proceed(now_ns)

    # -- the state machine ---------------------------------------------------------------------------------------------

    def _proceed(self, now_ns: int) -> None:
        """Handle what has arrived, up to something that has to be executed."""
        while self._incoming and not self._is_executing:
            frame = self._incoming.popleft()
            if frame is None:
                self.counts["damaged"] += 1
                if self.has_session:
                    self._nak(NakCode.CRC)
                continue
            self.counts["frames_received"] += 1
            self._incoming_octets -= len(frame.payload) + OVERHEAD_OCTETS
            self._frame_received(frame, now_ns)

    def _frame_received(self, frame: Frame, now_ns: int) -> None:
        kind, length = frame.type, len(frame.payload)
        if kind == MessageType.HELLO and length == WORD_OCTETS:
            self._hello(parse_hello(frame.payload), frame.sequence, now_ns)
        elif kind == MessageType.PING and length in PING_OCTETS:
            self._outgoing.append(_Outgoing(MessageType.PING, frame.sequence, payload=frame.payload))
        elif kind == MessageType.RESET and not length:
            self._forget()
            self._end_session()
            self._sequence = frame.sequence
            self._is_executing = True
            self._command = Command(is_reset=True)
        elif kind == MessageType.EVENT_ACK and not length:
            if frame.session == self._tag and self._event is not None and frame.sequence == self._event_sequence:
                self._event_over(now_ns)
        elif kind == MessageType.BATCH and not length % WORD_OCTETS:
            if not self._has_session or frame.session != self._tag:
                self._nak(NakCode.NO_SESSION)
            else:
                self._batch(frame)
        else:
            self._nak(NakCode.TYPE)

    def _hello(self, session_id: int, sequence: int, now_ns: int) -> None:
        self._forget()
        self._has_session, self._tag = True, session_id & 0xFFFF
        self.counts["sessions"] += 1
        greeting = replace(self.identity, session_id=session_id)
        self._outgoing.append(_Outgoing(MessageType.HELLO, sequence, payload=greeting.serialize()))
        if self.irq:
            self.line_changed(True, now_ns)

    def _batch(self, frame: Frame) -> None:
        self._round = frame.credit
        behind = self._expected - frame.sequence & 0xFF
        if 1 <= behind <= min(self.identity.window, self._executed):
            self._replay(frame.sequence)
        elif behind or not frame.payload:
            if not frame.payload:
                self._nak(NakCode.SEQUENCE)
            elif self._nak_round is None or self._nak_round != self._round:
                self._nak(NakCode.SEQUENCE)
                self._nak_round = self._round
        else:
            self._nak_round = None
            self._executed += 1
            self._sequence = frame.sequence
            self._expected = self._expected + 1 & 0xFF
            if not frame.code & CONTINUES:
                self._has_failed = False
            if self._has_failed:
                self._keep(BatchReply(ReplyCode.SKIPPED, 0, 0))
            else:
                operations, malformed = parse_batch(frame.payload)
                self._is_executing = True
                self._command = Command(tuple(operations), malformed)

    def _keep(self, reply: BatchReply) -> None:
        """Keep a reply, at the cost of the oldest, and send it."""
        self._has_failed = reply.code != ReplyCode.DONE
        payload = reply.serialize()
        self._kept[self._sequence] = (reply.code, payload)
        self._kept_octets += len(payload) + OVERHEAD_OCTETS
        while self._kept_octets > self.identity.store_octets or len(self._kept) > self.identity.window:
            oldest = next(iter(self._kept))
            self._kept_octets -= len(self._kept.pop(oldest)[1]) + OVERHEAD_OCTETS
        self.counts["executed"] += 1
        self._outgoing.append(_Outgoing(MessageType.BATCH_REPLY, self._sequence, reply.code, payload))

    def _replay(self, sequence: int) -> None:
        if sequence not in self._kept:
            self._nak(NakCode.REPLAY_LOST)
            return
        self.counts["replayed"] += 1
        code, payload = self._kept[sequence]
        self._outgoing.append(_Outgoing(MessageType.BATCH_REPLY, sequence, code, payload))

    def _nak(self, code: NakCode) -> None:
        self.counts[f"nak_{code.name.lower()}"] += 1
        expected = self._expected if self.has_session else 0
        nak = _Outgoing(MessageType.NAK, expected, code, round=self._round)
        if not self._outgoing or self._outgoing[-1] != nak:  # several bad pieces in a row are told once
            self._outgoing.append(nak)

    def _send_event(self, now_ns: int) -> None:
        assert self._event is not None
        payload = self._event.serialize()
        assert len(payload) == EVENT_OCTETS
        self._outgoing.append(_Outgoing(MessageType.EVENT, self._event_sequence, payload=payload))
        self._repeat_ns = now_ns + EVENT_REPEAT_NS

    def _event_over(self, now_ns: int) -> None:
        self._event_sequence = self._event_sequence + 1 & 0xFF
        self._event, self._merged = self._merged, None
        self._repeat_ns = None
        if self._event is not None:
            self._send_event(now_ns)

    def power_lost(self) -> None:
        """Forget everything, as a board does that loses its power or is reset by hand."""
        self._forget()
        self._end_session()
        self._deframer = Deframer()
        self._incoming.clear()
        self._incoming_octets = 0
        self._is_executing = False
        self._command = None
        self.irq = False
