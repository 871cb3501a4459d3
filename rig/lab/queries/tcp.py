"""Queries about the TCP segments of the capture."""

from __future__ import annotations

from collections import Counter
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
    lost: bool | None = None,
) -> int:
    """Count segments: of one sender, with all these flags set (as `SYN ACK`), with none of those in `without`,
    with data or without, first transmissions or retransmissions, lost on their way or not.
    """
    return len(_select(facts, sender, flags, without, data, retransmission, lost))


def tcp_field(
    facts: LabFacts,
    field: str,
    sender: str = "",
    flags: str = "",
    without: str = "",
    data: bool | None = None,
    retransmission: bool | None = None,
    lost: bool | None = None,
    nth: int = 1,
) -> int:
    """Return a field of the n-th segment so selected (-1: the last): sequence, acknowledgement, relative-sequence,
    relative-acknowledgement, window, mss, octets, frame-octets, source-port, destination-port, time-ns, end-ns.
    """
    found = _select(facts, sender, flags, without, data, retransmission, lost)
    return _field(nth_of(found, nth, f"segment {_words(sender, flags, data, retransmission, lost)}"), field)


def tcp_octets(facts: LabFacts, sender: str) -> int:
    """Count the octets of data that a station sent on its connections, each once, however often it was sent."""
    top: dict[frozenset[tuple[str, int]], int] = {}
    for seen in _select(facts, sender, data=True):
        top[seen.connection] = max(top.get(seen.connection, 0), seen.relative + seen.octets - 1)
    return sum(top.values())


def duplicate_acks(facts: LabFacts, sender: str) -> int:
    """Count the duplicate ACKs of a station (RFC 5681, 2): no data, the same ACK number and window as the one before,
    while something was not acknowledged.
    """
    count = 0
    last: tuple[int, int] | None = None
    top = 0
    for seen in facts.segments:
        if seen.sender != sender:
            top = max(top, seen.relative + seen.segment.sequence_length)
        elif seen.relative_ack is not None:
            now = (seen.relative_ack, seen.segment.window)
            count += not seen.segment.sequence_length and now == last and seen.relative_ack < top
            last = now
    return count


def repeated_ack(facts: LabFacts, sender: str) -> int:
    """Return the relative ACK number that most segments without data of a station carry, the first of these."""
    numbers = [seen.relative_ack for seen in facts.segments if seen.sender == sender and not seen.octets]
    found = Counter(number for number in numbers if number is not None)
    if not found:
        raise NoSuchFactError(f"{sender} sent no ACK without data")
    return found.most_common(1)[0][0]


def ack_beyond_loss(facts: LabFacts, sender: str) -> int:
    """Return the first relative ACK number of a station that covers the first segment lost on its way to it."""
    lost = nth_of([seen for seen in facts.segments if seen.is_lost and seen.octets], 1, "lost segment with data")
    for seen in facts.segments:
        if seen.sender == sender and seen.relative_ack is not None and seen.relative_ack > lost.relative:
            return seen.relative_ack
    raise NoSuchFactError(f"{sender} never acknowledged what was lost")


def window_probes(facts: LabFacts, sender: str) -> int:
    """Count the window probes of a station: data that it sent while the other side's last window was zero."""
    return len(_probes(facts, sender))


def window_probe(facts: LabFacts, sender: str, field: str, nth: int = 1) -> int:
    """Return a field, as of tcp-field, of the n-th window probe of a station."""
    value = (
        _FIELDS[field](nth_of(_probes(facts, sender), nth, f"window probe of {sender}")) if field in _FIELDS else None
    )
    if value is None:
        raise UsageError(f"a window probe has no field {field!r}; it has {', '.join(_FIELDS)}")
    return value


def zero_window(facts: LabFacts, sender: str, field: str, after: bool = False) -> int:
    """Return a field, as of tcp-field, of the first segment of a station that announces a window of zero; with `after`
    of the first one after it that opens the window again.
    """
    announced = [seen for seen in _select(facts, sender, without="SYN RST") if seen.relative_ack is not None]
    closed = next((index for index, seen in enumerate(announced) if not seen.segment.window), None)
    if closed is None:
        raise NoSuchFactError(f"{sender} never announced a window of zero")
    found = announced[closed:] if not after else [seen for seen in announced[closed:] if seen.segment.window]
    return _field(nth_of(found, 1, f"window update of {sender}"), field)


def _probes(facts: LabFacts, sender: str) -> list[SeenSegment]:
    probes, window = [], 1
    for seen in facts.segments:
        if seen.sender != sender:
            window = seen.segment.window
        elif seen.octets and not window:
            probes.append(seen)
    return probes


def most_in_flight(facts: LabFacts, sender: str) -> int:
    """Return the largest number of octets that a station had sent and not yet seen acknowledged, by the capture."""
    most = top = acknowledged = 0
    for seen in facts.segments:
        if seen.sender == sender:
            top = max(top, seen.relative + seen.octets)
            most = max(most, top - max(acknowledged, 1)) if seen.octets else most
        elif seen.relative_ack is not None:
            acknowledged = max(acknowledged, seen.relative_ack)
    return most


def smallest_window(facts: LabFacts, sender: str) -> int:
    """Return the smallest window that a station announced, SYN and RST apart."""
    found = [seen.segment.window for seen in _select(facts, sender, without="SYN RST")]
    if not found:
        raise NoSuchFactError(f"{sender} announced no window after its SYN")
    return min(found)


def nth_of(found: list[SeenSegment], nth: int, what: str) -> SeenSegment:
    """Return the n-th of what was found, from 1; from the end where negative."""
    index = nth - 1 if nth > 0 else nth
    try:
        return found[index]
    except IndexError:
        raise NoSuchFactError(f"there is no {what} number {nth} in the capture; there are {len(found)}") from None


def _field(seen: SeenSegment, field: str) -> int:
    if field not in _FIELDS:
        raise UsageError(f"a segment has no field {field!r}; it has {', '.join(_FIELDS)}")
    value = _FIELDS[field](seen)
    if value is None:
        raise NoSuchFactError(f"the segment at {seen.t_ns} ns has no {field}")
    return value


def _select(
    facts: LabFacts,
    sender: str = "",
    flags: str = "",
    without: str = "",
    data: bool | None = None,
    retransmission: bool | None = None,
    lost: bool | None = None,
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
        and (lost is None or seen.is_lost is lost)
    ]


def _flags(names: str) -> int:
    try:
        return sum(int(TcpFlag[name]) for name in names.split())
    except KeyError as err:
        raise UsageError(f"{err} is no flag of TCP; there are {', '.join(TcpFlag.__members__)}") from None


def _words(sender: str, flags: str, data: bool | None, retransmission: bool | None, lost: bool | None) -> str:
    words = [f"from {sender}" if sender else "", f"with {flags}" if flags else "", "with data" if data else ""]
    words += ["that is a retransmission" if retransmission else "", "that was lost" if lost else ""]
    return " ".join(word for word in words if word)


QUERIES: dict[str, Callable[..., int | str]] = {
    "tcp-count": tcp_count,
    "tcp-field": tcp_field,
    "tcp-octets": tcp_octets,
    "duplicate-acks": duplicate_acks,
    "repeated-ack": repeated_ack,
    "ack-beyond-loss": ack_beyond_loss,
    "window-probes": window_probes,
    "window-probe": window_probe,
    "zero-window": zero_window,
    "most-in-flight": most_in_flight,
    "smallest-window": smallest_window,
}
