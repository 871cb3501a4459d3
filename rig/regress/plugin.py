"""A pytest plug-in for one's own tests: scenarios on a backend that the command line chooses, with the rig's outcomes.

It is there where it is asked for, ``pytest -p rig.regress.plugin``, and nowhere else; whatever it adds begins with
``rig_`` or ``--rig-``, so that it goes together with plug-ins that name things ``target``. A test takes
``rig_scenario``, runs a scenario with it and looks at what is known of the run::

    def test_the_file_arrives(rig_scenario):
        run = rig_scenario("collide")
        assert run.passed and run.result["medium"]["collisions"] > 10

What keeps a scenario from running (no simulator, a build that fails, a board that is not there or is held) is an error
of the infrastructure, apart from failures, and never a skip; an adapter that answers wrong has failed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rig.errors import ExitCode, RigError, UsageError
from rig.regress.phases import INFRASTRUCTURE, PROPERTY

if TYPE_CHECKING:
    from rig.config.scenario import Scenario
    from rig.scenario.run import Run

BACKENDS = ("model", "rtl", "board", "nic")
MAX_SEED = (1 << 64) - 1
NAME_CHARACTERS = 120


@dataclass(slots=True)
class _Told:
    """What is known of a test that has taken a fixture of the rig."""

    folder: Path
    seed: int | None = None
    runs: list[Path] = field(default_factory=list)
    has_failed: bool = False


_TOLD = pytest.StashKey[_Told]()
_COUNTS = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("nicrig", "scenarios of the rig")
    group.addoption("--rig-backend", choices=BACKENDS, default="model", help="what rig_scenario runs on (model)")
    group.addoption("--rig-device", metavar="FILE", help="the adapter in Verilog under test (docs/devices.md)")
    group.addoption("--rig-seed", metavar="N", help="in place of the seeds of scenarios; RIG_SEED if that is set")
    group.addoption("--rig-port", metavar="BOARD", action="append", default=[], help="of board: one a station")
    group.addoption("--rig-runs", metavar="DIR", help="where the run folders of tests go (runs/pytest)")
    group.addoption("--rig-keep", action="store_true", help="keep the run folders of tests that pass, too")
    group.addoption("--rig-waves", action="store_true", help="of Verilog: write waves; also if RIG_WAVES is set")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that do not go together, before any test."""
    config.stash[_COUNTS] = {}
    backend = config.getoption("--rig-backend")
    if config.getoption("--rig-device") and backend not in ("rtl", "board"):
        raise pytest.UsageError(
            f"--rig-device is an adapter in Verilog, and --rig-backend is {backend}: give --rig-backend rtl"
        )
    if config.getoption("--rig-port") and backend != "board":
        raise pytest.UsageError(f"--rig-port names a board, and --rig-backend is {backend}: give --rig-backend board")
    _seed(config)


def _seed(config: pytest.Config) -> int | None:
    name, text = "--rig-seed", config.getoption("--rig-seed")
    if text is None:
        name, text = "RIG_SEED", os.environ.get("RIG_SEED")
    if text is None:
        return None
    if not text.isdecimal() or int(text) > MAX_SEED:
        raise pytest.UsageError(f"{name} is {text!r}; expected a number from 0 to {MAX_SEED}")
    return int(text)


@pytest.fixture
def rig_seed(request: pytest.FixtureRequest) -> int | None:
    """The seed of the command line or of RIG_SEED; None: each scenario has its own."""
    return _seed(request.config)


