"""Cables in a scenario file: what is refused, with the names involved, and what is only warned of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rig.config.loading import parse_scenario
from rig.config.network import Cable
from rig.config.plan import places_of, plan_of
from rig.config.scenario import Scenario
from rig.config.topology import HUB, End, Topology, path_delay_bits
from rig.errors import ConfigError


def document(**changes: Any) -> dict[str, Any]:
    """Return a file with two stations on a hub, changed at its top."""
    base: dict[str, Any] = {
        "schema": 1,
        "stations": [
            {"name": "client", "mac": "02:00:00:00:00:01", "ip": "10.0.0.1/24"},
            {"name": "server", "mac": "02:00:00:00:00:02", "ip": "10.0.0.2/24"},
        ],
        "hubs": [{"name": "hub"}],
        "cables": [{"from": "client", "to": "hub.1"}, {"from": "server", "to": "hub.2"}],
        "apps": [
            {"station": "server", "kind": "http-server"},
            {"station": "client", "kind": "http-get", "args": {"server": "server"}},
        ],
    }
    return base | changes


def load(**changes: Any) -> Scenario:
    return parse_scenario(json.dumps(document(**changes), indent=1), "net.yaml")


def cables(*pairs: str) -> list[dict[str, Any]]:
    return [dict(zip(("from", "to"), pair.split(), strict=True)) for pair in pairs]


ENDS = ("client hub.1", "server hub.2")
EXTRA = {"name": "extra", "mac": "02:00:00:00:00:02", "ip": "10.0.0.3/24"}
IP = "10.0.0.9/24"
TWO_SWITCHES = [{"name": "left"}, {"name": "right"}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cables": cables(*ENDS, "client hub.3")}, r"two cables in one port: client holds the end of cables\[0\]"),
        ({"cables": cables("client hub.1", "server hub.1")}, r"two cables in one port: hub\.1 holds the end of cab"),
        ({"cables": cables("client hub.9", "server hub.2")}, r"'hub' has no port 'hub\.9'.*hub\.1 to hub\.4"),
        ({"cables": cables("clint hub.1", "server hub.2")}, r"nothing called 'clint' to plug.*did you mean 'client'"),
        ({"cables": cables("client hub.1")}, r"'server' is not connected to anything"),
        ({"hubs": [{"name": "client"}]}, r"the name 'client' is taken by stations\[0\]"),
        ({"hubs": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
          "cables": cables("client a.1", "server b.1", "a.2 b.2", "b.3 c.1", "c.2 a.3")},
         r"a loop through hubs: (a - b - c - a|b - a - c - b|c - b - a - c|b - c - a - b|a - c - b - a|c - a - b - c)"),
        ({"cables": cables(*ENDS, "hub.3 hub.4")}, r"a loop through hubs: hub - hub"),
        ({"hubs": [{"name": "a"}, {"name": "b"}], "cables": cables("client a.1", "server b.1", "a.2 b.2", "a.3 b.3")},
         r"a loop through hubs: (a - b - a|b - a - b)"),
        ({"hubs": [], "switches": TWO_SWITCHES,
          "cables": cables("client left.1", "server right.1", "left.2 right.2", "left.3 right.3")},
         r"a loop through switches: (left - right - left|right - left - right).*allow_loops: true"),
        ({"cables": [*cables("client hub.1"), {"from": "server", "to": "hub.2", "speed_mbps": 10}]},
         r"hub 'hub' repeats at 100 Mb/s, by cable client--hub\.1"),
        ({"cables": [*cables("client hub.1"), {"from": "server", "to": "hub.2", "length_m": 0}]}, r"length_m"),
        ({"cables": [*cables("client hub.1"), {"from": "server", "to": "hub.2", "kind": "string"}]}, r"kind"),
        ({"cables": [*cables("client hub.1"), {"from": "server", "to": "hub.2",
          "outages": [{"from_ns": 5, "to_ns": 5}]}]}, r"outages stand in order"),
        ({"cables": [*cables("client hub.1"), {"from": "server", "to": "hub.2",
          "outages": [{"from_ns": 5}, {"from_ns": 9}]}]}, r"nothing comes after a cut"),
        ({"hubs": [], "switches": [{"name": "sw", "ports": 2, "half_duplex_ports": [3]}],
          "cables": cables("client sw.1", "server sw.2")}, r"no such port.*1 to 2"),
        ({"routers": [{"name": "r", "interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:02", "ip": IP}]}],
          "cables": cables(*ENDS, "r.eth0 hub.3")}, r"the MAC address 02:00:00:00:00:02 is taken by station 'server'"),
        ({"routers": [{"name": "r", "interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:09", "ip": IP}]}]},
         r"'r-eth0' is not connected to anything"),
        ({"routers": [{"name": "r", "interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:09", "ip": IP}],
           "routes": [{"network": "10.0.2.1/24", "gateway": "10.0.0.1"}]}], "cables": cables(*ENDS, "r.eth0 hub.3")},
         r"'10\.0\.2\.1/24' is no network"),
    ],
)  # fmt: skip
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        load(**changes)


def with_station(**changes: Any) -> list[dict[str, Any]]:
    return [*document()["stations"], {**EXTRA, **changes}]


def test_stations_that_are_refused() -> None:
    three = cables(*ENDS, "extra hub.3")
    with pytest.raises(ConfigError, match="MAC address 02:00:00:00:00:02 is taken by station 'server'"):
        load(stations=with_station(), cables=three)
    with pytest.raises(ConfigError, match="host 'extra' has no ip address and carries no load"):
        load(stations=with_station(mac="02:00:00:00:00:03", ip=None), cables=three)
    with pytest.raises(ConfigError, match="'extra' cannot be full duplex at hub 'hub'"):
        load(stations=with_station(mac="02:00:00:00:00:03", duplex="full"), cables=three)
    with pytest.raises(ConfigError, match="'extra' is on segment 'lan' and at the end of cable extra--hub"):
        load(stations=with_station(mac="02:00:00:00:00:03", segment="lan"), cables=three, segments={"lan": {}})


def test_a_switch_loop_may_be_allowed() -> None:
    around = cables("client left.1", "server right.1", "left.2 right.2", "left.3 right.3")
    assert load(hubs=[], switches=TWO_SWITCHES, cables=around, allow_loops=True).allow_loops


def test_modes_follow_the_other_end() -> None:
    switches = [{"name": "sw", "half_duplex_ports": [2]}]
    topology = Topology(load(switches=switches, cables=cables("client sw.1", "server sw.2", "hub.1 sw.3")))
    ends = {str(end): topology.is_full_duplex(end) for end in topology.plugged}
    assert ends == {"client": True, "sw.1": True, "server": False, "sw.2": False, "hub.1": False, "sw.3": False}
    assert topology.warnings() == []
    plan = plan_of(topology.scenario)
    assert [device["kind"] for device in plan["devices"]] == ["hub", "switch", "station", "station"]
    assert [link["mode"] for link in plan["links"]] == ["full", "half", "half"]


NAMED = [{"name": "trunk", "from": "client", "to": "hub.1", "length_m": 80}, *cables("server hub.2")]


def test_a_cable_may_have_a_name() -> None:
    scenario = load(cables=NAMED)
    assert [each.name for each in scenario.cables] == ["trunk", "server--hub.2"]
    assert Scenario.model_validate_json(scenario.model_dump_json(by_alias=True)) == scenario
    topology = Topology(scenario)
    assert topology.place(scenario.station("client")) == "trunk"
    assert [link["words"] for link in plan_of(scenario)["links"]] == [
        "trunk: 80 m cat5, 100 Mb/s", "10 m cat5, 100 Mb/s"]  # fmt: skip
    crossed = [NAMED[0] | {"wiring": "crossover"}, NAMED[1]]
    assert _only_warning(cables=crossed).startswith("cable trunk is crossover; client and hub.1 need a straight one")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hub", r"cables\[0\]\.name: the name 'hub' is taken by hubs\[0\]"),
        ("client", r"cables\[0\]\.name: the name 'client' is taken by stations\[0\]"),
        ("lan", r"cables\[0\]\.name: the name 'lan' is taken by segments\.lan"),
        ("Trunk", r"'Trunk' is no name"),
    ],
)
def test_names_that_a_cable_cannot_have(name: str, message: str) -> None:
    more = [{**EXTRA, "mac": f"02:00:00:00:00:1{n}", "ip": f"10.0.1.{n}/24", "name": f"e{n}", "segment": "lan"}
            for n in (1, 2)]  # fmt: skip
    with pytest.raises(ConfigError, match=message):
        load(
            cables=[NAMED[0] | {"name": name}, NAMED[1]],
            segments={"lan": {}},
            stations=[*document()["stations"], *more],
        )


def test_two_cables_of_one_name() -> None:
    with pytest.raises(ConfigError, match=r"cables\[1\]\.name: the name 'trunk' is taken by cables\[0\]"):
        load(cables=[NAMED[0], NAMED[1] | {"name": "trunk"}])


@pytest.mark.parametrize("backend", ["model", "rtl", "board", "nic"])
def test_an_end_that_is_not_there_is_told_with_all_that_are(backend: str) -> None:
    stations = document()["stations"]
    stations[0]["backend"] = backend
    routers = [{"name": "r", "interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:09", "ip": IP}]}]
    switches = [{"name": "sw"}]
    with pytest.raises(ConfigError) as caught:
        load(stations=stations, routers=routers, switches=switches, cables=cables("client hubb.1", "server hub.2"))
    assert str(caught.value).endswith(
        "cables[0].to: there is nothing called 'hubb.1' to plug a cable into; expected one of client, server, r.eth0,"
        " hub.N, sw.N; did you mean 'hub.N'?"
    )


def test_places() -> None:
    """What `rig topology` says of a station that names a backend, and of one at a real cable."""
    stations = document(segments={"lan": {"duplex": "full", "cable": "bench"}}, hubs=[], cables=[])["stations"]
    for station, key, where in ((stations[0], "port", "/dev/ttyUSB0"), (stations[1], "interface", "enx1")):
        station |= {"segment": "lan", key: where}
    stations[0]["backend"] = "board"
    scenario = load(stations=stations, segments={"lan": {"duplex": "full", "cable": "bench"}}, hubs=[], cables=[])
    assert places_of(scenario) == {"client": "board at /dev/ttyUSB0", "server": "nic at enx1"}
    assert plan_of(scenario)["devices"][0]["words"] == "100 Mb/s, cable bench"
    router = {"name": "r", "backend": "model", "interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:09", "ip": IP}]}
    assert places_of(load(routers=[router], cables=cables(*ENDS, "r.eth0 hub.3"))) == {"r": "model"}


# -- path delay values -------------------------------------------------------------------------------------------------


def cable(length_m: float, speed_mbps: int, kind: str = "cat5") -> Cable:
    return Cable.model_validate({"from": "a", "to": "b", "length_m": length_m, "speed_mbps": speed_mbps, "kind": kind})


def test_published_examples() -> None:
    """Two links of 2 km 10BASE-FL: 573.75 with margin; class II repeaters, 100 + 5 + 100 m of category 5: 511.96."""
    assert path_delay_bits([cable(2000, 10, "fibre")] * 2) == pytest.approx(573.75)
    assert path_delay_bits([cable(100, 100), cable(5, 100), cable(100, 100)]) == pytest.approx(511.96)
    # Two 10BASE-T links of 100 m: 15.25 + 165 + 2 * 11.3 + 5.
    assert path_delay_bits([cable(100, 10)] * 2) == pytest.approx(207.85)


def test_a_path_that_is_too_long_is_named_with_its_excess() -> None:
    hubs = [{"name": "a"}, {"name": "b"}]
    wires = [
        {"from": "client", "to": "a.1", "length_m": 100},
        {"from": "a.2", "to": "b.1", "length_m": 15},
        {"from": "server", "to": "b.2", "length_m": 100},
    ]
    (words,) = Topology(load(hubs=hubs, cables=wires)).warnings()
    assert "client - a - b - server" in words or "server - b - a - client" in words
    assert "523.1 bit times, 11.1 more than the 512 allowed" in words
    wires[1]["length_m"] = 5
    topology = Topology(load(hubs=hubs, cables=wires))
    assert topology.warnings() == []
    assert [path.excess_bits for path in topology.longest_paths()] == [0.0]


def test_wrong_pairs_and_mismatches_are_warned_of() -> None:
    wires = [{"from": "client", "to": "hub.1", "wiring": "crossover"}, {"from": "server", "to": "hub.2"}]
    assert "client--hub.1 is crossover; client and hub.1 need a straight one: no link" in _only_warning(cables=wires)
    stations = document()["stations"]
    stations[1]["duplex"] = "half"
    words = _only_warning(
        stations=stations, hubs=[], switches=[{"name": "sw"}], cables=cables("client sw.1", "server sw.2")
    )
    assert "sw.2 is full duplex and server half: a duplex mismatch" in words


def _only_warning(**changes: Any) -> str:
    (words,) = Topology(load(**changes)).warnings()
    return words


def test_ends() -> None:
    topology = Topology(load())
    assert topology.end("hub.4") == End(HUB, "hub", 4)
    for text in ("hub", "hub.0", "hub.5", "hub.x", "nobody", "client.1"):
        assert topology.end(text) is None, text
