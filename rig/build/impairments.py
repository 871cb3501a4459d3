"""Impairers for the stations of a scenario, each from a random source of its own."""

from __future__ import annotations

from random import Random

from rig.adapter.device import FrameDevice
from rig.adapter.impairer import NO_IMPAIRMENTS, Impairer, Impairments
from rig.config.impairment import ImpairmentSettings, StationImpairments
from rig.config.scenario import Scenario, Station
from rig.runtime.kernel import Scheduler

NS_PER_US = 1000
BPS_PER_KBPS = 1000


def build_impairer(
    scheduler: Scheduler, scenario: Scenario, station: Station, device: FrameDevice, source: Random
) -> Impairer | None:
    """Return an impairer around ``device``, or None where nothing is to happen to its frames.

    What a segment says holds for frames that a station of it receives; what the station itself says goes before that.
    """
    own = station.impairments or StationImpairments()
    segment = None if station.segment is None else scenario.segments[station.segment]
    receive = own.receive or (None if segment is None else segment.impairments)
    if own.transmit is None and receive is None:
        return None
    return Impairer(
        scheduler,
        device,
        source,
        transmit=impairments_of(own.transmit),
        receive=impairments_of(receive),
        name=f"{station.name} impairer",
    )


def impairments_of(settings: ImpairmentSettings | None) -> Impairments:
    """Return settings of a file as the impairer takes them."""
    if settings is None:
        return NO_IMPAIRMENTS
    return Impairments(
        loss=settings.loss,
        duplication=settings.duplication,
        corruption=settings.corruption,
        reordering=settings.reordering,
        held_back_ns=settings.held_back_us * NS_PER_US,
        delay_ns=settings.delay_us * NS_PER_US,
        jitter_ns=settings.jitter_us * NS_PER_US,
        rate_bps=None if settings.rate_kbps is None else settings.rate_kbps * BPS_PER_KBPS,
        queue_frames=settings.queue_frames,
        drop=frozenset(settings.drop),
    )
