"""The drop-in's sockets: two of our stacks on the wall clock, used as the standard module's."""

from __future__ import annotations

import errno
import gc
import io
import select
import selectors
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from rig.runtime.kernel import KernelError
from rig.sockets.install import installed
from rig.stack.config import TcpConfig
from rig.units import NS_PER_MS
from tests.helpers.wall_clock_hosts import WallHost, WallHosts, wall_clock_hosts

LIMIT_S = 20.0
"""Of every wait; what takes so long has failed."""
BOUND_OCTETS = 48 * 1024
"""What docs/sockets.md promises of the octets between a program and TCP's buffers, in each direction."""
SMALL_RTO = TcpConfig(rto_initial_ns=50 * NS_PER_MS, rto_minimum_ns=50 * NS_PER_MS, user_timeout_ns=300 * NS_PER_MS)


@pytest.fixture
def hosts() -> Iterator[WallHosts]:
    """Two hosts; what the client's host offers is the socket module."""
    with wall_clock_hosts() as hosts, installed(hosts.client.dropin):
        socket.setdefaulttimeout(LIMIT_S)
        try:
            yield hosts
        finally:
            socket.setdefaulttimeout(None)


def listening(hosts: WallHosts, port: int = 9, backlog: int = 8) -> socket.socket:
    sock: socket.socket = hosts.server.dropin.socket()
    sock.bind(("", port))
    sock.listen(backlog)
    return sock


@contextmanager
def connection(hosts: WallHosts) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a new connection, the client's first."""
    with ExitStack() as stack:
        listener = stack.enter_context(listening(hosts))
        client = stack.enter_context(socket.create_connection(("www.lab", 9)))
        server, _ = listener.accept()
        stack.enter_context(server)
        yield client, server


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait, with a limit, until a condition holds."""
    waiting = threading.Event()
    for _ in range(int(LIMIT_S / 0.01)):
        if condition():
            return
        waiting.wait(0.01)
    pytest.fail(f"not in {LIMIT_S} s: {what}")


def queue(host: WallHost, name: str) -> int:
    """Return a queue of the host's only open connection, in octets, as netstat shows it."""
    done: Future[int] = Future()
    host.dropin.kernel.call_threadsafe(
        lambda: done.set_result(next(getattr(row, name) for row in host.stack.netstat() if row.state == "ESTABLISHED"))
    )
    return done.result(LIMIT_S)


def exactly(sock: socket.socket, octets: int) -> bytes:
    received = b""
    while len(received) < octets:
        piece = sock.recv(octets - len(received))
        assert piece, "the stream ended"
        received += piece
    return received


# Streams


def test_octets_both_ways_and_names(hosts: WallHosts) -> None:
    with connection(hosts) as (client, server):
        client.sendall(b"question")
        assert exactly(server, 8) == b"question"
        assert server.send(b"answer") == 6
        buffer = bytearray(100)
        assert client.recv_into(buffer) == 6
        assert buffer[:6] == b"answer"
        assert client.getpeername() == server.getsockname() == ("10.0.0.2", 9)
        assert client.getsockname() == server.getpeername()
        assert client.getsockname()[0] == "10.0.0.1"
        assert isinstance(client, socket.socket) and client.family == socket.AF_INET
        assert (client.type, client.proto) == (socket.SOCK_STREAM, socket.IPPROTO_TCP)
        assert client.sendmsg([b"more", b"over"]) == 8
        assert exactly(server, 4) + server.recvmsg(100)[0] == b"moreover"
        states = {row.state for row in hosts.ask(hosts.client.stack.netstat)}
        assert states == {"ESTABLISHED"}


def test_a_long_stream_arrives_whole_both_ways_at_once(hosts: WallHosts) -> None:
    data = bytes(range(256)) * 2000
    with connection(hosts) as (client, server), ThreadPoolExecutor(4) as threads:
        tasks = [threads.submit(exactly, sock, len(data)) for sock in (client, server)]
        sends = [threads.submit(sock.sendall, data) for sock in (client, server)]
        assert [task.result(LIMIT_S) for task in tasks] == [data, data]
        assert [task.result(LIMIT_S) for task in sends] == [None, None]


