"""The example octets of the page against the Python far end and the host, octet by octet."""

from __future__ import annotations

from rig.link import examples
from rig.link.device import DeviceSession
from rig.link.host import HostSession
from rig.link.messages import BatchReply, ReadWords, ReplyCode, WriteWords
from rig.link.transaction import Transaction

OCTETS = {example.name: example.octets for example in examples.examples()}
ID = bytes.fromhex("0100494e")


def answers(device: DeviceSession, octets: bytes, *replies: BatchReply) -> list[bytes]:
    device.receive_octets(octets, 0)
    waiting = list(replies)
    while (command := device.next_command()) is not None:
        device.executed(None if command.is_reset else waiting.pop(0), 0)
    assert not waiting
    said = []
    while frame := device.frame_to_send():
        said.append(frame)
    return said


def test_the_python_far_end_answers_as_the_page_shows() -> None:
    device = DeviceSession(examples.GREETING)

    def expect(said: str, *names: str, reply: BatchReply | None = None) -> None:
        replies = [] if reply is None else [reply]
        assert answers(device, OCTETS[said], *replies) == [OCTETS[name] for name in names], said

    expect("hello", "greeting")
    expect("read", "read_reply", reply=BatchReply(ReplyCode.DONE, 1, 0, ID))
    device.line_changed(True, 123_456_789)
    assert answers(device, b"") == [OCTETS["event"]]
    expect("event_ack")
    expect("write_and_read", "write_and_read_reply", reply=BatchReply(ReplyCode.DONE, 2, 0, bytes(8)))
    device.line_changed(False, 123_456_790)
    answers(device, b"")
    expect("beyond_the_map", "refused", reply=BatchReply(ReplyCode.REFUSED, 0, 0xFFFC, b""))
    expect("continues", "skipped")
    expect("probe", "refused")
    damaged = bytearray(OCTETS["wide_write"])
    damaged[300] ^= 0x10
    assert answers(device, bytes(damaged)) == [OCTETS["nak_crc"]]
    expect("ping", "ping_answer")
    expect("reset", "reset_answer")
    expect("read", "nak_no_session")


def test_the_host_says_what_the_page_shows() -> None:
    host = HostSession(examples.SESSION_ID)
    host.open(0)
    assert host.octets_to_send(0) == OCTETS["hello"]
    host.receive_octets(OCTETS["greeting"], 0)
    host.submit(Transaction([ReadWords(0, 1)]))
    assert host.octets_to_send(0) == OCTETS["read"]
    host.receive_octets(OCTETS["read_reply"], 10_000_000)
    host.submit(Transaction([WriteWords(0x30, bytes.fromhex("78563412")), ReadWords(0x4000, 2)]))
    assert host.octets_to_send(10_000_000) == OCTETS["write_and_read"]
    host.receive_octets(OCTETS["write_and_read_reply"], 20_000_000)
    assert host.irq
    host.receive_octets(OCTETS["event"], 20_000_000)
    assert host.octets_to_send(20_000_000) == OCTETS["event_ack"]
    host.submit(Transaction([ReadWords(0xFFFC, 1)]))
    assert host.octets_to_send(20_000_000) == OCTETS["beyond_the_map"]
