"""The socket library on the real stack, two hosts in virtual time."""

from __future__ import annotations

import errno

import pytest

from rig.sockets import Socket, SocketKind
from rig.stack.config import TcpConfig
from rig.units import NS_PER_MS, NS_PER_S
from tests.helpers.memory_link import LinkConfig
from tests.helpers.two_hosts import TwoHosts


async def connected(hosts: TwoHosts, port: int = 80) -> tuple[Socket, Socket]:
    """Return both ends of a new connection, the client's first."""
    listener = hosts.server.sockets.socket()
    listener.bind(("", port))
    listener.listen(1)
    client = await hosts.client.sockets.connect("10.0.0.2", port)
    server, _ = await listener.accept()
    await listener.close()
    return client, server


def test_names_and_descriptors_of_both_ends() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        client, server = await connected(hosts)
        assert client.getpeername() == server.getsockname() == ("10.0.0.2", 80)
        assert client.getsockname() == server.getpeername()
        assert client.getsockname()[1] >= 49152
        assert (client.fileno(), server.fileno()) == (3, 4)
        row = hosts.server.sockets.descriptors()[4]
        assert (row.local, row.foreign, row.handle) == (server.getsockname(), server.getpeername(), server.handle)
        states = {each.handle: each.state for each in hosts.server.stack.netstat()}
        assert states[row.handle] == "ESTABLISHED"

    hosts.run(main())


@pytest.mark.requirement("RFC9293-MUST-12")
@pytest.mark.requirement("RFC9293-MAY-1")
def test_half_close_leaves_the_other_direction_open() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        client, server = await connected(hosts)
        await client.send_all(b"question")
        client.shutdown()
        assert await server.receive(100) == b"question"
        assert await server.receive(100) == b""
        await server.send_all(b"answer")
        assert await client.receive(100) == b"answer"
        with pytest.raises(BrokenPipeError):
            await client.send(b"more")
        await server.close()
        assert await client.receive(100) == b""

    hosts.run(main())


@pytest.mark.requirement("RFC9293-MUST-12")
def test_an_abort_is_told_from_an_orderly_end() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        client, server = await connected(hosts)
        server.abort()
        with pytest.raises(ConnectionResetError):
            await client.receive(1)

    hosts.run(main())


@pytest.mark.requirement("RFC9293-SHLD-3")
def test_closing_with_unread_data_resets() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        client, server = await connected(hosts)
        await client.send_all(b"never read")
        await hosts.kernel.sleep_until(NS_PER_S)
        await server.close()
        with pytest.raises(ConnectionResetError):
            await client.receive(1)

    hosts.run(main())


def test_a_writer_waits_while_nobody_reads_and_goes_on_when_somebody_does() -> None:
    hosts = TwoHosts()
    octets = bytes(index * 31 & 255 for index in range(400_000))

    async def main() -> tuple[int, int]:
        client, server = await connected(hosts)
        writer = hosts.kernel.spawn(client.send_all(octets))
        await hosts.kernel.sleep_until(40 * NS_PER_S)
        assert not writer.done  # send buffer and window are full
        received = bytearray()
        while len(received) < len(octets):
            received += await server.receive(7_001)
        await writer
        assert received == octets
        return hosts.kernel.now_ns, len(received)

    ended_ns, _ = hosts.run(main())
    assert ended_ns < 41 * NS_PER_S  # the reader opens the window at once, no probe had to find out


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_both_directions_at_once(loss: float) -> None:
    hosts = TwoHosts(seed=3, link=LinkConfig(loss=loss))
    up, down = bytes(200_000), b"\xff" * 150_000

    async def read_all(socket: Socket) -> bytes:
        data = bytearray()
        while piece := await socket.receive(20_000):
            data += piece
        return bytes(data)

    async def send_and_end(socket: Socket, data: bytes) -> None:
        await socket.send_all(data)
        socket.shutdown()

    async def main() -> None:
        client, server = await connected(hosts)
        tasks = [hosts.kernel.spawn(read_all(socket)) for socket in (client, server)]
        await send_and_end(client, up)
        await send_and_end(server, down)
        assert [await task for task in tasks] == [down, up]

    hosts.run(main())


