"""Cached simulator builds: one folder for each distinct set of sources, parameters, flags and tools.

The key of a build is a hash of everything that can change its result: the contents of the sources and of every file in
the include folders, the top, the parameters, the flags, and the versions of the simulator, the compiler, cocotb and
Python; ``simrecipe`` has the commands. A build happens under a file lock in a folder named by its key, and writes
``BUILD_OK`` last, so a folder with that file is complete and is never changed again; any other is left from a failure
and is removed first.

``RIG_COVERAGE``, if set, names a folder: every Verilator build then counts lines and toggles, and every run leaves its
counts and a list of its transmit attempts there (see :mod:`rig.regress.coverage`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import filelock
from cocotb_tools import config as cocotb_config

from rig.errors import ExitCode, RigError, ToolError, UsageError
from rig.regress.device.device import PluggedDevice
from rig.regress.device.socket import SOCKET, include_folders_with, socket_text, sources_with
from rig.regress.filelist import PROJECT_ROOT, FileList, filelist_of, read_filelist
from rig.regress.phases import in_phase
from rig.regress.process import last_lines, run_logged
from rig.regress.simrecipe import Recipe, make_recipe
from rig.regress.tools import Simulator, libpython_path, require, tool_environment

BUILD_TIMEOUT_S = 900
COUNTS_SUFFIX, ATTEMPTS_SUFFIX = ".dat", ".attempts"
"""Of the files that a run leaves in the folder of RIG_COVERAGE."""

Parameter = int | str


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build: ``program`` is the file to run, ``waves_suffix`` is empty when waves were not asked for."""

    simulator: Simulator
    top: str
    folder: Path
    key: str
    program: Path
    log_path: Path
    waves_suffix: str
    was_cached: bool
    has_coverage: bool = False


def build_root() -> Path:
    """Return the folder of all simulator builds: ``sim`` in RIG_BUILD_DIR, by default in ``build`` of the project."""
    return Path(os.environ.get("RIG_BUILD_DIR") or PROJECT_ROOT / "build").resolve() / "sim"


def coverage_folder() -> Path | None:
    """Return the folder that RIG_COVERAGE names, or None."""
    name = os.environ.get("RIG_COVERAGE")
    return Path(name).resolve() if name else None


def build(
    simulator: Simulator,
    top: str,
    *,
    filelist: Path | None = None,
    sources: Sequence[Path] | None = None,
    include_folders: Sequence[Path] = (),
    parameters: Mapping[str, Parameter] | None = None,
    devices: Sequence[PluggedDevice] = (),
    waves: bool = False,
    coverage: bool | None = None,
    timeout_s: int = BUILD_TIMEOUT_S,
) -> Build:
    """Return the build of module ``top`` with ``parameters``, made now unless it is cached.

    The sources are those of ``filelist``, by default ``hdl/filelists/<top>.f``, or ``sources`` with
    ``include_folders``. A parameter is an int, or a Verilog literal as text (a string in its quotes). ``waves`` makes
    the build able to write waves, which slows it. ``coverage`` makes a Verilator build count lines and toggles, which
    slows it too; None: only if RIG_COVERAGE is set. With ``devices`` the sockets of a bench's stations hold these, in
    place of ``nic_mii``; they are not counted. :class:`ToolError` if a tool is missing, fails or takes more than
    ``timeout_s``.
    """
    facts = require(simulator)
    if devices:
        files = FileList(sources_with(top, devices, parameters or {}), include_folders_with(devices))
    elif sources is None:
        files = filelist_of(top) if filelist is None else read_filelist(filelist)
    elif filelist is None:
        files = FileList(tuple(Path(source).resolve() for source in sources), tuple(include_folders))
    else:
        raise UsageError("build() takes a file list or sources, not both")
    literals = {name: _literal(name, value) for name, value in (parameters or {}).items()}
    counts = simulator == "verilator" and (coverage_folder() is not None if coverage is None else coverage)
    counts = counts and not devices
    written = {f"{SOCKET}.v": socket_text(devices)} if devices else {}
    recipe = make_recipe(facts, top, files, literals, waves, counts, written)
    key = _key(recipe, files, [path for each in devices for path in each.inputs])
    folder = build_root() / f"{simulator}-{top}-{key}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with in_phase("build"), filelock.FileLock(folder.with_suffix(".lock"), timeout=timeout_s):
            was_cached = (folder / "BUILD_OK").is_file()
            if not was_cached:
                _make(recipe, folder, timeout_s)
    except filelock.Timeout as error:
        raise ToolError(f"another process has held {error.lock_file} for {timeout_s} s; is a build stuck?") from error
    except ToolError as error:
        if not devices:
            raise
        owners = ", ".join(f"{each.device.path}: top {each.device.config.top}" for each in devices)
        raise ToolError(
            f"{owners}: the bench with this device cannot be built: {error.problem}", command=error.command,
            last_lines=error.last_lines,
        ) from error  # fmt: skip
    except OSError as error:
        raise ToolError(
            f"the build folder {folder.parent} cannot be written: {error.strerror}; make it yours, "
            "or set RIG_BUILD_DIR to a folder that is"
        ) from error
    return Build(
        simulator, top, folder, key, folder / recipe.program, folder / "build.log", recipe.waves_suffix, was_cached,
        counts,
    )  # fmt: skip


