"""Both ends of the link against each other on a line that loses, damages and repeats as it likes, without any clock
but a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.link import examples
from rig.link.device import EVENT_REPEAT_NS, DeviceSession
from rig.link.estimates import LinkSettings
from rig.link.events import Closed, Downfall, Finished, HostEvent, HostState, Interrupt, LogLine, Opened, Reset
from rig.link.frame import Deframer, Frame, MessageType, NakCode
from rig.link.host import HostSession
from rig.link.messages import BatchReply, LineEvent, LinkOperation, ReadWords, ReplyCode, WriteWords, serialize_batch
from rig.link.transaction import Transaction
from tests.helpers.long_frame import long_frame

SESSION_ID = examples.SESSION_ID
TAG = SESSION_ID & 0xFFFF
HOLE = 0x2000
Damage = Callable[[bytes], bytes]


@dataclass(slots=True)
class Memory:
    """What the device's owner executes on: words, one hole, and a record of every write."""

    words: dict[int, bytes] = field(default_factory=dict)
    writes: list[tuple[int, bytes]] = field(default_factory=list)

    def execute(self, operations: Iterable[LinkOperation]) -> BatchReply:
        read = bytearray()
        index = 0
        for index, operation in enumerate(operations):
            count = operation.words if isinstance(operation, ReadWords) else len(operation.data) // 4
            for number in range(count):
                address = operation.address + 4 * number
                if address >= HOLE:
                    return BatchReply(ReplyCode.REFUSED, index, address, bytes(read))
                if isinstance(operation, ReadWords):
                    read += self.words.get(address, bytes(4))
                else:
                    word = operation.data[4 * number : 4 * number + 4]
                    self.words[address] = word
                    self.writes.append((address, word))
        return BatchReply(ReplyCode.DONE, index + 1, 0, bytes(read))


def untouched(octets: bytes) -> bytes:
    return octets


class Table:
    """A host and a device with a line between them that ``damage`` sits on."""

    def __init__(self, damage: Damage = untouched, settings: LinkSettings | None = None) -> None:
        self.now_ns = 0
        self.memory = Memory()
        self.device = DeviceSession(examples.GREETING)
        self.host = HostSession(SESSION_ID, settings)
        self.damage = damage
        self.events: list[HostEvent] = []

    def turn(self) -> bool:
        """Let each end say what it has to say; tell whether anything was said."""
        to_device = self.host.octets_to_send(self.now_ns)
        if to_device:
            self.device.receive_octets(self.damage(to_device), self.now_ns)
        while (command := self.device.next_command()) is not None:
            reply = None if command.is_reset else self.memory.execute(command.operations)
            self.device.executed(reply, self.now_ns)
        spoke = bool(to_device)
        while octets := self.device.frame_to_send():
            spoke = True
            self.host.receive_octets(self.damage(octets), self.now_ns)
        while (event := self.host.next_event()) is not None:
            self.events.append(event)
        return spoke

    def run(self, is_done: Callable[[], bool], limit_ns: int = 3_600_000_000_000) -> None:
        """Go on, jumping from deadline to deadline, until ``is_done``."""
        while not is_done():
            self.now_ns += 1000
            if self.turn():
                continue
            deadlines = [time for time in (self.host.next_deadline(), self.device.next_deadline()) if time is not None]
            assert deadlines, f"nobody has anything to do: {self.host.state}"
            self.now_ns = max(self.now_ns, min(deadlines))
            assert self.now_ns < limit_ns
            self.host.handle_timers(self.now_ns)
            self.device.handle_timers(self.now_ns)
        while (event := self.host.next_event()) is not None:
            self.events.append(event)

    def open(self) -> None:
        self.host.open(self.now_ns)
        self.run(lambda: self.host.state is not HostState.GREETING)
        assert self.host.state is HostState.OPEN

    def finish(self, transactions: Iterable[Transaction]) -> None:
        wanted = list(transactions)
        for transaction in wanted:
            self.host.submit(transaction)
        self.run(lambda: self.host.is_idle or self.host.state is HostState.DOWN)
        assert [event.transaction for event in self.events if isinstance(event, Finished)][-len(wanted) :] == wanted


