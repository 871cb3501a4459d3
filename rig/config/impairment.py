"""Impairments in a scenario file: what happens to frames between a station's adapter and its stack."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rig.config.validation import Strict

Share = Annotated[float, Field(ge=0.0, le=1.0)]
DelayUs = Annotated[int, Field(ge=0, le=10**9)]


class ImpairmentSettings(Strict):
    """One direction. ``loss``, ``duplication``, ``corruption`` and ``reordering`` are shares of frames, 0 to 1.

    A frame is late by ``delay_us`` and up to ``jitter_us`` more; one that is reordered by ``held_back_us`` besides.
    ``drop`` names single frames that are lost: 1 is the first that passes in this direction.
    ``rate_kbps`` limits the rate, and ``queue_frames`` how many frames are on their way; what is more is dropped.
    """

    loss: Share = 0.0
    duplication: Share = 0.0
    corruption: Share = 0.0
    reordering: Share = 0.0
    held_back_us: DelayUs = 1000
    delay_us: DelayUs = 0
    jitter_us: DelayUs = 0
    rate_kbps: int | None = Field(default=None, ge=1, le=10**7)
    queue_frames: int = Field(default=1000, ge=1, le=10**6)
    drop: list[Annotated[int, Field(ge=1, le=10**6)]] = Field(default=[], max_length=1000)


class StationImpairments(Strict):
    """Both directions of one station, as it sees them."""

    transmit: ImpairmentSettings | None = None
    receive: ImpairmentSettings | None = None
