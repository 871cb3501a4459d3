"""A scenario over a veth cable: the same facts as anywhere, through packet sockets and the kernel."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rig.backends.namespace import Namespace, add_veth
from rig.config.loading import parse_scenario
from rig.config.scenario import Scenario
from rig.errors import ConfigError
from rig.scenario.carried_file import CarriedFile
from rig.scenario.catalog import carried_file, find_scenario
from rig.scenario.run import Request, Run, run_scenario
from rig.wire.fcs import has_good_fcs
from rig.wire.pcap import PcapngReader
from tests.helpers.unprivileged import NAMESPACE, ROOT, without_rights


def run(name: str, backend: str, folder: Path) -> Run:
    found, path, scenario = find_scenario(name)
    return run_scenario(Request(found, scenario, backend, carried_file(None, scenario, path), folder))


@pytest.mark.needs("netns")
def test_a_file_goes_over_a_veth_cable_as_over_the_twins(tmp_path: Path) -> None:
    runs = {backend: run("veth", backend, tmp_path) for backend in ("nic", "model")}
    results = {backend: each.result for backend, each in runs.items()}
    assert all(each.passed for each in runs.values())
    assert results["nic"].keys() == results["model"].keys()
    files = {(each["files"][0]["sha256_sent"], each["files"][0]["sha256_received"]) for each in results.values()}
    assert len(files) == 1 and len(set(*files)) == 1
    folder = runs["nic"].folder
    assert {each.name for each in folder.iterdir()} >= {"result.json", "timeline.json", "wire.pcapng", "index.html"}
    reader = PcapngReader(io.BytesIO((folder / "wire.pcapng").read_bytes()))
    packets = list(reader)
    assert [each.name for each in reader.interfaces] == ["client", "server"]
    assert all(has_good_fcs(packet.octets) for packet in packets)
    stations = results["nic"]["stations"]
    sent = {name: station["counters"]["aFramesTransmittedOK"] for name, station in stations.items()}
    assert sent == {
        name: sum(packet.interface == index for packet in packets) for index, name in enumerate(("client", "server"))
    }
    assert stations["client"]["counters"]["aFramesReceivedOK"] == sent["server"]
    assert stations["client"]["counters"]["aFramesLostDueToIntMACRcvError"] == 0
    events = json.loads((folder / "timeline.json").read_text())["events"]
    assert {event["kind"] for event in events} == {"transmit", "receive"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("collide", "on the wall clock a cable joins two stations, and this scenario has 3 stations; run it on"),
        ("storm", "a cable joins two stations, and this scenario has 2 stations and switches; run it on"),
        ("router", "a cable joins two stations, and this scenario has 3 stations, switches and routers; run it on"),
    ],
)
def test_what_a_veth_cable_cannot_carry_is_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        run(name, "nic", tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_half_duplex_segment_is_refused(tmp_path: Path) -> None:
    found, path, scenario = find_scenario("veth")
    half = scenario.segments["cable"].model_copy(update={"duplex": "half"})
    scenario = scenario.model_copy(update={"segments": {"cable": half}})
    with pytest.raises(ConfigError, match="a veth cable is full duplex"):
        run_scenario(Request(found, scenario, "nic", carried_file(None, scenario, path), tmp_path))


@pytest.mark.needs("netns")
def test_a_board_and_an_interface_share_a_cable(tmp_path: Path) -> None:
    """A virtual board's frames leave its jack and pass through the kernel, as they would on a real cable."""
    each = run("board-nic", "nic", tmp_path)
    assert each.passed
    client, server = (each.result["stations"][name]["counters"] for name in ("client", "server"))
    assert client["aFramesTransmittedOK"] == server["aFramesReceivedOK"] > 10
    # The serial line is slower than the cable: what finds the board's ring full is lost, and counted.
    lost = client["aFramesLostDueToIntMACRcvError"]
    assert server["aFramesTransmittedOK"] == client["aFramesReceivedOK"] + lost > 30
    reader = PcapngReader(io.BytesIO((each.folder / "wire.pcapng").read_bytes()))
    packets = list(reader)
    assert [tap.name for tap in reader.interfaces] == ["client", "server"]
    assert all(has_good_fcs(packet.octets) for packet in packets)
    assert sum(packet.interface == 0 for packet in packets) == client["aFramesTransmittedOK"]
    kinds = {station.backend for station in find_scenario("board-nic")[2].for_backend("nic").stations}
    assert kinds == {"board", "nic"}


