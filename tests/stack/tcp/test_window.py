"""Windows: silly windows on both sides, zero windows, shrinking windows. RFC 9293, 3.8.6."""

from __future__ import annotations

import pytest

from tests.helpers.tcp_script import TcpScript

requirement = pytest.mark.requirement


@requirement("RFC9293-MUST-38")
def test_sender_does_not_fill_small_openings() -> None:
    script = TcpScript()
    script.open_passively(mss=1000, win=4000)
    script.write(1, bytes(10_000))
    assert len(script.take_all(1)) == 4
    script.send(2, "A", win=300)
    script.expect_nothing(400)
    script.send(401, "A", win=900)
    script.expect_nothing(500)
    script.send(501, "A", win=1000)
    script.expect(501, length=1000)


@requirement("RFC9293-MUST-38")
def test_half_of_the_largest_window_is_worth_sending() -> None:
    script = TcpScript()
    script.open_passively(mss=1000, win=600)
    script.write(1, bytes(2000))
    script.expect(1, length=600)
    script.send(2, "A", win=299)
    script.expect_nothing(10)
    script.send(11, "A", win=300)
    script.expect(11, length=300)


@requirement("RFC9293-MUST-38")
def test_override_timer_sends_into_a_small_window() -> None:
    script = TcpScript()
    script.open_passively(mss=1000, win=2000)
    script.write(1, bytes(5000))
    script.take_all(1)
    script.send(2, "A", win=500)
    script.expect_nothing(501)
    script.expect(502, length=500)
    script.expect(1502, seq=2001, length=500)  # in flight now: the retransmission timer runs


@requirement("RFC9293-MUST-39")
def test_receiver_opens_the_window_in_large_steps_only() -> None:
    script = TcpScript(receive_buffer_octets=10_000)
    script.open_passively(mss=1460)
    script.send(1, "A", bytes(10_000))
    script.expect(1, "A", win=0)
    script.read(2, 1000)
    script.expect_nothing(100)
    script.read(101, 459)
    script.expect_nothing(200)
    script.read(201, 1)
    script.expect(201, "A", win=1460)
    script.read(202, 2919)
    script.expect_nothing(300)
    script.read(301, 1)
    script.expect(301, "A", win=4380)


@requirement("RFC9293-MUST-39")
def test_window_does_not_creep_with_small_reads() -> None:
    script = TcpScript(receive_buffer_octets=10_000)
    script.open_passively(mss=1460)
    script.send(1, "A", bytes(5000))
    script.expect(1, "A", win=5000)
    script.read(2, 100)
    script.write(3, b"x")
    assert script.expect(3, "PA", length=1).segment.window == 5000


@requirement("RFC9293-MUST-39")
def test_half_of_a_small_buffer_is_a_step() -> None:
    script = TcpScript(receive_buffer_octets=1000)
    script.open_passively(mss=1460)
    script.send(1, "A", bytes(1000))
    script.expect(101, "A", win=0)
    script.read(102, 499)
    script.expect_nothing(200)
    script.read(201, 1)
    script.expect(201, "A", win=500)


@requirement("RFC9293-SHLD-14")
def test_right_edge_never_moves_back() -> None:
    script = TcpScript(receive_buffer_octets=8000)
    script.open_passively()
    edge = 0
    for number in range(40):
        script.send(number * 200, "PA", bytes(700))
        if number % 3 == 2:
            script.read(number * 200 + 1, 1500)
        for seen in script.take_all(number * 200 + 150):
            assert seen.ack + seen.segment.window >= edge
            edge = seen.ack + seen.segment.window
    assert edge > 8000


@requirement("RFC9293-MUST-35")
@requirement("RFC9293-MUST-36")
@requirement("RFC9293-SHLD-29")
@requirement("RFC9293-SHLD-30")
def test_zero_window_is_probed_after_one_rto_and_then_exponentially() -> None:
    script = TcpScript()
    script.open_passively(win=1000)
    script.write(1, bytes(1500))
    script.expect(1, length=1000)
    script.send(10, "A", win=0)
    t_ms, interval_ms = 10, 1000
    for _ in range(8):
        t_ms += interval_ms
        script.expect(t_ms, "A", seq=1001, length=1)
        script.send(t_ms, "A", ack=1001)
        interval_ms = min(2 * interval_ms, 120_000)
    script.send(t_ms + 50, "A", ack=1001, win=2000)
    script.expect(t_ms + 50, "PA", seq=1001, length=500)


@requirement("RFC9293-MUST-37")
def test_connection_stays_open_for_an_hour_of_zero_window() -> None:
    script = TcpScript()
    script.open_passively(win=1000)
    script.write(1, bytes(1500))
    script.expect(1, length=1000)
    script.send(2, "A", win=0)
    t_ms, interval_ms, probes = 2, 1000, 0
    while t_ms < 3_600_000:
        t_ms += interval_ms
        script.expect(t_ms, "A", seq=1001, length=1)
        script.send(t_ms, "A", ack=1001)
        interval_ms = min(2 * interval_ms, 120_000)
        probes += 1
    assert probes == 36
    script.send(t_ms + 1, "A", ack=1001, win=1000)
    script.expect(t_ms + 1, "PA", seq=1001, length=500)
    script.send(t_ms + 2, "A")
    script.expect_nothing(t_ms + 10_000)


@requirement("RFC9293-MUST-37")
def test_unanswered_probes_end_at_r2() -> None:
    script = TcpScript()
    script.open_passively(win=1000)
    script.write(1, bytes(1500))
    script.take_all(1)
    script.send(2, "A", win=0)
    script.take_all(101_001)
    assert script.state() == "ESTABLISHED"
    script.take_all(101_002)  # R2 counts from the first probe
    assert script.state() == "CLOSED"


