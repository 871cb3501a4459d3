"""``rig doctor``: finds what is there, names what is missing with its remedy, and says so by its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.cli import doctor
from rig.errors import ExitCode
from rig.regress.tools import SimulatorFacts, Tool


def tool(name: str, found: bool) -> Tool:
    return Tool(name, f"/bin/{name}" if found else None, "1.2" if found else "", "purpose", f"apt-get install {name}")


def simulators(verilator: bool, icarus: bool) -> tuple[SimulatorFacts, ...]:
    return (
        SimulatorFacts("verilator", "5", (tool("verilator", verilator), tool("g++", True)), (tool("ccache", False),)),
        SimulatorFacts("icarus", "11", (tool("iverilog", icarus),)),
    )


@pytest.mark.parametrize(
    ("verilator", "icarus", "chosen", "words"),
    [
        (True, True, "verilator", "verilator is preferred"),
        (True, False, "verilator", "verilator is preferred"),
        (False, True, "icarus", "verilator lacks verilator, so icarus is used"),
        (False, False, None, "verilator lacks verilator; icarus lacks iverilog"),
    ],
)
def test_the_choice_and_its_reason(verilator: bool, icarus: bool, chosen: str | None, words: str) -> None:
    name, why = doctor.choose(simulators(verilator, icarus))
    assert name == chosen
    assert words in why


def test_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """A machine that runs these tests has what is needed; Verilator above all."""
    assert doctor.run_doctor(as_json=True) == ExitCode.PASSED
    value = json.loads(capsys.readouterr().out)
    assert value["ok"] is True
    assert value["simulator"] == "verilator"
    rows = {row["name"]: row for row in value["rows"]}
    assert rows["pydantic"]["found"]
    assert rows["pydantic"]["version"]
    assert {"python", "packages", "extras", "simulator verilator", "simulator icarus", "programs"} == {
        row["group"] for row in value["rows"]
    }


def test_slow_serial_ports_are_told(tmp_path: Path) -> None:
    for name, text in (("ttyUSB0", "16\n"), ("ttyUSB1", "1\n"), ("ttyUSB2", "?")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "latency_timer").write_text(text)
    slow, fast = doctor.latency_timers(tmp_path)
    assert (slow.name, slow.found, slow.version) == ("ttyUSB0", False, "16 ms")
    assert slow.install == f"echo 1 | sudo tee {tmp_path}/ttyUSB0/latency_timer"
    assert (fast.name, fast.found, fast.needed) == ("ttyUSB1", True, False)


def test_a_machine_without_simulators(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "find_simulators", lambda: simulators(False, False))
    assert doctor.run_doctor(as_json=False) == ExitCode.INFRASTRUCTURE
    text = capsys.readouterr().out
    assert "Simulator: none" in text
    assert "1 needed thing is missing" in text
    assert "apt-get install verilator" in text


def test_what_is_only_nice_to_have_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_simulators", lambda: simulators(True, False))
    monkeypatch.setattr("rig.cli.doctor.shutil.which", lambda name: None)
    assert doctor.run_doctor(as_json=True) == ExitCode.PASSED


def test_a_missing_package_is_named_with_its_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rig.cli.doctor.importlib.metadata.requires", lambda name: ["no-such-package>=2", "h11>=0.16"])
    assert doctor.run_doctor(as_json=False) == ExitCode.INFRASTRUCTURE
    assert "pip install 'no-such-package>=2'" in capsys.readouterr().out
