"""The pictures of labs, on a run folder that was made by hand: what each must show, and what it says of nothing."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from rig.lab.facts import LabFacts
from rig.report.lab_pictures import PICTURES
from rig.report.run_facts import RunFacts, read_run
from tests.lab.sample_facts import CLIENT, ISN, sample_facts


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> LabFacts:
    return sample_facts(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> RunFacts:
    """A run in which nothing happened."""
    folder = tmp_path_factory.mktemp("silent")
    sample_facts(folder)
    (folder / "timeline.json").write_text(json.dumps({"schema": 1, "bit_time_ns": 100, "events": []}))
    (folder / "sockets.json").unlink()
    run = read_run(folder)
    return RunFacts(run.folder, run.result, run.environment, run.bit_time_ns, (), (), ())


def titles(markup: str) -> list[str]:
    return re.findall(r"<title>(.*?)</title>", markup)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_well_formed(facts: LabFacts, silent: RunFacts, name: str) -> None:
    for run in (facts.run, silent):
        markup = PICTURES[name](run)
        assert markup
        ElementTree.fromstring(f"<div>{markup}</div>")


@pytest.mark.parametrize("name", sorted(set(PICTURES) - {"segment", "counters"}))
def test_a_picture_of_nothing_says_so(silent: RunFacts, name: str) -> None:
    assert "In this run " in PICTURES[name](silent)


def test_the_time_sequence_plot_tells_data_loss_and_repetition_apart(facts: LabFacts) -> None:
    words = titles(PICTURES["time-sequence"](facts.run))
    assert words.count("100 octets from 101 at 400 µs, lost") == 1
    assert words.count("100 octets from 101 at 900 µs, sent again") == 1
    assert words.count("100 octets from 1 at 300 µs") == 1


def test_the_time_out_plot_has_every_value_and_every_repetition(facts: LabFacts) -> None:
    words = titles(PICTURES["timeout"](facts.run))
    assert [each for each in words if each.startswith("RTO")] == [
        "RTO 9 ms from 10 µs on", "RTO 6 ms from 150 µs on", "RTO 12 ms from 900 µs on",
    ]  # fmt: skip
    assert "seq 101 sent again at 900 µs" in words


def test_writes_stand_against_segments(facts: LabFacts) -> None:
    words = titles(PICTURES["segmentation"](facts.run))
    assert words[0] == "write 1: 301 octets, at 300 µs"
    assert words.count("octets 100 to 199") == 2, "the segment that was sent twice"


def test_the_window_lies_over_the_stream(facts: LabFacts) -> None:
    words = titles(PICTURES["window"](facts.run))
    assert "window of 4000: up to 4001" in words
    assert "1 acknowledged" in words


def test_blocks_have_states_and_descriptors_where_they_change(facts: LabFacts) -> None:
    markup = PICTURES["blocks"](facts.run)
    texts = re.findall(r'class="block-state"[^>]*>([^<]*)<', markup)
    assert texts == [
        "CLOSED fd 3", "SYN-SENT fd 3", "ESTABLISHED fd 3", "FIN-WAIT-1", "TIME-WAIT", "gone, after 4 ms",
        "LISTEN fd 3", "SYN-RECEIVED", "ESTABLISHED fd 4", "gone",
    ]  # fmt: skip


def test_queues_show_what_waits(facts: LabFacts) -> None:
    texts = re.findall(r'class="block-state"[^>]*>([^<]*)<', PICTURES["queues"](facts.run))
    assert texts[-3:] == ["recv 100", "recv 300", "gone"]


def test_tables_have_the_numbers_as_they_are_on_the_wire(facts: LabFacts) -> None:
    segments = PICTURES["segments"](facts.run)
    assert f'<td class="n">{ISN[CLIENT]}</td>' in segments
    assert segments.count("sent before") == 2
    variables = PICTURES["variables"](facts.run)
    assert '<td class="n">12.000</td>' in variables and '<td class="n">101</td>' in variables  # snd_nxt - iss


def test_attempts_and_draws(facts: LabFacts) -> None:
    attempts = PICTURES["attempts"](facts.run)
    assert attempts.count("<tr>") == 1 + 2
    assert titles(PICTURES["backoff"](facts.run)) == [
        "1 times 0 slots after collision 1", "1 times 2 slots after collision 1",
    ]  # fmt: skip


def test_a_long_table_is_folded(facts: LabFacts) -> None:
    from rig.report.lab_tables import MOST_ROWS, table

    rows = [(str(number),) for number in range(MOST_ROWS + 5)]
    markup = table(("n",), rows, facts.run)
    assert "5 more rows" in markup and markup.count("<tr>") == len(rows) + 2


def test_throughput_counts_what_arrived_once_and_when(facts: LabFacts) -> None:
    """100 octets at a time, one of them lost at first and sent again out of order; then one octet, twice."""
    words = [each for each in titles(PICTURES["throughput"](facts.run)) if each.startswith("all:")]
    assert [each.rpartition(", ")[2] for each in words] == ["0", "0.1", "0.2", "0.3", "0.301"]
    assert words[1].startswith("all: 0.1328"), "the end of the frame, not its beginning"
