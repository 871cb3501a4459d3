"""The conversation read back from frames: numbers, states, retransmissions."""

from __future__ import annotations

import pytest

from rig.report.conversation import Conversation, read_conversations
from rig.report.run_facts import Frame
from tests.report.sample_run import ACK, BIT_NS, FIN, IPS, PSH, SYN, SampleRun, transfer

ADDRESSES = {address: name for name, address in IPS.items()}


def read(run: SampleRun) -> Conversation:
    frames = [Frame(*frame) for frame in run.frames]
    (conversation,) = read_conversations(frames, ADDRESSES, BIT_NS)
    return conversation


def test_numbers_are_relative_across_the_wrap() -> None:
    labels = [step.label for step in read(transfer(3)).steps]
    assert labels[:8] == [
        "ARP who has 10.0.0.2?",
        "ARP 10.0.0.2 is at 02:00:00:00:00:02",
        "SYN seq=0 win=65535 mss=1460",
        "SYN ACK seq=0 ack=1 win=65535 mss=1460",
        "ACK ack=1 win=65535",
        "PSH ACK seq=1 len=80 ack=1 win=65535",
        "seq=1 len=1460 ack=81 win=65535",
        "seq=1461 len=1460 ack=81 win=65535",
    ]


def test_states_follow_the_frames() -> None:
    conversation = read(transfer(1))
    left = [step.left_state for step in conversation.steps if step.left_state]
    right = [step.right_state for step in conversation.steps if step.right_state]
    assert (conversation.left, conversation.right) == ("client", "server")
    assert left == ["SYN_SENT", "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK", "CLOSED"]
    assert right == ["SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "TIME_WAIT"]


def test_half_close_and_simultaneous_close() -> None:
    run = SampleRun()
    for sender, flags in (("client", SYN), ("server", SYN | ACK), ("client", ACK), ("client", FIN | ACK)):
        run.tcp(sender, flags)
    run.tcp("server", ACK)
    run.tcp("server", PSH | ACK, 10)
    run.tcp("server", FIN | ACK)
    states = [(step.left_state, step.right_state) for step in read(run).steps[3:]]
    assert states == [("FIN_WAIT_1", "CLOSE_WAIT"), ("FIN_WAIT_2", ""), ("", ""), ("TIME_WAIT", "LAST_ACK")]


def test_retransmissions_are_told_from_first_transmissions() -> None:
    assert read(transfer(10)).retransmissions == 0
    conversation = read(transfer(10, retransmission=True))
    assert [step.label for step in conversation.steps if step.is_retransmission] == [
        f"seq={9 * 1460 + 1} len=1460 ack=81 win=65535"
    ]


@pytest.mark.parametrize("damage", [b"", b"\x00" * 13, b"\xff" * 64, bytes(64)])
def test_other_frames_are_left_out(damage: bytes) -> None:
    frames = [Frame(0, "talker", damage), *(Frame(*frame) for frame in transfer(2).frames)]
    (conversation,) = read_conversations(frames, ADDRESSES, BIT_NS)
    assert len(conversation.steps) == len(frames) - 1


def test_every_truncation_of_a_frame_is_survived() -> None:
    t_ns, station, octets = transfer(1).frames[3]
    for length in range(len(octets)):
        read_conversations([Frame(t_ns, station, octets[:length])], ADDRESSES, BIT_NS)
