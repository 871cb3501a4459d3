"""Congestion control: RFC 5681, RFC 6582, RFC 3042, RFC 6928."""

from __future__ import annotations

import pytest

from rig.stack.tcp.congestion import NO_THRESHOLD, NewReno
from tests.helpers.tcp_script import TcpScript

requirement = pytest.mark.requirement


def _in_flight(script: TcpScript, t_ms: float) -> int:
    return len(script.take_all(t_ms))


@requirement("RFC6928")
@requirement("RFC5681-initial-window")
@pytest.mark.parametrize("segments, expected", [(2, 2), (4, 4), (10, 10)])
def test_initial_window(segments: int, expected: int) -> None:
    script = TcpScript(initial_window_segments=segments)
    script.open_passively(mss=1000)
    script.write(1, bytes(20_000))
    assert _in_flight(script, 1) == expected


@requirement("RFC5681-slow-start")
def test_slow_start_grows_by_one_segment_for_each_acknowledgement() -> None:
    script = TcpScript(initial_window_segments=2)
    script.open_passively(mss=1000)
    script.write(1, bytes(60_000))
    assert _in_flight(script, 1) == 2
    script.send(10, "A", ack=1001)
    assert _in_flight(script, 10) == 2
    script.send(11, "A", ack=2001)
    assert _in_flight(script, 11) == 2
    script.send(20, "A", ack=6001)
    assert _in_flight(script, 20) == 5, "one acknowledgement of four segments: cwnd grows from 4 to 5"
    script.send(21, "A", ack=6101)
    assert _in_flight(script, 21) == 0, "a tenth of a segment grows cwnd by as much"


@requirement("RFC5681-congestion-avoidance")
def test_congestion_avoidance_grows_by_one_segment_per_window() -> None:
    control = NewReno(10)
    control.start(1000)
    assert control.ssthresh == NO_THRESHOLD
    control.lost(20_000, 0)
    control.cwnd = control.ssthresh = 10_000
    for _ in range(9):
        control.acknowledged(1000, 0)
    assert control.cwnd == 10_000
    control.acknowledged(1000, 0)
    assert control.cwnd == 11_000
    for _ in range(11):
        control.acknowledged(1000, 0)
    assert control.cwnd == 12_000


@requirement("RFC5681-loss-by-RTO")
def test_timeout_falls_back_to_one_segment_and_half_the_flight() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(60_000))
    assert _in_flight(script, 0) == 10
    script.expect(1000, seq=1, length=1000)
    script.expect_nothing(1001)
    flights = []
    for number in range(9):
        script.send(1100 + 100 * number, "A", ack=1001 + 1000 * number)
        flights.append(_in_flight(script, 1100 + 100 * number))
    assert flights[:4] == [2, 2, 2, 2], "slow start up to ssthresh = 5 segments"
    assert sum(flights[4:]) == 6, "then one segment for each acknowledgement, and one more for the whole window"


@requirement("RFC5681-fast-retransmit")
def test_third_duplicate_acknowledgement_resends_at_once() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(10_000))
    assert _in_flight(script, 0) == 10
    script.send(10, "A", ack=1)
    script.send(11, "A", ack=1)
    script.expect_nothing(12)
    script.send(13, "A", ack=1)
    script.expect(13, seq=1, length=1000)
    script.send(14, "A", ack=10_001)
    script.expect_nothing(5000)


@requirement("RFC5681-fast-retransmit")
@pytest.mark.parametrize("kind", ["text", "window"])
def test_what_looks_like_a_duplicate_acknowledgement_but_is_none(kind: str) -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(10_000))
    _in_flight(script, 0)
    for number in range(6):
        if kind == "text":
            script.send(10 + number, "PA", b"x", ack=1)
        else:
            script.send(10 + number, "A", ack=1, win=40_000 + 100 * number)
    assert all(not seen.data for seen in script.take_all(900))


@requirement("RFC3042")
def test_limited_transmit() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(15_000))
    assert _in_flight(script, 0) == 10
    script.send(10, "A", ack=1)
    script.expect(10, seq=10_001, length=1000)
    script.send(11, "A", ack=1)
    script.expect(11, seq=11_001, length=1000)
    script.send(12, "A", ack=1)
    script.expect(12, seq=1, length=1000)


