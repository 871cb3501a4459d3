"""Whatever arrives, in whatever state: nothing raises, nothing hangs, nothing grows without bound."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.stack import SocketKind, Stack
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpOptions, TcpSegment
from tests.stack.bench import OUR_IP, OUR_MAC, PEER_IP, PEER_MAC

MS = 1_000_000
MASK = 0xFFFFFFFF
HEADER = OUR_MAC + PEER_MAC


class Victim:
    """A stack with a listener, and a peer that knows the sequence numbers of the last segment it saw."""

    def __init__(self, timestamps: bool) -> None:
        tcp = TcpConfig(timestamps=timestamps, window_scale=timestamps, receive_buffer_octets=5000, msl_ns=5000 * MS)
        self.stack = Stack(StackConfig((InterfaceConfig(OUR_MAC, OUR_IP, 24),), tcp=tcp), Random(1))
        self.now_ns = 0
        self.nxt, self.ack, self.port, self.peer_port = 5000, 0, 80, 40000
        arp = ArpPacket(ArpOperation.REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP).serialize()
        self.stack.receive_frame(HEADER + b"\x08\x06" + arp, 0)
        self.listening = self.stack.socket(SocketKind.STREAM)
        self.stack.bind(self.listening, 0, 80)
        self.stack.listen(self.listening, 4)
        self.handles: list[int] = []

    def segment(
        self, flags: int, seq_offset: int, ack_offset: int, data: bytes, window: int, options: TcpOptions
    ) -> None:
        """Let a segment arrive whose numbers lie near those that are right."""
        blocks = tuple(((self.ack + left) & MASK, (self.ack + right) & MASK) for left, right in options.sack)
        options = options._replace(sack=blocks)
        segment = TcpSegment(
            self.peer_port, self.port, (self.nxt + seq_offset) & MASK, (self.ack + ack_offset) & MASK, flags, window,
            data, window & 0xFF, options,
        )  # fmt: skip
        packet = Ipv4Packet(PEER_IP, OUR_IP, Protocol.TCP, segment.serialize(PEER_IP, OUR_IP))
        self.stack.receive_frame(HEADER + b"\x08\x00" + packet.serialize(), self.now_ns)
        if seq_offset == 0:
            self.nxt = (self.nxt + segment.sequence_length) & MASK
        self.pull()

    def pull(self, limit: int = 2000) -> None:
        """Take the frames the stack sends; remember what it acknowledges."""
        count = 0
        for frame in self.stack.frames_to_send(self.now_ns):
            count += 1
            assert count < limit, "the stack never stops sending"
            if frame[12:14] != b"\x08\x00" or frame[23] != Protocol.TCP:
                continue
            packet = Ipv4Packet.parse(frame[14:])
            segment = TcpSegment.parse(packet.payload, packet.source, packet.destination)
            if segment.source_port == self.port and segment.destination_port == self.peer_port:
                self.ack = (segment.sequence + segment.sequence_length) & MASK
                if segment.flags & 0x10:
                    self.nxt = segment.acknowledgement

    def call(self, number: int) -> None:
        """Make some socket call."""
        stack, now_ns = self.stack, self.now_ns
        while (handle := stack.accept(self.listening)) is not None:
            self.handles.append(handle)
        if number == 0:
            handle = stack.socket(SocketKind.STREAM)
            self.peer_port = 9
            stack.connect(handle, PEER_IP, 9, now_ns)
            self.port = stack.local_name(handle)[1]
            self.handles.append(handle)
        for handle in self.handles:
            try:
                if number == 1:
                    stack.send(handle, bytes(3000), now_ns)
                elif number == 2:
                    stack.receive(handle, 700, now_ns)
                elif number == 3:
                    stack.shutdown(handle, now_ns)
            except OSError:
                pass
        if number in (4, 5) and self.handles:
            (stack.close if number == 4 else stack.abort)(self.handles.pop(), now_ns)
        self.pull()

    def advance(self, to_ns: int) -> None:
        """Run the timers."""
        steps = 0
        while (deadline_ns := self.stack.next_deadline()) is not None and deadline_ns <= to_ns:
            steps += 1
            assert steps < 5000, "the timers never stop"
            self.now_ns = max(self.now_ns, deadline_ns)
            self.stack.handle_timers(self.now_ns)
            self.pull()
        self.now_ns = max(self.now_ns, to_ns)

    def check(self) -> None:
        """Check what must hold in every state."""
        connections = self.stack._tcp.connections
        assert len(connections) < 300
        for connection in connections.values():
            sender, receiver = connection.sender, connection.receiver
            assert len(receiver.buffer) + receiver.queue.octets <= receiver.capacity + (1 << 14)
            assert len(sender.buffer) <= sender.buffer.capacity
            assert (sender.snd_nxt - sender.snd_una) & MASK <= (sender.snd_max - sender.snd_una) & MASK < 1 << 20
            unsent = sender.flight or (len(sender.buffer) and connection.state.name in ("ESTABLISHED", "CLOSE_WAIT"))
            if unsent and connection.state.name != "TIME_WAIT":
                assert connection.deadline_ns < 1 << 60, f"{connection.state.name} waits for ever with text to send"


near = st.one_of(
    st.just(0), st.integers(-3, 3), st.integers(-70_000, 70_000), st.integers(-(2**31), 2**31 - 1)
)
blocks = st.lists(st.tuples(near, near), min_size=1, max_size=3).map(tuple)
options = st.builds(
    TcpOptions,
    mss=st.one_of(st.none(), st.integers(0, 65535)),
    window_scale=st.one_of(st.none(), st.integers(0, 255)),
    sack_permitted=st.booleans(),
    sack=st.just(()),
    timestamp=st.one_of(st.none(), st.tuples(st.integers(0, MASK), st.integers(0, MASK))),
)
segments = st.tuples(
    st.just("segment"),
    st.one_of(st.sampled_from([0x02, 0x10, 0x12, 0x18, 0x11, 0x04, 0x14]), st.integers(0, 255)),
    near,
    near,
    st.one_of(st.just(b""), st.binary(max_size=40), st.integers(0, 1400).map(bytes)),
    st.one_of(st.just(65535), st.integers(0, 65535)),
    st.one_of(options, blocks.map(lambda sack: TcpOptions(sack=sack, timestamp=(1, 0)))),
)
steps = st.one_of(
    segments,
    segments,
    segments,
    st.tuples(st.just("call"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 50, 250, 1000, 8000, 130_000])),
)


@given(st.booleans(), st.booleans(), st.lists(steps, max_size=40))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_segments_into_random_states(stamped: bool, opened: bool, script: list[tuple[object, ...]]) -> None:
    victim = Victim(stamped)
    if opened:
        stamp = TcpOptions(mss=1000, sack_permitted=True, timestamp=(1, 0) if stamped else None)
        victim.segment(0x02, 0, 0, b"", 65535, stamp)
        victim.segment(0x10, 0, 0, b"", 65535, TcpOptions(timestamp=stamp.timestamp))
    for kind, *arguments in script:
        if kind == "segment":
            victim.segment(*arguments)  # type: ignore[arg-type]
        elif kind == "call":
            victim.call(*arguments)  # type: ignore[arg-type]
        else:
            victim.advance(victim.now_ns + arguments[0] * MS)  # type: ignore[operator]
        victim.check()
    for handle in victim.handles:
        victim.stack.close(handle, victim.now_ns)
    victim.pull()
    victim.advance(victim.now_ns + 1_000_000 * MS)
    assert not victim.stack._tcp.connections or any(
        connection.state.name == "SYN_RECEIVED" or connection.listener is not None or connection.sender.snd_wnd == 0
        for connection in victim.stack._tcp.connections.values()
    ), "closed connections end by themselves"


@given(st.lists(st.binary(max_size=120), max_size=20), st.sampled_from([b"", b"\x08\x00", b"\x08\x06"]))
@settings(max_examples=200, deadline=None)
def test_random_octets(frames: list[bytes], ethertype: bytes) -> None:
    victim = Victim(True)
    for frame in frames:
        victim.stack.receive_frame(HEADER + ethertype + frame if ethertype else frame, victim.now_ns)
        victim.pull()
    victim.advance(10_000 * MS)
    victim.check()


@given(
    st.sampled_from([1, 6, 17, 99]),
    st.binary(max_size=100),
    st.booleans(),
    st.integers(0, 8191),
    st.integers(0, 255),
    st.binary(max_size=40),
)
@settings(max_examples=300, deadline=None)
def test_random_ip_payloads(
    protocol: int, payload: bytes, more: bool, offset: int, ttl: int, options_octets: bytes
) -> None:
    victim = Victim(True)
    packet = Ipv4Packet(
        PEER_IP, OUR_IP, protocol, payload, ttl, 1, False, more, offset * 8 if offset % 3 == 0 else 0, 0, 0,
        options_octets,
    )  # fmt: skip
    for _ in range(2):
        victim.stack.receive_frame(HEADER + b"\x08\x00" + packet.serialize(), 0)
    victim.pull()
    victim.advance(100_000 * MS)
