"""Check a board out, part by part: greeting, registers, buffer memory, ROM, interrupt, loopback, link.

Each check uses the bus only, so it is the same on a board, on a virtual board and on a twin. A check that fails says
what was expected and what was found; the ones after it are still made, unless there is no link to make them over.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, Operation, Read32, Write32, WriteBlock, padded, read32, read_block, write_block
from rig.adapter.mac_rom import MacRom
from rig.driver.phy import find_phy
from rig.errors import RigError
from rig.runtime.kernel import Scheduler
from rig.units import NS_PER_MS
from rig.wire.address import format_mac
from rig.wire.fcs import FCS_OCTETS, has_good_fcs

RESET_READS = 5
PAGE_OCTETS = 256
RING = (16, 32)
FRAME_OCTETS = 300
PATIENCE_NS = 500 * NS_PER_MS
LINK_PATIENCE_NS = 5_000 * NS_PER_MS
PATTERNS = (0x00000000, 0xFFFFFFFF, 0xA5A5A5A5, 0x12345678)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of one check. ``detail`` is what was found, or what is wrong."""

    name: str
    passed: bool
    detail: str
    duration_ns: int


class CheckFailed(Exception):  # noqa: N818  (it is a finding, not a fault of the program)
    """What a check raises about the board."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The board under check."""

    scheduler: Scheduler
    bus: AdapterBus


Check = Callable[[Bench], Awaitable[str]]


async def check_out(bench: Bench, told: Callable[[CheckResult], object] = lambda _: None) -> list[CheckResult]:
    """Make every check and return its result, in order; ``told`` gets each as soon as it is there."""
    results = []
    for name, check in CHECKS.items():
        began_ns = bench.scheduler.now_ns
        try:
            detail, passed = await check(bench), True
        except CheckFailed as failure:
            detail, passed = str(failure), False
        except RigError as error:
            detail, passed = str(error), False
        results.append(CheckResult(name, passed, detail, bench.scheduler.now_ns - began_ns))
        told(results[-1])
    return results


async def check_out_bus(
    scheduler: Scheduler, bus: AdapterBus, told: Callable[[CheckResult], object] = lambda _: None
) -> list[CheckResult]:
    """Make every check on a bus; ``told`` as for :func:`check_out`."""
    return await check_out(Bench(scheduler, bus), told)


def _insist(condition: bool, problem: str) -> None:
    if not condition:
        raise CheckFailed(problem)


async def _reset(bus: AdapterBus) -> None:
    await bus.transaction([Write32(r.REG_CTRL, r.CTRL_SOFT_RESET), *[Read32(r.REG_ID)] * RESET_READS])


async def _registers(bench: Bench) -> str:
    bus = bench.bus
    await _reset(bus)
    found, map_hash, hz = cast(
        "list[int]", await bus.transaction([Read32(r.REG_ID), Read32(r.REG_MAP_HASH), Read32(r.REG_BUS_HZ)])
    )
    _insist(found == r.ID_RESET, f"ID reads 0x{found:08X}, not 0x{r.ID_RESET:08X}")
    _insist(map_hash == r.MAP_HASH, f"MAP_HASH reads 0x{map_hash:08X}, the host has 0x{r.MAP_HASH:08X}")
    for pattern in PATTERNS:
        operations: list[Operation] = [
            Write32(r.REG_MHASH_LO, pattern), Write32(r.REG_MHASH_HI, pattern ^ 0xFFFFFFFF),
            Read32(r.REG_MHASH_LO), Read32(r.REG_MHASH_HI),
        ]  # fmt: skip
        read = (await bus.transaction(operations))[2:]
        _insist(read == [pattern, pattern ^ 0xFFFFFFFF], f"wrote 0x{pattern:08X} and its complement, read back {read}")
    return f"bus at {hz / 1e6:g} MHz"


async def _memory(bench: Bench) -> str:
    bus = bench.bus
    octets = PAGE_OCTETS * (await read32(bus, r.REG_CAPS) & r.CAPS_BUFFER_PAGES)
    pattern = bytes(address * 7 + (address >> 8) * 13 & 0xFF for address in range(octets))
    for data in (pattern, bytes(octet ^ 0xFF for octet in pattern)):
        await write_block(bus, r.WIN_BUFFER, data)
        found = await read_block(bus, r.WIN_BUFFER, octets)
        at = next((at for at in range(octets) if found[at] != data[at]), None)
        if at is not None:
            raise CheckFailed(f"octet {at} of the buffer memory reads 0x{found[at]:02X}, not 0x{data[at]:02X}")
    return f"{octets} octets, each with both values of every bit"


async def _rom(bench: Bench) -> str:
    image = await read_block(bench.bus, r.WIN_ROM, r.WIN_ROM_OCTETS)
    return f"station address {format_mac(MacRom.parse(image).mac)}"


