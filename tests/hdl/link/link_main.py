"""Run in the simulator: the far end of the link alone, in front of a memory, frame by frame."""

from __future__ import annotations

import zlib
from random import Random
from typing import Any

from cobs import cobs

from rig.link import examples
from rig.link.device import DeviceSession
from rig.link.frame import Deframer, Frame, MessageType, NakCode
from rig.link.messages import (
    BatchReply,
    LineEvent,
    LinkOperation,
    ReadWords,
    ReplyCode,
    WriteWords,
    serialize_batch,
    serialize_hello,
)
from rig.runtime.pump_cocotb import SimTime
from tests.hdl.link.uart_main import Line
from tests.helpers.long_frame import long_frame

TAG = examples.SESSION
OCTET_NS = 3_334
IRQ, COUNTER, SILENT = 0x7000, 0x7004, 0x7008
MEMORY_END = 0x7000
REPEAT_NS = 20 << 15
LONGEST_READ_WORDS = 508


class Far:
    """The far end in Verilog, and every frame that came from it."""

    def __init__(self, kernel: SimTime, dut: Any) -> None:
        self.kernel = kernel
        self.line = Line(kernel, dut)
        self.line.port.receiver = self._arrived
        self.frames: list[Frame] = []
        self.pieces: list[bytes] = []
        self._deframer = Deframer()
        self._dut = dut

    def _arrived(self, octets: bytes) -> None:
        for piece in self._deframer.feed(octets):
            self.pieces.append(piece)
            self.frames.append(Frame.parse(piece))  # a board sends nothing else

    async def say(self, *frames: Frame | bytes, answer_octets: int = 100) -> list[Frame]:
        """Send frames in a row; return what comes until the line has rested."""
        self.frames.clear()
        self.pieces.clear()
        octets = b"".join(frame if isinstance(frame, bytes) else frame.serialize() for frame in frames)
        self.line.port.write(octets)
        await self.kernel.sleep_until(self.kernel.now_ns + OCTET_NS * (len(octets) + answer_octets))
        return list(self.frames)

    async def greet(self) -> None:
        """Begin a session."""
        (greeting,) = await self.say(Frame(MessageType.HELLO, payload=serialize_hello(examples.SESSION_ID)))
        assert greeting.type == MessageType.HELLO

    @property
    def writes(self) -> int:
        """How many writes the memory has seen."""
        return int(self._dut.slave.writes.value)


def batch(sequence: int, *operations: LinkOperation, round_: int = 0, code: int = 0, session: int = TAG) -> Frame:
    return Frame(MessageType.BATCH, sequence & 0xFF, round_, code, session, serialize_batch(operations))


def line_write(asserted: bool) -> WriteWords:
    return WriteWords(IRQ, int(asserted).to_bytes(4, "little"))


async def conversation(kernel: SimTime, dut: Any) -> None:
    """The examples of the page, octet by octet."""
    by_name = {example.name: example for example in examples.examples()}
    far = Far(kernel, dut)
    await kernel.sleep_until(2_000)

    async def expect(said: Frame | bytes, *names: str, answer_octets: int = 100) -> None:
        await far.say(said, answer_octets=answer_octets)
        assert [b"\0" + piece + b"\0" for piece in far.pieces] == [by_name[name].octets for name in names], (
            names, far.frames,
        )  # fmt: skip

    await expect(by_name["hello"].octets, "greeting")
    await expect(by_name["read"].octets, "read_reply")
    # The examples have the line high from the reply on: raised here by a batch of another session.
    await far.greet()
    frames = await far.say(batch(0, line_write(True)))
    assert [frame.type for frame in frames] == [MessageType.EVENT, MessageType.BATCH_REPLY]
    event = LineEvent.parse(frames[0].payload)
    assert event.is_asserted and event.lost == 0 and abs(event.time_ns - kernel.now_ns) < 2_000_000
    again = Frame(MessageType.EVENT, 0, 8, by_name["event"].frame.code, TAG,
                  LineEvent(True, 0, event.time_ns).serialize())  # fmt: skip
    assert frames[0] == again
    await expect(by_name["event_ack"].octets)
    await expect(by_name["write_and_read"].octets, "write_and_read_reply")
    frames = await far.say(batch(2, line_write(False)))
    assert not LineEvent.parse(frames[0].payload).is_asserted
    await far.greet()
    for number in range(2):
        await far.say(batch(number, ReadWords(0, 1)))
    await expect(by_name["beyond_the_map"].octets, "refused")
    await expect(by_name["continues"].octets, "skipped")
    await expect(by_name["probe"].octets, "refused")
    damaged = bytearray(by_name["wide_write"].octets)
    damaged[300] ^= 0x10
    await expect(bytes(damaged), "nak_crc")
    await expect(batch(5, ReadWords(0, 1), round_=1), "nak_sequence")
    (reply,) = await far.say(by_name["wide_write"].octets)
    assert (reply.sequence, reply.result) == (4, ReplyCode.DONE)
    (reply,) = await far.say(batch(5, ReadWords(0x4100, 128)), answer_octets=600)
    wide = by_name["wide_write"].frame.payload[4:]
    assert reply.payload[4:] == wide
    await expect(by_name["ping"].octets, "ping_answer")
    await expect(by_name["reset"].octets, "reset_answer")
    await expect(by_name["read"].octets, "nak_no_session")


