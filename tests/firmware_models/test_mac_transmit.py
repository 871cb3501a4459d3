"""Conformance of the twin as a transmitter: framing, deference and the interpacket gap."""

from __future__ import annotations

from itertools import pairwise

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.adapter.mac import frame_to_send
from firmware_models.network.segment import to_units
from rig.adapter import registers as reg
from tests.firmware_models.lan import Lan, frame_for
from tests.firmware_models.reference_edges import Settings

MAC = bytes.fromhex("020000000001")
PEER = bytes.fromhex("020000000002")
NIBBLE_NS = 40
GAP = 24
"""96 bit times, in nibbles."""
CARRIER_SYNC = 2

# ethernet.md 1.4: data without FCS, and the FCS as it is on the wire. V1 was published by fpga4fun.
COUNTING = bytes(range(46))
VECTORS = {
    "V1": (
        "0010a47bea80001234567890080045000 02eb3fe000080110540c0a8002cc0a8000404000400001a2de8".replace(" ", "")
        + "000102030405060708090a0b0c0d0e0f1011",
        "b331881b",
    ),
    "V2": (
        "ffffffffffff02000000000108060001080006040001020000000001c0a80001000000000000c0a80002" + "00" * 18,
        "ad8d8840",
    ),
    "V3": ("020000000002020000000001002e" + COUNTING.hex(), "4881adee"),
    "V4": ("02000000000202000000000188b5" + bytes(i % 256 for i in range(1500)).hex(), "524a27e0"),
    "V5": ("0180c200000102000000000188080001ffff" + "00" * 42, "dd7cb2ff"),
    "V6": ("00" * 60, "08891204"),
    "V7": ("ff" * 60, "4df18cf4"),
    "V8": ("0200000000020200000000018100000588b5" + bytes(range(42)).hex(), "9b48ae82"),
}


def start_edges(lan: Lan, station: LanAdapter) -> list[int]:
    """Return the times at which a station's attempts began."""
    return [event.t_ns for event in lan.events("transmit", station.name)]


@pytest.mark.requirement("MAC-2.1")
@pytest.mark.requirement("MAC-2.4")
def test_preamble_sfd_and_bit_order() -> None:
    lan = Lan(bits_per_edge=1, sync=0)
    station = lan.adapter(Settings(MAC))
    lan.adapter(Settings(PEER))
    lan.send(station, b"\x01\0\0\0\0\0" + MAC + b"\x88\xb5")
    lan.run(20_000)
    (transmission,) = lan.segment.history
    bits = transmission.sent_units(1)
    assert bits[:64] == bytes([1, 0] * 31 + [1, 1])
    assert bits[64] == 1, "the I/G bit is the first of the address"
    assert len(bits) == 64 + 512
    fcs = transmission.frame[-4:]
    assert bits[-32:] == to_units(fcs, 1)


@pytest.mark.requirement("MAC-2.2")
@pytest.mark.parametrize("name", VECTORS)
def test_fcs_vectors(name: str) -> None:
    data, fcs = (bytes.fromhex(text) for text in VECTORS[name])
    lan = Lan()
    station = lan.adapter(Settings(MAC))
    listener = lan.adapter(Settings(PEER, promiscuous=True))
    lan.send(station, data)
    lan.run(200_000)
    (sent,) = lan.timeline.frames
    assert sent.octets == data + fcs
    assert [stored.octets for stored in lan.received(listener)] == [data + fcs]


@pytest.mark.requirement("MAC-2.2")
def test_the_fcs_of_octets_fed_msb_first_is_refused() -> None:
    data, _ = VECTORS["V1"]
    lan = Lan()
    station, source = lan.adapter(Settings(MAC, promiscuous=True)), lan.raw()
    source.octets(lan.kernel.now_ns + 1000, bytes.fromhex(data + "e6c53db2"))
    lan.run(50_000)
    assert lan.counters(station) == {"aFrameCheckSequenceErrors": 1}


@pytest.mark.requirement("MAC-2.3")
def test_short_frames_are_padded_with_zeros_to_64_octets() -> None:
    for data_octets in range(48):
        lan = Lan()
        station = lan.adapter(Settings(MAC))
        data = PEER + MAC + b"\x88\xb5" + b"\xee" * data_octets
        lan.send(station, data)
        lan.run(30_000)
        (sent,) = lan.timeline.frames
        assert sent.octets == frame_to_send(data.ljust(60, b"\0"), pad=False, append_fcs=True)
        assert len(sent.octets) == max(64, 18 + data_octets)
        (transmit,) = lan.events("transmit", station.name)
        assert transmit.end_ns - transmit.t_ns == NIBBLE_NS * (16 + 2 * len(sent.octets))


