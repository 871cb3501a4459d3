"""The ``board`` backend: an AdapterBus over the board link, on any port that carries octets.

Theory of operation
-------------------
:class:`BoardBus` owns one :class:`~rig.link.host.HostSession` at a time, feeds it what the port brings and sends what
it gives. A transaction that finds no session opens one, with a fresh id, on a port that is opened anew: so a board that
was unplugged comes back under whatever name it has then.

When a session goes down, every transaction that was waiting fails with :class:`~rig.errors.LinkError`, and so does the
next one if nobody was waiting: the adapter may have lost its state, and its driver has to hear of that before anything
is done to it again. A transaction that had begun is never repeated in another session. ``irq`` is set while there is no
session, so that whoever waits for the adapter looks after it.

Long because port, session and transactions that wait fail and begin together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rig.adapter.bus import (
    WORD_OCTETS,
    Operation,
    Read32,
    ReadBlock,
    Result,
    Write32,
    WriteBlock,
    check_operations,
)
from rig.adapter.registers import MAP_HASH
from rig.errors import AdapterFault, BusError, LinkError
from rig.link.estimates import LinkSettings
from rig.link.events import Closed, Downfall, Finished, HostEvent, HostState, Interrupt, LogLine, Opened, Reset
from rig.link.host import HostSession
from rig.link.messages import (
    NOWHERE,
    PROTOCOL_VERSION,
    Greeting,
    LineEvent,
    LinkOperation,
    ReadWords,
    ReplyCode,
    WriteWords,
)
from rig.link.transaction import Transaction
from rig.runtime.kernel import Event, Kernel, Timer

ADDRESS_END = 1 << 16
MOSTLY_TEXT = 0.9


class OctetPort(Protocol):
    """An open port: octets in both directions, without a promise that they arrive."""

    receiver: Callable[[bytes], None] | None
    """Called in the kernel's thread with what has arrived."""
    lost: Callable[[str], None] | None
    """Called in the kernel's thread when the port is gone, with the reason."""

    def write(self, octets: bytes) -> None:
        """Send octets; does not wait."""
        ...

    def close(self) -> None:
        """Give the port back; may be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a board must be. None: any."""

    name: str
    """Of the board, for messages."""
    board: str | None = None
    map_hash: int | None = MAP_HASH
    baud: int | None = None
    """Rate at which its port is opened, where a host can choose it; for messages, as what follows."""
    usual_baud: int | None = None
    """Rate that boards have unless somebody built them with another."""


class _Waiting:
    """A transaction on its way."""

    __slots__ = ("done", "error", "operations", "transaction")

    def __init__(self, operations: Sequence[Operation], done: Event) -> None:
        self.operations = tuple(operations)
        self.done = done
        self.error: AdapterFault | BusError | LinkError | None = None
        self.transaction = Transaction([_to_link(operation) for operation in operations], self)


