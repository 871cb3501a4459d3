"""``rig doctor``: what this machine has, which simulator will be used and why, and how to get what it lacks."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from rig import __version__
from rig.cli.json_output import print_json
from rig.errors import ExitCode
from rig.regress.tools import SimulatorFacts, find_simulators

OLDEST_PYTHON = (3, 11)
PIP = f"{sys.executable} -m pip install"
PROGRAMS = (
    ("tshark", "checks captures against Wireshark's dissectors", "apt-get install tshark"),
    ("git", "versions of a checkout", "apt-get install git"),
    ("openFPGALoader", "puts bitstreams into boards: rig board flash", "apt-get install openfpgaloader"),
)
USB_SERIAL = Path("/sys/bus/usb-serial/devices")
SLOWEST_LATENCY_MS = 2
"""Adaptors of FTDI hold what they have received for up to this time; by default 16 ms, in which a board could answer 50
times."""
_NUMBER = re.compile(r"\d+(\.\d+)+")
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)([^;]*)(?:;.*extra\s*==\s*['\"]([^'\"]+)['\"])?")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked for. ``needed`` things that are not there make the doctor's exit code 4."""

    name: str
    group: str
    needed: bool
    found: bool
    version: str
    purpose: str
    install: str


def run_doctor(*, as_json: bool) -> ExitCode:
    """Look, and print what was found."""
    simulators = find_simulators()
    chosen, why = choose(simulators)
    findings = [*_python(), *_packages(), *_simulators(simulators, chosen), *_programs(), *latency_timers()]
    missing = [finding for finding in findings if finding.needed and not finding.found]
    if as_json:
        value = {
            "ok": not missing,
            "version": __version__,
            "simulator": chosen,
            "why": why,
            "rows": [asdict(finding) for finding in findings],
        }
        print_json(value)
    else:
        _show(findings, chosen, why, missing)
    return ExitCode.INFRASTRUCTURE if missing else ExitCode.PASSED


def choose(simulators: tuple[SimulatorFacts, ...]) -> tuple[str | None, str]:
    """Return the simulator that runs will use, the first that is usable, and the reason in words."""
    passed_over: list[str] = []
    for simulator in simulators:
        if simulator.is_usable:
            if passed_over:
                return simulator.name, "; ".join(passed_over) + f", so {simulator.name} is used, which is slower"
            return simulator.name, f"{simulator.name} is preferred, being the fastest, and has all that it needs"
        lacks = ", ".join(tool.name for tool in simulator.missing)
        passed_over.append(f"{simulator.name} lacks {lacks}")
    return None, "; ".join(passed_over)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, OLDEST_PYTHON))
    is_new_enough = sys.version_info[:2] >= OLDEST_PYTHON
    yield Finding(
        f"Python {version} or newer", "python", True, is_new_enough, platform.python_version(), sys.executable,
        f"apt-get install python{version}",
    )  # fmt: skip


def _packages() -> Iterator[Finding]:
    """Yield the packages that the project needs, and each extra as a whole."""
    try:
        requirements = importlib.metadata.requires("nicrig") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("nicrig", "python", True, False, "", "this package, installed", f"{PIP} -e .")
        return
    extras: dict[str, list[tuple[str, bool]]] = {}
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match is None:
            continue
        name, limits, extra = match[1], match[2].strip(), match[3]
        version = _version(name)
        if extra is None:
            yield Finding(
                name, "packages", True, bool(version), version, limits, f"{PIP} '{name}{limits}'"
            )  # fmt: skip
        else:
            extras.setdefault(extra, []).append((name, bool(version)))
    for extra, members in extras.items():
        lacking = [name for name, is_there in members if not is_there]
        purpose = "complete" if not lacking else "lacks " + ", ".join(lacking)
        install = f"{PIP} -e '.[{extra}]'"
        yield Finding(extra, "extras", False, not lacking, "", purpose, install)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _simulators(simulators: tuple[SimulatorFacts, ...], chosen: str | None) -> Iterator[Finding]:
    """Yield what each simulator needs; it is needed only for the one that is to be used."""
    wanted = chosen or simulators[0].name
    for simulator in simulators:
        for tool in (*simulator.tools, *simulator.optional):
            needed = simulator.name == wanted and tool in simulator.tools
            yield Finding(
                tool.name,
                f"simulator {simulator.name}",
                needed,
                tool.is_found,
                tool.version,
                tool.purpose,
                tool.install,
            )


def _programs() -> Iterator[Finding]:
    for name, purpose, install in PROGRAMS:
        path = shutil.which(name)
        yield Finding(name, "programs", False, path is not None, "", path or purpose, install)


def latency_timers(folder: Path = USB_SERIAL) -> Iterator[Finding]:
    """Yield the USB serial ports that have a latency timer, and whether it is short enough."""
    for timer in sorted(folder.glob("*/latency_timer")):
        try:
            latency_ms = int(timer.read_text())
        except (OSError, ValueError):  # unplugged since, or no number
            continue
        yield Finding(
            timer.parent.name, "serial ports", False, latency_ms <= SLOWEST_LATENCY_MS, f"{latency_ms} ms",
            f"latency timer; {SLOWEST_LATENCY_MS} ms at most, or each answer of a board waits for it",
            f"echo 1 | sudo tee {timer}",
        )  # fmt: skip


def _show(findings: list[Finding], chosen: str | None, why: str, missing: list[Finding]) -> None:
    console = Console(highlight=False)
    group = ""
    for finding in findings:
        if finding.group != group:
            group = finding.group
            console.print(f"[bold]{escape(group)}[/]")
            if group == "packages":
                _show_packages(console, [package for package in findings if package.group == group])
        if finding.group != "packages":
            _show_one(console, finding)
    console.print(f"\nSimulator: [bold]{chosen or 'none'}[/] ({escape(why)})", soft_wrap=True)
    if missing:
        console.print(f"[red]{len(missing)} needed {'things are' if len(missing) > 1 else 'thing is'} missing.[/] Run:")
        for command in dict.fromkeys(finding.install for finding in missing):
            console.print(f"  {escape(command)}", soft_wrap=True)
    else:
        console.print("[green]Everything that is needed is there.[/]")


def _show_packages(console: Console, packages: list[Finding]) -> None:
    """Print packages that are there in one paragraph, and each that is missing on a line of its own."""
    there = [f"{package.name} {package.version}" for package in packages if package.found]
    console.print(Padding(f"[green]ok[/]  {escape(', '.join(there))}", (0, 0, 0, 2)))
    for package in packages:
        if not package.found:
            _show_one(console, package)


def _show_one(console: Console, finding: Finding) -> None:
    mark = "[green]ok[/]     " if finding.found else "[red]missing[/]" if finding.needed else "[yellow]absent[/] "
    number = _NUMBER.search(finding.version)
    version = number[0] if number else ""
    rest = "" if finding.found else f"  {finding.purpose}; install with: {finding.install}"
    console.print(f"  {mark} {escape(finding.name)} {version}{escape(rest)}", soft_wrap=True)
