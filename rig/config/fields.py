"""Values that configuration files are made of, each with what it must be in its error."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

INTERFACE_NAME_OCTETS = 15
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_MAC = re.compile(r"[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}", re.IGNORECASE)


def _name(text: str) -> str:
    if text == "medium" or not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name; write a lower-case letter, then up to 31 of a-z 0-9 - _ (not 'medium')")
    return text


def _mac(text: str) -> str:
    if not _MAC.fullmatch(text):
        raise ValueError(f'{text!r} is no MAC address; write six pairs of hexadecimal digits, as "02:00:00:00:00:01"')
    if int(text[:2], 16) & 1:
        raise ValueError(f"{text!r} is a group address (lowest bit of the first octet is 1), not one station's own")
    return text.lower().replace("-", ":")


def _interface(text: str) -> str:
    try:
        interface = ipaddress.IPv4Interface(text)
    except ValueError:
        raise ValueError(f"{text!r} is no address with a prefix length; write it as 10.0.0.1/24") from None
    network = interface.network
    reserved = (network.network_address, network.broadcast_address) if network.prefixlen <= 30 else ()
    if "/" not in text or not 1 <= network.prefixlen <= 31 or interface.ip in reserved:
        raise ValueError(f"{text!r} is no address of a host in its network; write it as 10.0.0.1/24")
    return text


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise ValueError(f"{text!r} is no IPv4 address; write it as 10.0.0.1") from None


def _interface_name(text: str) -> str:
    octets = len(text.encode())
    if not 1 <= octets <= INTERFACE_NAME_OCTETS or "/" in text or any(map(str.isspace, text)):
        raise ValueError(
            f"{text!r} is no name of a network interface: 1 to {INTERFACE_NAME_OCTETS} octets, no space and no slash"
        )
    return text


def _resource(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]{0,200}", text):
        raise ValueError(f"{text!r} is no resource path; it begins with / and holds letters, digits and . _ ~ - /")
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.IPv4Network(text))
    except ValueError:
        raise ValueError(f"{text!r} is no network; write it as 10.0.2.0/24, with no bits beyond the prefix") from None


def host_name(text: str) -> str:
    """Return a domain name in lower case, without a final dot; ``ValueError`` for what cannot be one."""
    labels = text.rstrip(".").split(".")
    if len(text) > 253 or not all(1 <= len(label) <= 63 and label.isascii() for label in labels):
        raise ValueError(f"{text!r} is no host name; write it as www.rig.test")
    return text.rstrip(".").lower()


def _dns_targets(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _checked_targets(targets: list[str]) -> list[str]:
    if len(targets) == 1 and not is_address(targets[0]):
        return [host_name(targets[0])]
    return [_address(each) for each in targets]


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 address."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


Name = Annotated[str, AfterValidator(_name)]
MacAddress = Annotated[str, AfterValidator(_mac)]
InterfaceName = Annotated[str, AfterValidator(_interface_name)]
InterfaceAddress = Annotated[str, AfterValidator(_interface)]
DnsTargets = Annotated[list[str], BeforeValidator(_dns_targets), AfterValidator(_checked_targets), Field(min_length=1)]
"""What a domain name stands for: one address or several, or one other name; one may be written without a list."""
HostName = Annotated[str, AfterValidator(host_name)]
Ipv4Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Resource = Annotated[str, AfterValidator(_resource)]
TimeNs = Annotated[int, Field(ge=0, le=10**15)]
DurationMs = Annotated[int, Field(ge=1, le=10**9)]
Mtu = Annotated[int, Field(ge=68, le=1500)]
"""The largest IP packet in octets: RFC 791, 3.2, and IEEE Std 802.3-2022 3.2.7 (maxBasicDataSize)."""
Port = Annotated[int, Field(ge=1, le=65535)]
