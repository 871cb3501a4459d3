"""scapy as an oracle: it dissects what we serialise, and we parse what it builds, with the same fields."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ethernet import EthernetFrame, EtherType
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpFlag, TcpOptions, TcpSegment
from rig.wire.udp import UdpDatagram

A, B = 0x0A000001, 0x0A000002
MAC_A, MAC_B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


@pytest.fixture(scope="module")
def scapy() -> Any:
    with warnings.catch_warnings():  # its import warns of deprecated algorithms in its own dependencies
        warnings.simplefilter("ignore")
        import scapy.all
    return scapy.all


def in_frame(protocol: Protocol, transport: bytes) -> bytes:
    packet = Ipv4Packet(A, B, protocol, transport, ttl=63, identification=0x1234, dont_fragment=True)
    return EthernetFrame(MAC_B, MAC_A, EtherType.IPV4, packet.serialize()).serialize()


def rebuilt(scapy: Any, frame: bytes) -> bytes:
    """Let scapy dissect the frame, forget every checksum and length, and build it again."""
    dissected = scapy.Ether(frame)
    layer = dissected
    while layer is not None and not isinstance(layer, scapy.NoPayload):
        for name in ("chksum", "len", "ihl", "dataofs"):
            if name in layer.fields:
                del layer.fields[name]
        layer = layer.payload
    return bytes(dissected)


SEGMENTS = [
    TcpSegment(1234, 80, 1, 0, TcpFlag.SYN, 65535, options=TcpOptions(mss=1460)),
    TcpSegment(1234, 80, 1, 0, TcpFlag.SYN, 65535, options=TcpOptions(1460, 7, True, (), (1, 0))),
    TcpSegment(1234, 80, 2, 3, TcpFlag.ACK | TcpFlag.PSH, 100, b"odd", options=TcpOptions(timestamp=(5, 6))),
    TcpSegment(1234, 80, 2, 3, TcpFlag.ACK, 100, options=TcpOptions(sack=((10, 20), (30, 40)), timestamp=(5, 6))),
    TcpSegment(1234, 80, 0xFFFFFFFF, 0, TcpFlag.FIN | TcpFlag.URG, 0, b"even", 4),
]


@pytest.mark.parametrize("segment", SEGMENTS)
def test_scapy_rebuilds_our_tcp(scapy: Any, segment: TcpSegment) -> None:
    frame = in_frame(Protocol.TCP, segment.serialize(A, B))
    assert rebuilt(scapy, frame) == frame
    layer = scapy.Ether(frame)["TCP"]
    assert (layer.sport, layer.dport, layer.seq, layer.ack, int(layer.flags), layer.window, layer.urgptr) == (
        segment.source_port,
        segment.destination_port,
        segment.sequence,
        segment.acknowledgement,
        segment.flags,
        segment.window,
        segment.urgent_pointer,
    )
    options = dict(layer.options)
    assert options.get("MSS") == segment.options.mss
    assert options.get("WScale") == segment.options.window_scale
    assert ("SAckOK" in options) == segment.options.sack_permitted
    assert options.get("Timestamp") == segment.options.timestamp
    assert options.get("SAck", ()) == tuple(edge for block in segment.options.sack for edge in block)


def test_scapy_rebuilds_our_udp_and_icmp(scapy: Any) -> None:
    for protocol, transport in (
        (Protocol.UDP, UdpDatagram(53, 1024, b"question").serialize(A, B)),
        (Protocol.ICMP, IcmpMessage.echo_request(7, 8, b"abc").serialize()),
    ):
        frame = in_frame(protocol, transport)
        assert rebuilt(scapy, frame) == frame


def test_we_parse_what_scapy_builds(scapy: Any) -> None:
    segment = scapy.TCP(
        sport=1,
        dport=2,
        seq=3,
        ack=4,
        flags="SA",
        window=5,
        options=[("NOP", None), ("MSS", 1000), ("WScale", 3), ("EOL", None)],
    )
    packet = Ipv4Packet.parse(bytes(scapy.IP(src="10.0.0.1", dst="10.0.0.2", ttl=9, tos=0xB9) / segment / b"data"))
    assert (packet.source, packet.destination, packet.ttl, packet.dscp, packet.ecn) == (A, B, 9, 46, 1)
    assert TcpSegment.parse(packet.payload, A, B) == TcpSegment(
        1, 2, 3, 4, TcpFlag.SYN | TcpFlag.ACK, 5, b"data", 0, TcpOptions(mss=1000, window_scale=3)
    )


def test_arp_both_ways(scapy: Any) -> None:
    built = bytes(
        scapy.ARP(op=2, hwsrc="02:00:00:00:00:01", psrc="10.0.0.1", hwdst="02:00:00:00:00:02", pdst="10.0.0.2")
    )
    packet = ArpPacket(ArpOperation.REPLY, MAC_A, A, MAC_B, B)
    assert ArpPacket.parse(built) == packet
    assert packet.serialize() == built


def test_fragment_fields(scapy: Any) -> None:
    layer = scapy.IP(Ipv4Packet(A, B, 17, b"x" * 8, more_fragments=True, fragment_offset_octets=1480).serialize())
    assert (layer.frag, str(layer.flags)) == (185, "MF")
