"""Conformance of the twin as a receiver: IEEE Std 802.3-2022 4.2.9, driven by raw signals on the medium."""

from __future__ import annotations

import zlib

import pytest

from firmware_models.network.segment import RX_ER, to_units
from rig.adapter import registers as reg
from rig.adapter.registers import RxStatus
from tests.firmware_models.lan import PREAMBLE, Lan, frame_for
from tests.firmware_models.reference_edges import Settings

MAC = bytes.fromhex("020000000001")
BROADCAST = b"\xff" * 6
SPACING_NS = 200_000


def bad(frame: bytes) -> bytes:
    """Return the frame with its last bit wrong."""
    return frame[:-1] + bytes([frame[-1] ^ 0x80])


def length_frame(length: int, data_octets: int) -> bytes:
    data = MAC + b"\x02\0\0\0\0\x09" + length.to_bytes(2, "big") + bytes(data_octets)
    return data + zlib.crc32(data).to_bytes(4, "little")


@pytest.mark.requirement("MAC-1.1")
def test_fcs_error_is_dropped_and_counted_and_the_next_frame_is_received() -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    frames = [frame_for(MAC, 64), bad(frame_for(MAC, 100)), frame_for(MAC, 200)]
    for number, frame in enumerate(frames):
        source.octets(lan.kernel.now_ns + 1000 + number * SPACING_NS, frame)
    lan.run(4 * SPACING_NS)
    assert [stored.octets for stored in lan.received(station)] == [frames[0], frames[2]]
    counters = lan.counters(station)
    assert counters == {
        "aFramesReceivedOK": 2, "aOctetsReceivedOK": 46 + 182, "aFrameCheckSequenceErrors": 1,
    }  # fmt: skip
    assert station.interrupts.status == reg.INT_STATUS_RX | reg.INT_STATUS_RX_ERR


@pytest.mark.requirement("MAC-1.1")
@pytest.mark.parametrize("bit", range(0, 512, 37))
def test_every_wrong_bit_is_found(bit: int) -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC, promiscuous=True)), lan.raw()
    frame = bytearray(frame_for(MAC))
    frame[bit // 8] ^= 1 << bit % 8
    source.octets(lan.kernel.now_ns + 1000, bytes(frame))
    lan.run(SPACING_NS)
    assert lan.counters(station) == {"aFrameCheckSequenceErrors": 1}
    assert lan.received(station) == []


@pytest.mark.requirement("MAC-1.2")
@pytest.mark.parametrize("is_good", [True, False])
def test_fragments_and_runts_leave_no_trace(is_good: bool) -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    for octets in range(1, 64):
        fragment = frame_for(MAC, octets) if octets >= 18 else (MAC * 3)[:octets]
        source.octets(
            lan.kernel.now_ns + 1000 + octets * SPACING_NS, fragment if is_good or octets < 18 else bad(fragment)
        )
    lan.run(66 * SPACING_NS)
    assert lan.received(station) == []
    assert lan.counters(station) == {}
    assert station.interrupts.status == 0


@pytest.mark.requirement("MAC-1.2")
def test_runts_are_stored_when_asked_for() -> None:
    lan = Lan()
    settings = Settings(MAC, accept_runt=True)
    station, source = lan.adapter(settings), lan.raw()
    wanted = [frame_for(MAC, octets) for octets in (18, 19, 40, 63)]
    refused = [bad(frame_for(MAC, 40)), MAC * 2, frame_for(MAC[:5] + b"\x77", 40)]
    for number, frame in enumerate(wanted + refused):
        source.octets(lan.kernel.now_ns + 1000 + number * SPACING_NS, frame)
    lan.run(8 * SPACING_NS)
    stored = lan.received(station)
    assert [each.octets for each in stored] == wanted
    assert {each.status for each in stored} == {RxStatus.OK | RxStatus.RUNT}
    assert lan.counters(station) == {}


@pytest.mark.requirement("MAC-1.3")
@pytest.mark.parametrize("limit", [1518, 1522, 2000])
def test_frames_above_the_limit_are_too_long_whatever_the_fcs(limit: int) -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC, max_frame=limit)), lan.raw()
    good = [frame_for(MAC, 1500), frame_for(MAC, limit)]
    too_long = [frame_for(MAC, limit + 1), bad(frame_for(MAC, limit + 1)), frame_for(MAC, limit + 9)]
    for number, frame in enumerate(good + too_long):
        source.octets(lan.kernel.now_ns + 1000 + number * SPACING_NS, frame)
    lan.run(6 * SPACING_NS)
    assert [each.octets for each in lan.received(station)] == good
    counters = lan.counters(station)
    assert counters["aFramesReceivedOK"] == 2
    assert counters["aFrameTooLongErrors"] == 3
    assert "aFrameCheckSequenceErrors" not in counters


