"""Closing a connection, in every order: RFC 9293, 3.6 and figures 12 and 13."""

from __future__ import annotations

import pytest

from tests.helpers.tcp_script import TcpScript

requirement = pytest.mark.requirement
TIME_WAIT_MS = 60_000


@requirement("RFC9293-MUST-13")
def test_we_close_first() -> None:
    script = TcpScript()
    script.open_passively()
    script.close(10)
    script.expect(10, "FA")
    assert script.state() == "FIN_WAIT_1"
    script.send(20, "A")
    assert script.state() == "FIN_WAIT_2"
    script.send(30, "FA")
    script.expect(30, "A")
    assert script.state() == "TIME_WAIT"
    script.expect_nothing(30 + TIME_WAIT_MS - 1)
    assert script.state() == "TIME_WAIT"
    script.expect_nothing(30 + TIME_WAIT_MS)
    assert script.state() == "CLOSED"


@requirement("RFC9293-MUST-13")
def test_fin_again_in_time_wait_is_acknowledged_and_restarts_the_wait() -> None:
    script = TcpScript()
    script.open_passively()
    script.close(10)
    script.expect(10, "FA")
    script.send(20, "FA")
    script.expect(20, "A")
    script.send(1020, "FA", seq=1)
    script.expect(1020, "A")
    script.expect_nothing(1020 + TIME_WAIT_MS - 1)
    assert script.state() == "TIME_WAIT"
    script.expect_nothing(1020 + TIME_WAIT_MS)
    assert script.state() == "CLOSED"


def test_the_peer_closes_first() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(10, "FA")
    script.expect(10, "A")
    assert script.state() == "CLOSE_WAIT"
    assert script.read(11) == b""
    script.write(12, b"still talking")
    script.expect(12, "PA", length=13)
    script.send(13, "A")
    script.close(20)
    script.expect(20, "FA")
    assert script.state() == "LAST_ACK"
    script.send(30, "A")
    assert script.state() == "CLOSED"
    script.expect_nothing(100_000)


def test_both_close_at_once() -> None:
    script = TcpScript()
    script.open_passively()
    script.close(10)
    script.expect(10, "FA")
    script.send(11, "FA", ack=1)
    script.expect(11, "A")
    assert script.state() == "CLOSING"
    script.send(12, "A")
    assert script.state() == "TIME_WAIT"
    script.expect_nothing(12 + TIME_WAIT_MS)
    assert script.state() == "CLOSED"


def test_fin_that_acknowledges_our_fin_leads_to_time_wait() -> None:
    script = TcpScript()
    script.open_passively()
    script.close(10)
    script.expect(10, "FA")
    script.send(11, "FA")
    script.expect(11, "A")
    assert script.state() == "TIME_WAIT"


def test_half_close() -> None:
    script = TcpScript()
    script.open_actively()
    script.write(5, b"request")
    script.expect(5, "PA", length=7)
    script.shutdown(6)
    script.expect(6, "FA")
    script.send(7, "A")
    with pytest.raises(BrokenPipeError):
        script.write(8, b"more")
    script.send(9, "PA", b"reply")
    assert script.read(10) == b"reply"
    assert script.read(10) is None
    script.send(11, "FA")
    script.expect(11, "A")
    assert script.read(12) == b""
    assert script.closed_error() is None


def test_fin_rides_on_the_last_text() -> None:
    script = TcpScript()
    script.open_passively(win=1000)
    script.write(5, bytes(1460))
    script.expect(5, "A", length=1000)
    script.close(6)
    script.send(7, "A", win=5000)
    script.expect(7, "FPA", length=460)


def test_fin_waits_for_the_window() -> None:
    script = TcpScript()
    script.open_passively(win=100)
    script.write(5, bytes(100))
    script.close(5)
    script.expect(5, "PA", length=100)
    script.expect_nothing(10)
    script.send(11, "A", win=0)
    script.expect_nothing(500)
    script.send(501, "A", win=1)
    script.expect(501, "FA")


def test_close_before_the_connection_is_established_waits() -> None:
    script = TcpScript()
    script.connect()
    script.expect(0, "S")
    script.send(5, "S")
    script.expect(5, "SA", seq=0)
    script.shutdown(6)
    script.expect_nothing(7)
    script.send(8, "A")
    script.expect(8, "FA")
    assert script.state() == "FIN_WAIT_1"


