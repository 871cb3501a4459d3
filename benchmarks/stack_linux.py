"""Bulk TCP and ping between the stack and the Linux kernel, over a TAP device in a network namespace made for it.

The kernel's end is a process of its own, so that both ends have a processor: this module again, run in the namespace.
Needs the right to make namespaces and TAP devices.
"""

from __future__ import annotations

import resource
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.stack_peer import some_text
from rig.backends.namespace import Namespace
from rig.backends.tap import TapConfig, TapDevice
from rig.runtime.node import Node
from rig.runtime.pump_asyncio import WallClock
from rig.sockets import SocketLibrary
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.endpoint import SocketKind
from rig.stack.stack import Stack
from rig.units import NS_PER_S
from rig.wire.address import parse_ipv4

ROOT = Path(__file__).resolve().parents[1]
OUR_ADDRESS, HOST_ADDRESS = "10.99.0.1", "10.99.0.2"
IN_PORT, OUT_PORT = 5001, 5002
CHUNK = 1 << 16
LAP_OCTETS = 1 << 20
PINGS = 200
LIMIT_NS = 120 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Speed:
    """One direction."""

    per_s: float
    per_cpu_s: float
    system_share: float


class Stopwatch:
    """Wall and processor time since it was made, the latter in laps, of which the median counts."""

    def __init__(self) -> None:
        self._start_ns = time.perf_counter_ns()
        self._laps: list[float] = []
        self._lap_octets = 0
        self._lap_start_ns = time.process_time_ns()
        self._start = resource.getrusage(resource.RUSAGE_SELF)

    def carried(self, octets: int) -> None:
        """Note that ``octets`` more have been carried."""
        self._lap_octets += octets
        if self._lap_octets >= LAP_OCTETS:
            now_ns = time.process_time_ns()
            self._laps.append(self._lap_octets / (now_ns - self._lap_start_ns) * NS_PER_S)
            self._lap_octets, self._lap_start_ns = 0, now_ns

    def speed(self, octets: int) -> Speed:
        """Return how fast ``octets`` went."""
        wall_s = (time.perf_counter_ns() - self._start_ns) / NS_PER_S
        now = resource.getrusage(resource.RUSAGE_SELF)
        system_s = now.ru_stime - self._start.ru_stime
        cpu_s = now.ru_utime - self._start.ru_utime + system_s
        return Speed(octets / wall_s, statistics.median(self._laps), system_s / cpu_s)


@dataclass(frozen=True, slots=True)
class LinuxFigures:
    """Octets of the program's data per second of the wall and per second of this process's processor time.

    The latter counts what the host does in our name: a frame written to TAP goes through the kernel's receive path
    before the call returns. ``system_share`` is the part of that time spent in the host's kernel.
    """

    incoming: Speed
    outgoing: Speed
    ping_ms: float


def measure(octets: int) -> LinuxFigures:
    """Make the namespace, the device and the peer, carry ``octets`` each way, and remove all of it."""
    kernel = WallClock()
    with Namespace() as namespace:
        with namespace.entered():
            device = TapDevice(
                kernel, TapConfig("bench0", bytes.fromhex("020000000001"), host_address=parse_ipv4(HOST_ADDRESS))
            )
        with device, subprocess.Popen(
            namespace.command([sys.executable, "-m", "benchmarks.stack_linux", str(octets)]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        ) as peer:  # fmt: skip
            try:
                assert peer.stdout is not None and peer.stdout.readline() == b"ready\n"
                return kernel.run(_measure(kernel, device, peer, octets), LIMIT_NS)
            finally:
                peer.kill()


async def _measure(kernel: WallClock, device: TapDevice, peer: subprocess.Popen[bytes], octets: int) -> LinuxFigures:
    interface = InterfaceConfig(device.capabilities.mac, parse_ipv4(OUR_ADDRESS), 24)
    tcp = TcpConfig(receive_buffer_octets=1 << 18, send_buffer_octets=1 << 18)
    stack = Stack(StackConfig((interface,), tcp=tcp), Random(time.time_ns()))
    sockets: SocketLibrary
    node = Node(kernel, stack, device, lambda event: sockets.handle_event(event), "bench")
    sockets = SocketLibrary(kernel, stack, node.kick.set)
    await device.start()
    kernel.spawn(node.run(), "node")
    assert peer.stdin is not None
    ping_ms = await _ping(kernel, sockets)
    listening = sockets.socket(SocketKind.STREAM)
    listening.bind(("", IN_PORT))
    listening.listen()
    peer.stdin.write(b"send\n")
    peer.stdin.flush()
    incoming, _ = await listening.accept()
    watch = Stopwatch()
    arrived = 0
    while data := await incoming.receive(CHUNK):
        arrived += len(data)
        watch.carried(len(data))
    in_speed = watch.speed(arrived)
    assert arrived == octets, f"{arrived} octets of {octets} arrived"
    await incoming.close()
    outgoing = await sockets.connect(HOST_ADDRESS, OUT_PORT)
    chunk = some_text(CHUNK)
    watch = Stopwatch()
    for _ in range(octets // CHUNK):
        await outgoing.send_all(chunk)
        watch.carried(CHUNK)
    outgoing.shutdown()
    await outgoing.receive(1)  # its end: the peer has read everything
    out_speed = watch.speed(octets // CHUNK * CHUNK)
    await outgoing.close()
    return LinuxFigures(in_speed, out_speed, ping_ms)


async def _ping(kernel: WallClock, sockets: SocketLibrary) -> float:
    echo = sockets.socket(SocketKind.RAW_ICMP)
    round_trips = []
    for sequence in range(PINGS):
        start_ns = time.perf_counter_ns()
        await echo.send_to(bytes(56), (HOST_ADDRESS, sequence))
        await echo.receive_from(1000, deadline_ns=kernel.now_ns + NS_PER_S)
        round_trips.append(time.perf_counter_ns() - start_ns)
    await echo.close()
    return statistics.median(round_trips) / 1e6


def host_side(octets: int) -> None:
    """Be the kernel's end: send when told to, then take what comes."""
    with socket.create_server((HOST_ADDRESS, OUT_PORT)) as listening:
        print("ready", flush=True)
        sys.stdin.readline()
        with socket.create_connection((OUR_ADDRESS, IN_PORT)) as outgoing:
            outgoing.sendall(some_text(octets))
        incoming, _ = listening.accept()
        with incoming:
            while incoming.recv(CHUNK):
                pass


if __name__ == "__main__":
    host_side(int(sys.argv[1]))
