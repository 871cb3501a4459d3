"""MAC and IPv4 addresses: text to value and back, and the few questions a stack asks about them.

A MAC address is ``bytes`` of 6 in transmission order, so bit 0 of octet 0 is the I/G bit (IEEE Std 802.3-2022 3.2.3).
An IPv4 address is an ``int`` of 32 bits, the first octet highest (RFC 791). Text that is no address raises
:class:`ValueError`, which configuration loaders turn into an error with file and line.
"""

from __future__ import annotations

MAC_OCTETS = 6
BROADCAST_MAC = b"\xff" * MAC_OCTETS

UNSPECIFIED_IPV4 = 0x00000000
LIMITED_BROADCAST_IPV4 = 0xFFFFFFFF  # RFC 1122 3.2.1.3 (c)

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_DECIMAL_DIGITS = frozenset("0123456789")


def parse_mac(text: str) -> bytes:
    """Return the 6 octets of ``02:00:00:00:00:01`` or ``02-00-00-00-00-01``; :class:`ValueError` for anything else."""
    parts = text.split("-" if "-" in text else ":")
    if len(parts) != MAC_OCTETS or not all(len(part) == 2 and _HEX_DIGITS.issuperset(part) for part in parts):
        raise ValueError(f"{text!r} is no MAC address; write six pairs of hexadecimal digits, as 02:00:00:00:00:01")
    return bytes(int(part, 16) for part in parts)


def format_mac(mac: bytes | memoryview) -> str:
    """Return ``02:00:00:00:00:01`` for 6 octets; :class:`ValueError` for another number of octets."""
    if len(mac) != MAC_OCTETS:
        raise ValueError(f"a MAC address has {MAC_OCTETS} octets, not {len(mac)}")
    return bytes(mac).hex(":")


def is_group_mac(mac: bytes | memoryview) -> bool:
    """Tell whether the I/G bit is set: a multicast address or the broadcast address."""
    return bool(mac[0] & 1)


def parse_ipv4(text: str) -> int:
    """Return the 32-bit value of ``a.b.c.d``; :class:`ValueError` for anything else.

    Only four decimal numbers of 0 to 255 without leading zeros are taken: some readers take ``010`` for eight.
    """
    parts = text.split(".")
    value = 0
    for part in parts:
        if not part or not _DECIMAL_DIGITS.issuperset(part) or (part[0] == "0" and part != "0"):
            break
        octet = int(part) if len(part) <= 3 else 256
        if octet > 255:
            break
        value = value << 8 | octet
    else:
        if len(parts) == 4:
            return value
    raise ValueError(f"{text!r} is no IPv4 address; write four numbers of 0 to 255, as 10.0.0.1")


def format_ipv4(address: int) -> str:
    """Return ``a.b.c.d`` for a 32-bit value; :class:`ValueError` outside 0 to 2**32 - 1."""
    if not 0 <= address <= 0xFFFFFFFF:
        raise ValueError(f"an IPv4 address has 32 bits; {address} does not fit")
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def parse_interface(text: str) -> tuple[int, int]:
    """Return (address, prefix length) of ``10.0.0.1/24``, host bits kept; :class:`ValueError` for anything else."""
    address, slash, prefix = text.partition("/")
    if slash and prefix and len(prefix) <= 2 and _DECIMAL_DIGITS.issuperset(prefix) and int(prefix) <= 32:
        return parse_ipv4(address), int(prefix)
    raise ValueError(f"{text!r} has no prefix length; write an address and 0 to 32, as 10.0.0.1/24")


def parse_network(text: str) -> tuple[int, int]:
    """Return (network, prefix length) of ``10.0.0.0/24``; :class:`ValueError` also when a host bit is set."""
    address, prefix_length = parse_interface(text)
    if address & ~prefix_mask(prefix_length):
        network = format_ipv4(address & prefix_mask(prefix_length))
        raise ValueError(f"{text!r} has host bits set; did you mean {network}/{prefix_length}?")
    return address, prefix_length


def prefix_mask(prefix_length: int) -> int:
    """Return the network mask, 32 bits, of a prefix length of 0 to 32; :class:`ValueError` outside."""
    if not 0 <= prefix_length <= 32:
        raise ValueError(f"a prefix length is 0 to 32, not {prefix_length}")
    return 0xFFFFFFFF << 32 - prefix_length & 0xFFFFFFFF


def directed_broadcast(address: int, prefix_length: int) -> int:
    """Return the broadcast address of the network that holds ``address`` (RFC 1122 3.2.1.3 (d))."""
    return address | 0xFFFFFFFF & ~prefix_mask(prefix_length)


def is_multicast_ipv4(address: int) -> bool:
    """Tell whether the address is in 224.0.0.0/4 (RFC 1112)."""
    return address >> 28 == 0xE


def is_loopback_ipv4(address: int) -> bool:
    """Tell whether the address is in 127.0.0.0/8, which never appears on a wire (RFC 1122 3.2.1.3 (g))."""
    return address >> 24 == 127
