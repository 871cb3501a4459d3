"""Virtual boards in Verilog: their cores, UARTs included, in a simulator, each behind a pseudo-terminal.

:func:`run_rtl_boards` builds the bench (once; builds are cached), starts the simulator and serves the
pseudo-terminals until it is told to stop. What runs inside the simulator's process is :func:`serve`.

Pace. Simulated hardware is slower than life, so the greeting carries ``time_scale``: device time goes so many times
slower than the wall clock. The simulation never runs ahead of that. While nothing is under way on any board it takes
short steps with long pauses, so an idle board costs little; octets from a host end a pause at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rig.boards.bitstream import BOARD_ID_OCTETS, DEFAULT_BAUD, octets_literal
from rig.errors import ToolError, UsageError
from rig.regress import simbuild
from rig.regress.simbuild import Build
from rig.units import NS_PER_S

TOP = "board_bench"
FOLDER = "rig-virtual"
SCALE_OF_A_BOARD = 100
"""So much slower than the wall clock goes device time, for each board: about as fast as a core of today simulates."""
MOST_BOARDS = 8
MARK = "rig virtual boards: "
"""Begins the line by which the simulator's process tells the ports."""
STEP_NS = 50_000
IDLE_STEP_NS = 20_000
LINGER_NS = 1_000_000
"""Of device time without anything under way, after which the boards are idle."""
IDLE_PAUSE_MS = 50
LARGEST_LAG_NS = 20_000_000
"""Wall time that the simulation may owe and make up for; what it is behind beyond that is forgiven."""
STOP_POLL_NS = 10_000_000
BAUDS = (9_600, 3_000_000)


def default_scale(boards: int) -> int:
    """Return the time scale for so many boards in one simulation."""
    return SCALE_OF_A_BOARD * boards


def build_boards(boards: Sequence[str], *, baud: int = DEFAULT_BAUD, time_scale: int | None = None) -> Build:
    """Return the simulator build of these boards; all are of the same kind.

    :class:`~rig.errors.UsageError` for a number, a kind or a baud rate that cannot be; :class:`~rig.errors.ToolError`
    if the build fails.
    """
    if not 1 <= len(boards) <= MOST_BOARDS:
        raise UsageError(f"{len(boards)} boards in one simulation; use 1 to {MOST_BOARDS}")
    kinds = sorted(set(boards))
    if len(kinds) > 1:
        raise UsageError(f"boards of one simulation are of one kind, not {' and '.join(kinds)}")
    if not (kinds[0].isascii() and 1 <= len(kinds[0]) <= BOARD_ID_OCTETS):
        raise UsageError(f"board id {kinds[0]!r}; it has 1 to {BOARD_ID_OCTETS} ASCII characters")
    if not BAUDS[0] <= baud <= BAUDS[1]:
        raise UsageError(f"{baud} baud; the UART takes {BAUDS[0]} to {BAUDS[1]}")
    return simbuild.build(
        "verilator", TOP,
        parameters={
            "BOARDS": len(boards), "BAUD": baud, "TIME_SCALE": time_scale or default_scale(len(boards)),
            "BOARD_ID": octets_literal(kinds[0].encode().ljust(BOARD_ID_OCTETS, b"\0")),
        },
    )  # fmt: skip


@contextlib.contextmanager
def working_folder() -> Iterator[Path]:
    """Give a folder to run in, gone at the end; those of processes that were killed are removed at the beginning."""
    for left in Path(tempfile.gettempdir()).glob(f"{FOLDER}-*-*"):
        number = left.name.removeprefix(f"{FOLDER}-").split("-")[0]
        with contextlib.suppress(OSError):  # somebody else has removed it just now
            if number.isdigit() and left.lstat().st_uid == os.getuid() and not Path(f"/proc/{number}").exists():
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=f"{FOLDER}-{os.getpid()}-") as folder:
        yield Path(folder)


