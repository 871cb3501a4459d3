"""The control socket of a running node: its owner may look at sockets, counters, neighbours and routes.

A Unix stream socket in a folder that only its owner may enter; each end checks who the other is (``SO_PEERCRED``). A
request is one line of JSON and so is its answer; any number may follow each other on one connection:

    {"schema": 1, "query": "netstat"}
    {"schema": 1, "query": "netstat", "node": "eth0", "ok": true, "answer": {"rows": [...]}}
    {"schema": 1, "query": "nestat",  "node": "eth0", "ok": false, "error": "unknown query 'nestat'; ..."}

A node starts it in its own kernel, on the wall clock, and stops it by cancelling the task::

    control = ControlServer(kernel, "eth0", node_queries(node))   # kernel: WallClock
    control.listen()                                              # UsageError: that name is taken, folder not private
    kernel.spawn(control.serve(), "control")

A query is a function without arguments that returns something JSON can hold; pass ``{**node_queries(node), "files":
...}`` to offer more. It runs in the kernel's thread between two tasks, so what it sees is consistent. Everything is
bounded: connections, the length of a request, and how long a peer may be silent or slow. What a peer does wrong ends
its connection alone. :mod:`rig.runtime.control_client` is the other end.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rig.errors import UsageError
from rig.runtime.kernel import Task
from rig.units import NS_PER_S
from rig.wire.address import format_ipv4, format_mac

if TYPE_CHECKING:
    from rig.runtime.descriptor_events import DescriptorEvents
    from rig.runtime.node import Node
    from rig.runtime.pump_asyncio import WallClock

SCHEMA = 1
SUFFIX = ".control"
FOLDER_VARIABLE = "RIG_CONTROL_FOLDER"
MAX_CONNECTIONS = 8
MAX_REQUEST_OCTETS = 4096
PATIENCE_NS = 10 * NS_PER_S
PIECE_OCTETS = 64 * 1024
MAX_PATH_OCTETS = 107
"""Of a Unix socket's address (sockaddr_un), without the final zero."""

Query = Callable[[], object]


def control_folder() -> Path:
    """Return where control sockets are: ``$RIG_CONTROL_FOLDER``, else a folder of the user's own."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "nicrig" if runtime else Path(f"/tmp/nicrig-{os.geteuid()}")


def private_folder(folder: Path) -> None:
    """Make ``folder`` if it is not there; :class:`UsageError` unless it is a folder that only we can enter."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as err:
        raise UsageError(f"control folder {folder}: {err.strerror}; set {FOLDER_VARIABLE} to another") from err
    problem = ""
    if not stat.S_ISDIR(found.st_mode):
        problem = "is no folder"
    elif found.st_uid != os.geteuid():
        problem = f"belongs to user {found.st_uid}, not to {os.geteuid()}"
    elif found.st_mode & 0o077:
        problem = f"has mode {stat.S_IMODE(found.st_mode):04o}; expected 0700"
    if problem:
        raise UsageError(f"control folder {folder} {problem}; correct that, or set {FOLDER_VARIABLE} to another")


def control_path(folder: Path, name: str) -> Path:
    """Return the socket's path; :class:`UsageError` for a name that cannot be in one."""
    if not name or "/" in name or name.startswith("."):
        raise UsageError(f"node name {name!r} cannot name a control socket; use letters, digits, - and _")
    path = folder / (name + SUFFIX)
    if len(os.fsencode(path)) > MAX_PATH_OCTETS:
        raise UsageError(
            f"control socket {path} has a path of {len(os.fsencode(path))} octets; the limit is {MAX_PATH_OCTETS}: "
            f"shorten the name or set {FOLDER_VARIABLE}"
        )
    return path


def peer_user(connection: socket.socket) -> int:
    """Return the user id of the process at the other end of a Unix socket."""
    layout = struct.Struct("3i")  # struct ucred: pid, uid, gid
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, layout.size)
    return int(layout.unpack(credentials)[1])


def node_queries(node: Node) -> dict[str, Query]:
    """Return what a node can tell: ``info``, ``netstat``, ``statistics``, ``arp`` and ``route``."""
    stack = node.stack
    interfaces = stack.config.interfaces

    def info() -> object:
        return {
            "hostname": stack.config.hostname,
            "now_ns": node.scheduler.now_ns,
            "interfaces": [
                {
                    "name": each.name,
                    "mac": format_mac(each.mac),
                    "address": f"{format_ipv4(each.address)}/{each.prefix_length}",
                    "mtu": each.mtu,
                }
                for each in interfaces
            ],
        }

    def netstat() -> object:
        return {"rows": [asdict(row) for row in stack.netstat()]}

    def statistics() -> object:
        outcomes = {f"transmit_{outcome.name.lower()}": count for outcome, count in node.transmit_outcomes.items()}
        device = {"receive_frames_with_errors": node.frames_with_errors, **outcomes}
        return {"stack": dict(sorted(stack.counters().items())), "device": dict(sorted(device.items()))}

    def arp() -> object:
        return {
            "rows": [
                {"address": format_ipv4(address), "mac": format_mac(mac), "interface": interface.name}
                for index, interface in enumerate(interfaces)
                for address, mac in sorted(stack.neighbours(index))
            ]
        }

    def route() -> object:
        return {
            "rows": [
                {
                    "network": f"{format_ipv4(each.network)}/{each.prefix_length}",
                    "gateway": None if each.gateway is None else format_ipv4(each.gateway),
                    "interface": interfaces[each.interface].name if each.interface < len(interfaces) else "lo",
                    "source": format_ipv4(each.source),
                    "metric": each.metric,
                    "is_redirect": each.is_redirect,
                }
                for each in stack.routes()
            ]
        }

    return {"info": info, "netstat": netstat, "statistics": statistics, "arp": arp, "route": route}