class SeededDamage:
    """Hits frames, or single octets, with a probability."""

    def __init__(self, seed: int, rate: float) -> None:
        self._dice = Random(seed)
        self._rate = rate

    def __call__(self, octets: bytes) -> bytes:
        dice = self._dice
        arrived = bytearray()
        for octet in octets:
            lot = dice.random() / self._rate
            if lot < 1:
                arrived += bytes([octet ^ 1 << dice.randrange(8)])
            elif lot < 2:
                pass
            elif lot < 3:
                arrived += bytes([octet, octet])
            else:
                arrived.append(octet)
        return bytes(arrived)


ADDRESSES = st.integers(0, 300).map(lambda word: 4 * word)
OPERATIONS = st.lists(
    st.builds(ReadWords, ADDRESSES, st.integers(1, 700))
    | st.builds(WriteWords, ADDRESSES, st.binary(min_size=1, max_size=200).map(lambda data: data * 4))
    | st.just(ReadWords(HOLE, 1)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(OPERATIONS, min_size=1, max_size=12),
    st.integers(0, 1 << 32),
    st.sampled_from([0.0001, 0.001, 0.002]),
    st.booleans(),
)
def test_any_transactions_on_a_bad_line_are_done_once_and_in_order(
    batches: list[list[LinkOperation]], seed: int, rate: float, has_events: bool
) -> None:
    model = Memory()
    expected = [model.execute(operations) for operations in batches]
    table = Table(SeededDamage(seed, rate))
    table.open()
    if has_events:
        table.device.line_changed(True, table.now_ns)
    transactions = [Transaction(operations) for operations in batches]
    table.finish(transactions)
    for transaction, reply in zip(transactions, expected, strict=True):
        assert b"".join(transaction.read) == reply.data
        if reply.code == ReplyCode.DONE:
            assert transaction.failure is None
        else:
            assert transaction.failure is not None
            assert (transaction.failure.code, transaction.failure.index) == (reply.code, reply.index)
            assert transaction.failure.address == reply.address
    assert table.memory.writes == model.writes, "each write once, in order"
    if has_events:
        table.run(lambda: any(isinstance(event, Interrupt) for event in table.events))
        assert table.host.irq
        assert sum(isinstance(event, Interrupt) for event in table.events) == 1


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 32), st.lists(st.sampled_from("ldn"), min_size=1, max_size=60))
def test_whole_frames_that_are_lost_or_repeated(seed: int, fates: list[str]) -> None:
    """A frame that arrives twice, as no line does to it but a retransmission might, is executed once."""
    lots = iter(fates)

    def fate(octets: bytes) -> bytes:
        lot = next(lots, "n")
        return {"l": b"", "d": octets * 2, "n": octets}[lot]

    table = Table()
    table.open()
    table.damage = fate
    dice = Random(seed)
    transactions = [
        Transaction([WriteWords(4 * number, dice.randbytes(4)), ReadWords(0, 1 + number)]) for number in range(12)
    ]
    table.finish(transactions)
    assert [address for address, _ in table.memory.writes] == [4 * number for number in range(12)]


@pytest.mark.parametrize("window", [1, 2, 64])
def test_other_windows_and_less_room_than_ours(window: int) -> None:
    """What a device says of itself is kept to: it never has to answer busy, and never loses a reply."""
    table = Table(SeededDamage(window, 0.0005))
    table.device.identity = replace(
        examples.GREETING, window=window, largest_payload_octets=256, receive_octets=600, store_octets=600
    )
    table.open()
    transactions = [Transaction([WriteWords(0, bytes([number]) * 400), ReadWords(0, 300)]) for number in range(60)]
    table.finish(transactions)
    assert [bytes(transaction.read[1][:4]) for transaction in transactions] == [bytes([n]) * 4 for n in range(60)]
    assert not table.device.counts["nak_busy"] and not table.device.counts["nak_replay_lost"]
    assert table.host.payload_limit_octets <= 256


