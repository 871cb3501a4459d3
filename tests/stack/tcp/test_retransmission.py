"""Retransmission time-out, backoff and giving up: RFC 6298; RFC 9293, 3.8.1 to 3.8.3."""

from __future__ import annotations

import errno

import pytest

from rig.wire.arp import ArpOperation, ArpPacket
from tests.helpers.tcp_script import OUR_IP, OUR_MAC, PEER_MAC, TcpScript

requirement = pytest.mark.requirement
MS = 1_000_000


@requirement("RFC6298-2.2")
@requirement("RFC9293-MUST-18")
def test_first_sample_sets_the_timeout() -> None:
    script = TcpScript(rto_minimum_ns=MS)
    script.open_actively(rtt_ms=100)
    script.write(200, b"x")
    script.expect(200, "PA", length=1)
    script.expect(500, "PA", seq=1, length=1)  # 100 + 4 * 50


@requirement("RFC6298-5.1")
def test_the_timer_runs_though_the_device_takes_one_segment_only() -> None:
    """The stack tells when it is due next, whether or not it was asked for all that it has to send."""
    script = TcpScript()
    script.open_passively(rtt_ms=5)
    stack, now_ns = script.stack, script.now_ns

    def one_frame() -> None:
        frames = stack.frames_to_send(now_ns)
        assert next(frames)
        frames.close()

    stack.send(script.handle, bytes(6000), now_ns)
    one_frame()
    assert stack.next_deadline() == now_ns + 1000 * MS
    now_ns += 1000 * MS
    stack.handle_timers(now_ns)
    one_frame()
    assert stack.next_deadline() == now_ns + 2000 * MS, "what is sent again is timed, too: not R2 alone"


@requirement("RFC6298-2.4")
def test_timeout_is_at_least_the_minimum() -> None:
    script = TcpScript()
    script.open_passively(rtt_ms=5)
    script.write(10, b"x")
    script.expect(10, "PA", length=1)
    script.expect_nothing(1009)
    script.expect(1010, "PA", seq=1, length=1)


@requirement("RFC6298-2.5")
@requirement("RFC6298-5.5")
@requirement("RFC9293-MUST-19")
def test_backoff_doubles_up_to_the_maximum() -> None:
    script = TcpScript(rto_minimum_ns=300 * MS, give_up_r2_ns=3600 * 1000 * MS)
    script.open_passively(rtt_ms=100)
    script.write(100, b"x")
    script.expect(100, "PA", length=1)
    t_ms, rto_ms = 100, 300
    for _ in range(13):
        t_ms += rto_ms
        script.expect(t_ms, "PA", seq=1, length=1)
        rto_ms = min(2 * rto_ms, 120_000)
    assert rto_ms == 120_000
    script.expect_nothing(t_ms + 119_999)


@requirement("RFC6298-3")
def test_karn_no_sample_of_a_retransmission_and_the_backoff_stays() -> None:
    script = TcpScript()
    script.open_passively(rtt_ms=10)
    script.write(20, b"x")
    script.expect(20, "PA", length=1)
    script.expect(1020, "PA", seq=1, length=1)
    script.expect(3020, "PA", seq=1, length=1)
    script.send(3030, "A")
    script.write(3100, b"y")
    script.expect(3100, "PA", length=1)
    script.expect_nothing(7099)
    script.expect(7100, "PA", seq=2, length=1)  # still four times one second
    script.send(7110, "A")
    script.write(7200, b"z")
    script.expect(7200, "PA", length=1)
    script.send(7300, "A")  # a sample at last
    script.write(7400, b"!")
    script.expect(7400, "PA", length=1)
    script.expect(8400, "PA", seq=4, length=1)


@requirement("RFC6298-5.1")
@requirement("RFC6298-5.2")
def test_timer_stops_when_all_is_acknowledged_and_starts_with_the_next_text() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(0, b"x")
    script.expect(0, "PA", length=1)
    script.send(900, "A")
    script.expect_nothing(5000)
    script.write(5000, b"y")
    script.expect(5000, "PA", length=1)
    script.expect_nothing(5999)


@requirement("RFC6298-5.1")
def test_sending_more_does_not_restart_the_timer() -> None:
    script = TcpScript(nagle=False)
    script.open_passively()
    script.write(0, b"x")
    script.expect(0, "PA", length=1)
    script.write(900, b"y")
    script.expect(900, "PA", length=1)
    script.expect(1000, "PA", seq=1, length=2)


