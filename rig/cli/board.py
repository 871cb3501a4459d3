"""``rig board ...``: what the commands print and return."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rig.boards import inventory
from rig.boards.checkout import CheckResult, check_out_bus
from rig.boards.desk import BoardBus, WallClock, at_board
from rig.boards.faults import Choice, Player, fault_table, play_on_twins
from rig.boards.flash import bitstream_of, flash
from rig.boards.inventory import Target
from rig.boards.lock import board_lock
from rig.boards.registers import IrqFacts, RegisterFacts, read_irq, read_registers, write_register
from rig.boards.scan import scan, write_files
from rig.boards.virtual import VirtualFacts, run_fast_boards
from rig.errors import ExitCode, LinkError, UsageError
from rig.regress.phases import in_phase
from rig.units import NS_PER_MS, NS_PER_S

SCHEMA = 1
HARDWARE_TESTS = Path("tests/hardware")
SAFE_PATIENCE_NS = 5 * NS_PER_S
IN_VERILOG = "twin and Verilog"
FOREVER_S = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class FlashOptions:
    """What ``rig board flash`` was asked for."""

    board: str
    bitstream: Path | None
    is_persistent: bool
    kind: str | None
    greets: bool
    attached: Path
    wait_s: float
    as_json: bool


@dataclass(frozen=True, slots=True)
class IrqOptions:
    """What ``rig board irq`` was asked for."""

    board: str
    attached: Path
    baud: int | None
    wait_s: float
    watches: bool
    count: int | None
    duration_s: float | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class VirtualOptions:
    """What ``rig board virtual`` was asked for."""

    board: str
    boards: int
    baud: int
    is_fast: bool
    duration_s: float | None
    as_json: bool


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps({"schema": SCHEMA, **value}))


def _console() -> Console:
    return Console(highlight=False)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=column != "what it is")
    return table


def show_list(attached: Path, *, as_json: bool) -> ExitCode:
    """Print kinds and attached boards."""
    kinds, boards = inventory.kinds(), inventory.attached(attached)
    if as_json:
        _print_json(
            {
                "kinds": [kind.model_dump(by_alias=True) for kind in kinds.values()],
                "boards": [board.model_dump(by_alias=True) for board in boards.values()],
            }
        )
        return ExitCode.PASSED
    table = _table("kind", "bitstream", "simulated", "hardware", "what it is")
    for kind in kinds.values():
        status = kind.status
        table.add_row(kind.kind, status.bitstream, status.simulated, status.hardware, escape(kind.title))
    console = _console()
    console.print(table)
    console.print()
    if not boards:
        console.print(f"no board in {attached}: `rig board scan --write` looks for some")
        return ExitCode.PASSED
    table = _table("board", "kind", "found by")
    for board in boards.values():
        table.add_row(board.name, board.kind, escape(board.port or f"USB serial number {board.usb_serial}"))
    console.print(table)
    return ExitCode.PASSED


def show_scan(attached: Path, *, write: bool, as_json: bool) -> ExitCode:
    """Look for boards, print what was found, and write files if asked to."""
    findings = scan(inventory.ports(), list(inventory.kinds().values()), list(inventory.attached(attached).values()))
    written = write_files(findings, attached) if write else []
    if as_json:
        _print_json({"rows": [item.as_dict() for item in findings], "written": [str(path) for path in written]})
    else:
        console = _console()
        table = _table("port", "usb", "serial number", "may be", "proposal", "remark")
        for item in findings:
            port = item.port
            table.add_row(
                port.device, port.usb or "-", port.serial or "-", ", ".join(item.kinds) or "-",
                item.known_as or item.proposal or "-", item.remark,
            )  # fmt: skip
        if findings:
            console.print(table)
        else:
            console.print("this machine has no serial port: plug a board in, or use `rig board virtual --fast`")
        for path in written:
            console.print(f"written: {path}")
        if not write and any(item.proposal for item in findings):
            console.print("`rig board scan --write` writes the proposals")
    return ExitCode.PASSED if findings else ExitCode.NOTHING_RAN


def show_flash(options: FlashOptions) -> ExitCode:
    """Flash a board, then see whether it greets; each phase is timed and fails by itself."""
    target = inventory.find(options.board, folder=options.attached)
    if options.kind is not None:
        target = replace(target, kind=inventory.kind_named(options.kind))
    bitstream = bitstream_of(target, options.bitstream)
    phases: list[dict[str, Any]] = []
    began_s = time.monotonic()
    with board_lock(target.name, target.key, wait_s=options.wait_s):
        phases.append({"phase": "wait", "wall_s": round(time.monotonic() - began_s, 3)})
        began_s = time.monotonic()
        with in_phase("flash"):
            flash(target, bitstream, is_persistent=options.is_persistent)
        phases.append({"phase": "flash", "wall_s": round(time.monotonic() - began_s, 3)})
    greeting: dict[str, Any] | None = None
    if options.greets:
        began_s = time.monotonic()
        greeting = at_board(target, _greeting, wait_s=options.wait_s)
        phases.append({"phase": "greeting", "wall_s": round(time.monotonic() - began_s, 3)})
    if options.as_json:
        _print_json({"board": target.name, "bitstream": str(bitstream), "phases": phases, "greeting": greeting})
    else:
        for phase in phases:
            print(f"{phase['phase']:10} {phase['wall_s']:7.1f} s")
        where = "its flash memory" if options.is_persistent else "the FPGA, until the next power-off"
        print(f"{target.name}: {bitstream} is in {where}")
    return ExitCode.PASSED


async def _greeting(_: WallClock, bus: BoardBus) -> dict[str, Any]:
    with in_phase("greeting"):
        greeting = await bus.open()
    return {
        "board": greeting.board, "version": greeting.version, "build": greeting.build_hash.hex(),
        "regmap_hash": f"{greeting.map_hash:08x}", "clock_hz": greeting.clock_hz, "baud": greeting.baud,
        "time_scale": greeting.time_scale, "window": greeting.window,
    }  # fmt: skip


def show_test(
    board: str, attached: Path, baud: int | None, wait_s: float, select: str | None, *, as_json: bool
) -> ExitCode:
    """Check a board out and print what comes of each check, as it comes: on a simulated board they take their time."""
    target = inventory.find(board, baud=baud, folder=attached)

    def tell(item: CheckResult) -> None:
        if not as_json:
            print(f"{item.name:11} {'ok' if item.passed else 'FAILED':7} {item.detail}", flush=True)

    async def body(kernel: WallClock, bus: BoardBus) -> tuple[dict[str, Any], list[CheckResult]]:
        found = await _greeting(kernel, bus)
        greeted = f"{found['board']}, build {found['build']}, time scale {found['time_scale']}"
        tell(CheckResult("greeting", True, greeted, 0))
        return found, await check_out_bus(kernel, bus, tell)

    greeting, results = at_board(target, body, wait_s=wait_s)
    tests: int | None = None
    if select is not None and all(result.passed for result in results):
        tests = _hardware_tests(target, select)
    if as_json:
        _print_json(
            {"board": target.name, "greeting": greeting, "rows": [asdict(item) for item in results], "tests": tests}
        )
    elif tests is not None:
        print(f"{'tests':11} {'ok' if tests == 0 else f'pytest ended with {tests}'}")
    if not all(item.passed for item in results):
        return ExitCode.TEST_FAILURES
    if tests:
        return ExitCode.NOTHING_RAN if tests == 5 else ExitCode.TEST_FAILURES
    return ExitCode.PASSED


def _hardware_tests(target: Target, select: str) -> int:
    """Run the selected hardware tests on the board in a process of their own; return pytest's exit status."""
    if not HARDWARE_TESTS.is_dir():
        raise UsageError(f"there is no folder {HARDWARE_TESTS}: the hardware tests come with a checkout of the project")
    command = [
        sys.executable, "-m", "pytest", "-q", str(HARDWARE_TESTS), "-k", select, "--rig-board", target.locate(),
        "--rig-baud", str(target.baud),
    ]  # fmt: skip
    return subprocess.run(command, check=False, stdout=sys.stderr, timeout=3600).returncode


