"""The story of a run that went wrong: bus operations, frames and states, in order, only the last of each kind."""

from __future__ import annotations

import pytest

from rig.adapter.bus import Operation, Read32, ReadBlock, Result, Write32, WriteBlock
from rig.errors import BusError
from rig.runtime.kernel import Event
from rig.runtime.virtual_time import VirtualTime
from rig.scenario.story import KEPT, Story, StoryBus, describe_frame
from rig.stack.netstat import NetstatRow
from tests.report.sample_run import transfer


class OneShotBus:
    def __init__(self, results: list[Result] | BusError) -> None:
        self.irq = Event()
        self._results = results

    async def transaction(self, operations: object) -> list[Result]:
        if isinstance(self._results, BusError):
            raise self._results
        return self._results


def row(state: str) -> NetstatRow:
    return NetstatRow("tcp", "10.0.0.1:5", "10.0.0.2:80", state, 0, 0, 1)


def test_operations_are_told_with_their_results() -> None:
    kernel = VirtualTime()
    story = Story(kernel)
    operations: list[Operation] = [
        Read32(0x10),
        Write32(0x1C, 0xFF),
        ReadBlock(0x4000, 64),
        WriteBlock(0x90, bytes(8)),
    ]
    bus = StoryBus(OneShotBus([0x2A, None, bytes(64), None]), story, "left")
    kernel.run(bus.transaction(operations))
    (line,) = story.lines()
    assert line.endswith(
        "read CTRL = 0x2a; write INT_MASK = 0xff; read 64 octets at BUFFER+0x0; write 8 octets at TX_PAGE[1]"
    )
    assert "left" in line


def test_a_refused_operation_is_told_and_raised() -> None:
    kernel = VirtualTime()
    story = Story(kernel)
    error = BusError("refused", index=0, address=0x9000)
    with pytest.raises(BusError):
        kernel.run(StoryBus(OneShotBus(error), story, "left").transaction([Read32(0x9000)]))
    assert "read 0x9000 => BusError:" in story.lines()[0]


def test_states_are_told_when_they_change() -> None:
    story = Story(VirtualTime())
    for state in ("SYN_SENT", "SYN_SENT", "ESTABLISHED"):
        story.note_states("left", [row(state)])
    story.note_states("left", [])
    told = [line.split(": ")[-1] for line in story.lines()]
    assert told == ["(new) -> SYN_SENT", "SYN_SENT -> ESTABLISHED", "ESTABLISHED -> (gone)"]


def test_only_the_last_of_each_kind_are_kept_in_order() -> None:
    story = Story(VirtualTime())
    story.note("state", "left", "first")
    for number in range(KEPT + 5):
        story.note("bus", "left", f"operation {number}")
    lines = story.lines()
    assert len(lines) == KEPT + 1
    assert lines[0].endswith("first")
    assert lines[1].endswith("operation 5")


def test_frames_are_told_in_a_line() -> None:
    told = [describe_frame(octets[:-4]) for _, _, octets in transfer(1).frames]
    assert told[0] == "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP 10.0.0.1 who has 10.0.0.2"
    assert "TCP 50000 > 80 SYN seq=1000000" in told[2]


@pytest.mark.parametrize("length", [0, 13, 14, 30, 40])
def test_damaged_frames_are_told_too(length: int) -> None:
    assert describe_frame(transfer(1).frames[2][2][:length])