def test_numbers_wrap() -> None:
    table = Table(SeededDamage(3, 0.0003))
    table.open()
    table.finish(Transaction([WriteWords(0, number.to_bytes(4, "little")), ReadWords(0, 1)]) for number in range(700))
    assert [int.from_bytes(word, "little") for _, word in table.memory.writes] == list(range(700))


def test_a_transaction_ends_at_its_first_refusal_however_many_frames_it_takes() -> None:
    table = Table()
    table.open()
    big = Transaction([WriteWords(0, bytes(1200)), ReadWords(HOLE - 4, 900), WriteWords(0x100, b"\1" * 2400)])
    after = Transaction([ReadWords(0x100, 1)])
    table.finish([big, after])
    assert big.failure is not None
    assert (big.failure.code, big.failure.index, big.failure.address) == (ReplyCode.REFUSED, 1, HOLE)
    assert bytes(big.read[1]) == bytes(4)
    assert bytes(after.read[0]) == bytes(4), "what came after the refusal is not done"
    assert len(table.memory.writes) == 300


def test_a_transaction_that_has_not_begun_can_be_withdrawn() -> None:
    table = Table()
    table.open()
    first = Transaction([WriteWords(0, bytes(40_000))])
    second, third = (Transaction([WriteWords(4, bytes(4))]) for _ in range(2))
    for transaction in (first, second, third):
        table.host.submit(transaction)
    table.turn()
    assert not table.host.withdraw(first)
    assert table.host.withdraw(second)
    assert not table.host.withdraw(second)
    table.run(lambda: table.host.is_idle)
    assert sum(address == 4 for address, _ in table.memory.writes) == 2, "of the first and of the third"


# -- the device by itself ----------------------------------------------------------------------------------------------


def said(device: DeviceSession) -> list[Frame]:
    frames = []
    while octets := device.frame_to_send():
        (piece,) = Deframer().feed(octets)
        frames.append(Frame.parse(piece))
    return frames


def opened_device() -> DeviceSession:
    device = DeviceSession(examples.GREETING)
    device.receive_octets(examples.examples()[0].octets, 0)
    (greeting,) = said(device)
    assert greeting == examples.examples()[1].frame
    return device


def batch(sequence: int, *, session: int = TAG, round_: int = 0, payload: bytes | None = None) -> bytes:
    data = serialize_batch([ReadWords(0, 1)]) if payload is None else payload
    return Frame(MessageType.BATCH, sequence, round_, 0, session, data).serialize()


def answer(device: DeviceSession, octets: bytes) -> list[Frame]:
    device.receive_octets(octets, 0)
    while (command := device.next_command()) is not None:
        device.executed(None if command.is_reset else BatchReply(0, len(command.operations), 0, bytes(4)), 0)
    return said(device)


def naks(frames: list[Frame]) -> list[tuple[int, int, int]]:
    return [(frame.result, frame.sequence, frame.credit) for frame in frames if frame.type == MessageType.NAK]


def test_a_device_without_a_session() -> None:
    device = DeviceSession(examples.GREETING)
    assert answer(device, b"\xaa\x55 boot loader v1\r\n\0\0garbage\0") == []
    (nak,) = answer(device, batch(0))
    assert (nak.type, nak.result, nak.session) == (MessageType.NAK, NakCode.NO_SESSION, 0)
    (ping,) = answer(device, Frame(MessageType.PING, 7, session=TAG, payload=b"abcd").serialize())
    assert (ping.type, ping.sequence, ping.session, ping.payload) == (MessageType.PING, 7, 0, b"abcd")
    (reset,) = answer(device, Frame(MessageType.RESET, 9).serialize())
    assert (reset.type, reset.sequence, reset.session) == (MessageType.RESET, 9, 0)
    device.line_changed(True, 5)
    assert said(device) == [], "no event without a session"
    greeting, event = answer(device, examples.examples()[0].octets)
    assert greeting.irq and event.type == MessageType.EVENT and event.sequence == 0


