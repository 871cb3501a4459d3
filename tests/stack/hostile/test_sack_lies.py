"""A peer that lies about what it holds, or about how much of it."""

from __future__ import annotations

from random import Random

import pytest

from rig.stack.config import CongestionAlgorithm, TcpConfig
from rig.stack.tcp.scoreboard import MAX_RANGES
from tests.helpers.tcp_script import TcpScript

MSS = 1000
SENT = 10 * MSS


def sender(octets: int = SENT, **changes: object) -> TcpScript:
    """Return a dialogue in which the stack has sent ``octets`` octets and nothing is acknowledged."""
    script = TcpScript(sack=True, send_buffer_octets=1 << 20, **changes)
    script.open_passively(mss=MSS, sack_permitted=True)
    script.write(1, bytes(octets))
    script.take_all(1)
    return script


def absolute(script: TcpScript, *blocks: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    assert script.iss is not None
    return tuple(((script.iss + left) & 0xFFFFFFFF, (script.iss + right) & 0xFFFFFFFF) for left, right in blocks)


@pytest.mark.requirement("RFC2018-8")
def test_everything_selectively_acknowledged_and_then_silence() -> None:
    """Reneging: what was reported stays in the buffer, and a time-out sends all of it again."""
    script = sender()
    script.send(2, "A", ack=1, sack=absolute(script, (1 + MSS, SENT + 1)))
    sent = script.take_all(30_000)
    assert {each.seq for each in sent} >= {1}, "the first segment is sent again, for ever if need be"
    script.send(30_001, "A", ack=1 + MSS)  # it holds nothing of what it said
    sent = script.take_all(120_000)
    assert {1 + MSS * number for number in range(1, 10)} & {each.seq for each in sent}
    assert script.state() == "ESTABLISHED"


@pytest.mark.parametrize(
    "blocks",
    [
        ((SENT + 1, SENT + 5000),),  # never sent
        ((1, 1),), ((5000, 4000),),  # empty, backwards
        ((-70_000, 1 << 31),), ((0, 1 << 32),),  # all numbers there are
        ((1, SENT + 1),),  # from SND.UNA on: then it would be acknowledged
        ((-5000, -4000),),  # long acknowledged: a duplicate report, RFC 2883
    ],
)  # fmt: skip
@pytest.mark.requirement("RFC2883")
def test_impossible_blocks_change_nothing(blocks: tuple[tuple[int, int], ...]) -> None:
    script = sender()
    for number in range(20):
        script.send(2 + number, "A", ack=1, sack=absolute(script, *blocks))
    assert script.take_all(30) == []
    (connection,) = script.stack._tcp.connections.values()
    assert not connection.sender.sack.scoreboard and not connection.sender.recovery.in_recovery
    script.send(40, "A", ack=SENT + 1)
    assert script.state() == "ESTABLISHED" and connection.sender.flight == 0


def test_thousands_of_ranges_cost_neither_memory_nor_order() -> None:
    script = TcpScript(sack=True, window_scale=True, send_buffer_octets=1 << 20, initial_window_segments=1000)
    script.open_passively(mss=MSS, sack_permitted=True, window_scale=7)
    script.send(0, "A", win=65535)
    script.write(1, bytes(900_000))
    script.take_all(1)
    (connection,) = script.stack._tcp.connections.values()
    for number in range(3000):
        place = 2 + number * 200
        script.send(2, "A", ack=1, sack=absolute(script, (place, place + 1)), hold=number % 50 != 0)
        assert len(connection.sender.sack.scoreboard._ranges) <= MAX_RANGES
    assert script.counter("tcp_sack_ranges_full") > 0
    script.take_all(3)
    script.send(4, "A", ack=script.stack_nxt)
    assert connection.sender.flight == 0 and not connection.sender.sack.scoreboard


def test_lies_at_random_never_break_the_sender() -> None:
    """Whatever is reported, the pipe stays within what is in flight and the window never falls below a segment."""
    for seed in range(15):
        random = Random(seed)
        kind = CongestionAlgorithm.CUBIC if seed & 1 else CongestionAlgorithm.NEW_RENO
        script = sender(30 * MSS, congestion=kind)
        (connection,) = script.stack._tcp.connections.values()
        acknowledged = 1
        for t_ms in range(2, 60):
            lies = [sorted((random.randrange(-2000, 40_000), random.randrange(-2000, 40_000))) for _ in range(3)]
            acknowledged = min(acknowledged + random.choice([0, 0, 0, 1, 700, 1000]), script.stack_nxt)
            blocks = absolute(script, *((left, right) for left, right in lies))
            script.send(t_ms, "A", ack=acknowledged, sack=blocks)
            control, flight = connection.sender.recovery.control, connection.sender.flight
            assert control.cwnd >= MSS and control.ssthresh >= 2 * MSS
            assert 0 <= connection.sender.sack.pipe(flight, MSS) <= 2 * flight
        for t_ms in range(100, 140):
            script.take_all(t_ms)
            script.send(t_ms, "A", ack=script.stack_nxt)
        assert connection.sender.flight == 0 and not connection.sender.buffer, "the truth ends it"


@pytest.mark.requirement("RFC5681-fast-recovery")
def test_duplicate_acknowledgements_without_end_inflate_by_no_more_than_was_in_flight() -> None:
    script = TcpScript(TcpConfig(window_scale=False, timestamps=False, sack=False, send_buffer_octets=1 << 20))
    script.open_passively(mss=MSS)
    script.write(1, bytes(200_000))
    flight = sum(len(each.data) for each in script.take_all(1))
    for number in range(1000):
        script.send(2, "A", ack=1, hold=number % 10 != 0)
    (connection,) = script.stack._tcp.connections.values()
    control = connection.sender.recovery.control
    assert connection.sender.recovery.in_recovery
    assert control.cwnd <= control.ssthresh + flight + 4 * MSS, "RFC 5681, 3.2: as many as segments were outstanding"


@pytest.mark.requirement("RFC5961-5")
def test_optimistic_acknowledgements_of_what_was_never_sent() -> None:
    script = sender()
    for number in range(200):
        script.send(2 + number, "A", ack=SENT + 2 + number * 1000)
    (connection,) = script.stack._tcp.connections.values()
    assert connection.sender.snd_una == connection.sender.iss + 1 & 0xFFFFFFFF
    assert len(script.take_all(210)) <= 10, "challenges are limited"
    assert script.counter("tcp_bad_ack") == 200
