"""Text in both directions: segmentation, Nagle, acknowledgements, order. RFC 9293, 3.7 and 3.8."""

from __future__ import annotations

import errno

import pytest

from rig.stack.events import EventKind
from rig.wire.icmp import IcmpType
from tests.helpers.tcp_script import TcpScript

requirement = pytest.mark.requirement


@requirement("RFC9293-MUST-14")
def test_segments_are_no_longer_than_the_peers_mss() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(1, bytes(2500))
    script.expect(1, length=1000)
    script.expect(1, length=1000)
    script.expect_nothing(9)  # Nagle
    script.send(10, "A")
    script.expect(10, "PA", length=500)


@requirement("RFC9293-MUST-15")
def test_default_mss() -> None:
    script = TcpScript()
    script.open_passively(mss=None)
    script.write(1, bytes(1000))
    script.expect(1, length=536)


@requirement("RFC9293-MUST-16")
def test_mss_is_limited_by_our_mtu() -> None:
    script = TcpScript()
    script.open_passively(mss=9000)
    script.write(1, bytes(3000))
    script.expect(1, length=1460)


@requirement("RFC9293-MUST-65")
def test_mss_only_on_syn() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"x")
    assert script.expect(1, "PA", length=1).segment.options.mss is None


@requirement("RFC9293-MUST-60")
@requirement("RFC9293-MUST-61")
@requirement("RFC9293-SHLD-28")
def test_push_is_on_the_last_segment_only() -> None:
    script = TcpScript()
    script.open_passively()
    data = bytes(range(250)) * 50
    script.write(1, data[: 1460 * 4])
    seen = script.take_all(1)
    assert [each.flags for each in seen] == ["A", "A", "A", "PA"]
    assert [len(each.data) for each in seen] == [1460] * 4
    assert b"".join(each.data for each in seen) == data[: 1460 * 4]


@requirement("RFC9293-SHLD-7")
def test_nagle_holds_a_small_segment_while_something_is_in_flight() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"a")
    script.expect(1, "PA", data=b"a")
    script.write(2, b"b")
    script.write(3, b"c")
    script.expect_nothing(100)
    script.send(101, "A")
    script.expect(101, "PA", data=b"bc")


@requirement("RFC9293-SHLD-7")
def test_nagle_does_not_hold_a_full_segment() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"a")
    script.expect(1, "PA", data=b"a")
    script.write(2, bytes(1461))
    script.expect(2, "A", length=1460)
    script.expect_nothing(100)
    script.send(101, "A")
    script.expect(101, "PA", length=1)


@requirement("RFC9293-MUST-17")
def test_nagle_can_be_switched_off() -> None:
    script = TcpScript()
    script.open_passively()
    script.option("nodelay", 1)
    for t_ms, octet in ((1, b"a"), (2, b"b"), (3, b"c")):
        script.write(t_ms, octet)
        script.expect(t_ms, "PA", data=octet)


@requirement("RFC9293-MUST-17")
def test_switching_nagle_off_lets_go_what_it_held() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"a")
    script.expect(1, "PA", data=b"a")
    script.write(2, b"b")
    script.expect_nothing(3)
    script.option("nodelay", 1)
    script.expect(3, "PA", data=b"b")


@requirement("RFC9293-SHLD-18")
@requirement("RFC9293-MUST-40")
def test_acknowledgement_is_delayed() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "PA", b"x")
    script.expect(101, "A")
    script.send(200, "PA", b"x")
    script.expect(300, "A")


@requirement("RFC9293-SHLD-19")
def test_every_second_full_segment_is_acknowledged_at_once() -> None:
    script = TcpScript()
    script.open_passively()
    for t_ms in range(1, 20, 2):
        script.send(t_ms, "A", bytes(1460))
        script.expect_nothing(t_ms)
        script.send(t_ms + 1, "A", bytes(1460))
        script.expect(t_ms + 1, "A")


def test_acknowledgement_rides_on_text() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "PA", b"question")
    script.write(2, b"answer")
    script.expect(2, "PA", data=b"answer")
    script.expect_nothing(900)


@requirement("RFC9293-MUST-58")
@requirement("RFC9293-MUST-59")
def test_one_acknowledgement_for_a_batch() -> None:
    script = TcpScript()
    script.open_passively()
    for _ in range(9):
        script.send(1, "A", bytes(1460), hold=True)
    script.send(1, "A", bytes(1460))
    script.expect(1, "A")
    script.expect_nothing(500)


