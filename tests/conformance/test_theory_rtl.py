"""The theory of ``test_theory_twin.py`` on the Verilog adapters, in small cases: bursts of stations on one spot.

Injected words bring the stations to the collision in question; from there on their generators, seeded for each burst,
decide. Everything is taken from the recorded timeline. The twin plays the same bursts and must have the same record.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from rig.adapter import registers as reg
from rig.adapter.recorder import TimelineEvent
from rig.regress.compare.play import RING_FIRST_PAGE
from rig.regress.compare.record import Record
from rig.regress.compare.sides import build_rtl, run_twin
from rig.regress.compare.stimulus import Episode, Part, Place, Send, Stimulus
from tests.conformance.test_theory_twin import CAPTURE, LOSER, WINNER, assert_share, unique_minimum

BURSTS = 120
SEND_NS = 24_000
"""After every set-up, at 100 Mb/s; all hosts' commands are executed at the same edge."""
BITS = 3_000
FRAME = bytes.fromhex("02000000000f 020000000001 88b5") + bytes(46)
CONTROL = (
    reg.CTRL_TX_EN | reg.CTRL_SPEED100 | reg.CTRL_PAD_EN | reg.CTRL_FCS_EN
    | reg.CTRL_LATE_RETRY | reg.CTRL_DEFER_FOREVER
)  # fmt: skip


def burst(source: random.Random, words: list[list[int]], frames: list[int]) -> Episode:
    """Station i draws ``words[i]`` first, and sends ``frames[i]`` frames one after the other."""
    parts = []
    for station, injected in enumerate(words):
        setup = (
            (reg.REG_CTRL, CONTROL & ~reg.CTRL_TX_EN),
            (reg.REG_BACKOFF_SEED, source.randrange(1, 1 << 32)),
            (reg.REG_RX_START, RING_FIRST_PAGE),
            (reg.REG_RX_STOP, 64),
            (reg.REG_RX_BNRY, RING_FIRST_PAGE),
            *((reg.REG_BACKOFF_INJECT, word) for word in injected),
            (reg.REG_CTRL, CONTROL),
        )
        # The reset empties what an earlier burst has left in the injection FIFO.
        reset = ((reg.REG_CTRL, reg.CTRL_SOFT_RESET), *(((reg.REG_ERROR, 0),) * 5))
        sends = tuple(Send(SEND_NS, slot, FRAME, len(FRAME)) for slot in range(frames[station]))
        parts.append(Part(station, (*reset, *setup), sends))
    return Episode(BITS, tuple(parts))


def play(count: int, episodes: list[Episode]) -> list[list[TimelineEvent]]:
    """Play bursts on both sides and return the events of each."""
    places = tuple(Place(bytes([2, 0, 0, 0, 0, index + 1]), 0, 0) for index in range(count))
    stimulus = Stimulus(1, 100, False, places, tuple(episodes))
    record = build_rtl("verilator", count)(stimulus)
    assert record.lines() == run_twin(stimulus).lines()
    return by_burst(record)


def by_burst(record: Record) -> list[list[TimelineEvent]]:
    ends = [*record.episodes_ns[1:], record.end_ns + 1]
    events = record.timeline.sorted_events()
    return [
        [event for event in events if begin <= event.t_ns < end]
        for begin, end in zip(record.episodes_ns, ends, strict=True)
    ]


def first_collisions(events: list[TimelineEvent]) -> list[TimelineEvent]:
    """Return the collisions at stations before anybody got through."""
    collided = {(each.station, each.frame_id, each.attempt) for each in events if each.kind == "collision"}
    through = min(
        each.end_ns
        for each in events
        if each.kind == "transmit" and (each.station, each.frame_id, each.attempt) not in collided
    )
    return [each for each in events if each.kind == "collision" and each.station != "medium" and each.t_ns < through]


@pytest.mark.requirement("MAC-4.10")
def test_collisions_of_two_stations() -> None:
    """P(resolved at collision 1, 2, 3) = 1/2, 3/8, .109375."""
    source = random.Random(1)
    bursts = play(2, [burst(source, [[], []], [1, 1]) for _ in range(BURSTS)])
    share = Counter(max(each.attempt or 0 for each in first_collisions(events)) for events in bursts)
    for collisions, probability in {1: 1 / 2, 2: 3 / 8, 3: 0.109375}.items():
        assert_share(share[collisions], BURSTS, probability, f"{collisions} collisions")


@pytest.mark.requirement("MAC-4.10")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_capture(n: int) -> None:
    """A winner's fresh frame against a loser at its n-th collision: wins, ties, loses."""
    source = random.Random(n)
    words = [[0] * (n - 1), [1] * (n - 1)]
    bursts = play(2, [burst(source, words, [n, 1]) for _ in range(BURSTS)])
    outcomes = Counter(outcome(events, n) for events in bursts)
    wins, ties, losses, _ = CAPTURE[n]
    for name, probability in {"win": wins, "tie": ties, "lose": losses}.items():
        assert_share(outcomes[name], BURSTS, probability, f"{name} at n = {n}")


def outcome(events: list[TimelineEvent], n: int) -> str:
    """Return how the draws after the loser's n-th collision ended, seen by the winner of before."""
    names = {f"s{WINNER}": "win", f"s{LOSER}": "lose"}
    (met,) = (each.t_ns for each in events if (each.station, each.kind, each.attempt) == (f"s{LOSER}", "collision", n))
    assert sum(each.kind == "collision" and each.station == f"s{WINNER}" and each.t_ns <= met for each in events) == n
    later = [each for each in events if each.kind == "transmit" and each.t_ns > met]
    first_ns = min(each.t_ns for each in later)
    first = [each.station for each in later if each.t_ns == first_ns]
    return "tie" if len(first) == 2 else names[first[0]]


@pytest.mark.requirement("MAC-4.10")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_smallest_draw_of_its_own(n: int) -> None:
    """Five stations that draw 0 until their n-th collision."""
    source = random.Random(50 + n)
    bursts = play(5, [burst(source, [[0] * (n - 1)] * 5, [1] * 5) for _ in range(BURSTS)])
    alone = sum(max(each.attempt or 0 for each in first_collisions(events)) == n for events in bursts)
    assert_share(alone, BURSTS, unique_minimum(5, n), f"n = {n}")


@pytest.mark.requirement("MAC-4.10")
def test_saturated_stations_are_the_twin_s() -> None:
    """Five stations with four frames each at once, as ``rig csma`` has them: the twin's record, frame by frame."""
    source = random.Random(5)
    bursts = play(5, [replace(burst(source, [[]] * 5, [4] * 5), bits=40 * BITS) for _ in range(3)])
    for events in bursts:
        collided = {(each.station, each.frame_id, each.attempt) for each in events if each.kind == "collision"}
        through = [
            each.station
            for each in events
            if each.kind == "transmit" and (each.station, each.frame_id, each.attempt) not in collided
        ]
        assert Counter(through) == {f"s{index}": 4 for index in range(5)}
        assert sum(each.kind == "collision" and each.station == "medium" for each in events) > 3
