"""Segments that somebody off the path might forge: RFC 5961; RFC 9293, 3.10.7.4."""

from __future__ import annotations

import pytest

from tests.helpers.tcp_script import TcpScript

requirement = pytest.mark.requirement


@requirement("RFC5961-3")
def test_reset_with_the_exact_number_is_believed() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "R", seq=1)
    assert isinstance(script.closed_error(), ConnectionResetError)
    script.expect_nothing(1000)


@requirement("RFC5961-3")
@pytest.mark.parametrize("seq", [2, 1000, 65535])
def test_reset_elsewhere_in_the_window_is_challenged(seq: int) -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "R", seq=seq)
    script.expect(1, "A", ack=1)
    assert script.state() == "ESTABLISHED"


@requirement("RFC5961-3")
@pytest.mark.parametrize("seq", [0, 65536, 2**31 + 5])
def test_reset_outside_of_the_window_is_dropped(seq: int) -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "R", seq=seq)
    script.expect_nothing(1000)
    assert script.state() == "ESTABLISHED"
    assert script.counter("tcp_rst_ignored") == 1


@requirement("RFC5961-4")
@pytest.mark.parametrize("seq", [0, 1, 500, 100_000])
def test_syn_in_a_synchronized_state_is_challenged(seq: int) -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "S", seq=seq)
    script.expect(1, "A", ack=1)
    assert script.state() == "ESTABLISHED"


@requirement("RFC5961-5")
@pytest.mark.parametrize("ack", [2**31, 101, 2**32 - 70_000])
def test_acknowledgement_out_of_range_is_answered_and_dropped(ack: int) -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, bytes(99))
    script.expect(1, "PA", length=99)
    script.send(2, "PA", b"injected", ack=ack)
    script.expect(2, "A", ack=1)
    assert script.read(3) is None
    assert script.counter("tcp_bad_ack") == 1


@requirement("RFC5961-5")
def test_old_acknowledgement_within_the_window_does_not_hinder_its_text() -> None:
    script = TcpScript()
    script.open_passively()
    script.write(1, bytes(100))
    script.take_all(1)
    script.send(2, "A", ack=101)
    script.send(3, "PA", b"late", ack=51)
    assert script.read(4) == b"late"


@requirement("RFC5961-7")
def test_challenge_acknowledgements_are_limited_per_connection() -> None:
    script = TcpScript(challenge_acks_per_second=5)
    script.open_passively()
    for number in range(50):
        script.send(1 + number, "S", seq=7)
    assert len(script.take_all(100)) == 5
    assert script.counter("tcp_challenge_ack_rate_limited") == 45
    script.send(1100, "S", seq=7)
    script.expect(1100, "A", ack=1)


@requirement("RFC5961-7")
def test_two_stacks_do_not_storm_each_other_with_acknowledgements() -> None:
    script = TcpScript()
    script.open_passively()
    for number in range(100):
        script.send(1 + number, "A", seq=200_000)
    assert len(script.take_all(200)) == 10


def test_segment_outside_of_the_window_is_acknowledged() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "PA", b"far away", seq=70_000)
    script.expect(1, "A", ack=1)
    assert script.read(2) is None
    assert script.counter("tcp_unacceptable") == 1


def test_segment_without_ack_is_dropped() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "P", b"abc")
    script.send(2, "F", seq=1)
    script.expect_nothing(1000)
    assert script.counter("tcp_no_ack") == 2
    assert script.state() == "ESTABLISHED"


@requirement("RFC9293-SHLD-2")
def test_reset_may_carry_text() -> None:
    script = TcpScript()
    script.open_passively()
    script.send(1, "R", b"the reason", seq=1)
    assert script.state() == "CLOSED"


def test_syn_in_the_window_in_syn_received_returns_to_listen() -> None:
    script = TcpScript()
    script.listen()
    script.send(0, "S")
    script.expect(0, "SA")
    script.send(1, "S", seq=100)
    assert script.state() == "CLOSED"
    assert script.counter("tcp_syn_in_syn_received") == 1


@pytest.mark.parametrize("reset", ["R", "RA"])
def test_reset_ends_time_wait_and_last_ack_without_an_error(reset: str) -> None:
    script = TcpScript()
    script.open_passively()
    script.shutdown(1)
    script.expect(1, "FA")
    script.send(2, "FA")
    script.expect(2, "A")
    assert script.closed_error() is None
    script.send(3, reset)
    assert script.state() == "CLOSED"
    assert script.read(4) == b""
