"""A cable between our stack and the Linux kernel: two network namespaces, a veth, the kernel set as a case wants it.

Our host runs in this process, on the wall clock; the peer's programs run in the other namespace. ``tcpdump`` listens at
the peer's end, so that what is judged is what the peer saw. Everything is gone when the namespaces are.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

from rig.adapter.impairer import Impairments
from rig.build.namespaces import Namespace, add_veth, set_address, switch_offloads
from rig.config.node import NodeConfig
from rig.errors import ToolError
from rig.live.run import LiveRun, run_live
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_S
from rig.wire.address import parse_interface

T = TypeVar("T")

OUR_INTERFACE, THEIR_INTERFACE = "rig0", "lin0"
OUR_MAC = "02:00:00:00:00:10"
OUR_ADDRESS, THEIR_ADDRESS = "10.79.0.2", "10.79.0.1"
PREFIX_LENGTH = 24
LIMIT_NS = 90 * NS_PER_S
"""Longest run of one case."""
CAPTURE_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class KernelOptions:
    """How the kernel at the other end is set. ``congestion`` is for those programs of ours that set it per socket;
    with ``offloads`` it leaves checksums and segmentation to the veth, which does neither. ``loss`` is the share of
    frames that are lost at our end of the cable, in each direction."""

    timestamps: bool = True
    sack: bool = True
    window_scaling: bool = True
    ecn: bool = False
    congestion: str = ""
    offloads: bool = False
    loss: float = 0.0

    def __str__(self) -> str:
        words = ["" if self.timestamps else "no timestamps", "" if self.sack else "no SACK"]
        words += ["" if self.window_scaling else "no window scale", "ECN" if self.ecn else ""]
        words += [self.congestion, "offloads" if self.offloads else "", f"{self.loss:.0%} loss" if self.loss else ""]
        return ", ".join(word for word in words if word) or "as installed"


class Peer:
    """A program in the peer's namespace; its output goes to files, so that it never waits for us."""

    def __init__(self, kernel: WallClock, process: subprocess.Popen[bytes], command: Sequence[str], log: Path) -> None:
        self._kernel = kernel
        self._process = process
        self._log = log
        self.command = " ".join(command)

    async def wait(self, timeout_ns: int = LIMIT_NS) -> int:
        """Wait, while our host goes on, for the program to end; return its exit code. :class:`ToolError` in time."""
        descriptor = os.pidfd_open(self._process.pid)
        try:
            events = self._kernel.watch_descriptor(descriptor)
            deadline_ns = self._kernel.now_ns + timeout_ns
            while self._process.poll() is None:
                events.readable.clear()
                if await self._kernel.wait_first(events.readable, deadline_ns=deadline_ns) is None:
                    raise ToolError(
                        f"not done after {timeout_ns / NS_PER_S:g} s",
                        command=self.command,
                        last_lines=self.output[-2000:],
                    )
        finally:
            self._kernel.forget_descriptor(descriptor)
            os.close(descriptor)
        return self._process.returncode

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def says(self, text: str, timeout_ns: int = 20 * NS_PER_S) -> None:
        """Wait until it has written ``text``; :class:`ToolError` in time, or when it ends before."""
        deadline_ns = self._kernel.now_ns + timeout_ns
        while text not in self.output:
            if self._process.poll() is not None or self._kernel.now_ns > deadline_ns:
                raise ToolError(f"did not say {text!r}", command=self.command, last_lines=self.output[-2000:])
            await self._kernel.sleep_until(self._kernel.now_ns + NS_PER_S // 100)

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it, if it still runs."""
        if self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(CAPTURE_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@dataclass(slots=True)
class Bench:
    """What a case gets: our host as it runs, and the means to start programs beside the kernel at the other end."""

    run: LiveRun
    world: World
    folder: Path
    options: KernelOptions
    _peers: list[Peer] = field(default_factory=list)

    def start(self, *command: str, stdin: Path | None = None, stdout: Path | None = None) -> Peer:
        """Start a program in the peer's namespace; ``stdout`` takes its output away from its log."""
        log = self.folder / f"peer{len(self._peers)}.log"
        with ExitStack() as files:
            output: IO[bytes] = files.enter_context(log.open("wb"))
            taken = output if stdout is None else files.enter_context(stdout.open("wb"))
            given = subprocess.DEVNULL if stdin is None else files.enter_context(stdin.open("rb"))
            process = subprocess.Popen(
                self.world.theirs.command(command), stdin=given, stdout=taken, stderr=output, cwd=self.folder,
                env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        peer = Peer(self.run.kernel, process, command, log)
        self._peers.append(peer)
        return peer

    def start_python(self, *arguments: str) -> Peer:
        """Start the socket program of :mod:`rig.regress.linux.peer`."""
        congestion = ["--congestion", self.options.congestion] if self.options.congestion else []
        return self.start(sys.executable, str(Path(__file__).with_name("peer.py")), *congestion, *arguments)

    def close(self) -> None:
        """End what still runs."""
        for peer in self._peers:
            peer.end()


class World:
    """The two namespaces. A context manager."""

    def __init__(self, options: KernelOptions) -> None:
        self.options = options
        self._opened = ExitStack()
        self.ours = self._opened.enter_context(Namespace())
        self.theirs = self._opened.enter_context(Namespace())
        try:
            add_veth(self.ours, OUR_INTERFACE, self.theirs, THEIR_INTERFACE)
            set_address(self.theirs, THEIR_INTERFACE, *parse_interface(f"{THEIR_ADDRESS}/{PREFIX_LENGTH}"))
            switch_offloads(self.theirs, THEIR_INTERFACE, options.offloads)
            self._set(
                tcp_timestamps=int(options.timestamps), tcp_sack=int(options.sack),
                tcp_window_scaling=int(options.window_scaling), tcp_ecn=int(options.ecn), tcp_no_metrics_save=1,
                icmp_ratelimit=0,
            )  # fmt: skip
        except BaseException:
            self._opened.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._opened.close()

    def _set(self, **values: int) -> None:
        with self.theirs.entered():
            for name, value in values.items():
                Path(f"/proc/sys/net/ipv4/{name}").write_text(f"{value}\n", encoding="ascii")

    def play(self, main: Callable[[Bench], Awaitable[T]], folder: Path, capture: Path) -> tuple[T, str]:
        """Run our host and ``main`` with it, and capture at the peer's end.

        Returns what ``main`` returned, and why the capture is not to be judged, or nothing. :class:`ToolError` when it
        is not done in time.
        """

        async def whole(run: LiveRun) -> T:
            bench = Bench(run, self, folder, self.options)
            try:
                task = run.kernel.spawn(_await(main(bench)), "case", keep_error=True)
                ended = await run.kernel.wait_first(task.finished, deadline_ns=run.kernel.now_ns + LIMIT_NS)
                if ended is None:
                    task.cancel()
                    raise ToolError(f"not done after {LIMIT_NS // NS_PER_S} s")
                return await task
            finally:
                bench.close()

        impairments = Impairments(loss=self.options.loss) if self.options.loss else None
        with _Capture(self.theirs, capture) as tcpdump, self.ours.entered():
            value = run_live(our_node(), whole, impairments=impairments)
        return value, tcpdump.problem


class _Capture:
    """``tcpdump`` at the peer's end of the cable."""

    def __init__(self, theirs: Namespace, path: Path) -> None:
        command = [
            "tcpdump",
            "-i",
            THEIR_INTERFACE,
            "-s",
            "0",
            "-B",
            "131072",
            "-U",
            "-n",
            "-Z",
            "root",
            "-w",
            str(path),
        ]
        self.problem = ""
        self._process = subprocess.Popen(
            theirs.command(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert self._process.stderr is not None
        self._errors = self._process.stderr
        said = b""
        while b"listening on" not in said:
            line = self._errors.readline()
            if not line:
                self._process.wait()
                raise ToolError("tcpdump did not start", command=" ".join(command), last_lines=said.decode())
            said += line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            said = self._process.communicate(timeout=CAPTURE_PATIENCE_S)[1].decode()
        except subprocess.TimeoutExpired:
            self._process.kill()
            said = self._process.communicate()[1].decode()
        if "\n0 packets dropped by kernel" not in f"\n{said}":
            self.problem = f"tcpdump lost frames, so nothing can be judged: {said.strip()}"


def our_node() -> NodeConfig:
    """Return our end of the cable."""
    return NodeConfig.model_validate(
        {
            "schema": 1,
            "name": "rig",
            "interface": {"kind": "nic", "name": OUR_INTERFACE},
            "mac": OUR_MAC,
            "ip": f"{OUR_ADDRESS}/{PREFIX_LENGTH}",
            "gateway": THEIR_ADDRESS,
            "dns": [THEIR_ADDRESS],
        }
    )


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable
