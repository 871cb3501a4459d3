"""A stack of queues, for tests of what the socket library itself does: waiting, turns, descriptors.

A test plays the network: it fills ``incoming``, ``connections`` or ``room`` of a control block and posts the event.
"""

from __future__ import annotations

import errno
from collections import deque
from dataclasses import dataclass, field

from rig.runtime.virtual_time import VirtualTime
from rig.sockets import SocketKind, SocketLibrary, SocketOption
from rig.stack.events import EventKind, StackEvent


@dataclass
class Block:
    kind: SocketKind
    incoming: deque[bytes] = field(default_factory=deque)
    connections: deque[int] = field(default_factory=deque)
    room: int = 0
    sent: bytearray = field(default_factory=bytearray)
    options: dict[SocketOption, int] = field(default_factory=dict)
    error: OSError | None = None
    calls: list[str] = field(default_factory=list)
    local: tuple[int, int] = (0, 0)
    peer: tuple[int, int] | None = None
    is_closed: bool = False


class FakeStack:
    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}

    def socket(self, kind: SocketKind) -> int:
        handle = 100 + len(self.blocks)
        self.blocks[handle] = Block(kind)
        return handle

    def bind(self, handle: int, address: int, port: int) -> None:
        self.blocks[handle].local = (address, port)

    def listen(self, handle: int, backlog: int) -> None:
        self.blocks[handle].calls.append(f"listen {backlog}")

    def connect(self, handle: int, address: int, port: int, now_ns: int) -> None:
        self.blocks[handle].peer = (address, port)

    def accept(self, handle: int) -> int | None:
        queue = self.blocks[handle].connections
        return queue.popleft() if queue else None

    def send(self, handle: int, data: bytes | memoryview, now_ns: int) -> int:
        block = self.blocks[handle]
        if block.error is not None:
            raise block.error
        taken = min(block.room, len(data))
        block.room -= taken
        block.sent += data[:taken]
        return taken

    def receive(self, handle: int, max_octets: int, now_ns: int) -> bytes | None:
        block = self.blocks[handle]
        if block.error is not None:
            raise block.error
        if not block.incoming:
            return None
        data = block.incoming.popleft()
        if len(data) > max_octets:
            block.incoming.appendleft(data[max_octets:])
        return data[:max_octets]

    def shutdown(self, handle: int, now_ns: int) -> None:
        self.blocks[handle].calls.append("shutdown")

    def close(self, handle: int, now_ns: int) -> None:
        self.blocks[handle].calls.append("close")
        self.blocks[handle].is_closed = True

    def abort(self, handle: int, now_ns: int) -> None:
        self.blocks[handle].calls.append("abort")
        self.blocks[handle].is_closed = True

    def set_option(self, handle: int, option: SocketOption, value: int) -> None:
        self.blocks[handle].options[option] = value

    def get_option(self, handle: int, option: SocketOption) -> int:
        return self.blocks[handle].options[option]

    def local_name(self, handle: int) -> tuple[int, int]:
        return self.blocks[handle].local

    def peer_name(self, handle: int) -> tuple[int, int]:
        peer = self.blocks[handle].peer
        if peer is None:
            raise OSError(errno.ENOTCONN, "not connected")
        return peer


class Bench:
    """A kernel, a library on a fake stack, and how often it kicked."""

    def __init__(self, max_descriptors: int = 1024) -> None:
        self.kernel = VirtualTime()
        self.stack = FakeStack()
        self.kicks = 0
        self.library = SocketLibrary(self.kernel, self.stack, self._kick, max_descriptors)  # type: ignore[arg-type]

    def _kick(self) -> None:
        self.kicks += 1

    def block(self, descriptor: int) -> Block:
        return self.stack.blocks[self.library.descriptors()[descriptor].handle]

    def post(self, descriptor: int, kind: EventKind, error: OSError | None = None) -> None:
        self.library.handle_event(StackEvent(kind, self.library.descriptors()[descriptor].handle, error))

    def arrive(self, t_ns: int, descriptor: int, *data: bytes) -> None:
        """At ``t_ns``, put data into the receive queue and say so."""

        def happen(_: object) -> None:
            self.block(descriptor).incoming.extend(data)
            self.post(descriptor, EventKind.READABLE)

        self.kernel.call_at(t_ns, happen)

    def make_room(self, t_ns: int, descriptor: int, octets: int) -> None:
        def happen(_: object) -> None:
            self.block(descriptor).room += octets
            self.post(descriptor, EventKind.WRITABLE)

        self.kernel.call_at(t_ns, happen)

    def post_at(self, t_ns: int, descriptor: int, kind: EventKind, error: OSError | None = None) -> None:
        self.kernel.call_at(t_ns, lambda _: self.post(descriptor, kind, error))