async def details(kernel: SimTime, dut: Any) -> None:
    """What the page says in a sentence each."""
    far = Far(kernel, dut)
    await kernel.sleep_until(2_000)
    # Garbage before a session is met with silence, and so is an acknowledgement; PING is not.
    assert await far.say(b"garbage\0\0\x05abc\0" + bytes(range(1, 255)) + b"\0") == []
    assert await far.say(Frame(MessageType.EVENT_ACK, 0, session=TAG)) == []
    assert [frame.session for frame in await far.say(Frame(MessageType.PING, 3))] == [0]
    await far.greet()

    # Lengths that a type does not have, and types that there are not.
    for bad in (
        Frame(MessageType.HELLO, payload=b"12345678"), Frame(MessageType.HELLO),
        Frame(MessageType.RESET, payload=b"1234"),
        Frame(MessageType.PING, payload=b"12345678"), Frame(MessageType.PING, payload=b"1"), Frame(0x55, 1),
        Frame(MessageType.EVENT_ACK, payload=b"1234"), Frame(MessageType.BATCH, 0, 0, 0, TAG, b"12345"),
    ):  # fmt: skip
        (answer,) = await far.say(bad)
        assert (answer.type, answer.result, answer.sequence) == (MessageType.NAK, NakCode.TYPE, 0), bad

    # A frame longer than any may be is a bad piece, though its CRC and its length are right; the longest is none.
    for octets, code in ((2036, NakCode.TYPE), (2040, NakCode.CRC)):
        (answer,) = await far.say(long_frame(octets))
        assert (answer.type, answer.result) == (MessageType.NAK, code), octets

    # So is what is shorter than a header, though what stands where the length should be looks well; what says another
    # length than it has; and what ends within a group of its stuffing. The CRC of each is right.
    short = next(
        octets for octets in (number.to_bytes(3, "little") for number in range(1 << 24))
        if zlib.crc32(octets) >> 16 == 0xFCFF
    )  # fmt: skip
    write = batch(0, WriteWords(0x100, b"evil"))
    header = bytes([MessageType.BATCH, 0, 0, 0]) + TAG.to_bytes(2, "little")
    pieces = [cobs.encode(octets + zlib.crc32(octets).to_bytes(4, "little")) for octets in (
        short, *(header + length.to_bytes(2, "little") + write.payload for length in (4, 7, 9, 12, 0x108))
    )]  # fmt: skip
    whole = write.serialize()[1:-1]
    at = 0
    while at + whole[at] < len(whole):
        at += whole[at]
    pieces.append(whole[:at] + bytes([whole[at] + 1]) + whole[at + 1 :])
    for piece in pieces:
        (answer,) = await far.say(b"\0" + piece + b"\0")
        assert (answer.type, answer.result) == (MessageType.NAK, NakCode.CRC), piece

    # Operations that are malformed, too long, unanswered: what was before them is done, what is after is not.
    before = far.writes
    no_words = (0x0000_0100).to_bytes(4, "little")
    over_the_end = (1 << 31 | 3 << 16 | 0x104).to_bytes(4, "little") + b"12345678"
    cases: list[tuple[bytes, int, int, int]] = [
        (serialize_batch([WriteWords(0x100, b"abcd")]) + no_words, ReplyCode.MALFORMED, 1, 0x100),
        (serialize_batch([WriteWords(0x100, b"efgh")]) + over_the_end, ReplyCode.MALFORMED, 1, 0x104),
        (serialize_batch([WriteWords(0x100, b"ijkl"), ReadWords(0, LONGEST_READ_WORDS + 1), ReadWords(0, 1)]),
         ReplyCode.TOO_LONG, 1, 0),
        (serialize_batch([WriteWords(0x100, b"qrst"), ReadWords(0, 4095)]), ReplyCode.TOO_LONG, 1, 0),
        (serialize_batch([ReadWords(0x100, 1), WriteWords(SILENT, b"1234"), WriteWords(0x100, b"uvwx")]),
         ReplyCode.NO_ANSWER, 1, SILENT),
        (serialize_batch([ReadWords(0x700C, 1)]), ReplyCode.REFUSED, 0, 0x700C),
        (serialize_batch([ReadWords(0x6FFC, 2)]), ReplyCode.DONE, 1, 0),
        (serialize_batch([ReadWords(0x8000, 1)]), ReplyCode.REFUSED, 0, 0x8000),
        (serialize_batch([ReadWords(0x102, 1)]), ReplyCode.REFUSED, 0, 0x102),
    ]  # fmt: skip
    for sequence, (payload, code, index, address) in enumerate(cases):
        (frame,) = await far.say(Frame(MessageType.BATCH, sequence, 0, 0, TAG, payload))
        reply = BatchReply.parse(frame.result, frame.payload)
        assert (frame.type, frame.sequence) == (MessageType.BATCH_REPLY, sequence)
        assert (reply.code, reply.index, reply.address) == (code, index, address), (sequence, reply)
    assert far.writes - before == 4
    (frame,) = await far.say(batch(9, ReadWords(0x100, 1), ReadWords(0, LONGEST_READ_WORDS - 1)), answer_octets=2100)
    assert frame.payload[4:8] == b"qrst" and len(frame.payload) == 2036

    # All replies of a window can be had again, none is made twice, and one that has left the window cannot be had.
    frames = await far.say(*(batch(10 + n, WriteWords(COUNTER, b"1234"), ReadWords(COUNTER, 1)) for n in range(9)))
    counts = [int.from_bytes(frame.payload[4:8], "little") for frame in frames]
    assert counts == list(range(1, 10))
    again = await far.say(*(Frame(MessageType.BATCH, 11 + n, 0, 0, TAG) for n in range(8)))
    assert again == frames[1:]
    again = await far.say(*(batch(11 + n, WriteWords(COUNTER, b"1234"), ReadWords(COUNTER, 1)) for n in range(8)))
    assert again == frames[1:]
    (nak,) = await far.say(Frame(MessageType.BATCH, 10, 0, 0, TAG))
    assert (nak.type, nak.result, nak.sequence) == (MessageType.NAK, NakCode.SEQUENCE, 19)

    # NAK(sequence): once for each expected number and round; always for a probe, which uses nothing up.
    assert len(await far.say(batch(30, ReadWords(0, 1)), batch(31, ReadWords(0, 1)))) == 1
    assert len(await far.say(batch(32, ReadWords(0, 1), round_=1), batch(33, ReadWords(0, 1), round_=1))) == 1
    probe = Frame(MessageType.BATCH, 19, 2, 0, TAG)
    assert [nak.credit for nak in await far.say(probe, probe)] == [2, 2]
    assert len(await far.say(batch(33, ReadWords(0, 1), round_=2), batch(33, ReadWords(0, 1), round_=2))) == 1
    assert len(await far.say(batch(19, ReadWords(0, 1), round_=2), batch(33, ReadWords(0, 1), round_=2))) == 2

    # A kept reply that was overwritten is not made up.
    long = ReadWords(0, LONGEST_READ_WORDS)
    frames = await far.say(*(batch(20 + n, long, round_=2) for n in range(3)), answer_octets=7000)
    assert [len(frame.payload) for frame in frames] == [2036] * 3
    (nak,) = await far.say(Frame(MessageType.BATCH, 20, 2, 0, TAG))
    assert (nak.type, nak.result) == (MessageType.NAK, NakCode.REPLAY_LOST)
    (frame,) = await far.say(Frame(MessageType.BATCH, 22, 2, 0, TAG), answer_octets=2100)
    assert frame == frames[2]

    # Of another session: refused, and without effect.
    before = far.writes
    (nak,) = await far.say(batch(23, WriteWords(0, b"1234"), session=TAG ^ 1))
    assert (nak.result, nak.session) == (NakCode.NO_SESSION, TAG)
    assert far.writes == before

    # Events: repeated until acknowledged, with the same time; what changes meanwhile is merged.
    frames = await far.say(batch(23, line_write(True)), answer_octets=3 * REPEAT_NS // OCTET_NS)
    events = [frame for frame in frames if frame.type == MessageType.EVENT]
    assert len(events) >= 3 and all(event == events[0] for event in events) and events[0].irq
    frames = await far.say(batch(24, line_write(False), line_write(True), line_write(False)))
    assert {(frame.sequence, frame.payload) for frame in frames if frame.type == MessageType.EVENT} <= {
        (0, events[0].payload)
    }  # fmt: skip
    assert await far.say(Frame(MessageType.EVENT_ACK, 7, session=TAG), answer_octets=20) == []
    (event,) = await far.say(Frame(MessageType.EVENT_ACK, 0, session=TAG))
    merged = LineEvent.parse(event.payload)
    assert (event.sequence, merged.is_asserted, merged.lost) == (1, False, 2)
    assert merged.time_ns > LineEvent.parse(events[0].payload).time_ns
    assert await far.say(Frame(MessageType.EVENT_ACK, 1, session=TAG), answer_octets=2 * REPEAT_NS // OCTET_NS) == []

    # What waits while a long reply is sent: a control frame goes before an event, an event before a reply.
    frames = await far.say(
        batch(25, long), batch(26, line_write(True)), Frame(MessageType.PING, 77), answer_octets=2200
    )  # fmt: skip
    assert [(frame.type, frame.sequence) for frame in frames] == [
        (MessageType.BATCH_REPLY, 25), (MessageType.PING, 77), (MessageType.EVENT, 2), (MessageType.BATCH_REPLY, 26)
    ]  # fmt: skip

    # A session that begins with the line high has its event 0 at once; RESET takes the line down, and the session.
    frames = await far.say(Frame(MessageType.HELLO, 5, payload=serialize_hello(0x77770042)))
    assert [(frame.type, frame.sequence, frame.session) for frame in frames] == [
        (MessageType.HELLO, 5, 0x42), (MessageType.EVENT, 0, 0x42)
    ]  # fmt: skip
    (answer,) = await far.say(Frame(MessageType.RESET, 1))
    assert (answer.type, answer.irq) == (MessageType.RESET, False)
    (answer,) = await far.say(batch(0, ReadWords(0, 1)))
    assert (answer.type, answer.result) == (MessageType.NAK, NakCode.NO_SESSION)


async def stuffing(kernel: SimTime, dut: Any) -> None:
    """Groups at their limit, both ways: a code octet of 254 stands for a zero, one of 255 does not."""
    far = Far(kernel, dut)
    await kernel.sleep_until(2_000)
    await far.greet()
    for sequence, run in enumerate((*range(252, 257), 507, 508, 509)):
        data = (b"\0\0" + b"\x7f" * run + b"\0").ljust(600, b"\x7f")
        (frame,) = await far.say(batch(sequence, WriteWords(0x200, data), ReadWords(0x200, 150)), answer_octets=700)
        assert frame.payload[4:] == data, run


async def moments(kernel: SimTime, dut: Any) -> None:
    """What happens while a frame is being sent does not show in it: :class:`Far` takes none that is damaged."""
    far = Far(kernel, dut)
    await kernel.sleep_until(2_000)
    await far.greet()
    sequence = number = 0  # of the next batch and event

    async def acknowledge(*operations: LinkOperation) -> list[Frame]:
        """Do them, and acknowledge the event that comes of it."""
        nonlocal sequence, number
        frames = await far.say(batch(sequence, *operations), answer_octets=80)
        acknowledgement = Frame(MessageType.EVENT_ACK, number & 0xFF, session=TAG)
        for frame in await far.say(acknowledgement):  # one that had begun
            assert (frame.type, frame.sequence) == (MessageType.EVENT, number & 0xFF)
        sequence, number = sequence + 1, number + 1
        return frames

    # The line falls between the reading of a header, which is done twice, and its last octet.
    for words in range(490, 508, 3):
        await acknowledge(line_write(True))
        long = batch(sequence, WriteWords(0x100, bytes(4 * words)))  # takes longer than the next one is on the line
        frames = await far.say(long, batch(sequence + 1, line_write(False)))
        assert [(frame.type, frame.irq) for frame in frames] == [
            (MessageType.BATCH_REPLY, True), (MessageType.EVENT, False), (MessageType.BATCH_REPLY, False)
        ], words  # fmt: skip
        sequence += 1
        await acknowledge(ReadWords(0, 1))

    # An acknowledgement is done with at any moment of a repetition, and another event waits.
    octets = len(Frame(MessageType.EVENT_ACK, 1, session=TAG).serialize())
    for shift_ns in range(-60_000, 200_000, 13_000):
        frames = await far.say(batch(sequence, line_write(True)), answer_octets=70)
        (first,) = (LineEvent.parse(frame.payload) for frame in frames if frame.type == MessageType.EVENT)
        sent_ns = first.time_ns  # device time, which begins with the simulator's
        await far.say(batch(sequence + 1, line_write(False)), answer_octets=40)
        await kernel.sleep_until(sent_ns + REPEAT_NS + shift_ns - octets * OCTET_NS)
        frames = await far.say(Frame(MessageType.EVENT_ACK, number & 0xFF, session=TAG), answer_octets=100)
        told = [(frame.sequence, LineEvent.parse(frame.payload)) for frame in frames]
        assert [told for told in told if told[1] == first] in ([], [(number & 0xFF, first)]), shift_ns
        (last, second) = told[-1]
        assert len(told) <= 2 and last == (number + 1) & 0xFF and not second.is_asserted and not second.lost, told
        sequence, number = sequence + 2, number + 1
        await acknowledge(ReadWords(0, 1))


async def room(kernel: SimTime, dut: Any) -> None:
    """While the board cannot send, and so not go on, what arrives waits: as much as the greeting says, and no more."""
    far = Far(kernel, dut)
    await kernel.sleep_until(2_000)
    await far.greet()
    writes = [batch(number, WriteWords(0x100, bytes([0x51 + number]) * 2032)) for number in range(2)]
    assert sum(len(write.payload) + 12 for write in writes) == examples.GREETING.receive_octets

    async def frames_of(number: int) -> list[tuple[int, int, int]]:
        frames = await far.say(batch(number, ReadWords(0x100, 1), ReadWords(0x8EC, 1)), answer_octets=400)
        assert frames[-1].payload[4:] == b"RRRRRRRR", frames
        return [(frame.type, frame.sequence, frame.result) for frame in frames]

    dut.clear_to_send.value = 0
    assert await far.say(Frame(MessageType.PING, 9)) == [], "its answer cannot leave"
    octets = writes[1].serialize()
    assert await far.say(writes[0], octets[:1960]) == [] and int(dut.request_to_send.value) == 1
    assert await far.say(octets[1960:2020]) == [] and int(dut.request_to_send.value) == 0, (
        "less than 64 octets are free"
    )
    assert await far.say(octets[2020:]) == [] and int(dut.request_to_send.value) == 0
    done = [(MessageType.PING, 9, 0), *((MessageType.BATCH_REPLY, number, 0) for number in range(3))]
    dut.clear_to_send.value = 1
    frames = await far.say(b"", answer_octets=400)
    assert [(frame.type, frame.sequence, frame.result) for frame in frames] == done[:3], "both had room"
    assert await frames_of(2) == [done[3]] and int(dut.request_to_send.value) == 1

    await far.greet()
    dut.clear_to_send.value = 0
    await far.say(Frame(MessageType.PING, 9))
    refused = batch(2, WriteWords(0x100, b"evil"))
    assert await far.say(*writes, refused, Frame(MessageType.BATCH, 2, 0, 0, TAG)) == []
    dut.clear_to_send.value = 1
    frames = await far.say(b"", answer_octets=400)
    assert [(frame.type, frame.sequence, frame.result) for frame in frames] == [
        *done[:3], (MessageType.NAK, 2, NakCode.BUSY)
    ]  # fmt: skip
    assert await frames_of(2) == [done[3]], "what was refused has left nothing behind"


class Twin:
    """The far end in Python, in front of the same memory."""

    def __init__(self) -> None:
        self.session = DeviceSession(examples.GREETING)
        self._memory: dict[int, bytes] = {0: bytes.fromhex("0100494e")}

    def say(self, octets: bytes) -> list[Frame]:
        """Take octets; return the frames that follow."""
        self.session.receive_octets(octets, 0)
        while (command := self.session.next_command()) is not None:
            self.session.executed(None if command.is_reset else self._execute(command.operations), 0)
        frames = []
        while answer := self.session.frame_to_send():
            frames.append(Frame.parse(answer[1:-1]))
        return frames

    def _execute(self, operations: tuple[LinkOperation, ...]) -> BatchReply:
        read = bytearray()
        for index, operation in enumerate(operations):
            data = operation.data if isinstance(operation, WriteWords) else None
            words = len(data) // 4 if data is not None else operation.words  # type: ignore[union-attr]
            for number in range(words):
                address = operation.address + 4 * number
                if address >= MEMORY_END or address & 3:
                    return BatchReply(ReplyCode.REFUSED, index, address, bytes(read))
                if data is None:
                    read += self._memory.get(address, bytes(4))
                else:
                    self._memory[address] = data[4 * number : 4 * number + 4]
        return BatchReply(ReplyCode.DONE, len(operations), 0, bytes(read))


async def equality(kernel: SimTime, dut: Any) -> dict[str, int]:
    """Random frames, good and damaged, to the Verilog and to the Python far end: the same answers, frame by frame."""
    far, twin, dice = Far(kernel, dut), Twin(), Random(5)
    await kernel.sleep_until(2_000)
    tally: dict[str, int] = {}
    expected, round_ = 0, 0
    for number in range(250):
        kind = dice.choices(
            ("batch", "old", "ahead", "probe", "damaged", "hello", "ping", "foreign", "reset", "noise"),
            (40, 8, 8, 8, 12, 3, 4, 4, 1, 4),
        )[0] if number else "hello"  # fmt: skip
        operations: list[LinkOperation] = []
        for _ in range(dice.randrange(1, 5)):
            words = dice.choice((1, 1, 2, 9, 40))
            address = (
                dice.choice((0, 4, 0x100, 0x6F00, 0x7010, 0xFFFC, 0x102))
                if dice.random() < 0.2
                else 4 * dice.randrange(64)
            )
            if dice.random() < 0.5:
                operations.append(ReadWords(address, words))
            else:
                filler = dice.choice((bytes(4 * words), dice.randbytes(4 * words), b"\xff" * 4 * words))
                operations.append(WriteWords(address, filler))
        frame = batch(expected, *operations, round_=round_, code=dice.randrange(2))
        if kind == "hello":
            frame = Frame(MessageType.HELLO, number & 0xFF, payload=serialize_hello(examples.SESSION_ID))
        elif kind == "ping":
            frame = Frame(MessageType.PING, number & 0xFF, payload=dice.choice((b"", b"\0\xff\0\1")))
        elif kind == "reset":
            frame = Frame(MessageType.RESET, number & 0xFF)
        elif kind == "old":
            frame = batch(expected - dice.randrange(1, 11), *operations, round_=round_)
        elif kind == "ahead":
            round_ = round_ + dice.randrange(2) & 0xFF
            frame = batch(expected + dice.randrange(1, 100), *operations, round_=round_)
        elif kind == "probe":
            frame = Frame(MessageType.BATCH, expected - dice.randrange(9) & 0xFF, round_, 0, TAG)
        elif kind == "foreign":
            frame = batch(expected, *operations, session=TAG ^ 0x8000)
        octets = frame.serialize()
        if kind == "damaged":
            at = dice.randrange(1, len(octets) - 1)
            octets = dice.choice(
                (
                    octets[:at] + octets[at + 1 :],
                    octets[:at] + octets[at : at + 1] + octets[at:],
                    octets[:at] + bytes([octets[at] ^ 1 << dice.randrange(8)]) + octets[at + 1 :],
                )
            )
        elif kind == "noise":
            octets = dice.randbytes(dice.randrange(1, 60)).replace(b"\0", b"\1") + b"\0"
        wanted = twin.say(octets)
        found = await far.say(octets, answer_octets=60 + 2 * sum(len(frame.payload) + 16 for frame in wanted))
        assert found == wanted, (number, kind, octets.hex(" "))
        tally[kind] = tally.get(kind, 0) + 1
        for frame in found:
            if frame.type == MessageType.HELLO or frame.type == MessageType.RESET:
                expected = round_ = 0
            elif frame.type == MessageType.BATCH_REPLY and frame.sequence == expected:
                expected = expected + 1 & 0xFF
    return tally
