"""Unmodified blocking programs in virtual time, by hand-off: the same run for the same seed, to the nanosecond."""

from __future__ import annotations

import errno
import http.client
import random
import smtplib
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from rig.apps.dns_server import DnsServer
from rig.apps.dns_zone import Zone
from rig.apps.echo import UdpEchoServer
from rig.apps.http_server import HttpServer
from rig.runtime.handoff import Handoff
from rig.sockets.blocking import BlockingNetwork
from rig.sockets.install import PerThread, installed
from rig.sockets.resolver import Resolver, ResolverConfig
from rig.units import NS_PER_MS, NS_PER_S
from tests.helpers.memory_link import LinkConfig
from tests.helpers.two_hosts import Host, TwoHosts

PAGE = bytes(range(256)) * 800


class World:
    """Two hosts; the server has DNS for ``lab``. Programs of the client see its network as the socket module."""

    def __init__(self, link: LinkConfig | None = None, seed: int = 1) -> None:
        self.hosts = TwoHosts(seed, link)
        self.kernel = self.hosts.kernel
        self.server = self.hosts.server
        self.dns = DnsServer(self.server.sockets, Zone.from_table({"www.lab": "10.0.0.2"}, "lab"))

    def network(self, host: Host) -> tuple[BlockingNetwork, Handoff]:
        config = ResolverConfig(("10.0.0.2",), hosts={"client.lab": ["10.0.0.1"]})
        resolver = Resolver(host.sockets, config, random.Random(3))
        handoff = Handoff(self.kernel, patience_s=30)
        return BlockingNetwork(host.sockets, resolver, handoff), handoff

    def run(self, program: Callable[[], Any], *servers: Any) -> Any:
        """Run ``program`` on the client beside what serves on the server; return its value."""
        network, handoff = self.network(self.hosts.client)

        async def main() -> Any:
            for server in (self.dns, *servers):
                self.kernel.spawn(server.serve(), type(server).__name__)
            with installed(network):
                return await handoff.run(program)

        return self.hosts.run(main())


def web(world: World) -> HttpServer:
    return HttpServer(world.server.sockets, 80, {"/page": PAGE, "/small": b"small"})


@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_http_client_unmodified_and_the_same_run_twice(loss: float) -> None:
    def program() -> tuple[int, bytes, bytes, int]:
        connection = http.client.HTTPConnection("www.lab", timeout=60)
        connection.request("GET", "/page")
        response = connection.getresponse()
        page = response.read()
        connection.request("PUT", "/up", body=PAGE)
        connection.getresponse().read()
        connection.request("GET", "/up")
        up = connection.getresponse().read()
        connection.request("GET", "/nothing")
        missing = connection.getresponse()
        missing.read()
        connection.close()
        return response.status, page, up, missing.status

    def run() -> tuple[Any, int, str]:
        world = World(LinkConfig(loss=loss))
        return world.run(program, web(world)), world.kernel.now_ns, world.hosts.log_hash()

    first = run()
    assert first[0] == (200, PAGE, PAGE, 404)
    assert first == run(), "same seed: same octets, same frames, same nanosecond"


def test_urllib_unmodified_with_a_proxy_free_opener() -> None:
    world = World()

    def program() -> tuple[bytes, int]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open("http://www.lab/small", timeout=5) as response:
            body = response.read()
        try:
            opener.open("http://www.lab/none", timeout=5)
        except urllib.error.HTTPError as err:
            with err:
                return body, err.code
        return body, 0

    assert world.run(program, web(world)) == (b"small", 404)


def test_a_time_out_is_in_simulated_time() -> None:
    world = World()

    def program() -> tuple[str, int]:
        listener = socket.socket()
        listener.bind(("", 9))
        listener.listen()
        listener.settimeout(3600)
        start_ns = world.kernel.now_ns
        with pytest.raises(TimeoutError, match="timed out") as caught:
            listener.accept()
        listener.close()
        assert caught.value.errno is None
        return str(caught.value), world.kernel.now_ns - start_ns

    assert world.run(program) == ("timed out", 3600 * NS_PER_S)


