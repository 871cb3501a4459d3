"""The one cocotb test of a run that is not a suite: start an async function of ours under the kernel.

``RIG_COCOTB_MAIN`` names the function as ``package.module:function``; it is awaited as ``function(kernel, dut)`` under
:class:`~rig.runtime.pump_cocotb.SimTime`. ``RIG_PYTHONPATH`` is put in front of ``sys.path``. ``RIG_RESULT``, if set,
names a JSON file that receives ``{"outcome": "passed" | "failed", "value": ..., "error": {"type", "message",
"traceback"}}``, so that the caller need not read a log; ``value`` is what the function returned, if JSON can say it.
``RIG_SIM_LIMIT_NS``, if set, bounds the simulated time.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import cocotb

from rig.errors import UsageError
from rig.runtime.pump_cocotb import SimTime

Main = Callable[[SimTime, Any], Coroutine[Any, Any, Any]]


def load_main(name: str) -> Main:
    """Return the function called ``name`` (``package.module:function``); :class:`UsageError` if there is none."""
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name:
        raise UsageError(f"RIG_COCOTB_MAIN is {name!r}; expected package.module:function")
    module = importlib.import_module(module_name)
    function: Main | None = getattr(module, function_name, None)
    if function is None:
        raise UsageError(f"RIG_COCOTB_MAIN names {function_name!r}, which {module_name} ({module.__file__}) lacks")
    return function


@cocotb.test()
async def main(dut: Any) -> None:
    """Run the function that the environment names."""
    sys.path[:0] = [path for path in os.environ.get("RIG_PYTHONPATH", "").split(os.pathsep) if path]
    limit = os.environ.get("RIG_SIM_LIMIT_NS")
    try:
        function = load_main(os.environ.get("RIG_COCOTB_MAIN", ""))
        gc.freeze()  # what has been imported stays to the end: no collection need look at it
        kernel = SimTime()
        value = await kernel.run_async(function(kernel, dut), int(limit) if limit else None)
        report: dict[str, Any] = {"outcome": "passed", "value": value, "error": None}
        write_report(report)
    except Exception as error:
        write_report({"outcome": "failed", "value": None, "error": describe(error)})
        raise


def describe(error: BaseException) -> dict[str, Any]:
    """Return what a caller in another process needs to know of ``error``, with its notes in the message."""
    message = "\n".join([str(error), *getattr(error, "__notes__", [])])
    return {
        "type": type(error).__name__,
        "message": message,
        "traceback": "".join(traceback.format_exception(error)),
    }


def write_report(report: dict[str, Any]) -> None:
    """Write ``report`` to the file named by ``RIG_RESULT``, if any; a value that JSON cannot say becomes its repr."""
    path = os.environ.get("RIG_RESULT")
    if path:
        Path(path).write_text(json.dumps(report, default=repr), encoding="utf-8")
