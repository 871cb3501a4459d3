"""Run in the simulator: what the page says of sessions and limits where a fault would show only at the edge."""

from __future__ import annotations

from typing import Any

from rig.link.frame import Frame, MessageType, NakCode
from rig.link.messages import (
    BatchReply,
    LinkOperation,
    ReadWords,
    ReplyCode,
    WriteWords,
    serialize_batch,
    serialize_hello,
)
from rig.runtime.pump_cocotb import SimTime
from tests.hdl.link.link_main import LONGEST_READ_WORDS, SILENT, TAG, Far, batch, line_write

SLOW = 0x7020
"""Answers two clocks before the far end gives up."""
OTHER = TAG ^ 1
HELLO = Frame(MessageType.HELLO, payload=serialize_hello(TAG))
LONG = ReadWords(0, LONGEST_READ_WORDS)
CONTINUES = 1


def results(frames: list[Frame]) -> list[tuple[int, int, int]]:
    return [(frame.type, frame.sequence, frame.result) for frame in frames]


async def sessions(kernel: SimTime, dut: Any) -> None:
    """What belongs to no session, to another, or to the one before."""
    far = Far(kernel, dut)
    await kernel.sleep_until(2_000)
    nak = [(MessageType.NAK, 0, NakCode.NO_SESSION)]
    none = batch(0, WriteWords(0x100, b"evil"), session=0)
    assert results(await far.say(none)) == nak, "no session is not a session numbered 0"
    await far.greet()
    await far.say(Frame(MessageType.RESET))
    assert results(await far.say(none)) == nak and far.writes == 0

    # A transaction that failed in the session before does not go on in this one.
    await far.greet()
    (reply,) = await far.say(batch(0, ReadWords(0x8000, 1)))
    assert reply.result == ReplyCode.REFUSED
    await far.greet()
    (reply,) = await far.say(batch(0, ReadWords(0, 1), code=CONTINUES))
    assert reply.result == ReplyCode.DONE

    # Replies that wait to be sent are dropped by a HELLO that arrives meanwhile.
    frames = await far.say(batch(1, LONG), batch(2, ReadWords(0, 1)), HELLO, answer_octets=2400)
    assert results(frames) == [(MessageType.BATCH_REPLY, 1, 0), (MessageType.HELLO, 0, 0)]

    # So is what was to be told of a request that had no room.
    dut.clear_to_send.value = 0
    big = batch(0, WriteWords(0x100, bytes(2032)))
    waits = batch(1, WriteWords(0x100, bytes(1600)))
    assert await far.say(Frame(MessageType.PING, 9), big, waits, batch(2, WriteWords(0x100, bytes(800))), HELLO) == []
    dut.clear_to_send.value = 1
    frames = await far.say(b"", answer_octets=300)
    assert frames[0].type == MessageType.PING and frames[-1].type == MessageType.HELLO
    assert all(frame.type == MessageType.BATCH_REPLY for frame in frames[1:-1]), frames

    # Nobody acknowledges the events of another session.
    frames = await far.say(batch(0, line_write(True)), batch(1, line_write(False)))
    assert [frame.sequence for frame in frames if frame.type == MessageType.EVENT] == [0]
    frames = await far.say(Frame(MessageType.EVENT_ACK, 0, session=OTHER))
    assert all((frame.type, frame.sequence) == (MessageType.EVENT, 0) for frame in frames), "it may be repeated"
    frames = await far.say(Frame(MessageType.EVENT_ACK, 0, session=TAG))
    assert (frames[-1].type, frames[-1].sequence) == (MessageType.EVENT, 1)


async def limits(kernel: SimTime, dut: Any) -> None:
    """Numbers of the page at their limits, and the store when its pointers have gone round."""
    far = Far(kernel, dut)
    await kernel.sleep_until(2_000)
    await far.greet()
    cases: list[tuple[LinkOperation, int, int]] = [
        (ReadWords(0, 4097), ReplyCode.TOO_LONG, 0),
        (ReadWords(0, 8191), ReplyCode.TOO_LONG, 0),
        (ReadWords(SLOW, 1), ReplyCode.DONE, 0),
        (ReadWords(SILENT, 1), ReplyCode.NO_ANSWER, SILENT),
    ]
    for sequence, (operation, code, address) in enumerate(cases):
        (frame,) = await far.say(Frame(MessageType.BATCH, sequence, session=TAG, payload=serialize_batch([operation])))
        reply = BatchReply.parse(frame.result, frame.payload)
        assert (reply.code, reply.address) == (code, address), operation

    # Of eight replies of the greatest length two are kept, whichever way round.
    first = len(cases)
    for number in range(first, first + 8):
        (frame,) = await far.say(batch(number, LONG), answer_octets=2100)
        assert len(frame.payload) == 2036
    for number in range(first, first + 8):
        (frame,) = await far.say(Frame(MessageType.BATCH, number, session=TAG), answer_octets=2100)
        if number < first + 6:
            assert (frame.type, frame.result) == (MessageType.NAK, NakCode.REPLAY_LOST), number
        else:
            assert (frame.type, frame.sequence, len(frame.payload)) == (MessageType.BATCH_REPLY, number, 2036)
