"""The DNS server: its zone against dnspython's own, both transports, and peers that do wrong."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.apps.dns_server import IDLE_NS, MAX_CONNECTIONS, DnsServer
from rig.apps.dns_zone import Zone, respond
from rig.errors import UsageError
from rig.sockets import Socket, SocketKind
from rig.wire.dns import DnsMessage, DnsQuestion, DnsRecord, RecordType, ResponseCode
from tests.helpers.two_hosts import TwoHosts

TABLE = {
    "www.lab": ["10.0.0.5", "10.0.0.6"],
    "alias.lab": "www.lab",
    "outside.lab": "www.elsewhere.",
    "dangling.lab": "nothing.lab",
    "a.deep.name.lab": "10.0.0.7",
}
ZONE = Zone.from_table(TABLE, "lab")
ORACLE = dns.zone.from_text(
    """
@ 60 SOA ns hostmaster 1 3600 600 86400 60
@ 60 NS ns
www 300 A 10.0.0.5
www 300 A 10.0.0.6
alias 300 CNAME www
outside 300 CNAME www.elsewhere.
dangling 300 CNAME nothing
a.deep.name 300 A 10.0.0.7
""",
    "lab.",
)


def ask(name: str, kind: str = "A", zone: Zone = ZONE) -> dns.message.Message:
    octets = respond(zone, dns.message.make_query(name, kind, id=77).to_wire())
    assert octets is not None
    response = dns.message.from_wire(octets)
    assert response.id == 77
    assert response.flags & dns.flags.QR
    return response


@pytest.mark.requirement("RFC1034-4.3.2")
@pytest.mark.parametrize(
    ("name", "kind"), [("www", "A"), ("alias", "CNAME"), ("@", "SOA"), ("@", "NS"), ("a.deep.name", "A")]
)
def test_what_the_zone_holds_is_answered_as_dnspython_holds_it(name: str, kind: str) -> None:
    response = ask("lab." if name == "@" else f"{name}.lab.", kind)
    expected = ORACLE.get_rdataset(name, kind)
    assert expected is not None
    assert response.rcode() == dns.rcode.NOERROR
    assert response.flags & dns.flags.AA
    assert len(response.answer) == 1
    assert set(response.answer[0]) == {
        rdata.derelativize(ORACLE.origin) if hasattr(rdata, "derelativize") else rdata for rdata in _absolute(expected)
    }
    assert response.answer[0].ttl == expected.ttl
    assert not response.authority


def _absolute(rdataset: dns.rdataset.Rdataset) -> list[dns.rdata.Rdata]:
    return [
        dns.rdata.from_text(
            rdataset.rdclass,
            rdataset.rdtype,
            rdata.to_text(origin=ORACLE.origin, relativize=False),
            origin=ORACLE.origin,
            relativize=False,
        )
        for rdata in rdataset
    ]


@pytest.mark.requirement("RFC1034-4.3.2")
@pytest.mark.parametrize(
    ("name", "kind", "code", "answers", "soa"),
    [
        ("alias.lab", "A", "NOERROR", 2, False),
        ("outside.lab", "A", "NOERROR", 1, False),
        ("dangling.lab", "A", "NXDOMAIN", 1, True),
        ("no.lab", "A", "NXDOMAIN", 0, True),
        ("www.lab", "AAAA", "NOERROR", 0, True),
        ("alias.lab", "AAAA", "NOERROR", 1, True),
        ("deep.name.lab", "A", "NOERROR", 0, True),
        ("name.lab", "A", "NOERROR", 0, True),
        ("xdeep.name.lab", "A", "NXDOMAIN", 0, True),
        ("WWW.LAB", "A", "NOERROR", 1, False),
        ("www.elsewhere", "A", "REFUSED", 0, False),
        ("notlab", "A", "REFUSED", 0, False),
        (".", "NS", "REFUSED", 0, False),
    ],
)
def test_answers(name: str, kind: str, code: str, answers: int, soa: bool) -> None:
    response = ask(name, kind)
    assert dns.rcode.to_text(response.rcode()) == code
    assert len(response.answer) == answers
    assert [rrset.rdtype for rrset in response.authority] == ([dns.rdatatype.SOA] if soa else [])


def test_any_gives_everything_at_a_name() -> None:
    assert {rrset.rdtype for rrset in ask("lab", "ANY").answer} == {dns.rdatatype.SOA, dns.rdatatype.NS}


def test_a_zone_of_everything() -> None:
    zone = Zone.from_table({"a.b": "1.2.3.4", "c": "5.6.7.8"})
    assert len(ask("a.b", zone=zone).answer) == 1
    assert ask("b", zone=zone).rcode() == dns.rcode.NOERROR
    assert ask("x", zone=zone).rcode() == dns.rcode.NXDOMAIN


def test_zones_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="not in the zone"):
        Zone.from_table({"www.elsewhere": "1.2.3.4"}, "lab")
    with pytest.raises(UsageError, match="alias and something else"):
        Zone.from_table({"www.lab": ["1.2.3.4", "other.lab"]}, "lab")
    with pytest.raises(UsageError, match="label of"):
        Zone.from_table({"a" * 64: "1.2.3.4"})


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (DnsMessage(9, opcode=4), ResponseCode.NOT_IMPLEMENTED),
        (DnsMessage(9), ResponseCode.FORMAT_ERROR),
        (DnsMessage(9, questions=(DnsQuestion("a.lab", 1), DnsQuestion("b.lab", 1))), ResponseCode.FORMAT_ERROR),
        (DnsMessage(9, questions=(DnsQuestion("www.lab", 1, 3),)), ResponseCode.REFUSED),
    ],
)
def test_queries_that_cannot_be_answered(query: DnsMessage, code: ResponseCode) -> None:
    octets = respond(ZONE, query.serialize())
    assert octets is not None
    response = DnsMessage.parse(octets)
    assert (response.id, response.response_code, response.opcode) == (9, code, query.opcode)


def test_what_must_not_be_answered() -> None:
    assert respond(ZONE, DnsMessage(1, is_response=True).serialize()) is None, "two servers would talk for ever"
    assert respond(ZONE, bytes(11)) is None
    broken = respond(ZONE, b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\xc0\x0c\0\1\0\1")
    assert broken is not None
    assert (broken[:2], broken[3] & 15) == (b"\x12\x34", ResponseCode.FORMAT_ERROR)


@given(st.binary(max_size=60), st.booleans())
def test_any_octets_are_answered_or_ignored(octets: bytes, with_header: bool) -> None:
    data = (bytes.fromhex("123401000001000000000000") if with_header else b"") + octets
    answer = respond(ZONE, data, 512)
    if answer is not None:
        assert len(answer) <= 512
        assert DnsMessage.parse(answer).is_response


@pytest.mark.requirement("RFC1035-4.2.1")
def test_an_answer_beyond_512_octets_is_cut_on_udp_and_whole_on_tcp() -> None:
    zone = Zone("lab", [DnsRecord.of_address("many.lab", number, 9) for number in range(60)])
    query = DnsMessage.query(5, DnsQuestion("many.lab", RecordType.A)).serialize()
    short, whole = respond(zone, query, 512), respond(zone, query)
    assert short is not None and whole is not None
    assert len(short) <= 512 < len(whole)
    assert DnsMessage.parse(short).is_truncated
    assert len(DnsMessage.parse(whole).answers) == 60


def test_over_both_transports_with_dnspython_at_the_other_end() -> None:
    hosts = TwoHosts()
    server = DnsServer(hosts.server.sockets, ZONE)
    query = dns.message.make_query("www.lab", "A")
    octets = query.to_wire()

    async def main() -> tuple[bytes, bytes]:
        hosts.kernel.spawn(server.serve(), "dns")
        datagrams = hosts.client.sockets.socket(SocketKind.DATAGRAM)
        await datagrams.send_to(octets, ("10.0.0.2", 53))
        by_udp, _ = await datagrams.receive_from(512)
        stream = await hosts.client.sockets.connect("10.0.0.2", 53)
        framed = len(octets).to_bytes(2, "big") + octets
        for piece in (framed[:1], framed[1:9], framed[9:] + framed):
            await stream.send_all(piece)
            await hosts.kernel.sleep_until(hosts.kernel.now_ns + 10**9)
        return by_udp, await stream.receive(1000)

    by_udp, by_tcp = hosts.run(main())
    assert query.is_response(dns.message.from_wire(by_udp))
    assert by_tcp[2:] == by_udp + len(by_udp).to_bytes(2, "big") + by_udp, "two questions on one connection"
    assert (server.counters.udp_answers, server.counters.tcp_answers) == (1, 2)


def test_connections_are_bounded_and_a_silent_one_ends() -> None:
    hosts = TwoHosts(max_descriptors=200)
    server = DnsServer(hosts.server.sockets, ZONE)

    async def main() -> None:
        hosts.kernel.spawn(server.serve(), "dns")
        held: list[Socket] = [await hosts.client.sockets.connect("10.0.0.2", 53) for _ in range(MAX_CONNECTIONS + 1)]
        with pytest.raises(ConnectionResetError):
            await held[-1].receive(1)
        start_ns = hosts.kernel.now_ns
        with pytest.raises(ConnectionResetError):
            await held[0].receive(1)
        assert hosts.kernel.now_ns - start_ns <= IDLE_NS

    hosts.run(main())
    assert server.counters.connections_refused == 1


def test_cancelled_it_gives_back_its_ports() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        for _ in range(2):
            task = hosts.kernel.spawn(DnsServer(hosts.server.sockets, ZONE).serve(), "dns")
            await hosts.kernel.sleep_until(hosts.kernel.now_ns + 1)
            with pytest.raises(OSError, match="in use"):
                DnsServer(hosts.server.sockets, ZONE)
            task.cancel()
            await hosts.kernel.sleep_until(hosts.kernel.now_ns + 1)
        assert hosts.server.sockets.descriptors() == {}

    hosts.run(main())
