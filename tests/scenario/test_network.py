"""Networks of the model played whole: hub, switch, router, mismatch, storm, and bad cables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rig.cli.topology import TopologyOptions, run_topology
from rig.config.loading import load_scenario, parse_scenario
from rig.config.scenario import Expectation, PowerEvent, Segment
from rig.errors import ConfigError, UsageError
from rig.scenario.carried_file import CarriedFile
from rig.scenario.catalog import PICTURE, find_scenario, read_file
from rig.scenario.run import Request, Run, run_scenario

RIGS = Path(__file__).resolve().parents[2] / "configs" / "rigs"
SMALL = CarriedFile("small.bin", bytes(range(256)) * 40)
HOSTS = ("client", "server", "talker", "chatter")


def play(tmp_path: Path, name: str, file: CarriedFile = SMALL, **changes: Any) -> Run:
    scenario = load_scenario(RIGS / f"{name}.yaml").model_copy(update=changes)
    return run_scenario(Request(name, scenario, "model", file, tmp_path / "runs"))


def frames_of(run: Run) -> dict[str, int]:
    stations = run.result["stations"]
    return {name: stations[name]["counters"]["aFramesTransmittedOK"] for name in stations}


def test_on_a_hub_everybody_hears_everything(tmp_path: Path) -> None:
    run = play(tmp_path, "hub")
    assert run.passed and run.result["medium"]["collisions"] > 5
    network, sent = run.result["network"], frames_of(run)
    for listener, heard in network["heard"].items():
        assert heard == {name: count for name, count in sent.items() if name != listener and count}
    (hub,) = network["hubs"]
    assert [port["counters"]["frames"] for port in hub["ports"]] == [*(sent[name] for name in HOSTS), 0]
    assert hub["collisions"] == run.result["medium"]["collisions"]
    page = (run.folder / "index.html").read_text()
    assert "Who heard whose frames" in page and 'class="topology"' in page


def test_a_switch_keeps_frames_to_itself(tmp_path: Path) -> None:
    run = play(tmp_path, "switch", read_file(PICTURE))
    assert run.passed and run.result["medium"]["collisions"] == 0
    network, sent = run.result["network"], frames_of(run)
    (switch,) = network["switches"]
    assert switch["table"] == {name: number for number, name in enumerate(HOSTS, start=1)}
    # The load is for nobody, so it is flooded; of client and server the talker hears the broadcast alone.
    assert network["heard"]["talker"] == {"client": 1, "chatter": sent["chatter"]}
    assert network["heard"]["server"]["client"] == sent["client"]


def test_a_router_joins_two_networks(tmp_path: Path) -> None:
    run = play(tmp_path, "router")
    assert run.passed
    heard = run.result["network"]["heard"]
    assert "talker" not in heard["server"] and "client" not in heard["server"]
    assert heard["server"]["router-eth1"] > 5 and heard["client"]["router-eth0"] > 5
    assert "Space and time" in (run.folder / "index.html").read_text()
    stations = run.result["stations"]
    assert stations["router-eth0"]["counters"]["aFramesReceivedOK"] > 5
    assert run.result["medium"]["collisions"] > 0


def test_a_domain_that_is_too_long(tmp_path: Path) -> None:
    """The warning comes true: collisions after 512 bit times. Two hubs see the same collisions, which count once."""
    run = play(tmp_path, "too-long", read_file(PICTURE))
    (words,) = run.result["network"]["warnings"]
    assert "client - here - there - server has a delay value of 841.3 bit times, 266.3 more than the 575" in words
    assert sum(station["counters"]["aLateCollisions"] for station in run.result["stations"].values()) > 3
    seen = [hub["collisions"] for hub in run.result["network"]["hubs"]]
    assert run.result["medium"]["collisions"] == max(seen) < sum(seen)


def test_a_duplex_mismatch(tmp_path: Path) -> None:
    """Late collisions on the half-duplex side, FCS errors on the other."""
    run = play(tmp_path, "duplex-mismatch", read_file(PICTURE))
    server = run.result["stations"]["server"]["counters"]
    (switch,) = run.result["network"]["switches"]
    port = switch["ports"][1]["counters"]
    assert server["aLateCollisions"] > 5
    assert port["aFrameCheckSequenceErrors"] + port.get("aAlignmentErrors", 0) > 5
    assert server["aFrameCheckSequenceErrors"] == 0 and "aLateCollisions" not in port
    assert any("duplex mismatch" in words for words in run.result["network"]["warnings"])


def test_a_loop_storms_within_limits(tmp_path: Path) -> None:
    scenario = load_scenario(RIGS / "storm.yaml")
    limits = scenario.limits.model_copy(update={"sim_ns": 4_000_000})
    run = play(tmp_path, "storm", limits=limits)
    assert run.result["outcome"] == "limit" and run.passed
    left, right = run.result["network"]["switches"]
    moved = left["counters"]["addressesMoved"] + right["counters"]["addressesMoved"]
    assert moved > 300
    line_rate = 4_000_000 // 6_720 + 1  # frames of 64 octets that fit into the time
    for port in (*left["ports"], *right["ports"]):
        assert port["counters"].get("aFramesTransmittedOK", 0) <= line_rate
    assert max(port["counters"].get("aFramesTransmittedOK", 0) for port in left["ports"]) > 200


@pytest.mark.parametrize(
    ("change", "symptom"),
    [
        ({"wiring": "crossover"}, "no link"),
        ({"outages": [{"from_ns": 0, "to_ns": None}]}, "cut"),
        ({"outages": [{"from_ns": 1_000_000, "to_ns": 4_000_000}]}, "bad contact"),
        ({"bit_error_rate": 3e-6}, "bit errors"),
    ],
)
def test_bad_cables(tmp_path: Path, change: dict[str, Any], symptom: str) -> None:
    scenario = load_scenario(RIGS / "switch.yaml")
    raw = [json.loads(cable.model_dump_json(by_alias=True)) for cable in scenario.cables]
    raw[1] |= change
    cables = [type(scenario.cables[0]).model_validate(each) for each in raw]
    tcp = scenario.tcp.model_copy(update={"user_timeout_ms": 200})
    limits = scenario.limits.model_copy(update={"sim_ns": 1_000_000_000})
    run = play(tmp_path, "switch", read_file(PICTURE), cables=cables, tcp=tcp, limits=limits, load=[])
    cable = run.result["network"]["cables"][1]
    if symptom in ("no link", "cut"):
        assert run.result["outcome"] != "completed" and not cable["link"]
        assert "Link state" in (run.folder / "index.html").read_text()
    else:
        assert run.result["outcome"] == "completed" and cable["link"]
        assert (cable["bit_errors"] > 0) == (symptom == "bit errors")
        assert (cable["frames_cut"] > 0) == (symptom == "bad contact")


TRUNK = """
schema: 1
seed: 1
stations:
  - {name: client, backend: board, mac: "02:00:00:00:00:01", ip: 10.0.0.1/24}
  - {name: server, backend: SERVER, mac: "02:00:00:00:00:02", ip: 10.0.0.2/24}