def test_probe_that_is_taken_advances() -> None:
    script = TcpScript()
    script.open_passively(win=1000)
    script.write(1, bytes(1500))
    script.expect(1, length=1000)
    script.send(2, "A", win=0)
    script.expect(1002, "A", seq=1001, length=1)
    script.send(1003, "A", ack=1002, win=5000)
    script.expect(1003, "PA", seq=1002, length=499)


def test_fin_probes_a_closed_window() -> None:
    script = TcpScript()
    script.open_passively(win=1000)
    script.write(1, bytes(1000))
    script.expect(1, "PA", length=1000)
    script.close(2)
    script.send(3, "A", win=0)
    script.expect(1003, "FA", seq=1001)
    script.send(1004, "A", ack=1001)
    script.expect(3003, "FA", seq=1001)
    script.send(3004, "A", ack=1002)
    assert script.state() == "FIN_WAIT_2"


def test_acknowledgements_are_acceptable_while_both_windows_are_closed() -> None:
    script = TcpScript(receive_buffer_octets=1000)
    script.open_passively(win=1000)
    script.write(1, bytes(1500))
    script.expect(1, length=1000)
    script.send(2, "A", bytes(1000), win=0)
    script.expect(102, "A", seq=1001, win=0)
    script.expect(1002, "A", seq=1001, length=1)
    script.send(1003, "A", b"?", ack=1001)  # the peer's probe: refused, but acknowledged
    script.expect(1003, "A", seq=1001, ack=1001)


@requirement("RFC9293-MUST-66")
def test_reset_is_processed_with_a_zero_window() -> None:
    script = TcpScript(receive_buffer_octets=1000)
    script.open_passively()
    script.send(1, "A", bytes(1000))
    script.expect(101, "A", win=0)
    script.send(102, "R")
    assert script.state() == "CLOSED"


@requirement("RFC9293-MUST-66")
def test_acknowledgement_counts_even_if_its_text_does_not_fit() -> None:
    script = TcpScript(receive_buffer_octets=1000)
    script.open_passively()
    script.write(1, b"abc")
    script.expect(1, "PA", length=3)
    script.send(2, "A", bytes(1000), ack=1)
    script.expect(102, "A", win=0)
    script.send(103, "A", b"x", seq=1001, ack=4)
    script.expect(103, "A", ack=1001)
    script.expect_nothing(5000)  # no retransmission of abc


@requirement("RFC9293-MUST-34")
@requirement("RFC9293-SHLD-15")
@requirement("RFC9293-SHLD-16")
def test_peer_shrinks_its_window() -> None:
    script = TcpScript()
    script.open_passively(mss=1000, win=4000)
    script.write(1, bytes(8000))
    assert len(script.take_all(1)) == 4
    script.send(2, "A", ack=1001, win=1500)  # the edge moves from 4001 to 2501
    script.expect_nothing(900)
    script.expect(1002, seq=1001, length=1000)
    script.send(1003, "A", ack=2001, win=1000)
    script.expect(1003, seq=2001, length=1000)


@requirement("RFC9293-SHLD-17")
def test_window_shrunk_to_zero_is_probed_and_does_not_end_the_connection() -> None:
    script = TcpScript()
    script.open_passively(mss=1000, win=4000)
    script.write(1, bytes(4000))
    script.take_all(1)
    script.send(2, "A", ack=1, win=0)
    for t_ms in range(1000, 400_000, 1000):
        if script.take_all(t_ms):
            script.send(t_ms, "A", ack=1)
    assert script.state() == "ESTABLISHED"
    script.send(400_000, "A", ack=1, win=4000)
    assert script.take_all(400_000)[0].seq == 1


def test_window_of_a_segment_that_was_overtaken_is_not_taken() -> None:
    script = TcpScript()
    script.open_passively(mss=1000, win=1000)
    script.write(1, bytes(5000))
    script.expect(1, length=1000)
    script.send(2, "A", b"cd", seq=3, ack=1001, win=0)
    script.expect(2, ack=1)
    script.send(3, "A", b"ab", seq=1, ack=1001, win=5000)  # sent before the one above
    script.expect(3, ack=5)
    script.expect_nothing(900)


def test_acknowledgement_without_text_is_not_answered_while_our_window_is_closed() -> None:
    script = TcpScript(receive_buffer_octets=1000)
    script.open_passively()
    script.send(1, "A", bytes(1000))
    script.expect(101, "A", win=0)
    script.send(102, "A")
    script.expect_nothing(5000)


def test_fin_does_not_fit_a_closed_window() -> None:
    script = TcpScript(receive_buffer_octets=1000)
    script.open_passively()
    script.send(1, "A", bytes(1000))
    script.expect(101, "A", win=0)
    script.send(102, "FA")
    script.expect(102, "A", ack=1001, win=0)
    script.read(103)
    script.expect(103, "A", ack=1001, win=1000)
    script.send(104, "FA", seq=1001)
    script.expect(104, "A")


def test_probe_makes_no_round_trip_sample() -> None:
    script = TcpScript()
    script.open_passively(win=1000)
    script.write(1, bytes(1500))
    script.expect(1, length=1000)
    script.send(2, "A", win=0)
    script.expect(1002, "A", seq=1001, length=1)
    script.send(1003, "A", ack=1001)
    script.send(2900, "A", ack=1001, win=1000)
    script.expect(2900, "PA", seq=1001, length=500)
    script.send(2901, "A")
    script.write(2902, b"x")
    script.expect(2902, "PA", length=1)
    script.expect(3902, "PA", seq=1501, length=1)
