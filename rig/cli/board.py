"""``rig board flash``, ``test``, ``console``, ``reg``, ``irq``, ``safe``: what is done at one board."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rig.boards import inventory
from rig.boards.checkout import CheckResult, check_out_bus
from rig.boards.desk import BoardBus, WallClock, at_board
from rig.boards.flash import bitstream_of, flash
from rig.boards.inventory import Target
from rig.boards.lock import board_lock
from rig.boards.registers import IrqFacts, RegisterFacts, read_irq, read_registers, write_register
from rig.cli.json_output import print_json
from rig.errors import ExitCode, LinkError, UsageError
from rig.regress.phases import in_phase
from rig.units import NS_PER_MS, NS_PER_S

HARDWARE_TESTS = Path("tests/hardware")
SAFE_PATIENCE_NS = 5 * NS_PER_S
FOREVER_S = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Choice:
    """Which board is meant, and how it is reached; None: as its files say."""

    board: str
    attached: Path
    baud: int | None
    rts_cts: bool | None
    wait_s: float

    def find(self) -> Target:
        """Return it; :class:`~rig.errors.UsageError` for an unknown one."""
        return inventory.find(self.board, baud=self.baud, rts_cts=self.rts_cts, folder=self.attached)


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

    choice: Choice
    watches: bool
    count: int | None
    duration_s: float | None
    as_json: bool


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
        print_json({"board": target.name, "bitstream": str(bitstream), "phases": phases, "greeting": greeting})
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


def show_test(choice: Choice, select: str | None, *, as_json: bool) -> ExitCode:
    """Check a board out and print what comes of each check, as it comes: on a simulated board they take their time."""
    target = choice.find()

    def tell(item: CheckResult) -> None:
        if not as_json:
            print(f"{item.name:11} {'ok' if item.passed else 'FAILED':7} {item.detail}", flush=True)

    async def body(kernel: WallClock, bus: BoardBus) -> tuple[dict[str, Any], list[CheckResult]]:
        found = await _greeting(kernel, bus)
        greeted = f"{found['board']}, build {found['build']}, time scale {found['time_scale']}"
        tell(CheckResult("greeting", True, greeted, 0))
        return found, await check_out_bus(kernel, bus, tell)

    greeting, results = at_board(target, body, wait_s=choice.wait_s)
    tests: int | None = None
    if select is not None and all(result.passed for result in results):
        tests = _hardware_tests(target, select)
    if as_json:
        print_json(
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
        "--rig-baud", str(target.baud), *(["--rig-rts-cts"] if target.rts_cts else []),
    ]  # fmt: skip
    return subprocess.run(command, check=False, stdout=sys.stderr, timeout=3600).returncode


def show_console(choice: Choice, log: Path | None, duration_s: float | None) -> ExitCode:
    """Print what the board logs."""
    target = choice.find()

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
        await kernel.wait_first(
            bus.session_over, deadline_ns=kernel.now_ns + round((duration_s or FOREVER_S) * NS_PER_S)
        )
        bus.raise_news()

    try:
        at_board(target, body, wait_s=choice.wait_s, limit_s=None)
    except KeyboardInterrupt:
        pass
    return ExitCode.PASSED


def show_reg(choice: Choice, register: str | None, value: str | None, *, as_json: bool) -> ExitCode:
    """Read registers, or write one and read it back."""
    target = choice.find()

    async def body(_: WallClock, bus: BoardBus) -> list[RegisterFacts]:
        if value is not None and register is not None:
            await write_register(bus, register, value)
        return await read_registers(bus, register)

    rows = at_board(target, body, wait_s=choice.wait_s)
    if as_json:
        print_json({"board": target.name, "rows": [asdict(row) for row in rows]})
        return ExitCode.PASSED
    for row in rows:
        print(f"0x{row.address:04X}  {row.name:20} 0x{row.value:08X}  {row.text}".rstrip())
    return ExitCode.PASSED


def show_irq(options: IrqOptions) -> ExitCode:
    """Print the interrupt line and its causes, and its changes if asked to."""
    target = options.choice.find()

    def say(facts: IrqFacts) -> None:
        if options.as_json:
            print_json(asdict(facts), is_line=True)
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
            if await kernel.wait_first(changed, bus.session_over, deadline_ns=end_ns) is None:
                return
            changed.clear()
            taken, changes[:] = list(changes), []
            for change in taken:
                say(change)
                left = None if left is None else left - 1
            if bus.session_over.is_set():
                bus.raise_news()
                return

    try:
        at_board(target, body, wait_s=options.choice.wait_s, limit_s=None)
    except KeyboardInterrupt:
        pass
    return ExitCode.PASSED


def show_safe(choice: Choice, *, as_json: bool) -> ExitCode:
    """Reset the adapter and say whether it is."""
    target = choice.find()

    async def body(_: WallClock, bus: BoardBus) -> bool:
        return await bus.reset_board(SAFE_PATIENCE_NS)

    if not at_board(target, body, wait_s=choice.wait_s):
        raise LinkError(
            f"{target.name} did not confirm its reset in {SAFE_PATIENCE_NS // NS_PER_S} s: take its power away"
        )
    if as_json:
        print_json({"board": target.name, "safe": True})
    else:
        print(f"{target.name}: the adapter is reset; transmitter and receiver are off")
    return ExitCode.PASSED
