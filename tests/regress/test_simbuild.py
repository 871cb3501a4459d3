"""The build cache, and runs of a simulator: results, failures, crashes and hangs all come back as facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.errors import ConfigError, ExitCode, ToolError, UsageError
from rig.regress import simbuild
from rig.regress.filelist import PROJECT_ROOT
from rig.regress.simbuild import Build, SimulationError, build, run
from rig.regress.tools import SIMULATORS, Simulator, simulator_facts

BENCH = PROJECT_ROOT / "tests" / "hdl" / "kernel_bench"
FILELIST = BENCH / "kernel_bench.f"
MAINS = "tests.hdl.kernel_bench.mains"

TINY = "`timescale 1ns/1ps\nmodule tiny #(parameter WIDTH = 4); reg [WIDTH-1:0] x; endmodule\n"


def need(simulator: Simulator) -> None:
    """A missing Icarus is listed as not run; a missing Verilator is a failure, of whoever needs it."""
    if simulator == "icarus" and not simulator_facts(simulator).is_usable:
        pytest.skip("not run: Icarus Verilog is not installed")


@pytest.fixture
def icarus() -> None:
    need("icarus")


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source file of its own, and an empty cache."""
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path / "build"))
    source = tmp_path / "tiny.v"
    source.write_text(TINY)
    return source


def test_filelist_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no_such_top\.f"):
        build("verilator", "no_such_top")


# -- the cache ---------------------------------------------------------------------------------------------------------


def test_same_inputs_are_built_once(icarus: None, tiny: Path) -> None:
    first = build("icarus", "tiny", sources=[tiny])
    again = build("icarus", "tiny", sources=[tiny])
    assert (first.was_cached, again.was_cached) == (False, True)
    assert first.folder == again.folder
    assert first.program.is_file()
    assert first.log_path.is_file()


def test_each_input_changes_the_key(icarus: None, tiny: Path, tmp_path: Path) -> None:
    include = tmp_path / "include"
    include.mkdir()
    (include / "x.vh").write_text("// one\n")

    def key(**options: object) -> str:
        return build("icarus", "tiny", sources=[tiny], include_folders=[include], **options).key  # type: ignore[arg-type]

    keys = [key(), key(parameters={"WIDTH": 5}), key(parameters={"WIDTH": "5"}), key(waves=True)]
    assert keys[1] == keys[2]
    (include / "x.vh").write_text("// two\n")
    keys.append(key())
    tiny.write_text(TINY + "// changed\n")
    keys.append(key())
    assert len(set(keys)) == 5


def test_unfinished_build_is_made_again(icarus: None, tiny: Path) -> None:
    first = build("icarus", "tiny", sources=[tiny])
    (first.folder / "BUILD_OK").unlink()
    (first.folder / "debris").write_text("")
    again = build("icarus", "tiny", sources=[tiny])
    assert not again.was_cached
    assert not (again.folder / "debris").exists()


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_failed_build_says_why_and_leaves_nothing(simulator: Simulator, tiny: Path) -> None:
    need(simulator)
    tiny.write_text(TINY.replace("endmodule", "this is no Verilog"))
    with pytest.raises(ToolError, match="failed with status") as caught:
        build(simulator, "tiny", sources=[tiny])
    assert "tiny.v:2" in caught.value.last_lines
    assert str(tiny) in caught.value.command
    assert caught.value.exit_code is ExitCode.BUILD
    assert not [path for path in (simbuild.build_root()).iterdir() if path.is_dir()]


def test_wide_parameters(icarus: None, tiny: Path) -> None:
    assert build("icarus", "tiny", sources=[tiny], parameters={"WIDTH": 1 << 40}).key
    with pytest.raises(UsageError, match="WIDTH"):
        build("icarus", "tiny", sources=[tiny], parameters={"WIDTH": -1 << 40})


def test_sources_and_file_list_exclude_each_other(icarus: None, tiny: Path) -> None:
    with pytest.raises(UsageError):
        build("icarus", "tiny", sources=[tiny], filelist=FILELIST)
    with pytest.raises(UsageError, match=r"none\.v"):
        build("icarus", "tiny", sources=[tiny.with_name("none.v")])