@requirement("RFC5681-fast-recovery")
@requirement("RFC6582-3.2")
def test_fast_recovery_with_partial_acknowledgements() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(40_000))
    assert _in_flight(script, 0) == 10
    for number in range(2):
        script.send(10 + number, "A", ack=1)
        assert _in_flight(script, 10 + number) == 1
    script.send(12, "A", ack=1)
    script.expect(12, seq=1, length=1000)  # ssthresh 5, cwnd 8, 12 in flight
    for number in range(4):
        script.send(13 + number, "A", ack=1)
        script.expect_nothing(13 + number)  # cwnd 9 .. 12
    script.send(17, "A", ack=1)
    script.expect(17, seq=12_001, length=1000)  # cwnd 13
    script.send(20, "A", ack=4001)  # partial: the next hole
    script.expect(20, seq=4001, length=1000)
    assert _in_flight(script, 20) == 1, "cwnd 13 - 3 + 1 = 11, 9 in flight after the acknowledgement and one more hole"
    script.send(30, "A", ack=13_001)
    assert script.counter("tcp_segments_retransmitted") == 2
    (connection,) = script.stack._tcp.connections.values()
    assert connection.sender.recovery.control.cwnd == 2000, "min(ssthresh, FlightSize + SMSS) with 1000 in flight"


@requirement("RFC6582-3.2")
def test_only_the_first_partial_acknowledgement_restarts_the_timer() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(10_000))
    _in_flight(script, 0)
    for number in range(3):
        script.send(10 + number, "A", ack=1)
    script.expect(12, seq=1, length=1000)
    script.send(500, "A", ack=1001)
    script.expect(500, seq=1001, length=1000)
    script.send(900, "A", ack=2001)
    script.expect(900, seq=2001, length=1000)
    script.expect_nothing(1499)
    script.expect(1500, seq=2001, length=1000)


def test_next_hole_is_resent_within_the_window() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(10_000))
    _in_flight(script, 0)
    for number in range(3):
        script.send(10 + number, "A", ack=1)
    script.expect(12, seq=1, length=1000)
    script.send(20, "A", ack=1001, win=400)
    script.expect(20, seq=1001, length=400)


@requirement("RFC5681-once-per-window")
@requirement("RFC6582-3.2")
def test_ssthresh_is_lowered_once_for_one_window() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(40_000))
    _in_flight(script, 0)
    (connection,) = script.stack._tcp.connections.values()
    control = connection.sender.recovery.control
    for number in range(9):
        script.send(10 + number, "A", ack=1)
    script.take_all(19)
    assert control.ssthresh == 5000
    script.send(20, "A", ack=3001)
    for number in range(5):
        script.send(21 + number, "A", ack=3001)
    script.take_all(30)
    assert control.ssthresh == 5000


@requirement("RFC6582-4")
def test_duplicate_acknowledgements_after_a_timeout_start_no_fast_retransmit() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(10_000))
    _in_flight(script, 0)
    script.expect(1000, seq=1, length=1000)
    script.send(1010, "A", ack=2001)
    script.expect(1010, seq=2001, length=1000)
    script.expect(1010, seq=3001, length=1000)
    for number in range(5):
        script.send(1020 + number, "A", ack=2001)
    assert [seen.seq for seen in script.take_all(1030)] == [4001, 5001]  # limited transmit goes on; nothing is resent


@requirement("RFC5681-loss-by-RTO")
def test_repeated_timeouts_of_one_segment_lower_ssthresh_once() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(10_000))
    _in_flight(script, 0)
    (connection,) = script.stack._tcp.connections.values()
    control = connection.sender.recovery.control
    script.take_all(1000)
    assert (control.ssthresh, control.cwnd) == (5000, 1000)
    script.take_all(15_000)
    assert (control.ssthresh, control.cwnd) == (5000, 1000)


@requirement("RFC5681-restart-after-idle")
def test_restart_after_idle() -> None:
    script = TcpScript(initial_window_segments=2)
    script.open_passively(mss=1000)
    script.write(0, bytes(30_000))
    t_ms = 0
    for _ in range(8):
        t_ms += 1
        script.take_all(t_ms)
        script.send(t_ms, "A")
    script.take_all(t_ms)
    script.send(t_ms + 1, "A")
    script.write(t_ms + 5, bytes(30_000))
    assert _in_flight(script, t_ms + 5) > 5
    script.send(t_ms + 6, "A")
    script.take_all(t_ms + 6)
    script.send(t_ms + 7, "A")
    script.take_all(t_ms + 7)
    script.send(t_ms + 8, "A")
    script.take_all(t_ms + 8)
    script.send(t_ms + 9, "A")
    script.write(t_ms + 5000, bytes(30_000))
    assert _in_flight(script, t_ms + 5000) == 2


@requirement("RFC5681-receiver")
def test_hole_and_its_filling_are_acknowledged_at_once() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "A", bytes(100), seq=101)
    script.expect(1, ack=1)
    script.send(2, "A", bytes(50), seq=1)
    script.expect(2, ack=51)
    script.send(3, "A", bytes(50), seq=51)
    script.expect(3, ack=201)
