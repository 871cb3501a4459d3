"""Internet layer: checks, routing, fragments. RFC 791, RFC 815, RFC 1122, 3.2 and 3.3."""

from __future__ import annotations

import errno
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.errors import UsageError
from rig.stack.config import InterfaceConfig, Ipv4Config, RouteConfig, StackConfig
from rig.stack.fragments import fragment
from rig.stack.routing import Route, RoutingTable
from rig.stack.stack import SocketKind, Stack
from rig.wire.address import parse_ipv4
from rig.wire.arp import ArpOperation
from rig.wire.icmp import IcmpMessage, IcmpType
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.udp import UdpDatagram
from tests.stack.bench import OUR_IP, OUR_MAC, PEER_IP, PEER_MAC, Bench, S

requirement = pytest.mark.requirement
ECHO = IcmpMessage.echo_request(7, 1, b"data").serialize()


def _echo(**changes: object) -> Ipv4Packet:
    fields: dict[str, object] = {"source": PEER_IP, "destination": OUR_IP, "protocol": 1, "payload": ECHO}
    return Ipv4Packet(**{**fields, **changes})  # type: ignore[arg-type]


@requirement("RFC1122-3.2.1.1")
def test_wrong_version_is_dropped() -> None:
    bench = Bench()
    packet = bytearray(_echo().serialize())
    packet[0] = 0x65
    bench.frame(OUR_MAC + PEER_MAC + b"\x08\x00" + packet)
    assert bench.sent() == [] and bench.counter("ip_bad_version") == 1


@requirement("RFC1122-3.2.1.2")
def test_wrong_header_checksum_is_dropped() -> None:
    bench = Bench()
    packet = bytearray(_echo().serialize())
    packet[8] ^= 1
    bench.frame(OUR_MAC + PEER_MAC + b"\x08\x00" + packet)
    assert bench.sent() == [] and bench.counter("ip_bad_header") == 1


@requirement("RFC1122-3.2.1.3")
@pytest.mark.parametrize("destination", ["10.0.0.3", "10.0.1.1", "224.0.0.1", "10.0.1.255", "0.0.0.0"])
def test_packet_for_others_is_dropped(destination: str) -> None:
    bench = Bench()
    bench.ip(_echo(destination=parse_ipv4(destination)))
    assert bench.sent() == [] and bench.counter("ip_not_for_us") == 1


@requirement("RFC1122-3.2.1.3")
@pytest.mark.parametrize(
    "source", ["224.1.2.3", "255.255.255.255", "10.0.0.255", "127.0.0.1", "0.0.0.0", "240.0.0.1", "10.0.0.1"]
)
def test_impossible_source_is_dropped(source: str) -> None:
    bench = Bench()
    bench.ip(_echo(source=parse_ipv4(source)))
    assert bench.sent() == [] and bench.counter("ip_bad_source") == 1


@requirement("RFC1122-3.2.1.3")
@pytest.mark.parametrize("destination", ["10.0.0.255", "255.255.255.255"])
def test_broadcast_is_accepted(destination: str) -> None:
    bench = Bench()
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    bench.stack.bind(handle, 0, 99)
    address = parse_ipv4(destination)
    datagram = UdpDatagram(5, 99, b"to all").serialize(PEER_IP, address)
    bench.ip(Ipv4Packet(PEER_IP, address, Protocol.UDP, datagram), destination=b"\xff" * 6)
    assert bench.stack.receive_from(handle, 99) == (b"to all", PEER_IP, 5)


def test_unicast_packet_in_a_broadcast_frame_is_dropped() -> None:
    bench = Bench()
    bench.ip(_echo(), destination=b"\xff" * 6)
    assert bench.sent() == [] and bench.counter("ip_unicast_in_broadcast_frame") == 1


@pytest.mark.parametrize(
    "destination, source, name",
    [(PEER_MAC, OUR_MAC, "ethernet_not_for_us"), (OUR_MAC, OUR_MAC, "ethernet_own_frame")],
)
def test_frame_that_is_not_for_us(destination: bytes, source: bytes, name: str) -> None:
    bench = Bench()
    bench.frame(destination + source + b"\x08\x00" + _echo().serialize())
    assert bench.sent() == [] and bench.counter(name) == 1


def test_frame_of_another_type_or_too_short() -> None:
    bench = Bench()
    bench.frame(OUR_MAC + PEER_MAC + b"\x86\xdd" + bytes(60))
    bench.stack.receive_frame(OUR_MAC + PEER_MAC, 0)
    assert bench.counter("ethernet_unknown_type") == 1
    assert bench.counter("ethernet_too_short") == 1


@requirement("RFC1122-3.2.1.7")
@pytest.mark.parametrize("ttl", [0, 1])
def test_packet_for_us_is_taken_whatever_its_ttl(ttl: int) -> None:
    bench = Bench()
    bench.ip(_echo(ttl=ttl))
    (reply,) = bench.sent_ip()
    assert reply.ttl == 64