def test_half_close(hosts: WallHosts) -> None:
    with connection(hosts) as (client, server):
        client.sendall(b"all")
        client.shutdown(socket.SHUT_WR)
        with server.makefile("rb") as stream:
            assert stream.read() == b"all"
        server.sendall(b"answer")
        server.close()
        with client.makefile("rb") as stream:
            assert stream.read() == b"answer"
        with pytest.raises(BrokenPipeError):
            client.send(b"more")


def test_makefile(hosts: WallHosts) -> None:
    with connection(hosts) as (client, server):
        lines = client.makefile("rw", newline="\n")
        client.close()  # the file keeps it open
        lines.write("one\ntwo\n")
        lines.flush()
        other = server.makefile("rwb")
        assert [other.readline(), other.readline()] == [b"one\n", b"two\n"]
        other.write(b"three\n")
        other.flush()
        assert lines.readline() == "three\n"
        lines.close()
        assert other.read() == b""
        other.close()
        assert isinstance(other, io.BufferedRWPair)


def test_time_outs(hosts: WallHosts) -> None:
    with connection(hosts) as (client, _), listening(hosts, 10) as listener, socket.socket() as idle:
        for sock, act in ((client, lambda: client.recv(1)), (listener, listener.accept)):
            sock.settimeout(0.02)
            with pytest.raises(TimeoutError, match="timed out"):
                act()
        idle.settimeout(0.02)
        with pytest.raises(TimeoutError, match="timed out"):
            idle.connect(("10.0.0.9", 80))


def test_without_blocking(hosts: WallHosts) -> None:
    with connection(hosts) as (client, server), listening(hosts, 10) as listener:
        client.setblocking(False)
        listener.setblocking(False)
        for act in (lambda: client.recv(1), listener.accept):
            with pytest.raises(BlockingIOError):
                act()
        server.sendall(b"x")
        assert select.select([client], [], [], LIMIT_S)[0] == [client]
        assert client.recv(1, socket.MSG_PEEK) == client.recv(1) == b"x"


def test_connecting_without_blocking_as_select_sees_it(hosts: WallHosts) -> None:
    with listening(hosts) as listener, socket.socket() as sock:
        sock.setblocking(False)
        assert sock.connect_ex(("10.0.0.2", 9)) == errno.EINPROGRESS
        assert select.select([], [sock], [], LIMIT_S)[1] == [sock]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        assert sock.connect_ex(("10.0.0.2", 9)) == errno.EISCONN
        server, _ = listener.accept()
        with server:
            sock.send(b"nothing of what it took to wait is in the stream")
            sock.close()
            with server.makefile("rb") as stream:
                assert stream.read() == b"nothing of what it took to wait is in the stream"


def test_connecting_without_blocking_is_not_over_before_it_is(hosts: WallHosts) -> None:
    with socket.socket() as sock:
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.connect(("10.0.0.9", 9))  # nobody: ARP asks for three seconds
        assert select.select([], [sock], [], 0.05)[1] == []
        assert sock.connect_ex(("10.0.0.9", 9)) == errno.EALREADY
        with pytest.raises(OSError) as caught:
            sock.getpeername()
        assert caught.value.errno == errno.ENOTCONN


def test_a_refused_connecting_without_blocking(hosts: WallHosts) -> None:
    with socket.socket() as sock, listening(hosts, 10) as listener:
        sock.setblocking(False)
        assert sock.connect_ex(("10.0.0.2", 11)) == errno.EINPROGRESS
        assert select.select([], [sock], [], LIMIT_S)[1] == [sock]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0, "it is told once"
        sock.settimeout(LIMIT_S)
        sock.connect(("10.0.0.2", 10))  # and another try is free to succeed
        listener.accept()[0].close()


