"""The rules of real cables: what joins stations on hardware has a name, and two ends that say where they are."""

from __future__ import annotations

from collections.abc import Iterator

from rig.config.scenario import Scenario
from rig.config.strict_yaml import Document, KeyPath
from rig.errors import ConfigError


def real_cable_problems(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    """Give everything that is wrong with ``cable`` of segments, and ``interface`` and ``port`` of stations."""
    named: dict[str, str] = {}
    for name, segment in scenario.segments.items():
        if segment.cable is None:
            continue
        path: KeyPath = ("segments", name, "cable")
        if segment.cable in named:
            yield document.error(f"cable {segment.cable!r} is segment {named[segment.cable]!r} already", path)
        named.setdefault(segment.cable, name)
        on_it = [station for station in scenario.stations if station.segment == name]
        if len(on_it) != 2:
            problem = f"a cable has two ends, and {len(on_it)} stations are on segment {name!r}"
            yield document.error(problem, path, expected="two stations")
        if segment.duplex != "full" and any(station.port is None for station in on_it):
            yield document.error(
                "an interface of this machine is full duplex", ("segments", name, "duplex"),
                expected="full, or two boards on serial ports",
            )  # fmt: skip
    taken: dict[str, str] = {}
    for index, station in enumerate(scenario.stations):
        path = ("stations", index)
        where = station.interface or station.port
        cable = None if station.segment is None else scenario.segments[station.segment].cable
        if station.interface is not None and station.port is not None:
            yield document.error(
                "a board on a serial port has its jack on the board", (*path, "interface"), expected="port or interface"
            )
        if where is not None and station.far_end is not None:
            problem = (
                f"{station.name!r} is at {where}: only of a board that is simulated can be said what it is made of"
            )
            yield document.error(
                problem, (*path, "far_end"), expected=f"no far_end, or no {'port' if station.port else 'interface'}"
            )
        if station.port is not None and station.backend != "board":
            yield document.error("a serial port leads to a board", (*path, "port"), expected="backend: board")
        if where is None and cable is not None:
            yield document.error(
                f"nothing says where the end of cable {cable!r} at {station.name!r} is", path,
                expected="interface, or the port of a board",
            )  # fmt: skip
        elif where is not None and cable is None:
            yield document.error(
                f"{station.name!r} is at {where}, and no cable leads there", (*path, "interface" if station.interface
                else "port"), expected="a segment with cable: NAME",
            )  # fmt: skip
        if where is not None and where in taken:
            yield document.error(f"{where} is taken by station {taken[where]!r}", path)
        if where is not None:
            taken.setdefault(where, station.name)
