"""Scenario files: the shipped ones load, and each mistake is named with line, key, expectation and nearest word."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.config.loading import load_scenario, parse_scenario
from rig.config.scenario import HttpGetApp, Scenario
from rig.errors import ConfigError

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "scenarios"
FILES = sorted(FOLDER.glob("*.yaml"))
COLLIDE = (FOLDER / "collide.yaml").read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_files_load(path: Path) -> None:
    scenario = load_scenario(path)
    assert scenario.title
    assert scenario.clients()


def test_values_arrive() -> None:
    scenario = parse_scenario(COLLIDE, "collide.yaml")
    assert scenario.segments["lan"].delay_bits == 60
    assert scenario.station("server").mac == "02:00:00:00:00:02"
    client = scenario.clients()[0]
    assert isinstance(client, HttpGetApp)
    assert client.args.server == "server"


def test_a_backend_override_replaces_single_values() -> None:
    scenario = load_scenario(FOLDER / "server-power-loss.yaml")
    assert scenario.for_backend("model").tcp.user_timeout_ms is None
    assert scenario.for_backend("rtl").tcp.user_timeout_ms == 20
    assert scenario.for_backend("rtl").limits.sim_ns < scenario.limits.sim_ns
    assert {station.backend for station in scenario.for_backend("rtl").stations} == {"rtl"}


@pytest.mark.parametrize(
    ("old", "new", "key_path", "words", "nearest"),
    [
        ("duplex: half", "duplex: hlf", "segments.lan.duplex", "'half' or 'full'", "half"),
        ("duplex: half", "duplx: half", "segments.lan.duplx", "unknown key", "duplex"),
        ("speed_mbps: 100", "speed_mbps: 1000", "segments.lan.speed_mbps", "10 or 100", None),
        ("speed_mbps: 100", "speed_mbps: '100'", "segments.lan.speed_mbps", "10 or 100", None),
        ("duplex: half", "duplex: full", "segments.lan.duplex", "exactly two stations", None),
        ("seed: 1", "seed: true", "seed", "whole number", None),
        ("seed: 1", "seed: -1", "seed", "greater than or equal to 0", None),
        ("schema: 1", "schema: 2", "schema", "expected 1", None),
        ("schema: 1", "# schema", "", "'schema' is missing", None),
        ("limits:", "limit:", "limit", "unknown key", "limits"),
        ("wall_s: 300", "wall_ms: 3", "limits.wall_ms", "unknown key", "wall_s"),
        ("kind: http-get", "kind: htp-get", "apps[1].kind", "http-server", "http-get"),
        ("kind: http-get, ", "", "apps[1]", "'kind' is missing", None),
        ("kind: http-get", "kin: http-get", "apps[1].kin", "unknown key", "kind"),
        ("server: server,", "sever: server,", "apps[1].args.sever", "unknown key", "server"),
        ("server: server,", "", "apps[1].args", "'server' is missing", None),
        ("server: server,", "server: srver,", "apps[1].args.server", "no http-server", "server"),
        ("server: server, port: 80", "server: server, port: 81", "apps[1].args.port", "expected 80", None),
        ("server: server, port: 80, path: /picture.png", "server: server, path: /pic.png", "apps[1].args.path",
         "no resource", "/picture.png"),
        ("server: server,", "server: server, colour: 1,", "apps[1].args.colour", "one of server, port", None),
        ("position_bits: 60", "position_bits: 61", "stations[1].position_bits", "0 to 60", None),
        ("segment: lan, position_bits: 25", "segment: wan", "stations[2].segment", "no segment", "lan"),
        ("delay_bits: 60}", "delay_bits: 60, line: 10base-t}", "segments.lan.line", "exactly two stations", None),
        ("delay_bits: 60}", "delay_bits: 60, line: 10base-2}", "segments.lan.line", "10base-t", None),
        ("name: talker", "name: Talker", "stations[2].name", "no name", None),
        ("name: talker", "name: medium", "stations[2].name", "no name", None),
        ("name: talker", "name: client", "stations[2].name", "taken by stations[0]", None),
        ("00:03", "00:02", "stations[2].mac", "taken by station 'server'", None),
        ("02:00:00:00:00:03", "03:00:00:00:00:03", "stations[2].mac", "group address", None),
        ("02:00:00:00:00:03", "02:00:00:00:03", "stations[2].mac", "no MAC address", None),
        ("10.0.0.2/24", "10.0.0.1/24", "stations[1].ip", "taken by station 'client'", None),
        ("10.0.0.2/24", "10.0.0.2", "stations[1].ip", "10.0.0.1/24", None),
        ("10.0.0.2/24", "10.0.0.255/24", "stations[1].ip", "no address of a host", None),
        ("10.0.0.2/24,", "10.0.0.2/24, gateway: 10.0.1.1,", "stations[1].gateway", "an address in", None),
        ("station: talker, f", "station: tlker, f", "load[0].station", "no station", "talker"),
        ("rate_fps: 4000", "rate_fps: 0", "load[0].rate_fps", "greater than or equal to 1", None),
        ("frame_octets: 256", "frame_octets: 63", "load[0].frame_octets", "greater than or equal to 64", None),
        ("{station: client, kind: http-get", "{station: talker, kind: http-get", "apps[1].station", "has no ip", None),
        ("{station: client, kind: http-get", "{station: server, kind: http-get", "apps[1].args.server", "on one", None),
    ],
)  # fmt: skip
def test_mistakes_are_named(old: str, new: str, key_path: str, words: str, nearest: str | None) -> None:
    assert COLLIDE.count(old) >= 1
    text = COLLIDE.replace(old, new, 1)
    with pytest.raises(ConfigError) as caught:
        parse_scenario(text, "collide.yaml")
    error = caught.value
    assert error.key_path == key_path
    assert words in str(error)
    assert str(error).startswith(f"collide.yaml:{error.line}: ")
    if nearest is not None:
        assert error.nearest == nearest
    if new and key_path:
        assert new in text.splitlines()[(error.line or 0) - 1]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ("[{at_ns: 1, action: power-of, target: server}]", "'power-off' or 'power-on'"),
        ("[{at_ns: 1, action: power-off, target: srver}]", "no station"),
        ("[{at_ns: 1, action: power-on, target: server}]", "is on already"),
        (
            "[{at_ns: 5, action: power-off, target: server}, {at_ns: 4, action: power-on, target: server}]",
            "order of time",
        ),
    ],
)
def test_events_make_sense(events: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_scenario(f"{COLLIDE}\nevents: {events}\n", "collide.yaml")
    with pytest.raises(ConfigError, match=words):
        parse_scenario(f"{COLLIDE}\nbackends: {{board: {{events: {events}}}}}\n", "collide.yaml")


def test_the_first_problem_in_the_file_is_reported() -> None:
    text = COLLIDE.replace("duplex: half", "duplex: hlf").replace("rate_fps: 4000", "rate_fps: 0")
    with pytest.raises(ConfigError) as caught:
        parse_scenario(text, "collide.yaml")
    assert caught.value.key_path == "segments.lan.duplex"


# -- any damage: a scenario, or a ConfigError, and nothing else --------------------------------------------------------

TEXTS = [path.read_text() for path in FILES]
ODD_VALUES: list[Any] = [
    None, True, 0, -1, 1 << 70, 1.5, "", "lan", "client", "02:00:00:00:00:01", "10.0.0.1/24", "10.0.0.1/33", [], {},
    [[]], {"kind": "http-get"}, {"": None}, "\x00", "٣", "é" * 300, ["client"], {"server": "server"}, {1: 2},
]  # fmt: skip


def _accepts_or_explains(text: str) -> None:
    try:
        scenario = parse_scenario(text, "mutated.yaml")
    except ConfigError as err:
        assert str(err).startswith("mutated.yaml")
    else:
        assert isinstance(scenario, Scenario)
        scenario.for_backend("rtl")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False), st.text(max_size=8))
def test_damaged_text(text: str, dice: random.Random, insert: str) -> None:
    for _ in range(dice.randint(1, 3)):
        start = dice.randrange(len(text))
        end = min(len(text), start + dice.choice((0, 1, 2, 30)))
        piece = dice.choice((insert, text[end : end + 20], ":", "  ", "\n", "[", "{", "&a ", "*a", "0", "-"))
        text = text[:start] + piece + text[end:]
    _accepts_or_explains(text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False))
def test_damaged_structure(text: str, dice: random.Random) -> None:
    tree = yaml.safe_load(text)
    for _ in range(dice.randint(1, 3)):
        _damage(tree, dice)
    _accepts_or_explains(yaml.safe_dump(tree, allow_unicode=True))


def _damage(node: Any, dice: random.Random) -> None:
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = dice.choice(keys)
        child = node[key]
        if isinstance(child, dict | list) and child and dice.random() < 0.8:
            node = child
            continue
        action = dice.randrange(4)
        if action == 0:
            del node[key]
        elif action == 1 and isinstance(node, dict):
            node[f"{key}x"] = node.pop(key)
        elif action == 2 and isinstance(node, list):
            node.append(child)
        else:
            node[key] = copy.deepcopy(dice.choice(ODD_VALUES))  # later damage must not reach the table
        return
