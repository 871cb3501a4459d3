"""The twin of the 10BASE-T PHY: its conformance list with the timers of a product, and traffic between two of them."""

from __future__ import annotations

import random

import pytest

from firmware_models.phy import negotiation
from firmware_models.phy.manchester import (
    HIGH,
    LOW,
    LineClock,
    bits_of,
    decode,
    encode,
    frames,
    link_pulse,
    sample,
)
from firmware_models.phy.phy import TenBaseTPhy, TwistedPairs
from rig.errors import UsageError
from rig.regress.phy.rows import ROWS
from rig.regress.phy.runner import REAL, SHORT
from rig.regress.phy.twin import PREAMBLE, run_twin_program
from rig.runtime.kernel import Kernel
from rig.runtime.virtual_time import VirtualTime
from rig.wire.fcs import fcs


@pytest.mark.parametrize("program", ROWS)
@pytest.mark.parametrize("timers", [REAL, SHORT], ids=["real", "short"])
def test_conformance(program: str, timers: object) -> None:
    rows = ROWS[program](run_twin_program(program, timers))  # type: ignore[arg-type]
    assert rows
    assert not [row for row in rows if not row.passed]


def test_a_planted_bug_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(negotiation, "BREAK_TICKS", 1_100)
    failed = [row.id for row in ROWS["negotiate"](run_twin_program("negotiate", REAL)) if not row.passed]
    assert "PHY-6.5" in failed


def test_one_bit_is_coded_as_the_standard_says() -> None:
    """IEEE Std 802.3 7.3.1.1: a 1 is low, then high; the first bit on the wire is the least significant."""
    clock = LineClock()
    edges = encode([1, 0, 0], clock, 10)
    times_ns = [round((time_ps - edges[0][0]) / 1000) for time_ps, _ in edges]
    assert [level for _, level in edges] == [LOW, HIGH, LOW, HIGH, LOW, HIGH, 0]
    assert times_ns == [0, 50, 150, 200, 250, 300, 600]
    assert bits_of(b"\x01\x80") == [1] + [0] * 14 + [1]


@pytest.mark.parametrize("jitter_ps", [0, 13_500, 15_000])
def test_decoding_what_was_encoded(jitter_ps: int) -> None:
    dice = random.Random(jitter_ps)
    for _ in range(20):
        content = dice.randbytes(dice.randrange(60, 200))
        sender, receiver = (LineClock.off_by(dice.choice((-100, 100))) for _ in range(2))
        edges = encode(bits_of(PREAMBLE + content), sender, 100)
        edges = [(time_ps + dice.randint(-jitter_ps, jitter_ps), level) for time_ps, level in edges]
        decoded = decode(sample(edges, receiver, 90, 6 * 8 * (len(content) + 10)), 90)
        expected = [5, 13, *(nibble for octet in content for nibble in (octet & 15, octet >> 4))]
        assert frames(decoded) == [expected]
        assert len(decoded.ends) == len(decoded.carrier) == 1


def test_a_link_pulse_is_no_frame() -> None:
    decoded = decode(sample(link_pulse(LineClock(), 20), LineClock(), 10, 100), 10)
    assert not decoded.carrier and not decoded.ends and not frames(decoded)


class _Two:
    """Two PHYs on a link."""

    def __init__(self, kernel: Kernel) -> None:
        self.heard: dict[str, list[list[int]]] = {"a": [], "b": []}
        self.a, self.b = (
            TenBaseTPhy(kernel, name, on_frame=self.heard[name].append, clock=LineClock.off_by(ppm))
            for name, ppm in (("a", 100), ("b", -100))
        )
        self.pairs = TwistedPairs(kernel, self.a, self.b)


def _octets(nibbles: list[int]) -> bytes:
    return bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))


def test_frames_cross_a_negotiated_link_both_ways() -> None:
    kernel = VirtualTime()
    two = _Two(kernel)
    contents = [bytes([number]) * (60 + number) for number in range(20)]

    async def play() -> None:
        await kernel.sleep_until(3_000_000_000)
        assert two.a.link.link_ok and two.b.link.link_ok and two.a.full_duplex and two.b.full_duplex
        for content in contents:
            ends = [phy.transmit(PREAMBLE + content + fcs(content)) for phy in (two.a, two.b)]
            await kernel.sleep_until(max(ends) + 10_000)

    kernel.run(play())
    for name in ("a", "b"):
        assert [_octets(nibbles)[1:-4] for nibbles in two.heard[name]] == contents


def test_a_reversed_pair_turns_over_by_itself() -> None:
    kernel = VirtualTime()
    two = _Two(kernel)
    two.pairs.is_reversed["b"] = True

    async def play() -> None:
        for phy in (two.a, two.b):
            phy.write_register(1, 0, 0x0100)
        await kernel.sleep_until(1_000_000_000)
        assert two.b.link.is_reversed and two.b.link.link_ok
        two.a.transmit(PREAMBLE + bytes(60) + fcs(bytes(60)))
        await kernel.sleep_until(1_001_000_000)

    kernel.run(play())
    assert len(two.heard["b"]) == 1


def test_no_link_no_frame_and_no_second_frame_at_once() -> None:
    kernel = VirtualTime()
    two = _Two(kernel)

    async def play() -> None:
        two.a.transmit(PREAMBLE + bytes(64))
        with pytest.raises(UsageError, match="already transmits"):
            two.a.transmit(PREAMBLE + bytes(64))
        await kernel.sleep_until(1_000_000)

    kernel.run(play())
    assert not two.heard["b"]


def test_registers() -> None:
    kernel = VirtualTime()
    phy = TenBaseTPhy(kernel, "a", address=3)
    assert phy.read_register(1, 0) is None
    assert phy.read_register(3, 0) == 0x1000 and phy.read_register(3, 1) == 0x1849 and phy.read_register(3, 4) == 0x0061
    phy.write_register(3, 4, 0xFFFF)
    assert phy.read_register(3, 4) == 0x1FFF
    phy.write_register(3, 0, 0x8000)
    assert phy.read_register(3, 0) == 0x1000 and phy.read_register(3, 9) == 0
