"""Opening a connection: RFC 9293, 3.5 and 3.10.7."""

from __future__ import annotations

import errno
from random import Random

import pytest

from rig.stack.config import InterfaceConfig, StackConfig
from rig.stack.stack import SocketKind, Stack
from rig.wire.address import parse_ipv4
from rig.wire.icmp import IcmpType
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpSegment
from tests.helpers.tcp_script import OUR_IP, OUR_MAC, PEER_IP, PEER_MAC, TcpScript

requirement = pytest.mark.requirement


@requirement("RFC9293-MUST-14")
@requirement("RFC9293-SHLD-5")
def test_passive_open() -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "S", mss=1460)
    script.expect(0, "SA", mss=1460, win=65535)
    assert script.state() == "SYN_RECEIVED"
    script.send(10, "A")
    script.expect_nothing(1000)
    assert script.state() == "ESTABLISHED"
    assert [event.kind.value for event in script.events()] == ["acceptable"]
    script.accept()
    assert script.stack.peer_name(script.handle) == (PEER_IP, 40000)
    assert script.stack.accept(script.listening) is None


def test_active_open() -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S", mss=1460, win=65535)
    assert script.state() == "SYN_SENT"
    script.send(30, "SA", mss=1460)
    script.expect(30, "A")
    assert script.state() == "ESTABLISHED"
    assert [event.kind.value for event in script.events()] == ["connected"]


@requirement("RFC9293-MUST-67")
@requirement("RFC9293-SHLD-6")
def test_mss_follows_the_mtu() -> None:
    script = TcpScript(mtu=576)
    script.connect(0)
    script.expect(0, "S", mss=536)


@requirement("RFC9293-MUST-10")
def test_simultaneous_open() -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    script.send(5, "S", mss=1460)
    script.expect(5, "SA", seq=0)
    assert script.state() == "SYN_RECEIVED"
    script.send(10, "SA", seq=0, ack=1)
    script.expect(10, "A")
    assert script.state() == "ESTABLISHED"
    script.write(20, b"after")
    script.expect(20, "PA", data=b"after")


@requirement("RFC9293-MUST-10")
def test_simultaneous_open_completed_by_an_acknowledgement() -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    script.send(5, "S", mss=1460)
    script.expect(5, "SA", seq=0)
    script.send(10, "A")
    script.expect_nothing(500)
    assert script.state() == "ESTABLISHED"


def test_the_peers_syn_is_lost_and_sent_again() -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "S", mss=1460)
    script.expect(0, "SA")
    script.send(300, "S", seq=0, mss=1460)
    script.expect(300, "SA", seq=0)
    script.send(310, "A")
    script.accept()


@requirement("RFC9293-MUST-11")
def test_reset_in_syn_received_returns_to_listen_after_a_passive_open() -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "S")
    script.expect(0, "SA")
    script.send(1, "R")
    script.expect_nothing(5000)
    assert script.state() == "CLOSED"
    script.send(5000, "S", seq=100)
    script.expect(5000, "SA", seq=0)


@requirement("RFC9293-MUST-11")
def test_reset_in_syn_received_refuses_an_active_open() -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    script.send(1, "S")
    script.expect(1, "SA", seq=0)
    script.send(2, "R")
    assert isinstance(script.closed_error(), ConnectionRefusedError)


def test_connection_refused() -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    script.send(3, "RA")
    assert isinstance(script.closed_error(), ConnectionRefusedError)
    with pytest.raises(ConnectionRefusedError):
        script.read(4)
    assert script.read(5) == b"", "the error is raised once"
    script.expect_nothing(10_000)


@pytest.mark.parametrize("flags, ack", [("R", None), ("RA", 0), ("RA", 2)])
def test_reset_that_does_not_acknowledge_our_syn_is_ignored(flags: str, ack: int | None) -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    script.send(1, flags, ack=ack)
    script.expect_nothing(900)
    assert script.state() == "SYN_SENT"
    assert script.counter("tcp_rst_ignored") == 1


def test_wrong_acknowledgement_in_syn_sent_is_answered_with_a_reset() -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    script.send(1, "SA", ack=77)
    script.expect(1, "R", seq=77)
    assert script.state() == "SYN_SENT"


