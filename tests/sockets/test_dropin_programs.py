"""Unmodified programs of the standard library over two of our stacks on the wall clock, through the drop-in."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import smtplib
import socket
import socketserver
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from rig.apps.http_server import HttpServer
from rig.sockets.install import installed
from tests.helpers.wall_clock_hosts import WallHosts, wall_clock_hosts

LIMIT_S = 20.0
PAGE = bytes(range(256)) * 1200


@pytest.fixture
def hosts() -> Iterator[WallHosts]:
    """Two hosts; what the client's host offers is the socket module."""
    with wall_clock_hosts() as hosts, installed(hosts.client.dropin):
        yield hosts


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = LIMIT_S

    def do_GET(self) -> None:
        self._answer(PAGE if self.path == "/page" else f"{self.path} for {self.client_address[0]}".encode())

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"]))[::-1])

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(hosts: WallHosts, make: Callable[[], socketserver.BaseServer]) -> Iterator[socketserver.BaseServer]:
    """Serve in a thread of the server's host; ``shutdown`` and ``server_close`` at the end."""
    with installed(hosts.server.dropin):
        server = make()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(LIMIT_S)
        server.server_close()
        assert not thread.is_alive()


def web_server() -> http.server.ThreadingHTTPServer:
    return http.server.ThreadingHTTPServer(("", 80), Handler)


def open_url(url: str, **arguments: Any) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *arguments.pop("handlers", ()))
    return opener.open(url, timeout=LIMIT_S, **arguments)


def test_http_client_against_our_server(hosts: WallHosts) -> None:
    server = HttpServer(hosts.server.sockets, 80, {"/page": PAGE})
    hosts.ask(server.listen)
    hosts.spawn(server.serve())
    connection = http.client.HTTPConnection("www.lab", timeout=LIMIT_S)
    connection.request("GET", "/page")
    assert connection.getresponse().read() == PAGE
    connection.request("PUT", "/up", body=PAGE)
    assert connection.getresponse().read() == b""
    connection.request("GET", "/up")
    assert connection.getresponse().read() == PAGE
    connection.close()
    assert {record.peer for record in server.records} == {server.records[0].peer}, "all on one connection"


def test_urllib_against_a_threaded_server(hosts: WallHosts) -> None:
    with serving(hosts, web_server) as server:
        assert server.server_address == ("0.0.0.0", 80)
        with open_url("http://www.lab/page") as response:
            assert (response.status, response.read()) == (200, PAGE)
        with open_url("http://www.lab/post", data=b"abc" * 10_000) as response:
            assert response.read() == b"cba" * 10_000
        with open_url("http://www.lab/who") as response:
            assert response.read() == b"/who for 10.0.0.1"


