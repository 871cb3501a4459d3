"""A scenario on boards at ports of this machine: virtual ones behind pseudo-terminals, on the wall clock."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rig.adapter import registers as r
from rig.errors import ConfigError, LinkError
from rig.scenario.catalog import carried_file, find_scenario
from rig.scenario.run import Request, Run, run_scenario
from rig.wire.fcs import has_good_fcs
from rig.wire.pcap import PcapngReader

ROOT = Path(__file__).resolve().parents[2]
RIG = [sys.executable, "-m", "rig.cli"]


@pytest.fixture(scope="module")
def ports() -> Iterator[list[str]]:
    process = subprocess.Popen(
        [*RIG, "board", "virtual", "--fast", "--boards", "2", "--json"], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield [row["port"] for row in json.loads(process.stdout.readline())["rows"]]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def run(name: str, ports: Sequence[str], folder: Path) -> Run:
    found, path, scenario = find_scenario(name)
    return run_scenario(Request(found, scenario, "board", carried_file(None, scenario, path), folder, ports=ports))


def test_a_file_is_carried_between_two_boards(ports: list[str], tmp_path: Path) -> None:
    played = run("two-boards", ports, tmp_path)
    result = played.result
    assert result["passed"] and result["backend"] == "board" and result["is_live"]
    (file,) = result["files"]
    assert file["sha256_received"] == file["sha256_sent"]
    sent = {name: station["counters"]["aFramesTransmittedOK"] for name, station in result["stations"].items()}
    assert result["stations"]["client"]["notices"] == [], "its address is that of the ROM"
    folder = played.folder
    reader = PcapngReader(io.BytesIO((folder / "wire.pcapng").read_bytes()))
    packets = list(reader)
    assert [each.name for each in reader.interfaces] == ["client", "server"]
    assert all(has_good_fcs(packet.octets) for packet in packets)
    taken = {
        name: sum(packet.interface == index for packet in packets) for index, name in enumerate(("client", "server"))
    }
    # The counters are read while the last acknowledgement may still be on its way out.
    assert all(0 <= taken[name] - sent[name] <= r.TX_SLOT_COUNT for name in sent), "what a driver took leaves its board"
    events = json.loads((folder / "timeline.json").read_text())["events"]
    assert {event["kind"] for event in events} == {"transmit", "receive"}
    assert result["medium"]["mac_retransmissions"] >= result["medium"]["collisions"]
    boards = json.loads((folder / "environment.json").read_text())["boards"]
    assert [line.split(",")[0] for line in boards] == ["client: ulx3s-lan8720", "server: ulx3s-lan8720"]
    assert "by the clock" in (folder / "index.html").read_text()


@pytest.mark.parametrize(
    ("name", "count", "problem"),
    [
        ("collide", 2, r"2 ports for 3 stations \(client, server, talker\): name one for each, in this order"),
        ("board", 2, "station 'server' is a twin, in simulated time, and boards at ports are on the wall clock"),
        ("hub", 2, "this scenario has cables of its own"),
        ("server-power-loss", 3, "the power of a board at a port cannot be switched"),
    ],
)
def test_what_boards_at_ports_cannot_play_is_refused(name: str, count: int, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=problem):
        run(name, [f"/dev/rig-{number}" for number in range(count)], tmp_path)


def test_a_board_that_is_not_there_or_is_named_twice(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match=r"no such port: /dev/rig-[01];"):
        run("two-boards", ["/dev/rig-0", "/dev/rig-1"], tmp_path)
    with pytest.raises(ConfigError, match="one board is named twice"):
        run("two-boards", ["/dev/rig-0", "/dev/rig-0"], tmp_path)


def test_ports_go_with_boards(tmp_path: Path) -> None:
    command = [*RIG, "demo", "--backend", "model", "--port", "/dev/rig-0", "--runs", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert (result.returncode, result.stderr) == (2, "rig: --port names a board: it goes with --backend board\n")
