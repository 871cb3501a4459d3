"""ICMP: echo, errors and when not to send one. RFC 792; RFC 1122, 3.2.2."""

from __future__ import annotations

import errno

import pytest

from rig.stack.config import Ipv4Config
from rig.stack.fragments import fragment
from rig.stack.stack import SocketKind
from rig.wire.address import parse_ipv4
from rig.wire.arp import ArpOperation
from rig.wire.icmp import IcmpMessage, IcmpType
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.udp import UdpDatagram
from tests.stack.bench import FAR_IP, OUR_IP, OUR_MAC, PEER_IP, PEER_MAC, Bench, S

requirement = pytest.mark.requirement


def _icmp(message: IcmpMessage, **changes: object) -> Ipv4Packet:
    fields: dict[str, object] = {"source": PEER_IP, "destination": OUR_IP, "protocol": 1}
    return Ipv4Packet(payload=message.serialize(), **{**fields, **changes})  # type: ignore[arg-type]


def _to_closed_port(**changes: object) -> Ipv4Packet:
    destination = changes.get("destination", OUR_IP)
    assert isinstance(destination, int)
    datagram = UdpDatagram(5, 4444, b"anybody there? " * 5).serialize(PEER_IP, destination)
    fields: dict[str, object] = {"source": PEER_IP, "destination": OUR_IP, "protocol": 17, "payload": datagram}
    return Ipv4Packet(**{**fields, **changes})  # type: ignore[arg-type]


@requirement("RFC792")
@requirement("RFC1122-3.2.2.6")
@pytest.mark.parametrize("octets", [0, 1, 56, 1472, 1473, 8000, 65507])
def test_echo_of_every_size(octets: int) -> None:
    bench = Bench()
    data = bytes(number & 255 for number in range(octets))
    for part in fragment(_icmp(IcmpMessage.echo_request(0x1234, 7, data)), 1500):
        bench.ip(part)
    parts = bench.sent_ip()
    assert (parts[0].source, parts[0].destination) == (OUR_IP, PEER_IP)
    reply = IcmpMessage.parse(b"".join(bytes(part.payload) for part in parts))
    assert (reply.type, reply.code, reply.identifier, reply.sequence) == (0, 0, 0x1234, 7)
    assert bytes(reply.payload) == data


def test_echo_to_broadcast_is_ignored_unless_configured() -> None:
    everyone = parse_ipv4("10.0.0.255")
    bench = Bench()
    bench.ip(_icmp(IcmpMessage.echo_request(1, 1), destination=everyone), destination=b"\xff" * 6)
    assert bench.sent() == [] and bench.counter("icmp_broadcast_echo_ignored") == 1
    bench = Bench(ipv4=Ipv4Config(answer_broadcast_echo=True))
    bench.ip(_icmp(IcmpMessage.echo_request(1, 1), destination=everyone), destination=b"\xff" * 6)
    (reply,) = bench.sent_ip()
    assert reply.source == OUR_IP


def test_wrong_checksum_unknown_type_and_unexpected_reply_are_counted() -> None:
    bench = Bench()
    wrong = bytearray(IcmpMessage.echo_request(1, 1, b"abc").serialize())
    wrong[9] ^= 1
    bench.ip(Ipv4Packet(PEER_IP, OUR_IP, 1, bytes(wrong)))
    bench.ip(_icmp(IcmpMessage(42, 0, 0)))
    bench.ip(_icmp(IcmpMessage(IcmpType.ECHO_REPLY, 0, 5)))
    assert bench.sent() == []
    counters = bench.stack.counters()
    assert [counters[f"icmp_{name}"] for name in ("malformed", "unknown_type", "echo_reply_unexpected")] == [1, 1, 1]


@requirement("RFC1122-3.2.2.1")
@requirement("RFC1122-4.1.3.1")
def test_port_unreachable_quotes_the_packet() -> None:
    bench = Bench()
    packet = _to_closed_port()
    bench.ip(packet)
    (message,) = bench.sent_icmp()
    assert (message.type, message.code) == (IcmpType.DESTINATION_UNREACHABLE, 3)
    assert bytes(message.payload) == packet.serialize()


