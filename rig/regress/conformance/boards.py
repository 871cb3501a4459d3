"""The rows of the list that a host can see with a board's serial line between it and the adapter, on both far ends.

The adapter's pins are the same scripted medium as without the line; only the way to its registers differs. Rows that
are not here begin something at an exact bit time by a register access, or wait for the bus within a frame: over a
serial line neither can be done.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rig.build.fixtures import board_fixture
from rig.regress import simbuild
from rig.regress.conformance import rtl
from rig.regress.conformance.play import Verdict, play_rows
from rig.regress.conformance.rows import ROWS, Bench, Row
from rig.regress.conformance.rtl_main import JOB_VARIABLE
from rig.regress.conformance.runner import TIMEOUT_S, pins_rows
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S

SEEN_BY_A_HOST = (
    "MAC-1.1", "MAC-1.2", "MAC-1.3", "MAC-1.4", "MAC-1.5", "MAC-1.6", "MAC-1.7", "MAC-1.8", "MAC-2.1", "MAC-2.2",
    "MAC-2.3", "MAC-2.4", "MAC-4.2", "MAC-4.3", "MAC-4.4", "MAC-4.5", "MAC-4.6", "MAC-4.7", "MAC-4.9", "MAC-5.4",
    "MAC-5.5",
)  # fmt: skip
TOP = "board_mac_bench"
LIMIT_NS = 3600 * NS_PER_S


def rows_of(ids: Sequence[str], speed_mbps: int) -> list[Row]:
    """Return those rows that apply at this speed."""
    return [row for row in pins_rows(ROWS, Bench.PINS, speed_mbps) if row.id in ids]


def run_on_twin(ids: Sequence[str], speed_mbps: int) -> list[Verdict]:
    """Run rows through the Python far end, in virtual time."""
    kernel = VirtualTime()
    fixture = board_fixture(kernel, speed_mbps=speed_mbps)
    return kernel.run(play_rows(fixture, rows_of(ids, speed_mbps), is_thorough=False), limit_ns=LIMIT_NS)


def run_on_rtl(ids: Sequence[str], speed_mbps: int, *, folder: Path) -> list[Verdict]:
    """Run rows through the Verilog far end; the files of the simulation are left in ``folder``.

    :class:`~rig.errors.ToolError` if there is no simulator, the build fails, or the simulator dies.
    """
    folder = folder.resolve()
    rows = [row.id for row in rows_of(ids, speed_mbps)]
    job = {"rows": rows, "speed_mbps": speed_mbps, "is_thorough": False, "folder": str(folder)}
    result = simbuild.run(
        simbuild.build("verilator", TOP), run_dir=folder, timeout_s=TIMEOUT_S,
        main="rig.regress.conformance.rtl_main:board_main", env={JOB_VARIABLE: json.dumps(job)},
        plusargs=rtl.plusargs(folder),
    )  # fmt: skip
    result.check()
    return [Verdict(**fields) for fields in result.value]
