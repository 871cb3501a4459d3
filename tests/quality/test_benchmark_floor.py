"""The floor that the stack is measured against does what it claims to: no more speed by doing less."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.stack_floor import OUR_IP, OUR_MAC, PEER_IP, TEXT_OCTETS, ReceiveFloor, build_frame
from benchmarks.stack_peer import OUR_PORT, PEER_PORT, TO_US, Connected, some_text
from rig.wire.fcs import has_good_fcs
from rig.wire.ipv4 import Ipv4Packet
from rig.wire.tcp import TcpSegment


def frame(text: bytes) -> bytes:
    return build_frame(
        TO_US, PEER_IP, OUR_IP, (PEER_PORT, OUR_PORT), 0xFFFFFFFE, 7, 0x18, 1000, (0xFFFFFFFF, 2), text, 9
    )


@pytest.mark.parametrize("octets", [0, 1, 1447, TEXT_OCTETS])
def test_frames_of_the_floor_are_right_in_every_checksum(octets: int) -> None:
    text = some_text(octets)
    built = frame(text)
    assert has_good_fcs(built) and len(built) == 70 + octets
    packet = Ipv4Packet.parse(built[14:-4])
    segment = TcpSegment.parse(packet.payload, packet.source, packet.destination)
    assert bytes(segment.payload) == text and segment.options.timestamp == (0xFFFFFFFF, 2)


def test_the_floor_takes_what_is_right_and_finds_every_flipped_bit() -> None:
    built = frame(some_text(200))
    floor = ReceiveFloor(OUR_PORT, PEER_PORT)
    assert floor.take(built) == 200 and bytes(floor.buffer) == some_text(200)
    random = Random(1)
    for _ in range(300):
        bit = random.randrange(len(built) * 8)
        damaged = bytearray(built)
        damaged[bit >> 3] ^= 1 << (bit & 7)
        assert floor.take(bytes(damaged)) == 0
    assert built.startswith(OUR_MAC) and len(floor.buffer) == 200


def test_the_stack_under_measurement_delivers_what_the_peer_sent() -> None:
    peer = Connected()
    frames = peer.peer_data(20)
    peer.receive(frames)
    assert peer.stack.receive(peer.handle, 1 << 20, 0) == some_text(TEXT_OCTETS) * 20
    assert peer.send(100) == 1, "one acknowledgement for the batch"
    assert peer.stack.send(peer.handle, some_text(100_000), 0) == 100_000
    assert peer.send(1000) == 10, "the initial window"
