"""The two engines of saturated stations: the adapter's twin, and the leaner one that a test holds to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rig.errors import UsageError

if TYPE_CHECKING:
    from firmware_models.network.saturated import Done

TWIN = "twin"
LEAN = "lean"
ENGINES = (TWIN, LEAN)

Draw = tuple[int, int, int, int]
"""A backoff draw: when in ns, station, which of its collisions in a row it follows, slots."""


def fastest_engine(delay_bits: int) -> str:
    """Return the name of the faster engine that knows such a cable."""
    from firmware_models.network.contention import MAX_DELAY_BITS

    return LEAN if delay_bits <= MAX_DELAY_BITS else TWIN


def saturated_frames(
    stations: int, frame_octets: int, delay_bits: int, seed: str, engine: str, draws: list[Draw] | None = None
) -> Iterator[Done]:
    """Return the frames of stations that always have one to send, as they are done, without end.

    ``draws``, where given, is filled with the backoff draws on the way.
    """
    from firmware_models.network.contention import Contention
    from firmware_models.network.saturated import Load, SaturatedTwins
    from rig.runtime.virtual_time import VirtualTime

    load = Load(stations, frame_octets, delay_bits, seed)
    keeps_draws = draws is not None
    if engine == LEAN:
        source: Contention | SaturatedTwins = Contention(load, keeps_draws=keeps_draws)
    elif engine == TWIN:
        source = SaturatedTwins(VirtualTime(), load, keeps_draws=keeps_draws)
    else:
        raise UsageError(f"there is no engine {engine!r}; known are {', '.join(ENGINES)}")
    if draws is not None:
        source.draws = draws
    return source.frames()
