"""A DNS zone as a table, and the answer that an authoritative server gives from it (RFC 1034 4.3.2). No input, output.

There is one zone, without delegations and without wildcards, and there is no EDNS: an answer over UDP has at most 512
octets, and is cut, with TC set, where that is not enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rig.errors import UsageError, WireError
from rig.wire.dns import (
    HEADER_OCTETS,
    MAX_MESSAGE_OCTETS,
    DnsMessage,
    DnsQuestion,
    DnsRecord,
    RecordClass,
    RecordType,
    ResponseCode,
    encode_name,
    fold,
)

MAX_ALIASES = 16
SOA_TIMES_S = (3600, 600, 86400)  # refresh, retry, expire: for secondary servers, which there are none of
Table = Mapping[str, str | Sequence[str]]


class Zone:
    """The records of one zone, by name. ``origin`` is its apex, empty for a zone that holds every name."""

    def __init__(self, origin: str, records: Sequence[DnsRecord], negative_ttl_s: int = 60) -> None:
        self.origin = origin.removesuffix(".")
        self._records: dict[str, list[DnsRecord]] = {}
        for record in records:
            if not self.holds(record.name):
                raise UsageError(f"DNS record {record.name!r} is not in the zone {self.origin!r}")
            encode_name(record.name)
            at_name = self._records.setdefault(fold(record.name), [])
            kinds = {other.type for other in at_name} | {record.type}
            if RecordType.CNAME in kinds and (len(kinds) > 1 or at_name):
                raise UsageError(f"DNS name {record.name!r} has an alias and something else (RFC 1034 3.6.2)")
            at_name.append(record)
        server = encode_name(f"ns.{self.origin}" if self.origin else "ns")
        numbers = (1, *SOA_TIMES_S, negative_ttl_s)
        start = server + encode_name(f"hostmaster.{self.origin}" if self.origin else "hostmaster")
        soa = start + b"".join(number.to_bytes(4, "big") for number in numbers)
        self.soa = DnsRecord(self.origin, RecordType.SOA, negative_ttl_s, soa)
        apex = self._records.setdefault(fold(self.origin), [])
        apex += [self.soa, DnsRecord(self.origin, RecordType.NS, negative_ttl_s, server)]
        self._inner = {fold(name).partition(".")[2] for name in self._records}
        for name in list(self._inner):  # every name above one that has records exists (RFC 8020)
            while name:
                name = name.partition(".")[2]
                self._inner.add(name)

    @classmethod
    def from_table(cls, table: Table, origin: str = "", ttl_s: int = 300) -> Zone:
        """Return a zone from names and what they stand for: IPv4 addresses, or another name (an alias)."""
        records = []
        for name, values in table.items():
            for value in [values] if isinstance(values, str) else values:
                address = _address(value)
                if address is not None:
                    records.append(DnsRecord(name, RecordType.A, ttl_s, address))
                else:
                    records.append(DnsRecord.of_name(name, RecordType.CNAME, value, ttl_s))
        return cls(origin, records)

    def holds(self, name: str) -> bool:
        """Tell whether a name belongs to the zone."""
        origin = fold(self.origin)
        return not origin or fold(name) == origin or fold(name).endswith("." + origin)

    def answer(self, query: DnsMessage) -> DnsMessage:
        """Return the response to a query."""
        if query.opcode != 0:
            return _response(query, ResponseCode.NOT_IMPLEMENTED)
        if len(query.questions) != 1:
            return _response(query, ResponseCode.FORMAT_ERROR)
        question = query.questions[0]
        if question.dns_class not in (RecordClass.IN, RecordClass.ANY) or not self.holds(question.name):
            return _response(query, ResponseCode.REFUSED)
        answers, name, exists = self._search(question)
        code = ResponseCode.NO_ERROR if exists or not self.holds(name) else ResponseCode.NAME_ERROR
        is_whole = bool(answers) and (answers[-1].type != RecordType.CNAME or question.type == RecordType.CNAME)
        authorities = () if is_whole or not self.holds(name) else (self.soa,)
        return _response(query, code, answers, authorities)

    def _search(self, question: DnsQuestion) -> tuple[list[DnsRecord], str, bool]:
        """Return the answers, aliases first, the name at the end of those, and whether that exists."""
        answers: list[DnsRecord] = []
        name = question.name
        for _ in range(MAX_ALIASES):
            records = self._records.get(fold(name), [])
            matching = [each for each in records if question.type in (each.type, RecordType.ANY)]
            if matching or not records or records[0].type != RecordType.CNAME:
                answers += matching
                return answers, name, bool(records) or fold(name) in self._inner
            answers += records
            name = records[0].target
        return answers, name, True


def respond(zone: Zone, octets: bytes, max_octets: int = MAX_MESSAGE_OCTETS) -> bytes | None:
    """Return the octets that answer a message, or None for what must not be answered: responses, and no message."""
    if len(octets) < HEADER_OCTETS or octets[2] & 0x80:
        return None
    try:
        query = DnsMessage.parse(octets)
    except WireError:
        opcode = octets[2] >> 3 & 0xF
        query = DnsMessage(int.from_bytes(octets[:2], "big"), opcode=opcode)
        return _response(query, ResponseCode.FORMAT_ERROR).serialize(max_octets)
    return zone.answer(query).serialize(max_octets)


def _response(
    query: DnsMessage,
    code: ResponseCode,
    answers: Sequence[DnsRecord] = (),
    authorities: Sequence[DnsRecord] = (),
) -> DnsMessage:
    return DnsMessage(
        id=query.id,
        is_response=True,
        opcode=query.opcode,
        is_authoritative=code in (ResponseCode.NO_ERROR, ResponseCode.NAME_ERROR),
        recursion_desired=query.recursion_desired,
        response_code=code,
        questions=query.questions[:1],
        answers=tuple(answers),
        authorities=tuple(authorities),
    )


def _address(text: str) -> bytes | None:
    """Return the 4 octets of an IPv4 address in text, or None where it is something else."""
    parts = text.split(".")
    if len(parts) == 4 and all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts):
        return bytes(int(part) for part in parts)
    return None
