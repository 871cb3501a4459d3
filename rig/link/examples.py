"""Example frames of the board link: what ``docs/board_link.md`` shows, and both ends are tested against.

``python -m rig.link.examples`` writes them into the page; a test keeps them equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rig.link.frame import IRQ_LEVEL, Frame, MessageType, NakCode
from rig.link.messages import (
    CONTINUES,
    NOWHERE,
    BatchReply,
    Greeting,
    LineEvent,
    ReadWords,
    ReplyCode,
    WriteWords,
    serialize_batch,
    serialize_hello,
)

SESSION_ID = 0x5EED1234
SESSION = SESSION_ID & 0xFFFF
PAGE = Path("docs/board_link.md")
BEGIN, END = "<!-- examples -->", "<!-- end of examples -->"


@dataclass(frozen=True, slots=True)
class Example:
    """One frame and what it says."""

    name: str
    from_host: bool
    meaning: str
    frame: Frame

    @property
    def octets(self) -> bytes:
        """What stands on the line."""
        return self.frame.serialize()


GREETING = Greeting(
    session_id=SESSION_ID,
    window=8,
    largest_payload_octets=2036,
    receive_octets=4096,
    store_octets=4096,
    clock_hz=50_000_000,
    baud=3_000_000,
    time_scale=1,
    map_hash=0xC61EC00F,
    build_hash=bytes(range(1, 9)),
    board="ulx3s-lan8720",
)


def examples() -> list[Example]:
    """Return the examples in the order of the page; the first ones are a conversation."""
    host, device = True, False
    probe = Frame(MessageType.BATCH, 2, 0, 0, SESSION)
    two = serialize_batch([WriteWords(0x0030, bytes.fromhex("78563412")), ReadWords(0x4000, 2)])
    wide = bytes(range(1, 256)) + bytes(5) + bytes(range(252, 0, -1))
    return [
        Example("hello", host, "HELLO, session id 0x5EED1234, version 1",
                Frame(MessageType.HELLO, 0, 0, 1, SESSION, serialize_hello(SESSION_ID))),
        Example("greeting", device, "the greeting of a ULX3S: window 8, 50 MHz, 3 Mbaud",
                Frame(MessageType.HELLO, 0, 8, 0, SESSION, GREETING.serialize())),
        Example("read", host, "BATCH 0: read the word at 0x0000",
                Frame(MessageType.BATCH, 0, 0, 0, SESSION, serialize_batch([ReadWords(0, 1)]))),
        Example("read_reply", device, "done, one operation: 0x4E490001",
                Frame(MessageType.BATCH_REPLY, 0, 8, 0, SESSION,
                      BatchReply(ReplyCode.DONE, 1, 0, bytes.fromhex("0100494e")).serialize())),
        Example("write_and_read", host, "BATCH 1: write 0x12345678 at 0x0030, read two words at 0x4000",
                Frame(MessageType.BATCH, 1, 0, 0, SESSION, two)),
        Example("write_and_read_reply", device, "done, two operations: zeros; the interrupt line is high",
                Frame(MessageType.BATCH_REPLY, 1, 8, IRQ_LEVEL | ReplyCode.DONE, SESSION,
                      BatchReply(ReplyCode.DONE, 2, 0, bytes(8)).serialize())),
        Example("event", device, "EVENT 0: the line rose at 123 456 789 ns, nothing lost",
                Frame(MessageType.EVENT, 0, 8, IRQ_LEVEL, SESSION, LineEvent(True, 0, 123_456_789).serialize())),
        Example("event_ack", host, "EVENT_ACK 0", Frame(MessageType.EVENT_ACK, 0, 0, 0, SESSION)),
        Example("beyond_the_map", host, "BATCH 2: read what has more than 16 bits of address",
                Frame(MessageType.BATCH, 2, 0, 0, SESSION, serialize_batch([ReadWords(NOWHERE, 1)]))),
        Example("refused", device, "refused: operation 0, address 0xFFFC",
                Frame(MessageType.BATCH_REPLY, 2, 8, ReplyCode.REFUSED, SESSION,
                      BatchReply(ReplyCode.REFUSED, 0, NOWHERE).serialize())),
        Example("continues", host, "BATCH 3 goes on with the transaction of BATCH 2",
                Frame(MessageType.BATCH, 3, 0, CONTINUES, SESSION, serialize_batch([ReadWords(0, 1)]))),
        Example("skipped", device, "so it is skipped",
                Frame(MessageType.BATCH_REPLY, 3, 8, ReplyCode.SKIPPED, SESSION,
                      BatchReply(ReplyCode.SKIPPED, 0, 0).serialize())),
        Example("probe", host, "a probe of BATCH 2: its reply is sent again", probe),
        Example("wide_write", host, "BATCH 4, round 1: 512 octets with long runs without a zero, and zeros",
                Frame(MessageType.BATCH, 4, 1, 0, SESSION, serialize_batch([WriteWords(0x4100, wide)]))),
        Example("nak_crc", device, "NAK(CRC): 4 is expected, last good round 0",
                Frame(MessageType.NAK, 4, 0, NakCode.CRC, SESSION)),
        Example("nak_sequence", device, "NAK(sequence): 4 is expected, round 1",
                Frame(MessageType.NAK, 4, 1, NakCode.SEQUENCE, SESSION)),
        Example("nak_no_session", device, "NAK(no session) of a board that has restarted",
                Frame(MessageType.NAK, 0, 0, NakCode.NO_SESSION, 0)),
        Example("ping", host, "PING 9", Frame(MessageType.PING, 9, 0, 0, SESSION, bytes.fromhex("efbeadde"))),
        Example("ping_answer", device, "its answer",
                Frame(MessageType.PING, 9, 8, 0, SESSION, bytes.fromhex("efbeadde"))),
        Example("reset", host, "RESET 10", Frame(MessageType.RESET, 10, 0, 0, SESSION)),
        Example("reset_answer", device, "its answer: no session any more", Frame(MessageType.RESET, 10, 8, 0, 0)),
        Example("log", device, "LOG", Frame(MessageType.LOG, 0, 8, 0, SESSION, b"adapter powered")),
    ]  # fmt: skip


def render() -> str:
    """Return the examples as the page shows them, between its two marks."""
    parts = []
    for example in examples():
        sender = "host" if example.from_host else "device"
        text = example.octets.hex(" ")
        lines = [text[at : at + 96].rstrip() for at in range(0, len(text), 96)]
        parts.append(f"`{example.name}`, from the {sender}: {example.meaning}\n\n```\n" + "\n".join(lines) + "\n```\n")
    return "\n".join(parts)


def page_with_examples(page: str) -> str:
    """Return the text of the page with the examples of now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{render()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_examples(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