def show_console(
    board: str, attached: Path, baud: int | None, wait_s: float, log: Path | None, duration_s: float | None
) -> ExitCode:
    """Print what the board logs."""
    target = inventory.find(board, baud=baud, folder=attached)

    def say(text: str) -> None:
        print(text, flush=True)
        if log is not None:
            try:
                with log.open("a", encoding="utf-8") as file:
                    file.write(text + "\n")
            except OSError as error:
                raise UsageError(f"the log {log} cannot be written: {error.strerror}") from error

    async def body(kernel: WallClock, bus: BoardBus) -> None:
        bus.watch_log = lambda text: say(f"{kernel.now_ns / NS_PER_S:12.6f} {target.name}: {text}")
        say(f"{kernel.now_ns / NS_PER_S:12.6f} {target.name}: console is open")
        await kernel.sleep_until(kernel.now_ns + round((duration_s or FOREVER_S) * NS_PER_S))

    try:
        at_board(target, body, wait_s=wait_s, limit_s=None)
    except KeyboardInterrupt:
        pass
    return ExitCode.PASSED


def show_reg(
    board: str,
    attached: Path,
    baud: int | None,
    wait_s: float,
    register: str | None,
    value: str | None,
    *,
    as_json: bool,
) -> ExitCode:
    """Read registers, or write one and read it back."""
    target = inventory.find(board, baud=baud, folder=attached)

    async def body(_: WallClock, bus: BoardBus) -> list[RegisterFacts]:
        if value is not None and register is not None:
            await write_register(bus, register, value)
        return await read_registers(bus, register)

    rows = at_board(target, body, wait_s=wait_s)
    if as_json:
        _print_json({"board": target.name, "rows": [asdict(row) for row in rows]})
        return ExitCode.PASSED
    for row in rows:
        print(f"0x{row.address:04X}  {row.name:20} 0x{row.value:08X}  {row.text}".rstrip())
    return ExitCode.PASSED