def test_many_clients_at_once(hosts: WallHosts) -> None:
    with serving(hosts, web_server):
        answers: list[bytes] = []

        def fetch(number: int) -> None:
            with open_url(f"http://www.lab/{number}") as response:
                answers.append(response.read())

        threads = [threading.Thread(target=fetch, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
        assert sorted(answers) == [f"/{number} for 10.0.0.1".encode() for number in range(8)]


def test_a_server_shuts_down_and_its_port_is_free(hosts: WallHosts) -> None:
    for _ in range(2):
        with serving(hosts, web_server), open_url("http://www.lab/x") as response:
            assert response.status == 200
    with pytest.raises(urllib.error.URLError) as caught:
        open_url("http://www.lab/")
    assert isinstance(caught.value.reason, ConnectionRefusedError)


def test_errors_come_through_urllib(hosts: WallHosts) -> None:
    for url, reason in [("http://no.lab/", socket.gaierror), ("http://www.lab:81/", ConnectionRefusedError)]:
        with pytest.raises(urllib.error.URLError) as caught:
            open_url(url)
        assert isinstance(caught.value.reason, reason)


# SMTP


class MailHandler(socketserver.StreamRequestHandler):
    timeout = LIMIT_S

    def handle(self) -> None:
        received: list[list[str]] = self.server.received  # type: ignore[attr-defined]
        self.wfile.write(b"220 lab\r\n")
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            if word == "DATA":
                self.wfile.write(b"354 go on\r\n")
                lines: list[str] = []
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(text)
                received.append(lines)
            elif word == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 yes\r\n")


def test_smtplib_against_a_threaded_server(hosts: WallHosts) -> None:
    def make() -> socketserver.BaseServer:
        server = socketserver.ThreadingTCPServer(("", 25), MailHandler)
        server.received = []  # type: ignore[attr-defined]
        return server

    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@lab", "b@lab", "over our stack"
    message.set_content("line\n" * 2000)
    with serving(hosts, make) as server:
        with smtplib.SMTP("www.lab", timeout=LIMIT_S) as smtp:
            assert smtp.send_message(message) == {}
        (lines,) = server.received  # type: ignore[attr-defined]
    assert "Subject: over our stack" in lines
    assert lines.count("line") == 2000


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for www.lab, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(chain),
         "-days", "2", "-subj", "/CN=www.lab", "-addext", "subjectAltName=DNS:www.lab"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return chain, key


def contexts(certificate: tuple[Path, Path]) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server and of a client that trusts it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    return server, ssl.create_default_context(cafile=str(certificate[0]))


class EachConnectionWrapped(http.server.ThreadingHTTPServer):
    context: ssl.SSLContext

    def get_request(self) -> Any:
        sock, peer = super().get_request()
        return self.context.wrap_socket(sock, server_side=True), peer


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("wrapped", ["each connection", "the listening socket"])
def test_https(hosts: WallHosts, certificate: tuple[Path, Path], wrapped: str) -> None:
    context, trusting = contexts(certificate)

    def make() -> socketserver.BaseServer:
        if wrapped == "each connection":
            EachConnectionWrapped.context = context
            return EachConnectionWrapped(("", 443), Handler)
        server = http.server.ThreadingHTTPServer(("", 443), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        return server

    with serving(hosts, make):
        handlers = [urllib.request.HTTPSHandler(context=trusting)]
        with open_url("https://www.lab/page", handlers=handlers) as response:
            assert response.read() == PAGE
        with open_url("https://www.lab/who", handlers=handlers) as response:
            assert response.read() == b"/who for 10.0.0.1"
        with pytest.raises(urllib.error.URLError) as caught:
            open_url("https://www.lab/", handlers=[urllib.request.HTTPSHandler(context=ssl.create_default_context())])
        assert isinstance(caught.value.reason, ssl.SSLCertVerificationError)


@pytest.mark.needs("openssl")
def test_a_wrapped_socket_keeps_its_names_and_learns_of_a_reset(
    hosts: WallHosts, certificate: tuple[Path, Path]
) -> None:
    context, trusting = contexts(certificate)
    with hosts.server.dropin.socket() as listener:
        listener.bind(("", 443))
        listener.listen(1)

        def serve() -> None:
            sock, _ = listener.accept()
            with context.wrap_socket(sock, server_side=True) as wrapped:
                wrapped.settimeout(LIMIT_S)
                wrapped.sendall(wrapped.recv(100))
                assert wrapped.recv(100) == b"now"
                wrapped.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        thread = threading.Thread(target=serve)
        thread.start()
        with socket.create_connection(("www.lab", 443), LIMIT_S) as sock:
            plain_name = sock.getsockname()
            with trusting.wrap_socket(sock, server_hostname="www.lab") as wrapped:
                wrapped.settimeout(LIMIT_S)
                assert (wrapped.getsockname(), wrapped.getpeername()) == (plain_name, ("10.0.0.2", 443))
                wrapped.sendall(b"secret")
                assert wrapped.recv(100) == b"secret"
                wrapped.sendall(b"now")
                with pytest.raises(ConnectionResetError):
                    wrapped.recv(100)
        thread.join(LIMIT_S)


# asyncio


def test_asyncio_streams_against_asyncio_streams(hosts: WallHosts) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert writer.get_extra_info("peername")[0] == "10.0.0.1"
        while data := await reader.read(10_000):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def main() -> bytes:
        with installed(hosts.server.dropin):
            server = await asyncio.start_server(echo, "10.0.0.2", 7)
        async with server:
            reader, writer = await asyncio.open_connection("www.lab", 7)
            assert writer.get_extra_info("peername") == ("10.0.0.2", 7)
            sending = asyncio.create_task(_send(writer))
            answer = await reader.read()
            await sending
            writer.close()
            await writer.wait_closed()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("www.lab", 8)
            with pytest.raises(socket.gaierror):
                await asyncio.open_connection("no.lab", 7)
            return answer

    assert asyncio.run(asyncio.wait_for(main(), LIMIT_S)) == PAGE


async def _send(writer: asyncio.StreamWriter) -> None:
    writer.write(PAGE)
    await writer.drain()
    writer.write_eof()


@pytest.mark.needs("openssl")
def test_asyncio_over_tls(hosts: WallHosts, certificate: tuple[Path, Path]) -> None:
    context, trusting = contexts(certificate)
    answered = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        answered.set()

    async def main() -> bytes:
        with installed(hosts.server.dropin):
            server = await asyncio.start_server(answer, "10.0.0.2", 443, ssl=context)
        async with server:
            reader, writer = await asyncio.open_connection("www.lab", 443, ssl=trusting)
            writer.write(b"secret\n")
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            await answered.wait()  # of TLS both ends say that they close; asyncio waits for none that it accepted
            return line

    assert asyncio.run(asyncio.wait_for(main(), LIMIT_S)) == b"SECRET\n"


def test_asyncio_datagrams(hosts: WallHosts) -> None:
    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.transport.sendto(data[::-1], addr)

    class Asker(asyncio.DatagramProtocol):
        def __init__(self, answer: asyncio.Future[bytes]) -> None:
            self.answer = answer

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.answer.set_result(data)

    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        with installed(hosts.server.dropin):
            server, _ = await loop.create_datagram_endpoint(Echo, ("10.0.0.2", 7))
        answer: asyncio.Future[bytes] = loop.create_future()
        client, _ = await loop.create_datagram_endpoint(lambda: Asker(answer), remote_addr=("www.lab", 7))
        client.sendto(b"abc")
        try:
            return await answer
        finally:
            client.close()
            server.close()

    assert asyncio.run(asyncio.wait_for(main(), LIMIT_S)) == b"cba"


def test_getaddrinfo_asks_our_resolver(hosts: WallHosts) -> None:
    assert socket.getaddrinfo("www.lab", "http", type=socket.SOCK_STREAM) == [
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("10.0.0.2", 80))
    ]
    assert socket.gethostbyname("client.lab") == "10.0.0.1"
    assert socket.gethostbyname_ex("www.lab")[2] == ["10.0.0.2"]
    assert socket.gethostname() == "host-1"
    assert socket.getfqdn("10.0.0.2") == "10.0.0.2", "the hosts table is empty, and nobody is asked"
    assert socket.getnameinfo(("10.0.0.2", 80), 0) == ("10.0.0.2", "http")
    assert hosts.client.dropin.resolver.counters.queries_sent == 2
    with pytest.raises(socket.gaierror) as caught:
        socket.getaddrinfo("no.lab", 80)
    assert caught.value.errno == socket.EAI_NONAME