def test_duplicates_are_replayed_and_never_executed() -> None:
    device = opened_device()
    (first,) = answer(device, batch(0))
    assert first.type == MessageType.BATCH_REPLY and device.counts["executed"] == 1
    device.irq = True
    for again in (batch(0), batch(0, payload=b"")):
        (second,) = answer(device, again)
        assert second.payload == first.payload and second.irq, "the header is one of now"
    assert device.counts["executed"] == 1
    for number in range(1, 9):
        answer(device, batch(number))
    assert naks(answer(device, batch(0))) == [(NakCode.SEQUENCE, 9, 0)], "out of the window"
    assert answer(device, batch(1))[0].sequence == 1


def test_what_was_not_executed_in_this_session_is_no_duplicate() -> None:
    device = opened_device()
    assert naks(answer(device, batch(255))) == [(NakCode.SEQUENCE, 0, 0)]
    answer(device, batch(0))
    assert naks(answer(device, batch(255, round_=1))) == [(NakCode.SEQUENCE, 1, 1)]


def test_a_gap_is_told_once_a_round_and_to_every_probe() -> None:
    device = opened_device()
    assert naks(answer(device, batch(1))) == [(NakCode.SEQUENCE, 0, 0)]
    assert naks(answer(device, batch(2))) == []
    assert naks(answer(device, batch(1, round_=1))) == [(NakCode.SEQUENCE, 0, 1)]
    assert naks(answer(device, batch(2, round_=1))) == []
    assert naks(answer(device, batch(0, round_=1, payload=b""))) == [(NakCode.SEQUENCE, 0, 1)], "a probe"
    assert device.counts["executed"] == 0
    assert answer(device, batch(0, round_=1))[0].type == MessageType.BATCH_REPLY
    assert naks(answer(device, batch(2, round_=1))) == [(NakCode.SEQUENCE, 1, 1)]


def test_what_a_device_refuses() -> None:
    device = opened_device()
    assert naks(answer(device, b"\0" + b"\x11" * 30 + b"\0")) == [(NakCode.CRC, 0, 0)]
    assert naks(answer(device, batch(0, session=TAG ^ 1))) == [(NakCode.NO_SESSION, 0, 0)]
    assert naks(answer(device, Frame(0x55, session=TAG).serialize())) == [(NakCode.TYPE, 0, 0)]
    assert naks(answer(device, long_frame(2036))) == [(NakCode.TYPE, 0, 0)]
    assert naks(answer(device, long_frame(2040))) == [(NakCode.CRC, 0, 0)]
    assert naks(answer(device, batch(0, payload=b"abc"))) == [(NakCode.TYPE, 0, 0)]
    assert naks(answer(device, Frame(MessageType.PING, payload=bytes(8)).serialize())) == [(NakCode.TYPE, 0, 0)]
    assert device.counts["executed"] == 0


def test_a_device_keeps_no_more_than_its_store() -> None:
    device = opened_device()
    payload = serialize_batch([ReadWords(0, 500)])
    for number in range(3):
        device.receive_octets(batch(number, payload=payload), 0)
        assert device.next_command() is not None
        device.executed(BatchReply(0, 1, 0, bytes(2000)), 0)
    assert len(said(device)) == 3
    assert naks(answer(device, batch(0, payload=b""))) == [(NakCode.REPLAY_LOST, 3, 0)]
    assert answer(device, batch(1, payload=b""))[0].type == MessageType.BATCH_REPLY


def test_a_device_takes_no_more_than_it_has_room_for() -> None:
    device = opened_device()
    wide = serialize_batch([WriteWords(0, bytes(2000))])
    device.receive_octets(batch(0), 0)  # is being executed
    for number in range(1, 4):
        device.receive_octets(batch(number, payload=wide), 0)
    assert naks(said(device)) == [(NakCode.BUSY, 1, 0)]


