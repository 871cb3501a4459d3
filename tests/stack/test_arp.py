"""ARP cache: RFC 826 and RFC 1122, 2.3.2."""

from __future__ import annotations

import errno
from itertools import pairwise

import pytest

from rig.stack.config import ArpConfig
from rig.stack.stack import SocketKind
from rig.wire.address import parse_ipv4
from rig.wire.arp import ArpOperation
from rig.wire.ethernet import BROADCAST
from tests.stack.bench import FAR_IP, GATEWAY_IP, GATEWAY_MAC, OUR_IP, OUR_MAC, PEER_IP, PEER_MAC, Bench, S

requirement = pytest.mark.requirement
REQUEST, REPLY = ArpOperation.REQUEST, ArpOperation.REPLY
ZERO = bytes(6)
OTHER_MAC, OTHER_IP = bytes.fromhex("020000000003"), parse_ipv4("10.0.0.3")


def _udp_to(bench: Bench, address: int, data: bytes = b"x") -> int:
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    bench.stack.send_to(handle, data, address, 9, bench.now_ns)
    return handle


@requirement("RFC826")
def test_request_for_us_is_answered_and_its_sender_learned() -> None:
    bench = Bench(know_peer=False)
    bench.arp(REQUEST, PEER_MAC, PEER_IP, ZERO, OUR_IP)
    (frame,) = bench.sent()
    assert (frame.destination, frame.source) == (PEER_MAC, OUR_MAC)
    bench.arp(REQUEST, PEER_MAC, PEER_IP, ZERO, OUR_IP)
    (reply,) = bench.sent_arp()
    assert (reply.operation, reply.sender_mac, reply.sender_ip) == (REPLY, OUR_MAC, OUR_IP)
    assert (reply.target_mac, reply.target_ip) == (PEER_MAC, PEER_IP)
    assert bench.stack.neighbours() == [(PEER_IP, PEER_MAC)]


@requirement("RFC826")
@pytest.mark.parametrize("operation", [REQUEST, REPLY])
def test_packet_for_others_creates_no_entry_but_updates_one(operation: int) -> None:
    bench = Bench(know_peer=False)
    bench.arp(operation, PEER_MAC, PEER_IP, ZERO, OTHER_IP)
    assert bench.sent() == [] and bench.stack.neighbours() == []
    bench.arp(REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)
    bench.arp(operation, OTHER_MAC, PEER_IP, ZERO, OTHER_IP)
    assert bench.stack.neighbours() == [(PEER_IP, OTHER_MAC)]
    assert bench.sent() == []


@requirement("RFC826")
def test_other_hardware_type_is_refused_and_counted() -> None:
    bench = Bench(know_peer=False)
    bench.frame(OUR_MAC + PEER_MAC + b"\x08\x06" + bytes.fromhex("0006080006040001") + bytes(20))
    bench.frame(OUR_MAC + PEER_MAC + b"\x08\x06" + bytes.fromhex("0001080006"))
    assert bench.counter("arp_malformed") == 2


def test_address_probe_is_answered_but_not_learned() -> None:
    bench = Bench(know_peer=False)
    bench.arp(REQUEST, PEER_MAC, 0, ZERO, OUR_IP)
    (reply,) = bench.sent_arp()
    assert reply.target_ip == 0
    assert bench.stack.neighbours() == []


@pytest.mark.parametrize("mac, address", [(b"\x01" + bytes(5), PEER_IP), (PEER_MAC, parse_ipv4("224.0.0.1"))])
def test_sender_that_is_no_host_is_not_learned(mac: bytes, address: int) -> None:
    bench = Bench(know_peer=False)
    bench.arp(REQUEST, mac, address, ZERO, OUR_IP)
    assert bench.sent() == [] and bench.stack.neighbours() == []
    assert bench.counter("arp_bad_sender") == 1


def test_somebody_else_with_our_address_is_counted() -> None:
    bench = Bench()
    bench.arp(REQUEST, OTHER_MAC, OUR_IP, ZERO, OUR_IP)
    assert bench.sent() == []
    assert bench.counter("arp_address_conflict") == 1


@requirement("RFC1122-2.3.2.2")
def test_packets_wait_for_the_reply() -> None:
    bench = Bench(know_peer=False, arp=ArpConfig(held_packets_per_address=3))
    for data in (b"1", b"2", b"3", b"4", b"5"):
        _udp_to(bench, PEER_IP, data)
    (frame,) = bench.sent()
    assert frame.destination == BROADCAST
    bench.arp(REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)
    assert [bytes(packet.payload[8:]) for packet in bench.sent_ip()] == [b"3", b"4", b"5"]
    assert bench.counter("arp_held_packet_dropped") == 2


@requirement("RFC1122-2.3.2.2")
def test_the_largest_datagram_to_an_unknown_neighbour_arrives_whole() -> None:
    bench = Bench(know_peer=False)
    _udp_to(bench, PEER_IP, bytes(65507))
    (frame,) = bench.sent()
    assert frame.destination == BROADCAST
    bench.arp(REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)
    assert sum(len(packet.payload) for packet in bench.sent_ip()) == 8 + 65507
    assert bench.counter("arp_held_packet_dropped") == 0


