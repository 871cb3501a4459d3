"""Waiting: deadlines, cancellation, turns, and no wake-up lost."""

from __future__ import annotations

import errno

import pytest

from rig.errors import UsageError
from rig.runtime.kernel import Cancelled
from rig.stack.events import EventKind
from tests.sockets.fake_stack import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_receive_waits_for_data_and_takes_at_most_what_was_asked(bench: Bench) -> None:
    async def main() -> list[tuple[int, bytes]]:
        socket = bench.library.socket()
        bench.arrive(70, 3, b"abcdef", b"")
        return [(bench.kernel.now_ns, await socket.receive(4)) for _ in range(3)]

    assert bench.kernel.run(main()) == [(0, b"abcd"), (70, b"ef"), (70, b"")]


def test_spurious_events_end_no_wait(bench: Bench) -> None:
    async def main() -> bytes:
        socket = bench.library.socket()
        for t_ns in (10, 20, 30):
            bench.post_at(t_ns, 3, EventKind.READABLE)
        bench.arrive(40, 3, b"x")
        return await socket.receive(1)

    assert bench.kernel.run(main()) == b"x"
    assert bench.kernel.now_ns == 40


def test_a_deadline_is_a_time_out_without_errno(bench: Bench) -> None:
    async def main() -> None:
        socket = bench.library.socket()
        with pytest.raises(TimeoutError, match="deadline at 50 ns") as caught:
            await socket.receive(1, deadline_ns=50)
        assert (bench.kernel.now_ns, caught.value.errno) == (50, None)
        bench.arrive(60, 3, b"x")
        assert await socket.receive(1, deadline_ns=61) == b"x"

    bench.kernel.run(main())


def test_what_is_there_is_taken_even_past_the_deadline(bench: Bench) -> None:
    async def main() -> bytes:
        socket = bench.library.socket()
        bench.block(3).incoming.append(b"x")
        await bench.kernel.sleep_until(100)
        return await socket.receive(1, deadline_ns=50)

    assert bench.kernel.run(main()) == b"x"


def test_send_all_goes_on_as_room_appears(bench: Bench) -> None:
    async def main() -> None:
        socket = bench.library.socket()
        for t_ns, octets in ((10, 3), (20, 1), (30, 100)):
            bench.make_room(t_ns, 3, octets)
        await socket.send_all(b"0123456789")
        assert (bench.kernel.now_ns, bytes(bench.block(3).sent)) == (30, b"0123456789")
        assert await socket.send(b"abc") == 3
        assert await socket.send(b"") == 0

    bench.kernel.run(main())
    assert bench.kicks == 4  # each time the stack took something, and never else


def test_readers_are_served_in_the_order_they_asked(bench: Bench) -> None:
    """A reader that comes back at once must not overtake one that has waited all along."""
    order: list[str] = []

    async def reader(name: str) -> None:
        socket = bench.library._by_descriptor[3]
        for _ in range(3):
            order.append(name + (await socket.receive(10)).decode())

    async def main() -> None:
        bench.library.socket()
        tasks = [bench.kernel.spawn(reader(name)) for name in "abc"]
        for number in range(9):
            bench.arrive(10 + number, 3, str(number).encode())
        for task in tasks:
            await task

    bench.kernel.run(main())
    assert order == ["a0", "b1", "c2", "a3", "b4", "c5", "a6", "b7", "c8"]


def test_octets_of_two_writers_do_not_mix(bench: Bench) -> None:
    async def main() -> bytes:
        socket = bench.library.socket()
        tasks = [bench.kernel.spawn(socket.send_all(name * 5)) for name in (b"a", b"b", b"c")]
        for t_ns in range(10, 90, 10):
            bench.make_room(t_ns, 3, 2)
        for task in tasks:
            await task
        return bytes(bench.block(3).sent)

    assert bench.kernel.run(main()) == b"aaaaabbbbbccccc"


