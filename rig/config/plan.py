"""A plan of a scenario's network: devices and what joins them, as plain JSON values, for pictures and lists."""

from __future__ import annotations

from typing import Any

from rig.config.network import Router
from rig.config.scenario import Scenario, Station
from rig.config.topology import STATION, End, Topology


def plan_of(scenario: Scenario) -> dict[str, Any]:
    """Return ``{devices: [{name, kind, words}], links: [{a, b, a_port, b_port, words, mode, is_wrong}]}``.

    Devices are of kind segment, hub, switch, router or station; segments and cables without a link are there too.
    """
    topology = Topology(scenario)
    owners = {f"{router.name}-{each.name}": router.name for router in scenario.routers for each in router.interfaces}
    devices: list[dict[str, Any]] = []
    for name, segment in scenario.segments.items():
        words = f"{segment.delay_bits} bit times" if segment.cable is None else f"cable {segment.cable}"
        devices.append(_device(name, "segment", f"{segment.speed_mbps} Mb/s, {words}"))
    devices += [_device(hub.name, "hub", f"hub, {hub.ports} ports") for hub in scenario.hubs]
    devices += [_device(switch.name, "switch", f"switch, {switch.ports} ports") for switch in scenario.switches]
    for router in scenario.routers:
        addresses = ", ".join(each.ip.split("/")[0] for each in router.interfaces)
        devices.append(_device(router.name, "router", addresses))
    for station in scenario.stations:
        devices.append(_device(station.name, "station", station.ip or "no address"))
    links: list[dict[str, Any]] = []
    for adapter in scenario.adapters():
        if adapter.segment is not None:
            owner = owners.get(adapter.name, adapter.name)
            links.append(
                {
                    "a": owner, "b": adapter.segment, "a_port": _port(adapter.name, owner), "b_port": "",
                    "words": f"at {adapter.position_bits}", "mode": scenario.segments[adapter.segment].duplex,
                    "is_wrong": False,
                }
            )  # fmt: skip
    for cable, near, far in topology.ends:
        modes = {"full" if topology.is_full_duplex(end) else "half" for end in (near, far)}
        has_link = cable.wiring is None or (cable.wiring == "straight") == topology.needs_straight(near, far)
        words = "" if cable.given_name is None else f"{cable.given_name}: "
        words += f"{cable.length_m:g} m {cable.kind}, {cable.speed_mbps} Mb/s"
        if not has_link:
            words += ", no link"
        if cable.bit_error_rate:
            words += f", bit errors {cable.bit_error_rate:g}"
        if cable.outages:
            words += ", bad contact" if cable.outages[-1].to_ns is not None else ", cut"
        names = [owners.get(end.name, end.name) for end in (near, far)]
        links.append(
            {
                "a": names[0], "b": names[1], "a_port": _end_port(near, names[0]),
                "b_port": _end_port(far, names[1]), "words": words,
                "mode": modes.pop() if len(modes) == 1 else "mismatch", "is_wrong": not has_link or bool(modes),
            }
        )  # fmt: skip
    return {"devices": devices, "links": links}


def places_of(scenario: Scenario) -> dict[str, str]:
    """Say of each station and router that names a backend, an interface or a port which: ``board at /dev/ttyUSB0``."""
    places: dict[str, str] = {}
    devices: list[Station | Router] = [*scenario.stations, *scenario.routers]
    for device in devices:
        where = (device.port or device.interface) if isinstance(device, Station) else None
        backend = device.backend or ("nic" if where else "")
        words = f"{backend} at {where}" if where else backend
        if words:
            places[device.name] = words
    return places


def _device(name: str, kind: str, words: str) -> dict[str, Any]:
    return {"name": name, "kind": kind, "words": words}


def _end_port(end: End, owner: str) -> str:
    if end.kind == STATION:
        return _port(end.name, owner)
    return str(end.port)


def _port(adapter: str, owner: str) -> str:
    """Return the interface of a router; a station has one only."""
    return "" if adapter == owner else adapter.removeprefix(f"{owner}-")