@pytest.mark.requirement("MAC-1.3")
@pytest.mark.parametrize("octets", [2047, 2048, 2049, 3000])
def test_a_frame_of_any_length_is_cut_at_2047_octets(octets: int) -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC, accept_error=True)), lan.raw()
    frame = frame_for(MAC, octets)
    source.octets(lan.kernel.now_ns + 1000, frame)
    lan.run(2 * SPACING_NS)
    (stored,) = lan.received(station)
    assert stored.octets == frame[:2047]
    assert stored.status == RxStatus.TOO_LONG


@pytest.mark.requirement("MAC-1.4")
@pytest.mark.parametrize(
    ("length", "data_octets", "status"),
    [
        (0, 46, RxStatus.OK),
        (45, 46, RxStatus.OK),
        (45, 47, RxStatus.IN_RANGE_LENGTH),
        (46, 46, RxStatus.OK),
        (46, 47, RxStatus.IN_RANGE_LENGTH),
        (47, 46, RxStatus.IN_RANGE_LENGTH),
        (100, 100, RxStatus.OK),
        (100, 101, RxStatus.IN_RANGE_LENGTH),
        (100, 99, RxStatus.IN_RANGE_LENGTH),
        (1500, 1500, RxStatus.OK),
        (1500, 1499, RxStatus.IN_RANGE_LENGTH),
        (1501, 46, RxStatus.OUT_OF_RANGE_LENGTH),
        (1535, 100, RxStatus.OUT_OF_RANGE_LENGTH),
        (1536, 46, RxStatus.OK),
        (0xFFFF, 100, RxStatus.OK),
    ],
)
def test_length_against_data(length: int, data_octets: int, status: RxStatus) -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC, accept_error=True)), lan.raw()
    source.octets(lan.kernel.now_ns + 1000, length_frame(length, data_octets))
    lan.run(SPACING_NS)
    (stored,) = lan.received(station)
    assert stored.status == status
    names = {
        RxStatus.OK: "aFramesReceivedOK",
        RxStatus.IN_RANGE_LENGTH: "aInRangeLengthErrors",
        RxStatus.OUT_OF_RANGE_LENGTH: "aOutOfRangeLengthField",
    }
    assert {name for name in lan.counters(station) if not name.startswith("aOctets")} == {names[status]}


@pytest.mark.requirement("MAC-1.5")
def test_an_excess_nibble_matters_only_with_a_bad_fcs() -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC, accept_error=True)), lan.raw()
    good = frame_for(MAC, 90)
    for number, (frame, excess) in enumerate([(good, 0), (good, 1), (bad(good), 0), (bad(good), 1)]):
        source.octets(lan.kernel.now_ns + 1000 + number * SPACING_NS, frame, excess)
    lan.run(5 * SPACING_NS)
    assert [each.status for each in lan.received(station)] == [
        RxStatus.OK,
        RxStatus.OK | RxStatus.DRIBBLE,
        RxStatus.FCS_ERROR,
        RxStatus.ALIGNMENT_ERROR | RxStatus.DRIBBLE,
    ]
    counters = lan.counters(station)
    assert (counters["aFrameCheckSequenceErrors"], counters["aAlignmentErrors"]) == (1, 1)