hubs: [{name: hub}]
cables:
  - {name: trunk, from: client, to: hub.1, MORE}
  - {name: stub, from: server, to: hub.2}
apps:
  - {station: server, kind: http-server}
  - {station: client, kind: http-get, args: {server: server}}
tcp: {rto_initial_ms: 1000, rto_minimum_ms: 200, delayed_ack_ms: 20, send_buffer_octets: 16384}
limits: {sim_ns: 20000000000, wall_s: 60}
"""


def trunk(tmp_path: Path, more: str, server: str = "model", octets: int = 1000) -> Run:
    """Play a board and another station on two named cables and a hub."""
    scenario = parse_scenario(TRUNK.replace("MORE", more).replace("SERVER", server), "trunk.yaml")
    return run_scenario(Request("trunk", scenario, "board", CarriedFile("s.bin", bytes(octets)), tmp_path / "runs"))


def received_ns(run: Run, station: str) -> int:
    """Return when the first reception of a station began."""
    events = json.loads((run.folder / "timeline.json").read_text())["events"]
    return min(each["t_ns"] for each in events if (each["station"], each["kind"]) == (station, "receive"))


@pytest.mark.parametrize("server", ["model", "rtl", "board"])
def test_the_cable_between_two_rigs_has_a_name_and_a_length(server: str, tmp_path: Path) -> None:
    """40 m more of category 5, at 0.6 c, are 222 ns: five or six edges. The client is on a board."""
    short, long = (trunk(tmp_path, f"length_m: {length_m}", server) for length_m in (20, 60))
    assert short.passed and long.passed
    assert [each["name"] for each in long.result["network"]["cables"]] == ["trunk", "stub"]
    assert long.result["stations"]["client"]["segment"] == "trunk"
    assert [each.result["network"]["cables"][0]["delay_ns"] for each in (short, long)] == [111, 334]
    assert received_ns(long, "server") - received_ns(short, "server") in (200, 240)


def test_a_bad_cable_before_a_board_costs_frames_and_time(tmp_path: Path) -> None:
    good, bad = (trunk(tmp_path, f"bit_error_rate: {rate}", octets=6000) for rate in (0.0, 1e-4))
    assert good.passed and bad.passed and bad.result["network"]["cables"][0]["bit_errors"] > 0
    assert bad.result["sim_ns"] > good.result["sim_ns"] + 100_000_000, "a retransmission of TCP waits 200 ms"
    errors = [sum(each["counters"]["aFrameCheckSequenceErrors"] for each in run.result["stations"].values())
              for run in (good, bad)]  # fmt: skip
    assert errors[0] == 0 < errors[1]


def test_same_seed_same_result(tmp_path: Path) -> None:
    first, second = (play(tmp_path / name, "hub") for name in ("a", "b"))
    for name in ("result.json", "timeline.json", "wire.pcapng"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


@pytest.mark.parametrize(
    ("rig", "cable", "change", "words"),
    [
        ("hub", 1, {"bit_error_rate": 1e-6}, "cable server--hub.2 has bit errors, and .* in Verilog hears it"),
        ("hub", 2, {"outages": [{"from_ns": 0}]}, "cable talker--hub.3 has outages, and .* put a switch between"),
        ("switch", 0, {"bit_error_rate": 1e-6}, "cable client--switch.1 has bit errors, and 'client' in Verilog"),
    ],
)
def test_what_the_joint_cannot_carry(
    rig: str, cable: int, change: dict[str, Any], words: str, tmp_path: Path
) -> None:  # fmt: skip
    scenario = load_scenario(RIGS / f"{rig}.yaml")
    raw = [json.loads(each.model_dump_json(by_alias=True)) for each in scenario.cables]
    raw[cable] |= change
    cables = [type(scenario.cables[0]).model_validate(each) for each in raw]
    bad = scenario.model_copy(update={"cables": cables})
    with pytest.raises(ConfigError, match=words):
        run_scenario(Request(rig, bad, "rtl", SMALL, tmp_path / "runs"))
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_line_is_a_whole_scenario_in_verilog(tmp_path: Path) -> None:
    name, _, scenario = find_scenario("10base-t")
    more = scenario.model_copy(update={"segments": scenario.segments | {"other": Segment(delay_bits=5)}})
    with pytest.raises(ConfigError, match="segment 'line' is a 10base-t line"):
        run_scenario(Request(name, more, "rtl", SMALL, tmp_path / "runs"))


def test_a_partner_without_power_is_a_lost_link(tmp_path: Path) -> None:
    """No pulse comes any more, so after the link fail time (100 ticks, 5 ms here) the twin of the PHY says so."""
    name, _, scenario = find_scenario("10base-t")
    events = [PowerEvent(at_ns=9_000_000, action="power-off", target="server")]
    limits = scenario.limits.model_copy(update={"sim_ns": 25_000_000})
    changes = {"events": events, "limits": limits, "expect": Expectation(outcome="limit")}
    run = run_scenario(Request(name, scenario.model_copy(update=changes), "model", SMALL, tmp_path / "runs"))
    assert run.passed, run.result["error"]
    assert run.result["stations"]["client"]["driver"]["link_changes"] == 2, "it came up, and was lost"


# -- rig topology ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.stem for path in RIGS.glob("*.yaml")))
def test_every_rig_is_drawn(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "net.svg"
    run_topology(TopologyOptions(name, picture, False, True))
    facts = json.loads(capsys.readouterr().out)
    text = picture.read_text()
    assert text.startswith("<svg xmlns=")
    for device in facts["devices"]:
        assert f">{device['name']}</text>" in text
    assert text.count("<path ") == len(facts["links"])
    ways = re.findall(r' d="([^"]+)"', text)
    assert len(set(ways)) == len(facts["links"]), "no cable hides another"
    run_topology(TopologyOptions(name, None, False, False))
    assert len(capsys.readouterr().out.splitlines()) >= len(facts["devices"]) + len(facts["links"])


def test_topology_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot be written.*--svg"):
        run_topology(TopologyOptions("hub", tmp_path / "file" / "x.svg", False, True))
    with pytest.raises(UsageError, match="no scenario 'hubb'; did you mean 'hub'"):
        find_scenario("hubb")
