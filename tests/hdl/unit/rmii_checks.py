"""Runs in the simulator: the RMII shim at its pins, against docs/adapter.md, "RMII"."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

REF_NS = 20
PREAMBLE = [5] * 15 + [0xD]
SPEEDS = {100: 1, 10: 10}
"""REF_CLK periods a di-bit, by speed in Mb/s."""
SYNC = 2


@dataclass(frozen=True, slots=True)
class Pins:
    """What a PHY drives in one REF_CLK period."""

    crs_dv: int = 0
    rxd: int = 0
    rx_er: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """The outputs of the shim in the middle of one REF_CLK period."""

    clk_mii: int
    rx_dv: int
    rx_er: int
    rxd: int
    crs: int
    col: int
    tx_en: int
    txd: int


class Shim:
    """The shim; everything is read and driven where REF_CLK falls, so nothing races its rise."""

    def __init__(self, dut: Any, speed_mbps: int) -> None:
        self.dut = dut
        self.hold = SPEEDS[speed_mbps]
        self.seen: list[Seen] = []
        """Index n: after the n-th rise of REF_CLK."""

    async def begin(self) -> None:
        dut = self.dut
        Clock(dut.clk_ref, REF_NS, "ns").start()
        dut.speed100.value = int(self.hold == 1)
        dut.mii_tx_en.value = dut.mii_txd.value = 0
        self._drive(Pins())
        for _ in range(44):  # past the first period at the slow speed, which power-up begins with
            await FallingEdge(dut.clk_ref)
        self.seen.clear()

    def _drive(self, pins: Pins) -> None:
        self.dut.rmii_crs_dv.value = pins.crs_dv
        self.dut.rmii_rxd.value = pins.rxd
        self.dut.rmii_rx_er.value = pins.rx_er

    async def play(self, pins: Iterable[Pins]) -> None:
        """Drive one item each REF_CLK period, and keep what is seen after the rise that samples it."""
        dut = self.dut
        for item in pins:
            self._drive(item)
            await FallingEdge(dut.clk_ref)
            self.seen.append(Seen(
                int(dut.clk_mii.value), int(dut.mii_rx_dv.value), int(dut.mii_rx_er.value),
                int(dut.mii_rxd.value) if dut.mii_rx_dv.value or dut.mii_rx_er.value else 0,
                int(dut.mii_crs.value), int(dut.mii_col.value), int(dut.rmii_tx_en.value),
                int(dut.rmii_txd.value) if dut.rmii_tx_en.value else 0,
            ))  # fmt: skip

    def sampled(self) -> list[tuple[int, Seen]]:
        """Return (REF_CLK edge, what the MAC samples there) for each rise of clk_mii."""
        pairs = pairwise(self.seen)
        return [(n + 1, old) for n, (old, new) in enumerate(pairs) if new.clk_mii and not old.clk_mii]

    def receptions(self) -> list[tuple[int, list[int]]]:
        """Return (edge of the first nibble, nibbles) for each time that RX_DV was high."""
        found: list[tuple[int, list[int]]] = []
        was_high = False
        for edge, seen in self.sampled():
            if seen.rx_dv and not was_high:
                found.append((edge, []))
            if seen.rx_dv:
                found[-1][1].append(seen.rxd)
            was_high = bool(seen.rx_dv)
        return found


def dibits(nibbles: Iterable[int]) -> list[int]:
    return [dibit for nibble in nibbles for dibit in (nibble & 3, nibble >> 2)]


def frame(hold: int, nibbles: list[int], *, lead: int, tail: int, errors: tuple[int, ...] = ()) -> list[Pins]:
    """Return the pins of a frame: ``lead`` periods of carrier before the data, the last ``tail`` nibbles without one.

    ``errors``: numbers of the di-bits with RX_ER. CRS_DV is low for a nibble after the last one.
    """
    pins = [Pins(1)] * lead
    without_from = 2 * (len(nibbles) - tail)
    for number, dibit in enumerate(dibits(nibbles)):
        valid = number < without_from or number % 2
        pins += [Pins(int(valid), dibit, int(number in errors))] * hold
    return pins + [Pins()] * 2 * hold


def body(seed: int, count: int) -> list[int]:
    source = random.Random(seed)
    return PREAMBLE + [source.randrange(16) for _ in range(count)]


async def shim(dut: Any, speed_mbps: int) -> Shim:
    made = Shim(dut, speed_mbps)
    await made.begin()
    return made


@cocotb.test()
@cocotb.parametrize(speed_mbps=[100, 10])
async def the_mii_clock_is_made_from_ref_clk(dut: Any, speed_mbps: int) -> None:
    rmii = await shim(dut, speed_mbps)
    await rmii.play([Pins()] * 200)
    levels = [seen.clk_mii for seen in rmii.seen]
    changes = [n for n in range(1, len(levels)) if levels[n] != levels[n - 1]]
    assert {b - a for a, b in pairwise(changes)} == {rmii.hold}


@cocotb.test()
async def a_change_of_speed_cuts_no_clock_short(dut: Any) -> None:
    rmii = await shim(dut, 10)
    for phase in range(20):
        for fast in (1, 0):
            await rmii.play([Pins()] * (40 + phase))
            dut.speed100.value = fast
    levels = [seen.clk_mii for seen in rmii.seen]
    changes = [n for n in range(1, len(levels)) if levels[n] != levels[n - 1]]
    assert {b - a for a, b in pairwise(changes)} <= {*range(1, 11)}
    assert len(changes) > 20


@cocotb.test()
@cocotb.parametrize(speed_mbps=[100, 10])
async def frames_of_every_phase_and_every_end(dut: Any, speed_mbps: int) -> None:
    """CRS_DV rises at any REF_CLK edge, and toggles for any number of nibbles at the end; odd and even lengths."""
    rmii = await shim(dut, speed_mbps)
    latencies = set()
    for phase in range(2 * rmii.hold):
        for tail in range(6):
            nibbles = body(100 * phase + tail, 5 + tail % 2)
            rmii.seen.clear()
            lead = 7 + (3 * phase + tail) % 11
            pins = frame(rmii.hold, nibbles, lead=lead, tail=tail)
            await rmii.play([Pins()] * (4 * rmii.hold + phase))
            at = len(rmii.seen)
            await rmii.play(pins)
            await rmii.play([Pins()] * 6 * rmii.hold)
            ((edge, heard),) = rmii.receptions()
            assert heard == nibbles, (phase, tail)
            latencies.add(edge - (at + lead))
            carrier = [n for n, seen in enumerate(rmii.seen) if seen.crs]
            assert carrier[0] == at + SYNC + 1, "the carrier comes with CRS_DV"
            lost = at + lead + 2 * rmii.hold * (len(nibbles) - tail)  # the first REF_CLK period of a low first di-bit
            assert 0 <= carrier[-1] + 1 - (lost + SYNC + 1) < rmii.hold, "and goes with it, though data remain"
            assert carrier == list(range(carrier[0], carrier[-1] + 1))
    assert latencies == ({5, 6} if speed_mbps == 100 else set(range(32, 52)))


@cocotb.test()
@cocotb.parametrize(speed_mbps=[100, 10])
async def the_next_frame_may_follow_at_once(dut: Any, speed_mbps: int) -> None:
    """One nibble with CRS_DV low is the least that separates two frames."""
    rmii = await shim(dut, speed_mbps)
    first, second = body(1, 9), body(2, 8)
    await rmii.play(frame(rmii.hold, first, lead=5, tail=3) + frame(rmii.hold, second, lead=2, tail=0))
    await rmii.play([Pins()] * 6 * rmii.hold)
    assert [nibbles for _, nibbles in rmii.receptions()] == [first, second]


@cocotb.test()
@cocotb.parametrize(speed_mbps=[100, 10])
async def a_carrier_without_data_is_only_a_carrier(dut: Any, speed_mbps: int) -> None:
    rmii = await shim(dut, speed_mbps)
    await rmii.play([Pins(1)] * 30 + [Pins()] * 60)
    assert rmii.receptions() == []
    assert sum(seen.crs for seen in rmii.seen) == 30
    assert not any(seen.rx_er for seen in rmii.seen)


@cocotb.test()
@cocotb.parametrize(speed_mbps=[100, 10], first=[2, 3])
async def a_false_carrier_is_shown_and_over_with_crs_dv(dut: Any, speed_mbps: int, first: int) -> None:
    """RXD 10 where the preamble should begin: no reception, RX_ER with 1110 until the carrier has gone."""
    rmii = await shim(dut, speed_mbps)
    hold = rmii.hold
    await rmii.play([Pins(1)] * 4 + [Pins(1, first)] * 12 * hold + [Pins(1, 1)] * 4 * hold + [Pins()] * 6 * hold)
    samples = [seen for _, seen in rmii.sampled()]
    assert rmii.receptions() == []
    assert 7 <= sum(seen.rx_er for seen in samples) <= 9
    assert {seen.rxd for seen in samples if seen.rx_er} == {0xE}
    nibbles = body(3, 7)
    rmii.seen.clear()
    await rmii.play(frame(hold, nibbles, lead=3, tail=1) + [Pins()] * 6 * hold)
    assert [heard for _, heard in rmii.receptions()] == [nibbles]
    assert not any(seen.rx_er for seen in rmii.seen)


@cocotb.test()
@cocotb.parametrize(speed_mbps=[100, 10])
async def rx_er_belongs_to_its_nibble(dut: Any, speed_mbps: int) -> None:
    """At 10 Mb/s it may last into the nibble that is sampled next; it is never lost."""
    rmii = await shim(dut, speed_mbps)
    nibbles = body(4, 12)
    for dibit in (0, 1, 33, 40, 41, 2 * len(nibbles) - 1):
        rmii.seen.clear()
        await rmii.play(frame(rmii.hold, nibbles, lead=4 + dibit % 2, tail=2, errors=(dibit,)))
        await rmii.play([Pins()] * 6 * rmii.hold)
        marks = [seen.rx_er for _, seen in rmii.sampled() if seen.rx_dv]
        marked = {n for n, mark in enumerate(marks) if mark}
        is_last = dibit // 2 == len(nibbles) - 1
        assert len(marks) == len(nibbles)
        assert marked == {dibit // 2} or (speed_mbps == 10 and not is_last and marked == {dibit // 2, dibit // 2 + 1})


async def transmit(rmii: Shim, nibbles: list[int], pins: Pins = Pins()) -> int:
    """Play the MAC: change the MII after rises of clk_mii; return the REF_CLK edge of the first."""
    dut = rmii.dut
    first = -1
    for n, nibble in enumerate([*nibbles, None]):
        while True:
            await rmii.play([pins])
            if len(rmii.seen) > 1 and rmii.seen[-1].clk_mii and not rmii.seen[-2].clk_mii:
                break
        if n == 0:
            first = len(rmii.seen) - 1
        dut.mii_tx_en.value = int(nibble is not None)
        dut.mii_txd.value = nibble or 0
    return first


@cocotb.test()
@cocotb.parametrize(speed_mbps=[100, 10])
async def each_nibble_goes_out_as_two_dibits(dut: Any, speed_mbps: int) -> None:
    rmii = await shim(dut, speed_mbps)
    nibbles = body(5, 33)
    first = await transmit(rmii, nibbles)
    await rmii.play([Pins()] * 6 * rmii.hold)
    sent = [n for n, seen in enumerate(rmii.seen) if seen.tx_en]
    assert sent == list(range(first + rmii.hold, first + rmii.hold * (1 + 2 * len(nibbles))))
    assert [rmii.seen[n].txd for n in sent] == [dibit for dibit in dibits(nibbles) for _ in range(rmii.hold)]


@cocotb.test()
@cocotb.parametrize(speed_mbps=[100, 10])
async def collision_is_transmission_and_carrier_at_once(dut: Any, speed_mbps: int) -> None:
    rmii = await shim(dut, speed_mbps)
    await transmit(rmii, body(6, 10))
    await rmii.play([Pins()] * 4 * rmii.hold)
    sending = [n for n, seen in enumerate(rmii.seen) if seen.tx_en]
    assert [n for n, seen in enumerate(rmii.seen) if seen.crs] == [n + 1 for n in sending], "its own carrier"
    assert not any(seen.col for seen in rmii.seen)

    rmii.seen.clear()
    await rmii.play([Pins(1)] * 5)  # somebody else first
    await transmit(rmii, body(6, 4), Pins(1))
    lost = len(rmii.seen)  # the edge that samples CRS_DV low first
    await rmii.play([Pins()] * 6 * rmii.hold)
    sending = [n for n, seen in enumerate(rmii.seen) if seen.tx_en]
    collision = [n for n, seen in enumerate(rmii.seen) if seen.col]
    carrier = [n for n, seen in enumerate(rmii.seen) if seen.crs]
    assert collision[0] == sending[0] + 1
    assert collision == list(range(collision[0], collision[-1] + 1))
    assert collision[-1] == min(sending[-1] + 1, lost + SYNC)
    assert carrier == list(range(SYNC + 1, max(sending[-1] + 1, lost + SYNC) + 1))
