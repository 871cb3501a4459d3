"""The modelled serial line: its time, and that its faults are what their rates say."""

from __future__ import annotations

from random import Random

import pytest

from firmware_models.boards.serial_line import FaultInjector, LineDirection, LineFaults, SerialLine
from rig.errors import UsageError
from rig.runtime.virtual_time import VirtualTime


def test_octets_take_ten_bits_each_and_the_latency() -> None:
    kernel = VirtualTime()
    line = LineDirection(kernel, 1_000_000, latency_ns=500)
    arrived: list[tuple[int, bytes]] = []
    free: list[int] = []
    line.receiver = lambda octets: arrived.append((kernel.now_ns, octets))
    line.drained = lambda: free.append(kernel.now_ns)

    async def main() -> None:
        line.write(bytes(100))
        await kernel.sleep_until(2_000_000)
        line.write(b"ab")
        await kernel.sleep_until(3_000_000)

    kernel.run(main())
    assert arrived == [(640_500, bytes(64)), (1_000_500, bytes(36)), (2_020_500, b"ab")]
    assert free == [1_000_000, 2_020_000]


def test_a_cut_line_carries_nothing() -> None:
    kernel = VirtualTime()
    line = SerialLine(kernel, 1_000_000)
    arrived: list[bytes] = []
    line.to_board.receiver = arrived.append

    async def main() -> None:
        line.to_board.write(b"a")
        line.cut()
        await kernel.sleep_until(50_000)
        line.cut(False)
        line.to_board.write(b"b")
        await kernel.sleep_until(100_000)

    kernel.run(main())
    assert arrived == [b"b"]


@pytest.mark.parametrize("kind", ["flip", "drop", "double"])
def test_faults_come_as_often_as_their_rate(kind: str) -> None:
    injector = FaultInjector(LineFaults(**{kind: 0.01}), Random(4))
    sent = Random(5).randbytes(64 * 2000)
    arrived = b"".join(injector.pass_through(sent[at : at + 64]) for at in range(0, len(sent), 64))
    count = injector.counts[kind]
    assert sum(injector.counts.values()) == count
    assert abs(count - 1280) < 4 * 1280**0.5
    assert len(arrived) == len(sent) + {"flip": 0, "drop": -count, "double": count}[kind]
    if kind == "flip":
        assert sum((a ^ b).bit_count() for a, b in zip(sent, arrived, strict=True)) == count


def test_the_same_seed_gives_the_same_faults() -> None:
    runs = [FaultInjector(LineFaults(0.1, 0.1, 0.1), Random(1)).pass_through(bytes(range(256))) for _ in range(2)]
    assert runs[0] == runs[1] != bytes(range(256))


def test_impossible_lines_are_refused() -> None:
    with pytest.raises(UsageError, match="flip"):
        LineFaults(flip=1.5)
    with pytest.raises(UsageError, match="baud"):
        LineDirection(VirtualTime(), 0)
    with pytest.raises(UsageError, match="randomness"):
        SerialLine(VirtualTime(), 9600, faults=LineFaults(flip=0.1))
