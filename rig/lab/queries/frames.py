"""Queries about the frames of the capture: their fields, octets, nibbles and bits as they pass on the wire."""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.report.frame_parts import (
    CARRIED,
    HEADER_OCTETS,
    WIRE_OVERHEAD_OCTETS,
    frames_with,
    nibbles_of,
    packet_octets,
)
from rig.report.run_facts import Frame
from rig.wire.fcs import FCS_OCTETS

_FIELDS: dict[str, Callable[[Frame], int]] = {
    "octets": lambda frame: len(frame.octets),
    "packet-octets": packet_octets,
    "pad-octets": lambda frame: len(frame.octets) - HEADER_OCTETS - FCS_OCTETS - packet_octets(frame),
    "frame-bits": lambda frame: 8 * len(frame.octets),
    "wire-bits": lambda frame: 8 * (WIRE_OVERHEAD_OCTETS + len(frame.octets)),
    "time-ns": lambda frame: frame.t_ns,
}


def frame_count(facts: LabFacts, carries: str = "", sender: str = "") -> int:
    """Count the whole frames that hold arp, ipv4, icmp, udp or tcp, or any, perhaps of one sender."""
    return len(select_frames(facts, carries, sender))


def frame_field(facts: LabFacts, field: str, carries: str = "", sender: str = "", nth: int = 1) -> int:
    """Return a field of the n-th frame so selected (-1: the last): octets (destination address to FCS), packet-octets
    (without pad), pad-octets, frame-bits, wire-bits (with preamble and SFD), time-ns.
    """
    if field not in _FIELDS:
        raise UsageError(f"a frame has no field {field!r}; it has {', '.join(_FIELDS)}")
    return _FIELDS[field](nth_frame(facts, carries, sender, nth))


def frame_octet(facts: LabFacts, octet: int, carries: str = "", sender: str = "", nth: int = 1) -> int:
    """Return the value of an octet of a frame: 1 is the first of the destination address, -1 the last of the FCS."""
    return _octets(nth_frame(facts, carries, sender, nth), octet, 1)[0]


def frame_nibble(facts: LabFacts, octet: int, half: int, carries: str = "", sender: str = "", nth: int = 1) -> int:
    """Return the nibble of an octet (as of frame-octet) that passes the MII first (half 1) or second (half 2)."""
    if half not in (1, 2):
        raise UsageError(f"an octet has no half {half}; it has 1 and 2")
    return nibbles_of(_octets(nth_frame(facts, carries, sender, nth), octet, 1))[half - 1]


def nibble_place(
    facts: LabFacts, octet: int, octets: int, value: int, carries: str = "", sender: str = "", nth: int = 1
) -> int:
    """Return as the how many-th nibble of some octets, from one on (as of frame-octet), a value first passes."""
    nibbles = nibbles_of(_octets(nth_frame(facts, carries, sender, nth), octet, octets))
    if value not in nibbles:
        raise NoSuchFactError(f"none of the {len(nibbles)} nibbles from octet {octet} on is {value}")
    return nibbles.index(value) + 1


def frame_bit(facts: LabFacts, octet: int, bit: int, carries: str = "", sender: str = "", nth: int = 1) -> int:
    """Return the n-th bit of an octet (as of frame-octet) in the order in which they pass on the line, 1 to 8."""
    if not 1 <= bit <= 8:
        raise UsageError(f"an octet has no bit number {bit}; it has 1 to 8")
    return _octets(nth_frame(facts, carries, sender, nth), octet, 1)[0] >> (bit - 1) & 1


def _octets(frame: Frame, octet: int, count: int) -> bytes:
    first = octet - 1 if octet > 0 else len(frame.octets) + octet
    if not octet or first < 0 or first + count > len(frame.octets):
        raise NoSuchFactError(f"the frame has {len(frame.octets)} octets, not {count} from number {octet} on")
    return frame.octets[first : first + count]


def nth_frame(facts: LabFacts, carries: str, sender: str, nth: int) -> Frame:
    found = select_frames(facts, carries, sender)
    try:
        return found[nth - 1 if nth > 0 else nth]
    except IndexError:
        what = "frame" + (f" with {carries}" if carries else "") + (f" from {sender}" if sender else "")
        raise NoSuchFactError(f"there is no {what} number {nth} in the capture; there are {len(found)}") from None


def select_frames(facts: LabFacts, carries: str, sender: str) -> list[Frame]:
    if carries and carries not in CARRIED:
        raise UsageError(f"a frame is not known to carry {carries!r}; there are {', '.join(CARRIED)}")
    if sender:
        facts.station(sender)
    return [frame for frame in frames_with(facts.run, carries) if sender in ("", frame.tap)]


QUERIES: dict[str, Callable[..., int | str]] = {
    "frame-count": frame_count,
    "frame-field": frame_field,
    "frame-octet": frame_octet,
    "frame-nibble": frame_nibble,
    "nibble-place": nibble_place,
    "frame-bit": frame_bit,
}
