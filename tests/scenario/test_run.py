"""The run folder: whole, numbered, and the same octets for the same scenario and seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.adapter.recorder import Timeline, TimelineEvent, WireFrame
from rig.errors import AdapterFault, ConfigError, UsageError
from rig.scenario.catalog import PICTURE, carried_file, find_scenario, read_file, scenario_names
from rig.scenario.facts import Facts, StationFacts, Transfer
from rig.scenario.run import run_scenario
from rig.scenario.run_folder import count_medium, new_run_folder, point_latest
from rig.wire.pcap import PcapngReader
from tests.scenario.worlds import plain, request

FACTS = ("result.json", "timeline.json", "wire.pcapng")


def test_the_folder_is_whole(tmp_path: Path) -> None:
    run = run_scenario(request(plain(), tmp_path / "runs"))
    assert run.passed
    assert run.folder == tmp_path / "runs" / "1"
    assert (tmp_path / "runs" / "latest").resolve() == run.folder
    assert {path.name for path in run.folder.iterdir()} == {*FACTS, "environment.json", "index.html"}
    result = json.loads((run.folder / "result.json").read_text())
    assert result == run.result
    assert {"schema", "scenario", "seed", "backend", "versions", "regmap_hash", "outcome", "error", "sim_ns", "files",
            "stations"} <= result.keys()  # fmt: skip
    assert result["stations"]["left"]["counters"]["aFramesTransmittedOK"] > 0
    timeline = json.loads((run.folder / "timeline.json").read_text())
    keys = [(event["t_ns"], event["end_ns"], event["station"], event["kind"]) for event in timeline["events"]]
    assert timeline["bit_time_ns"] == 10
    assert keys == sorted(keys)


def test_the_capture_has_a_tap_for_each_station(tmp_path: Path) -> None:
    run = run_scenario(request(plain(), tmp_path))
    with (run.folder / "wire.pcapng").open("rb") as file:
        reader = PcapngReader(file)
        packets = list(reader)
    assert [interface.name for interface in reader.interfaces] == ["left", "right"]
    assert {interface.fcs_octets for interface in reader.interfaces} == {4}
    assert [packet.time_ns for packet in packets] == sorted(packet.time_ns for packet in packets)
    assert len(packets) == run.result["medium"]["frames"]


def test_the_same_seed_gives_the_same_octets(tmp_path: Path) -> None:
    first, second = (run_scenario(request(plain(), tmp_path)).folder for _ in range(2))
    for name in FACTS:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_another_seed_gives_others(tmp_path: Path) -> None:
    first = run_scenario(request(plain(), tmp_path)).folder
    second = run_scenario(request(plain("seed: 7", "seed: 8"), tmp_path)).folder
    assert (first / "wire.pcapng").read_bytes() != (second / "wire.pcapng").read_bytes()


def test_results_hold_nothing_of_day_and_machine(tmp_path: Path) -> None:
    run = run_scenario(request(plain(), tmp_path))
    text = (run.folder / "result.json").read_text()
    assert str(tmp_path) not in text
    assert "wall" not in text
    assert json.loads((run.folder / "environment.json").read_text())["wall_s"] >= 0


def test_an_unexpected_end_has_not_passed_and_tells_its_story(tmp_path: Path) -> None:
    run = run_scenario(request(plain("sim_ns: 600000000000", "sim_ns: 60000"), tmp_path))
    assert not run.passed
    assert run.result["outcome"] == "limit"
    assert (run.folder / "story.txt").read_text().splitlines() == list(run.story)


def test_a_run_that_cannot_be_leaves_no_empty_folder(tmp_path: Path) -> None:
    scenario = plain(extra="events: [{at_ns: 1, action: power-off, target: left}]\n")
    with pytest.raises(AdapterFault):
        run_scenario(request(scenario, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_folders_are_numbered_and_latest_follows(tmp_path: Path) -> None:
    (tmp_path / "9").mkdir()
    (tmp_path / "notes").mkdir()
    folder = new_run_folder(tmp_path)
    assert folder.name == "10"
    point_latest(tmp_path / "9")
    point_latest(folder)
    assert (tmp_path / "latest").readlink() == Path("10")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        new_run_folder(tmp_path / "runs")


def test_the_medium_is_counted() -> None:
    events = [
        TimelineEvent(0, 10, "a", "transmit", 1, 1),
        TimelineEvent(5, 10, "a", "jam", 1, 1),
        TimelineEvent(5, 5, "a", "collision", 1, 1),
        TimelineEvent(3, 10, "medium", "collision"),
        TimelineEvent(20, 30, "a", "transmit", 1, 2),
    ]
    counts = count_medium(Timeline(events, [WireFrame(20, "a", b"")]))
    assert counts == {"frames": 1, "collisions": 1, "jams": 1, "mac_retransmissions": 1, "deferrals": 0}


def test_facts_survive_json() -> None:
    station = StationFacts("02:00:00:00:00:01", None, "lan", 3, {"x": 1})
    facts = Facts("completed", None, 1, 2, [Transfer("f", 1, "a", "b", "ab")], {"a": station}, ["line"])
    assert Facts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_scenarios_are_found_by_name_and_path(tmp_path: Path) -> None:
    assert {"collide", "server-power-loss"} <= set(scenario_names())
    name, path, _ = find_scenario("collide")
    assert (name, path.name) == ("collide", "collide.yaml")
    copy = tmp_path / "mine.yaml"
    copy.write_text(path.read_text())
    assert find_scenario(str(copy))[0] == "mine"
    with pytest.raises(UsageError, match="did you mean 'collide'"):
        find_scenario("colide")
    with pytest.raises(ConfigError, match="no such file"):
        find_scenario(str(tmp_path / "other.yaml"))


def test_files_that_cannot_be_carried(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        read_file(tmp_path)
    with pytest.raises(UsageError, match="there is no file"):
        read_file(tmp_path / "missing")
    with pytest.raises(UsageError, match="no ordinary file"):
        read_file(Path("/dev/zero"))
    with pytest.raises(UsageError, match="cannot be read"):
        read_file(tmp_path / ("n" * 300))
    with pytest.raises(UsageError, match=r"there is no file|cannot be read"):
        read_file(Path("\0"))


def test_the_file_is_the_given_one_else_the_scenarios_else_the_picture(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"mine")
    (tmp_path / "given.bin").write_bytes(b"given")
    own = plain(extra="file: data.bin\n")
    path = tmp_path / "s.yaml"
    assert carried_file(None, plain(), path).content == PICTURE.read_bytes()
    assert carried_file(None, own, path).content == b"mine"
    assert carried_file(tmp_path / "given.bin", own, path).content == b"given"
    with pytest.raises(ConfigError, match=r"s\.yaml: file: there is no file"):
        carried_file(None, plain(extra="file: other.bin\n"), path)
