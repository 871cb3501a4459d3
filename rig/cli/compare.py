"""``rig compare``: the Verilog adapters against their twins, and the command that repeats a difference."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rig.errors import ExitCode
from rig.regress.compare.minimise import PLAYS
from rig.regress.compare.run import Outcome, run_comparison
from rig.regress.compare.sides import build_rtl
from rig.regress.compare.stimulus import Stimulus, read_stimulus
from rig.regress.compare.traffic import Request, random_stimulus
from rig.regress.device.inspect import plugged_device
from rig.regress.tools import Simulator, choose_simulator

FOLDER = "compare"


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What the command line asks for. ``replay`` names a file in place of a seed."""

    request: Request
    replay: Path | None
    simulator: str | None
    """None: the one that suits."""
    minimise: bool
    runs: Path
    as_json: bool
    device: Path | None = None
    """The device file of what is compared with the twin; None: the adapter of this project."""


def run_compare(options: CompareOptions) -> ExitCode:
    """Compare, print the result, and return the exit code; :class:`~rig.errors.RigError` if it cannot be done."""
    stimulus, name = _stimulus(options)
    simulator = cast(Simulator, options.simulator) if options.simulator else choose_simulator()
    _tell(f"building the Verilog adapters with {simulator} (about a minute the first time, then cached)")
    device = None if options.device is None else plugged_device(options.device)
    rtl = build_rtl(simulator, len(stimulus.places), device=device)
    plays = PLAYS if options.minimise else 0
    outcome = run_comparison(stimulus, rtl, folder=options.runs / FOLDER, name=name, plays=plays, tell=_tell)
    facts = outcome.to_json() | {"simulator": simulator}
    if device is not None:
        facts["device"] = device.facts()
    if options.replay is None:
        facts["seed"] = options.request.seed  # that of the stimulus is what it draws for overlapping signals
    if outcome.replay is not None:
        words = ["rig", "compare", "--replay", str(outcome.replay), "--simulator", simulator]
        facts["command"] = shlex.join([*words, *([] if options.device is None else ["--device", str(options.device)])])
    if options.as_json:
        print(json.dumps(facts, indent=2))
    else:
        _show(outcome, facts)
    return ExitCode.PASSED if outcome.is_same else ExitCode.TEST_FAILURES


def _stimulus(options: CompareOptions) -> tuple[Stimulus, str]:
    """Return what to play, and what to call the file of a difference."""
    if options.replay is not None:
        return read_stimulus(options.replay), f"{options.replay.stem.removesuffix('-small')}-small"
    request = options.request
    duplex = "full" if request.full_duplex else "half"
    name = f"seed-{request.seed}-{request.stations}-stations-{request.speed_mbps}-{duplex}-{request.bits}"
    return random_stimulus(request), name


def _show(outcome: Outcome, facts: dict[str, object]) -> None:
    print(
        f"{facts['stations']} stations, {facts['speed_mbps']} Mb/s {facts['duplex']} duplex, {facts['bits']} bits: "
        f"{facts['frames']} frames in {facts['attempts']} attempts, {facts['collisions']} collisions, "
        f"{facts['receptions']} receptions, {facts['interrupts']} interrupts, {facts['words_read']} words read"
    )
    if outcome.is_same:
        print(f"no difference between {_subject(facts)} and the twin in {facts['lines']} lines, to the nanosecond")
        return
    print(f"{facts['differences']} lines differ, attempts by up to {facts['latency_ns']} ns; the first of them:\n")
    print("\n".join(outcome.explain()))
    print(f"\n{facts['minimised'] or 'not minimised'}; to repeat it:\n\n    {facts['command']}\n")


def _subject(facts: dict[str, Any]) -> str:
    """Say what was compared with the twin."""
    return f"{facts['device']['name']} on {facts['simulator']}" if "device" in facts else str(facts["simulator"])


def _tell(line: str) -> None:
    print(line, file=sys.stderr)
