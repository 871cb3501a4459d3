"""The stub resolver: names to addresses by asking configured servers (RFC 1034 5.3.1, RFC 1035 7, RFC 5452).

Theory of operation
-------------------
A name that is an address, ``localhost`` or in the hosts table is answered at once, one in the cache as long as its time
to live says. Any other is asked of the servers in turn, over UDP, and again with twice the patience in each round. A
server that fails, refuses or knows nothing of the zone is passed over for the rest of the search.

* Every transmission has an id and a port of its own, both from the random source passed in, and comes from a socket
  connected to the server. An answer must carry that id and echo the question, else it is counted and ignored; many
  wrong answers look like an attack, and the question goes over TCP instead, as it does when an answer is truncated.
* Only what was asked for is believed: the aliases (CNAME) from the name on, and the addresses at their end. Anything
  else in an answer is ignored. Where the chain leaves the answer, its last name is asked for; its length is bounded.
* That a name or its address does not exist is remembered too (RFC 2308). Nobody asks twice at once: the second task
  waits for the answer of the first.

Errors are :class:`socket.gaierror`: EAI_NONAME for a name that does not exist, EAI_NODATA for one without an address,
EAI_AGAIN where no server gave an answer, EAI_FAIL for an answer that cannot be used.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from socket import EAI_AGAIN, EAI_FAIL, EAI_NODATA, EAI_NONAME, gaierror
from typing import TYPE_CHECKING

from rig.errors import UsageError, WireError
from rig.runtime.kernel import Event
from rig.sockets.socket import Socket
from rig.stack.endpoint import SocketKind
from rig.units import NS_PER_S
from rig.wire.address import format_ipv4, parse_ipv4
from rig.wire.dns import (
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

if TYPE_CHECKING:
    from rig.sockets.library import SocketLibrary

DNS_PORT = 53
FIRST_PORT = 1024
"""The source port is drawn from here to 65535: as large a range as there is (RFC 5452 9.2)."""
PORT_DRAWS = 16
MAX_ALIASES = 16
MAX_WRONG_ANSWERS = 32
MAX_CACHED_NAMES = 512
MAX_TTL_S = 86_400
MAX_NEGATIVE_TTL_S = 3 * 3600  # RFC 2308 5
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ResolverConfig:
    """``servers`` are IPv4 addresses as text, in order of preference; ``hosts`` maps names to addresses.

    ``timeout_ns`` is how long the first round waits for each server; each of the ``rounds`` doubles it. ``domains`` are
    put, in order, behind a name without a dot before it is tried alone.
    """

    servers: tuple[str, ...] = ()
    hosts: Mapping[str, Sequence[str]] | None = None
    domains: tuple[str, ...] = ()
    timeout_ns: int = 2 * NS_PER_S
    rounds: int = 3
    cache: bool = True

    def __post_init__(self) -> None:
        for address in self.servers:
            try:
                parse_ipv4(address)
            except ValueError as err:
                raise UsageError(
                    f"resolver: server {address!r} is no IPv4 address; a name cannot be looked up"
                ) from err
        if self.timeout_ns <= 0 or self.rounds < 1:
            raise UsageError(f"resolver: timeout_ns {self.timeout_ns} and rounds {self.rounds} must be above 0")


@dataclass(slots=True)
class ResolverCounters:
    """What the resolver met."""

    queries_sent: int = 0
    cache_hits: int = 0
    answers_malformed: int = 0
    answers_with_another_id: int = 0
    answers_to_another_question: int = 0
    answers_truncated: int = 0
    servers_timed_out: int = 0
    servers_failed: int = 0
    suspected_attacks: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of one name: addresses, or the error that says that there are none."""

    addresses: tuple[str, ...]
    error: int
    ttl_s: int


class _ServerFailedError(Exception):
    """This server has no usable answer; another may."""


class _Asking:
    """A question that is out. ``error`` says how it failed, for those who wait for it; 0 where they should look."""

    __slots__ = ("error", "over")

    def __init__(self, over: Event) -> None:
        self.over = over
        self.error = 0


