"""Queries about fragments: how a datagram was cut, what of it was missing, and what its sender was told."""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.report.datagrams import read_icmp_errors, read_packets
from rig.report.fragments import OFFSET_UNIT, CutDatagram, Piece, read_cut_datagrams
from rig.wire.ipv4 import Ipv4Packet

NOTHING = "nothing"

_FIELDS: dict[str, Callable[[Piece], int]] = {
    "offset": lambda piece: piece.first // OFFSET_UNIT,
    "offset-octets": lambda piece: piece.first,
    "octets": lambda piece: piece.octets,
    "packet-octets": lambda piece: piece.seen.packet.header_octets + piece.octets,
    "more": lambda piece: int(piece.has_more),
    "identification": lambda piece: piece.seen.packet.identification,
    "time-ns": lambda piece: piece.seen.t_ns,
}


def fragment_count(facts: LabFacts, sender: str, nth: int = 1) -> int:
    """Count the pieces in which an adapter sent the n-th datagram that it sent in pieces."""
    return len(_cut(facts, sender, nth).pieces)


def fragment_field(facts: LabFacts, sender: str, field: str, piece: int = 1, nth: int = 1) -> int:
    """Return a field of a piece (-1: the last) of the n-th datagram that an adapter sent in pieces: offset (as in the
    header, in units of 8 octets), offset-octets, octets (of data), packet-octets, more (1 where MF is set),
    identification, time-ns.
    """
    if field not in _FIELDS:
        raise UsageError(f"a fragment has no field {field!r}; it has {', '.join(_FIELDS)}")
    pieces = _cut(facts, sender, nth).pieces
    try:
        return _FIELDS[field](pieces[piece - 1 if piece > 0 else piece])
    except IndexError:
        raise NoSuchFactError(f"the datagram has {len(pieces)} pieces; there is no number {piece}") from None


def fragments_with_more(facts: LabFacts, sender: str, nth: int = 1) -> int:
    """Count the pieces with MF set of the n-th datagram that an adapter sent in pieces."""
    return sum(piece.has_more for piece in _cut(facts, sender, nth).pieces)


def fragment_hole(facts: LabFacts, sender: str, nth: int = 1) -> int:
    """Return how many octets never arrived of the n-th datagram that an adapter sent in pieces."""
    return sum(end - first for first, end in _cut(facts, sender, nth).holes())


def holes_left(facts: LabFacts, sender: str) -> int:
    """Count the datagrams of which an adapter sent all pieces and not all arrived."""
    facts.station(sender)
    return sum(bool(datagram.holes()) for datagram in read_cut_datagrams(facts.run, sender))


def given_up_ns(facts: LabFacts, sender: str, nth: int = 1) -> int:
    """Return how long after the end of its first piece that arrived the receiver gave up the n-th datagram that an
    adapter sent in pieces, in ns; by the ICMP error that says so.
    """
    datagram = _cut(facts, sender, nth)
    arrived = [piece.seen.end_ns for piece in datagram.pieces if not piece.is_lost]
    if datagram.given_up_ns is None or not arrived:
        raise NoSuchFactError(f"nobody said that datagram number {nth} of {sender} was given up")
    return datagram.given_up_ns - arrived[0]


def icmp_after(facts: LabFacts, sender: str, nth: int = 1) -> str:
    """Return which ICMP error quotes the n-th datagram that an adapter sent in pieces, by the names of icmp-count, or
    `nothing`.
    """
    key = _cut(facts, sender, nth).key
    for error in read_icmp_errors(facts.run):
        quoted = error.quoted
        if (quoted.source, quoted.destination, int(quoted.protocol), quoted.identification) == key:
            return error.name
    return NOTHING


def next_hop_mtu(facts: LabFacts, nth: int = 1) -> int:
    """Return the MTU that the n-th ICMP error "fragmentation needed" tells, in octets."""
    found = [each for each in read_icmp_errors(facts.run) if each.name == "fragmentation-needed"]
    if not 1 <= nth <= len(found):
        raise NoSuchFactError(
            f"there is no ICMP fragmentation needed number {nth} in the capture; there are {len(found)}"
        )
    return found[nth - 1].message.rest_of_header & 0xFFFF


def unfragmented_count(facts: LabFacts, sender: str = "") -> int:
    """Count the packets with DF set, perhaps of one adapter."""
    return len(_unfragmented(facts, sender))


def unfragmented_octets(facts: LabFacts, sender: str = "", nth: int = 1) -> int:
    """Return the total length of the n-th packet with DF set (-1: the last), perhaps of one adapter, in octets."""
    found = _unfragmented(facts, sender)
    try:
        packet = found[nth - 1 if nth > 0 else nth]
    except IndexError:
        raise NoSuchFactError(
            f"there is no packet with DF number {nth} in the capture; there are {len(found)}"
        ) from None
    return packet.header_octets + len(packet.payload)


def mtu(facts: LabFacts, station: str) -> int:
    """Return the longest IP packet that a station sends, in octets, as its scenario says."""
    return int(facts.station(station)["mtu"])


def _unfragmented(facts: LabFacts, sender: str) -> list[Ipv4Packet]:
    if sender:
        facts.station(sender)
    return [
        seen.packet for seen in read_packets(facts.run) if seen.packet.dont_fragment and sender in ("", seen.sender)
    ]


def _cut(facts: LabFacts, sender: str, nth: int) -> CutDatagram:
    facts.station(sender)
    found = read_cut_datagrams(facts.run, sender)
    if not 1 <= nth <= len(found):
        raise NoSuchFactError(f"{sender} sent {len(found)} datagrams in pieces; there is no number {nth}")
    return found[nth - 1]


QUERIES: dict[str, Callable[..., int | str]] = {
    "fragment-count": fragment_count,
    "fragment-field": fragment_field,
    "fragments-with-more": fragments_with_more,
    "fragment-hole": fragment_hole,
    "holes-left": holes_left,
    "given-up-ns": given_up_ns,
    "icmp-after": icmp_after,
    "next-hop-mtu": next_hop_mtu,
    "unfragmented-count": unfragmented_count,
    "unfragmented-octets": unfragmented_octets,
    "mtu": mtu,
}