@requirement("RFC6298-5.3")
def test_new_acknowledgement_restarts_the_timer() -> None:
    script = TcpScript(nagle=False)
    script.open_passively()
    script.write(0, b"x")
    script.expect(0, "PA", length=1)
    script.write(1, b"y")
    script.expect(1, "PA", length=1)
    script.send(900, "A", ack=2)
    script.expect_nothing(1899)
    # The sample of 900 ms made the RTO 900 + 4 * (3/4 * 0 + 900/4) = 1012.5 + ...: what matters is that it restarted.
    script.expect(1901, "PA", seq=2, length=1, within_ms=3000)


@requirement("RFC6298-5.3")
def test_duplicate_acknowledgement_does_not_restart_the_timer() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(0, b"x")
    script.expect(0, "PA", length=1)
    script.send(500, "A", ack=1)
    script.send(900, "A", ack=1)
    script.expect(1000, "PA", seq=1, length=1)


@requirement("RFC6298-5.4")
def test_earliest_segment_is_sent_again_then_the_rest_as_acknowledgements_come() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(4000))
    assert len(script.take_all(0)) == 4
    script.expect(1000, seq=1, length=1000)
    script.expect_nothing(1499)
    script.send(1500, "A", ack=1001)
    script.expect(1500, seq=1001, length=1000)
    script.expect(1500, seq=2001, length=1000)
    script.send(1600, "A", ack=4001)
    script.expect_nothing(10_000)


def test_acknowledgement_beyond_what_was_sent_again_skips_ahead() -> None:
    script = TcpScript()
    script.open_passively(mss=1000)
    script.write(0, bytes(4000))
    script.take_all(0)
    script.expect(1000, seq=1, length=1000)
    script.send(1001, "A", ack=4001)
    script.write(1002, bytes(500))
    script.expect(1002, "PA", length=500)
    script.expect_nothing(2900)


@requirement("RFC9293-MUST-20")
@requirement("RFC9293-SHLD-11")
def test_connection_is_given_up_at_r2() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(0, b"x")
    script.expect(0, "PA", length=1)
    for second in (1, 3, 7, 15, 31, 63):
        script.expect(1000 * second, "PA", seq=1, length=1)
    script.expect_nothing(99_999)
    assert script.events() == []
    script.expect_nothing(100_000)
    error = script.closed_error()
    assert isinstance(error, TimeoutError) and error.errno == errno.ETIMEDOUT
    assert script.state() == "CLOSED"
    script.expect_nothing(1_000_000)
    with pytest.raises(TimeoutError):
        script.read(1_000_000)


@requirement("RFC9293-MUST-20")
@pytest.mark.parametrize("by_user", [False, True])
def test_progress_puts_r2_off(by_user: bool) -> None:
    script = TcpScript(nagle=False)
    script.open_passively()
    if by_user:
        script.option("user_timeout_ns", 100_000 * MS)
    script.write(0, b"x")
    script.write(0, b"y")
    script.take_all(90_000)
    script.send(90_000, "A", ack=2)
    script.take_all(189_999)
    assert script.state() == "ESTABLISHED"
    script.take_all(190_000)
    assert script.state() == ("CLOSED" if by_user else "ESTABLISHED")


