"""``rig python``: an unmodified Python program whose sockets are those of a host of the rig.

The program runs in a thread, as ``python`` would run it, with the drop-in in place of the ``socket`` module, while the
host runs on its interface and answers ``rig netstat``. When the program ends, so does the host; sockets that are open
then are reset.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import traceback
from pathlib import Path
from random import Random

from rig.live.run import LiveRun
from rig.runtime.control import ControlServer, node_queries
from rig.sockets import Resolver, ResolverConfig
from rig.sockets.dropin import DropIn
from rig.sockets.install import installed


async def run_program(run: LiveRun, target: str, arguments: list[str], *, is_module: bool) -> int:
    """Run a script, or with ``is_module`` a module, with ``arguments``; return its exit status, 1 after an error."""
    kernel = run.kernel
    config = ResolverConfig(servers=tuple(run.config.dns))
    resolver = Resolver(run.host.sockets, config, Random(int.from_bytes(os.urandom(32), "big")))
    dropin = DropIn(kernel, run.host.sockets, resolver)
    control = ControlServer(kernel, run.config.name, node_queries(run.host.node))
    control.listen()
    tasks = [kernel.spawn(control.serve(), "control"), kernel.spawn(dropin.serve(), "drop-in")]
    await kernel.sleep_until(kernel.now_ns + 1)  # let it open its door
    ended = kernel.event("end of the program")
    status = [1]

    def body() -> None:
        status[0] = _run(target, arguments, is_module=is_module)
        kernel.call_threadsafe(ended.set)

    try:
        with installed(dropin):
            threading.Thread(target=body, name=target, daemon=True).start()
            await ended.wait()
    finally:
        for task in tasks:
            task.cancel()
    return status[0]


def _run(target: str, arguments: list[str], *, is_module: bool) -> int:
    """Run the program in this thread as the main program, and return its exit status."""
    before = sys.argv, list(sys.path)
    sys.argv = [target, *arguments]
    try:
        if is_module:
            sys.path.insert(0, "")
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, str(Path(target).resolve().parent))
            runpy.run_path(target, run_name="__main__")
    except SystemExit as err:
        if err.code is None or isinstance(err.code, int):
            return err.code or 0
        print(err.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.argv, sys.path[:] = before
    return 0
