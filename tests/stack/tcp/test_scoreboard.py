"""The scoreboard of selective acknowledgements and the window function of CUBIC, as pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.stack.config import CongestionAlgorithm, TcpConfig
from rig.stack.tcp.congestion import NewReno
from rig.stack.tcp.cubic import Cubic, cube_root
from rig.stack.tcp.sack_recovery import SackRecovery
from rig.stack.tcp.scoreboard import MAX_RANGES, Scoreboard
from rig.stack.tcp.seq import MASK
from tests.stack.pair import Link, Pair

requirement = pytest.mark.requirement
MS = 1_000_000
FLIGHT = 60


@requirement("RFC2018-3")
@given(
    st.integers(0, MASK),
    st.lists(st.tuples(st.integers(-20, FLIGHT + 20), st.integers(-5, 30)), max_size=20),
    st.integers(0, FLIGHT),
)
def test_scoreboard_is_a_set_of_octets(una: int, blocks: list[tuple[int, int]], advance: int) -> None:
    board = Scoreboard()
    model: set[int] = set()
    for left, octets in blocks:
        is_new = board.update((((una + left) & MASK, (una + left + octets) & MASK),), una, FLIGHT)
        numbers = set(range(left, left + octets)) if left > 0 and octets > 0 and left + octets <= FLIGHT else set()
        assert is_new == bool(numbers - model)
        model |= numbers
    board.advance(advance)
    model = {number - advance for number in model if number >= advance}
    assert board.octets == len(model)
    assert board.highest == max(model, default=-1) + 1
    for distance in range(FLIGHT - advance):
        assert board.octets_below(distance) == sum(number < distance for number in model)
        assert (board.skip(distance) > distance) == (distance in model)
    holes = list(board.holes(FLIGHT - advance, 3, 5))
    assert {number for start, end, _ in holes for number in range(start, end)} == set(range(FLIGHT - advance)) - model
    for start, _, lost in holes:
        above = [number for number in model if number > start]
        runs = sum(number + 1 not in model for number in above)
        assert lost == (runs >= 3 or len(above) > 10)


def test_hostile_peer_cannot_grow_the_scoreboard() -> None:
    board = Scoreboard()
    for number in range(1, 4 * MAX_RANGES, 2):
        board.update(((number, number + 1),), 0, 1 << 20)
    assert board.octets == MAX_RANGES


def _recovery() -> SackRecovery:
    control = NewReno(10)
    control.start(1000)
    return SackRecovery(control, MASK)


@requirement("RFC6675-pipe")
def test_pipe_counts_neither_what_arrived_nor_what_is_lost_but_what_was_sent_again() -> None:
    recovery = _recovery()
    assert recovery.pipe(10_000, 1000) == 10_000
    assert not recovery.selective(((1000, 2000),), 0, 10_000, 1000, 0)
    assert not recovery.selective(((1000, 3000),), 0, 10_000, 1000, 0)
    assert recovery.pipe(10_000, 1000) == 8000
    assert recovery.selective(((1000, 4000),), 0, 10_000, 1000, 0)
    assert recovery.pipe(10_000, 1000) == 6000, "3000 arrived, the first 1000 are lost"
    recovery.first_sent_again(1000)
    assert recovery.pipe(10_000, 1000) == 7000
    assert recovery.control.cwnd == recovery.control.ssthresh == 5000


@requirement("RFC6675-enter")
def test_one_acknowledgement_that_shows_the_loss_is_enough() -> None:
    assert _recovery().selective(((1000, 2000), (3000, 4000), (5000, 6000)), 0, 10_000, 1000, 0)
    assert _recovery().selective(((1000, 3001),), 0, 10_000, 1000, 0)
    assert not _recovery().selective(((1000, 3000),), 0, 10_000, 1000, 0)


@requirement("RFC6675-NextSeg")
def test_order_of_retransmission() -> None:
    recovery = _recovery()
    recovery.selective(((1000, 2000), (4000, 7000), (8000, 9000)), 0, 10_000, 1000, 0)
    recovery.first_sent_again(1000)

    def following(lost_only: bool, flight: int = 10_000) -> tuple[int, int] | None:
        return recovery.next_hole(flight, 65_535, 1000, lost_only=lost_only)

    assert [following(True) for _ in range(3)] == [(2000, 1000), (3000, 1000), None]
    assert [following(False) for _ in range(2)] == [(7000, 1000), None], "not deemed lost, but below a range"
    recovery.acknowledged(2000, 2000, 8000, 1000, 0)
    assert following(False, 8000) == (7000, 1000), "the rescue of the tail, after an acknowledgement past the first"
    assert following(False, 8000) is None, "once"
    assert recovery.next_hole(8000, 1000, 1000, lost_only=True) is None


@requirement("RFC9438")
@given(st.integers(0, 10**30))
def test_cube_root(value: int) -> None:
    root = cube_root(value)
    assert root**3 <= value < (root + 1) ** 3


@requirement("RFC9438")
@pytest.mark.parametrize("w_max", [20, 100, 1000])
def test_window_follows_the_published_function(w_max: int) -> None:
    mss = 1000
    control = Cubic(10)
    control.start(mss)
    control.cwnd = w_max * mss
    control.lost(w_max * mss, 0)
    assert control.ssthresh == w_max * mss * 7 // 10
    control.cwnd = control.ssthresh
    control.acknowledged(mss, 0, 0)
    k_s = (w_max * 0.3 / 0.4) ** (1 / 3)
    for t_s in (0, k_s / 2, k_s, 1.5 * k_s, 3 * k_s):
        expected = (0.4 * (t_s - k_s) ** 3 + w_max) * mss
        # K is rounded down to a millisecond: at the steepest point shown here that is 1.2 (t - K)^2 segments a second
        assert abs(control.window_at(int(t_s * 1e9)) - expected) <= 2 + 1.2 * (t_s - k_s) ** 2 * mss / 500


@requirement("RFC9438")
def test_window_returns_to_its_maximum_after_k_and_stays_near_it() -> None:
    control = Cubic(10)
    control.start(1000)
    control.cwnd = 200_000
    control.lost(200_000, 0)
    control.cwnd = control.ssthresh
    rtt_ns = 200 * MS
    at: dict[int, int] = {}
    for tick in range(60):
        for _ in range(control.cwnd // 1000):
            control.acknowledged(1000, tick * rtt_ns, rtt_ns)
        at[tick] = control.cwnd
    k_ticks = round((200 * 0.3 / 0.4) ** (1 / 3) / 0.2)
    assert 195_000 <= at[k_ticks] <= 201_000
    assert at[5] - at[0] > 3 * (at[k_ticks] - at[k_ticks - 5]), "concave before"
    assert at[59] - at[54] > 3 * (at[k_ticks + 5] - at[k_ticks]), "convex behind"


@requirement("RFC9438")
def test_reno_friendly_region_on_a_short_path() -> None:
    def windows(control: NewReno) -> int:
        control.start(1000)
        control.cwnd = 20_000
        control.lost(20_000, 0)
        control.cwnd = control.ssthresh = 14_000
        for tick in range(100):
            for _ in range(control.cwnd // 1000):
                control.acknowledged(1000, tick * MS, MS)
        return control.cwnd

    assert windows(Cubic(10)) >= 14_000 + 100 * 1000 * 9 // 17 * 9 // 10, "slower growth than Reno, from a higher start"
    assert windows(Cubic(10)) <= windows(NewReno(10)) + 6000


@requirement("RFC9438")
def test_fast_convergence_and_timeout() -> None:
    control = Cubic(10)
    control.start(1000)
    control.cwnd = 100_000
    control.lost(100_000, 0)
    assert control.w_max == 100_000
    control.cwnd = 80_000
    control.lost(80_000, 0)
    assert control.w_max == 68_000
    control.timed_out()
    assert control.cwnd == 1000
    control.cwnd = control.ssthresh
    control.acknowledged(1000, 0, 0)
    assert control.window_at(0) == 56_000, "K is 0 and W_max the window with which congestion avoidance began"


@pytest.mark.parametrize("sack", [False, True])
@pytest.mark.parametrize("algorithm", list(CongestionAlgorithm))
def test_transfers_under_either_algorithm(algorithm: CongestionAlgorithm, sack: bool) -> None:
    tcp = TcpConfig(congestion=algorithm, sack=sack, receive_buffer_octets=1 << 18, send_buffer_octets=1 << 18)
    Pair(Link(delay_ns=20 * MS, loss=0.02), tcp, seed=2).transfer(bytes(range(256)) * 1500)


@requirement("RFC6675")
def test_sack_beats_new_reno_where_many_segments_of_a_window_are_lost() -> None:
    def time_of(sack: bool) -> int:
        lost = {8, 11, 14, 17, 20, 23}  # of a first flight of 40
        pair = Pair(
            Link(delay_ns=50 * MS),
            TcpConfig(sack=sack, initial_window_segments=40, receive_buffer_octets=1 << 18, send_buffer_octets=1 << 18),
            keep=lambda number, from_client, frame: number not in lost,
        )
        pair.transfer(bytes(200_000))
        return pair.transferred_ns

    assert time_of(True) + 300 * MS < time_of(False)
