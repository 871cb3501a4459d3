"""From captured frames to the conversation of two hosts: who said what, in relative numbers, in which state.

A capture holds each frame once, as its sender sent it. Numbers are shown relative to the initial sequence number of
their direction, as the textbooks do: SYN is 0, the first octet of data is 1. A state is what the frames imply
(RFC 9293, figure 5, followed from outside), so an end that gave up without a frame keeps its last state here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rig.errors import WireError
from rig.report.run_facts import Frame
from rig.wire.address import format_ipv4
from rig.wire.arp import ArpPacket
from rig.wire.ethernet import EthernetFrame, EtherType
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpFlag, TcpSegment

FCS_OCTETS = 4
PREAMBLE_OCTETS = 8  # with the SFD

_SYN, _ACK, _FIN, _RST, _PSH = (int(flag) for flag in (TcpFlag.SYN, TcpFlag.ACK, TcpFlag.FIN, TcpFlag.RST, TcpFlag.PSH))


@dataclass(frozen=True, slots=True)
class Step:
    """One frame of the conversation, from ``sender`` to the other host (None: to all).

    ``label`` is the line to print; ``data_octets`` counts TCP payload. ``left_state`` and ``right_state`` are the
    states that this frame brought the two ends to, or empty where they stay.
    """

    t_ns: int
    end_ns: int
    sender: str
    is_from_left: bool
    label: str
    kind: str  # tcp or arp
    flags: int = 0
    data_octets: int = 0
    is_retransmission: bool = False
    left_state: str = ""
    right_state: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that two hosts said to each other; ``left`` spoke first, both are names of stations."""

    left: str
    right: str
    steps: tuple[Step, ...]

    @property
    def retransmissions(self) -> int:
        """Count the TCP segments that repeat sequence space already sent."""
        return sum(step.is_retransmission for step in self.steps)


@dataclass(slots=True)
class _Direction:
    """What one direction of a connection has sent so far."""

    isn: int
    top: int = 0  # relative number after the highest octet sent
    fin: int | None = None  # relative number of the FIN


@dataclass(slots=True)
class _Connection:
    directions: dict[bool, _Direction] = field(default_factory=dict)  # by is_from_left
    states: dict[bool, str] = field(default_factory=lambda: {True: "CLOSED", False: "LISTEN"})


def read_conversations(frames: Iterable[Frame], addresses: dict[str, str], bit_time_ns: int) -> list[Conversation]:
    """Return the conversations between stations, longest first.

    ``addresses`` maps IP address to station. Frames that are neither ARP nor TCP between two of them are left out.
    """
    pairs: dict[frozenset[str], list[Step]] = {}
    left_of: dict[frozenset[str], str] = {}
    connections: dict[tuple[frozenset[str], frozenset[int]], _Connection] = {}
    for frame in frames:
        end_ns = frame.t_ns + (len(frame.octets) + PREAMBLE_OCTETS) * 8 * bit_time_ns
        try:
            outer = EthernetFrame.parse(frame.octets[:-FCS_OCTETS])
            if outer.ethertype == EtherType.ARP:
                arp = ArpPacket.parse(outer.payload)
                names = addresses.get(format_ipv4(arp.sender_ip)), addresses.get(format_ipv4(arp.target_ip))
                segment = None
            elif outer.ethertype == EtherType.IPV4:
                packet = Ipv4Packet.parse(outer.payload)
                if packet.protocol != Protocol.TCP or packet.more_fragments or packet.fragment_offset_octets:
                    continue
                segment = TcpSegment.parse(packet.payload, packet.source, packet.destination)
                names = addresses.get(format_ipv4(packet.source)), addresses.get(format_ipv4(packet.destination))
            else:
                continue
        except WireError:
            continue  # another page's business: the capture itself shows it
        sender, receiver = names
        if sender is None or receiver is None or sender == receiver:
            continue
        pair = frozenset((sender, receiver))
        is_from_left = left_of.setdefault(pair, sender) == sender
        steps = pairs.setdefault(pair, [])
        if segment is None:
            question = arp.operation == 1
            asked = format_ipv4(arp.target_ip if question else arp.sender_ip)
            label = f"ARP who has {asked}?" if question else f"ARP {asked} is at {arp.sender_mac.hex(':')}"
            steps.append(Step(frame.t_ns, end_ns, sender, is_from_left, label, "arp"))
        else:
            key = (pair, frozenset((segment.source_port, segment.destination_port)))
            connection = connections.setdefault(key, _Connection())
            steps.append(_tcp_step(connection, segment, is_from_left, sender, frame.t_ns, end_ns))
    found = [Conversation(left, next(iter(pair - {left})), tuple(pairs[pair])) for pair, left in left_of.items()]
    return sorted(found, key=lambda conversation: -len(conversation.steps))