class ControlServer:
    """The serving end. ``connections_refused`` counts peers of another user and those beyond the limit."""

    def __init__(self, kernel: WallClock, name: str, queries: Mapping[str, Query], folder: Path | None = None) -> None:
        self.name = name
        self.path = control_path(folder or control_folder(), name)
        self.connections_refused = 0
        self._kernel = kernel
        self._queries = dict(queries)
        self._lock = -1
        self._listener: socket.socket | None = None
        self._connections: dict[Task[None], socket.socket] = {}

    def listen(self) -> None:
        """Take the name, so that clients can connect before :meth:`serve` first runs.

        The name belongs to whoever holds the lock beside the socket; a socket that a dead node left is replaced.
        """
        folder = self.path.parent
        private_folder(folder)
        self._lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                listener.bind(str(self.path))
                listener.listen(MAX_CONNECTIONS)
                listener.setblocking(False)
            except OSError:
                listener.close()
                raise
        except OSError as err:
            os.close(self._lock)
            self._lock = -1
            if isinstance(err, BlockingIOError):
                raise UsageError(
                    f"a node named {self.name!r} runs already ({self.path}); stop it, or name this one otherwise"
                ) from None
            raise UsageError(f"control socket {self.path}: {err.strerror}") from err
        self._listener = listener

    async def serve(self) -> None:
        """Serve until cancelled; then end every connection and give the name back."""
        if self._listener is None:
            self.listen()
        listener = self._listener
        assert listener is not None
        try:
            events = self._kernel.watch_descriptor(listener.fileno())
            while True:
                events.readable.clear()
                self._accept_all(listener)
                await events.readable.wait()
        finally:
            for task, connection in self._connections.items():
                task.cancel()
                self._release(connection)
            self.close()

    def close(self) -> None:
        """Give the name back without having served; harmless at any time."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._release(listener)
            self.path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def _accept_all(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # none waits, it is gone again, or this process has no descriptor left
                return
            self._connections = {task: held for task, held in self._connections.items() if not task.done}
            if len(self._connections) >= MAX_CONNECTIONS or peer_user(connection) not in (0, os.geteuid()):
                self.connections_refused += 1
                connection.close()
                continue
            connection.setblocking(False)
            task = self._kernel.spawn(self._serve_connection(connection), "control connection")
            self._connections[task] = connection

    async def _serve_connection(self, connection: socket.socket) -> None:
        try:
            events = self._kernel.watch_descriptor(connection.fileno())
            waiting = b""
            while True:
                line, found, waiting = waiting.partition(b"\n")
                if found:
                    await self._send(connection, events, self._answer(line))
                    continue
                if len(line) > MAX_REQUEST_OCTETS:
                    await self._send(connection, events, self._refusal("", f"request over {MAX_REQUEST_OCTETS} octets"))
                    return
                piece = await self._receive(connection, events)
                if not piece:
                    return
                waiting = line + piece
        except OSError:
            return  # it went away, or was too slow
        finally:
            self._release(connection)

    def _answer(self, line: bytes) -> dict[str, object]:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return self._refusal("", "the request is not a line of JSON")
        if not isinstance(request, dict) or request.get("schema") != SCHEMA:
            return self._refusal("", f'the request is no object with "schema": {SCHEMA}')
        name = request.get("query")
        query = self._queries.get(name) if isinstance(name, str) else None
        if query is None:
            return self._refusal(str(name)[:100], f"unknown query {name!r:.100}; one of {', '.join(self._queries)}")
        return {"schema": SCHEMA, "query": name, "node": self.name, "ok": True, "answer": query()}

    def _refusal(self, query: str, error: str) -> dict[str, object]:
        return {"schema": SCHEMA, "query": query, "node": self.name, "ok": False, "error": error}

    async def _receive(self, connection: socket.socket, events: DescriptorEvents) -> bytes:
        while True:
            events.readable.clear()
            try:
                return connection.recv(MAX_REQUEST_OCTETS)
            except BlockingIOError:
                deadline_ns = self._kernel.now_ns + PATIENCE_NS
                if await self._kernel.wait_first(events.readable, deadline_ns=deadline_ns) is None:
                    raise TimeoutError("the peer asks nothing") from None

    async def _send(self, connection: socket.socket, events: DescriptorEvents, answer: dict[str, object]) -> None:
        view = memoryview(json.dumps(answer).encode() + b"\n")
        while len(view):
            events.writable.clear()
            try:
                view = view[connection.send(view[:PIECE_OCTETS]) :]
            except BlockingIOError:
                deadline_ns = self._kernel.now_ns + PATIENCE_NS
                if await self._kernel.wait_first(events.writable, deadline_ns=deadline_ns) is None:
                    raise TimeoutError("the peer does not read") from None

    def _release(self, connection: socket.socket) -> None:
        if connection.fileno() >= 0:
            self._kernel.forget_descriptor(connection.fileno())
            connection.close()
