"""The comparison itself: its stimuli, what it says of two records, and that it finds and makes small what is planted.

Nothing here needs a simulator: a twin with a bug in it stands in for the Verilog.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_models.adapter import backoff, csma_cd, interrupts, reception
from firmware_models.adapter.counters import Counters
from firmware_models.adapter.deference import Deference
from rig.adapter import registers as reg
from rig.adapter.recorder import Timeline, TimelineEvent, WireFrame
from rig.adapter.regmap import load
from rig.errors import ConfigError, UsageError
from rig.regress.compare.difference import compare
from rig.regress.compare.minimise import PLAYS, Minimiser, describe, examine
from rig.regress.compare.play import STATION_LIMIT
from rig.regress.compare.record import Fact, Record, record_from_json
from rig.regress.compare.run import run_comparison
from rig.regress.compare.sides import Side, run_twin
from rig.regress.compare.stimulus import EPISODE_GRID_NS, Poke, Send, Stimulus, from_json, read_stimulus
from rig.regress.compare.traffic import EPISODE_BITS, Request, random_stimulus

BITS = 4 * EPISODE_BITS


# -- stimuli -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full_duplex", [False, True])
@pytest.mark.parametrize("speed_mbps", [100, 10])
def test_a_stimulus_survives_its_file(speed_mbps: int, full_duplex: bool, tmp_path: Path) -> None:
    stimulus = random_stimulus(Request(3, 2, BITS, speed_mbps, full_duplex))
    path = tmp_path / "deep" / "stimulus.json"
    stimulus.write(path)
    assert read_stimulus(path) == stimulus


def test_a_seed_is_one_stimulus() -> None:
    assert random_stimulus(Request(1, bits=BITS)) == random_stimulus(Request(1, bits=BITS))
    assert random_stimulus(Request(1, bits=BITS)) != random_stimulus(Request(2, bits=BITS))


def test_random_traffic_is_of_every_sort() -> None:
    """What a comparison that says 'no difference' has tried."""
    stimulus = random_stimulus(Request(1, bits=1_000_000))
    parts = [part for episode in stimulus.episodes for part in episode.parts]
    sends = [step for part in parts for step in part.steps if isinstance(step, Send)]
    destinations = {send.head[:6] for send in sends}
    assert {bytes([2, 0, 0, 0, 0, index]) for index in range(1, 6)} | {b"\xff" * 6} <= destinations
    assert any(destination[0] & 1 and destination != b"\xff" * 6 for destination in destinations)
    sizes = {send.octets for send in sends}
    assert {0, 14, 59, 60, 61, 1514, 1515} <= sizes and len(sizes) > 100
    injects = [any(address == reg.REG_BACKOFF_INJECT for address, _ in part.setup) for part in parts]
    assert any(injects) and not all(injects)
    flags = [value for part in parts for address, value in part.setup if address == reg.REG_RX_CFG]
    for flag in (reg.RX_CFG_PROMISC, reg.RX_CFG_BCAST, reg.RX_CFG_MCAST, reg.RX_CFG_ACCEPT_RUNT, reg.RX_CFG_ACCEPT_ERR):
        assert any(value & flag for value in flags) and not all(value & flag for value in flags)
    assert any(isinstance(step, Poke) for part in parts for step in part.steps)
    assert len({place.phase_ns for place in stimulus.places}) > 1
    assert stimulus.count_stations() == 5


def test_every_register_but_constants_is_set_up() -> None:
    (part, *_) = random_stimulus(Request(1, bits=1)).episodes[0].parts
    assert {
        reg.REG_CTRL, reg.REG_INT_MASK, reg.REG_IRQ_MODERATION, reg.REG_IPG, reg.REG_COLLISION_CFG,
        reg.REG_BACKOFF_SEED, reg.REG_MAC_ADDR_LO, reg.REG_MAC_ADDR_HI, reg.REG_MHASH_LO, reg.REG_MHASH_HI,
        reg.REG_RX_CFG, reg.REG_RX_START, reg.REG_RX_STOP, reg.REG_RX_BNRY, reg.REG_PAUSE_CFG,
    } <= {address for address, _ in part.setup}  # fmt: skip


@pytest.mark.parametrize(
    "request_",
    [
        Request(1, 0),
        Request(1, STATION_LIMIT + 1),
        Request(1, 3, full_duplex=True),
        Request(1, 5, 0),
        Request(1, 5, 100, 1000),
    ],
)
def test_what_cannot_be_made(request_: Request) -> None:
    with pytest.raises(UsageError):
        random_stimulus(request_)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "seed": 1, "stations": []}'],
)  # fmt: skip
def test_a_file_that_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"file\.json"):
        read_stimulus(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_stimulus(tmp_path / "no file")


def test_a_file_with_a_station_that_is_not_there() -> None:
    value = random_stimulus(Request(1, bits=1)).to_json()
    value["episodes"][0]["parts"][0]["station"] = 5
    with pytest.raises(ValueError, match="station 5 of 5"):
        from_json(value)


# -- records -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def record() -> Record:
    return run_twin(random_stimulus(Request(1, bits=BITS)))


def test_a_record_survives_json(record: Record) -> None:
    copied = record_from_json(json.loads(json.dumps(record.to_json())))
    assert copied == record
    assert copied.lines() == record.lines()


def test_what_is_recorded(record: Record) -> None:
    assert all(begin_ns % EPISODE_GRID_NS == 0 for begin_ns in record.episodes_ns) and len(record.episodes_ns) == 4
    assert record.end_ns >= BITS * 10
    words = {tuple(fact.text.split()[:2]) for fact in record.facts}
    assert {("register", "TX_STATUS[3]"), ("register", "STATUS"), ("window", "TX_TIME"), ("window", "ROM")} <= words
    assert {("counter", "aFramesTransmittedOK"), ("frame", "page"), ("service", "INT_STATUS")} <= words
    kinds = {event.kind for event in record.timeline.events}
    assert {"transmit", "collision", "jam", "backoff", "defer", "receive", "irq"} <= kinds


def test_registers_are_read_at_quiescent_points(record: Record) -> None:
    """Every readable register of every station after each episode, when nobody has sent for a while."""
    readable = sum(1 for register in load().registers if register.access != "wo" for _ in register.offsets())
    registers = [fact for fact in record.facts if fact.text.startswith("register ")]
    assert len(registers) == readable * 5 * len(record.episodes_ns)
    sends = [event.end_ns for event in record.timeline.events if event.kind == "transmit"]
    for fact in registers:
        assert all(end_ns + 1_000 < fact.t_ns for end_ns in sends if end_ns <= fact.t_ns)


def test_no_difference(record: Record) -> None:
    comparison = compare(record, run_twin(random_stimulus(Request(1, bits=BITS))))
    assert (comparison.differences, comparison.latency_ns, comparison.first) == (0, 0, None)


def small_record(**changes: Any) -> Record:
    transmit = TimelineEvent(100, 200, "s0", "transmit", 1, 1)
    values: dict[str, Any] = {
        "facts": [Fact(300, "s0", "register STATUS 0x1")],
        "timeline": Timeline([transmit], [WireFrame(100, "s0", b"\x01\x02")]),
    }
    return Record(**(values | changes))


def test_what_a_difference_says() -> None:
    later = Timeline([TimelineEvent(100, 240, "s0", "transmit", 1, 1)], [WireFrame(100, "s0", b"\x01\x02")])
    comparison = compare(small_record(), small_record(timeline=later))
    assert comparison.differences == 1
    assert comparison.latency_ns == 40
    assert comparison.first is not None
    assert comparison.first.at_ns == 100
    assert comparison.first.kinds == {"transmit"}
    told = comparison.first.explain()
    assert "transmit frame 1 attempt 1 until 200" in told[0] and told[0].startswith(" rtl")
    assert any("until 240" in line and line.startswith("twin") for line in told)


def test_a_side_that_ends_before_the_other() -> None:
    comparison = compare(small_record(facts=[]), small_record())
    assert comparison.differences == 1
    assert comparison.first is not None
    shared = [fact.text for fact in comparison.first.before]
    assert shared == ["transmit frame 1 attempt 1 until 200", "wire 2 octets 0102"]
    assert " rtl (nothing more)" in comparison.first.explain()


# -- planted bugs ------------------------------------------------------------------------------------------------------


def draw_without_the_last_bit(self: backoff.Generator) -> int:
    return original_word(self) & ~1


def count_everything_as_broadcast(self: Counters, name: str, amount: int = 1) -> None:
    renamed = "aBroadcastFramesReceivedOK" if name == "aMulticastFramesReceivedOK" else name
    original_add(self, renamed, amount)


def forget_who_transmitted(self: Deference, edge: int, sees_itself: bool) -> None:
    original_ended(self, edge + 1, sees_itself)


original_word = backoff.Generator.word
original_add = Counters.add
original_ended = Deference.transmission_ended

BUGS: dict[str, tuple[object, str, object]] = {
    "the draw loses a bit": (backoff.Generator, "word", draw_without_the_last_bit),
    "the gap after an own frame is a nibble longer": (Deference, "transmission_ended", forget_who_transmitted),
    "a multicast counts as broadcast": (Counters, "add", count_everything_as_broadcast),
    "a frame is taken out of the FIFO a clock late": (reception, "FIFO_CLOCKS", reception.FIFO_CLOCKS + 1),
    "a request crosses an edge late": (csma_cd, "REQUEST_SYNC_EDGES", csma_cd.REQUEST_SYNC_EDGES + 1),
    "a unit of moderation is 63 clocks": (interrupts, "MODERATION_CLOCKS", 63),
}


def with_bug(bug: tuple[object, str, object]) -> Side:
    """Return the twin with a part replaced while it plays: a mutated copy."""

    def play(stimulus: Stimulus) -> Record:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(*bug)
            return run_twin(stimulus)

    return play


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found_and_made_small(name: str, tmp_path: Path) -> None:
    told: list[str] = []
    stimulus = random_stimulus(Request(1, bits=20 * EPISODE_BITS))
    outcome = run_comparison(stimulus, with_bug(BUGS[name]), folder=tmp_path, name="found", tell=told.append)
    assert not outcome.is_same
    assert outcome.small is not None and outcome.replay is not None
    small = outcome.small.stimulus
    assert small.count_stations() <= 3, describe(small)
    assert small.count_steps() <= 6, describe(small)
    assert len(small.episodes) <= 2, describe(small)
    assert sum(len(part.setup) for episode in small.episodes for part in episode.parts) <= 40
    assert told[0].startswith("playing 5 of 5 stations")

    again = examine(read_stimulus(outcome.replay), with_bug(BUGS[name]), run_twin)
    assert again.comparison == outcome.small.comparison
    healthy = examine(read_stimulus(outcome.replay), run_twin, run_twin)
    assert healthy.comparison.first is None


def test_a_difference_keeps_its_kind() -> None:
    """Out of two bugs the one that was found first is the one that is made small."""
    stimulus = random_stimulus(Request(1, bits=20 * EPISODE_BITS))
    buggy = with_bug(BUGS["a multicast counts as broadcast"])
    finding = examine(stimulus, buggy, run_twin)
    assert finding.comparison.first is not None and finding.comparison.first.kinds == {"counter"}
    small = Minimiser(finding, buggy, run_twin, on_progress=lambda _: None).run()
    assert small.comparison.first is not None and small.comparison.first.kinds & {"counter"}


def test_the_number_of_plays_is_limited() -> None:
    plays = 0
    buggy = with_bug(BUGS["the draw loses a bit"])

    def counted(stimulus: Stimulus) -> Record:
        nonlocal plays
        plays += 1
        return buggy(stimulus)

    finding = examine(random_stimulus(Request(1, bits=20 * EPISODE_BITS)), counted, run_twin)
    plays = 0
    Minimiser(finding, counted, run_twin, plays=7, on_progress=lambda _: None).run()
    assert 0 < plays <= 7 < PLAYS


def test_without_minimising_the_whole_stimulus_is_kept(tmp_path: Path) -> None:
    stimulus = random_stimulus(Request(1, bits=20 * EPISODE_BITS))
    outcome = run_comparison(
        stimulus, with_bug(BUGS["the draw loses a bit"]), folder=tmp_path, name="whole", plays=0, tell=_ignore
    )
    assert outcome.small is None and outcome.replay is not None
    assert read_stimulus(outcome.replay) == stimulus
    facts = outcome.to_json()
    assert facts["differences"] > 0 and facts["first_difference"]


def test_an_episode_that_does_not_end_is_ended(record: Record) -> None:
    """Nobody sends what waits for a transmitter that is off."""
    stimulus = random_stimulus(Request(1, 1, bits=1))
    (episode,) = stimulus.episodes
    (part,) = episode.parts
    off = tuple((address, value & ~reg.CTRL_TX_EN) if address == reg.REG_CTRL else (address, value)
                for address, value in part.setup)  # fmt: skip
    stuck = replace(stimulus, episodes=(replace(episode, parts=(replace(part, setup=off),)), episode))
    result = run_twin(stuck)
    assert [fact.text for fact in result.facts if fact.text == "gives up"] == ["gives up"]
    assert result.timeline.frames, "the second episode is played as if there had been no first"


def _ignore(_: str) -> None: ...