def test_selectors_serve_several_connections(hosts: WallHosts) -> None:
    with listening(hosts) as listener, selectors.DefaultSelector() as selector, ThreadPoolExecutor(4) as threads:
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ)

        def ask(number: int) -> bytes:
            with socket.create_connection(("www.lab", 9)) as sock:
                sock.sendall(b"%d" % number)
                sock.shutdown(socket.SHUT_WR)
                with sock.makefile("rb") as stream:
                    return stream.read()

        asking = [threads.submit(ask, number) for number in range(4)]
        served = 0
        while served < 4:
            ready = selector.select(LIMIT_S)
            assert ready, "nothing happened"
            for key, _ in ready:
                sock: Any = key.fileobj
                if sock is listener:
                    try:
                        accepted, _ = listener.accept()
                    except BlockingIOError:
                        continue
                    accepted.setblocking(False)
                    selector.register(accepted, selectors.EVENT_READ)
                elif data := sock.recv(100):
                    sock.sendall(data * 2)
                else:
                    selector.unregister(sock)
                    sock.close()
                    served += 1
        assert [each.result(LIMIT_S) for each in asking] == [b"00", b"11", b"22", b"33"]


def test_several_threads_accept(hosts: WallHosts) -> None:
    with listening(hosts) as listener, ThreadPoolExecutor(3) as threads:
        accepting = [threads.submit(listener.accept) for _ in range(3)]
        clients = [socket.create_connection(("www.lab", 9)) for _ in range(3)]
        accepted = [each.result(LIMIT_S) for each in accepting]
        assert sorted(peer for _, peer in accepted) == sorted(sock.getsockname() for sock in clients)
        for sock in (*clients, *(sock for sock, _ in accepted)):
            sock.close()


def test_the_backlog_bounds_what_is_not_accepted(hosts: WallHosts) -> None:
    with listening(hosts, backlog=2), ExitStack() as stack:
        for _ in range(3):  # one is taken ahead, two wait
            stack.enter_context(socket.create_connection(("www.lab", 9)))
        with socket.socket() as sock:
            sock.settimeout(0.1)
            with pytest.raises(TimeoutError):
                sock.connect(("10.0.0.2", 9))
        assert hosts.ask(hosts.server.stack.counters)["tcp_accept_queue_full"] >= 1


# Flow control and death


def test_a_slow_reader_holds_the_writer_up_within_the_stated_bound(hosts: WallHosts) -> None:
    with connection(hosts) as (client, server):
        client.setblocking(False)
        sent = 0

        def is_stuck() -> bool:
            nonlocal sent
            try:
                while True:
                    sent += client.send(b"x" * 8192)
            except BlockingIOError:
                return queue(hosts.server, "receive_queue") >= 65535 - 1460

        until(is_stuck, "the receive queue fills")
        in_tcp = queue(hosts.server, "receive_queue") + queue(hosts.client, "send_queue")
        assert sent - in_tcp <= 2 * BOUND_OCTETS
        assert len(exactly(server, sent)) == sent
        until(lambda: select.select([], [client], [], 0)[1], "the reader lets the writer go on")


def test_recv_q_follows_the_reader_within_the_stated_bound(hosts: WallHosts) -> None:
    with connection(hosts) as (client, server):
        client.sendall(b"x" * 60_000)
        until(lambda: queue(hosts.server, "receive_queue") >= 60_000 - BOUND_OCTETS, "all has arrived")
        exactly(server, 60_000)
        until(lambda: queue(hosts.server, "receive_queue") == 0, "the queue is empty")


def test_a_dead_peer_ends_a_blocked_send() -> None:
    with wall_clock_hosts(SMALL_RTO) as hosts, installed(hosts.client.dropin), connection(hosts) as (client, _):
        hosts.ask(lambda: setattr(hosts.server.device, "is_link_up", False))
        with pytest.raises(TimeoutError) as caught:
            client.sendall(b"x" * 1_000_000)
        assert caught.value.errno == errno.ETIMEDOUT
        with pytest.raises(BrokenPipeError):
            client.send(b"x")


