"""Run programs on the Verilog PHYs, and hold what was recorded to the conformance list."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rig.regress import simbuild
from rig.regress.phy.bench import Change, read_record
from rig.regress.phy.programs import JOB_VARIABLE
from rig.regress.tools import Simulator

TOP = "phy_bench"
MAIN = "rig.regress.phy.programs:main"
RECORD_NAME = "record.txt"
SCRIPT_NAME = "line.txt"
TIMEOUT_S = 1800


@dataclass(frozen=True, slots=True)
class Timers:
    """How long the timers of the PHYs under test are: clocks of 60 MHz in a tick and in an eighth."""

    tick_clocks: int
    eighth_clocks: int

    @property
    def tick_scale(self) -> float:
        """By how much a tick is shorter than in a product."""
        return REAL.tick_clocks / self.tick_clocks

    @property
    def eighth_scale(self) -> float:
        """By how much an eighth is shorter."""
        return REAL.eighth_clocks / self.eighth_clocks

    @property
    def are_real(self) -> bool:
        """Whether these are the timers of a product."""
        return self == REAL


REAL = Timers(60_000, 469)
SHORT = Timers(1_500, 12)
"""40 times shorter. A frame of 64 octets is still much shorter than the jabber time."""
SHORT_FOR_TRAFFIC = Timers(3_000, 24)
"""The longest frame is still shorter than the jabber time."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What came of one program: the facts that it returned, and what was recorded."""

    timers: Timers
    facts: dict[str, Any]
    changes: Sequence[Change]


def run_program(
    program: str,
    timers: Timers,
    folder: Path,
    *,
    simulator: Simulator = "verilator",
    line_script: str | None = None,
    **arguments: Any,
) -> Recording:
    """Build the bench unless it is cached, and run one program of :mod:`rig.regress.phy.programs` in ``folder``.

    ``line_script`` is what the file for ``twisted_pair_model`` holds; ``arguments`` are the program's.
    :class:`~rig.errors.ToolError` if a simulator is missing or dies.
    """
    build = simbuild.build(
        simulator, TOP, parameters={"TICK_CLOCKS": timers.tick_clocks, "EIGHTH_CLOCKS": timers.eighth_clocks}
    )
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / RECORD_NAME
    record.unlink(missing_ok=True)
    job = {"program": program, "tick_clocks": timers.tick_clocks, **arguments}
    plusargs = [f"+phy_record={record}"]
    if line_script is not None:
        (folder / SCRIPT_NAME).write_text(line_script, encoding="ascii")
        plusargs.append(f"+line_script={folder / SCRIPT_NAME}")
    result = simbuild.run(
        build, run_dir=folder, main=MAIN, timeout_s=TIMEOUT_S, env={JOB_VARIABLE: json.dumps(job)}, plusargs=plusargs
    )
    result.check()
    return Recording(timers, result.value, read_record(record))


@dataclass(frozen=True, slots=True)
class Measured:
    """One row: ``measured_ns`` are the least and the greatest value seen, scaled where the timer was shortened.

    ``real_value`` says that the timer had the length that it has in a product.
    """

    id: str
    title: str
    source: str
    min_ns: float
    max_ns: float
    measured_ns: tuple[float, float]
    real_value: bool

    @property
    def passed(self) -> bool:
        """Whether all that was seen is within the limits."""
        return self.min_ns <= self.measured_ns[0] and self.measured_ns[1] <= self.max_ns

    def to_json(self) -> dict[str, Any]:
        """Return the row as ``rig conformance phy --json`` prints it."""
        return {**asdict(self), "measured_ns": list(self.measured_ns), "outcome": "passed" if self.passed else "failed"}


def measure(
    timers: Timers, folder: Path, *, simulator: Simulator = "verilator", tell: Callable[[str], None] = lambda _: None
) -> list[Measured]:  # fmt: skip
    """Run every program of the list with these timers and return its rows, in order."""
    from rig.regress.phy.rows import ROWS

    rows: list[Measured] = []
    for program, judge in ROWS.items():
        tell(f"{program} on the Verilog PHYs")
        rows += judge(run_program(program, timers, folder / program, simulator=simulator))
    return rows


def measure_traffic(
    frames: int, jitter_ps: int, folder: Path, *, simulator: Simulator = "verilator"
) -> list[Measured]:  # fmt: skip
    """Send ``frames`` frames of 64 to 256 octets each way at once, clocks 200 ppm apart, every edge off its place.

    Each edge is off by its own amount, spread evenly up to ``jitter_ps``. The rows count the frames that came whole.
    """
    facts = run_program(
        "traffic", SHORT_FOR_TRAFFIC, folder, simulator=simulator, frames=frames, octets=[64, 256], jitter_ps=jitter_ps
    ).facts
    rows = []
    for number, direction in enumerate(("a_to_b", "b_to_a"), 1):
        seen = facts[direction]
        good = seen["good"] if seen["same_octets"] and seen["same_digest"] and not seen["bad"] else -1
        title = f"frames received, edges off by {jitter_ps / 1000:g} ns, clocks by 200 ppm, {direction} (a count)"
        rows.append(Measured(f"PHY-7.{number}", title, "14.3.1.3.1 [M]", frames, frames, (good, good), True))
    return rows


def measure_twin(timers: Timers) -> list[Measured]:
    """Run every program of the list on twins with these timers and return its rows, in order."""
    from rig.regress.phy.rows import ROWS
    from rig.regress.phy.twin import run_twin_program

    return [row for program, judge in ROWS.items() for row in judge(run_twin_program(program, timers))]