def test_a_frame_with_its_own_fcs_is_sent_as_it_is() -> None:
    lan = Lan()
    station = lan.adapter(Settings(MAC))
    lan.write(station, (reg.REG_CTRL, station.read32(reg.REG_CTRL) & ~reg.CTRL_FCS_EN))
    data = PEER + MAC + b"\x88\xb5" + b"\x11" * 20
    lan.send(station, data)
    lan.run(30_000)
    assert [frame.octets for frame in lan.timeline.frames] == [data]


@pytest.mark.requirement("MAC-3.1")
@pytest.mark.parametrize("full_duplex", [False, True])
def test_gap_after_own_frame(full_duplex: bool) -> None:
    lan = Lan(full_duplex=full_duplex)
    station = lan.adapter(Settings(MAC, full_duplex=full_duplex))
    source = lan.raw()
    for slot in range(4):
        lan.send(station, frame_for(PEER, 64)[:60], slot)
    # Carrier in the gap is ignored after an own transmission.
    first_end = lan.kernel.now_ns + 20 + 3 * NIBBLE_NS + 144 * NIBBLE_NS
    if not full_duplex:
        source.carrier(first_end + 10 * NIBBLE_NS, 2 * NIBBLE_NS)
    lan.run(100_000)
    sent = lan.events("transmit", station.name)
    assert len(sent) == 4
    after_carrier = 0 if full_duplex else CARRIER_SYNC + 1
    expected = NIBBLE_NS * (GAP + after_carrier)
    assert {later.t_ns - earlier.end_ns for earlier, later in pairwise(sent)} == {expected}
    assert expected >= 96 * lan.bit_ns


def start_after_carrier(lan: Lan, station: LanAdapter, pulses: list[tuple[int, int]], length_ns: int) -> int:
    """Send while carrier of ``length_ns`` and then ``pulses`` (offset after its end, length) are there.

    Returns when the frame starts, from the end of the first carrier on.
    """
    source = lan.raw()
    begin_ns = lan.kernel.now_ns + 800
    source.carrier(begin_ns, length_ns)
    for offset_ns, pulse_ns in pulses:
        source.carrier(begin_ns + length_ns + offset_ns, pulse_ns)
    lan.run(2000)
    lan.send(station, frame_for(PEER)[:60])
    lan.run(30_000)
    return start_edges(lan, station)[0] - (begin_ns + length_ns)


@pytest.mark.requirement("MAC-3.2")
@pytest.mark.parametrize("bit", range(1, 97))
def test_carrier_in_the_gap_on_the_bit_clock(bit: int) -> None:
    """A pulse in bit 1 .. 64 of the gap starts it anew; in 65 .. 96 it is ignored, and the frame is sent into it."""
    lan = Lan(bits_per_edge=1, sync=0)
    station = lan.adapter(Settings(MAC))
    # The pulse covers the edge that ends the bit, and no other.
    start_ns = start_after_carrier(lan, station, [((bit - 1) * lan.bit_ns, lan.bit_ns)], 4000)
    first_idle = 1  # the edge that first sees the medium idle ends the first bit of the gap
    if bit <= 64:
        assert start_ns == (bit + first_idle + 96) * lan.bit_ns
    else:
        assert start_ns == (first_idle + 96) * lan.bit_ns


@pytest.mark.requirement("MAC-3.2")
@pytest.mark.parametrize("bit", range(100))
def test_carrier_in_the_gap_at_an_mii(bit: int) -> None:
    """The clause 4 rule applied at the first edge that sees the synchronised carrier."""
    lan = Lan()
    station = lan.adapter(Settings(MAC))
    pulse_ns = NIBBLE_NS
    start_ns = start_after_carrier(lan, station, [(bit * lan.bit_ns, pulse_ns)], 4000)
    # Edges counted from the carrier's end, which falls on an edge here: it is seen idle at edge 3, which is count 0.
    seen_idle = 1 + CARRIER_SYNC
    pulse_sampled = bit // 4 + 1
    count = pulse_sampled + CARRIER_SYNC - seen_idle
    if count == 0:
        expected = seen_idle + 1 + GAP  # carrier never looked idle before the pulse was over
    elif count < 16:
        expected = pulse_sampled + 1 + CARRIER_SYNC + GAP
    else:
        expected = seen_idle + GAP
    assert start_ns == expected * NIBBLE_NS


@pytest.mark.requirement("MAC-3.2")
def test_a_frame_sent_into_part_two_collides() -> None:
    lan = Lan()
    station = lan.adapter(Settings(MAC, injected=[0]))
    start_ns = start_after_carrier(lan, station, [(80 * lan.bit_ns, 4000)], 4000)
    assert start_ns == (1 + CARRIER_SYNC + GAP) * NIBBLE_NS
    (collision,) = lan.events("collision", station.name)
    assert collision.collision_bit == 4 * (1 + CARRIER_SYNC)