@pytest.mark.parametrize("ack", [0, 2, 5], ids=["of nothing", "of one too many", "of far too many"])
def test_wrong_acknowledgement_in_syn_received_is_answered_with_a_reset(ack: int) -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "S")
    script.expect(0, "SA")
    script.send(1, "A", ack=ack)
    script.expect(1, "R", seq=ack)
    assert script.state() == "SYN_RECEIVED"


def test_text_with_the_acknowledgement_of_our_syn() -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "S", mss=1460)
    script.expect(0, "SA")
    script.send(1, "FPA", b"all at once")
    script.expect(1, "A")
    script.accept()
    assert script.state() == "CLOSE_WAIT"
    assert script.read(2) == b"all at once"
    assert script.read(2) == b""


@requirement("RFC6298-2.1")
@requirement("RFC9293-MUST-23")
def test_syn_is_retransmitted_and_given_up_after_three_minutes() -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    for second in (1, 3, 7, 15, 31, 63, 127):
        script.expect(1000 * second, "S", seq=0)
    script.expect_nothing(179_999)
    assert script.events() == []
    script.expect_nothing(180_000)
    error = script.closed_error()
    assert isinstance(error, TimeoutError) and error.errno == errno.ETIMEDOUT


def test_syn_ack_is_retransmitted() -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "S", mss=1460)
    script.expect(0, "SA")
    script.expect(1000, "SA", seq=0)
    script.expect(3000, "SA", seq=0)


@requirement("RFC6298-5.7")
def test_rto_of_three_seconds_and_one_segment_after_a_lost_syn() -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    script.expect(1000, "S", seq=0)
    script.send(1010, "SA", mss=1000)
    script.expect(1010, "A")
    script.write(2000, bytes(5000))
    script.expect(2000, "A", length=1000)
    script.expect_nothing(4999)
    script.expect(5000, "A", seq=1, length=1000)


def test_closed_port_answers_with_a_reset() -> None:
    script = TcpScript()
    script.port = 4242
    script.send(0, "S", seq=500)
    script.expect(0, "RA", seq=0, ack=501)
    script.send(1, "FA", b"abc", seq=600, ack=1234)
    script.expect(1, "R", seq=1234)
    script.send(2, "F", b"abc", seq=600)
    script.expect(2, "RA", seq=0, ack=604)
    script.send(3, "R", seq=600)
    script.send(3, "RA", seq=600)
    script.expect_nothing(10)


def test_listen_ignores_a_reset_and_resets_an_acknowledgement() -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "R")
    script.send(1, "")
    script.send(2, "F")
    script.expect_nothing(3)
    script.send(4, "A", ack=99)
    script.expect(4, "R", seq=99)
    script.send(5, "SA", ack=98)
    script.expect(5, "R", seq=98)


@requirement("RFC9293-MUST-41")
@requirement("RFC9293-MUST-42")
def test_listening_beside_a_connection_on_the_same_port() -> None:
    script = TcpScript()
    script.open_passively()
    first = script.handle
    script.peer_port += 1
    script.send(1, "S", seq=0, mss=1460)
    script.peer_nxt = 1
    script.expect(1, "SA", seq=0)
    script.send(2, "A", ack=1)
    second = script.accept()
    assert first != second
    assert script.stack.peer_name(first)[1] + 1 == script.stack.peer_name(second)[1]


@requirement("RFC9293-MUST-46")
@pytest.mark.parametrize("address", ["255.255.255.255", "10.0.0.255", "224.0.0.1"])
def test_connect_to_a_group_is_an_error(address: str) -> None:
    script = TcpScript()
    handle = script.stack.socket(SocketKind.STREAM)
    with pytest.raises(OSError, match="single hosts"):
        script.stack.connect(handle, parse_ipv4(address), 80, 0)
    script.expect_nothing(5000)


@requirement("RFC9293-MUST-57")
def test_syn_to_broadcast_is_discarded() -> None:
    script = TcpScript()
    script.listen()
    for destination, mac in (("10.0.0.255", b"\xff" * 6), ("255.255.255.255", b"\xff" * 6), ("10.0.0.255", OUR_MAC)):
        address = parse_ipv4(destination)
        segment = TcpSegment(40000, 80, 1, 0, 2, 1000).serialize(PEER_IP, address)
        packet = Ipv4Packet(PEER_IP, address, Protocol.TCP, segment).serialize()
        script.stack.receive_frame(mac + PEER_MAC + b"\x08\x00" + packet, 0)
    script.expect_nothing(1000)
    assert script.counter("tcp_to_broadcast") == 3


