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

from rig.errors import ConfigError
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
        ("collide", "joins two stations by a veth cable, and this scenario has 3"),
        ("server-power-loss", "joins two stations by a veth cable, and this scenario has 3"),
    ],
)
def test_what_a_veth_cable_cannot_carry_is_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        run(name, "nic", tmp_path)


def test_a_half_duplex_segment_is_refused(tmp_path: Path) -> None:
    found, path, scenario = find_scenario("veth")
    half = scenario.segments["cable"].model_copy(update={"duplex": "half"})
    scenario = scenario.model_copy(update={"segments": {"cable": half}})
    with pytest.raises(ConfigError, match="a veth cable is full duplex"):
        run_scenario(Request(found, scenario, "nic", carried_file(None, scenario, path), tmp_path))


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
