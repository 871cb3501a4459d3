"""Frames and payloads of the board link: both directions, cut at every length, in streams of garbage."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest
from cobs import cobs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.errors import UsageError, WireError
from rig.link import examples as page
from rig.link.frame import LARGEST_PAYLOAD_OCTETS, LARGEST_PIECE_OCTETS, Deframer, Frame, line_octets
from rig.link.messages import (
    BatchReply,
    Greeting,
    LineEvent,
    LinkOperation,
    ReadWords,
    WriteWords,
    parse_batch,
    parse_hello,
    serialize_batch,
    serialize_hello,
)

UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
OCTET = st.integers(0, 255)
FRAMES = st.builds(
    Frame, OCTET, OCTET, OCTET, OCTET, st.integers(0, 0xFFFF), st.binary(max_size=LARGEST_PAYLOAD_OCTETS)
)
WORDS = st.binary(min_size=1, max_size=30).map(lambda octets: octets * 4)
ADDRESSES = st.integers(0, 0x3FFF).map(lambda word: 4 * word)
OPERATIONS = st.lists(
    st.builds(ReadWords, ADDRESSES, st.integers(1, 0x1FFF)) | st.builds(WriteWords, ADDRESSES, WORDS), max_size=20
)


def test_the_page_shows_the_examples_of_the_code() -> None:
    text = page.PAGE.read_text()
    assert page.page_with_examples(text) == text, "run python -m rig.link.examples"


@pytest.mark.parametrize("example", page.examples(), ids=lambda example: example.name)
def test_examples_hold(example: page.Example) -> None:
    (piece,) = Deframer().feed(example.octets)
    assert Frame.parse(piece) == example.frame
    assert len(example.octets) <= line_octets(len(example.frame.payload))


def test_an_example_by_hand() -> None:
    """COBS and CRC written out, so that a common error of serialize and parse would show."""
    header = bytes([7, 9, 0, 0, 0x34, 0x12, 4, 0])
    body = header + bytes.fromhex("efbeadde")
    crc = zlib.crc32(body).to_bytes(4, "little")
    assert 0 not in crc
    by_hand = b"\0" + bytes([3, 7, 9, 1, 4, 0x34, 0x12, 4, 9]) + bytes.fromhex("efbeadde") + crc + b"\0"
    (example,) = [example for example in page.examples() if example.name == "ping"]
    assert example.octets == by_hand


@UNHURRIED
@given(FRAMES)
def test_frames_come_back(frame: Frame) -> None:
    octets = frame.serialize()
    assert octets[0] == octets[-1] == 0 and 0 not in octets[1:-1]
    assert len(octets) <= line_octets(len(frame.payload))
    assert Frame.parse(octets[1:-1]) == frame


@UNHURRIED
@given(FRAMES, st.data())
def test_a_damaged_frame_is_refused(frame: Frame, data: st.DataObject) -> None:
    piece = bytearray(frame.serialize()[1:-1])
    at = data.draw(st.integers(0, len(piece) - 1))
    kind = data.draw(st.sampled_from(["flip", "drop", "double", "cut"]))
    if kind == "flip":
        piece[at] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "drop":
        del piece[at]
    elif kind == "double":
        piece.insert(at, piece[at])
    else:
        del piece[at:]
    with pytest.raises(WireError):
        for part in Deframer().feed(b"\0" + bytes(piece) + b"\0") or [b""]:
            Frame.parse(part)


def test_a_frame_is_refused_at_every_length() -> None:
    piece = page.examples()[1].octets[1:-1]
    for length in range(len(piece)):
        with pytest.raises(WireError):
            Frame.parse(piece[:length])


def test_limits_of_a_frame() -> None:
    largest = Frame(2, payload=bytes(LARGEST_PAYLOAD_OCTETS))
    assert Frame.parse(largest.serialize()[1:-1]) == largest
    fullest = Frame(2, 1, 1, 1, 0x0101, bytes([1]) * LARGEST_PAYLOAD_OCTETS)  # as many code octets as there can be
    piece = fullest.serialize()[1:-1]
    assert len(piece) == LARGEST_PIECE_OCTETS and Frame.parse(piece) == fullest
    with pytest.raises(UsageError, match="2040"):
        Frame(2, payload=bytes(2040)).serialize()
    with pytest.raises(WireError, match="longest"):
        Frame.parse(b"\x01" * (LARGEST_PIECE_OCTETS + 1))


@pytest.mark.parametrize("said", [0, 3, 5, 8, 0x104])
def test_a_length_that_is_not_that_of_the_payload(said: int) -> None:
    """Whose CRC is right: a sender that is wrong, no line does it."""
    body = bytes([2, 1, 1, 1, 1, 1]) + said.to_bytes(2, "little") + b"four"
    with pytest.raises(WireError, match=f"says {said} octets of payload, there are 4"):
        Frame.parse(cobs.encode(body + zlib.crc32(body).to_bytes(4, "little")))


@UNHURRIED
@given(st.lists(FRAMES, max_size=4), st.lists(st.binary(max_size=40), min_size=5, max_size=5), st.integers(1, 64))
def test_a_deframer_finds_every_frame_between_garbage(frames: list[Frame], noise: list[bytes], chunk: int) -> None:
    stream = noise[0]
    for frame, after in zip(frames, noise[1:], strict=False):
        stream += frame.serialize() + after
    deframer = Deframer()
    found = []
    for at in range(0, len(stream), chunk):
        for piece in deframer.feed(stream[at : at + chunk]):
            assert piece and 0 not in piece
            try:
                found.append(Frame.parse(piece))
            except WireError:
                pass
    assert found == frames


def test_a_deframer_keeps_little_of_an_endless_piece() -> None:
    deframer = Deframer()
    for _ in range(1000):
        assert deframer.feed(b"\x55" * 100) == []
    assert deframer.pending_octets == 100_000
    (piece,) = deframer.feed(b"\0")
    assert len(piece) == LARGEST_PIECE_OCTETS + 1
    (frame,) = deframer.feed(page.examples()[0].octets)
    assert Frame.parse(frame) == page.examples()[0].frame


@UNHURRIED
@given(OPERATIONS)
def test_batches_come_back(operations: list[LinkOperation]) -> None:
    payload = serialize_batch(operations)
    assert parse_batch(payload) == (operations, None)
    assert len(payload) == sum(operation.request_octets for operation in operations)


def test_malformed_batches_name_the_operation() -> None:
    good: list[LinkOperation] = [ReadWords(0x10, 2), WriteWords(0x20, bytes(8))]
    payload = serialize_batch(good)
    assert parse_batch(payload[:-4]) == (good[:1], WriteWords(0x20, bytes(4)))
    assert parse_batch(serialize_batch(good[:1]) + bytes(4)) == (good[:1], ReadWords(0, 0))
    assert parse_batch(serialize_batch(good[:1]) + b"\x01\x02\x03") == (good[:1], ReadWords(0, 0))
    for words in (0, 0x2000):
        with pytest.raises(UsageError, match="8191"):
            serialize_batch([ReadWords(0, words)])


def test_payloads_come_back_and_are_refused_at_other_lengths() -> None:
    greeting = page.GREETING
    assert Greeting.parse(greeting.serialize()) == greeting
    event = LineEvent(True, 3, 1 << 40)
    assert LineEvent.parse(event.serialize()) == event
    reply = BatchReply(1, 2, 0x1234, bytes(12))
    assert BatchReply.parse(1, reply.serialize()) == reply
    assert parse_hello(serialize_hello(0x1234_5678)) == 0x1234_5678
    for parse, octets in (
        (Greeting.parse, greeting.serialize()),
        (LineEvent.parse, event.serialize()),
        (parse_hello, bytes(4)),
    ):
        for length in range(len(octets)):
            with pytest.raises(WireError):
                parse(octets[:length])
    for length in (0, 1, 3, 6):
        with pytest.raises(WireError):
            BatchReply.parse(0, bytes(length))


def test_greetings_that_can_be_and_that_cannot() -> None:
    greeting = page.GREETING
    for good in (replace(greeting, window=64, largest_payload_octets=32), replace(greeting, window=1)):
        assert Greeting.parse(good.serialize()) == good
    assert Greeting.parse(greeting.serialize() + b"of a higher version") == greeting
    for bad, problem in (
        (replace(greeting, window=0), "window 0"), (replace(greeting, window=65), "window 65"),
        (replace(greeting, largest_payload_octets=31), "largest payload 31"), (replace(greeting, baud=0), "0 baud"),
        (replace(greeting, time_scale=0), "scale 0"),
    ):  # fmt: skip
        with pytest.raises(WireError, match=problem):
            Greeting.parse(bad.serialize())


def test_of_the_status_of_an_event_one_bit_counts() -> None:
    assert not LineEvent.parse(bytes([0xFE]) + bytes(15)).is_asserted
    assert LineEvent.parse(bytes([0xFF]) + bytes(15)).is_asserted