REAL = """
schema: 1
segments: {lan: {duplex: full, cable: bench}}
stations:
  - {name: client, backend: board, mac: "02:00:00:00:00:0a", ip: 10.0.0.1/24, segment: lan, CLIENT}
  - {name: server, SERVER, mac: "02:00:00:00:00:0b", ip: 10.0.0.2/24, segment: lan}
apps:
  - {station: server, kind: http-server}
  - {station: client, kind: http-get, args: {server: server}}
limits: {wall_s: 60}
"""


def real(client: str, server: str) -> Scenario:
    return parse_scenario(REAL.replace("CLIENT", client).replace("SERVER", server), "real.yaml")


@pytest.mark.needs("netns")
def test_a_named_cable_between_what_is_there_already(tmp_path: Path) -> None:
    """The interfaces are this machine's: here, the two ends of a veth cable that somebody else has made."""
    scenario = real("interface: near", "interface: far")
    with Namespace() as machine:
        add_veth(machine, "near", machine, "far")
        phases: list[str] = []
        with machine.entered():
            each = run_scenario(
                Request("real", scenario, "nic", CarriedFile("f.bin", bytes(9000)), tmp_path), on_phase=phases.append
            )
    assert each.passed and phases == ["running over cable bench"]
    assert each.result["segments"]["lan"]["cable"] == "bench"


def test_two_boards_on_serial_ports_share_a_cable(tmp_path: Path) -> None:
    """Two virtual boards of another process, which nothing tells from real ones; the cable between them is theirs."""
    command = [sys.executable, "-m", "rig.cli", "board", "virtual", "--fast", "--boards", "2", "--json"]
    boards = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=ROOT)
    assert boards.stdout is not None
    try:
        ports = [row["port"] for row in json.loads(boards.stdout.readline())["rows"]]
        text = REAL.replace("CLIENT", f"port: {ports[0]}").replace("SERVER", f"backend: board, port: {ports[1]}")
        scenario = parse_scenario(text.replace("full", "half"), "real.yaml")
        each = run_scenario(Request("real", scenario, "board", CarriedFile("f.bin", bytes(9000)), tmp_path))
    finally:
        boards.terminate()
        boards.wait(30)
        boards.stdout.close()
    assert each.passed
    stations = each.result["stations"]
    client, server = (stations[name]["counters"] for name in ("client", "server"))
    assert client["aFramesReceivedOK"] == server["aFramesTransmittedOK"] > 5
    assert any("02:00:00:00:00:0a" in notice for notice in stations["client"]["notices"]), "not the one in its ROM"
    assert each.result["is_live"]


@pytest.mark.parametrize(
    ("client", "server", "message"),
    [
        ("interface: near", "ip: 10.0.0.9/24", "nothing says where the end of cable 'bench' at 'server' is"),
        ("interface: near", "interface: near", "near is taken by station 'client'"),
        ("interface: near, port: /dev/x", "interface: far", "a board on a serial port has its jack on the board"),
        ("interface: near", "port: /dev/x", "a serial port leads to a board; expected backend: board"),
        ("interface: near, far_end: rtl", "interface: far", "'client' is at near: only of a board that is simulated"),
        ("interface: near/", "interface: far", "'near/' is no name of a network interface"),
    ],
)
def test_the_ends_of_a_cable_are_said(client: str, server: str, message: str) -> None:
    text = server.replace("ip: 10.0.0.9/24", "position_bits: 0")
    with pytest.raises(ConfigError) as caught:
        real(client, text)
    assert message in str(caught.value)


def test_an_end_without_a_cable_is_refused() -> None:
    text = REAL.replace(", cable: bench", "").replace("CLIENT", "interface: near").replace("SERVER", "interface: far")
    with pytest.raises(ConfigError, match="'client' is at near, and no cable leads there; expected a segment with"):
        parse_scenario(text, "real.yaml")
    with pytest.raises(ConfigError, match="an interface of this machine is full duplex"):
        parse_scenario(REAL.replace("duplex: full", "duplex: half").replace("CLIENT", "interface: a").replace(
            "SERVER", "interface: b"), "real.yaml")  # fmt: skip


@pytest.mark.needs("userns")
def test_the_demonstration_runs_without_any_right_in_a_user_namespace(tmp_path: Path) -> None:
    runs = Path(tempfile.mkdtemp(prefix="rig-runs-"))
    runs.chmod(0o777)  # whoever runs it may write there
    try:
        command = [*without_rights(), *NAMESPACE, sys.executable, "-B", "-m", "rig.cli"]
        command += ["demo", "--backend", "nic", "--scenario", "veth", "--json", "--runs", str(runs / "runs")]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["backends"]["nic"]["passed"] is True
    finally:
        shutil.rmtree(runs)
