"""The HTTP server and client over two whole hosts in virtual time."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest

from rig.apps.http_client import HttpClient, HttpResponse, http_get, http_put
from rig.apps.http_server import HttpServer
from rig.apps.http_stream import HttpProtocolError
from rig.errors import UsageError
from rig.sockets import Socket
from rig.units import NS_PER_MS, NS_PER_S
from tests.helpers.memory_link import LinkConfig
from tests.helpers.two_hosts import TwoHosts

PICTURE = bytes(range(256)) * 200  # 51 200 octets: several pieces, and more than one window
RESOURCES = {"/picture.png": PICTURE, "/empty": b"", "/two words.txt": b"found", "/pieces": [b"one", b"", b"two", b"3"]}


class Site:
    """Two hosts with a server on port 80 of the second."""

    def __init__(self, hosts: TwoHosts | None = None, **options: Any) -> None:
        self.hosts = hosts or TwoHosts()
        self.kernel = self.hosts.kernel
        self.http = HttpServer(self.hosts.server.sockets, 80, RESOURCES, **options)

    def run(self, visit: Callable[[], Awaitable[Any]], limit_ns: int = 600 * NS_PER_S) -> Any:
        async def main() -> Any:
            self.http.listen()
            self.kernel.spawn(self.http.serve(), "server")
            return await visit()

        return self.hosts.run(main(), limit_ns)

    async def get(self, path: str, **options: Any) -> HttpResponse:
        return await http_get(self.hosts.client.sockets, "10.0.0.2", 80, path, **options)

    async def put(self, path: str, body: Any, **options: Any) -> HttpResponse:
        return await http_put(self.hosts.client.sockets, "10.0.0.2", 80, path, body, **options)

    async def open(self) -> HttpClient:
        return await HttpClient.open(self.hosts.client.sockets, "10.0.0.2", 80)

    async def connect(self) -> Socket:
        return await self.hosts.client.sockets.connect("10.0.0.2", 80)

    async def talk(self, *octets: bytes) -> bytes:
        """Send octets as they are and return all that the server answers until it closes."""
        async with await self.connect() as socket:
            for piece in octets:
                await socket.send_all(piece)
                await self.kernel.sleep_until(self.kernel.now_ns + NS_PER_MS)
            answer = bytearray()
            while piece := await socket.receive(10_000):
                answer += piece
            return bytes(answer)


@pytest.fixture
def site() -> Site:
    return Site()


def test_get_brings_the_octets_with_length_and_media_type(site: Site) -> None:
    progress: list[int] = []
    response = site.run(lambda: site.get("/picture.png?size=full", on_progress=progress.append))
    assert (response.status, response.reason, response.body) == (200, "OK", PICTURE)
    assert response.sha256 == sha256(PICTURE).hexdigest()
    assert (response.header("Content-Length"), response.header("content-type")) == ("51200", "image/png")
    assert response.header("absent") is None
    assert progress == sorted(progress) and progress[-1] == len(PICTURE) and len(progress) > 3


def test_an_empty_resource_an_escaped_path_and_the_absolute_form(site: Site) -> None:
    async def visit() -> list[tuple[int, bytes]]:
        paths = ("/empty", "/two%20words.txt", "http://10.0.0.2/two%20words.txt")
        responses = [await site.get(path) for path in paths]
        return [(response.status, response.body) for response in responses]

    assert site.run(visit) == [(200, b""), (200, b"found"), (200, b"found")]


def test_a_function_as_resources() -> None:
    site = Site()
    site.http = HttpServer(site.hosts.server.sockets, 80, lambda path: path.encode() if path != "/none" else None)

    async def visit() -> list[tuple[int, bytes]]:
        return [(response.status, response.body[:5]) for response in [await site.get("/some"), await site.get("/none")]]

    assert site.run(visit) == [(200, b"/some"), (404, b"404 N")]


def test_pieces_travel_in_chunks_both_ways(site: Site) -> None:
    async def visit() -> tuple[HttpResponse, HttpResponse]:
        return await site.get("/pieces"), await site.put("/up", [b"a" * 20_000, b"", b"b"])

    got, put = site.run(visit)
    assert (got.body, got.header("Transfer-Encoding"), got.header("Content-Length")) == (b"onetwo3", "chunked", None)
    assert (put.status, site.http.received["/up"].body) == (201, b"a" * 20_000 + b"b")


def test_put_keeps_the_body_and_get_returns_it(site: Site) -> None:
    progress: list[int] = []

    async def visit() -> list[int]:
        first = await site.put("/new", PICTURE, on_progress=progress.append)
        second = await site.put("/new", b"shorter")
        third = await site.put("/picture.png", b"over a resource")
        fourth = await site.get("/new")
        assert fourth.body == b"shorter"
        return [response.status for response in (first, second, third, fourth)]

    assert site.run(visit) == [201, 204, 204, 200]
    assert site.http.received["/picture.png"].sha256 == sha256(b"over a resource").hexdigest()
    assert progress[-1] == len(PICTURE)
    assert [record.request_octets for record in site.http.records] == [51200, 7, 15, 0]


def test_head_has_the_fields_of_get_and_no_body(site: Site) -> None:
    async def visit() -> list[HttpResponse]:
        async with await site.open() as client:
            return [await client.request(method, "/picture.png") for method in ("HEAD", "GET")]

    head, get = site.run(visit)
    assert (head.status, head.body) == (200, b"")
    assert head.headers == get.headers


def test_what_is_not_there_and_what_is_not_allowed(site: Site) -> None:
    async def visit() -> list[HttpResponse]:
        async with await site.open() as client:  # an error of the request does not end the connection
            targets = [("GET", "/none"), ("DELETE", "/picture.png"), ("POST", "/picture.png"), ("GET", "/empty")]
            return [await client.request(*target, body=b"x" * (target[0] == "POST")) for target in targets]

    responses = site.run(visit)
    assert [response.status for response in responses] == [404, 405, 405, 200]
    assert responses[1].header("Allow") == "GET, HEAD, PUT"
    assert [(record.method, record.path, record.status) for record in site.http.records][:2] == [
        ("GET", "/none", 404),
        ("DELETE", "/picture.png", 405),
    ]


def test_one_connection_carries_many_requests(site: Site) -> None:
    async def visit() -> int:
        async with await site.open() as client:
            for _ in range(5):
                assert (await client.request("GET", "/picture.png")).body == PICTURE
            return site.http.connections

    assert site.run(visit) == 1
    assert len({record.peer for record in site.http.records}) == 1


def test_a_client_whose_server_closes_says_so(site: Site) -> None:
    async def visit() -> None:
        async with await site.open() as client:
            await client.request("GET", "/empty", headers=[("Connection", "close")])
            with pytest.raises(HttpProtocolError, match="open another"):
                await client.request("GET", "/empty")

    site.run(visit)


def test_pipelined_requests_are_answered_in_order(site: Site) -> None:
    request = b"GET /%s HTTP/1.1\r\nHost: x\r\n%s\r\n"
    answer = site.run(
        lambda: site.talk(request % (b"empty", b"") + request % (b"two%20words.txt", b"Connection: close\r\n"))
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.endswith(b"found")


def test_an_old_client_gets_a_body_that_ends_with_the_connection(site: Site) -> None:
    answer = site.run(lambda: site.talk(b"GET /pieces HTTP/1.0\r\n\r\n"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (body, b"chunked" in head) == (b"onetwo3", False)


def test_who_expects_100_continue_gets_it(site: Site) -> None:
    head = b"PUT /up HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    answer = site.run(lambda: site.talk(head, b"abc"))
    assert answer.startswith(b"HTTP/1.1 100 ")
    assert b"HTTP/1.1 201 Created" in answer


@pytest.mark.parametrize(
    "octets, status",
    [
        (b"this is no HTTP\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nLong: " + b"x" * 20_000, 431),
        (b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_octets_that_are_no_request_are_answered_and_recorded(site: Site, octets: bytes, status: int) -> None:
    async def visit() -> bytes:
        answer = await site.talk(octets)
        assert (await site.get("/empty")).status == 200  # the server lives
        return answer

    assert site.run(visit).startswith(b"HTTP/1.1 %d " % status)
    assert site.http.records[0].status == status and site.http.records[0].error


def test_a_body_beyond_the_limit_is_refused_and_the_refusal_survives_the_rest_of_it() -> None:
    site = Site(max_body_octets=1000)
    response = site.run(lambda: site.put("/up", bytes(500_000)))
    assert (response.status, site.http.received) == (413, {})


def test_slow_and_broken_clients_do_not_hold_up_the_others(site: Site) -> None:
    async def visit() -> int:
        slow = await site.connect()
        await slow.send_all(b"GET /pic")
        broken = await site.connect()
        await broken.send_all(b"GET /picture.png HTTP/1.1\r\nHost: x\r\n\r\n")
        await broken.receive(1000)
        broken.abort()
        tasks = [site.kernel.spawn(site.get("/picture.png")) for _ in range(8)]
        for task in tasks:
            assert (await task).body == PICTURE
        await slow.send_all(b"ture.png HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await slow.receive(15)) == b"HTTP/1.1 200 OK"
        return site.http.connections

    assert site.run(visit) == 1
    errors = [record.error for record in site.http.records if record.error]
    assert len(errors) == 1 and errors[0].startswith(("ConnectionResetError", "BrokenPipeError"))


def test_a_full_descriptor_table_refuses_connections_and_no_more() -> None:
    site = Site(TwoHosts(max_descriptors=2))  # on the server: the listener and one connection

    async def visit() -> None:
        held = await site.connect()
        await site.kernel.sleep_until(NS_PER_S)
        refused = await site.connect()
        with pytest.raises(ConnectionResetError):
            await refused.receive(1)
        assert site.http.connections_refused == 1
        await refused.close()
        await held.close()
        assert (await site.get("/empty")).status == 200

    site.run(visit)


def test_an_idle_connection_is_closed() -> None:
    site = Site(idle_timeout_ns=5 * NS_PER_S)

    async def visit() -> int:
        async with await site.connect() as socket:
            with pytest.raises(ConnectionResetError):
                await socket.receive(1)
        return site.kernel.now_ns // NS_PER_S

    assert site.run(visit) == 5


def test_a_deadline_ends_a_request_in_time(site: Site) -> None:
    async def visit() -> int:
        with pytest.raises(TimeoutError) as caught:
            await site.get("/picture.png", deadline_ns=2 * NS_PER_MS)
        assert caught.value.errno is None
        return site.kernel.now_ns

    assert site.run(visit) == 2 * NS_PER_MS


def test_nobody_listens() -> None:
    hosts = TwoHosts()
    with pytest.raises(ConnectionRefusedError):
        hosts.run(http_get(hosts.client.sockets, "10.0.0.2", 80, "/"))


def test_a_server_that_loses_its_power_times_the_client_out(site: Site) -> None:
    def power_loss(octets: int) -> None:
        if octets > 20_000:
            site.hosts.server.device.is_link_up = False

    async def visit() -> int:
        with pytest.raises(TimeoutError) as caught:
            await site.put("/up", bytes(500_000), on_progress=power_loss, user_timeout_ns=20 * NS_PER_S)
        assert caught.value.errno == errno.ETIMEDOUT
        return site.kernel.now_ns // NS_PER_S

    assert 20 <= site.run(visit) <= 30


def test_a_cancelled_server_resets_its_connections_and_frees_the_port(site: Site) -> None:
    async def main() -> None:
        site.http.listen()
        server = site.kernel.spawn(site.http.serve(), "server")
        socket = await site.connect()
        await site.kernel.sleep_until(NS_PER_S)
        server.cancel()
        with pytest.raises(ConnectionResetError):
            await socket.receive(1)
        assert site.hosts.server.sockets.descriptors() == {}
        site.http.listen()

    site.hosts.run(main())


@pytest.mark.parametrize("method, target", [("GE T", "/"), ("GET", "/a b"), ("GET", "")])
def test_a_request_that_http_does_not_allow(site: Site, method: str, target: str) -> None:
    async def visit() -> None:
        async with await site.open() as client:
            with pytest.raises(UsageError, match="not allowed by HTTP"):
                await client.request(method, target)

    site.run(visit)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nonly",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nonly",
        b"SMTP at your service\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nLong: " + b"x" * 20_000,
    ],
)
def test_a_server_that_breaks_the_protocol(answer: bytes) -> None:
    hosts = TwoHosts()

    async def main() -> None:
        listener = hosts.server.sockets.socket()
        listener.bind(("", 80))
        listener.listen(1)
        get = hosts.kernel.spawn(http_get(hosts.client.sockets, "10.0.0.2", 80, "/"), keep_error=True)
        socket, _ = await listener.accept()
        await socket.receive(1000)
        await socket.send_all(answer)
        socket.shutdown()
        with pytest.raises(HttpProtocolError):
            await get

    hosts.run(main())


def fetch_through_loss(seed: int) -> tuple[bytes, str, int]:
    site = Site(TwoHosts(seed, LinkConfig(loss=0.05, delay_ns=2 * NS_PER_MS)))
    body = bytes(index * 7919 >> 3 & 255 for index in range(1 << 20))
    site.http.received.clear()
    site.http = HttpServer(site.hosts.server.sockets, 80, {"/large": body})
    response = site.run(lambda: site.get("/large"), limit_ns=3600 * NS_PER_S)
    assert response.sha256 == sha256(body).hexdigest()
    lost = site.hosts.client.device.frames_lost + site.hosts.server.device.frames_lost
    return response.body, site.hosts.log_hash(), lost


def test_a_megabyte_through_5_percent_loss_arrives_intact_and_the_same_each_time() -> None:
    body, log_hash, lost = fetch_through_loss(seed=1)
    assert len(body) == 1 << 20
    assert lost > 20
    assert fetch_through_loss(seed=1)[1] == log_hash
    assert fetch_through_loss(seed=2)[1] != log_hash
