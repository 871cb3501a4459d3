"""The counters of the twin: each against its rule, and the sums that IEEE Std 802.3-2022 5.2.4 makes of them."""

from __future__ import annotations

import random

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.adapter.counters import COUNTER_WORDS, Counters
from rig.adapter import registers as reg
from tests.firmware_models.lan import Lan, frame_for
from tests.firmware_models.reference_edges import Settings

MAC = bytes.fromhex("020000000001")
PEER = bytes.fromhex("020000000002")
BROADCAST = b"\xff" * 6
DATA = frame_for(PEER, 64)[:60]


def read_counter(station: LanAdapter, name: str) -> int:
    (index,) = [index for index, each in reg.COUNTER_NAMES.items() if each == name]
    return station.read32(reg.WIN_COUNTERS + 4 * index)


@pytest.mark.requirement("MAC-7.2")
@pytest.mark.parametrize("collisions", range(1, 16))
def test_collision_histogram(collisions: int) -> None:
    """A source that collides with the first attempts only: the frame is delivered with exactly so many collisions."""
    lan = Lan()
    station = lan.adapter(Settings(MAC, force_collision=True, injected=[0] * collisions))
    lan.send(station, DATA)
    while len(lan.events("collision", station.name)) < collisions:
        lan.run(80)
    lan.write(station, (reg.REG_CTRL, station.read32(reg.REG_CTRL) & ~reg.CTRL_FORCE_COL))
    lan.run(50_000)
    expected = {
        "aFramesTransmittedOK": 1,
        "aOctetsTransmittedOK": 46,
        f"aCollisionFrames[{collisions}]": 1,
        "aSingleCollisionFrames" if collisions == 1 else "aMultipleCollisionFrames": 1,
    }
    assert lan.counters(station) == expected
    status = reg.TX_STATUS_DONE | reg.TX_STATUS_OK | collisions << reg.TX_STATUS_COLLISIONS_LSB
    assert lan.status(station) == status


@pytest.mark.requirement("MAC-7.2")
def test_octets_and_addresses() -> None:
    lan = Lan(full_duplex=True)
    sender = lan.adapter(Settings(MAC, full_duplex=True))
    listener = lan.adapter(Settings(PEER, full_duplex=True, promiscuous=True))
    group = bytes.fromhex("01005e000001")
    for slot, (destination, octets) in enumerate([(PEER, 64), (BROADCAST, 100), (group, 1518), (PEER, 30)]):
        lan.send(sender, frame_for(destination, octets)[:-4], slot)
    lan.run(200_000)
    octets = 46 + 82 + 1500 + 46
    assert lan.counters(sender) == {
        "aFramesTransmittedOK": 4,
        "aOctetsTransmittedOK": octets,
        "aMulticastFramesXmittedOK": 1,
        "aBroadcastFramesXmittedOK": 1,
    }
    assert lan.counters(listener) == {
        "aFramesReceivedOK": 4,
        "aOctetsReceivedOK": octets,
        "aMulticastFramesReceivedOK": 1,
        "aBroadcastFramesReceivedOK": 1,
    }


@pytest.mark.requirement("MAC-7.2")
def test_a_deferred_frame_that_collides_is_no_deferred_transmission() -> None:
    lan = Lan()
    station = lan.adapter(Settings(MAC, injected=[0]))
    first, second = lan.raw(), lan.raw()
    begin_ns = lan.kernel.now_ns + 400
    first.carrier(begin_ns, 4000)
    second.carrier(begin_ns + 4000 + 900, 1200)
    lan.run(1000)
    lan.send(station, DATA)
    lan.run(50_000)
    status = lan.status(station)
    assert status & reg.TX_STATUS_DEFERRED
    assert status & reg.TX_STATUS_COLLISIONS
    assert "aDeferredTransmissions" not in lan.counters(station)


@pytest.mark.requirement("MAC-7.2")
@pytest.mark.parametrize("seed", range(8))
def test_sums(seed: int) -> None:
    """What every frame submitted has become adds up, whatever happened to it."""
    source = random.Random(seed)
    lan = Lan()
    stations = []
    for index in range(4):
        settings = Settings(
            bytes([2, 0, 0, 0, 0, index + 1]),
            position_bits=source.randrange(400),
            seed=source.randrange(1 << 32),
            attempt_limit=source.choice([2, 3, 16]),
            late_retry=source.random() < 0.5,
            slot_bits=source.choice([64, 512]),
        )
        stations.append(lan.adapter(settings))
    submitted = [0] * 4
    dropped_late = [0] * 4
    for _ in range(60):
        for index, station in enumerate(stations):
            status = lan.status(station)
            if station.read32(reg.REG_TX_COMMAND):
                continue
            gave_up = reg.TX_STATUS_OK | reg.TX_STATUS_EXC_COL
            if status & reg.TX_STATUS_DONE and not status & gave_up:
                dropped_late[index] += 1
            lan.send(station, frame_for(stations[index - 1].registers.station_address, source.randrange(64, 400))[:-4])
            submitted[index] += 1
        lan.run(source.randrange(20_000))
    lan.run(3_000_000)
    for index, station in enumerate(stations):
        status = lan.status(station)
        if not status & (reg.TX_STATUS_OK | reg.TX_STATUS_EXC_COL):
            dropped_late[index] += 1
        counters = station.counters.by_name()
        delivered = counters["aFramesTransmittedOK"]
        assert delivered + counters["aFramesAbortedDueToXSColls"] + dropped_late[index] == submitted[index]
        single, multiple = counters["aSingleCollisionFrames"], counters["aMultipleCollisionFrames"]
        histogram = [counters[f"aCollisionFrames[{number}]"] for number in range(1, 16)]
        assert single + multiple <= delivered
        assert sum(histogram) == single + multiple
        assert histogram[0] == single
        assert counters["aDeferredTransmissions"] <= delivered - single - multiple


@pytest.mark.requirement("MAC-7.2")
def test_counters_wrap_and_tell_when_they_are_half_full() -> None:
    told: list[str] = []
    counters = Counters(lambda: told.append("half"))
    counters.add("aFramesReceivedOK", (1 << 31) - 1)
    assert not told
    counters.add("aFramesReceivedOK")
    assert told == ["half"]
    counters.add("aFramesReceivedOK", (1 << 31) - 1)
    counters.add("aFramesReceivedOK", 2)
    assert counters.by_name()["aFramesReceivedOK"] == 1
    assert told == ["half"]
    assert len(counters.words) == COUNTER_WORDS


@pytest.mark.requirement("MAC-7.2")
def test_read_while_counting() -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    for number in range(5):
        source.octets(lan.kernel.now_ns + 1000 + 8000 * number, frame_for(MAC))
    seen = []
    for _ in range(800):
        seen.append(read_counter(station, "aFramesReceivedOK"))
        lan.run_to_edge()
    assert seen == sorted(seen)
    assert seen[-1] == 5
