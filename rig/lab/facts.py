"""What a run found out, looked at: the recorded files of a run folder, and the TCP segments in its capture."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from rig.errors import RigError
from rig.report.run_facts import Event, RunFacts, read_run
from rig.report.tcp_segments import SeenSegment, read_segments


class NoSuchFactError(RigError):
    """The run holds nothing of what was asked for; the message says what, in words of the protocol."""


class LabFacts:
    """The facts of one run, for queries. Only the run folder is read, so every backend gives the same."""

    def __init__(self, run: RunFacts) -> None:
        self.run = run

    @classmethod
    def read(cls, folder: Path) -> LabFacts:
        """Return the facts in a run folder; :class:`~rig.errors.UsageError` where it is not whole."""
        return cls(read_run(folder))

    @cached_property
    def segments(self) -> list[SeenSegment]:
        """Every TCP segment of the capture, in order of time."""
        return read_segments(self.run)

    def events(self, kind: str, station: str = "") -> list[Event]:
        """Return what the timeline holds of a kind, of one station or of all that are stations."""
        stations = (station,) if station else tuple(self.run.stations)
        return [event for event in self.run.of_kind(kind) if event.station in stations]

    def blocks(self, station: str) -> list[dict[str, Any]]:
        """Return the changes of control blocks of a station, in order of time."""
        return self._rows("block", station)

    def calls(self, station: str) -> list[dict[str, Any]]:
        """Return the socket calls of a station's programs, in order of their ends."""
        return self._rows("call", station)

    def station(self, name: str) -> dict[str, Any]:
        """Return what ``result.json`` holds of a station."""
        try:
            return self.run.stations[name]
        except KeyError:
            known = ", ".join(self.run.stations)
            raise NoSuchFactError(f"there is no station {name!r} in this run; there are {known}") from None

    def _rows(self, kind: str, station: str) -> list[dict[str, Any]]:
        self.station(station)
        return [row for row in self.run.sockets if row["kind"] == kind and row["station"] == station]
