"""Twins, boards and Verilog in one run: whoever is in Verilog, it is the same run to the nanosecond (docs/joint.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rig.build.joint import joint_parameters
from rig.config.scenario import BackendName, Limits, PowerEvent
from rig.regress import tools
from rig.scenario.carried_file import CarriedFile
from rig.scenario.catalog import find_scenario
from rig.scenario.run import Request, Run, run_scenario
from rig.units import NS_PER_S

IS_LONG = bool(os.environ.get("RIG_LONG"))
LINE_OCTETS_PER_S = 300_000
"""Of 3 Mbaud."""
FILE = CarriedFile("small.bin", bytes(range(256)) * 40)
LIMITS = Limits(sim_ns=200_000_000, wall_s=120)
BOARD_FILE, TINY = CarriedFile("small.bin", FILE.content[:3000]), CarriedFile("tiny.bin", FILE.content[:1000])
BOARD_LIMITS = Limits(sim_ns=2_000_000_000, wall_s=120)
EVERYBODY = ("client", "server", "talker", "router")


def play(name: str, twins: Collection[str], runs: Path, backend: BackendName = "rtl") -> Run:
    """Run a scenario with these stations and routers on the model, the others on Verilog; or all on ``backend``."""
    found, _, scenario = find_scenario(name)
    changes = {"limits": LIMITS} | {
        key: [each.model_copy(update={"backend": "model" if each.name in twins else None}) for each in whole]
        for key, whole in (("stations", scenario.stations), ("routers", scenario.routers))
    }
    return run_scenario(Request(found, scenario.model_copy(update=changes), backend, FILE, runs))


def play_as(
    name: str,
    backends: Mapping[str, BackendName],
    runs: Path,
    backend: BackendName,
    file: CarriedFile = BOARD_FILE,
    rtl_boards: Collection[str] = (),
    **changes: Any,
) -> Run:
    """Run a scenario with stations and routers on the backends that are named, the others on ``backend``; boards of
    ``rtl_boards`` have their far end in Verilog."""
    found, _, scenario = find_scenario(name)
    changes = {"limits": BOARD_LIMITS} | changes
    for key, whole in (("stations", scenario.stations), ("routers", scenario.routers)):
        changes[key] = [each.model_copy(update={"backend": backends.get(each.name)}) for each in whole]
    changes["stations"] = [
        each.model_copy(update={"far_end": "rtl"}) if each.name in rtl_boards else each for each in changes["stations"]
    ]
    return run_scenario(Request(found, scenario.model_copy(update=changes), backend, file, runs))


@pytest.fixture(scope="module")
def on_the_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    runs = tmp_path_factory.mktemp("model")
    yield {name: play(name, EVERYBODY, runs, "model") for name in ("collide", "mixed", "router")}


# All but the first on the joint, with two stations in Verilog each, so that one build serves.
@pytest.mark.parametrize(
    ("name", "twins"),
    [
        ("collide", ()),
        ("collide", ("talker",)),
        ("collide", ("client",)),
        ("mixed", ("talker",)),
        ("mixed", ("server",)),
        ("router", ("router", "talker")),
        ("router", ("client", "server", "talker")),
    ],
)
def test_it_does_not_matter_who_is_in_verilog(
    name: str, twins: tuple[str, ...], on_the_model: dict[str, Run], tmp_path: Path
) -> None:
    model, run = on_the_model[name], play(name, twins, tmp_path)
    assert run.passed and run.result["medium"]["collisions"] > 3
    for file in ("timeline.json", "wire.pcapng"):
        assert (run.folder / file).read_bytes() == (model.folder / file).read_bytes(), file
    ours, theirs = (json.loads((each.folder / "result.json").read_text()) for each in (run, model))
    who = {each: "model" if each.split("-")[0] in twins else "rtl" for each in ours["stations"]}
    assert ours.get("backends", {}) == (who if twins else {})
    for key in theirs.keys() - {"backend", "versions"}:
        assert ours[key] == theirs[key], key


# Each with one station in Verilog, and a board whose far end is a twin behind a modelled serial line.
@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("board-rtl", {"client": "board", "talker": "model"}),
        ("board-rtl", {"server": "board", "talker": "board"}),
        ("mixed", {"client": "board", "talker": "model"}),
        ("router", {"server": "model", "router": "board", "talker": "model"}),
        ("board-nic", {"client": "board"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(f"{name}-{kind}" for name, kind in value.items()),
)
def test_a_board_and_verilog_are_in_one_run(name: str, others: dict[str, BackendName], tmp_path: Path) -> None:
    """Behind a serial line on the simulator's time, and on virtual time with a twin in place of the Verilog."""
    run = play_as(name, others, tmp_path / "rtl", "rtl")
    (outer,) = (each.name for each in find_scenario(name)[2].stations if each.name not in others)
    twin = play_as(name, others | {outer: "model"}, tmp_path / "board", "board")
    assert run.passed and twin.passed and run.result["files"][0]["octets"] == len(BOARD_FILE.content)
    line_ns = len(BOARD_FILE.content) * NS_PER_S // LINE_OCTETS_PER_S
    assert run.result["files"][0]["end_ns"] > line_ns, "no faster than the serial line"
    for file in ("timeline.json", "wire.pcapng"):
        assert (run.folder / file).read_bytes() == (twin.folder / file).read_bytes(), file
    ours, theirs = (json.loads((each.folder / "result.json").read_text()) for each in (run, twin))
    assert ours["backends"] == {each: others.get(each.split("-")[0], "rtl") for each in ours["stations"]}
    for key in theirs.keys() - {"backend", "backends", "versions"}:
        assert ours[key] == theirs[key], key
    page = (run.folder / "index.html").read_text()
    assert all(f"{each} <b>{kind}</b>" in page for each, kind in ours["backends"].items())


