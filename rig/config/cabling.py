"""The rules of a scenario's cables: every end exists, a port holds one cable, nothing goes round, speeds agree."""

from __future__ import annotations

from collections.abc import Iterator

from rig.config.scenario import Scenario
from rig.config.strict_yaml import Document, KeyPath
from rig.config.topology import HUB, STATION, SWITCH, End, Topology
from rig.config.validation import nearest
from rig.errors import ConfigError


def cabling_problems(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    """Give everything that is wrong with hubs, switches, routers and cables."""
    topology = Topology(scenario)
    yield from _names(document, scenario)
    problems = list(_ends(document, scenario, topology))
    yield from problems
    if problems:
        return
    yield from _attachments(document, scenario, topology)
    yield from _hub_ends(document, scenario, topology)
    yield from _loops(document, scenario, topology)
    for index, cable in enumerate(scenario.cables):
        latest_ns = 0
        for number, outage in enumerate(cable.outages):
            path: KeyPath = ("cables", index, "outages", number)
            if outage.from_ns < latest_ns or (outage.to_ns is not None and outage.to_ns <= outage.from_ns):
                yield document.error("outages stand in order of time, and end after they begin", path)
            latest_ns = outage.from_ns if outage.to_ns is None else outage.to_ns
            if outage.to_ns is None and number < len(cable.outages) - 1:
                yield document.error("nothing comes after a cut", path, expected="to_ns, or to be the last")


def _names(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    taken = {station.name: f"stations[{index}]" for index, station in enumerate(scenario.stations)}
    devices = [("hubs", index, hub.name) for index, hub in enumerate(scenario.hubs)]
    devices += [("switches", index, switch.name) for index, switch in enumerate(scenario.switches)]
    devices += [("routers", index, router.name) for index, router in enumerate(scenario.routers)]
    for key, index, name in devices:
        if name in taken:
            yield document.error(f"the name {name!r} is taken by {taken[name]}", (key, index, "name"))
        taken.setdefault(name, f"{key}[{index}]")
    taken |= {name: f"segments.{name}" for name in scenario.segments}
    for index, cable in enumerate(scenario.cables):
        if cable.given_name is not None:
            if cable.given_name in taken:
                problem = f"the name {cable.given_name!r} is taken by {taken[cable.given_name]}"
                yield document.error(problem, ("cables", index, "name"))
            taken.setdefault(cable.given_name, f"cables[{index}]")
    for index, switch in enumerate(scenario.switches):
        for number, port in enumerate(switch.half_duplex_ports):
            if port > switch.ports:
                path: KeyPath = ("switches", index, "half_duplex_ports", number)
                yield document.error("there is no such port", path, expected=f"1 to {switch.ports}", got=str(port))
    for index, router in enumerate(scenario.routers):
        names: set[str] = set()
        for number, interface in enumerate(router.interfaces):
            path = ("routers", index, "interfaces", number, "name")
            adapter = f"{router.name}-{interface.name}"
            if interface.name in names or adapter in taken:
                yield document.error(f"router {router.name!r} has an interface {interface.name!r} already", path)
            names.add(interface.name)


def _ends(document: Document, scenario: Scenario, topology: Topology) -> Iterator[ConfigError]:
    """Every end exists and holds one cable."""
    holds: dict[End, int] = {}
    for index, cable in enumerate(scenario.cables):
        for key, text in (("from", cable.near), ("to", cable.far)):
            path: KeyPath = ("cables", index, key)
            end = topology.end(text)
            if end is None:
                device = topology.hubs.get(text.split(".")[0]) or topology.switches.get(text.split(".")[0])
                if device is not None:
                    expected = f"{device.name}.1 to {device.name}.{device.ports}"
                    yield document.error(f"{device.name!r} has no port {text!r}", path, expected=expected)
                    continue
                names = topology.end_names()
                yield document.error(
                    f"there is nothing called {text!r} to plug a cable into", path,
                    expected="one of " + ", ".join(names), nearest=nearest(text, names),
                )  # fmt: skip
                continue
            if end in holds:
                problem = f"two cables in one port: {text} holds the end of cables[{holds[end]}] already"
                yield document.error(problem, path)
            holds.setdefault(end, index)


def _attachments(document: Document, scenario: Scenario, topology: Topology) -> Iterator[ConfigError]:
    """Every adapter is on a segment or at the end of a cable, and each station has something to do."""
    loaded = {load.station for load in scenario.load}
    paths: dict[str, KeyPath] = {station.name: ("stations", index) for index, station in enumerate(scenario.stations)}
    for index, router in enumerate(scenario.routers):
        for number, interface in enumerate(router.interfaces):
            paths[f"{router.name}-{interface.name}"] = ("routers", index, "interfaces", number)
    for adapter in scenario.adapters():
        path = paths[adapter.name]
        is_cabled = End(STATION, adapter.name) in topology.plugged
        if adapter.segment is None and not is_cabled:
            known = ", ".join(scenario.segments) or "no segment is defined"
            yield document.error(
                f"{adapter.name!r} is not connected to anything", path, expected=f"a cable, or segment: {known}"
            )
        elif adapter.segment is not None and is_cabled:
            cable, _ = topology.plugged[End(STATION, adapter.name)]
            problem = f"{adapter.name!r} is on segment {adapter.segment!r} and at the end of cable {cable.name} as well"
            yield document.error(problem, path)
        elif adapter.segment is not None and adapter.duplex is not None:
            yield document.error("the mode of a segment is that of all on it", (*path, "duplex"), expected="no duplex")
        if scenario.is_network and adapter.ip is None and adapter.name not in loaded:
            yield document.error(
                f"host {adapter.name!r} has no ip address and carries no load", path, expected="ip: 10.0.0.1/24, say"
            )


def _hub_ends(document: Document, scenario: Scenario, topology: Topology) -> Iterator[ConfigError]:
    """What is plugged into a hub is half duplex, and has the hub's one speed."""
    speeds: dict[str, tuple[int, str]] = {}
    for index, cable in enumerate(scenario.cables):
        for text in (cable.near, cable.far):
            end = topology.end(text)
            if end is None or end.kind != HUB:
                continue
            speed, first = speeds.setdefault(end.name, (cable.speed_mbps, cable.name))
            if speed != cable.speed_mbps:
                yield document.error(
                    f"hub {end.name!r} repeats at {speed} Mb/s, by cable {first}", ("cables", index, "speed_mbps"),
                    expected=str(speed), got=str(cable.speed_mbps),
                )  # fmt: skip
            _, other = topology.plugged[end]
            if other.kind == STATION and topology.adapters[other.name].duplex == "full":
                problem = (
                    f"{other.name!r} cannot be full duplex at hub {end.name!r}: whoever repeats must hear collisions"
                )
                yield document.error(problem, ("cables", index), expected="duplex: half, or a switch")


def _loops(document: Document, scenario: Scenario, topology: Topology) -> Iterator[ConfigError]:
    around = topology.loop(frozenset({HUB}))
    if around is not None:
        yield document.error(f"a loop through hubs: {_round(around)}; each would repeat to the other", ("cables",))
        return
    around = topology.loop(frozenset({HUB, SWITCH}))
    if around is not None and not scenario.allow_loops:
        yield document.error(
            f"a loop through switches: {_round(around)}; a broadcast would go round for ever", ("cables",),
            expected="no loop, or allow_loops: true to see the storm",
        )  # fmt: skip


def _round(names: list[str]) -> str:
    return " - ".join([*names, names[0]])