async def _interrupt(bench: Bench) -> str:
    bus = bench.bus
    await _reset(bus)
    await bus.transaction([Write32(r.REG_INT_STATUS, 0xFF), Read32(r.REG_ID)])
    _insist(not bus.irq.is_set(), "the interrupt line is high although nothing is unmasked")
    await bus.transaction(
        [
            Write32(r.REG_INT_MASK, r.INT_STATUS_TX_ERR),
            Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_TX_EN),
            WriteBlock(r.REG_TX_PAGE, struct.pack("<3I", 0, 0, r.TX_COMMAND_SEND)),  # refused: no octets
        ]
    )
    woken = await bench.scheduler.wait_first(bus.irq, deadline_ns=bench.scheduler.now_ns + PATIENCE_NS)
    _insist(woken is not None, f"no interrupt within {PATIENCE_NS // NS_PER_MS} ms of its cause")
    await bus.transaction([Write32(r.REG_INT_STATUS, 0xFF), *[Read32(r.REG_ID)] * 2])
    _insist(not bus.irq.is_set(), "the interrupt line stays high after the acknowledge: it is stuck")
    return "rises with its cause and falls with the acknowledge"


async def _loopback(bench: Bench) -> str:
    bus, scheduler = bench.bus, bench.scheduler
    await _reset(bus)
    mac = MacRom.parse(await read_block(bus, r.WIN_ROM, r.WIN_ROM_OCTETS)).mac
    frame = mac + mac + b"\x88\xb5" + bytes(index * 5 & 0xFF for index in range(FRAME_OCTETS - 14))
    control = r.CTRL_RESET | r.CTRL_LOOPBACK | r.CTRL_FULL_DUPLEX | r.CTRL_SPEED100
    await bus.transaction(
        [
            Write32(r.REG_MAC_ADDR_LO, int.from_bytes(mac[:4], "little")),
            Write32(r.REG_MAC_ADDR_HI, int.from_bytes(mac[4:], "little")),
            Write32(r.REG_RX_START, RING[0]),
            Write32(r.REG_RX_STOP, RING[1]),
            Write32(r.REG_RX_BNRY, RING[0]),
            Write32(r.REG_INT_STATUS, 0xFF),
            Write32(r.REG_CTRL, control),
            Write32(r.REG_CTRL, control | r.CTRL_RX_EN | r.CTRL_TX_EN),
            WriteBlock(r.WIN_BUFFER, padded(frame)),
            WriteBlock(r.REG_TX_PAGE, struct.pack("<3I", 0, len(frame), r.TX_COMMAND_SEND)),
        ]
    )
    deadline_ns = scheduler.now_ns + PATIENCE_NS
    while not await read32(bus, r.REG_INT_STATUS) & r.INT_STATUS_RX:
        _insist(
            scheduler.now_ns < deadline_ns, "the frame that was sent to itself did not arrive: is there a PHY clock?"
        )
        await scheduler.sleep_until(scheduler.now_ns + NS_PER_MS)
    stored = await read_block(
        bus, r.WIN_BUFFER + RING[0] * PAGE_OCTETS, r.RX_HEADER_OCTETS + len(padded(frame)) + FCS_OCTETS
    )
    octets = struct.unpack_from(r.RX_HEADER_FORMAT, stored)[1]
    received = stored[r.RX_HEADER_OCTETS : r.RX_HEADER_OCTETS + octets]
    _insist(received[:-FCS_OCTETS] == frame and has_good_fcs(received), "the frame came back damaged")
    await _reset(bus)
    return f"a frame of {octets} octets came back whole, FCS included"


async def _link(bench: Bench) -> str:
    """STATUS.LINK is a pin, tied high on boards whose PHY tells its link through MDIO only: so that is asked too."""
    phy = await find_phy(bench.scheduler, bench.bus)
    deadline_ns = bench.scheduler.now_ns + LINK_PATIENCE_NS
    while True:
        is_up = bool(await read32(bench.bus, r.REG_STATUS) & r.STATUS_LINK)
        if is_up and phy is None:
            return "up, says the adapter; no PHY answers on MDIO"
        if is_up and phy is not None and (await phy.state()).is_link_up:
            return f"up, says the PHY at MDIO address {phy.address}"
        _insist(
            bench.scheduler.now_ns < deadline_ns,
            f"no link within {LINK_PATIENCE_NS // NS_PER_MS} ms: is the network cable plugged in at both ends?",
        )
        await bench.scheduler.sleep_until(bench.scheduler.now_ns + 100 * NS_PER_MS)


CHECKS: dict[str, Check] = {
    "registers": _registers,
    "memory": _memory,
    "rom": _rom,
    "interrupt": _interrupt,
    "loopback": _loopback,
    "link": _link,
}
