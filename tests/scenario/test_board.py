"""Scenarios on boards: virtual ones behind modelled serial lines, alone and mixed with twins on one segment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.scenario.catalog import carried_file, find_scenario
from rig.scenario.run import Request, Run, run_scenario


def run(name: str, folder: Path, seed: int | None = None) -> Run:
    found, path, scenario = find_scenario(name)
    if seed is not None:
        scenario = scenario.model_copy(update={"seed": seed})
    return run_scenario(Request(found, scenario, "board", carried_file(None, scenario, path), folder))


@pytest.mark.parametrize("name", ["collide", "full-duplex", "board"])
def test_a_file_is_carried_whole(name: str, tmp_path: Path) -> None:
    result = run(name, tmp_path).result
    assert result["passed"] and result["backend"] == "board"
    (file,) = result["files"]
    assert file["sha256_received"] == file["sha256_sent"]
    if name == "collide":
        assert result["medium"]["collisions"] > 0


def test_a_run_is_the_same_again(tmp_path: Path) -> None:
    first, second = (run("board", tmp_path / name).folder for name in ("a", "b"))
    for name in ("result.json", "timeline.json", "wire.pcapng"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_the_serial_line_is_what_takes_the_time(tmp_path: Path) -> None:
    """54 kB at 300 kB/s: the board's client cannot be faster than its line, which a twin has none of."""
    result = run("board", tmp_path).result
    (file,) = result["files"]
    assert file["end_ns"] - file["start_ns"] > file["octets"] / 300_000 * 1e9
    _, path, scenario = find_scenario("board")
    twin = run_scenario(Request("board", scenario, "model", carried_file(None, scenario, path), tmp_path / "m")).result
    assert twin["files"][0]["end_ns"] < file["end_ns"] / 4
    kinds = {station.name: station.backend for station in scenario.for_backend("board").stations}
    assert kinds == {"client": "board", "server": "model"}
    assert json.loads((tmp_path / "1" / "result.json").read_text())["backend"] == "board"


def test_a_server_whose_board_is_unplugged_is_a_time_out_of_its_client(tmp_path: Path) -> None:
    """The server's own host loses the port, and says so; the client's learns of it as of any adapter without power."""
    result = run("server-power-loss", tmp_path).result
    assert result["passed"] and result["outcome"] == "timeout"
    assert "client: TimeoutError" in result["error"]
    assert result["at_ns"] > 100 * 10**9, "R2 of RFC 9293 (3.8.3)"
    (notice,) = result["stations"]["server"]["notices"]
    assert "the port is gone: the device has been unplugged" in notice and "parked at 100000000 ns" in notice
    assert result["stations"]["client"]["notices"] == []