def test_a_connection_that_nobody_accepts_or_answers() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        with pytest.raises(ConnectionRefusedError):
            await hosts.client.sockets.connect("10.0.0.2", 80)
        hosts.server.device.is_link_up = False
        start_ns = hosts.kernel.now_ns
        with pytest.raises(TimeoutError) as caught:
            await hosts.client.sockets.connect("10.0.0.2", 80, deadline_ns=start_ns + 5 * NS_PER_MS)
        assert (caught.value.errno, hosts.kernel.now_ns - start_ns) == (None, 5 * NS_PER_MS)
        assert hosts.client.sockets.descriptors() == {}

    hosts.run(main())


@pytest.mark.requirement("RFC9293-MUST-21")
def test_the_user_time_out_gives_up_in_its_time_and_says_etimedout() -> None:
    hosts = TwoHosts(tcp=TcpConfig(rto_minimum_ns=10 * NS_PER_MS))

    async def main() -> int:
        client, _ = await connected(hosts)
        client.set_user_timeout_ns(200 * NS_PER_MS)
        hosts.server.device.is_link_up = False
        start_ns = hosts.kernel.now_ns
        await client.send_all(b"into the dark")
        with pytest.raises(TimeoutError) as caught:
            await client.receive(1)
        assert caught.value.errno == errno.ETIMEDOUT
        return hosts.kernel.now_ns - start_ns

    assert 200 * NS_PER_MS <= hosts.run(main()) <= 400 * NS_PER_MS


def test_a_port_is_in_use_while_somebody_listens() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        listener = hosts.server.sockets.socket()
        listener.bind(("", 80))
        listener.listen(1)
        with pytest.raises(OSError) as caught:
            hosts.server.sockets.socket().bind(("10.0.0.2", 80))
        assert caught.value.errno == errno.EADDRINUSE
        await listener.close()
        hosts.server.sockets.socket().bind(("10.0.0.2", 80))

    hosts.run(main())


def test_several_tasks_accept_in_turn() -> None:
    hosts = TwoHosts()
    order: list[str] = []

    async def acceptor(listener: Socket, name: str) -> None:
        for _ in range(2):
            await listener.accept()
            order.append(name)

    async def main() -> None:
        listener = hosts.server.sockets.socket()
        listener.bind(("", 80))
        listener.listen(8)
        tasks = [hosts.kernel.spawn(acceptor(listener, name)) for name in "abc"]
        for _ in range(6):
            await hosts.client.sockets.connect("10.0.0.2", 80)
            await hosts.kernel.sleep_until(hosts.kernel.now_ns + NS_PER_S)
        for task in tasks:
            await task

    hosts.run(main())
    assert order == ["a", "b", "c", "a", "b", "c"]


def test_calls_that_a_kind_does_not_have() -> None:
    hosts = TwoHosts()

    async def main() -> None:
        datagram = hosts.client.sockets.socket(SocketKind.DATAGRAM)
        stream = hosts.client.sockets.socket()
        for coroutine in (
            datagram.accept(),
            stream.send_to(b"x", ("10.0.0.2", 1)),
            stream.receive(1),
            stream.send(b"x"),
        ):
            with pytest.raises(OSError) as caught:
                await coroutine
            assert caught.value.errno in (errno.EOPNOTSUPP, errno.ENOTCONN)
        with pytest.raises(OSError) as caught:
            stream.getpeername()
        assert caught.value.errno == errno.ENOTCONN

    hosts.run(main())


def test_a_run_is_the_same_each_time() -> None:
    def run(seed: int) -> str:
        hosts = TwoHosts(seed, LinkConfig(loss=0.05))

        async def main() -> None:
            client, server = await connected(hosts)
            await client.send_all(bytes(50_000))
            client.shutdown()
            while await server.receive(3_000):
                pass

        hosts.run(main())
        return hosts.log_hash()

    assert run(5) == run(5)
    assert run(5) != run(6)