@pytest.mark.requirement("MAC-1.5")
@pytest.mark.parametrize("excess_bits", range(1, 8))
def test_dribble_bits_on_the_serial_medium(excess_bits: int) -> None:
    lan = Lan(bits_per_edge=1, sync=0)
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    good = frame_for(MAC, 90)
    source.octets(lan.kernel.now_ns + 1000, good, excess_bits)
    source.octets(lan.kernel.now_ns + 1000 + SPACING_NS, bad(good), excess_bits)
    lan.run(3 * SPACING_NS)
    (stored,) = lan.received(station)
    assert stored.octets == good
    counters = lan.counters(station)
    assert (counters["aFramesReceivedOK"], counters["aAlignmentErrors"]) == (1, 1)


@pytest.mark.requirement("MAC-1.6")
@pytest.mark.parametrize("bit", range(8))
def test_a_damaged_sfd_starts_no_frame(bit: int) -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC, promiscuous=True)), lan.raw()
    good = frame_for(MAC, 90)
    damaged = PREAMBLE[:-1] + bytes([PREAMBLE[-1] ^ 1 << bit])
    start_ns = lan.kernel.now_ns + 1000
    source.signal(start_ns, to_units(damaged + good.replace(b"\xd5", b"\0"), 4))
    source.octets(start_ns + SPACING_NS, good)
    lan.run(3 * SPACING_NS)
    assert [stored.octets for stored in lan.received(station)] == [good]


@pytest.mark.requirement("MAC-1.6")
def test_without_sfd_a_later_pattern_starts_a_frame_that_is_judged() -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    inner, after = frame_for(MAC, 70), frame_for(MAC, 80)
    start_ns = lan.kernel.now_ns + 1000
    source.signal(start_ns, to_units(bytes(30) + b"\x55\xd5" + inner, 4))
    source.signal(start_ns + SPACING_NS, to_units(bytes(30) + b"\x55\xd5" + bad(inner), 4))
    source.signal(start_ns + 2 * SPACING_NS, to_units(bytes(100), 4))
    source.octets(start_ns + 3 * SPACING_NS, after)
    lan.run(5 * SPACING_NS)
    assert [stored.octets for stored in lan.received(station)] == [inner, after]
    assert lan.counters(station)["aFrameCheckSequenceErrors"] == 1


@pytest.mark.requirement("MAC-1.7")
@pytest.mark.parametrize("nibbles", [1, 2, 3, 7, 15, 16, 60, 1000])
def test_preamble_of_any_length(nibbles: int) -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    frame = frame_for(MAC, 64)
    source.signal(lan.kernel.now_ns + 1000, b"\5" * nibbles + b"\x0d" + to_units(frame, 4))
    lan.run(SPACING_NS)
    assert [stored.octets for stored in lan.received(station)] == [frame]


@pytest.mark.requirement("MAC-1.8")
@pytest.mark.parametrize("gap_bits", [47, 48, 60, 96])
def test_back_to_back_down_to_the_shrunken_gap(gap_bits: int) -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    frames = [frame_for(MAC, octets) for octets in (64, 65, 66, 67, 64, 200)]
    t_ns = lan.kernel.now_ns + 1000
    for frame in frames:
        source.octets(t_ns, frame)
        t_ns += (8 * (len(frame) + 8) + gap_bits) * lan.bit_ns
    lan.run(SPACING_NS)
    assert [stored.octets for stored in lan.received(station)] == frames


@pytest.mark.requirement("MAC-5.4")
def test_filters() -> None:
    group = bytes.fromhex("01005e000001")
    other = bytes.fromhex("020000000055")
    destinations = [MAC, BROADCAST, group, other]
    cases = [
        (reg.RX_CFG_PROMISC, destinations),
        (0, [MAC]),
        (reg.RX_CFG_BCAST, [MAC, BROADCAST]),
        (reg.RX_CFG_MCAST, [MAC, group]),
    ]
    for config, expected in cases:
        lan = Lan()
        station, source = lan.adapter(Settings(MAC)), lan.raw()
        lan.write(station, (reg.REG_RX_CFG, config | 1518 << reg.RX_CFG_MAX_FRAME_LSB), (reg.REG_MHASH_LO, 1 << 31))
        for number, destination in enumerate(destinations):
            source.octets(lan.kernel.now_ns + 1000 + number * SPACING_NS, frame_for(destination))
        lan.run(5 * SPACING_NS)
        assert [stored.octets[:6] for stored in lan.received(station)] == expected


