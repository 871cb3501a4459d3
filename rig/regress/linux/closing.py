"""Connections between our stack and the Linux kernel that end in every order, and what each end is told of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from rig.regress.linux.case import BOTH_WAYS, Case, Result
from rig.regress.linux.transfers import content, play_stream, read_all
from rig.regress.linux.world import Bench
from rig.sockets import Socket
from rig.units import NS_PER_MS, NS_PER_S

SOME, MUCH = 3_000, 500_000
PATIENCE_NS = 5 * NS_PER_S
PAUSE_NS = 200 * NS_PER_MS


class _WrongEndError(Exception):
    """Our end was told something else than what happened."""


@dataclass(frozen=True, slots=True)
class _Order:
    """Steps of the peer, what our end does, octets that we receive and that the peer does, and how we are left."""

    name: str
    peer: tuple[str, ...]
    ours: Callable[[Bench, Socket], Awaitable[bytes]]
    received: int = 0
    peer_received: int = 0
    end: str = "closed"


async def _we_answer_the_end(bench: Bench, socket: Socket) -> bytes:
    data = await read_all(socket)
    await socket.send_all(content(SOME))
    await socket.close()
    return data


async def _we_close_first(bench: Bench, socket: Socket) -> bytes:
    await socket.send_all(content(SOME))
    socket.shutdown()
    data = await read_all(socket)
    await socket.close()
    return data


async def _at_once(bench: Bench, socket: Socket) -> bytes:
    await socket.send_all(content(SOME))
    data = bytearray()
    while len(data) < SOME:
        data += await socket.receive(SOME)
    await socket.close()
    return bytes(data)


async def _half_close_by_linux(bench: Bench, socket: Socket) -> bytes:
    data = await read_all(socket)
    await socket.send_all(content(MUCH))
    await socket.close()
    return data


async def _linux_resets(bench: Bench, socket: Socket) -> bytes:
    await socket.send_all(content(SOME))
    return await _expect_reset(socket)


async def _we_reset(bench: Bench, socket: Socket) -> bytes:
    data = await socket.receive(SOME)
    socket.abort()
    return data[:0]


async def _we_close_with_unread_data(bench: Bench, socket: Socket) -> bytes:
    await bench.run.kernel.sleep_until(bench.run.kernel.now_ns + PAUSE_NS)
    await socket.close()
    return b""


async def _expect_reset(socket: Socket) -> bytes:
    try:
        await read_all(socket)
    except ConnectionResetError:
        await socket.close()
        return b""
    raise _WrongEndError("our end saw an end in order; a reset was expected")


ORDERS = (
    _Order("linux closes first", (f"send={SOME}", "shutdown", "recv-all", "close"), _we_answer_the_end, SOME, SOME),
    _Order("we close first", ("recv-all", f"send={SOME}", "close"), _we_close_first, SOME, SOME, "TIME_WAIT"),
    _Order("both at once", (f"send={SOME}", f"recv={SOME}", "close"), _at_once, SOME, SOME, "any"),
    _Order(
        "half close by linux", (f"send={SOME}", "shutdown", "recv-all", "close"), _half_close_by_linux, SOME, MUCH
    ),
    _Order("half close by us", ("recv-all", f"send={MUCH}", "close"), _we_close_first, MUCH, SOME, "TIME_WAIT"),
    _Order("linux resets", (f"recv={SOME}", "reset"), _linux_resets, 0, SOME),
    _Order("we reset", (f"send={SOME}", "expect-reset"), _we_reset),
    _Order("we close with unread data", (f"send={SOME}", "expect-reset"), _we_close_with_unread_data),
    _Order("linux closes with unread data", ("pause=300", "close"), _linux_resets),
)  # fmt: skip


def closing_cases() -> list[Case]:
    """Return the cases of this module."""
    return [
        Case("kernel", partial(_end_in_order, order), BOTH_WAYS, order.received + order.peer_received,
             f"close: {order.name}", is_quick=True)
        for order in ORDERS
    ]  # fmt: skip


async def _end_in_order(order: _Order, bench: Bench) -> Result:
    try:
        said, data, not_run = await play_stream(bench, list(order.peer), partial(order.ours, bench))
    except (_WrongEndError, ConnectionError) as err:
        return Result(None, f"{type(err).__name__}: {err}")
    if not_run or said.get("error"):
        return Result(None, str(said.get("error", "")), not_run)
    is_whole = data == content(order.received) and said.get("received") == order.peer_received
    left = await _settled(bench)
    wanted = {"closed": ([],), "TIME_WAIT": (["TIME_WAIT"],), "any": ([], ["TIME_WAIT"])}[order.end]
    return Result(is_whole, "" if left in wanted else f"our end is left in {left}; expected {order.end}")


async def _settled(bench: Bench) -> list[str]:
    """Return the states of our connections once nothing is on its way any more."""
    kernel, stack = bench.run.kernel, bench.run.host.stack
    deadline_ns = kernel.now_ns + PATIENCE_NS
    while True:
        states = [row.state for row in stack.netstat() if row.protocol == "tcp" and row.state != "LISTEN"]
        if kernel.now_ns > deadline_ns or not set(states) - {"TIME_WAIT"}:
            return states
        await kernel.sleep_until(kernel.now_ns + 10 * NS_PER_MS)
