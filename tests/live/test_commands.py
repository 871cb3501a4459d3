"""``rig up`` and its clients as a user runs them, in namespaces of their own, with the kernel as the neighbour."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.backends.namespace import Namespace, add_veth
from rig.wire.pcap import read_packets
from tests.helpers.unprivileged import ROOT

pytestmark = [pytest.mark.needs("netns", "tap")]

RIG = [sys.executable, "-m", "rig.cli"]
PATIENCE_S = 60.0
CONTENT = bytes(index * index >> 3 & 0xFF for index in range(300_000))
NODE = """\
schema: 1
name: {name}
interface: {interface}
mac: "02:00:00:00:00:{host:02x}"
ip: 10.77.0.{host}/24
services:
  http: {{folder: .}}
  echo: {{}}
  dns: {{names: {{www.rig.test: 10.77.0.{host}}}}}
dns: [10.77.0.2]
"""
TAP = "{kind: tap, name: rig0, host_ip: 10.77.0.1/24}"


@pytest.fixture
def space() -> Iterator[Namespace]:
    with Namespace() as namespace:
        yield namespace


def write_node(folder: Path, name: str, interface: str, host: int, other: str | None = None) -> Path:
    """Write a node file; with ``other`` both are the ends of a cable called bench."""
    path = folder / f"{name}.yaml"
    cable = "" if other is None else f"cable: {{name: bench, other: {other}.yaml}}\n"
    path.write_text(NODE.format(name=name, interface=interface, host=host) + cable)
    (folder / "file").write_bytes(CONTENT)
    return path


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "RIG_CONTROL_FOLDER": str(folder / "control"), "RIG_STATE_DIR": str(folder / "state")}


def run(space: Namespace, folder: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        space.command([*RIG, *arguments]), cwd=ROOT, env=environment(folder), input=text, capture_output=True,
        text=True, timeout=PATIENCE_S,
    )  # fmt: skip


def start(space: Namespace, folder: Path, node: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start ``rig up`` and wait until it says that it is up."""
    up = subprocess.Popen(
        space.command([*RIG, "up", str(node), *arguments]), cwd=ROOT, env=environment(folder), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in up.stdout:
        if " is up on " in line:
            return up
    raise AssertionError(up.stderr.read())


def stop(up: subprocess.Popen[str], number: int = signal.SIGINT) -> str:
    up.send_signal(number)
    output, errors = up.communicate(timeout=PATIENCE_S)
    assert up.returncode == 0, errors
    return output


@pytest.mark.needs("curl")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_up_serves_the_kernel_and_stops_cleanly(space: Namespace, tmp_path: Path, number: int) -> None:
    node = write_node(tmp_path, "web", TAP, 2)
    capture = tmp_path / "up.pcapng"
    up = start(space, tmp_path, node, "--capture", str(capture))
    got = subprocess.run(
        space.command(["curl", "-sf", "http://10.77.0.2/file"]), capture_output=True, timeout=PATIENCE_S
    )  # fmt: skip
    assert got.stdout == CONTENT
    netstat = run(space, tmp_path, "netstat", "--json")
    assert {row["local"] for row in json.loads(netstat.stdout)["rows"]} >= {"*:80", "*:7", "*:53"}
    output = stop(up, number)
    assert "http on port 80: 1 exchanges, 300000 octets sent" in output
    with capture.open("rb") as file:
        octets = b"".join(octets for _, _, octets in read_packets(file))
    assert b"GET /file HTTP/1.1" in octets and CONTENT[1000:2000] in octets
    links = subprocess.run(space.command(["ip", "-o", "link"]), capture_output=True, text=True, timeout=PATIENCE_S)
    assert "rig0" not in links.stdout, "the interface is gone"


def test_two_of_our_hosts_talk_over_a_veth_cable(tmp_path: Path) -> None:
    with Namespace() as here, Namespace() as there:
        add_veth(here, "rig0", there, "rig1")
        web = write_node(tmp_path, "web", "{kind: nic, name: rig1}", 2, "client")
        client = str(write_node(tmp_path, "client", "{kind: nic, name: rig0}", 3, "web"))
        up = start(there, tmp_path, web)
        pinged = run(
            here, tmp_path, "ping", "www.rig.test", "-c", client, "-n", "3", "-i", "10", "-s", "4000", "--json"
        )
        result = json.loads(pinged.stdout)
        assert (pinged.returncode, result["address"], len(result["replies"])) == (0, "10.77.0.2", 3)
        got = run(here, tmp_path, "curl", "http://www.rig.test/file", "-c", client, "-o", str(tmp_path / "got"))
        assert got.returncode == 0, got.stderr
        assert (tmp_path / "got").read_bytes() == CONTENT
        put = run(here, tmp_path, "curl", "10.77.0.2/new", "-c", client, "-T", str(tmp_path / "got"))
        assert put.returncode == 0, put.stderr
        missing = run(here, tmp_path, "curl", "10.77.0.2/none", "-c", client)
        assert missing.returncode == 1 and "404 Not Found" in missing.stderr
        nowhere = run(here, tmp_path, "curl", "10.77.0.2/file", "-c", client, "-o", "/no/folder/got")
        assert (nowhere.returncode, nowhere.stderr) == (
            2,
            "rig: /no/folder/got cannot be written: No such file or directory\n",
        )
        refused = run(here, tmp_path, "curl", "10.77.0.2:81", "-c", client)
        assert refused.returncode == 4 and "refused" in refused.stderr
        silent = run(here, tmp_path, "curl", "10.77.0.9/file", "-c", client, "--max-time", "1")
        assert (silent.returncode, silent.stderr) == (4, "rig: 10.77.0.9/file: no whole answer within 1 s\n")
        echoed = run(here, tmp_path, "nc", "10.77.0.2", "7", "-c", client, text="over tcp\n" * 1000)
        assert echoed.stdout == "over tcp\n" * 1000
        echoed = run(here, tmp_path, "nc", "10.77.0.2", "7", "-u", "-w", "1", "-c", client, text="over udp\n")
        assert echoed.stdout == "over udp\n"
        busy = run(there, tmp_path, "ping", "10.77.0.3", "-c", str(tmp_path / "web.yaml"))
        assert busy.returncode == 2 and "interface rig1 is in use by process" in busy.stderr
        output = stop(up)
        assert "http on port 80: 4 exchanges, 600014 octets sent, 300000 octets received" in output


def test_a_client_speaks_to_the_kernel_and_is_interrupted(space: Namespace, tmp_path: Path) -> None:
    node = write_node(tmp_path, "client", TAP, 2)
    listener = subprocess.Popen(
        space.command([*RIG, "nc", "-l", "9000", "-c", str(node)]), cwd=ROOT, env=environment(tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    program = "import socket; s = socket.create_connection(('10.77.0.2', 9000)); s.sendall(b'x' * 100000)"
    deadline_s = time.monotonic() + PATIENCE_S
    while subprocess.run(
        space.command([sys.executable, "-c", program]), capture_output=True, timeout=PATIENCE_S
    ).returncode:
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
    output, errors = listener.communicate(timeout=PATIENCE_S)
    assert output == "x" * 100_000 and "connection from 10.77.0.1:" in errors and listener.returncode == 0
    waiting = subprocess.Popen(
        space.command([*RIG, "ping", "10.77.0.1", "-n", "1000", "-c", str(node)]), cwd=ROOT, env=environment(tmp_path),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "octets from 10.77.0.1: seq=0" in waiting.stdout.readline()
    waiting.send_signal(signal.SIGINT)
    waiting.communicate(timeout=PATIENCE_S)
    assert waiting.returncode == 130


def test_a_bad_interface_and_a_killed_run(space: Namespace, tmp_path: Path) -> None:
    bad = run(space, tmp_path, "up", str(write_node(tmp_path, "bad", "{kind: nic, name: eth7}", 2)))
    assert bad.returncode == 2
    assert "there is no network interface 'eth7'; this network namespace has no Ethernet interface at all" in bad.stderr
    nothing = run(space, tmp_path, "nic", "restore")
    assert nothing.returncode == 0 and "nothing to put back" in nothing.stdout
    https = run(space, tmp_path, "curl", "https://10.77.0.1/", "-c", str(tmp_path / "bad.yaml"))
    assert https.returncode == 2 and "speaks http only" in https.stderr


def test_interfaces_are_listed_with_what_their_drivers_can_do(tmp_path: Path) -> None:
    with Namespace() as here, Namespace() as there:
        add_veth(here, "rig0", there, "rig1")
        listed = run(here, tmp_path, "nic", "list", "--json")
        (row,) = json.loads(listed.stdout)["rows"]
        assert (row["name"], row["driver"], row["is_up"], row["mtu"]) == ("rig0", "veth", True, 1500)
        assert row["can_show_fcs"] is False and row["counters"] == []
        assert "rig0" in run(here, tmp_path, "nic", "list").stdout


def test_conformance_linux_names_what_it_lacks(space: Namespace, tmp_path: Path) -> None:
    none = run(space, tmp_path, "conformance", "linux", "--only", "no such case")
    assert none.returncode == 2 and "no case has 'no such case' in its name" in none.stderr
    arp = run(space, tmp_path, "conformance", "linux", "--only", "ARP", "--json", "--captures", str(tmp_path / "seen"))
    facts = json.loads(arp.stdout)
    assert facts["schema"] == 1
    (row,) = facts["rows"]
    assert (row["peer"], row["outcome"], row["expert_flags"], row["sha_ok"]) == ("kernel", "passed", 0, None)
    assert {"options", "direction", "octets"} <= row.keys()
    assert [path.name for path in (tmp_path / "seen").iterdir()] == ["01.pcap"]


def test_an_interface_that_is_unplugged_ends_the_node_with_a_sentence(tmp_path: Path) -> None:
    with Namespace() as here, Namespace() as there:
        add_veth(here, "rig0", there, "rig1")
        up = start(there, tmp_path, write_node(tmp_path, "web", "{kind: nic, name: rig1}", 2))
        subprocess.run(here.command(["ip", "link", "del", "rig0"]), check=True, timeout=PATIENCE_S)
        _, errors = up.communicate(timeout=PATIENCE_S)
        assert up.returncode == 4 and "interface rig1" in errors and "is gone" in errors