def test_events_are_repeated_until_acknowledged_and_merged_meanwhile() -> None:
    device = opened_device()
    device.line_changed(True, 100)
    (event,) = said(device)
    assert event.type == MessageType.EVENT and device.next_deadline() == 100 + EVENT_REPEAT_NS
    device.handle_timers(50)
    assert said(device) == []
    device.handle_timers(100 + EVENT_REPEAT_NS)
    assert said(device) == [event]
    for time_ns, level in ((200, False), (300, True), (400, False)):
        device.line_changed(level, time_ns)
    assert said(device) == []
    assert answer(device, Frame(MessageType.EVENT_ACK, 1, session=TAG).serialize()) == [], "not that one"
    assert answer(device, Frame(MessageType.EVENT_ACK, 0, session=TAG ^ 1).serialize()) == [], "of another session"
    (merged,) = answer(device, Frame(MessageType.EVENT_ACK, 0, session=TAG).serialize())
    assert merged.sequence == 1 and merged.payload == bytes([0] * 4 + [2] + [0] * 3) + (400).to_bytes(8, "little")
    assert answer(device, Frame(MessageType.EVENT_ACK, 1, session=TAG).serialize()) == []
    assert device.next_deadline() is None


def test_the_count_of_merged_changes_stops_at_its_limit() -> None:
    device = opened_device()
    for number in range(65_540):
        device.line_changed(number % 2 == 0, number)
    assert len(said(device)) == 1
    (merged,) = answer(device, Frame(MessageType.EVENT_ACK, 0, session=TAG).serialize())
    assert LineEvent.parse(merged.payload) == LineEvent(False, 65_535, 65_539)


# -- the host by itself ------------------------------------------------------------------------------------------------


def closed(table: Table) -> Closed:
    (event,) = [event for event in table.events if isinstance(event, Closed)]
    return event


def test_a_silent_board() -> None:
    table = Table(lambda _: b"")
    table.host.open(0)
    table.run(lambda: table.host.state is HostState.DOWN)
    assert closed(table).why is Downfall.SILENT and "greeting" in closed(table).detail
    assert table.now_ns < 4_000_000_000


def test_a_line_that_goes_dead() -> None:
    table = Table()
    table.open()
    table.damage = lambda _: b""
    transaction, later = (Transaction([ReadWords(0, 1)]) for _ in range(2))
    table.host.submit(transaction)
    table.turn()
    table.host.submit(later)
    table.run(lambda: table.host.state is HostState.DOWN)
    assert closed(table).lost == (transaction, later)
    assert table.host.next_deadline() is None


def test_a_transaction_half_of_which_is_done_is_told_as_lost() -> None:
    """Also when just then nothing of it is outstanding: what is done of it is done."""
    table = Table()
    table.open()
    begun, later = Transaction([WriteWords(0, bytes(40_000))]), Transaction([ReadWords(0, 1)])
    table.host.submit(begun)
    table.host.submit(later)
    table.turn()
    assert table.memory.writes and not begun.is_cut
    table.host.close()
    table.turn()
    assert closed(table).lost == (begun,) and table.host.take_waiting() == [later]


def test_an_event_that_is_repeated_is_acknowledged_again_and_delivered_once() -> None:
    table = Table()
    table.open()
    for number, times in ((0, 3), (1, 2)):
        event = Frame(MessageType.EVENT, number, 8, 0, TAG, LineEvent(True, 0, number).serialize())
        for _ in range(times):
            table.host.receive_octets(event.serialize(), table.now_ns)
            acknowledgement = Frame.parse(next(iter(Deframer().feed(table.host.octets_to_send(table.now_ns)))))
            assert (acknowledgement.type, acknowledgement.sequence) == (MessageType.EVENT_ACK, number)
    table.turn()
    assert [event.event.time_ns for event in table.events if isinstance(event, Interrupt)] == [0, 1]


