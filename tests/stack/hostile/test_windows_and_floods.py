"""Windows as a weapon, floods of every kind: every queue has an end, a counter, and a way out."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest

from rig.stack.config import ArpConfig, TcpConfig
from rig.stack.endpoint import SocketKind
from rig.wire.arp import ArpOperation
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpOptions, TcpSegment
from tests.helpers.tcp_script import TcpScript
from tests.stack.bench import GATEWAY_IP, OUR_IP, OUR_MAC, PEER_IP, PEER_MAC, Bench, S
from tests.stack.pair import MS, Pair
from tests.stack.victim import Victim

HOUR_MS = 3_600_000


def segment(source: int, port: int, flags: int, sequence: int = 1, ack: int = 0, to_port: int = 80) -> Ipv4Packet:
    octets = TcpSegment(port, to_port, sequence, ack, flags, 1000).serialize(source, OUR_IP)
    return Ipv4Packet(source, OUR_IP, Protocol.TCP, octets)


def listening(bench: Bench, backlog: int = 5) -> int:
    handle = bench.stack.socket(SocketKind.STREAM)
    bench.stack.bind(handle, 0, 80)
    bench.stack.listen(handle, backlog)
    return handle


# -- windows -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC9293-MUST-37")
def test_a_window_closed_for_ever_holds_a_program_but_no_orphan() -> None:
    """RFC 6429: while the program is there it decides; once it is gone, R2 ends what a hostile reader keeps open."""
    script = TcpScript()
    script.open_passively()
    script.write(1, bytes(500))
    script.take_all(1)
    script.send(2, "A", win=0)
    script.write(3, bytes(500))
    probes = 0
    t_ms = 3.0
    while t_ms < 2 * HOUR_MS:
        t_ms += 60_000
        probes += len(script.take_all(t_ms))
        script.send(t_ms, "A", ack=501, win=0)
        assert script.state() == "ESTABLISHED"
    assert 50 < probes < 200, "probes go on, and back off"
    script.close(t_ms)
    for _ in range(6):
        t_ms += 60_000
        script.take_all(t_ms)
        script.send(t_ms, "A", ack=501, win=0)
    assert script.state() == "CLOSED" and script.counter("tcp_connections_timed_out") == 1


@pytest.mark.parametrize("window", [1, 2, 7, 99])
@pytest.mark.requirement("RFC9293-MUST-38")
def test_tiny_windows_do_not_make_many_tiny_segments(window: int) -> None:
    script = TcpScript(send_buffer_octets=100_000)
    script.open_passively(mss=1000, win=window)
    script.write(1, bytes(50_000))
    sent = script.take_all(60_000)
    script.send(60_001, "A", ack=script.stack_nxt, win=window)
    assert len(sent) < 60, "the persist timer, not the window, sets the pace"


def test_a_window_that_jumps_at_every_segment() -> None:
    script = TcpScript(send_buffer_octets=100_000)
    script.open_passively(mss=1000)
    script.write(1, bytes(100_000))
    sent = len(script.take_all(1))
    for number in range(400):
        script.send(2 + number, "A", ack=1, win=0 if number & 1 else 65535)
        sent += len(script.take_all(2 + number))
    assert sent < 100, "nothing is sent twice for a window that opens and closes"
    script.send(500, "A", ack=script.stack_nxt, win=65535)
    assert script.state() == "ESTABLISHED"


# -- injection and storms ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("RFC5961-7")
def test_two_stacks_that_disagree_about_everything_fall_silent() -> None:
    """Somebody put text into both directions: each end acknowledges what the other never sent."""
    pair = Pair()
    client, server = pair.connect()
    ends = [*pair.client._tcp.connections.values(), *pair.server._tcp.connections.values()]
    for connection in ends:
        if connection.owner is not None:
            connection.receiver.rcv_nxt = connection.receiver.rcv_nxt + 7000 & 0xFFFFFFFF
            connection.receiver.rcv_adv = connection.receiver.rcv_adv + 7000 & 0xFFFFFFFF
    pair.client.send(client, b"hello", pair.now_ns)
    pair.server.send(server, b"hello", pair.now_ns)
    start_ns = pair.now_ns
    while pair.now_ns < start_ns + 10_000 * MS and pair.step():
        pass
    assert pair.frames < 600, f"{pair.frames} frames in ten seconds"


@pytest.mark.requirement("RFC5961-3")
@pytest.mark.requirement("RFC5961-4")
def test_resets_and_syns_all_over_the_number_space() -> None:
    """A blind attacker who does not hit the one right number gets nowhere, however often it tries."""
    script = TcpScript()
    script.open_passively()
    step = 65_521
    for number in range(3000):
        seq = 2 + number * step
        script.send(2, "R" if number & 1 else "S", seq=seq, hold=True)
    script.peer_nxt = 1
    assert len(script.take_all(3)) <= 10
    assert script.state() == "ESTABLISHED"
    script.send(2000, "PA", b"still here")
    assert script.read(2001) == b"still here"


def test_a_land_packet_from_ourselves_to_ourselves() -> None:
    bench = Bench()
    listening(bench)
    bench.ip(segment(OUR_IP, 80, 0x02))
    assert bench.sent() == [] and bench.counter("ip_bad_source") == 1


# -- floods ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cookies", [True, False])
@pytest.mark.requirement("RFC4987-3.6")
def test_a_flood_of_syns_costs_a_bounded_amount_of_memory(cookies: bool) -> None:
    bench = Bench()
    bench.stack._tcp.config = replace(bench.stack._tcp.config, syn_cookies=cookies, syn_queue=64)
    listening(bench)
    frames = [segment(PEER_IP, 1024 + number, 0x02, number) for number in range(6000)]
    tracemalloc.start()
    for packet in frames:
        bench.ip(packet)
        for _ in bench.stack.frames_to_send(0):
            pass
    octets = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(bench.stack._tcp.connections) <= 64 and octets < 2_000_000
    assert bench.counter("tcp_syn_queue_full") == 6000 - 64


def test_an_accept_queue_that_nobody_empties_is_bounded_with_cookies_too() -> None:
    bench = Bench()
    bench.stack._tcp.config = replace(bench.stack._tcp.config, syn_queue=1)
    handle = listening(bench, backlog=3)
    for port in range(2000, 2060):
        bench.ip(segment(PEER_IP, port, 0x02, 1))
    answers = [TcpSegment.parse(packet.payload, OUR_IP, PEER_IP) for packet in bench.sent_ip()]
    assert len(answers) == 60 and bench.counter("tcp_syn_cookies_sent") == 59
    for answer in answers:  # cookies are collected first and used all at once
        bench.ip(segment(PEER_IP, answer.destination_port, 0x10, 2, answer.sequence + 1 & 0xFFFFFFFF))
    assert bench.sent() == [], "those who find no room are not told to go away"
    accepted = 0
    while bench.stack.accept(handle) is not None:
        accepted += 1
    assert 3 <= accepted <= 4 and bench.counter("tcp_accept_queue_full") >= 56


def test_connections_have_a_limit() -> None:
    bench = Bench()
    bench.stack._tcp.config = replace(bench.stack._tcp.config, connection_limit=20)
    listening(bench)
    for port in range(3000, 3100):
        bench.ip(segment(PEER_IP, port, 0x02))
    assert len(bench.stack._tcp.connections) == 20 and bench.counter("tcp_connection_limit") == 80
    handle = bench.stack.socket(SocketKind.STREAM)
    with pytest.raises(OSError, match="limit of 20 connections"):
        bench.stack.connect(handle, PEER_IP, 9, 0)
    bench.advance(200 * S)
    assert not bench.stack._tcp.connections, "and they go away again"
    bench.stack.connect(handle, PEER_IP, 9, bench.now_ns)


@pytest.mark.requirement("RFC9293-SHLD-31")
def test_one_octet_segments_beyond_a_hole() -> None:
    script = TcpScript(out_of_order_segments=50)
    script.open_passively()
    for number in range(2000):
        script.send(2, "A", b"x", seq=10 + 2 * number, hold=number % 20 != 0)
    (connection,) = script.stack._tcp.connections.values()
    assert len(connection.receiver.queue._pieces) == 50 and connection.receiver.queue.octets == 50
    assert script.counter("tcp_out_of_order_queue_full") == 1950
    script.take_all(3)
    script.send(4, "A", bytes(4100), seq=1)
    script.take_all(5)
    assert len(script.read(6) or b"") == 4100, "and a segment that fills everything is taken"


@pytest.mark.requirement("RFC1122-2.3.2.1-flood")
def test_arp_floods_leave_a_bounded_cache_and_bounded_queues() -> None:
    bench = Bench(arp=ArpConfig(entry_limit=100))
    for number in range(3000):
        address = 0x0A000000 | 3 + number % 250
        bench.arp(ArpOperation.REQUEST, b"\2\0\0" + number.to_bytes(3, "big"), address, bytes(6), OUR_IP)
        bench.sent()
    assert len(bench.stack.neighbours()) <= 100 and bench.counter("arp_cache_full") > 0
    quiet = Bench(know_peer=False, arp=ArpConfig(entry_limit=10))
    handle = quiet.stack.socket(SocketKind.DATAGRAM)
    for number in range(5000):
        quiet.stack.send_to(handle, bytes(1000), 0x0A000000 | 3 + number % 100, 9, 0)
    held = sum(len(entry.held) for entry in quiet.stack._ip.interfaces[0].arp._entries.values())
    assert held <= 160 and quiet.counter("arp_held_packet_dropped") == 5000 - held
    assert quiet.stack._ip.interfaces[0].arp._held == held, "those that went with their neighbour no longer count"


@pytest.mark.requirement("RFC1812-4.3.2.8")
def test_a_flood_that_asks_for_errors_gets_few() -> None:
    bench = Bench()
    for number in range(2000):
        bench.ip(Ipv4Packet(PEER_IP, OUR_IP, 99, number.to_bytes(2, "big")))
    assert len(bench.sent()) == 20 == bench.counter("icmp_errors_sent")
    assert bench.counter("icmp_error_rate_limited") == 1980


def test_errors_about_errors_and_about_nothing_of_ours() -> None:
    bench = Bench()
    for kind in (3, 4, 5, 11, 12):
        for code in range(16):
            quoted = Ipv4Packet(OUR_IP, PEER_IP, Protocol.TCP, bytes(8)).serialize()
            bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.ICMP, IcmpMessage(kind, code, 68, quoted).serialize()))
            bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.ICMP, IcmpMessage(kind, code, 68, b"").serialize()))
    assert bench.sent() == []


def test_echo_requests_in_a_flood_meet_a_bounded_queue() -> None:
    bench = Bench()
    request = IcmpMessage.echo_request(1, 1, bytes(1400)).serialize()
    for _ in range(3000):
        bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.ICMP, request))
    assert len(bench.sent()) == 1024 and bench.counter("interface_transmit_queue_full") == 3000 - 1024


def test_datagrams_that_nobody_reads() -> None:
    from rig.wire.udp import UdpDatagram

    bench = Bench()
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    bench.stack.bind(handle, 0, 53)
    for size in (0, 1000):
        datagram = UdpDatagram(9, 53, bytes(size)).serialize(PEER_IP, OUR_IP)
        for _ in range(2000):
            bench.ip(Ipv4Packet(PEER_IP, OUR_IP, Protocol.UDP, datagram))
    taken = 0
    while bench.stack.receive_from(handle, 2000) is not None:
        taken += 1
    assert taken == 1024 and bench.counter("udp_receive_queue_full") == 4000 - 1024


def test_redirects_without_end() -> None:
    bench = Bench()
    quoted = TcpSegment(1, 2, 3, 4, 2, 5).serialize(OUR_IP, 0)[:8]
    for number in range(2000):
        packet = Ipv4Packet(OUR_IP, 0xC0000200 + number, Protocol.TCP, quoted).serialize()
        message = IcmpMessage(5, 1, PEER_IP, packet).serialize()
        bench.frame(
            OUR_MAC + PEER_MAC + b"\x08\x00" + Ipv4Packet(GATEWAY_IP, OUR_IP, Protocol.ICMP, message).serialize()
        )
    assert len(bench.stack.routes()) <= 256 + 2


def test_options_of_every_kind_and_length_on_every_kind_of_segment() -> None:
    for stamped in (False, True):
        for kind in range(0, 256, 3):
            victim = Victim(stamped)
            victim.segment(0x02, 0, 0, b"", 65535, TcpOptions(mss=1000, timestamp=(1, 0) if stamped else None))
            for flags in (0x02, 0x10, 0x18, 0x11, 0x04):
                for octets in (0, 1, 2, 3, 4, 10, 18, 40):
                    raw = (bytes((kind, octets)) + bytes(38))[: max(4, (octets + 3) & ~3)]
                    header = TcpSegment(40000, 80, victim.nxt, victim.ack, flags, 100).serialize(PEER_IP, OUR_IP)
                    data = bytearray(header[:12] + bytes((20 + len(raw) << 2,)) + header[13:16] + bytes(4) + raw)
                    packet = Ipv4Packet(PEER_IP, OUR_IP, Protocol.TCP, _summed(data)).serialize()
                    victim.stack.receive_frame(OUR_MAC + PEER_MAC + b"\x08\x00" + packet, victim.now_ns)
                    victim.pull()
            victim.check()


def _summed(data: bytearray) -> bytes:
    from rig.wire.checksum import internet_checksum, pseudo_header_sum

    total = internet_checksum(bytes(data), pseudo_header_sum(PEER_IP, OUR_IP, Protocol.TCP, len(data)))
    data[16:18] = total.to_bytes(2, "big")
    return bytes(data)


def test_the_defaults_bound_every_queue() -> None:
    """A limit of a queue that somebody sets to nothing, or to no end, would show here."""
    tcp = TcpConfig()
    assert 0 < tcp.out_of_order_segments <= 1024 and 0 < tcp.syn_queue <= 4096 and 0 < tcp.connection_limit <= 65536
