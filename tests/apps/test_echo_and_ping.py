"""Echo servers and ping over two whole hosts."""

from __future__ import annotations

import errno

import pytest

from rig.apps.echo import TcpEchoServer, UdpEchoServer, echo_once
from rig.apps.ping import PingReply, ping
from rig.errors import UsageError
from rig.sockets import SocketKind
from rig.units import NS_PER_MS, NS_PER_S
from tests.helpers.memory_link import LinkConfig
from tests.helpers.two_hosts import TwoHosts


def test_tcp_echo_of_many_clients_at_once() -> None:
    hosts = TwoHosts()
    server = TcpEchoServer(hosts.server.sockets)

    async def main() -> None:
        hosts.kernel.spawn(server.serve(), "echo")
        data = [bytes((name,)) * 100_000 for name in b"abc"]
        tasks = [hosts.kernel.spawn(echo_once(hosts.client.sockets, ("10.0.0.2", 7), octets)) for octets in data]
        for task, octets in zip(tasks, data, strict=True):
            assert await task == octets

    hosts.run(main())
    assert (server.octets, server.connections_failed) == (300_000, 0)


def test_a_client_that_resets_fails_alone() -> None:
    hosts = TwoHosts()
    server = TcpEchoServer(hosts.server.sockets)

    async def main() -> None:
        hosts.kernel.spawn(server.serve(), "echo")
        broken = await hosts.client.sockets.connect("10.0.0.2", 7)
        await broken.send_all(b"x")
        broken.abort()
        assert await echo_once(hosts.client.sockets, ("10.0.0.2", 7), b"still there") == b"still there"

    hosts.run(main())
    assert server.connections_failed == 1


def test_udp_echo_and_a_datagram_cut_to_what_was_asked() -> None:
    hosts = TwoHosts()
    server = UdpEchoServer(hosts.server.sockets)

    async def main() -> None:
        hosts.kernel.spawn(server.serve(), "echo")
        async with hosts.client.sockets.socket(SocketKind.DATAGRAM) as socket:
            await socket.send_to(b"abcdef", ("10.0.0.2", 7))
            assert await socket.receive_from(100) == (b"abcdef", ("10.0.0.2", 7))
            await socket.send_to(b"", ("10.0.0.2", 7))
            assert await socket.receive_from(100) == (b"", ("10.0.0.2", 7))
            await socket.send_to(b"abcdef", ("10.0.0.2", 7))
            assert await socket.receive_from(3) == (b"abc", ("10.0.0.2", 7))

    hosts.run(main())
    assert (server.datagrams, server.errors) == (3, 0)


def test_udp_to_a_closed_port_is_refused_on_a_connected_socket() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        async with hosts.client.sockets.socket(SocketKind.DATAGRAM) as socket:
            await socket.connect(("10.0.0.2", 9))
            await socket.send(b"x")
            with pytest.raises(ConnectionRefusedError):
                await socket.receive(1, deadline_ns=NS_PER_S)

    hosts.run(main())


def test_ping_counts_and_times_the_replies() -> None:
    hosts = TwoHosts(link=LinkConfig(delay_ns=3 * NS_PER_MS))
    seen: list[PingReply] = []
    result = hosts.run(ping(hosts.client.sockets, "10.0.0.2", count=3, on_reply=seen.append))
    assert (result.sent, result.lost, result.duplicates, result.damaged, result.errors) == (3, 0, 0, 0, ())
    assert list(result.replies) == seen
    assert [(reply.sequence, reply.octets) for reply in seen] == [(0, 56), (1, 56), (2, 56)]
    # The first waits for ARP too; the others take two delays and twice 98 + 24 octets at 100 Mb/s.
    assert [reply.round_trip_ns for reply in seen[1:]] == [2 * (3 * NS_PER_MS + 122 * 80)] * 2
    assert (
        2 * NS_PER_S < hosts.kernel.now_ns < 2 * NS_PER_S + 10 * NS_PER_MS
    )  # it waits no longer than for the last reply


def test_ping_of_a_lossy_link_says_how_many_were_lost() -> None:
    hosts = TwoHosts(link=LinkConfig(copies=lambda t_ns, frame: 0 if NS_PER_S < t_ns < 3 * NS_PER_S else 1))
    result = hosts.run(ping(hosts.client.sockets, "10.0.0.2", count=5))
    assert (result.sent, result.lost) == (5, 2)


def test_ping_tells_duplicates_from_replies() -> None:
    hosts = TwoHosts(link=LinkConfig(copies=lambda t_ns, frame: 2))
    result = hosts.run(ping(hosts.client.sockets, "10.0.0.2", count=2))
    # Each request arrives twice, and so does each of its two replies; the run ends with the last request's first.
    assert (result.lost, len(result.replies), result.duplicates) == (0, 2, 3)


def test_ping_of_nobody_reports_the_host_unreachable() -> None:
    hosts = TwoHosts()
    result = hosts.run(ping(hosts.client.sockets, "10.0.0.99", count=2, timeout_ns=10 * NS_PER_S))
    assert (result.lost, len(result.replies)) == (2, 0)
    assert result.errors


def test_ping_has_as_many_sequence_numbers_as_there_are() -> None:
    hosts = TwoHosts()
    with pytest.raises(UsageError, match="65536"):
        hosts.run(ping(hosts.client.sockets, "10.0.0.2", count=0))


def test_a_port_in_use() -> None:
    hosts = TwoHosts()
    UdpEchoServer(hosts.server.sockets)
    with pytest.raises(OSError) as caught:
        UdpEchoServer(hosts.server.sockets)
    assert caught.value.errno == errno.EADDRINUSE
