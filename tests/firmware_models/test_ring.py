"""The receive ring of the twin: wrap and overrun at every page, and that no stored frame is ever touched."""

from __future__ import annotations

import pytest

from firmware_models.adapter.adapter import LanAdapter
from rig.adapter import registers as reg
from rig.adapter.registers import RxStatus
from tests.firmware_models.lan import TX_PAGES, Lan, RawSource, frame_for
from tests.firmware_models.reference_edges import Settings

MAC = bytes.fromhex("020000000001")
RING = 8
SPACING_NS = 200_000


def small_ring(pages: int = RING, **settings: bool) -> tuple[Lan, LanAdapter, RawSource]:
    lan = Lan()
    station = lan.adapter(Settings(MAC, **settings), ring_start=TX_PAGES, ring_stop=TX_PAGES + pages)  # type: ignore[arg-type]
    return lan, station, lan.raw()


def arrive(lan: Lan, source: RawSource, frame: bytes) -> None:
    source.octets(lan.kernel.now_ns + 1000, frame)
    lan.run(SPACING_NS)


def pages_of(frame: bytes) -> int:
    return -(-(len(frame) + 16) // 256)


@pytest.mark.requirement("MAC-7.1")
@pytest.mark.parametrize("octets", [64, 240, 241, 496, 497, 1200, 1518])
def test_wrap_at_every_page(octets: int) -> None:
    """Frames of every number of pages, begun at every page, arrive whole; RX_CURR goes around the ring."""
    lan, station, source = small_ring()
    page = TX_PAGES
    for first in range(2 * RING):
        frame = frame_for(MAC, octets)
        arrive(lan, source, frame)
        page = TX_PAGES + (page - TX_PAGES + pages_of(frame)) % RING
        assert station.read32(reg.REG_RX_CURR) == page
        (stored,) = lan.received(station)
        assert stored.octets == frame, f"frame {first}"
    assert station.interrupts.status == reg.INT_STATUS_RX


@pytest.mark.requirement("MAC-7.1")
@pytest.mark.parametrize("begin", range(RING))
@pytest.mark.parametrize("octets", [64, 497, 1000])
def test_overrun_at_every_page_touches_nothing_stored(begin: int, octets: int) -> None:
    """With the ring as full as it gets, one more frame is lost and counted, and what is stored stays."""
    lan, station, source = small_ring()
    for _ in range(begin):
        arrive(lan, source, frame_for(MAC, 64))
        lan.received(station)
    stored_frames = []
    frame = frame_for(MAC, octets)
    while True:
        arrive(lan, source, frame)
        if station.interrupts.status & reg.INT_STATUS_RX_OVERRUN:
            break
        stored_frames.append(frame)
    assert (len(stored_frames) + 1) * pages_of(frame) >= RING, "a frame fits while one page stays free"
    current = station.read32(reg.REG_RX_CURR)
    for _ in range(3):
        arrive(lan, source, frame)
    assert station.read32(reg.REG_RX_CURR) == current
    assert [stored.octets for stored in lan.received(station)] == stored_frames
    counters = lan.counters(station)
    assert counters["aFramesReceivedOK"] == begin + len(stored_frames)
    assert counters["aFramesLostDueToIntMACRcvError"] == 4
    # Emptied, it takes frames again.
    arrive(lan, source, frame)
    assert [stored.octets for stored in lan.received(station)] == [frame]


@pytest.mark.requirement("MAC-7.1")
def test_a_frame_with_an_error_that_is_lost_counts_its_error() -> None:
    lan, station, source = small_ring(2, accept_error=True)
    wrong = frame_for(MAC, 300)[:-1] + b"\0"
    arrive(lan, source, wrong)
    assert lan.received(station) == []
    assert lan.counters(station) == {"aFrameCheckSequenceErrors": 1}
    assert station.interrupts.status == reg.INT_STATUS_RX_ERR | reg.INT_STATUS_RX_OVERRUN


@pytest.mark.requirement("MAC-7.1")
def test_space_given_back_while_a_frame_arrives_counts_from_the_next_page_on() -> None:
    lan, station, source = small_ring(4)
    arrive(lan, source, frame_for(MAC, 64))
    arrive(lan, source, frame_for(MAC, 64))
    # The third frame needs two pages; only one is free until the driver releases the first while it arrives.
    frame = frame_for(MAC, 400)
    source.octets(lan.kernel.now_ns + 1000, frame)
    lan.run(10_000)
    lan.write(station, (reg.REG_RX_BNRY, TX_PAGES + 1))
    lan.run(SPACING_NS)
    assert [stored.octets for stored in lan.received(station)] == [frame_for(MAC, 64), frame]


@pytest.mark.requirement("MAC-7.1")
def test_header_and_time_stamp() -> None:
    lan, station, source = small_ring()
    begin_ns = lan.kernel.now_ns + 1000
    source.octets(begin_ns, frame_for(b"\xff" * 6, 100))
    lan.run(SPACING_NS)
    (stored,) = lan.received(station)
    assert stored.status == RxStatus.OK | RxStatus.BROADCAST
    # 216 nibbles; sampled by the PHY from the first edge on, RX_DV low at the MAC three edges later, mark one more.
    mark_ns = begin_ns + (216 + 1 + 3 + 1) * 40
    clock = mark_ns // 20 + 3
    clock += (2 - clock) % 4
    assert stored.time_ns == clock * 20


@pytest.mark.parametrize(("start", "stop"), [(30, 30), (30, 31), (31, 30), (60, 65), (0, 0)])
def test_an_impossible_ring_leaves_the_receiver_off(start: int, stop: int) -> None:
    lan, station, source = small_ring()
    control = station.read32(reg.REG_CTRL)
    lan.write(
        station,
        (reg.REG_CTRL, control & ~reg.CTRL_RX_EN),
        (reg.REG_RX_START, start),
        (reg.REG_RX_STOP, stop),
        (reg.REG_CTRL, control),
    )
    assert station.read32(reg.REG_CTRL) == control & ~reg.CTRL_RX_EN
    assert station.read32(reg.REG_ERROR) == reg.ERROR_RING_CONFIG
    arrive(lan, source, frame_for(MAC))
    assert station.interrupts.status == 0
    lan.write(station, (reg.REG_ERROR, reg.ERROR_RING_CONFIG))
    assert station.read32(reg.REG_ERROR) == 0
