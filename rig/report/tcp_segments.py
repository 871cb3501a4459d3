"""TCP segments as a capture shows them: who sent what when, and which of them repeat what was sent before."""

from __future__ import annotations

from dataclasses import dataclass

from rig.errors import WireError
from rig.report.run_facts import RunFacts
from rig.wire.address import format_ipv4
from rig.wire.ethernet import EthernetFrame, EtherType
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpFlag, TcpSegment

FCS_OCTETS = 4
PREAMBLE_OCTETS = 8  # with the SFD
MASK = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class SeenSegment:
    """One segment of a capture. ``relative`` is its sequence number counted from the initial one of its direction.

    ``relative_ack`` counts from that of the other direction; None without ACK, or where that was not seen.
    ``is_retransmission``: it takes sequence space, none of which is new. ``is_lost``: it was on the wire, and the
    receiver's stack never saw it (only where the run recorded losses).
    """

    t_ns: int
    end_ns: int
    sender: str
    receiver: str
    segment: TcpSegment
    frame_octets: int
    relative: int
    relative_ack: int | None
    is_retransmission: bool
    is_lost: bool

    @property
    def octets(self) -> int:
        """Octets of data."""
        return len(self.segment.payload)

    @property
    def connection(self) -> frozenset[tuple[str, int]]:
        """The two ends: station and port of each."""
        return frozenset(((self.sender, self.segment.source_port), (self.receiver, self.segment.destination_port)))

    def has(self, flags: int) -> bool:
        """Tell whether all of these flags are set."""
        return self.segment.flags & flags == flags


def read_segments(facts: RunFacts) -> list[SeenSegment]:
    """Return the TCP segments between stations of a run, in order of time; what is damaged is left out."""
    stations = {station["ip"].split("/")[0]: name for name, station in facts.stations.items() if station.get("ip")}
    initial: dict[tuple[str, int, str, int], int] = {}
    top: dict[tuple[str, int, str, int], int] = {}
    lost = lost_frames(facts)
    seen = []
    for frame in facts.frames:
        try:
            outer = EthernetFrame.parse(frame.octets[:-FCS_OCTETS])
            if outer.ethertype != EtherType.IPV4:
                continue
            packet = Ipv4Packet.parse(outer.payload)
            if packet.protocol != Protocol.TCP or packet.more_fragments or packet.fragment_offset_octets:
                continue
            segment = TcpSegment.parse(bytes(packet.payload), packet.source, packet.destination)
        except WireError:
            continue
        sender, receiver = stations.get(format_ipv4(packet.source)), stations.get(format_ipv4(packet.destination))
        if sender is None or receiver is None or frame.tap != sender:
            continue  # a router's copy of a packet is the same segment
        way = (sender, segment.source_port, receiver, segment.destination_port)
        if segment.flags & TcpFlag.SYN and initial.get(way) != segment.sequence:
            initial[way], top[way] = segment.sequence, 0
        elif way not in initial:
            initial[way], top[way] = segment.sequence - 1 & MASK, 1
        relative = segment.sequence - initial[way] & MASK
        other = initial.get((receiver, segment.destination_port, sender, segment.source_port))
        length = segment.sequence_length
        ack = segment.acknowledgement - other & MASK if other is not None and segment.flags & TcpFlag.ACK else None
        is_repeat = length > 0 and relative + length <= top[way]
        top[way] = max(top[way], relative + length)
        end_ns = frame.t_ns + (len(frame.octets) + PREAMBLE_OCTETS) * 8 * facts.bit_time_ns
        seen.append(
            SeenSegment(
                frame.t_ns, end_ns, sender, receiver, segment, len(frame.octets), relative, ack, is_repeat,
                (frame.t_ns, frame.tap) in lost,
            )
        )  # fmt: skip
    return seen


def lost_frames(facts: RunFacts) -> set[tuple[int, str]]:
    """Return time and sender of the frames that were on the wire and were lost before their receiver's stack."""
    lost = set()
    for row in facts.sockets:
        if row["kind"] == "lost" and row["direction"] == "receive":
            head = bytes.fromhex(row["head"])
            same = [frame for frame in facts.frames if frame.t_ns <= row["t_ns"] and frame.octets.startswith(head)]
            if same:
                lost.add((same[-1].t_ns, same[-1].tap))
    return lost
