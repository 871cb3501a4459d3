"""A stack at the mercy of whoever drives it, and what must hold of it whatever that is."""

from __future__ import annotations

from random import Random

from rig.stack.config import CongestionAlgorithm, InterfaceConfig, StackConfig, TcpConfig
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

    def __init__(self, timestamps: bool, *, sack: bool = True, cubic: bool = False) -> None:
        tcp = TcpConfig(
            timestamps=timestamps,
            window_scale=timestamps,
            sack=sack,
            congestion=CongestionAlgorithm.CUBIC if cubic else CongestionAlgorithm.NEW_RENO,
            receive_buffer_octets=5000,
            msl_ns=5000 * MS,
        )
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
