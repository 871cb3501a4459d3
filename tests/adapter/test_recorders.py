"""Recorded facts: the one order of a timeline, and the tap on a bus."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from rig.adapter.bus import Operation, Read32, ReadBlock, Result, Write32, WriteBlock
from rig.adapter.bus_recorder import CANCELLED, BusRecord, RecordingBus, name_of
from rig.adapter.recorder import MEDIUM, Timeline, TimelineEvent, WireFrame
from rig.adapter.regmap import load
from rig.errors import BusError
from rig.runtime.kernel import Cancelled
from rig.runtime.virtual_time import VirtualTime


def test_a_timeline_has_one_order() -> None:
    events = [
        TimelineEvent(0, 5, "a", "transmit", 1, 1),
        TimelineEvent(0, 5, "a", "transmit", 2, 1),
        TimelineEvent(0, 5, "b", "defer", 1, 1),
        TimelineEvent(0, 9, "a", "receive"),
        TimelineEvent(3, 3, "a", "collision", 1, 1, collision_bit=12),
        TimelineEvent(3, 4, MEDIUM, "collision"),
    ]
    timeline = Timeline()
    for event in reversed(events):
        timeline.add(event)
    assert timeline.sorted_events() == events
    for frame in (WireFrame(7, "a", b"x"), WireFrame(2, "b", b"y"), WireFrame(2, "a", b"z")):
        timeline.add_frame(frame)
    assert [frame.octets for frame in timeline.sorted_frames()] == [b"z", b"y", b"x"]


def test_an_event_is_written_without_what_is_not_known() -> None:
    event = TimelineEvent(1, 2, "a", "backoff", frame_id=3, attempt=1, slots=0)
    assert event.to_json() == {
        "t_ns": 1, "end_ns": 2, "station": "a", "kind": "backoff", "frame_id": 3, "attempt": 1, "slots": 0,
    }  # fmt: skip


class EchoBus:
    """Answers every read with its address; refuses address 0."""

    def __init__(self, kernel: VirtualTime) -> None:
        self.irq = kernel.event()
        self.kernel = kernel

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        await self.kernel.sleep_until(self.kernel.now_ns + 100)
        results: list[Result] = []
        for index, operation in enumerate(operations):
            if operation.address == 0:
                raise BusError("refused", index=index, address=0)
            if isinstance(operation, Read32):
                results.append(operation.address)
            else:
                results.append(bytes(operation.octets) if isinstance(operation, ReadBlock) else None)
        return results


def test_a_tap_tells_of_every_transaction() -> None:
    kernel = VirtualTime()
    records: list[BusRecord] = []
    bus = RecordingBus(kernel, EchoBus(kernel), records.append)
    batch = [Read32(0x10), Write32(0x1C, 5), ReadBlock(0x4100, 4), WriteBlock(0x90, b"\x01\x02\x03\x04")]

    async def main() -> None:
        assert await bus.transaction(batch) == [0x10, None, bytes(4), None]
        with pytest.raises(BusError):
            await bus.transaction([Read32(0)])
        task = kernel.spawn(bus.transaction([Read32(4)]))
        await kernel.sleep_until(kernel.now_ns + 10)
        task.cancel()
        with pytest.raises(Cancelled):
            await task

    kernel.run(main())
    assert [(record.t_ns, record.end_ns) for record in records] == [(0, 100), (100, 200), (200, 210)]
    assert records[2].error == CANCELLED
    assert json.loads(json.dumps(records[0].to_json())) == {
        "t_ns": 0,
        "end_ns": 100,
        "operations": [
            {"op": "read32", "address": 0x10, "value": 0x10},
            {"op": "write32", "address": 0x1C, "value": 5},
            {"op": "read_block", "address": 0x4100, "octets": 4, "data": "00000000"},
            {"op": "write_block", "address": 0x90, "octets": 4, "data": "01020304"},
        ],
    }
    assert records[0].describe(load()) == [
        "0 ns: read  CTRL = 0x00000010",
        "0 ns: write INT_MASK = 0x00000005",
        "0 ns: read  BUFFER+0x0100, 4 octets",
        "0 ns: write TX_PAGE[1], 4 octets",
    ]
    assert "operation 0 of the batch, address 0x0000: refused" in records[1].describe(load())[-1]
    assert records[1].to_json()["operations"] == [{"op": "read32", "address": 0, "value": None}]


def test_names_of_addresses() -> None:
    regmap = load()
    assert [name_of(regmap, address) for address in (0x8C, 0xBC, 0x204, 0x6C)] == [
        "TX_STATUS[0]", "TX_STATUS[3]", "COUNTERS+0x0004", "0x006C",
    ]  # fmt: skip
