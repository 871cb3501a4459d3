"""ARP, IPv4 and ICMP: what the case table cannot show."""

from __future__ import annotations

import dataclasses

import pytest

from rig.errors import UsageError, WireError
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet, Protocol

ARP = ArpPacket(ArpOperation.REPLY, bytes(6), 1, bytes(6), 2)
PACKET = Ipv4Packet(0x0A000001, 0x0A000002, Protocol.UDP, b"payload")


@pytest.mark.parametrize("position", [0, 1, 2, 3, 4, 5])
def test_arp_of_other_spaces_is_malformed(position: int) -> None:
    octets = bytearray(ARP.serialize())
    octets[position] ^= 2
    with pytest.raises(WireError, match="spaces"):
        ArpPacket.parse(bytes(octets))


@pytest.mark.parametrize("change", [{"operation": 1 << 16}, {"sender_ip": -1}, {"target_mac": bytes(7)}])
def test_arp_that_does_not_fit(change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        dataclasses.replace(ARP, **change).serialize()  # type: ignore[arg-type]


@pytest.mark.requirement("RFC1122-3.2.1.2")
@pytest.mark.parametrize(
    "position, value, message",
    [
        (0, 0x55, "version"),
        (0, 0x44, "header length"),
        (0, 0x4F, "header length"),
        (3, 19, "total length"),
        (3, 28, "total length"),
        (10, 0, "checksum"),
    ],
)
def test_ipv4_header_that_is_wrong(position: int, value: int, message: str) -> None:
    octets = bytearray(PACKET.serialize())
    octets[position] = value
    with pytest.raises(WireError, match=message):
        Ipv4Packet.parse(bytes(octets))


@pytest.mark.requirement("RFC894")
def test_the_pad_of_a_minimum_frame_is_trimmed() -> None:
    assert Ipv4Packet.parse(PACKET.serialize() + bytes(19)).payload == b"payload"


def test_a_quoted_packet_may_be_cut_and_changed_on_the_way() -> None:
    octets = bytearray(PACKET.serialize())
    octets[8] -= 5  # the TTL, as routers do
    quoted = Ipv4Packet.parse_quoted(bytes(octets[:24]))
    assert quoted == PACKET._replace(ttl=59, payload=b"payl")
    for cut in range(20):
        with pytest.raises(WireError):
            Ipv4Packet.parse_quoted(bytes(octets[:cut]))


def test_ipv4_options_are_padded_to_whole_words() -> None:
    packet = PACKET._replace(options=b"\x01\x01\x01\x01\x01")
    assert packet.header_octets == 28
    assert Ipv4Packet.parse(packet.serialize()).options == b"\x01\x01\x01\x01\x01\0\0\0"


@pytest.mark.parametrize(
    "change",
    [
        {"options": bytes(41)},
        {"payload": bytes(65516)},
        {"fragment_offset_octets": 4},
        {"fragment_offset_octets": 65536},
        {"dscp": 64},
        {"ecn": 4},
        {"ttl": 256},
        {"identification": 65536},
        {"source": 1 << 32},
        {"protocol": -1},
    ],
)
def test_ipv4_that_does_not_fit(change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        PACKET._replace(**change).serialize()  # type: ignore[arg-type]


def test_the_longest_ipv4_packet_fits() -> None:
    packet = PACKET._replace(payload=bytes(65515))
    assert Ipv4Packet.parse(packet.serialize()) == packet


@pytest.mark.parametrize("more_fragments, offset, expected", [(False, 0, False), (True, 0, True), (False, 8, True)])
def test_is_fragment(more_fragments: bool, offset: int, expected: bool) -> None:
    packet = PACKET._replace(more_fragments=more_fragments, fragment_offset_octets=offset)
    assert packet.is_fragment is expected


def test_echo_reply_answers_its_request() -> None:
    request = IcmpMessage.echo_request(0xFFFF, 0x8001, b"data")
    reply = IcmpMessage.parse(IcmpMessage.echo_reply(request).serialize())
    assert (reply.type, reply.code, reply.identifier, reply.sequence, reply.payload) == (0, 0, 0xFFFF, 0x8001, b"data")


@pytest.mark.parametrize("message", [IcmpMessage(256, 0, 0), IcmpMessage(0, -1, 0), IcmpMessage(0, 0, 1 << 32)])
def test_icmp_that_does_not_fit(message: IcmpMessage) -> None:
    with pytest.raises(UsageError):
        message.serialize()
