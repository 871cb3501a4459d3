"""The control socket: what a running node tells, to whom, and what it bears."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rig.cli.node import show_arp, show_netstat, show_route, show_statistics
from rig.errors import UsageError
from rig.runtime import control
from rig.runtime.control import ControlServer, node_queries
from rig.runtime.control_client import ControlError, ask, running_nodes
from rig.runtime.node import Node
from rig.runtime.pump_asyncio import WallClock
from rig.sockets import SocketKind, SocketLibrary
from rig.stack.config import InterfaceConfig, StackConfig
from rig.stack.stack import Stack
from rig.units import NS_PER_S
from rig.wire.address import parse_ipv4
from tests.helpers.memory_link import memory_link

LIMIT_NS = 60 * NS_PER_S


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "control"
    monkeypatch.setenv(control.FOLDER_VARIABLE, str(folder))
    yield folder


def while_serving(
    queries: Callable[[WallClock], dict[str, control.Query]], use: Callable[[], Any], name: str = "node"
) -> tuple[Any, ControlServer]:
    """Run ``use()`` in a thread while a kernel serves; return its value."""
    kernel = WallClock()

    async def main() -> tuple[Any, ControlServer]:
        server = ControlServer(kernel, name, queries(kernel))
        server.listen()
        task = kernel.spawn(server.serve(), "control")
        done = kernel.event("done")
        outcome: list[Any] = []

        def body() -> None:
            try:
                outcome.append(use())
            except BaseException as error:
                outcome.append(error)
            kernel.call_threadsafe(done.set)

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        await done.wait()
        thread.join(10)
        task.cancel()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0], server

    return kernel.run(main(), LIMIT_NS)


def some_queries(kernel: WallClock) -> dict[str, control.Query]:
    return {"time": lambda: {"now_ns": kernel.now_ns}, "long": lambda: {"rows": ["x" * 100] * 30_000}}


def node_of(kernel: WallClock) -> dict[str, control.Query]:
    left, right = memory_link(kernel, Random(1))
    hosts = []
    for device, address in ((left, "10.0.0.1"), (right, "10.0.0.2")):
        interface = InterfaceConfig(device.capabilities.mac, parse_ipv4(address), 24)
        gateway = parse_ipv4("10.0.0.254")
        stack = Stack(StackConfig((interface,), gateway, hostname="left"), Random(2))
        node = Node(kernel, stack, device, lambda event: None, address)
        kernel.spawn(node.run(), address)
        hosts.append(node)
    sockets = SocketLibrary(kernel, hosts[0].stack, hosts[0].kick.set)
    listener = sockets.socket()
    listener.bind(("", 80))
    listener.listen(5)
    datagrams = sockets.socket(SocketKind.DATAGRAM)

    async def talk() -> None:
        await datagrams.send_to(b"nobody listens", ("10.0.0.2", 9))

    kernel.spawn(talk())
    return node_queries(hosts[0])


def until_neighbour_known() -> None:
    for _ in range(1000):
        if ask("arp")["rows"]:
            return


def test_a_client_sees_sockets_counters_neighbours_and_routes(folder: Path) -> None:
    def use() -> dict[str, Any]:
        until_neighbour_known()
        return {query: ask(query) for query in ("info", "netstat", "statistics", "arp", "route")}

    seen, _ = while_serving(node_of, use)
    assert all(answer["node"] == "node" for answer in seen.values())
    assert seen["info"]["interfaces"][0]["address"] == "10.0.0.1/24"
    listening = {"protocol": "tcp", "local": "*:80", "foreign": "*:*", "state": "LISTEN"}
    assert listening.items() <= seen["netstat"]["rows"][0].items()
    assert seen["statistics"]["stack"]["arp_requests_sent"] == 1
    assert seen["arp"]["rows"] == [{"address": "10.0.0.2", "mac": "02:00:00:00:00:02", "interface": "eth0"}]
    assert [row["network"] for row in seen["route"]["rows"]] == ["10.0.0.0/24", "0.0.0.0/0"]
    assert seen["route"]["rows"][1]["gateway"] == "10.0.0.254"


def test_the_commands_show_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def use() -> None:
        until_neighbour_known()
        for show in (show_netstat, show_statistics, show_arp, show_route):
            show(None, as_json=False)

    while_serving(node_of, use)
    text = capsys.readouterr().out
    for words in ("Proto", "*:80", "LISTEN", "arp_requests_sent", "02:00:00:00:00:02", "10.0.0.254", "UG"):
        assert words in text


def test_statistics_of_a_node_that_heard_nothing_say_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def quiet(_: WallClock) -> dict[str, control.Query]:
        return {"statistics": lambda: {"stack": {"tcp_segments_sent": 0, "arp_requests_sent": 1}, "device": {}}}

    while_serving(quiet, lambda: show_statistics(None, as_json=False))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[lines.index("TCP") + 1] == lines[lines.index("Device") + 1] == "all counters are zero"
    assert lines[lines.index("ARP") + 1].split() == ["1", "arp_requests_sent"]
    assert "Other" not in lines


def test_the_commands_print_one_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    while_serving(node_of, lambda: show_route(None, as_json=True))
    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["node"], len(shown["rows"])) == (1, "node", 2)


def test_folder_and_socket_are_the_owners_alone(folder: Path) -> None:
    def use() -> tuple[int, int]:
        return folder.stat().st_mode & 0o777, len(list(folder.iterdir()))

    (mode, files), server = while_serving(some_queries, use)
    assert (mode, files) == (0o700, 2)
    assert not server.path.exists(), "the name was given back"


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_that_others_may_enter_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(UsageError, match="expected 0700"):
        ControlServer(WallClock(), "node", {}).listen()
    with pytest.raises(UsageError, match="expected 0700"):
        ask("info", "node")


def test_a_link_in_place_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is no folder"):
        ControlServer(WallClock(), "node", {}).listen()


@pytest.mark.needs("root")
def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 1, 1)
    with pytest.raises(UsageError, match="belongs to user 1"):
        ControlServer(WallClock(), "node", {}).listen()


def test_another_user_is_turned_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "peer_user", lambda connection: os.geteuid() + 1)

    def use() -> None:
        with pytest.raises(ControlError, match="did not answer"):
            ask("time", "node")

    _, server = while_serving(some_queries, use)
    assert server.connections_refused == 1


def test_who_the_peer_is_comes_from_the_kernel(tmp_path: Path) -> None:
    near, far = socket.socketpair(socket.AF_UNIX)
    with near, far:
        assert control.peer_user(near) == os.geteuid()


def test_the_socket_of_a_dead_node_is_replaced(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    left_over = socket.socket(socket.AF_UNIX)
    left_over.bind(str(folder / "node.control"))
    left_over.close()
    assert running_nodes() == []
    with pytest.raises(UsageError, match="no node named 'node' runs"):
        ask("time", "node")
    answer, _ = while_serving(some_queries, lambda: ask("time"))
    assert answer["node"] == "node"


def test_a_name_that_runs_is_not_taken_over(folder: Path) -> None:
    def use() -> None:
        with pytest.raises(UsageError, match="'node' runs already"):
            ControlServer(WallClock(), "node", {}).listen()
        assert ask("time")["now_ns"] > 0, "the first one still serves"

    while_serving(some_queries, use)


def test_no_node_and_several_nodes(folder: Path) -> None:
    with pytest.raises(UsageError, match="no node runs"):
        ask("time")

    def use() -> None:
        second = ControlServer(WallClock(), "other", {})
        second.listen()
        try:
            assert running_nodes() == ["node", "other"]
            with pytest.raises(UsageError, match="node, other run; choose"):
                ask("time")
            assert ask("time", "node")["node"] == "node"
        finally:
            second.close()

    while_serving(some_queries, use)


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "n" * 200])
def test_names_that_cannot_be_used(folder: Path, name: str) -> None:
    with pytest.raises(UsageError):
        ControlServer(WallClock(), name, {})


def test_an_answer_larger_than_any_buffer(folder: Path) -> None:
    answer, _ = while_serving(some_queries, lambda: ask("long"))
    assert len(answer["rows"]) == 30_000


def exchange(folder: Path, octets: bytes, answers: int = 1) -> list[dict[str, Any]]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(folder / "node.control"))
        connection.sendall(octets)
        stream = connection.makefile("rb")
        return [json.loads(line) for line in (stream.readline() for _ in range(answers)) if line]


@pytest.mark.parametrize(
    ("request_line", "words"),
    [
        (b"netstat\n", "line of JSON"),
        (b"\xff\xfe\n", "line of JSON"),
        (b"[1]\n", '"schema": 1'),
        (b'{"schema": 2, "query": "time"}\n', '"schema": 1'),
        (b'{"schema": 1, "query": "tim"}\n', "unknown query 'tim'; one of time, long"),
        (b'{"schema": 1, "query": ["time"]}\n', "unknown query"),
        (b"[" * 4000 + b"\n", "line of JSON"),
        (b"x" * 5000, "over 4096 octets"),
    ],
)
def test_requests_that_are_none(folder: Path, request_line: bytes, words: str) -> None:
    (answers, good), _ = while_serving(some_queries, lambda: (exchange(folder, request_line), ask("time")))
    assert (answers[0]["ok"], words in answers[0]["error"]) == (False, True)
    assert good["node"] == "node", "the node goes on"


def test_several_requests_on_one_connection(folder: Path) -> None:
    line = b'{"schema": 1, "query": "time"}\n'
    answers, _ = while_serving(some_queries, lambda: exchange(folder, line * 3, 3))
    assert [answer["ok"] for answer in answers] == [True] * 3


def test_connections_are_bounded_and_come_free_again(folder: Path) -> None:
    def use() -> None:
        held = []
        for _ in range(control.MAX_CONNECTIONS):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(10)
            connection.connect(str(folder / "node.control"))
            connection.sendall(b'{"schema": 1, "query": "time"}\n')
            assert connection.recv(1000)
            held.append(connection)
        with pytest.raises(ControlError):
            ask("time", "node")
        for connection in held:
            connection.close()
        for _ in range(1000):
            try:
                ask("time", "node")
                break
            except ControlError:
                continue
        else:
            pytest.fail("no connection came free")

    _, server = while_serving(some_queries, use)
    assert server.connections_refused >= 1


def test_a_silent_peer_is_dropped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PATIENCE_NS", 1_000_000)

    def use() -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(folder / "node.control"))
            return connection.recv(1)

    assert while_serving(some_queries, use)[0] == b""


def test_the_end_of_the_run_ends_connections(folder: Path) -> None:
    kept: list[socket.socket] = []

    def use() -> None:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        connection.connect(str(folder / "node.control"))
        connection.sendall(b'{"schema": 1, "query": "time"}\n')
        assert connection.recv(1000)
        kept.append(connection)

    while_serving(some_queries, use)
    with kept[0] as connection:
        assert connection.recv(1) == b""


def test_descriptor_events_need_a_run() -> None:
    kernel = WallClock()
    kernel.forget_descriptor(0)
    with pytest.raises(RuntimeError, match="only during a run"):
        kernel.watch_descriptor(0)


def test_descriptor_events_tell_reading_writing_and_the_end() -> None:
    kernel = WallClock()
    near, far = socket.socketpair(socket.AF_UNIX)
    near.setblocking(False)

    async def main() -> None:
        events = kernel.watch_descriptor(near.fileno())
        events.readable.clear()
        far.send(b"x")
        await events.readable.wait()
        assert near.recv(10) == b"x"
        try:
            while True:
                near.send(b"y" * 65536)
        except BlockingIOError:
            events.writable.clear()
        while far.recv(1 << 20, socket.MSG_DONTWAIT if not events.writable.is_set() else 0):
            if await kernel.wait_first(events.writable, deadline_ns=kernel.now_ns + 1_000_000) == 0:
                break
        assert not events.hung_up.is_set()
        events.readable.clear()
        far.shutdown(socket.SHUT_WR)
        await events.readable.wait()
        assert not events.hung_up.is_set()
        far.close()
        await events.hung_up.wait()
        kernel.forget_descriptor(near.fileno())

    with near, far:
        asyncio.run(kernel.run_async(main(), LIMIT_NS))
