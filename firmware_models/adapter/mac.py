"""The frame side of the MAC: what a frame looks like when it is sent, and what a receiver makes of what it hears.

Pure functions. Octets are in the order of the wire; a *unit* is what one edge carries, a nibble at an MII or a bit of
the serial medium (see :mod:`firmware_models.network.segment`).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum

from rig.adapter.registers import RxStatus

MIN_FRAME_OCTETS = 64
FCS_OCTETS = 4
HEADER_OCTETS = 14
"""Addresses and Length/Type."""
LENGTH_LIMIT_OCTETS = 2047
"""A longer frame is cut there, and too long in any case."""

MAX_LENGTH = 1500
MIN_TYPE = 1536
"""IEEE Std 802.3-2022 3.2.6: values up to 1500 are a length, from 1536 on a type, between them nothing."""

GOOD_FCS = 0x2144_DF1C
"""CRC-32 over a frame and its FCS."""

BROADCAST = b"\xff" * 6
PAUSE_ADDRESS = bytes.fromhex("0180c2000001")
PAUSE_TYPE_AND_OPCODE = bytes.fromhex("88080001")
"""Annex 31B: MAC control, PAUSE."""


def frame_to_send(data: bytes, *, pad: bool, append_fcs: bool) -> bytes:
    """Return destination address to FCS. Without ``append_fcs`` the data bring their own FCS and are not padded.

    IEEE Std 802.3-2022 3.2.8 and 3.2.9; the pad is zeros.
    """
    if not append_fcs:
        return data
    if pad and len(data) < MIN_FRAME_OCTETS - FCS_OCTETS:
        data = data.ljust(MIN_FRAME_OCTETS - FCS_OCTETS, b"\0")
    return data + zlib.crc32(data).to_bytes(FCS_OCTETS, "little")


def multicast_hash(destination: bytes) -> int:
    """Return which of the 64 entries of the hash table a multicast address selects.

    Bits 31..26 of the CRC register, as clause 3.2.9 has it (x^31 first), after the six octets of the address and before
    the final complement. 01-00-5E-00-00-01 selects entry 31.
    """
    reflected = zlib.crc32(destination) ^ 0xFFFF_FFFF
    return int(f"{reflected & 0x3F:06b}"[::-1], 2)


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """What a receiver takes, by destination address. ``hash_table``: bit n is entry n."""

    station: bytes = bytes(6)
    is_promiscuous: bool = False
    takes_broadcast: bool = True
    takes_multicast: bool = False
    hash_table: int = 0

    def accepts(self, destination: bytes) -> bool:
        """Tell whether a frame to this address (6 octets; fewer never match) is for this station."""
        if destination == self.station or self.is_promiscuous:
            return True
        if len(destination) < 6 or not destination[0] & 1:
            return False
        if destination == BROADCAST:
            return self.takes_broadcast
        return self.takes_multicast and bool(self.hash_table >> multicast_hash(destination) & 1)


def find_frame(units: bytes, bits_per_edge: int) -> int | None:
    """Return the index of the first unit after the first SFD, or None.

    At an MII the SFD is a nibble 5 directly followed by D; on the serial medium the eight bits 10101011 (4.2.9).
    """
    pattern = b"\x05\x0d" if bits_per_edge == 4 else b"\1\0\1\0\1\0\1\1"
    at = units.find(pattern)
    return None if at < 0 else at + len(pattern)


def collect(units: bytes, bits_per_edge: int) -> tuple[bytes, int]:
    """Return whole octets and the number of excess bits."""
    if bits_per_edge == 4:
        count = len(units) // 2
        octets = bytes(units[2 * i] | units[2 * i + 1] << 4 for i in range(count))
        return octets, 4 * (len(units) & 1)
    count = len(units) // 8
    octets = bytes(sum(units[8 * i + bit] << bit for bit in range(8)) for i in range(count))
    return octets, len(units) % 8


class Verdict(Enum):
    """The first thing that IEEE Std 802.3-2022 4.2.9 finds to say of a frame; values are clause 30 counters."""

    OK = "aFramesReceivedOK"
    TOO_LONG = "aFrameTooLongErrors"
    FCS_ERROR = "aFrameCheckSequenceErrors"
    ALIGNMENT_ERROR = "aAlignmentErrors"
    IN_RANGE_LENGTH = "aInRangeLengthErrors"
    OUT_OF_RANGE_LENGTH = "aOutOfRangeLengthField"


_STATUS_OF_VERDICT = {
    Verdict.OK: RxStatus.OK,
    Verdict.TOO_LONG: RxStatus.TOO_LONG,
    Verdict.FCS_ERROR: RxStatus.FCS_ERROR,
    Verdict.ALIGNMENT_ERROR: RxStatus.ALIGNMENT_ERROR,
    Verdict.IN_RANGE_LENGTH: RxStatus.IN_RANGE_LENGTH,
    Verdict.OUT_OF_RANGE_LENGTH: RxStatus.OUT_OF_RANGE_LENGTH,
}


def judge(octets: bytes, excess_bits: int, max_frame_octets: int, *, has_symbol_error: bool = False) -> Verdict:
    """Judge a frame for us, destination address to FCS, in the order of 4.2.9; a runt by its FCS alone.

    A symbol error makes any FCS a bad one.
    """
    if len(octets) > max_frame_octets or len(octets) > LENGTH_LIMIT_OCTETS:
        return Verdict.TOO_LONG
    if has_symbol_error or zlib.crc32(octets) != GOOD_FCS:
        return Verdict.ALIGNMENT_ERROR if excess_bits else Verdict.FCS_ERROR
    length = int.from_bytes(octets[12:14], "big")
    if length >= MIN_TYPE or len(octets) < MIN_FRAME_OCTETS:
        return Verdict.OK
    if length > MAX_LENGTH:
        return Verdict.OUT_OF_RANGE_LENGTH
    data_octets = len(octets) - HEADER_OCTETS - FCS_OCTETS
    smallest = MIN_FRAME_OCTETS - HEADER_OCTETS - FCS_OCTETS
    if (length >= smallest and data_octets != length) or (length < smallest and data_octets > smallest):
        return Verdict.IN_RANGE_LENGTH
    return Verdict.OK


def pause_time(octets: bytes, station: bytes) -> int | None:
    """Return the pause_time in quanta of a good PAUSE frame for this station, or None for any other (Annex 31B)."""
    if octets[12:16] == PAUSE_TYPE_AND_OPCODE and octets[:6] in (PAUSE_ADDRESS, station):
        return int.from_bytes(octets[16:18], "big")
    return None


def pause_frame(station: bytes, quanta: int) -> bytes:
    """Return a PAUSE frame, destination address to FCS."""
    data = PAUSE_ADDRESS + station + PAUSE_TYPE_AND_OPCODE + quanta.to_bytes(2, "big")
    return frame_to_send(data, pad=True, append_fcs=True)


def receive_status(octets: bytes, excess_bits: int, verdict: Verdict, *, has_symbol_error: bool = False) -> int:
    """Return the STATUS word of the receive header."""
    status = int(_STATUS_OF_VERDICT[verdict])
    if len(octets) < MIN_FRAME_OCTETS:
        status |= RxStatus.RUNT
    if excess_bits:
        status |= RxStatus.DRIBBLE
    if has_symbol_error:
        status |= RxStatus.SYMBOL_ERROR
    if octets[:6] == BROADCAST:
        status |= RxStatus.BROADCAST
    elif octets and octets[0] & 1:
        status |= RxStatus.MULTICAST
    return int(status)