# One build serves: two stations in Verilog, the first of them a board.
@pytest.mark.parametrize("name", ["board-rtl", "mixed"])
def test_a_board_whose_far_end_is_in_verilog(name: str, tmp_path: Path) -> None:
    """UART, link and adapter; beside a station in Verilog and a twin, on a segment and on hub and switch. Twice."""
    others: dict[str, BackendName] = {"client": "board", "talker": "model"}
    first, second = (play_as(name, others, tmp_path / each, "rtl", TINY, ["client"]) for each in ("a", "b"))
    assert first.passed and first.result["backends"] == others | {"server": "rtl"}
    client, server = (first.result["stations"][each]["counters"] for each in ("client", "server"))
    assert client["aFramesTransmittedOK"] == server["aFramesReceivedOK"] > 3
    line_ns = len(TINY.content) * NS_PER_S // LINE_OCTETS_PER_S
    assert first.result["files"][0]["end_ns"] > line_ns, "no faster than the serial line"
    for file in ("result.json", "timeline.json", "wire.pcapng"):
        assert (first.folder / file).read_bytes() == (second.folder / file).read_bytes(), file
    events = json.loads((first.folder / "timeline.json").read_text())["events"]
    kinds = {each["kind"] for each in events if each["station"] == "client"}
    assert {"transmit", "receive", "irq"} <= kinds, "it is recorded from its own signals"


