"""What a person sees: progress while it runs on a terminal, and nothing of it in a pipe."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from rig.cli.display import Display
from rig.scenario.catalog import PICTURE, find_scenario, read_file
from rig.scenario.facts import Progress
from rig.scenario.run import run_scenario
from tests.scenario.worlds import plain, request

ROW = {"protocol": "tcp", "local": "10.0.0.1:5", "foreign": "10.0.0.2:80", "state": "ESTABLISHED", "receive_queue": 0,
       "send_queue": 7}  # fmt: skip


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    screen = io.StringIO()
    display = Display(Console(file=screen, force_terminal=True, width=100, legacy_windows=False))
    with display.running("model", request(plain(), tmp_path)):
        display.phase("simulating")
        display.progress(Progress(1_500_000, 500, 1000, 3, {"client": [ROW]}))
        assert display._live is not None
        display._live.refresh()
    text = screen.getvalue()
    for words in ("simulating", "500/1000 octets", "1.5 ms", "ESTABLISHED", "10.0.0.2:80"):
        assert words in text


def test_no_progress_in_a_pipe(tmp_path: Path) -> None:
    screen = io.StringIO()
    display = Display(Console(file=screen, width=100))
    with display.running("model", request(plain(), tmp_path)):
        display.progress(Progress(1_500_000, 500, 1000, 3, {"client": [ROW]}))
    assert "octets" not in screen.getvalue()
    assert "\x1b" not in screen.getvalue()


def test_a_run_in_words(tmp_path: Path) -> None:
    screen = io.StringIO()
    display = Display(Console(file=screen, width=100))
    run = run_scenario(request(plain(), tmp_path))
    display.show_run(run)
    display.show_end({"model": run, "rtl": run}, same_file=True, same_timeline=True)
    text = screen.getvalue()
    assert run.result["files"][0]["sha256_received"] in text
    assert "the same file on every side" in text
    assert "to the nanosecond" in text


def test_a_run_with_a_switch_tells_what_its_ports_counted(tmp_path: Path) -> None:
    screen = io.StringIO()
    _, _, scenario = find_scenario("duplex-mismatch")
    run = run_scenario(request(scenario.for_backend("model"), tmp_path, read_file(PICTURE)))
    Display(Console(file=screen, width=140)).show_run(run)
    line = next(line for line in screen.getvalue().splitlines() if line.startswith("switch.2"))
    port = run.result["network"]["switches"][0]["ports"][1]["counters"]
    assert "server" in line and f"FCS errors {port['aFrameCheckSequenceErrors']}," in line
    assert "switch.4" not in screen.getvalue(), "nothing is plugged in there"