def show_irq(options: IrqOptions) -> ExitCode:
    """Print the interrupt line and its causes, and its changes if asked to."""
    target = inventory.find(options.board, baud=options.baud, folder=options.attached)

    def say(facts: IrqFacts) -> None:
        if options.as_json:
            print(json.dumps({"schema": SCHEMA, **asdict(facts)}), flush=True)
        else:
            when = "" if facts.time_ns is None else f"{facts.time_ns / NS_PER_MS:14.6f} ms  "
            lost = f"  ({facts.lost} changes before it are not shown)" if facts.lost else ""
            print(f"{when}line {'high' if facts.is_asserted else 'low':5} {facts.causes}{lost}", flush=True)

    async def body(kernel: WallClock, bus: BoardBus) -> None:
        changed = kernel.event("change of the line")
        changes: list[IrqFacts] = []

        def take(event: Any) -> None:
            changes.append(IrqFacts(event.is_asserted, "", event.time_ns, event.lost))
            changed.set()

        bus.watch_events = take
        say(await read_irq(bus))
        if not options.watches and options.count is None:
            return
        left = options.count
        end_ns = None if options.duration_s is None else kernel.now_ns + round(options.duration_s * NS_PER_S)
        while left is None or left > 0:
            if await kernel.wait_first(changed, deadline_ns=end_ns) is None:
                return
            changed.clear()
            taken, changes[:] = list(changes), []
            for change in taken:
                say(change)
                left = None if left is None else left - 1

    try:
        at_board(target, body, wait_s=options.wait_s, limit_s=None)
    except KeyboardInterrupt:
        pass
    return ExitCode.PASSED


def show_safe(board: str, attached: Path, baud: int | None, wait_s: float, *, as_json: bool) -> ExitCode:
    """Reset the adapter and say whether it is."""
    target = inventory.find(board, baud=baud, folder=attached)

    async def body(_: WallClock, bus: BoardBus) -> bool:
        return await bus.reset_board(SAFE_PATIENCE_NS)

    if not at_board(target, body, wait_s=wait_s):
        raise LinkError(
            f"{target.name} did not confirm its reset in {SAFE_PATIENCE_NS // NS_PER_S} s: take its power away"
        )
    if as_json:
        _print_json({"board": target.name, "safe": True})
    else:
        print(f"{target.name}: the adapter is reset; transmitter and receiver are off")
    return ExitCode.PASSED