@pytest.mark.parametrize(
    ("act", "error", "number"),
    [
        (lambda s: s.connect(("10.0.0.2", 81)), ConnectionRefusedError, errno.ECONNREFUSED),
        (lambda s: s.connect(("10.0.0.9", 80)), OSError, errno.EHOSTUNREACH),
        (lambda s: s.connect(("192.0.2.1", 80)), OSError, errno.ENETUNREACH),
        (lambda s: s.connect(("no.lab", 80)), socket.gaierror, socket.EAI_NONAME),
        (lambda s: s.recv(1), OSError, errno.ENOTCONN),
        (lambda s: s.send(b"x"), OSError, errno.ENOTCONN),
        (lambda s: s.getpeername(), OSError, errno.ENOTCONN),
        (lambda s: s.shutdown(socket.SHUT_WR), OSError, errno.ENOTCONN),
        (lambda s: s.accept(), OSError, errno.EINVAL),
        (lambda s: s.bind(("10.0.0.77", 0)), OSError, errno.EADDRNOTAVAIL),
        (lambda s: s.bind(("10.0.0.1", 70000)), OverflowError, None),
        (lambda s: s.bind("10.0.0.1"), TypeError, None),
        (lambda s: s.setsockopt(socket.SOL_SOCKET, socket.SO_DEBUG, 1), OSError, errno.ENOPROTOOPT),
        (lambda s: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 1), OSError, errno.EINVAL),
        (lambda s: s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 0), OSError, errno.EINVAL),
        (lambda s: s.settimeout(-1), ValueError, None),
        (lambda s: s.recv(1, socket.MSG_OOB), OSError, errno.EOPNOTSUPP),
    ],
)
def test_errors_are_the_standard_ones(
    act: Callable[[Any], Any], error: type[BaseException], number: int | None
) -> None:
    def program() -> None:
        with socket.socket() as sock, pytest.raises(error) as caught:
            act(sock)
        if number is not None:
            assert caught.value.errno == number  # type: ignore[attr-defined]

    World().run(program)


def test_a_closed_socket_is_a_bad_descriptor() -> None:
    def program() -> None:
        sock = socket.socket()
        sock.close()
        sock.close()
        assert sock.fileno() == -1
        with pytest.raises(OSError) as caught:
            sock.recv(1)
        assert caught.value.errno == errno.EBADF

    World().run(program)


def test_without_blocking() -> None:
    world = World()

    def program() -> None:
        listener = socket.create_server(("", 9))
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
        sock = socket.socket()
        sock.setblocking(False)
        with pytest.raises(BlockingIOError) as caught:
            sock.connect(("www.lab", 80))
        assert caught.value.errno == errno.EINPROGRESS
        assert sock.connect_ex(("www.lab", 80)) == errno.EALREADY
        with pytest.raises(TimeoutError):
            listener.settimeout(1)
            listener.accept()  # lets a second of simulated time pass
        sock.sendall(b"GET /small HTTP/1.0\r\n\r\n")
        with pytest.raises(BlockingIOError):
            sock.recv(1)
        sock.settimeout(5)
        assert sock.recv(8, socket.MSG_PEEK) == b"HTTP/1.1"
        assert sock.recv(8) == b"HTTP/1.1"
        assert sock.getblocking()
        listener.close()
        sock.close()

    world.run(program, web(world))


def test_datagrams() -> None:
    world = World()

    def program() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"one", ("www.lab", 7))
            assert sock.recvfrom(100) == (b"one", ("10.0.0.2", 7))
            sock.connect(("www.lab", 7))
            assert sock.send(b"two and more") == 12
            buffer = bytearray(3)
            assert sock.recvfrom_into(buffer) == (3, ("10.0.0.2", 7))
            assert buffer == b"two"
            assert sock.type == socket.SOCK_DGRAM
            sock.connect(("www.lab", 9))
            sock.send(b"nobody")
            with pytest.raises(ConnectionRefusedError):
                sock.recv(1)

    world.run(program, UdpEchoServer(world.server.sockets))


