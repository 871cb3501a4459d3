"""Queries about the TCP segments of the capture."""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.report.tcp_segments import SeenSegment
from rig.wire.tcp import TcpFlag

_FIELDS: dict[str, Callable[[SeenSegment], int | None]] = {
    "sequence": lambda seen: seen.segment.sequence,
    "acknowledgement": lambda seen: seen.segment.acknowledgement,
    "relative-sequence": lambda seen: seen.relative,
    "relative-acknowledgement": lambda seen: seen.relative_ack,
    "window": lambda seen: seen.segment.window,
    "mss": lambda seen: seen.segment.options.mss,
    "octets": lambda seen: seen.octets,
    "frame-octets": lambda seen: seen.frame_octets,
    "source-port": lambda seen: seen.segment.source_port,
    "destination-port": lambda seen: seen.segment.destination_port,
    "time-ns": lambda seen: seen.t_ns,
    "end-ns": lambda seen: seen.end_ns,
}


def tcp_count(
    facts: LabFacts,
    sender: str = "",
    flags: str = "",
    without: str = "",
    data: bool | None = None,
    retransmission: bool | None = None,
) -> int:
    """Count segments: of one sender, with all these flags set (as `SYN ACK`), with none of those in `without`,
    with data or without, first transmissions or retransmissions.
    """
    return len(_select(facts, sender, flags, without, data, retransmission))


def tcp_field(
    facts: LabFacts,
    field: str,
    sender: str = "",
    flags: str = "",
    without: str = "",
    data: bool | None = None,
    retransmission: bool | None = None,
    nth: int = 1,
) -> int:
    """Return a field of the n-th segment so selected (-1: the last): sequence, acknowledgement, relative-sequence,
    relative-acknowledgement, window, mss, octets, frame-octets, source-port, destination-port, time-ns, end-ns.
    """
    if field not in _FIELDS:
        raise UsageError(f"a segment has no field {field!r}; it has {', '.join(_FIELDS)}")
    found = _select(facts, sender, flags, without, data, retransmission)
    seen = nth_of(found, nth, f"segment {_words(sender, flags, data, retransmission)}")
    value = _FIELDS[field](seen)
    if value is None:
        raise NoSuchFactError(f"the segment at {seen.t_ns} ns has no {field}")
    return value


def tcp_octets(facts: LabFacts, sender: str) -> int:
    """Count the octets of data that a station sent, each once, however often it was sent."""
    return sum(seen.octets for seen in _select(facts, sender, data=True, retransmission=False))


def nth_of(found: list[SeenSegment], nth: int, what: str) -> SeenSegment:
    """Return the n-th of what was found, from 1; from the end where negative."""
    index = nth - 1 if nth > 0 else nth
    try:
        return found[index]
    except IndexError:
        raise NoSuchFactError(f"there is no {what} number {nth} in the capture; there are {len(found)}") from None


def _select(
    facts: LabFacts,
    sender: str = "",
    flags: str = "",
    without: str = "",
    data: bool | None = None,
    retransmission: bool | None = None,
) -> list[SeenSegment]:
    if sender:
        facts.station(sender)
    wanted, unwanted = _flags(flags), _flags(without)
    return [
        seen
        for seen in facts.segments
        if (not sender or seen.sender == sender)
        and seen.has(wanted)
        and not seen.segment.flags & unwanted
        and (data is None or bool(seen.octets) is data)
        and (retransmission is None or seen.is_retransmission is retransmission)
    ]


def _flags(names: str) -> int:
    try:
        return sum(int(TcpFlag[name]) for name in names.split())
    except KeyError as err:
        raise UsageError(f"{err} is no flag of TCP; there are {', '.join(TcpFlag.__members__)}") from None


def _words(sender: str, flags: str, data: bool | None, retransmission: bool | None) -> str:
    words = [f"from {sender}" if sender else "", f"with {flags}" if flags else "", "with data" if data else ""]
    words.append("that is a retransmission" if retransmission else "")
    return " ".join(word for word in words if word)


QUERIES: dict[str, Callable[..., int | str]] = {
    "tcp-count": tcp_count,
    "tcp-field": tcp_field,
    "tcp-octets": tcp_octets,
}
