"""A timed dialogue with the TCP of one stack, in virtual time: the test plays the peer.

A script reads like a capture::

    script = TcpScript()
    script.listen(80)
    script.send(0, "S", mss=1000)
    script.expect(0, "SA", mss=1460)
    script.send(10, "A")
    script.write(20, bytes(2000))
    script.expect(20, "A", length=1000)
    script.expect(20, "PA", length=1000)
    script.expect_nothing(1019)
    script.expect(1020, "A", seq=1, length=1000)

Times are milliseconds from the beginning of the script. Sequence numbers are relative: the peer's SYN is 0, and so is
the stack's. Only what differs from the ordinary is written: a segment that is sent continues where the last one ended
and acknowledges all that came; a segment that is expected continues the stack's stream, acknowledges all that was sent,
has no text, and goes out at exactly the time given. A retransmission therefore names its ``seq``. The window is checked
only where it is given. ARP is answered behind the scenes. A failure prints the dialogue so far.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import pytest

from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.events import StackEvent
from rig.stack.stack import SocketKind, SocketOption, Stack
from rig.wire.address import parse_ipv4
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ethernet import EthernetFrame, EtherType
from rig.wire.icmp import IcmpMessage
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpOptions, TcpSegment

OUR_MAC, PEER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
OUR_IP, PEER_IP = parse_ipv4("10.0.0.1"), parse_ipv4("10.0.0.2")
MASK = 0xFFFFFFFF
MAX_FRAMES_AT_ONCE, MAX_TIMERS_IN_A_STEP = 2000, 20_000  # far more than any script needs: a stack that loops is wrong
_LETTERS = "FSRPAUEC"  # bit 0 first

PLAIN = TcpConfig(window_scale=False, timestamps=False, sack=False)
"""No options but MSS, so that segments are as in RFC 9293; scripts about options choose their own configuration."""


def flag_bits(letters: str) -> int:
    """Return the control bits of, for instance, ``SA``."""
    return sum(1 << _LETTERS.index(letter) for letter in letters)


def flag_letters(bits: int) -> str:
    """Return control bits as letters, S first and A last where they are set."""
    order = "SFRPUECA"
    return "".join(letter for letter in order if bits & flag_bits(letter)) or "-"


def format_options(options: TcpOptions) -> str:
    """Return options as a capture shows them, a blank first; empty where there are none."""
    shown = {
        "mss": options.mss,
        "wscale": options.window_scale,
        "sackOK": "" if options.sack_permitted else None,
        "sack": " ".join(f"{left}:{right}" for left, right in options.sack) or None,
        "ts": None if options.timestamp is None else "{}:{}".format(*options.timestamp),
    }
    parts = [f"{name} {value}".strip() for name, value in shown.items() if value is not None]
    return f" <{', '.join(parts)}>" if parts else ""


@dataclass(frozen=True)
class Seen:
    """A segment that the stack sent; ``seq`` and ``ack`` are relative."""

    t_ns: int
    seq: int
    ack: int
    segment: TcpSegment

    @property
    def flags(self) -> str:
        return flag_letters(self.segment.flags)

    @property
    def data(self) -> bytes:
        return bytes(self.segment.payload)


class TcpScript:
    """One stack, one connection, and the peer that the test plays."""

    def __init__(
        self,
        tcp: TcpConfig = PLAIN,
        *,
        seed: int = 1,
        mtu: int = 1500,
        peer_iss: int = 0x10000,
        start_ns: int = 0,
        **changes: object,
    ) -> None:
        tcp = replace(tcp, **changes)  # type: ignore[arg-type]
        interface = InterfaceConfig(OUR_MAC, OUR_IP, 24, mtu)
        self.stack = Stack(StackConfig(interfaces=(interface,), tcp=tcp), Random(seed))
        self.start_ns = start_ns
        self.now_ns = start_ns
        self.port, self.peer_port = 0, 40000
        self.handle = 0  # the connection, or the listening socket until the first accept
        self.listening = 0
        self.peer_iss = peer_iss
        self.iss: int | None = None
        self.peer_nxt = 0  # relative number that the peer sends next
        self.stack_nxt = 0  # relative number that follows all the stack has sent
        self.window = 65535
        self.others: list[Ipv4Packet] = []
        self.story: list[str] = []
        self._seen: list[Seen] = []
        self._held = False  # the last segment was sent with ``hold``
        self._learn_peer()

    # Socket calls

    def listen(self, port: int = 80, backlog: int = 5) -> None:
        """Listen on a port."""
        self.port = port
        self.listening = self.handle = self.stack.socket(SocketKind.STREAM)
        self.stack.bind(self.handle, 0, port)
        self.stack.listen(self.handle, backlog)

    def connect(self, t_ms: float = 0, port: int = 80, **options: int) -> None:
        """Start an active open to the peer's ``port``; options are names of :class:`SocketOption` in lower case."""
        self._advance(t_ms)
        self.peer_port = port
        self.handle = self.stack.socket(SocketKind.STREAM)
        for name, value in options.items():
            self.stack.set_option(self.handle, SocketOption(name), value)
        self.stack.connect(self.handle, PEER_IP, port, self.now_ns)
        self._tell("connect()")
        self._drain()
        self.port = self.stack.local_name(self.handle)[1]

    def accept(self) -> int:
        """Accept a connection, which the following calls then mean."""
        handle = self.stack.accept(self.listening)
        if handle is None:
            self.fail("accept() has no connection")
        self.handle = handle
        return handle

    def write(self, t_ms: float, data: bytes) -> int:
        """Send on the socket; return what was taken."""
        self._advance(t_ms)
        taken = self.stack.send(self.handle, data, self.now_ns)
        self._tell(f"send({len(data)}) = {taken}")
        self._drain()
        return taken

    def read(self, t_ms: float, octets: int = 1 << 20) -> bytes | None:
        """Receive on the socket."""
        self._advance(t_ms)
        data = self.stack.receive(self.handle, octets, self.now_ns)
        self._tell(f"receive() = {data if data is None else len(data)}")
        self._drain()
        return data

    def shutdown(self, t_ms: float) -> None:
        """Close the stack's direction."""
        self._call(t_ms, "shutdown")

    def close(self, t_ms: float) -> None:
        """Release the socket."""
        self._call(t_ms, "close")

    def abort(self, t_ms: float) -> None:
        """Abort the connection."""
        self._call(t_ms, "abort")

    def option(self, name: str, value: int) -> None:
        """Set a socket option."""
        self.stack.set_option(self.handle, SocketOption(name), value)

    def events(self) -> list[StackEvent]:
        """Take all events."""
        events = []
        while (event := self.stack.next_event()) is not None:
            events.append(event)
        return events

    def closed_error(self) -> OSError | None:
        """Take all events and return the error of the CLOSED one; fails where there is none."""
        for event in self.events():
            if event.kind.value == "closed":
                return event.error
        self.fail("no CLOSED event")
        return None

    def state(self) -> str:
        """Return the state of the connection with the peer, CLOSED where there is none."""
        for row in self.stack.netstat():
            if (
                row.protocol == "tcp"
                and row.local.endswith(f":{self.port}")
                and row.foreign.endswith(f":{self.peer_port}")
            ):
                return row.state
        return "CLOSED"

    def counter(self, name: str) -> int:
        """Return a counter of the stack."""
        return self.stack.counters().get(name, 0)

    # The dialogue

    def send(
        self,
        t_ms: float,
        flags: str = "A",
        data: bytes = b"",
        *,
        seq: int | None = None,
        ack: int | None = None,
        win: int | None = None,
        hold: bool = False,
        corrupt: bool = False,
        urgent: int = 0,
        **options: object,
    ) -> None:
        """Send a segment to the stack at ``t_ms``. ``hold``: the stack is not asked for frames before the next step."""
        self._advance(t_ms)
        bits = flag_bits(flags)
        sequence = self.peer_nxt if seq is None else seq
        if win is not None:
            self.window = win
        iss = self.iss or 0
        if ack is None:
            acknowledgement = (iss + self.stack_nxt) & MASK if bits & flag_bits("A") else 0
        else:
            acknowledgement = (iss + ack) & MASK
        segment = TcpSegment(
            self.peer_port,
            self.port,
            (self.peer_iss + sequence) & MASK,
            acknowledgement,
            bits,
            self.window,
            data,
            urgent,
            TcpOptions(**options),  # type: ignore[arg-type]
        )
        if seq is None or sequence + segment.sequence_length > self.peer_nxt:
            self.peer_nxt = sequence + segment.sequence_length
        shown_ack = self.stack_nxt if ack is None else ack
        span = f"{sequence}:{sequence + len(data)}"
        self._tell(f"in  {flags:3} {span} ack {shown_ack} win {self.window}{format_options(segment.options)}")
        octets = bytearray(segment.serialize(PEER_IP, OUR_IP))
        if corrupt:
            octets[16] ^= 0x40
        self.receive_packet(Ipv4Packet(PEER_IP, OUR_IP, Protocol.TCP, bytes(octets)))
        self._held = hold
        if not hold:
            self._drain()

    def expect(
        self,
        t_ms: float,
        flags: str = "A",
        *,
        seq: int | None = None,
        ack: int | None = None,
        win: int | None = None,
        length: int | None = None,
        data: bytes | None = None,
        within_ms: float = 0,
        **options: object,
    ) -> Seen:
        """Expect the next segment of the stack at ``t_ms`` (or up to ``within_ms`` later) with exactly these fields."""
        self._advance(t_ms + within_ms)
        self._drain()
        if not self._seen:
            self.fail(f"expected {flags} at {t_ms} ms, nothing came")
        seen = self._seen.pop(0)
        wanted_seq = self.stack_nxt if seq is None else seq
        wanted_ack = self.peer_nxt if ack is None else ack
        if data is not None:
            length = len(data)
        segment = seen.segment
        checks = [
            ("flags", flag_letters(flag_bits(flags)), seen.flags),
            ("length", length or 0, len(seen.data)),
        ]
        if "R" not in flags or seq is not None:
            checks.append(("seq", wanted_seq, seen.seq))
        if "A" in flags and ("R" not in flags or ack is not None):
            checks.append(("ack", wanted_ack, seen.ack))
        if win is not None:
            checks.append(("win", win, segment.window))
        if data is not None:
            checks.append(("data", data, seen.data))
        for name, value in options.items():
            checks.append((name, value, getattr(segment.options, name)))
        wrong = [f"{name}: expected {want!r}, got {got!r}" for name, want, got in checks if want != got]
        low_ns, high_ns = self._ns(t_ms), self._ns(t_ms + within_ms)
        if not low_ns <= seen.t_ns <= high_ns:
            wrong.append(f"time: expected {t_ms} ms, got {(seen.t_ns - self.start_ns) / 1e6} ms")
        if wrong:
            self.fail(f"expected {flags} at {t_ms} ms; " + "; ".join(wrong))
        self.stack_nxt = max(self.stack_nxt, seen.seq + segment.sequence_length)
        return seen

    def expect_nothing(self, t_ms: float) -> None:
        """Expect that the stack sends nothing more up to ``t_ms``."""
        self._advance(t_ms)
        self._drain()
        if self._seen:
            seen = self._seen[0]
            self.fail(f"expected nothing up to {t_ms} ms, got {seen.flags} seq {seen.seq} len {len(seen.data)}")

    def take_all(self, t_ms: float) -> list[Seen]:
        """Return everything the stack sends up to ``t_ms``, unchecked."""
        self._advance(t_ms)
        seen, self._seen = self._seen, []
        for each in seen:
            self.stack_nxt = max(self.stack_nxt, each.seq + each.segment.sequence_length)
        return seen

    def icmp_error(self, t_ms: float, kind: int, code: int, *, seq: int, rest: int = 0) -> None:
        """Send an ICMP error about a segment of this connection with the relative number ``seq``."""
        self._advance(t_ms)
        sequence = ((self.iss or 0) + seq) & MASK
        quoted = TcpSegment(self.port, self.peer_port, sequence, 0, 0, 0).serialize(OUR_IP, PEER_IP)[:8]
        packet = Ipv4Packet(OUR_IP, PEER_IP, Protocol.TCP, quoted).serialize()
        message = IcmpMessage(kind, code, rest, packet).serialize()
        self._tell(f"> ICMP type {kind} code {code} about seq {seq}")
        self.receive_packet(Ipv4Packet(PEER_IP, OUR_IP, Protocol.ICMP, message))
        self._drain()

    # Ready-made beginnings

    def open_passively(self, *, rtt_ms: float = 0, win: int | None = None, **options: object) -> None:
        """Listen, let the peer connect, accept; ends at time ``rtt_ms``."""
        options.setdefault("mss", 1460)
        self.listen()
        self.send(0, "S", win=win, **options)  # type: ignore[arg-type]
        self.expect(0, "SA")
        self.send(rtt_ms, "A", **_stamp_of(options))  # type: ignore[arg-type]
        self.accept()
        self.events()

    def open_actively(self, *, rtt_ms: float = 0, win: int | None = None, **options: object) -> None:
        """Connect to the peer; ends at time ``rtt_ms``."""
        options.setdefault("mss", 1460)
        self.connect()
        self.expect(0, "S")
        self.send(rtt_ms, "SA", win=win, **options)  # type: ignore[arg-type]
        self.expect(rtt_ms, "A")
        self.events()

    # Machinery

    def receive_packet(self, packet: Ipv4Packet) -> None:
        """Give the stack an IP packet from the peer."""
        frame = EthernetFrame(OUR_MAC, PEER_MAC, EtherType.IPV4, packet.serialize())
        self.stack.receive_frame(frame.serialize().ljust(60, b"\0"), self.now_ns)

    def fail(self, problem: str) -> None:
        """Fail the test with the whole story."""
        lines = [*self.story, *(f"{'':12} pending: {seen}" for seen in self._seen)]
        pytest.fail(problem + "\n" + "\n".join(lines) + f"\ncounters: {self.stack.counters()}", pytrace=True)

    def _ns(self, t_ms: float) -> int:
        return self.start_ns + round(t_ms * 1_000_000)

    def _tell(self, text: str) -> None:
        self.story.append(f"{(self.now_ns - self.start_ns) / 1e6:12.3f} {text}")

    def _call(self, t_ms: float, name: str) -> None:
        self._advance(t_ms)
        getattr(self.stack, name)(self.handle, self.now_ns)
        self._tell(f"{name}()")
        self._drain()

    def _advance(self, t_ms: float) -> None:
        """Run the stack's timers up to ``t_ms``."""
        if not (self._held and round(t_ms * 1_000_000) == self.now_ns - self.start_ns):
            self._drain()
        target_ns = self._ns(t_ms)
        if target_ns < self.now_ns:
            self.fail(f"the script goes back to {t_ms} ms")
        steps = 0
        while (deadline_ns := self.stack.next_deadline()) is not None and deadline_ns <= target_ns:
            self.now_ns = max(self.now_ns, deadline_ns)
            self.stack.handle_timers(self.now_ns)
            self._drain()
            steps += 1
            if steps > MAX_TIMERS_IN_A_STEP:
                self.fail("the timers never stop")
        self.now_ns = target_ns

    def _drain(self) -> None:
        self._held = False
        for count, frame in enumerate(self.stack.frames_to_send(self.now_ns)):
            self._frame_from_stack(frame)
            if count > MAX_FRAMES_AT_ONCE:
                self.fail("the stack never stops sending")

    def _frame_from_stack(self, frame: bytes) -> None:
        ethernet = EthernetFrame.parse(frame)
        if ethernet.ethertype == EtherType.ARP:
            request = ArpPacket.parse(ethernet.payload)
            if request.operation == ArpOperation.REQUEST and request.target_ip == PEER_IP:
                self._learn_peer()
            return
        packet = Ipv4Packet.parse(ethernet.payload)
        if packet.protocol != Protocol.TCP:
            self.others.append(packet)
            return
        segment = TcpSegment.parse(packet.payload, packet.source, packet.destination)
        if segment.flags & flag_bits("S"):
            self.iss = segment.sequence
        seq = (segment.sequence - (self.iss or 0)) & MASK
        ack = (segment.acknowledgement - self.peer_iss) & MASK if segment.flags & flag_bits("A") else 0
        seen = Seen(self.now_ns, seq, ack, segment)
        span = f"{seq}:{seq + len(seen.data)}"
        self._tell(f"out {seen.flags:3} {span} ack {ack} win {segment.window}{format_options(segment.options)}")
        self._seen.append(seen)

    def _learn_peer(self) -> None:
        packet = ArpPacket(ArpOperation.REPLY, PEER_MAC, PEER_IP, OUR_MAC, OUR_IP)
        frame = EthernetFrame(OUR_MAC, PEER_MAC, EtherType.ARP, packet.serialize())
        self.stack.receive_frame(frame.serialize(), self.now_ns)


def _stamp_of(options: dict[str, object]) -> dict[str, object]:
    stamp = options.get("timestamp")
    return {} if stamp is None else {"timestamp": stamp}
