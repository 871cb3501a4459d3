"""The run folder: ``runs/<number>/`` and ``runs/latest``. Its files are described in ``docs/run_folder.md``.

``result.json``, ``timeline.json`` and ``wire.pcapng`` hold facts only, so the same scenario, seed and versions give the
same octets. What belongs to the day and the machine is in ``environment.json``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rig.adapter.recorder import MEDIUM, Timeline
from rig.config.scenario import Scenario
from rig.config.topology import Topology
from rig.errors import UsageError
from rig.units import bit_time_ns
from rig.wire.pcap import PcapngWriter

T = TypeVar("T")

SCHEMA = 1
LATEST = "latest"
FCS_OCTETS = 4


def new_run_folder(runs: Path) -> Path:
    """Make the next numbered folder in ``runs``; safe against others that do the same at the same time."""
    return _at(runs, lambda: _next_folder(runs))


def point_latest(folder: Path) -> None:
    """Let ``runs/latest`` point to ``folder``; at no time is it missing or half there."""
    link = folder.parent / LATEST
    temporary = folder.parent / f".{LATEST}-{folder.name}"

    def replace() -> None:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(folder.name, target_is_directory=True)
        temporary.replace(link)

    _at(link, replace)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people and programs; the same value gives the same octets."""
    _at(path, lambda: path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"))


def write_timeline(folder: Path, scenario: Scenario, timeline: Timeline) -> None:
    """Write ``timeline.json``."""
    topology = Topology(scenario)
    speed_mbps = min(topology.link(station).speed_mbps for station in scenario.stations)
    events = [event.to_json() for event in timeline.sorted_events()]
    write_rows(folder / "timeline.json", "events", events, bit_time_ns=bit_time_ns(speed_mbps))


def write_rows(path: Path, name: str, rows: Sequence[Any], **head: Any) -> None:
    """Write ``head`` and, under ``name``, ``rows`` as JSON: one a line, so that ``diff`` compares two runs."""
    fields = "".join(f'"{key}": {json.dumps(value)}, ' for key, value in {"schema": SCHEMA, **head}.items())
    lines = ",\n".join(json.dumps(row) for row in rows)
    _at(path, lambda: path.write_text(f'{{{fields}"{name}": [\n{lines}\n]}}\n', encoding="utf-8"))


def write_capture(folder: Path, scenario: Scenario, timeline: Timeline) -> None:
    """Write ``wire.pcapng``: one interface a station, with the frames that it sent, FCS included."""

    def write() -> None:
        topology = Topology(scenario)
        with (folder / "wire.pcapng").open("wb") as file:
            writer = PcapngWriter(file)
            taps = {
                station.name: writer.add_interface(
                    station.name,
                    fcs_octets=FCS_OCTETS,
                    speed_bps=topology.link(station).speed_mbps * 1_000_000,
                )
                for station in scenario.adapters()
            }
            for frame in timeline.sorted_frames():
                if frame.station not in taps:
                    continue  # what a switch sends has been sent by a station before
                writer.write_packet(taps[frame.station], frame.t_ns, frame.octets)

    _at(folder / "wire.pcapng", write)


def count_medium(
    timeline: Timeline, domains: Sequence[Sequence[str]] = ((MEDIUM,),), adapters: Collection[str] | None = None
) -> dict[str, int]:
    """Return how often the media carried what: collisions, jams, retransmissions by MACs.

    In a domain of several hubs a collision is one, though each of them sees it: the hub that saw most counts.
    Where ``adapters`` are named, what hubs and switches repeat does not count again.
    """
    own = [event for event in timeline.events if adapters is None or event.station in adapters]
    collisions = Counter(event.station for event in timeline.events if event.kind == "collision")
    return {
        "frames": sum(adapters is None or frame.station in adapters for frame in timeline.frames),
        "collisions": sum(max(collisions[medium] for medium in domain) for domain in domains),
        "jams": sum(event.kind == "jam" for event in own),
        "mac_retransmissions": sum(event.kind == "transmit" and (event.attempt or 1) > 1 for event in own),
        "deferrals": sum(event.kind == "defer" for event in own),
    }


def _next_folder(runs: Path) -> Path:
    runs.mkdir(parents=True, exist_ok=True)
    while True:
        taken = [int(path.name) for path in runs.iterdir() if path.name.isdecimal()]
        folder = runs / str(max(taken, default=0) + 1)
        try:
            folder.mkdir()
        except FileExistsError:
            continue  # somebody else was faster
        return folder


def _at(path: Path, act: Callable[[], T]) -> T:
    """Do something to the file system; :class:`UsageError` names ``path`` if it does not allow it."""
    try:
        return act()
    except OSError as err:
        raise UsageError(
            f"{path} cannot be written: {err.strerror}; is the folder yours, and the disk not full?"
        ) from err