@requirement("RFC9293-MUST-63")
@pytest.mark.parametrize("source", ["224.0.0.5", "255.255.255.255", "10.0.0.255", "0.0.0.0", "127.0.0.1", "10.0.0.1"])
def test_syn_from_an_invalid_source_is_ignored(source: str) -> None:
    script = TcpScript()
    script.listen()
    address = parse_ipv4(source)
    segment = TcpSegment(40000, 80, 1, 0, 2, 1000).serialize(address, OUR_IP)
    script.receive_packet(Ipv4Packet(address, OUR_IP, Protocol.TCP, segment))
    script.expect_nothing(5000)
    assert script.counter("ip_bad_source") == 1


@requirement("RFC9293-MUST-43")
def test_bind_before_connect() -> None:
    script = TcpScript()
    handle = script.stack.socket(SocketKind.STREAM)
    script.stack.bind(handle, OUR_IP, 5555)
    script.stack.connect(handle, PEER_IP, 80, 0)
    assert script.expect(0, "S").segment.source_port == 5555
    other = script.stack.socket(SocketKind.STREAM)
    with pytest.raises(OSError) as caught:
        script.stack.bind(other, OUR_IP, 5555)
    assert caught.value.errno == errno.EADDRINUSE
    with pytest.raises(OSError) as caught:
        script.stack.bind(other, parse_ipv4("10.0.0.9"), 1)
    assert caught.value.errno == errno.EADDRNOTAVAIL


@requirement("RFC9293-MUST-44")
@requirement("RFC9293-MUST-45")
def test_source_address_comes_from_the_route_and_stays() -> None:
    interfaces = (
        InterfaceConfig(OUR_MAC, OUR_IP, 24, name="one"),
        InterfaceConfig(bytes.fromhex("020000000009"), parse_ipv4("192.168.7.1"), 24, name="two"),
    )
    stack = Stack(StackConfig(interfaces), Random(1))
    handle = stack.socket(SocketKind.STREAM)
    stack.connect(handle, parse_ipv4("192.168.7.5"), 80, 0)
    assert stack.local_name(handle)[0] == parse_ipv4("192.168.7.1")
    assert list(stack.frames_to_send(0, interface=0)) == []
    assert len(list(stack.frames_to_send(0, interface=1))) == 1, "an ARP request"


def test_address_that_does_not_resolve_fails_the_connect() -> None:
    stack = Stack(StackConfig((InterfaceConfig(OUR_MAC, OUR_IP, 24),)), Random(1))
    handle = stack.socket(SocketKind.STREAM)
    stack.connect(handle, PEER_IP, 80, 0)
    now_ns = 0
    while (event := stack.next_event()) is None:
        list(stack.frames_to_send(now_ns))
        now_ns = stack.next_deadline() or 0
        stack.handle_timers(now_ns)
    assert event.error is not None and event.error.errno == errno.EHOSTUNREACH
    assert now_ns == 3_000_000_000


def test_no_route() -> None:
    script = TcpScript()
    handle = script.stack.socket(SocketKind.STREAM)
    with pytest.raises(OSError) as caught:
        script.stack.connect(handle, parse_ipv4("8.8.8.8"), 80, 0)
    assert caught.value.errno == errno.ENETUNREACH


@requirement("RFC9293-SHLD-26")
@pytest.mark.parametrize("code, number", [(2, errno.ENOPROTOOPT), (3, errno.ECONNREFUSED)])
def test_hard_icmp_error_ends_an_opening_connection(code: int, number: int) -> None:
    script = TcpScript()
    script.connect(0)
    script.expect(0, "S")
    script.icmp_error(10, IcmpType.DESTINATION_UNREACHABLE, code, seq=0)
    error = script.closed_error()
    assert error is not None and error.errno == number