def _literal(name: str, value: Parameter) -> str:
    """Return ``value`` as Verilog: both simulators take an unsized number of up to 32 bits only."""
    if isinstance(value, str):
        return value
    if -(1 << 31) <= value < 1 << 31:
        return str(int(value))
    if value < 0:
        raise UsageError(f"parameter {name} is {value}; give a negative number of more than 32 bits as a literal")
    return f"{value.bit_length()}'h{value:x}"


def _key(recipe: Recipe, files: FileList, more: Sequence[Path] = ()) -> str:
    """Return 16 hexadecimal digits that change with anything the build depends on; ``more`` are further inputs."""
    digest = hashlib.sha256(
        json.dumps([recipe.commands, recipe.files, recipe.environment, recipe.versions], sort_keys=True).encode()
    )
    included = [path for folder in files.include_folders for path in sorted(folder.iterdir()) if path.is_file()]
    for path in dict.fromkeys([*files.sources, *included, *more]):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UsageError(f"source {path} cannot be read: {error.strerror}") from error
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _make(recipe: Recipe, folder: Path, timeout_s: int) -> None:
    """Run the recipe in ``folder``, made anew; leave nothing of a failure behind but the error."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log_path = folder / "build.log"
    try:
        for name, text in recipe.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        for command in recipe.commands:
            status = run_logged(
                command, folder=folder, environment=tool_environment(recipe.environment), log_path=log_path,
                timeout_s=timeout_s,
            )  # fmt: skip
            if status:
                raise ToolError(
                    f"{Path(command[0]).name} failed with status {status}", command=shlex.join(command),
                    last_lines=last_lines(log_path),
                )  # fmt: skip
        facts = {"commands": recipe.commands, "versions": dict(recipe.versions)}
        (folder / "BUILD_OK").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


class SimulationError(RigError):
    """A test failed inside the simulator. ``type_name``, ``problem`` and ``traceback_text`` are of its exception."""

    exit_code = ExitCode.TEST_FAILURES

    def __init__(self, test: str, type_name: str, problem: str, traceback_text: str, log_path: Path) -> None:
        self.test = test
        self.type_name = type_name
        self.problem = problem
        self.traceback_text = traceback_text
        self.log_path = log_path
        super().__init__(f"{test} failed in the simulator: {type_name}: {problem}\n  log: {log_path}")


@dataclass(frozen=True, slots=True)
class SimResult:
    """What the tests of one simulator process did; ``value`` is what the main function returned, as JSON says it."""

    passed: tuple[str, ...]
    failed: tuple[SimulationError, ...]
    log_path: Path
    results_xml: Path
    waves_path: Path | None = None
    value: Any = None

    def check(self) -> None:
        """Raise the first failure, if any, with the names of further ones as notes on it."""
        for failure in self.failed[1:]:
            self.failed[0].add_note(f"failed too: {failure.test}: {failure.type_name}")
        if self.failed:
            raise self.failed[0]


def run(
    build: Build,
    *,
    run_dir: Path,
    timeout_s: float,
    main: str | None = None,
    test_module: str | None = None,
    test_filter: str | None = None,
    env: Mapping[str, str] | None = None,
    plusargs: Sequence[str] = (),
    sim_limit_ns: int | None = None,
    on_line: Callable[[str], None] | None = None,
) -> SimResult:
    """Run ``build`` in ``run_dir``, made if needed, and return what its tests did.

    Either ``main``, an async function of kernel and top given as ``package.module:function`` and bounded by
    ``sim_limit_ns`` of simulated time, or the cocotb tests of ``test_module``, of which ``test_filter`` (a regular
    expression) chooses. The tests see the tool environment and ``env``. ``on_line`` gets each line of output, from
    another thread. A build with waves writes them to ``run_dir``.

    :class:`ToolError` if the simulator stops without results, or takes more than ``timeout_s`` of wall time; a test
    that fails is a result.
    """
    if (main is None) == (test_module is None):
        raise UsageError("run() takes main or test_module, and not both")
    run_dir = run_dir.resolve()
    run_dir.mkdir(parents=True, exist_ok=True)
    files = {name: run_dir / name for name in ("sim.log", "results.xml", "main_result.json")}
    for path in files.values():
        path.unlink(missing_ok=True)
    settings = cocotb_environment(build.top, test_module or "rig.runtime.cocotb_main")
    settings["COCOTB_RESULTS_FILE"] = str(files["results.xml"])
    settings["RIG_RESULT"] = str(files["main_result.json"])
    if test_filter is not None:
        settings["COCOTB_TEST_FILTER"] = test_filter
    if main is not None:
        settings["RIG_COCOTB_MAIN"] = main
    if sim_limit_ns is not None:
        settings["RIG_SIM_LIMIT_NS"] = str(sim_limit_ns)
    if build.simulator == "verilator":
        settings["COCOTB_TRUST_INERTIAL_WRITES"] = "1"  # Verilator applies a write as cocotb would, without its help
    waves_path = run_dir / f"waves{build.waves_suffix}" if build.waves_suffix else None
    command = _run_command(build, waves_path, [*plusargs, *_coverage_arguments(build)])
    status = run_logged(
        command, folder=run_dir, environment=tool_environment(settings | dict(env or {})), log_path=files["sim.log"],
        timeout_s=timeout_s, on_line=on_line,
    )  # fmt: skip
    report = _read_json(files["main_result.json"])
    passed, failed = _read_results(files["results.xml"], files["sim.log"], report)
    if not passed and not failed:
        raise ToolError(
            f"the simulator ended with status {status} and without test results", command=shlex.join(command),
            last_lines=last_lines(files["sim.log"]),
        )  # fmt: skip
    return SimResult(passed, failed, files["sim.log"], files["results.xml"], waves_path, report.get("value"))


def _coverage_arguments(build: Build) -> list[str]:
    """Return what makes a run leave its counts, and a line for each attempt to transmit, in the coverage folder."""
    folder = coverage_folder()
    if not build.has_coverage or folder is None:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    name = folder / f"{build.top}-{uuid.uuid4().hex}"
    return [f"+verilator+coverage+file+{name}{COUNTS_SUFFIX}", f"+attempts={name}{ATTEMPTS_SUFFIX}"]


def cocotb_environment(top: str, test_module: str) -> dict[str, str]:
    """Return the environment by which cocotb finds Python, the top and the tests.

    Seeds are fixed: the same run twice gives the same log.
    """
    return {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([str(PROJECT_ROOT), *filter(None, sys.path)])),
        "PYTHONHASHSEED": "0",
        "PYGPI_PYTHON_BIN": sys.executable,
        "GPI_USERS": f"{libpython_path()};{cocotb_config.pygpi_entry_point()}",
        "COCOTB_TOPLEVEL": top,
        "COCOTB_TEST_MODULES": test_module,
        "COCOTB_RANDOM_SEED": "1",
        "COCOTB_ANSI_OUTPUT": "0",
        "TOPLEVEL_LANG": "verilog",
    }


def _run_command(build: Build, waves_path: Path | None, plusargs: Sequence[str]) -> list[str]:
    if build.simulator == "verilator":
        waves = [] if waves_path is None else ["--trace", "--trace-file", str(waves_path)]
        return [str(build.program), *waves, *plusargs]
    library = cocotb_config.lib_entry("vpi", "icarus")
    waves = ["-none"] if waves_path is None else ["-fst", f"+dumpfile={waves_path}"]
    return [shutil.which("vvp") or "vvp", "-n", "-m", library, str(build.program), *waves, *plusargs]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no main function, or it was killed while it wrote
        return {}
    return report


def _read_results(
    path: Path, log_path: Path, report: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[SimulationError, ...]]:  # fmt: skip
    """Return the names of the tests that passed, and the failures; what the main function reported goes first."""
    passed: list[str] = []
    failed: list[SimulationError] = []
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return (), ()
    for case in cases:
        name = f"{case.get('classname', '')}.{case.get('name', '')}".lstrip(".")
        problem = case.find("failure") if case.find("failure") is not None else case.find("error")
        if problem is not None:
            error = report.get("error") or {
                "type": problem.get("error_type") or problem.get("type") or "failure",
                "message": problem.get("error_msg") or problem.get("message") or "",
                "traceback": problem.text or "",
            }
            failed.append(SimulationError(name, error["type"], error["message"], error["traceback"], log_path))
        elif case.find("skipped") is None:
            passed.append(name)
    return tuple(passed), tuple(failed)
