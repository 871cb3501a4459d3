"""Codecs as properties: what was serialised parses back; any octets parse or are a WireError."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import WireError
from rig.wire.arp import ArpPacket
from rig.wire.ethernet import EthernetFrame
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet
from rig.wire.tcp import TcpOptions, TcpSegment
from rig.wire.udp import UdpDatagram

u8, u16, u32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
mac = st.binary(min_size=6, max_size=6)
payload = st.binary(max_size=64)
words = st.binary(max_size=40).map(lambda octets: octets[: len(octets) & ~3])

types = st.builds(EthernetFrame, mac, mac, st.integers(1536, 65535), payload)
lengths = st.builds(lambda a, b, data: EthernetFrame(a, b, len(data), data), mac, mac, payload)
arp = st.builds(ArpPacket, u16, mac, u32, mac, u32)
ipv4 = st.builds(
    Ipv4Packet,
    u32,
    u32,
    u8,
    payload,
    u8,
    u16,
    st.booleans(),
    st.booleans(),
    st.integers(0, 8191).map(lambda units: units * 8),
    st.integers(0, 63),
    st.integers(0, 3),
    words,
)
icmp = st.builds(IcmpMessage, u8, u8, u32, payload)
udp = st.builds(UdpDatagram, u16, u16, payload)
options = st.builds(
    TcpOptions,
    mss=st.none() | u16,
    window_scale=st.none() | u8,
    sack_permitted=st.booleans(),
    sack=st.lists(st.tuples(u32, u32), max_size=1).map(tuple),
    timestamp=st.none() | st.tuples(u32, u32),
)
tcp = st.builds(TcpSegment, u16, u16, u32, u32, u8, u16, payload, u16, options)


@given(st.one_of(types, lengths, arp, ipv4, icmp))
def test_round_trip(value: Any) -> None:
    assert type(value).parse(value.serialize()) == value


@given(st.one_of(udp, tcp), u32, u32)
def test_round_trip_under_a_pseudo_header(value: Any, source: int, destination: int) -> None:
    assert type(value).parse(value.serialize(source, destination), source, destination) == value


@given(options)
def test_encoded_octets_of_options(value: TcpOptions) -> None:
    assert len(value.serialize()) == value.encoded_octets
    assert TcpOptions.parse(value.serialize()) == value


@given(st.binary(max_size=40))
def test_any_octets_are_options_or_malformed(octets: bytes) -> None:
    try:
        TcpOptions.parse(octets)
    except WireError:
        pass


@pytest.mark.parametrize("kind", [EthernetFrame, ArpPacket, Ipv4Packet, IcmpMessage, UdpDatagram, TcpSegment])
def test_random_octets_parse_or_are_malformed(kind: Any) -> None:
    source = random.Random(1)
    arguments = (1, 2) if kind in (UdpDatagram, TcpSegment) else ()
    for _ in range(2000):
        try:
            kind.parse(source.randbytes(source.randrange(80)), *arguments)
        except WireError:
            pass
