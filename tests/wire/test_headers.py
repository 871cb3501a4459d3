"""Every header case in both directions, cut at every length, and with octets after it."""

from __future__ import annotations

import dataclasses

import pytest

from rig.errors import WireError
from tests.wire.cases import CASES, FILLS_DATA, Case

by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@by_name
def test_octets_parse_to_the_value(case: Case) -> None:
    assert case.parse(case.octets) == case.value


@by_name
def test_the_value_serialises_to_the_octets(case: Case) -> None:
    assert case.serialize(case.value) == case.octets


@by_name
def test_a_view_parses_like_octets(case: Case) -> None:
    assert case.parse(memoryview(b"??" + case.octets)[2:]) == case.value


@by_name
def test_cut_at_every_length(case: Case) -> None:
    for octets in range(case.needed):
        with pytest.raises(WireError):
            case.parse(case.octets[:octets])


@by_name
def test_octets_after_it(case: Case) -> None:
    if case.end == FILLS_DATA:
        if hasattr(case.value, "ethertype"):
            expected = dataclasses.replace(case.value, payload=case.value.payload + case.trailing)
            assert case.parse(case.octets + case.trailing) == expected
        else:  # a checksum covers all there is, so that octets from elsewhere show
            with pytest.raises(WireError, match="checksum"):
                case.parse(case.octets + case.trailing)
    else:
        assert case.parse(case.octets + case.trailing) == case.value


@by_name
def test_every_single_bit_error_under_a_checksum_is_seen(case: Case) -> None:
    covered = {"Ipv4Packet": 20, "IcmpMessage": None, "UdpDatagram": None, "TcpSegment": None}
    name = type(case.value).__name__
    if name not in covered:
        return  # Ethernet and ARP have the FCS alone
    for bit in range(len(case.octets[: covered[name]]) * 8):
        octets = bytearray(case.octets)
        octets[bit >> 3] ^= 0x80 >> (bit & 7)
        with pytest.raises(WireError):
            case.parse(bytes(octets))
