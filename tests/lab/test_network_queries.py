"""Queries and the picture about hubs and switches, on the hand-made run with a network put into it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rig.lab.facts import LabFacts, NoSuchFactError
from rig.lab.queries import QUERIES
from rig.report.lab_pictures import PICTURES
from rig.report.run_facts import Event
from tests.lab.sample_facts import sample_facts

HEARD = {"client": {"server": 1}, "server": {"client": 10, "02:00:00:00:00:09": 1}}
SENT = (
    Event(0, 100, "client", "transmit"),
    Event(50, 150, "server", "transmit"),
    Event(60, 60, "server", "collision", collision_bit=1),
    Event(150, 300, "client", "transmit"),
    Event(200, 260, "server", "transmit"),
    Event(300, 400, "server", "transmit"),
    Event(0, 400, "hub.1", "transmit"),
)


@pytest.fixture
def alone(tmp_path: Path) -> LabFacts:
    return sample_facts(tmp_path)


@pytest.fixture
def facts(alone: LabFacts) -> LabFacts:
    switches = [{"name": "a", "counters": {"framesFlooded": 2}}, {"name": "b", "counters": {"framesFlooded": 3}}]
    result = {**alone.run.result, "network": {"heard": HEARD, "switches": switches, "media": [], "domains": []}}
    return LabFacts(replace(alone.run, result=result, events=SENT))


CASES: list[tuple[str, dict[str, Any], int | str]] = [
    ("heard", {"station": "server"}, 11),
    ("heard", {"station": "server", "sender": "client"}, 10),
    ("heard", {"station": "client", "sender": "client"}, 0),
    ("listeners", {"sender": "client"}, 1),
    ("listeners", {"sender": "client", "at_least": 10}, 1),
    ("listeners", {"sender": "client", "at_least": 11}, 0),
    ("listeners", {"sender": "server"}, 1),
    ("listeners", {"sender": "server", "at_least": 2}, 0),
    ("senders-at-once", {}, 2),
    ("switch-counter", {"name": "framesFlooded"}, 5),
    ("switch-counter", {"name": "never_moved"}, 0),
    # 301 octets, once each, from 300 to 2500 us and the 608 bits of the probe in a minimal frame
    ("throughput-kbps", {}, 8 * 301 * 1000 // 2257),
]


@pytest.mark.parametrize(("query", "arguments", "value"), CASES)
def test_queries_about_a_network(facts: LabFacts, query: str, arguments: dict[str, Any], value: int | str) -> None:
    assert QUERIES[query](facts, **arguments) == value


def test_whole_frames_that_follow_each_other_are_not_at_once(facts: LabFacts) -> None:
    following = tuple(event for event in SENT if event.t_ns != 200)
    assert QUERIES["senders-at-once"](LabFacts(replace(facts.run, events=following))) == 1
    assert QUERIES["senders-at-once"](LabFacts(replace(facts.run, events=()))) == 0


def test_what_a_run_without_a_network_does_not_know(alone: LabFacts) -> None:
    for query, arguments in (("heard", {"station": "client"}), ("listeners", {"sender": "client"}),
                             ("switch-counter", {"name": "framesFlooded"})):  # fmt: skip
        with pytest.raises(NoSuchFactError, match="only where there are cables"):
            QUERIES[query](alone, **arguments)
    with pytest.raises(NoSuchFactError, match="no data was sent over TCP by server"):
        QUERIES["throughput-kbps"](alone, sender="server")


def test_the_lanes_tell_whole_frames_from_collided_ones(facts: LabFacts) -> None:
    titles = re.findall("<title>(.*?)</title>", PICTURES["traffic"](facts.run))
    assert titles == [
        "whole frame, from 0 ns", "whole frame, from 150 ns",
        "collided, from 50 ns", "whole frame, from 200 ns", "whole frame, from 300 ns",
    ]  # fmt: skip


def test_the_table_of_who_heard_whom(facts: LabFacts) -> None:
    assert '<td class="n">10</td>' in PICTURES["heard"](facts.run)