def test_close_in_syn_sent_deletes_the_connection() -> None:
    script = TcpScript()
    script.connect()
    script.expect(0, "S")
    script.close(10)
    script.expect_nothing(10_000)
    script.send(10_001, "SA")
    script.expect(10_001, "R", seq=1)


def test_fin_with_text_and_text_out_of_order() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(10, "FPA", b"world", seq=6)
    script.expect(10, "A", ack=1)
    assert script.state() == "ESTABLISHED"
    script.send(11, "A", b"hello", seq=1)
    script.expect(11, "A", ack=12)
    assert script.state() == "CLOSE_WAIT"
    assert script.read(12) == b"helloworld"
    assert script.read(12) == b""


def test_fin_is_retransmitted() -> None:
    script = TcpScript()
    script.open_passively()
    script.close(0)
    script.expect(0, "FA")
    script.expect(1000, "FA", seq=1)
    script.expect(3000, "FA", seq=1)
    script.send(3001, "A")
    script.expect_nothing(10_000)


@requirement("RFC9293-SHLD-3")
def test_close_with_unread_text_resets() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(10, "PA", b"unread")
    script.close(20)
    script.expect(20, "RA")
    assert script.state() == "CLOSED"


@requirement("RFC9293-SHLD-3")
def test_text_after_close_resets() -> None:
    script = TcpScript()
    script.open_passively()
    script.close(10)
    script.expect(10, "FA")
    script.send(11, "A")
    script.send(12, "PA", b"too late")
    script.expect(12, "RA", seq=2)
    assert script.state() == "CLOSED"
    assert script.counter("tcp_reset_data_after_close") == 1


def test_closed_connection_does_not_stay_in_fin_wait_2_for_ever() -> None:
    script = TcpScript()
    script.open_passively()
    script.close(10)
    script.expect(10, "FA")
    script.send(11, "A")
    script.expect_nothing(60_010)
    assert script.state() == "FIN_WAIT_2"
    script.expect_nothing(60_011)
    assert script.state() == "CLOSED"


def test_half_closed_connection_that_is_then_closed_does_not_stay_in_fin_wait_2() -> None:
    script = TcpScript()
    script.open_passively()
    script.shutdown(10)
    script.expect(10, "FA")
    script.send(11, "A")
    script.close(1000)
    script.expect_nothing(60_999)
    assert script.state() == "FIN_WAIT_2"
    script.expect_nothing(61_000)
    assert script.state() == "CLOSED"


def test_half_closed_connection_may_stay_in_fin_wait_2() -> None:
    script = TcpScript()
    script.open_passively()
    script.shutdown(10)
    script.expect(10, "FA")
    script.send(11, "A")
    script.expect_nothing(600_000)
    assert script.state() == "FIN_WAIT_2"


def test_abort() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"in flight")
    script.expect(1, "PA", length=9)
    script.abort(2)
    script.expect(2, "RA")
    script.send(3, "A")
    script.expect(3, "R", seq=10)


@requirement("RFC9293-MUST-12")
def test_application_learns_reset_from_close() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(5, "PA", b"lost")
    script.send(6, "R")
    assert isinstance(script.closed_error(), ConnectionResetError)
    with pytest.raises(ConnectionResetError):
        script.read(7)
    assert script.read(7) == b""
    with pytest.raises(BrokenPipeError):
        script.write(8, b"x")


@requirement("RFC9293-MAY-2")
def test_newer_syn_in_time_wait_opens_again() -> None:
    script = TcpScript()
    script.open_passively()
    script.close(10)
    script.expect(10, "FA")
    script.send(11, "FA")
    script.expect(11, "A")
    script.send(20, "S", seq=1)
    script.expect(20, "A", ack=2)
    script.send(30, "S", seq=50_000)
    reply = script.expect(30, "SA", seq=0, ack=50_001)
    assert reply.segment.sequence == script.iss


def test_text_received_before_the_end_stays_readable_after_time_wait() -> None:
    script = TcpScript()
    script.open_passively()
    script.shutdown(1)
    script.expect(1, "FA")
    script.send(2, "FPA", b"last words")
    script.expect(2, "A")
    script.expect_nothing(100_000)
    assert script.read(100_000) == b"last words"
    assert script.read(100_000) == b""


def test_acknowledgement_of_our_fin_in_the_middle_of_text() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, b"abc")
    script.expect(1, "PA", length=3)
    script.close(2)
    script.expect(2, "FA")
    script.send(3, "A", ack=2)
    assert script.state() == "FIN_WAIT_1"
    script.send(4, "A", ack=5)
    assert script.state() == "FIN_WAIT_2"