def test_a_dead_peer_ends_a_blocked_receive() -> None:
    with wall_clock_hosts(SMALL_RTO) as hosts, installed(hosts.client.dropin), connection(hosts) as (client, _):
        client.settimeout(LIMIT_S)
        hosts.ask(lambda: setattr(hosts.server.device, "is_link_up", False))
        client.sendall(b"x")
        with pytest.raises(TimeoutError) as caught:
            client.recv(1)
        assert caught.value.errno == errno.ETIMEDOUT
        assert client.recv(1) == b"", "it is told once"


def test_a_reset_is_told_to_reader_and_writer(hosts: WallHosts) -> None:
    linger = struct.pack("ii", 1, 0)
    with connection(hosts) as (client, server):
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        assert server.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == linger
        server.close()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        with pytest.raises(BrokenPipeError):
            client.send(b"x")


def test_closing_with_octets_unread_resets(hosts: WallHosts) -> None:
    with connection(hosts) as (client, server):
        client.sendall(b"unread")
        assert select.select([server], [], [], LIMIT_S)[0]
        server.close()
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_what_was_written_before_closing_arrives(hosts: WallHosts) -> None:
    data = b"x" * 200_000
    with connection(hosts) as (client, server), ThreadPoolExecutor(1) as threads:
        reading = threads.submit(exactly, server, len(data))
        client.sendall(data)
        client.close()
        assert reading.result(LIMIT_S) == data
        assert server.recv(1) == b""


def test_the_end_of_the_kernel_ends_every_wait() -> None:
    with ThreadPoolExecutor(5) as threads:
        with wall_clock_hosts() as hosts:
            with installed(hosts.client.dropin):
                datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                datagrams.bind(("", 5))
                idle = socket.socket()
                stack = ExitStack()
                client, _ = stack.enter_context(connection(hosts))
                listener = listening(hosts, 10)
            waits = [
                threads.submit(client.recv, 1),
                threads.submit(listener.accept),
                threads.submit(datagrams.recv, 1),
                threads.submit(client.sendall, b"x" * 1_000_000),
                threads.submit(idle.connect, ("10.0.0.9", 9)),
            ]
        for each in waits:
            error = each.exception(LIMIT_S)
            assert isinstance(error, OSError) and error.errno == errno.ENETDOWN, error
        with pytest.raises(OSError) as caught:
            hosts.client.dropin.socket()
        assert caught.value.errno == errno.ENETDOWN
        stack.close()
        for sock in (listener, datagrams, idle):
            sock.close()


def test_the_kernels_own_thread_is_refused(hosts: WallHosts) -> None:
    with pytest.raises(KernelError, match="own thread"):
        hosts.ask(hosts.client.dropin.socket)


# Closing


def test_a_port_is_free_when_close_returns(hosts: WallHosts) -> None:
    for _ in range(3):
        listening(hosts).close()
        with hosts.server.dropin.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("", 9))


def test_nothing_is_left_behind(hosts: WallHosts) -> None:
    with connection(hosts):
        pass
    sock = socket.create_connection(("www.lab", 53))
    with socket.socket(fileno=sock.detach()):  # another object on the same descriptor, as ssl makes it
        assert sock.fileno() == -1
    with pytest.warns(ResourceWarning):
        socket.create_connection(("www.lab", 53))  # forgotten without being closed
        gc.collect()
    until(lambda: hosts.ask(lambda: hosts.client.dropin.open_sockets) == 0, "all sockets are gone")
    until(lambda: not hosts.ask(hosts.client.sockets.descriptors), "all descriptors are free")
    until(lambda: hosts.ask(lambda: hosts.server.dropin.open_sockets) == 0, "the server's too")


def test_unaccepted_connections_end_with_the_listening_socket(hosts: WallHosts) -> None:
    listener = listening(hosts)
    clients = [socket.create_connection(("www.lab", 9)) for _ in range(3)]
    listener.close()
    for sock in clients:
        with sock, pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_a_copy_keeps_the_connection(hosts: WallHosts) -> None:
    with connection(hosts) as (client, server):
        with client.dup() as copy:
            client.close()
            copy.sendall(b"still here")
            assert copy.getpeername() == ("10.0.0.2", 9)
            assert exactly(server, 10) == b"still here"
        assert server.recv(1) == b""


