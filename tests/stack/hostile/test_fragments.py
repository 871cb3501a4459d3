"""Fragments that are no datagram: overlaps, endless beginnings, impossible ends, crumbs."""

from __future__ import annotations

import tracemalloc
from random import Random

import pytest

from rig.stack.config import Ipv4Config
from rig.stack.endpoint import SocketKind
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.udp import UdpDatagram
from tests.stack.bench import OUR_IP, PEER_IP, Bench, S

requirement = pytest.mark.requirement


def fragment(offset: int, octets: bytes, *, more: bool = True, number: int = 1) -> Ipv4Packet:
    return Ipv4Packet(
        PEER_IP, OUR_IP, Protocol.UDP, octets, identification=number, more_fragments=more, fragment_offset_octets=offset
    )


def whole(number: int, text: bytes) -> list[Ipv4Packet]:
    """Return a datagram for port 53 in fragments of 8 octets."""
    octets = UdpDatagram(9, 53, text).serialize(PEER_IP, OUR_IP)
    places = range(0, len(octets), 8)
    return [fragment(at, octets[at : at + 8], more=at + 8 < len(octets), number=number) for at in places]


def bound(bench: Bench) -> int:
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    bench.stack.bind(handle, 0, 53)
    return handle


@requirement("RFC791-overlap")
@pytest.mark.parametrize("shift", [-8, 8])
def test_teardrop_and_its_relatives_lose_the_datagram(shift: int) -> None:
    bench = Bench()
    handle = bound(bench)
    parts = whole(1, bytes(200))
    evil = fragment(64 + shift, bytes(16))
    for packet in [*parts[:10], evil, *parts[10:]]:
        bench.ip(packet)
    assert bench.stack.receive_from(handle, 1000) is None
    assert bench.counter("ip_overlapping_fragment") >= 1
    for packet in whole(2, b"honest"):
        bench.ip(packet)
    assert bench.stack.receive_from(handle, 1000) == (b"honest", PEER_IP, 9)


@requirement("RFC815")
def test_the_ping_of_death_is_never_put_together() -> None:
    bench = Bench()
    for offset in range(0, 65528, 1480):
        bench.ip(fragment(offset, bytes(1480)))
    bench.ip(fragment(65528, bytes(1400), more=False))
    assert bench.counter("ip_bad_fragment") >= 1 and bench.counter("ip_datagrams_reassembled") == 0


@requirement("RFC815-memory-bound")
def test_beginnings_without_end_cost_a_bounded_amount_of_memory() -> None:
    bench = Bench(ipv4=Ipv4Config(reassembly_datagrams=16, reassembly_octets=64 * 1024))
    tracemalloc.start()
    for number in range(5000):
        bench.ip(fragment(0, bytes(1400), number=number))
    octets = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert octets < 600_000 and bench.counter("ip_reassembly_full") == 5000 - 16
    bench.advance(200 * S)
    assert bench.counter("ip_reassembly_timeout") == 16


@requirement("RFC815-memory-bound")
def test_crumbs_of_eight_octets_cost_no_more_than_the_limit_says() -> None:
    bench = Bench(ipv4=Ipv4Config(reassembly_octets=32 * 1024))
    tracemalloc.start()
    for number in range(4):
        for at in range(8, 60_000, 16):  # every second one, so that nothing is whole
            bench.ip(fragment(at, bytes(8), number=number))
    octets = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert octets < 2_000_000, "some objects for each crumb, and no more than 4096 of them"


@requirement("RFC815")
def test_contradicting_ends_and_empty_fragments() -> None:
    bench = Bench()
    bench.ip(fragment(800, bytes(8), more=False))
    bench.ip(fragment(400, bytes(8), more=False))
    assert bench.counter("ip_overlapping_fragment") == 1
    bench.ip(fragment(8, b""))
    bench.ip(fragment(8, bytes(7)))
    assert bench.counter("ip_bad_fragment") == 2


@requirement("RFC815")
def test_any_order_with_noise_in_between_brings_what_was_sent_or_nothing() -> None:
    random = Random(4)
    bench = Bench(ipv4=Ipv4Config(reassembly_datagrams=64))
    handle = bound(bench)
    texts = {number: random.randbytes(random.randrange(1, 300)) for number in range(40)}
    packets = [packet for number, text in texts.items() for packet in whole(number, text)]
    packets += [packet for packet in packets if random.random() < 0.2]  # duplicates
    evil = [fragment(8 * random.randrange(40), random.randbytes(8), number=random.randrange(60)) for _ in range(15)]
    packets += evil
    random.shuffle(packets)
    for packet in packets:
        bench.ip(packet)
    arrived = 0
    while (datagram := bench.stack.receive_from(handle, 1000)) is not None:
        assert datagram[0] in texts.values(), "a mixture of two datagrams was believed"
        arrived += 1
    assert arrived >= 20
