"""Functions for the tests of runs: each is started by the one cocotb test that runs a function of ours."""

from __future__ import annotations

import os
import sys
from typing import Any

from rig.runtime.pump_cocotb import SimTime


async def echo(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Return what the run was given, and that the clock runs."""
    await kernel.sleep_until(kernel.now_ns + 4_000)
    print("a line of output", flush=True)
    return {"count": int(dut.count.value), "given": os.environ.get("GIVEN"), "opt": os.environ.get("OPT")}


async def fail(kernel: SimTime, dut: Any) -> None:
    await kernel.sleep_until(kernel.now_ns + 100)
    raise ConnectionResetError("by peer")


async def wait_forever(kernel: SimTime, dut: Any) -> None:
    await kernel.event("never").wait()


async def compute_forever(kernel: SimTime, dut: Any) -> None:
    while True:
        pass


async def crash(kernel: SimTime, dut: Any) -> None:
    print("about to crash", flush=True)
    os._exit(3)


async def import_path(kernel: SimTime, dut: Any) -> list[str]:
    return sys.path