def test_closed_it_is_a_bad_descriptor(hosts: WallHosts) -> None:
    sock = socket.socket()
    sock.close()
    sock.close()
    for act in (
        lambda: sock.recv(1),
        lambda: sock.send(b"x"),
        sock.getsockname,
        lambda: sock.sendto(b"", ("1.2.3.4", 1)),
    ):
        with pytest.raises(OSError) as caught:
            act()
        assert caught.value.errno == errno.EBADF


# Errors


@pytest.mark.parametrize(
    ("act", "error", "number"),
    [
        (lambda s: s.connect(("10.0.0.2", 81)), ConnectionRefusedError, errno.ECONNREFUSED),
        (lambda s: s.connect(("192.0.2.1", 80)), OSError, errno.ENETUNREACH),
        (lambda s: s.connect(("no.lab", 80)), socket.gaierror, socket.EAI_NONAME),
        (lambda s: s.connect(("a..b", 80)), socket.gaierror, socket.EAI_NONAME),
        (lambda s: s.bind(("300.1.1.1", 80)), socket.gaierror, None),
        (lambda s: s.connect(("10.0.0.2", 80, 1)), TypeError, None),
        (lambda s: s.connect(("10.0.0.2", 65536)), OverflowError, None),
        (lambda s: s.recv(1), OSError, errno.ENOTCONN),
        (lambda s: s.send(b"x"), OSError, errno.ENOTCONN),
        (lambda s: s.sendall(b"x"), OSError, errno.ENOTCONN),
        (lambda s: s.getpeername(), OSError, errno.ENOTCONN),
        (lambda s: s.shutdown(socket.SHUT_RDWR), OSError, errno.ENOTCONN),
        (lambda s: s.bind(("10.0.0.77", 0)), OSError, errno.EADDRNOTAVAIL),
        (lambda s: (s.bind(("", 7)), s.bind(("", 8))), OSError, errno.EINVAL),
        (lambda s: s.setsockopt(socket.SOL_SOCKET, socket.SO_DEBUG, 1), OSError, errno.ENOPROTOOPT),
        (lambda s: s.getsockopt(socket.IPPROTO_TCP, socket.TCP_CORK), OSError, errno.ENOPROTOOPT),
        (lambda s: s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 256), OSError, errno.EINVAL),
    ],
)
def test_errors_are_the_standard_ones(
    hosts: WallHosts, act: Callable[[Any], Any], error: type[BaseException], number: int | None
) -> None:
    with socket.socket() as sock, pytest.raises(error) as caught:
        act(sock)
    if number is not None:
        assert caught.value.errno == number  # type: ignore[attr-defined]


def test_a_port_in_use(hosts: WallHosts) -> None:
    with listening(hosts), hosts.server.dropin.socket() as second:
        with pytest.raises(OSError) as caught:
            second.bind(("", 9))
        assert caught.value.errno == errno.EADDRINUSE


def test_a_full_descriptor_table() -> None:
    with wall_clock_hosts(max_descriptors=2) as hosts, installed(hosts.client.dropin):
        first, second = socket.socket(), socket.socket()
        with pytest.raises(OSError) as caught:
            socket.socket()
        assert caught.value.errno == errno.EMFILE
        first.close()
        socket.socket().close()
        second.close()


def test_options_reach_the_stack(hosts: WallHosts) -> None:
    with socket.socket() as sock:
        for level, name, value in [
            (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.SOL_SOCKET, socket.SO_RCVBUF, 50_000),
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500),
            (socket.IPPROTO_IP, socket.IP_TTL, 9),
            (socket.IPPROTO_IP, socket.IP_TOS, 0x28),
        ]:
            sock.setsockopt(level, name, value)
            assert sock.getsockopt(level, name) == value
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM


# Datagrams