def run_rtl_boards(
    boards: Sequence[str],
    *,
    run_dir: Path,
    on_ready: Callable[[list[str]], object],
    stop: threading.Event,
    baud: int = DEFAULT_BAUD,
    time_scale: int | None = None,
    speed_mbps: int = 100,
    full_duplex: bool = False,
    wall_limit_s: float = 86_400,
) -> None:
    """Run boards of one kind on one modelled cable until ``stop`` is set; call ``on_ready`` once, from another thread,
    with the names of their pseudo-terminals.

    Logs are left in ``run_dir``. :class:`~rig.errors.ToolError` if the simulation ends by itself, or lasts longer than
    ``wall_limit_s``.
    """
    build = build_boards(boards, baud=baud, time_scale=time_scale)
    run_dir.mkdir(parents=True, exist_ok=True)
    stop_file = (run_dir / "stop").resolve()
    stop_file.unlink(missing_ok=True)
    over = threading.Event()

    def line(text: str) -> None:
        at = text.find(MARK)
        if at >= 0:
            on_ready(json.loads(text[at + len(MARK) :]))

    def watch() -> None:
        while not over.is_set():
            if stop.wait(0.05):
                stop_file.touch()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    settings = {
        "baud": baud, "time_scale": time_scale or default_scale(len(boards)), "speed_mbps": speed_mbps,
        "full_duplex": full_duplex, "stop_file": str(stop_file),
    }  # fmt: skip
    try:
        result = simbuild.run(
            build, run_dir=run_dir, timeout_s=wall_limit_s, main="rig.boards.virtual_rtl:serve",
            env={"RIG_VIRTUAL_BOARDS": json.dumps(settings)}, on_line=line,
        )  # fmt: skip
    finally:
        over.set()
        watcher.join()  # it leaves nothing in a folder that the caller removes
    result.check()
    if not stop.is_set():
        raise ToolError(f"the simulation of the boards has ended by itself; see {result.log_path}")


class _Pace:
    """Keeps the simulation from running ahead of the wall clock, divided by the time scale."""

    def __init__(self, scale: int) -> None:
        self._scale = scale
        self._base_wall_ns = time.monotonic_ns()
        self._base_sim_ns = 0

    def ahead_ms(self, sim_ns: int) -> float:
        """Return how long to wait before the simulation may go on from ``sim_ns``; 0 if it is late."""
        lead_ns = self._base_wall_ns + (sim_ns - self._base_sim_ns) * self._scale - time.monotonic_ns()
        if lead_ns < -LARGEST_LAG_NS:
            self._base_wall_ns, self._base_sim_ns = time.monotonic_ns(), sim_ns
        return max(0.0, lead_ns / 1e6)


async def serve(kernel: Any, dut: Any) -> dict[str, int]:
    """Serve the boards of the simulation that runs this process, until the stop file is there."""
    from rig.build.rtl_board import rtl_board_terminals

    settings = json.loads(os.environ["RIG_VIRTUAL_BOARDS"])
    bench, terminals = rtl_board_terminals(
        kernel, dut, baud=settings["baud"], speed_mbps=settings["speed_mbps"], full_duplex=settings["full_duplex"]
    )
    stop_file = Path(settings["stop_file"])
    poll = select.poll()
    for terminal in terminals:
        poll.register(terminal.fd, select.POLLIN)
    by_fd = {terminal.fd: terminal for terminal in terminals}
    print(MARK + json.dumps([terminal.name for terminal in terminals]), flush=True)
    pace = _Pace(settings["time_scale"])
    quiet_since_ns = next_look_ns = 0
    while True:
        is_idle = kernel.now_ns - quiet_since_ns > LINGER_NS
        wait_ms = IDLE_PAUSE_MS if is_idle else pace.ahead_ms(kernel.now_ns)
        for terminal in terminals:
            poll.modify(terminal.fd, select.POLLIN if terminal.has_room else 0)
        for fd, _ in poll.poll(wait_ms):
            by_fd[fd].readable()
            quiet_since_ns = kernel.now_ns
        if bench.is_busy:
            quiet_since_ns = kernel.now_ns
        wall_ns = time.monotonic_ns()
        if wall_ns >= next_look_ns:
            next_look_ns = wall_ns + STOP_POLL_NS
            if stop_file.exists():
                break
        await kernel.sleep_until(kernel.now_ns + (IDLE_STEP_NS if is_idle else STEP_NS))
    for terminal in terminals:
        terminal.close()
    return {"sim_ns": kernel.now_ns, "wall_s": time.monotonic_ns() // NS_PER_S}
