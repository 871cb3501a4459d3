"""Single frames that are lost by their number, and who is told."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from rig.adapter.impairer import Impairments, Lane
from rig.errors import UsageError


def through(settings: Impairments, count: int, told: list[bytes] | None = None) -> list[bytes]:
    lane = Lane(settings, Random(1), Counter(), "receive")
    if told is not None:
        lane.on_lost = told.append
    for number in range(1, count + 1):
        lane.enter(bytes([number]) * 60, now_ns=0)
    out = []
    while (frame := lane.take(0)) is not None:
        out.append(frame[1])
    return out


def test_frames_are_lost_by_their_number_counted_from_one() -> None:
    told: list[bytes] = []
    passed = through(Impairments(drop=frozenset({1, 4})), 5, told)
    assert [frame[0] for frame in passed] == [2, 3, 5]
    assert [frame[0] for frame in told] == [1, 4]


def test_a_dropped_frame_leaves_the_dice_of_the_others_alone() -> None:
    without = {frame[0] for frame in through(Impairments(loss=0.5), 40)}
    with_drop = {frame[0] for frame in through(Impairments(loss=0.5, drop=frozenset({7, 8})), 40)}
    assert with_drop == without - {7, 8}


def test_loss_by_chance_is_told_too() -> None:
    told: list[bytes] = []
    passed = through(Impairments(loss=0.5), 40, told)
    assert len(told) + len(passed) == 40 and told


def test_frames_are_counted_from_one() -> None:
    with pytest.raises(UsageError, match="counted from 1"):
        Impairments(drop=frozenset({0}))
