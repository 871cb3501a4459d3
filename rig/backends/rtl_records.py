"""Read the text that ``hdl/sim/recorder_model.v`` writes: the timeline of a simulation, from Verilog signals only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rig.adapter.recorder import MEDIUM, Timeline, TimelineEvent, WireFrame
from rig.errors import ToolError

NOT_APPLICABLE = -1
EVENT_FIELDS = 8
FRAME_FIELDS = 3


def read_records(path: Path, names: Sequence[str]) -> Timeline:
    """Return what was recorded; ``names`` are the stations in the order of the bench.

    :class:`~rig.errors.ToolError` with the line if the file is missing or cut short.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise ToolError(f"the simulator has left no record at {path}: {error.strerror}") from error
    timeline = Timeline()
    for number, line in enumerate(lines, start=1):
        kind, *fields = line.split()
        try:
            if kind == "event" and len(fields) == EVENT_FIELDS:
                timeline.add(_event(fields, names))
            elif kind == "frame" and len(fields) == FRAME_FIELDS:
                timeline.add_frame(WireFrame(int(fields[1]), names[int(fields[0])], bytes.fromhex(fields[2])))
            else:
                raise ValueError(f"{len(fields)} fields after {kind!r}")
        except (ValueError, IndexError) as error:
            raise ToolError(f"{path}:{number}: not a record: {error}", last_lines=line) from error
    return timeline


def _event(fields: Sequence[str], names: Sequence[str]) -> TimelineEvent:
    station, t_ns, end_ns, frame_id, attempt, slots, collision_bit = (int(field) for field in fields[1:])
    return TimelineEvent(
        t_ns,
        end_ns,
        MEDIUM if station == NOT_APPLICABLE else names[station],
        fields[0],
        _known(frame_id),
        _known(attempt),
        _known(slots),
        _known(collision_bit),
    )


def _known(value: int) -> int | None:
    return None if value == NOT_APPLICABLE else value
