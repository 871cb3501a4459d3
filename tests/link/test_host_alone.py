"""The host's end by itself: each frame it hears is written by hand, each that it says is looked at, at exact times.

Against a whole device a host that does one of these things wrongly still gets everything done, only later or with more
frames; so what the page says in a sentence is held to here. The line has 10 Mbaud: an octet takes a microsecond.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rig.link import examples
from rig.link.estimates import TALKATIVE, LinkSettings
from rig.link.events import Closed, Downfall, Finished, HostEvent, HostState, Interrupt, Opened
from rig.link.frame import Deframer, Frame, MessageType, NakCode, line_octets
from rig.link.host import HostSession
from rig.link.messages import BatchReply, Greeting, LineEvent, ReadWords, ReplyCode, WriteWords, serialize_batch
from rig.link.transaction import Transaction
from rig.units import NS_PER_MS, NS_PER_S, NS_PER_US

TAG = examples.SESSION_ID & 0xFFFF
OCTET_NS = NS_PER_US
GREETING = replace(examples.GREETING, baud=10_000_000)
FIRST_TIMEOUT_NS = LinkSettings().first_timeout_ns
DAMAGED = b"\0" + b"\x11" * 30 + b"\0"
WORD_READ_OCTETS = len(Frame(MessageType.BATCH, payload=b"1234").serialize())
WORD_REPLY_NS = line_octets(8) * OCTET_NS
SMALL_FRAMES_NS = NS_PER_MS
"""Longer than any of the bursts of small frames here."""


class Alone:
    """A host, and what it says to what it hears."""

    def __init__(
        self, greeting: Greeting = GREETING, *, credit: int = 8, settings: LinkSettings | None = None,
        is_open: bool = True,
    ) -> None:  # fmt: skip
        self.now_ns = 0
        self.host = HostSession(examples.SESSION_ID, settings)
        self.host.open(0)
        (self.hello,) = self.says()
        if is_open:
            self.hears(Frame(MessageType.HELLO, 0, credit, 0, TAG, greeting.serialize()))
            assert [type(event) for event in self.events()] == [Opened]

    def hears(self, *frames: Frame | bytes) -> None:
        for frame in frames:
            self.host.receive_octets(frame if isinstance(frame, bytes) else frame.serialize(), self.now_ns)

    def says(self) -> list[Frame]:
        return [Frame.parse(piece) for piece in Deframer().feed(self.host.octets_to_send(self.now_ns))]

    def batches(self) -> list[tuple[int, int, bool]]:
        """What it says, all BATCHes: number, round, whether it is a probe."""
        frames = self.says()
        assert all(frame.type == MessageType.BATCH for frame in frames), frames
        return [(frame.sequence, frame.credit, not frame.payload) for frame in frames]

    def wait(self, duration_ns: int) -> None:
        self.now_ns += duration_ns
        self.host.handle_timers(self.now_ns)

    def wait_for_deadline(self) -> None:
        deadline_ns = self.host.next_deadline()
        assert deadline_ns is not None and deadline_ns > self.now_ns, "nothing to wait for"
        self.wait(deadline_ns - self.now_ns)

    def events(self) -> list[HostEvent]:
        return list(self._events())

    def _events(self) -> Iterator[HostEvent]:
        while (event := self.host.next_event()) is not None:
            yield event

    def submit(self, count: int = 1) -> list[Transaction]:
        """Have it read a word ``count`` times, a transaction each."""
        transactions = [Transaction([ReadWords(0, 1)]) for _ in range(count)]
        for transaction in transactions:
            self.host.submit(transaction)
        return transactions

    def ask(self, count: int = 1) -> list[Transaction]:
        """The same, and let the requests leave."""
        transactions = self.submit(count)
        assert len(self.batches()) == count
        self.wait(SMALL_FRAMES_NS)
        return transactions

    def timeout_ns(self) -> int:
        """The time-out of a word that is read now, beyond the time of its octets."""
        self.submit()
        assert len(self.says()) == 1
        deadline_ns = self.host.next_deadline()
        assert deadline_ns is not None
        return deadline_ns - self.now_ns - WORD_READ_OCTETS * OCTET_NS - WORD_REPLY_NS


def reply(sequence: int, *, credit: int = 8, session: int = TAG, word: bytes = b"word") -> Frame:
    return Frame(MessageType.BATCH_REPLY, sequence, credit, 0, session, BatchReply(0, 1, 0, word).serialize())


def nak(code: NakCode, sequence: int, round_: int = 0, *, session: int = TAG) -> Frame:
    return Frame(MessageType.NAK, sequence, round_, code, session)


def event(number: int, time_ns: int) -> Frame:
    return Frame(MessageType.EVENT, number, 8, 0, TAG, LineEvent(True, 0, time_ns).serialize())


# -- going back --------------------------------------------------------------------------------------------------------


def test_a_nak_for_a_number_sends_it_and_all_after_it_again_and_once() -> None:
    line = Alone()
    line.ask(4)
    limit = line.host.payload_limit_octets
    line.hears(nak(NakCode.SEQUENCE, 1))
    assert line.batches() == [(1, 1, False), (2, 1, False), (3, 1, False)]
    assert line.host.payload_limit_octets < limit, "a frame was lost"
    line.hears(nak(NakCode.SEQUENCE, 1))
    assert line.batches() == [], "of the round before: told already"
    line.hears(nak(NakCode.SEQUENCE, 1, round_=1))
    assert line.batches() == [(1, 2, False), (2, 2, False), (3, 2, False)]


def test_rounds_are_counted_modulo_256() -> None:
    line = Alone()
    line.ask()
    for number in range(258):
        line.hears(nak(NakCode.SEQUENCE, 0, number & 0xFF))
        assert line.batches() == [(0, number + 1 & 0xFF, False)]
        line.wait(WORD_READ_OCTETS * OCTET_NS)


def test_damage_to_what_was_sent_before_going_back_is_old_news() -> None:
    line = Alone()
    line.ask(4)
    line.hears(nak(NakCode.SEQUENCE, 1))
    assert len(line.batches()) == 3
    line.wait(SMALL_FRAMES_NS)
    line.hears(nak(NakCode.CRC, 1, round_=0), reply(0), nak(NakCode.CRC, 1, round_=0))
    assert line.batches() == [], "2 or 3 of round 0"
    line.hears(nak(NakCode.CRC, 1, round_=1))
    assert line.batches() == [(1, 2, False), (2, 2, False), (3, 2, False)]


def test_damage_to_a_repeated_frame_is_news_if_nothing_older_is_on_its_way() -> None:
    line = Alone()
    line.ask(4)
    line.hears(nak(NakCode.SEQUENCE, 3))
    assert line.batches() == [(3, 1, False)]
    line.wait(SMALL_FRAMES_NS)
    line.hears(nak(NakCode.CRC, 3, round_=0))
    assert line.batches() == [(3, 2, False)], "none of round 0 was sent after 3, so it is 3 of round 1"


def test_damage_before_a_frame_has_left_is_not_its_own() -> None:
    line = Alone()
    line.submit(2)
    assert len(line.batches()) == 2
    line.now_ns = 2 * WORD_READ_OCTETS * OCTET_NS - 1
    line.hears(nak(NakCode.CRC, 1))
    assert line.batches() == []
    line.now_ns += 1
    line.hears(nak(NakCode.CRC, 1))
    assert line.batches() == [(1, 1, False)]


def test_what_has_been_answered_is_not_sent_again() -> None:
    """The damaged piece may have been no request, and the requests are executed while the host goes back."""
    line = Alone()
    line.ask(4)
    line.hears(nak(NakCode.CRC, 1), reply(0), reply(2))
    assert line.batches() == [(1, 1, False), (3, 1, False)]
    line.hears(nak(NakCode.SEQUENCE, 2, round_=1))
    assert line.batches() == [], "2 is not outstanding"


def test_a_busy_board_is_left_alone_for_a_time_out() -> None:
    line = Alone()
    line.ask(3)
    line.hears(nak(NakCode.BUSY, 1))
    assert line.batches() == []
    line.hears(DAMAGED)
    assert line.batches() == [(0, 1, True)], "a probe takes no room"
    line.hears(reply(0))
    assert line.host.next_deadline() == line.now_ns + FIRST_TIMEOUT_NS
    line.wait(FIRST_TIMEOUT_NS - 1)
    assert line.batches() == []
    line.wait(1)
    assert line.batches() == [(1, 1, False), (2, 1, False)]
    deadline_ns = line.host.next_deadline()
    assert deadline_ns is not None and deadline_ns > line.now_ns


def test_a_busy_board_may_not_have_seen_the_round_yet() -> None:
    line = Alone()
    line.ask(2)
    line.hears(nak(NakCode.SEQUENCE, 0))
    assert len(line.batches()) == 2
    line.hears(nak(NakCode.BUSY, 0, round_=0))
    assert line.batches() == []
    line.wait(FIRST_TIMEOUT_NS)
    assert line.batches() == [(0, 2, False), (1, 2, False)]


# -- room --------------------------------------------------------------------------------------------------------------


def test_no_request_goes_beyond_the_credit() -> None:
    line = Alone(credit=2)
    line.submit(8)
    assert [number for number, *_ in line.batches()] == [0, 1]
    line.hears(reply(1, credit=1))
    assert line.batches() == [(0, 0, True), (2, 0, False)]
    line.hears(reply(0, credit=1))
    assert line.batches() == [], "an older reply takes nothing back, and gives nothing"
    line.hears(reply(2, credit=0))
    assert line.batches() == []
    line.hears(Frame(MessageType.PING, 0, 8, 0, TAG))
    assert line.batches() == [], "the credit that counts is that of a reply"


def test_a_reply_that_had_to_be_asked_for_gives_its_credit() -> None:
    line = Alone(credit=1)
    line.submit(2)
    assert line.batches() == [(0, 0, False)]
    line.wait_for_deadline()
    assert line.batches() == [(0, 0, True)]
    line.hears(reply(0, credit=1))
    assert line.batches() == [(1, 0, False)]


def test_the_credit_wraps_with_the_numbers() -> None:
    line = Alone(credit=1)
    for number in range(600):
        (transaction,) = line.submit()
        assert line.batches() == [(number & 0xFF, 0, False)]
        line.hears(reply(number & 0xFF, credit=1))
        assert line.events() == [Finished(transaction)]
        line.wait(WORD_READ_OCTETS * OCTET_NS)


@pytest.mark.parametrize("short_of", ["receive_octets", "store_octets"])
def test_outstanding_requests_and_their_replies_fit_the_device(short_of: str) -> None:
    """And what is left of its room is not used for a small frame: it would be small for good."""
    greeting = replace(GREETING, **{short_of: 600})
    line = Alone(greeting)
    operation = WriteWords(0, bytes(2000)) if short_of == "receive_octets" else ReadWords(0, 500)
    line.host.submit(Transaction([operation]))
    (frame,) = line.says()
    first = len(frame.payload) if short_of == "receive_octets" else 4 * (frame.payload[2] | frame.payload[3] << 8)
    assert first in (508, 512), "half a kilobyte; 600 - 524 - 12 octets are less than a quarter of that"
    line.wait(SMALL_FRAMES_NS)
    assert line.says() == []
    words = b"" if short_of == "receive_octets" else bytes(first)
    line.hears(Frame(MessageType.BATCH_REPLY, 0, 8, 0, TAG, BatchReply(0, 1, 0, words).serialize()))
    assert len(line.says()) == 1


@pytest.mark.parametrize("octets", [48, 100, 256])
def test_the_first_request_fits_a_small_device_too(octets: int) -> None:
    room = octets - 12
    line = Alone(replace(GREETING, receive_octets=octets))
    line.host.submit(Transaction([WriteWords(0, bytes(2000))]))
    assert [len(frame.payload) for frame in line.says()] == [room]
    line = Alone(replace(GREETING, store_octets=octets))
    line.host.submit(Transaction([ReadWords(0, 500)]))
    (frame,) = line.says()
    assert frame.payload == serialize_batch([ReadWords(0, room // 4 - 1)]), "and its status"
    line = Alone(replace(GREETING, largest_payload_octets=octets))
    line.host.submit(Transaction([WriteWords(0, bytes(4000))]))
    assert {len(frame.payload) for frame in line.says()} == {octets}
    line = Alone(settings=LinkSettings(largest_payload_octets=octets))
    line.host.submit(Transaction([WriteWords(0, bytes(4000))]))
    assert {len(frame.payload) for frame in line.says()} == {octets}


# -- replies -----------------------------------------------------------------------------------------------------------


def test_a_reply_that_is_missing_before_another_is_asked_for_at_once_and_once() -> None:
    line = Alone()
    transactions = line.ask(4)
    line.hears(reply(2))
    assert line.batches() == [(0, 0, True), (1, 0, True)]
    line.hears(reply(3))
    assert line.batches() == [], "3 left before it was asked for 0 and 1"
    assert line.events() == []
    line.hears(reply(1), reply(0))
    assert line.events() == [Finished(transaction) for transaction in transactions], "in order"


def test_an_answer_to_a_later_probe_tells_that_the_one_to_an_earlier_is_lost_too() -> None:
    line = Alone()
    line.ask(3)
    line.hears(reply(2))
    assert line.batches() == [(0, 0, True), (1, 0, True)]
    line.hears(reply(1))
    assert line.batches() == [(0, 0, True)]


def test_damage_may_have_been_the_reply_that_is_missing() -> None:
    line = Alone()
    line.ask(2)
    line.hears(DAMAGED, DAMAGED)
    assert line.batches() == [(0, 0, True)], "once for each time that it was asked for"
    line.hears(DAMAGED)
    assert line.batches() == [(0, 0, True)]
    line.hears(DAMAGED, reply(0))
    assert line.batches() == [], "it has come"
    line.hears(DAMAGED, reply(1), DAMAGED)
    assert line.batches() == [], "nothing is missing"


def test_a_damaged_probe_is_sent_again_but_nothing_else_that_was_executed() -> None:
    line = Alone()
    line.ask(2)
    line.hears(nak(NakCode.CRC, 2))
    assert line.batches() == [], "both are executed: it was an acknowledgement, or noise"
    line.wait_for_deadline()
    assert line.batches() == [(0, 0, True)]
    line.hears(nak(NakCode.CRC, 2), nak(NakCode.CRC, 2))
    assert line.batches() == [(0, 0, True)]


def test_a_reply_that_comes_twice_is_counted_and_not_looked_at() -> None:
    line = Alone()
    transactions = line.ask(2)
    line.hears(reply(1, word=b"good"), reply(1, word=b"evil"), reply(0))
    assert line.host.counts["replies_repeated"] == 1
    assert line.events() == [Finished(transaction) for transaction in transactions]
    assert transactions[1].read == [b"good"]
    line.hears(reply(0), reply(77))
    assert line.host.counts["replies_repeated"] == 3 and line.events() == []


@pytest.mark.parametrize(
    ("replies", "problem"),
    [
        ([BatchReply(ReplyCode.SKIPPED, 0, 0)], "skipped though nothing before it has failed"),
        ([BatchReply(ReplyCode.REFUSED, 0, 0), BatchReply(ReplyCode.DONE, 1, 0)], "executed after one of the same"),
        ([BatchReply(ReplyCode.REFUSED, 0, 0), BatchReply(ReplyCode.SKIPPED, 0, 0, b"word")], "was skipped"),
        ([BatchReply(ReplyCode.REFUSED, 1, 0)], "operation 1; the batch has 1"),
        ([BatchReply(9, 1, 0)], "code 9"),
    ],
)  # fmt: skip
def test_replies_within_a_transaction_that_cannot_be(replies: list[BatchReply], problem: str) -> None:
    line = Alone()
    transaction = Transaction([WriteWords(0, bytes(1000))])
    line.host.submit(transaction)
    assert len(line.says()) >= len(replies)
    for number, answer in enumerate(replies):
        line.hears(Frame(MessageType.BATCH_REPLY, number, 8, answer.code, TAG, answer.serialize()))
    (end,) = line.events()
    assert isinstance(end, Closed) and end.why is Downfall.NONSENSE and problem in end.detail
    assert end.lost == (transaction,), "told once, however many frames of it are on their way"


# -- time --------------------------------------------------------------------------------------------------------------


def test_the_time_out_counts_from_the_last_octet_and_doubles() -> None:
    line = Alone()
    line.submit(2)
    assert len(line.batches()) == 2
    waits = []
    for _ in range(4):
        begin_ns = line.now_ns
        line.wait_for_deadline()
        waits.append(line.now_ns - begin_ns)
        (probe,) = line.says()
        assert (probe.sequence, probe.payload) == (0, b"")
        line.now_ns += len(probe.serialize()) * OCTET_NS
    ceiling_ns = LinkSettings().timeout_ceiling_ns
    sent_ns = WORD_READ_OCTETS * OCTET_NS
    doubled = [FIRST_TIMEOUT_NS, 2 * FIRST_TIMEOUT_NS, ceiling_ns, ceiling_ns]
    assert waits == [wait + WORD_REPLY_NS + (sent_ns if not number else 0) for number, wait in enumerate(doubled)]
    line.hears(nak(NakCode.SEQUENCE, 0))
    assert len(line.batches()) == 2
    assert line.host.next_deadline() == line.now_ns + sent_ns + WORD_REPLY_NS + FIRST_TIMEOUT_NS, "a NAK is progress"


def test_a_reply_ends_the_doubling_and_is_progress() -> None:
    line = Alone(settings=LinkSettings(patience_ns=4 * FIRST_TIMEOUT_NS))
    line.ask(2)
    line.wait_for_deadline()
    assert line.batches() == [(0, 0, True)]
    line.wait(2 * FIRST_TIMEOUT_NS)
    line.hears(reply(0))
    answered_ns = line.now_ns
    assert line.host.next_deadline() == answered_ns + WORD_REPLY_NS + FIRST_TIMEOUT_NS
    for _ in range(10):
        if line.host.state is HostState.OPEN:
            line.wait_for_deadline()
            line.says()
    assert line.host.state is HostState.DOWN
    assert answered_ns + 4 * FIRST_TIMEOUT_NS <= line.now_ns < answered_ns + 7 * FIRST_TIMEOUT_NS
    end = line.events()[-1]
    assert isinstance(end, Closed) and end.detail == "no progress in 0.4 s"


def test_no_time_out_runs_while_a_probe_waits() -> None:
    line = Alone()
    line.ask()
    line.hears(DAMAGED)
    line.wait(10 * FIRST_TIMEOUT_NS)
    assert line.batches() == [(0, 0, True)] and not line.host.counts["timeouts"]


def test_the_excess_of_a_round_trip_is_what_neither_octets_nor_a_queue_account_for() -> None:
    """RFC 6298 (2.2) over the first, (2.3) over the second: in ms 3, 1.5 and 3, 1.125."""
    line = Alone()
    line.submit(2)
    assert len(line.batches()) == 2
    line.now_ns = WORD_READ_OCTETS * OCTET_NS + WORD_REPLY_NS + 3 * NS_PER_MS
    line.hears(reply(0))
    line.now_ns += WORD_REPLY_NS + 3 * NS_PER_MS
    line.hears(reply(1))
    assert line.timeout_ns() == 3 * NS_PER_MS + 4 * 1_125_000


def test_a_request_that_was_repeated_is_not_measured() -> None:
    """Karn: its reply may be that to the first or to the last of them."""
    line = Alone()
    line.ask()
    line.wait_for_deadline()
    line.submit(2)
    assert line.batches() == [(0, 0, True), (1, 0, False), (2, 0, False)]
    line.wait(50 * NS_PER_MS)
    line.hears(reply(0))
    line.hears(nak(NakCode.SEQUENCE, 1))
    assert line.batches() == [(1, 1, False), (2, 1, False)]
    line.wait(50 * NS_PER_MS)
    line.hears(reply(1), reply(2))
    assert line.timeout_ns() == FIRST_TIMEOUT_NS, "nothing is measured yet, and the doubling is forgotten"


@pytest.mark.parametrize(("scale", "timeout_ms"), [(1, 20), (5, 4), (100, 2)])
def test_a_late_host_matters_less_to_a_slow_board(scale: int, timeout_ms: int) -> None:
    line = Alone(replace(GREETING, time_scale=scale), settings=LinkSettings(host_jitter_ns=20 * NS_PER_MS))
    line.submit()
    assert len(line.batches()) == 1
    line.now_ns = WORD_READ_OCTETS * OCTET_NS + WORD_REPLY_NS
    line.hears(reply(0))
    assert line.timeout_ns() == timeout_ms * NS_PER_MS


def test_no_more_is_handed_over_than_the_lead() -> None:
    line = Alone(settings=LinkSettings(lead_ns=500 * NS_PER_US))
    line.host.submit(Transaction([WriteWords(0, bytes(3000))]))
    first = line.says()
    assert len(first) == 1 or sum(len(frame.serialize()) for frame in first[:-1]) <= 500
    sent = sum(len(frame.serialize()) for frame in first)
    assert line.host.next_deadline() == (sent - 500) * OCTET_NS
    line.wait_for_deadline()
    assert len(line.says()) == 1


def test_a_line_without_a_sign_of_life_is_given_up() -> None:
    settings = LinkSettings(keepalive_ns=NS_PER_MS, patience_ns=5 * NS_PER_MS)
    line = Alone(settings=settings)
    line.wait(900_000)
    line.hears(Frame(MessageType.LOG, session=TAG, payload=b"alive"))
    assert line.host.next_deadline() == 1_900_000, "a PING is for a board that says nothing"
    pings = 0
    for _ in range(5):
        line.wait_for_deadline()
        pings += sum(frame.type == MessageType.PING for frame in line.says())
    assert line.host.state is HostState.DOWN
    assert pings == 4 and line.now_ns == 900_000 + settings.patience_ns
    assert line.events()[-1] == Closed(Downfall.SILENT, "no sign of life in 0.005 s", ())


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_what_is_heard_before_the_greeting_is_not_ours() -> None:
    other = replace(GREETING, session_id=examples.SESSION_ID ^ 0x10000)
    line = Alone(is_open=False)
    line.hears(
        Frame(MessageType.HELLO, 0, 8, 0, TAG, other.serialize()),
        Frame(MessageType.HELLO, 0, 8, 0, TAG ^ 1, b"of another version"),
        nak(NakCode.NO_SESSION, 0, session=0), nak(NakCode.TYPE, 0), Frame(MessageType.PING, session=0), reply(0),
        event(0, 5),
    )  # fmt: skip
    assert line.host.state is HostState.GREETING and line.events() == [] and line.says() == []
    line.hears(line.hello)
    assert line.host.state is HostState.GREETING and line.host.counts["echoed"] == 1, "a line that only echoes"
    line.hears(Frame(MessageType.HELLO, 0, 8, 0x80, TAG, GREETING.serialize()))
    assert line.events() == [Opened(GREETING)] and line.host.irq


@pytest.mark.parametrize("what", ["nothing", "rest", "echo"])
def test_a_board_that_still_says_something_is_waited_for_longer(what: str) -> None:
    """As the rest of what another host asked for; an echo of our own words is no board."""
    line = Alone(is_open=False)
    hello = line.hello.serialize()
    limit_ns = LinkSettings().greeting_limit_ns
    while line.host.state is HostState.GREETING:
        if what != "nothing":
            line.hears(hello if what == "echo" else b"\x11\x22")
        line.wait_for_deadline()
    assert line.now_ns == limit_ns * (TALKATIVE if what == "rest" else 1)
    (closed,) = line.events()
    assert isinstance(closed, Closed) and closed.why is Downfall.SILENT
    assert closed.detail == f"no greeting in {line.now_ns // NS_PER_S} s"


def test_a_board_that_falls_silent_is_given_up_after_the_limit() -> None:
    line = Alone(is_open=False)
    line.wait(NS_PER_S)
    line.hears(b"\x11")
    while line.host.state is HostState.GREETING:
        line.wait_for_deadline()
    assert line.now_ns == NS_PER_S + LinkSettings().greeting_limit_ns


def test_a_greeting_of_ours_that_cannot_be_read_ends_it() -> None:
    line = Alone(is_open=False)
    line.hears(Frame(MessageType.HELLO, 0, 8, 0, TAG, b"short"))
    (end,) = line.events()
    assert isinstance(end, Closed) and end.why is Downfall.NONSENSE and "5 octets" in end.detail


def test_frames_of_another_session_have_no_effect() -> None:
    line = Alone()
    line.ask()
    foreign = (
        reply(0, session=TAG ^ 1), nak(NakCode.SEQUENCE, 0, session=TAG ^ 1),
        nak(NakCode.TYPE, 0, session=TAG ^ 1), Frame(MessageType.EVENT, 0, 8, 0x80, TAG ^ 1, event(0, 1).payload),
        Frame(MessageType.LOG, session=TAG ^ 1, payload=b"not to us"), Frame(MessageType.RESET, session=TAG),
        nak(NakCode.NO_SESSION, 0),
    )  # fmt: skip
    line.hears(*foreign)
    assert line.says() == [] and line.events() == [] and not line.host.irq
    assert line.host.state is HostState.OPEN and line.host.counts["not_ours"] == 5


def test_a_second_greeting_begins_the_events_anew_and_opens_nothing() -> None:
    """A HELLO was repeated too early; the board then has forgotten what it had told."""
    line = Alone()
    for number, time_ns in ((0, 10), (1, 11)):
        line.hears(event(number, time_ns))
    line.hears(Frame(MessageType.HELLO, 0, 8, 0, TAG, GREETING.serialize()), event(0, 12), event(0, 12))
    assert [told.event.time_ns for told in line.events()] == [10, 11, 12]  # type: ignore[union-attr]  # else it fails
    assert [frame.sequence for frame in line.says()] == [0, 1, 0, 0]


def test_events_wrap() -> None:
    line = Alone()
    for number in range(600):
        line.hears(event(number & 0xFF, number), event(number & 0xFF, number))
    assert [told.event.time_ns for told in line.events() if isinstance(told, Interrupt)] == list(range(600))
    assert [frame.sequence for frame in line.says()] == [number & 0xFF for number in range(600) for _ in range(2)]