def show_faults(choice: Choice, far_end: str, *, as_json: bool) -> ExitCode:
    """Play faults of the link on a far end, ``twin`` or ``rtl``, and print the table."""
    player: Player = play_on_twins
    if far_end == "rtl":
        from rig.boards.rtl_faults import BLOCK_WORDS, PORTION, play_on_rtl  # simulators are looked for only when used

        player, choice = play_on_rtl, replace(choice, block_words=BLOCK_WORDS, portion=PORTION)
    rows = []
    if not as_json:
        print(
            f"{'fault':40} {'rate':>7} {'transactions':>12} {'octets hit':>10} {'wrong reads':>11} "
            f"{'wrong writes':>12} {'twice':>5} {'device ms':>9} {'clean ms':>9} {'ratio':>6}"
        )
    for row in fault_table(player, choice):
        rows.append(row)
        if not as_json:
            rate = "once" if row.rate is None else f"{row.rate:g}"
            clean = "-" if row.clean_time_ms is None else f"{row.clean_time_ms:.1f}"
            ratio = "-" if row.time_ratio is None else f"{row.time_ratio:.2f}"
            print(
                f"{row.fault:40} {rate:>7} {row.transactions:12} {row.octets_hit:10} {row.wrong_reads:11} "
                f"{row.wrong_writes:12} {row.duplicate_effects:5} {row.device_time_ms:9.1f} "
                f"{clean:>9} {ratio:>6}"
                f"{'  ' + row.problem if row.problem else ''}",
                flush=True,
            )
    if as_json:
        _print_json({"far_end": far_end, "rows": [row.as_dict() for row in rows]})
    return ExitCode.PASSED if all(row.is_passed for row in rows) else ExitCode.TEST_FAILURES


def show_virtual(options: VirtualOptions) -> ExitCode:
    """Offer virtual boards until interrupted."""
    kind = inventory.kind_named(options.board)
    if kind.transport != "serial":
        raise UsageError(f"a {kind.kind} has no serial port that could be virtual")
    if not options.is_fast and kind.status.simulated != IN_VERILOG:
        others = ", ".join(other.kind for other in inventory.kinds().values() if other.status.simulated == IN_VERILOG)
        raise UsageError(
            f"there is no Verilog of board {kind.kind} yet, only a Python twin: use --fast, or a board in Verilog "
            f"(--board {others})"
        )
    names = [kind.greeting_id] * options.boards

    def ready(boards: Sequence[VirtualFacts]) -> None:
        if options.as_json:
            print(json.dumps({"schema": SCHEMA, "rows": [asdict(board) for board in boards]}), flush=True)
            return
        for board in boards:
            print(f"{board.board} on {board.port} at {board.baud} baud: rig board test {board.port}")
        print("Ctrl-C ends them", flush=True)

    try:
        if options.is_fast:
            run_fast_boards(names, baud=options.baud, duration_s=options.duration_s, on_ready=ready)
        else:
            _run_verilog_boards(names, options, ready)
    except KeyboardInterrupt:
        pass
    return ExitCode.PASSED


def _run_verilog_boards(
    names: Sequence[str], options: VirtualOptions, ready: Callable[[Sequence[VirtualFacts]], None]
) -> None:
    """Simulate the boards' Verilog; the first time takes a minute, for the simulator is compiled."""
    from rig.boards.virtual_rtl import run_rtl_boards  # looks for a simulator

    stop = threading.Event()
    timer = None if options.duration_s is None else threading.Timer(options.duration_s, stop.set)

    def tell(ports: Sequence[str]) -> None:
        ready([VirtualFacts(name, port, options.baud) for name, port in zip(names, ports, strict=True)])
        if timer is not None:
            timer.start()

    if not options.as_json:
        print("building the simulation of the boards, once ...", flush=True)
    with tempfile.TemporaryDirectory(prefix="rig-virtual-") as folder:
        try:
            run_rtl_boards(names, run_dir=Path(folder), on_ready=tell, stop=stop, baud=options.baud)
        finally:
            stop.set()
            if timer is not None:
                timer.cancel()
