"""DNS messages (RFC 1034, RFC 1035, RFC 2181), parsed within bounds and serialised with compression.

A domain name is text: labels joined by dots, no final dot, the root empty; a dot or backslash inside a label and any
octet that is not printable ASCII is written as an escape (RFC 1035 5.1). Names keep their case and are compared without
it (:func:`fold`). The data of a record is kept as octets with every name in it expanded, so that it means the same in
any message.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import IntEnum

from rig.errors import UsageError, WireError

HEADER_OCTETS = 12
MAX_MESSAGE_OCTETS = 65535
MAX_UDP_OCTETS = 512  # RFC 1035 2.3.4, without EDNS
MAX_NAME_OCTETS = 255
MAX_LABEL_OCTETS = 63
MAX_RECORDS = 1024
"""Of one message, all sections and the questions together; more is refused (65535 octets could hold 5000)."""
MAX_TTL_S = (1 << 31) - 1

_HEADER = struct.Struct(">6H")
_QUESTION = struct.Struct(">HH")
_RECORD = struct.Struct(">HHIH")
_POINTER = 0xC0


class RecordType(IntEnum):
    """TYPE and QTYPE values that the rig names (RFC 1035 3.2.2)."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    MX = 15
    TXT = 16
    AAAA = 28
    ANY = 255


class RecordClass(IntEnum):
    """CLASS values (RFC 1035 3.2.4)."""

    IN = 1
    ANY = 255


class ResponseCode(IntEnum):
    """RCODE (RFC 1035 4.1.1)."""

    NO_ERROR = 0
    FORMAT_ERROR = 1
    SERVER_FAILURE = 2
    NAME_ERROR = 3
    NOT_IMPLEMENTED = 4
    REFUSED = 5


# Names in the data of these types may be compressed (RFC 3597 4): octets before the names, and how many names.
_NAMES_IN_DATA: dict[int, tuple[int, int]] = {
    RecordType.NS: (0, 1),
    RecordType.CNAME: (0, 1),
    RecordType.PTR: (0, 1),
    RecordType.MX: (2, 1),
    RecordType.SOA: (0, 2),
}


