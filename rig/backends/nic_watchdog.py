"""The process that puts the settings of an interface back when whoever changed them is gone.

``python -m rig.backends.nic_watchdog JOURNAL`` says that it watches, then waits for the end of its standard input,
which comes when the process at the other end of the pipe ends in any way, and plays the journal back. After an
orderly end the journal is gone already, and there is nothing to do.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path

from rig.backends.nic_settings import restore_journal

ATTEMPTS = 100
PAUSE_S = 0.02


def main(path: Path) -> int:
    """Watch, restore, and return the exit code: 1 where something could not be put back."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it lasts no longer than its owner in any case
    os.write(1, b"\n")
    while os.read(0, 1):
        pass
    result = None
    for _ in range(ATTEMPTS):  # the owner's end of the pipe may be closed a moment before its lock
        result = restore_journal(path)
        if result is not None or not path.exists():
            break
        select.select([], [], [], PAUSE_S)
    return 1 if result is not None and result.problem else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