def test_options() -> None:
    def program() -> None:
        with socket.socket() as sock:
            for level, name, value in [
                (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
                (socket.SOL_SOCKET, socket.SO_RCVBUF, 50_000),
                (socket.SOL_SOCKET, socket.SO_SNDBUF, 60_000),
                (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
                (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
                (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 7),
                (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
                (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500),
                (socket.IPPROTO_IP, socket.IP_TTL, 9),
                (socket.IPPROTO_IP, socket.IP_TOS, 0x28),
            ]:
                assert sock.getsockopt(level, name) != value
                sock.setsockopt(level, name, value)
                assert sock.getsockopt(level, name) == value
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2048
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == socket.IPPROTO_TCP
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == socket.AF_INET
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0

    World().run(program)


def test_linger_of_zero_resets() -> None:
    world = World()
    network, handoff = world.network(world.hosts.client)

    async def main() -> None:
        listener = world.server.sockets.socket()
        listener.bind(("", 9))
        listener.listen()

        def program() -> None:
            sock = socket.create_connection(("www.lab", 9))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == struct.pack("ii", 1, 0)
            sock.close()

        world.kernel.spawn(world.dns.serve())
        with installed(network):
            await handoff.run(program)
        accepted, _ = await listener.accept()
        with pytest.raises(ConnectionResetError):
            await accepted.receive(1)

    world.hosts.run(main())


def test_a_blocking_server_and_a_blocking_client_on_two_hosts() -> None:
    """Each program has its own host, both see it as the socket module, and they take turns."""
    world = World()
    per_thread = PerThread()
    client, client_handoff = world.network(world.hosts.client)
    server, server_handoff = world.network(world.server)

    def serve() -> list[str]:
        said = []
        with socket.create_server(("", 25)) as listener:
            sock, peer = listener.accept()
            assert peer[0] == "10.0.0.1"
            assert isinstance(sock, type(listener))
            with sock, sock.makefile("rwb") as stream:
                stream.write(b"220 lab\r\n")
                stream.flush()
                for line in stream:
                    said.append(line.decode().strip())
                    word = said[-1].lower()
                    is_data = word == "data"
                    stream.write(b"354 go on\r\n" if is_data else b"221 bye\r\n" if word == "quit" else b"250 yes\r\n")
                    stream.flush()
                    if is_data:
                        while said[-1] != ".":
                            said.append(stream.readline().decode().strip())
                        stream.write(b"250 kept\r\n")
                        stream.flush()
                    if word == "quit":
                        break
        return said

    def send() -> dict[str, Any]:
        with smtplib.SMTP("www.lab", timeout=60) as smtp:
            return smtp.sendmail("a@lab", ["b@lab"], "Subject: x\r\n\r\nhello")

    async def main() -> tuple[dict[str, Any], list[str]]:
        world.kernel.spawn(world.dns.serve())
        with installed(per_thread):
            serving = world.kernel.spawn(server_handoff.run(per_thread.bound(server, serve)))
            await world.kernel.sleep_until(NS_PER_MS)
            refused = await client_handoff.run(per_thread.bound(client, send))
            assert socket.gethostbyname("127.0.0.1") == "127.0.0.1", "this thread has the system's"
            return refused, await serving

    refused, said = world.hosts.run(main())
    assert refused == {}
    assert said[0].startswith("ehlo ")
    assert "hello" in said


def test_names() -> None:
    def program() -> None:
        assert socket.gethostbyname("www.lab") == "10.0.0.2"
        assert socket.gethostbyname_ex("www.lab") == ("www.lab", [], ["10.0.0.2"])
        assert socket.gethostbyname("") == "0.0.0.0"
        assert socket.gethostbyname("<broadcast>") == "255.255.255.255"
        assert socket.gethostbyaddr("10.0.0.1") == ("client.lab", [], ["10.0.0.1"])
        assert socket.getfqdn("10.0.0.1") == "client.lab"
        assert socket.getfqdn("10.0.0.7") == "10.0.0.7"
        with pytest.raises(socket.herror):
            socket.gethostbyaddr("10.0.0.7")
        assert socket.gethostname() == "localhost"
        assert socket.getnameinfo(("10.0.0.1", 80), 0) == ("client.lab", "http")
        flags = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        assert socket.getnameinfo(("10.0.0.1", 80), flags) == ("10.0.0.1", "80")
        with pytest.raises(socket.gaierror):
            socket.getnameinfo(("10.0.0.7", 80), socket.NI_NAMEREQD)

    World().run(program)


STREAM = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
DATAGRAM = (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP, "")


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        (("www.lab", 80, 0, socket.SOCK_STREAM), [(*STREAM, ("10.0.0.2", 80))]),
        (("www.lab", "http", 0, 0, socket.IPPROTO_UDP), [(*DATAGRAM, ("10.0.0.2", 80))]),
        (("1.2.3.4", "8080", socket.AF_INET, socket.SOCK_STREAM), [(*STREAM, ("1.2.3.4", 8080))]),
        ((None, 80, 0, socket.SOCK_STREAM), [(*STREAM, ("127.0.0.1", 80))]),
        ((None, 80, 0, socket.SOCK_STREAM, 0, socket.AI_PASSIVE), [(*STREAM, ("0.0.0.0", 80))]),
        ((b"www.lab", None, 0, socket.SOCK_STREAM), [(*STREAM, ("10.0.0.2", 0))]),
        (("www.lab", 1, 0, socket.SOCK_STREAM, 0, socket.AI_CANONNAME), [(*STREAM[:3], "www.lab", ("10.0.0.2", 1))]),
        (("www.lab", 80, socket.AF_INET6), socket.EAI_FAMILY),
        (("www.lab", 80, 0, 77), socket.EAI_SOCKTYPE),
        (("www.lab", "nosuch"), socket.EAI_SERVICE),
        (("www.lab", 70000), socket.EAI_SERVICE),
        (("www.lab", "http", 0, 0, 0, socket.AI_NUMERICSERV), socket.EAI_SERVICE),
        (("www.lab", 80, 0, 0, 0, socket.AI_NUMERICHOST), socket.EAI_NONAME),
        ((None, None), socket.EAI_NONAME),
        (("no.lab", 80), socket.EAI_NONAME),
    ],
)
def test_getaddrinfo(arguments: tuple[Any, ...], rows: Any) -> None:
    def program() -> Any:
        try:
            return socket.getaddrinfo(*arguments)
        except socket.gaierror as err:
            return err.errno

    assert World().run(program) == rows


def test_afterwards_the_module_is_as_it_was() -> None:
    before = {name: getattr(socket, name) for name in dir(socket)}
    with pytest.raises(ZeroDivisionError):
        World().run(lambda: 1 // 0)
    assert before == {name: getattr(socket, name) for name in dir(socket)}


def test_other_families_stay_the_operating_systems() -> None:
    def program() -> None:
        near, far = socket.socketpair()
        with near, far:
            near.send(b"x")
            assert far.recv(1) == b"x"
        with pytest.raises(OSError) as caught:
            socket.socket(socket.AF_INET6)
        assert caught.value.errno == errno.EAFNOSUPPORT
        with pytest.raises(OSError) as caught:
            socket.socket(socket.AF_INET, socket.SOCK_RAW)
        assert caught.value.errno == errno.EPROTONOSUPPORT

    World().run(program)


def test_a_full_table_is_told() -> None:
    hosts = TwoHosts(max_descriptors=1)
    handoff = Handoff(hosts.kernel)
    network = BlockingNetwork(
        hosts.client.sockets, Resolver(hosts.client.sockets, ResolverConfig(), random.Random(1)), handoff
    )

    def program() -> int:
        with socket.socket() as sock:
            number = sock.fileno()
            with pytest.raises(OSError) as caught:
                socket.socket()
            assert caught.value.errno == errno.EMFILE
        with socket.socket() as again:
            assert again.fileno() == number
        return number

    async def main() -> int:
        with installed(network):
            return await handoff.run(program)

    assert hosts.run(main()) == 3
