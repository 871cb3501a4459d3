"""``rig board virtual``: boards behind pseudo-terminals, for as long as it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rig.boards import inventory
from rig.boards.virtual import VirtualFacts, run_fast_boards
from rig.cli.json_output import print_json
from rig.errors import ExitCode, UsageError

IN_VERILOG = "twin and Verilog"


@dataclass(frozen=True, slots=True)
class VirtualOptions:
    """What ``rig board virtual`` was asked for."""

    board: str
    boards: int
    baud: int
    is_fast: bool
    duration_s: float | None
    as_json: bool


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
            print_json({"rows": [asdict(board) for board in boards]}, is_line=True)
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
    from rig.boards.virtual_rtl import run_rtl_boards, working_folder  # looks for a simulator

    stop = threading.Event()
    timer = None if options.duration_s is None else threading.Timer(options.duration_s, stop.set)

    def tell(ports: Sequence[str]) -> None:
        ready([VirtualFacts(name, port, options.baud) for name, port in zip(names, ports, strict=True)])
        if timer is not None:
            timer.start()

    if not options.as_json:
        print("building the simulation of the boards, once ...", flush=True)
    with working_folder() as folder:
        try:
            run_rtl_boards(names, run_dir=folder, on_ready=tell, stop=stop, baud=options.baud)
        finally:
            stop.set()
            if timer is not None:
                timer.cancel()
