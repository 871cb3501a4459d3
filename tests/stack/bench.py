"""One stack with two interfaces' worth of crafted neighbours: frames in by hand, frames out parsed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from rig.stack.config import ArpConfig, InterfaceConfig, Ipv4Config, StackConfig, TcpConfig, UdpConfig
from rig.stack.stack import Stack
from rig.wire.address import parse_ipv4
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ethernet import BROADCAST, EthernetFrame, EtherType
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet, Protocol

OUR_MAC, PEER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
OUR_IP, PEER_IP = parse_ipv4("10.0.0.1"), parse_ipv4("10.0.0.2")
GATEWAY_IP, GATEWAY_MAC = parse_ipv4("10.0.0.254"), bytes.fromhex("0200000000fe")
FAR_IP = parse_ipv4("192.0.2.7")
S = 1_000_000_000


class Bench:
    """A stack at 10.0.0.1/24 with the gateway 10.0.0.254."""

    def __init__(
        self,
        *,
        mtu: int = 1500,
        seed: int = 1,
        arp: ArpConfig | None = None,
        ipv4: Ipv4Config | None = None,
        udp: UdpConfig | None = None,
        know_peer: bool = True,
    ) -> None:
        config = StackConfig(
            (InterfaceConfig(OUR_MAC, OUR_IP, 24, mtu),),
            gateway=GATEWAY_IP,
            arp=arp or ArpConfig(),
            ipv4=ipv4 or Ipv4Config(),
            udp=udp or UdpConfig(),
            tcp=replace(TcpConfig(), window_scale=False, timestamps=False),
        )
        self.stack = Stack(config, Random(seed))
        self.now_ns = 0
        if know_peer:
            self.arp(ArpOperation.REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)
            self.arp(ArpOperation.REPLY, GATEWAY_MAC, GATEWAY_IP, OUR_MAC, OUR_IP)

    def arp(self, operation: int, sender_mac: bytes, sender_ip: int, target_mac: bytes, target_ip: int) -> None:
        """Let an ARP packet arrive."""
        packet = ArpPacket(operation, sender_mac, sender_ip, target_mac, target_ip)
        destination = BROADCAST if operation == ArpOperation.REQUEST else OUR_MAC
        self.frame(destination + sender_mac + b"\x08\x06" + packet.serialize())

    def ip(self, packet: Ipv4Packet, *, destination: bytes = OUR_MAC) -> None:
        """Let an IP packet arrive."""
        self.frame(destination + PEER_MAC + b"\x08\x00" + packet.serialize())

    def frame(self, frame: bytes) -> None:
        """Let a frame arrive, padded to the minimum."""
        self.stack.receive_frame(frame.ljust(60, b"\0"), self.now_ns)

    def advance(self, to_ns: int) -> list[tuple[int, EthernetFrame]]:
        """Run to ``to_ns``; return the frames sent with their times."""
        sent = [(self.now_ns, each) for each in self.sent()]
        while (deadline_ns := self.stack.next_deadline()) is not None and deadline_ns <= to_ns:
            self.now_ns = max(self.now_ns, deadline_ns)
            self.stack.handle_timers(self.now_ns)
            sent += [(self.now_ns, each) for each in self.sent()]
        self.now_ns = to_ns
        return sent

    def sent(self) -> list[EthernetFrame]:
        """Return the frames that the stack has to send now."""
        return [EthernetFrame.parse(frame) for frame in self.stack.frames_to_send(self.now_ns)]

    def sent_arp(self) -> list[ArpPacket]:
        """Return the ARP packets among them; there must be no others."""
        frames = self.sent()
        assert all(frame.ethertype == EtherType.ARP for frame in frames)
        return [ArpPacket.parse(frame.payload) for frame in frames]

    def sent_ip(self) -> list[Ipv4Packet]:
        """Return the IP packets among them; there must be no others."""
        frames = self.sent()
        assert all(frame.ethertype == EtherType.IPV4 for frame in frames)
        return [Ipv4Packet.parse(frame.payload) for frame in frames]

    def sent_icmp(self) -> list[IcmpMessage]:
        """Return the ICMP messages among them; there must be no others."""
        packets = self.sent_ip()
        assert all(packet.protocol == Protocol.ICMP for packet in packets)
        return [IcmpMessage.parse(packet.payload) for packet in packets]

    def counter(self, name: str) -> int:
        """Return a counter of the stack."""
        return self.stack.counters().get(name, 0)
