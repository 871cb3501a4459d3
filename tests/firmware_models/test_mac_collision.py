"""Conformance of the twin in collisions: detection, jam, backoff, limits, late ones; deferral and test signals."""

from __future__ import annotations

import random
import zlib

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.adapter.mac import GOOD_FCS
from firmware_models.network.segment import Transmission
from rig.adapter import registers as reg
from tests.firmware_models.lan import Lan, done_edge_ns, frame_for
from tests.firmware_models.reference_edges import Settings

MAC = bytes.fromhex("020000000001")
PEER = bytes.fromhex("020000000002")
DATA = frame_for(PEER, 1518)[:-4]


def collide_at(lan: Lan, station: LanAdapter, bit: int, *, data: bytes = DATA, lasts_bits: int = 640) -> Transmission:
    """Send a frame and raise another carrier ``bit`` bit times after its start; return the attempt."""
    source = lan.raw()
    port = station.port
    start_ns = port.edge_ns(port.edge_from(lan.kernel.now_ns + station.access_ns) + 2)
    source.carrier(start_ns + bit * lan.bit_ns, lasts_bits * lan.bit_ns)
    lan.send(station, data)
    lan.run(1000 * lan.bit_ns + (bit + 200) * lan.bit_ns)
    attempt = lan.segment.history[0 if bit or lan.segment.history[0].port is port else 1]
    assert attempt.port is port
    assert attempt.start_ns == start_ns
    return attempt


@pytest.mark.requirement("MAC-4.2")
@pytest.mark.requirement("MAC-4.7")
def test_collision_at_every_bit_on_the_bit_clock() -> None:
    """The bit in progress and the header are finished, then comes the jam; bit 511 is a normal collision, 512 late."""
    for bit in range(520):
        lan = Lan(bits_per_edge=1, sync=0)
        station = lan.adapter(Settings(MAC, injected=[1]))
        attempt = collide_at(lan, station, bit)
        fragment_bits = (attempt.end_ns - attempt.start_ns) // lan.bit_ns
        assert fragment_bits == max(bit + 1, 64) + 32
        assert fragment_bits >= 96
        (collision, *_) = lan.events("collision", station.name)
        assert collision.collision_bit == bit + 1
        lan.run(200_000)
        assert bool(lan.status(station) & reg.TX_STATUS_LATE_COL) == (bit >= 512)


@pytest.mark.requirement("MAC-4.2")
def test_collision_at_every_bit_at_an_mii() -> None:
    for bit in range(512):
        lan = Lan()
        station = lan.adapter(Settings(MAC, injected=[1]))
        attempt = collide_at(lan, station, bit)
        acted = bit // 4 + 1 + 2  # the first edge after the change samples COL, two flip-flops later it is seen
        jam = max(acted, 16)
        assert (attempt.end_ns - attempt.start_ns) // 40 == jam + 8
        assert attempt.jam_from == jam
        (collision, *_) = lan.events("collision", station.name)
        assert collision.collision_bit == 4 * acted
        (event,) = lan.events("jam", station.name)
        assert event.end_ns - event.t_ns == 32 * lan.bit_ns
        (backoff,) = lan.events("backoff", station.name)
        assert (backoff.t_ns, backoff.end_ns - backoff.t_ns) == (attempt.end_ns, 512 * lan.bit_ns)


@pytest.mark.requirement("MAC-4.2")
@pytest.mark.parametrize("jam_bits", [4, 8, 32, 64, 252])
def test_jam_as_configured(jam_bits: int) -> None:
    lan = Lan()
    station = lan.adapter(Settings(MAC, jam_bits=jam_bits, injected=[1]))
    attempt = collide_at(lan, station, 100)
    (event,) = lan.events("jam", station.name)
    assert event.end_ns - event.t_ns == jam_bits * lan.bit_ns
    assert attempt.jam_from is not None
    assert set(attempt.sent_units(4)[attempt.jam_from :]) == {5}


