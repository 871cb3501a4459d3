"""The lean engine of saturated stations is the twin, frame for frame and draw for draw."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from firmware_models.network import contention
from firmware_models.network.contention import Contention
from firmware_models.network.saturated import Done, Load, SaturatedTwins
from rig.errors import UsageError
from rig.runtime.virtual_time import VirtualTime

FRAMES = 10_000
Draws = list[tuple[int, int, int, int]]


def play(load: Load, count: int) -> tuple[list[Done], Draws, list[Done], Draws]:
    """Return frames and draws of the twin, then those of the lean engine, up to the end of the last frame."""
    twins = SaturatedTwins(VirtualTime(), load, keeps_draws=True)
    lean = Contention(load, keeps_draws=True)
    frames = list(islice(twins.frames(), count))
    end_ns = frames[-1].end_ns  # frames of the same ns may be told in another order
    lean_frames = list(islice(lean.frames(), count))

    def of(done: list[Done]) -> list[Done]:
        return sorted((each for each in done if each.end_ns < end_ns), key=lambda each: (each.end_ns, each.station))

    def until(draws: Draws) -> Draws:
        return sorted(draw for draw in draws if draw[0] < end_ns)

    return of(frames), until(twins.draws), of(lean_frames), until(lean.draws)


def without_count(done: Done) -> Done:
    return replace(done, medium_collisions=0)


@pytest.mark.parametrize(
    ("stations", "octets", "delay_bits"),
    [
        (1, 64, 0), (2, 64, 40), (24, 64, 40), (24, 64, 0), (24, 64, 96), (7, 100, 64), (3, 72, 90), (10, 512, 45),
        (24, 512, 96),
    ],
)  # fmt: skip
def test_lean_engine_equals_the_twin(stations: int, octets: int, delay_bits: int) -> None:
    frames, draws, lean_frames, lean_draws = play(Load(stations, octets, delay_bits, "1"), FRAMES)
    assert len(frames) >= FRAMES - stations
    assert stations == 1 or len(draws) > 50
    assert [without_count(each) for each in lean_frames] == [without_count(each) for each in frames]
    assert lean_draws == draws
    # A frame that ends in the very ns in which a collision begins may be told before or after it: 1, now and then.
    counts = [
        (each.medium_collisions, other.medium_collisions) for each, other in zip(lean_frames, frames, strict=True)
    ]
    assert all(abs(count - other) <= 1 for count, other in counts)
    assert sum(count != other for count, other in counts) <= FRAMES // 1000


def test_many_stations_and_long_frames() -> None:
    for load in (Load(100, 64, 40, "2"), Load(24, 1518, 31, "3")):
        frames, draws, lean_frames, lean_draws = play(load, 1_000)
        assert (lean_frames, lean_draws) == (frames, draws)
        assert any(not frame.is_delivered for frame in frames) or load.frame_octets == 64


@pytest.mark.parametrize(
    ("name", "value"),
    [("PART1_BITS", 70), ("GAP_BITS", 97), ("JAM_BITS", 31), ("SLOT_BITS", 511), ("WINDOW_LIMIT", 9),
     ("ATTEMPT_LIMIT", 15), ("REQUEST_SYNC_EDGES", 98)],
)  # fmt: skip
def test_a_planted_difference_is_seen(name: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contention, name, value)
    frames, draws, lean_frames, lean_draws = play(Load(24, 64, 90, "1"), FRAMES)
    assert (lean_frames, lean_draws) != (frames, draws)


def test_what_it_cannot_do() -> None:
    with pytest.raises(UsageError, match="97 bits is beyond the 96"):
        Contention(Load(2, 64, 97, "1"))
    with pytest.raises(UsageError, match="0 stations"):
        Contention(Load(0, 64, 0, "1"))
    with pytest.raises(UsageError, match="0 stations"):
        SaturatedTwins(VirtualTime(), Load(0, 64, 0, "1"))