@requirement("RFC9293-SHLD-31")
def test_hole_and_filling() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "A", b"bb", seq=3)
    script.expect(1, "A", ack=1)
    script.send(2, "A", b"dd", seq=7)
    script.expect(2, "A", ack=1)
    script.send(3, "A", b"aa", seq=1)
    script.expect(3, "A", ack=5)
    script.send(4, "A", b"cc", seq=5)
    script.expect(4, "A", ack=9)
    assert script.read(5) == b"aabbccdd"


def test_each_segment_beyond_a_hole_makes_one_duplicate_acknowledgement() -> None:
    script = TcpScript()
    script.open_passively()
    for number in range(3):
        script.send(1, "A", bytes(100), seq=101 + 100 * number, hold=number < 2)
    for _ in range(3):
        script.expect(1, "A", ack=1)
    script.expect_nothing(500)


def test_overlapping_text_is_taken_once() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "A", b"cdef", seq=3)
    script.expect(1, ack=1)
    script.send(2, "A", b"EFgh", seq=5)
    script.expect(2, ack=1)
    script.send(3, "A", b"abCDEFGHij", seq=1)
    script.expect(3, ack=11)
    assert script.read(4) == b"abCDEFGHij" or script.read(4) is None


def test_text_received_twice_is_acknowledged_at_once() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "PA", b"abc")
    script.expect(101, "A")
    script.send(200, "PA", b"abc", seq=1)
    script.expect(200, "A")
    script.send(210, "PA", b"bcdef", seq=2)
    script.expect(210, "A", ack=7)
    assert script.read(211) == b"abcdef"


def test_text_beyond_the_window_is_cut() -> None:
    script = TcpScript(receive_buffer_octets=1000)
    script.open_passively()
    script.send(1, "PA", bytes(1500))
    script.expect(1, "A", ack=1001, win=0)
    assert script.read(2) == bytes(1000)


def test_out_of_order_queue_is_bounded() -> None:
    script = TcpScript(out_of_order_segments=4)
    script.open_passively()
    for number in range(6):
        script.send(1, "A", b"x", seq=10 + 2 * number)
        script.expect(1, ack=1)
    assert script.counter("tcp_out_of_order_queue_full") == 2
    script.send(2, "A", bytes(9), seq=1)
    script.expect(2, ack=11)


@requirement("RFC9293-MUST-1")
def test_whole_window_is_used() -> None:
    script = TcpScript(initial_window_segments=100)
    script.open_passively(win=65535)
    script.write(1, bytes(65536))
    seen = script.take_all(1)
    assert sum(len(each.data) for each in seen) >= 65535 - 1460


@requirement("RFC9293-MUST-3")
def test_wrong_checksum_is_dropped_and_counted() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "PA", b"abc", corrupt=True)
    script.expect_nothing(500)
    assert script.counter("tcp_bad_checksum") == 1
    assert script.read(500) is None


@pytest.mark.parametrize("start", [0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFF00, 0x7FFFFFFF])
def test_sequence_numbers_of_the_peer_wrap(start: int) -> None:
    script = TcpScript(peer_iss=start)
    script.open_passively()
    script.send(1, "A", b"b" * 300, seq=301)
    script.expect(1, ack=1)
    script.send(2, "A", b"a" * 300, seq=1)
    script.expect(2, ack=601)
    script.send(3, "FA", b"c")
    script.expect(3, "A")
    assert script.read(4) == b"a" * 300 + b"b" * 300 + b"c"


def test_our_sequence_numbers_wrap() -> None:
    probe = TcpScript()
    probe.listen()
    probe.send(0, "S")
    iss = probe.expect(0, "SA").segment.sequence
    script = TcpScript(start_ns=(2**32 - 700 - iss) % 2**32 * 4000)
    script.open_passively(mss=500)
    assert script.iss == 2**32 - 700
    script.write(1, bytes(2000))
    for _ in range(4):
        script.take_all(1)
    script.send(2, "A", ack=501)
    script.send(3, "A", ack=1501)
    script.expect(1003, seq=1501, length=500, flags="PA")
    script.send(1004, "A", ack=2001)
    script.expect_nothing(5000)
    script.close(5001)
    script.expect(5001, "FA")


def test_writer_is_told_when_there_is_room_again() -> None:
    script = TcpScript(send_buffer_octets=4000)
    script.open_passively(mss=1000)
    assert script.write(1, bytes(5000)) == 4000
    script.take_all(1)
    assert script.write(2, bytes(1)) == 0
    assert script.events() == []
    script.send(3, "A", ack=1001)
    assert [event.kind for event in script.events()] == [EventKind.WRITABLE]
    assert script.write(4, bytes(5000)) == 1000