def _tcp_step(
    connection: _Connection, segment: TcpSegment, is_from_left: bool, sender: str, t_ns: int, end_ns: int
) -> Step:
    flags = segment.flags
    direction = connection.directions.get(is_from_left)
    if direction is None or (flags & _SYN and segment.sequence != direction.isn):
        direction = _Direction(segment.sequence if flags & _SYN else segment.sequence - 1 & 0xFFFFFFFF)
        connection.directions[is_from_left] = direction
    other = connection.directions.get(not is_from_left)
    sequence = segment.sequence - direction.isn & 0xFFFFFFFF
    octets = len(segment.payload)
    length = segment.sequence_length
    is_repeat = length > 0 and sequence < direction.top
    direction.top = max(direction.top, sequence + length)
    if flags & _FIN:
        direction.fin = sequence + octets
    acknowledged = segment.acknowledgement - other.isn & 0xFFFFFFFF if other and flags & _ACK else None
    names = [name for bit, name in ((_SYN, "SYN"), (_FIN, "FIN"), (_RST, "RST"), (_PSH, "PSH")) if flags & bit]
    words = [" ".join([*names, *(["ACK"] if flags & _ACK and (names or not octets) else [])])]
    if length:
        words.append(f"seq={sequence}")
    if octets:
        words.append(f"len={octets}")
    if acknowledged is not None:
        words.append(f"ack={acknowledged}")
    words.append(f"win={segment.window}")
    if segment.options.mss is not None:
        words.append(f"mss={segment.options.mss}")
    before = dict(connection.states)
    _follow(connection, is_from_left, flags, acknowledged, other)
    after = connection.states
    return Step(
        t_ns, end_ns, sender, is_from_left, " ".join(word for word in words if word), "tcp", flags, octets, is_repeat,
        after[True] if after[True] != before[True] else "", after[False] if after[False] != before[False] else "",
    )  # fmt: skip


_ON_FIN_SENT = {"ESTABLISHED": "FIN_WAIT_1", "CLOSE_WAIT": "LAST_ACK", "SYN_RECEIVED": "FIN_WAIT_1"}
_ON_FIN_RECEIVED = {"ESTABLISHED": "CLOSE_WAIT", "FIN_WAIT_1": "CLOSING", "FIN_WAIT_2": "TIME_WAIT"}
_ON_FIN_ACKNOWLEDGED = {"FIN_WAIT_1": "FIN_WAIT_2", "CLOSING": "TIME_WAIT", "LAST_ACK": "CLOSED"}


def _follow(
    connection: _Connection, is_from_left: bool, flags: int, acknowledged: int | None, other: _Direction | None
) -> None:
    """Move the states of both ends on by one segment; a state that it cannot change stays."""
    states = connection.states
    sender, receiver = states[is_from_left], states[not is_from_left]
    if flags & _RST:
        states[True] = states[False] = "CLOSED"
        return
    if flags & _SYN:
        states[is_from_left] = "SYN_RECEIVED" if flags & _ACK else "SYN_SENT"
        if flags & _ACK and receiver == "SYN_SENT":
            states[not is_from_left] = "ESTABLISHED"
        return
    if receiver == "SYN_RECEIVED":
        receiver = "ESTABLISHED"
    if acknowledged is not None and other is not None and other.fin is not None and acknowledged > other.fin:
        receiver = _ON_FIN_ACKNOWLEDGED.get(receiver, receiver)
    if flags & _FIN:
        sender = _ON_FIN_SENT.get(sender, sender)
        receiver = _ON_FIN_RECEIVED.get(receiver, receiver)
    states[is_from_left], states[not is_from_left] = sender, receiver
