"""The twin does, to the ns, what a naive edge-by-edge reading of ``docs/adapter.md`` does."""

from __future__ import annotations

import copy

import pytest

from tests.firmware_models.bench import Facts, run_reference, run_twin
from tests.firmware_models.random_traffic import Mix, random_stations
from tests.firmware_models.reference_edges import World

SEEDS_PER_CASE = 5

MIXES = {
    "half duplex": (Mix(), 100_010),
    "standard parameters": (Mix(is_odd=False), 100_010),
    "far apart": (Mix(positions=(800,), stations=(2, 3), burst_ns=4000), 120_010),
    "long frames": (Mix(data_octets=1501, stations=(2, 3)), 400_010),
    "small rings": (Mix(small_rings=True), 100_010),
    "full duplex": (Mix(stations=(2,), full_duplex=(True,)), 100_010),
    "duplex mismatch": (Mix(stations=(2,), full_duplex=(False, True), positions=(300,)), 100_010),
    "half duplex on a full-duplex segment": (Mix(stations=(2,)), 100_010),
    "10 Mb/s": (Mix(speed_mbps=10), 600_010),
    "bit clock": (Mix(bits_per_edge=1, stations=(2, 3)), 60_010),
}


def compare(seed: int, mix: Mix, until_ns: int, *, full_duplex: bool = False, sync: int = 2) -> Facts:
    stations = random_stations(seed, mix)
    world = World(
        copy.deepcopy(stations),
        speed_mbps=mix.speed_mbps,
        full_duplex=full_duplex,
        seed=seed,
        bits_per_edge=mix.bits_per_edge,
        collision_sync=sync,
        carrier_sync=sync,
    )
    reference = run_reference(world, until_ns)
    twin = run_twin(
        stations,
        until_ns,
        speed_mbps=mix.speed_mbps,
        full_duplex=full_duplex,
        seed=seed,
        bits_per_edge=mix.bits_per_edge,
        sync=sync,
    )
    assert twin.events == reference.events
    assert twin.frames == reference.frames
    assert twin.statuses == reference.statuses
    assert twin.stored == reference.stored
    assert twin.interrupts == reference.interrupts
    return twin


@pytest.mark.parametrize("seed", range(SEEDS_PER_CASE))
@pytest.mark.parametrize("name", MIXES)
def test_twin_equals_reference(name: str, seed: int) -> None:
    mix, until_ns = MIXES[name]
    compare(seed, mix, until_ns, full_duplex="full-duplex" in name or name == "full duplex")
