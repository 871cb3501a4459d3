"""Two frame devices of the host that hear each other, for the contract of frame devices; run as a program for one that
is in a user namespace."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rig.backends.namespace import Namespace, add_veth
from rig.backends.nic import NicConfig, PacketSocketNic
from rig.backends.raw_device import RawDevice
from rig.backends.tap import TapConfig, TapDevice
from rig.runtime.kernel import Scheduler
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_S
from tests.contract.device_contract import FRAME_CONTRACT, Contract, Pair

MAC_A, MAC_B = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")
PATIENCE_NS = 20 * NS_PER_S
LIMIT_NS = 60 * NS_PER_S

Open = Callable[[WallClock, dict[str, Any], dict[str, Any]], tuple[RawDevice, RawDevice]]


class RawPair(Pair):
    """Two devices on descriptors."""

    def check_health(self) -> None:
        """Nothing was lost on the way."""
        for device in (self.a, self.b):
            assert device.counts["read_errors"] == device.counts["aFramesLostDueToIntMACXmitError"] == 0

    async def close(self) -> None:
        """Close both; what they changed is put back."""
        self.a.close()
        self.b.close()


@dataclass(frozen=True, slots=True)
class RawBench:
    """The bench that a frame contract takes."""

    scheduler: Scheduler
    open: Open

    async def connect(self, changes_a: dict[str, Any] | None = None, changes_b: dict[str, Any] | None = None) -> Pair:
        """Open and start both devices."""
        a, b = self.open(self.scheduler, changes_a or {}, changes_b or {})
        await a.start()
        await b.start()
        return RawPair(self.scheduler, a, b, None, None, (), PATIENCE_NS)


def run_on_veth(contract: Contract, folder: Path) -> None:
    """Run a contract on two packet sockets at the ends of a veth cable."""
    with Namespace() as here, Namespace() as there:
        add_veth(here, "rig0", there, "rig1")

        def open_both(kernel: WallClock, *changes: dict[str, Any]) -> tuple[RawDevice, RawDevice]:
            devices = []
            for namespace, name, mac, change in ((here, "rig0", MAC_A, changes[0]), (there, "rig1", MAC_B, changes[1])):
                with namespace.entered():
                    devices.append(PacketSocketNic(kernel, replace(NicConfig(name, mac), **change), folder))
            return devices[0], devices[1]

        _run(contract, open_both)


def run_on_tap(contract: Contract, folder: Path) -> None:
    """Run a contract on a TAP device and a packet socket on the interface that is its other end."""
    with Namespace() as here:

        def open_both(kernel: WallClock, *changes: dict[str, Any]) -> tuple[RawDevice, RawDevice]:
            with here.entered():
                a = TapDevice(kernel, replace(TapConfig("rigtap0", MAC_A), **changes[0]))
                return a, PacketSocketNic(kernel, replace(NicConfig("rigtap0", MAC_B), **changes[1]), folder)

        _run(contract, open_both)


def _run(contract: Contract, open_both: Open) -> None:
    opened = ExitStack()

    def remember(kernel: WallClock, *changes: dict[str, Any]) -> tuple[RawDevice, RawDevice]:
        devices = open_both(kernel, *changes)
        for device in devices:
            opened.callback(device.close)
        return devices

    kernel = WallClock()
    with opened:
        kernel.run(contract(RawBench(kernel, remember)), limit_ns=LIMIT_NS)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for each in FRAME_CONTRACT:
            run_on_veth(each, Path(name))
            print(f"passed {each.__name__}", flush=True)
    sys.exit(0)
