"""Files between our stack and programs on Linux, and streams with the kernel set in each way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from rig.apps.http_client import http_get
from rig.apps.http_server import HttpServer
from rig.regress.linux.case import BOTH_WAYS, FROM_LINUX, TO_LINUX, Case, Result
from rig.regress.linux.peer import NO_SUCH_CONGESTION, pattern
from rig.regress.linux.world import OUR_ADDRESS, THEIR_ADDRESS, Bench, KernelOptions
from rig.sockets import Socket
from rig.units import NS_PER_S

LARGE_OCTETS = 50_000_000
QUICK_OCTETS = 2_000_000
STREAM_OCTETS = 2_000_000
PORT = 47_001
"""One for which tshark knows no protocol."""
PIECE_OCTETS = 64 * 1024

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  sendfile on;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 8080; root {folder}/www; }}
}}
"""

OPTIONS = (
    KernelOptions(congestion="cubic"),
    KernelOptions(congestion="reno"),
    KernelOptions(congestion="bbr"),
    KernelOptions(timestamps=False),
    KernelOptions(sack=False),
    KernelOptions(window_scaling=False),
    KernelOptions(ecn=True),
    KernelOptions(timestamps=False, sack=False, window_scaling=False),
    KernelOptions(offloads=True),
)


def transfer_cases() -> list[Case]:
    """Return the cases of this module."""
    cases = []
    for octets, is_quick in ((QUICK_OCTETS, True), (LARGE_OCTETS, False)):
        cases += [
            Case("curl", partial(_fetched, ["curl", "-sS", "-f", "-o", "got"], octets), TO_LINUX, octets, "GET",
                 tools=("curl",), is_quick=is_quick),
            Case("wget", partial(_fetched, ["wget", "-q", "-O", "got"], octets), TO_LINUX, octets, "GET",
                 tools=("wget",), is_quick=is_quick),
            Case("curl", partial(_stored, octets), FROM_LINUX, octets, "PUT", tools=("curl",), is_quick=is_quick),
            Case("nginx", partial(_from_nginx, octets), FROM_LINUX, octets, "GET", tools=("nginx",), is_quick=is_quick),
        ]  # fmt: skip
    cases += [
        Case("nc", partial(_from_nc, STREAM_OCTETS), FROM_LINUX, STREAM_OCTETS, "TCP", tools=("nc",), is_quick=True),
        Case("nc", partial(_to_nc, STREAM_OCTETS), TO_LINUX, STREAM_OCTETS, "TCP", tools=("nc",), is_quick=True),
    ]
    for options in OPTIONS:
        is_quick = options in (KernelOptions(congestion="bbr"), KernelOptions(offloads=True), OPTIONS[-2])
        for direction, play in ((TO_LINUX, _to_stream), (FROM_LINUX, _from_stream), (BOTH_WAYS, _both_ways)):
            cases.append(
                Case("kernel", partial(play, STREAM_OCTETS), direction, STREAM_OCTETS, "", options,
                     is_quick=is_quick and direction != BOTH_WAYS)
            )  # fmt: skip
    for options in (
        KernelOptions(congestion="cubic", loss=0.01),
        KernelOptions(congestion="bbr", loss=0.01),
        KernelOptions(sack=False, loss=0.01),
    ):
        cases += [
            Case("kernel", partial(play, STREAM_OCTETS), direction, STREAM_OCTETS, "", options, conduct=False)
            for direction, play in ((TO_LINUX, _to_stream), (FROM_LINUX, _from_stream))
        ]
    return cases


@cache
def content(octets: int) -> bytes:
    """Return the octets of a file of that size."""
    return pattern(octets)


def digest(octets: bytes) -> str:
    """Return SHA-256 in hexadecimal."""
    return hashlib.sha256(octets).hexdigest()


def write_content(path: Path, octets: int) -> Path:
    """Write a file of that size."""
    path.write_bytes(content(octets))
    return path


async def read_all(socket: Socket) -> bytes:
    """Return what comes until the end of the stream."""
    data = bytearray()
    while piece := await socket.receive(PIECE_OCTETS):
        data += piece
    return bytes(data)


# -- files -------------------------------------------------------------------------------------------------------------


async def _fetched(command: list[str], octets: int, bench: Bench) -> Result:
    """A client on Linux fetches a file from our server."""
    server = HttpServer(bench.run.host.sockets, 80, {"/file": content(octets)})
    server.listen()
    serving = bench.run.kernel.spawn(server.serve(), "http")
    client = bench.start(*command, f"http://{OUR_ADDRESS}/file")
    code = await client.wait()
    serving.cancel()
    if code != 0:
        return Result(False, f"{client.command} ended with {code}: {client.output.strip()}")
    return Result(digest((bench.folder / "got").read_bytes()) == digest(content(octets)))


async def _stored(octets: int, bench: Bench) -> Result:
    """curl stores a file on our server."""
    server = HttpServer(bench.run.host.sockets, 80, {})
    server.listen()
    serving = bench.run.kernel.spawn(server.serve(), "http")
    write_content(bench.folder / "file", octets)
    client = bench.start("curl", "-sS", "-f", "-T", "file", f"http://{OUR_ADDRESS}/file")
    code = await client.wait()
    serving.cancel()
    if code != 0:
        return Result(False, f"{client.command} ended with {code}: {client.output.strip()}")
    return Result(server.received["/file"].sha256 == digest(content(octets)))


