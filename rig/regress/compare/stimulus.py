"""What both sides are given: stations on a segment, and episodes of traffic on them, as data that a file can hold.

An *episode* begins when everything is quiet: each of its stations writes its set-up, sends frames at given times, and
when all is quiet again its registers are read. An episode therefore hardly depends on those before it, so most of
them can be left out without changing what the others do; that is what makes a difference small quickly.

Times within an episode are ns from its beginning, which is a multiple of :data:`EPISODE_GRID_NS`: the phases of all
clocks are then the same whatever came before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rig.errors import ConfigError

SCHEMA = 1
EPISODE_GRID_NS = 4_000
"""A multiple of the bus clock's slot wheel (80 ns) and of a nibble at either speed (40 and 400 ns)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A station on the segment: its address, its place in bit times, and the phase of its MII clock."""

    mac: bytes
    position_bits: int
    phase_ns: int


@dataclass(frozen=True, slots=True)
class Send:
    """Put a frame into ``slot`` at ``at_ns``, or as soon after it as the slot is free, and command it.

    The frame is ``head``, filled up to ``octets`` with seeded noise; what is longer than ``octets`` is in the buffer,
    and is not sent.
    """

    at_ns: int
    slot: int
    head: bytes
    octets: int
    fill: int = 0

    def frame(self) -> bytes:
        """Return what is written to the buffer."""
        return self.head + Random(self.fill).randbytes(max(0, self.octets - len(self.head)))


@dataclass(frozen=True, slots=True)
class Poke:
    """Write registers in one batch at ``at_ns``."""

    at_ns: int
    writes: tuple[tuple[int, int], ...]


Step = Send | Poke


@dataclass(frozen=True, slots=True)
class Part:
    """What one station does in an episode.

    ``setup`` is written first: pairs of address and value. ``service_delay_ns``: from an interrupt to its service.
    ``reads_frames``: the service reads the ring as a driver does, or only releases what is in it.
    """

    station: int
    setup: tuple[tuple[int, int], ...]
    steps: tuple[Step, ...] = ()
    service_delay_ns: int = 0
    reads_frames: bool = True


@dataclass(frozen=True, slots=True)
class Episode:
    """Traffic from quiet to quiet. It lasts ``bits`` bit times at least."""

    bits: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Everything that decides what happens; ``seed`` also says what overlapping signals look like."""

    seed: int
    speed_mbps: int
    full_duplex: bool
    places: tuple[Place, ...]
    episodes: tuple[Episode, ...]

    def count_steps(self) -> int:
        """Return how many sends and pokes there are."""
        return sum(len(part.steps) for episode in self.episodes for part in episode.parts)

    def count_stations(self) -> int:
        """Return how many stations do anything."""
        return len({part.station for episode in self.episodes for part in episode.parts})

    def to_json(self) -> dict[str, Any]:
        """Return the object that :func:`from_json` reads."""
        return {
            "schema": SCHEMA,
            "seed": self.seed,
            "speed_mbps": self.speed_mbps,
            "full_duplex": self.full_duplex,
            "stations": [
                {"mac": place.mac.hex(":"), "position_bits": place.position_bits, "phase_ns": place.phase_ns}
                for place in self.places
            ],
            "episodes": [
                {"bits": episode.bits, "parts": [_part_to_json(part) for part in episode.parts]}
                for episode in self.episodes
            ],
        }

    def write(self, path: Path) -> None:
        """Write a file that :func:`read_stimulus` reads."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")


def station_name(index: int) -> str:
    """Return what a station is called in a timeline."""
    return f"s{index}"


def read_stimulus(path: Path) -> Stimulus:
    """Read a file that :meth:`Stimulus.write` has written; :class:`~rig.errors.ConfigError` if it is none."""
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"is no stimulus of rig compare: {error!r}", file=str(path)) from error


def from_json(value: dict[str, Any]) -> Stimulus:
    """Return the stimulus of :meth:`Stimulus.to_json`; :class:`ValueError` or :class:`KeyError` if it is none."""
    if value["schema"] != SCHEMA:
        raise ValueError(f"schema {value['schema']!r}, expected {SCHEMA}")
    places = tuple(
        Place(bytes.fromhex(each["mac"].replace(":", "")), each["position_bits"], each["phase_ns"])
        for each in value["stations"]
    )
    episodes = tuple(
        Episode(each["bits"], tuple(_part_from_json(part) for part in each["parts"])) for each in value["episodes"]
    )
    for part in (part for episode in episodes for part in episode.parts):
        if not 0 <= part.station < len(places):
            raise ValueError(f"station {part.station} of {len(places)}")
    return Stimulus(value["seed"], value["speed_mbps"], value["full_duplex"], places, episodes)


def _part_to_json(part: Part) -> dict[str, Any]:
    return {
        "station": part.station,
        "setup": [list(pair) for pair in part.setup],
        "service_delay_ns": part.service_delay_ns,
        "reads_frames": part.reads_frames,
        "steps": [_step_to_json(step) for step in part.steps],
    }


def _step_to_json(step: Step) -> dict[str, Any]:
    if isinstance(step, Poke):
        return {"at_ns": step.at_ns, "writes": [list(pair) for pair in step.writes]}
    return {
        "at_ns": step.at_ns, "slot": step.slot, "head": step.head.hex(), "octets": step.octets, "fill": step.fill,
    }  # fmt: skip


def _part_from_json(value: dict[str, Any]) -> Part:
    return Part(
        value["station"],
        _pairs(value["setup"]),
        tuple(_step_from_json(step) for step in value["steps"]),
        value["service_delay_ns"],
        value["reads_frames"],
    )


def _step_from_json(value: dict[str, Any]) -> Step:
    if "writes" in value:
        return Poke(value["at_ns"], _pairs(value["writes"]))
    return Send(value["at_ns"], value["slot"], bytes.fromhex(value["head"]), value["octets"], value["fill"])


def _pairs(value: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((address, word) for address, word in value)
