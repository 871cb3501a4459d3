"""Runs in the simulator: the receive MAC at the pins, against docs/adapter.md, "Receive MAC"."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import cocotb

from tests.hdl.unit.mac_mii_bench import HEADER, SYNC, MacBench, Word, nibbles_of, with_fcs
from tests.hdl.unit.vectors import NOT_AN_FCS, VECTORS

FRAME = with_fcs(VECTORS["V3"][0])
LONGEST = 2047
Nibbles = list[int | None]


async def bench(dut: Any, **knobs: int) -> MacBench:
    mac = MacBench(dut)
    await mac.reset()
    mac.set(full_duplex=1, **knobs)
    await mac.edges(6)
    return mac


def wire(octets: bytes, header: list[int] = HEADER) -> Nibbles:
    return [*header, *nibbles_of(octets)]


async def play(mac: MacBench, nibbles: Sequence[int | None], errors: tuple[int, ...] = ()) -> tuple[int, list[Word]]:
    """Play a wave form; return the edge that samples its first nibble, and what was handed over."""
    base = mac.next_edge() + 4
    mac.play(base, nibbles, errors)
    await mac.edges(len(nibbles) + 12)
    return base, mac.words()


def hash_of(destination: bytes) -> int:
    register = zlib.crc32(destination) ^ 0xFFFFFFFF  # reflected, before the final complement
    return int(f"{register & 63:06b}"[::-1], 2)


def expected(
    base: int, octets: bytes, end: int, *, good: bool, dribble: bool = False, symbol: bool = False
) -> list[Word]:
    """Return the words of a reception whose first octet's low nibble is sampled at ``base``, RX_DV low at ``end``."""
    kept = octets[:LONGEST]
    words = []
    for n in range(0, len(kept), 4):
        data = kept[n : n + 4]
        edge = base + 2 * (n + 4) - 1 if len(data) == 4 else end
        words.append(Word(edge, int.from_bytes(data, "little"), n == 0, False))
    mark = len(kept) << 16 | good << 6 | dribble << 7 | symbol << 8 | (len(octets) > LONGEST) << 9
    mark |= (b"\xff" * 6).startswith(kept[:6]) << 10
    mark |= bytes.fromhex("0180c2000001").startswith(kept[:6]) << 11
    mark |= bytes.fromhex("88080001").startswith(kept[12:16]) << 12
    if len(octets) > 6:
        mark |= hash_of(octets[:6])
    return [*words, Word(end + 1, mark, False, True)]


def check(words: list[Word], wanted: list[Word], *, with_good: bool = True) -> None:
    mask = 0xFFFFFFFF if with_good else 0xFFFFFFBF
    assert [w.edge for w in words] == [w.edge for w in wanted]
    for word, want in zip(words, wanted, strict=True):
        assert (word.is_first, word.is_end) == (want.is_first, want.is_end)
        care = mask if want.is_end else 0xFFFFFFFF
        assert hex(word.data & care) == hex(want.data & care)


@cocotb.test()
async def vectors(dut: Any) -> None:
    """Octets, length, good FCS, hash, and the edges at which they are handed over."""
    mac = await bench(dut)
    for frame, fcs in VECTORS.values():
        octets = frame + fcs
        base, words = await play(mac, wire(octets))
        check(words, expected(base + 16, octets, base + 16 + 2 * len(octets), good=True))
    octets = VECTORS["V1"][0] + NOT_AN_FCS  # octets fed from the wrong end
    base, words = await play(mac, wire(octets))
    check(words, expected(base + 16, octets, base + 16 + 2 * len(octets), good=False))


@cocotb.test()
async def every_length(dut: Any) -> None:
    """1 octet to beyond the cut, the FCS good where there is room for one; each with a dribble nibble too."""
    mac = await bench(dut)
    for octets in [*range(1, 70), 1518, 1519, 2046, 2047, 2048, 2049, 2100]:
        data = with_fcs(bytes(n * 5 & 255 for n in range(octets - 4))) if octets > 4 else bytes(range(1, octets + 1))
        for dribble in (False, True):
            base, words = await play(mac, [*wire(data), *([9] if dribble else [])])
            end = base + 16 + 2 * octets + dribble
            wanted = expected(base + 16, data, end, good=octets > 4, dribble=dribble)
            if octets <= 6:  # the hash of an earlier frame may still be there
                assert words[-1].data >> 6 == wanted[-1].data >> 6
                assert words[:-1] == wanted[:-1]
            else:
                check(words, wanted, with_good=octets <= LONGEST)


