"""Devices under test in a plan: one with other names is as good as the project's own, one with a bug is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rig.config.regression import load_regression_plan
from rig.errors import ConfigError, ExitCode
from rig.regress.filelist import PROJECT_ROOT
from rig.regress.regression.items import Expanded, expand
from rig.regress.regression.results import Outcome, exit_code
from rig.regress.regression.run import Options, run_regression

RENAMED = Path(__file__).with_name("renamed.yaml")
BUGGY_FILE, HEALTHY, BUGGY = "tx_mac.v", "MINIMUM_OCTETS = 11'd60", "MINIMUM_OCTETS = 11'd59"


def planned(tmp_path: Path, *entries: str) -> Expanded:
    path = tmp_path / "plan.yaml"
    path.write_text("schema: 1\nitems:\n" + "".join(f"  - {entry}\n" for entry in entries))
    return expand("plan", load_regression_plan(path))


def copy_with_a_bug(tmp_path: Path) -> Path:
    """Return the file of a device that is the project's adapter, but for its pad, which is an octet too short."""
    text = (PROJECT_ROOT / "hdl" / "rtl" / BUGGY_FILE).read_text()
    assert HEALTHY in text, f"{BUGGY_FILE} no longer says {HEALTHY!r}: plant the bug elsewhere"
    (tmp_path / BUGGY_FILE).write_text(text.replace(HEALTHY, BUGGY))
    path = tmp_path / "buggy.yaml"
    path.write_text(f"schema: 1\nname: buggy\nbase: nic_mii\nfiles: [{BUGGY_FILE}]\n")
    return path


@pytest.mark.needs("iverilog")
def test_a_plan_passes_on_a_device_and_names_what_another_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path / "build"))
    entry = "{kind: conformance, rows: [MAC-2.3], simulator: icarus, quick: true, device: DEVICE}"
    devices = (RENAMED, copy_with_a_bug(tmp_path))
    plan = planned(tmp_path, *(entry.replace("DEVICE", str(device)) for device in devices))
    recorded = run_regression(plan, Options(tmp_path / "runs"))
    assert {result.id: result.outcome for result in recorded.results} == {
        "conformance/mac/MAC-2.3/rtl-icarus-on-renamed": Outcome.PASSED,
        "conformance/mac/MAC-2.3/rtl-icarus-on-buggy": Outcome.FAILED,
    }
    assert exit_code(recorded.results) is ExitCode.TEST_FAILURES
    broken = recorded.results[1]
    assert broken.repeat.endswith(f"--device {devices[1]} --quick")
    (log,) = (recorded.folder / each for each in broken.artefacts if each.endswith("attempt-1/log.txt"))
    assert "MAC-2.3 RTL" in log.read_text()


def test_items_are_called_after_the_device_and_run_on_rtl(tmp_path: Path) -> None:
    own = f"device: {RENAMED}"
    plan = planned(
        tmp_path,
        f"{{kind: scenario, name: collide, seeds: [1], {own}}}",
        f"{{kind: scenario, name: collide, seeds: [2], backends: [model, rtl], {own}}}",
        f"{{kind: compare, stations: 2, seeds: [1], {own}}}",
        f"{{kind: conformance, rows: [MAC-2.3], {own}}}",
        "{kind: conformance, rows: [MAC-2.3]}",
    )
    words = {item.id: item.steps[0] for item in plan.items}
    assert list(words) == [
        "scenario/collide/rtl-on-renamed/seed-1",
        "scenario/collide/model/seed-2",
        "scenario/collide/rtl-on-renamed/seed-2",
        "compare/2-stations-100-half-100000-on-renamed/seed-1",
        "conformance/mac/MAC-2.3/rtl-verilator-on-renamed",
        "conformance/mac/MAC-2.3/rtl-verilator",
        "conformance/mac/MAC-2.3/twin",
    ]
    assert {name for name, step in words.items() if "--device" in step} == {name for name in words if "renamed" in name}
    assert all(step[step.index("--device") + 1] == str(RENAMED) for step in words.values() if "--device" in step)
    assert all(item.has_waves for item in plan.items if item.id.startswith("scenario/collide/rtl"))
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        planned(tmp_path, "{kind: compare, device: absent.yaml}")


def test_a_regression_on_a_device_that_does_not_fit_has_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(
        RENAMED.read_text().replace("irq: int_o", "irq: no_such_port").replace("[renamed", f"[{RENAMED.parent}/renamed")
    )
    plan = planned(tmp_path, f"{{kind: conformance, rows: [MAC-2.3], simulator: icarus, device: {path}}}")
    (result,) = run_regression(plan, Options(tmp_path / "runs")).results
    assert (result.outcome, result.broken_phase) == (Outcome.INFRASTRUCTURE, "build"), json.dumps(result.error)
    assert f"{path}:" in result.error and "ports.irq: module 'renamed_nic' has no port 'no_such_port'" in result.error
