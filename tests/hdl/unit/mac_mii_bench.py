"""The Python side of ``mac_mii_bench.v``: schedules by edge number, and what came out as values.

Runs inside the simulator. Every call leaves the simulation 1 ns after an edge, so that a write reaches the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cocotb.triggers import FallingEdge, First, Timer, ValueChange

EDGE_NS = 40
HEADER = [5] * 15 + [0xD]
SYNC = 2
"""Edges from the first that samples a pin or the request to the one that acts on it."""

DEFAULTS = {
    "full_duplex": 0, "rx_enable": 1, "sqe_test": 0, "late_retry": 1, "defer_forever": 1, "no_backoff": 0,
    "force_collision": 0, "part1": 16, "part2": 8, "jam_nibbles": 8, "attempt_limit": 16, "backoff_limit": 10,
    "slot_nibbles": 128, "seed": 1, "pad": 1, "fcs": 1, "control": 0, "words_there": 512, "chain": 0, "own_carrier": 1,
    "crs_schedule": 0, "col_schedule": 0, "inject_count": 0, "request_edge": -1, "pause_quanta": 0,
    "rx_nibbles": 0, "rx_dv_schedule": 0, "rx_er_schedule": 0,
}  # fmt: skip


def nibbles_of(octets: bytes) -> list[int]:
    """Return the nibbles of octets in the order of the wire."""
    return [nibble for octet in octets for nibble in (octet & 15, octet >> 4)]


def with_fcs(frame: bytes) -> bytes:
    return frame + zlib.crc32(frame).to_bytes(4, "little")


def wire_nibbles(frame: bytes, *, pad: bool = True) -> list[int]:
    """Return the nibbles of a transmission of ``frame`` (no FCS), from the first of the preamble on."""
    return HEADER + nibbles_of(with_fcs(frame.ljust(60, b"\0") if pad else frame))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One transmission: edges of its start and end, what was on TXD after each edge in between."""

    start: int
    end: int
    waiting: int
    nibbles: list[int]
    errors: list[int]
    is_collided: bool
    slots: int | None
    number: int
    collision: int
    jam: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the MAC reports of a frame; the edge at which it did."""

    edge: int
    ok: bool
    collisions: int
    deferred: bool
    excessive_deferral: bool
    excessive_collisions: bool
    carrier_error: bool
    sqe_missing: bool
    underrun: bool
    late_collisions: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word that the receiver handed over."""

    edge: int
    data: int
    is_first: bool
    is_end: bool


class MacBench:
    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.outcomes = 0

    async def reset(self) -> None:
        """Set every knob to its default and put the MAC through a reset."""
        dut = self.dut
        for name, value in DEFAULTS.items():
            getattr(dut, name).value = value
        dut.rst.value = 1
        await self.edges(4)
        dut.request.value = 0
        dut.inject_next.value = 0
        await self.edges(4)
        dut.rst.value = 0
        await self.edges(4)
        self.outcomes = self.get("outcomes")

    def set(self, **knobs: int) -> None:
        for name, value in knobs.items():
            getattr(self.dut, name).value = value

    def get(self, name: str) -> int:
        value = getattr(self.dut, name).value
        return value.to_signed() if hasattr(value, "to_signed") and len(value) == 32 else int(value)

    async def edges(self, count: int) -> None:
        """Let ``count`` edges pass."""
        await FallingEdge(self.dut.clk)
        if count > 1:
            await Timer((count - 1) * EDGE_NS, "ns")
        await Timer(EDGE_NS // 2 + 1, "ns")

    def next_edge(self) -> int:
        """Return the number of the next edge."""
        return self.get("edge_number")

    def put_frame(self, frame: bytes) -> None:
        self.set(frame=int.from_bytes(frame, "little"), octets=len(frame))

    def request(self, edge: int | None = None) -> int:
        """Ask for a transmission; return the edge at which the MAC sees it."""
        edge = self.next_edge() + 2 if edge is None else edge
        self.set(request_edge=edge)
        return edge + SYNC

    async def until(self, *signals: str, edges: int = 100_000) -> None:
        """Wait until one of the signals changes; an AssertionError after ``edges``."""
        fired = await First(*(ValueChange(getattr(self.dut, name)) for name in signals), Timer(edges * EDGE_NS, "ns"))
        assert not isinstance(fired, Timer), f"{signals} did not change in {edges} edges"
        await Timer(1, "ns")

    async def attempt(self) -> Attempt:
        """Wait for the end of the present or next transmission."""
        await self.until("attempts")
        count = self.get("sent_count")
        sent, errors = self.get("sent"), self.get("sent_error")
        return Attempt(
            self.get("start_edge"), self.get("end_edge"), self.get("waiting_edge"),
            [sent >> 4 * n & 15 for n in range(count)], [errors >> n & 1 for n in range(count)],
            bool(self.get("was_collided")), self.get("drawn_slots") if self.get("drawn") else None,
            self.get("attempt_number"), self.get("collision_edge"), self.get("jam_edge"),
        )  # fmt: skip

    async def outcome(self) -> Outcome:
        """Wait for the MAC to finish with the frame, unless it has already."""
        while self.get("outcomes") == self.outcomes:
            await self.until("outcomes")
        self.outcomes += 1
        word = self.get("last_outcome")
        flags = [bool(word >> bit & 1) for bit in range(17)]
        return Outcome(
            self.get("served_edge"), flags[0], word >> 1 & 31, flags[6], flags[7], flags[8], flags[9], flags[10],
            flags[11], word >> 12,
        )  # fmt: skip

    def schedule(self, name: str, edge: int, edges_high: list[int]) -> None:
        """Let the pin ``name`` (crs, col) be sampled high at these edges, ``edge`` being the first of the schedule."""
        self.set(**{f"{name}_base": edge, f"{name}_schedule": sum(1 << (k - edge) for k in edges_high)})

    def play(self, edge: int, nibbles: Sequence[int | None], errors: tuple[int, ...] = ()) -> None:
        """Let the receiver sample these nibbles from ``edge`` on; None = RX_DV low; ``errors``: positions of RX_ER."""
        self.set(
            rx_base=edge,
            rx_nibbles=sum((n or 0) << 4 * k for k, n in enumerate(nibbles)),
            rx_dv_schedule=sum(1 << k for k, n in enumerate(nibbles) if n is not None),
            rx_er_schedule=sum(1 << k for k in errors),
            pushes=0,
        )

    def words(self) -> list[Word]:
        """Return what the receiver has handed over since :meth:`play`."""
        count = self.get("pushes")
        pushed, edges = self.get("pushed"), self.get("push_edges")
        return [
            Word(edges >> 32 * n & 0xFFFFFFFF, pushed >> 34 * n & 0xFFFFFFFF, bool(pushed >> 34 * n + 32 & 1),
                 bool(pushed >> 34 * n + 33 & 1))
            for n in range(count)
        ]  # fmt: skip