class Resolver:
    """The resolver of one host. ``random`` draws ids and ports, and nothing else should draw from it."""

    def __init__(self, library: SocketLibrary, config: ResolverConfig, random: Random) -> None:
        self.config = config
        self.counters = ResolverCounters()
        self._library = library
        self._scheduler = library.scheduler
        self._random = random
        self._hosts = {fold(name): tuple(addresses) for name, addresses in (config.hosts or {}).items()}
        self._cache: dict[str, tuple[int, _Found]] = {}
        self._being_asked: dict[str, _Asking] = {}

    async def addresses(self, name: str, *, deadline_ns: int | None = None) -> list[str]:
        """Return the IPv4 addresses of ``name``, as text, at least one; see the module for errors.

        EAI_AGAIN at the deadline.
        """
        try:
            return [format_ipv4(parse_ipv4(name))]
        except ValueError:
            pass
        ascii_name = host_name(name)
        known = self._from_table(ascii_name)
        if known:
            return list(known)
        candidates = [ascii_name]
        if "." not in ascii_name:
            candidates = [*(f"{ascii_name}.{domain}" for domain in self.config.domains), ascii_name]
        failure = _Found((), EAI_NONAME, 0)
        for candidate in candidates:
            try:
                found = await self._look_up(candidate.removesuffix("."), deadline_ns)
            except gaierror as err:
                raise _error(err.errno or EAI_FAIL, name) from err
            if found.addresses:
                return list(found.addresses)
            failure = found if found.error != EAI_NONAME else failure
        raise _error(failure.error, name)

    def names(self, address: str) -> list[str]:
        """Return the names that the hosts table gives an address, perhaps none."""
        found = [name for name, addresses in self._hosts.items() if address in addresses]
        return found or (["localhost"] if address == LOOPBACK else [])

    def flush(self) -> None:
        """Forget every cached answer."""
        self._cache.clear()

    def _from_table(self, name: str) -> tuple[str, ...]:
        folded = fold(name.removesuffix("."))
        if folded in self._hosts:
            return self._hosts[folded]
        is_local = folded == "localhost" or folded.endswith(".localhost")  # RFC 6761 6.3
        return (LOOPBACK,) if is_local else ()

    async def _look_up(self, name: str, deadline_ns: int | None) -> _Found:
        """Return what is known of a name, asking if nothing is; two tasks never ask the same at once (RFC 5452 5)."""
        key = fold(name)
        while True:
            entry = self._cache.get(key)
            if entry is not None and entry[0] > self._scheduler.now_ns:
                self.counters.cache_hits += 1
                return entry[1]
            asking = self._being_asked.get(key)
            if asking is None:
                break
            if await self._scheduler.wait_first(asking.over, deadline_ns=deadline_ns) is None:
                raise _error(EAI_AGAIN, name)
            if asking.error:
                raise _error(asking.error, name)
        asking = self._being_asked[key] = _Asking(self._scheduler.event(f"address of {name}"))
        try:
            found = await self._ask_along_aliases(name, deadline_ns)
        except gaierror as err:
            if deadline_ns is None or self._scheduler.now_ns < deadline_ns:  # else others may have more patience
                asking.error = err.errno or EAI_FAIL
            raise
        finally:
            del self._being_asked[key]
            asking.over.set()
        self._remember(key, found)
        return found

    def _remember(self, key: str, found: _Found) -> None:
        self._cache.pop(key, None)
        if found.ttl_s > 0 and self.config.cache:
            if len(self._cache) >= MAX_CACHED_NAMES:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = (self._scheduler.now_ns + found.ttl_s * NS_PER_S, found)

    async def _ask_along_aliases(self, name: str, deadline_ns: int | None) -> _Found:
        """Ask for a name, and for the end of its aliases as long as answers only give more of those."""
        ttl_s = MAX_TTL_S
        seen = {fold(name)}
        while True:
            answer = await self._ask(DnsQuestion(name, RecordType.A), deadline_ns)
            target, chain_ttl_s = _follow_aliases(answer, name, seen)
            ttl_s = min(ttl_s, chain_ttl_s)
            records = [record for record in answer.answers if _is_about(record, target, RecordType.A)]
            if records:
                addresses = tuple(dict.fromkeys(format_ipv4(record.address) for record in records))
                return _Found(addresses, 0, min(ttl_s, *(record.ttl_s for record in records)))
            if answer.response_code == ResponseCode.NAME_ERROR or fold(target) == fold(name):
                is_missing = answer.response_code == ResponseCode.NAME_ERROR
                return _Found((), EAI_NONAME if is_missing else EAI_NODATA, min(ttl_s, _negative_ttl_s(answer)))
            name = target

    async def _ask(self, question: DnsQuestion, deadline_ns: int | None) -> DnsMessage:
        """Return a usable answer of any server: RFC 1035 7.2, with back-off."""
        servers = list(self.config.servers)
        patience_ns = self.config.timeout_ns
        for _ in range(self.config.rounds):
            for server in list(servers):
                now_ns = self._scheduler.now_ns
                if deadline_ns is not None and deadline_ns <= now_ns:
                    raise _error(EAI_AGAIN, question.name)
                until_ns = now_ns + patience_ns if deadline_ns is None else min(deadline_ns, now_ns + patience_ns)
                try:
                    return await self._ask_server(server, question, until_ns)
                except TimeoutError:
                    self.counters.servers_timed_out += 1
                except (_ServerFailedError, ConnectionRefusedError):
                    self.counters.servers_failed += 1
                    servers.remove(server)
                except OSError:  # no way there at present
                    self.counters.servers_failed += 1
            patience_ns *= 2
        raise _error(EAI_AGAIN, question.name)

    async def _ask_server(self, server: str, question: DnsQuestion, until_ns: int) -> DnsMessage:
        answer = await self._ask_by_udp(server, question, until_ns)
        if answer is not None and answer.is_truncated:
            self.counters.answers_truncated += 1
        if answer is None or answer.is_truncated:
            answer = await self._ask_by_tcp(server, question, until_ns)
        code = answer.response_code
        if code not in (ResponseCode.NO_ERROR, ResponseCode.NAME_ERROR):
            raise _ServerFailedError(f"response code {code}")
        is_referral = any(record.type == RecordType.NS for record in answer.authorities)
        is_end = any(record.type == RecordType.SOA for record in answer.authorities)
        if code == ResponseCode.NO_ERROR and not answer.answers and is_referral and not is_end:
            raise _ServerFailedError("a referral: this server does not resolve")
        return answer

    async def _ask_by_udp(self, server: str, question: DnsQuestion, until_ns: int) -> DnsMessage | None:
        """Return the answer, or None where so many wrong ones came that a stream is safer."""
        async with self._library.socket(SocketKind.DATAGRAM) as socket:
            self._bind_at_random(socket)
            await socket.connect((server, DNS_PORT))
            query = DnsMessage.query(self._random.getrandbits(16), question)
            self.counters.queries_sent += 1
            await socket.send_to(query.serialize(), (server, DNS_PORT), deadline_ns=until_ns)
            for _ in range(MAX_WRONG_ANSWERS):
                data, _ = await socket.receive_from(MAX_MESSAGE_OCTETS, deadline_ns=until_ns)
                answer = self._matching(data, query)
                if answer is not None:
                    return answer
        self.counters.suspected_attacks += 1
        return None

    async def _ask_by_tcp(self, server: str, question: DnsQuestion, until_ns: int) -> DnsMessage:
        """Return the answer over a stream, each message after its length in two octets (RFC 7766)."""
        query = DnsMessage.query(self._random.getrandbits(16), question)
        self.counters.queries_sent += 1
        octets = query.serialize()
        async with await self._library.connect(server, DNS_PORT, deadline_ns=until_ns) as socket:
            await socket.send_all(len(octets).to_bytes(2, "big") + octets, deadline_ns=until_ns)
            length = int.from_bytes(await _exactly(socket, 2, until_ns), "big")
            answer = self._matching(await _exactly(socket, length, until_ns), query)
        if answer is None:
            raise _ServerFailedError("the answer on the stream is not to this question")
        return answer

    def _matching(self, data: bytes, query: DnsMessage) -> DnsMessage | None:
        """Return the message if it answers the query (RFC 5452 9.1); count why not."""
        try:
            answer = DnsMessage.parse(data)
            for record in answer.answers:
                if record.type == RecordType.A and record.dns_class == RecordClass.IN:
                    record.address  # noqa: B018  (raises where the data is no address)
        except WireError:
            self.counters.answers_malformed += 1
            return None
        if answer.id != query.id or not answer.is_response or answer.opcode != query.opcode:
            self.counters.answers_with_another_id += 1
            return None
        if len(answer.questions) != 1 or not answer.questions[0].matches(query.questions[0]):
            self.counters.answers_to_another_question += 1
            return None
        return answer

    def _bind_at_random(self, socket: Socket) -> None:
        for _ in range(PORT_DRAWS):
            try:
                socket.bind(("", self._random.randrange(FIRST_PORT, 65536)))
            except OSError as err:
                if err.errno != errno.EADDRINUSE:
                    raise
            else:
                return
        socket.bind(("", 0))  # nearly all ports are taken: the stack draws among those that are left


