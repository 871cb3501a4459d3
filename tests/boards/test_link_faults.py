"""Faults of the board link on the twin far end: nothing is lost, invented or done twice; and bugs would be found."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from random import Random

import pytest

import rig.link.device
import rig.link.frame
from rig.boards.burst import Direction, measure_burst
from rig.boards.exercise import Tally, exercise
from rig.boards.faults import (
    ALL_KINDS,
    HIGHEST_RATE,
    KINDS,
    RATES,
    Choice,
    FaultCase,
    Played,
    fault_table,
    play_on_twins,
)
from rig.boards.single_faults import SINGLE_FAULTS
from rig.build.board import DEFAULT_BAUD, TwinFarEnd, play_on_twin
from rig.build.far_end import FarEnd
from rig.errors import RigError, UsageError

SEED = 7
OCTETS_PER_S = DEFAULT_BAUD / 10
BLOCKS = 25


def play(case: FaultCase) -> Played:
    (played,) = play_on_twins([case])
    return played


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", [*KINDS, ALL_KINDS])
def test_noise_changes_nothing_but_the_time(kind: str, rate: float) -> None:
    played = play(FaultCase(kind, rate, 300, SEED))
    assert played.tally.is_faultless and not played.problem, played
    assert played.tally.transactions == 300
    assert played.octets_hit or rate == min(RATES)


@pytest.mark.requirement("LINK-1")
def test_twenty_thousand_transactions_on_a_noisy_line() -> None:
    async def body(far_end: FarEnd) -> Tally:
        await far_end.bus.open()
        far_end.set_faults(1e-4, 1e-4, 1e-4)
        return await exercise(far_end.scheduler, far_end.bus, Random(SEED), 20_000)

    tally = play_on_twin(body, seed=SEED)
    assert tally.transactions == 20_000
    assert tally.is_faultless, tally


@pytest.mark.requirement("LINK-2")
@pytest.mark.parametrize("fault", SINGLE_FAULTS)
def test_what_happens_once(fault: str) -> None:
    played = play(FaultCase(fault, seed=SEED))
    assert played.tally.is_faultless and not played.problem, played
    assert played.tally.transactions >= 7


@pytest.mark.parametrize(
    ("method", "fault", "problem"),
    [
        ("cut", "long cut of the line in mid burst", "did not fail"),
        ("reset", "board reset in mid burst", "did not fail"),
        ("unplug", "unplugged, replugged under another name", "did not fail"),
        ("plug", "unplugged, replugged under another name", "did not come back in"),
        ("stick_irq", "interrupt stuck high", "the line is stuck at 1, the host sees 0"),
        ("stick_irq", "interrupt stuck low", "the line is stuck at 0, the host sees 1"),
    ],
)
def test_a_fault_that_does_not_happen_is_noticed(
    method: str, fault: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TwinFarEnd, method, lambda *_: None)
    assert problem in play(FaultCase(fault, seed=SEED)).problem


def test_the_table_adds_up_its_parts() -> None:
    seen: list[FaultCase] = []

    def player(cases: Sequence[FaultCase]) -> Iterator[Played]:
        seen.extend(cases)
        for case in cases:
            tally = Tally(transactions=case.transactions or 7, wrong_reads=case.seed % 2, began_ns=5)
            tally.ended_ns = 5 + tally.transactions * (100_000 if case.fault == "none" else 115_000)
            yield Played(tally, octets_hit=case.seed)

    (noise,) = fault_table(player, Choice(100, seed=4, words=("flip",), rate=1e-4, portion=40))
    assert [(case.fault, case.transactions, case.seed) for case in seen] == [
        ("none", 40, 4), ("flip", 40, 4), ("flip", 40, 5), ("flip", 20, 6),
    ]  # fmt: skip
    assert (noise.transactions, noise.octets_hit, noise.wrong_reads) == (100, 15, 1)
    assert (noise.device_time_ms, noise.clean_time_ms, noise.time_ratio) == (11.5, 10, 1.15)
    assert not noise.is_passed
    assert [row.fault for row in fault_table(player, Choice(40, words=("stuck", "garbage")))] == [
        "garbage before the greeting", "interrupt stuck high", "interrupt stuck low",
    ]  # fmt: skip
    assert len(list(fault_table(player, Choice(40)))) == 21


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        (Choice(40, words=("flop",)), "no fault is called flop; there are: flip, drop, double, all, garbage"),
        (Choice(40, words=("garbage",), rate=1e-4), "no fault is called garbage; there are: flip, drop, double, all$"),
        (Choice(40, rate=0.5), f"a fault rate of 0.5 per octet; use more than 0, up to {HIGHEST_RATE}"),
    ],
)
def test_rows_that_are_not_there(choice: Choice, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        choice.rows()


def goodput(rate: float, direction: Direction) -> float:
    """Return octets of blocks per second of device time, with three kinds of fault at this rate each."""

    async def body(far_end: FarEnd) -> float:
        await far_end.bus.open()
        far_end.set_faults(rate, rate, rate)
        return (await measure_burst(far_end, direction, count=BLOCKS, warm_up=BLOCKS)).data_octets_per_s

    return play_on_twin(body, seed=SEED)


@pytest.mark.requirement("LINK-3")
@pytest.mark.parametrize("direction", ["read", "write"])
def test_bursts_fill_the_line_and_goodput_falls_gracefully(direction: Direction) -> None:
    clean = goodput(0, direction)
    assert clean >= 0.9 * OCTETS_PER_S
    assert goodput(1e-5, direction) >= 0.85 * clean
    assert goodput(1e-4, direction) >= 0.5 * clean
    assert goodput(1e-3, direction) >= 0.1 * clean


@pytest.mark.parametrize("bug", ["no_crc", "executes_duplicates", "forgets_the_sequence"])
def test_the_exercise_finds_planted_bugs(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if bug == "no_crc":
        real = rig.link.frame.Frame.parse

        def parse(piece: bytes) -> rig.link.frame.Frame:
            octets = rig.link.frame.cobs.decode(piece) if len(piece) > 1 else b""
            if 12 <= len(octets) <= 2048:
                body = octets[:6] + (len(octets) - 12).to_bytes(2, "little") + octets[8:-4]
                piece = rig.link.frame.cobs.encode(body + zlib.crc32(body).to_bytes(4, "little"))
            return real(piece)

        def lenient(piece: bytes) -> rig.link.frame.Frame:
            try:
                return parse(piece)
            except rig.link.frame.cobs.DecodeError:
                return real(piece)

        monkeypatch.setattr(rig.link.frame.Frame, "parse", staticmethod(lenient))
    elif bug == "executes_duplicates":

        def replay(self: rig.link.device.DeviceSession, sequence: int) -> None:
            """Take the duplicate for the next request, and give its reply the old number."""
            self._sequence = sequence
            self._is_executing = True
            self._command = rig.link.device.Command(self._last_operations)  # type: ignore[attr-defined]

        real_batch = rig.link.device.DeviceSession._batch

        def batch(self: rig.link.device.DeviceSession, frame: rig.link.frame.Frame) -> None:
            if frame.payload:
                self._last_operations = tuple(  # type: ignore[attr-defined]
                    rig.link.device.parse_batch(frame.payload)[0]
                )
            real_batch(self, frame)

        monkeypatch.setattr(rig.link.device.DeviceSession, "_batch", batch)
        monkeypatch.setattr(rig.link.device.DeviceSession, "_replay", replay)
    else:

        def any_order(self: rig.link.device.DeviceSession, frame: rig.link.frame.Frame) -> None:
            self._sequence = frame.sequence
            self._expected = frame.sequence + 1 & 0xFF
            self._is_executing = True
            self._command = rig.link.device.Command(tuple(rig.link.device.parse_batch(frame.payload)[0]))

        monkeypatch.setattr(rig.link.device.DeviceSession, "_batch", any_order)
    try:
        played = play(FaultCase(ALL_KINDS, 1e-3, 300, SEED))
    except RigError:
        assert bug == "no_crc", "what the link lets through then may be any operation"
        return
    assert played.problem or not played.tally.is_faultless, played
