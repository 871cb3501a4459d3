"""UDP sockets: RFC 768; RFC 1122, 4.1."""

from __future__ import annotations

import errno

import pytest

from rig.stack.config import UdpConfig
from rig.stack.events import EventKind
from rig.stack.stack import SocketKind, SocketOption
from rig.wire.address import parse_ipv4
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.udp import UdpDatagram
from tests.stack.bench import FAR_IP, OUR_IP, PEER_IP, Bench

requirement = pytest.mark.requirement


def _from_peer(bench: Bench, data: bytes, port: int, *, source_port: int = 5, source: int = PEER_IP) -> None:
    datagram = UdpDatagram(source_port, port, data).serialize(source, OUR_IP)
    bench.ip(Ipv4Packet(source, OUR_IP, Protocol.UDP, datagram))


def _bound(bench: Bench, port: int, address: int = 0) -> int:
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    bench.stack.bind(handle, address, port)
    return handle


@requirement("RFC768")
def test_send_and_receive() -> None:
    bench = Bench()
    handle = _bound(bench, 99)
    bench.stack.send_to(handle, b"question", PEER_IP, 53, 0)
    (packet,) = bench.sent_ip()
    datagram = UdpDatagram.parse(packet.payload, OUR_IP, PEER_IP)
    assert (datagram.source_port, datagram.destination_port, bytes(datagram.payload)) == (99, 53, b"question")
    assert int.from_bytes(packet.payload[6:8], "big") != 0, "a checksum is generated"
    _from_peer(bench, b"answer", 99, source_port=53)
    event = bench.stack.next_event()
    assert event is not None and (event.kind, event.handle) == (EventKind.READABLE, handle)
    assert bench.stack.receive_from(handle, 4) == (b"answ", PEER_IP, 53)
    assert bench.stack.receive_from(handle, 4) is None


@requirement("RFC1122-4.1.3.4")
def test_zero_checksum_is_accepted_and_a_wrong_one_dropped() -> None:
    bench = Bench()
    handle = _bound(bench, 99)
    datagram = bytearray(UdpDatagram(5, 99, b"x").serialize(PEER_IP, OUR_IP))
    datagram[6:8] = b"\0\0"
    bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.UDP, bytes(datagram)))
    assert bench.stack.receive_from(handle, 9) == (b"x", PEER_IP, 5)
    datagram[6:8] = b"\1\1"
    bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.UDP, bytes(datagram)))
    assert bench.stack.receive_from(handle, 9) is None
    assert bench.counter("udp_malformed") == 1
    assert bench.sent() == []


def test_a_closer_binding_wins() -> None:
    bench = Bench()
    narrow = _bound(bench, 99, OUR_IP)
    with pytest.raises(OSError) as caught:
        _bound(bench, 99)
    assert caught.value.errno == errno.EADDRINUSE
    _from_peer(bench, b"x", 99)
    assert bench.stack.receive_from(narrow, 9) is not None


@requirement("RFC1122-4.1.3.6")
@pytest.mark.parametrize("source", ["10.0.0.255", "255.255.255.255", "224.0.0.1", "127.0.0.1", "0.0.0.0"])
def test_datagram_from_an_impossible_source_is_dropped(source: str) -> None:
    bench = Bench()
    handle = _bound(bench, 7)
    _from_peer(bench, b"x", 7, source=parse_ipv4(source))
    assert bench.stack.receive_from(handle, 100) is None and bench.counter("ip_bad_source") == 1


def test_ephemeral_ports_are_drawn_at_random_and_given_back() -> None:
    bench = Bench()
    handles = [_bound(bench, 0) for _ in range(50)]
    ports = [bench.stack.local_name(handle)[1] for handle in handles]
    assert len(set(ports)) == 50 and ports != sorted(ports) and min(ports) >= 49152
    for handle in handles:
        bench.stack.close(handle, 0)
    assert bench.stack.netstat() == []
    _bound(bench, ports[0])


def test_connected_socket_hears_its_peer_only() -> None:
    bench = Bench()
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    bench.stack.connect(handle, PEER_IP, 53, 0)
    port = bench.stack.local_name(handle)[1]
    assert bench.stack.local_name(handle)[0] == OUR_IP
    assert bench.stack.peer_name(handle) == (PEER_IP, 53)
    _from_peer(bench, b"no", port, source_port=54)
    _from_peer(bench, b"no", port, source_port=53, source=parse_ipv4("10.0.0.3"))
    _from_peer(bench, b"yes", port, source_port=53)
    assert bench.stack.receive(handle, 9, 0) == b"yes"
    assert bench.stack.receive(handle, 9, 0) is None
    assert bench.counter("udp_not_from_peer") == 2


