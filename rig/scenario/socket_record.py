"""What the sockets of all hosts did, written down as it happens: the calls of programs, the control blocks after each.

A row stands for a change, so idle time adds none. A control block keeps its number from the call that makes it, or the
SYN that does, to the end of TIME-WAIT, whatever descriptor names it. The shapes are in ``docs/run_folder.md``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from rig.scenario.program import Call
from rig.sockets import SocketLibrary
from rig.stack.netstat import NetstatRow

UNSET = "*:*"
GONE = "gone"
HEAD_OCTETS = 54
"""Kept of a lost frame: the headers of Ethernet, IPv4 and TCP without options."""


@dataclass(slots=True)
class _HostBlocks:
    """The control blocks of one host: the number of each, by handle and by names, and its last row."""

    library: SocketLibrary
    by_handle: dict[int, int] = field(default_factory=dict)
    by_names: dict[tuple[str, str, str], int] = field(default_factory=dict)
    last: dict[int, dict[str, Any]] = field(default_factory=dict)


class SocketRecord:
    """Collects the rows of one run."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._hosts: dict[str, _HostBlocks] = {}
        self._numbers = count(1)

    def watch(self, station: str, library: SocketLibrary) -> None:
        """Know the descriptor table of a host."""
        self._hosts[station] = _HostBlocks(library)

    def note_call(self, station: str, call: Call) -> None:
        """Note a call that is over, and what it changed."""
        self.look(station, call.end_ns)
        self.rows.append({"t_ns": call.end_ns, "station": station, "kind": "call", **_without_end(call)})

    def note_loss(self, station: str, direction: str, frame: bytes, now_ns: int) -> None:
        """Note that a frame was lost between a station's adapter and its stack; ``head`` are its first octets."""
        row = {"t_ns": now_ns, "station": station, "kind": "lost", "direction": direction, "octets": len(frame)}
        self.rows.append({**row, "head": frame[:HEAD_OCTETS].hex()})

    def look(self, station: str, now_ns: int) -> None:
        """Note what has changed in the control blocks of a host since the last look."""
        host = self._hosts[station]
        stack = host.library.stack
        descriptors = {row.handle: row.descriptor for row in host.library.descriptors().values()}
        variables = {(each.local, each.foreign): each for each in stack.tcp_variables()}
        present: set[int] = set()
        for row in stack.netstat():
            number = self._number(host, row)
            present.add(number)
            fields: dict[str, Any] = {
                "block": number,
                "descriptor": None if row.handle is None else descriptors.get(row.handle),
                "protocol": row.protocol, "local": row.local, "foreign": row.foreign, "state": row.state,
                "receive_queue": row.receive_queue, "send_queue": row.send_queue,
            }  # fmt: skip
            connection = variables.get((row.local, row.foreign)) if row.protocol == "tcp" else None
            if connection is not None:
                fields |= {key: value for key, value in asdict(connection).items() if key not in ("local", "foreign")}
            if host.last.get(number) != fields:
                host.last[number] = fields
                self.rows.append({"t_ns": now_ns, "station": station, "kind": "block", **fields})
        for number in sorted(host.last.keys() - present):
            del host.last[number]
            host.by_handle = {handle: each for handle, each in host.by_handle.items() if each != number}
            host.by_names = {names: each for names, each in host.by_names.items() if each != number}
            self.rows.append({"t_ns": now_ns, "station": station, "kind": "block", "block": number, "state": GONE})

    def _number(self, host: _HostBlocks, row: NetstatRow) -> int:
        """Return the number of a row's block: of its handle, else of its names, else a new one."""
        names = (row.protocol, row.local, row.foreign)
        number = host.by_handle.get(row.handle) if row.handle is not None else None
        if number is None and row.foreign != UNSET:
            number = host.by_names.get(names)
        if number is None:
            number = next(self._numbers)
        if row.handle is not None:
            host.by_handle[row.handle] = number
        if row.foreign != UNSET:
            host.by_names[names] = number
        return number


def _without_end(call: Call) -> dict[str, Any]:
    return {key: value for key, value in asdict(call).items() if key != "end_ns"}