# -- runs --------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=SIMULATORS)
def bench(request: pytest.FixtureRequest) -> Build:
    need(request.param)
    return build(request.param, "kernel_bench", filelist=FILELIST)


def test_main_function_runs_and_reports(bench: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPT", "seen")
    lines: list[str] = []
    result = run(
        bench, main=f"{MAINS}:echo", run_dir=tmp_path / "run", timeout_s=60, env={"GIVEN": "x"}, on_line=lines.append
    )
    result.check()
    assert result.value == {"count": 100, "given": "x", "opt": None}
    assert len(result.passed) == 1
    assert "a line of output" in lines
    assert "a line of output" in result.log_path.read_text()
    assert result.results_xml.is_file()


def test_failure_of_the_main_function_reaches_the_caller(bench: Build, tmp_path: Path) -> None:
    result = run(bench, main=f"{MAINS}:fail", run_dir=tmp_path, timeout_s=60)
    with pytest.raises(SimulationError, match="ConnectionResetError: by peer") as caught:
        result.check()
    assert caught.value.type_name == "ConnectionResetError"
    assert caught.value.exit_code is ExitCode.TEST_FAILURES
    assert "mains.py" in caught.value.traceback_text
    assert not result.passed


def test_limit_of_simulated_time(bench: Build, tmp_path: Path) -> None:
    result = run(bench, main=f"{MAINS}:wait_forever", run_dir=tmp_path, timeout_s=60, sim_limit_ns=50_000)
    with pytest.raises(SimulationError, match=r"TimeLimitError: .*50000 ns\n.*wait_forever.*'never'"):
        result.check()


@pytest.mark.parametrize("name", ["wait_forever", "compute_forever"])
def test_hanging_simulation_is_killed(bench: Build, tmp_path: Path, name: str) -> None:
    with pytest.raises(ToolError, match="more than 2 s") as caught:
        run(bench, main=f"{MAINS}:{name}", run_dir=tmp_path, timeout_s=2)
    assert "cocotb" in caught.value.last_lines


def test_crash_is_told_with_the_last_lines(bench: Build, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="status 3 and without test results") as caught:
        run(bench, main=f"{MAINS}:crash", run_dir=tmp_path, timeout_s=60)
    assert "about to crash" in caught.value.last_lines


@pytest.mark.parametrize(
    ("main", "type_name"),
    [("no_such_module_x:f", "ModuleNotFoundError"), (f"{MAINS}:none", "UsageError"), ("nothing", "UsageError")],
)
def test_main_that_is_not_there(icarus: None, tmp_path: Path, main: str, type_name: str) -> None:
    bench = build("icarus", "kernel_bench", filelist=FILELIST)
    result = run(bench, main=main, run_dir=tmp_path, timeout_s=60)
    assert [failure.type_name for failure in result.failed] == [type_name]


def test_old_results_are_not_taken_for_new_ones(icarus: None, tmp_path: Path) -> None:
    bench = build("icarus", "kernel_bench", filelist=FILELIST)
    run(bench, main=f"{MAINS}:echo", run_dir=tmp_path, timeout_s=60).check()
    with pytest.raises(ToolError):
        run(bench, main=f"{MAINS}:crash", run_dir=tmp_path, timeout_s=60)


def test_python_path_of_the_caller(icarus: None, tmp_path: Path) -> None:
    bench = build("icarus", "kernel_bench", filelist=FILELIST)
    result = run(
        bench, main=f"{MAINS}:import_path", run_dir=tmp_path, timeout_s=60, env={"RIG_PYTHONPATH": str(tmp_path)}
    )
    assert result.value[0] == str(tmp_path)


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_waves(simulator: Simulator, tmp_path: Path) -> None:
    need(simulator)
    bench = build(simulator, "kernel_bench", filelist=FILELIST, waves=True)
    result = run(bench, main=f"{MAINS}:echo", run_dir=tmp_path, timeout_s=60)
    result.check()
    assert result.waves_path is not None
    assert result.waves_path.stat().st_size > 0


def test_run_takes_one_thing_to_run(bench: Build, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(bench, run_dir=tmp_path, timeout_s=1)
    with pytest.raises(UsageError):
        run(bench, main="a:b", test_module="c", run_dir=tmp_path, timeout_s=1)
