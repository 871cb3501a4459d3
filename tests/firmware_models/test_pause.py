"""PAUSE frames at the twin, sent and received: IEEE Std 802.3-2022 Annex 31B."""

from __future__ import annotations

import pytest

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.adapter.mac import PAUSE_ADDRESS, frame_to_send, pause_frame
from rig.adapter import registers as reg
from tests.firmware_models.lan import Lan, RawSource, frame_for
from tests.firmware_models.reference_edges import Settings

MAC = bytes.fromhex("020000000001")
PEER = bytes.fromhex("020000000009")
DATA = frame_for(PEER, 64)[:60]
QUANTUM_NS = 5120


def listening(obeys: bool = True) -> tuple[Lan, LanAdapter, RawSource]:
    lan = Lan(full_duplex=True)
    station = lan.adapter(Settings(MAC, full_duplex=True))
    if obeys:
        lan.write(station, (reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE))
    return lan, station, lan.raw()


def mac_control(destination: bytes, opcode: int, quanta: int) -> bytes:
    data = destination + PEER + b"\x88\x08" + opcode.to_bytes(2, "big") + quanta.to_bytes(2, "big")
    return frame_to_send(data, pad=True, append_fcs=True)


def end_mark_ns(lan: Lan, begin_ns: int, frame: bytes) -> int:
    clock = (begin_ns + (16 + 2 * len(frame) + 5) * 40) // 20 + 3
    return (clock + (2 - clock) % 4) * 20


@pytest.mark.requirement("MAC-5.3")
@pytest.mark.parametrize("destination", [PAUSE_ADDRESS, MAC])
@pytest.mark.parametrize("quanta", [1, 2, 7])
def test_a_pause_holds_the_next_frame_for_its_time(destination: bytes, quanta: int) -> None:
    lan, station, source = listening()
    begin_ns = lan.kernel.now_ns + 400
    frame = mac_control(destination, 1, quanta)
    source.octets(begin_ns, frame)
    lan.run(8000)
    lan.send(station, DATA)
    lan.run(100_000)
    (transmit,) = lan.events("transmit", station.name)
    loaded_edge = station.port.edge_from(end_mark_ns(lan, begin_ns, frame)) + 2
    assert transmit.t_ns == station.port.edge_ns(loaded_edge + 128 * quanta + 1)
    assert lan.received(station) == []
    counters = lan.counters(station)
    assert counters["aPAUSEMACCtrlFramesReceived"] == counters["aFramesReceivedOK"] == 1


@pytest.mark.requirement("MAC-5.3")
def test_a_frame_under_way_is_finished_and_the_next_one_waits() -> None:
    lan, station, source = listening()
    begin_ns = lan.kernel.now_ns + 400
    frame = mac_control(PAUSE_ADDRESS, 1, 10)
    source.octets(begin_ns, frame)
    lan.send(station, frame_for(PEER, 1518)[:-4])
    lan.send(station, DATA, 1)
    lan.run(300_000)
    long, short = lan.events("transmit", station.name)
    assert long.end_ns - long.t_ns == (16 + 2 * 1518) * 40
    assert short.t_ns - long.end_ns == 24 * 40, "the pause was over before it"


@pytest.mark.requirement("MAC-5.3")
@pytest.mark.parametrize(("first", "second"), [(100, 0), (100, 3), (5, 20)])
def test_a_later_pause_replaces_the_one_that_runs(first: int, second: int) -> None:
    lan, station, source = listening()
    begin_ns = lan.kernel.now_ns + 400
    frames = [mac_control(PAUSE_ADDRESS, 1, quanta) for quanta in (first, second)]
    source.octets(begin_ns, frames[0])
    later_ns = begin_ns + 12_000
    source.octets(later_ns, frames[1])
    lan.run(8000)
    lan.send(station, DATA)
    lan.run(1_000_000)
    (transmit,) = lan.events("transmit", station.name)
    loaded_edge = station.port.edge_from(end_mark_ns(lan, later_ns, frames[1])) + 2
    expected = station.port.edge_ns(loaded_edge + 128 * second + 1)
    assert transmit.t_ns == expected
    assert lan.status(station) & reg.TX_STATUS_OK


@pytest.mark.requirement("MAC-5.3")
@pytest.mark.parametrize(
    ("frame", "obeys"),
    [
        (mac_control(PAUSE_ADDRESS, 2, 50), True),
        (mac_control(bytes.fromhex("0180c2000002"), 1, 50), True),
        (mac_control(PEER, 1, 50), True),
        (mac_control(PAUSE_ADDRESS, 1, 50)[:-1] + b"\0", True),
        (mac_control(PAUSE_ADDRESS, 1, 50), False),
    ],
)
def test_what_is_no_pause_for_us_is_ignored(frame: bytes, obeys: bool) -> None:
    lan, station, source = listening(obeys)
    source.octets(lan.kernel.now_ns + 400, frame)
    lan.run(8000)
    sent_ns = lan.send(station, DATA)
    lan.run(100_000)
    (transmit,) = lan.events("transmit", station.name)
    assert transmit.t_ns < sent_ns + 200
    assert "aPAUSEMACCtrlFramesReceived" not in lan.counters(station)


@pytest.mark.requirement("MAC-5.3")
def test_pause_is_sent_before_queued_slots_and_not_held_by_a_pause() -> None:
    lan, station, source = listening()
    source.octets(lan.kernel.now_ns + 400, mac_control(PAUSE_ADDRESS, 1, 20))
    lan.run(8000)
    lan.send(station, DATA)
    lan.send(station, DATA, 1)
    lan.write(station, (reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE | reg.PAUSE_CFG_SEND | 0x1234))
    assert station.read32(reg.REG_PAUSE_CFG) & reg.PAUSE_CFG_SEND
    lan.run(300_000)
    assert not station.read32(reg.REG_PAUSE_CFG) & reg.PAUSE_CFG_SEND
    sent = [frame.octets for frame in lan.timeline.sorted_frames()]
    # The first slot's request is with the MAC already; a request cannot be overtaken.
    assert sent[1] == pause_frame(MAC, 0x1234)
    assert lan.counters(station)["aPAUSEMACCtrlFramesTransmitted"] == 1


@pytest.mark.requirement("MAC-5.3")
def test_half_duplex_knows_no_pause() -> None:
    lan = Lan()
    station, source = lan.adapter(Settings(MAC)), lan.raw()
    lan.write(station, (reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE | reg.PAUSE_CFG_SEND | 5))
    assert not station.read32(reg.REG_PAUSE_CFG) & reg.PAUSE_CFG_SEND
    source.octets(lan.kernel.now_ns + 400, mac_control(MAC, 1, 50))
    lan.run(50_000)
    assert lan.timeline.frames == []
    assert len(lan.received(station)) == 1
