"""Lines for PHYs: frames whose every edge is off, clocks that are off, and noise; from one seed each."""

from __future__ import annotations

import random
from collections.abc import Sequence

from firmware_models.phy.manchester import HIGH, LOW, Edge, LineClock, bits_of, encode
from rig.wire.fcs import fcs

PREAMBLE = bytes([0x55] * 7 + [0xD5])
GAP_PS = 3_000_000


def shaken(edges: Sequence[Edge], jitter_ps: int, dice: random.Random) -> list[Edge]:
    """Return edges that are each off by up to ``jitter_ps``, in order."""
    moved = [(time_ps + dice.randint(-jitter_ps, jitter_ps), level) for time_ps, level in edges]
    return sorted(moved, key=lambda edge: edge[0])


def random_line(seed: int, *, frames: int, jitter_ps: int, noise: bool) -> list[Edge]:
    """Return frames of 8 to 80 octets with an FCS, from clocks up to 100 ppm off, with silence or noise between."""
    dice = random.Random(seed)
    line: list[Edge] = []
    time_ps = 1_000_000
    for _ in range(frames):
        clock = LineClock.off_by(dice.choice((-100, 0, 100)))
        content = dice.randbytes(dice.randint(4, 76))
        bits = bits_of(PREAMBLE[dice.randrange(3) :] + content + fcs(content))
        if noise and dice.random() < 0.5:
            bits = bits[: dice.randrange(30, len(bits))]  # ends anywhere
        first = clock.first_rise_after(time_ps) + dice.randrange(6)
        edges = shaken(encode(bits, clock, first), jitter_ps, dice)
        if noise and dice.random() < 0.5:
            del edges[dice.randrange(len(edges))]
        line += edges
        time_ps = line[-1][0] + GAP_PS
        if noise:
            for _ in range(dice.randrange(12)):
                time_ps += dice.randrange(20_000, 400_000)
                line.append((time_ps, dice.choice((HIGH, LOW))))
            time_ps += 100_000
            line.append((time_ps, 0))
            time_ps += GAP_PS
    return line


def as_script(line: Sequence[Edge]) -> str:
    """Return the line as twisted_pair_model reads it."""
    code = {HIGH: 1, LOW: 2, 0: 0}
    text, before_ps = [], 0
    for time_ps, level in line:
        text.append(f"{time_ps - before_ps} {code[level]}")
        before_ps = time_ps
    return "\n".join(text) + "\n"