@requirement("RFC1122-3.2.1.7")
def test_ttl_is_configurable_but_never_zero() -> None:
    interface = (InterfaceConfig(OUR_MAC, OUR_IP, 24),)
    assert StackConfig(interface, ttl=255).ttl == 255
    with pytest.raises(UsageError):
        StackConfig(interface, ttl=0)


@requirement("RFC1122-3.2.1.5")
def test_every_packet_has_an_identification_of_its_own() -> None:
    bench = Bench()
    for _ in range(5):
        bench.ip(_echo())
    identifications = [packet.identification for packet in bench.sent_ip()]
    assert len(set(identifications)) == 5


@requirement("RFC1122-3.2.1.8")
@requirement("RFC9293-MUST-50")
@pytest.mark.parametrize("options", [b"\x01", b"\x07\x04\x04\x00", bytes(40), b"\x83\x03\x04", b"\x99\x00\xff\xff"])
def test_ip_options_are_stepped_over(options: bytes) -> None:
    bench = Bench()
    bench.ip(_echo(options=options))
    (reply,) = bench.sent_icmp()
    assert reply.payload == b"data"


@requirement("RFC894")
def test_padding_of_a_short_frame_is_trimmed() -> None:
    bench = Bench()
    bench.ip(_echo(payload=IcmpMessage.echo_request(7, 1).serialize()))
    (reply,) = bench.sent_ip()
    assert len(reply.payload) == 8


@requirement("RFC1122-3.2.2.1")
def test_unknown_protocol_is_reported() -> None:
    bench = Bench()
    packet = _echo(protocol=99, payload=b"something unknown")
    bench.ip(packet)
    (message,) = bench.sent_icmp()
    assert (message.type, message.code) == (IcmpType.DESTINATION_UNREACHABLE, 2)
    assert bytes(message.payload) == packet.serialize()


# Routing


@requirement("RFC1122-3.3.1")
def test_longest_prefix_then_smallest_metric() -> None:
    table = RoutingTable()
    default = Route(0, 0, 0, OUR_IP, gateway=1)
    wide = Route(parse_ipv4("10.0.0.0"), 8, 0, OUR_IP, gateway=2)
    dear = Route(parse_ipv4("10.1.0.0"), 16, 0, OUR_IP, gateway=3, metric=10)
    cheap = Route(parse_ipv4("10.1.0.0"), 16, 0, OUR_IP, gateway=4, metric=5)
    host = Route(parse_ipv4("10.1.0.9"), 32, 0, OUR_IP, gateway=5)
    for route in (default, wide, dear, host, cheap):
        table.add(route)
    found = [table.lookup(parse_ipv4(text)) for text in ("8.8.8.8", "10.2.0.1", "10.1.0.1", "10.1.0.9")]
    assert found == [default, wide, cheap, host]
    table.remove(cheap)
    assert table.lookup(parse_ipv4("10.1.0.1")) is dear
    table.remove(default)
    assert table.lookup(parse_ipv4("8.8.8.8")) is None


def test_static_routes_and_gateway_that_is_not_a_neighbour() -> None:
    interfaces = (InterfaceConfig(OUR_MAC, OUR_IP, 24),)
    Stack(StackConfig(interfaces, routes=(RouteConfig(parse_ipv4("172.16.0.0"), 12, PEER_IP),)), Random(1))
    with pytest.raises(OSError) as caught:
        Stack(StackConfig(interfaces, gateway=parse_ipv4("10.9.9.9")), Random(1))
    assert caught.value.errno == errno.ENETUNREACH


# Fragments


def _udp(octets: int, identification: int = 1) -> Ipv4Packet:
    data = Random(octets).randbytes(octets)
    datagram = UdpDatagram(5, 99, data).serialize(PEER_IP, OUR_IP)
    return Ipv4Packet(PEER_IP, OUR_IP, Protocol.UDP, datagram, identification=identification)


def _listening(**config: object) -> tuple[Bench, int]:
    bench = Bench(ipv4=Ipv4Config(**config))  # type: ignore[arg-type]
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    bench.stack.bind(handle, 0, 99)
    return bench, handle


@requirement("RFC815")
@requirement("RFC1122-3.2.1.4")
@requirement("RFC1122-3.3.2")
def test_fragments_in_any_order() -> None:
    packet = _udp(4000)
    parts = list(fragment(packet, 1500))
    assert len(parts) == 3
    for order in permutations(parts):
        bench, handle = _listening()
        for part in order:
            bench.ip(part)
            bench.ip(part)  # a duplicate does no harm, even after the datagram is complete
        data = bench.stack.receive_from(handle, 65535)
        assert data is not None and data[0] == bytes(packet.payload[8:])


