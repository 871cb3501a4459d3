"""Seeded random scripts for a segment of stations: what the twin and the naive reference are compared on."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.firmware_models.bench import FIRST_SEND_NS, SLOT_PAGES
from tests.firmware_models.reference_edges import Settings, execute_edge

BROADCAST = b"\xff" * 6
GROUP = bytes.fromhex("010000000009")
RING_START = 4 * SLOT_PAGES


@dataclass
class Mix:
    """What the traffic is like. Times are for 100 Mb/s and are stretched at 10 Mb/s."""

    stations: tuple[int, ...] = (2, 3, 5)
    speed_mbps: int = 100
    bits_per_edge: int = 4
    positions: tuple[int, ...] = (0, 60, 250)
    """Stations are at random places below one of these."""
    data_octets: int = 300
    burst_ns: int = 9000
    """First frames are sent within this time."""
    is_odd: bool = True
    """Unusual parameters now and then."""
    full_duplex: tuple[bool, ...] = (False,)
    """What a station believes."""
    small_rings: bool = False


def station_address(index: int) -> bytes:
    return bytes([2, 0, 0, 0, 0, index + 1])


def random_stations(seed: int, mix: Mix) -> list[Settings]:
    source = random.Random(seed)
    stretch = 100 // mix.speed_mbps
    period_ns = mix.bits_per_edge * 10 * stretch
    count = source.choice(mix.stations)
    stations = []
    for index in range(count):
        settings = Settings(
            station_address(index),
            position_bits=source.randrange(1 + source.choice(mix.positions)),
            phase_ns=source.randrange(period_ns),
            seed=source.randrange(1 << 32),
            speed100=mix.speed_mbps == 100,
            full_duplex=source.choice(mix.full_duplex),
            ring_start=RING_START,
            ring_stop=RING_START + (source.randrange(2, 8) if mix.small_rings else 30),
        )

        def frame(index: int = index) -> bytes:
            destination = source.choice([station_address(source.randrange(count)), BROADCAST, GROUP])
            octets = source.choice([source.randrange(47), 46, source.randrange(46, mix.data_octets)])
            return destination + station_address(index) + b"\x08\x00" + source.randbytes(octets)

        first_ns = FIRST_SEND_NS * (1 if stretch == 1 else 2)
        settings.sends = [
            (execute_edge(first_ns + source.randrange(mix.burst_ns * stretch)), slot, frame())
            for slot in range(source.randrange(1, 4))
        ]
        settings.reload = [(source.randrange(3000 * stretch), frame()) for _ in range(source.randrange(4))]
        settings.injected = [
            source.choice([0, 0, 0, 1, 1, 2, source.randrange(1 << 16)]) for _ in range(source.randrange(6))
        ]
        settings.acknowledges = [(t_ns, source.randrange(256)) for t_ns in random_edges(source, stretch, 8)]
        if mix.small_rings:
            pages = range(RING_START, settings.ring_stop)
            settings.boundaries = [(t_ns, source.choice(pages)) for t_ns in random_edges(source, stretch, 12)]
        settings.promiscuous = source.random() < 0.3 or mix.small_rings
        settings.accept_runt = source.random() < 0.2
        settings.accept_error = source.random() < 0.2
        if mix.is_odd:
            make_odd(source, settings)
        stations.append(settings)
    return stations


def random_edges(source: random.Random, stretch: int, below: int) -> list[int]:
    """Return different execute edges while there is traffic, in order."""
    times = {execute_edge(5000 + source.randrange(60_000 * stretch)) for _ in range(source.randrange(below))}
    return sorted(times)


def make_odd(source: random.Random, settings: Settings) -> None:
    """Change some parameters to values that the standard does not have."""
    if source.random() < 0.3:
        gaps = [(0, 96), (32, 32), (64, 4), (0, 4), (60, 8), (16, 0), (64, 100)]
        settings.part1_bits, settings.part2_bits = source.choice(gaps)
    if source.random() < 0.2:
        settings.slot_bits = source.choice([32, 64, 128, 256, 300])
    if source.random() < 0.2:
        settings.jam_bits = source.choice([4, 16, 64, 128])
    if source.random() < 0.1:
        settings.attempt_limit = source.choice([1, 2, 3])
    settings.late_retry = source.random() >= 0.2
    if source.random() < 0.05:
        settings.no_backoff, settings.attempt_limit = True, 5
    if source.random() < 0.05:
        settings.force_collision, settings.attempt_limit = True, 3
