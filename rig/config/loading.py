"""Load a scenario file and hold it to the rules that reach across keys.

Names exist, addresses differ, stations are on their segment, applications can find each other. Everything that can be
known to be wrong before a run is said here, with the line, so that building a world from a loaded scenario needs no
checks of its own.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path

from rig.config.cabling import cabling_problems
from rig.config.device import load_device
from rig.config.program import parse_step
from rig.config.real_cables import real_cable_problems
from rig.config.scenario import DnsServerApp, HttpServerApp, PowerEvent, ProgramApp, Scenario, Station
from rig.config.strict_yaml import Document, KeyPath, parse_document, read_document
from rig.config.validation import nearest, validate
from rig.errors import ConfigError

ROM_OCTETS = 32
_ROM_HEX = re.compile(rf"[0-9a-fA-F]{{{2 * ROM_OCTETS}}}")
_LOCALLY_ADMINISTERED = 0x02  # IEEE Std 802.3-2022 3.2.3: the second bit of the address


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; :class:`ConfigError` for whatever is wrong with the file or its content."""
    return _checked(read_document(path))


def parse_scenario(text: str, file: str) -> Scenario:
    """Like :func:`load_scenario` for text at hand; ``file`` appears in messages."""
    return _checked(parse_document(text, file))


def _checked(document: Document) -> Scenario:
    scenario = _with_devices(document, _with_roms(document, validate(document, Scenario)))
    problems = [*_names(document, scenario), *_segments(document, scenario), *_addresses(document, scenario)]
    problems += cabling_problems(document, scenario)
    if not problems:
        problems += real_cable_problems(document, scenario)
    problems += [*_apps(document, scenario), *_resolver(document, scenario), *_load_and_events(document, scenario)]
    if problems:
        raise min(problems, key=lambda problem: problem.line or 0)
    return scenario


def _with_roms(document: Document, scenario: Scenario) -> Scenario:
    """Return ``scenario`` with the content of each ROM image in place of the name of its file.

    Whether the content is intact is not judged here: a damaged ROM is for the driver to find.
    """
    stations = []
    for index, station in enumerate(scenario.stations):
        path: KeyPath = ("stations", index, "rom")
        if station.rom is None:
            if station.mac is None:
                raise document.error("the station has no address", path[:-1], expected="mac, or rom, or both")
        elif not _ROM_HEX.fullmatch(station.rom):
            file = Path(document.file).parent / station.rom
            try:
                image = file.read_bytes()
            except (OSError, ValueError) as err:  # ValueError: a NUL in the name
                reason = getattr(err, "strerror", None) or err
                raise document.error(f"the ROM image {file} cannot be read: {reason}", path) from err
            if len(image) != ROM_OCTETS:
                raise document.error(
                    f"{file} is no ROM image", path, expected=f"{ROM_OCTETS} octets", got=f"{len(image)} octets"
                )
            station = station.model_copy(update={"rom": image.hex()})
        if station.rom is not None and station.mac is not None and not int(station.mac[:2], 16) & _LOCALLY_ADMINISTERED:
            raise document.error(
                "beside a rom, mac replaces the address in it", ("stations", index, "mac"),
                expected="a locally administered address, such as 02:00:00:00:00:01", got=station.mac,
            )  # fmt: skip
        stations.append(station)
    return scenario.model_copy(update={"stations": stations})


def _with_devices(document: Document, scenario: Scenario) -> Scenario:
    """Return ``scenario`` with the paths of device files as this process finds them; what they hold is checked too."""

    def found(name: str | None, path: KeyPath) -> str | None:
        if name is None:
            return None
        file = Path(document.file).parent / name
        if not file.is_file():
            raise document.error(
                f"there is no device file {file}", path, expected="a path relative to the file that names it"
            )
        load_device(file)
        return str(file.resolve())

    stations = []
    for index, station in enumerate(scenario.stations):
        path: KeyPath = ("stations", index, "device")
        is_twin = station.backend in ("model", "nic") or (station.backend == "board" and station.far_end != "rtl")
        if station.device is not None and is_twin:
            raise document.error(
                "a device is an adapter in Verilog", path, expected="no device, or a station on the backend rtl",
                got=f"backend: {station.backend}",
            )  # fmt: skip
        stations.append(station.model_copy(update={"device": found(station.device, path)}))
    return scenario.model_copy(update={"stations": stations, "device": found(scenario.device, ("device",))})