def test_reader_is_told_of_text_and_end() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "PA", b"a")
    script.send(2, "PA", b"b")
    assert [event.kind for event in script.events()] == [EventKind.READABLE]
    script.send(3, "FA")
    assert [event.kind for event in script.events()] == [EventKind.READABLE]


def test_socket_calls_in_the_wrong_state() -> None:
    script = TcpScript()
    script.open_passively()
    stack = script.stack
    with pytest.raises(OSError) as caught:
        stack.send(script.listening, b"x", 0)
    assert caught.value.errno == errno.ENOTCONN
    with pytest.raises(OSError) as caught:
        stack.connect(script.handle, 1 << 24, 80, 0)
    assert caught.value.errno == errno.EISCONN
    script.close(1)
    with pytest.raises(OSError) as caught:
        stack.send(script.handle, b"x", 0)
    assert caught.value.errno == errno.EBADF


@requirement("RFC9293-MUST-54")
def test_packet_too_long_for_the_path() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, bytes(2920))
    script.expect(1, length=1460)
    script.expect(1, "PA", length=1460)
    script.icmp_error(5, IcmpType.DESTINATION_UNREACHABLE, 4, seq=1, rest=1000)
    script.expect(5, seq=1, length=960)
    script.expect(5, seq=961, length=960)
    script.expect(5, seq=1921, length=960)
    script.expect(5, "PA", seq=2881, length=40)
    script.expect_nothing(6)


@requirement("RFC9293-MUST-54")
def test_icmp_error_about_something_not_in_flight_is_ignored() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, bytes(100))
    script.take_all(1)
    script.icmp_error(2, IcmpType.DESTINATION_UNREACHABLE, 4, seq=5000, rest=600)
    script.expect_nothing(500)
    assert script.counter("tcp_icmp_error_not_in_flight") == 1


@requirement("RFC9293-MUST-56")
@requirement("RFC9293-SHLD-25")
@pytest.mark.parametrize("code", [0, 1, 2, 3, 5])
def test_icmp_errors_do_not_end_an_established_connection(code: int) -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"x")
    script.expect(1, "PA", length=1)
    script.icmp_error(2, IcmpType.DESTINATION_UNREACHABLE, code, seq=1)
    assert script.state() == "ESTABLISHED"
    assert script.events() == []
    script.send(3, "A")
    script.expect_nothing(5000)


@requirement("RFC9293-MUST-55")
def test_source_quench_is_dropped() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"x")
    script.expect(1, "PA", length=1)
    script.icmp_error(2, IcmpType.SOURCE_QUENCH, 0, seq=1)
    script.expect_nothing(900)
    assert script.counter("icmp_source_quench") == 1


@requirement("RFC9293-MUST-49")
@requirement("RFC9293-MUST-48")
@requirement("RFC9293-SHLD-21")
@requirement("RFC9293-SHLD-22")
def test_ttl_and_dscp_are_settable() -> None:
    script = TcpScript()
    script.open_passively()
    script.option("ttl", 7)
    script.option("dscp", 46)
    script.stack.send(script.handle, b"x", 0)
    (frame,) = script.stack.frames_to_send(0)
    assert frame[14 + 8] == 7
    assert frame[14 + 1] >> 2 == 46
    with pytest.raises(OSError):
        script.option("ttl", 0)


def test_text_beyond_a_fin_does_not_exist() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "FA", b"cd", seq=3)
    script.expect(1, ack=1)
    script.send(2, "A", b"abcdEVIL", seq=1)
    script.expect(2, ack=6)
    assert script.read(3) == b"abcd"
    assert script.read(3) == b""


def test_closing_lets_go_what_nagle_held() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"a")
    script.expect(1, "PA", data=b"a")
    script.write(2, b"b")
    script.expect_nothing(2)
    script.close(3)
    script.expect(3, "FPA", data=b"b")


def test_connections_take_turns() -> None:
    script = TcpScript()
    script.open_passively()
    first = script.handle
    script.peer_port, script.peer_nxt, script.stack_nxt = 40001, 0, 0
    script.send(1, "S", mss=1460)
    script.expect(1, "SA", seq=0)
    script.send(1, "A")
    second = script.accept()
    for handle in (first, second):
        script.stack.send(handle, bytes(4 * 1460), script.now_ns)
    ports = [seen.segment.destination_port for seen in script.take_all(2)]
    assert ports == [40000, 40001] * 4