@cocotb.test()
async def preamble_and_sfd(dut: Any) -> None:
    """Any number of preamble nibbles before the SFD; without an SFD no trace; a damaged one is no SFD."""
    mac = await bench(dut)
    for preamble in [0, 1, 2, 7, 14, 15, 16, 40, 101]:
        header = [5] * (preamble + 1) + [13]
        base, words = await play(mac, wire(FRAME, header))
        first = base + len(header)
        check(words, expected(first, FRAME, first + 2 * len(FRAME), good=True))
    nothing: list[list[int]] = [[], [5], [13], [5] * 15, [13] * 8, [5] * 14 + [12], [5, 9, 13], [4, 13]]
    for header in nothing:
        _, words = await play(mac, [*header, *[0, 1, 2, 3] * 40])
        assert words == [], header
    base, words = await play(mac, wire(FRAME, [1, 2, 5, 3, 13, 5, 5, 13]))  # garbage first
    check(words, expected(base + 8, FRAME, base + 8 + 2 * len(FRAME), good=True))
    base, words = await play(mac, [*HEADER, 5])  # a nibble of data only
    assert words == []
    _, words = await play(mac, HEADER)
    assert words == []


@cocotb.test()
async def short_gaps(dut: Any) -> None:
    """Frames with one idle nibble between them are two frames."""
    mac = await bench(dut)
    for gap in (1, 2, 3, 12, 24):
        second = FRAME[:-6] + b"\0\1" + FRAME[-4:]
        base, words = await play(mac, [*wire(FRAME), *[None] * gap, *wire(second)])
        first_end = base + 16 + 2 * len(FRAME)
        start = first_end + gap + 16
        check(
            words,
            expected(base + 16, FRAME, first_end, good=True)
            + expected(start, second, start + 2 * len(second), good=False),
        )


@cocotb.test()
async def symbol_errors(dut: Any) -> None:
    """RX_ER counts from the octet after the SFD to the last nibble, dribble included; not before or after."""
    mac = await bench(dut)
    end = 16 + 2 * len(FRAME)
    for position in (0, 15, 16, 17, 50, end - 1, end, end + 1):
        base, words = await play(mac, wire(FRAME), (position,))
        check(words, expected(base + 16, FRAME, base + end, good=True, symbol=16 <= position < end))
    base, words = await play(mac, [*wire(FRAME), 3], (end,))
    check(words, expected(base + 16, FRAME, base + end + 1, good=True, dribble=True, symbol=True))


@cocotb.test()
async def receiver_off(dut: Any) -> None:
    """RX_EN low at any edge of a reception ends it without an end mark; a reception does not begin in its middle."""
    mac = await bench(dut)
    for off in (0, 3, 16, 17, 60, 16 + 2 * len(FRAME) - 1, 16 + 2 * len(FRAME)):
        base = mac.next_edge() + 4
        mac.play(base, [*wire(FRAME), *[None] * 30])
        seen_off = base + off
        await mac.edges(max(seen_off - SYNC - mac.next_edge(), 1))
        assert mac.next_edge() == max(seen_off - SYNC, base - 3)
        mac.set(rx_enable=0)
        await mac.edges(1)
        mac.set(rx_enable=1)
        await mac.edges(16 + 2 * len(FRAME) + 20)
        words = mac.words()
        complete = off >= 16 + 2 * len(FRAME)
        assert any(w.is_end for w in words) == complete, off
        if not complete:
            assert len(words) == max(0, (off - 16) // 8)


@cocotb.test()
async def blanking(dut: Any) -> None:
    """Half duplex: nothing is received from the own start until the carrier is gone, not even the rest of a frame."""
    mac = await bench(dut)
    mac.set(full_duplex=0, force_collision=1, attempt_limit=1, part1=0, part2=1)
    await mac.edges(8)
    mac.put_frame(VECTORS["V3"][0])
    for offset in (-100, -20, -3, 0, 10, 24, 30):
        start = mac.next_edge() + 8 + max(0, -offset)
        mac.request(start - SYNC)
        base = start + offset  # first nibble sampled
        mac.play(base, wire(FRAME))
        await mac.edges(start - mac.next_edge() + 16 + 2 * len(FRAME) + max(0, offset) + 40)
        words = mac.words()
        blank = range(start + 1 + SYNC, start + 24 + 1 + SYNC + 1 + SYNC)  # edges at which the receiver sees it
        begins_in_blank = base in blank or base - 1 in blank
        touched = any(base <= k < base + 16 + 2 * len(FRAME) for k in blank)
        assert any(w.is_end for w in words) == (not touched and not begins_in_blank), offset
        await mac.outcome()
        await mac.edges(40)