def _names(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    """Every reference names something that exists; names are there once."""
    stations = [station.name for station in scenario.stations]
    seen: dict[str, int] = {}
    for index, name in enumerate(stations):
        path: KeyPath = ("stations", index, "name")
        if name in seen:
            yield document.error(f"the name {name!r} is taken by stations[{seen[name]}]", path)
        seen.setdefault(name, index)
    references: list[tuple[KeyPath, str]] = []
    references += [(("apps", index, "station"), app.station) for index, app in enumerate(scenario.apps)]
    references += [(("load", index, "station"), load.station) for index, load in enumerate(scenario.load)]
    for events_path, events in _lists_of_events(scenario):
        references += [((*events_path, index, "target"), event.target) for index, event in enumerate(events)]
    for path, name in references:
        if name not in seen:
            yield document.error(
                f"there is no station {name!r}", path, expected="one of " + ", ".join(seen), nearest=nearest(name, seen)
            )
    segments: list[tuple[KeyPath, str | None]] = [
        (("stations", index, "segment"), station.segment) for index, station in enumerate(scenario.stations)
    ]
    for index, router in enumerate(scenario.routers):
        for number, interface in enumerate(router.interfaces):
            segments.append((("routers", index, "interfaces", number, "segment"), interface.segment))
    for path, segment in segments:
        if segment is not None and segment not in scenario.segments:
            yield document.error(
                f"there is no segment {segment!r}",
                path,
                expected="one of " + ", ".join(scenario.segments),
                nearest=nearest(segment, scenario.segments),
            )


def _segments(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    """Stations are on their segment; a full-duplex link has two ends; no segment is empty."""
    members: dict[str, list[Station]] = {name: [] for name in scenario.segments}
    paths: dict[str, KeyPath] = {station.name: ("stations", index) for index, station in enumerate(scenario.stations)}
    for station in scenario.adapters():
        segment = scenario.segments.get(station.segment or "")
        if segment is None:
            continue
        members[station.segment or ""].append(station)
        path = paths.get(station.name, ("routers",))
        if station.position_bits > segment.delay_bits:
            yield document.error(
                "the station is beyond the end of its segment",
                (*path, "position_bits"),
                expected=f"0 to {segment.delay_bits}, which is delay_bits of segment {station.segment!r}",
                got=str(station.position_bits),
            )
        period_ns = 4_000 // segment.speed_mbps
        if station.phase_ns is not None and station.phase_ns >= period_ns:
            yield document.error(
                "the phase is not within one MII clock period",
                (*path, "phase_ns"),
                expected=f"0 to {period_ns - 1}",
                got=str(station.phase_ns),
            )
    for name, segment in scenario.segments.items():
        count = len(members[name])
        if segment.line == "10base-t" and (segment.speed_mbps, segment.duplex, count) != (10, "half", 2):
            yield document.error(
                "a 10base-t line joins exactly two stations, at 10 Mb/s and half duplex",
                ("segments", name, "line"),
                expected="speed_mbps: 10, duplex: half, two stations",
                got=f"{segment.speed_mbps} Mb/s, {segment.duplex} duplex, {count} stations",
            )
        if segment.duplex == "full" and count != 2:
            yield document.error(
                "a full-duplex segment joins exactly two stations",
                ("segments", name, "duplex"),
                expected="'half', or two stations",
                got=f"{count} stations",
            )
        elif count < 2:
            yield document.error(
                "the segment has too few stations", ("segments", name), expected="at least 2", got=str(count)
            )


def _address_in_rom(station: Station) -> str:
    """Return the first 6 octets of the station's ROM, which are its address if the ROM is intact."""
    assert station.rom is not None
    return ":".join(station.rom[index : index + 2] for index in range(0, 12, 2)).lower()


def _addresses(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    """MAC and IP addresses are there once; a gateway is reachable."""
    macs: dict[str, str] = {}
    ips: dict[str, str] = {}
    paths: dict[str, KeyPath] = {station.name: ("stations", index) for index, station in enumerate(scenario.stations)}
    for index, router in enumerate(scenario.routers):
        for number, each in enumerate(router.interfaces):
            paths[f"{router.name}-{each.name}"] = ("routers", index, "interfaces", number)
    for station in scenario.adapters():
        path = paths[station.name]
        address = station.mac or _address_in_rom(station)
        if address in macs:
            problem = f"the MAC address {address} is taken by station {macs[address]!r}"
            yield document.error(problem, (*path, "rom" if station.mac is None else "mac"))
        macs.setdefault(address, station.name)
        if station.ip is None:
            if station.gateway is not None:
                yield document.error("a gateway without an own address", (*path, "gateway"), expected="ip")
            continue
        interface = ipaddress.IPv4Interface(station.ip)
        if str(interface.ip) in ips:
            problem = f"the address {interface.ip} is taken by station {ips[str(interface.ip)]!r}"
            yield document.error(problem, (*path, "ip"))
        ips.setdefault(str(interface.ip), station.name)
        if station.gateway is not None and ipaddress.IPv4Address(station.gateway) not in interface.network:
            yield document.error(
                "the gateway is not in the station's network",
                (*path, "gateway"),
                expected=f"an address in {interface.network}",
                got=station.gateway,
            )


def _apps(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    """Applications run on stations with an address, and every client has a server that offers what it asks for."""
    known = {station.name: station for station in scenario.stations}
    servers: dict[tuple[str, int], str] = {}
    for index, app in enumerate(scenario.apps):
        if app.station in known and known[app.station].ip is None:
            yield document.error(
                f"station {app.station!r} has no ip, so no application can run on it", ("apps", index, "station")
            )
        if isinstance(app, HttpServerApp):
            key = (app.station, app.args.port)
            if key in servers:
                problem = f"port {app.args.port} of station {app.station!r} already has a server"
                yield document.error(problem, ("apps", index, "args", "port"))
            servers.setdefault(key, app.args.path)
    for index, app in enumerate(scenario.apps):
        if isinstance(app, HttpServerApp):
            continue
        if isinstance(app, ProgramApp):
            hosts = {name for name, each in known.items() if each.ip is not None}
            yield from _program(document, index, app, hosts, scenario.resolver is not None)
            continue
        if isinstance(app, DnsServerApp):
            yield from _name_server(document, index, app, scenario)
            continue
        args = app.args
        ports = [port for station, port in servers if station == args.server]
        path: KeyPath = ("apps", index, "args")
        if not ports:
            offering = sorted({station for station, _ in servers})
            yield document.error(
                f"no http-server runs on {args.server!r}",
                (*path, "server"),
                expected="one of " + ", ".join(offering) if offering else "an app of kind http-server",
                nearest=nearest(args.server, offering),
            )
        elif args.port not in ports:
            yield document.error(
                f"no http-server listens on port {args.port} of {args.server!r}",
                (*path, "port"),
                expected=" or ".join(map(str, ports)),
            )
        elif servers[args.server, args.port] != args.path:
            offered = servers[args.server, args.port]
            problem = f"the server on {args.server!r} has no resource {args.path!r}"
            yield document.error(problem, (*path, "path"), expected=repr(offered), nearest=offered)
        if args.server == app.station:
            yield document.error("the client and its server are on one station", (*path, "server"))
    if not scenario.clients() and all(program.args.background for program in scenario.programs()):
        yield document.error(
            "no application ever ends", ("apps",), expected="an app of kind http-get or http-put, or a program"
        )


def _program(
    document: Document, index: int, app: ProgramApp, hosts: set[str], has_resolver: bool
) -> Iterator[ConfigError]:
    """A program calls stations that have an address, and looks names up where there is somebody to ask."""
    for number, line in enumerate(app.args.steps):
        step = parse_step(line)
        if step.verb == "look-up" or (step.verb in ("connect", "send-to") and "." in step.other):
            if not has_resolver:
                yield document.error(
                    f"nobody can be asked for {step.other!r}", ("apps", index, "args", "steps", number),
                    expected="resolver: {servers: [...]} in the scenario",
                )  # fmt: skip
        elif step.verb in ("connect", "send-to") and step.other not in hosts:
            yield document.error(
                f"there is no station {step.other!r} with an address",
                ("apps", index, "args", "steps", number),
                expected="one of " + ", ".join(sorted(hosts)),
                nearest=nearest(step.other, hosts),
            )


def _name_server(document: Document, index: int, app: DnsServerApp, scenario: Scenario) -> Iterator[ConfigError]:
    """One name server is on a station; what its aliases lead to is no chain without end."""
    path: KeyPath = ("apps", index)
    if any(isinstance(other, DnsServerApp) and other.station == app.station for other in scenario.apps[:index]):
        yield document.error(f"station {app.station!r} already has a name server", (*path, "station"))
    names = app.args.names
    for name in names:
        seen, end = {name}, names[name][0]
        while end in names and end not in seen:
            seen.add(end)
            end = names[end][0]
        if end in seen:
            problem = f"the aliases of {name!r} lead back to {end!r}"
            yield document.error(problem, (*path, "args", "names", name), expected="an address at their end")


def _resolver(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    """The resolver asks stations that have an address."""
    hosts = [station.name for station in scenario.stations if station.ip is not None]
    for index, server in enumerate(scenario.resolver.servers if scenario.resolver else ()):
        if server not in hosts:
            yield document.error(
                f"there is no station {server!r} with an address", ("resolver", "servers", index),
                expected="one of " + ", ".join(hosts), nearest=nearest(server, hosts),
            )  # fmt: skip


def _load_and_events(document: Document, scenario: Scenario) -> Iterator[ConfigError]:
    """Events are in order of time and make sense one after the other; a station carries one load."""
    loaded: set[str] = set()
    for index, load in enumerate(scenario.load):
        if load.station in loaded:
            yield document.error(f"station {load.station!r} already carries a load", ("load", index, "station"))
        loaded.add(load.station)
        if load.stop_ns is not None and load.stop_ns <= load.start_ns:
            path = ("load", index, "stop_ns")
            yield document.error("the load stops before it starts", path, expected=f"more than {load.start_ns}")
    for at, events in _lists_of_events(scenario):
        yield from _events(document, at, events)


def _lists_of_events(scenario: Scenario) -> Iterator[tuple[KeyPath, list[PowerEvent]]]:
    """Yield the events of the file, and those that replace them on a backend."""
    yield ("events",), scenario.events
    for name, override in scenario.backends.items():
        if override.events is not None:
            yield ("backends", name, "events"), override.events


def _events(document: Document, path: KeyPath, events: list[PowerEvent]) -> Iterator[ConfigError]:
    latest_ns = 0
    off: set[str] = set()
    for index, event in enumerate(events):
        if event.at_ns < latest_ns:
            expected = f"at least {latest_ns}"
            yield document.error(
                "events stand in order of time", (*path, index, "at_ns"), expected=expected, got=str(event.at_ns)
            )
        latest_ns = max(latest_ns, event.at_ns)
        if (event.action == "power-off") == (event.target in off):
            state = "off" if event.target in off else "on"
            problem = f"the power of {event.target!r} is {state} already"
            yield document.error(problem, (*path, index, "action"), got=repr(event.action))
        (off.add if event.action == "power-off" else off.discard)(event.target)