@pytest.mark.requirement("MAC-5.4")
def test_multicast_hash_vector() -> None:
    """01-00-5E-00-00-01 is entry 31, and no other entry takes it."""
    group = bytes.fromhex("01005e000001")
    for entry in range(64):
        lan = Lan()
        station, source = lan.adapter(Settings(MAC)), lan.raw()
        table = 1 << entry
        lan.write(
            station,
            (reg.REG_RX_CFG, reg.RX_CFG_MCAST | 1518 << reg.RX_CFG_MAX_FRAME_LSB),
            (reg.REG_MHASH_LO, table & 0xFFFF_FFFF),
            (reg.REG_MHASH_HI, table >> 32),
        )
        source.octets(lan.kernel.now_ns + 1000, frame_for(group))
        lan.run(SPACING_NS)
        stored = lan.received(station)
        assert bool(stored) == (entry == 31)
        assert all(each.status == RxStatus.OK | RxStatus.MULTICAST for each in stored)


def test_a_reception_is_abandoned_when_the_receiver_is_turned_off() -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    control = station.read32(reg.REG_CTRL)
    frame = frame_for(MAC, 200)
    source.octets(lan.kernel.now_ns + 1000, frame)
    lan.run(8000)
    lan.write(station, (reg.REG_CTRL, control & ~reg.CTRL_RX_EN))
    lan.run_to_edge()
    lan.write(station, (reg.REG_CTRL, control))
    source.octets(lan.kernel.now_ns + SPACING_NS, frame)
    lan.run(2 * SPACING_NS)
    assert len(lan.received(station)) == 1


@pytest.mark.requirement("MAC-1.2")
def test_overlapping_signals_are_garbage_to_a_listener() -> None:
    """Two long signals that overlap for 100 octets: what is heard is no good frame, and the same in every run."""
    statuses = []
    for _ in range(2):
        lan = Lan()
        station = lan.adapter(Settings(MAC, promiscuous=True, accept_error=True))
        first, second = lan.raw(), lan.raw(20)
        first.octets(lan.kernel.now_ns + 1000, frame_for(MAC, 300))
        second.octets(lan.kernel.now_ns + 1000 + 100 * 80, frame_for(MAC, 300))
        lan.run(SPACING_NS)
        (stored,) = lan.received(station)
        assert stored.status & RxStatus.OK == 0
        assert stored.octets[:90] == frame_for(MAC, 300)[:90]
        statuses.append((stored.status, stored.octets))
    assert statuses[0] == statuses[1]


@pytest.mark.requirement("MAC-7.2")
@pytest.mark.parametrize(("octets", "destination"), [(64, MAC), (300, MAC), (300, b"\x02" * 6), (30, MAC)])
@pytest.mark.parametrize("where", ["header", "frame"])
def test_symbol_errors(octets: int, destination: bytes, where: str) -> None:
    """RX_ER after the SFD makes the FCS bad and counts, whatever the frame; before it, it means nothing."""
    lan = Lan()
    station, source = lan.adapter(Settings(MAC, accept_error=True)), lan.raw()
    frame = frame_for(destination, octets)
    units = bytearray(to_units(PREAMBLE + frame, 4))
    units[20 if where == "frame" else 5] |= RX_ER
    source.signal(lan.kernel.now_ns + 1000, bytes(units))
    lan.run(SPACING_NS)
    counters = lan.counters(station)
    assert counters.get("aSymbolErrorDuringCarrier", 0) == (where == "frame")
    is_ours = destination == MAC and octets >= 64
    status = RxStatus.OK if where == "header" else RxStatus.FCS_ERROR | RxStatus.SYMBOL_ERROR
    assert [(each.octets, each.status) for each in lan.received(station)] == ([(frame, status)] if is_ours else [])
    assert counters.get("aFrameCheckSequenceErrors", 0) == (is_ours and where == "frame")