def test_datagrams(hosts: WallHosts) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server = hosts.server.dropin.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with server:
            server.bind(("", 9))
            client.bind(("10.0.0.1", 0))
            for data in (b"", b"one", b"x" * 9000):
                assert client.sendto(data, ("www.lab", 9)) == len(data)
                assert server.recvfrom(65535) == (data, client.getsockname())
            client.connect(("www.lab", 9))
            assert client.getpeername() == ("10.0.0.2", 9)
            client.send(b"to the peer")
            buffer = bytearray(4)
            assert server.recvfrom_into(buffer) == (4, client.getsockname())
            assert buffer == b"to t", "the rest of a datagram is lost, as ever"
            server.sendto(b"back", 0, client.getsockname())
            assert select.select([client], [], [], LIMIT_S)[0] == [client]
            assert client.recv(100, socket.MSG_PEEK) == b"back"
            assert client.recv(100) == b"back"
            assert (client.type, client.proto) == (socket.SOCK_DGRAM, socket.IPPROTO_UDP)
            client.settimeout(0.02)
            with pytest.raises(TimeoutError):
                client.recv(1)
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recvfrom(1)
            client.settimeout(LIMIT_S)
            assert client.sendmsg([b"in ", b"parts"]) == 8
            assert server.recvmsg(100) == (b"in parts", [], 0, client.getsockname())
            assert server.sendmsg([b"a", b"bcd"], [], 0, client.getsockname()) == 4
            pieces = [bytearray(3), bytearray(3)]
            assert client.recvmsg_into(pieces) == (4, [], 0, ("10.0.0.2", 9))
            assert pieces == [b"abc", b"d\0\0"]


def test_errors_of_datagrams(hosts: WallHosts) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for act, number in [
            (lambda: sock.send(b"x"), errno.EDESTADDRREQ),
            (lambda: sock.sendto(b"x" * 65508, ("10.0.0.2", 9)), errno.EMSGSIZE),
            (lambda: sock.sendto(b"x", ("10.0.0.255", 9)), errno.EACCES),
            (lambda: sock.sendto(b"x", ("192.0.2.1", 9)), errno.ENETUNREACH),
            (lambda: sock.listen(1), errno.EOPNOTSUPP),
            (lambda: sock.accept(), errno.EOPNOTSUPP),
        ]:
            with pytest.raises(OSError) as caught:
                act()
            assert caught.value.errno == number
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.sendto(b"x", ("10.0.0.255", 9))
        sock.connect(("10.0.0.2", 9))
        sock.send(b"nobody")
        with pytest.raises(ConnectionRefusedError):
            sock.recv(1)


def test_a_flood_of_datagrams_is_bounded_and_counted(hosts: WallHosts) -> None:
    with hosts.server.dropin.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", 9))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for _ in range(800):
                client.sendto(b"x" * 1400, ("10.0.0.2", 9))
        until(
            lambda: "udp_receive_queue_full" in hosts.ask(hosts.server.stack.counters), "what nobody reads is dropped"
        )
        assert len(server.recv(2000)) == 1400


# What is not ours


def test_other_families_stay_the_operating_systems(hosts: WallHosts) -> None:
    near, far = socket.socketpair()
    with near, far:
        near.sendall(b"x")
        assert far.recv(1) == b"x"
        assert near.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 10_000)
        with near.dup() as copy:
            copy.shutdown(socket.SHUT_WR)
        assert far.recv(1) == b""
    with pytest.raises(OSError) as caught:
        socket.socket(socket.AF_INET6)
    assert caught.value.errno == errno.EAFNOSUPPORT


def test_afterwards_the_module_is_as_it_was() -> None:
    before = {name: getattr(socket, name) for name in dir(socket)}
    with wall_clock_hosts() as hosts:
        with pytest.raises(ZeroDivisionError), installed(hosts.client.dropin):
            sock = socket.socket()
            1 / 0  # noqa: B018
        sock.close()
    assert before == {name: getattr(socket, name) for name in dir(socket)}
