"""Clause 4 as functions: what a row expects, from the standard alone.

IEEE Std 802.3-2022 3.2, 4.2.7 to 4.2.9, 4.4. Everything is counted in edges of the MII clock (or of the bit clock,
where an edge carries one bit). "What an MII can show" is the rule of clause 4 applied at the first edge that sees the
synchronised signal; the declared latency of the synchroniser comes from CAPS and is passed in.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

PREAMBLE_AND_SFD = b"\x55" * 7 + b"\xd5"
HEADER_BITS = 64
MIN_FRAME_OCTETS = 64
FCS_OCTETS = 4
GOOD_FCS = 0x2144_DF1C
MAX_DEFER_BITS = 2 * 1518 * 8
BROADCAST = b"\xff" * 6


def with_fcs(frame: bytes, *, pad: bool = True) -> bytes:
    """Return destination address to FCS, padded with zeros to 64 octets (3.2.8, 3.2.9)."""
    if pad:
        frame = frame.ljust(MIN_FRAME_OCTETS - FCS_OCTETS, b"\0")
    return frame + zlib.crc32(frame).to_bytes(FCS_OCTETS, "little")


def has_good_fcs(octets: bytes) -> bool:
    """Tell whether octets after an SFD pass the FCS."""
    return len(octets) >= FCS_OCTETS and zlib.crc32(octets) == GOOD_FCS


def to_symbols(octets: bytes, bits_per_edge: int) -> bytes:
    """Return what the clock edges carry, least significant bits of each octet first (3.3)."""
    if bits_per_edge == 4:
        return bytes(nibble for octet in octets for nibble in (octet & 15, octet >> 4))
    return bytes(octet >> bit & 1 for octet in octets for bit in range(8))


def to_octets(symbols: bytes, bits_per_edge: int) -> bytes:
    """Return the whole octets that symbols make; excess bits are dropped."""
    per_octet = 8 // bits_per_edge
    whole = len(symbols) // per_octet * per_octet
    return bytes(
        sum(symbol << bits_per_edge * index for index, symbol in enumerate(symbols[at : at + per_octet]))
        for at in range(0, whole, per_octet)
    )


def on_wire(frame_with_fcs: bytes, bits_per_edge: int) -> bytes:
    """Return all symbols of a transmission."""
    return to_symbols(PREAMBLE_AND_SFD + frame_with_fcs, bits_per_edge)


@dataclass(frozen=True, slots=True)
class Collision:
    """What a collision that is acted on at ``edge`` (counted from the start of the transmission) makes of it."""

    edge: int
    jam_edge: int
    end_edge: int
    is_late: bool


def collision(edge: int, *, bits_per_edge: int, jam_bits: int = 32, slot_bits: int = 512) -> Collision:
    """Apply 4.2.8: the header is finished, then comes the jam; late is what comes a slot time after the first bit.

    On the bit clock the edge that sees a collision ends the bit in which it came, and that bit is judged.
    """
    jam_edge = max(edge, HEADER_BITS // bits_per_edge)
    judged_edge = edge - 1 if bits_per_edge == 1 else edge
    end_edge = jam_edge + max(1, jam_bits // bits_per_edge)
    return Collision(edge, jam_edge, end_edge, judged_edge >= max(1, slot_bits // bits_per_edge))


def start_edge(
    waiting_edge: int,
    carrier: Sequence[tuple[int, int]],
    *,
    part1: int,
    total: int,
    last_own: tuple[int, int] | None = None,
) -> int:
    """Run the deference process of 4.2.8 edge by edge; return the edge at which a waiting frame starts.

    ``carrier`` are intervals ``[first, end)`` of edges that see carrier, the own one and others'; ``last_own`` is the
    last own transmission as edges of TX_EN ``[rise, fall)``, which lies before ``waiting_edge``. The gap is ``total``
    edges, of which the first ``part1`` are its first part.
    """
    edge = min([waiting_edge, *(first for first, _ in carrier)] + ([last_own[0]] if last_own else [])) - 1
    gap_began: int | None = None
    transmitted = False
    is_busy = False
    while True:
        seen = any(first <= edge < end for first, end in carrier)
        sending = last_own is not None and last_own[0] <= edge < last_own[1]
        if gap_began is not None:
            age = edge - gap_began
            if age >= total:  # deferring := false, whatever the carrier does: a waiting frame starts now
                if waiting_edge <= edge:
                    return edge
                gap_began, transmitted = None, False
                is_busy = seen or sending
            elif age < part1 and not transmitted and seen:  # carrier in the first part, after another's frame
                gap_began, is_busy = None, True
        elif is_busy:
            transmitted = transmitted or sending
            if not seen and not sending:
                gap_began, is_busy = edge, False
        elif seen or sending:
            is_busy, transmitted = True, sending
        elif waiting_edge <= edge:
            return edge
        edge += 1


def collision_edge(start: int, edges: int, arrival: tuple[int, int], sync: int) -> int | None:
    """Return at which edge a transmission of ``edges`` edges acts on an arrival, if it collides.

    ``arrival`` are the edges ``[first, end)`` that sample it; COL can be sampled from the edge after ``start`` on.
    """
    sampled = max(arrival[0], start + 1)
    seen = sampled + sync
    return seen if sampled < arrival[1] and seen < start + edges else None


def find_frame(symbols: bytes, bits_per_edge: int) -> bytes | None:
    """Return the symbols after the first SFD, or None without one: 10101011, at an MII the nibbles 5 and D (22.2.3)."""
    sfd = to_symbols(PREAMBLE_AND_SFD[-1:], bits_per_edge)
    at = symbols.find(sfd)
    return None if at < 0 else symbols[at + len(sfd) :]


MIN_TYPE = 1536
MAX_LENGTH = 1500
MIN_DATA_OCTETS = 46
HEADER_AND_FCS_OCTETS = 18


def judge(symbols: bytes, bits_per_edge: int, limit_octets: int = 1518) -> str | None:
    """Judge a reception for this station in the order of 4.2.9; return the counter that moves, None for silence.

    ``symbols`` are those after the SFD.
    """
    octets = to_octets(symbols, bits_per_edge)
    if len(octets) < MIN_FRAME_OCTETS:
        return None
    if len(octets) > limit_octets:
        return "aFrameTooLongErrors"
    if not has_good_fcs(octets):
        return "aAlignmentErrors" if len(symbols) * bits_per_edge % 8 else "aFrameCheckSequenceErrors"
    length = int.from_bytes(octets[12:14], "big")
    if length >= MIN_TYPE:
        return "aFramesReceivedOK"
    if length > MAX_LENGTH:
        return "aOutOfRangeLengthField"
    is_consistent = len(octets) - HEADER_AND_FCS_OCTETS == max(length, MIN_DATA_OCTETS)
    return "aFramesReceivedOK" if is_consistent else "aInRangeLengthErrors"


def fcs_bits(frame: bytes) -> list[int]:
    """Return the FCS of 3.2.9 in the order of the wire, by long division: slow, and without any table."""
    register = 0xFFFF_FFFF  # the first 32 bits are complemented
    for octet in frame:
        for bit in range(8):
            feedback = register >> 31 ^ octet >> bit & 1
            register = (register << 1 & 0xFFFF_FFFF) ^ (0x04C1_1DB7 if feedback else 0)
    return [~register >> 31 - bit & 1 for bit in range(32)]


def chi_square_p(counts: Sequence[int]) -> float:
    """Return the probability that equally likely bins differ at least as much as ``counts`` do."""
    expected = sum(counts) / len(counts)
    statistic = sum((count - expected) ** 2 / expected for count in counts)
    return _upper_gamma((len(counts) - 1) / 2, statistic / 2)


def _upper_gamma(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(a, x)."""
    if x <= 0:
        return 1.0
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:  # series for P
        term = total = 1 / a
        n = a
        while abs(term) > abs(total) * 1e-15:
            n += 1
            term *= x / n
            total += term
        return 1 - total * front
    b = x + 1 - a  # continued fraction for Q, by Lentz
    c = 1e300
    d = 1 / b
    h = d
    for i in range(1, 10_000):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return front * h
