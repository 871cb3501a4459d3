"""The node file: one host on the wall clock, the interface it uses, its addresses, and the services it offers.

``rig up`` runs the services; ``rig curl``, ``rig ping`` and ``rig nc`` use everything else of the file.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from rig.config.fields import HostName, InterfaceAddress, InterfaceName, Ipv4Address, MacAddress, Name, Port
from rig.config.scenario import TcpSettings
from rig.config.strict_yaml import Document, parse_document, read_document
from rig.config.validation import Strict, validate
from rig.errors import ConfigError


class NicInterface(Strict):
    """An interface that the host has: a USB adapter, a veth. ``speed_mbps`` and ``duplex``, together, are forced.

    ``promiscuous``: receive every frame. ``show_fcs``: ask the driver for the FCS and for frames with errors.
    """

    kind: Literal["nic"]
    name: InterfaceName
    speed_mbps: Literal[10, 100, 1000] | None = None
    duplex: Literal["half", "full"] | None = None
    promiscuous: bool = False
    show_fcs: bool = True


class TapInterface(Strict):
    """A TAP interface, made for the run: the host's own kernel is the peer, at ``host_ip`` if that is given."""

    kind: Literal["tap"]
    name: InterfaceName
    host_ip: InterfaceAddress | None = None


Interface = Annotated[NicInterface | TapInterface, Field(discriminator="kind")]


class RealCable(Strict):
    """The cable in the interface, and the node file of its other end, which must name it too. Beside the node file."""

    name: Name
    other: str


class HttpService(Strict):
    """A web server on a folder; what is PUT stays in memory. A relative ``folder`` is beside the node file."""

    port: Port = 80
    folder: str = "."


class EchoService(Strict):
    """Echo over TCP and UDP (RFC 862)."""

    port: Port = 7


class DnsService(Strict):
    """A name server for the names given here and no others."""

    port: Port = 53
    names: dict[HostName, Ipv4Address] = Field(default={})


class Services(Strict):
    """What a node offers."""

    http: HttpService | None = None
    echo: EchoService | None = None
    dns: DnsService | None = None


class NodeConfig(Strict):
    """A whole node file. ``mac`` is the node's own: not the one of the host's interface."""

    schema_version: Literal[1] = Field(alias="schema")
    name: Name
    interface: Interface
    mac: MacAddress
    ip: InterfaceAddress
    gateway: Ipv4Address | None = None
    dns: list[Ipv4Address] = Field(default=[], max_length=3)
    services: Services = Services()
    tcp: TcpSettings = TcpSettings()
    cable: RealCable | None = None


def load_node(path: Path) -> NodeConfig:
    """Read a node file; :class:`ConfigError` for whatever is wrong with the file or its content.

    The folder of the web server comes out absolute, and is there.
    """
    return _checked(read_document(path))


def parse_node(text: str, file: str) -> NodeConfig:
    """Like :func:`load_node` for text at hand; ``file`` appears in messages, and relative folders are beside it."""
    return _checked(parse_document(text, file))


def _checked(document: Document) -> NodeConfig:
    node = validate(document, NodeConfig)
    problems = [*_problems(document, node), *_cable_problems(document, node)]
    if problems:
        raise min(problems, key=lambda problem: problem.line or 0)
    http = node.services.http
    if http is None:
        return node
    folder = (Path(document.file).parent / http.folder).resolve()
    if not folder.is_dir():
        raise document.error(
            f"there is no folder {folder}", ("services", "http", "folder"), expected="a folder to serve files from"
        )
    services = node.services.model_copy(update={"http": http.model_copy(update={"folder": str(folder)})})
    return node.model_copy(update={"services": services})


def _problems(document: Document, node: NodeConfig) -> Iterator[ConfigError]:
    """Addresses fit each other; what goes together is together."""
    own = ipaddress.IPv4Interface(node.ip)
    if node.gateway is not None and ipaddress.IPv4Address(node.gateway) not in own.network:
        yield document.error(
            "the gateway is not in the node's network", ("gateway",), expected=f"an address in {own.network}",
            got=node.gateway,
        )  # fmt: skip
    if node.gateway == str(own.ip):
        yield document.error("the gateway is the node itself", ("gateway",), expected="another address")
    interface = node.interface
    if isinstance(interface, TapInterface):
        if interface.host_ip is not None:
            host = ipaddress.IPv4Interface(interface.host_ip)
            if host.network != own.network or host.ip == own.ip:
                yield document.error(
                    "the host's address is not a neighbour's", ("interface", "host_ip"),
                    expected=f"another address in {own.network}", got=interface.host_ip,
                )  # fmt: skip
    elif (interface.speed_mbps is None) != (interface.duplex is None):
        given = "speed_mbps" if interface.duplex is None else "duplex"
        yield document.error(
            f"{given} alone cannot be forced", ("interface", given), expected="speed_mbps and duplex, or neither"
        )
    ports = [
        (key, service.port)
        for key in ("http", "echo", "dns")
        if (service := getattr(node.services, key)) is not None
    ]  # fmt: skip
    for index, (key, port) in enumerate(ports):
        taken = next((other for other, its in ports[:index] if its == port), None)
        if taken is not None:
            yield document.error(f"port {port} is taken by services.{taken}", ("services", key, "port"))


def _cable_problems(document: Document, node: NodeConfig) -> Iterator[ConfigError]:
    """Both ends name one cable, and can talk to each other over it."""
    cable = node.cable
    if cable is None:
        return
    if isinstance(node.interface, TapInterface):
        yield document.error("no cable fits into a TAP interface", ("cable",), expected="interface: {kind: nic, ...}")
        return
    path = Path(document.file).parent / cable.other
    if not path.is_file():
        yield document.error(
            f"there is no file {path}", ("cable", "other"), expected="the node file of the cable's other end"
        )
        return
    other = validate(read_document(path), NodeConfig)
    there = "names no cable" if other.cable is None else f"is on cable {other.cable.name!r}"
    if other.cable is None or other.cable.name != cable.name:
        yield document.error(
            f"the other end, {path}, {there}", ("cable", "name"), expected="the same name at both ends", got=cable.name
        )
        return
    back = (path.parent / other.cable.other).resolve()
    if back != Path(document.file).resolve():
        yield document.error(
            f"the other end of cable {cable.name!r} in {path} is {back}", ("cable", "other"),
            expected="two files that name each other",
        )  # fmt: skip
    own, its = ipaddress.IPv4Interface(node.ip), ipaddress.IPv4Interface(other.ip)
    for what, key, is_wrong in (
        (f"the MAC address {node.mac}", "mac", node.mac == other.mac),
        (f"the address {own.ip}", "ip", own.ip == its.ip),
        (f"the name {node.name!r}", "name", node.name == other.name),
    ):
        if is_wrong:
            yield document.error(f"{what} is taken by the cable's other end, {path}", (key,))
    if its.ip not in own.network:
        yield document.error(
            f"{other.name!r}, at the cable's other end, has {other.ip}", ("ip",),
            expected="two addresses in one network", got=node.ip,
        )  # fmt: skip
    modes = [
        (each.interface.speed_mbps, each.interface.duplex)
        for each in (node, other)
        if isinstance(each.interface, NicInterface)
    ]
    if len(modes) == 2 and modes[0] != modes[1] and None not in (modes[0][0], modes[1][0]):
        yield document.error(
            f"{other.name!r}, at the cable's other end, is forced to {modes[1][0]} Mb/s {modes[1][1]} duplex",
            ("interface",), expected="one speed and one mode at both ends",
        )  # fmt: skip
