"""The language of packet scripts is strict and the runner lets nothing pass: a mistake has file, line and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packet_scripts.language import ScriptError, Segment, parse
from tests.packet_scripts.runner import Runner, ScriptFailedError, pattern

HEAD = "# Title.\nrequirement X-1\nmutant no_nagle\n"
OPEN = "0 listen\n in S 0:0 <mss 1000>\n out SA 0:0 ack 1\n in A\n accept\n"


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.script"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text, line, problem",
    [
        ("", 0, "no a comment"),
        ("# T\nmutant m\n0 listen\n", 3, "no requirement"),
        ("# T\nrequirement R\n0 listen\n", 3, "no mutant"),
        (HEAD, 3, "no steps"),
        (HEAD + "tcp no_such_field=1\n", 4, "no field 'no_such_field'"),
        (HEAD + "tcp nagle=yes\n", 4, "expected on or off"),
        (HEAD + "tcp delayed_ack_ns=5\n", 4, "not a time"),
        (HEAD + "tcp congestion=vegas\n", 4, "expected one of"),
        (HEAD + "tcp nagle\n", 4, "not KEY=VALUE"),
        (HEAD + "stack mtu=big\n", 4, "expected a whole number"),
        (HEAD + "stack colour=1\n", 4, "expected one of"),
        (HEAD + "0 listen\nrequirement Y\n", 5, "before the first step"),
        (HEAD + " listen\n", 4, "the first step needs a time"),
        (HEAD + "soon listen\n", 4, "'soon' is not a time"),
        (HEAD + "0.0000001 listen\n", 4, "no whole number of nanoseconds"),
        (HEAD + "0..5 listen\n", 4, "only `out`"),
        (HEAD + "5..1 out A\n", 4, "earlier to a later"),
        (HEAD + "0 sing\n", 4, "'sing' is not a step"),
        (HEAD + "0\n", 4, "expected a step at the end"),
        (HEAD + "0 accept now\n", 4, "nothing is expected after"),
        (HEAD + "0 in SX 0:0\n", 4, "flags 'SX'"),
        (HEAD + "0 in AA 0:0\n", 4, "flags 'AA'"),
        (HEAD + "0 in A 5:1\n", 4, "not SEQ:END"),
        (HEAD + "0 in A 1:5/2\n", 4, "not SEQ:END"),
        (HEAD + "0 in A ack\n", 4, "expected ack at the end"),
        (HEAD + "0 in A ack 1 ack 2\n", 4, "stands twice"),
        (HEAD + "0 in A window 5\n", 4, "'window' is no part"),
        (HEAD + "0 out A hold\n", 4, "'hold' is no part"),
        (HEAD + "0 in S <mss>\n", 4, "'mss' is no option"),
        (HEAD + "0 in S <mss 5\n", 4, "is no part"),
        (HEAD + "0 in S <sack 5>\n", 4, "not NUMBER:NUMBER"),
        (HEAD + "0 out S <raw 01>\n", 4, "is no option"),
        (HEAD + "0 read 5\n", 4, "expected '='"),
        (HEAD + "0 icmp weather about 1\n", 4, "expected one of"),
    ],
)
def test_mistake_has_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(ScriptError) as caught:
        parse(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert problem in str(caught.value)


def test_times(tmp_path: Path) -> None:
    script = parse(_write(tmp_path, HEAD + "2.5 listen\n+3s accept\n close\n1h nothing\n+1..+2min out A\n"))
    times = [(step.t_ns, step.until_ns, step.is_relative) for step in script.steps]
    assert times == [
        (2_500_000, 2_500_000, False),
        (3_000_000_000, 3_000_000_000, True),
        (0, 0, True),
        (3_600_000_000_000, 3_600_000_000_000, False),
        (1_000_000, 120_000_000_000, True),
    ]


def test_segment_fields(tmp_path: Path) -> None:
    (step,) = parse(_write(tmp_path, HEAD + "0 out FPA 1:2001/1000 ack 5 win 7 urg 3 <>\n")).steps
    segment = step.segment
    assert isinstance(segment, Segment)
    assert (segment.flags, segment.seq, segment.octets, segment.size) == (0x19, 1, 2000, 1000)
    assert (segment.ack, segment.win, segment.urg) == (5, 7, 3)


@pytest.mark.parametrize(
    "steps, line, problem",
    [
        ("1 write 10\n2 nothing\n", 10, "unexpected at 1.0 ms: PA 1:11"),
        ("1 write 10\n", 9, "unexpected"),
        ("1 write 10\n out A 1:11\n", 10, "flags: expected A, got PA"),
        ("1 write 10\n out PA 1:12\n", 10, "octets: expected 11, got 10"),
        ("1 write 10\n2 out PA 1:11\n", 10, "time: expected 2.0 ms, got 1.0 ms"),
        ("1 write 10\n out PA 1:11 ack 2\n", 10, "ack: expected 2, got 1"),
        ("1 write 10\n out PA 1:11 win 9\n", 10, "win: expected 9, got 65535"),
        ("1 write 10\n out PA 1:11 <mss 5>\n", 10, "options: expected"),
        ("1 write 10 = 9\n", 9, "write() = 10, expected 9"),
        ("1 out A\n", 9, "nothing came"),
        ("1 nothing\n0 nothing\n", 10, "back in time"),
        ("1 in PA 1:11\n read 5 = 4\n", 10, "read() = 5, expected 4"),
        ("1 state CLOSED\n", 9, "the state is ESTABLISHED"),
        ("1 event readable\n", 9, "no event readable"),
        ("1 no-event\n", 9, "events"),
        ("1 counter tcp_bad_ack = 1\n", 9, "the counter is 0"),
        ("1 urgent = 1\n", 9, "0 octets up to"),
    ],
)
def test_what_does_not_hold_fails_with_its_line_and_the_story(
    tmp_path: Path, steps: str, line: int, problem: str
) -> None:
    path = _write(tmp_path, HEAD + OPEN + steps)
    with pytest.raises(ScriptFailedError) as caught:
        Runner(parse(path)).play()
    text = str(caught.value)
    assert text.startswith(f"{path}:{line}: ") and problem in text
    assert "in  S 0:0 <mss 1000>" in text and "out SA  0:0 ack 1 win 65535 <mss 1460>" in text, "the dialogue so far"


def test_wrong_octets_are_seen(tmp_path: Path) -> None:
    assert pattern(5, 10) != pattern(6, 10)
    assert len(pattern(65_000, 200_000)) == 200_000
    runner = Runner(parse(_write(tmp_path, HEAD + OPEN + "1 write 10\n out PA 1:11\n")))
    runner.written = 1  # so that the program writes other octets than those that belong there
    with pytest.raises(ScriptFailedError, match="contents"):
        runner.play()
