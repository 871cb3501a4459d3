"""TCP segments as a capture shows them: what repeats, what is lost, whose copy counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.report.run_facts import Frame, RunFacts
from rig.report.tcp_segments import read_segments
from tests.lab.sample_facts import CLIENT, SERVER, frame, sample_facts


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFacts:
    return sample_facts(tmp_path_factory.mktemp("sample")).run


def of(run: RunFacts, *octets: bytes, tap: str = "client") -> RunFacts:
    return replace(run, frames=tuple(Frame(1000 * n, tap, each) for n, each in enumerate(octets)), sockets=())


def test_a_segment_with_one_new_octet_is_no_retransmission(run: RunFacts) -> None:
    """After a window probe of one octet the whole segment is sent: most of it for the first time."""
    sent = [(1, 1), (1, 9), (1, 9), (5, 5)]
    frames = [frame(CLIENT, "A", sequence, octets=octets) for sequence, octets in sent]
    seen = read_segments(of(run, frame(CLIENT, "S", 0), *frames))
    assert [each.is_retransmission for each in seen] == [False, False, False, True, True]


def test_an_ack_takes_no_sequence_space_and_repeats_nothing(run: RunFacts) -> None:
    seen = read_segments(of(run, frame(CLIENT, "S", 0), frame(CLIENT, "A", 1), frame(CLIENT, "A", 1)))
    assert not any(each.is_retransmission for each in seen)


def test_without_a_syn_numbers_count_from_the_first_segment(run: RunFacts) -> None:
    (seen,) = read_segments(of(run, frame(CLIENT, "A", 500, octets=3)))
    assert (seen.relative, seen.relative_ack) == (1, None)


def test_a_copy_that_somebody_else_sent_on_is_not_counted_again(run: RunFacts) -> None:
    assert read_segments(of(run, frame(SERVER, "S", 0), tap="router-a")) == []


def test_what_is_damaged_or_no_tcp_is_left_out(run: RunFacts) -> None:
    damaged = bytearray(frame(CLIENT, "A", 1, octets=50))
    damaged[60] ^= 1
    assert read_segments(of(run, bytes(damaged), b"\xff" * 64, frame(CLIENT, "A", 1)[:30])) == []


def test_the_frame_that_was_lost_is_the_last_like_it_before_the_loss(run: RunFacts) -> None:
    assert [each.t_ns for each in read_segments(run) if each.is_lost] == [400_000]