class BoardBus:
    """AdapterBus of a board; see :class:`~rig.adapter.bus.AdapterBus` for what it promises.

    ``open_port`` opens the port, or raises :class:`~rig.errors.LinkError`; ``session_ids`` yields numbers of 32 bits
    that other hosts and earlier runs do not use.
    """

    def __init__(
        self,
        kernel: Kernel,
        open_port: Callable[[], OctetPort],
        session_ids: Iterator[int],
        expected: Expectation,
        settings: LinkSettings | None = None,
    ) -> None:
        self.irq: Event = kernel.event(f"interrupt line of {expected.name}")
        self.greeting: Greeting | None = None
        """Of the present session, or the last."""
        self.watch_events: Callable[[LineEvent], None] | None = None
        """Called with each change of the interrupt line that the board tells of."""
        self.watch_greeting: Callable[[Greeting], None] | None = None
        """Called with the greeting of each session."""
        self.watch_log: Callable[[str], None] | None = None
        """Called with what the board logs."""
        self.session_over: Event = kernel.event(f"end of the session with {expected.name}")
        """Set while the last session has ended and none has been begun since."""
        self.sessions = 0
        self._kernel = kernel
        self._open_port = open_port
        self._session_ids = session_ids
        self._expected = expected
        self._settings = settings or LinkSettings()
        self._session: HostSession | None = None
        self._port: OctetPort | None = None
        self._timer: Timer | None = None
        self._opening: Event | None = None  # pulsed when the attempt under way has ended
        self._refusal: LinkError | None = None  # how it ended
        self._news: LinkError | None = None  # that nobody has been told yet
        self._is_taken = False  # by another host
        self._is_reset = False
        self._waiting: dict[int, _Waiting] = {}
        self.irq.set()

    @property
    def session(self) -> HostSession | None:
        """The present session, for whoever shows its counts."""
        return self._session

    @property
    def is_open(self) -> bool:
        """Whether there is a session."""
        return self._session is not None and self._session.state is HostState.OPEN

    async def open(self) -> Greeting:
        """Open a session unless there is one; return the greeting.

        :class:`~rig.errors.LinkError` if there is no such port, nobody answers, what answers is not a board of ours,
        or not the one that is expected; each with a remedy.
        """
        self._is_taken = False
        self._news = None
        await self._ensure_open()
        assert self.greeting is not None
        return self.greeting

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """See :class:`~rig.adapter.bus.AdapterBus`; :class:`~rig.errors.LinkError` when the link is down."""
        check_operations(operations)
        self.raise_news()
        if not self.is_open:
            await self._ensure_open()
        session = self._session
        assert session is not None
        waiting = _Waiting(operations, self._kernel.event("reply of the board"))
        transaction = waiting.transaction
        self._waiting[id(transaction)] = waiting
        session.submit(transaction)
        self._pump()
        try:
            await waiting.done.wait()
        except BaseException:
            if session.withdraw(transaction):
                self._waiting.pop(id(transaction), None)
            raise
        if waiting.error is not None:
            raise waiting.error
        return [
            _result(operation, octets) for operation, octets in zip(waiting.operations, transaction.read, strict=True)
        ]

    async def reset_board(self, patience_ns: int) -> bool:
        """Ask the board to reset its adapter; tell whether it has answered in time. It ends the session."""
        await self._ensure_open()
        session = self._session
        assert session is not None
        self._is_reset = False
        deadline_ns = self._kernel.now_ns + patience_ns
        while not self.session_over.is_set() and self._kernel.now_ns < deadline_ns:
            session.reset_board()
            self._pump()
            await self._kernel.wait_first(
                self.session_over, deadline_ns=min(deadline_ns, self._kernel.now_ns + self._settings.first_timeout_ns)
            )
        return self._is_reset

    def raise_news(self) -> None:
        """Raise the :class:`~rig.errors.LinkError` of a session that has ended unasked, if nobody has been told yet."""
        if self._news is not None:
            news, self._news = self._news, None
            raise news

    def close(self) -> None:
        """End the session, if there is one, and give the port back."""
        if self._session is not None:
            self._session.close()
            self._pump()
        self._news = None
        self._close_port()

    # -- sessions ------------------------------------------------------------------------------------------------------

    async def _ensure_open(self) -> None:
        """Return with an open session, or raise."""
        while not self.is_open:
            if self._is_taken:
                raise LinkError(
                    f"{self._expected.name}: another host has taken the board over; it is not taken back before "
                    "somebody asks for it"
                )
            if self._opening is None:
                self._begin_opening()
            opening = self._opening
            if opening is not None:
                await opening.wait()
            if self._refusal is not None:
                raise LinkError(str(self._refusal))

    def _begin_opening(self) -> None:
        self._refusal = None
        self._close_port()
        try:
            self._port = port = self._open_port()
        except LinkError as error:
            self._refusal = error
            return
        self._opening = self._kernel.event(f"greeting of {self._expected.name}")
        self.session_over.clear()
        self._session = session = HostSession(next(self._session_ids), self._settings)

        def receive(octets: bytes) -> None:
            if self._session is session:
                session.receive_octets(octets, self._kernel.now_ns)
                self._pump()

        def lost(reason: str) -> None:
            if self._session is session:
                session.close(Downfall.SILENT, f"the port is gone: {reason}; is the board plugged in?")
                self._pump()

        port.receiver = receive
        port.lost = lost
        session.open(self._kernel.now_ns)
        self._pump()

    def _opened(self, greeting: Greeting) -> None:
        problem = self._objection(greeting)
        if problem is not None:
            self._end_opening(LinkError(problem))
            assert self._session is not None
            self._session.close(Downfall.NONSENSE, problem)
            return
        self.greeting = greeting
        self.sessions += 1
        if self.watch_greeting is not None:
            self.watch_greeting(greeting)
        self._end_opening(None)

    def _end_opening(self, refusal: LinkError | None) -> None:
        opening, self._opening = self._opening, None
        self._refusal = refusal
        if opening is not None:
            opening.set()

    def _objection(self, greeting: Greeting) -> str | None:
        """Return why this board will not do, with what helps; None if it will."""
        expected = self._expected
        if greeting.version != PROTOCOL_VERSION:
            return (
                f"{expected.name}: the board speaks version {greeting.version} of the link, this host version "
                f"{PROTOCOL_VERSION}: run `rig board flash {expected.name}`"
            )
        if expected.board is not None and greeting.board != expected.board:
            return (
                f"{expected.name}: the bitstream is for board {greeting.board}, the inventory says {expected.board}: "
                f"connect the other board, or run `rig board flash {expected.name}`"
            )
        if expected.map_hash is not None and greeting.map_hash != expected.map_hash:
            return (
                f"{expected.name}: bitstream built from map {greeting.map_hash:08x}, host has {expected.map_hash:08x}: "
                f"run `rig board flash {expected.name}`"
            )
        return None

    def _closed(self, event: Closed) -> None:
        """The session has gone down: whoever waits is told."""
        name = self._expected.name
        self._is_taken = event.why is Downfall.TAKEN
        self.session_over.set()
        if self._opening is not None:
            assert self._session is not None
            self._end_opening(LinkError(_why_no_greeting(self._expected, self._session, event)))
        text = f"{name}: {event.why.value}" + (f" ({event.detail})" if event.detail else "")
        lost = {id(transaction) for transaction in event.lost}
        waiting, self._waiting = self._waiting, {}
        for key, item in waiting.items():
            fate = "how much of the transaction was done is not known" if key in lost else "nothing of it was done"
            item.error = LinkError(f"{text}; {fate}")
            item.done.set()
        if not waiting and self._refusal is None and not self._is_reset:
            self._news = LinkError(f"{text}; the adapter may have lost its state")
        self._close_port()

    def _close_port(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.receiver = port.lost = None
            port.close()

    # -- the pump ------------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Move what there is to move, and have the session called when it wants to be."""
        session, now_ns = self._session, self._kernel.now_ns
        if session is None:
            return
        while True:
            octets = session.octets_to_send(now_ns)
            if octets and self._port is not None:
                self._port.write(octets)
            event = session.next_event()
            if event is None:
                break
            while event is not None:
                self._handle(event)
                event = session.next_event()
        if session is not self._session:
            return
        if session.state is HostState.OPEN and not session.irq:
            self.irq.clear()
        elif session.state is not HostState.GREETING and not self.irq.is_set():
            self.irq.set()
        self._set_timer(session.next_deadline())

    def _handle(self, event: HostEvent) -> None:
        if isinstance(event, Finished):
            waiting = self._waiting.pop(id(event.transaction), None)
            if waiting is not None:
                waiting.error = _error_of(self._expected.name, waiting)
                waiting.done.set()
        elif isinstance(event, Opened):
            self._opened(event.greeting)
        elif isinstance(event, Closed):
            self._closed(event)
        elif isinstance(event, Interrupt):
            if self.watch_events is not None:
                self.watch_events(event.event)
        elif isinstance(event, LogLine):
            if self.watch_log is not None:
                self.watch_log(event.text)
        elif isinstance(event, Reset):
            self._is_reset = True

    def _set_timer(self, due_ns: int | None) -> None:
        if self._timer is not None:
            if self._timer.when_ns == due_ns:
                return
            self._timer.cancel()
            self._timer = None
        if due_ns is not None:
            self._timer = self._kernel.call_at(max(due_ns, self._kernel.now_ns), self._due)

    def _due(self, _: object) -> None:
        self._timer = None
        if self._session is not None:
            self._session.handle_timers(self._kernel.now_ns)
            self._pump()


def _to_link(operation: Operation) -> LinkOperation:
    """Return the operation of the link for one of the bus. What has more than 16 bits of address stands nowhere."""
    address = operation.address
    if isinstance(operation, (Read32, ReadBlock)):
        words = 1 if isinstance(operation, Read32) else operation.octets // WORD_OCTETS
        if address >= ADDRESS_END:
            return ReadWords(NOWHERE, 1)
        return ReadWords(address, min(words, (ADDRESS_END - address) // WORD_OCTETS))
    data = operation.value.to_bytes(WORD_OCTETS, "little") if isinstance(operation, Write32) else operation.data
    if address >= ADDRESS_END:
        return WriteWords(NOWHERE, data[:WORD_OCTETS])
    return WriteWords(address, data[: ADDRESS_END - address])


def _result(operation: Operation, octets: bytearray) -> Result:
    if isinstance(operation, Read32):
        return int.from_bytes(octets, "little")
    if isinstance(operation, ReadBlock):
        return bytes(octets)
    assert isinstance(operation, (Write32, WriteBlock))
    return None


def _error_of(name: str, waiting: _Waiting) -> AdapterFault | BusError | LinkError | None:
    failure = waiting.transaction.failure
    if failure is None:
        return None
    if failure.code is ReplyCode.REFUSED:
        address = waiting.operations[failure.index].address
        if address < ADDRESS_END:
            address = failure.address
        return BusError("the adapter refused the access", index=failure.index, address=address)
    if failure.code is ReplyCode.NO_ANSWER:
        return AdapterFault(f"{name}: the adapter does not answer its bus: it has no power")
    return LinkError(f"{name}: the board calls operation {failure.index} {failure.code.name.lower()}: run `rig doctor`")


def _why_no_greeting(expected: Expectation, session: HostSession, event: Closed) -> str:
    """Say what was heard instead of a greeting, and what helps."""
    name, heard = expected.name, bytes(session.heard)
    if event.why is not Downfall.SILENT or not event.detail.startswith("no greeting"):
        return f"{name}: {event.detail}"
    text = f"{name}: {event.detail}"
    rate = "" if expected.baud is None else f" at {expected.baud} baud"
    usual = expected.usual_baud
    rates = "--baud" if usual is None or usual == expected.baud else f"--baud; {usual} is usual"
    if not heard:
        return (
            f"{text}: nothing at all was heard{rate}. A board that is spoken to at another rate than its own is silent "
            f"({rates}). Else: is it powered, and its bitstream loaded (`rig board flash {name}`)?"
        )
    if session.counts["echoed"]:
        return f"{text}; the port gives back what is sent to it: is a loopback plug on it?"
    if session.counts["frames_received"]:
        return f"{text}, but frames of the link that answer somebody else: another program uses this port"
    printable = sum(32 <= octet < 127 or octet in b"\r\n\t" for octet in heard)
    if printable >= MOSTLY_TEXT * len(heard) and re.search(rb"[A-Za-z0-9]{3}", heard):
        sample = heard.decode("ascii", "replace").strip()[:40]
        return (
            f"{text}; it says {sample!r}: this port speaks something else than the link, or a bitstream is to be loaded"
        )
    count = f"{session.heard_octets} octets were heard" if session.heard_octets > 1 else "one octet was heard"
    return (
        f"{text}: {count}{rate}, no whole frame among them; they begin {heard[:8].hex(' ')}. The rate of the board is "
        f"another ({rates}), or this port speaks something else than the link"
    )
