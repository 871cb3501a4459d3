"""Faults of the board link on the twin far end: nothing is lost, invented or done twice; and bugs would be found."""

from __future__ import annotations

import zlib
from random import Random

import pytest

import rig.link.device
import rig.link.frame
from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, ReadBlock, WriteBlock
from rig.boards.exercise import Tally, exercise
from rig.boards.faults import KINDS, RATES, SINGLE_FAULTS, FarEnd, clean_run, noise_row, single_row
from rig.build.board import play_on_twin
from rig.errors import LinkError, RigError

SEED = 7
BLOCK_OCTETS = 6144
BAUD = 3_000_000
OCTETS_PER_S = BAUD / 10


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", [*KINDS, "all"])
def test_noise_changes_nothing_but_the_time(kind: str, rate: float) -> None:
    clean = clean_run(play_on_twin, 300, SEED)
    row = noise_row(play_on_twin, kind, rate, 300, SEED, clean)
    assert row.is_passed, row
    assert row.transactions == 300


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
    row = single_row(play_on_twin, fault, SEED)
    assert row.is_passed, row


def goodput(rate: float, direction: str) -> float:
    """Return octets of blocks per second of device time, with three kinds of fault at this rate each."""

    async def work(bus: AdapterBus, address: int) -> None:
        for _ in range(25):
            if direction == "read":
                await bus.transaction([ReadBlock(address, BLOCK_OCTETS)])
            else:
                await bus.transaction([WriteBlock(address, bytes(range(256)) * (BLOCK_OCTETS // 256))])

    async def body(far_end: FarEnd) -> float:
        await far_end.bus.open()
        far_end.set_faults(rate, rate, rate)
        duration_ns = 0
        for _ in range(2):  # the first time the host gets to know the line
            began_ns = far_end.scheduler.now_ns
            tasks = [
                far_end.scheduler.spawn(work(far_end.bus, r.WIN_BUFFER + number * BLOCK_OCTETS)) for number in (0, 1)
            ]
            for task in tasks:
                await task
            duration_ns = far_end.scheduler.now_ns - began_ns
        return 50 * BLOCK_OCTETS * 1e9 / duration_ns

    return play_on_twin(body, seed=SEED)


@pytest.mark.requirement("LINK-3")
@pytest.mark.parametrize("direction", ["read", "write"])
def test_bursts_fill_the_line_and_goodput_falls_gracefully(direction: str) -> None:
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
        row = noise_row(play_on_twin, "all", 1e-3, 300, SEED, Tally())
    except RigError as error:
        assert isinstance(error, LinkError) or bug == "no_crc"
        return
    assert not row.is_passed, row
