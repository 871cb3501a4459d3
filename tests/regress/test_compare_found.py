"""What the comparison has found so far, each as the small stimulus it came down to: both sides agree on it now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rig.adapter import registers as reg
from rig.regress.compare.minimise import examine
from rig.regress.compare.play import RING_FIRST_PAGE
from rig.regress.compare.sides import RtlSide, build_rtl, run_twin
from rig.regress.compare.stimulus import Episode, Part, Place, Poke, Send, Stimulus

PLACES = (Place(bytes.fromhex("020000000001"), 14, 22), Place(bytes.fromhex("020000000002"), 15, 1))
CONTROL = (
    reg.CTRL_TX_EN | reg.CTRL_RX_EN | reg.CTRL_SPEED100 | reg.CTRL_PAD_EN | reg.CTRL_FCS_EN | reg.CTRL_LATE_RETRY
    | reg.CTRL_DEFER_FOREVER
)  # fmt: skip
FRAME = bytes.fromhex("ffffffffffff 020000000002 0800")
BEGIN_NS = 20_000
RESET_FROM_NS, RESET_TO_NS, RESET_STEP_NS = 22_000, 26_000, 80

pytestmark = pytest.mark.xdist_group("compare_rtl")


@pytest.fixture(scope="module")
def rtl() -> RtlSide:
    return build_rtl("verilator", 2)


def part(station: int, *writes: tuple[int, int], control: int = CONTROL, ring_stop: int = 64) -> Part:
    setup = (
        (reg.REG_CTRL, control & ~(reg.CTRL_TX_EN | reg.CTRL_RX_EN)),
        (reg.REG_RX_START, RING_FIRST_PAGE),
        (reg.REG_RX_STOP, ring_stop),
        (reg.REG_RX_BNRY, RING_FIRST_PAGE),
        (reg.REG_INT_MASK, 0xFF),
        *writes,
        (reg.REG_CTRL, control),
    )
    return Part(station, setup)


def sends(*octets: int, at_ns: int = BEGIN_NS) -> tuple[Send, ...]:
    return tuple(Send(at_ns, slot, FRAME, length, slot) for slot, length in enumerate(octets))


def poke(at_ns: int, *writes: tuple[int, int]) -> Poke:
    return Poke(at_ns, writes)


def later_moderation() -> list[Part]:
    """The time of a moderation is written when it is over already; more causes come after that."""
    receiver = part(0, (reg.REG_IRQ_MODERATION, 9))
    late = poke(60_000, (reg.REG_IRQ_MODERATION, 8 | 15 << reg.IRQ_MODERATION_TIME_LSB))
    sender = part(1)
    more = sends(60, 60, at_ns=66_000)
    return [replace(receiver, steps=(late,)), replace(sender, steps=(*sends(60), *more))]


def pause_of_no_time() -> list[Part]:
    """An adapter in loopback hears its own PAUSE frame, with the time 0, while another frame waits."""
    control = CONTROL | reg.CTRL_FULL_DUPLEX | reg.CTRL_LOOPBACK
    alone = part(1, (reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE), control=control)
    pause = poke(70_680, (reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE | reg.PAUSE_CFG_SEND))
    return [replace(alone, steps=(*sends(1514, 1514), pause))]


def frame_longer_than_the_ring() -> list[Part]:
    """The boundary lies outside of a ring of two pages: nothing stops a long frame."""
    receiver = part(0, (reg.REG_RX_BNRY, 56), ring_stop=RING_FIRST_PAGE + 2)
    return [replace(receiver, reads_frames=False), replace(part(1), steps=sends(1514))]


def reset_in_loopback() -> list[Part]:
    """A soft reset ends loopback, and may let nothing of the frame under way out to the others."""
    reset = poke(60_000, (reg.REG_CTRL, reg.CTRL_SOFT_RESET))
    looped = replace(part(0, control=CONTROL | reg.CTRL_LOOPBACK), steps=(*sends(1514), reset))
    return [looped, replace(part(1), steps=sends(1513))]


def reset_in_a_collision(at_ns: int) -> list[Part]:
    """A soft reset about the end of a jam, with injected words still in the FIFO."""
    words = ((reg.REG_BACKOFF_INJECT, 1),) * 8
    first, second = (replace(part(station, *words), steps=sends(60, 60)) for station in (0, 1))
    reset = poke(at_ns, (reg.REG_CTRL, reg.CTRL_SOFT_RESET))
    return [first, replace(second, steps=(*second.steps, reset))]


FOUND = (later_moderation, pause_of_no_time, frame_longer_than_the_ring, reset_in_loopback)


def assert_same(rtl: RtlSide, *episodes: list[Part], full_duplex: bool = False) -> None:
    stimulus = Stimulus(1, 100, full_duplex, PLACES, tuple(Episode(20_000, tuple(parts)) for parts in episodes))
    finding = examine(stimulus, rtl, run_twin)
    assert finding.comparison.first is None, "\n".join(finding.comparison.first.explain())
    assert finding.rtl.timeline.events


@pytest.mark.parametrize("found", FOUND, ids=lambda each: each.__name__)
def test_both_sides_agree(found: Callable[[], list[Part]], rtl: RtlSide) -> None:
    assert_same(rtl, found(), full_duplex=found is pause_of_no_time)


def test_both_sides_agree_on_a_reset_in_a_collision(rtl: RtlSide) -> None:
    assert_same(rtl, *(reset_in_a_collision(at_ns) for at_ns in range(RESET_FROM_NS, RESET_TO_NS, RESET_STEP_NS)))