@pytest.mark.requirement("MAC-4.3")
def test_no_fragment_has_a_good_fcs() -> None:
    for bit in range(64, 1200, 7):
        lan = Lan()
        station = lan.adapter(Settings(MAC, injected=[1]))
        attempt = collide_at(lan, station, bit)
        units = attempt.sent_units(4)[16 : (attempt.end_ns - attempt.start_ns) // 40]
        for end in range(len(units) // 2):
            octets = bytes(units[2 * i] | units[2 * i + 1] << 4 for i in range(end + 1))
            assert zlib.crc32(octets) != GOOD_FCS


@pytest.mark.requirement("MAC-4.2")
def test_a_collision_that_comes_too_late_means_nothing() -> None:
    """COL that would be acted on at the end of the frame or later is ignored."""
    bits = 8 * (8 + 64)
    for bit in range(bits - 24, bits + 4):
        lan = Lan()
        station = lan.adapter(Settings(MAC))
        attempt = collide_at(lan, station, bit, data=DATA[:60])
        acted = bit // 4 + 3
        assert (attempt.jam_from is not None) == (acted < bits // 4)


@pytest.mark.requirement("MAC-4.4")
@pytest.mark.parametrize("collisions", range(1, 16))
def test_backoff_window(collisions: int) -> None:
    """The n-th backoff is the injected word modulo 2**min(n, 10), in whole slots from the end of the jam."""
    source = random.Random(collisions)
    for word in (0, 0xFFFF, source.randrange(1 << 16)):
        lan = Lan()
        words = [0] * (collisions - 1) + [word]
        station = lan.adapter(Settings(MAC, force_collision=True, injected=words, slot_bits=32))
        lan.send(station, DATA[:60])
        lan.run(600_000)
        backoff = lan.events("backoff", station.name)[collisions - 1]
        jam = lan.events("jam", station.name)[collisions - 1]
        assert backoff.slots == word % 2 ** min(collisions, 10)
        assert backoff.t_ns == jam.end_ns
        assert backoff.end_ns - backoff.t_ns == word % 2 ** min(collisions, 10) * 32 * lan.bit_ns


def bins_chi_square(draws: list[int], window: int) -> tuple[float, int]:
    """Return chi-square of draws below ``window`` in at most 16 equal bins, and the degrees of freedom."""
    bins = min(16, window)
    counts = [0] * bins
    for draw in draws:
        counts[draw * bins // window] += 1
    expected = len(draws) / bins
    return sum((count - expected) ** 2 / expected for count in counts), bins - 1


CHI_SQUARE_LIMITS = {1: 15.14, 3: 21.11, 7: 29.88, 15: 44.26}
"""Exceeded with probability 1e-4."""


@pytest.mark.requirement("MAC-4.4")
def test_backoff_distribution_of_the_generator() -> None:
    """400 sequences of 16 attempts with a slot of 32 BT, every draw from the generator."""
    lan = Lan()
    station = lan.adapter(Settings(MAC, force_collision=True, slot_bits=32, seed=0xACE1))
    for _ in range(400):
        lan.send(station, DATA[:60])
        lan.run(400_000)
        while not lan.status(station):
            lan.run(100_000)
    draws: dict[int, list[int]] = {}
    for event in lan.events("backoff", station.name):
        assert event.attempt is not None and event.slots is not None
        assert event.end_ns - event.t_ns == event.slots * 32 * lan.bit_ns
        draws.setdefault(event.attempt, []).append(event.slots)
    assert set(draws) == set(range(1, 16))
    for attempt, slots in draws.items():
        window = 2 ** min(attempt, 10)
        assert len(slots) == 400
        assert 0 <= min(slots) <= max(slots) < window
        chi_square, freedom = bins_chi_square(slots, window)
        assert chi_square < CHI_SQUARE_LIMITS[freedom], f"attempt {attempt}"


@pytest.mark.requirement("MAC-4.5")
@pytest.mark.parametrize("limit", [1, 2, 16, 31])
def test_attempt_limit(limit: int) -> None:
    lan = Lan()
    settings = Settings(MAC, force_collision=True, attempt_limit=limit, slot_bits=32)
    station = lan.adapter(settings)
    lan.send(station, DATA[:60])
    lan.run(12_000_000)
    done = reg.TX_STATUS_DONE | reg.TX_STATUS_EXC_COL | limit << reg.TX_STATUS_COLLISIONS_LSB
    assert lan.status(station) == done
    assert lan.counters(station) == {"aFramesAbortedDueToXSColls": 1}
    assert station.interrupts.status == reg.INT_STATUS_TX | reg.INT_STATUS_TX_ERR
    # The next frame starts with a window of 2.
    first = len(lan.events("backoff", station.name))
    lan.write(station, (reg.REG_BACKOFF_INJECT, 0xFFFF))
    lan.send(station, DATA[:60])
    lan.run(12_000_000)
    if limit > 1:
        assert lan.events("backoff", station.name)[first].slots == 1


@pytest.mark.requirement("MAC-4.6")
@pytest.mark.parametrize("late_retry", [True, False])
@pytest.mark.parametrize("bit", [496, 500, 504, 508, 512, 1000, 6000, 12_000])
def test_late_collision(bit: int, late_retry: bool) -> None:
    lan = Lan()
    station = lan.adapter(Settings(MAC, late_retry=late_retry, injected=[0]))
    attempt = collide_at(lan, station, bit)
    lan.run(400_000)
    acted = bit // 4 + 3
    is_late = acted >= 128
    assert attempt.jam_from == acted
    status = lan.status(station)
    assert bool(status & reg.TX_STATUS_LATE_COL) == is_late
    assert bool(status & reg.TX_STATUS_OK) == (late_retry or not is_late)
    assert lan.counters(station).get("aLateCollisions", 0) == is_late
    assert lan.counters(station).get("aFramesTransmittedOK", 0) == (late_retry or not is_late)


@pytest.mark.requirement("MAC-4.8")
@pytest.mark.parametrize("defer_forever", [True, False])
@pytest.mark.parametrize("excess_nibbles", [-2, -1, 0, 1, 50])
def test_excessive_deferral(defer_forever: bool, excess_nibbles: int) -> None:
    lan = Lan()
    station = lan.adapter(Settings(MAC, defer_forever=defer_forever))
    source = lan.raw()
    # Carrier from before the request until the frame has waited 24 288 BT, nearly, at the end of the gap after it.
    lan.kernel.advance(lan.kernel.now_ns + 400)
    begin_ns = lan.run_to_edge() - 160
    waiting_edge = station.port.edge_from(lan.kernel.now_ns + station.access_ns) + 2
    start_edge = waiting_edge + 6072 + excess_nibbles
    end_ns = station.port.edge_ns(start_edge - 24 - 3)
    source.carrier(max(begin_ns, lan.kernel.now_ns), end_ns - lan.kernel.now_ns)
    sent_ns = lan.send(station, DATA[:60])
    lan.run(400_000)
    status = lan.status(station)
    is_excessive = excess_nibbles >= 0
    assert bool(status & reg.TX_STATUS_EXC_DEFERRAL) == is_excessive
    assert lan.counters(station).get("aFramesWithExcessiveDeferral", 0) == is_excessive
    assert status & reg.TX_STATUS_DEFERRED
    if defer_forever or not is_excessive:
        assert status & reg.TX_STATUS_OK
        (transmit,) = lan.events("transmit", station.name)
        assert transmit.t_ns == station.port.edge_ns(start_edge)
    else:
        assert not status & reg.TX_STATUS_OK
        assert not lan.events("transmit", station.name)
        dropped_ns = station.port.edge_ns(waiting_edge + 6071)
        assert station.read32(reg.WIN_TX_TIME) == done_edge_ns(dropped_ns)
        assert dropped_ns > sent_ns


@pytest.mark.requirement("MAC-4.9")
def test_carrier_sense_error_when_the_medium_returns_no_carrier() -> None:
    """A half-duplex adapter on a full-duplex medium never sees its own carrier."""
    lan = Lan(full_duplex=True)
    station = lan.adapter(Settings(MAC))
    lan.send(station, DATA[:60])
    lan.run(20_000)
    assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK | reg.TX_STATUS_CRS_LOST
    assert lan.counters(station)["aCarrierSenseErrors"] == 1


@pytest.mark.requirement("MAC-4.9")
def test_sqe_test_at_10_mbps() -> None:
    lan = Lan(speed_mbps=10)
    station = lan.adapter(Settings(MAC))
    lan.send(station, DATA[:60])
    lan.run(100_000)
    (transmit,) = lan.events("transmit", station.name)
    assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
    done_ns = station.read32(reg.WIN_TX_TIME)
    window_ns = 64 * lan.bit_ns
    assert done_ns == done_edge_ns(transmit.end_ns + window_ns)


@pytest.mark.requirement("MAC-4.9")
def test_sqe_test_missing() -> None:
    lan = Lan(speed_mbps=100)
    station = lan.adapter(Settings(MAC))
    lan.write(station, (reg.REG_CTRL, station.read32(reg.REG_CTRL) & ~reg.CTRL_SPEED100))
    lan.send(station, DATA[:60])
    lan.run(20_000)
    assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK | reg.TX_STATUS_SQE_MISSING
    assert lan.counters(station)["aSQETestErrors"] == 1


@pytest.mark.requirement("MAC-4.2")
def test_no_backoff_draws_nothing() -> None:
    lan = Lan()
    station = lan.adapter(Settings(MAC, force_collision=True, no_backoff=True, attempt_limit=4, injected=[7, 7]))
    lan.send(station, DATA[:60])
    lan.run(50_000)
    assert [event.slots for event in lan.events("backoff", station.name)] == [0, 0, 0]
    assert station.read32(reg.REG_BACKOFF_INJECT) == 2