@requirement("RFC9293-MUST-47")
def test_soft_icmp_error_is_told_when_the_connection_gives_up() -> None:
    script = TcpScript()
    script.connect(0, user_timeout_ns=2_000_000_000)
    script.expect(0, "S")
    script.icmp_error(10, IcmpType.DESTINATION_UNREACHABLE, 0, seq=0)
    assert script.state() == "SYN_SENT"
    script.expect(1000, "S", seq=0)
    script.expect_nothing(2000)
    error = script.closed_error()
    assert isinstance(error, TimeoutError)
    assert isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ENETUNREACH


@requirement("RFC9293-MUST-47")
@pytest.mark.parametrize("window", [None, 5000], ids=["as before", "another window"])
def test_a_soft_icmp_error_before_progress_is_no_reason_to_give_up(window: int | None) -> None:
    """The acknowledgement is one that was predicted, or one that was not."""
    script = TcpScript()
    script.connect(0, user_timeout_ns=2_000_000_000)
    script.expect(0, "S")
    script.send(0, "SA", seq=0, ack=1)
    script.expect(0, "A")
    script.write(1, b"one")
    script.expect(1, "PA", data=b"one")
    script.icmp_error(10, IcmpType.DESTINATION_UNREACHABLE, 0, seq=1)
    assert script.counter("tcp_soft_errors") == 1
    script.send(20, "A", ack=4, win=window)
    script.write(30, b"two")
    script.take_all(60_000)
    error = script.closed_error()
    assert isinstance(error, TimeoutError) and error.__cause__ is None


def test_backlog_bounds_the_accept_queue() -> None:
    script = TcpScript()
    script.listen(backlog=2)
    for port in (1, 2, 3):
        script.peer_port, script.peer_nxt, script.stack_nxt = port, 0, 0
        script.send(port, "S")
        if port < 3:
            script.expect(port, "SA", seq=0)
            script.send(port, "A")
    script.expect_nothing(900)
    assert script.counter("tcp_accept_queue_full") == 1
    script.accept()
    script.send(901, "S", seq=0)
    script.expect(901, "SA", seq=0)


def test_full_syn_queue_drops_the_oldest_half_open_connection() -> None:
    script = TcpScript(syn_queue=3, syn_cookies=False)
    script.listen()
    for port in range(1, 6):
        script.peer_port, script.peer_nxt, script.stack_nxt = port, 0, 0
        script.send(port, "S")
        script.expect(port, "SA", seq=0)
    assert script.counter("tcp_syn_queue_full") == 2
    states = [row.state for row in script.stack.netstat()]
    assert states.count("SYN_RECEIVED") == 3
    script.send(10, "A")
    script.accept()


def test_closing_the_listener_resets_what_was_not_accepted() -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "S")
    script.expect(0, "SA")
    script.send(1, "A")
    script.close(2)
    script.expect(2, "RA")
    script.send(3, "S", seq=9)
    (reset,) = script.take_all(3)
    assert (reset.flags, reset.segment.sequence, reset.ack) == ("RA", 0, 10)


def test_netstat_shows_every_socket() -> None:
    script = TcpScript()
    script.stack.socket(SocketKind.STREAM)
    script.open_passively()
    rows = [(row.local, row.foreign, row.state) for row in script.stack.netstat()]
    assert rows == [
        ("*:*", "*:*", "CLOSED"),
        ("*:80", "*:*", "LISTEN"),
        ("10.0.0.1:80", "10.0.0.2:40000", "ESTABLISHED"),
    ]


@requirement("RFC9293-MUST-8")
@requirement("RFC9293-MUST-9")
@requirement("RFC9293-SHLD-1")
@requirement("RFC6528")
def test_initial_sequence_number() -> None:
    def isn(now_ns: int = 0, seed: int = 1, peer_port: int = 40000) -> int:
        script = TcpScript(seed=seed, start_ns=now_ns)
        script.listen()
        script.peer_port = peer_port
        script.send(0, "S")
        return script.expect(0, "SA").segment.sequence

    base = isn()
    assert (isn(now_ns=4_000_000) - base) % 2**32 == 1000, "a tick every 4 us"
    assert isn(now_ns=4 * 2**32 * 1000) == base, "the clock wraps with the sequence space"
    others = {isn(seed=seed) for seed in range(2, 20)} | {isn(peer_port=port) for port in range(1, 20)}
    assert len(others) == 37
    assert max(others) - min(others) > 2**31, "spread over the sequence space"
