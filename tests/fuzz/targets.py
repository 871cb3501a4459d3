"""What is fuzzed: every parser of octets from outside, and the whole stack.

A target takes octets. It may refuse them with the error that its parser promises; whatever else leaves it is a finding.
Where a checksum would keep nearly all inputs at the door, it is put right first.
"""

from __future__ import annotations

import io
from collections.abc import Callable

from rig.adapter.mac_rom import MacRom
from rig.config.loading import parse_scenario
from rig.errors import AdapterFault, ConfigError, WireError
from rig.link import messages
from rig.link.frame import Deframer, Frame
from rig.wire.arp import ArpPacket
from rig.wire.checksum import internet_checksum, pseudo_header_sum
from rig.wire.dns import DnsMessage
from rig.wire.ethernet import EthernetFrame
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.pcap import PcapngReader, read_packets
from rig.wire.tcp import TcpOptions, TcpSegment
from rig.wire.tcp_packet import parse_plain_packet
from rig.wire.udp import UdpDatagram
from tests.fuzz.stack_actions import drive

Target = Callable[[bytes], None]
SOURCE, DESTINATION = 0x0A000002, 0x0A000001


def with_checksum(data: bytes, place: int, end: int, initial: int = 0) -> bytes:
    """Return ``data`` with the right Internet checksum at ``place``, over everything up to ``end``."""
    if len(data) < place + 2:
        return data
    octets = bytearray(data)
    octets[place : place + 2] = bytes(2)
    octets[place : place + 2] = internet_checksum(bytes(octets[:end]), initial).to_bytes(2, "big")
    return bytes(octets)


def arp(data: bytes) -> None:
    """ARP packets."""
    ArpPacket.parse(data).serialize()


def ethernet(data: bytes) -> None:
    """Frames: what is read is written back."""
    frame = EthernetFrame.parse(data)
    assert data.startswith(frame.serialize())


def ipv4(data: bytes) -> None:
    """IPv4 packets, whole and quoted."""
    data = with_checksum(data, 10, (data[0] & 15) * 4 if data else 0)
    packet = Ipv4Packet.parse(data)
    assert len(packet.serialize()) == packet.header_octets + len(packet.payload)
    Ipv4Packet.parse_quoted(data)


def icmp(data: bytes) -> None:
    """ICMP messages, and the packet that an error quotes."""
    message = IcmpMessage.parse(with_checksum(data, 2, len(data)))
    message.serialize()
    Ipv4Packet.parse_quoted(message.payload)


def udp(data: bytes) -> None:
    """UDP datagrams."""
    UdpDatagram.parse(data, SOURCE, DESTINATION)
    datagram = UdpDatagram.parse(data[:6] + bytes(2) + data[8:], SOURCE, DESTINATION)
    datagram.serialize(SOURCE, DESTINATION)


def tcp(data: bytes) -> None:
    """TCP segments with their options, also in the short way, which must agree."""
    initial = pseudo_header_sum(SOURCE, DESTINATION, Protocol.TCP, len(data))
    data = with_checksum(data, 16, len(data), initial)
    packet = Ipv4Packet(SOURCE, DESTINATION, Protocol.TCP, data).serialize() if len(data) < 60_000 else b""
    plain = parse_plain_packet(memoryview(packet))
    segment = TcpSegment.parse(data, SOURCE, DESTINATION)
    assert plain is None or plain == (SOURCE, DESTINATION, segment)
    assert len(segment.serialize(SOURCE, DESTINATION)) <= len(data) + 40


def tcp_options(data: bytes) -> None:
    """TCP options alone."""
    options = TcpOptions.parse(data)
    if options.encoded_octets <= 40:
        assert TcpOptions.parse(options.serialize()) == options


def dns(data: bytes) -> None:
    """DNS messages."""
    DnsMessage.parse(data).serialize()


def pcap(data: bytes) -> None:
    """Capture files of both kinds."""
    for reader in (lambda file: list(PcapngReader(file)), lambda file: list(read_packets(file))):
        try:
            reader(io.BytesIO(data))
        except WireError:
            pass


def link(data: bytes) -> None:
    """The board link: frames out of a stream, and every payload."""
    for piece in Deframer().feed(data):
        try:
            Frame.parse(piece)
        except WireError:
            pass
    readers: tuple[Callable[[bytes], object], ...] = (
        messages.Greeting.parse,
        messages.parse_hello,
        messages.parse_batch,
        messages.LineEvent.parse,
        lambda payload: messages.BatchReply.parse(payload[0] if payload else 0, payload[1:]),
    )
    for read in readers:
        try:
            read(data)
        except WireError:
            pass


def mac_rom(data: bytes) -> None:
    """MAC-address ROM images."""
    MacRom.parse(data)


def scenario(data: bytes) -> None:
    """Scenario files."""
    parse_scenario(data.decode("utf-8", "replace"), "fuzz.yaml")


def stack(data: bytes) -> None:
    """The whole stack: frames, socket calls and time, in any order."""
    drive(data)


def canary(data: bytes) -> None:
    """Fails on one input in 2^40, which only the guidance by coverage finds: proof that there is some."""
    if data[:1] == b"a" and data[1:2] == b"D" and data[2:3] == b"7" and data[3:4] == b"z" and data[4:5] == b"!":
        raise RuntimeError("the canary is found")


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (arp, ethernet, ipv4, icmp, udp, tcp, tcp_options, dns, pcap, link, mac_rom, scenario, stack)
}
REFUSALS = (WireError, AdapterFault, ConfigError)
"""What a parser may say of its input."""

WEIGHTS = {"stack": 20, "scenario": 2}
"""How many of all inputs a target gets, against 10 of any other: an input to the stack is a whole dialogue."""


def run(name: str, data: bytes) -> None:
    """Give one input to a target, or else to the canary; returns where it was taken or refused, raises a finding."""
    try:
        (TARGETS.get(name) or canary)(data)
    except REFUSALS:
        if name == "stack":
            raise