@requirement("RFC9293-SHLD-10")
def test_r2_never_comes_before_r1() -> None:
    script = TcpScript(nagle=False)
    script.open_passively()
    script.write(0, b"x")
    script.write(0, b"y")
    script.take_all(90_000)
    script.send(90_000, "A", ack=2)  # the time-out is still backed off to 64 s
    resent = [seen.t_ns // (1000 * MS) for seen in script.take_all(900_000)]
    assert resent == [154, 274, 394, 514]
    assert script.state() == "CLOSED"


@requirement("RFC9293-MUST-20")
@requirement("RFC9293-SHLD-10")
def test_at_r1_the_neighbour_is_probed() -> None:
    script = TcpScript()
    script.open_passively()
    requests: list[int] = []
    learn = script._learn_peer
    script._learn_peer = lambda: requests.append(script.now_ns // MS)  # type: ignore[method-assign]
    script.write(0, b"x")
    script.take_all(6999)
    assert requests == []
    script.take_all(7000)
    assert requests == [7000]
    learn()
    assert script.counter("tcp_r1_reached") == 1


def test_silent_neighbour_at_r1_does_not_end_the_connection_before_r2() -> None:
    script = TcpScript()
    script.open_passively()
    script._learn_peer = lambda: None  # type: ignore[method-assign]
    script.write(0, b"x")
    script.take_all(99_999)
    assert script.state() == "ESTABLISHED"
    assert script.counter("arp_resolution_failed") > 0
    script.take_all(100_000)
    assert isinstance(script.closed_error(), TimeoutError)


def test_neighbour_with_a_new_mac_address_is_found_again() -> None:
    script = TcpScript()
    script.open_passively()
    new_mac = bytes.fromhex("0200000000ff")

    def answer() -> None:
        reply = ArpPacket(ArpOperation.REPLY, new_mac, 0x0A000002, OUR_MAC, OUR_IP)
        script.stack.receive_frame(OUR_MAC + PEER_MAC + b"\x08\x06" + reply.serialize(), script.now_ns)

    script._learn_peer = answer  # type: ignore[method-assign]
    script.write(0, b"x")
    script.take_all(14_999)
    assert script.stack.neighbours() == [(0x0A000002, new_mac)]


@requirement("RFC9293-MUST-21")
@pytest.mark.parametrize("timeout_ms", [20, 1500, 400_000])
def test_user_timeout_replaces_r2(timeout_ms: int) -> None:
    script = TcpScript()
    script.open_passively()
    script.option("user_timeout_ns", timeout_ms * MS)
    script.write(1000, b"x")
    script.take_all(1000 + timeout_ms - 1)
    assert script.state() == "ESTABLISHED"
    script.take_all(1000 + timeout_ms)
    assert script.state() == "CLOSED"
    assert isinstance(script.closed_error(), TimeoutError)


@requirement("RFC9293-MUST-21")
def test_user_timeout_set_while_text_is_in_flight_counts_from_its_transmission() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1000, b"x")
    script.take_all(3000)
    script.option("user_timeout_ns", 5000 * MS)
    script.take_all(5999)
    assert script.state() == "ESTABLISHED"
    script.take_all(6000)
    assert script.state() == "CLOSED"


def test_user_timeout_does_not_end_an_idle_connection() -> None:
    script = TcpScript()
    script.open_passively()
    script.option("user_timeout_ns", 1000 * MS)
    script.write(0, b"x")
    script.expect(0, "PA", length=1)
    script.send(10, "A")
    script.expect_nothing(3_600_000)
    assert script.state() == "ESTABLISHED"


def test_device_that_is_full_does_not_back_the_timer_off() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(0, b"x")
    script.expect(0, "PA", length=1)
    stack = script.stack
    for now_ns in range(1000 * MS, 60_000 * MS, 500 * MS):
        stack.handle_timers(now_ns)  # frames are not asked for: the device is blocked
    script.now_ns = 60_000 * MS
    script.expect(60_000, "PA", seq=1, length=1)
    script.expect_nothing(61_999)
    script.expect(62_000, "PA", seq=1, length=1)


@requirement("RFC9293-SHLD-9")
def test_retransmissions_are_counted() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(0, b"x")
    script.take_all(3500)
    assert script.counter("tcp_segments_retransmitted") == 2


def test_keep_alive_is_off_by_default() -> None:
    script = TcpScript()
    script.open_passively()
    script.expect_nothing(100 * 3_600_000)


@requirement("RFC9293-MUST-24")
@requirement("RFC9293-MUST-26")
@requirement("RFC9293-MUST-27")
@requirement("RFC9293-MUST-28")
def test_keep_alive() -> None:
    script = TcpScript()
    script.open_passively()
    script.option("keepalive", 1)
    two_hours = 7_200_000
    script.send(500, "PA", b"x")
    script.expect(600, "A")
    script.expect_nothing(two_hours + 499)
    script.expect(two_hours + 500, "A", seq=0)
    script.send(two_hours + 510, "A")
    script.expect(2 * two_hours + 510, "A", seq=0)
    for probe in range(1, 9):
        script.expect(2 * two_hours + 510 + 75_000 * probe, "A", seq=0)
    script.expect_nothing(2 * two_hours + 510 + 75_000 * 9)
    assert isinstance(script.closed_error(), TimeoutError)
