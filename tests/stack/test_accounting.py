"""Nothing is dropped silently: every frame shows, in a counter or in something that happened."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rig.stack.config import InterfaceConfig, StackConfig
from rig.stack.counter_names import DROPS, EVENTS, is_drop, meaning
from rig.stack.stack import SocketKind, Stack
from rig.wire.address import parse_ipv4
from rig.wire.arp import ArpPacket
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet
from rig.wire.tcp import TcpFlag, TcpSegment
from rig.wire.udp import UdpDatagram
from tests.stack.bench import FAR_IP, GATEWAY_IP, GATEWAY_MAC, OUR_IP, OUR_MAC, PEER_IP, PEER_MAC

OTHER_IP = parse_ipv4("10.0.0.9")
NEAR = [OUR_IP, PEER_IP]
addresses = st.sampled_from(NEAR) | st.sampled_from(
    [OUR_IP, PEER_IP, FAR_IP, OTHER_IP, 0, 0xFFFFFFFF, parse_ipv4("10.0.0.255"), 0xE0000001, 0x7F000001, 0xF0000001]
)
macs = st.just(OUR_MAC) | st.sampled_from([OUR_MAC, PEER_MAC, GATEWAY_MAC, b"\xff" * 6, bytes.fromhex("01005e000001")])
ports = st.sampled_from([7, 9]) | st.sampled_from([0, 7, 9, 80, 5353, 65535])
small = st.binary(max_size=20)


@st.composite
def payloads(draw: st.DrawFn, source: int, destination: int) -> tuple[int, bytes]:
    """Return (protocol, payload): mostly what a layer above would take."""
    kind = draw(st.sampled_from(["udp", "icmp", "tcp", "noise", "other"]))
    if kind == "udp":
        return 17, UdpDatagram(draw(ports), draw(ports), draw(small)).serialize(source, destination)
    if kind == "icmp":
        quoted = Ipv4Packet(
            draw(addresses), draw(addresses), draw(st.sampled_from([1, 6, 17])), draw(small)
        ).serialize()
        body = draw(st.sampled_from([quoted, quoted[:10], b"data"]))
        return 1, IcmpMessage(
            draw(st.sampled_from([0, 3, 4, 5, 8, 11, 13, 99])), draw(st.integers(0, 5)), 7, body
        ).serialize()
    if kind == "tcp":
        numbers = draw(st.integers(0, 0xFFFFFFFF)), draw(st.integers(0, 0xFFFFFFFF))
        segment = TcpSegment(draw(ports), draw(ports), *numbers, draw(st.integers(0, 63)), 1000, draw(small))
        return 6, segment.serialize(source, destination)
    return (
        (draw(st.sampled_from([1, 6, 17])), draw(small))
        if kind == "noise"
        else (draw(st.integers(0, 255)), draw(small))
    )


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Return a frame that is right in most places."""
    header = draw(macs) + draw(st.just(PEER_MAC) | macs)
    kind = draw(st.sampled_from(["arp", "ip", "ip", "ip", "ip", "type", "short", "damaged"]))
    if kind == "short":
        return header[: draw(st.integers(0, 12))]
    if kind == "type":
        return header + draw(st.binary(min_size=2, max_size=2)) + draw(small)
    if kind == "arp":
        packet = ArpPacket(
            draw(st.integers(1, 2)), draw(macs), draw(addresses), draw(macs), draw(addresses)
        ).serialize()
        return header + b"\x08\x06" + packet[: draw(st.sampled_from([len(packet), 20]))]
    source, destination = draw(addresses), draw(addresses)
    protocol, payload = draw(payloads(source, destination))
    packet = Ipv4Packet(source, destination, protocol, payload, draw(st.sampled_from([0, 1, 64]))).serialize()
    if kind == "damaged" and packet:
        octets = bytearray(packet)
        octets[draw(st.integers(0, len(octets) - 1))] ^= draw(st.integers(1, 255))
        packet = bytes(octets)
    return header + b"\x08\x00" + packet


