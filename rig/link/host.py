"""The host's end of the board link, sans-IO (``docs/board_link.md``: "State machine of the host").

Theory of operation
-------------------
Transactions are cut into batches as room permits: within the window, within the octets that the greeting allows for
requests and replies, and no further ahead of the line than ``lead_ns``. What is outstanding is a queue of numbered
requests; ``_unsent`` is the first of them that has to be sent, so going back is moving it.

The line and the device keep the order. So whatever was sent before something that has been answered, and has no answer
itself, is lost: a request that was executed all the same (its number is below one the device has answered) is *probed*,
which brings the kept reply; one that was not executed is reported by a NAK with its number, and the host goes back.
Time-outs are for the last frame of a burst only. The host delivers replies in order.

Long because the state machine stands in one place: every change of state is in what :meth:`HostSession.receive_octets`
and :meth:`HostSession.handle_timers` call.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from rig.errors import WireError
from rig.link.estimates import TALKATIVE, LinkSettings, PayloadLimit, ReplyTimeout
from rig.link.events import Closed, Downfall, Finished, HostEvent, HostState, Interrupt, LogLine, Opened, Reset
from rig.link.frame import OVERHEAD_OCTETS, Deframer, Frame, MessageType, NakCode, line_octets
from rig.link.messages import (
    CONTINUES,
    PROTOCOL_VERSION,
    BatchReply,
    Greeting,
    LineEvent,
    serialize_hello,
)
from rig.link.transaction import Batch, Transaction
from rig.units import NS_PER_S

BITS_PER_OCTET = 10
HEARD_OCTETS = 64
"""So many are kept of what comes instead of a greeting."""
WORTHWHILE_SHARE = 4
"""While other requests are outstanding, less room than this part of the payload limit is not worth a frame."""


class _Request:
    """A numbered batch that is outstanding."""

    __slots__ = ("batch", "order", "reply", "sent_end_ns", "sequence", "times_sent")

    def __init__(self, sequence: int, batch: Batch) -> None:
        self.sequence = sequence
        self.batch = batch
        self.reply: BatchReply | None = None
        self.order = 0  # of its last transmission or probe, among all
        self.sent_end_ns = 0  # when the last octet of that leaves, by estimate
        self.times_sent = 0  # probes included


class HostSession:
    """One session with one board. Octets and times go in, octets, deadlines and events come out."""

    def __init__(self, session_id: int, settings: LinkSettings | None = None) -> None:
        self.settings = settings or LinkSettings()
        self.state = HostState.CLOSED
        self.greeting: Greeting | None = None
        self.irq = False
        """The interrupt line, as of the last frame of the device."""
        self.counts: Counter[str] = Counter()
        """What happened, by name: frames, retransmissions, probes, naks and so on."""
        self.heard = bytearray()
        """The first octets that came while the greeting was waited for."""
        self.heard_octets = 0
        """How many came."""
        self._session_id = session_id
        self._tag = session_id & 0xFFFF
        self._deframer = Deframer()
        self._waiting: deque[Transaction] = deque()  # the first may have begun
        self._outstanding: deque[_Request] = deque()
        self._unsent = 0  # index in _outstanding of the first to be sent
        self._next_sequence = 0
        self._edge_sequence = 0  # the first that the credit does not allow
        self._request_octets = 0  # room taken in the device
        self._reply_octets = 0
        self._round = 0
        self._is_stale = False  # frames of an earlier round were under way when this one began
        self._is_line_full = False  # there was more to send when octets_to_send() ended
        self._order = 0
        self._probes: deque[_Request] = deque()
        self._urgent: deque[bytes] = deque()  # frames without a number: HELLO, acknowledgements, PING
        self._events: deque[HostEvent] = deque()
        self._last_event: int | None = None  # its number
        self._timeout = ReplyTimeout(self.settings)
        self._limit = PayloadLimit(self.settings.largest_payload_octets)
        self._line_free_ns = 0  # when what was handed over has left, by estimate
        self._last_reply_ns = 0
        self._last_progress_ns = 0
        self._last_frame_ns = 0
        self._opened_ns = 0
        self._hello_ns: int | None = None  # when to ask for the greeting again
        self._heard_ns = 0  # when something came that was not our own echo
        self._ping_ns: int | None = None
        self._hold_ns: int | None = None  # busy: do not go back before
        self._octet_ps = 0  # of line time; 0 until the baud rate is known

    # -- what the owner calls ------------------------------------------------------------------------------------------

    def open(self, now_ns: int) -> None:
        """Ask for the greeting."""
        self.state = HostState.GREETING
        self._opened_ns = self._heard_ns = self._last_frame_ns = now_ns
        self._line_free_ns = now_ns
        self._ask_for_greeting(now_ns)

    def submit(self, transaction: Transaction) -> None:
        """Do ``transaction`` after those submitted before it."""
        self._waiting.append(transaction)

    def withdraw(self, transaction: Transaction) -> bool:
        """Forget a transaction that has not begun; tell whether it could be."""
        if transaction.cut or transaction not in self._waiting:
            return False
        self._waiting.remove(transaction)
        return True

    def reset_board(self) -> None:
        """Ask the device to reset its adapter and to end the session."""
        self._urgent.append(Frame(MessageType.RESET, session=self._tag).serialize())

    def next_event(self) -> HostEvent | None:
        """Return what happened next, or None."""
        return self._events.popleft() if self._events else None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is outstanding and nothing waits."""
        return not self._outstanding and all(transaction.is_cut for transaction in self._waiting)

    @property
    def payload_limit_octets(self) -> int:
        """How much payload a frame may have at present."""
        return self._limit.octets

    def receive_octets(self, octets: bytes, now_ns: int) -> None:
        """Take octets from the line, in order."""
        self._limit.carried(len(octets))
        if self.state is HostState.GREETING:
            self.heard_octets += len(octets)
            self.heard += octets[: HEARD_OCTETS - len(self.heard)]
            if not self.counts["echoed"]:
                self._heard_ns = now_ns
        for piece in self._deframer.feed(octets):
            if self.state in (HostState.CLOSED, HostState.DOWN):
                return
            try:
                frame = Frame.parse(piece)
            except WireError:
                self._piece_damaged()
            else:
                self.counts["frames_received"] += 1
                self._frame_received(frame, now_ns)

    def octets_to_send(self, now_ns: int) -> bytes:
        """Return what the line should carry next; empty if nothing, or nothing yet (see :meth:`next_deadline`)."""
        parts = []
        while self._urgent:
            parts.append(self._to_line(self._urgent.popleft(), now_ns))
        while self.state is HostState.OPEN and self._line_free_ns <= now_ns + self.settings.lead_ns:
            if self._probes:
                request = self._probes.popleft()
                if request.reply is None:
                    self.counts["probes"] += 1
                    parts.append(self._send(request, Frame(MessageType.BATCH, request.sequence), now_ns))
                continue
            if self._hold_ns is not None and self._hold_ns > now_ns:
                break
            self._hold_ns = None
            if self._unsent == len(self._outstanding) and not self._admit():
                break
            request = self._outstanding[self._unsent]
            self._unsent += 1
            if request.reply is not None:
                continue
            code = CONTINUES if request.batch.continues else 0
            frame = Frame(MessageType.BATCH, request.sequence, code=code, payload=request.batch.payload)
            self.counts["requests_sent" if not request.times_sent else "requests_repeated"] += 1
            parts.append(self._send(request, frame, now_ns))
        self._is_line_full = self._line_free_ns > now_ns + self.settings.lead_ns
        return b"".join(parts)

    def next_deadline(self) -> int | None:
        """Return when to call :meth:`handle_timers` and :meth:`octets_to_send` next, or None."""
        if self.state is HostState.GREETING:
            return self._hello_ns
        if self.state is not HostState.OPEN:
            return None
        deadlines = [deadline for deadline in (self._reply_deadline(), self._ping_ns, self._hold_ns) if deadline]
        if self._is_line_full and (self._probes or self._unsent < len(self._outstanding) or self._waiting):
            deadlines.append(self._line_free_ns - self.settings.lead_ns)
        return min(deadlines) if deadlines else None

    def handle_timers(self, now_ns: int) -> None:
        """Do what is due."""
        if self.state is HostState.GREETING and self._hello_ns is not None and now_ns >= self._hello_ns:
            waited_ns, limit_ns = now_ns - self._opened_ns, self.settings.greeting_limit_ns
            if now_ns - self._heard_ns >= limit_ns or waited_ns >= TALKATIVE * limit_ns:
                self._go_down(Downfall.SILENT, f"no greeting in {waited_ns / NS_PER_S:.3g} s")
            else:
                self._ask_for_greeting(now_ns)
        if self.state is not HostState.OPEN:
            return
        deadline_ns = self._reply_deadline()
        if deadline_ns is not None and now_ns >= deadline_ns:
            self.counts["timeouts"] += 1
            if now_ns - self._last_progress_ns >= self.settings.patience_ns:
                self._go_down(Downfall.SILENT, f"no progress in {self.settings.patience_ns / NS_PER_S:.3g} s")
                return
            self._timeout.expired()
            self._probes.appendleft(self._first_unanswered())
        if self._ping_ns is not None and now_ns >= self._ping_ns:
            if now_ns - self._last_frame_ns >= self.settings.patience_ns:
                self._go_down(Downfall.SILENT, f"no sign of life in {self.settings.patience_ns / NS_PER_S:.3g} s")
                return
            self._urgent.append(Frame(MessageType.PING, session=self._tag).serialize())
            assert self.settings.keepalive_ns is not None
            self._ping_ns = now_ns + self.settings.keepalive_ns

    # -- sending -------------------------------------------------------------------------------------------------------

    def _ask_for_greeting(self, now_ns: int) -> None:
        hello = Frame(
            MessageType.HELLO, code=PROTOCOL_VERSION, session=self._tag, payload=serialize_hello(self._session_id)
        )
        self._urgent.append(hello.serialize())
        self._hello_ns = now_ns + self.settings.first_timeout_ns

    def _admit(self) -> bool:
        """Give the next number to a batch of the first waiting transaction, if there is room."""
        greeting = self.greeting
        assert greeting is not None
        while self._waiting and self._waiting[0].is_cut:
            self._waiting.popleft()
        if not self._waiting or self._next_sequence == self._edge_sequence:
            return False
        if len(self._outstanding) >= greeting.window:
            return False
        limit = self.payload_limit_octets
        request_room = min(limit, greeting.receive_octets - self._request_octets - OVERHEAD_OCTETS)
        reply_room = min(limit, greeting.store_octets - self._reply_octets - OVERHEAD_OCTETS)
        if self._outstanding and min(request_room, reply_room) * WORTHWHILE_SHARE < limit:
            return False
        batch = self._waiting[0].next_batch(request_room, reply_room)
        if batch is None:
            return False
        request = _Request(self._next_sequence, batch)
        self._next_sequence = self._next_sequence + 1 & 0xFF
        self._outstanding.append(request)
        self._request_octets += len(batch.payload) + OVERHEAD_OCTETS
        self._reply_octets += batch.reply_octets + OVERHEAD_OCTETS
        return True

    def _send(self, request: _Request, frame: Frame, now_ns: int) -> bytes:
        """Return a BATCH as it goes out, and note that it did."""
        if not any(other.times_sent and other.reply is None for other in self._outstanding):
            self._last_progress_ns = now_ns  # the wait for progress begins with the first request
        frame = Frame(frame.type, frame.sequence, self._round, frame.code, self._tag, frame.payload)
        octets = self._to_line(frame.serialize(), now_ns)
        self._order += 1
        request.order = self._order
        request.times_sent += 1
        request.sent_end_ns = self._line_free_ns
        return octets

    def _to_line(self, octets: bytes, now_ns: int) -> bytes:
        self._line_free_ns = max(self._line_free_ns, now_ns) + self._line_ns(len(octets))
        self._limit.carried(len(octets))
        return octets

    def _line_ns(self, octets: int) -> int:
        return octets * self._octet_ps // 1000

    # -- time-outs -----------------------------------------------------------------------------------------------------

    def _first_unanswered(self) -> _Request:
        return next(request for request in self._sent() if request.reply is None)

    def _sent(self) -> Iterator[_Request]:
        """Yield what has been sent in this round or is known to be executed."""
        for index, request in enumerate(self._outstanding):
            if index >= self._unsent:
                return
            yield request

    def _reply_deadline(self) -> int | None:
        """Return when the reply to the oldest request is overdue."""
        for request in self._sent():
            if request.reply is None:
                if request in self._probes:
                    return None
                since_ns = max(request.sent_end_ns, self._last_reply_ns)
                reply_ns = self._line_ns(line_octets(request.batch.reply_octets))
                return since_ns + reply_ns + self._timeout.now_ns
        return None

    # -- receiving -----------------------------------------------------------------------------------------------------

    def _piece_damaged(self) -> None:
        """Count it; if an answer is awaited it may have been that, so ask for it without waiting."""
        self.counts["damaged"] += 1
        if self.state is not HostState.OPEN:
            return
        self._limit.lost()
        for request in self._sent():
            if request.reply is None:
                if request not in self._probes:
                    self._probes.append(request)
                return

    def _frame_received(self, frame: Frame, now_ns: int) -> None:
        kind = frame.type
        if kind == MessageType.HELLO:
            self._greeted(frame, now_ns)
            return
        if self.state is not HostState.OPEN:
            self.counts["not_ours"] += 1
            return
        if kind == MessageType.RESET and frame.session == 0:
            self._events.append(Reset())
            self.close(Downfall.LOST_SESSION, "it was reset on request")
            return
        if kind == MessageType.NAK and frame.result == NakCode.NO_SESSION:
            if frame.session != self._tag:
                self._session_is_gone(frame.session)
            return
        if kind == MessageType.PING and frame.session != self._tag:
            self._session_is_gone(frame.session)
            return
        if frame.session != self._tag:
            self.counts["not_ours"] += 1
            return
        self._last_frame_ns = now_ns
        if self.settings.keepalive_ns is not None:
            self._ping_ns = now_ns + self.settings.keepalive_ns
        self.irq = frame.irq
        if kind == MessageType.BATCH_REPLY:
            self._replied(frame, now_ns)
        elif kind == MessageType.NAK:
            self._refused(frame, now_ns)
        elif kind == MessageType.EVENT:
            self._event_received(frame)
        elif kind == MessageType.LOG:
            self._events.append(LogLine(frame.payload.decode("ascii", "backslashreplace")))

    def _greeted(self, frame: Frame, now_ns: int) -> None:
        if frame.payload == serialize_hello(self._session_id):
            self.counts["echoed"] += 1
            return
        try:
            greeting = Greeting.parse(frame.payload)
        except WireError as error:
            if self.state is HostState.GREETING and frame.session == self._tag:
                self._go_down(Downfall.NONSENSE, str(error))
            return
        if greeting.session_id != self._session_id:
            self.counts["not_ours"] += 1
            return
        self._last_event = None
        self._last_frame_ns = now_ns
        if self.state is HostState.OPEN:  # the answer to a HELLO that was repeated too early
            return
        self.state = HostState.OPEN
        self.greeting = greeting
        self.irq = frame.irq
        self._edge_sequence = frame.credit & 0xFF
        self._hello_ns = None
        self._limit = PayloadLimit(min(self.settings.largest_payload_octets, greeting.largest_payload_octets))
        self._timeout = ReplyTimeout(self.settings, self.settings.host_jitter_ns // greeting.time_scale)
        self._octet_ps = BITS_PER_OCTET * NS_PER_S * 1000 // greeting.baud
        self._line_free_ns = self._last_reply_ns = self._last_progress_ns = now_ns
        if self.settings.keepalive_ns is not None:
            self._ping_ns = now_ns + self.settings.keepalive_ns
        self._events.append(Opened(greeting))

    def _replied(self, frame: Frame, now_ns: int) -> None:
        request = self._find(frame.sequence)
        if request is None or request.reply is not None:
            self.counts["replies_repeated"] += 1
            return
        try:
            request.reply = BatchReply.parse(frame.result, frame.payload)
        except WireError as error:
            self._go_down(Downfall.NONSENSE, str(error))
            return
        if request.times_sent == 1:
            begin_ns = max(request.sent_end_ns, self._last_reply_ns)
            reply_ns = self._line_ns(line_octets(len(frame.payload)))
            self._timeout.measured(max(0, now_ns - begin_ns - reply_ns))
        self._timeout.progressed()
        self._last_reply_ns = self._last_progress_ns = now_ns
        edge = frame.sequence + 1 + frame.credit & 0xFF
        if (edge - self._edge_sequence & 0xFF) < 0x80:
            self._edge_sequence = edge
        # A request is executed only after all before it: those that lack a reply and were sent (or probed) before this
        # one was, have lost it.
        for earlier in self._sent():
            if earlier is request:
                break
            if earlier.reply is None and earlier.order < request.order and earlier not in self._probes:
                self._limit.lost()
                self._probes.append(earlier)
        self._deliver()

    def _deliver(self) -> None:
        """Take replies off the front of the queue, in order."""
        while self._outstanding and self._outstanding[0].reply is not None:
            request = self._outstanding.popleft()
            self._unsent = max(0, self._unsent - 1)
            batch = request.batch
            self._request_octets -= len(batch.payload) + OVERHEAD_OCTETS
            self._reply_octets -= batch.reply_octets + OVERHEAD_OCTETS
            assert request.reply is not None
            try:
                batch.transaction.accept(batch, request.reply)
            except WireError as error:
                self._go_down(Downfall.NONSENSE, str(error), also=batch.transaction)
                return
            if batch.transaction.is_done:
                self._events.append(Finished(batch.transaction))

    def _refused(self, frame: Frame, now_ns: int) -> None:
        """Take a NAK of this session."""
        code = frame.result
        self.counts[f"nak_{code}"] += 1
        if code in (NakCode.REPLAY_LOST, NakCode.TYPE):
            self._go_down(Downfall.NONSENSE, f"NAK({NakCode(code).name.lower()}): the board and the host disagree")
            return
        index = next((i for i, request in enumerate(self._sent()) if request.sequence == frame.sequence), None)
        if index is None:
            if code == NakCode.CRC:  # all that was sent is executed: it was a probe, an acknowledgement, or noise
                self._limit.lost()
                self._probe_again()
            return
        if code == NakCode.CRC:
            if self._is_stale and frame.credit != self._round:
                return
            if now_ns < self._outstanding[index].sent_end_ns:
                return  # it is about something sent before
        elif code == NakCode.SEQUENCE and frame.credit != self._round:
            return
        if self._outstanding[index].reply is not None:
            return
        if code == NakCode.BUSY:
            self._hold_ns = now_ns + self._timeout.now_ns
        self._is_stale = self._unsent > index + 1
        self._unsent = index
        self._round = self._round + 1 & 0xFF
        self._limit.lost()
        self.counts["went_back"] += 1
        self._timeout.progressed()

    def _probe_again(self) -> None:
        for request in self._sent():
            if request.reply is None:
                if request.times_sent > 1 and request not in self._probes:
                    self._probes.append(request)
                return

    def _event_received(self, frame: Frame) -> None:
        self._urgent.append(Frame(MessageType.EVENT_ACK, frame.sequence, session=self._tag).serialize())
        if frame.sequence == self._last_event:
            self.counts["events_repeated"] += 1
            return
        self._last_event = frame.sequence
        try:
            self._events.append(Interrupt(LineEvent.parse(frame.payload)))
        except WireError as error:
            self._go_down(Downfall.NONSENSE, str(error))

    def _find(self, sequence: int) -> _Request | None:
        if not self._outstanding:
            return None
        index = sequence - self._outstanding[0].sequence & 0xFF
        return self._outstanding[index] if index < len(self._outstanding) else None

    # -- the end -------------------------------------------------------------------------------------------------------

    def _session_is_gone(self, session: int) -> None:
        if session:
            self._go_down(Downfall.TAKEN, f"its session is {session:#06x}, ours was {self._tag:#06x}")
        else:
            self._go_down(Downfall.LOST_SESSION, "it has lost its power or was reset")

    def close(self, why: Downfall = Downfall.SILENT, detail: str = "closed by the host") -> None:
        """End the session from this side, for instance because the port is gone."""
        if self.state in (HostState.GREETING, HostState.OPEN):
            self._go_down(why, detail)

    def _go_down(self, why: Downfall, detail: str, also: Transaction | None = None) -> None:
        begun: dict[int, Transaction] = {}
        transactions = [request.batch.transaction for request in self._outstanding]
        transactions += [transaction for transaction in self._waiting if transaction.cut]
        for transaction in [*([also] if also else []), *transactions]:
            begun.setdefault(id(transaction), transaction)
        self.state = HostState.DOWN
        self._waiting = deque(transaction for transaction in self._waiting if not transaction.cut)
        self._outstanding.clear()
        self._probes.clear()
        self._urgent.clear()
        self._unsent = 0
        self._events.append(Closed(why, detail, tuple(begun.values())))

    def take_waiting(self) -> list[Transaction]:
        """Return the transactions that have not begun, and forget them: another session may do them."""
        waiting, self._waiting = list(self._waiting), deque()
        return waiting