def test_receive_queue_is_bounded_in_octets_and_datagrams() -> None:
    bench = Bench(udp=UdpConfig(receive_buffer_octets=1000, receive_buffer_datagrams=4))
    handle = _bound(bench, 99)
    for _ in range(3):
        _from_peer(bench, bytes(400), 99)
    assert bench.counter("udp_receive_queue_full") == 1
    for _ in range(4):
        _from_peer(bench, b"", 99)
    assert bench.counter("udp_receive_queue_full") == 3
    (row,) = bench.stack.netstat()
    assert (row.protocol, row.local, row.receive_queue) == ("udp", "*:99", 800)
    assert bench.stack.receive_from(handle, 9999) is not None
    _from_peer(bench, bytes(400), 99)
    assert bench.counter("udp_receive_queue_full") == 3


def test_broadcast_needs_permission() -> None:
    bench = Bench()
    handle = _bound(bench, 99)
    everyone = parse_ipv4("255.255.255.255")
    with pytest.raises(OSError) as caught:
        bench.stack.send_to(handle, b"x", everyone, 9, 0)
    assert caught.value.errno == errno.EACCES
    bench.stack.set_option(handle, SocketOption.BROADCAST, 1)
    bench.stack.send_to(handle, b"x", everyone, 9, 0)
    (frame,) = bench.sent()
    assert frame.destination == b"\xff" * 6


@requirement("RFC1122-4.1.4")
def test_ttl_and_dscp_reach_the_packet() -> None:
    bench = Bench()
    handle = _bound(bench, 99)
    bench.stack.set_option(handle, SocketOption.TTL, 3)
    bench.stack.set_option(handle, SocketOption.DSCP, 10)
    bench.stack.send_to(handle, b"x", FAR_IP, 9, 0)
    (packet,) = bench.sent_ip()
    assert (packet.ttl, packet.dscp) == (3, 10)
    assert bench.stack.get_option(handle, SocketOption.TTL) == 3
    with pytest.raises(OSError):
        bench.stack.set_option(handle, SocketOption.NODELAY, 1)


def test_errors_of_the_caller() -> None:
    bench = Bench()
    stack = bench.stack
    handle = stack.socket(SocketKind.DATAGRAM)
    for call, number in (
        (lambda: stack.send(handle, b"x", 0), errno.EDESTADDRREQ),
        (lambda: stack.send_to(handle, bytes(65508), PEER_IP, 9, 0), errno.EMSGSIZE),
        (lambda: stack.send_to(handle, b"x", PEER_IP, 0, 0), errno.EINVAL),
        (lambda: stack.listen(handle, 1), errno.EOPNOTSUPP),
        (lambda: stack.accept(handle), errno.EOPNOTSUPP),
        (lambda: stack.peer_name(handle), errno.ENOTCONN),
        (lambda: stack.bind(handle, PEER_IP, 1), errno.EADDRNOTAVAIL),
        (lambda: stack.bind(99, 0, 1), errno.EBADF),
    ):
        with pytest.raises(OSError) as caught:
            call()  # type: ignore[no-untyped-call]
        assert caught.value.errno == number


def test_loopback() -> None:
    bench = Bench()
    stack = bench.stack
    server, client = _bound(bench, 99), stack.socket(SocketKind.DATAGRAM)
    for address in (parse_ipv4("127.0.0.1"), OUR_IP):
        stack.send_to(client, b"to myself", address, 99, 0)
        assert stack.next_deadline() == 0
        stack.handle_timers(0)
        data = stack.receive_from(server, 99)
        assert data is not None and data[:2] == (b"to myself", address)
    assert bench.sent() == [], "nothing of it reaches the wire"
    assert stack.next_deadline() != 0


@requirement("RFC791")
def test_a_datagram_that_must_not_be_cut() -> None:
    """With the option its packets have DF, and what is too long for the link is refused instead of cut."""
    bench = Bench()
    handle = _bound(bench, 99)
    bench.stack.send_to(handle, bytes(2000), PEER_IP, 53, 0)
    assert [packet.dont_fragment for packet in bench.sent_ip()] == [False, False]
    bench.stack.set_option(handle, SocketOption.DONT_FRAGMENT, 1)
    assert bench.stack.get_option(handle, SocketOption.DONT_FRAGMENT) == 1
    bench.stack.send_to(handle, bytes(1472), PEER_IP, 53, 0)
    assert [(packet.dont_fragment, len(packet.payload)) for packet in bench.sent_ip()] == [(True, 1480)]
    with pytest.raises(OSError, match="the MTU of eth0 is 1500") as error:
        bench.stack.send_to(handle, bytes(1473), PEER_IP, 53, 0)
    assert error.value.errno == errno.EMSGSIZE
    assert bench.sent_ip() == []