@requirement("RFC1122-2.3.2.2")
def test_packets_that_wait_for_many_neighbours_are_bounded_but_for_the_latest_of_each() -> None:
    bench = Bench(know_peer=False, arp=ArpConfig(held_packets_per_address=4, held_packets=6))
    neighbours = [PEER_IP + 1 + number for number in range(4)]
    for data in (b"1", b"2", b"3", b"4"):
        for address in neighbours:
            _udp_to(bench, address, data)
    assert bench.counter("arp_held_packet_dropped") == 16 - 6
    bench.sent()
    for address, latest in zip(neighbours, ([b"3", b"4"], [b"3", b"4"], [b"4"], [b"4"]), strict=True):
        bench.arp(REPLY, PEER_MAC, address, OUR_MAC, OUR_IP)
        assert [bytes(packet.payload[8:]) for packet in bench.sent_ip()] == latest
    for data in (b"1", b"2", b"3", b"4"):
        _udp_to(bench, neighbours[0] + 10, data)
    assert bench.counter("arp_held_packet_dropped") == 16 - 6, "those that were delivered no longer count"


@requirement("RFC1122-2.3.2.2")
def test_packets_for_a_neighbour_that_never_answered_no_longer_count() -> None:
    bench = Bench(know_peer=False, arp=ArpConfig(held_packets=4))
    for data in (b"1", b"2", b"3", b"4"):
        _udp_to(bench, PEER_IP, data)
    bench.advance(10 * S)
    assert bench.counter("arp_resolution_failed") == 1
    for data in (b"1", b"2", b"3", b"4"):
        _udp_to(bench, PEER_IP, data)
    assert bench.counter("arp_held_packet_dropped") == 0


@requirement("RFC1122-2.3.2.1")
def test_an_entry_that_was_probed_is_forgotten_unless_it_is_used_again() -> None:
    bench = Bench(know_peer=False, arp=ArpConfig(lifetime_ns=60 * S))
    bench.arp(REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)
    bench.arp(REQUEST, PEER_MAC, PEER_IP, ZERO, OUR_IP)
    _udp_to(bench, PEER_IP)
    bench.advance(60 * S)
    assert bench.counter("arp_requests_sent") == 1, "it was used, so it is probed"
    bench.arp(REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)
    bench.advance(200 * S)
    assert bench.counter("arp_requests_sent") == 1 and not bench.stack.neighbours()


@requirement("RFC1122-2.3.2.1-flood")
def test_not_more_than_one_request_a_second_for_one_destination() -> None:
    bench = Bench(know_peer=False)
    times = []
    for step in range(100):
        _udp_to(bench, PEER_IP)
        times += [t_ns for t_ns, _ in bench.advance(step * S // 10)]
    assert len(times) >= 9
    assert all(later - earlier >= S for earlier, later in pairwise(times))


def test_failure_is_told_to_the_socket() -> None:
    bench = Bench(know_peer=False)
    handle = _udp_to(bench, PEER_IP)
    requests = bench.advance(3 * S)
    assert [t_ns for t_ns, _ in requests] == [0, S, 2 * S]
    with pytest.raises(OSError) as caught:
        bench.stack.receive_from(handle, 100)
    assert caught.value.errno == errno.EHOSTUNREACH
    assert bench.stack.receive_from(handle, 100) is None
    assert bench.stack.next_deadline() is None


@requirement("RFC1122-2.3.2.1")
def test_unused_entry_ages_out() -> None:
    bench = Bench()
    assert len(bench.stack.neighbours()) == 2
    assert bench.advance(60 * S - 1) == []
    assert len(bench.stack.neighbours()) == 2
    assert bench.advance(60 * S) == []
    assert bench.stack.neighbours() == []


@requirement("RFC1122-2.3.2.1")
def test_used_entry_is_probed_by_unicast_and_used_meanwhile() -> None:
    bench = Bench()
    _udp_to(bench, PEER_IP)
    bench.sent()
    sent = bench.advance(60 * S)
    assert [(t_ns, frame.destination) for t_ns, frame in sent] == [(60 * S, PEER_MAC)]
    _udp_to(bench, PEER_IP)
    (packet,) = bench.sent_ip()
    assert packet.destination == PEER_IP
    bench.arp(REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)
    assert bench.advance(120 * S - 1) == []


@requirement("RFC1122-2.3.2.1")
def test_used_entry_that_does_not_answer_is_forgotten() -> None:
    bench = Bench()
    _udp_to(bench, PEER_IP)
    bench.sent()
    assert len(bench.advance(63 * S)) == 3
    assert bench.stack.neighbours() == []
    _udp_to(bench, PEER_IP)
    (frame,) = bench.sent()
    assert frame.destination == BROADCAST


def test_cache_is_bounded() -> None:
    bench = Bench(know_peer=False, arp=ArpConfig(entry_limit=8))
    for number in range(20):
        bench.arp(REQUEST, PEER_MAC, parse_ipv4("10.0.0.10") + number, ZERO, OUR_IP)
    assert len(bench.stack.neighbours()) == 8
    assert bench.counter("arp_cache_full") == 12


@requirement("RFC1122-3.3.1")
def test_far_destination_goes_by_the_gateway() -> None:
    bench = Bench(know_peer=False)
    _udp_to(bench, FAR_IP)
    (request,) = bench.sent_arp()
    assert request.target_ip == GATEWAY_IP
    bench.arp(REPLY, GATEWAY_MAC, GATEWAY_IP, OUR_MAC, OUR_IP)
    (frame,) = bench.sent()
    assert frame.destination == GATEWAY_MAC
