"""The resolver against a DNS server of ours and against servers that fail or lie, in virtual time."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.apps.dns_server import DnsServer
from rig.apps.dns_zone import Zone
from rig.errors import UsageError
from rig.sockets import SocketKind
from rig.sockets.resolver import MAX_WRONG_ANSWERS, Resolver, ResolverConfig
from rig.units import NS_PER_S
from rig.wire.dns import DnsMessage, DnsQuestion, DnsRecord, RecordType, ResponseCode
from tests.helpers.memory_link import LinkConfig
from tests.helpers.two_hosts import TwoHosts

SERVER = "10.0.0.2"
NOBODY = "10.0.0.9"
Answer = Callable[[DnsMessage, int], Sequence[bytes]]
"""From a query and its number to the datagrams that answer it."""


class World:
    """A client with a resolver, and a server host on which a test serves DNS as it likes."""

    def __init__(self, link: LinkConfig | None = None, **config: Any) -> None:
        self.hosts = TwoHosts(link=link)
        self.kernel = self.hosts.kernel
        settings = ResolverConfig(**{"servers": (SERVER,), **config})
        self.resolver = Resolver(self.hosts.client.sockets, settings, random.Random(7))
        self.queries: list[tuple[int, DnsMessage, int]] = []
        """(ns, query, source port) of each datagram that the scripted server took."""

    def serve_zone(self, zone: Zone) -> DnsServer:
        server = DnsServer(self.hosts.server.sockets, zone)
        self.kernel.spawn(server.serve(), "dns")
        return server

    def serve(self, answer: Answer, tcp: Answer | None = None) -> None:
        self.kernel.spawn(self._udp(answer), "scripted dns")
        if tcp is not None:
            self.kernel.spawn(self._tcp(tcp), "scripted dns tcp")

    async def _udp(self, answer: Answer) -> None:
        library = self.hosts.server.sockets
        async with library.socket(SocketKind.DATAGRAM) as sock:
            sock.bind(("", 53))
            while True:
                try:
                    data, peer = await sock.receive_from(65535)
                except OSError:
                    continue
                query = DnsMessage.parse(data)
                self.queries.append((self.kernel.now_ns, query, peer[1]))
                for each in answer(query, len(self.queries)):
                    await sock.send_to(each, peer)

    async def _tcp(self, answer: Answer) -> None:
        listener = self.hosts.server.sockets.socket()
        listener.bind(("", 53))
        listener.listen()
        while True:
            sock, _ = await listener.accept()
            async with sock:
                data = await sock.receive(65535)
                query = DnsMessage.parse(data[2:])
                for each in answer(query, 0):
                    await sock.send_all(len(each).to_bytes(2, "big") + each)

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        return self.hosts.run(main)

    def ask(self, name: str = "www.lab", **arguments: Any) -> list[str]:
        return self.run(self.resolver.addresses(name, **arguments))

    def fail(self, name: str = "www.lab", **arguments: Any) -> int:
        async def main() -> int:
            with pytest.raises(socket.gaierror) as caught:
                await self.resolver.addresses(name, **arguments)
            assert repr(name)[:40] in str(caught.value)
            return caught.value.errno or 0

        return self.run(main())


def reply(query: DnsMessage, *records: DnsRecord, **fields: Any) -> bytes:
    message = DnsMessage(
        query.id, is_response=True, recursion_available=True, questions=query.questions, answers=records
    )
    return replace(message, **fields).serialize()


def www(query: DnsMessage, ttl_s: int = 300) -> bytes:
    return reply(query, DnsRecord.of_address(query.questions[0].name, 0x0A000005, ttl_s))


ZONE = Zone.from_table(
    {
        "www.lab": ["10.0.0.5", "10.0.0.6"],
        "alias.lab": "web.lab",
        "web.lab": "www.lab",
        "outside.lab": "www.elsewhere",
        "loop.lab": "pool.lab",
        "pool.lab": "loop.lab",
        "many.lab": [f"10.1.0.{number}" for number in range(1, 101)],
        "a.deep.name.lab": "10.0.0.7",
    },
    "lab",
)


@pytest.mark.requirement("RFC1034-5.3.1")
def test_a_name_becomes_its_addresses() -> None:
    world = World()
    server = world.serve_zone(ZONE)
    assert world.ask() == ["10.0.0.5", "10.0.0.6"]
    assert (server.counters.udp_answers, server.counters.tcp_answers) == (1, 0)
    assert world.resolver.counters.queries_sent == 1
    assert world.hosts.client.sockets.descriptors() == {}


@pytest.mark.requirement("RFC1034-3.6.2")
def test_aliases_are_followed() -> None:
    world = World()
    server = world.serve_zone(ZONE)
    assert world.ask("ALIAS.lab") == ["10.0.0.5", "10.0.0.6"]
    assert server.counters.udp_answers == 1, "the server had the whole chain"


@pytest.mark.requirement("RFC1034-3.6.2")
def test_the_end_of_a_chain_that_leaves_the_answer_is_asked_for() -> None:
    world = World()

    def answer(query: DnsMessage, number: int) -> list[bytes]:
        name = query.questions[0].name
        if name == "www.lab":
            return [reply(query, DnsRecord.of_name(name, RecordType.CNAME, "WWW.elsewhere", 5))]
        return [www(query)]

    world.serve(answer)
    assert world.ask() == ["10.0.0.5"]
    assert [query.questions[0].name for _, query, _ in world.queries] == ["www.lab", "WWW.elsewhere"]


@pytest.mark.requirement("RFC1034-3.6.2")
@pytest.mark.parametrize("name", ["loop.lab", "pool.lab"])
@pytest.mark.processor_limit(1)
def test_a_loop_of_aliases_ends(name: str) -> None:
    world = World()
    world.serve_zone(ZONE)
    assert world.fail(name) == socket.EAI_FAIL


@pytest.mark.processor_limit(1)
def test_a_chain_without_end_ends() -> None:
    world = World()

    def answer(query: DnsMessage, number: int) -> list[bytes]:
        return [reply(query, DnsRecord.of_name(query.questions[0].name, RecordType.CNAME, f"n{number}.lab", 5))]

    world.serve(answer)
    assert world.fail() == socket.EAI_FAIL
    assert len(world.queries) <= 20


@pytest.mark.requirement("RFC1035-4.2.1")
@pytest.mark.requirement("RFC7766")
def test_a_truncated_answer_comes_again_over_tcp() -> None:
    world = World()
    server = world.serve_zone(ZONE)
    assert len(world.ask("many.lab")) == 100
    assert (server.counters.udp_answers, server.counters.tcp_answers) == (1, 1)
    assert world.resolver.counters.answers_truncated == 1


@pytest.mark.requirement("RFC2308-5")
def test_what_does_not_exist_is_said_and_remembered() -> None:
    world = World()
    server = world.serve_zone(ZONE)

    async def main() -> list[int]:
        errors = []
        for name in ("no.lab", "no.lab", "NO.LAB", "deep.name.lab", "www.elsewhere"):
            with pytest.raises(socket.gaierror) as caught:
                await world.resolver.addresses(name)
            errors.append(caught.value.errno or 0)
        await world.kernel.sleep_until(world.kernel.now_ns + 61 * NS_PER_S)
        with pytest.raises(socket.gaierror):
            await world.resolver.addresses("no.lab")
        return errors

    errors = world.run(main())
    assert errors == [socket.EAI_NONAME] * 3 + [socket.EAI_NODATA, socket.EAI_AGAIN]
    assert server.counters.udp_answers == 4, "once for each name, and again when the minute of the SOA was over"


@pytest.mark.requirement("RFC1035-7.4")
def test_the_cache_holds_an_answer_as_long_as_its_time_to_live() -> None:
    world = World()
    world.serve(lambda query, number: [www(query, ttl_s=10)])

    async def main() -> None:
        for _ in range(3):
            await world.resolver.addresses("www.lab")
        await world.kernel.sleep_until(world.queries[0][0] + 9 * NS_PER_S)
        await world.resolver.addresses("WWW.LAB")
        assert len(world.queries) == 1
        await world.kernel.sleep_until(world.queries[0][0] + 11 * NS_PER_S)
        await world.resolver.addresses("www.lab")
        assert len(world.queries) == 2
        world.resolver.flush()
        await world.resolver.addresses("www.lab")
        assert len(world.queries) == 3

    world.run(main())
    assert world.resolver.counters.cache_hits == 3


def test_the_least_time_to_live_of_a_chain_counts() -> None:
    world = World()

    def answer(query: DnsMessage, number: int) -> list[bytes]:
        alias = DnsRecord.of_name("www.lab", RecordType.CNAME, "web.lab", 3)
        return [reply(query, alias, DnsRecord.of_address("web.lab", 1, 100), DnsRecord.of_address("web.lab", 2, 100))]

    world.serve(answer)

    async def main() -> None:
        await world.resolver.addresses("www.lab")
        await world.kernel.sleep_until(world.kernel.now_ns + 4 * NS_PER_S)
        await world.resolver.addresses("www.lab")

    world.run(main())
    assert len(world.queries) == 2


@pytest.mark.requirement("RFC1035-7.4")
def test_a_time_to_live_of_zero_is_not_kept() -> None:
    world = World()
    world.serve(lambda query, number: [www(query, ttl_s=0)])

    async def main() -> None:
        for _ in range(3):
            await world.resolver.addresses("www.lab")

    world.run(main())
    assert len(world.queries) == 3


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rig.sockets.resolver.MAX_CACHED_NAMES", 4)
    world = World()
    world.serve(lambda query, number: [www(query)])

    async def main() -> None:
        for number in range(20):
            await world.resolver.addresses(f"n{number}.lab")
        await world.resolver.addresses("n19.lab")
        await world.resolver.addresses("n0.lab")

    world.run(main())
    assert len(world.queries) == 21
    assert len(world.resolver._cache) == 4


@pytest.mark.requirement("RFC1035-7.2")
def test_silence_is_asked_again_with_twice_the_patience() -> None:
    world = World(timeout_ns=NS_PER_S, rounds=3)
    world.serve(lambda query, number: [])
    start_ns = world.kernel.now_ns
    assert world.fail() == socket.EAI_AGAIN
    assert len(world.queries) == 3
    times = [round((t_ns - start_ns) / NS_PER_S) for t_ns, _, _ in world.queries]
    assert times == [0, 1, 3]
    assert round((world.kernel.now_ns - start_ns) / NS_PER_S) == 7
    assert world.resolver.counters.servers_timed_out == 3


@pytest.mark.requirement("RFC1035-7.2")
def test_another_server_is_asked_when_the_first_is_silent() -> None:
    world = World(servers=(NOBODY, SERVER))
    world.serve_zone(ZONE)
    assert world.ask() == ["10.0.0.5", "10.0.0.6"]
    assert world.resolver.counters.servers_timed_out + world.resolver.counters.servers_failed == 1


def test_a_closed_port_is_not_waited_for() -> None:
    world = World()
    assert world.fail() == socket.EAI_AGAIN
    assert world.kernel.now_ns < NS_PER_S, "the port is unreachable, and ICMP says so"


def test_a_lost_query_and_a_lost_answer_are_made_up_for() -> None:
    world = World(LinkConfig(loss=0.3), rounds=6)
    world.serve_zone(ZONE)
    assert world.ask() == ["10.0.0.5", "10.0.0.6"]


@pytest.mark.parametrize("code", [1, 2, 4, 5, 9])
def test_a_server_that_fails_is_passed_over(code: int) -> None:
    world = World()
    world.serve(lambda query, number: [reply(query, response_code=code)])
    assert world.fail() == socket.EAI_AGAIN
    assert len(world.queries) == 1, "it is not asked again"


def test_a_referral_is_no_answer() -> None:
    world = World()
    ns = DnsRecord.of_name("lab", RecordType.NS, "ns.lab", 60)
    world.serve(lambda query, number: [reply(query, authorities=(ns,))])
    assert world.fail() == socket.EAI_AGAIN


def test_no_server_at_all() -> None:
    assert World(servers=()).fail() == socket.EAI_AGAIN


def test_the_deadline_ends_the_search() -> None:
    world = World()
    world.serve(lambda query, number: [])
    assert world.fail(deadline_ns=NS_PER_S // 2) == socket.EAI_AGAIN
    assert world.kernel.now_ns == NS_PER_S // 2


# Lies


def _wrong_id(query: DnsMessage) -> bytes:
    return www(replace(query, id=query.id ^ 1))


def _wrong_question(query: DnsMessage) -> bytes:
    return www(replace(query, questions=(DnsQuestion("www.elsewhere", RecordType.A),)))


def _wrong_type(query: DnsMessage) -> bytes:
    return www(replace(query, questions=(DnsQuestion(query.questions[0].name, RecordType.TXT),)))


def _no_question(query: DnsMessage) -> bytes:
    return reply(replace(query, questions=()), DnsRecord.of_address("www.lab", 1, 1))


def _a_query(query: DnsMessage) -> bytes:
    return query.serialize()


def _bad_address(query: DnsMessage) -> bytes:
    return reply(query, DnsRecord("www.lab", RecordType.A, 1, b"\1\2\3"))


def _cut(query: DnsMessage) -> bytes:
    return www(query)[:-1]


def _noise(query: DnsMessage) -> bytes:
    return b"\xff" * 40


@pytest.mark.requirement("RFC5452-9.1")
@pytest.mark.parametrize(
    "lie", [_wrong_id, _wrong_question, _wrong_type, _no_question, _a_query, _bad_address, _cut, _noise]
)
def test_an_answer_to_something_else_is_ignored(lie: Callable[[DnsMessage], bytes]) -> None:
    world = World(rounds=1)
    world.serve(lambda query, number: [lie(query), www(query)])
    assert world.ask() == ["10.0.0.5"], "the true answer behind the lie is taken"
    counters = world.resolver.counters
    ignored = counters.answers_malformed, counters.answers_with_another_id, counters.answers_to_another_question
    assert sorted(ignored) == [0, 0, 1]


@pytest.mark.requirement("RFC5452-9.1")
def test_lies_alone_are_no_answer() -> None:
    world = World(rounds=1)
    world.serve(lambda query, number: [_wrong_id(query)])
    assert world.fail() == socket.EAI_AGAIN


def test_many_lies_look_like_an_attack_and_the_question_goes_over_tcp() -> None:
    world = World(rounds=1)
    world.serve(lambda query, number: [_wrong_id(query)] * MAX_WRONG_ANSWERS, tcp=lambda query, number: [www(query)])
    assert world.ask() == ["10.0.0.5"]
    assert world.resolver.counters.suspected_attacks == 1


def test_a_liar_on_tcp_is_passed_over() -> None:
    world = World()
    world.serve(lambda query, number: [reply(query, is_truncated=True)], tcp=lambda query, number: [_wrong_id(query)])
    assert world.fail() == socket.EAI_AGAIN


def test_a_stream_that_ends_early() -> None:
    world = World()
    world.serve(lambda query, number: [reply(query, is_truncated=True)], tcp=lambda query, number: [])
    assert world.fail() == socket.EAI_AGAIN


@pytest.mark.requirement("RFC5452-9.2")
def test_ids_and_ports_are_random_and_differ_for_each_transmission() -> None:
    world = World(cache=False)
    world.serve(lambda query, number: [www(query)])

    async def main() -> None:
        for _ in range(60):
            await world.resolver.addresses("www.lab")

    world.run(main())
    ids = [query.id for _, query, _ in world.queries]
    ports = [port for _, _, port in world.queries]
    assert len(set(ids)) > 55
    assert len(set(ports)) > 55
    assert min(ports) < 20_000 and max(ports) > 45_000, "from the whole range, not the ephemeral one"
    assert all(1024 <= port <= 65535 for port in ports)


@pytest.mark.requirement("RFC5452-9.2")
def test_the_injected_source_decides_ids_and_ports() -> None:
    def drawn(seed: int) -> list[tuple[int, int]]:
        world = World(cache=False)
        world.resolver = Resolver(world.hosts.client.sockets, world.resolver.config, random.Random(seed))
        world.serve(lambda query, number: [www(query)])
        world.ask()
        return [(query.id, port) for _, query, port in world.queries]

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_port_in_use_is_drawn_again() -> None:
    world = World()
    world.serve(lambda query, number: [www(query)])
    draws = iter([5000, 6000])

    class Loaded(random.Random):
        def randrange(self, *arguments: Any) -> int:
            return next(draws)

    world.resolver = Resolver(world.hosts.client.sockets, world.resolver.config, Loaded(1))
    world.hosts.client.sockets.socket(SocketKind.DATAGRAM).bind(("", 5000))
    assert world.ask() == ["10.0.0.5"]
    assert world.queries[0][2] == 6000


@pytest.mark.requirement("RFC5452-5")
def test_nobody_asks_what_is_being_asked() -> None:
    world = World()
    world.serve(lambda query, number: [www(query)])

    async def main() -> list[list[str]]:
        tasks = [world.kernel.spawn(world.resolver.addresses("www.lab")) for _ in range(5)]
        return [await task for task in tasks]

    assert world.run(main()) == [["10.0.0.5"]] * 5
    assert len(world.queries) == 1


def test_those_who_wait_for_an_answer_share_its_failure() -> None:
    world = World(timeout_ns=NS_PER_S, rounds=1)
    world.serve(lambda query, number: [])

    async def main() -> None:
        tasks = [world.kernel.spawn(world.resolver.addresses("www.lab"), keep_error=True) for _ in range(5)]
        for task in tasks:
            with pytest.raises(socket.gaierror):
                await task

    world.run(main())
    assert len(world.queries) == 1
    assert world.kernel.now_ns < 2 * NS_PER_S


def test_an_impatient_asker_does_not_fail_the_others() -> None:
    world = World(timeout_ns=NS_PER_S, rounds=2)
    world.serve(lambda query, number: [] if number == 1 else [www(query)])

    async def main() -> list[str]:
        impatient = world.kernel.spawn(world.resolver.addresses("www.lab", deadline_ns=NS_PER_S // 4), keep_error=True)
        patient = world.kernel.spawn(world.resolver.addresses("www.lab"))
        with pytest.raises(socket.gaierror):
            await impatient
        return await patient

    assert world.run(main()) == ["10.0.0.5"]


def test_records_of_other_names_are_not_believed() -> None:
    world = World()
    stray = DnsRecord.of_address("bank.lab", 0x0A0000FF, 1000)
    world.serve(lambda query, number: [reply(query, stray, DnsRecord.of_address(query.questions[0].name, 5, 60))])

    async def main() -> None:
        assert await world.resolver.addresses("www.lab") == ["0.0.0.5"]
        assert await world.resolver.addresses("bank.lab") != ["10.0.0.255"] or len(world.queries) == 2

    world.run(main())
    assert len(world.queries) == 2, "the stray record did not reach the cache"


# Names that no server is asked for


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("192.0.2.1", ["192.0.2.1"]),
        ("localhost", ["127.0.0.1"]),
        ("a.LocalHost.", ["127.0.0.1"]),
        ("Printer", ["10.0.0.3", "10.0.0.4"]),
        ("printer.", ["10.0.0.3", "10.0.0.4"]),
    ],
)
def test_names_that_need_no_server(name: str, addresses: list[str]) -> None:
    world = World(servers=(), hosts={"printer": ("10.0.0.3", "10.0.0.4")})
    assert world.ask(name) == addresses
    assert world.resolver.names("10.0.0.4") == ["printer"]
    assert world.resolver.names("127.0.0.1") == ["localhost"]
    assert world.resolver.names("1.2.3.4") == []


@pytest.mark.parametrize("name", ["", ".", "a..b", "a" * 64, "x." * 200, "with space", "tab\t", "back\\slash", "\x00"])
def test_names_that_cannot_be(name: str) -> None:
    world = World()
    assert world.fail(name) == socket.EAI_NONAME
    assert world.resolver.counters.queries_sent == 0


def test_names_outside_ascii_are_asked_for_in_their_own_form() -> None:
    world = World()
    world.serve(lambda query, number: [www(query)])
    assert world.ask("bücher.lab") == ["10.0.0.5"]
    assert world.queries[0][1].questions[0].name == "xn--bcher-kva.lab"


def test_domains_complete_a_name_without_a_dot() -> None:
    world = World(domains=("elsewhere", "lab"))

    def answer(query: DnsMessage, number: int) -> list[bytes]:
        if query.questions[0].name == "www.lab":
            return [www(query)]
        return [reply(query, response_code=int(ResponseCode.NAME_ERROR))]

    world.serve(answer)
    assert world.ask("www") == ["10.0.0.5"]
    assert [query.questions[0].name for _, query, _ in world.queries] == ["www.elsewhere", "www.lab"]


def test_bad_configuration_is_refused() -> None:
    with pytest.raises(UsageError, match="no IPv4 address"):
        ResolverConfig(servers=("dns.lab",))
    with pytest.raises(UsageError, match="above 0"):
        ResolverConfig(rounds=0)


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> tuple[int, str]:
        world = World(LinkConfig(loss=0.2), rounds=6)
        world.serve_zone(ZONE)

        async def main() -> None:
            for name in ("www.lab", "many.lab", "alias.lab"):
                await world.resolver.addresses(name)

        world.run(main())
        return world.kernel.now_ns, world.hosts.log_hash()

    assert run() == run()


# Names in the socket library


def test_connect_takes_a_name_and_tries_its_addresses_in_turn() -> None:
    hosts = TwoHosts()
    zone = Zone.from_table({"www.lab": ["10.0.0.1", "10.0.0.2"]}, "lab")
    hosts.client.sockets.use_resolver(ResolverConfig((SERVER,)), random.Random(7))

    async def main() -> None:
        hosts.kernel.spawn(DnsServer(hosts.server.sockets, zone).serve(), "dns")
        listener = hosts.server.sockets.socket()
        listener.bind(("", 80))
        listener.listen()
        client = await hosts.client.sockets.connect("www.lab", 80)  # at 10.0.0.1 nobody listens
        assert client.getpeername() == ("10.0.0.2", 80)
        with pytest.raises(ConnectionRefusedError):
            await hosts.client.sockets.connect("www.lab", 81)
        with pytest.raises(socket.gaierror):
            await hosts.client.sockets.connect("no.lab", 80)
        assert await hosts.client.sockets.gethostbyname("www.lab") == "10.0.0.1"
        rows = await hosts.client.sockets.getaddrinfo("www.lab", "http", type=socket.SOCK_STREAM)
        assert [row[4] for row in rows] == [("10.0.0.1", 80), ("10.0.0.2", 80)]
        assert list(hosts.client.sockets.descriptors()) == [client.fileno()], "nothing else is left"

    hosts.run(main())


def test_without_a_resolver_only_names_that_need_no_server_are_known() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        assert await hosts.client.sockets.gethostbyname("localhost") == "127.0.0.1"
        with pytest.raises(socket.gaierror) as caught:
            await hosts.client.sockets.connect("www.lab", 80)
        assert caught.value.errno == socket.EAI_AGAIN

    hosts.run(main())


@st.composite
def hostile_answers(draw: st.DrawFn) -> list[Callable[[DnsMessage], bytes]]:
    """Return some answers to a query: true ones with wrong parts, and octets changed in them."""
    names = st.sampled_from(["www.lab", "a.lab", "b.lab", ""])
    records = st.one_of(
        st.builds(DnsRecord.of_address, names, st.integers(0, 9), st.integers(0, 9)),
        st.builds(DnsRecord.of_name, names, st.sampled_from([RecordType.CNAME, RecordType.NS]), names, st.just(5)),
        st.builds(DnsRecord, names, st.sampled_from([1, 5, 6, 16]), st.just(1), st.binary(max_size=8)),
    )
    some = st.lists(records, max_size=4).map(tuple)

    def one(answers: Any, authorities: Any, code: int, is_truncated: bool, damage: list[tuple[int, int]]) -> Any:
        def answer(query: DnsMessage) -> bytes:
            fields = {"authorities": authorities, "response_code": code, "is_truncated": is_truncated}
            octets = bytearray(reply(query, *answers, **fields))
            for position, value in damage:
                octets[position % len(octets)] ^= value
            return bytes(octets)

        return answer

    damages = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 255)), max_size=2)
    codes = st.sampled_from([0, 0, 0, 2, 3])
    return draw(st.lists(st.builds(one, some, some, codes, st.booleans(), damages), min_size=1, max_size=3))


@settings(max_examples=60, deadline=None)
@given(hostile_answers())
def test_whatever_a_server_says_the_search_ends(answers: list[Callable[[DnsMessage], bytes]]) -> None:
    world = World(rounds=2)
    world.serve(
        lambda query, number: [answers[number % len(answers)](query)], tcp=lambda query, number: [answers[0](query)]
    )

    async def main() -> None:
        for name in ("www.lab", "a.lab"):
            try:
                found = await world.resolver.addresses(name)
            except socket.gaierror as err:
                assert err.errno in (socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_NODATA, socket.EAI_NONAME)
            else:
                assert found
        assert world.hosts.client.sockets.descriptors() == {}

    world.run(main())
    assert world.kernel.now_ns < 60 * NS_PER_S
