"""The PHY behind the adapter: its registers through the MDIO register, and what they say of the link.

IEEE Std 802.3-2022 clause 22 (management frames and registers 0 to 5) and clause 28 (priority of the abilities that
both ends have). A management frame takes 64 bits of at most 2.5 MHz, so an access is a write, a wait of that length and
a read; no interrupt is used. When to ask, and what to do with the answer, is the driver's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import cast

from rig.adapter.bus import AdapterBus, Read32, Write32
from rig.adapter.registers import (
    MDIO_BUSY,
    MDIO_DATA,
    MDIO_NO_ANSWER,
    MDIO_PHYAD_LSB,
    MDIO_REGAD_LSB,
    MDIO_WRITE,
    REG_MDIO,
)
from rig.driver.config import PHY_ADDRESSES, LinkMode
from rig.errors import AdapterFault
from rig.runtime.kernel import Scheduler

FRAME_NS = 64 * 400
"""A management frame with its preamble at 2.5 MHz (22.2.2.13); a slower MDC is waited for."""
LOOKS = 100
"""How often a management frame is waited for before the adapter is taken for broken."""

CONTROL_AUTO_NEGOTIATION = 1 << 12
CONTROL_RESTART = 1 << 9
CONTROL_SPEED100 = 1 << 13
CONTROL_FULL_DUPLEX = 1 << 8
STATUS_COMPLETE = 1 << 5  # auto-negotiation
STATUS_LINK = 1 << 2  # latches low
NOTHING_THERE = (0x0000, 0xFFFF)
"""Identifiers that no PHY has: a line that is held low, or nobody drives."""

ABILITIES = (
    (1 << 8, LinkMode(100, full_duplex=True)),
    (1 << 7, LinkMode(100, full_duplex=False)),
    (1 << 6, LinkMode(10, full_duplex=True)),
    (1 << 5, LinkMode(10, full_duplex=False)),
)
"""Bits of registers 4 and 5, the first that both have wins (annex 28B.3; 100BASE-T4 needs another PHY)."""


class PhyRegister(IntEnum):
    """Registers of 22.2.4 that the driver uses."""

    CONTROL = 0
    STATUS = 1
    IDENTIFIER_1 = 2
    IDENTIFIER_2 = 3
    ADVERTISEMENT = 4
    PARTNER_ABILITY = 5


@dataclass(frozen=True, slots=True)
class PhyState:
    """What a PHY says of its link. ``mode`` is None where that is not known: no link, or negotiation not over."""

    is_link_up: bool
    mode: LinkMode | None


class Phy:
    """The PHY at one address of the adapter's MDIO."""

    def __init__(self, scheduler: Scheduler, bus: AdapterBus, address: int) -> None:
        self.address = address
        self._scheduler = scheduler
        self._bus = bus

    async def read(self, register: int) -> int:
        """Return the 16 bits of ``register``; :class:`~rig.errors.AdapterFault` if no PHY answers."""
        value = await self._frame(register << MDIO_REGAD_LSB)
        if value & MDIO_NO_ANSWER:
            raise AdapterFault(f"no PHY answers at MDIO address {self.address}; check its strapping and its power")
        return value & MDIO_DATA

    async def write(self, register: int, value: int) -> None:
        """Write 16 bits to ``register``; whether a PHY took them is not known."""
        await self._frame(MDIO_WRITE | register << MDIO_REGAD_LSB | value)

    async def is_present(self) -> bool:
        """Whether a PHY answers at this address."""
        try:
            return await self.read(PhyRegister.IDENTIFIER_1) not in NOTHING_THERE
        except AdapterFault:
            return False

    async def state(self) -> PhyState:
        """Return the state of the link at present; a fault if no PHY answers."""
        # A link that was lost since the last reading reads as lost once (22.2.4.2.13).
        await self.read(PhyRegister.STATUS)
        status = await self.read(PhyRegister.STATUS)
        if not status & STATUS_LINK:
            return PhyState(False, None)
        control = await self.read(PhyRegister.CONTROL)
        if not control & CONTROL_AUTO_NEGOTIATION:
            speed_mbps = 100 if control & CONTROL_SPEED100 else 10
            return PhyState(True, LinkMode(speed_mbps, bool(control & CONTROL_FULL_DUPLEX)))
        if not status & STATUS_COMPLETE:
            return PhyState(True, None)
        both = await self.read(PhyRegister.ADVERTISEMENT) & await self.read(PhyRegister.PARTNER_ABILITY)
        return PhyState(True, next((mode for bit, mode in ABILITIES if both & bit), None))

    async def negotiate(self) -> None:
        """Let auto-negotiation choose the mode, from what the PHY advertises."""
        await self.write(PhyRegister.CONTROL, CONTROL_AUTO_NEGOTIATION | CONTROL_RESTART)

    async def force(self, mode: LinkMode) -> None:
        """Choose the mode without asking the partner, who has to be set likewise."""
        control = CONTROL_SPEED100 if mode.speed_mbps == 100 else 0
        await self.write(PhyRegister.CONTROL, control | (CONTROL_FULL_DUPLEX if mode.full_duplex else 0))

    async def _frame(self, command: int) -> int:
        """Do one management frame and return the MDIO register after it."""
        address = self.address << MDIO_PHYAD_LSB
        await self._bus.transaction([Write32(REG_MDIO, command | address)])
        for _ in range(LOOKS):
            await self._scheduler.sleep_until(self._scheduler.now_ns + FRAME_NS)
            (value,) = await self._bus.transaction([Read32(REG_MDIO)])
            if not cast(int, value) & MDIO_BUSY:
                return cast(int, value)
        waited_ns = LOOKS * FRAME_NS
        raise AdapterFault(f"an MDIO frame has not ended after {waited_ns} ns; is the clock of the adapter right?")


async def find_phy(scheduler: Scheduler, bus: AdapterBus, addresses: Iterable[int] = PHY_ADDRESSES) -> Phy | None:
    """Return the first PHY that answers at ``addresses``, or None."""
    for address in addresses:
        phy = Phy(scheduler, bus, address)
        if await phy.is_present():
            return phy
    return None