async def _from_nginx(octets: int, bench: Bench) -> Result:
    """Our client fetches a file from nginx."""
    (bench.folder / "www").mkdir()
    (bench.folder / "www").chmod(0o755)
    write_content(bench.folder / "www" / "file", octets).chmod(0o644)
    (bench.folder / "nginx.conf").write_text(NGINX.format(folder=bench.folder), encoding="utf-8")
    server = bench.start(
        "nginx", "-p", str(bench.folder), "-c", "nginx.conf", "-e", str(bench.folder / "nginx-error.log")
    )
    kernel = bench.run.kernel
    deadline_ns = kernel.now_ns + 20 * NS_PER_S
    expected = digest(content(octets))  # not afterwards: the last acknowledgement would wait for it
    while True:
        try:
            response = await http_get(bench.run.host.sockets, THEIR_ADDRESS, 8080, "/file")
            break
        except ConnectionRefusedError:
            if kernel.now_ns > deadline_ns:
                return Result(False, f"{server.command} does not listen: {server.output.strip()}")
            await kernel.sleep_until(kernel.now_ns + NS_PER_S // 20)
    if response.status != 200:
        return Result(False, f"nginx answered {response.status} {response.reason}")
    await kernel.sleep_until(kernel.now_ns + NS_PER_S // 100)  # the response was whole before the connection had ended
    return Result(response.sha256 == expected)


async def _from_nc(octets: int, bench: Bench) -> Result:
    listener = bench.run.host.sockets.socket()
    listener.bind(("", PORT))
    listener.listen()
    path = write_content(bench.folder / "file", octets)
    sender = bench.start("nc", "-N", OUR_ADDRESS, str(PORT), stdin=path)
    socket, _ = await listener.accept()
    data = await read_all(socket)
    await socket.close()
    code = await sender.wait()
    return Result(data == content(octets), "" if code == 0 else f"nc ended with {code}: {sender.output.strip()}")


async def _to_nc(octets: int, bench: Bench) -> Result:
    got = bench.folder / "got"
    receiver = bench.start("nc", "-n", "-l", "-v", str(PORT), stdout=got)
    await receiver.says("Listening")
    async with await bench.run.host.sockets.connect(THEIR_ADDRESS, PORT) as socket:
        await socket.send_all(content(octets))
    code = await receiver.wait()
    return Result(
        got.read_bytes() == content(octets), "" if code == 0 else f"nc ended with {code}: {receiver.output.strip()}"
    )


# -- streams -----------------------------------------------------------------------------------------------------------


async def play_stream(
    bench: Bench, steps: list[str], ours: Callable[[Socket], Awaitable[bytes]]
) -> tuple[dict[str, Any], bytes | None, str]:
    """Let the kernel at the other end connect to us and do ``steps``, while ``ours`` has our end.

    Returns what the peer said of itself, what ``ours`` returned, and why it could not be tried, or nothing.
    """
    listener = bench.run.host.sockets.socket()
    listener.bind(("", PORT))
    listener.listen()
    peer = bench.start_python("--connect", f"{OUR_ADDRESS}:{PORT}", *steps)
    accepting = bench.run.kernel.spawn(listener.accept(), "accept", keep_error=True)
    ended = bench.run.kernel.spawn(peer.wait(), "peer", keep_error=True)
    if await bench.run.kernel.wait_first(accepting.finished, ended.finished) == 1:
        accepting.cancel()
        if await ended == NO_SUCH_CONGESTION:
            return {}, None, peer.output.strip()
        return {"error": peer.output.strip()}, None, ""
    socket, _ = await accepting
    data = await ours(socket)
    await ended
    return json.loads(peer.output.splitlines()[-1]), data, ""


async def _from_stream(octets: int, bench: Bench) -> Result:
    async def receive(socket: Socket) -> bytes:
        data = await read_all(socket)
        await socket.close()
        return data

    said, data, not_run = await play_stream(bench, [f"send={octets}", "shutdown", "recv-all", "close"], receive)
    return Result(data == content(octets), str(said.get("error", "")), not_run)


async def _to_stream(octets: int, bench: Bench) -> Result:
    async def send(socket: Socket) -> bytes:
        await socket.send_all(content(octets))
        socket.shutdown()
        await read_all(socket)
        await socket.close()
        return b""

    said, _, not_run = await play_stream(bench, ["recv-all", "close"], send)
    return Result(said.get("sha256_received") == digest(content(octets)), str(said.get("error", "")), not_run)


async def _both_ways(octets: int, bench: Bench) -> Result:
    async def both(socket: Socket) -> bytes:
        async def send() -> None:
            await socket.send_all(content(octets))
            socket.shutdown()

        sender = bench.run.kernel.spawn(send(), "sender", keep_error=True)
        data = bytearray()
        while len(data) < octets:
            data += await socket.receive(PIECE_OCTETS)
        await sender
        data += await read_all(socket)
        await socket.close()
        return bytes(data)

    steps = [f"send-beside={octets}", "recv-all", "join", "shutdown", "close"]
    said, data, not_run = await play_stream(bench, steps, both)
    is_whole = data == content(octets) and said.get("sha256_received") == digest(content(octets))
    return Result(is_whole, str(said.get("error", "")), not_run)