def test_a_reader_and_a_writer_do_not_wait_for_each_other(bench: Bench) -> None:
    async def main() -> int:
        socket = bench.library.socket()
        reader = bench.kernel.spawn(socket.receive(1))
        bench.make_room(10, 3, 1)
        await socket.send_all(b"x")
        sent_ns = bench.kernel.now_ns
        bench.arrive(20, 3, b"y")
        await reader
        return sent_ns

    assert bench.kernel.run(main()) == 10


def test_a_cancelled_reader_loses_nothing_and_passes_its_turn_on(bench: Bench) -> None:
    async def main() -> tuple[bytes, bytes]:
        socket = bench.library.socket()
        first, second, third = (bench.kernel.spawn(socket.receive(1)) for _ in range(3))
        await bench.kernel.sleep_until(10)
        bench.block(3).incoming.extend([b"x", b"y"])
        bench.post(3, EventKind.READABLE)
        first.cancel()  # woken already, and cancelled before it runs
        result = await second, await third
        with pytest.raises(Cancelled):
            await first
        return result

    assert bench.kernel.run(main()) == (b"x", b"y")


def test_a_reader_cancelled_in_the_queue_leaves_it(bench: Bench) -> None:
    async def main() -> list[bytes]:
        socket = bench.library.socket()
        first, second, third = (bench.kernel.spawn(socket.receive(1)) for _ in range(3))
        await bench.kernel.sleep_until(10)
        second.cancel()
        bench.arrive(20, 3, b"x", b"y")
        return [await first, await third]

    assert bench.kernel.run(main()) == [b"x", b"y"]


def test_a_turn_handed_over_in_the_instant_of_cancellation_is_passed_on(bench: Bench) -> None:
    async def main() -> bytes:
        socket = bench.library.socket()

        async def read_and_cancel() -> None:
            await socket.receive(1)  # its end hands the turn to the second, which cannot run before the next line
            second.cancel()

        first = bench.kernel.spawn(read_and_cancel())
        second, third = (bench.kernel.spawn(socket.receive(1)) for _ in range(2))
        bench.arrive(10, 3, b"x")
        await first
        bench.arrive(20, 3, b"y")
        return await third

    assert bench.kernel.run(main(), limit_ns=100) == b"y"


def test_waiting_for_a_turn_has_the_deadline_too(bench: Bench) -> None:
    async def main() -> None:
        socket = bench.library.socket()
        first = bench.kernel.spawn(socket.receive(1))
        await bench.kernel.sleep_until(1)
        with pytest.raises(TimeoutError, match="other tasks"):
            await socket.receive(1, deadline_ns=50)
        assert bench.kernel.now_ns == 50
        bench.arrive(60, 3, b"x", b"y")
        assert (await first, await socket.receive(1)) == (b"x", b"y")

    bench.kernel.run(main())


def test_the_error_of_a_connection_ends_every_wait(bench: Bench) -> None:
    async def main() -> None:
        socket = bench.library.socket()
        tasks = [
            bench.kernel.spawn(coro, keep_error=True)
            for coro in (socket.receive(1), socket.receive(1), socket.send_all(b"x"))
        ]

        def reset(_: object) -> None:
            error = ConnectionResetError(errno.ECONNRESET, "reset")
            bench.block(3).error = error
            bench.post(3, EventKind.CLOSED, error)

        bench.kernel.call_at(10, reset)
        for task in tasks:
            with pytest.raises(ConnectionResetError):
                await task
        assert bench.kernel.now_ns == 10

    bench.kernel.run(main())


def test_closing_wakes_who_waits_with_ebadf(bench: Bench) -> None:
    async def main() -> None:
        socket = bench.library.socket()
        coroutines = (socket.receive(1), socket.receive(1), socket.send_all(b"x"), socket.accept())
        tasks = [bench.kernel.spawn(coro, keep_error=True) for coro in coroutines]
        await bench.kernel.sleep_until(10)
        await socket.close()
        for task in tasks:
            with pytest.raises(OSError) as caught:
                await task
            assert caught.value.errno == errno.EBADF
        assert bench.kernel.now_ns == 10

    bench.kernel.run(main())


def test_asking_for_no_octets_is_a_mistake(bench: Bench) -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match="max_octets is 0"):
            await bench.library.socket().receive(0)

    bench.kernel.run(main())