class Observed:
    """A host with something to find: a listening socket, a datagram socket, a connected one, an echo socket."""

    def __init__(self, forwarding: bool) -> None:
        config = StackConfig((InterfaceConfig(OUR_MAC, OUR_IP, 24),), gateway=GATEWAY_IP, forwarding=forwarding)
        self.stack = Stack(config, Random(1))
        listening = self.stack.socket(SocketKind.STREAM)
        self.stack.bind(listening, 0, 80)
        self.stack.listen(listening, 2)
        for port in (7, 9):
            handle = self.stack.socket(SocketKind.DATAGRAM)
            self.stack.bind(handle, 0, port)
        self.stack.connect(handle, PEER_IP, 7, 0)
        self.take()

    def take(self) -> list[object]:
        """Return what happened since the last call, besides counters."""
        seen: list[object] = list(self.stack.frames_to_send(0))
        while (event := self.stack.next_event()) is not None:
            seen.append(event)
        return seen

    def facts(self) -> list[object]:
        """Return what can be seen of the state; that a segment came is counted in any case, and says nothing."""
        stack = self.stack
        counters = {name: count for name, count in stack.counters().items() if name != "tcp_segments_received"}
        return [counters, stack.netstat(), stack.neighbours(), stack.routes(), stack.next_deadline()]


@settings(max_examples=250)
@given(st.lists(frames(), min_size=1, max_size=4), st.booleans())
def test_every_frame_leaves_a_trace(arriving: list[bytes], forwarding: bool) -> None:
    observed = Observed(forwarding)
    for now_ns, frame in enumerate(arriving, start=1):
        before = observed.facts()
        observed.stack.receive_frame(frame, now_ns)
        happened = observed.take()
        assert happened or observed.facts() != before, "it went without a trace"
    assert set(observed.stack.counters()) <= set(DROPS) | set(EVENTS)


class Connected(Observed):
    """A host with an open connection, and its peer's right next numbers."""

    def __init__(self) -> None:
        super().__init__(forwarding=False)
        self.sequence, self.acknowledgement = 1000, 0
        packet = ArpPacket(2, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP).serialize()
        self.stack.receive_frame(OUR_MAC + PEER_MAC + b"\x08\x06" + packet, 0)
        self.segment(0, 0, TcpFlag.SYN, b"", 0)
        (answer,) = (frame for frame in self.take() if isinstance(frame, bytes))
        self.sequence = 1001
        self.acknowledgement = int.from_bytes(answer[38:42], "big") + 1
        self.segment(0, 0, TcpFlag.ACK, b"", 0)
        self.take()

    def segment(self, sequence: int, acknowledgement: int, flags: int, data: bytes, now_ns: int) -> None:
        """Let a segment arrive; the numbers count from those that are right."""
        numbers = (self.sequence + sequence) & 0xFFFFFFFF, (self.acknowledgement + acknowledgement) & 0xFFFFFFFF
        octets = TcpSegment(5000, 80, *numbers, flags, 1000, data).serialize(PEER_IP, OUR_IP)
        packet = Ipv4Packet(PEER_IP, OUR_IP, 6, octets).serialize()
        self.stack.receive_frame(OUR_MAC + PEER_MAC + b"\x08\x00" + packet, now_ns)


offsets = st.sampled_from([0, 0, 0, 1, 5, -1, -10, 70_000, 1 << 31])


@settings(max_examples=250)
@example([(0, 0, 25, b""), (1, 0, 25, b"")])  # a second FIN, behind the first
@given(st.lists(st.tuples(offsets, offsets, st.integers(0, 31), small), min_size=1, max_size=4))
def test_every_segment_of_a_connection_leaves_a_trace(arriving: list[tuple[int, int, int, bytes]]) -> None:
    observed = Connected()
    for now_ns, (sequence, acknowledgement, flags, data) in enumerate(arriving, start=1):
        before = observed.facts()
        is_pure = flags & (TcpFlag.ACK | TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST) == TcpFlag.ACK and not data
        observed.segment(sequence, acknowledgement, flags, data, now_ns)
        happened = observed.take()
        if is_pure and 0 <= sequence <= 5 and acknowledgement <= 0:
            continue  # within the window, an acknowledgement that says nothing new is no loss
        assert happened or observed.facts() != before, "it went without a trace"


@pytest.mark.parametrize("name", sorted(DROPS))
def test_every_drop_says_what_it_counts(name: str) -> None:
    assert is_drop(name) and meaning(name)


def test_events_are_no_drops() -> None:
    assert not is_drop("tcp_segments_sent")
    assert meaning("tcp_segments_sent") == meaning("no_such_counter") == ""


def test_an_arp_reply_from_ourselves_is_counted() -> None:
    """Found by the property above."""
    observed = Observed(forwarding=False)
    packet = ArpPacket(2, OUR_MAC, OUR_IP, OUR_MAC, OUR_IP).serialize()
    observed.stack.receive_frame(OUR_MAC + PEER_MAC + b"\x08\x06" + packet, 0)
    assert observed.stack.counters() == {"arp_bad_sender": 1}
