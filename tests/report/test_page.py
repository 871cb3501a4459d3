"""The page: whole, self-contained, made from the folder alone, and quick with thousands of events."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.report.medium_picture import draw_scene, first_collision, timeline_data
from rig.report.page import write_page
from rig.report.run_facts import read_run
from rig.report.segment_picture import describe_segment
from rig.report.svg import element, format_time, text
from tests.report.sample_run import SampleRun, result_of, transfer, write

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Checker(HTMLParser):
    """Finds tags that do not match, and everything that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.references: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.stack.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(transfer(), tmp_path / "1")


def test_the_page_is_whole_and_fetches_nothing(folder: Path) -> None:
    html = write_page(folder).read_text()
    checker = Checker()
    checker.feed(html)
    assert checker.problems == []
    assert checker.stack == []
    assert set(checker.references) == {"result.json", "timeline.json", "wire.pcapng"}
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)|fetch\(|XMLHttp", html)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_the_page_says_what_happened(folder: Path) -> None:
    html = write_page(folder).read_text()
    for words in (
        "Two hosts and a talker",
        "aSingleCollisionFrames",
        "10.0.0.2:80",
        "ESTABLISHED",
        "SYN seq=0",
        "9a7d",
    ):
        assert words in html
    assert "<b>1 collision</b>" in html
    assert "Zero everywhere: aLateCollisions." in html


def test_the_page_is_a_function_of_the_folder(folder: Path) -> None:
    assert write_page(folder).read_bytes() == write_page(folder).read_bytes()


def test_facts_cannot_become_markup(folder: Path) -> None:
    result = result_of(transfer(2))
    result["title"] = "<script>alert(1)</script>"
    result["error"] = "</script><b>"
    result["stations"]["talker</script>"] = result["stations"].pop("talker")
    (folder / "result.json").write_text(json.dumps(result))
    html = write_page(folder).read_text()
    assert "<script>alert" not in html
    assert html.count("</script>") == 2


def test_the_first_collision_is_drawn_with_its_slots(folder: Path) -> None:
    facts = read_run(folder)
    scene = first_collision(facts)
    assert scene is not None
    assert scene.senders == ("server", "talker")
    svg = draw_scene(facts, scene)
    assert "slot 1" in svg
    assert "slot 2" in svg
    assert "slot 3" not in svg
    assert "0 slots" in svg
    assert svg.count('class="scene-jam') == 2
    assert svg.count("bit 68") >= 2


def test_the_script_opens_at_the_first_collision(folder: Path) -> None:
    facts = read_run(folder)
    data = timeline_data(facts)
    start, end = data["window"]
    assert start < data["collisions"][0][0] < data["collisions"][0][1] < end
    assert len(data["events"]) == len(facts.events)
    assert data["lanes"] == ["client", "server", "talker", "medium"]


def test_a_run_without_collision_or_conversation(tmp_path: Path) -> None:
    html = write_page(write(transfer(3, collision=False), tmp_path / "a")).read_text()
    assert "Nothing collided." in html
    assert "<html" in write_page(write(SampleRun(), tmp_path / "b")).read_text()


def test_long_conversations_are_folded(folder: Path, tmp_path: Path) -> None:
    assert "more segments" in write_page(folder).read_text()
    assert "more segments" not in write_page(write(transfer(3), tmp_path / "short")).read_text()


def test_retransmissions_by_tcp_are_marked(tmp_path: Path) -> None:
    html = write_page(write(transfer(3, retransmission=True), tmp_path / "1")).read_text()
    assert "retransmission</text>" in html
    assert "TCP itself sent <b>1 segment</b> again." in html


def test_thousands_of_events_stay_small(tmp_path: Path) -> None:
    folder = write(transfer(2000), tmp_path / "1")
    assert len(read_run(folder).events) > 9_000
    html = write_page(folder).read_text()
    assert len(html) < 4_000_000


@pytest.mark.parametrize("name", ["result.json", "timeline.json", "wire.pcapng"])
def test_folders_that_are_not_whole(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UsageError, match=re.escape(name)):
        write_page(folder)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("result.json", "{", "not JSON"),
        ("result.json", "[]", "no JSON object"),
        ("timeline.json", '{"events": [{"t": 1}], "bit_time_ns": 10}', "not the shape"),
        ("wire.pcapng", "no capture", "wire.pcapng"),
    ],
)
def test_damaged_files(folder: Path, name: str, content: str, words: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(UsageError, match=words):
        write_page(folder)


def test_svg_is_escaped() -> None:
    assert text("<&>", x=1.5, class_='a"b') == '<text x="1.5" class="a&quot;b">&lt;&amp;&gt;</text>'
    assert element("line", x1=0, text_anchor="end") == '<line x1="0" text-anchor="end"/>'


@pytest.mark.parametrize(
    ("t_ns", "words"),
    [
        (0, "0 ns"), (999, "999 ns"), (1_000, "1 µs"), (12_340, "12.34 µs"), (5_678_000, "5.678 ms"),
        (100_200_000_000, "100.2 s"),
    ],
)  # fmt: skip
def test_times_read_well(t_ns: int, words: str) -> None:
    assert format_time(t_ns) == words


def test_a_segment_on_the_wall_clock_has_no_length_that_the_rig_knows() -> None:
    segment = {"speed_mbps": 10, "duplex": "half", "delay_bits": 40}
    assert describe_segment(segment) == (
        "10 Mb/s, half duplex, 40 bit times from end to end: every station hears every other."
    )
    assert describe_segment(segment, is_modelled=False) == "10 Mb/s, half duplex: every station hears every other."
