"""IPv4 fragments as a capture shows them: the pieces of each datagram, cut by its sender or by a router on the way.

Pieces belong together by source, destination, protocol and identification (RFC 791, 3.2). Each adapter that sends them
has a list of its own, because a router may cut again what arrives in pieces.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rig.report.datagrams import SeenPacket, read_icmp_errors, read_packets
from rig.report.run_facts import RunFacts
from rig.report.tcp_segments import lost_frames

REASSEMBLY_EXCEEDED = "reassembly-time-exceeded"
OFFSET_UNIT = 8

_Key = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """One fragment in one frame. ``first`` is where its data lies in that of the datagram, in octets."""

    seen: SeenPacket
    first: int
    octets: int
    has_more: bool
    is_lost: bool

    @property
    def end(self) -> int:
        """Where the data after it begins."""
        return self.first + self.octets


@dataclass(slots=True)
class CutDatagram:
    """The pieces of one datagram that one adapter sent, in the order in which it sent them.

    ``given_up_ns``: when the ICMP error was sent which says that the rest of it did not come, if there was one.
    """

    sender: str
    key: _Key
    pieces: list[Piece] = field(default_factory=list)
    given_up_ns: int | None = None

    @property
    def identification(self) -> int:
        """The identification that its pieces have in common."""
        return self.key[3]

    @property
    def octets(self) -> int:
        """How long its data is, as far as its pieces tell: header of UDP (or another protocol) and what follows."""
        return max(piece.end for piece in self.pieces)

    def holes(self) -> list[tuple[int, int]]:
        """Return what never arrived as (first, end), in order."""
        at, found = 0, []
        for piece in sorted((each for each in self.pieces if not each.is_lost), key=lambda each: each.first):
            if piece.first > at:
                found.append((at, piece.first))
            at = max(at, piece.end)
        return [*found, (at, self.octets)] if at < self.octets else found


def read_cut_datagrams(facts: RunFacts, sender: str = "") -> list[CutDatagram]:
    """Return the datagrams that travelled in pieces, in order of their first pieces, perhaps those of one adapter."""
    lost = lost_frames(facts)
    found: dict[tuple[str, _Key], CutDatagram] = {}
    for seen in read_packets(facts):
        packet = seen.packet
        if not packet.more_fragments and not packet.fragment_offset_octets:
            continue
        key = (packet.source, packet.destination, int(packet.protocol), packet.identification)
        datagram = found.setdefault((seen.sender, key), CutDatagram(seen.sender, key))
        is_lost = (seen.frame.t_ns, seen.frame.tap) in lost
        datagram.pieces.append(
            Piece(seen, packet.fragment_offset_octets, len(packet.payload), packet.more_fragments, is_lost)
        )
    for error in read_icmp_errors(facts):
        if error.name == REASSEMBLY_EXCEEDED:
            quoted = error.quoted
            key = (quoted.source, quoted.destination, int(quoted.protocol), quoted.identification)
            for datagram in found.values():
                if datagram.key == key and datagram.given_up_ns is None:
                    datagram.given_up_ns = error.seen.t_ns
    return [datagram for datagram in found.values() if sender in ("", datagram.sender)]
