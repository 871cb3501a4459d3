"""The programs of the conformance list on twins of the PHY; in virtual time the timers of a product cost little.

Each is the twin of one in :mod:`rig.regress.phy.programs`, and its recording is judged by the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from rig.build.phy import TwinLink, twin_link
from rig.regress.phy.bench import Change
from rig.regress.phy.runner import Recording, Timers
from rig.runtime.kernel import Kernel
from rig.runtime.virtual_time import VirtualTime
from rig.wire.fcs import fcs

PPM = 100
PREAMBLE = bytes([0x55] * 7 + [0xD5])
CONTROL, STATUS = 0, 1
FULL_DUPLEX, RESTART, AUTONEG = 0x0100, 0x0200, 0x1000


def run_twin_program(program: str, timers: Timers) -> Recording:
    """Run one program on two twins."""
    kernel = VirtualTime()
    changes: list[Change] = []
    link = twin_link(
        kernel, timers.tick_clocks, timers.eighth_clocks, PPM, lambda *change: changes.append(Change(*change))
    )
    facts = kernel.run(PROGRAMS[program](_Bench(kernel, link, timers)))
    return Recording(timers, facts, sorted(changes, key=lambda change: change.time_ps))


class _Bench:
    def __init__(self, kernel: Kernel, link: TwinLink, timers: Timers) -> None:
        self.kernel = kernel
        self.a, self.b = link.phys
        self.pairs = link.pairs
        self.tick_ns = timers.tick_clocks * 50 // 3

    async def ticks(self, count: int) -> None:
        await self.kernel.sleep_until(self.kernel.now_ns + count * self.tick_ns)

    async def linked(self, control: int) -> None:
        for phy in (self.a, self.b):
            phy.write_register(1, CONTROL, control)
        await self.links()

    async def links(self) -> None:
        for _ in range(4_000):
            if self.a.link.link_ok and self.b.link.link_ok:
                return
            await self.ticks(1)
        raise TimeoutError("no link after 4000 ticks")

    async def send(self, phy: Any, octets: int) -> None:
        content = bytes(index & 0xFF for index in range(octets - 4))
        end_ns = phy.transmit(PREAMBLE + content + fcs(content))
        await self.kernel.sleep_until(end_ns + 20_000)


async def _line(bench: _Bench) -> dict[str, Any]:
    await bench.linked(FULL_DUPLEX)
    await bench.ticks(60)
    pulses_end_ns = bench.kernel.now_ns
    for octets in (64, 65, 66, 67):
        await bench.send(bench.a, octets)
    return {"pulses_end_ns": pulses_end_ns, "received": bench.b.receptions}


async def _link(bench: _Bench) -> dict[str, Any]:
    await bench.linked(FULL_DUPLEX)
    await bench.ticks(40)
    bench.pairs.is_cut["b"] = True
    cut_ns = bench.kernel.now_ns
    while bench.b.link.link_ok:
        await bench.ticks(1)
    await bench.ticks(20)
    bench.pairs.is_cut["b"] = False
    mended_ns = bench.kernel.now_ns
    await bench.links()
    return {"cut_ns": cut_ns, "mended_ns": mended_ns}


async def _jabber(bench: _Bench) -> dict[str, Any]:
    await bench.linked(0)
    bench.a.jab(True)
    await bench.ticks(160)
    status = bench.a.read_register(1, STATUS) or 0
    bench.a.jab(False)
    await bench.ticks(800)
    return {"jabber_bit": status >> 1 & 1}


async def _half_duplex(bench: _Bench) -> dict[str, Any]:
    await bench.linked(0)
    await bench.send(bench.a, 64)
    facts = {"own_good": bench.a.receptions, "other_good": bench.b.receptions}
    both_ns = bench.kernel.now_ns
    later = bench.kernel.spawn(bench.send(bench.b, 200), "b sends")
    await bench.kernel.sleep_until(both_ns + 20_000)
    await bench.send(bench.a, 64)
    await later
    return {"both_ns": both_ns, **facts}


async def _negotiate(bench: _Bench) -> dict[str, Any]:
    started_ns = bench.kernel.now_ns
    await bench.links()
    await bench.ticks(40)
    registers = [[phy.read_register(1, index) for index in range(7)] for phy in (bench.a, bench.b)]
    again_ns = bench.kernel.now_ns
    for phy in (bench.a, bench.b):
        phy.write_register(1, CONTROL, AUTONEG | RESTART)
    await bench.ticks(1_550)
    bench.pairs.is_cut["a"] = True
    cut_ns = bench.kernel.now_ns
    await bench.ticks(1_200)
    return {"started_ns": started_ns, "registers": registers, "again_ns": again_ns, "cut_ns": cut_ns}


async def _parallel(bench: _Bench) -> dict[str, Any]:
    bench.b.write_register(1, CONTROL, 0)
    await bench.links()
    return {"registers": [bench.a.read_register(1, index) for index in range(7)]}


PROGRAMS: dict[str, Callable[[_Bench], Coroutine[Any, Any, dict[str, Any]]]] = {
    "line": _line, "link": _link, "jabber": _jabber, "half_duplex": _half_duplex, "negotiate": _negotiate,
    "parallel": _parallel,
}  # fmt: skip