@pytest.fixture
def rig_folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder for what this test leaves: empty at the beginning, and kept at the end if the test has failed."""
    config = request.config
    given = config.getoption("--rig-runs") or os.environ.get("RIG_FOLDER")
    runs = Path(given) if given else config.rootpath / "runs" / "pytest"
    folder = (runs / re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.nodeid)[-NAME_CHARACTERS:].lstrip("-.")).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    told = request.node.stash[_TOLD] = _Told(folder)
    yield folder
    if not told.has_failed and not config.getoption("--rig-keep"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def rig_scenario(
    request: pytest.FixtureRequest, rig_folder: Path, rig_seed: int | None
) -> Callable[..., Run]:  # fmt: skip
    """A function that runs a scenario to its end and returns the :class:`~rig.scenario.run.Run`.

    ``rig_scenario(scenario, *, seed=None, **changes)``: a name, a path, or a :class:`~rig.config.scenario.Scenario`;
    ``seed`` where the command line gives none; ``changes`` replace whole keys of the scenario. A run that does not end
    as its scenario expects is a run: ``run.passed``.
    """
    config = request.config
    told = request.node.stash[_TOLD]

    def run(scenario: str | os.PathLike[str] | Scenario, *, seed: int | None = None, **changes: Any) -> Run:
        from rig.scenario.catalog import carried_file, find_scenario
        from rig.scenario.run import Request, run_scenario

        if isinstance(scenario, str | os.PathLike):
            name, path, content = find_scenario(os.fspath(scenario))
        else:
            name, path, content = "scenario", Path("scenario.yaml"), scenario
        unknown = sorted(set(changes) - set(type(content).model_fields))
        if unknown:
            raise UsageError(f"a scenario has no key {unknown[0]!r}; it has {', '.join(type(content).model_fields)}")
        told.seed = content.seed if rig_seed is None and seed is None else seed if rig_seed is None else rig_seed
        device = config.getoption("--rig-device")
        update = {**changes, "seed": told.seed, **({"device": str(Path(device).resolve())} if device else {})}
        content = content.model_copy(update=update)
        done = run_scenario(
            Request(
                name, content, config.getoption("--rig-backend"), carried_file(None, content, path), rig_folder,
                shlex.split(_repeat(request.node, told)), tuple(config.getoption("--rig-port")),
                with_waves=_has_waves(config),
            )
        )  # fmt: skip
        told.runs.append(done.folder)
        return done

    return run


def _has_waves(config: pytest.Config) -> bool:
    is_verilog = config.getoption("--rig-backend") == "rtl"
    return is_verilog and bool(config.getoption("--rig-waves") or os.environ.get("RIG_WAVES"))


def _repeat(item: pytest.Item, told: _Told) -> str:
    """Return the command that runs a test again as it ran; with waves where there can be any."""
    config = item.config
    backend = config.getoption("--rig-backend")
    words = ["pytest", item.nodeid, "-p", __name__, "--rig-backend", backend]
    device = config.getoption("--rig-device")
    words += ["--rig-device", device] if device else []
    words += [word for port in config.getoption("--rig-port") for word in ("--rig-port", port)]
    seed = _seed(config)
    words += [] if seed is None else ["--rig-seed", str(seed)]
    return shlex.join([*words, *(["--rig-waves"] if backend == "rtl" and told.has_failed else [])])


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, None]:  # fmt: skip
    """Mark what is no verdict, and tell of a failing test how to repeat it and where what it left is."""
    told = item.stash.get(_TOLD, None)
    error = None if call.excinfo is None else call.excinfo.value
    is_broken = told is not None and isinstance(error, RigError) and error.exit_code is not ExitCode.TEST_FAILURES
    if is_broken and (PROPERTY, INFRASTRUCTURE) not in item.user_properties:
        item.user_properties.append((PROPERTY, INFRASTRUCTURE))
    outcome: Any = yield
    report = outcome.get_result()
    if told is None or not report.failed:
        return
    told.has_failed = True
    lines = [f"to repeat it: {_repeat(item, told)}", f"what it left: {told.folder}"]
    lines += [f"the page of a run: {run / 'index.html'}" for run in told.runs]
    if told.seed is not None:
        lines.append(f"the seed of the last scenario: {told.seed}")
    report.sections.append((INFRASTRUCTURE if is_broken else "nicrig", "\n".join(lines)))


def is_infrastructure(report: pytest.TestReport) -> bool:
    """Tell whether a report of a failure is no verdict on the adapter."""
    return report.failed and any(name == INFRASTRUCTURE for name, _ in report.sections)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count what is no verdict with the errors."""
    if isinstance(report, pytest.TestReport) and is_infrastructure(report):
        return "error", "I", "INFRASTRUCTURE"
    return None


class _Counter:
    """Counts failures, in the process that decides how pytest ends."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a report."""
        if report.failed:
            kind = INFRASTRUCTURE if is_infrastructure(report) else "failed"
            self.counts[kind] = self.counts.get(kind, 0) + 1


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to count."""
    session.config.pluginmanager.register(_Counter(session.config.stash[_COUNTS]), "rig-counter")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End with 4, as the commands of the rig do, where all that went wrong is no verdict."""
    counts = session.config.stash[_COUNTS]
    is_plain = session.exitstatus == pytest.ExitCode.TESTS_FAILED and not session.shouldfail and not session.shouldstop
    if is_plain and counts.get(INFRASTRUCTURE) and not counts.get("failed"):
        session.exitstatus = int(ExitCode.INFRASTRUCTURE)
