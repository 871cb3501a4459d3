"""Addresses: text that is taken, and text that is not."""

from __future__ import annotations

import pytest

from rig.wire import address


@pytest.mark.parametrize("text", ["02:00:00:00:aB:01", "02-00-00-00-AB-01"])
def test_mac_both_ways(text: str) -> None:
    assert address.parse_mac(text) == bytes.fromhex("02000000ab01")
    assert address.format_mac(address.parse_mac(text)) == "02:00:00:00:ab:01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "02:00:00:00:00",
        "02:00:00:00:00:01:02",
        "2:0:0:0:0:1",
        "02:00:00-00:00:01",
        "0g:00:00:00:00:01",
        "+2:00:00:00:00:01",
    ],
)
def test_text_that_is_no_mac(text: str) -> None:
    with pytest.raises(ValueError, match="MAC address"):
        address.parse_mac(text)


def test_format_mac_wants_six_octets() -> None:
    with pytest.raises(ValueError, match="not 5"):
        address.format_mac(bytes(5))


@pytest.mark.parametrize("mac, group", [("ffffffffffff", True), ("0180c2000001", True), ("020000000001", False)])
def test_group_bit(mac: str, group: bool) -> None:
    assert address.is_group_mac(bytes.fromhex(mac)) is group


@pytest.mark.parametrize("text, value", [("0.0.0.0", 0), ("10.0.0.1", 0x0A000001), ("255.255.255.255", 0xFFFFFFFF)])
def test_ipv4_both_ways(text: str, value: int) -> None:
    assert address.parse_ipv4(text) == value
    assert address.format_ipv4(value) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0",
        "10.0.0.0.1",
        "10.0.0.256",
        "10.0.0.-1",
        "10.0.0.01",
        "10..0.1",
        "1e1.0.0.1",
        " 10.0.0.1",
        "٣.0.0.1",
        "10.0.0.9999",
    ],
)
def test_text_that_is_no_ipv4(text: str) -> None:
    with pytest.raises(ValueError, match="IPv4 address"):
        address.parse_ipv4(text)


@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_format_ipv4_outside_32_bits(value: int) -> None:
    with pytest.raises(ValueError, match="32 bits"):
        address.format_ipv4(value)


def test_interface_keeps_its_host_bits_and_a_network_has_none() -> None:
    assert address.parse_interface("10.0.0.1/24") == (0x0A000001, 24)
    assert address.parse_network("10.0.0.0/24") == (0x0A000000, 24)
    with pytest.raises(ValueError, match=r"did you mean 10\.0\.0\.0/24"):
        address.parse_network("10.0.0.1/24")


@pytest.mark.parametrize("text", ["10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/024"])
def test_text_without_a_prefix_length(text: str) -> None:
    with pytest.raises(ValueError, match="prefix length"):
        address.parse_interface(text)


@pytest.mark.parametrize(
    "prefix_length, mask", [(0, 0), (1, 0x80000000), (24, 0xFFFFFF00), (31, 0xFFFFFFFE), (32, 0xFFFFFFFF)]
)
def test_prefix_mask(prefix_length: int, mask: int) -> None:
    assert address.prefix_mask(prefix_length) == mask


def test_prefix_mask_outside() -> None:
    with pytest.raises(ValueError, match="33"):
        address.prefix_mask(33)


def test_special_ipv4_addresses() -> None:
    assert address.format_ipv4(address.directed_broadcast(0x0A000001, 24)) == "10.0.0.255"
    assert address.is_multicast_ipv4(address.parse_ipv4("239.255.255.255"))
    assert not address.is_multicast_ipv4(address.parse_ipv4("240.0.0.0"))
    assert address.is_loopback_ipv4(address.parse_ipv4("127.1.2.3"))
    assert not address.is_loopback_ipv4(address.parse_ipv4("126.255.255.255"))
