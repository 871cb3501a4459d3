"""The header cases: octets written out by hand next to the value they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ethernet import EthernetFrame
from rig.wire.icmp import IcmpMessage, IcmpType, UnreachableCode
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpFlag, TcpOptions, TcpSegment
from rig.wire.udp import UdpDatagram

SOURCE = 0xC0A8002C  # 192.168.0.44
DESTINATION = 0xC0A80004  # 192.168.0.4

FILLS_DATA = "fills"
"""The header says nothing of the payload's end: it is all there is."""
SAYS_LENGTH = "length"
"""The header says where the payload ends: what follows is pad."""


@dataclass(frozen=True)
class Case:
    """``octets`` and the ``value`` they parse to; every shorter ``octets[:n]`` is malformed for n < ``needed``."""

    name: str
    octets: bytes
    value: Any
    parse: Callable[[bytes], Any]
    serialize: Callable[[Any], bytes]
    needed: int
    end: str
    trailing: bytes = field(default=b"\xa5\x5a\x00\xff\x01")


def _plain(name: str, text: str, value: Any, needed: int, end: str) -> Case:
    return Case(name, bytes.fromhex(text), value, type(value).parse, type(value).serialize, needed, end)


def _transport(name: str, text: str, value: Any, needed: int, end: str) -> Case:
    kind = type(value)
    return Case(
        name,
        bytes.fromhex(text),
        value,
        lambda data: kind.parse(data, SOURCE, DESTINATION),
        lambda item: item.serialize(SOURCE, DESTINATION),
        needed,
        end,
    )


STATION_1 = bytes.fromhex("020000000001")
STATION_2 = bytes.fromhex("020000000002")

CASES = [
    _plain(
        "ethernet with a type",
        "020000000002 020000000001 88b5 0102030405",
        EthernetFrame(STATION_2, STATION_1, 0x88B5, b"\1\2\3\4\5"),
        14,
        FILLS_DATA,
    ),
    _plain(
        "ethernet with a length",
        "020000000002 020000000001 0003 aabbcc",
        EthernetFrame(STATION_2, STATION_1, 3, b"\xaa\xbb\xcc"),
        17,
        SAYS_LENGTH,
    ),
    _plain(
        "arp request",
        "0001 0800 06 04 0001 020000000001 c0a8002c 000000000000 c0a80004",
        ArpPacket(ArpOperation.REQUEST, STATION_1, SOURCE, bytes(6), DESTINATION),
        28,
        SAYS_LENGTH,
    ),
    _plain(
        "arp with an unknown operation",
        "0001 0800 06 04 0009 020000000001 c0a8002c 020000000002 c0a80004",
        ArpPacket(9, STATION_1, SOURCE, STATION_2, DESTINATION),
        28,
        SAYS_LENGTH,
    ),
    _plain(  # the header of vector V1 in test_fcs.py, a published frame
        "ipv4",
        "45 00 0016 b3fe 0000 80 11 0558 c0a8002c c0a80004 0401",
        Ipv4Packet(SOURCE, DESTINATION, Protocol.UDP, b"\4\1", ttl=128, identification=0xB3FE),
        22,
        SAYS_LENGTH,
    ),
    _plain(
        "ipv4 with everything",
        "47 b9 0020 0001 60b9 01 fd ab66 0a000001 0a000002 94040000 01010100 00112233",
        Ipv4Packet(
            0x0A000001,
            0x0A000002,
            253,
            bytes.fromhex("00112233"),
            ttl=1,
            identification=1,
            dont_fragment=True,
            more_fragments=True,
            fragment_offset_octets=0xB9 * 8,
            dscp=46,
            ecn=1,
            options=bytes.fromhex("9404000001010100"),
        ),
        32,
        SAYS_LENGTH,
    ),
    _plain(
        "icmp echo request",
        "08 00 6188 1234 0001 414243",
        IcmpMessage.echo_request(0x1234, 1, b"ABC"),
        11,
        FILLS_DATA,
    ),
    _plain(
        "icmp port unreachable",
        "03 03 fcfc 00000000",
        IcmpMessage(IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.PORT, 0),
        8,
        FILLS_DATA,
    ),
    _transport(  # vector V1
        "udp",
        "0400 0400 001a 2de8 000102030405060708090a0b0c0d0e0f1011",
        UdpDatagram(0x400, 0x400, bytes(range(18))),
        26,
        SAYS_LENGTH,
    ),
    _transport(
        "tcp ack",
        "04d2 0050 00000001 fffffffe 50 10 8000 a931 0000",
        TcpSegment(1234, 80, 1, 0xFFFFFFFE, TcpFlag.ACK, 0x8000),
        20,
        FILLS_DATA,
    ),
    _transport(
        "tcp syn with every option of a syn",
        "04d2 0050 00000001 00000000 a0 02 ffff c15b 0000 020405b4 0402080a 00000001 00000000 01030307",
        TcpSegment(
            1234,
            80,
            1,
            0,
            TcpFlag.SYN,
            0xFFFF,
            options=TcpOptions(mss=1460, window_scale=7, sack_permitted=True, timestamp=(1, 0)),
        ),
        40,
        FILLS_DATA,
    ),
    _transport(
        "tcp syn without timestamps",
        "04d2 0050 00000001 00000000 80 02 ffff e86d 0000 020405b4 01010402 01030307",
        TcpSegment(
            1234, 80, 1, 0, TcpFlag.SYN, 0xFFFF, options=TcpOptions(mss=1460, window_scale=7, sack_permitted=True)
        ),
        32,
        FILLS_DATA,
    ),
    _transport(
        "tcp data with timestamp and urgent pointer",
        "04d2 0050 00000001 00000002 80 38 0001 1b72 0003 0101080a 01020304 05060708 616263",
        TcpSegment(
            1234,
            80,
            1,
            2,
            TcpFlag.ACK | TcpFlag.PSH | TcpFlag.URG,
            1,
            b"abc",
            3,
            TcpOptions(timestamp=(0x01020304, 0x05060708)),
        ),
        35,
        FILLS_DATA,
    ),
    _transport(
        "tcp ack with sack",
        "04d2 0050 00000001 00000002 a0 10 0001 d2dd 0000 01010512 00000010 00000020 fffffff0 00000008",
        TcpSegment(1234, 80, 1, 2, TcpFlag.ACK, 1, options=TcpOptions(sack=((0x10, 0x20), (0xFFFFFFF0, 8)))),
        40,
        FILLS_DATA,
    ),
]
