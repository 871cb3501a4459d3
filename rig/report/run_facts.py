"""Read a run folder back: what the page and every picture are made from.

Only the files are read, never a live object, so that a run in a simulator, on a board or of another day gives the same
page. The shapes are those that ``docs/run_folder.md`` states.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.errors import UsageError, WireError
from rig.wire.pcap import PcapngReader

MEDIUM = "medium"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of ``timeline.json``; ``station`` may be ``medium``, times are in ns."""

    t_ns: int
    end_ns: int
    station: str
    kind: str
    frame_id: int | None = None
    attempt: int | None = None
    slots: int | None = None
    collision_bit: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured frame: first bit of preamble in ns, the tap (the station that sent it), octets with FCS."""

    t_ns: int
    tap: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Everything a run folder holds. ``result`` and ``environment`` are the JSON objects themselves."""

    folder: Path
    result: dict[str, Any]
    environment: dict[str, Any]
    bit_time_ns: int
    events: tuple[Event, ...]
    frames: tuple[Frame, ...]
    sockets: tuple[dict[str, Any], ...] = ()
    """The rows of ``sockets.json``, where the scenario asked for them."""
    bus: tuple[dict[str, Any], ...] = ()
    """The rows of ``bus.json``, where the scenario asked for them."""

    @property
    def stations(self) -> dict[str, dict[str, Any]]:
        """Return the stations by name, in the order of the scenario."""
        stations: dict[str, dict[str, Any]] = self.result["stations"]
        return stations

    @property
    def media(self) -> tuple[str, ...]:
        """Return the names of what collisions happen on: one medium, or the segments, hubs and cables of a network."""
        network = self.result.get("network")
        return (MEDIUM,) if network is None else tuple(network["media"])

    def count_collisions(self) -> int:
        """Return how many collisions there were: in a domain of several hubs, as many as the hub that saw most."""
        seen = Counter(event.station for event in self.of_kind("collision"))
        network = self.result.get("network")
        domains = [[MEDIUM]] if network is None else network["domains"]
        return sum(max(seen[medium] for medium in domain) for domain in domains)

    def of_kind(self, kind: str) -> list[Event]:
        """Return the events of one kind, in order of time."""
        return [event for event in self.events if event.kind == kind]


def read_run(folder: Path) -> RunFacts:
    """Return what ``folder`` holds; :class:`UsageError` where it is no run folder, or one that is not whole."""
    result = _read_json(folder / "result.json")
    timeline = _read_json(folder / "timeline.json")
    environment = _read_json(folder / "environment.json") if (folder / "environment.json").exists() else {}
    try:
        events = tuple(Event(**event) for event in timeline["events"])
        bit_time_ns = int(timeline["bit_time_ns"])
    except (KeyError, TypeError, ValueError) as err:
        raise UsageError(f"{folder / 'timeline.json'} has not the shape of a timeline: {err!r}") from err
    frames = _read_frames(folder / "wire.pcapng")
    sockets, bus = _read_rows(folder / "sockets.json"), _read_rows(folder / "bus.json")
    return RunFacts(folder, result, environment, bit_time_ns, events, frames, sockets, bus)


def _read_rows(path: Path) -> tuple[dict[str, Any], ...]:
    return tuple(_read_json(path)["rows"]) if path.exists() else ()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise UsageError(f"{path.parent} is no complete run folder: {path.name}: {err.strerror}") from err
    except ValueError as err:
        raise UsageError(f"{path} is not JSON: {err}") from err
    if not isinstance(value, dict):
        raise UsageError(f"{path} holds no JSON object")
    return value


def _read_frames(path: Path) -> tuple[Frame, ...]:
    try:
        with path.open("rb") as file:
            reader = PcapngReader(file)
            frames = [
                Frame(packet.time_ns, reader.interfaces[packet.interface].name, packet.octets) for packet in reader
            ]
    except OSError as err:
        raise UsageError(f"{path.parent} is no complete run folder: {path.name}: {err.strerror}") from err
    except WireError as err:
        raise UsageError(f"{path}: {err}") from err
    return tuple(sorted(frames, key=lambda frame: frame.t_ns))
