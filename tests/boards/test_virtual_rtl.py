"""Virtual boards in Verilog behind pseudo-terminals, as a host on the wall clock sees them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

from rig.adapter import registers as r
from rig.adapter.bus import Read32, ReadBlock, Write32, WriteBlock
from rig.boards import virtual_rtl
from rig.boards.virtual_rtl import build_boards, default_scale, run_rtl_boards
from rig.build.board import port_bus
from rig.errors import BusError, LinkError, UsageError
from rig.link.estimates import LinkSettings
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_MS, NS_PER_S

ROOT = Path(__file__).resolve().parents[2]
BOARD = "ulx3s-lan8720"
READY_S = 400
WALL_LIMIT_S = 300
MANY_OCTETS = 60_000
"""Several times what a system holds of a pseudo-terminal, and 20 s of simulation."""
LIMIT_NS = 60 * NS_PER_S


def test_a_host_cannot_tell_it_from_a_board_but_by_its_time_scale(tmp_path: Path) -> None:
    stop, ready = threading.Event(), threading.Event()
    ports: list[str] = []
    problems: list[BaseException] = []

    def serve() -> None:
        try:
            run_rtl_boards([BOARD], run_dir=tmp_path / "run", on_ready=arrived, stop=stop, wall_limit_s=WALL_LIMIT_S)
        except BaseException as error:
            problems.append(error)
            ready.set()

    def arrived(names: list[str]) -> None:
        ports.extend(names)
        ready.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(READY_S), "the build and the start of the simulator"
        assert not problems, problems
        (port,) = ports

        async def wrong_rate() -> None:
            settings = LinkSettings(greeting_limit_ns=800 * NS_PER_MS)
            bus = port_bus(clock, lambda: port, name="virtual", board=BOARD, baud=115_200, settings=settings)
            with pytest.raises(LinkError, match=r"no greeting in .* s: nothing at all was heard at 115200 baud"):
                await bus.open()
            bus.close()

        write_too_much(port)
        clock = WallClock()
        clock.run(wrong_rate(), limit_ns=LIMIT_NS)
        kernel = WallClock()

        async def main() -> None:
            settings = LinkSettings(greeting_limit_ns=LIMIT_NS, host_jitter_ns=20 * NS_PER_MS)
            bus = port_bus(kernel, lambda: port, name="virtual", board=BOARD, settings=settings)
            greeting = await bus.open()
            assert (greeting.board, greeting.time_scale) == (BOARD, default_scale(1))
            data = bytes(range(256))
            results = await bus.transaction(
                [WriteBlock(r.WIN_BUFFER, data), ReadBlock(r.WIN_BUFFER, 256), Read32(r.REG_ID)]
            )
            assert results == [None, data, r.ID_RESET]
            with pytest.raises(BusError):
                await bus.transaction([Write32(r.REG_ID, 0)])
            # An interrupt that nothing but the board can tell of: a slot without octets is refused at once.
            await bus.transaction([
                Write32(r.REG_INT_MASK, r.INT_STATUS_TX), Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_TX_EN),
                Write32(r.REG_TX_COMMAND, r.TX_COMMAND_SEND),
            ])  # fmt: skip
            assert await kernel.wait_first(bus.irq, deadline_ns=kernel.now_ns + NS_PER_S) == 0
            bus.close()

        kernel.run(main(), limit_ns=LIMIT_NS)
    finally:
        stop.set()
        thread.join(WALL_LIMIT_S)
    assert not problems, problems
    assert not thread.is_alive()


def write_too_much(port: str) -> None:
    """Write to a board faster than its line carries, and see that its port holds the writer up."""
    descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    written = 0
    for _ in range(300):
        with contextlib.suppress(BlockingIOError):
            while written < MANY_OCTETS:
                written += os.write(descriptor, b"U" * 1024)
        time.sleep(0.002)
    termios.tcflush(descriptor, termios.TCOFLUSH)  # of the 20 kB or so that wait most: 7 s of simulation
    os.close(descriptor)
    assert 1024 <= written < MANY_OCTETS


def parents() -> dict[int, int]:
    """Return the parent of each process that has not ended."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has ended since
            continue
        if state != "Z":
            found[int(path.parent.name)] = int(parent)
    return found


def test_the_simulation_ends_with_the_program_that_began_it() -> None:
    command = [sys.executable, "-m", "rig.cli", "board", "virtual", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=ROOT)
    assert process.stdout is not None
    try:
        assert len(json.loads(process.stdout.readline())["rows"]) == 1
        simulators = [pid for pid, parent in parents().items() if parent == process.pid]
        assert simulators
    finally:
        process.kill()  # without a chance to tidy up
        process.wait(READY_S)
        process.stdout.close()
    for _ in range(600):
        if not any(pid in parents() for pid in simulators):
            return
        time.sleep(0.1)
    pytest.fail(f"the simulator, process {simulators}, runs on")


@pytest.mark.parametrize(
    ("boards", "baud", "problem"),
    [
        ([], 3_000_000, "0 boards in one simulation; use 1 to 8"),
        (["a", "b"], 3_000_000, "are of one kind, not a and b"),
        (["a" * 17], 3_000_000, "1 to 16 ASCII characters"),
        (["a"], 4_000_000, "the UART takes 9600 to 3000000"),
    ],
)
def test_bad_requests(boards: list[str], baud: int, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        build_boards(boards, baud=baud)


def test_a_folder_of_a_killed_simulation_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_rtl.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(virtual_rtl.tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait(10)
    for name in (f"rig-virtual-{gone.pid}-left", f"rig-virtual-{os.getpid()}-mine", "rig-virtual-odd-one", "other"):
        (tmp_path / name / "run").mkdir(parents=True)
    with virtual_rtl.working_folder() as folder:
        assert folder.parent == tmp_path and folder.is_dir()
    assert {path.name for path in tmp_path.iterdir()} == {
        f"rig-virtual-{os.getpid()}-mine", "rig-virtual-odd-one", "other"
    }  # fmt: skip


def test_ctrl_c_leaves_nobody_who_writes_into_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(virtual_rtl, "build_boards", lambda *_, **__: None)
    monkeypatch.setattr(virtual_rtl.simbuild, "run", interrupted)
    stop, before = threading.Event(), threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        run_rtl_boards([BOARD], run_dir=tmp_path / "run", on_ready=print, stop=stop)
    assert threading.active_count() == before
    stop.set()
    assert list((tmp_path / "run").iterdir()) == []
