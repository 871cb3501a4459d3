"""The device's end by itself: what it forgets, what it has room for, and what wraps."""

from __future__ import annotations

from rig.link import examples
from rig.link.device import EVENT_REPEAT_NS, DeviceSession
from rig.link.frame import Frame, MessageType, NakCode
from rig.link.messages import BatchReply, LineEvent, ReadWords, WriteWords, serialize_batch, serialize_hello
from tests.link.test_sessions import TAG, answer, batch, naks, opened_device, said

HELLO = examples.examples()[0].octets
PROBE = b""
LARGEST_WRITE = serialize_batch([WriteWords(0, bytes(2032))])


def acknowledge(device: DeviceSession, number: int, session: int = TAG) -> list[Frame]:
    return answer(device, Frame(MessageType.EVENT_ACK, number, session=session).serialize())


def execute(device: DeviceSession, octets: bytes, words: int = 1) -> list[Frame]:
    """Give it a BATCH, execute it, and let it say what it has to."""
    device.receive_octets(octets, 0)
    assert device.next_command() is not None
    device.executed(BatchReply(0, 1, 0, bytes(4 * words)), 0)
    return said(device)


def test_room_to_the_last_octet() -> None:
    device = opened_device()
    device.receive_octets(batch(0), 0)  # is being executed, and takes no room any more
    assert len(LARGEST_WRITE) + 12 == examples.GREETING.receive_octets // 2
    for number in (1, 2):
        device.receive_octets(batch(number, payload=LARGEST_WRITE), 0)
    assert said(device) == []
    device.receive_octets(batch(3, payload=PROBE), 0)
    assert naks(said(device)) == [(NakCode.BUSY, 1, 0)]
    (ping,) = answer(device, Frame(MessageType.PING, 7, session=TAG).serialize())[3:]
    assert ping.type == MessageType.PING, "what is no BATCH finds room"


def test_every_reply_of_the_window_can_be_had_again_however_long_the_session() -> None:
    device = opened_device()
    window = examples.GREETING.window
    for number in range(600):
        (reply,) = execute(device, batch(number & 0xFF))
        assert reply.sequence == number & 0xFF
        for behind in {min(number, window - 1), 0}:
            (again,) = answer(device, batch(number - behind & 0xFF, payload=PROBE))
            assert (again.type, again.sequence) == (MessageType.BATCH_REPLY, number - behind & 0xFF)
    assert device.counts["executed"] == 600


def test_a_probe_does_not_use_the_nak_of_a_round_up() -> None:
    device = opened_device()
    assert naks(answer(device, batch(0, payload=PROBE))) == [(NakCode.SEQUENCE, 0, 0)]
    assert naks(answer(device, batch(1))) == [(NakCode.SEQUENCE, 0, 0)]


def test_a_hello_drops_everything_also_a_repeated_one() -> None:
    device = opened_device()
    for number in range(3):
        execute(device, batch(number, round_=5))
    device.line_changed(True, 10)
    device.line_changed(False, 11)
    acknowledge(device, 0)
    device.line_changed(True, 12)
    device.line_changed(False, 13)
    device.receive_octets(batch(1, round_=5, payload=PROBE), 0)  # whose answer has not left when the HELLO comes
    assert device.next_deadline() is not None
    (greeting,) = answer(device, HELLO)
    assert greeting.type == MessageType.HELLO
    assert device.next_deadline() is None
    device.handle_timers(10 * EVENT_REPEAT_NS)
    assert acknowledge(device, 1) == []
    assert naks(answer(device, b"\0damaged\0")) == [(NakCode.CRC, 0, 0)], "no BATCH, no round"
    assert naks(answer(device, batch(2, payload=PROBE))) == [(NakCode.SEQUENCE, 0, 0)]
    execute(device, batch(0))
    assert device.counts["executed"] == 4
    device.line_changed(True, 20)
    (event,) = said(device)
    assert (event.sequence, LineEvent.parse(event.payload)) == (0, LineEvent(True, 0, 20))


def test_kept_replies_of_older_sessions_take_no_room() -> None:
    device = opened_device()
    for _ in range(4):
        answer(device, HELLO)
        for number in range(2):
            execute(device, batch(number), words=500)
        (again,) = answer(device, batch(0, payload=PROBE))
        assert (again.type, len(again.payload)) == (MessageType.BATCH_REPLY, 2004)


def test_a_session_whose_tag_is_0_is_one_all_the_same() -> None:
    """As in ``link_executor.v``; a host does not ask for it, since nobody could tell it from none."""
    device = DeviceSession(examples.GREETING)
    assert not device.has_session
    (greeting,) = answer(device, Frame(MessageType.HELLO, payload=serialize_hello(0x5EED0000)).serialize())
    assert greeting.type == MessageType.HELLO and device.has_session
    (reply,) = execute(device, batch(0, session=0))
    assert (reply.type, reply.session) == (MessageType.BATCH_REPLY, 0)
    device.power_lost()
    assert not device.has_session


def test_a_batch_without_a_session_is_refused_whatever_it_says() -> None:
    device = DeviceSession(examples.GREETING)
    assert naks(answer(device, batch(0, session=0))) == [(NakCode.NO_SESSION, 0, 0)]
    assert device.counts["executed"] == 0
    device.log("nobody hears this")
    assert said(device) == []


def test_events_wrap() -> None:
    device = opened_device()
    device.line_changed(True, 0)
    for number in range(600):
        (event,) = said(device)
        assert (event.sequence, LineEvent.parse(event.payload).time_ns) == (number & 0xFF, number)
        assert acknowledge(device, number & 0xFF) == []
        device.line_changed(number % 2 == 1, number + 1)


def test_the_next_event_is_repeated_from_when_it_is_sent() -> None:
    device = opened_device()
    device.line_changed(True, 0)
    said(device)
    device.line_changed(False, 5)
    device.receive_octets(Frame(MessageType.EVENT_ACK, 0, session=TAG).serialize(), 1000)
    assert len(said(device)) == 1 and device.next_deadline() == 1000 + EVENT_REPEAT_NS
    device.receive_octets(Frame(MessageType.EVENT_ACK, 0, session=TAG).serialize(), 2000)
    assert said(device) == [] and device.next_deadline() == 1000 + EVENT_REPEAT_NS, "that one is over already"


def test_a_board_without_power_forgets_what_was_under_way() -> None:
    device = opened_device()
    device.receive_octets(batch(0), 0)
    for number in (1, 2):
        device.receive_octets(batch(number, payload=LARGEST_WRITE), 0)
    device.receive_octets(HELLO[:-6], 0)
    device.power_lost()
    assert not device.has_session and device.next_command() is None and said(device) == []
    (greeting,) = answer(device, HELLO[1:])
    assert greeting.type == MessageType.HELLO, "half a frame of before is not put before it"
    device.receive_octets(batch(0, payload=serialize_batch([ReadWords(0, 1)])), 0)
    for number in (1, 2):
        device.receive_octets(batch(number, payload=LARGEST_WRITE), 0)
    assert said(device) == [], "there is room again"
