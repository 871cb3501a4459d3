"""The mode of the link: as configured, or as the PHY says.

A PHY that is configured is looked for at bring-up and asked again after each change of the link. One that is not there,
or stops answering, is told, and the mode stays as it is. What a change of mode means for the adapter is the driver's
business.
"""

from __future__ import annotations

from collections.abc import Callable

from rig.adapter.bus import AdapterBus
from rig.driver.config import PHY_ADDRESSES, DriverConfig, LinkMode
from rig.driver.phy import Phy, find_phy
from rig.errors import AdapterFault
from rig.runtime.kernel import Scheduler


class ManagedLink:
    """The link of one adapter. ``note`` takes what a person should know."""

    def __init__(
        self, scheduler: Scheduler, bus: AdapterBus, config: DriverConfig, note: Callable[[str], object]
    ) -> None:
        self.mode = LinkMode(config.speed_mbps, config.full_duplex)
        """What the adapter is to be set to."""
        self.phy: Phy | None = None
        """None: not configured, or not found."""
        self._scheduler = scheduler
        self._bus = bus
        self._name = config.name
        self._config = config.phy
        self._note = note

    async def meet_phy(self) -> None:
        """Look for the PHY, set it as configured, and take over the mode of a link that is there already.

        :class:`~rig.errors.AdapterFault` if it is not there and is required.
        """
        config = self._config
        if config is None:
            return
        addresses = PHY_ADDRESSES if config.address is None else (config.address,)
        self.phy = await find_phy(self._scheduler, self._bus, addresses)
        if self.phy is None:
            where = "any MDIO address" if config.address is None else f"MDIO address {config.address}"
            problem = f"{self._name}: no PHY answers at {where}"
            if config.is_required:
                raise AdapterFault(f"{problem}; check its strapping, its power and the pull-up of MDIO")
            self._note(f"{problem}; the link is taken to be {self.mode}")
        elif config.is_forced:
            await self.phy.force(self.mode)
        else:
            await self.has_another_mode()

    async def has_another_mode(self) -> bool:
        """Ask the PHY, after the link has changed; return whether ``mode`` is another one now."""
        if self.phy is None or self._config is None:
            return False
        try:
            state = await self.phy.state()
        except AdapterFault as fault:
            self._note(f"{self._name}: {fault}; the link is taken to be {self.mode} still")
            return False
        if not state.is_link_up:
            self._note(f"{self._name}: the PHY at address {self.phy.address} has lost its link")
            return False
        if state.mode is None:
            self._note(f"{self._name}: the PHY at address {self.phy.address} has agreed on no mode with its partner")
            return False
        self._note(f"{self._name}: the PHY at address {self.phy.address} has a link: {state.mode}")
        if self._config.is_forced or state.mode == self.mode:
            return False
        self.mode = state.mode
        return True
