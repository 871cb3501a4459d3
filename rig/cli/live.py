"""``rig up``, ``rig curl``, ``rig ping``, ``rig nc`` and ``rig nic``: what they print and return."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

from rig.apps.ping import PingReply
from rig.cli.json_output import print_json
from rig.config.node import load_node
from rig.errors import ExitCode, UsageError
from rig.live.clients import (
    HttpUrl,
    InputReader,
    curl,
    nc_connect,
    nc_datagrams,
    nc_listen,
    nc_stream,
    ping_host,
)
from rig.live.interfaces import InterfaceFacts, list_interfaces, restore_interfaces
from rig.live.run import InterruptedRunError, LiveRun, run_live
from rig.live.up import run_up
from rig.units import NS_PER_MS, NS_PER_S

INTERRUPTED = 130
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CurlOptions:
    """What ``rig curl`` was asked for."""

    url: str
    config: Path
    output: Path | None
    upload: Path | None
    head: bool
    timeout_s: int
    capture: Path | None


@dataclass(frozen=True, slots=True)
class PingOptions:
    """What ``rig ping`` was asked for."""

    host: str
    config: Path
    count: int
    size: int
    interval_ms: int
    timeout_ms: int
    as_json: bool
    capture: Path | None


@dataclass(frozen=True, slots=True)
class NcOptions:
    """What ``rig nc`` was asked for."""

    host: str
    port: int
    config: Path
    listen: int
    udp: bool
    timeout_s: int
    capture: Path | None


def show_up(config: Path, capture: Path | None, *, as_json: bool) -> int:
    """Run a node until it is told to stop, and say what it did."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr if as_json else sys.stdout, flush=True)

    report = run_up(load_node(config), capture=capture, tell=tell)
    if as_json:
        print_json(asdict(report))
        return ExitCode.PASSED
    for title, counts in report.services.items():
        print(f"{title.partition(',')[0]}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    frames = report.interface
    print(f"{frames['aFramesReceivedOK']} frames received, {frames['aFramesTransmittedOK']} sent")
    lost = {name: count for name, count in frames.items() if count and ("Lost" in name or "drops" in name)}
    for name, count in lost.items():
        print(f"{name}: {count}")
    return ExitCode.PASSED


def show_curl(options: CurlOptions) -> int:
    """Do one request; the body goes to a file or to standard output, what else there is to say to standard error."""
    url = HttpUrl.parse(options.url)
    body = b"" if options.upload is None else _read(options.upload)
    method = "HEAD" if options.head else "GET" if options.upload is None else "PUT"
    if url.target.endswith("/") and options.upload is not None:
        raise UsageError(f"{options.url!r} ends with /, so it does not say what the uploaded file is to be called")

    async def request(run: LiveRun) -> int:
        response = await curl(run, url, method=method, body=body, timeout_ns=options.timeout_s * NS_PER_S)
        if options.head:
            print(f"HTTP/1.1 {response.status} {response.reason}")
            for name, value in response.headers:
                print(f"{name}: {value}")
        elif options.output is not None:
            _write(options.output, response.body)
        else:
            sys.stdout.buffer.write(response.body)
            sys.stdout.buffer.flush()
        if response.status >= 400:
            print(f"rig: {options.url}: {response.status} {response.reason}", file=sys.stderr)
            return ExitCode.TEST_FAILURES
        return ExitCode.PASSED

    return _run(options.config, options.capture, request, options.url)


def show_ping(options: PingOptions) -> int:
    """Ping a host; the exit code is 1 where a reply is missing."""

    def tell(address: str, reply: PingReply) -> None:
        if not options.as_json:
            time_ms = reply.round_trip_ns / NS_PER_MS
            print(f"{reply.octets} octets from {address}: seq={reply.sequence} time={time_ms:.3f} ms", flush=True)

    async def send(run: LiveRun) -> int:
        address, result = await ping_host(
            run,
            options.host,
            count=options.count,
            interval_ns=options.interval_ms * NS_PER_MS,
            timeout_ns=options.timeout_ms * NS_PER_MS,
            data_octets=options.size,
            on_reply=tell,
        )
        times = sorted(reply.round_trip_ns for reply in result.replies)
        if options.as_json:
            print_json({"address": address, **asdict(result)})
        else:
            print(f"{result.sent} sent, {len(result.replies)} received, {result.duplicates} duplicates, "
                  f"{result.damaged} damaged")  # fmt: skip
            if times:
                best, middle, worst = (each / NS_PER_MS for each in (times[0], median(times), times[-1]))
                print(f"round trip {best:.3f} ms at best, {middle:.3f} median, {worst:.3f} at worst")
            for error in dict.fromkeys(result.errors):
                print(error)
        return ExitCode.TEST_FAILURES if result.lost or result.damaged else ExitCode.PASSED

    return _run(options.config, options.capture, send, options.host)


def show_nc(options: NcOptions) -> int:
    """Join standard input and output to the network."""
    if bool(options.listen) == bool(options.host):
        raise UsageError("`rig nc` takes HOST PORT, or --listen PORT")
    if options.udp and options.listen:
        raise UsageError("`rig nc` listens for connections only; for datagrams use the echo service of `rig up`")
    if options.host and not options.port:
        raise UsageError(f"`rig nc {options.host}` lacks the port, 1 to 65535")
    timeout_ns = options.timeout_s * NS_PER_S

    def write(piece: bytes) -> None:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    async def join(run: LiveRun) -> int:
        reader = InputReader(run.kernel, sys.stdin.fileno())
        if options.udp:
            await nc_datagrams(run, options.host, options.port, reader, write, timeout_ns=timeout_ns)
            return ExitCode.PASSED
        if options.listen:
            socket, peer = await nc_listen(run, options.listen, timeout_ns=None)
            print(f"rig: connection from {peer}", file=sys.stderr)
        else:
            socket = await nc_connect(run, options.host, options.port, timeout_ns=timeout_ns)
        await nc_stream(run, socket, reader, write)
        return ExitCode.PASSED

    return _run(options.config, options.capture, join, options.host or f"port {options.listen}")


def show_restore() -> int:
    """Play back the journals of dead runs."""
    results = restore_interfaces()
    for name, changes, problem, _ in results:
        print(f"{name}: " + (problem or (", ".join(changes) if changes else "nothing was changed")))
    if not results:
        print("nothing to put back: no killed run has left an interface changed here")
    return ExitCode.INFRASTRUCTURE if any(is_kept for *_, is_kept in results) else ExitCode.PASSED


def show_interfaces(*, as_json: bool) -> int:
    """List the Ethernet interfaces."""
    facts = list_interfaces()
    if as_json:
        print_json({"rows": [asdict(each) for each in facts]})
        return ExitCode.PASSED
    if not facts:
        print("this network namespace has no Ethernet interface")
        return ExitCode.NOTHING_RAN
    rows = [("interface", "driver", "link", "mtu", "FCS", "hardware counters"), *map(_row, facts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    return ExitCode.PASSED


def _row(facts: InterfaceFacts) -> tuple[str, ...]:
    speed = "?" if facts.speed_mbps is None else str(facts.speed_mbps)
    duplex = {None: "", True: " full", False: " half"}[facts.full_duplex]
    link = f"{'up' if facts.is_up else 'down'}, {speed} Mb/s{duplex}"
    fcs = "shown" if facts.can_show_fcs else "no"
    return facts.name, facts.driver or "-", link, str(facts.mtu), fcs, ", ".join(facts.counters) or "none of clause 30"


def _run(config: Path, capture: Path | None, main: Callable[[LiveRun], Awaitable[int]], what: str) -> int:
    """Run a client; errors of the peer and the network become a sentence and exit code 4."""
    node = load_node(config)
    try:
        return run_live(node, main, capture=capture)
    except InterruptedRunError:
        return INTERRUPTED
    except OSError as err:
        reason = err.strerror or str(err) or type(err).__name__
        print(f"rig: {what}: {reason}", file=sys.stderr)
        return ExitCode.INFRASTRUCTURE


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise UsageError(f"{path} cannot be read: {err.strerror}") from err


def _write(path: Path, octets: bytes) -> None:
    try:
        path.write_bytes(octets)
    except OSError as err:
        raise UsageError(f"{path} cannot be written: {err.strerror}") from err
