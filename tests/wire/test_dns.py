"""The DNS codec: against dnspython both ways, round trips, and octets that lie."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import UsageError, WireError
from rig.wire.dns import (
    MAX_RECORDS,
    DnsMessage,
    DnsQuestion,
    DnsRecord,
    RecordType,
    ResponseCode,
    encode_name,
    fold,
)

labels = st.lists(st.binary(min_size=1, max_size=20), max_size=5)
name_octets = labels.map(lambda parts: b"".join(bytes((len(part),)) + part for part in parts) + b"\0")
names = name_octets.map(lambda octets: DnsMessage.parse(bytes(5) + b"\x01" + bytes(6) + octets + bytes(4)))
names_as_text = names.map(lambda message: message.questions[0].name)
u16 = st.integers(0, 65535)
ttls = st.integers(0, (1 << 31) - 1)
other_types = st.sampled_from([RecordType.A, RecordType.TXT, RecordType.AAAA, 41, 257, 65535])
records = st.one_of(
    st.builds(DnsRecord, names_as_text, other_types, ttls, st.binary(max_size=30), u16),
    st.builds(DnsRecord.of_name, names_as_text, st.just(RecordType.CNAME), names_as_text, ttls),
    st.builds(DnsRecord.of_name, names_as_text, st.just(RecordType.NS), names_as_text, ttls),
)
some_records = st.lists(records, max_size=4).map(tuple)
messages = st.builds(
    DnsMessage,
    id=u16,
    is_response=st.booleans(),
    opcode=st.integers(0, 15),
    is_authoritative=st.booleans(),
    is_truncated=st.booleans(),
    recursion_desired=st.booleans(),
    recursion_available=st.booleans(),
    response_code=st.integers(0, 15),
    questions=st.lists(st.builds(DnsQuestion, names_as_text, u16, u16), max_size=2).map(tuple),
    answers=some_records,
    authorities=some_records,
    additionals=some_records,
    reserved=st.integers(0, 7),
)


@given(messages)
@pytest.mark.requirement("RFC1035-4.1")
def test_round_trip(message: DnsMessage) -> None:
    assert DnsMessage.parse(message.serialize()) == message


@given(messages, st.data())
@pytest.mark.requirement("RFC1035-4.1")
def test_cut_short_it_is_malformed(message: DnsMessage, data: st.DataObject) -> None:
    octets = message.serialize()
    cut = data.draw(st.integers(0, len(octets) - 1))
    with pytest.raises(WireError):
        DnsMessage.parse(octets[:cut])


@given(messages)
def test_octets_after_the_message_are_ignored(message: DnsMessage) -> None:
    assert DnsMessage.parse(memoryview(message.serialize() + b"\xa5\x5a")) == message


@given(st.binary(max_size=80), st.binary(max_size=4))
@pytest.mark.requirement("RFC1035-4.1.4")
def test_any_octets_parse_or_are_refused(octets: bytes, counts: bytes) -> None:
    header = bytes(4) + b"".join(bytes((0, count & 3)) for count in counts.ljust(4, b"\1"))
    for candidate in (octets, header + octets):
        try:
            message = DnsMessage.parse(candidate)
        except WireError:
            continue
        assert DnsMessage.parse(message.serialize()) == message


@given(messages, st.integers(12, 600))
@pytest.mark.requirement("RFC2181-9")
def test_what_does_not_fit_is_left_out_and_told(message: DnsMessage, limit: int) -> None:
    questions = DnsMessage(message.id, questions=message.questions).serialize()
    if len(questions) > limit:
        with pytest.raises(UsageError):
            message.serialize(limit)
        return
    octets = message.serialize(limit)
    assert len(octets) <= limit
    short = DnsMessage.parse(octets)
    is_whole = (short.answers, short.authorities, short.additionals) == (
        message.answers, message.authorities, message.additionals,
    )  # fmt: skip
    assert short.is_truncated == (message.is_truncated or not is_whole)
    assert message.answers[: len(short.answers)] == short.answers


SAMPLE = """id 4660
opcode QUERY
rcode NOERROR
flags QR AA RD RA
;QUESTION
www.Example.com. IN A
;ANSWER
www.example.com. 300 IN CNAME web.example.com.
web.example.com. 60 IN A 192.0.2.1
web.example.com. 60 IN A 192.0.2.2
;AUTHORITY
example.com. 3600 IN NS ns1.example.com.
example.com. 3600 IN SOA ns1.example.com. host.example.com. 1 2 3 4 555
;ADDITIONAL
example.com. 30 IN MX 10 mail.example.com.
ns1.example.com. 30 IN TXT "text"
"""


@pytest.mark.requirement("RFC1035-4.1")
@pytest.mark.requirement("RFC1035-4.1.4")
def test_dnspython_compresses_and_we_read() -> None:
    oracle = dns.message.from_text(SAMPLE)
    message = DnsMessage.parse(oracle.to_wire())
    assert (message.id, message.is_response, message.is_authoritative) == (0x1234, True, True)
    assert (message.recursion_desired, message.recursion_available, message.is_truncated) == (True, True, False)
    assert message.questions == (DnsQuestion("www.Example.com", RecordType.A),)
    assert [record.type for record in message.answers] == [RecordType.CNAME, RecordType.A, RecordType.A]
    assert fold(message.answers[0].target) == "web.example.com"
    assert {record.address for record in message.answers[1:]} == {0xC0000201, 0xC0000202}
    assert [record.ttl_s for record in message.answers] == [300, 60, 60]
    assert fold(message.authorities[0].target) == "ns1.example.com"
    assert message.authorities[1].soa_minimum_s == 555
    assert message.additionals[0].data[:2] == b"\0\x0a"
    assert fold(message.additionals[0].data[2:].decode()) == fold(encode_name("mail.example.com").decode())


@pytest.mark.requirement("RFC1035-4.1")
def test_dnspython_reads_what_we_write() -> None:
    ours = DnsMessage.parse(dns.message.from_text(SAMPLE).to_wire())
    assert dns.message.from_wire(ours.serialize()) == dns.message.from_text(SAMPLE)


@pytest.mark.requirement("RFC1035-4.1.4")
def test_a_name_that_was_written_is_a_pointer() -> None:
    question = DnsQuestion("www.example.com", RecordType.A)
    alone = DnsMessage(1, questions=(question,)).serialize()
    records = (DnsRecord.of_address("www.example.com", 1, 1), DnsRecord.of_address("ns.example.com", 1, 1))
    octets = DnsMessage(1, questions=(question,), answers=records).serialize()
    assert len(octets) == len(alone) + (2 + 14) + (3 + 2 + 14)


@given(messages)
def test_dnspython_agrees_on_names_and_flags(message: DnsMessage) -> None:
    plain = DnsMessage(
        message.id,
        is_response=True,
        is_authoritative=message.is_authoritative,
        recursion_desired=message.recursion_desired,
        questions=tuple(DnsQuestion(question.name, RecordType.A) for question in message.questions[:1]),
        answers=tuple(DnsRecord.of_address(record.name, 7, record.ttl_s) for record in message.answers),
    )
    oracle = dns.message.from_wire(plain.serialize())
    assert bool(oracle.flags & dns.flags.AA) == plain.is_authoritative
    ours = sorted(encode_name(fold(record.name)) for record in {fold(r.name): r for r in plain.answers}.values())
    assert sorted(rrset.name.canonicalize().to_wire() for rrset in oracle.answer) == ours


@pytest.mark.parametrize("name", ["www.lab", "", "a\\.b.c", "sp\\032ace.lab", "back\\\\slash", "\\255\\000"])
def test_names_as_text(name: str) -> None:
    octets = encode_name(name)
    assert octets == dns.name.from_text(name + "." if name else ".").to_wire()
    assert DnsMessage.parse(DnsMessage(1, questions=(DnsQuestion(name, 1),)).serialize()).questions[0].name == name


@pytest.mark.parametrize("name", ["a" * 64, ".".join(["abcdefg"] * 32), "a..b", ".a", "\\256", "a\\", "ł"])
def test_names_that_cannot_be_written(name: str) -> None:
    with pytest.raises(UsageError):
        encode_name(name)


def test_the_longest_name_fits() -> None:
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert len(encode_name(name)) == 255
    with pytest.raises(UsageError, match="limit is 255"):
        encode_name(name + "d")


HEADER = bytes.fromhex("0001 8000 0001 0000 0000 0000")


@pytest.mark.requirement("RFC1035-4.1.4")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("c00c", "point backwards"),  # at itself
        ("c00e 0161 c00c", "point backwards"),  # forwards, and then back: two pointers that chase each other
        ("0161 c00c", "point backwards"),  # a label, then the start of the same name: a name without end
        ("c0", "cut short"),
        ("c0ff", "point backwards"),
        ("41", "label type 1"),
        ("80", "label type 2"),
        ("0361", "past the message"),
        ("0161", "past the message"),
    ],
)
@pytest.mark.processor_limit(1)
def test_names_that_lie(body: str, words: str) -> None:
    with pytest.raises(WireError, match=words):
        DnsMessage.parse(HEADER + bytes.fromhex(body))


def test_pointers_to_pointers_end() -> None:
    """A name may be reached over many pointers as long as each goes back."""
    chain = b"\x01a\x00" + b"".join(
        (0xC000 | 12 + (0 if i == 0 else 3 + 2 * (i - 1))).to_bytes(2, "big") for i in range(50)
    )
    octets = bytes.fromhex("0001 8000 0000 0001 0000 0000") + b"\x01a\0" + bytes.fromhex("00ff 0001 00000000")
    octets += len(chain).to_bytes(2, "big") + chain
    DnsMessage.parse(octets)  # the data is of no type with names: not followed
    assert len(DnsMessage.parse(octets).answers[0].data) == len(chain)


def test_a_name_over_255_octets_through_pointers() -> None:
    first = b"\x3f" + b"a" * 63
    body = first * 3 + b"\0" + bytes.fromhex("0001 0001") + first + b"\xc0\x0c" + bytes.fromhex("0001 0001")
    with pytest.raises(WireError, match="exceeds 255"):
        DnsMessage.parse(bytes.fromhex("0001 8000 0002 0000 0000 0000") + body)


def test_more_records_than_a_message_may_have() -> None:
    octets = DnsMessage(1).serialize()
    lies = octets[:6] + (MAX_RECORDS + 1).to_bytes(2, "big") + octets[8:]
    with pytest.raises(WireError, match="limit is 1024"):
        DnsMessage.parse(lies)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (RecordType.CNAME, ""),
        (RecordType.MX, "0001"),
        (RecordType.SOA, "00"),
        (RecordType.NS, "0361"),
        (RecordType.CNAME, "01"),
    ],
)
def test_record_data_without_its_name(kind: RecordType, data: str) -> None:
    octets = DnsMessage(1, answers=(DnsRecord("a", kind, 1, bytes.fromhex(data)),)).serialize()
    with pytest.raises(WireError):
        DnsMessage.parse(octets)


def test_records_say_what_they_are_not() -> None:
    text = DnsRecord("a", RecordType.TXT, 1, b"x")
    for ask in ("address", "target", "soa_minimum_s"):
        with pytest.raises(WireError):
            getattr(text, ask)
    with pytest.raises(WireError):
        DnsRecord("a", RecordType.A, 1, b"12345").address  # noqa: B018


@pytest.mark.requirement("RFC2181-8")
def test_a_ttl_with_its_highest_bit_is_zero() -> None:
    octets = DnsMessage(1, answers=(DnsRecord.of_address("a", 1, (1 << 31) - 1),)).serialize()
    assert DnsMessage.parse(octets).answers[0].ttl_s == (1 << 31) - 1
    assert DnsMessage.parse(octets.replace(b"\x7f\xff\xff\xff", b"\x80\0\0\1")).answers[0].ttl_s == 0
    with pytest.raises(UsageError):
        DnsMessage(1, answers=(DnsRecord.of_address("a", 1, 1 << 31),)).serialize()


@pytest.mark.requirement("RFC4343")
def test_case_does_not_count_and_is_kept() -> None:
    assert DnsQuestion("WWW.lab", 1).matches(DnsQuestion("www.LAB", 1))
    assert not DnsQuestion("www.lab", 1).matches(DnsQuestion("www.lab", 28))
    message = DnsMessage(1, questions=(DnsQuestion("WWW.lab", 1),), answers=(DnsRecord.of_address("www.lab", 1, 1),))
    assert DnsMessage.parse(message.serialize()) == message
    assert fold("É.Ä") == "É.Ä"


def test_response_codes_without_a_name_are_kept() -> None:
    message = DnsMessage(1, response_code=15)
    assert DnsMessage.parse(message.serialize()).response_code == 15
    assert ResponseCode.NAME_ERROR == 3