if IS_LONG:  # Icarus takes some 10 s for a millisecond of UART, link and adapter

    @pytest.mark.needs("iverilog")
    @pytest.mark.parametrize("name", ["board-rtl", "mixed"])
    def test_a_far_end_in_verilog_is_the_same_on_icarus(
        name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:  # fmt: skip
        """Bring-up over the serial line, and the first frames."""
        others: dict[str, BackendName] = {"client": "board", "talker": "model"}
        limits = Limits(sim_ns=7_000_000, wall_s=300)
        first = play_as(name, others, tmp_path / "a", "rtl", rtl_boards=["client"], limits=limits)
        monkeypatch.setattr(tools, "choose_simulator", lambda: "icarus")
        second = play_as(name, others, tmp_path / "b", "rtl", rtl_boards=["client"], limits=limits)
        assert "icarus" in second.result["versions"]
        assert second.result["stations"]["client"]["counters"]["aFramesTransmittedOK"] > 0
        assert (first.folder / "timeline.json").read_bytes() == (second.folder / "timeline.json").read_bytes()


def test_a_run_with_a_board_and_verilog_is_the_same_again(tmp_path: Path) -> None:
    first, second = (play_as("board-rtl", {"client": "board", "talker": "model"}, tmp_path / name, "rtl")
                     for name in ("a", "b"))  # fmt: skip
    for file in ("result.json", "timeline.json", "wire.pcapng"):
        assert (first.folder / file).read_bytes() == (second.folder / file).read_bytes(), file
    others: dict[str, BackendName] = {"client": "board", "talker": "model", "server": "model"}
    other = play_as("board-rtl", others, tmp_path / "c", "board", seed=2)
    assert (other.folder / "timeline.json").read_bytes() != (first.folder / "timeline.json").read_bytes()


@pytest.mark.parametrize("rtl_boards", [(), ("client",)], ids=["twin", "rtl"])
def test_a_board_beside_verilog_is_unplugged(rtl_boards: tuple[str, ...], tmp_path: Path) -> None:
    """Its host loses the port, and the stations in Verilog hear no more of it."""
    off = [PowerEvent(at_ns=20_000_000, action="power-off", target="client")]
    limits = Limits(sim_ns=30_000_000, wall_s=120)
    run = play_as("board-rtl", {"client": "board", "talker": "model"}, tmp_path, "rtl", FILE, rtl_boards,
                  events=off, limits=limits)  # fmt: skip
    assert run.result["outcome"] == "limit"
    (notice,) = run.result["stations"]["client"]["notices"]
    assert "the port is gone: the device has been unplugged" in notice
    events = json.loads((run.folder / "timeline.json").read_text())["events"]
    last = {name: max(each["end_ns"] for each in events if each["station"] == name) for name in ("client", "server")}
    assert last["client"] <= 20_000_000 < last["server"]


def test_a_board_and_a_phy_in_verilog_on_one_line(tmp_path: Path) -> None:
    """As an iCEBreaker would be: the board's adapter has a 10BASE-T PHY of its own, here the twin of it."""
    run = play_as("10base-t-twin", {"client": "board"}, tmp_path, "rtl", TINY)
    assert run.passed and run.result["backends"] == {"client": "board", "server": "rtl"}
    client, server = (run.result["stations"][name]["counters"] for name in ("client", "server"))
    assert client["aFramesTransmittedOK"] == server["aFramesReceivedOK"] > 5
    for counters in (client, server):
        assert counters["aFrameCheckSequenceErrors"] == counters["aAlignmentErrors"] == 0


@pytest.mark.needs("iverilog")
def test_icarus_lives_in_the_same_world(
    on_the_model: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(tools, "choose_simulator", lambda: "icarus")
    model, run = on_the_model["mixed"], play("mixed", ("talker",), tmp_path)
    assert "icarus" in run.result["versions"]
    assert (run.folder / "timeline.json").read_bytes() == (model.folder / "timeline.json").read_bytes()


@pytest.mark.parametrize("twins", [("client",), ("server",), EVERYBODY])
def test_a_phy_in_verilog_and_its_twin_on_one_line(twins: tuple[str, ...], tmp_path: Path) -> None:
    """A file in each direction at once; clocks 100 ppm apart, 200 where both are twins. They collide, both see it, and
    no frame is lost."""
    run = play("10base-t-twin", twins, tmp_path, "model" if twins == EVERYBODY else "rtl")
    assert run.passed and [file["octets"] for file in run.result["files"]] == [len(FILE.content)] * 2
    client, server = (run.result["stations"][name]["counters"] for name in ("client", "server"))
    assert client["aFramesTransmittedOK"] == server["aFramesReceivedOK"] > 10
    assert server["aFramesTransmittedOK"] == client["aFramesReceivedOK"] > 10
    for counters in (client, server):
        for name in ("aFrameCheckSequenceErrors", "aAlignmentErrors", "aSQETestErrors", "aCarrierSenseErrors"):
            assert counters[name] == 0, name
        assert counters["aLateCollisions"] == counters["aFramesAbortedDueToXSColls"] == 0
    medium = run.result["medium"]
    assert medium["collisions"] > 3 and medium["jams"] == 2 * medium["collisions"]
    events = json.loads((run.folder / "timeline.json").read_text())["events"]
    assert {event["station"] for event in events if event["kind"] == "receive"} == {"client", "server"}


def test_how_large_the_bench_must_be() -> None:
    """Stations in Verilog, and those who can be heard by one; media without one do not count."""
    for name, stations, heard in (("mixed", 2, 4), ("router", 5, 4), ("switch", 4, 4), ("too-long", 3, 4)):
        scenario = find_scenario(name)[2].for_backend("rtl")
        assert joint_parameters(scenario) == {"STATIONS": stations, "PUPPETS": heard}
