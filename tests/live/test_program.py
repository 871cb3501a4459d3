"""``rig python`` as a user runs it, in a namespace of its own: standard programs with the kernel as their neighbour."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.backends.namespace import Namespace
from tests.helpers.unprivileged import ROOT
from tests.live.test_commands import PATIENCE_S, RIG, TAP, environment, run, start, stop, write_node

pytestmark = [pytest.mark.needs("root", "tap")]

FETCH = """\
import sys, urllib.request
print(sys.argv[1:])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(len(opener.open(sys.argv[1], timeout=20).read()))
sys.exit(3)
"""


@pytest.fixture
def space() -> Iterator[Namespace]:
    with Namespace() as namespace:
        yield namespace


def test_a_script_fetches_from_another_process(space: Namespace, tmp_path: Path) -> None:
    node = write_node(tmp_path, "left", TAP, 2)
    script = tmp_path / "fetch.py"
    script.write_text(FETCH)
    (tmp_path / "page").write_bytes(b"x" * 5000)
    serving = subprocess.Popen(
        space.command([sys.executable, "-u", "-m", "http.server", "8000", "--directory", str(tmp_path)]),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        assert "Serving" in serving.stdout.readline()
        done = run(
            space, tmp_path, "python", "-c", str(node), str(script), "http://10.77.0.1:8000/page", "-x", "--config", "y"
        )
    finally:
        serving.kill()
        serving.communicate(timeout=PATIENCE_S)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == ["['http://10.77.0.1:8000/page', '-x', '--config', 'y']", "5000"]


def test_a_module_serves_until_it_is_interrupted(space: Namespace, tmp_path: Path) -> None:
    node = write_node(tmp_path, "left", TAP, 2)
    command = [*RIG, "python", "-c", str(node), "-m", "http.server", "8000", "--directory", str(tmp_path)]
    serving = subprocess.Popen(
        space.command(command), cwd=ROOT, env={**environment(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        assert "Serving HTTP on 0.0.0.0 port 8000" in serving.stdout.readline()
        fetched = subprocess.run(
            space.command(["curl", "-s", "http://10.77.0.2:8000/left.yaml"]),
            capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
        netstat = run(space, tmp_path, "netstat", "--json")
    finally:
        serving.terminate()
        _, errors = serving.communicate(timeout=PATIENCE_S)
    assert fetched.stdout == node.read_text()
    assert "*:8000" in {row["local"] for row in json.loads(netstat.stdout)["rows"]}
    assert serving.returncode == 130
    assert "GET /left.yaml" in errors


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        ("raise SystemExit('it is over')", 1, "it is over"),
        ("import socket; socket.create_connection(('10.77.0.1', 1), 20)", 1, "ConnectionRefusedError"),
    ],
)
def test_how_a_program_ends(space: Namespace, tmp_path: Path, script: str, status: int, words: str) -> None:
    node = write_node(tmp_path, "left", TAP, 2)
    path = tmp_path / "script.py"
    path.write_text(script)
    done = run(space, tmp_path, "python", "-c", str(node), str(path))
    assert done.returncode == status, done.stderr
    assert words in done.stderr


def test_a_script_that_is_not_there(space: Namespace, tmp_path: Path) -> None:
    done = run(space, tmp_path, "python", "-c", str(write_node(tmp_path, "left", TAP, 2)), "nothing.py")
    assert done.returncode == 2
    assert "is no file; name a script, or a module with -m" in done.stderr


def test_a_running_node_is_looked_into(space: Namespace, tmp_path: Path) -> None:
    up = start(space, tmp_path, write_node(tmp_path, "left", TAP, 2))
    try:
        subprocess.run(space.command(["ping", "-c", "1", "10.77.0.2"]), capture_output=True, timeout=PATIENCE_S)
        shown = {
            words: run(space, tmp_path, *words.split()).stdout for words in ("netstat", "netstat -s", "arp", "route")
        }
    finally:
        stop(up)
    assert "*:80" in shown["netstat"] and "LISTEN" in shown["netstat"]
    assert "icmp_echo_replies_sent" in shown["netstat -s"]
    assert "10.77.0.1" in shown["arp"]
    assert "10.77.0.0/24" in shown["route"]