def host_name(name: str) -> str:
    """Return a host name in ASCII (IDNA where it was not); gaierror EAI_NONAME for what cannot be one."""
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode("ascii")
        encode_name(ascii_name)
    except (UsageError, UnicodeError) as err:
        raise _error(EAI_NONAME, name) from err
    if not ascii_name.strip(".") or any(octet <= " " or octet == "\\" for octet in ascii_name):
        raise _error(EAI_NONAME, name)
    return ascii_name


def _follow_aliases(answer: DnsMessage, name: str, seen: set[str]) -> tuple[str, int]:
    """Return the end of the chain of aliases from ``name`` in an answer, and the least time to live on it, in seconds.

    ``seen`` holds the names met in earlier answers and takes those of this one. EAI_FAIL for a loop or a long chain.
    """
    ttl_s = MAX_TTL_S
    while True:
        aliases = [record for record in answer.answers if _is_about(record, name, RecordType.CNAME)]
        if not aliases:
            return name, ttl_s
        name = aliases[0].target
        ttl_s = min(ttl_s, aliases[0].ttl_s)
        if fold(name) in seen or len(seen) > MAX_ALIASES:
            raise _error(EAI_FAIL, name)
        seen.add(fold(name))


def _is_about(record: DnsRecord, name: str, kind: RecordType) -> bool:
    return record.type == kind and record.dns_class == RecordClass.IN and fold(record.name) == fold(name)


def _negative_ttl_s(answer: DnsMessage) -> int:
    """Return how long a "no" holds: RFC 2308 5; without an SOA record it is not kept."""
    for record in answer.authorities:
        if record.type == RecordType.SOA and len(record.data) >= 20:
            return min(record.ttl_s, record.soa_minimum_s, MAX_NEGATIVE_TTL_S)
    return 0


async def _exactly(socket: Socket, octets: int, deadline_ns: int) -> bytes:
    received = b""
    while len(received) < octets:
        piece = await socket.receive(octets - len(received), deadline_ns=deadline_ns)
        if not piece:
            raise _ServerFailedError("the stream ended before the answer did")
        received += piece
    return received


_WORDS = {
    EAI_AGAIN: "Temporary failure in name resolution",
    EAI_FAIL: "Non-recoverable failure in name resolution",
    EAI_NODATA: "No address associated with hostname",
    EAI_NONAME: "Name or service not known",
}


def _error(code: int, name: str) -> gaierror:
    return gaierror(code, f"{_WORDS[code]}: {name!r:.80}")