@requirement("RFC1122-3.2.2")
def test_error_is_no_longer_than_576_octets() -> None:
    bench = Bench()
    datagram = UdpDatagram(5, 4444, bytes(1400)).serialize(PEER_IP, OUR_IP)
    bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.UDP, datagram))
    (reply,) = bench.sent_ip()
    assert len(reply.serialize()) == 576


@requirement("RFC1122-3.2.2")
@pytest.mark.parametrize("link", [b"\xff" * 6, b"\x01\x00\x5e\x00\x00\x01"])
@pytest.mark.parametrize("destination", ["10.0.0.255", "255.255.255.255"])
def test_no_error_about_a_broadcast(link: bytes, destination: str) -> None:
    bench = Bench()
    bench.ip(_to_closed_port(destination=parse_ipv4(destination)), destination=link)
    assert bench.sent() == [] and bench.counter("icmp_error_suppressed") == 1


@requirement("RFC1122-3.2.2")
def test_no_error_about_an_error() -> None:
    bench = Bench()
    quoted = Ipv4Packet(OUR_IP, PEER_IP, 99, bytes(8)).serialize()
    bench.ip(_icmp(IcmpMessage(IcmpType.DESTINATION_UNREACHABLE, 3, 0, quoted)))
    assert bench.sent() == []


@requirement("RFC1122-3.2.2")
@pytest.mark.parametrize("kind, answers", [(IcmpType.TIME_EXCEEDED, 0), (IcmpType.ECHO_REQUEST, 1)])
def test_no_error_about_fragments_of_an_error(kind: IcmpType, answers: int) -> None:
    bench = Bench()
    bench.ip(next(iter(fragment(_icmp(IcmpMessage(kind, 0, 0, bytes(2000))), 1500))))
    bench.advance(S)
    bench.arp(ArpOperation.REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)  # so that it does not age out before
    sent = bench.advance(60 * S)
    assert bench.counter("ip_reassembly_timeout") == 1
    assert len(sent) == answers


@requirement("RFC1122-3.2.2")
def test_no_error_to_an_impossible_source() -> None:
    bench = Bench()
    bench.ip(_to_closed_port(source=parse_ipv4("10.0.0.255")))
    assert bench.sent() == []


@requirement("RFC1812-4.3.2.8")
def test_errors_are_limited_in_rate() -> None:
    bench = Bench(ipv4=Ipv4Config(icmp_errors_per_second=10, icmp_error_burst=3))
    for _ in range(10):
        bench.ip(_to_closed_port())
    assert len(bench.sent_icmp()) == 3
    assert bench.counter("icmp_error_rate_limited") == 7
    bench.now_ns = S // 10
    bench.ip(_to_closed_port())
    bench.ip(_to_closed_port())
    assert len(bench.sent_icmp()) == 1
    bench.now_ns = 10 * S
    for _ in range(10):
        bench.ip(_to_closed_port())
    assert len(bench.sent_icmp()) == 3


@requirement("RFC1122-4.1.3.3")
def test_port_unreachable_reaches_the_socket_that_sent() -> None:
    bench = Bench()
    stack = bench.stack
    handle = stack.socket(SocketKind.DATAGRAM)
    stack.connect(handle, PEER_IP, 7, 0)
    stack.send(handle, b"hello", 0)
    (sent,) = bench.sent_ip()
    bench.ip(_icmp(IcmpMessage(IcmpType.DESTINATION_UNREACHABLE, 3, 0, sent.serialize()[:28])))
    with pytest.raises(ConnectionRefusedError):
        stack.receive(handle, 100, 0)
    assert stack.receive(handle, 100, 0) is None


def test_error_about_a_stranger_is_counted_only() -> None:
    bench = Bench()
    for quoted in (
        Ipv4Packet(PEER_IP, OUR_IP, 17, bytes(8)),
        Ipv4Packet(OUR_IP, PEER_IP, 17, bytes(8)),
        Ipv4Packet(OUR_IP, PEER_IP, 6, bytes(8)),
        Ipv4Packet(OUR_IP, PEER_IP, 99, bytes(8)),
        Ipv4Packet(OUR_IP, PEER_IP, 1, bytes(8)),
        Ipv4Packet(OUR_IP, PEER_IP, 17, bytes(7)),
    ):
        bench.ip(_icmp(IcmpMessage(IcmpType.DESTINATION_UNREACHABLE, 3, 0, quoted.serialize())))
    bench.ip(_icmp(IcmpMessage(IcmpType.DESTINATION_UNREACHABLE, 3, 0, b"\x45")))
    assert bench.sent() == []
    assert bench.counter("icmp_error_not_ours") == 6
    assert bench.counter("icmp_malformed") == 1