@requirement("RFC815")
@given(st.integers(1, 9000), st.integers(68, 1500), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_any_fragmentation_is_put_together(octets: int, mtu: int, random: Random) -> None:
    packet = _udp(octets)
    parts = list(fragment(packet, mtu))
    assert all(len(part.serialize()) <= mtu for part in parts)
    random.shuffle(parts)
    bench, handle = _listening()
    for part in parts:
        bench.ip(part)
    data = bench.stack.receive_from(handle, 65535)
    assert data is not None and data[0] == bytes(packet.payload[8:])


@requirement("RFC791-overlap")
@pytest.mark.parametrize("shift", [-8, 8])
def test_overlapping_fragments_discard_the_datagram(shift: int) -> None:
    bench, handle = _listening()
    first, second, third = fragment(_udp(4000), 1500)
    bench.ip(first)
    bench.ip(third)
    evil = Ipv4Packet(
        PEER_IP, OUR_IP, Protocol.UDP, second.payload, identification=1, more_fragments=True,
        fragment_offset_octets=second.fragment_offset_octets + shift,
    )  # fmt: skip
    bench.ip(evil)
    bench.ip(second)
    assert bench.stack.receive_from(handle, 65535) is None
    assert bench.counter("ip_overlapping_fragment") == 1


def test_two_different_ends_discard_the_datagram() -> None:
    bench, handle = _listening()
    first, second, _ = fragment(_udp(4000), 1500)
    bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.UDP, bytes(8), identification=1, fragment_offset_octets=2960))
    bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.UDP, bytes(16), identification=1, fragment_offset_octets=3200))
    assert bench.counter("ip_overlapping_fragment") == 1
    bench.ip(first)
    bench.ip(second)
    assert bench.stack.receive_from(handle, 65535) is None


@requirement("RFC791-overlap")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_fragment_beyond_the_end_discards_the_datagram(order: tuple[int, int]) -> None:
    bench, _ = _listening()
    common = {"source": PEER_IP, "destination": OUR_IP, "protocol": Protocol.UDP}
    last = Ipv4Packet(**common, payload=bytes(8), fragment_offset_octets=8)
    beyond = Ipv4Packet(**common, payload=bytes(8), fragment_offset_octets=24, more_fragments=True)
    for number in order:
        bench.ip((last, beyond)[number])
    assert bench.counter("ip_overlapping_fragment") == 1
    bench.ip(Ipv4Packet(**common, payload=bytes(8), more_fragments=True))
    assert bench.counter("ip_datagrams_reassembled") == 0


@requirement("RFC791")
def test_bad_fragments_are_refused() -> None:
    bench, _ = _listening()
    common = {"source": PEER_IP, "destination": OUR_IP, "protocol": Protocol.UDP}
    bench.ip(Ipv4Packet(**common, payload=bytes(9), more_fragments=True))  # not a multiple of 8, and not the last
    bench.ip(Ipv4Packet(**common, payload=b"", more_fragments=True))
    bench.ip(Ipv4Packet(**common, payload=bytes(1000), fragment_offset_octets=65528))  # ends beyond 65535
    bench.ip(Ipv4Packet(**common, payload=bytes(8), fragment_offset_octets=65512))  # so does the whole, with its header
    assert bench.counter("ip_bad_fragment") == 4


@requirement("RFC1122-3.3.2")
def test_reassembly_times_out_and_says_so_if_the_first_fragment_came() -> None:
    bench, _ = _listening()
    first, second, _ = fragment(_udp(4000), 1500)
    bench.ip(second)
    bench.advance(10 * S)
    bench.arp(ArpOperation.REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)  # so that it does not age out before
    bench.ip(first)
    assert bench.advance(60 * S - 1) == []
    ((_, frame),) = bench.advance(60 * S)
    message = IcmpMessage.parse(Ipv4Packet.parse(frame.payload).payload)
    assert (message.type, message.code) == (IcmpType.TIME_EXCEEDED, 1)
    assert bench.counter("ip_reassembly_timeout") == 1


@requirement("RFC1122-3.3.2")
def test_reassembly_times_out_silently_without_the_first_fragment() -> None:
    bench, _ = _listening()
    bench.ip(list(fragment(_udp(4000), 1500))[1])
    assert bench.advance(120 * S) == []
    assert bench.counter("ip_reassembly_timeout") == 1


@requirement("RFC815-memory-bound")
def test_reassembly_is_bounded_in_datagrams_and_octets() -> None:
    bench, handle = _listening(reassembly_datagrams=4)
    for identification in range(10):
        bench.ip(next(iter(fragment(_udp(4000, identification), 1500))))
    assert bench.counter("ip_reassembly_full") == 6
    for part in list(fragment(_udp(4000, 9), 1500))[1:]:
        bench.ip(part)
    assert bench.stack.receive_from(handle, 65535) is not None
    bench, _ = _listening(reassembly_octets=4000)
    for identification in range(10):
        bench.ip(next(iter(fragment(_udp(4000, identification), 1500))))
    assert bench.counter("ip_reassembly_full") == 8


@requirement("RFC1122-3.3.3")
def test_long_datagrams_are_sent_in_fragments() -> None:
    bench = Bench(mtu=576)
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    data = Random(1).randbytes(3000)
    bench.stack.send_to(handle, data, PEER_IP, 99, 0)
    parts = bench.sent_ip()
    assert [len(part.payload) for part in parts[:-1]] == [552] * 5
    assert {part.identification for part in parts} == {parts[0].identification}
    assert [part.more_fragments for part in parts] == [True] * 5 + [False]
    assert b"".join(bytes(part.payload) for part in parts)[8:] == data
