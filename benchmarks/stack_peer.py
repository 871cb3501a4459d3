"""A stack with one connection to a peer that is not there: its frames are made beforehand, in a straight line."""

from __future__ import annotations

import zlib
from dataclasses import replace
from random import Random

from benchmarks.stack_floor import ETHERNET_TYPE, OUR_IP, OUR_MAC, PEER_IP, PEER_MAC, TEXT_OCTETS, build_frame
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.stack import SocketKind, Stack
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.fcs import CRC32_RESIDUE, FCS_OCTETS
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpOptions, TcpSegment

OUR_PORT, PEER_PORT = 80, 5000
PEER_ISS = 1000
MASK = 0xFFFFFFFF
ACK = 0x10
TCP = TcpConfig(receive_buffer_octets=1 << 18, send_buffer_octets=1 << 18)
TO_US = OUR_MAC + PEER_MAC + ETHERNET_TYPE
FRAME_NS = 121_120
"""1514 octets at 100 Mb/s: how much time passes for a frame. Nobody waits for it."""


def some_text(octets: int) -> bytes:
    """Return text as it might be: zeros would be summed in no time."""
    return Random(5).randbytes(octets)


class Connected:
    """A stack with an established connection, time stamps and window scale agreed on, as with a usual peer."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.stack = Stack(StackConfig((InterfaceConfig(OUR_MAC, OUR_IP, 24),), tcp=replace(TCP)), Random(1))
        request = ArpPacket(ArpOperation.REQUEST, PEER_MAC, PEER_IP, bytes(6), OUR_IP)
        self._give(b"\x08\x06", request.serialize())
        listening = self.stack.socket(SocketKind.STREAM)
        self.stack.bind(listening, 0, OUR_PORT)
        self.stack.listen(listening, 5)
        options = TcpOptions(mss=1460, window_scale=7, sack_permitted=True, timestamp=(1, 0))
        self._segment(0x02, PEER_ISS, 0, options)
        *_, answer = self.stack.frames_to_send(0)
        packet = Ipv4Packet.parse(answer[14:])
        segment = TcpSegment.parse(packet.payload, packet.source, packet.destination)
        assert segment.options.timestamp is not None
        self.iss, self.stamp = segment.sequence, segment.options.timestamp[0]
        self._segment(ACK, PEER_ISS + 1, self.iss + 1, TcpOptions(timestamp=(1, self.stamp)))
        handle = self.stack.accept(listening)
        assert handle is not None
        self.handle = handle

    def peer_data(self, count: int) -> list[bytes]:
        """Return ``count`` frames of the peer, in order, FCS included."""
        text = some_text(TEXT_OCTETS)
        return [self._frame(PEER_ISS + 1 + number * TEXT_OCTETS, 1, number, text) for number in range(count)]

    def peer_acks(self, count: int) -> list[bytes]:
        """Return frames of which number n acknowledges n full segments of ours."""
        return [self._frame(PEER_ISS + 1, 1 + number * TEXT_OCTETS, number, b"") for number in range(count + 1)]

    def _frame(self, sequence: int, acknowledged: int, number: int, text: bytes) -> bytes:
        return build_frame(
            TO_US, PEER_IP, OUR_IP, (PEER_PORT, OUR_PORT), sequence & MASK, self.iss + acknowledged & MASK, ACK, 4096,
            (1, self.stamp), text, number & 0xFFFF,
        )  # fmt: skip

    def _segment(self, flags: int, sequence: int, acknowledgement: int, options: TcpOptions) -> None:
        segment = TcpSegment(PEER_PORT, OUR_PORT, sequence & MASK, acknowledgement & MASK, flags, 4096, b"", 0, options)
        octets = segment.serialize(PEER_IP, OUR_IP)
        self._give(ETHERNET_TYPE, Ipv4Packet(PEER_IP, OUR_IP, Protocol.TCP, octets).serialize())

    def _give(self, ethertype: bytes, packet: bytes) -> None:
        self.stack.receive_frame(OUR_MAC + PEER_MAC + ethertype + packet, self.now_ns)

    def receive(self, frames: list[bytes]) -> None:
        """Take frames as a device hands them on: with a good FCS, and without it."""
        for frame in frames:
            if zlib.crc32(frame) == CRC32_RESIDUE:
                self.stack.receive_frame(frame[:-FCS_OCTETS], self.now_ns)

    def send(self, limit: int) -> int:
        """Take up to ``limit`` frames of the stack and give them an FCS; return how many there were."""
        count = 0
        for frame in self.stack.frames_to_send(self.now_ns):
            zlib.crc32(frame)
            count += 1
            if count == limit:
                break
        return count

    def finish_round(self, frames: int) -> None:
        """Do the rest of a round of the node's loop, and let the time of ``frames`` frames pass."""
        self.stack.handle_timers(self.now_ns)
        while self.stack.next_event() is not None:
            pass
        self.stack.next_deadline()
        self.now_ns += frames * FRAME_NS
