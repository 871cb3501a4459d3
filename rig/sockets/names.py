"""``getaddrinfo`` and its older relations, over a resolver: what the standard module's functions of names return.

All addresses are IPv4. Services are numbers or names of a short table, so that a result does not depend on the files of
the machine. Errors are :class:`socket.gaierror` and, for ``gethostbyaddr``, :class:`socket.herror`.
"""

from __future__ import annotations

import socket
from typing import Any

from rig.sockets.resolver import LOOPBACK, Resolver
from rig.wire.address import format_ipv4, parse_ipv4

SERVICES = {
    "echo": 7,
    "ftp": 21,
    "ssh": 22,
    "telnet": 23,
    "smtp": 25,
    "domain": 53,
    "http": 80,
    "pop3": 110,
    "ntp": 123,
    "imap": 143,
    "https": 443,
    "submission": 587,
}
_TYPES = (
    (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    (socket.SOCK_RAW, socket.IPPROTO_IP),
)
HOST_NOT_FOUND = 1

AddressRow = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]


async def address_info(
    resolver: Resolver,
    host: str | bytes | None,
    port: str | bytes | int | None,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
) -> list[AddressRow]:
    """Return what ``socket.getaddrinfo`` does for these arguments."""
    if family not in (socket.AF_UNSPEC, socket.AF_INET):
        raise socket.gaierror(socket.EAI_FAMILY, "ai_family not supported: only AF_INET here")
    number = _port(port, flags)
    kinds = [(kind, protocol) for kind, protocol in _TYPES if type in (0, kind) and proto in (0, protocol)]
    if not kinds:
        raise socket.gaierror(socket.EAI_SOCKTYPE, "ai_socktype not supported")
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name is None and port is None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known: neither host nor port is given")
    if not name:
        addresses = ["0.0.0.0" if flags & socket.AI_PASSIVE else LOOPBACK]
    elif flags & socket.AI_NUMERICHOST:
        addresses = [_numeric(name)]
    else:
        addresses = await resolver.addresses(name)
    rows: list[AddressRow] = []
    for address in addresses:
        for kind, protocol in kinds:
            canonical = (name or "") if flags & socket.AI_CANONNAME and not rows else ""
            rows.append((socket.AF_INET, kind, protocol, canonical, (address, number)))
    return rows


async def host_address(resolver: Resolver, name: str) -> str:
    """Return the first address of a name, ``0.0.0.0`` of the empty one, as ``connect`` and ``bind`` take it."""
    if not name:
        return "0.0.0.0"
    if name == "<broadcast>":
        return "255.255.255.255"
    return (await resolver.addresses(name))[0]


def host_by_address(resolver: Resolver, address: str) -> tuple[str, list[str], list[str]]:
    """Return (name, aliases, addresses) from the hosts table; ``socket.herror`` where it has none. Asks nobody."""
    names = resolver.names(address)
    if not names:
        raise socket.herror(HOST_NOT_FOUND, "Unknown host")
    return names[0], names[1:], [address]


def name_info(resolver: Resolver, address: tuple[Any, ...], flags: int) -> tuple[str, str]:
    """Return (host, service) of an address and port, as ``socket.getnameinfo`` does."""
    host, port = address[0], address[1]
    names = [] if flags & socket.NI_NUMERICHOST else resolver.names(host)
    if flags & socket.NI_NAMEREQD and not names:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    services = [] if flags & socket.NI_NUMERICSERV else [name for name, number in SERVICES.items() if number == port]
    return (names[0] if names else host), (services[0] if services else str(port))


def _numeric(name: str) -> str:
    try:
        return format_ipv4(parse_ipv4(name))
    except ValueError:
        raise socket.gaierror(socket.EAI_NONAME, f"Name or service not known: {name!r:.80} is no address") from None


def _port(port: str | bytes | int | None, flags: int) -> int:
    text = port.decode("ascii", "replace") if isinstance(port, bytes) else port
    if text is None:
        return 0
    if isinstance(text, int) or text.isdecimal():
        number = int(text)
        if 0 <= number <= 65535:
            return number
    elif text in SERVICES and not flags & socket.AI_NUMERICSERV:
        return SERVICES[text]
    elif not text:
        return 0
    raise socket.gaierror(socket.EAI_SERVICE, f"Servname not supported for ai_socktype: {text!r:.40}")
