"""The backoff generator takes any number of steps at once; the injection FIFO shows each side what it can know."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware_models.adapter.backoff import FEEDBACK, Generator, InjectionFifo


def stepped(state: int, steps: int) -> int:
    for _ in range(steps):
        state = (state >> 1) ^ (FEEDBACK if state & 1 else 0)
    return state


@given(st.integers(1, 0xFFFF_FFFF), st.lists(st.integers(0, 4000), max_size=4))
def test_many_steps_at_once_are_as_many_single_ones(seed: int, attempts: list[int]) -> None:
    generator = Generator(seed)
    for steps in attempts:
        generator.advance(steps)
    state = stepped(seed, sum(attempts))
    assert generator.state() == state
    assert generator.word() == state & 0xFFFF


def test_the_generator_comes_back_after_its_whole_period_and_not_before() -> None:
    period = 2**32 - 1
    for factor in (1, 3, 5, 17, 257, 65537):
        generator = Generator(0xDEADBEEF)
        generator.advance(period // factor)
        assert (generator.state() == 0xDEADBEEF) == (factor == 1)


def test_a_seed_of_0_is_replaced_by_1() -> None:
    generator = Generator(0)
    assert generator.state() == 1
    generator.advance(5)
    generator.load(0)
    assert generator.state() == 1


def test_what_each_side_of_the_fifo_sees() -> None:
    fifo = InjectionFifo()
    fifo.push(11, 100)
    fifo.push(22, 120)
    assert fifo.count(0) == 2
    assert fifo.take(99, 140) is None
    assert fifo.take(100, 140) == 11
    assert fifo.take(110, 150) is None
    assert (fifo.count(139), fifo.count(140)) == (2, 1)
    assert fifo.take(120, 160) == 22
    fifo.push(33, 120)
    fifo.push(44, 120)
    fifo.clear(180)
    assert fifo.count(121) == 0
    assert fifo.take(160, 200) == 33, "the transmit side has yet to see the reset"
    assert fifo.count(161) == 0
    assert fifo.take(180, 220) is None
