"""The recorder's text: each kind of line, and what is wrong with a damaged one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.adapter.recorder import MEDIUM, TimelineEvent, WireFrame
from rig.backends.rtl_records import read_records
from rig.errors import ToolError

NAMES = ("client", "server")


def test_each_line_is_an_event_or_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "records.txt"
    path.write_text(
        "event backoff 1 7320 12440 1 1 1 -1\n"
        "event collision 0 6680 6680 3 2 -1 32\n"
        "event collision -1 6367 7320 -1 -1 -1 -1\n"
        "event irq 0 10 30 -1 -1 -1 -1\n"
        "frame 1 8567 0200ff\n"
    )
    timeline = read_records(path, NAMES)
    assert timeline.events == [
        TimelineEvent(7320, 12440, "server", "backoff", 1, 1, slots=1),
        TimelineEvent(6680, 6680, "client", "collision", 3, 2, collision_bit=32),
        TimelineEvent(6367, 7320, MEDIUM, "collision"),
        TimelineEvent(10, 30, "client", "irq"),
    ]
    assert timeline.frames == [WireFrame(8567, "server", b"\x02\x00\xff")]


@pytest.mark.parametrize(
    "line",
    [
        "event irq 0 10 30 -1 -1 -1",
        "event irq 0 10 x -1 -1 -1 -1",
        "event irq 2 10 30 -1 -1 -1 -1",
        "frame 0 10 020",
        "frame 0 10",
        "note 1",
    ],
)
def test_a_damaged_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "records.txt"
    path.write_text(f"event irq 0 10 30 -1 -1 -1 -1\n{line}\n")
    with pytest.raises(ToolError, match=r"records\.txt:2"):
        read_records(path, NAMES)


def test_a_missing_file_is_the_simulators_fault(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no record"):
        read_records(tmp_path / "records.txt", NAMES)