@dataclass(frozen=True, slots=True)
class DnsQuestion:
    """One entry of the question section. ``type`` and ``dns_class`` may be numbers that have no name here."""

    name: str
    type: int
    dns_class: int = RecordClass.IN

    def matches(self, other: DnsQuestion) -> bool:
        """Tell whether both ask the same; case does not count (RFC 5452 9.1)."""
        mine, others = (fold(self.name), self.type, self.dns_class), (fold(other.name), other.type, other.dns_class)
        return mine == others


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One resource record. ``ttl_s`` in seconds; ``data`` is RDATA with its names uncompressed."""

    name: str
    type: int
    ttl_s: int
    data: bytes
    dns_class: int = RecordClass.IN

    @classmethod
    def of_address(cls, name: str, address: int, ttl_s: int) -> DnsRecord:
        """Return an A record; ``address`` is a 32-bit integer."""
        return cls(name, RecordType.A, ttl_s, address.to_bytes(4, "big"))

    @classmethod
    def of_name(cls, name: str, kind: RecordType, target: str, ttl_s: int) -> DnsRecord:
        """Return a CNAME, NS or PTR record."""
        return cls(name, kind, ttl_s, encode_name(target))

    @property
    def address(self) -> int:
        """The address of an A record; :class:`WireError` unless its data is 4 octets."""
        if self.type != RecordType.A or len(self.data) != 4:
            raise WireError(f"record type {self.type} with {len(self.data)} octets of data is no A record")
        return int.from_bytes(self.data, "big")

    @property
    def target(self) -> str:
        """The name that a CNAME, NS or PTR record holds; :class:`WireError` for another type."""
        if self.type not in (RecordType.CNAME, RecordType.NS, RecordType.PTR):
            raise WireError(f"record type {self.type} holds no single name")
        return _parse_name(self.data, 0)[0]

    @property
    def soa_minimum_s(self) -> int:
        """The MINIMUM field of an SOA record, in seconds; :class:`WireError` for another type."""
        if self.type != RecordType.SOA or len(self.data) < 20:
            raise WireError(f"record type {self.type} with {len(self.data)} octets of data is no SOA record")
        return int.from_bytes(self.data[-4:], "big")


@dataclass(frozen=True, slots=True)
class DnsMessage:
    """One message; the header's second word is::

          0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
        +--+-----------+--+--+--+--+--------+-----------+
        |QR|   opcode  |AA|TC|RD|RA|   Z    |   RCODE   |
        +--+-----------+--+--+--+--+--------+-----------+

    ``reserved`` is Z with the two bits that DNSSEC took from it; 0 is sent.
    """

    id: int
    is_response: bool = False
    opcode: int = 0
    is_authoritative: bool = False
    is_truncated: bool = False
    recursion_desired: bool = False
    recursion_available: bool = False
    response_code: int = ResponseCode.NO_ERROR
    questions: tuple[DnsQuestion, ...] = ()
    answers: tuple[DnsRecord, ...] = ()
    authorities: tuple[DnsRecord, ...] = ()
    additionals: tuple[DnsRecord, ...] = ()
    reserved: int = 0

    @classmethod
    def query(cls, message_id: int, question: DnsQuestion) -> DnsMessage:
        """Return a standard query that asks for recursion."""
        return cls(message_id, recursion_desired=True, questions=(question,))

    @classmethod
    def parse(cls, data: bytes | memoryview) -> DnsMessage:
        """Return the message that ``data`` is; octets after it are ignored.

        :class:`WireError` for anything cut short, for a label type that is no longer defined, for a name over 255
        octets, for a compression pointer that does not point backwards, and for more than 1024 records.
        """
        octets = bytes(data)
        if len(octets) < HEADER_OCTETS:
            raise WireError(f"DNS message of {len(octets)} octets is shorter than its header of {HEADER_OCTETS}")
        message_id, flags, *counts = _HEADER.unpack_from(octets)
        if sum(counts) > MAX_RECORDS:
            raise WireError(f"DNS message announces {sum(counts)} records; the limit is {MAX_RECORDS}")
        position = HEADER_OCTETS
        questions = []
        for _ in range(counts[0]):
            name, position = _parse_name(octets, position)
            kind, dns_class = _unpack(_QUESTION, octets, position)
            position += _QUESTION.size
            questions.append(DnsQuestion(name, kind, dns_class))
        sections = []
        for count in counts[1:]:
            records = []
            for _ in range(count):
                record, position = _parse_record(octets, position)
                records.append(record)
            sections.append(tuple(records))
        return cls(
            id=message_id,
            is_response=bool(flags & 0x8000),
            opcode=flags >> 11 & 0xF,
            is_authoritative=bool(flags & 0x0400),
            is_truncated=bool(flags & 0x0200),
            recursion_desired=bool(flags & 0x0100),
            recursion_available=bool(flags & 0x0080),
            response_code=flags & 0xF,
            questions=tuple(questions),
            answers=sections[0],
            authorities=sections[1],
            additionals=sections[2],
            reserved=flags >> 4 & 7,
        )

    def serialize(self, max_octets: int = MAX_MESSAGE_OCTETS) -> bytes:
        """Return the octets, owner names compressed; what does not fit is left out from the end, and TC set.

        :class:`UsageError` where not even the questions fit, or a field is out of range.
        """
        out = bytearray(HEADER_OCTETS)
        known: dict[str, int] = {}
        for question in self.questions:
            _append_name(out, question.name, known)
            out += _QUESTION.pack(question.type, question.dns_class)
        if len(out) > max_octets:
            raise UsageError(f"DNS questions take {len(out)} octets; the limit is {max_octets}")
        counts = [len(self.questions), 0, 0, 0]
        is_truncated = self.is_truncated
        for section, records in enumerate((self.answers, self.authorities, self.additionals), start=1):
            for record in records:
                start = len(out)
                _append_name(out, record.name, known)
                if not (0 <= record.ttl_s <= MAX_TTL_S and len(record.data) <= 65535):
                    raise UsageError(f"DNS record {record.name}: ttl {record.ttl_s} s or {len(record.data)} octets")
                out += _RECORD.pack(record.type, record.dns_class, record.ttl_s, len(record.data)) + record.data
                if len(out) > max_octets:
                    del out[start:]
                    is_truncated = True
                    break
                counts[section] += 1
            if len(records) != counts[section]:
                break
        flags = (
            self.is_response << 15
            | (self.opcode & 0xF) << 11
            | self.is_authoritative << 10
            | is_truncated << 9
            | self.recursion_desired << 8
            | self.recursion_available << 7
            | (self.reserved & 7) << 4
            | self.response_code & 0xF
        )
        _HEADER.pack_into(out, 0, self.id, flags, *counts)
        return bytes(out)


def fold(name: str) -> str:
    """Return the name as it is compared: ASCII letters in lower case, nothing else changed (RFC 4343)."""
    return name.translate(_LOWER)


def encode_name(name: str) -> bytes:
    """Return the wire form of a name, uncompressed; :class:`UsageError` for a label or name that is too long."""
    out = bytearray()
    for label in _split(name):
        out.append(len(label))
        out += label
    out.append(0)
    if len(out) > MAX_NAME_OCTETS:
        raise UsageError(f"domain name {name[:40]}... takes {len(out)} octets; the limit is {MAX_NAME_OCTETS}")
    return bytes(out)


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_PRINTABLE = frozenset(range(0x21, 0x7F)) - {ord("."), ord("\\")}
_TOKEN = re.compile(r"\\(\d{3})|\\(.)|(.)", re.DOTALL)


def _split(name: str) -> list[bytes]:
    """Return the labels of a name in text form."""
    name = name.removesuffix(".") if not name.endswith("\\.") else name
    if not name:
        return []
    labels = [bytearray()]
    for decimal, escaped, plain in _TOKEN.findall(name):
        if plain == ".":
            labels.append(bytearray())
            continue
        code = int(decimal) if decimal else ord(escaped or plain)
        if code > 255 or plain == "\\":
            raise UsageError(f"domain name {name!r:.80} has a character or escape that is no octet")
        labels[-1].append(code)
    for label in labels:
        if not 1 <= len(label) <= MAX_LABEL_OCTETS:
            raise UsageError(
                f"domain name {name!r:.80} has a label of {len(label)} octets; expected 1..{MAX_LABEL_OCTETS}"
            )
    return [bytes(label) for label in labels]


def _join(labels: list[bytes]) -> str:
    """Return the text form of labels."""
    return ".".join(
        "".join(
            chr(octet) if octet in _PRINTABLE else f"\\{chr(octet)}" if octet in b".\\" else f"\\{octet:03d}"
            for octet in label
        )
        for label in labels
    )


def _append_name(out: bytearray, name: str, known: dict[str, int]) -> None:
    """Append a name, its known tail as a pointer (RFC 1035 4.1.4). Case is part of what is known."""
    encode_name(name)  # refuses what is too long as a whole
    labels = _split(name)
    for index in range(len(labels)):
        tail = _join(labels[index:])
        position = known.get(tail)
        if position is not None:
            out += (_POINTER << 8 | position).to_bytes(2, "big")
            return
        if len(out) <= 0x3FFF:
            known[tail] = len(out)
        out.append(len(labels[index]))
        out += labels[index]
    out.append(0)


def _parse_name(octets: bytes, position: int) -> tuple[str, int]:
    """Return the name at ``position`` and where what follows it begins.

    Each pointer must point before all that was read of this name, so that following them always ends.
    """
    labels: list[bytes] = []
    total = 1
    end = -1
    lowest = position
    while True:
        if position >= len(octets):
            raise WireError(f"DNS name at {position} runs past the message of {len(octets)} octets")
        length = octets[position]
        if length == 0:
            return _join(labels), end if end >= 0 else position + 1
        if length >= _POINTER:
            if position + 2 > len(octets):
                raise WireError(f"DNS compression pointer at {position} is cut short")
            target = int.from_bytes(octets[position : position + 2], "big") & 0x3FFF
            if target >= lowest:
                raise WireError(f"DNS compression pointer at {position} to {target} does not point backwards")
            if end < 0:
                end = position + 2
            position = lowest = target
            continue
        if length > MAX_LABEL_OCTETS:
            raise WireError(f"DNS label type {length >> 6} at {position} is not defined")
        label = octets[position + 1 : position + 1 + length]
        if len(label) != length:
            raise WireError(f"DNS label at {position} runs past the message of {len(octets)} octets")
        total += 1 + length
        if total > MAX_NAME_OCTETS:
            raise WireError(f"DNS name exceeds {MAX_NAME_OCTETS} octets")
        labels.append(label)
        position += 1 + length


def _parse_record(octets: bytes, position: int) -> tuple[DnsRecord, int]:
    name, position = _parse_name(octets, position)
    kind, dns_class, ttl_s, length = _unpack(_RECORD, octets, position)
    position += _RECORD.size
    end = position + length
    if end > len(octets):
        raise WireError(f"DNS record data of {length} octets at {position} runs past the message")
    data = octets[position:end]
    layout = _NAMES_IN_DATA.get(kind)
    if layout is not None:
        data = _expand(octets, position, end, *layout)
    # RFC 2181 8: a TTL with its highest bit set counts as zero.
    return DnsRecord(name, kind, 0 if ttl_s > MAX_TTL_S else ttl_s, data, dns_class), end


def _expand(octets: bytes, position: int, end: int, prefix_octets: int, names: int) -> bytes:
    """Return record data with the names after its first octets uncompressed."""
    data = bytearray(octets[position : position + prefix_octets])
    position += prefix_octets
    for _ in range(names):
        if position >= end:
            raise WireError("DNS record data ends before the name it should hold")
        name, position = _parse_name(octets, position)
        data += encode_name(name)
    if position > end:
        raise WireError("DNS name runs past the data of its record")
    return bytes(data + octets[position:end])


def _unpack(layout: struct.Struct, octets: bytes, position: int) -> tuple[int, ...]:
    if position + layout.size > len(octets):
        raise WireError(f"DNS message of {len(octets)} octets is cut short at {position}")
    return layout.unpack_from(octets, position)
