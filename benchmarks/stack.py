"""What the TCP/IP stack costs: bulk TCP, echo round trip, connections, idle connections.

Each figure stands beside what it is compared with, measured in the same run. Bulk TCP is a ratio to a floor (see
:mod:`benchmarks.stack_floor`): in memory against a peer made beforehand, and, where TAP devices can be made, against
the Linux kernel in a network namespace of this run. A busy machine spoils ratios too: in memory the median of many
short rounds counts, over TAP the time of this process's processor, with the speed by the wall clock beside it.
``--profile`` prints which functions a segment's time goes to.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING

from benchmarks.stack_floor import (
    ETHERNET_TYPE,
    OUR_IP,
    OUR_MAC,
    PEER_IP,
    PEER_MAC,
    TEXT_OCTETS,
    ReceiveFloor,
    build_frame,
)
from benchmarks.stack_peer import Connected, some_text
from rig.errors import RigError
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.stack import SocketKind, Stack

if TYPE_CHECKING:
    from benchmarks.stack_linux import LinuxFigures, Speed

Pair = tuple[float, float]

FRAMES = 9_600
OCTETS_OVER_TAP = 30_000_000
BATCH = 16
ROUNDS = 3
IDLE_CONNECTIONS = 10_000
SHORT_CONNECTIONS = 1_000
AIM_SHARE = 0.35
AIM_MB_PER_S = 10.0


class Rounds:
    """Speeds of many short rounds, of which the median counts: whatever else the machine does disturbs some of them."""

    def __init__(self) -> None:
        self._speeds: list[float] = []
        self._start_ns = time.perf_counter_ns()

    def end(self, octets: int) -> None:
        """Note a round of ``octets``, and begin the next."""
        now_ns = time.perf_counter_ns()
        self._speeds.append(octets / (now_ns - self._start_ns) * 1e9)
        self._start_ns = time.perf_counter_ns()

    @property
    def octets_per_s(self) -> float:
        """The median."""
        return statistics.median(self._speeds)


def receive_floor() -> float:
    """Octets of text per second of the straight line that receives."""
    frames = Connected().peer_data(FRAMES)
    floor = ReceiveFloor(80, 5000)
    rounds = Rounds()
    for first in range(0, FRAMES, BATCH):
        octets = 0
        for frame in frames[first : first + BATCH]:
            octets += floor.take(frame)
        floor.buffer.clear()
        assert octets == BATCH * TEXT_OCTETS
        rounds.end(octets)
    return rounds.octets_per_s


def send_floor() -> float:
    """Octets of text per second of the straight line that builds frames."""
    header, text = PEER_MAC + OUR_MAC + ETHERNET_TYPE, some_text(TEXT_OCTETS)
    rounds = Rounds()
    for first in range(0, FRAMES, BATCH):
        for number in range(first, first + BATCH):
            build_frame(header, OUR_IP, PEER_IP, (80, 5000), number, 1, 0x10, 4096, (1, 1), text, number)
        rounds.end(BATCH * TEXT_OCTETS)
    return rounds.octets_per_s


def bulk_in(batch: int = BATCH) -> float:
    """Octets per second that a program reads, frames coming in batches; acknowledgements are built."""
    peer = Connected()
    frames = peer.peer_data(FRAMES)
    stack, rounds = peer.stack, Rounds()
    for first in range(0, FRAMES, batch):
        peer.receive(frames[first : first + batch])
        octets = 0
        while data := stack.receive(peer.handle, 65_536, peer.now_ns):
            octets += len(data)
        peer.send(batch)
        peer.finish_round(batch)
        assert octets == batch * TEXT_OCTETS
        rounds.end(octets)
    return rounds.octets_per_s


def bulk_out(batch: int = BATCH) -> float:
    """Octets per second that a program writes, every second segment acknowledged by the peer."""
    peer = Connected()
    acks = peer.peer_acks(FRAMES)
    stack, written, sent = peer.stack, 0, 0
    data = memoryview(some_text(FRAMES * TEXT_OCTETS))
    rounds = Rounds()
    while sent < FRAMES:
        while taken := stack.send(peer.handle, data[written : written + 65_536], peer.now_ns):
            written += taken
        count = peer.send(batch)
        assert count, "the window is open and data waits"
        peer.receive([acks[number] for number in range(sent + 2, sent + count + 1, 2)])
        if count & 1:
            peer.receive([acks[sent + count]])
        sent += count
        peer.finish_round(count)
        rounds.end(count * TEXT_OCTETS)
    return rounds.octets_per_s


class Two:
    """A client and a server stack that hand each other their frames at once."""

    def __init__(self, tcp: TcpConfig) -> None:
        self.now_ns = 0
        self.client, self.server = (
            Stack(StackConfig((InterfaceConfig(mac, address, 16),), tcp=tcp), Random(7))
            for mac, address in ((OUR_MAC, OUR_IP), (PEER_MAC, PEER_IP))
        )
        self.listening = self.server.socket(SocketKind.STREAM)
        self.server.bind(self.listening, 0, 80)
        self.server.listen(self.listening, 128)

    def exchange(self) -> None:
        """Carry frames until neither stack has any."""
        busy = True
        while busy:
            busy = False
            for stack, other in ((self.client, self.server), (self.server, self.client)):
                for frame in stack.frames_to_send(self.now_ns):
                    other.receive_frame(frame, self.now_ns)
                    busy = True
        for stack in (self.client, self.server):
            while stack.next_event() is not None:
                pass

    def connect(self) -> tuple[int, int]:
        """Open a connection and return both handles."""
        client = self.client.socket(SocketKind.STREAM)
        self.client.connect(client, PEER_IP, 80, self.now_ns)
        self.exchange()
        server = self.server.accept(self.listening)
        assert server is not None
        return client, server


def connections_per_second() -> float:
    """Connections opened, used for one octet each way, and closed in order by both, by two stacks in one process."""
    two = Two(TcpConfig(msl_ns=1_000_000))
    start = time.process_time()
    for _ in range(SHORT_CONNECTIONS):
        client, server = two.connect()
        two.client.send(client, b"?", two.now_ns)
        two.exchange()
        two.server.receive(server, 10, two.now_ns)
        two.server.send(server, b"!", two.now_ns)
        two.server.close(server, two.now_ns)
        two.exchange()
        two.client.receive(client, 10, two.now_ns)
        two.client.close(client, two.now_ns)
        two.exchange()
        two.now_ns += 3_000_000
        two.client.handle_timers(two.now_ns)
        two.server.handle_timers(two.now_ns)
    return SHORT_CONNECTIONS / (time.process_time() - start)


def idle_connections() -> tuple[float, float]:
    """Octets of memory per idle connection end, and microseconds of a round of the loop, with 10 000 connections."""
    two = Two(TcpConfig())
    two.connect()  # what is made once is not counted
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(IDLE_CONNECTIONS):
        two.connect()
        two.now_ns += 1000
    octets = (tracemalloc.get_traced_memory()[0] - before) / (2 * IDLE_CONNECTIONS)
    tracemalloc.stop()
    rounds = 1000
    two.server.next_deadline()  # clears up what the handshakes left in the heap
    start = time.process_time()
    for _ in range(rounds):
        two.now_ns += 1000
        two.server.handle_timers(two.now_ns)
        for _ in two.server.frames_to_send(two.now_ns):
            pass
        two.server.next_deadline()
    return octets, (time.process_time() - start) / rounds * 1e6


def best(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    """Return the best of several rounds: what a busy machine disturbs least."""
    return max(measure() for _ in range(rounds))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print every figure, or where the time of a segment goes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true", help="print the cost of a segment by function, then end")
    options = parser.parse_args(arguments)
    if options.profile:
        _profile()
        return
    _print_bulk("TCP in memory", *_beside_floors(bulk_in, bulk_out))
    opened = best(connections_per_second)
    print(f"connections             {opened:7.0f} a second opened, used and closed, both ends in this process")
    octets, round_us = idle_connections()
    print(f"{IDLE_CONNECTIONS} idle connections {octets:8.0f} octets each; a round of the loop takes {round_us:.1f} us")
    try:
        _with_linux()
    except (RigError, OSError) as err:
        print(f"with the Linux kernel   not measured: {err}")


def _with_linux() -> None:
    from benchmarks.stack_linux import measure

    runs: list[LinuxFigures] = []

    def incoming() -> float:
        runs.append(measure(OCTETS_OVER_TAP))
        return runs[-1].incoming.per_cpu_s

    _print_bulk("TCP over TAP, Linux", *_beside_floors(incoming, lambda: runs[-1].outgoing.per_cpu_s))
    walls = [max(run.incoming.per_s for run in runs), max(run.outgoing.per_s for run in runs)]
    shares = [statistics.mean(speed.system_share for speed in speeds) for speeds in zip(*map(_both, runs), strict=True)]
    print(f"  by the wall clock     {walls[0] / 1e6:7.1f} / {walls[1] / 1e6:.1f} MB/s", end="")
    print(f"   (aim {AIM_MB_PER_S:.0f}); {shares[0]:.0%} / {shares[1]:.0%} of our time is in the host's kernel")
    print(f"ping over TAP           {min(run.ping_ms for run in runs):7.3f} ms round trip, median   (aim 0.3 ms)")


def _both(figures: LinuxFigures) -> tuple[Speed, Speed]:
    return figures.incoming, figures.outgoing


def _beside_floors(incoming: Callable[[], float], outgoing: Callable[[], float]) -> tuple[Pair, Pair]:
    """Return medians of both directions, and of both floors measured in turn with them."""
    rounds = [(incoming(), receive_floor(), outgoing(), send_floor()) for _ in range(ROUNDS)]
    into, floor_in, out, floor_out = (statistics.median(column) for column in zip(*rounds, strict=True))
    return (into, out), (floor_in, floor_out)


def _print_bulk(name: str, speeds: Pair, floors: Pair) -> None:
    shares = [speed / floor for speed, floor in zip(speeds, floors, strict=True)]
    print(
        f"{name:<22}  {speeds[0] / 1e6:7.1f} / {speeds[1] / 1e6:.1f} MB/s in / out, "
        f"{shares[0]:.0%} / {shares[1]:.0%} of the floor of {floors[0] / 1e6:.1f} / {floors[1] / 1e6:.1f}"
        f"   (aim {AIM_SHARE:.0%})"
    )


def _profile() -> None:
    for name, measure in (("in", bulk_in), ("out", bulk_out)):
        profile = cProfile.Profile()
        profile.enable()
        measure()
        profile.disable()
        print(f"== bulk TCP {name}: {FRAMES} segments, seconds under the profiler")
        pstats.Stats(profile, stream=sys.stdout).strip_dirs().sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