@pytest.mark.parametrize("code", [NakCode.TYPE, NakCode.REPLAY_LOST])
def test_a_refusal_that_a_good_host_never_earns_ends_the_session(code: NakCode) -> None:
    table = Table()
    table.open()
    table.host.receive_octets(Frame(MessageType.NAK, 0, 0, code, TAG).serialize(), table.now_ns)
    table.turn()
    assert closed(table).why is Downfall.NONSENSE and code.name.lower() in closed(table).detail


def test_a_board_that_restarts_is_noticed_at_once() -> None:
    table = Table()
    table.open()
    table.device.power_lost()
    table.host.submit(Transaction([ReadWords(0, 1)]))
    table.run(lambda: table.host.state is HostState.DOWN, limit_ns=50_000_000)
    assert closed(table).why is Downfall.LOST_SESSION


def test_a_board_that_another_host_takes() -> None:
    table = Table()
    table.open()
    table.device.receive_octets(Frame(MessageType.HELLO, payload=b"\x99\x88\0\0").serialize(), 0)
    table.host.submit(Transaction([ReadWords(0, 1)]))
    table.run(lambda: table.host.state is HostState.DOWN, limit_ns=50_000_000)
    assert closed(table).why is Downfall.TAKEN and "0x8899" in closed(table).detail


def test_an_idle_host_asks_for_a_sign_of_life_if_told_to() -> None:
    table = Table(settings=LinkSettings(keepalive_ns=1_000_000_000))
    table.open()
    table.run(lambda: table.now_ns > 3_000_000_000)
    assert table.host.state is HostState.OPEN
    table.device.power_lost()
    table.run(lambda: table.host.state is HostState.DOWN, limit_ns=6_000_000_000)
    assert closed(table).why is Downfall.LOST_SESSION


def test_reset_and_log() -> None:
    table = Table()
    table.open()
    table.device.log("adapter powered")
    table.run(lambda: LogLine("adapter powered") in table.events)
    table.host.reset_board()
    table.run(lambda: Reset() in table.events)
    assert table.host.state is HostState.DOWN and not table.device.has_session


def test_the_answer_to_an_earlier_reset_does_not_end_the_session_that_begins() -> None:
    table = Table()
    table.host.open(table.now_ns)
    (late,) = (example.octets for example in examples.examples() if example.name == "reset_answer")
    table.host.receive_octets(late, table.now_ns)
    assert table.host.state is HostState.GREETING and table.host.counts["not_ours"] == 1
    table.run(lambda: table.host.state is HostState.OPEN)
    assert Reset() not in table.events
    table.finish([Transaction([ReadWords(0, 1)])])


def test_a_late_greeting_changes_nothing() -> None:
    table = Table()
    table.open()
    table.device.line_changed(True, 0)
    table.run(lambda: any(isinstance(event, Interrupt) for event in table.events))
    table.host.receive_octets(examples.examples()[1].octets, table.now_ns)
    assert sum(isinstance(event, Opened) for event in table.events) == 1
    table.finish([Transaction([ReadWords(0, 1)])])


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (BatchReply(0, 2, 0, bytes(4)).serialize(), "operation 2"),
        (BatchReply(0, 1, 0, bytes(8)).serialize(), "8 octets"),
        (BatchReply(0, 1, 0).serialize(), "0 octets"),
        (b"ab", "whole words"),
        (BatchReply(1, 0, 4, bytes(4)).serialize(), "address 0x0004, outside"),
    ],
)
def test_a_reply_that_makes_no_sense_ends_the_session(payload: bytes, problem: str) -> None:
    table = Table()
    table.open()
    transaction = Transaction([ReadWords(0, 1)])
    table.host.submit(transaction)
    table.host.octets_to_send(table.now_ns)
    code = ReplyCode.REFUSED if "outside" in problem else ReplyCode.DONE
    table.host.receive_octets(Frame(MessageType.BATCH_REPLY, 0, 8, code, TAG, payload).serialize(), table.now_ns)
    (event,) = (event for event in iter(table.host.next_event, None) if isinstance(event, Closed))
    assert event.why is Downfall.NONSENSE and problem in event.detail and event.lost == (transaction,)
