"""Two stacks on a link in virtual time that delays, loses, duplicates, reorders and corrupts, by a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from random import Random

from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.stack import SocketKind, Stack
from rig.wire.address import parse_ipv4

MS = 1_000_000
CLIENT_IP, SERVER_IP = parse_ipv4("10.0.0.1"), parse_ipv4("10.0.0.2")


@dataclass(frozen=True)
class Link:
    """What the link does to a frame, in each direction."""

    delay_ns: int = MS
    jitter_ns: int = 0
    loss: float = 0
    duplicate: float = 0
    corrupt: float = 0
    queue_frames: int = 10_000


class Pair:
    """A client and a server stack. ``keep`` may drop single frames: (frame number, from client, frame) -> bool."""

    def __init__(
        self,
        link: Link | None = None,
        tcp: TcpConfig | None = None,
        *,
        seed: int = 1,
        start_ns: int = 0,
        keep: Callable[[int, bool, bytes], bool] | None = None,
        server_tcp: TcpConfig | None = None,
    ) -> None:
        self.random = Random(seed)
        self.link = link or Link()
        tcp = tcp or TcpConfig()
        self.keep = keep
        self.now_ns = start_ns
        self.limit_ns = start_ns + 3600 * 1000 * MS
        self.client = self._stack(1, tcp)
        self.server = self._stack(2, server_tcp or tcp)
        self.frames = 0
        self.transferred_ns = 0
        self._wire: list[tuple[int, int, bool, bytes]] = []

    def _stack(self, number: int, tcp: TcpConfig) -> Stack:
        interface = InterfaceConfig(bytes((2, 0, 0, 0, 0, number)), parse_ipv4(f"10.0.0.{number}"), 24)
        return Stack(StackConfig((interface,), tcp=replace(tcp)), Random(self.random.getrandbits(32)))

    def connect(self, port: int = 80) -> tuple[int, int]:
        """Open a connection; return the client's and the server's handle."""
        listening = self.server.socket(SocketKind.STREAM)
        self.server.bind(listening, 0, port)
        self.server.listen(listening, 5)
        client = self.client.socket(SocketKind.STREAM)
        self.client.connect(client, SERVER_IP, port, self.now_ns)
        accepted: list[int] = []

        def done() -> bool:
            handle = self.server.accept(listening)
            if handle is not None:
                accepted.append(handle)
            return bool(accepted)

        self.run_until(done)
        return client, accepted[0]

    def step(self) -> bool:
        """Do what is due now, then go to the next instant; False where nothing will ever happen again."""
        for stack, from_client in ((self.client, True), (self.server, False)):
            room = self.link.queue_frames - len(self._wire)
            for frame in stack.frames_to_send(self.now_ns):
                self._carry(frame, from_client)
                room -= 1
                if room <= 0:
                    break
        times = [t_ns for t_ns in (self.client.next_deadline(), self.server.next_deadline()) if t_ns is not None]
        if self._wire:
            times.append(self._wire[0][0])
        if not times:
            return False
        self.now_ns = max(self.now_ns, min(times))
        assert self.now_ns <= self.limit_ns, "no end in an hour of virtual time"
        while self._wire and self._wire[0][0] <= self.now_ns:
            _, _, from_client, frame = heappop(self._wire)
            (self.server if from_client else self.client).receive_frame(frame, self.now_ns)
        self.client.handle_timers(self.now_ns)
        self.server.handle_timers(self.now_ns)
        return True

    def run_until(self, done: Callable[[], bool]) -> None:
        """Step until ``done``."""
        while not done():
            assert self.step(), "nothing will ever happen again"

    def run_to_the_end(self) -> None:
        """Step until nothing is left to do."""
        while self.step():
            pass

    def transfer(self, upload: bytes, download: bytes = b"", chunk_octets: int = 20_000) -> None:
        """Connect, send ``upload`` to the server and ``download`` to the client at once, close both, check."""
        client, server = self.connect()
        ends = [
            (self.client, client, memoryview(upload), bytearray()),
            (self.server, server, memoryview(download), bytearray()),
        ]
        sent, shut, finished = [0, 0], [False, False], [False, False]

        def pump() -> bool:
            for index, (stack, handle, data, got) in enumerate(ends):
                while sent[index] < len(data):
                    taken = stack.send(handle, data[sent[index] : sent[index] + chunk_octets], self.now_ns)
                    sent[index] += taken
                    if not taken:
                        break
                if sent[index] == len(data) and not shut[index]:
                    shut[index] = True
                    stack.shutdown(handle, self.now_ns)
                while not finished[index] and (octets := stack.receive(handle, chunk_octets, self.now_ns)) is not None:
                    got += octets
                    finished[index] = not octets
            return all(finished)

        self.run_until(pump)
        self.transferred_ns = self.now_ns
        assert bytes(ends[0][3]) == download and bytes(ends[1][3]) == upload
        self.client.close(client, self.now_ns)
        self.server.close(server, self.now_ns)
        self.run_to_the_end()
        states = [row.state for stack in (self.client, self.server) for row in stack.netstat()]
        assert states == ["LISTEN"], "every connection is gone in the end"

    def _carry(self, frame: bytes, from_client: bool) -> None:
        self.frames += 1
        link, random = self.link, self.random
        if self.keep is not None and not self.keep(self.frames, from_client, frame):
            return
        if random.random() < link.loss:
            return
        if random.random() < link.corrupt:
            octets = bytearray(frame)
            octets[random.randrange(len(octets))] ^= 1 << random.randrange(8)
            frame = bytes(octets)
        for copy in range(1 + (random.random() < link.duplicate)):
            t_ns = self.now_ns + link.delay_ns + (random.randrange(link.jitter_ns) if link.jitter_ns else 0)
            heappush(self._wire, (t_ns, self.frames * 2 + copy, from_client, frame))
