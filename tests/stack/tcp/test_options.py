"""TCP options: MSS and format (RFC 9293, 3.2), window scale and time stamps (RFC 7323)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.stack.config import TcpConfig
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpSegment
from tests.helpers.tcp_script import OUR_IP, PEER_IP, PLAIN, TcpScript

requirement = pytest.mark.requirement
SCALED = replace(PLAIN, window_scale=True, receive_buffer_octets=1 << 20)
STAMPED = replace(PLAIN, timestamps=True)
MS = 1_000_000


def _send_syn_with(script: TcpScript, options: bytes) -> None:
    segment = bytearray(TcpSegment(40000, 80, 0x10000, 0, 2, 1000).serialize(PEER_IP, OUR_IP))
    segment[12] = (20 + len(options)) // 4 << 4
    segment += options
    segment[16:18] = b"\0\0"
    total = PEER_IP + OUR_IP + 6 + len(segment) + int.from_bytes(segment, "big")
    segment[16:18] = (0xFFFF - total % 0xFFFF).to_bytes(2, "big")
    script.peer_nxt = 1
    script.receive_packet(Ipv4Packet(PEER_IP, OUR_IP, Protocol.TCP, bytes(segment)))


@requirement("RFC9293-MUST-4")
@requirement("RFC9293-MUST-6")
@requirement("RFC9293-MUST-64")
@pytest.mark.parametrize(
    "options",
    [
        "020403e8",
        "0101010101020403e8000000",  # behind NOPs, at any octet
        "fd06000000000101020403e8",  # an unknown kind with its length
        "020403e800ffffff",  # nothing counts after the end of the list
    ],
)
def test_mss_is_found_among_other_options(options: str) -> None:
    script = TcpScript()
    script.listen()
    octets = bytes.fromhex(options)
    _send_syn_with(script, octets.ljust((len(octets) + 3) // 4 * 4, b"\0"))
    script.expect(0, "SA")
    script.send(1, "A", win=60_000)
    script.accept()
    script.write(2, bytes(3000))
    script.expect(2, length=1000)


@requirement("RFC9293-MUST-7")
@pytest.mark.parametrize(
    "options", ["fd000000", "fd010000", "fdff0000", "02040000fdfe0000", "020000000000000005ff0101"]
)
def test_illegal_option_length_is_dropped(options: str) -> None:
    script = TcpScript()
    script.listen()
    _send_syn_with(script, bytes.fromhex(options))
    script.expect_nothing(100)
    assert script.counter("tcp_malformed") == 1


@requirement("RFC9293-MUST-5")
def test_option_on_a_segment_with_text() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "PA", b"abc", mss=99, window_scale=3)
    assert script.read(2) == b"abc"


@requirement("RFC7323-2.2")
def test_window_scale_when_both_sides_have_it() -> None:
    script = TcpScript(SCALED, initial_window_segments=200)
    script.listen()
    script.send(0, "S", mss=1000, window_scale=7, win=1000)
    script.expect(0, "SA", window_scale=5, win=65535)  # the window of a SYN is never scaled
    script.send(1, "A", win=1000)
    script.accept()
    script.write(2, bytes(65_000))
    assert sum(len(seen.data) for seen in script.take_all(2)) == 65_000
    script.send(3, "PA", bytes(32))
    seen = script.expect(103, "A")
    assert seen.segment.window == ((1 << 20) - 32) >> 5


@requirement("RFC7323-2.2")
def test_window_of_a_syn_is_not_scaled() -> None:
    script = TcpScript(SCALED)
    script.listen()
    script.send(0, "S", mss=1000, window_scale=7, win=1000)
    script.expect(0, "SA")
    (connection,) = script.stack._tcp.connections.values()
    assert connection.sender.snd_wnd == 1000


@requirement("RFC7323-2.2")
def test_no_window_scale_unless_both_sides_have_it() -> None:
    script = TcpScript(SCALED)
    script.listen()
    script.send(0, "S", mss=1000, win=1000)
    script.expect(0, "SA", window_scale=None)
    script.send(1, "A", win=1000)
    script.accept()
    script.write(2, bytes(5000))
    assert sum(len(seen.data) for seen in script.take_all(2)) == 1000
    script.send(3, "A", bytes(32), ack=1)
    script.expect(103, "A", win=65503)


@requirement("RFC7323-2.2")
def test_active_open_offers_window_scale() -> None:
    script = TcpScript(SCALED)
    script.connect()
    script.expect(0, "S", window_scale=5)
    script.send(1, "SA", mss=1000)
    script.expect(1, "A", win=65535)


@requirement("RFC7323-2.3")
def test_window_scale_above_14_counts_as_14() -> None:
    script = TcpScript(SCALED)
    script.listen()
    script.send(0, "S", window_scale=200, win=1)
    script.expect(0, "SA")
    script.send(1, "A", win=1)
    (connection,) = script.stack._tcp.connections.values()
    assert connection.sender.snd_wnd == 1 << 14


@requirement("RFC7323-3.2")
def test_time_stamps_on_every_segment_once_agreed() -> None:
    script = TcpScript(STAMPED)
    script.listen()
    script.send(0, "S", mss=1460, timestamp=(100, 0))
    first = script.expect(0, "SA").segment.options.timestamp
    assert first is not None and first[1] == 100
    script.send(10, "A", timestamp=(110, first[0]))
    script.accept()
    script.write(20, b"x")
    assert script.expect(20, "PA", length=1).segment.options.timestamp == (first[0] + 20, 110)
    script.send(30, "FA", timestamp=(130, first[0] + 20))
    assert script.expect(30, "A").segment.options.timestamp == (first[0] + 30, 130)


@requirement("RFC7323-3.2")
def test_no_time_stamps_unless_both_sides_have_them() -> None:
    script = TcpScript(STAMPED)
    script.connect()
    offered = script.expect(0, "S").segment.options.timestamp
    assert offered is not None and offered[1] == 0
    script.send(10, "SA", mss=1460)
    script.expect(10, "A", timestamp=None)
    script.write(20, bytes(1460))
    script.expect(20, "PA", length=1460)


@requirement("RFC6691")
def test_full_segments_are_smaller_by_the_option() -> None:
    script = TcpScript(STAMPED)
    script.open_passively(mss=1460, timestamp=(1, 0))
    script.write(1, bytes(1448 * 3))
    for flags in ("A", "A", "PA"):
        script.expect(1, flags, length=1448)


@requirement("RFC7323-3.2")
def test_segment_without_the_agreed_time_stamp_is_dropped_but_a_reset_is_not() -> None:
    script = TcpScript(STAMPED)
    script.open_passively(timestamp=(100, 0))
    script.send(1, "PA", b"abc")
    script.expect_nothing(1000)
    assert script.counter("tcp_no_timestamp") == 1
    script.send(1001, "R", seq=1)
    assert script.state() == "CLOSED"


@requirement("RFC7323-5")
def test_paws_drops_old_duplicates() -> None:
    script = TcpScript(STAMPED)
    script.open_passively(timestamp=(1000, 0))
    script.send(1, "PA", b"abc", timestamp=(999, 0))
    script.expect(1, "A", ack=1)
    assert script.read(2) is None
    assert script.counter("tcp_paws_dropped") == 1
    script.send(3, "PA", b"abc", seq=1, timestamp=(1000, 0))
    assert script.read(4) == b"abc"
    script.send(5, "R", seq=4, timestamp=(1, 0))
    assert script.state() == "CLOSED"


@requirement("RFC7323-5")
def test_paws_forgets_after_24_days() -> None:
    script = TcpScript(STAMPED)
    script.open_passively(timestamp=(1000, 0))
    days = 24 * 86_400_000
    script.send(days, "PA", b"abc", timestamp=(999, 0))
    assert script.read(days) is None
    script.take_all(days + 200)
    script.send(days + 1000, "PA", b"abc", seq=1, timestamp=(999, 0))
    assert script.read(days + 1000) == b"abc"


@requirement("RFC7323-3.2")
def test_time_stamp_of_the_segment_that_was_asked_for_is_echoed() -> None:
    script = TcpScript(STAMPED)
    script.open_passively(timestamp=(100, 0))
    script.send(1, "A", b"b", seq=2, timestamp=(201, 0))  # beyond a hole: not echoed
    assert script.expect(1, "A", ack=1).segment.options.timestamp[1] == 100  # type: ignore[index]
    script.send(2, "A", b"a", seq=1, timestamp=(202, 0))
    assert script.expect(2, "A", ack=3).segment.options.timestamp[1] == 202  # type: ignore[index]


@requirement("RFC7323-4")
def test_round_trip_time_of_a_retransmission_is_measured_with_time_stamps() -> None:
    script = TcpScript(STAMPED, rto_minimum_ns=MS)
    script.listen()
    script.send(0, "S", mss=1460, timestamp=(1, 0))
    script.expect(0, "SA")
    script.send(100, "A", timestamp=(2, script.stack_nxt))
    script.accept()
    (connection,) = script.stack._tcp.connections.values()
    assert connection.sender.rto.current_ns == 300 * MS
    script.write(200, b"x")
    script.expect(200, "PA", length=1)
    script.expect(500, "PA", seq=1, length=1)
    seen = script.expect(1100, "PA", seq=1, length=1)
    assert connection.sender.rto.current_ns == 1200 * MS
    script.send(1150, "A", timestamp=(3, seen.segment.options.timestamp[0]))  # type: ignore[index]
    # 50 ms: RTTVAR = 3/4 * 50 + 1/4 * 50, SRTT = 7/8 * 100 + 1/8 * 50
    assert connection.sender.rto.current_ns == (93_750_000 + 4 * 50 * MS)


@requirement("RFC6298-3")
def test_time_for_which_an_acknowledgement_was_lost_is_no_round_trip_time() -> None:
    script = TcpScript(STAMPED)
    script.open_passively(timestamp=(1, 0))
    script.write(100, b"x")
    first = script.expect(100, "PA", length=1)
    script.expect(1100, "PA", seq=1, length=1)
    script.expect(3100, "PA", seq=1, length=1)
    script.send(3110, "A", timestamp=(2, first.segment.options.timestamp[0]))  # type: ignore[index]
    (connection,) = script.stack._tcp.connections.values()
    assert connection.sender.rto.current_ns == 4000 * MS, "backed off, and no sample of 3 s taken"


@requirement("RFC7323-2.2")
def test_simultaneous_open_with_window_scale() -> None:
    script = TcpScript(SCALED)
    script.connect()
    script.expect(0, "S", window_scale=5)
    script.send(5, "S", mss=1000, window_scale=7, win=700)
    script.expect(5, "SA", seq=0, window_scale=5)
    script.send(10, "SA", seq=0, ack=1, mss=1000, window_scale=7, win=700)
    script.expect(10, "A")
    (connection,) = script.stack._tcp.connections.values()
    assert connection.sender.snd_wnd == 700
    script.send(11, "A", win=700)
    assert connection.sender.snd_wnd == 700 << 7


def test_default_configuration_uses_both_options() -> None:
    script = TcpScript(TcpConfig())
    script.connect()
    options = script.expect(0, "S").segment.options
    assert options.window_scale == 0 and options.timestamp is not None


@requirement("RFC9293-MUST-68")
@requirement("RFC9293-MUST-69")
def test_options_that_we_send_have_lengths_and_fill_the_header() -> None:
    script = TcpScript(TcpConfig(receive_buffer_octets=1 << 20))
    script.connect()
    octets = script.expect(0, "S").segment.options.serialize()
    assert len(octets) % 4 == 0
    kinds, position = [], 0
    while position < len(octets):
        kinds.append(octets[position])
        position += 1 if octets[position] < 2 else octets[position + 1]
    assert position == len(octets) and set(kinds) == {1, 2, 3, 4, 8}
