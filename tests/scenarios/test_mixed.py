"""Twins and Verilog in one run: whoever is which, it is the same run to the nanosecond (docs/joint.md)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from rig.build.joint import joint_parameters
from rig.config.scenario import BackendName, Limits
from rig.regress import tools
from rig.scenario.catalog import find_scenario
from rig.scenario.play import CarriedFile
from rig.scenario.run import Request, Run, run_scenario

FILE = CarriedFile("small.bin", bytes(range(256)) * 40)
LIMITS = Limits(sim_ns=200_000_000, wall_s=120)
EVERYBODY = ("client", "server", "talker", "router")


def play(name: str, twins: Collection[str], runs: Path, backend: BackendName = "rtl") -> Run:
    """Run a scenario with these stations and routers on the model, the others on Verilog; or all on ``backend``."""
    found, _, scenario = find_scenario(name)
    changes = {"limits": LIMITS} | {
        key: [each.model_copy(update={"backend": "model" if each.name in twins else None}) for each in whole]
        for key, whole in (("stations", scenario.stations), ("routers", scenario.routers))
    }
    return run_scenario(Request(found, scenario.model_copy(update=changes), backend, FILE, runs))


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