def test_error_about_a_packet_that_was_not_ours_does_not_reach_a_socket_on_any_address() -> None:
    bench = Bench()
    stack = bench.stack
    handle = stack.socket(SocketKind.DATAGRAM)
    stack.bind(handle, 0, 99)
    stack.connect(handle, PEER_IP, 7, 0)
    datagram = UdpDatagram(99, 7, b"x").serialize(FAR_IP, PEER_IP)
    quoted = Ipv4Packet(FAR_IP, PEER_IP, Protocol.UDP, datagram).serialize()
    bench.ip(_icmp(IcmpMessage(IcmpType.DESTINATION_UNREACHABLE, 3, 0, quoted)))
    assert stack.receive(handle, 9, 0) is None


@pytest.mark.parametrize("peer, port", [(PEER_IP, 8), (FAR_IP, 7), (None, 0)])
def test_error_about_another_destination_does_not_reach_a_socket(peer: int | None, port: int) -> None:
    bench = Bench()
    stack = bench.stack
    handle = stack.socket(SocketKind.DATAGRAM)
    stack.bind(handle, 0, 99)
    if peer is not None:
        stack.connect(handle, peer, port, 0)
    datagram = UdpDatagram(99, 7, b"x").serialize(OUR_IP, PEER_IP)
    quoted = Ipv4Packet(OUR_IP, PEER_IP, Protocol.UDP, datagram).serialize()
    bench.ip(_icmp(IcmpMessage(IcmpType.DESTINATION_UNREACHABLE, 3, 0, quoted)))
    assert stack.receive(handle, 9, 0) is None
    assert bench.counter("icmp_error_not_ours") == 1


@requirement("RFC792")
@requirement("RFC1122-3.2.2.4")
def test_time_exceeded_is_passed_up() -> None:
    bench = Bench()
    stack = bench.stack
    handle = stack.socket(SocketKind.RAW_ICMP)
    stack.send_to(handle, b"far", FAR_IP, 1, 0)
    (sent,) = bench.sent_ip()
    bench.ip(_icmp(IcmpMessage(IcmpType.TIME_EXCEEDED, 0, 0, sent.serialize())))
    with pytest.raises(OSError) as caught:
        stack.receive_from(handle, 100)
    assert caught.value.errno == errno.EHOSTUNREACH


def test_echo_socket() -> None:
    bench = Bench()
    stack = bench.stack
    handle = stack.socket(SocketKind.RAW_ICMP)
    other = stack.socket(SocketKind.RAW_ICMP)
    stack.bind(other, 0, 77)
    stack.send_to(handle, b"ping", PEER_IP, 3, 0)
    (request,) = bench.sent_icmp()
    identifier = stack.local_name(handle)[1]
    assert (request.type, request.identifier, request.sequence) == (IcmpType.ECHO_REQUEST, identifier, 3)
    bench.ip(_icmp(IcmpMessage.echo_reply(request)))
    assert stack.receive_from(handle, 100) == (b"ping", PEER_IP, 3)
    assert stack.receive_from(other, 100) is None
    event = stack.next_event()
    assert event is not None and event.handle == handle
    stack.close(handle, 0)
    bench.ip(_icmp(IcmpMessage.echo_reply(request)))
    assert bench.counter("icmp_echo_reply_unexpected") == 1


def test_frames_of_the_interface_queue_are_bounded() -> None:
    bench = Bench(ipv4=Ipv4Config(transmit_queue_frames=5))
    for _ in range(8):
        bench.frame(bench.stack.config.interfaces[0].mac + PEER_MAC + b"\x08\x00"
                    + _icmp(IcmpMessage.echo_request(1, 1)).serialize())  # fmt: skip
    assert len(bench.sent()) == 5
    assert bench.counter("interface_transmit_queue_full") == 3
