"""The descriptor table, connecting and accepting."""

from __future__ import annotations

import errno

import pytest

from rig.sockets import DescriptorRow, SocketKind, SocketOption
from rig.stack.events import EventKind, StackEvent
from tests.sockets.fake_stack import Bench, Block


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_lowest_free_number_from_three(bench: Bench) -> None:
    async def main() -> None:
        sockets = [bench.library.socket() for _ in range(4)]
        assert [socket.fileno() for socket in sockets] == [3, 4, 5, 6]
        await sockets[2].close()
        sockets[0].abort()
        assert [socket.fileno() for socket in sockets] == [-1, 4, -1, 6]
        assert [bench.library.socket().fileno() for _ in range(3)] == [3, 5, 7]

    bench.kernel.run(main())


def test_a_reused_number_names_another_control_block(bench: Bench) -> None:
    async def main() -> None:
        old = bench.library.socket()
        old_handle = old.handle
        await old.close()
        new = bench.library.socket()
        assert (new.fileno(), new.handle == old_handle) == (3, False)
        await old.close()  # harmless, and closes nobody else's socket
        assert new.fileno() == 3
        bench.library.handle_event(StackEvent(EventKind.CLOSED, old_handle, OSError()))  # concerns nobody any more
        with pytest.raises(OSError) as caught:
            old.handle  # noqa: B018
        assert caught.value.errno == errno.EBADF

    bench.kernel.run(main())
    assert bench.stack.blocks[100].calls == ["close"]


def test_a_full_table(bench: Bench) -> None:
    bench = Bench(max_descriptors=2)

    async def main() -> None:
        listener = bench.library.socket()
        bench.library.socket()
        with pytest.raises(OSError) as caught:
            bench.library.socket()
        assert caught.value.errno == errno.EMFILE
        child = bench.stack.socket(SocketKind.STREAM)
        bench.block(3).connections.append(child)
        with pytest.raises(OSError) as caught:
            await listener.accept()
        assert caught.value.errno == errno.EMFILE
        assert bench.stack.blocks[child].calls == ["abort"]

    bench.kernel.run(main())


def test_the_table_says_what_each_descriptor_names(bench: Bench) -> None:
    async def main() -> None:
        bench.library.socket().bind(("10.0.0.1", 80))
        await bench.library.socket(SocketKind.DATAGRAM).connect(("10.0.0.2", 53))

    bench.kernel.run(main())
    assert bench.library.descriptors() == {
        3: DescriptorRow(3, 100, SocketKind.STREAM, ("10.0.0.1", 80), None),
        4: DescriptorRow(4, 101, SocketKind.DATAGRAM, ("0.0.0.0", 0), ("10.0.0.2", 53)),
    }


def test_connect_waits_for_the_connection(bench: Bench) -> None:
    async def main() -> int:
        bench.post_at(40, 3, EventKind.CONNECTED)
        socket = await bench.library.connect("10.0.0.2", 80, user_timeout_ns=5)
        assert socket.getpeername() == ("10.0.0.2", 80)
        assert socket.get_option(SocketOption.USER_TIMEOUT_NS) == 5
        return bench.kernel.now_ns

    assert bench.kernel.run(main()) == 40


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "refused"), TimeoutError(110, "timed out"), None])
def test_a_refused_connection_leaves_no_descriptor(bench: Bench, error: OSError | None) -> None:
    async def main() -> None:
        bench.post_at(40, 3, EventKind.CLOSED, error)
        with pytest.raises(type(error) if error else ConnectionAbortedError):
            await bench.library.connect("10.0.0.2", 80)
        assert bench.library.descriptors() == {}

    bench.kernel.run(main())


def test_connect_gives_up_at_its_deadline(bench: Bench) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            await bench.library.connect("10.0.0.2", 80, deadline_ns=30)
        assert (bench.kernel.now_ns, bench.library.descriptors()) == (30, {})

    bench.kernel.run(main())
    assert bench.stack.blocks[100].calls == ["abort"]


def test_accept_returns_the_connection_and_its_peer(bench: Bench) -> None:
    async def main() -> None:
        listener = bench.library.socket()
        listener.listen(5)
        bench.stack.blocks[200] = Block(SocketKind.STREAM, peer=(0x0A000002, 5555))

        def arrive(_: object) -> None:
            bench.block(3).connections.append(200)
            bench.post(3, EventKind.ACCEPTABLE)

        bench.kernel.call_at(10, arrive)
        socket, peer = await listener.accept()
        assert (bench.kernel.now_ns, socket.fileno(), peer) == (10, 4, ("10.0.0.2", 5555))
        assert repr(socket) == "<socket 4 STREAM>"

    bench.kernel.run(main())


def test_a_socket_closes_when_its_block_ends(bench: Bench) -> None:
    async def main() -> None:
        async with bench.library.socket() as socket:
            socket.shutdown()
        assert repr(socket) == "<closed socket>"

    bench.kernel.run(main())
    assert bench.stack.blocks[100].calls == ["shutdown", "close"]
    assert bench.kicks == 2


def test_options_have_their_setters(bench: Bench) -> None:
    socket = bench.library.socket()
    socket.set_no_delay(True)
    socket.set_user_timeout_ns(7)
    socket.set_keepalive(False)
    socket.set_receive_buffer_octets(1000)
    socket.set_send_buffer_octets(2000)
    assert bench.block(3).options == {
        SocketOption.NODELAY: 1,
        SocketOption.USER_TIMEOUT_NS: 7,
        SocketOption.KEEPALIVE: 0,
        SocketOption.RECEIVE_BUFFER: 1000,
        SocketOption.SEND_BUFFER: 2000,
    }


def test_text_that_is_no_address(bench: Bench) -> None:
    with pytest.raises(ValueError, match="IPv4 address"):
        bench.library.socket().bind(("localhost", 80))
