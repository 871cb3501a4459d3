"""A process that has an interface opened and changed, for tests that end it in some way: ``INTERFACE JOURNALS``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rig.backends.nic import NicConfig, PacketSocketNic
from rig.runtime.pump_asyncio import WallClock

MAC = bytes.fromhex("02000000000a")
LIFE_S = 60

if __name__ == "__main__":
    config = NicConfig(sys.argv[1], MAC, speed_mbps=10, full_duplex=False)
    with PacketSocketNic(WallClock(), config, Path(sys.argv[2])) as nic:
        watchdog = nic._settings._watchdog  # the tests may want to end that one too
        print(watchdog.pid, flush=True)
        time.sleep(LIFE_S)
