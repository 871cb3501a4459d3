"""Queries about UDP, ICMP errors and DNS in the capture: fields, checksums, what was asked and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.report.checksum_picture import PARTS, sum_of, words_of
from rig.report.datagrams import (
    ICMP_ERRORS,
    UDP_HEADER_OCTETS,
    Exchange,
    Outcome,
    SeenDatagram,
    SeenError,
    read_datagrams,
    read_exchanges,
    read_icmp_errors,
    station_at,
)
from rig.wire.dns import RecordType

T = TypeVar("T")

_FIELDS: dict[str, Callable[[SeenDatagram], int]] = {
    "source-port": lambda seen: seen.datagram.source_port,
    "destination-port": lambda seen: seen.datagram.destination_port,
    "length": lambda seen: UDP_HEADER_OCTETS + seen.octets,
    "checksum": lambda seen: seen.checksum,
    "octets": lambda seen: seen.octets,
    "destination-host": lambda seen: seen.seen.packet.destination & 0xFF,
    "time-ns": lambda seen: seen.seen.t_ns,
}


def udp_count(facts: LabFacts, sender: str = "", to_port: int = 0) -> int:
    """Count the UDP datagrams that were sent whole in a frame, perhaps of one sender or to one port."""
    return len(_datagrams(facts, sender, to_port))


def udp_field(facts: LabFacts, field: str, sender: str = "", to_port: int = 0, nth: int = 1) -> int:
    """Return a field of the n-th datagram so selected (-1: the last): source-port, destination-port, length (with the
    header), checksum, octets (of data), destination-host (the last octet of the address), time-ns.
    """
    if field not in _FIELDS:
        raise UsageError(f"a datagram has no field {field!r}; it has {', '.join(_FIELDS)}")
    return _FIELDS[field](_nth_datagram(facts, sender, to_port, nth))


def udp_sum(facts: LabFacts, part: str, sender: str = "", to_port: int = 0, nth: int = 1) -> int:
    """Return the ones' complement sum of the words of a part of a datagram: pseudo-header, header (with its checksum as
    zero), data.
    """
    if part not in PARTS:
        raise UsageError(f"a checksum is not over {part!r}; it is over {', '.join(PARTS)}")
    words = words_of(_nth_datagram(facts, sender, to_port, nth))
    return sum_of([word for word in words if word.part == part])


def icmp_count(facts: LabFacts, error: str, sender: str = "") -> int:
    """Count ICMP errors, perhaps of one sender: net-unreachable, host-unreachable, port-unreachable,
    fragmentation-needed, ttl-exceeded, reassembly-time-exceeded.
    """
    return len(_errors(facts, error, sender))


def icmp_quoted_port(facts: LabFacts, error: str, sender: str = "", nth: int = 1) -> int:
    """Return the destination port of the datagram that an ICMP error, as of icmp-count, quotes."""
    return _nth(_errors(facts, error, sender), nth, f"ICMP {error}").quoted_way[3]


def dns_count(facts: LabFacts, name: str = "", server: str = "", outcome: str = "") -> int:
    """Count DNS queries over UDP: for one name, to one station, of one outcome (answered, port-unreachable, silent)."""
    return len(_exchanges(facts, name, server, outcome))


def dns_outcome(facts: LabFacts, nth: int = 1) -> str:
    """Return what came of the n-th DNS query: answered, port-unreachable, silent."""
    return _nth(_exchanges(facts), nth, "DNS query").outcome.value


def dns_server(facts: LabFacts, nth: int = 1) -> str:
    """Return the name of the station that the n-th DNS query goes to."""
    return station_at(facts.run, _nth(_exchanges(facts), nth, "DNS query").query.way[2])


def dns_answer(facts: LabFacts, field: str, name: str = "", nth: int = 1) -> int:
    """Return a field of the n-th DNS answer, perhaps of those about one name: records (of the answer section), aliases,
    addresses, response-code, ttl (of its first record, in s), octets (of the message), wait-ns (since the query).
    """
    answered = _exchanges(facts, name, outcome=Outcome.ANSWERED.value)
    exchange = _nth(answered, nth, f"DNS answer{f' about {name}' if name else ''}")
    assert exchange.answer is not None and exchange.reply is not None
    records = exchange.answer.answers
    if field == "ttl":
        return _nth([record.ttl_s for record in records], 1, "record in the answer")
    values = {
        "records": len(records),
        "aliases": sum(record.type == RecordType.CNAME for record in records),
        "addresses": sum(record.type == RecordType.A for record in records),
        "response-code": int(exchange.answer.response_code),
        "octets": exchange.reply.octets,
        "wait-ns": exchange.end_ns - exchange.query.seen.t_ns,
    }
    if field not in values:
        raise UsageError(f"a DNS answer has no field {field!r}; it has {', '.join([*values, 'ttl'])}")
    return values[field]


def dns_different(facts: LabFacts, field: str) -> int:
    """Return how many different values a field of the DNS queries has: id, port (the source port), server."""
    values: dict[str, Callable[[Exchange], int]] = {
        "id": lambda each: each.asked.id,
        "port": lambda each: each.query.way[1],
        "server": lambda each: each.query.way[2],
    }
    if field not in values:
        raise UsageError(f"a DNS query has no field {field!r}; it has {', '.join(values)}")
    return len({values[field](each) for each in _exchanges(facts)})


def _datagrams(facts: LabFacts, sender: str, to_port: int) -> list[SeenDatagram]:
    if sender:
        facts.station(sender)
    return [
        each
        for each in read_datagrams(facts.run)
        if sender in ("", each.seen.sender) and to_port in (0, each.datagram.destination_port)
    ]


def _nth_datagram(facts: LabFacts, sender: str, to_port: int, nth: int) -> SeenDatagram:
    what = "datagram" + (f" to port {to_port}" if to_port else "") + (f" from {sender}" if sender else "")
    return _nth(_datagrams(facts, sender, to_port), nth, what)


def _errors(facts: LabFacts, error: str, sender: str) -> list[SeenError]:
    if error not in ICMP_ERRORS:
        raise UsageError(f"there is no ICMP error {error!r}; there are {', '.join(ICMP_ERRORS)}")
    if sender:
        facts.station(sender)
    return [each for each in read_icmp_errors(facts.run) if each.name == error and sender in ("", each.seen.sender)]


def _exchanges(facts: LabFacts, name: str = "", server: str = "", outcome: str = "") -> list[Exchange]:
    if outcome not in ("", *(each.value for each in Outcome)):
        known = ", ".join(each.value for each in Outcome)
        raise UsageError(f"a DNS query has no outcome {outcome!r}; it has {known}")
    return [
        each
        for each in read_exchanges(facts.run)
        if name in ("", each.name)
        and outcome in ("", each.outcome.value)
        and server in ("", station_at(facts.run, each.query.way[2]))
    ]


def _nth(found: Sequence[T], nth: int, what: str) -> T:
    try:
        return found[nth - 1 if nth > 0 else nth]
    except IndexError:
        raise NoSuchFactError(f"there is no {what} number {nth} in the capture; there are {len(found)}") from None


QUERIES: dict[str, Callable[..., int | str]] = {
    "udp-count": udp_count,
    "udp-field": udp_field,
    "udp-sum": udp_sum,
    "icmp-count": icmp_count,
    "icmp-quoted-port": icmp_quoted_port,
    "dns-count": dns_count,
    "dns-outcome": dns_outcome,
    "dns-server": dns_server,
    "dns-answer": dns_answer,
    "dns-different": dns_different,
}
