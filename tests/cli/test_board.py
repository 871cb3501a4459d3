"""``rig board ...`` as a person uses it, on virtual boards behind pseudo-terminals of this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RIG = [sys.executable, "-m", "rig.cli"]
ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 240


def rig(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RIG, "board", *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=cwd,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def parsed(result: subprocess.CompletedProcess[str]) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def ports() -> Iterator[list[str]]:
    process = subprocess.Popen(
        [*RIG, "board", "virtual", "--fast", "--boards", "2", "--json"], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield [row["port"] for row in json.loads(process.stdout.readline())["rows"]]
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def test_two_virtual_boards_pass_their_check_out(ports: list[str]) -> None:
    for number, port in enumerate(ports):
        value = parsed(rig("test", port, "--json"))
        assert value["greeting"]["board"] == "ulx3s-lan8720" and value["greeting"]["time_scale"] == 1
        assert [row["name"] for row in value["rows"] if row["passed"]] == [
            "registers", "memory", "rom", "interrupt", "loopback", "link",
        ]  # fmt: skip
        assert f"02:00:00:00:00:0{number + 1}" in value["rows"][2]["detail"]


def test_registers_and_interrupts_of_a_virtual_board(ports: list[str]) -> None:
    value = parsed(rig("reg", ports[0], "MAC_ADDR_LO", "0xCAFE0001", "--json"))
    assert value["rows"][0]["value"] == 0xCAFE0001
    assert "ID" in rig("reg", ports[0], "--rts-cts").stdout, "a pseudo-terminal takes it"
    assert rig("irq", ports[0], "--watch", "--for", "0.3").stdout.startswith("line low")
    assert parsed(rig("safe", ports[0], "--json"))["safe"] is True
    assert parsed(rig("reg", ports[0], "MAC_ADDR_LO", "--json"))["rows"][0]["value"] == 0


def test_the_console_goes_to_a_log_of_the_board(ports: list[str], tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    result = rig("console", ports[0], "--for", "0.3", "--log", str(log))
    assert result.returncode == 0 and log.read_text() == result.stdout
    assert f"{ports[0]}: console is open" in result.stdout


@pytest.mark.parametrize("command", [["console"], ["irq", "--watch"]], ids=lambda command: command[0])
def test_who_watches_a_board_is_told_when_it_is_gone(command: list[str]) -> None:
    board = subprocess.Popen(
        [*RIG, "board", "virtual", "--fast", "--json"], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert board.stdout is not None
    (row,) = json.loads(board.stdout.readline())["rows"]
    watcher = subprocess.Popen(
        [*RIG, "board", command[0], row["port"], *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=ROOT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert watcher.stdout is not None
    try:
        assert watcher.stdout.readline(), "it is there"
        board.kill()
        _, said = watcher.communicate(timeout=TIMEOUT_S)
        assert watcher.returncode == 4 and "the port is gone" in said and "is the board plugged in?" in said
    finally:
        for process in (board, watcher):
            process.kill()
            process.communicate()


def test_a_board_in_use_names_its_holder_and_is_free_when_that_is_killed(ports: list[str]) -> None:
    holder = subprocess.Popen(
        [*RIG, "board", "irq", ports[0], "--watch"], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline().startswith("line low")
        result = rig("reg", ports[0], "ID", "--wait", "0.5")
        assert result.returncode == 4
        assert "was not free within 0.5 s" in result.stderr and f"process {holder.pid}: " in result.stderr
        assert "board irq" in result.stderr
    finally:
        holder.kill()
        holder.wait(30)
        holder.stdout.close()
    assert parsed(rig("reg", ports[0], "ID", "--json"))["rows"][0]["value"] == 0x4E490001


def test_hardware_tests_run_on_a_named_board_only(ports: list[str]) -> None:
    result = rig("test", ports[1], "--select", "identity or little_endian", "--json")
    assert parsed(result)["tests"] == 0, result.stderr
    assert "2 passed" in result.stderr
    assert rig("test", ports[1], "--select", "no_such_test").returncode == 5


def test_a_flash_failure_is_told_apart(ports: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path / "build"))  # where nothing has been built
    (tmp_path / "ulx3s.yaml").write_text(f"schema: 1\nname: ulx3s\nkind: ulx3s-lan8720\nport: {ports[0]}\n")
    result = rig("flash", "ulx3s", "--attached", str(tmp_path))
    assert result.returncode == 3 and "rig board build ulx3s-lan8720" in result.stderr
    assert rig("test", "ulx3s", "--attached", str(tmp_path)).returncode == 0
    (tmp_path / "arty.yaml").write_text(f"schema: 1\nname: arty\nkind: arty-a7\nport: {ports[0]}\n")
    result = rig("test", "arty", "--attached", str(tmp_path))
    assert result.returncode == 4
    assert "the bitstream is for board ulx3s-lan8720, the inventory says arty-a7" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("reg", "/dev/ttyNOWHERE"), 4, "no such port: /dev/ttyNOWHERE"),
        (("test", "nobody"), 2, "there is no board 'nobody'"),
        (("virtual", "--board", "ulx3", "--fast"), 2, "did you mean 'ulx3s-lan8720'"),
        (("virtual", "--board", "usb-nic", "--fast"), 2, "no serial port that could be virtual"),
        (("virtual", "--board", "arty-a7"), 2, "no Verilog of board arty-a7 yet, only a Python twin: use --fast, or"),
        (("flash", "/dev/ttyUSB0"), 2, "its kind is not known"),
        (("reg", "socket://127.0.0.1:1"), 4, "cannot be reached"),
    ],
)
def test_bad_input_is_a_sentence_and_a_code(arguments: tuple[str, ...], code: int, says: str) -> None:
    result = rig(*arguments)
    assert result.returncode == code, result.stderr
    assert says in result.stderr and "Traceback" not in result.stderr


def test_lists_and_an_empty_scan(tmp_path: Path) -> None:
    value = parsed(rig("list", "--attached", str(tmp_path), "--json"))
    assert {kind["status"]["hardware"] for kind in value["kinds"]} == {"untried"} and value["boards"] == []
    assert "ulx3s-lan8720" in rig("list", "--attached", str(tmp_path)).stdout
    result = rig("scan", "--attached", str(tmp_path), "--json")
    assert result.returncode in (0, 5) and "rows" in json.loads(result.stdout)


def test_the_table_of_faults() -> None:
    rows = parsed(rig("faults", "--transactions", "40", "--json"))["rows"]
    assert len(rows) == 21
    assert set(rows[0]) >= {
        "fault", "rate", "transactions", "wrong_reads", "wrong_writes", "duplicate_effects", "device_time_ms",
        "clean_time_ms", "time_ratio",
    }  # fmt: skip
    assert not any(row["wrong_reads"] or row["wrong_writes"] or row["duplicate_effects"] for row in rows)
    assert {row["rate"] for row in rows} == {1e-5, 1e-4, 1e-3, None}


def test_the_table_of_faults_on_the_verilog() -> None:
    chosen = ("faults", "--far-end", "rtl", "--transactions", "40", "--fault", "flip", "--rate", "1e-3")
    value = parsed(rig(*chosen, "--json"))
    (row,) = value["rows"]
    assert value["far_end"] == "rtl"
    assert (row["fault"], row["rate"], row["transactions"]) == ("flip", 1e-3, 40)
    assert row["octets_hit"] > 0 and row["device_time_ms"] > 0 and row["time_ratio"] > 0
    result = rig("faults", "--fault", "flop")
    assert result.returncode == 2 and "no fault is called flop; there are: flip" in result.stderr