@pytest.mark.requirement("MAC-3.3")
@pytest.mark.parametrize("part1", range(0, 65, 4))
def test_part_one_as_configured(part1: int) -> None:
    """A pulse at bit 40 of the gap restarts it exactly when part 1 is longer than that."""
    for pulse in (20, 40, 60):
        lan = Lan()
        station = lan.adapter(Settings(MAC, part1_bits=part1, part2_bits=96 - part1))
        start_ns = start_after_carrier(lan, station, [(pulse * lan.bit_ns, NIBBLE_NS)], 4000)
        count = pulse // 4 + 1 - 1
        restarted = count < part1 // 4
        expected = 1 + CARRIER_SYNC + GAP + (pulse // 4 + 1 if restarted else 0)
        assert start_ns == expected * NIBBLE_NS, f"part 1 {part1}, pulse at {pulse}"


@pytest.mark.requirement("MAC-4.1")
@pytest.mark.parametrize("offset_ns", range(0, 8000, 80))
def test_defers_to_a_passing_frame(offset_ns: int) -> None:
    """A frame ready at any time of a passing frame is sent one gap after it, and not while carrier is seen."""
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    begin_ns = lan.kernel.now_ns + 400
    frame = frame_for(PEER, 64)
    source.octets(begin_ns, frame)
    end_ns = begin_ns + 8 * (8 + len(frame)) * lan.bit_ns
    lan.kernel.advance(lan.kernel.now_ns + 640 + offset_ns)
    sent_ns = lan.run_to_edge()
    lan.send(station, frame[:60])
    lan.run(30_000)
    (start_ns,) = start_edges(lan, station)
    ready_ns = station.port.edge_ns(station.port.edge_from(sent_ns + station.access_ns) + 2)
    gap_over_ns = end_ns + (1 + CARRIER_SYNC + GAP) * NIBBLE_NS
    if ready_ns < gap_over_ns:
        assert start_ns == gap_over_ns
        assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK | reg.TX_STATUS_DEFERRED
        assert lan.counters(station)["aDeferredTransmissions"] == 1
    else:
        assert start_ns <= ready_ns
        assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK


@pytest.mark.requirement("MAC-5.1")
def test_full_duplex_ignores_carrier_and_collision() -> None:
    lan = Lan(full_duplex=True)
    stations = [lan.adapter(Settings(mac, full_duplex=True)) for mac in (MAC, PEER)]
    for _ in range(3):
        for station, destination in zip(stations, (PEER, MAC), strict=True):
            for slot in range(4):
                lan.send(station, frame_for(destination, 1518)[:1514], slot)
        lan.run(4 * 125_000)
        assert [len(lan.received(station)) for station in stations] == [4, 4]
    for station in stations:
        assert lan.counters(station)["aFramesTransmittedOK"] == 12
        assert lan.counters(station)["aFramesReceivedOK"] == 12
        assert not [name for name in lan.counters(station) if "Collision" in name or "Deferred" in name]


@pytest.mark.requirement("MAC-5.2")
@pytest.mark.parametrize("octets", [64, 1518])
def test_both_ways_at_line_rate(octets: int) -> None:
    lan = Lan(full_duplex=True)
    stations = [lan.adapter(Settings(mac, full_duplex=True)) for mac in (MAC, PEER)]
    received = [0, 0]
    for _ in range(6):
        for station, destination in zip(stations, (PEER, MAC), strict=True):
            for slot in range(4):
                lan.send(station, frame_for(destination, octets)[:-4], slot)
        lan.run(4 * (octets + 20) * 80 + 2000)
        for index, station in enumerate(stations):
            received[index] += len(lan.received(station))
    assert received == [24, 24]
    for station in stations:
        sent = lan.events("transmit", station.name)
        gaps = [later.t_ns - earlier.end_ns for earlier, later in pairwise(sent)]
        assert sorted(gaps)[:18] == [96 * lan.bit_ns] * 18


@pytest.mark.requirement("MAC-5.5")
def test_loopback_delivers_and_nothing_reaches_the_medium() -> None:
    lan = Lan()
    station, listener = lan.adapter(Settings(MAC)), lan.adapter(Settings(PEER, promiscuous=True))
    lan.write(station, (reg.REG_CTRL, station.read32(reg.REG_CTRL) | reg.CTRL_LOOPBACK))
    frame = frame_for(MAC, 200)
    lan.send(station, frame[:-4])
    lan.run(50_000)
    assert [stored.octets for stored in lan.received(station)] == [frame]
    assert lan.received(listener) == []
    assert lan.events("receive", listener.name) == []
    assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
